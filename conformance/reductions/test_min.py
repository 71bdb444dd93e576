"""torch.min: what it has to itself beside its entries in `conformance.operations.extrema`.

Not covered: what max does not cover either, and what max shows of the call itself (the method, tuples of
dims, dtypes of out).
"""

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.reductions import (
    reductions,
    reductions_of_complex,
    reductions_of_nothing,
    reductions_with_out,
)


@rule("min.named_values", source="torch.min")
@given(case=reductions())
def test_named_values(case):
    """The first part of the result can be read as .values."""
    result = torch.min(case.input, case.dim, case.keepdim)

    assert result.values is result[0]


@rule("min.named_indices", source="torch.min")
@given(case=reductions())
def test_named_indices(case):
    """The second part of the result can be read as .indices."""
    result = torch.min(case.input, case.dim, case.keepdim)

    assert result.indices is result[1]


@rule("min.empty_dim", source="torch.min", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_nothing())
def test_empty_dim(case):
    """Reducing over a dim of size 0 raises IndexError: there is no smallest element."""
    torch.min(case.mended_input, case.mended_dim, case.keepdim)

    with pytest.raises(IndexError):
        torch.min(case.input, case.dim, case.keepdim)


@rule("min.full_empty", source="torch.min", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_nothing())
def test_full_empty(case):
    """Without dim, min of a tensor without elements raises RuntimeError."""
    torch.min(case.mended_input.new_zeros(1))

    with pytest.raises(RuntimeError):
        torch.min(case.input)


@rule("min.dim_none", source="torch.min", kind=Kind.ERROR)
@given(case=reductions())
def test_dim_none(case):
    """None in the place of the dim is refused: leaving it out is what reduces over all dims."""
    torch.min(case.input, case.dim)

    with expect.refusal():
        torch.min(case.input, None)


@rule("min.complex", source="torch.min", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_complex())
def test_complex(case):
    """A complex input is refused: complex numbers have no order."""
    torch.min(case.mended_input, case.mended_dim, case.keepdim)

    with expect.refusal():
        torch.min(case.input, case.dim, case.keepdim)


@rule("min.out_values", source="notes/out", also=["torch.min"], needs=[Need.VALUES])
@given(case=reductions_with_out())
def test_out_values(case):
    """The first tensor of out receives the values, whatever its strides."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    torch.min(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    expect.equal_elements(case.values, expected)


@rule("min.out_indices", source="notes/out", also=["torch.min"], needs=[Need.VALUES])
@given(case=reductions_with_out())
def test_out_indices(case):
    """The second tensor of out receives the indices, whatever its strides."""
    _, expected = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    torch.min(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    expect.equal_elements(case.indices, expected)
