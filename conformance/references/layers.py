"""Layers in numpy, by the formulas of their pages, and their gradients."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.reference import Array
from conformance.references.activations import in_float64

Number = int | tuple[int, ...]
Padding = Number | str


def most(array: Array) -> float:
    """Return the size of the largest element but for NaN, at least 1."""
    return float(np.fmax.reduce(np.abs(array.astype(float)), axis=None, initial=1.0))


def of_all(upstream: Array) -> float:
    """Return what a gradient that adds up upstream ones, times numbers of up to 8, is no larger than."""
    return float(np.abs(upstream.astype(float)).sum()) * 8 + 1


def linear_scale(input: Array, weight: Array, bias: Array) -> float:
    """Return what the sizes of all terms of a linear layer, or of a convolution, add up to at most."""
    return most(input) * most(weight) * math.prod(weight.shape[1:]) + most(bias)


@in_float64
def linear(input: Array, weight: Array, bias: Array) -> Array:
    """Return x A^T + b."""
    return input @ weight.T + bias


def linear_gradient(upstream: Array, input: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Return the gradients of input, weight and bias."""
    rows = upstream.reshape(-1, weight.shape[0])
    return upstream @ weight, rows.T @ input.reshape(len(rows), weight.shape[1]), rows.sum(0)


def embedding_gradient(upstream: Array, index: Array, weight: Array, padding_idx: int | None) -> Array:
    """Return for each row what was passed to it, for the padding 0."""
    found = np.zeros(weight.shape, upstream.dtype)
    np.add.at(found, index, upstream)
    if padding_idx is not None:
        found[padding_idx] = 0
    return found


