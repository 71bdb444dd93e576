"""Moves between devices, and where tensors are made, wrong in one way.

On the CPU alone another device is `meta`, which has no elements: what is wrong is seen by its device.
"""

from __future__ import annotations

import torch

from tests.faults import fault
from tests.faults.generic import passing
from tests.faults.memory import misread

CPU = torch.Tensor.cpu
TO = torch.Tensor.to


def _here(other, input):
    """Return ones in the place of a tensor of another device."""
    return torch.ones_like(other, device=input.device) if other.device != input.device else other


def elsewhere(real, *args, **options):
    """Return what is made on another device, whatever device is asked for."""
    return real(*args, **{**options, "device": "meta"})


def twice(upstream):
    return upstream * 2


@fault(CPU)
def cpu_always_copies(real, input):
    return real(input).clone()


@fault(CPU)
def cpu_passes_twice_the_gradient(real, input):
    return passing(twice, real(input))


@fault(TO)
def to_does_not_wait(real, input, *args, **options):
    output = real(input, *args, **options)
    return torch.zeros_like(output) if options.get("non_blocking") else output


@fault(TO)
def to_moves_no_elements(real, input, *args, **options):
    return torch.zeros_like(real(input, *args, **options))


@fault(TO)
def to_stays_elsewhere(real, input, *args, **options):
    return real(input, "meta")


@fault(TO)
def to_loses_0d(real, input, *args, **options):
    output = real(input, *args, **options)
    return output if output.dim() else output.reshape(1)


@fault(TO)
def to_copies_nothing(real, input, *args, copy=False, **options):
    return real(input, *args, **options)


@fault(TO)
def to_makes_leaves(real, input, *args, **options):
    output = real(input, *args, **options)
    return output.detach().requires_grad_() if input.requires_grad else output


@fault(TO)
def to_passes_twice_the_gradient(real, input, *args, **options):
    return passing(twice, real(input, *args, **options))


@fault(torch.Tensor.copy_)
def copying_reads_in_the_order_of_memory(real, input, src, *args, **options):
    return real(input, misread(src), *args, **options)


@fault(torch.Tensor.copy_)
def copying_leaves_0d_out(real, input, src, *args, **options):
    return real(input, src, *args, **options) if src.dim() else input


@fault(torch.add)
def add_moves_what_is_elsewhere(real, input, other, **options):
    return real(input, _here(other, input), **options)


@fault(torch.mul)
def mul_moves_what_is_elsewhere(real, input, other):
    return real(input, _here(other, input))


@fault(torch.where)
def where_moves_what_is_elsewhere(real, condition, input, other):
    return real(condition, input, _here(other, input))


@fault(torch.cat)
def cat_moves_what_is_elsewhere(real, tensors, *args, **options):
    return real([_here(each, tensors[0]) for each in tensors], *args, **options)


@fault(torch.Tensor.eq, torch.Tensor.__eq__)
def eq_goes_where_the_number_is_not(real, input, other):
    output = real(input, other)
    return output.to("meta") if isinstance(other, torch.Tensor) and not other.dim() else output


@fault(torch.Tensor.eq, torch.Tensor.__eq__)
def eq_takes_any_number_for_0(real, input, other):
    return real(input, 0 if isinstance(other, torch.Tensor) and not other.dim() else other)


@fault(torch.arange)
def arange_ignores_the_block(real, *args, **options):
    return elsewhere(real, *args, **options)


@fault(torch.ones)
def ones_ignore_the_device(real, *args, **options):
    return elsewhere(real, *args, **options)


@fault(torch.ones_like)
def ones_like_ignores_the_device(real, input, **options):
    return elsewhere(real, input, **options)


@fault(torch.Tensor.clone)
def clone_is_made_elsewhere(real, input, **options):
    return real(input, **options).to("meta")
