"""Reductions of tensors with a NaN among their elements, in each of their documented calls."""

import numpy as np
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Need
from strategies.cases.pairs import pairs_called
from strategies.cases.reductions import reductions_called, wholes_called

VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule(
    "max.every_call_of_nan", source="torch.max", also=["torch.Tensor.max"], basis=Basis.OBSERVED, needs=VALUES
)
@given(case=reductions_called("max", nan=True))
def test_max_of_nan(case):
    """Over a dim, max gives NaN and where it comes first for each row with one, however it is called."""
    expected, places = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, indices = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(values, expected)
    expect.equal_elements(indices, places)


@rule(
    "min.every_call_of_nan", source="torch.min", also=["torch.Tensor.min"], basis=Basis.OBSERVED, needs=VALUES
)
@given(case=reductions_called("min", nan=True))
def test_min_of_nan(case):
    """Over a dim, min gives NaN and where it comes first for each row with one, however it is called."""
    expected, places = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, indices = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(values, expected)
    expect.equal_elements(indices, places)


@rule(
    "argmax.every_call_of_nan",
    source="torch.argmax",
    also=["torch.Tensor.argmax"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=reductions_called("argmax", nan=True))
def test_argmax_of_nan(case):
    """Over a dim, argmax gives the place of the first NaN for each row with one, however it is called."""
    _, expected = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule(
    "argmin.every_call_of_nan",
    source="torch.argmin",
    also=["torch.Tensor.argmin"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=reductions_called("argmin", nan=True))
def test_argmin_of_nan(case):
    """Over a dim, argmin gives the place of the first NaN for each row with one, however it is called."""
    _, expected = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule(
    "amax.every_call_of_nan",
    source="torch.amax",
    also=["torch.Tensor.amax"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=reductions_called("amax", nan=True))
def test_amax_of_nan(case):
    """Over a dim, amax gives NaN for each row with one, however it is called."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule(
    "amin.every_call_of_nan",
    source="torch.amin",
    also=["torch.Tensor.amin"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=reductions_called("amin", nan=True))
def test_amin_of_nan(case):
    """Over a dim, amin gives NaN for each row with one, however it is called."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("aminmax.every_call_of_nan", source="torch.aminmax", also=["torch.Tensor.aminmax"], needs=VALUES)
@given(case=reductions_called("aminmax", nan=True))
def test_aminmax_of_nan(case):
    """Over a dim, aminmax gives NaN twice for each row with one, however it is called."""
    elements = reference.drawn(case.input)
    smallest, _ = reference.first_smallest(elements, case.dim, keepdim=case.keepdim)
    largest, _ = reference.first_largest(elements, case.dim, keepdim=case.keepdim)

    least, most = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(least, smallest)
    expect.equal_elements(most, largest)


@rule(
    "max.every_full_call_of_nan",
    source="torch.max",
    also=["torch.Tensor.max"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=wholes_called("max", nan=True))
def test_full_max_of_nan(case):
    """Over all dims, max gives NaN, if there is one, however it is called."""
    expected, _ = reference.first_largest(reference.drawn(case.input).reshape(-1), 0, keepdim=False)

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule(
    "min.every_full_call_of_nan",
    source="torch.min",
    also=["torch.Tensor.min"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=wholes_called("min", nan=True))
def test_full_min_of_nan(case):
    """Over all dims, min gives NaN, if there is one, however it is called."""
    expected, _ = reference.first_smallest(reference.drawn(case.input).reshape(-1), 0, keepdim=False)

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule(
    "argmax.every_full_call_of_nan",
    source="torch.argmax",
    also=["torch.Tensor.argmax"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=wholes_called("argmax", nan=True))
def test_full_argmax_of_nan(case):
    """Over all dims, argmax gives the place of the first NaN, if there is one, however it is called."""
    _, expected = reference.first_largest(reference.drawn(case.input).reshape(-1), 0, keepdim=False)

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule(
    "argmin.every_full_call_of_nan",
    source="torch.argmin",
    also=["torch.Tensor.argmin"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=wholes_called("argmin", nan=True))
def test_full_argmin_of_nan(case):
    """Over all dims, argmin gives the place of the first NaN, if there is one, however it is called."""
    _, expected = reference.first_smallest(reference.drawn(case.input).reshape(-1), 0, keepdim=False)

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule(
    "amax.every_full_call_of_nan",
    source="torch.amax",
    also=["torch.Tensor.amax"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=wholes_called("amax", nan=True))
def test_full_amax_of_nan(case):
    """Over all dims, amax gives NaN, if there is one, however it is called."""
    expected, _ = reference.first_largest(reference.drawn(case.input).reshape(-1), 0, keepdim=False)

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule(
    "amin.every_full_call_of_nan",
    source="torch.amin",
    also=["torch.Tensor.amin"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=wholes_called("amin", nan=True))
def test_full_amin_of_nan(case):
    """Over all dims, amin gives NaN, if there is one, however it is called."""
    expected, _ = reference.first_smallest(reference.drawn(case.input).reshape(-1), 0, keepdim=False)

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule("aminmax.every_full_call_of_nan", source="torch.aminmax", also=["torch.Tensor.aminmax"], needs=VALUES)
@given(case=wholes_called("aminmax", nan=True))
def test_full_aminmax_of_nan(case):
    """Over all dims, aminmax gives NaN twice, if there is one, however it is called."""
    elements = reference.drawn(case.input)
    smallest, _ = reference.first_smallest(elements.reshape(-1), 0, keepdim=False)
    largest, _ = reference.first_largest(elements.reshape(-1), 0, keepdim=False)

    least, most = case.call(case.input)

    expect.equal_elements(least, smallest)
    expect.equal_elements(most, largest)


@rule("maximum.every_call_of_nan", source="torch.maximum", also=["torch.Tensor.maximum"], needs=VALUES)
@given(case=pairs_called("maximum", nan=True))
def test_maximum_of_nan(case):
    """maximum gives NaN wherever one of two elements is, however it is called."""
    expected = reference.pairwise(np.maximum, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("minimum.every_call_of_nan", source="torch.minimum", also=["torch.Tensor.minimum"], needs=VALUES)
@given(case=pairs_called("minimum", nan=True))
def test_minimum_of_nan(case):
    """minimum gives NaN wherever one of two elements is, however it is called."""
    expected = reference.pairwise(np.minimum, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("fmax.every_call_of_nan", source="torch.fmax", also=["torch.Tensor.fmax"], needs=VALUES)
@given(case=pairs_called("fmax", nan=True))
def test_fmax_of_nan(case):
    """fmax gives NaN only where both elements are, however it is called."""
    expected = reference.pairwise(np.fmax, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("fmin.every_call_of_nan", source="torch.fmin", also=["torch.Tensor.fmin"], needs=VALUES)
@given(case=pairs_called("fmin", nan=True))
def test_fmin_of_nan(case):
    """fmin gives NaN only where both elements are, however it is called."""
    expected = reference.pairwise(np.fmin, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule(
    "max.of_two_every_call_of_nan",
    source="torch.max",
    also=["torch.Tensor.max", "torch.maximum"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=pairs_called("max", nan=True))
def test_of_two_max_of_nan(case):
    """max of two tensors gives NaN wherever one of two elements is, however it is called."""
    expected = reference.pairwise(np.maximum, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule(
    "min.of_two_every_call_of_nan",
    source="torch.min",
    also=["torch.Tensor.min", "torch.minimum"],
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=pairs_called("min", nan=True))
def test_of_two_min_of_nan(case):
    """min of two tensors gives NaN wherever one of two elements is, however it is called."""
    expected = reference.pairwise(np.minimum, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)
