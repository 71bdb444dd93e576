"""What a sloppy kernel sees: memory without strides, and the layouts in which that matters."""

from __future__ import annotations

import torch


def misread(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor's shape filled from the start of its storage on, as if it were contiguous."""
    if not tensor.numel():
        return tensor
    memory = torch.empty(0, dtype=tensor.dtype).set_(tensor.detach().untyped_storage())
    places = torch.arange(tensor.numel()) % memory.numel()
    return memory[places].reshape(tensor.shape)


def transposed(tensor: torch.Tensor) -> bool:
    strides = _strides(tensor)
    return 0 not in strides and strides != sorted(strides, reverse=True)


def expanded(tensor: torch.Tensor) -> bool:
    return 0 in _strides(tensor)


def stepped(tensor: torch.Tensor) -> bool:
    strides = _strides(tensor)
    return bool(strides) and 0 not in strides and not tensor.is_contiguous() and not transposed(tensor)


def shifted(tensor: torch.Tensor) -> bool:
    return tensor.storage_offset() > 0


def _strides(tensor: torch.Tensor) -> list[int]:
    if not tensor.numel():
        return []
    return [stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True) if size > 1]


def narrowed(tensor: torch.Tensor) -> bool:
    """Return whether the rows of a tensor have gaps between them, their elements having none."""
    strides = _strides(tensor)
    return len(strides) > 1 and strides[-1] == 1 and not tensor.is_contiguous() and not transposed(tensor)
