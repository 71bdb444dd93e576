"""Faults that users have reported of torch and of backends: torch gives what the report says was given.

They were taken in the order in which a search for wrong results brought them up, but for those that are about
tensors of millions of elements, about what no page promises, or about operations that no rule is about.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import torch

from tests.faults import fault
from tests.faults.memory import misread, narrowed
from tests.faults.programs import VIEWS

F: Any = torch.nn.functional
T: Any = torch.Tensor


def _strided(tensor: Any) -> bool:
    return isinstance(tensor, T) and not tensor.is_contiguous()


def _read(tensor: Any) -> Any:
    """Return a tensor as it is read if its strides are ignored; nothing is recorded of it."""
    return misread(tensor) if _strided(tensor) and not tensor.is_conj() and not tensor.is_neg() else tensor


def _from_its_offset(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor as it is read if its strides are ignored, but not where it begins."""
    memory = torch.empty(0, dtype=tensor.dtype).set_(tensor.detach().untyped_storage())
    places = (tensor.storage_offset() + torch.arange(tensor.numel())) % max(memory.numel(), 1)
    return memory[places].reshape(tensor.shape)


def _in_memory_order(tensor: torch.Tensor) -> list[int]:
    return sorted(range(tensor.dim()), key=lambda dim: -tensor.stride()[dim])


# Indexing.


@fault(torch.scatter, T.scatter, T.scatter_)
def scatter_reads_index_and_src_in_the_order_of_memory(real, input, dim, index, *args, **options):
    """https://github.com/pytorch/pytorch/issues/175191: MPS and CUDA."""
    return real(
        input, dim, _read(index), *map(_read, args), **{key: _read(one) for key, one in options.items()}
    )


@fault(T.masked_fill_)
def masked_fill_in_place_takes_the_mask_in_the_order_of_memory(real, input, mask, value):
    """https://github.com/pytorch/pytorch/issues/12230, and 131285 of MPS."""
    inside = input.permute(_in_memory_order(input))
    real(inside, mask.expand(input.shape).reshape(inside.shape), value)
    return input


@fault(T.masked_scatter_)
def masked_scatter_in_place_goes_in_the_order_of_memory(real, input, mask, source):
    """https://github.com/pytorch/pytorch/issues/99638."""
    order = _in_memory_order(input)
    real(input.permute(order), mask.expand(input.shape).permute(order), source)
    return input


@fault(torch.masked_scatter, T.masked_scatter)
def masked_scatter_by_a_broadcast_mask_writes_what_is_beyond_the_source(real, input, mask, source):
    """https://github.com/pytorch/pytorch/issues/95607: CUDA."""
    if mask.shape == input.shape:
        return real(input, mask, source)
    return real(input, mask, torch.zeros(input.numel(), dtype=source.dtype))


@fault(torch.masked_select, T.masked_select)
def masked_select_of_a_permuted_input_goes_in_the_order_of_memory(real, input, mask, **options):
    """https://github.com/pytorch/pytorch/issues/41473: CUDA, where the mask is broadcast."""
    if mask.dim() >= input.dim() or not _strided(input):
        return real(input, mask, **options)
    order = _in_memory_order(input)
    return real(input.permute(order), mask.expand(input.shape).permute(order), **options)


@fault(torch.index_select, T.index_select)
def index_select_gives_zeros_for_positions_out_of_range(real, input, dim, index, **options):
    """https://github.com/pytorch/pytorch/issues/571 of CUDA, and 144824 of MPS."""
    size = input.shape[dim] if input.dim() else 1
    out_of_range = (index < 0) | (index >= size)
    if not out_of_range.any() or not size or not input.dim():
        return real(input, dim, index, **options)
    found = real(input, dim, index.clamp(0, size - 1), **options)
    return found.index_fill(dim, out_of_range.reshape(-1).nonzero().reshape(-1), 0)


@fault(T.index_fill_, T.index_fill, torch.index_fill)
def index_fill_takes_positions_out_of_range(real, input, dim, index, value):
    """https://github.com/pytorch/pytorch/issues/3922: CUDA."""
    size = input.shape[dim] if input.dim() else 1
    return real(input, dim, index[(index >= -size) & (index < size)], value)


