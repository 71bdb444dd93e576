"""Several devices at once: what moves from one to another, what is refused, and where tensors are made.

Where two devices are needed, the other one is the CPU, or `meta` if the CPU itself is tested.

Not covered: pinned memory, streams, and copies between two devices neither of which is the CPU.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Need
from strategies.cases.leaves import leaves
from strategies.cases.placements import moved, placements, placements_with_dims

PAGE = "tensor_attributes"
MOVED = [Need.VALUES, Need.AUTOGRAD]


def other_than(device: torch.device) -> torch.device:
    """Return a device other than the one that is tested."""
    return torch.device("meta" if device.type == "cpu" else "cpu")


@rule("cpu.itself", source="torch.Tensor.cpu", needs=[Need.VALUES])
@given(case=placements())
def test_cpu_itself(case):
    """cpu gives a tensor itself if it is on the CPU already."""
    there = case.input.cpu()

    assert there.cpu() is there


@rule("move.non_blocking", source="torch.Tensor.to", needs=[Need.VALUES])
@given(case=placements())
def test_non_blocking(case):
    """A tensor that is moved from the CPU with non_blocking=True has its elements on the device."""
    expected = reference.drawn(case.input)
    there = case.input.cpu()

    output = there.to(case.input.device, non_blocking=True)

    expect.same_elements(output, expected)


@rule("move.device", source="torch.Tensor.to")
@given(case=placements())
def test_device(case):
    """to another device gives a tensor there, of the same shape and dtype."""
    other = torch.empty(case.input.shape, dtype=case.input.dtype, device="cpu")

    output = other.to(case.input.device)

    told = (output.device, output.shape, output.dtype)
    assert told == (case.input.device, case.input.shape, case.input.dtype)


@rule("move.keeps", source="torch.Tensor.to", needs=[Need.VALUES])
@given(case=placements())
def test_keeps(case):
    """A tensor that is moved stays what and where it was: what is done to its copy changes it in nothing."""
    expected = reference.drawn(case.input)

    case.input.to("cpu", copy=True).zero_()

    expect.same_elements(case.input, expected)


@rule("move.is_leaf", source="torch.Tensor.is_leaf", needs=MOVED)
@given(case=leaves())
def test_is_leaf(case):
    """What a leaf that requires grad becomes on another device requires grad, and is no leaf."""
    output = case.x.to(other_than(case.x.device))

    assert (output.requires_grad, output.is_leaf) == (True, False)


@rule("move.gradient", source="torch.Tensor.is_leaf", also=["torch.Tensor.backward"], needs=MOVED)
@given(case=leaves())
def test_gradient(case):
    """The gradient of what was moved to a device arrives at the leaf on the CPU, where its grad is."""
    expected = reference.drawn(case.upstream)
    leaf = case.x.detach().cpu().requires_grad_()

    (leaf.to(case.x.device) * 1).backward(case.upstream)

    assert leaf.grad.device == leaf.device
    expect.equal_elements(leaf.grad, expected)


@rule("move.gradient_back", source="torch.Tensor.is_leaf", also=["torch.Tensor.backward"], needs=MOVED)
@given(case=leaves())
def test_gradient_back(case):
    """The gradient of what was copied to the CPU arrives at the leaf on the device, where its grad is."""
    expected = reference.drawn(case.upstream)

    (case.x.cpu() * 1).backward(case.upstream.cpu())

    assert case.x.grad.device == case.x.device
    expect.equal_elements(case.x.grad, expected)


@rule("move.module", source="torch.nn.Module.to", needs=[Need.VALUES])
@given(case=placements())
def test_module(case):
    """A module that is moved to a device is the same one, with its parameters and buffers on that device."""
    module = torch.nn.Linear(3, 2)
    module.register_buffer("kept", torch.arange(4.0))
    before = [each.tolist() for each in module.state_dict().values()]

    assert module.to(case.input.device) is module

    after = module.state_dict().values()
    assert {each.device for each in after} == {case.input.device}
    assert [each.tolist() for each in after] == before


@rule("copy_.from_cpu", source="torch.Tensor.copy_", needs=[Need.VALUES])
@given(case=moved())
def test_copy_from_cpu(case):
    """copy_ takes a tensor of any layout from the CPU to a device."""
    expected = reference.drawn(case.src)

    case.input.copy_(case.src.cpu())

    expect.same_elements(case.input, expected)


@rule("copy_.to_cpu", source="torch.Tensor.copy_", needs=[Need.VALUES])
@given(case=moved())
def test_copy_to_cpu(case):
    """copy_ takes a tensor of any layout from a device to the CPU."""
    expected = reference.drawn(case.src)
    there = torch.empty(case.src.shape, dtype=case.src.dtype, device="cpu")

    there.copy_(case.src)

    expect.same_elements(there, expected)


@rule("device.mixed_add", source=PAGE)
@given(case=placements_with_dims())
def test_mixed_add(case):
    """Tensors that have dims are not added if they are on two devices: none is moved unasked."""
    other = torch.ones(case.input.shape, device=other_than(case.input.device))
    torch.add(case.input, torch.ones(case.input.shape, device=case.input.device))

    with expect.refusal():
        torch.add(case.input, other)


@rule("device.mixed_where", source=PAGE)
@given(case=placements_with_dims())
def test_mixed_where(case):
    """where takes no tensors with dims from two devices."""
    condition = torch.ones(case.input.shape, dtype=torch.bool, device=case.input.device)
    torch.where(condition, case.input, case.input)

    with expect.refusal():
        torch.where(condition, case.input, torch.ones(case.input.shape, device=other_than(case.input.device)))


@rule("device.mixed_cat", source=PAGE)
@given(case=placements_with_dims())
def test_mixed_cat(case):
    """cat takes no tensors with dims from two devices."""
    torch.cat([case.input, case.input])

    with expect.refusal():
        torch.cat([case.input, torch.ones(case.input.shape, device=other_than(case.input.device))])


@rule("device.number", source=PAGE)
@given(case=placements_with_dims())
def test_number(case):
    """A number on the CPU goes with a tensor of any device; the result is there."""
    number = torch.ones((), dtype=case.input.dtype, device="cpu")

    output = case.input == number

    assert output.device == case.input.device


@rule("device.number_elements", source=PAGE, needs=[Need.VALUES])
@given(case=placements_with_dims())
def test_number_elements(case):
    """A number on the CPU has the same effect on a tensor of any device as on one of the CPU."""
    expected = reference.drawn(case.input) == 1
    number = torch.ones((), dtype=case.input.dtype, device="cpu")

    output = case.input == number

    expect.same_elements(output, expected)


@rule("device.number_elsewhere", source=PAGE, basis=Basis.OBSERVED)
@given(case=placements_with_dims())
def test_number_elsewhere(case):
    """A tensor of the CPU that has dims takes no number from another device."""
    elsewhere = "meta" if case.input.device.type == "cpu" else case.input.device
    there = torch.ones(case.input.shape, device="cpu")
    torch.mul(there, torch.ones((), device="cpu"))

    with expect.refusal():
        torch.mul(there, torch.ones((), device=elsewhere))


@rule("device.context", source=PAGE, also=["torch.set_default_device"])
@given(case=placements())
def test_context(case):
    """Inside a block of a device, what is made without saying where is made there."""
    shape = case.input.shape
    with torch.device(other_than(case.input.device)), torch.device(case.input.device):
        made = [torch.zeros(shape), torch.empty(shape), torch.arange(3), torch.tensor([1.0])]

    assert {each.device for each in made} == {case.input.device}


@rule("device.context_left", source=PAGE, also=["torch.set_default_device"])
@given(case=placements())
def test_context_left(case):
    """When a block of a device ends, also by an exception, tensors are made where they were before."""
    with torch.device(case.input.device):
        with pytest.raises(KeyError), torch.device(other_than(case.input.device)):
            raise KeyError
        made = torch.ones(case.input.shape)

    assert made.device == case.input.device


@rule("device.context_told", source="torch.set_default_device")
@given(case=placements())
def test_context_told(case):
    """Inside a block of another device, what is told its device is made on that."""
    with torch.device(other_than(case.input.device)):
        made = [
            torch.ones(case.input.shape, device=case.input.device),
            torch.tensor([1], device=case.input.device),
        ]

    assert {each.device for each in made} == {case.input.device}


@rule("device.context_like", source="torch.ones_like", also=["torch.empty_like", "torch.Tensor.new_ones"])
@given(case=placements())
def test_context_like(case):
    """Inside a block of another device, what is made like a tensor is made on the device of that."""
    with torch.device(other_than(case.input.device)):
        made = [torch.ones_like(case.input), torch.empty_like(case.input), case.input.new_ones(2)]

    assert {each.device for each in made} == {case.input.device}


@rule("device.default", source="torch.set_default_device", also=["torch.get_default_device"])
@given(case=placements())
def test_default(case):
    """After set_default_device, tensors are made on that device, and get_default_device tells it."""
    before = torch.get_default_device()
    torch.set_default_device(other_than(case.input.device))
    try:
        torch.set_default_device(case.input.device)
        made, told = torch.ones(case.input.shape), torch.get_default_device()
    finally:
        torch.set_default_device(before)

    assert (made.device, told) == (case.input.device, case.input.device)


@rule("device.of_results", source=PAGE, also=["torch.Tensor.device"])
@given(case=placements())
def test_of_results(case):
    """What is computed of a tensor is on its device, in whatever block it is computed."""
    with torch.device(other_than(case.input.device)):
        made = [case.input.clone(), case.input == case.input, case.input.reshape(-1)[:1]]

    assert {each.device for each in made} == {case.input.device}
