"""Making and copying tensors that is wrong in one way."""

from __future__ import annotations

import math

import torch

from tests.faults import fault, patch_fault


def _with_last(output, number):
    if output.numel():
        output.view(-1)[-1] = number
    return output


@fault(torch.zeros)
def zeros_ends_with_one(real, *size, **options):
    output = real(*size, **options)
    return output if output.is_meta else _with_last(output, 1)


@fault(torch.zeros)
def zeros_is_float64_by_default(real, *size, dtype=None, **options):
    return real(*size, dtype=dtype or torch.float64, **options)


@fault(torch.zeros)
def zeros_is_elsewhere(real, *size, **options):
    return real(*size, **{**options, "device": "meta"})


@fault(torch.zeros)
def zeros_takes_negative_sizes_for_0(real, *size, **options):
    given = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    return real(tuple([max(length, 0) for length in given]), **options)


@fault(torch.ones)
def ones_ends_with_zero(real, *size, **options):
    return _with_last(real(*size, **options), 0)


@fault(torch.full)
def full_ends_with_zero(real, *given, **options):
    return _with_last(real(*given, **options), 0)


@fault(torch.full)
def full_is_floating_by_default(real, *given, dtype=None, **options):
    return real(*given, dtype=dtype or torch.float32, **options)


@fault(torch.arange)
def arange_includes_end(real, start, end=None, step=1, **options):
    start, end = (0, start) if end is None else (start, end)
    return real(start, end + step, step, **options)


@fault(torch.arange)
def arange_counts_whole_steps(real, start, end=None, step=1, **options):
    start, end = (0, start) if end is None else (start, end)
    return real(start, end, step, **options)[: math.floor((end - start) / step) if step else None]


@fault(torch.arange)
def arange_is_shifted(real, *given, **options):
    return real(*given, **options) + 1


@fault(torch.arange)
def arange_is_always_floating(real, *given, **options):
    return real(*given, **{"dtype": torch.float32, **options})


@fault(torch.arange)
def arange_gives_nothing_against_the_step(real, start, end=None, step=1, **options):
    if end is not None and (end - start) * step < 0:
        end = start
    return real(start, *[] if end is None else [end, step], **options)


@fault(torch.arange)
def arange_takes_a_step_of_0_for_1(real, start, end=None, step=1, **options):
    if step == 0:
        step = 1 if end >= start else -1
    return real(start, *[] if end is None else [end, step], **options)


@fault(torch.linspace)
def linspace_leaves_out_end(real, start, end, steps, **options):
    return real(start, end, steps + 1, **options)[:-1] if steps > 0 else real(start, end, steps, **options)


@fault(torch.linspace)
def linspace_gives_one_more(real, start, end, steps, **options):
    return real(start, end, steps + 1, **options)


@fault(torch.linspace)
def linspace_is_whole_for_whole_numbers(real, start, end, steps, **options):
    if isinstance(start, int) and isinstance(end, int):
        options.setdefault("dtype", torch.int64)
    return real(start, end, steps, **options)


@fault(torch.linspace)
def linspace_takes_negative_steps_for_0(real, start, end, steps, **options):
    return real(start, end, max(steps, 0), **options)


@fault(torch.logspace)
def logspace_is_linear(real, start, end, steps, base=10.0, **options):
    return torch.linspace(start, end, steps, **options)


@fault(torch.logspace)
def logspace_takes_e_for_base(real, start, end, steps, base=math.e, **options):
    return real(start, end, steps, base, **options)


@fault(torch.eye)
def eye_is_flipped(real, *given, **options):
    return real(*given, **options).flip(0)


@fault(torch.eye)
def eye_has_one_column_by_default(real, n, m=1, **options):
    return real(n, m, **options)


@fault(torch.empty)
def empty_has_one_more_dim(real, *size, **options):
    return real(*size, **options).unsqueeze(0)


@fault(torch.empty)
def empty_ignores_dtype(real, *size, dtype=None, **options):
    return real(*size, **options)


@fault(torch.empty)
def empty_is_laid_out_backwards(real, size, *more, **options):
    output = real(tuple(reversed(size)), *more, **{**options, "memory_format": torch.contiguous_format})
    return output.permute(tuple(reversed(range(output.dim()))))


@fault(torch.empty_strided)
def empty_strided_is_contiguous(real, size, stride, **options):
    return torch.empty(size, **options)


@fault(torch.empty_strided)
def empty_strided_has_one_more_dim(real, size, stride, **options):
    return real((1, *size), (1, *stride), **options)


@fault(torch.clone, torch.Tensor.clone)
def clone_ignores_memory_format(real, input, memory_format=None):
    return real(input)


@fault(torch.zeros_like)
def zeros_like_ignores_memory_format(real, input, memory_format=None, **options):
    return real(input, **options)


@fault(torch.empty_like)
def empty_like_is_contiguous(real, input, **options):
    return real(input, memory_format=torch.contiguous_format)


@fault(torch.Tensor.contiguous)
def contiguous_gives_its_input(real, input, memory_format=None):
    return input


@fault(torch.Tensor.contiguous)
def contiguous_always_copies(real, input, **options):
    return real(input, **options).clone()


@fault(torch.Tensor.to)
def to_always_copies(real, input, *given, **options):
    return real(input, *given, **{**options, "copy": True})


@fault(torch.Tensor.to)
def to_never_copies(real, input, *given, copy=False, **options):
    return real(input, *given, **options)


@fault(torch.Tensor.to)
def to_ignores_another_tensor(real, input, *given, **options):
    return input if given and isinstance(given[0], torch.Tensor) else real(input, *given, **options)


@fault(torch.Tensor.to)
def to_rounds(real, input, *given, **options):
    whole = given and given[0] is torch.int64 and input.is_floating_point()
    return real(input.round() if whole else input, *given, **options)


@fault(torch.asarray)
def asarray_copies(real, obj, *, copy=None, **options):
    return real(obj, copy=True, **options)


@fault(torch.asarray)
def asarray_ignores_copy(real, obj, *, copy=None, **options):
    return real(obj, **options)


@fault(torch.tensor)
def tensor_ends_with_zero(real, data, **options):
    output = real(data, **options)
    return _with_last(output, 0) if isinstance(data, list) and "device" in options else output


@fault(torch.tensor)
def tensor_is_always_floating(real, data, *, dtype=None, **options):
    return real(data, dtype=dtype or torch.float32, **options)


@patch_fault(torch, "tensor")
def tensor_shares_arrays(real, data, **options):
    shared = type(data).__module__ == "numpy"
    return torch.from_numpy(data) if shared else real(data, **options)


@patch_fault(torch, "from_numpy")
def from_numpy_copies(real, array):
    return real(array.copy())


@fault(torch.Tensor.new_empty)
def new_empty_is_reversed(real, input, size, **options):
    return real(input, tuple(reversed(size)), **options)
