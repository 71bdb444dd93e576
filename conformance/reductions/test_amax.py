"""torch.amax, argmax and aminmax: the largest element over several dims, or where it is, or both extremes.

Not covered: amin and argmin beyond what aminmax and min show, and `out`.
"""

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.reductions import (
    gradients_of_several_dims,
    reduced_shape,
    reductions,
    reductions_of_nothing,
    reductions_of_several_dims,
    wholes,
)
from strategies.values import NUMBER_DTYPES

GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("amax.values", source="torch.amax", needs=[Need.VALUES])
@given(case=reductions_of_several_dims())
def test_values(case):
    """amax gives the largest element over a tuple of dims."""
    expected = np.asarray(reference.host(case.input).max(axis=case.dims, keepdims=case.keepdim))

    output = torch.amax(case.input, case.dims, case.keepdim)

    expect.equal_elements(output, expected)


@rule("amin.values", source="torch.amin", needs=[Need.VALUES])
@given(case=reductions_of_several_dims())
def test_amin_values(case):
    """amin gives the smallest element over a tuple of dims."""
    expected = np.asarray(reference.host(case.input).min(axis=case.dims, keepdims=case.keepdim))

    output = torch.amin(case.input, case.dims, case.keepdim)

    expect.equal_elements(output, expected)


@rule("amax.shape", source="torch.amax")
@given(case=reductions_of_several_dims())
def test_shape(case):
    """amax drops the reduced dims, or keeps them with size 1 under keepdim."""
    output = torch.amax(case.input, case.dims, case.keepdim)

    assert output.shape == reduced_shape(case.input.shape, case.dims, keepdim=case.keepdim)


@rule("amax.all_dims", source="torch.amax", needs=[Need.VALUES])
@given(case=wholes())
def test_all_dims(case):
    """Without dim, amax reduces over all dims."""
    expected = np.asarray(reference.host(case.input).max())

    output = torch.amax(case.input)

    expect.equal_elements(output, expected)


@rule("amax.gradient", source="torch.amax", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=gradients_of_several_dims())
def test_gradient(case):
    """amax shares the gradient evenly among the elements that equal the largest of their slice."""
    expected = reference.largest_gradient(
        reference.host(case.input), case.dims, reference.host(case.upstream)
    )

    torch.amax(case.input, case.dims, case.keepdim).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule("argmax.all_dims", source="torch.argmax", needs=[Need.VALUES])
@given(case=wholes(dtypes=NUMBER_DTYPES))
def test_argmax_all_dims(case):
    """Without dim, argmax gives the place of the first largest element in row-major order."""
    expected = np.asarray(reference.host(case.input).argmax())

    output = torch.argmax(case.input)

    expect.equal_elements(output, expected)


@rule("argmax.dim", source="torch.argmax", needs=[Need.VALUES])
@given(case=reductions(dtypes=NUMBER_DTYPES))
def test_argmax_dim(case):
    """Along a dim, argmax gives the place of the first largest element of each row."""
    _, expected = reference.first_largest(reference.host(case.input), case.dim, keepdim=case.keepdim)

    output = torch.argmax(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("argmax.bool", source="torch.argmax", needs=[Need.VALUES])
@given(case=reductions(dtypes=(torch.bool,)))
def test_argmax_bool(case):
    """argmax takes a bool input, as max does."""
    _, expected = reference.first_largest(reference.host(case.input), case.dim, keepdim=case.keepdim)

    output = torch.argmax(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("argmax.dtype", source="torch.argmax")
@given(case=reductions(dtypes=NUMBER_DTYPES))
def test_argmax_dtype(case):
    """argmax is int64, whatever the input's dtype."""
    output = torch.argmax(case.input, case.dim, case.keepdim)

    assert output.dtype == torch.int64


@rule("aminmax.min", source="torch.aminmax", needs=[Need.VALUES])
@given(case=reductions())
def test_aminmax_min(case):
    """The first part of aminmax is the smallest element of each row."""
    expected, _ = reference.first_smallest(reference.host(case.input), case.dim, keepdim=case.keepdim)

    result = torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(result.min, expected)


@rule("aminmax.max", source="torch.aminmax", needs=[Need.VALUES])
@given(case=reductions())
def test_aminmax_max(case):
    """The second part of aminmax is the largest element of each row."""
    expected, _ = reference.first_largest(reference.host(case.input), case.dim, keepdim=case.keepdim)

    result = torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(result.max, expected)


@rule("aminmax.nan", source="torch.aminmax", needs=[Need.VALUES])
@given(case=reductions(nan=True))
def test_aminmax_nan(case):
    """A NaN in a row makes both parts of aminmax NaN."""
    expected, _ = reference.first_smallest(reference.host(case.input), case.dim, keepdim=case.keepdim)

    result = torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(result.min, expected)


@rule("aminmax.empty_dim", source="torch.aminmax", kind=Kind.ERROR)
@given(case=reductions_of_nothing())
def test_aminmax_empty_dim(case):
    """Reducing over a dim of size 0 raises RuntimeError."""
    torch.aminmax(case.mended_input, dim=case.mended_dim, keepdim=case.keepdim)

    with pytest.raises(RuntimeError):
        torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)


@rule("aminmax.all_empty", source="torch.aminmax", kind=Kind.ERROR)
@given(case=reductions_of_nothing())
def test_aminmax_all_empty(case):
    """Without dim, a tensor without elements raises RuntimeError."""
    torch.aminmax(case.mended_input.new_zeros(1))

    with pytest.raises(RuntimeError):
        torch.aminmax(case.input)


@rule("argmax.all_dims_keepdim", source="torch.argmax", basis=Basis.OBSERVED)
@given(case=wholes(dtypes=NUMBER_DTYPES))
def test_argmax_all_dims_keepdim(case):
    """Without dim but with keepdim, argmax has the input's rank and size 1 in every dim."""
    output = torch.argmax(case.input, keepdim=True)

    assert output.shape == (1,) * case.input.dim()
