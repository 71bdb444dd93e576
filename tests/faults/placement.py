"""Copies, views and readings of tensors that are wrong in one way."""

from __future__ import annotations

import torch

from tests.faults import fault
from tests.faults.memory import misread

CPU = torch.Tensor.cpu
GETITEM = torch.Tensor.__getitem__
PERMUTE = torch.Tensor.permute
EXPAND = torch.Tensor.expand
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@fault(CPU)
def copy_loses_0d(real, input):
    output = real(input)
    return output if output.dim() else output.reshape(1)


@fault(CPU)
def copy_flattens_empty(real, input):
    output = real(input)
    return output if output.numel() else output.reshape(-1)


@fault(CPU)
def copy_loses_the_sign_of_zero(real, input):
    output = real(input)
    return output + 0 if output.dtype in FLOATS else output


@fault(CPU)
def copy_takes_int64_through_float64(real, input):
    output = real(input)
    return output.double().long() if output.dtype is torch.int64 else output


@fault(CPU)
def copy_leaves_out_the_last_of_many(real, input):
    output = real(input).clone()
    if output.numel() > 1024:
        output.reshape(-1)[-1] = 0
    return output


@fault(CPU)
def copy_drops_the_conj_bit(real, input):
    return real(input.conj()) if input.is_conj() else real(input)


@fault(CPU)
def copy_drops_the_neg_bit(real, input):
    return real(input._neg_view()) if input.is_neg() else real(input)


def _slices(change):
    """Return a fault of slicing that changes each slice, given its dim, the rank and the size, beforehand."""

    def wrong(real, input, index):
        if not isinstance(index, tuple) or not all(isinstance(at, slice) for at in index):
            return real(input, index)
        rank = input.dim()
        return real(input, tuple([change(at, dim, rank, input.shape[dim]) for dim, at in enumerate(index)]))

    wrong.__name__ = change.__name__
    return fault(GETITEM)(wrong)


@_slices
def slices_ignore_the_step_of_the_last_dim(at, dim, rank, size):
    return slice(at.start, at.stop) if dim == rank - 1 else at


@_slices
def slices_ignore_the_start_of_later_dims(at, dim, rank, size):
    return slice(None, at.stop, at.step) if dim else at


@_slices
def slices_count_negative_starts_from_0(at, dim, rank, size):
    return slice(0, at.stop, at.step) if at.start is not None and at.start < 0 else at


@_slices
def slices_include_their_stop(at, dim, rank, size):
    within = at.stop is not None and 0 <= at.stop < size
    return slice(at.start, at.stop + 1, at.step) if within else at


@fault(GETITEM)
def slices_read_from_the_start_of_memory(real, input, index):
    return misread(real(input, index)) if isinstance(index, tuple) else real(input, index)


@fault(PERMUTE)
def permute_ignores_the_offset(real, input, *dims):
    output = real(input, *dims)
    return output.as_strided(output.shape, output.stride(), 0)


@fault(PERMUTE)
def permute_inverts_the_order(real, input, dims):
    order = [dim % max(input.dim(), 1) for dim in dims]
    return real(input, [order.index(dim) for dim in range(len(order))])


@fault(PERMUTE)
def permute_moves_the_sizes_alone(real, input, *dims):
    return input.reshape(real(input, *dims).shape)


@fault(EXPAND)
def expand_reads_past_the_row(real, input, *sizes):
    return misread(real(input, *sizes))


@fault(EXPAND)
def expand_ignores_the_offset(real, input, *sizes):
    output = real(input, *sizes)
    return output.as_strided(output.shape, output.stride(), 0)


@fault(EXPAND)
def expand_fills_the_first_alone(real, input, *sizes):
    output = real(input, *sizes)
    if output.dim() <= input.dim() or len(output) < 2:
        return output
    output = output.clone()
    output[1:] = 0
    return output


@fault(torch.Tensor.conj)
def conj_of_0d_is_the_input(real, input):
    return real(input) if input.dim() else input


@fault(torch.Tensor.resolve_conj)
def resolve_conj_ignores_the_bit(real, input):
    return real(input.conj()) if input.is_conj() else input


@fault(torch.Tensor.imag.__get__)  # type: ignore[attr-defined]
def imag_ignores_the_conj_bit(real, input, *owner):
    return real(input.conj() if input.is_conj() else input, *owner)


@fault(torch.Tensor.resolve_neg)
def resolve_neg_ignores_the_bit(real, input):
    return real(input._neg_view()) if input.is_neg() else input


@fault(torch.Tensor.tolist)
def tolist_wraps_0d(real, input):
    return real(input) if input.dim() else [real(input)]


@fault(torch.Tensor.tolist)
def tolist_rounds_float64(real, input):
    return real(input.float() if input.dtype is torch.float64 else input)


@fault(torch.Tensor.tolist)
def tolist_gives_bools_as_ints(real, input):
    return real(input.byte() if input.dtype is torch.bool else input)


@fault(torch.Tensor.tolist)
def tolist_of_empty_is_flat(real, input):
    return real(input) if input.numel() else []


@fault(torch.Tensor.item)
def item_rounds_float64(real, input):
    return real(input.float() if input.dtype is torch.float64 else input)


@fault(torch.Tensor.item)
def item_gives_bools_as_ints(real, input):
    return real(input.byte() if input.dtype is torch.bool else input)


@fault(torch.Tensor.item)
def item_loses_the_sign_of_zero(real, input):
    return real(input + 0 if input.dtype in FLOATS else input)


@fault(torch.Tensor.requires_grad_)
def requires_grad_is_not_set_on_complex(real, input, requires_grad=True):
    return input if input.is_complex() else real(input, requires_grad)


@fault(torch.Tensor.requires_grad_)
def requires_grad_gives_a_copy_that_is_no_leaf(real, input, requires_grad=True):
    return real(input, requires_grad).clone()
