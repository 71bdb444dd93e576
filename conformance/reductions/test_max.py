"""torch.max: what it has to itself beside its entries in `conformance.operations.extrema`.

The seed note's "max(dim) gives values and indices" holds as it stands; with a tensor as second argument,
even a 0-d one, max is torch.maximum and reduces nothing.

Not covered: quantized tensors, and out tensors that overlap the input.
"""

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.reductions import (
    reduced_shape,
    reduction_gradients,
    reductions,
    reductions_of_complex,
    reductions_of_nothing,
    reductions_with_out,
    reductions_with_out_of_other_dtype,
    reductions_with_out_that_may_require_grad,
    reductions_with_out_to_resize,
    wholes,
)
from strategies.values import NUMBER_DTYPES


@rule("max.named_values", source="torch.max", seed="max")
@given(case=reductions())
def test_named_values(case):
    """The first part of the result can be read as .values."""
    result = torch.max(case.input, case.dim, case.keepdim)

    assert result.values is result[0]


@rule("max.named_indices", source="torch.max", seed="max")
@given(case=reductions())
def test_named_indices(case):
    """The second part of the result can be read as .indices."""
    result = torch.max(case.input, case.dim, case.keepdim)

    assert result.indices is result[1]


@rule("max.indices_need_no_grad", source="torch.max", basis=Basis.OBSERVED, needs=[Need.AUTOGRAD])
@given(case=reduction_gradients())
def test_indices_need_no_grad(case):
    """The indices of the maxima of a tensor that requires grad do not require grad."""
    _, indices = torch.max(case.input, case.dim, case.keepdim)

    assert not indices.requires_grad


@rule("max.empty_dim", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_nothing())
def test_empty_dim(case):
    """Reducing over a dim of size 0 raises IndexError: there is no largest element."""
    torch.max(case.mended_input, case.mended_dim, case.keepdim)

    with pytest.raises(IndexError):
        torch.max(case.input, case.dim, case.keepdim)


@rule("max.full_empty", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_nothing())
def test_full_empty(case):
    """Without dim, max of a tensor without elements raises RuntimeError."""
    torch.max(case.mended_input.new_zeros(1))

    with pytest.raises(RuntimeError):
        torch.max(case.input)


@rule("max.dim_none", source="torch.max", kind=Kind.ERROR)
@given(case=reductions())
def test_dim_none(case):
    """None in the place of the dim is refused: leaving it out is what reduces over all dims."""
    torch.max(case.input, case.dim)

    with expect.refusal():
        torch.max(case.input, None)


@rule("max.dim_tuple", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions())
def test_dim_tuple(case):
    """A tuple of dims is refused: max reduces over one dim or over all."""
    torch.max(case.input, case.dim)

    with expect.refusal():
        torch.max(case.input, (case.dim,))


@rule("max.keepdim_alone", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions())
def test_keepdim_alone(case):
    """keepdim without a dim raises TypeError."""
    torch.max(case.input, dim=case.dim, keepdim=True)

    with pytest.raises(TypeError):
        torch.max(case.input, keepdim=True)


@rule("max.of_python", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=wholes())
def test_of_python(case):
    """A number of Python as second argument raises TypeError: it takes a tensor."""
    torch.max(case.input, torch.tensor(1.0, device=case.input.device))

    with pytest.raises(TypeError):
        torch.max(case.input, 1.0)


@rule("max.full_complex", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_complex())
def test_full_complex(case):
    """Without dim, a complex input is refused, too."""
    torch.max(case.mended_input)

    with expect.refusal():
        torch.max(case.input)


@rule("max.complex", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_complex())
def test_complex(case):
    """A complex input is refused: complex numbers have no order."""
    torch.max(case.mended_input, case.mended_dim, case.keepdim)

    with expect.refusal():
        torch.max(case.input, case.dim, case.keepdim)


@rule("max.out_values", source="notes/out", also=["torch.max"], needs=[Need.VALUES])
@given(case=reductions_with_out())
def test_out_values(case):
    """The first tensor of out receives the values, whatever its strides."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    torch.max(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    expect.equal_elements(case.values, expected)


@rule("max.out_indices", source="notes/out", also=["torch.max"], needs=[Need.VALUES])
@given(case=reductions_with_out())
def test_out_indices(case):
    """The second tensor of out receives the indices, whatever its strides."""
    _, expected = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    torch.max(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    expect.equal_elements(case.indices, expected)


@rule("max.out_resized", source="notes/out", also=["torch.max"])
@given(case=reductions_with_out_to_resize())
def test_out_resized(case):
    """Tensors of out without elements are resized, each of them, to the shape of the result."""
    shape = reduced_shape(case.input.shape, [case.dim], keepdim=case.keepdim)

    torch.max(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    assert (case.values.shape, case.indices.shape) == (shape, shape)


@rule("max.out_requires_grad", source="notes/out", kind=Kind.ERROR, needs=[Need.AUTOGRAD])
@given(case=reductions_with_out_that_may_require_grad())
def test_out_requires_grad(case):
    """An out whose values require grad is refused."""
    torch.max(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    with expect.refusal():
        torch.max(case.input, case.dim, case.keepdim, out=(case.values.requires_grad_(), case.indices))


@rule("max.out_of_a_leaf", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR, needs=[Need.AUTOGRAD])
@given(case=reductions_with_out_that_may_require_grad())
def test_out_of_a_leaf(case):
    """With out, an input that requires grad raises RuntimeError."""
    torch.max(case.input, case.dim, case.keepdim, out=(case.values, case.indices))

    with pytest.raises(RuntimeError):
        torch.max(case.input.requires_grad_(), case.dim, case.keepdim, out=(case.values, case.indices))


@rule("max.full_out_converts", source="torch.max", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=wholes(dtypes=NUMBER_DTYPES))
def test_full_out_converts(case):
    """Without dim, an out of float64 receives the largest element of an input of any dtype of numbers."""
    expected = np.asarray(np.asarray(reference.drawn(case.input), np.float64).max())
    out = torch.zeros((), dtype=torch.float64, device=case.input.device)

    torch.max(case.input, out=out)

    expect.equal_elements(out, expected)


@rule("max.out_dtype", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_with_out_of_other_dtype())
def test_out_dtype(case):
    """Values of out of another dtype than the input, or indices of another than int64, raise RuntimeError."""
    torch.max(case.input, case.dim, case.keepdim, out=(case.mended_values, case.mended_indices))

    with pytest.raises(RuntimeError):
        torch.max(case.input, case.dim, case.keepdim, out=(case.values, case.indices))
