"""Reductions and scans in numpy, with the dtypes that torch documents for their results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from conformance.reference import Array
from conformance.references.indexing import wide

Dim = int | tuple[int, ...] | None


def axes(input: Array, dim: Dim) -> tuple[int, ...]:
    """Return the axes that a dim names: all for None and (), none of a 0-d array."""
    if dim is None or dim == () or not input.ndim:
        return tuple(range(input.ndim))
    return tuple([at % input.ndim for at in (dim if isinstance(dim, tuple) else (dim,))])


def whole(dtype: np.dtype[Any]) -> Any:
    """Return the dtype in which sums and products of a dtype are given: int64 for whole numbers and bool."""
    return np.dtype(np.int64) if dtype.kind in "iub" else dtype


def floating(array: Array) -> Array:
    """Return an array of float64, or of complex128."""
    found: Array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    return found


def _numbers(input: Array) -> Array:
    return input.astype(np.int64) if input.dtype.kind in "iub" else floating(input)


def total(input: Array, dim: Dim, keepdim: bool) -> Array:
    """Return sums."""
    return np.asarray(_numbers(input).sum(axes(input, dim), keepdims=keepdim)).astype(whole(input.dtype))


def nan_total(input: Array, dim: Dim, keepdim: bool) -> Array:
    """Return sums in which a NaN counts as 0."""
    return total(np.where(np.isnan(floating(input)), np.zeros_like(input), input), dim, keepdim)


def mean(input: Array, dim: Dim, keepdim: bool) -> Array:
    """Return means."""
    found = floating(input).sum(axes(input, dim), keepdims=keepdim) / count(input, dim)
    return np.asarray(found).astype(input.dtype)


def nan_mean(input: Array, dim: Dim, keepdim: bool) -> Array:
    """Return means of all but NaN."""
    numbers = floating(input)
    known = ~np.isnan(numbers)
    found = np.where(known, numbers, 0).sum(axes(input, dim), keepdims=keepdim)
    return np.asarray(found / known.sum(axes(input, dim), keepdims=keepdim)).astype(input.dtype)


def count(input: Array, dim: Dim) -> np.float64:
    """Return how many elements are reduced to one."""
    return np.float64(np.prod([input.shape[at] for at in axes(input, dim)]))


def product(input: Array, dim: int, keepdim: bool) -> Array:
    """Return products over a dim."""
    return np.asarray(_numbers(input).prod(axes(input, dim), keepdims=keepdim)).astype(whole(input.dtype))


def variance(input: Array, dim: Dim, correction: int, keepdim: bool) -> Array:
    """Return variances."""
    numbers = floating(input)
    center = numbers.sum(axes(input, dim), keepdims=True) / count(input, dim)
    away = np.abs(numbers - center) ** 2
    found = away.sum(axes(input, dim), keepdims=keepdim) / np.maximum(count(input, dim) - correction, 0)
    return np.asarray(found).astype(_real(input.dtype))


def deviation(input: Array, dim: Dim, correction: int, keepdim: bool) -> Array:
    """Return standard deviations."""
    return np.asarray(np.sqrt(variance(floating(input), dim, correction, keepdim))).astype(_real(input.dtype))


def _real(dtype: np.dtype[Any]) -> Any:
    return {"complex64": np.float32, "complex128": np.float64}.get(dtype.name, dtype)


def _truth(found: Array, input: Array) -> Array:
    return np.asarray(found).astype(np.uint8 if input.dtype == np.uint8 else bool)


def some(input: Array, dim: Dim, keepdim: bool) -> Array:
    """Return whether some element is not 0; of uint8 as uint8."""
    return _truth((input != 0).any(axes(input, dim), keepdims=keepdim), input)


def every(input: Array, dim: Dim, keepdim: bool) -> Array:
    """Return whether no element is 0; of uint8 as uint8."""
    return _truth((input != 0).all(axes(input, dim), keepdims=keepdim), input)


def nonzeros(input: Array, dim: Dim) -> Array:
    """Return how many elements are not 0."""
    return np.asarray((input != 0).sum(axes(input, dim), dtype=np.int64))


def logsumexp(input: Array, dim: Dim, keepdim: bool) -> Array:
    """Return logarithms of sums of exponentials."""
    numbers, over = floating(input), axes(input, dim)
    if not numbers.size:
        return np.asarray(np.log(np.exp(numbers).sum(over, keepdims=keepdim))).astype(input.dtype)
    top = numbers.max(over, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    found = np.log(np.exp(numbers - top).sum(over, keepdims=True)) + top
    return (found if keepdim else np.squeeze(found, over)).astype(input.dtype)


def norm(input: Array, p: float, dim: Dim, keepdim: bool) -> Array:
    """Return p-norms."""
    sizes, over = np.abs(floating(input)), axes(input, dim)
    found = (
        sizes.max(over, keepdims=keepdim)
        if p == np.inf
        else (sizes**p).sum(over, keepdims=keepdim) ** (1 / p)
    )
    return np.asarray(found).astype(_real(input.dtype))


def _sorted(input: Array, dim: int) -> Array:
    rows = floating(input) if input.dtype == ml_dtypes.bfloat16 else input
    return np.sort(np.atleast_1d(rows), dim)


def _taken(rows: Array, place: Array, input: Array, dim: int, keepdim: bool) -> Array:
    found = np.take_along_axis(rows, place, dim)
    return (found if keepdim and input.ndim else found.squeeze(dim)).astype(input.dtype)


def median(input: Array, dim: int, keepdim: bool) -> Array:
    """Return medians, the lower one of two; NaN if there is one."""
    rows = _sorted(input, dim)
    shape = [1 if at == dim % rows.ndim else size for at, size in enumerate(rows.shape)]
    place = np.full(shape, (rows.shape[dim] - 1) // 2)
    place = np.where(np.isnan(np.take(rows, [-1], dim)), -1, place)
    return _taken(rows, place, input, dim, keepdim)


def nan_median(input: Array, dim: int, keepdim: bool) -> Array:
    """Return medians of all but NaN, the lower one of two."""
    rows = _sorted(input, dim)
    known = (~np.isnan(rows)).sum(dim, keepdims=True)
    return _taken(rows, np.maximum(known - 1, 0) // 2, input, dim, keepdim)


def mode(input: Array, dim: int, keepdim: bool) -> Array:
    """Return the values that appear most often, the smallest of them."""
    rows = np.moveaxis(_sorted(input, dim), dim, -1)
    flat = rows.reshape(-1, rows.shape[-1])
    found = []
    for row in flat:
        values, counts = np.unique(row, return_counts=True)
        found.append(values[counts.argmax()])
    made = np.array(found, rows.dtype).reshape(rows.shape[:-1])
    made = np.expand_dims(made, dim) if keepdim and input.ndim else made
    return made.reshape(()).astype(input.dtype) if not input.ndim else made.astype(input.dtype)


def quantile(input: Array, q: float, dim: int | None, keepdim: bool, interpolation: str) -> Array:
    """Return quantiles."""
    axis = dim if input.ndim else None
    made = np.quantile(input.astype(np.float64), q, axis=axis, keepdims=keepdim, method=interpolation)
    return np.asarray(made).astype(input.dtype)


def scan(function: Any) -> Callable[..., Array]:
    """Return a scan by a function of numpy of two elements."""

    def along(input: Array, dim: int) -> Array:
        found = function.accumulate(_numbers(np.atleast_1d(input)), dim).reshape(input.shape)
        return np.asarray(found).astype(whole(input.dtype))

    return along


def running(function: Any) -> Callable[..., Array]:
    """Return the running largest or smallest element, NaN from the first NaN on."""

    def along(input: Array, dim: int) -> Array:
        rows = floating(input) if input.dtype == ml_dtypes.bfloat16 else input
        return np.asarray(function.accumulate(np.atleast_1d(rows), dim).reshape(input.shape)).astype(
            input.dtype
        )

    return along


def logcumsumexp(input: Array, dim: int) -> Array:
    """Return the logarithms of running sums of exponentials."""
    found = np.logaddexp.accumulate(np.atleast_1d(floating(input)), dim)
    return np.asarray(found.reshape(input.shape)).astype(input.dtype)


def diff(input: Array, n: int, dim: int) -> Array:
    """Return differences of neighbours, n times."""
    found = wide(input)
    for _ in range(n):
        found = np.diff(found, axis=dim)
    return found.astype(input.dtype)


def trapezoid(input: Array, dim: int) -> Array:
    """Return the means of neighbours, added up."""
    rows = np.moveaxis(floating(input), dim, -1)
    found = ((rows[..., 1:] + rows[..., :-1]) / 2).sum(-1)
    return np.asarray(found).astype(input.dtype if input.dtype.kind in "fcV" else np.float32)


def kept(upstream: Array, input: Array, dim: Dim) -> Array:
    """Return a gradient of what was reduced with size 1 where it was, whether the dims were kept or not."""
    over = axes(input, dim)
    return upstream.reshape([1 if at in over else size for at, size in enumerate(input.shape)])


def spread(upstream: Array, input: Array, dim: Dim) -> Array:
    """Return the same repeated over the dims that were reduced."""
    return np.broadcast_to(kept(upstream, input, dim), input.shape)


def backwards(array: Array, dim: int) -> Array:
    """Return running sums from the end."""
    rows = np.atleast_1d(array)
    return np.flip(np.cumsum(np.flip(rows, dim), dim), dim).reshape(array.shape)


def deviation_gradient(upstream: Array, input: Array, dim: Dim, correction: int) -> Array:
    """Return the gradient of variances."""
    away = input - input.mean(axes(input, dim), keepdims=True)
    return spread(upstream, input, dim) * 2 * away / np.maximum(count(input, dim) - correction, 0)


def diff_gradient(upstream: Array, input: Array, n: int, dim: int) -> Array:
    """Return the gradient of differences: the last of each pair is added, the first subtracted."""
    found = np.moveaxis(upstream, dim, -1)
    for _ in range(min(n, input.shape[dim])):
        ends = [(0, 0)] * (found.ndim - 1)
        found = np.pad(found, [*ends, (1, 0)]) - np.pad(found, [*ends, (0, 1)])
    made = np.moveaxis(found, -1, dim)
    return made if made.shape == input.shape else np.zeros_like(input)


def trapezoid_gradient(upstream: Array, input: Array, dim: int) -> Array:
    """Return the gradient of the trapezoidal rule: the ends count half."""
    weights = np.ones(input.shape[dim])
    weights[:1] -= 0.5
    weights[-1:] -= 0.5
    if input.shape[dim] < 2:
        weights[:] = 0
    shape = [1] * input.ndim
    shape[dim] = -1
    return np.expand_dims(upstream, dim) * weights.reshape(shape)


def to_the_place(upstream: Array, input: Array, dim: int, result: Array) -> Array:
    """Return the gradient of what picks one of several distinct elements of a dim: it goes to that one."""
    rows, picked = np.atleast_1d(input), kept(result, input, dim)
    return np.where(rows == picked, kept(upstream, input, dim), 0).reshape(input.shape)
