"""Gathers that are wrong in one way."""

from __future__ import annotations

from collections.abc import Callable

import torch

from tests.faults import fault
from tests.faults.memory import expanded, misread, shifted, stepped, transposed

GATHER = (torch.gather, torch.Tensor.gather)
LAYOUTS = {"transposed": transposed, "expanded": expanded, "stepped": stepped, "offset": shifted}


def _misreading(argument: str, layout: Callable[[torch.Tensor], bool]) -> Callable[..., torch.Tensor]:
    def wrong(real, input, dim, index, **options):
        if argument == "input" and layout(input):
            input = misread(input)
        if argument == "index" and layout(index):
            index = misread(index)
        return real(input, dim, index, **options)

    return wrong


for _argument in ("input", "index"):
    for _name, _layout in LAYOUTS.items():
        _wrong = _misreading(_argument, _layout)
        _wrong.__name__ = f"gather_misreads_{_name}_{_argument}"
        fault(*GATHER)(_wrong)


@fault(*GATHER)
def gather_misreads_expanded_index_of_float64(real, input, dim, index, **options):
    """A CUDA kernel in the field is wrong in just this way."""
    if input.dtype is torch.float64 and expanded(index):
        index = misread(index)
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_broadcasts_lower_rank_index(real, input, dim, index, **options):
    if index.dim() < input.dim():
        missing = input.dim() - index.dim()
        sizes = [size if at == dim % input.dim() else 1 for at, size in enumerate(input.shape)]
        index = index.reshape(-1)[:1].reshape([1] * (missing + index.dim())).expand(sizes)
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_flattens_higher_rank_index(real, input, dim, index, **options):
    if index.dim() > input.dim() > 0:
        index = index.reshape([-1, *[1] * (input.dim() - 1)])[:1]
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_expands_input_of_size_1(real, input, dim, index, **options):
    if input.dim() == index.dim() and input.dim():
        sizes = [
            max(size, other) if size == 1 and at != dim % input.dim() else size
            for at, (size, other) in enumerate(zip(input.shape, index.shape, strict=True))
        ]
        input = input.expand(sizes)
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_cuts_oversized_index(real, input, dim, index, **options):
    if input.dim() == index.dim():
        for at in range(input.dim()):
            if at != dim % input.dim() and index.shape[at] > input.shape[at]:
                index = index.narrow(at, 0, input.shape[at])
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_cuts_index_longer_than_input(real, input, dim, index, **options):
    if input.dim() and input.dim() == index.dim() and index.shape[dim] > input.shape[dim]:
        index = index.narrow(dim, 0, input.shape[dim])
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_takes_any_index_dtype(real, input, dim, index, **options):
    return real(input, dim, index.real.long() if index.is_complex() else index.long(), **options)


@fault(*GATHER)
def gather_takes_bool_index(real, input, dim, index, **options):
    return real(input, dim, index.long() if index.dtype is torch.bool else index, **options)


@fault(*GATHER)
def gather_misreads_int32_index(real, input, dim, index, **options):
    return real(input, dim, index.flip(0) if index.dtype is torch.int32 and index.dim() else index, **options)


@fault(*GATHER)
def gather_clamps_index(real, input, dim, index, **options):
    end = input.shape[dim] if input.dim() else 1
    return real(input, dim, index.clamp(0, max(end - 1, 0)), **options)


@fault(*GATHER)
def gather_counts_negative_index_from_the_end(real, input, dim, index, **options):
    end = input.shape[dim] if input.dim() else 1
    return real(input, dim, torch.where(index < 0, index + end, index).clamp(min=0), **options)


@fault(*GATHER)
def gather_wraps_dim(real, input, dim, index, **options):
    return real(input, dim % max(input.dim(), 1), index, **options)


