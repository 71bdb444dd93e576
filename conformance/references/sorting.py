"""Sorting and searching in numpy."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from conformance.reference import Array


def _comparable(input: Array) -> Array:
    return np.atleast_1d(input.astype(np.float64) if input.dtype == ml_dtypes.bfloat16 else input)


def order(input: Array, dim: int, descending: bool) -> Array:
    """Return where the elements of a dim stand when sorted, equal ones in their order, NaN as the largest."""
    rows = _comparable(input)
    if not descending:
        return np.argsort(rows, dim, kind="stable").reshape(input.shape)
    backward = np.argsort(np.flip(rows, dim), dim, kind="stable")
    return np.flip(rows.shape[dim] - 1 - backward, dim).reshape(input.shape)


def sort(input: Array, dim: int, descending: bool) -> Array:
    """Return the elements of a dim in order."""
    places = np.atleast_1d(order(input, dim, descending))
    return np.take_along_axis(np.atleast_1d(input), places, dim).reshape(input.shape)


def sort_gradient(upstream: Array, input: Array, dim: int, descending: bool) -> Array:
    """Return the gradient of sorting distinct elements: each goes back to where its element stood."""
    made = np.zeros_like(np.atleast_1d(upstream))
    np.put_along_axis(made, np.atleast_1d(order(input, dim, descending)), np.atleast_1d(upstream), dim)
    return made.reshape(input.shape)


def topk(input: Array, k: int, dim: int, largest: bool) -> Array:
    """Return the k largest or smallest elements of a dim, in order."""
    rows = np.atleast_1d(sort(input, dim, largest))
    found: Array = np.take(rows, np.arange(k), dim)
    return found.reshape(()) if not input.ndim else found


def kthvalue(input: Array, k: int, dim: int, keepdim: bool) -> Array:
    """Return the k-th smallest element of a dim."""
    rows = np.atleast_1d(sort(input, dim, False))
    found: Array = np.take(rows, [k - 1], dim)
    return found if keepdim and input.ndim else found.squeeze(dim)


def unique(input: Array) -> tuple[Array, Array, Array]:
    """Return the different elements in order, at which of them each element stands, and how many each has."""
    values, inverse, counts = np.unique(_comparable(input), return_inverse=True, return_counts=True)
    return values.astype(input.dtype), inverse.reshape(input.shape).astype(np.int64), counts.astype(np.int64)


def unique_consecutive(input: Array) -> tuple[Array, Array, Array]:
    """Return the first of each run of equal elements, which run each element is in, and all lengths."""
    flat = input.reshape(-1)
    first = np.ones(flat.shape, bool)
    first[1:] = flat[1:] != flat[:-1]
    runs = np.cumsum(first, dtype=np.int64) - 1
    counts = np.bincount(runs, minlength=int(first.sum())) if flat.size else np.zeros(0, int)
    return flat[first], runs.reshape(input.shape), counts.astype(np.int64)


def searchsorted(sorted_sequence: Array, input: Array, right: bool) -> Array:
    """Return where values would stand in a sorted sequence, after equal ones or before them."""
    return np.asarray(np.searchsorted(sorted_sequence, input, "right" if right else "left")).astype(np.int64)


def bincount(input: Array, minlength: int) -> Array:
    """Return how often each whole number stands there."""
    return np.bincount(input.astype(np.int64), minlength=minlength).astype(np.int64)


def histc(input: Array, bins: int, low: float, high: float) -> Array:
    """Return how many elements are in each of the equal bins, the last of which has its upper end."""
    found, _ = np.histogram(input.reshape(-1).astype(np.float64), bins, (low, high))
    return found.astype(input.dtype)


def isin(input: Array, test_elements: Array, invert: bool) -> Array:
    """Return whether elements are among others."""
    return np.isin(_comparable(input), _comparable(test_elements), invert=invert).reshape(input.shape)