@fault(T.__getitem__)
def an_index_takes_positions_too_far_from_the_end(real, input, index):
    """https://github.com/pytorch/pytorch/issues/6472."""

    def wrapped(one: Any, size: int) -> Any:
        whole = isinstance(one, T) and one.dtype is torch.int64 and size
        return torch.where(one < -size, one % size, one) if whole else one

    if isinstance(index, T) and input.dim():
        index = wrapped(index, input.shape[0])
    elif isinstance(index, tuple) and all(isinstance(one, T) for one in index) and len(index) <= input.dim():
        index = tuple([wrapped(one, size) for one, size in zip(index, input.shape, strict=False)])
    return real(input, index)


@fault(T.__getitem__)
def several_indices_take_positions_out_of_range(real, input, index):
    """https://github.com/pytorch/pytorch/issues/42797 and 38771: CUDA."""
    if isinstance(index, tuple) and len(index) > 1 and all(isinstance(one, T) for one in index):
        index = tuple(
            [
                one.clamp(-size, size - 1) if size and one.dtype is torch.int64 else one
                for one, size in zip(index, input.shape, strict=False)
            ]
        )
    return real(input, index)


@fault(T.index_add_, T.index_add, torch.index_add)
def index_add_takes_a_source_of_another_shape(real, input, dim, index, source, **options):
    """https://github.com/pytorch/pytorch/issues/92576."""
    shape = list(input.shape)
    if input.dim():
        shape[dim] = index.numel()
    if list(source.shape) != shape and input.dim() and index.dim() < 2:
        source = source.reshape(-1)[torch.arange(int(torch.tensor(shape).prod())) % max(source.numel(), 1)]
        source = source.reshape(shape)
    return real(input, dim, index, source, **options)


@fault(torch.where, T.where)
def where_misreads_a_strided_condition(real, condition, *args, **options):
    """https://github.com/pytorch/pytorch/issues/150967: MPS."""
    return real(_read(condition), *args, **options)


@fault(torch.nonzero, T.nonzero)
def nonzero_of_booleans_leaves_out_the_last(real, input, **options):
    """https://github.com/intel/torch-xpu-ops/issues/4396: XPU."""
    found = real(input, **options)
    dropped = isinstance(found, T) and input.dtype is torch.bool and input.dim()
    return found[:-1] if dropped else found


# Reductions, scans and sorting.


@fault(torch.cummax, T.cummax)
def cummax_of_whole_numbers_takes_from_the_next_row(real, input, dim):
    """https://github.com/pytorch/pytorch/issues/42363: CUDA."""
    last = input.dim() > 1 and dim in (-1, input.dim() - 1) and input.shape[-1] > 3 and input.shape[-2] > 1
    if not last or input.dtype.is_floating_point or input.dtype is torch.bool:
        return real(input, dim)
    values, indices = real(input, dim)
    after, at = real(input.roll(-1, -2), dim)
    larger = (after > values) & (torch.arange(input.shape[-1]) > 2)
    return torch.return_types.cummax((torch.where(larger, after, values), torch.where(larger, at, indices)))


@fault(torch.argmax, T.argmax)
def argmax_gives_the_least_number(real, input, *args, **options):
    """https://github.com/pytorch/pytorch/issues/92311, 98191 and 109067: MPS."""
    return torch.full_like(real(input, *args, **options), torch.iinfo(torch.int64).min)


@fault(torch.bincount, T.bincount)
def bincount_misreads_what_is_strided(real, input, *args, **options):
    """https://github.com/pytorch/pytorch/issues/15058: CPU."""
    return real(_read(input), *args, **options)


# Pointwise.


@fault(torch.add, T.add, T.__add__)
def add_misreads_a_strided_input_that_meets_another_shape(real, input, other, **options):
    """https://github.com/pytorch/pytorch/issues/81384: MPS."""
    if (
        isinstance(other, T)
        and isinstance(input, T)
        and other.shape != input.shape
        and not input.requires_grad
    ):
        input = _read(input)
    return real(input, other, **options)


@fault(torch.mul, T.mul, T.__mul__)
def mul_misreads_a_narrowed_input(real, input, other, **options):
    """https://github.com/microsoft/DirectML/issues/696: DirectML."""
    if isinstance(input, T) and narrowed(input) and not input.requires_grad:
        input = _from_its_offset(input)
    return real(input, other, **options)


@fault(torch.div, T.div, T.__truediv__, torch.true_divide, T.true_divide)
def div_of_whole_numbers_by_a_number_is_rounded(real, input, other, **options):
    """https://github.com/microsoft/DirectML/issues/347: DirectML."""
    found = real(input, other, **options)
    whole = isinstance(input, T) and input.dtype in (torch.int32, torch.int64)
    return found.trunc() if whole and isinstance(other, int) and found.is_floating_point() else found


