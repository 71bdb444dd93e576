"""The indexing operations in numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.reference import Array
from conformance.reference import gather as gather

WIDE = {"f": np.float64, "c": np.complex128, "i": np.int64, "u": np.int64, "b": np.bool_, "V": np.float64}


def wide(array: Array) -> Array:
    """Return an array in the widest dtype of its kind, in which small numbers are added exactly."""
    found: Array = array.astype(WIDE[array.dtype.kind])
    return found


def index_select(input: Array, dim: int, index: Array) -> Array:
    """Return the slices along a dim that an index names."""
    return np.take(input, index, dim) if input.ndim else np.take(input, index).reshape(())


def _rows(input: Array, dim: int) -> Array:
    """Return an array as rows along a dim, which writes to the array."""
    return np.moveaxis(input, dim, 0) if input.ndim else input.reshape(1)


def index_copy(input: Array, dim: int, index: Array, source: Array) -> Array:
    """Return an array with slices of a source in the places that an index names."""
    made = input.copy()
    _rows(made, dim)[index] = _rows(source, dim)
    return made


def index_fill(input: Array, dim: int, index: Array, value: Any) -> Array:
    """Return an array with a value in the slices that an index names."""
    made = input.copy()
    _rows(made, dim)[index] = np.asarray(value).astype(input.dtype)
    return made


def index_add(input: Array, dim: int, index: Array, source: Array, alpha: int) -> Array:
    """Return an array with multiples of the slices of a source added in the places that an index names."""
    made = wide(input)
    np.add.at(_rows(made, dim), index, _rows(wide(source) * np.asarray(alpha).astype(made.dtype), dim))
    return made.astype(input.dtype)


_UFUNCS: dict[str, np.ufunc] = {
    "sum": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}
_IDENTITIES = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "amax": -np.inf, "amin": np.inf}


def _reduced(
    input: Array, at: Callable[[Array], Any], parts: Array, reduce: str, include_self: bool
) -> Array:
    """Return what reducing parts into the places that `at` names, of any array of the shape, gives."""
    made, counts = wide(input), np.zeros(input.shape)
    target, place = at(made), at(counts)
    np.add.at(place[0], place[1], 1.0)
    touched = counts > 0
    if not include_self:
        made[touched] = _IDENTITIES[reduce]
    _UFUNCS[reduce].at(target[0], target[1], wide(parts))
    if reduce == "mean":
        made[touched] /= counts[touched] + include_self
    return made.astype(input.dtype)


def index_reduce(
    input: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool
) -> Array:
    """Return an array whose slices are reduced together with those of a source that an index sends there."""
    return _reduced(input, lambda array: (_rows(array, dim), index), _rows(source, dim), reduce, include_self)


def _covered(index: Array, src: Array) -> Array:
    return src[tuple(map(slice, index.shape))]


def _places(input: Array, dim: int, index: Array) -> tuple[Array, Any]:
    if input.ndim == 0:
        return input.reshape(1), np.zeros(index.shape, int).reshape(())
    coordinates: list[Any] = list(np.indices(index.shape, sparse=True))
    coordinates[dim] = index
    return input, tuple(coordinates)


def scatter(input: Array, dim: int, index: Array, src: Array) -> Array:
    """Return an array with elements of a source where an index sends them along a dim."""
    made = input.copy()
    target, places = _places(made, dim, index)
    target[places] = _covered(index, src)
    return made


def scatter_add(input: Array, dim: int, index: Array, src: Array) -> Array:
    """Return an array with elements of a source added where an index sends them along a dim."""
    made = wide(input)
    target, places = _places(made, dim, index)
    np.add.at(target, places, wide(_covered(index, src)))
    return made.astype(input.dtype)


def scatter_reduce(
    input: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool
) -> Array:
    """Return an array whose elements are reduced with those of a source that an index sends there."""
    return _reduced(
        input, lambda array: _places(array, dim, index), _covered(index, src), reduce, include_self
    )


def take_along(input: Array, indices: Array, dim: int) -> Array:
    """Return what indices pick along a dim, both broadcast in all others."""
    shapes = [list(array.shape) for array in (input, indices)]
    for shape in shapes:
        shape[dim] = 1
    shape = list(np.broadcast_shapes(*map(tuple, shapes)))
    sizes = [[*shape], [*shape]]
    for whole, array in zip(sizes, (input, indices), strict=True):
        whole[dim] = array.shape[dim]
    return np.take_along_axis(np.broadcast_to(input, sizes[0]), np.broadcast_to(indices, sizes[1]), dim)


def put(input: Array, index: Array, source: Array, accumulate: bool) -> Array:
    """Return an array with elements written, or added, at places counted in row-major order."""
    made = wide(input)
    flat, parts = made.reshape(-1), wide(source).reshape(index.shape)
    if accumulate:
        np.add.at(flat, index, parts)
    else:
        flat[index] = parts
    return made.astype(input.dtype)


def put_rows(input: Array, rows: Array, columns: Array, values: Array, accumulate: bool) -> Array:
    """Return an array with values written, or added, at places of its first two dims."""
    made = wide(input)
    if accumulate:
        np.add.at(made, (rows, columns), wide(values))
    else:
        made[rows, columns] = wide(values)
    return made.astype(input.dtype)


def masked_scatter(input: Array, mask: Array, source: Array) -> Array:
    """Return an array with the elements of a source one after the other where a mask is True."""
    made, whole = input.copy(), np.broadcast_to(mask, input.shape)
    made[whole] = source.reshape(-1)[: int(whole.sum())]
    return made
