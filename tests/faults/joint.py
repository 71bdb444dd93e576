"""Faults that show only where several classes of inputs meet, each of which is drawn often."""

from __future__ import annotations

import torch

from tests.faults import fault
from tests.faults.gather import GATHER
from tests.faults.memory import expanded, misread, shifted, transposed
from tests.faults.reductions import SEVERAL, dim_fault
from tests.faults.squeeze import SQUEEZE, UNSQUEEZE
from tests.faults.view import shape_fault


def _has_rows_of_16_bytes(tensor):
    return tensor.dim() > 0 and tensor.shape[-1] > 1 and tensor.shape[-1] * tensor.element_size() % 16 == 0


def _is_low(tensor):
    return tensor.dtype in (torch.float16, torch.bfloat16)


def _is_in_the_middle(dim, tensor):
    return 0 < dim % max(tensor.dim(), 1) < tensor.dim() - 1


@fault(*GATHER)
def gather_misreads_index_of_whole_rows(real, input, dim, index, **options):
    """A path for rows: the index is the same all along each, and they are copied 16 bytes at a time."""
    rows = input.dim() >= 3 and dim == -2 and index.dim() == input.dim() and expanded(index)
    if rows and index.stride(-1) == 0 and index.shape[-1] == input.shape[-1] and _has_rows_of_16_bytes(input):
        index = misread(index) % max(input.shape[dim], 1)
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_misreads_transposed_low_precision_input_by_strided_index(real, input, dim, index, **options):
    if _is_low(input) and transposed(input) and not index.is_contiguous() and input.dim() >= 3:
        input = misread(input)
    return real(input, dim, index, **options)


@fault(*GATHER)
def gather_misreads_offset_rows_of_16_bytes_by_expanded_index(real, input, dim, index, **options):
    if shifted(input) and expanded(index) and _is_in_the_middle(dim, input) and _has_rows_of_16_bytes(input):
        input = misread(input)
    return real(input, dim, index, **options)


@dim_fault
def ignores_nan_in_the_middle_of_a_transposed_low_precision_input(real, input, dim, keepdim):
    if _is_low(input) and transposed(input) and _is_in_the_middle(dim, input) and dim < 0:
        input = torch.where(input.isnan(), -torch.inf, input)
    return real(input, dim, keepdim)


@dim_fault
def ignores_nan_in_expanded_rows_of_16_bytes(real, input, dim, keepdim):
    if expanded(input) and input.dim() >= 4 and dim == -input.dim() and _has_rows_of_16_bytes(input):
        input = torch.where(input.isnan(), -torch.inf, input)
    return real(input, dim, keepdim)


@fault(*SEVERAL)
def amax_and_amin_misread_expanded_offset_rows_of_16_bytes(real, input, dim=(), keepdim=False, **options):
    several = isinstance(dim, tuple) and len(dim) > 1 and min(dim) < 0 and keepdim
    if several and expanded(input) and shifted(input) and _has_rows_of_16_bytes(input):
        input = misread(input)
    return real(input, dim, keepdim, **options)


@shape_fault
def view_misreads_expanded_offset_input_of_rank_4(real, input, shape):
    if input.dim() >= 4 and expanded(input) and shifted(input) and _has_rows_of_16_bytes(input):
        input = misread(input)
    return real(input, shape)


@shape_fault
def view_misreads_transposed_offset_input_whose_dims_it_merges(real, input, shape):
    if (
        transposed(input)
        and shifted(input)
        and len([size for size in shape if size > 1]) < sum(size > 1 for size in input.shape)
    ):
        input = misread(input)
    return real(input, shape)


@fault(*SQUEEZE)
def squeeze_misreads_expanded_input_of_rank_4_by_negative_dims(real, input, *dims):
    named = dims[0] if dims and isinstance(dims[0], tuple) else dims
    if named and min(named) < 0 and input.dim() >= 4 and expanded(input) and shifted(input):
        input = misread(input)
    return real(input, *dims)


@fault(*UNSQUEEZE)
def unsqueeze_misreads_transposed_offset_input_at_a_negative_dim(real, input, dim):
    if dim < 0 and transposed(input) and shifted(input) and _has_rows_of_16_bytes(input):
        input = misread(input)
    return real(input, dim)