@fault(*GATHER)
def gather_takes_the_wrong_negative_dim(real, input, dim, index, **options):
    if dim < -1:
        output = real(input, dim, index, **options)
        return output.flip(dim + 1)
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_swaps_rows_and_columns(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    return output.t().reshape(output.shape) if output.dim() == 2 else output


@fault(*GATHER)
def gather_flattens_empty_output(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    return output.reshape(0) if not output.numel() else output


@fault(*GATHER)
def gather_checks_rank_of_empty_index(real, input, dim, index, **options):
    if index.dim() != input.dim():
        raise RuntimeError("rank")
    return real(input, dim, index, **options)


def _corrupting_from(first: int) -> Callable[..., torch.Tensor]:
    def wrong(real, input, dim, index, **options):
        output = real(input, dim, index, **options)
        if output.numel() > first:
            output = output.clone().contiguous()
            output.view(-1)[first:] = output.view(-1)[0].clone()
        return output

    return wrong


for _first in (16, 256, 1024):
    _wrong = _corrupting_from(_first)
    _wrong.__name__ = f"gather_repeats_past_{_first}_elements"
    fault(*GATHER)(_wrong)


@fault(*GATHER)
def gather_reverses_rank_4(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    return output.flip(dim) if output.dim() >= 4 else output


def _blank_for(dtype: torch.dtype) -> Callable[..., torch.Tensor]:
    def wrong(real, input, dim, index, **options):
        output = real(input, dim, index, **options)
        return torch.zeros_like(output) if input.dtype is dtype else output

    return wrong


for _dtype in (
    torch.bool,
    torch.int8,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.complex64,
    torch.complex128,
):
    _wrong = _blank_for(_dtype)
    _wrong.__name__ = f"gather_blanks_{str(_dtype).removeprefix('torch.')}"
    fault(*GATHER)(_wrong)


@fault(*GATHER)
def gather_goes_through_float64(real, input, dim, index, **options):
    if input.dtype is torch.int64:
        return real(input.double(), dim, index, **options).long()
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_goes_through_float32(real, input, dim, index, **options):
    if input.dtype is torch.float64:
        return real(input.float(), dim, index, **options).double()
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_loses_nan(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    return torch.where(output == output, output, torch.zeros_like(output))


@fault(*GATHER)
def gather_loses_the_sign_of_zero(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    return output + 0 if output.is_floating_point() else output


@fault(*GATHER)
def gather_flushes_subnormals(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    if output.is_floating_point():
        return torch.where(output.abs() < torch.finfo(output.dtype).tiny, output * 0, output)
    return output


@fault(*GATHER)
def gather_widens_half(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    return output.float() if output.dtype in (torch.float16, torch.bfloat16) else output


@fault(*GATHER)
def gather_aliases_a_single_pick(real, input, dim, index, **options):
    if index.numel() == 1 and input.dim() == index.dim() and not input.requires_grad:
        place = [0] * input.dim()
        if input.dim():
            place[dim] = int(index)
        return input[tuple(slice(at, at + 1) for at in place)] if place else input
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_sorts_index_in_place(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    if index.is_contiguous() and index.dim() == 1:
        index.copy_(index.sort().values)
    return output


@fault(*GATHER)
def gather_forgets_out(real, input, dim, index, out=None, **options):
    output = real(input, dim, index, **options)
    return output if out is None else out


@fault(*GATHER)
def gather_misplaces_strided_out(real, input, dim, index, out=None, **options):
    output = real(input, dim, index, **options)
    if out is None:
        return output
    if out.is_contiguous() or output.dtype is not out.dtype or output.shape != out.shape:
        return real(input, dim, index, out=out, **options)
    return out.copy_(output.reshape(-1).flip(0).reshape(output.shape))


@fault(*GATHER)
def gather_replaces_out(real, input, dim, index, out=None, **options):
    output = real(input, dim, index, **options)
    return output if out is None else out.set_(output)


@fault(*GATHER)
def gather_returns_another_tensor_than_out(real, input, dim, index, out=None, **options):
    output = (
        real(input, dim, index, out=out, **options) if out is not None else real(input, dim, index, **options)
    )
    return output if out is None else output.clone()


@fault(*GATHER)
def gather_refuses_to_resize_out(real, input, dim, index, out=None, **options):
    if out is not None and out.shape != index.shape:
        raise RuntimeError("shape")
    return real(input, dim, index, **options) if out is None else real(input, dim, index, out=out, **options)


@fault(*GATHER)
def gather_ignores_out_of_other_shape(real, input, dim, index, out=None, **options):
    if out is not None and out.numel() and out.shape != index.shape:
        return out
    return real(input, dim, index, **options) if out is None else real(input, dim, index, out=out, **options)


@fault(*GATHER)
def gather_resizes_out_in_silence(real, input, dim, index, out=None, **options):
    if out is not None and out.shape != index.shape:
        out.resize_(0)
    return real(input, dim, index, **options) if out is None else real(input, dim, index, out=out, **options)


@fault(*GATHER)
def gather_writes_to_out_that_requires_grad(real, input, dim, index, out=None, **options):
    if out is None:
        return real(input, dim, index, **options)
    with torch.no_grad():
        return real(input, dim, index, out=out, **options)


@fault(*GATHER)
def gather_returns_a_view_of_its_output(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    return output if options else output.view_as(output)


@fault(*GATHER)
def gather_clears_its_input(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    if input.is_contiguous() and not input.requires_grad:
        input.zero_()
    return output


@fault(*GATHER)
def gather_casts_to_out(real, input, dim, index, out=None, **options):
    output = real(input, dim, index, **options)
    if out is None:
        return output
    if output.is_complex() and not out.is_complex():
        output = output.real
    return out.copy_(output)


class _Backward(torch.autograd.Function):
    """A gather whose backward keeps only one of several gradients for an element."""

    @staticmethod
    def forward(ctx, input, dim, index):
        ctx.save_for_backward(index)
        ctx.dim, ctx.shape = dim, input.shape
        return torch.gather(input, dim, index)

    @staticmethod
    def backward(ctx, *gradients):
        (index,), (gradient,) = ctx.saved_tensors, gradients
        zeros = gradient.new_zeros(ctx.shape)
        return zeros.scatter(ctx.dim, index, gradient) if index.numel() else zeros, None, None


@fault(*GATHER)
def gather_backward_overwrites_duplicates(real, input, dim, index, **options):
    if input.requires_grad and not options:
        return _Backward.apply(input, dim, index)
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_backward_misreads_gradient(real, input, dim, index, **options):
    output = real(input, dim, index, **options)
    if output.requires_grad:
        output.register_hook(lambda gradient: misread(gradient))
    return output


@fault(*GATHER)
def gather_sparse_grad_is_dense(real, input, dim, index, sparse_grad=False, **options):
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_sparse_grad_is_doubled(real, input, dim, index, sparse_grad=False, **options):
    output = real(input, dim, index, sparse_grad=sparse_grad, **options)
    if sparse_grad and output.requires_grad:
        output.register_hook(lambda gradient: gradient * 2)
    return output


@fault(*GATHER)
def gather_saves_a_copy_of_index(real, input, dim, index, **options):
    return real(input, dim, index.clone(), **options)
