"""Gradients of reductions, in each of their documented calls.

Not covered: fmax and fmin, whose rules on ties `fmax.gradient` and `fmin.gradient` have.
"""

import numpy as np
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Kind, Need
from strategies.cases.pairs import pair_gradients_called
from strategies.cases.reductions import reductions_called, wholes_called

VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule(
    "max.every_call_gradient",
    source="torch.max",
    also=["torch.Tensor.max"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=reductions_called("max", gradient=True))
def test_max(case):
    """Over a dim, the gradient of max goes to the element at indices alone, however it is called."""
    input, upstream = reference.drawn(case.input), reference.drawn(case.upstream)
    _, places = reference.first_largest(np.atleast_1d(input), case.dim, keepdim=True)
    expected = reference.to_the_first(input, case.dim, places, upstream.reshape(places.shape))

    values, _ = case.call(case.input, case.dim, case.keepdim)
    values.backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule(
    "min.every_call_gradient",
    source="torch.min",
    also=["torch.Tensor.min"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=reductions_called("min", gradient=True))
def test_min(case):
    """Over a dim, the gradient of min goes to the element at indices alone, however it is called."""
    input, upstream = reference.drawn(case.input), reference.drawn(case.upstream)
    _, places = reference.first_smallest(np.atleast_1d(input), case.dim, keepdim=True)
    expected = reference.to_the_first(input, case.dim, places, upstream.reshape(places.shape))

    values, _ = case.call(case.input, case.dim, case.keepdim)
    values.backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule(
    "amax.every_call_gradient",
    source="torch.amax",
    also=["torch.Tensor.amax"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=reductions_called("amax", gradient=True))
def test_amax(case):
    """Over a dim, amax shares the gradient evenly among the largest elements of a row in every call."""
    input, upstream = reference.drawn(case.input), reference.drawn(case.upstream)
    dims = (case.dim,) if input.ndim else None
    expected = reference.largest_gradient(input, dims, upstream)

    case.call(case.input, case.dim, case.keepdim).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule(
    "amin.every_call_gradient",
    source="torch.amin",
    also=["torch.Tensor.amin"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=reductions_called("amin", gradient=True))
def test_amin(case):
    """Over a dim, amin shares the gradient evenly among the smallest elements of a row in every call."""
    input, upstream = reference.drawn(case.input), reference.drawn(case.upstream)
    dims = (case.dim,) if input.ndim else None
    expected = reference.smallest_gradient(input, dims, upstream)

    case.call(case.input, case.dim, case.keepdim).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule(
    "max.every_full_call_gradient",
    source="torch.max",
    also=["torch.Tensor.max"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=wholes_called("max", gradient=True))
def test_full_max(case):
    """Over all dims, max shares the gradient evenly among all largest elements, however it is called."""
    expected = reference.largest_gradient(reference.drawn(case.input), None, reference.drawn(case.upstream))

    case.call(case.input).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule(
    "min.every_full_call_gradient",
    source="torch.min",
    also=["torch.Tensor.min"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=wholes_called("min", gradient=True))
def test_full_min(case):
    """Over all dims, min shares the gradient evenly among all smallest elements, however it is called."""
    expected = reference.smallest_gradient(reference.drawn(case.input), None, reference.drawn(case.upstream))

    case.call(case.input).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule(
    "amax.every_full_call_gradient",
    source="torch.amax",
    also=["torch.Tensor.amax"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=wholes_called("amax", gradient=True))
def test_full_amax(case):
    """Over all dims, amax shares the gradient evenly among all largest elements, however it is called."""
    expected = reference.largest_gradient(reference.drawn(case.input), None, reference.drawn(case.upstream))

    case.call(case.input).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule(
    "amin.every_full_call_gradient",
    source="torch.amin",
    also=["torch.Tensor.amin"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=wholes_called("amin", gradient=True))
def test_full_amin(case):
    """Over all dims, amin shares the gradient evenly among all smallest elements, however it is called."""
    expected = reference.smallest_gradient(reference.drawn(case.input), None, reference.drawn(case.upstream))

    case.call(case.input).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule(
    "maximum.every_call_gradient",
    source="notes/autograd",
    also=["torch.maximum"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=pair_gradients_called("maximum"))
def test_maximum(case):
    """The larger element gets the gradient of maximum, of two equal ones each half, however it is called."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    expected = reference.drawn(case.upstream) * np.where(input == other, 0.5, input > other)
    of_other = reference.drawn(case.upstream) * np.where(input == other, 0.5, input < other)

    case.call(case.input, case.other).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)
    expect.close(case.other.grad, of_other, dtype=case.other.dtype, scale=0)


@rule(
    "minimum.every_call_gradient",
    source="notes/autograd",
    also=["torch.minimum"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=pair_gradients_called("minimum"))
def test_minimum(case):
    """The smaller element gets the gradient of minimum, of two equal ones each half, however it is called."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    expected = reference.drawn(case.upstream) * np.where(input == other, 0.5, input < other)
    of_other = reference.drawn(case.upstream) * np.where(input == other, 0.5, input > other)

    case.call(case.input, case.other).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)
    expect.close(case.other.grad, of_other, dtype=case.other.dtype, scale=0)


@rule(
    "max.of_two_every_call_gradient",
    source="notes/autograd",
    also=["torch.max"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=pair_gradients_called("max"))
def test_of_two_max(case):
    """The larger element gets the gradient of max of two tensors, of equal ones each half."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    expected = reference.drawn(case.upstream) * np.where(input == other, 0.5, input > other)
    of_other = reference.drawn(case.upstream) * np.where(input == other, 0.5, input < other)

    case.call(case.input, case.other).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)
    expect.close(case.other.grad, of_other, dtype=case.other.dtype, scale=0)


@rule(
    "min.of_two_every_call_gradient",
    source="notes/autograd",
    also=["torch.min"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=pair_gradients_called("min"))
def test_of_two_min(case):
    """The smaller element gets the gradient of min of two tensors, of equal ones each half."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    expected = reference.drawn(case.upstream) * np.where(input == other, 0.5, input < other)
    of_other = reference.drawn(case.upstream) * np.where(input == other, 0.5, input > other)

    case.call(case.input, case.other).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)
    expect.close(case.other.grad, of_other, dtype=case.other.dtype, scale=0)
