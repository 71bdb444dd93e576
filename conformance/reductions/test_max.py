"""torch.max: the largest element of a tensor, the largest along a dim with its place, or of two tensors.

The seed note's "max(dim) gives values and indices" holds as it stands; with a tensor as second argument,
even a 0-d one, max is torch.maximum and reduces nothing.

Not covered: quantized tensors, and out tensors that overlap the input.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.pairs import pairs
from strategies.cases.reductions import (
    reduced_shape,
    reduction_gradients,
    reductions,
    reductions_of_complex,
    reductions_of_nothing,
    reductions_out_of_range,
    reductions_with_out,
    reductions_with_out_of_other_dtype,
    reductions_with_out_that_may_require_grad,
    reductions_with_out_to_resize,
    whole_gradients,
    wholes,
)
from strategies.values import NUMBER_DTYPES

GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("max.full_value", source="torch.max", seed="max", needs=[Need.VALUES])
@given(case=wholes())
def test_full_value(case):
    """Without dim, max gives the largest of all elements."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = torch.max(case.input)

    expect.equal_elements(output, expected)


@rule("max.full_method", source="torch.max", also=["torch.Tensor.max"], seed="max", needs=[Need.VALUES])
@given(case=wholes())
def test_full_method(case):
    """The method without arguments gives the largest of all elements."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = case.input.max()

    expect.equal_elements(output, expected)


@rule("max.full_shape", source="torch.max")
@given(case=wholes())
def test_full_shape(case):
    """Without dim, the output of max is 0-d."""
    output = torch.max(case.input)

    assert output.shape == ()


@rule("max.full_nan", source="torch.max", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=wholes(nan=True))
def test_full_nan(case):
    """Without dim, max of a tensor with a NaN among its elements is NaN."""
    output = torch.max(case.input)

    assert math.isnan(output.item())


@rule("max.full_gradient", source="torch.max", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=whole_gradients())
def test_full_gradient(case):
    """Without dim, the gradient is shared evenly among all elements that equal the largest."""
    expected = reference.largest_gradient(reference.drawn(case.input), None, reference.drawn(case.upstream))

    torch.max(case.input).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule("max.values", source="torch.max", seed="max", needs=[Need.VALUES])
@given(case=reductions())
def test_values(case):
    """Along a dim, values holds the largest element of each row."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, _ = torch.max(case.input, case.dim, case.keepdim)

    expect.equal_elements(values, expected)


@rule("max.first_index", source="torch.max", seed="max", needs=[Need.VALUES])
@given(case=reductions())
def test_first_index(case):
    """Along a dim, indices holds the place of each row's largest element, the first if several are equal."""
    _, expected = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    _, indices = torch.max(case.input, case.dim, case.keepdim)

    expect.equal_elements(indices, expected)


@rule("max.indices_point_at_values", source="torch.max", needs=[Need.VALUES])
@given(case=reductions())
def test_indices_point_at_values(case):
    """The elements of the input at indices equal values."""
    input = reference.drawn(case.input)

    values, indices = torch.max(case.input, case.dim, keepdim=True)

    expect.points_at(indices, values, input, case.dim)


@rule("max.nan_values", source="torch.max", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=reductions(nan=True))
def test_nan_values(case):
    """Along a dim, values is NaN for each row with a NaN in it."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, _ = torch.max(case.input, case.dim, case.keepdim)

    expect.equal_elements(values, expected)


@rule("max.nan_index", source="torch.max", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=reductions(nan=True))
def test_nan_index(case):
    """Along a dim, indices holds the place of the first NaN for each row with a NaN in it."""
    _, expected = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    _, indices = torch.max(case.input, case.dim, case.keepdim)

    expect.equal_elements(indices, expected)


@rule("max.shape", source="torch.max", seed="max")
@given(case=reductions())
def test_shape(case):
    """Along a dim, values loses that dim, or keeps it with size 1 under keepdim."""
    values, _ = torch.max(case.input, case.dim, case.keepdim)

    assert values.shape == reduced_shape(case.input.shape, [case.dim], keepdim=case.keepdim)


@rule("max.indices_shape", source="torch.max")
@given(case=reductions())
def test_indices_shape(case):
    """Along a dim, indices has the shape of values."""
    values, indices = torch.max(case.input, case.dim, case.keepdim)

    assert indices.shape == values.shape


@rule("max.values_dtype", source="torch.max", basis=Basis.OBSERVED)
@given(case=reductions())
def test_values_dtype(case):
    """Along a dim, values has the dtype of the input."""
    values, _ = torch.max(case.input, case.dim, case.keepdim)

    assert values.dtype == case.input.dtype


@rule("max.indices_dtype", source="torch.max")
@given(case=reductions())
def test_indices_dtype(case):
    """Along a dim, indices is int64, whatever the input's dtype."""
    _, indices = torch.max(case.input, case.dim, case.keepdim)

    assert indices.dtype == torch.int64


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


@rule("max.method", source="torch.max", also=["torch.Tensor.max"], needs=[Need.VALUES])
@given(case=reductions())
def test_method(case):
    """The method, dim and keepdim given by name, gives the largest element of each row and its place."""
    largest, places = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, indices = case.input.max(dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(values, largest)
    expect.equal_elements(indices, places)


@rule("max.indices_need_no_grad", source="torch.max", basis=Basis.OBSERVED, needs=[Need.AUTOGRAD])
@given(case=reduction_gradients())
def test_indices_need_no_grad(case):
    """The indices of the maxima of a tensor that requires grad do not require grad."""
    _, indices = torch.max(case.input, case.dim, case.keepdim)

    assert not indices.requires_grad


@rule("max.gradient", source="torch.max", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=reduction_gradients())
def test_gradient(case):
    """Along a dim, the gradient goes to the element at indices alone, and to no other equal element."""
    input, upstream = reference.drawn(case.input), reference.drawn(case.upstream)
    _, places = reference.first_largest(np.atleast_1d(input), case.dim, keepdim=True)
    expected = reference.to_the_first(input, case.dim, places, upstream.reshape(places.shape))

    torch.max(case.input, case.dim, case.keepdim).values.backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("max.dim_range", source="torch.max", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_out_of_range())
def test_dim_range(case):
    """A dim outside [-rank, rank) raises IndexError, a 0-d input counting as rank 1."""
    torch.max(case.mended_input, case.mended_dim, case.keepdim)

    with pytest.raises(IndexError):
        torch.max(case.input, case.dim, case.keepdim)


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


@rule("max.full_out", source="torch.max", needs=[Need.VALUES])
@given(case=wholes())
def test_full_out(case):
    """Without dim, a 0-d out of the input's dtype receives the largest of all elements."""
    expected = np.asarray(reference.drawn(case.input).max())
    out = torch.zeros((), dtype=case.input.dtype, device=case.input.device)

    torch.max(case.input, out=out)

    expect.equal_elements(out, expected)


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


@rule("max.of_two", source="torch.max", also=["torch.maximum"], needs=[Need.VALUES])
@given(case=pairs())
def test_of_two(case):
    """With a tensor as second argument, max gives the larger element at each place, as maximum does."""
    expected = reference.pairwise(np.maximum, reference.drawn(case.input), reference.drawn(case.other))

    output = torch.max(case.input, case.other)

    expect.equal_elements(output, expected)
