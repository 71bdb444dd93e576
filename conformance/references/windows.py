"""Pooling, padding and resizing in numpy, by the formulas of their pages, and their gradients."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conformance.reference import Array
from conformance.references.activations import in_float64
from conformance.references.layers import Number, each

Window = Sequence[tuple[int, ...]]
"""The size of a window in each dim, its steps, the margins around the input, and its dilation."""


def _count(size: int, span: int, step: int, pad: int, ceil_mode: bool) -> int:
    """Return how often a window of a span fits; with `ceil_mode` it may go beyond the end."""
    steps = (size + 2 * pad - span) / step
    count = (math.ceil(steps) if ceil_mode else math.floor(steps)) + 1
    # A window that would start beyond the input and the margin before it is left out.
    return count - 1 if ceil_mode and (count - 1) * step >= size + pad else count


def _windows(input: Array, how: Window, ceil_mode: bool, outside: float) -> Array:
    """Return what windows show, those of all places in a window in a first dim, with `outside` in margins."""
    kernel_size, stride, padding, dilation = how
    dims = len(kernel_size)
    sizes = input.shape[-dims:]
    spans = [step * (size - 1) + 1 for size, step in zip(kernel_size, dilation, strict=True)]
    each_dim = list(zip(sizes, spans, stride, padding, strict=True))
    counts = [_count(size, span, step, pad, ceil_mode) for size, span, step, pad in each_dim]
    ends = [
        max((count - 1) * step + span - size - pad, 0)
        for count, (size, span, step, pad) in zip(counts, each_dim, strict=True)
    ]
    margins = [(0, 0)] * (input.ndim - dims) + list(zip(padding, ends, strict=True))
    padded = np.pad(input, margins, constant_values=outside)
    found = []
    for place in itertools.product(*map(range, kernel_size)):
        starts = [at * step for at, step in zip(place, dilation, strict=True)]
        slices = [
            slice(start, start + step * (count - 1) + 1, step)
            for start, step, count in zip(starts, stride, counts, strict=True)
        ]
        shown: Any = (..., *slices)
        found.append(padded[shown])
    return np.stack(found)


def _places(input: Array, dims: int) -> Array:
    """Return for each element its place in the last dims, counted row by row."""
    sizes = input.shape[-dims:]
    return np.broadcast_to(np.arange(float(math.prod(sizes))).reshape(sizes), input.shape)


def _window(dims: int, *numbers: Number) -> Window:
    return [each(number, dims) for number in numbers]


def max_pool(dims: int) -> Callable[..., Array]:
    """Return the pooling by the largest element over so many dims."""

    @in_float64
    def pool(
        input: Array, kernel_size: Number, stride: Number, padding: Number, dilation: Number, ceil_mode: bool
    ) -> Array:
        how = _window(dims, kernel_size, stride, padding, dilation)
        return _windows(input, how, ceil_mode, -np.inf).max(0)

    return pool


def _largest(
    dims: int,
    input: Array,
    kernel_size: Number,
    stride: Number,
    padding: Number,
    dilation: Number,
    ceil_mode: bool,
) -> Array:
    """Return where in the last dims the largest element of each window stands, counted row by row."""
    how = _window(dims, kernel_size, stride, padding, dilation)
    shown = _windows(input.astype(float), how, ceil_mode, -np.inf)
    places = _windows(_places(input, dims), how, ceil_mode, -1)
    return np.take_along_axis(places, shown.argmax(0)[np.newaxis], 0)[0].astype(np.int64)


def max_pool_indices(dims: int) -> Callable[..., Array]:
    """Return the same for the indices that such a pooling gives."""
    return functools.partial(_largest, dims)


def max_pool_gradient(dims: int) -> Callable[..., Array]:
    """Return the gradient of such a pooling: it goes to the largest element of each window."""

    def gradient(
        upstream: Array,
        input: Array,
        kernel_size: Number,
        stride: Number,
        padding: Number,
        dilation: Number,
        ceil_mode: bool,
    ) -> Array:
        places = _largest(dims, input, kernel_size, stride, padding, dilation, ceil_mode)
        return _added(upstream, places, input, dims)

    return gradient


def _added(upstream: Array, places: Array, input: Array, dims: int) -> Array:
    """Return zeros in the shape of the input with gradients added at places in its last dims."""
    rows, size = math.prod(input.shape[:-dims]), math.prod(input.shape[-dims:])
    found = np.zeros((rows, size))
    at = places.reshape(rows, math.prod(places.shape[-dims:]))
    np.add.at(found, (np.arange(rows)[:, np.newaxis], at), upstream.reshape(at.shape))
    return found.reshape(input.shape)


def _mean_windows(
    dims: int,
    input: Array,
    kernel_size: Number,
    stride: Number,
    padding: Number,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> tuple[Array, Array]:
    """Return what windows show, 0 outside, and by what to divide their sums."""
    how = _window(dims, kernel_size, stride, padding, 1)
    shown = _windows(input, how, ceil_mode, 0)
    if divisor_override is not None:
        return shown, np.array(float(divisor_override))
    ones = np.ones(input.shape[-dims:])
    if count_include_pad:  # what lies beyond the margin does not count
        ones = np.pad(ones, [(pad, pad) for pad in how[2]], constant_values=1)
        how = _window(dims, kernel_size, stride, 0, 1)
        counts = _windows(ones, how, ceil_mode, 0).sum(0)
        return shown, counts[tuple([slice(0, size) for size in shown.shape[-dims:]])]
    return shown, _windows(ones, how, ceil_mode, 0).sum(0)


def avg_pool(dims: int) -> Callable[..., Array]:
    """Return the pooling by the mean over so many dims."""

    @in_float64
    def pool(
        input: Array,
        kernel_size: Number,
        stride: Number,
        padding: Number,
        ceil_mode: bool,
        count_include_pad: bool,
        divisor_override: int | None,
    ) -> Array:
        shown, count = _mean_windows(
            dims, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        )
        return shown.sum(0) / count

    return pool


def avg_pool_gradient(dims: int) -> Callable[..., Array]:
    """Return the gradient of such a pooling: each element of a window gets an equal part."""

    def gradient(
        upstream: Array,
        input: Array,
        kernel_size: Number,
        stride: Number,
        padding: Number,
        ceil_mode: bool,
        count_include_pad: bool,
        divisor_override: int | None,
    ) -> Array:
        how: Any = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        _, count = _mean_windows(dims, input, *how)
        window = _window(dims, kernel_size, stride, padding, 1)
        places = _windows(_places(input, dims), window, ceil_mode, -1)
        shares = np.broadcast_to(upstream / count, places.shape)
        total = np.zeros(input.shape)
        for place, share in zip(places.astype(np.int64), shares, strict=True):
            total += _added(np.where(place < 0, 0, share), np.maximum(place, 0), input, dims)
        return total

    return gradient


def _bins(size: int, count: int) -> list[slice]:
    """Return where each of so many bins starts and ends, all elements of a size being in some."""
    return [slice(at * size // count, -(-(at + 1) * size // count)) for at in range(count)]


def adaptive_avg_pool(dims: int) -> Callable[..., Array]:
    """Return the means of as many bins as wanted in each of so many dims, which overlap if they must."""

    @in_float64
    def pool(input: Array, size: Number) -> Array:
        found = input
        for axis, count in zip(range(-dims, 0), each(size, dims), strict=True):
            rows = np.moveaxis(found, axis, -1)
            means = [rows[..., bin].mean(-1) for bin in _bins(rows.shape[-1], count)]
            found = np.moveaxis(np.stack(means, -1), -1, axis)
        return found

    return pool


def adaptive_avg_pool_gradient(dims: int) -> Callable[..., Array]:
    """Return the gradient of the same."""

    def gradient(upstream: Array, input: Array, size: Number) -> Array:
        found = upstream.astype(float)
        for axis, count in zip(range(-dims, 0), each(size, dims), strict=True):
            rows = np.moveaxis(found, axis, -1)
            passed = np.zeros((*rows.shape[:-1], input.shape[axis]))
            for at, bin in enumerate(_bins(input.shape[axis], count)):
                passed[..., bin] += rows[..., at : at + 1] / (bin.stop - bin.start)
            found = np.moveaxis(passed, -1, axis)
        return found

    return gradient


def _margins(input: Array, pad: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return what comes before and after each dim; pad names the last dim first."""
    pairs = list(zip(pad[::2], pad[1::2], strict=True))
    return [(0, 0)] * (input.ndim - len(pairs)) + pairs[::-1]


