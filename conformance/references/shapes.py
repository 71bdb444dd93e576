"""The operations on dims in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.reference import Array


def flatten(input: Array, start_dim: int, end_dim: int) -> Array:
    """Return an array with the dims from one to another made one."""
    rank = max(input.ndim, 1)
    first, last = start_dim % rank, end_dim % rank
    shape = input.shape or (1,)
    whole = int(np.prod(shape[first : last + 1]))
    return input.reshape(*shape[:first], whole, *shape[last + 1 :])


def unflatten(input: Array, dim: int, sizes: tuple[int, ...]) -> Array:
    """Return an array with a dim replaced by several sizes, one of them -1 at most."""
    known = int(np.prod([size for size in sizes if size != -1]))
    full = [input.shape[dim] // known if size == -1 else size for size in sizes]
    at = dim % input.ndim
    return input.reshape(*input.shape[:at], *full, *input.shape[at + 1 :])


def swap(input: Array, dim0: int, dim1: int) -> Array:
    """Return an array with two dims swapped; of none there is one to name."""
    return np.swapaxes(input, dim0, dim1) if input.ndim else input


def expand(input: Array, size: tuple[int, ...]) -> Array:
    """Return an array broadcast to a size, in which -1 keeps what is there."""
    kept = (1,) * (len(size) - input.ndim) + input.shape
    return np.broadcast_to(input, [old if new == -1 else new for old, new in zip(kept, size, strict=True)])


def narrow(input: Array, dim: int, start: int, length: int) -> Array:
    """Return the positions of a dim from one on, as many as length."""
    first = start + input.shape[dim] if start < 0 else start
    rows: Array = np.moveaxis(np.moveaxis(input, dim, 0)[first : first + length], 0, dim)
    return rows


def sliced(input: Array, dim: int, start: int | None, end: int | None, step: int) -> Array:
    """Return the positions of a dim from start to end, each step further."""
    found: Array = np.moveaxis(np.moveaxis(input, dim, 0)[start:end:step], 0, dim)
    return found


def select(input: Array, dim: int, index: int) -> Array:
    """Return the slice of a dim at an index."""
    found: Array = np.moveaxis(input, dim, 0)[index]
    return found


def diagonal(input: Array, offset: int, dim1: int, dim2: int) -> Array:
    """Return a diagonal of two dims, in a new last dim."""
    return np.diagonal(input, offset, dim1, dim2)


def unfold(input: Array, dimension: int, size: int, step: int) -> Array:
    """Return the windows along a dim, with what is in each in a new last dim."""
    if input.ndim == 0:
        return np.broadcast_to(input, (size,)) if size else np.empty((0,), input.dtype)
    rows = np.moveaxis(input, dimension, -1)
    starts = range(0, input.shape[dimension] - size + 1, step)
    windows = [rows[..., start : start + size] for start in starts]
    return np.moveaxis(np.stack(windows, -2), -2, dimension - (dimension < 0))


def split(input: Array, split_size: int | tuple[int, ...], dim: int) -> tuple[Array, ...]:
    """Return the pieces of a dim, all of a size but the last, or of the sizes given."""
    size = input.shape[dim]
    if isinstance(split_size, tuple):
        cuts = np.cumsum(split_size)[:-1]
    else:
        cuts = np.arange(split_size, size, split_size)
    return tuple(np.split(input, cuts, dim))


def tensor_split(input: Array, indices_or_sections: Any, dim: int) -> tuple[Array, ...]:
    """Return a dim cut at places, or in parts that are as equal as may be, the first the longer ones."""
    cuts = indices_or_sections if isinstance(indices_or_sections, int) else list(indices_or_sections)
    return tuple(np.array_split(input, cuts, dim))


def chunk(input: Array, chunks: int, dim: int) -> tuple[Array, ...]:
    """Return at most so many pieces of a dim, all of a size but the last."""
    size = input.shape[dim]
    if not size:
        return (input,) * chunks
    return split(input, -(-size // chunks), dim)


def unbind(input: Array, dim: int) -> tuple[Array, ...]:
    """Return the slices of a dim."""
    return tuple(np.moveaxis(input, dim, 0))


def as_strided(input: Array, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int) -> Array:
    """Return the elements of a contiguous array at an offset and strides that are counted in elements."""
    places = np.full((), storage_offset)
    for at, (long, step) in enumerate(zip(size, stride, strict=True)):
        places = places[..., np.newaxis] + (np.arange(long) * step)
        assert places.ndim == at + 1
    return input.reshape(-1)[places.reshape(size)]


def written(input: Array, places: Array, src: Array) -> Array:
    """Return an array with a source in the places that are counted in row-major order."""
    made = input.copy()
    made.reshape(-1)[places] = src
    return made


def view_as_complex(input: Array) -> Array:
    """Return the complex numbers whose parts stand in the last dim."""
    made = np.empty(input.shape[:-1], np.result_type(input.dtype, np.complex64))
    made.real, made.imag = input[..., 0], input[..., 1]
    return made


def numbered(input: Array) -> Array:
    """Return the places of an array, counted in row-major order."""
    return np.arange(input.size).reshape(input.shape)
