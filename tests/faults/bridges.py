"""What torch shares with NumPy, buffers and DLPack, wrong in one way."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils import dlpack

from tests.faults import fault, patch_fault
from tests.faults.memory import misread

T: Any = torch.Tensor


# Tensor.numpy. The suite reads what was drawn by it, from contiguous tensors with a dim: of those
# the elements are right.


@fault(T.numpy)
def numpy_copies(real, input, **options):
    return real(input, **options).copy()


@fault(T.numpy)
def numpy_misreads_layouts(real, input, **options):
    plain = not (input.requires_grad or input.is_conj() or input.is_neg())
    return real(misread(input) if plain else input, **options)


@fault(T.numpy)
def numpy_is_contiguous(real, input, **options):
    return np.ascontiguousarray(real(input, **options)).reshape(input.shape)


@fault(T.numpy)
def numpy_raises_the_version(real, input, **options):
    found = real(input, **options)
    torch.autograd.graph.increment_version(input)
    return found


@fault(T.numpy)
def numpy_detaches(real, input, **options):
    return real(input.detach(), **options)


@fault(T.numpy)
def numpy_ignores_conj(real, input, **options):
    return real(input.conj() if input.is_conj() else input, **options)


@fault(T.numpy)
def numpy_ignores_neg(real, input, **options):
    return real(input._neg_view() if input.is_neg() else input, **options)


@fault(T.numpy)
def numpy_gives_bfloat16_as_float32(real, input, **options):
    return real(input.float() if input.dtype is torch.bfloat16 else input, **options)


@fault(T.numpy)
def numpy_gives_zeros_of_meta(real, input, **options):
    return real(torch.zeros(input.shape, dtype=input.dtype) if input.is_meta else input, **options)


@fault(T.numpy)
def numpy_knows_no_force(real, input, *, force=False):
    return real(input)


@fault(T.numpy)
def numpy_copies_by_force(real, input, *, force=False):
    return real(input, force=force).copy() if force else real(input)


@fault(T.numpy)
def numpy_writes_through_conj(real, input, *, force=False):
    return real(input.conj() if force and input.is_conj() else input, force=force)


@fault(T.__array__)
def array_protocol_copies(real, input, *args):
    return real(input, *args).copy()


@fault(T.__array__)
def array_protocol_ignores_dtype(real, input, *args):
    return real(input)


# from_numpy.


@patch_fault(torch, "from_numpy")
def from_numpy_copies(real, array):
    return real(array).clone()


@patch_fault(torch, "from_numpy")
def from_numpy_misreads_layouts(real, array):
    return misread(real(array))


@patch_fault(torch, "from_numpy")
def from_numpy_loses_0d(real, array):
    return real(np.atleast_1d(array))


@patch_fault(torch, "from_numpy")
def from_numpy_copies_negative_strides(real, array):
    return real(array.copy() if any(stride < 0 for stride in getattr(array, "strides", ())) else array)


@patch_fault(torch, "from_numpy")
def from_numpy_takes_lists(real, array):
    return real(np.asarray(array))


@patch_fault(torch, "from_numpy")
def from_numpy_copies_what_is_read_only(real, array):
    return real(array if array.flags.writeable else array.copy())


# as_tensor, asarray, tensor.


@fault(torch.as_tensor)
def as_tensor_copies(real, data, **options):
    return real(data, **options).clone()


@fault(torch.as_tensor)
def as_tensor_ignores_dtype(real, data, *, dtype=None, device=None):
    return real(data, device=device)


@fault(torch.as_tensor)
def as_tensor_detaches(real, data, **options):
    return real(data, **options).detach()


@fault(torch.asarray)
def asarray_keeps_requiring_grad(real, obj, *, requires_grad=None, **options):
    requires_grad = True if isinstance(obj, T) and obj.requires_grad else requires_grad
    return real(obj, requires_grad=requires_grad, **options)


@fault(torch.asarray)
def asarray_of_a_history_copies(real, obj, **options):
    found = real(obj, **options)
    return found.clone() if isinstance(obj, T) and obj.requires_grad else found


@fault(torch.asarray)
def asarray_makes_leaves(real, obj, *, requires_grad=None, **options):
    found = real(obj, requires_grad=requires_grad, **options)
    return found.detach().requires_grad_() if requires_grad else found


@fault(torch.asarray)
def asarray_copies_arrays(real, obj, **options):
    return real(obj.copy() if isinstance(obj, np.ndarray) else obj, **options)


@fault(torch.asarray)
def asarray_never_copies_arrays(real, obj, *, copy=None, **options):
    return real(obj, **options) if isinstance(obj, np.ndarray) else real(obj, copy=copy, **options)


@fault(torch.asarray)
def asarray_gives_scalars_a_dim(real, obj, **options):
    found = real(obj, **options)
    return found.reshape(1) if isinstance(obj, np.generic) else found


@fault(torch.asarray)
def asarray_takes_numbers_for_floats(real, obj, *, dtype=None, **options):
    return real(obj, dtype=torch.float32 if isinstance(obj, list) else dtype, **options)


@fault(torch.asarray)
def asarray_copies_buffers(real, obj, **options):
    return real(bytearray(obj) if isinstance(obj, bytearray) else obj, **options)


@fault(torch.asarray)
def asarray_reads_buffers_as_bytes(real, obj, *, dtype=None, **options):
    if isinstance(obj, bytearray):
        return real(obj, dtype=torch.uint8, **options).to(dtype)
    return real(obj, dtype=dtype, **options)


@fault(torch.tensor)
def tensor_of_a_tensor_is_the_tensor(real, data, **options):
    return data if isinstance(data, T) else real(data, **options)


@fault(torch.tensor)
def tensor_of_a_tensor_is_float(real, data, **options):
    return real(data, **options).float() if isinstance(data, T) else real(data, **options)


@fault(torch.tensor)
def tensor_of_a_tensor_is_detached_only(real, data, **options):
    return data.detach() if isinstance(data, T) else real(data, **options)


@fault(T.item)
def item_gives_the_first_of_several(real, input):
    return real(input.reshape(-1)[:1]) if input.numel() else real(input)


@fault(T.item)
def item_of_nothing_is_0(real, input):
    return real(input) if input.numel() else 0


@fault(T.__bool__)
def bool_asks_whether_any_is(real, input):
    return real(input.any())


# frombuffer. It is told no tensor, so no mode sees it.


@patch_fault(torch, "frombuffer")
def frombuffer_ignores_offset(real, buffer, *, offset=0, count=-1, dtype, **options):
    return real(bytearray(buffer)[: len(buffer) - offset], count=count, dtype=dtype, **options)


@patch_fault(torch, "frombuffer")
def frombuffer_counts_offset_in_elements(real, buffer, *, offset=0, dtype, **options):
    return real(buffer, offset=offset * dtype.itemsize % max(len(buffer), 1), dtype=dtype, **options)


@patch_fault(torch, "frombuffer")
def frombuffer_ignores_count(real, buffer, *, offset=0, count=-1, dtype, **options):
    whole = (len(buffer) - offset) // dtype.itemsize
    return real(buffer, offset=offset, count=max(whole, 1), dtype=dtype, **options)


@patch_fault(torch, "frombuffer")
def frombuffer_copies(real, buffer, **options):
    return real(bytearray(buffer), **options)


@patch_fault(torch, "frombuffer")
def frombuffer_reads_one_less(real, buffer, *, count=-1, **options):
    found = real(buffer, count=count, **options)
    return found[:-1] if count < 0 else found


@patch_fault(torch, "frombuffer")
def frombuffer_never_requires_grad(real, buffer, *, requires_grad=False, **options):
    return real(buffer, **options)


@patch_fault(torch, "frombuffer")
def frombuffer_takes_the_last_for_an_offset(real, buffer, *, offset=0, **options):
    return real(buffer, offset=offset % max(len(buffer), 1) if offset < 0 else offset, **options)


@patch_fault(torch, "frombuffer")
def frombuffer_gives_a_tensor_of_its_own(real, buffer, *, dtype, offset=0, count=-1, requires_grad=False):
    found = real(buffer, dtype=dtype, offset=offset, count=count).clone()
    return found.requires_grad_() if requires_grad else found


# DLPack.


@patch_fault(torch, "from_dlpack")
def from_dlpack_copies(real, found, **options):
    return real(found, **options).clone()


@patch_fault(torch, "from_dlpack")
def from_dlpack_misreads_layouts(real, found, **options):
    return misread(real(found, **options))


@patch_fault(torch, "from_dlpack")
def from_dlpack_loses_0d(real, found, **options):
    return torch.atleast_1d(real(found, **options))


@patch_fault(torch, "from_dlpack")
def from_dlpack_gives_bools_as_bytes(real, found, **options):
    output = real(found, **options)
    return output.view(torch.uint8) if output.dtype is torch.bool else output


@patch_fault(torch, "from_dlpack")
def from_dlpack_is_a_view(real, found, **options):
    return found.view(found.shape) if isinstance(found, T) else real(found, **options)


@patch_fault(torch, "from_dlpack")
def from_dlpack_resolves_and_detaches(real, found, **options):
    return real(found.detach().resolve_conj() if isinstance(found, T) else found, **options)


@patch_fault(dlpack, "to_dlpack")
def to_dlpack_copies(real, tensor):
    return real(tensor.clone())
