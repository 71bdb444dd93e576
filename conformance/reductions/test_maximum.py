"""torch.maximum, fmax and their twins: what they have to themselves beside their entries.

Not covered: shapes that broadcast to more than 6 dims.
"""

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.pairs import (
    pair_gradients,
    pairs,
    pairs_of_complex,
    pairs_of_dtypes,
    pairs_that_do_not_broadcast,
    pairs_with_0d,
)
from strategies.values import NUMBER_DTYPES

GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("maximum.shape", source="torch.fmax", also=["torch.maximum", "notes/broadcasting"])
@given(case=pairs())
def test_shape(case):
    """The output has the shape that the two shapes broadcast to."""
    output = torch.maximum(case.input, case.other)

    assert output.shape == np.broadcast_shapes(case.input.shape, case.other.shape)


@rule("maximum.of_0d", source="notes/broadcasting", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=pairs_with_0d())
def test_of_0d(case):
    """A 0-d tensor is compared with each element of the other."""
    expected = reference.pairwise(np.maximum, reference.drawn(case.input), reference.drawn(case.other))

    output = torch.maximum(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("maximum.dtype", source="tensor_attributes", basis=Basis.OBSERVED)
@given(case=pairs_of_dtypes())
def test_dtype(case):
    """The output has the dtype that the two dtypes promote to."""
    output = torch.maximum(case.input, case.other)

    assert str(output.dtype) == reference.promoted(case.input.dtype, case.other.dtype)


@rule("fmax.dtype", source="torch.fmax", also=["tensor_attributes"])
@given(case=pairs_of_dtypes(dtypes=NUMBER_DTYPES))
def test_fmax_dtype(case):
    """The output of fmax has the dtype that the two dtypes, neither of them bool, promote to."""
    output = torch.fmax(case.input, case.other)

    assert str(output.dtype) == reference.promoted(case.input.dtype, case.other.dtype)


@rule(
    "maximum.incompatible_shapes",
    source="torch.fmax",
    also=["torch.maximum", "notes/broadcasting"],
    kind=Kind.ERROR,
)
@given(case=pairs_that_do_not_broadcast())
def test_incompatible_shapes(case):
    """Two sizes that differ, neither of them 1, are refused."""
    torch.maximum(case.mended_input, case.mended_other)

    with expect.refusal():
        torch.maximum(case.input, case.other)


@rule("maximum.complex", source="torch.maximum", kind=Kind.ERROR)
@given(case=pairs_of_complex())
def test_complex(case):
    """Complex tensors are refused: complex numbers have no order."""
    torch.maximum(case.mended_input, case.mended_other)

    with expect.refusal():
        torch.maximum(case.input, case.other)


@rule("maximum.gradient_of_other", source="notes/autograd", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=pair_gradients())
def test_gradient_of_other(case):
    """The second tensor gets the gradient where it is larger, half of it where the two are equal."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    expected = reference.drawn(case.upstream) * np.where(input == other, 0.5, input < other)

    torch.maximum(case.input, case.other).backward(case.upstream)

    expect.close(case.other.grad, expected, dtype=case.other.dtype, scale=0)


@rule(
    "maximum.gradient_of_one",
    source="notes/autograd",
    basis=Basis.OBSERVED,
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=pair_gradients())
def test_gradient_of_one(case):
    """Of two equal elements each gets half of the gradient even if only the first tensor requires grad."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    expected = reference.drawn(case.upstream) * np.where(input == other, 0.5, input > other)

    torch.maximum(case.input, case.other.detach()).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule("fmin.gradient", source="notes/autograd", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=pair_gradients())
def test_fmin_gradient(case):
    """The smaller element gets the gradient of fmin; of two equal ones each gets half."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    expected = reference.drawn(case.upstream) * np.where(input == other, 0.5, input < other)

    torch.fmin(case.input, case.other).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)


@rule("fmax.gradient", source="notes/autograd", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=pair_gradients())
def test_fmax_gradient(case):
    """The larger element gets the gradient of fmax; of two equal ones each gets half."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    expected = reference.drawn(case.upstream) * np.where(input == other, 0.5, input > other)

    torch.fmax(case.input, case.other).backward(case.upstream)

    expect.close(case.input.grad, expected, dtype=case.input.dtype, scale=0)
