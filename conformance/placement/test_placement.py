"""Tensors on a device: copied there and back, viewed in the ways that make layouts, and read.

Every other rule makes its inputs by these and reads its results by them. Where one of these rules breaks,
what could not be tried for it is told as blocked by it.

Not covered: copies from one device to another that is not the CPU, and negative steps, which torch refuses.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Need
from strategies.cases.placements import (
    complex_placements,
    complex_placements_in_parts,
    expansions,
    permutations,
    placements,
    placements_of_one_element,
    placements_to_differentiate,
    slicings,
)


@rule("placement.copy", source="torch.Tensor.cpu", also=["torch.Tensor.to"], needs=[Need.VALUES])
@given(case=placements())
def test_copy(case):
    """A tensor that is copied from the CPU to a device and back has its shape, dtype and elements again."""
    expected = reference.drawn(case.input)

    output = case.input.cpu()

    expect.same_elements(output, expected)


@rule("placement.slices", source="tensors", also=["tensor_view"], needs=[Need.VALUES])
@given(case=slicings())
def test_slices(case):
    """Slices of the first dims, their steps positive, pick the elements that they pick in Python."""
    expected = np.asarray(reference.drawn(case.input)[case.index])

    output = case.input[case.index]

    expect.same_elements(output, expected)


@rule("placement.permute", source="torch.permute", also=["torch.Tensor.permute"], needs=[Need.VALUES])
@given(case=permutations())
def test_permute(case):
    """permute gives the dims in another order, with the elements at their places in it."""
    expected = np.transpose(reference.drawn(case.input), case.dims)

    output = case.input.permute(case.dims)

    expect.same_elements(output, expected)


@rule("placement.expand", source="torch.Tensor.expand", needs=[Need.VALUES])
@given(case=expansions())
def test_expand(case):
    """expand repeats the elements along dims of size 1 and along dims added in front; -1 keeps a size."""
    expected = np.broadcast_to(reference.drawn(case.input), case.shape)

    output = case.input.expand(case.sizes)

    expect.same_elements(output, expected)


@rule("placement.conj", source="torch.conj", also=["torch.resolve_conj"], needs=[Need.VALUES])
@given(case=complex_placements())
def test_conj(case):
    """A conj view reads as the conjugates, whether it is resolved first or copied to the CPU as it is."""
    expected = np.conjugate(reference.drawn(case.input))

    output = case.input.conj()

    expect.equal_elements(output, expected)
    expect.equal_elements(output.cpu(), expected)


@rule(
    "placement.neg",
    source="torch.resolve_neg",
    also=["torch.conj", "torch.Tensor.imag"],
    needs=[Need.VALUES],
)
@given(case=complex_placements_in_parts())
def test_neg(case):
    """The imaginary part of a conj view reads as the negated one of the tensor, whether it is resolved first
    or copied to the CPU as it is.
    """
    expected = np.negative(reference.drawn(case.input).imag)

    output = case.input.conj().imag

    expect.equal_elements(output, expected)
    expect.equal_elements(output.cpu(), expected)


@rule("placement.tolist", source="torch.Tensor.tolist", needs=[Need.VALUES])
@given(case=placements())
def test_tolist(case):
    """tolist gives the elements as Python numbers, in lists nested as the dims are, of a 0-d tensor alone."""
    expected = reference.drawn(case.input).tolist()

    output = case.input.tolist()

    assert repr(output) == repr(expected)


@rule("placement.item", source="torch.Tensor.item", needs=[Need.VALUES])
@given(case=placements_of_one_element())
def test_item(case):
    """item gives the element of a tensor that has one, of whatever rank, as a Python number."""
    expected = reference.drawn(case.input).item()

    output = case.input.item()

    assert repr(output) == repr(expected)


@rule(
    "placement.requires_grad",
    source="torch.Tensor.requires_grad_",
    also=["torch.Tensor.is_leaf"],
    needs=[Need.AUTOGRAD],
)
@given(case=placements_to_differentiate())
def test_requires_grad(case):
    """requires_grad_ lets a floating or complex tensor that was computed from none that requires grad be a
    leaf that requires grad.
    """
    output = case.input.requires_grad_()

    assert (output.requires_grad, output.is_leaf) == (True, True)