def pad(input: Array, pad: tuple[int, ...], value: float | Array) -> Array:
    """Return elements with a value around them, without what a negative margin cuts off."""
    margins = _margins(input, pad)
    cut = [
        slice(max(-before, 0), size - max(-after, 0))
        for size, (before, after) in zip(input.shape, margins, strict=True)
    ]
    shape = [size + before + after for size, (before, after) in zip(input.shape, margins, strict=True)]
    found = np.full(shape, value).astype(input.dtype)
    place = [
        slice(max(before, 0), size - max(after, 0))
        for size, (before, after) in zip(shape, margins, strict=True)
    ]
    found[tuple(place)] = input[tuple(cut)]
    return found


def continued(mode: Any) -> Callable[..., Array]:
    """Return a padding that goes on with elements in one of numpy's ways."""

    def padded(input: Array, pad: tuple[int, ...]) -> Array:
        return np.pad(input, _margins(input, pad), mode=mode)

    return padded


def interpolate(input: Array, size: tuple[int, ...], mode: str) -> Array:
    """Return the nearest elements, those at the start of what each new one covers, or in its middle."""
    found = input
    for at, count in enumerate(size):
        axis = input.ndim - len(size) + at
        half = int(mode == "nearest-exact")
        found = found.take((2 * np.arange(count) + half) * input.shape[axis] // (2 * count), axis)
    return found


def pixel_shuffle(input: Array, upscale_factor: int) -> Array:
    """Return elements with the squares of channels laid out in rows and columns."""
    *lead, channels, rows, columns = input.shape
    r = upscale_factor
    parts = input.reshape(*lead, channels // (r * r), r, r, rows, columns)
    moved = np.moveaxis(parts, (-4, -3), (-3, -1))
    return moved.reshape(*lead, channels // (r * r), rows * r, columns * r)


def pixel_unshuffle(input: Array, downscale_factor: int) -> Array:
    """Return the reverse of `pixel_shuffle`."""
    *lead, channels, rows, columns = input.shape
    r = downscale_factor
    parts = input.reshape(*lead, channels, rows // r, r, columns // r, r)
    moved = np.moveaxis(parts, (-3, -1), (-4, -3))
    return moved.reshape(*lead, channels * r * r, rows // r, columns // r)


def cosine_similarity(x1: Array, x2: Array, dim: int, eps: float) -> Array:
    """Return the cosines of the angles between vectors along a dim."""
    one, other = x1.astype(float), x2.astype(float)
    sizes = [np.maximum(np.sqrt((x * x).sum(dim)), eps) for x in (one, other)]
    return ((one * other).sum(dim) / sizes[0] / sizes[1]).astype(x1.dtype)


def pairwise_distance(x1: Array, x2: Array, p: float, eps: float, keepdim: bool) -> Array:
    """Return the p-norms of differences, with eps added, of vectors along the last dim."""
    away = np.abs(x1.astype(float) - x2.astype(float) + eps)
    found = (away**p).sum(-1, keepdims=keepdim) ** (1 / p)
    return np.asarray(found).astype(x1.dtype)
