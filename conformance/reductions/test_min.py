"""torch.min: the smallest element of a tensor, the smallest along a dim with its place, or of two tensors.

Not covered: what max does not cover either, and what max shows of the call itself (the method, tuples of
dims, dtypes of out).
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
    whole_gradients,
    wholes,
)

GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("min.full_value", source="torch.min", needs=[Need.VALUES])
@given(case=wholes())
def test_full_value(case):
    """Without dim, min gives the smallest of all elements."""
    expected = np.asarray(reference.drawn(case.input).min())

    output = torch.min(case.input)

    expect.equal_elements(output, expected)


@rule("min.full_shape", source="torch.min")
@given(case=wholes())
def test_full_shape(case):
    """Without dim, the output of min is 0-d."""
    output = torch.min(case.input)

    assert output.shape == ()


@rule("min.full_nan", source="torch.min", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=wholes(nan=True))
def test_full_nan(case):
    """Without dim, min of a tensor with a NaN among its elements is NaN."""
    output = torch.min(case.input)

    assert math.isnan(output.item())


@rule("min.full_gradient", source="torch.min", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=whole_gradients())
def test_full_gradient(case):
    """Without dim, the gradient is shared evenly among all elements that equal the smallest."""
    expected = reference.smallest_gradient(reference.drawn(case.input), None, reference.drawn(case.upstream))

    torch.min(case.input).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule("min.values", source="torch.min", needs=[Need.VALUES])
@given(case=reductions())
def test_values(case):
    """Along a dim, values holds the smallest element of each row."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, _ = torch.min(case.input, case.dim, case.keepdim)

    expect.equal_elements(values, expected)


@rule("min.first_index", source="torch.min", needs=[Need.VALUES])
@given(case=reductions())
def test_first_index(case):
    """Along a dim, indices holds the place of each row's smallest element, the first if several are equal."""
    _, expected = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    _, indices = torch.min(case.input, case.dim, case.keepdim)

    expect.equal_elements(indices, expected)


@rule("min.nan_values", source="torch.min", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=reductions(nan=True))
def test_nan_values(case):
    """Along a dim, values is NaN for each row with a NaN in it."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, _ = torch.min(case.input, case.dim, case.keepdim)

    expect.equal_elements(values, expected)


@rule("min.nan_index", source="torch.min", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=reductions(nan=True))
def test_nan_index(case):
    """Along a dim, indices holds the place of the first NaN for each row with a NaN in it."""
    _, expected = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    _, indices = torch.min(case.input, case.dim, case.keepdim)

    expect.equal_elements(indices, expected)


@rule("min.shape", source="torch.min")
@given(case=reductions())
def test_shape(case):
    """Along a dim, values loses that dim, or keeps it with size 1 under keepdim."""
    values, _ = torch.min(case.input, case.dim, case.keepdim)

    assert values.shape == reduced_shape(case.input.shape, [case.dim], keepdim=case.keepdim)


@rule("min.indices_shape", source="torch.min")
@given(case=reductions())
def test_indices_shape(case):
    """Along a dim, indices has the shape of values."""
    values, indices = torch.min(case.input, case.dim, case.keepdim)

    assert indices.shape == values.shape


@rule("min.indices_dtype", source="torch.min")
@given(case=reductions())
def test_indices_dtype(case):
    """Along a dim, indices is int64, whatever the input's dtype."""
    _, indices = torch.min(case.input, case.dim, case.keepdim)

    assert indices.dtype == torch.int64


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


@rule("min.gradient", source="torch.min", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=reduction_gradients())
def test_gradient(case):
    """Along a dim, the gradient goes to the element at indices alone, and to no other equal element."""
    input, upstream = reference.drawn(case.input), reference.drawn(case.upstream)
    _, places = reference.first_smallest(np.atleast_1d(input), case.dim, keepdim=True)
    expected = reference.to_the_first(input, case.dim, places, upstream.reshape(places.shape))

    torch.min(case.input, case.dim, case.keepdim).values.backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("min.dim_range", source="torch.min", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_out_of_range())
def test_dim_range(case):
    """A dim outside [-rank, rank) raises IndexError, a 0-d input counting as rank 1."""
    torch.min(case.mended_input, case.mended_dim, case.keepdim)

    with pytest.raises(IndexError):
        torch.min(case.input, case.dim, case.keepdim)


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


@rule("min.of_two", source="torch.min", also=["torch.minimum"], needs=[Need.VALUES])
@given(case=pairs())
def test_of_two(case):
    """With a tensor as second argument, min gives the smaller element at each place, as minimum does."""
    expected = reference.pairwise(np.minimum, reference.drawn(case.input), reference.drawn(case.other))

    output = torch.min(case.input, case.other)

    expect.equal_elements(output, expected)
