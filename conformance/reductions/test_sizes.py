"""Reductions of many elements, over dims of every size and place.

What is reduced is shared between threads, blocks or vectors in one of several ways, by the sizes: along the
rows, across them, or both. Elements are small numbers that repeat, so that every row has ties.

Not covered: tensors of more than two million elements.
"""

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Need
from strategies.cases.sizes import larges

VALUES = [Need.VALUES]


@rule("max.many_elements", source="torch.max", needs=VALUES)
@given(case=larges())
def test_max(case):
    """Of 26,624 to a million elements max over a dim gives the largest ones and where they come first."""
    largest, places = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=False)

    values, indices = torch.max(case.input, case.dim)

    expect.equal_elements(values, largest)
    expect.equal_elements(indices, places)


@rule("min.many_elements", source="torch.min", needs=VALUES)
@given(case=larges())
def test_min(case):
    """Of 26,624 to a million elements min over a dim gives the smallest ones and where they come first."""
    smallest, places = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=False)

    values, indices = torch.min(case.input, case.dim)

    expect.equal_elements(values, smallest)
    expect.equal_elements(indices, places)


@rule("argmax.many_elements", source="torch.argmax", needs=VALUES)
@given(case=larges())
def test_argmax(case):
    """Of 26,624 to a million elements argmax over a dim gives where the largest ones come first."""
    _, expected = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=False)

    output = torch.argmax(case.input, case.dim)

    expect.equal_elements(output, expected)


@rule("argmin.many_elements", source="torch.argmin", needs=VALUES)
@given(case=larges())
def test_argmin(case):
    """Of 26,624 to a million elements argmin over a dim gives where the smallest ones come first."""
    _, expected = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=False)

    output = torch.argmin(case.input, case.dim)

    expect.equal_elements(output, expected)


@rule("amax.many_elements", source="torch.amax", needs=VALUES)
@given(case=larges())
def test_amax(case):
    """Of 26,624 to a million elements amax over a dim gives the largest ones."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=False)

    output = torch.amax(case.input, case.dim)

    expect.equal_elements(output, expected)


@rule("amin.many_elements", source="torch.amin", needs=VALUES)
@given(case=larges())
def test_amin(case):
    """Of 26,624 to a million elements amin over a dim gives the smallest ones."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=False)

    output = torch.amin(case.input, case.dim)

    expect.equal_elements(output, expected)


@rule("aminmax.many_elements", source="torch.aminmax", needs=VALUES)
@given(case=larges())
def test_aminmax(case):
    """Of 26,624 to a million elements aminmax over a dim gives the smallest and the largest ones."""
    smallest, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=False)
    largest, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=False)

    result = torch.aminmax(case.input, dim=case.dim)

    expect.equal_elements(result.min, smallest)
    expect.equal_elements(result.max, largest)


@rule("max.full_many_elements", source="torch.max", needs=VALUES)
@given(case=larges())
def test_full_max(case):
    """Without dim, max gives the largest of 26,624 to a million elements."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = torch.max(case.input)

    expect.equal_elements(output, expected)


@rule("min.full_many_elements", source="torch.min", needs=VALUES)
@given(case=larges())
def test_full_min(case):
    """Without dim, min gives the smallest of 26,624 to a million elements."""
    expected = np.asarray(reference.drawn(case.input).min())

    output = torch.min(case.input)

    expect.equal_elements(output, expected)


@rule("argmax.full_many_elements", source="torch.argmax", needs=VALUES)
@given(case=larges())
def test_full_argmax(case):
    """Without dim, argmax gives where the largest of 26,624 to a million elements comes first."""
    expected = np.asarray(reference.drawn(case.input).argmax())

    output = torch.argmax(case.input)

    expect.equal_elements(output, expected)


@rule("argmin.full_many_elements", source="torch.argmin", needs=VALUES)
@given(case=larges())
def test_full_argmin(case):
    """Without dim, argmin gives where the smallest of 26,624 to a million elements comes first."""
    expected = np.asarray(reference.drawn(case.input).argmin())

    output = torch.argmin(case.input)

    expect.equal_elements(output, expected)


@rule("amax.full_many_elements", source="torch.amax", needs=VALUES)
@given(case=larges())
def test_full_amax(case):
    """Without dim, amax gives the largest of 26,624 to a million elements."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = torch.amax(case.input)

    expect.equal_elements(output, expected)


@rule("amin.full_many_elements", source="torch.amin", needs=VALUES)
@given(case=larges())
def test_full_amin(case):
    """Without dim, amin gives the smallest of 26,624 to a million elements."""
    expected = np.asarray(reference.drawn(case.input).min())

    output = torch.amin(case.input)

    expect.equal_elements(output, expected)
