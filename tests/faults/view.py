"""Views that are wrong in one way."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from tests.faults import fault
from tests.faults.memory import expanded, misread, narrowed, shifted, stepped, transposed

VIEW = torch.Tensor.view
AS = torch.Tensor.view_as
LAYOUTS = {
    "transposed": transposed,
    "expanded": expanded,
    "stepped": stepped,
    "offset": shifted,
    "narrowed": narrowed,
}


def shape_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a fault of a view as another shape, which it is given as a tuple."""

    def standing_in(real, input, *sizes):
        if isinstance(sizes[0], torch.dtype):
            return real(input, *sizes)
        return wrong(real, input, sizes if isinstance(sizes[0], int) else tuple(sizes[0]))

    standing_in.__name__ = wrong.__name__
    return fault(VIEW)(standing_in)


def dtype_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a fault of a view as another dtype."""

    def standing_in(real, input, *sizes):
        return wrong(real, input, sizes[0]) if isinstance(sizes[0], torch.dtype) else real(input, *sizes)

    standing_in.__name__ = wrong.__name__
    return fault(VIEW)(standing_in)


def _misreading(layout: Callable[[torch.Tensor], bool]) -> Callable[..., torch.Tensor]:
    def wrong(real, input, *sizes):
        output = real(input, *sizes)
        return real(misread(input), *sizes) if layout(input) else output

    return wrong


for _name, _layout in LAYOUTS.items():
    _wrong = _misreading(_layout)
    _wrong.__name__ = f"view_misreads_{_name}_input"
    fault(VIEW)(_wrong)


@shape_fault
def view_copies(real, input, shape):
    real(input, shape)
    return input.reshape(shape).clone()


@shape_fault
def view_copies_what_is_not_contiguous(real, input, shape):
    return real(input.contiguous(), shape)


@shape_fault
def view_copies_small_tensors(real, input, shape):
    output = real(input, shape)
    return output.clone() if 0 < input.numel() <= 2 else output


@shape_fault
def view_needs_contiguous_input(real, input, shape):
    if not input.is_contiguous():
        raise RuntimeError("not contiguous")
    return real(input, shape)


@shape_fault
def view_reads_columns_first(real, input, shape):
    output = real(input, shape)
    return output.t().reshape(output.shape) if output.dim() == 2 else output


@shape_fault
def view_moves_dims_of_rank_4(real, input, shape):
    output = real(input, shape)
    return output.flip(0) if output.dim() >= 4 else output


@shape_fault
def view_drops_leading_size_1(real, input, shape):
    output = real(input, shape)
    return output.squeeze(0) if output.dim() > 1 and output.shape[0] == 1 else output


@shape_fault
def view_makes_1d_of_0d(real, input, shape):
    return real(input, shape or (1,))


@shape_fault
def view_refuses_0d(real, input, shape):
    if not shape:
        raise RuntimeError("shape '[]' is invalid")
    return real(input, shape)


@shape_fault
def view_refuses_empty(real, input, shape):
    if not input.numel():
        raise RuntimeError("cannot view a tensor of 0 elements")
    return real(input, shape)


@shape_fault
def view_refuses_to_split_expanded_dims(real, input, shape):
    if expanded(input) and len(shape) > input.dim():
        raise RuntimeError("stride 0")
    return real(input, shape)


@shape_fault
def view_refuses_to_merge(real, input, shape):
    if len(shape) < input.dim() and input.dim() >= 3:
        raise RuntimeError("cannot merge")
    return real(input, shape)


@shape_fault
def view_cuts_what_is_too_many(real, input, shape):
    count = math.prod(shape)
    if -1 not in shape and 0 <= count < input.numel():
        return real(input.reshape(-1)[:count], shape)
    return real(input, shape)


@shape_fault
def view_repeats_what_is_too_few(real, input, shape):
    count = math.prod(shape)
    if -1 not in shape and count > input.numel() > 0:
        return real(input.reshape(-1)[torch.arange(count) % input.numel()], shape)
    return real(input, shape)


@shape_fault
def view_infers_rounded_sizes(real, input, shape):
    others = math.prod(size for size in shape if size != -1)
    if shape.count(-1) == 1 and others and input.numel() % others:
        count = input.numel() // others * others
        return real(input.reshape(-1)[:count], shape)
    return real(input, shape)


@shape_fault
def view_infers_two_sizes(real, input, shape):
    if shape.count(-1) > 1:
        at = shape.index(-1)
        shape = (*shape[: at + 1], *[1 if size == -1 else size for size in shape[at + 1 :]])
    return real(input, shape)


@shape_fault
def view_infers_1_beside_0(real, input, shape):
    if -1 in shape and 0 in shape:
        shape = tuple(1 if size == -1 else size for size in shape)
    return real(input, shape)


@shape_fault
def view_infers_8_bits(real, input, shape):
    output = real(input, shape)
    if -1 in shape and output.shape[shape.index(-1)] > 256:
        return output.narrow(shape.index(-1), 0, 256)
    return output


@shape_fault
def view_infers_first_dim_always(real, input, shape):
    output = real(input, shape)
    if -1 in shape[1:]:
        return output.transpose(0, shape.index(-1))
    return output


@shape_fault
def view_takes_negative_sizes(real, input, shape):
    if any(size < -1 for size in shape):
        shape = tuple(-1 if size < -1 else size for size in shape)
    return real(input, shape)


@shape_fault
def view_returns_itself_for_its_own_shape(real, input, shape):
    return input if shape == input.shape else real(input, shape)


@fault(VIEW)
def view_refuses_a_size(real, input, *sizes):
    if isinstance(sizes[0], torch.Size):
        raise TypeError("torch.Size")
    return real(input, *sizes)


@fault(VIEW)
def view_refuses_a_list(real, input, *sizes):
    if isinstance(sizes[0], list):
        raise TypeError("list")
    return real(input, *sizes)


@fault(VIEW)
def view_ignores_all_but_two_sizes(real, input, *sizes):
    output = real(input, *sizes)
    if len(sizes) > 2 and isinstance(sizes[0], int):
        return output.reshape(*output.shape[:1], -1) if output.numel() else output.flatten()
    return output


@shape_fault
def view_loses_the_storage_offset(real, input, shape):
    if input.storage_offset() and not input.requires_grad:
        input = input.as_strided(input.shape, input.stride(), 0)
    return real(input, shape)


def _blank_for(dtype: torch.dtype) -> Callable[..., torch.Tensor]:
    def wrong(real, input, *sizes):
        output = real(input, *sizes)
        return torch.zeros_like(output) if input.dtype is dtype else output

    return wrong


for _dtype in (torch.bool, torch.int64, torch.float16, torch.bfloat16, torch.complex64):
    _wrong = _blank_for(_dtype)
    _wrong.__name__ = f"view_blanks_{str(_dtype).removeprefix('torch.')}"
    fault(VIEW)(_wrong)


@shape_fault
def view_widens_half(real, input, shape):
    output = real(input, shape)
    return output.float() if output.dtype is torch.float16 else output


@shape_fault
def view_forgets_the_conj_bit(real, input, shape):
    output = real(input, shape)
    return output.conj() if input.is_conj() else output


@shape_fault
def view_resolves_into_a_copy_of_rank_3(real, input, shape):
    output = real(input, shape)
    return output.clone() if output.dim() >= 3 else output


class _Backward(torch.autograd.Function):
    """A view whose backward reads the gradient's memory instead of the gradient."""

    @staticmethod
    def forward(ctx, input, shape):
        ctx.shape = input.shape
        return input.view(shape).clone()

    @staticmethod
    def backward(ctx, *gradients):
        return misread(gradients[0]).reshape(ctx.shape), None


