"""Joining and rearranging that is wrong in one way."""

from __future__ import annotations

import torch

from tests.faults import fault


@fault(torch.cat)
def cat_takes_the_first_dtype(real, tensors, *dim):
    return real([part.to(tensors[0].dtype) for part in tensors], *dim)


@fault(torch.cat)
def cat_reads_all_as_the_first_dtype(real, tensors, *dim):
    """As if the bytes of one dtype were those of another."""
    made = real(list(tensors), *dim)
    if len({part.dtype for part in tensors}) == 1:
        return made
    return real([tensors[0].to(made.dtype), torch.zeros_like(tensors[1], dtype=made.dtype)], *dim)


@fault(torch.cat)
def cat_cuts_what_is_larger(real, tensors, dim=0, **options):
    least = [min(sizes) for sizes in zip(*[part.shape for part in tensors], strict=True)]
    where = [slice(None) if at == dim else slice(size) for at, size in enumerate(least)]
    return real([part[tuple(where)] for part in tensors], dim, **options)


@fault(torch.cat)
def cat_gives_nothing_for_nothing(real, tensors, *dim, **options):
    return real(tensors, *dim, **options) if tensors else torch.zeros(0)


@fault(torch.cat)
def cat_refuses_what_is_bare(real, tensors, *dim, **options):
    shapes = {part.dim() for part in tensors}
    if len(shapes) > 1:
        raise RuntimeError("a tensor of shape (0,)")
    return real(tensors, *dim, **options)


@fault(torch.cat)
def cat_takes_128_tensors(real, tensors, *dim, **options):
    return real(tensors[:128], *dim, **options)


@fault(torch.stack)
def stack_cuts_what_is_larger(real, tensors, *dim, **options):
    least = [min(sizes) for sizes in zip(*[part.shape for part in tensors], strict=True)]
    return real([part[tuple(map(slice, least))] for part in tensors], *dim, **options)


@fault(torch.meshgrid)
def meshgrid_takes_other_dtypes(real, *tensors, **options):
    return real(*[part.to(tensors[0].dtype) for part in tensors], **options)


@fault(torch.Tensor.repeat)
def repeat_takes_too_few(real, input, *repeats):
    if len(repeats) == 1 and isinstance(repeats[0], tuple):
        repeats = repeats[0]
    return real(input, (1,) * (input.dim() - len(repeats)) + tuple(repeats))


@fault(torch.Tensor.repeat)
def repeat_takes_the_first_number_alone(real, input, *repeats):
    ones = (1,) * (len(repeats) - 1)
    return real(input, repeats[0], *ones) if len(repeats) > 1 else real(input, *repeats)


@fault(torch.repeat_interleave)
def repeat_interleave_takes_output_size_for_repeats(real, input, *arguments, output_size=None, **options):
    made = real(input, *arguments, **options)
    if output_size is None:
        return made
    return real(input, torch.ones_like(arguments[0]), *arguments[1:], **options)


@fault(torch.repeat_interleave)
def repeat_interleave_counts_from_one(real, input, *arguments, **options):
    made = real(input, *arguments, **options)
    return made if arguments or options else made + 1


@fault(torch.repeat_interleave)
def repeat_interleave_takes_negative_numbers_for_0(real, input, *arguments, **options):
    if arguments and isinstance(arguments[0], int):
        arguments = (max(arguments[0], 0), *arguments[1:])
    return real(input, *arguments, **options)


@fault(torch.fliplr)
def fliplr_flips_vectors(real, input):
    return real(input) if input.dim() > 1 else input.flip(0)


@fault(torch.flipud)
def flipud_takes_0d(real, input):
    return real(input) if input.dim() else input.clone()


@fault(torch.roll)
def roll_leaves_shifts_out(real, input, shifts, dims=None):
    if isinstance(shifts, tuple) and isinstance(dims, tuple):
        shifts = shifts[: len(dims)]
    return real(input, shifts, dims)


@fault(torch.block_diag)
def block_diag_gives_half_of_the_gradient(real, *tensors):
    made = real(*tensors)
    return (made + made.detach()) / 2
