"""Joining and rearranging in numpy."""

from __future__ import annotations

import itertools
import math

import numpy as np

from conformance.reference import Array


def cat(tensors: tuple[Array, ...], dim: int) -> Array:
    """Return arrays one after the other along a dim; those of shape (0,) fit everywhere."""
    parts = [part for part in tensors if part.shape != (0,)]
    return np.concatenate(parts, dim) if parts else tensors[0]


def column_stack(tensors: tuple[Array, ...]) -> Array:
    """Return arrays side by side, those of fewer than two dims as columns."""
    return np.concatenate([part if part.ndim > 1 else part.reshape(-1, 1) for part in tensors], 1)


def meshgrid(tensors: tuple[Array, ...], indexing: str) -> tuple[Array, ...]:
    """Return grids of coordinates, each the elements of one array along a dim of its own."""
    return tuple(np.meshgrid(*tensors, indexing=indexing))


def cartesian_prod(tensors: tuple[Array, ...]) -> Array:
    """Return a row for each way to take one element of each array."""
    rows = [np.array(row, tensors[0].dtype) for row in itertools.product(*tensors)]
    return np.stack(rows) if rows else np.empty((0, len(tensors)), tensors[0].dtype)


def block_diag(tensors: tuple[Array, ...]) -> Array:
    """Return a matrix with matrices along its diagonal; vectors are rows."""
    parts = [np.atleast_2d(part) for part in tensors]
    made = np.zeros(np.sum([part.shape for part in parts], 0), parts[0].dtype)
    for part, (row, column) in zip(parts, _corners(parts), strict=True):
        made[row : row + part.shape[0], column : column + part.shape[1]] = part
    return made


def block_diag_gradient(upstream: Array, tensors: tuple[Array, ...]) -> tuple[Array, ...]:
    """Return the blocks of a matrix that the matrices went to."""
    parts = [np.atleast_2d(part) for part in tensors]
    return tuple(
        [
            upstream[row : row + part.shape[0], column : column + part.shape[1]].reshape(tensor.shape)
            for tensor, part, (row, column) in zip(tensors, parts, _corners(parts), strict=True)
        ]
    )


def _corners(parts: list[Array]) -> list[tuple[int, int]]:
    """Return where each of some matrices begins that lie along a diagonal."""
    rows, columns = np.cumsum([(0, 0), *[part.shape for part in parts]], 0).T
    return [(int(row), int(column)) for row, column in zip(rows[:-1], columns[:-1], strict=True)]


def repeat(input: Array, repeats: tuple[int, ...]) -> Array:
    """Return an array repeated along its dims, and along new ones before them."""
    made = input.reshape((1,) * (len(repeats) - input.ndim) + input.shape)
    for dim, times in enumerate(repeats):
        some = [made] * times or [made[(slice(None),) * dim + (slice(0),)]]
        made = np.concatenate(some, dim)
    return made


def tile(input: Array, dims: tuple[int, ...]) -> Array:
    """Return an array repeated along its last dims, or along new ones before them."""
    return repeat(input, (1,) * (input.ndim - len(dims)) + dims)


def roll(input: Array, shifts: int | tuple[int, ...], dims: int | tuple[int, ...] | None) -> Array:
    """Return an array with its elements further along dims by so many places; None goes along all at once."""
    if not input.ndim:
        return input
    if dims is None:
        return np.roll(input, shifts)
    pairs = [(shifts, dims)] if isinstance(dims, int) else zip(shifts, dims, strict=True)  # type: ignore[arg-type]
    for shift, dim in pairs:
        input = np.roll(input, shift, dim) if math.prod(input.shape) else input
    return input