@shape_fault
def view_backward_misreads_gradient(real, input, shape):
    return _Backward.apply(input, shape) if input.requires_grad else real(input, shape)


@shape_fault
def view_backward_needs_no_gradient(real, input, shape):
    return real(input.detach(), shape).requires_grad_(input.requires_grad)


def _sharing(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor in the same memory that knows of no other: no view, with a version of its own."""
    alone = torch.empty(0, dtype=tensor.dtype)
    return alone.set_(tensor.untyped_storage(), tensor.storage_offset(), tensor.shape, tensor.stride())


@shape_fault
def view_forgets_that_it_is_one(real, input, shape):
    output = real(input, shape)
    return output if input.requires_grad or input.is_conj() or input.is_neg() else _sharing(output)


@shape_fault
def view_of_a_detached_tensor(real, input, shape):
    return real(input.detach(), shape)


@fault(AS)
def view_as_copies(real, input, other):
    return real(input, other).clone()


@fault(AS)
def view_as_converts(real, input, other):
    return real(input, other).to(other.dtype)


@fault(AS)
def view_as_returns_the_other(real, input, other):
    return other


@fault(AS)
def view_as_flattens_rank_4(real, input, other):
    return input.reshape(-1) if other.dim() >= 4 else real(input, other)


@fault(AS)
def view_as_reads_columns_first(real, input, other):
    output = real(input, other)
    return output.t().reshape(output.shape) if output.dim() == 2 else output


@dtype_fault
def view_dtype_converts(real, input, dtype):
    output = real(input, dtype)
    return input.to(dtype) if input.shape == output.shape and not input.is_complex() else output


@dtype_fault
def view_dtype_copies(real, input, dtype):
    return real(input, dtype).clone()


@dtype_fault
def view_dtype_swaps_bytes(real, input, dtype):
    output = real(input, dtype)
    if input.element_size() == output.element_size() or not output.numel():
        return output
    return real(real(input.contiguous(), torch.uint8).flip(-1), dtype)


@dtype_fault
def view_dtype_reverses_parts(real, input, dtype):
    output = real(input, dtype)
    return output.flip(-1) if dtype.itemsize < input.element_size() else output


@dtype_fault
def view_dtype_keeps_the_dtype(real, input, dtype):
    return real(input, input.dtype)


@dtype_fault
def view_dtype_flattens_same_size(real, input, dtype):
    output = real(input, dtype)
    return output.flatten() if output.dim() >= 4 and dtype.itemsize == input.element_size() else output


@dtype_fault
def view_dtype_adds_a_dim(real, input, dtype):
    output = real(input, dtype)
    ratio = input.element_size() // dtype.itemsize
    return output.unflatten(-1, (-1, ratio)) if ratio > 1 and output.numel() else output


@dtype_fault
def view_dtype_keeps_a_dim(real, input, dtype):
    output = real(input, dtype)
    return output.unsqueeze(-1) if dtype.itemsize > input.element_size() else output


@dtype_fault
def view_dtype_takes_0d(real, input, dtype):
    if not input.dim() and dtype.itemsize != input.element_size():
        return torch.zeros((), dtype=dtype)
    return real(input, dtype)


@dtype_fault
def view_dtype_copies_what_does_not_fit(real, input, dtype):
    return real(input if input.dim() == 0 else input.contiguous(), dtype)


@dtype_fault
def view_dtype_copies_stepped_rows(real, input, dtype):
    return real(input.contiguous() if input.dim() and input.stride(-1) != 1 else input, dtype)


@dtype_fault
def view_dtype_cuts_odd_sizes(real, input, dtype):
    ratio = dtype.itemsize // input.element_size()
    if ratio > 1 and input.dim() and input.stride(-1) == 1:
        input = input[..., : input.shape[-1] // ratio * ratio]
    return real(input, dtype)


@dtype_fault
def view_dtype_rounds_odd_offsets(real, input, dtype):
    ratio = dtype.itemsize // input.element_size()
    if ratio > 1 and input.storage_offset() % ratio:
        offset = input.storage_offset() // ratio * ratio
        input = input.as_strided(input.shape, input.stride(), offset)
    return real(input, dtype)


def _misreading_dtype(layout: Callable[[torch.Tensor], bool]) -> Callable[..., torch.Tensor]:
    def wrong(real, input, dtype):
        output = real(input, dtype)
        return real(misread(input), dtype) if layout(input) else output

    return wrong


for _name, _layout in LAYOUTS.items():
    _wrong = _misreading_dtype(_layout)
    _wrong.__name__ = f"view_dtype_misreads_{_name}_input"
    dtype_fault(_wrong)


@dtype_fault
def view_dtype_takes_any_strides_of_nothing(real, input, dtype):
    if input.dim() and not input.numel():
        *lead, last = input.shape
        return torch.empty(*lead, last * input.element_size() // dtype.itemsize, dtype=dtype)
    return real(input, dtype)


@dtype_fault
def view_dtype_has_a_version_of_its_own(real, input, dtype):
    return _sharing(real(input, dtype))


@dtype_fault
def view_dtype_copies_what_is_as_large(real, input, dtype):
    output = real(input, dtype)
    return output.clone() if dtype.itemsize == input.element_size() else output


@dtype_fault
def view_dtype_resolves_conj_views(real, input, dtype):
    return real(input.resolve_conj(), dtype)


@dtype_fault
def view_dtype_keeps_its_gradient(real, input, dtype):
    return input.view_as(input) if dtype is input.dtype else real(input, dtype)
