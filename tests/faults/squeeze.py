"""squeezes and unsqueezes that are wrong in one way."""

from __future__ import annotations

import torch

from tests.faults import fault, method_fault
from tests.faults.memory import expanded, misread, shifted, stepped, transposed

SQUEEZE = (torch.squeeze, torch.Tensor.squeeze)
UNSQUEEZE = (torch.unsqueeze, torch.Tensor.unsqueeze)
BOTH = (*SQUEEZE, *UNSQUEEZE)
IN_PLACE = (torch.Tensor.squeeze_, torch.Tensor.unsqueeze_)

for _name, _layout in {
    "transposed": transposed,
    "expanded": expanded,
    "stepped": stepped,
    "offset": shifted,
}.items():

    def _wrong(real, input, *args, layout=_layout, **options):
        return real(misread(input) if layout(input) else input, *args, **options)

    _wrong.__name__ = f"squeeze_and_unsqueeze_misread_{_name}_input"
    fault(*BOTH)(_wrong)

    def _wrong_in_place(real, input, *args, layout=_layout, **options):
        if layout(input) and not input.requires_grad:
            input.set_(misread(input))
        return real(input, *args, **options)

    _wrong_in_place.__name__ = f"squeeze_in_place_misreads_{_name}_input"
    fault(*IN_PLACE)(_wrong_in_place)


@fault(*BOTH)
def squeeze_and_unsqueeze_copy(real, input, *args, **options):
    return real(input, *args, **options).clone()


@fault(*BOTH)
def squeeze_and_unsqueeze_copy_from_rank_4_on(real, input, *args, **options):
    output = real(input, *args, **options)
    return output.clone() if input.dim() >= 4 else output


@fault(*BOTH)
def squeeze_and_unsqueeze_copy_unless_contiguous(real, input, *args, **options):
    return real(input.contiguous(), *args, **options)


@fault(*BOTH)
def squeeze_and_unsqueeze_widen_bfloat16(real, input, *args, **options):
    return real(input.float() if input.dtype is torch.bfloat16 else input, *args, **options)


@fault(*BOTH)
def squeeze_and_unsqueeze_lose_uint64(real, input, *args, **options):
    if input.dtype is torch.uint64:
        input = input.view(torch.int64).abs().view(torch.uint64)
    return real(input, *args, **options)


@fault(*BOTH)
def squeeze_and_unsqueeze_flatten_large_inputs(real, input, *args, **options):
    output = real(input, *args, **options)
    return output.flip(0) if output.numel() > 256 and output.dim() else output


@fault(*BOTH)
def squeeze_and_unsqueeze_backward_misread_gradient(real, input, *args, **options):
    output = real(input, *args, **options)
    if output.requires_grad:
        output.register_hook(lambda gradient: misread(gradient))
    return output


@fault(*BOTH)
def squeeze_and_unsqueeze_return_their_input_if_they_can(real, input, *args, **options):
    output = real(input, *args, **options)
    return input if output.shape == input.shape else output


@fault(*SQUEEZE)
def squeeze_drops_empty_dims(real, input, *args, **options):
    output = real(input, *args, **options)
    return (
        output.reshape([size for size in output.shape if size])
        if output.dim() > 1 and 0 not in args
        else output
    )


@fault(*SQUEEZE)
def squeeze_flattens_empty_input(real, input, *args, **options):
    output = real(input, *args, **options)
    return output if output.numel() else output.reshape(0)


@fault(*SQUEEZE)
def squeeze_drops_one_dim_only(real, input, *args, **options):
    return (
        input.squeeze(input.shape.index(1))
        if not args and 1 in input.shape
        else real(input, *args, **options)
    )


@fault(*SQUEEZE)
def squeeze_keeps_batch_dim(real, input, *args, **options):
    if not args and not options and input.dim() and input.shape[0] == 1:
        return real(input).unsqueeze(0)
    return real(input, *args, **options)


@fault(*SQUEEZE)
def squeeze_ignores_negative_dim(real, input, *args, **options):
    if args and isinstance(args[0], int) and args[0] < 0:
        return input.view_as(input)
    return real(input, *args, **options)


