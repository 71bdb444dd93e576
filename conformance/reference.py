"""What the documentation says, in numpy: the values to compare a device's results with."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[Any]


def host(tensor: torch.Tensor) -> Array:
    """Return a copy of the tensor's elements on the host, same shape; bfloat16 as float32, which is exact."""
    tensor = tensor.detach().resolve_conj().resolve_neg().cpu()
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.float()
    return np.array(tensor.numpy(), order="C")


def gather(input: Array, dim: int, index: Array) -> Array:
    """Return what gather gives: each position of index, with its coordinate along dim replaced by its value.

    `input` and `index` have the same rank, and `index` is no larger than `input` off dim. A scalar counts as
    one element along dim 0.
    """
    if input.ndim == 0:
        return input[np.zeros_like(index)] if index.ndim else input
    coordinates: list[Array] = list(np.indices(index.shape, sparse=True))
    coordinates[dim] = index
    return input[tuple(coordinates)]


def gather_gradient(shape: tuple[int, ...], dim: int, index: Array, upstream: Array) -> Array:
    """Return the gradient of gather's input: each element of upstream added at the position it came from."""
    gradient = np.zeros(shape, dtype=upstream.dtype)
    if not shape:
        return gradient + upstream
    coordinates: list[Array] = list(np.indices(index.shape, sparse=True))
    coordinates[dim] = index
    np.add.at(gradient, tuple(coordinates), upstream)
    return gradient