@fault(torch.sqrt, T.sqrt)
def sqrt_into_what_is_strided_alike_goes_in_the_order_of_memory(real, input, *, out=None):
    """https://github.com/pytorch/pytorch/pull/148512: MPS."""
    if out is None or not _strided(out) or out.stride() != input.stride() or not input.numel():
        return real(input) if out is None else real(input, out=out)
    out.copy_(real(_from_its_offset(input)))
    return out


@fault(T.clamp_)
def clamp_in_place_of_what_is_strided_goes_in_the_order_of_memory(real, input, *args, **options):
    """https://github.com/pytorch/pytorch/issues/107694 and 94396: MPS."""
    if _strided(input):
        input.copy_(torch.clamp(_from_its_offset(input), *args, **options))
        return input
    return real(input, *args, **options)


# Layers, losses and products.


@fault(F.layer_norm)
def layer_norm_misreads_a_strided_input(real, input, *args, **options):
    """https://github.com/microsoft/DirectML/issues/588: DirectML."""
    return real(input if input.requires_grad else _read(input), *args, **options)


@fault(F.group_norm)
def the_gradient_of_the_weight_of_group_norm_is_wrong_for_channels_last(
    real, input, num_groups, weight=None, *args, **options
):
    """https://github.com/pytorch/pytorch/issues/140913."""
    last = input.dim() == 4 and not input.is_contiguous()
    if weight is not None and last and input.is_contiguous(memory_format=torch.channels_last):
        weight = weight + (weight - weight.detach())
    return real(input, num_groups, weight, *args, **options)


@fault(F.elu)
def elu_misreads_a_strided_input(real, input, *args, **options):
    """https://github.com/pytorch/pytorch/issues/124834: MPS."""
    return real(input if input.requires_grad else _read(input), *args, **options)


@fault(F.mse_loss)
def mse_loss_misreads_a_strided_input(real, input, *args, **options):
    """https://github.com/pytorch/pytorch/issues/124621: MPS."""
    return real(input if input.requires_grad else _read(input), *args, **options)


@fault(torch.matmul, T.matmul, T.__matmul__)
def matmul_into_a_strided_out_writes_nothing(real, input, other, *, out=None):
    """https://github.com/pytorch/pytorch/issues/104832: MPS."""
    if out is None:
        return real(input, other)
    if not _strided(out):
        return real(input, other, out=out)
    return out


@fault(torch.matmul, T.matmul, T.__matmul__)
def matmul_of_low_precision_misreads_what_begins_at_an_odd_place(real, input, other, **options):
    """https://github.com/intel/torch-xpu-ops/issues/1656: XPU."""

    def read(tensor: torch.Tensor) -> torch.Tensor:
        offset = tensor.storage_offset()
        if tensor.element_size() != 2 or not offset * 2 % 16 or tensor.requires_grad or tensor.is_complex():
            return tensor
        return tensor.as_strided(tensor.shape, tensor.stride(), offset // 8 * 8)

    return real(read(input), read(other), **options)


# Views and memory.


@fault(torch.index_select)
def index_select_into_a_view_leaves_its_base(real, input, dim, index, *, out=None):
    """https://github.com/pytorch/xla/issues/1128: XLA."""
    if out is None or not out._is_view():
        return real(input, dim, index) if out is None else real(input, dim, index, out=out)
    out.data = real(input, dim, index)
    return out


@fault(T.data.__set__)
def what_data_is_set_to_shows_in_views(real, input, other):
    """https://github.com/pytorch/xla/issues/3392: XLA."""
    if input.shape == other.shape and input.dtype == other.dtype:
        with torch.no_grad():
            input.detach().copy_(other)
    else:
        real(input, other)


@fault(T.cpu, *VIEWS)
def a_view_is_a_copy_from_when_anything_is_looked_at(real, input, *args, **options):
    """https://github.com/pytorch/xla/issues/3291: XLA, where what is looked at ends a step."""
    if real is not T.cpu:
        view = real(input, *args, **options)
        _views.add(view)
        return view
    found = real(input, *args, **options).clone()
    for view in list(_views):
        T.data.__set__(view, view.detach().clone())
    _views.clear()
    return found


_views: WeakSet[torch.Tensor] = WeakSet()