def _moments(input: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    mean = input.mean(axes, keepdims=True)
    return mean, ((input - mean) ** 2).mean(axes, keepdims=True)


def normalized_scale(input: Array, axes: tuple[int, ...], weight: Array, eps: float) -> float:
    """Return to what the rounding is relative: that of the mean is divided by the deviation."""
    _, variance = _moments(input.astype(float), axes)
    deviation = float(np.sqrt(np.fmin.reduce(variance, axis=None, initial=1.0) + eps))
    return most(input) * most(weight) / deviation


def standardized(input: Array, axes: tuple[int, ...], eps: float) -> Array:
    """Return elements without their mean over the axes, divided by their deviation."""
    mean, variance = _moments(input, axes)
    return (input - mean) / np.sqrt(variance + eps)


def standardized_gradient(upstream: Array, input: Array, axes: tuple[int, ...], eps: float) -> Array:
    """Return the gradient of `standardized`."""
    found = standardized(input, axes, eps)
    _, variance = _moments(input, axes)
    along = upstream.mean(axes, keepdims=True) + found * (upstream * found).mean(axes, keepdims=True)
    return (upstream - along) / np.sqrt(variance + eps)


def last(normalized_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes of the last dims."""
    return tuple(range(-len(normalized_shape), 0))


@in_float64
def layer_norm(
    input: Array, normalized_shape: tuple[int, ...], weight: Array, bias: Array, eps: float
) -> Array:
    """Return elements standardized over the last dims, times weight, plus bias."""
    return standardized(input, last(normalized_shape), eps) * weight + bias


Three = tuple[Array, Array, Array]


def layer_norm_gradient(
    upstream: Array, input: Array, normalized_shape: tuple[int, ...], weight: Array, eps: float
) -> Three:
    """Return the gradients of input, weight and bias."""
    input, over = input.astype(float), last(normalized_shape)
    rows = tuple(range(input.ndim - len(over)))
    return (
        standardized_gradient(upstream * weight, input, over, eps),
        (upstream * standardized(input, over, eps)).sum(rows),
        upstream.sum(rows),
    )


def grouped(input: Array, num_groups: int) -> Array:
    """Return elements with the groups of channels in a dim of their own, and all else in the last."""
    return input.reshape(input.shape[0], num_groups, math.prod(input.shape[1:]) // num_groups)


def by_channel(values: Array, input: Array) -> Array:
    """Return values for channels so that they meet them in the second dim of the input."""
    return values.reshape(-1, *[1] * (input.ndim - 2))


@in_float64
def group_norm(input: Array, num_groups: int, weight: Array, bias: Array, eps: float) -> Array:
    """Return elements standardized over each group, times the weight of their channel, plus its bias."""
    found = standardized(grouped(input, num_groups), (2,), eps).reshape(input.shape)
    return found * by_channel(weight, input) + by_channel(bias, input)


def off_channels(input: Array) -> tuple[int, ...]:
    """Return the axes of all dims but that of the channels."""
    return (0, *range(2, input.ndim))


def group_norm_gradient(upstream: Array, input: Array, num_groups: int, weight: Array, eps: float) -> Three:
    """Return the gradients of input, weight and bias."""
    input, rest = input.astype(float), off_channels(input)
    rows = grouped(input, num_groups)
    passed = grouped(upstream * by_channel(weight, input), num_groups)
    found = standardized(rows, (2,), eps).reshape(input.shape)
    return (
        standardized_gradient(passed, rows, (2,), eps).reshape(input.shape),
        (upstream * found).sum(rest),
        upstream.sum(rest),
    )


@in_float64
def batch_norm(
    input: Array, running_mean: Array, running_var: Array, weight: Array, bias: Array, eps: float
) -> Array:
    """Return elements without the running mean, divided by the running deviation, times weight, plus bias."""
    mean, variance, weight, bias = [
        by_channel(each, input) for each in (running_mean, running_var, weight, bias)
    ]
    return (input - mean) / np.sqrt(variance + eps) * weight + bias


@in_float64
def batch_norm_of_batch(input: Array, weight: Array, bias: Array, eps: float) -> Array:
    """Return elements standardized over each channel, times its weight, plus its bias."""
    found = standardized(input, off_channels(input), eps)
    return found * by_channel(weight, input) + by_channel(bias, input)


def batch_norm_gradient(
    upstream: Array, input: Array, running_mean: Array, running_var: Array, weight: Array, eps: float
) -> Three:
    """Return the gradients of input, weight and bias, the running statistics held."""
    rest = off_channels(input)
    mean, variance, weight = [by_channel(each, input) for each in (running_mean, running_var, weight)]
    deviation = np.sqrt(variance + eps)
    return (
        upstream * weight / deviation,
        (upstream * (input - mean) / deviation).sum(rest),
        upstream.sum(rest),
    )


def batch_norm_of_batch_gradient(upstream: Array, input: Array, weight: Array, eps: float) -> Three:
    """Return the gradients of input, weight and bias, where mean and deviation move with the input."""
    input, rest = input.astype(float), off_channels(input)
    return (
        standardized_gradient(upstream * by_channel(weight, input), input, rest, eps),
        (upstream * standardized(input, rest, eps)).sum(rest),
        upstream.sum(rest),
    )


def each(number: Number, dims: int) -> tuple[int, ...]:
    """Return a number for each of so many dims."""
    return number if isinstance(number, tuple) else (number,) * dims


def paddings(padding: Padding, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """Return how much is put on both sides of each dim; same is what keeps the sizes."""
    if padding == "valid":
        return (0,) * len(kernel)
    if padding == "same":
        return tuple([step * (size - 1) // 2 for size, step in zip(kernel, dilation, strict=True)])
    return each(padding, len(kernel))  # type: ignore[arg-type]


def _windows(
    kernel: tuple[int, ...], sizes: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> Iterator[tuple[Any, Any]]:
    """Return for each place in the kernel where it stands, over all steps, in a padded input of the sizes."""
    counts = [
        (size - step * (width - 1) - 1) // along + 1
        for size, width, along, step in zip(sizes, kernel, stride, dilation, strict=True)
    ]
    for place in itertools.product(*map(range, kernel)):
        slices = [
            slice(at * step, at * step + along * (count - 1) + 1, along)
            for at, step, along, count in zip(place, dilation, stride, counts, strict=True)
        ]
        yield (..., *place), (..., *slices)


def _batched(input: Array, dims: int) -> Array:
    return input if input.ndim == dims + 2 else input[np.newaxis]


class _Convolution:
    """What the result and the gradients of a convolution are made of."""

    def __init__(
        self, input: Array, weight: Array, stride: Number, padding: Padding, dilation: Number, groups: int
    ) -> None:
        dims = weight.ndim - 2
        kernel = weight.shape[2:]
        self.steps = each(dilation, dims)
        self.pads = paddings(padding, kernel, self.steps)
        batched = _batched(input, dims)
        padded = np.pad(batched, [(0, 0), (0, 0), *[(pad, pad) for pad in self.pads]])
        self.input = padded.reshape(len(padded), groups, padded.shape[1] // groups, *padded.shape[2:])
        self.weight = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
        self.windows = list(_windows(kernel, padded.shape[2:], each(stride, dims), self.steps))


def conv(
    input: Array,
    weight: Array,
    bias: Array,
    stride: Number,
    padding: Padding,
    dilation: Number,
    groups: int,
) -> Array:
    """Return the sums of the products of kernels with what they stand on, plus the bias of each kernel."""
    made = _Convolution(input.astype(float), weight.astype(float), stride, padding, dilation, groups)
    found = sum(
        np.einsum("ngc...,goc->ngo...", made.input[window], made.weight[place])
        for place, window in made.windows
    )
    whole = found.reshape(len(found), weight.shape[0], *found.shape[3:])
    whole = whole + by_channel(bias.astype(float), whole)
    return whole.reshape(whole.shape[input.ndim < weight.ndim :]).astype(input.dtype)


def conv_gradient(
    upstream: Array,
    input: Array,
    weight: Array,
    stride: Number,
    padding: Padding,
    dilation: Number,
    groups: int,
) -> Three:
    """Return the gradients of input, weight and bias."""
    dims = weight.ndim - 2
    made = _Convolution(input, weight, stride, padding, dilation, groups)
    passed = _batched(upstream, dims)
    passed = passed.reshape(len(passed), *made.weight.shape[:2], *passed.shape[2:])
    of_input: Array = np.zeros(made.input.shape)
    of_weight: Array = np.zeros(made.weight.shape)
    for place, window in made.windows:
        of_input[window] += np.einsum("ngo...,goc->ngc...", passed, made.weight[place])
        products = np.einsum("ngox,ngcx->goc", _flat(passed), _flat(made.input[window]))
        of_weight[place] = products
    sizes = of_input.shape[3:]
    inner: Any = (..., *[slice(pad, full - pad) for pad, full in zip(made.pads, sizes, strict=True)])
    bias = _flat(passed).sum((0, 3)).reshape(-1)
    return of_input[inner].reshape(input.shape), of_weight.reshape(weight.shape), bias


def _flat(array: Array) -> Array:
    return array.reshape(*array.shape[:3], math.prod(array.shape[3:]))


def moved_mean(input: Array, before: Array, momentum: float) -> Array:
    """Return what a running mean of channels becomes when it has seen an input."""
    mean = input.astype(float).mean(off_channels(input))
    return np.asarray((1 - momentum) * before.astype(float) + momentum * mean)


def moved_variance(input: Array, before: Array, momentum: float) -> Array:
    """Return what a running variance of channels becomes when it has seen an input."""
    variance = input.astype(float).var(off_channels(input), ddof=1)
    return np.asarray((1 - momentum) * before.astype(float) + momentum * variance)