@fault(*SQUEEZE)
def squeeze_of_a_dim_drops_all(real, input, *args, **options):
    return real(input)


@fault(*SQUEEZE)
def squeeze_refuses_dims_of_other_size(real, input, *args, **options):
    if args and isinstance(args[0], int) and input.dim() and input.shape[args[0]] != 1:
        raise RuntimeError("size")
    return real(input, *args, **options)


@fault(*SQUEEZE)
def squeeze_takes_the_first_of_several_dims(real, input, *args, **options):
    if args and isinstance(args[0], tuple) and args[0]:
        return real(input, args[0][0])
    return real(input, *args, **options)


@fault(*SQUEEZE)
def squeeze_takes_no_dims_for_all(real, input, *args, **options):
    return real(input) if args == ((),) else real(input, *args, **options)


@fault(*SQUEEZE)
def squeeze_makes_scalars_1_d(real, input, *args, **options):
    output = real(input, *args, **options)
    return output.reshape(1) if not input.dim() else output


@fault(*SQUEEZE)
def squeeze_takes_repeated_dims(real, input, *args, **options):
    if args and isinstance(args[0], tuple):
        return real(input, tuple({dim % max(input.dim(), 1) for dim in args[0]}))
    return real(input, *args, **options)


@fault(*SQUEEZE)
def squeeze_wraps_dim(real, input, *args, **options):
    if args and isinstance(args[0], int):
        return real(input, args[0] % max(input.dim(), 1))
    return real(input, *args, **options)


@fault(*SQUEEZE)
def squeeze_reverses_strides(real, input, *args, **options):
    output = real(input, *args, **options)
    return output.clone(memory_format=torch.contiguous_format)


@fault(*UNSQUEEZE)
def unsqueeze_appends(real, input, *args, **options):
    return real(input, input.dim()) if args and isinstance(args[0], int) else real(input, *args, **options)


@fault(*UNSQUEEZE)
def unsqueeze_counts_negative_dim_from_the_input(real, input, *args, **options):
    if args and isinstance(args[0], int) and -input.dim() <= args[0] < 0:
        return real(input, args[0] + input.dim())
    return real(input, *args, **options)


@fault(*UNSQUEEZE)
def unsqueeze_is_wrong_from_rank_4_on(real, input, *args, **options):
    if input.dim() >= 4:
        return real(input, 0)
    return real(input, *args, **options)


@fault(*UNSQUEEZE)
def unsqueeze_flattens_empty_input(real, input, *args, **options):
    output = real(input, *args, **options)
    return output if output.numel() else output.reshape(0, 1)


@fault(*UNSQUEEZE)
def unsqueeze_clamps_dim(real, input, *args, **options):
    dim = args[0] if args else options["dim"]
    return (
        real(input, max(-input.dim() - 1, min(dim, input.dim())))
        if isinstance(dim, int)
        else real(input, dim)
    )


@method_fault("unsqueeze")
def unsqueeze_takes_a_tuple(real, input, *args, **options):
    dim = args[0][0] if args and isinstance(args[0], tuple) else args[0]
    return real(input, dim)


@method_fault("unsqueeze")
def unsqueeze_defaults_to_dim_0(real, input, *args, **options):
    return real(input, *args, **options) if args or options else real(input, 0)


@fault(*IN_PLACE)
def squeeze_in_place_returns_a_view(real, input, *args, **options):
    real(input, *args, **options)
    return input.view_as(input)


@fault(*IN_PLACE)
def squeeze_in_place_leaves_the_tensor(real, input, *args, **options):
    real(input.detach(), *args, **options)
    return input


@fault(*IN_PLACE)
def squeeze_in_place_counts_twice(real, input, *args, **options):
    output = real(input, *args, **options)
    torch.autograd.graph.increment_version(output)
    return output


@fault(*IN_PLACE)
def squeeze_in_place_works_on_leaves(real, input, *args, **options):
    with torch.no_grad():
        return real(input, *args, **options)
