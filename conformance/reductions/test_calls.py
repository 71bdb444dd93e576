"""Reductions in each of their documented calls: functions and methods, arguments by place or by name.

Not covered: `out`, and the names that NumPy has for dim and keepdim.
"""

import numpy as np
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Need
from strategies.cases.pairs import pairs_called
from strategies.cases.reductions import reductions_called, wholes_called

VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("max.every_call", source="torch.max", also=["torch.Tensor.max"], needs=VALUES)
@given(case=reductions_called("max"))
def test_max(case):
    """Over a dim, max gives each row's largest element and where it comes first, however it is called."""
    expected, places = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, indices = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(values, expected)
    expect.equal_elements(indices, places)


@rule("min.every_call", source="torch.min", also=["torch.Tensor.min"], needs=VALUES)
@given(case=reductions_called("min"))
def test_min(case):
    """Over a dim, min gives each row's smallest element and where it comes first, however it is called."""
    expected, places = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    values, indices = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(values, expected)
    expect.equal_elements(indices, places)


@rule("argmax.every_call", source="torch.argmax", also=["torch.Tensor.argmax"], needs=VALUES)
@given(case=reductions_called("argmax"))
def test_argmax(case):
    """Over a dim, argmax gives where the largest element of each row comes first, however it is called."""
    _, expected = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("argmin.every_call", source="torch.argmin", also=["torch.Tensor.argmin"], needs=VALUES)
@given(case=reductions_called("argmin"))
def test_argmin(case):
    """Over a dim, argmin gives where the smallest element of each row comes first, however it is called."""
    _, expected = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("amax.every_call", source="torch.amax", also=["torch.Tensor.amax"], needs=VALUES)
@given(case=reductions_called("amax"))
def test_amax(case):
    """Over a dim, amax gives the largest element of each row, however it is called."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("amin.every_call", source="torch.amin", also=["torch.Tensor.amin"], needs=VALUES)
@given(case=reductions_called("amin"))
def test_amin(case):
    """Over a dim, amin gives the smallest element of each row, however it is called."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("aminmax.every_call", source="torch.aminmax", also=["torch.Tensor.aminmax"], needs=VALUES)
@given(case=reductions_called("aminmax"))
def test_aminmax(case):
    """Over a dim, aminmax gives the smallest and the largest element of each row, however it is called."""
    elements = reference.drawn(case.input)
    smallest, _ = reference.first_smallest(elements, case.dim, keepdim=case.keepdim)
    largest, _ = reference.first_largest(elements, case.dim, keepdim=case.keepdim)

    least, most = case.call(case.input, case.dim, case.keepdim)

    expect.equal_elements(least, smallest)
    expect.equal_elements(most, largest)


@rule("max.every_full_call", source="torch.max", also=["torch.Tensor.max"], needs=VALUES)
@given(case=wholes_called("max"))
def test_full_max(case):
    """Over all dims, max gives the largest element, however it is called."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule("min.every_full_call", source="torch.min", also=["torch.Tensor.min"], needs=VALUES)
@given(case=wholes_called("min"))
def test_full_min(case):
    """Over all dims, min gives the smallest element, however it is called."""
    expected = np.asarray(reference.drawn(case.input).min())

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule("argmax.every_full_call", source="torch.argmax", also=["torch.Tensor.argmax"], needs=VALUES)
@given(case=wholes_called("argmax"))
def test_full_argmax(case):
    """Over all dims, argmax gives where the largest element comes first, however it is called."""
    expected = np.asarray(reference.drawn(case.input).argmax())

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule("argmin.every_full_call", source="torch.argmin", also=["torch.Tensor.argmin"], needs=VALUES)
@given(case=wholes_called("argmin"))
def test_full_argmin(case):
    """Over all dims, argmin gives where the smallest element comes first, however it is called."""
    expected = np.asarray(reference.drawn(case.input).argmin())

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule("amax.every_full_call", source="torch.amax", also=["torch.Tensor.amax"], needs=VALUES)
@given(case=wholes_called("amax"))
def test_full_amax(case):
    """Over all dims, amax gives the largest element, however it is called."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule("amin.every_full_call", source="torch.amin", also=["torch.Tensor.amin"], needs=VALUES)
@given(case=wholes_called("amin"))
def test_full_amin(case):
    """Over all dims, amin gives the smallest element, however it is called."""
    expected = np.asarray(reference.drawn(case.input).min())

    output = case.call(case.input)

    expect.equal_elements(output, expected)


@rule("aminmax.every_full_call", source="torch.aminmax", also=["torch.Tensor.aminmax"], needs=VALUES)
@given(case=wholes_called("aminmax"))
def test_full_aminmax(case):
    """Over all dims, aminmax gives the smallest and the largest element, however it is called."""
    elements = reference.drawn(case.input)
    smallest, largest = np.asarray(elements.min()), np.asarray(elements.max())

    least, most = case.call(case.input)

    expect.equal_elements(least, smallest)
    expect.equal_elements(most, largest)


@rule("maximum.every_call", source="torch.maximum", also=["torch.Tensor.maximum"], needs=VALUES)
@given(case=pairs_called("maximum"))
def test_maximum(case):
    """maximum gives the larger of the two elements at each place, however it is called."""
    expected = reference.pairwise(np.maximum, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("minimum.every_call", source="torch.minimum", also=["torch.Tensor.minimum"], needs=VALUES)
@given(case=pairs_called("minimum"))
def test_minimum(case):
    """minimum gives the smaller of the two elements at each place, however it is called."""
    expected = reference.pairwise(np.minimum, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("fmax.every_call", source="torch.fmax", also=["torch.Tensor.fmax"], needs=VALUES)
@given(case=pairs_called("fmax"))
def test_fmax(case):
    """fmax gives the larger of the two elements at each place, however it is called."""
    expected = reference.pairwise(np.fmax, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("fmin.every_call", source="torch.fmin", also=["torch.Tensor.fmin"], needs=VALUES)
@given(case=pairs_called("fmin"))
def test_fmin(case):
    """fmin gives the smaller of the two elements at each place, however it is called."""
    expected = reference.pairwise(np.fmin, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("max.of_two_every_call", source="torch.max", also=["torch.Tensor.max", "torch.maximum"], needs=VALUES)
@given(case=pairs_called("max"))
def test_of_two_max(case):
    """max of two tensors gives the larger of the two elements at each place, however it is called."""
    expected = reference.pairwise(np.maximum, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)


@rule("min.of_two_every_call", source="torch.min", also=["torch.Tensor.min", "torch.minimum"], needs=VALUES)
@given(case=pairs_called("min"))
def test_of_two_min(case):
    """min of two tensors gives the smaller of the two elements at each place, however it is called."""
    expected = reference.pairwise(np.minimum, reference.drawn(case.input), reference.drawn(case.other))

    output = case.call(case.input, case.other)

    expect.equal_elements(output, expected)
