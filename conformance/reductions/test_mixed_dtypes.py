"""maximum, minimum, fmax, fmin, max and min of two tensors of different dtypes.

The result is that of both in the dtype that theirs promote to, which here has all of their elements exactly:
integers beside floats are small. `maximum.dtype` and `fmax.dtype` say which dtype that is.

Not covered: elements that the common dtype has not, which the conversion rounds.
"""

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Need
from strategies.cases.pairs import (
    pairs_of_mixed_dtypes,
    pairs_of_mixed_dtypes_with_0d,
    pairs_of_mixed_dtypes_with_out,
)
from strategies.values import NUMBER_DTYPES

VALUES = [Need.VALUES]
PROMOTION = "tensor_attributes"


@rule("maximum.mixed_dtypes", source="torch.maximum", also=[PROMOTION], basis=Basis.OBSERVED, needs=VALUES)
@given(case=pairs_of_mixed_dtypes("maximum"))
def test_maximum(case):
    """Of two dtypes, maximum gives the larger element in the dtype that both promote to."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.maximum, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("minimum.mixed_dtypes", source="torch.minimum", also=[PROMOTION], basis=Basis.OBSERVED, needs=VALUES)
@given(case=pairs_of_mixed_dtypes("minimum"))
def test_minimum(case):
    """Of two dtypes, minimum gives the smaller element in the dtype that both promote to."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.minimum, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("fmax.mixed_dtypes", source="torch.fmax", also=[PROMOTION], needs=VALUES)
@given(case=pairs_of_mixed_dtypes("fmax", dtypes=NUMBER_DTYPES))
def test_fmax(case):
    """Of two dtypes, fmax gives the larger element in the dtype that both promote to."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.fmax, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("fmin.mixed_dtypes", source="torch.fmin", also=[PROMOTION], needs=VALUES)
@given(case=pairs_of_mixed_dtypes("fmin", dtypes=NUMBER_DTYPES))
def test_fmin(case):
    """Of two dtypes, fmin gives the smaller element in the dtype that both promote to."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.fmin, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("max.mixed_dtypes", source="torch.max", also=[PROMOTION], basis=Basis.OBSERVED, needs=VALUES)
@given(case=pairs_of_mixed_dtypes("max"))
def test_max(case):
    """Of two dtypes, max gives the larger element in the dtype that both promote to."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.maximum, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("min.mixed_dtypes", source="torch.min", also=[PROMOTION], basis=Basis.OBSERVED, needs=VALUES)
@given(case=pairs_of_mixed_dtypes("min"))
def test_min(case):
    """Of two dtypes, min gives the smaller element in the dtype that both promote to."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.minimum, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule(
    "maximum.mixed_dtypes_of_0d", source="torch.maximum", also=[PROMOTION], basis=Basis.OBSERVED, needs=VALUES
)
@given(case=pairs_of_mixed_dtypes_with_0d("maximum"))
def test_maximum_of_0d(case):
    """In maximum a 0-d tensor counts for the dtype of the result only if its own is of a higher category."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.maximum, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule(
    "minimum.mixed_dtypes_of_0d", source="torch.minimum", also=[PROMOTION], basis=Basis.OBSERVED, needs=VALUES
)
@given(case=pairs_of_mixed_dtypes_with_0d("minimum"))
def test_minimum_of_0d(case):
    """In minimum a 0-d tensor counts for the dtype of the result only if its own is of a higher category."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.minimum, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("fmax.mixed_dtypes_of_0d", source="torch.fmax", also=[PROMOTION], needs=VALUES)
@given(case=pairs_of_mixed_dtypes_with_0d("fmax", dtypes=NUMBER_DTYPES))
def test_fmax_of_0d(case):
    """In fmax a 0-d tensor counts for the dtype of the result only if its own is of a higher category."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.fmax, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("fmin.mixed_dtypes_of_0d", source="torch.fmin", also=[PROMOTION], needs=VALUES)
@given(case=pairs_of_mixed_dtypes_with_0d("fmin", dtypes=NUMBER_DTYPES))
def test_fmin_of_0d(case):
    """In fmin a 0-d tensor counts for the dtype of the result only if its own is of a higher category."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    dtypes = (case.input.dtype, case.other.dtype)
    expected = reference.pairwise(np.fmin, *reference.common(input, other, dtypes))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("maximum.out_of_mixed_dtypes", source="torch.maximum", basis=Basis.OBSERVED, needs=VALUES)
@given(case=pairs_of_mixed_dtypes_with_out())
def test_maximum_out(case):
    """With an out of the dtype of one of two tensors, maximum compares them in their common dtype."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    both = reference.common(input, other, (case.input.dtype, case.other.dtype))
    expected = np.asarray(reference.pairwise(np.maximum, *both), dtype=reference.drawn(case.out).dtype)

    torch.maximum(case.input, case.other, out=case.out)

    expect.equal_elements(case.out, expected)


@rule("minimum.out_of_mixed_dtypes", source="torch.minimum", basis=Basis.OBSERVED, needs=VALUES)
@given(case=pairs_of_mixed_dtypes_with_out())
def test_minimum_out(case):
    """With an out of the dtype of one of two tensors, minimum compares them in their common dtype."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    both = reference.common(input, other, (case.input.dtype, case.other.dtype))
    expected = np.asarray(reference.pairwise(np.minimum, *both), dtype=reference.drawn(case.out).dtype)

    torch.minimum(case.input, case.other, out=case.out)

    expect.equal_elements(case.out, expected)
