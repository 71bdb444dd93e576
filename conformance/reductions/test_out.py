"""Reductions with an `out` of which no page or no law speaks: that of argmax, and the pair of max.

Not covered: an out that overlaps an input.
"""

import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Need
from strategies.cases.reductions import reductions_with_out
from strategies.values import NUMBER_DTYPES

VALUES = [Need.VALUES]


@rule("argmax.out", source="torch.argmax", basis=Basis.OBSERVED, needs=VALUES)
@given(case=reductions_with_out(dtypes=NUMBER_DTYPES))
def test_argmax(case):
    """An out of the right shape receives what argmax gives, whatever its strides."""
    _, expected = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    torch.argmax(case.input, case.dim, case.keepdim, out=case.indices)

    expect.equal_elements(case.indices, expected)


@rule("argmin.out", source="torch.argmin", basis=Basis.OBSERVED, needs=VALUES)
@given(case=reductions_with_out(dtypes=NUMBER_DTYPES))
def test_argmin(case):
    """An out of the right shape receives what argmin gives, whatever its strides."""
    _, expected = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    torch.argmin(case.input, case.dim, case.keepdim, out=case.indices)

    expect.equal_elements(case.indices, expected)


@rule("max.out_returned", source="torch.max", basis=Basis.OBSERVED)
@given(case=reductions_with_out())
def test_max_returned(case):
    """Over a dim with out given, max returns those tensors."""
    values, indices = torch.max(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    assert values is case.values
    assert indices is case.indices


@rule("min.out_returned", source="torch.min", basis=Basis.OBSERVED)
@given(case=reductions_with_out())
def test_min_returned(case):
    """Over a dim with out given, min returns those tensors."""
    values, indices = torch.min(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    assert values is case.values
    assert indices is case.indices
