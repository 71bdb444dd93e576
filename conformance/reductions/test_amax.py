"""torch.amax, amin and aminmax: the largest element over several dims, the smallest, or both.

Not covered: `out`, and the gradient where an element is NaN, which the documentation leaves open.
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

GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("amax.values", source="torch.amax", needs=[Need.VALUES])
@given(case=reductions_of_several_dims())
def test_values(case):
    """amax gives the largest element over a tuple of dims."""
    expected = np.asarray(reference.drawn(case.input).max(axis=case.dims, keepdims=case.keepdim))

    output = torch.amax(case.input, case.dims, case.keepdim)

    expect.equal_elements(output, expected)


@rule("amin.values", source="torch.amin", needs=[Need.VALUES])
@given(case=reductions_of_several_dims())
def test_amin_values(case):
    """amin gives the smallest element over a tuple of dims."""
    expected = np.asarray(reference.drawn(case.input).min(axis=case.dims, keepdims=case.keepdim))

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
    expected = np.asarray(reference.drawn(case.input).max())

    output = torch.amax(case.input)

    expect.equal_elements(output, expected)


@rule("amax.gradient", source="torch.amax", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=gradients_of_several_dims())
def test_gradient(case):
    """amax shares the gradient evenly among the elements that equal the largest of their slice."""
    expected = reference.largest_gradient(
        reference.drawn(case.input), case.dims, reference.drawn(case.upstream)
    )

    torch.amax(case.input, case.dims, case.keepdim).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule("amax.dim_none", source="torch.amax", needs=[Need.VALUES])
@given(case=wholes())
def test_dim_none(case):
    """A dim of None stands for all dims."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = torch.amax(case.input, None)  # type: ignore[arg-type]  # as documented

    expect.equal_elements(output, expected)


@rule("amax.no_dims", source="torch.amax", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=wholes())
def test_no_dims(case):
    """An empty tuple of dims stands for all dims."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = torch.amax(case.input, ())

    expect.equal_elements(output, expected)


@rule("amin.shape", source="torch.amin")
@given(case=reductions_of_several_dims())
def test_amin_shape(case):
    """amin drops the reduced dims, or keeps them with size 1 under keepdim."""
    output = torch.amin(case.input, case.dims, case.keepdim)

    assert output.shape == reduced_shape(case.input.shape, case.dims, keepdim=case.keepdim)


@rule("amin.all_dims", source="torch.amin", needs=[Need.VALUES])
@given(case=wholes())
def test_amin_all_dims(case):
    """Without dim, amin reduces over all dims."""
    expected = np.asarray(reference.drawn(case.input).min())

    output = torch.amin(case.input)

    expect.equal_elements(output, expected)


@rule("amin.gradient", source="torch.amin", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=gradients_of_several_dims())
def test_amin_gradient(case):
    """amin shares the gradient evenly among the elements that equal the smallest of their slice."""
    expected = reference.smallest_gradient(
        reference.drawn(case.input), case.dims, reference.drawn(case.upstream)
    )

    torch.amin(case.input, case.dims, case.keepdim).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule("aminmax.all_dims", source="torch.aminmax", needs=[Need.VALUES])
@given(case=wholes())
def test_aminmax_all_dims(case):
    """Without dim, the parts of aminmax are the smallest and the largest of all elements."""
    elements = reference.drawn(case.input)
    smallest, largest = np.asarray(elements.min()), np.asarray(elements.max())

    result = torch.aminmax(case.input)

    expect.equal_elements(result.min, smallest)
    expect.equal_elements(result.max, largest)


@rule("aminmax.min", source="torch.aminmax", needs=[Need.VALUES])
@given(case=reductions())
def test_aminmax_min(case):
    """The first part of aminmax is the smallest element of each row."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    result = torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(result.min, expected)


@rule("aminmax.max", source="torch.aminmax", needs=[Need.VALUES])
@given(case=reductions())
def test_aminmax_max(case):
    """The second part of aminmax is the largest element of each row."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    result = torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(result.max, expected)


@rule("aminmax.nan", source="torch.aminmax", needs=[Need.VALUES])
@given(case=reductions(nan=True))
def test_aminmax_nan(case):
    """A NaN in a row makes both parts of aminmax NaN."""
    elements = reference.drawn(case.input)
    smallest, _ = reference.first_smallest(elements, case.dim, keepdim=case.keepdim)
    largest, _ = reference.first_largest(elements, case.dim, keepdim=case.keepdim)

    result = torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(result.min, smallest)
    expect.equal_elements(result.max, largest)


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
