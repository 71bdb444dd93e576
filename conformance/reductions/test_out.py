"""Reductions and functions of two tensors with `out`: what it receives, and that it is what is returned.

Not covered: max and min over a dim, of which `test_max.py` and `test_min.py` have the rules; an out that
overlaps an input.
"""

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Need
from strategies.cases.pairs import pairs_with_out
from strategies.cases.reductions import reductions_with_out, wholes
from strategies.values import NUMBER_DTYPES

VALUES = [Need.VALUES]
OUT = "notes/out"


@rule("amax.out", source=OUT, also=["torch.amax"], needs=VALUES)
@given(case=reductions_with_out())
def test_amax(case):
    """An out of the right shape receives what amax gives, whatever its strides."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    torch.amax(case.input, case.dim, case.keepdim, out=case.values)

    expect.equal_elements(case.values, expected)


@rule("amax.out_returned", source="torch.amax", basis=Basis.OBSERVED)
@given(case=reductions_with_out())
def test_amax_returned(case):
    """With out given, amax returns that tensor."""
    output = torch.amax(case.input, case.dim, case.keepdim, out=case.values)

    assert output is case.values


@rule("amin.out", source=OUT, also=["torch.amin"], needs=VALUES)
@given(case=reductions_with_out())
def test_amin(case):
    """An out of the right shape receives what amin gives, whatever its strides."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    torch.amin(case.input, case.dim, case.keepdim, out=case.values)

    expect.equal_elements(case.values, expected)


@rule("amin.out_returned", source="torch.amin", basis=Basis.OBSERVED)
@given(case=reductions_with_out())
def test_amin_returned(case):
    """With out given, amin returns that tensor."""
    output = torch.amin(case.input, case.dim, case.keepdim, out=case.values)

    assert output is case.values


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


@rule("aminmax.out", source="torch.aminmax", needs=VALUES)
@given(case=reductions_with_out())
def test_aminmax(case):
    """The tensors of out receive the smallest and the largest elements, in this order."""
    elements = reference.drawn(case.input)
    smallest, _ = reference.first_smallest(elements, case.dim, keepdim=case.keepdim)
    largest, _ = reference.first_largest(elements, case.dim, keepdim=case.keepdim)
    other = torch.zeros_like(case.values)

    torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim, out=(case.values, other))

    expect.equal_elements(case.values, smallest)
    expect.equal_elements(other, largest)


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


@rule("min.full_out", source="torch.min", basis=Basis.OBSERVED, needs=VALUES)
@given(case=wholes())
def test_full_min(case):
    """Without dim, a 0-d out of the input's dtype receives the smallest of all elements."""
    expected = np.asarray(reference.drawn(case.input).min())
    out = torch.zeros((), dtype=case.input.dtype, device=case.input.device)

    torch.min(case.input, out=out)

    expect.equal_elements(out, expected)


@rule("amax.full_out", source=OUT, also=["torch.amax"], needs=VALUES)
@given(case=wholes())
def test_full_amax(case):
    """Over all dims, a 0-d out of the input's dtype receives what amax gives."""
    expected = np.asarray(reference.drawn(case.input).max())
    out = torch.zeros((), dtype=case.input.dtype, device=case.input.device)

    torch.amax(case.input, out=out)

    expect.equal_elements(out, expected)


@rule("amin.full_out", source=OUT, also=["torch.amin"], needs=VALUES)
@given(case=wholes())
def test_full_amin(case):
    """Over all dims, a 0-d out of the input's dtype receives what amin gives."""
    expected = np.asarray(reference.drawn(case.input).min())
    out = torch.zeros((), dtype=case.input.dtype, device=case.input.device)

    torch.amin(case.input, out=out)

    expect.equal_elements(out, expected)


@rule("maximum.out", source=OUT, also=["torch.maximum"], needs=VALUES)
@given(case=pairs_with_out())
def test_maximum(case):
    """An out of the right shape receives what maximum gives, whatever its strides."""
    expected = reference.pairwise(np.maximum, reference.drawn(case.input), reference.drawn(case.other))

    torch.maximum(case.input, case.other, out=case.out)

    expect.equal_elements(case.out, expected)


@rule("minimum.out", source=OUT, also=["torch.minimum"], needs=VALUES)
@given(case=pairs_with_out())
def test_minimum(case):
    """An out of the right shape receives what minimum gives, whatever its strides."""
    expected = reference.pairwise(np.minimum, reference.drawn(case.input), reference.drawn(case.other))

    torch.minimum(case.input, case.other, out=case.out)

    expect.equal_elements(case.out, expected)


@rule("fmax.out", source=OUT, also=["torch.fmax"], needs=VALUES)
@given(case=pairs_with_out(dtypes=NUMBER_DTYPES))
def test_fmax(case):
    """An out of the right shape receives what fmax gives, whatever its strides."""
    expected = reference.pairwise(np.fmax, reference.drawn(case.input), reference.drawn(case.other))

    torch.fmax(case.input, case.other, out=case.out)

    expect.equal_elements(case.out, expected)


@rule("fmin.out", source=OUT, also=["torch.fmin"], needs=VALUES)
@given(case=pairs_with_out(dtypes=NUMBER_DTYPES))
def test_fmin(case):
    """An out of the right shape receives what fmin gives, whatever its strides."""
    expected = reference.pairwise(np.fmin, reference.drawn(case.input), reference.drawn(case.other))

    torch.fmin(case.input, case.other, out=case.out)

    expect.equal_elements(case.out, expected)


@rule("max.of_two_out", source=OUT, also=["torch.max"], needs=VALUES)
@given(case=pairs_with_out())
def test_of_two_max(case):
    """An out of the right shape receives what max of two tensors gives, whatever its strides."""
    expected = reference.pairwise(np.maximum, reference.drawn(case.input), reference.drawn(case.other))

    torch.max(case.input, case.other, out=case.out)

    expect.equal_elements(case.out, expected)


@rule("min.of_two_out", source=OUT, also=["torch.min"], needs=VALUES)
@given(case=pairs_with_out())
def test_of_two_min(case):
    """An out of the right shape receives what min of two tensors gives, whatever its strides."""
    expected = reference.pairwise(np.minimum, reference.drawn(case.input), reference.drawn(case.other))

    torch.min(case.input, case.other, out=case.out)

    expect.equal_elements(case.out, expected)
