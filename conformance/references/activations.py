"""Activations in numpy, by the formulas of their pages, and their slopes."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.reference import Array, unbroadcast

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def in_float64(function: Callable[..., Array]) -> Callable[..., Array]:
    """Compute a function of arrays, one of them `input`, in float64, and give it in the dtype of input."""

    @functools.wraps(function)
    def computed(**arguments: Any) -> Array:
        wide = {
            name: value.astype(np.float64) if isinstance(value, np.ndarray) else value
            for name, value in arguments.items()
        }
        return np.asarray(function(**wide)).astype(arguments["input"].dtype)

    return computed


def _of_each(function: Callable[[float], float], input: Array) -> Array:
    """Return a function of one number for each element; of equal ones it is asked once."""
    values, places = np.unique(input, return_inverse=True)
    return np.array([function(value) for value in values.tolist()], float)[places].reshape(input.shape)


def _normal_cdf(input: Array) -> Array:
    return _of_each(lambda x: math.erfc(-x / math.sqrt(2)) / 2, input)


def sigmoid(input: Array) -> Array:
    """Return the logistic sigmoid, without overflow."""
    small = np.exp(-np.abs(input))
    return np.where(input < 0, small, 1) / (1 + small)


def _log1p_exp(input: Array) -> Array:
    return np.maximum(input, 0) + np.log1p(np.exp(-np.abs(input)))


@in_float64
def leaky_relu(input: Array, negative_slope: float) -> Array:
    """Return elements, the negative ones times the slope."""
    return np.where(input >= 0, input, negative_slope * input)


@in_float64
def threshold(input: Array, threshold: float, value: float) -> Array:
    """Return elements, a value in the place of those up to the threshold."""
    return np.where(input <= threshold, value, input)


@in_float64
def elu(input: Array, alpha: float) -> Array:
    """Return elements, the negative ones bent towards -alpha."""
    return np.where(input > 0, input, alpha * np.expm1(input))


def elu_slope(input: Array, alpha: float) -> Array:
    """Return the slope of `elu`."""
    return np.where(input > 0, 1, alpha * np.exp(input))


@in_float64
def selu(input: Array) -> Array:
    """Return elements, the negative ones bent, all scaled."""
    return SELU_SCALE * np.where(input > 0, input, SELU_ALPHA * np.expm1(input))


@in_float64
def celu(input: Array, alpha: float) -> Array:
    """Return elements, the negative ones bent towards -alpha, without a kink."""
    return np.where(input > 0, input, alpha * np.expm1(input / alpha))


def celu_slope(input: Array, alpha: float) -> Array:
    """Return the slope of `celu`."""
    return np.where(input > 0, 1, np.exp(input / alpha))


_ROOT, _CUBE = math.sqrt(2 / math.pi), 0.044715


@in_float64
def gelu(input: Array, approximate: str) -> Array:
    """Return elements times the normal distribution's cdf of them, or an estimate of it."""
    if approximate == "none":
        return input * _normal_cdf(input)
    return 0.5 * input * (1 + np.tanh(_ROOT * (input + _CUBE * input**3)))


def gelu_slope(input: Array, approximate: str) -> Array:
    """Return the slope of `gelu`."""
    if approximate == "none":
        return _normal_cdf(input) + input * np.exp(-input * input / 2) / math.sqrt(2 * math.pi)
    bent = np.tanh(_ROOT * (input + _CUBE * input**3))
    return 0.5 * (1 + bent) + 0.5 * input * (1 - bent**2) * _ROOT * (1 + 3 * _CUBE * input**2)


@in_float64
def silu(input: Array) -> Array:
    """Return elements times the sigmoid of them."""
    return input * sigmoid(input)


def silu_slope(input: Array) -> Array:
    """Return the slope of `silu`."""
    return sigmoid(input) * (1 + input * sigmoid(-input))


@in_float64
def mish(input: Array) -> Array:
    """Return elements times the hyperbolic tangent of the softplus of them."""
    return input * np.tanh(_log1p_exp(input))


def mish_slope(input: Array) -> Array:
    """Return the slope of `mish`."""
    bent = np.tanh(_log1p_exp(input))
    return bent + input * (1 - bent**2) * sigmoid(input)


@in_float64
def softplus(input: Array, beta: float, threshold: float) -> Array:
    """Return log(1 + exp(beta x)) / beta, or elements as they are above the threshold."""
    return np.where(beta * input > threshold, input, _log1p_exp(beta * input) / beta)


def softplus_slope(input: Array, beta: float, threshold: float) -> Array:
    """Return the slope of `softplus`."""
    return np.where(beta * input > threshold, 1, sigmoid(beta * input))


@in_float64
def hardsigmoid(input: Array) -> Array:
    """Return the straight line from 0 at -3 to 1 at 3, and what it ends with beyond."""
    return np.clip(input / 6 + 0.5, 0, 1)


@in_float64
def hardswish(input: Array) -> Array:
    """Return 0 up to -3, elements as they are from 3 on, and a parabola between."""
    return np.where(input <= -3, 0, np.where(input >= 3, input, input * (input + 3) / 6))


def hardswish_slope(input: Array) -> Array:
    """Return the slope of `hardswish`."""
    return np.where(input <= -3, 0, np.where(input >= 3, 1, (2 * input + 3) / 6))


@in_float64
def logsigmoid(input: Array) -> Array:
    """Return the logarithm of the sigmoid, without overflow."""
    return -_log1p_exp(-input)


@in_float64
def tanhshrink(input: Array) -> Array:
    """Return elements without their hyperbolic tangents."""
    return input - np.tanh(input)


@in_float64
def softsign(input: Array) -> Array:
    """Return elements divided by one more than their size."""
    return input / (1 + np.abs(input))


def _by_channel(input: Array, weight: Array) -> Array:
    return weight.reshape((1, -1, *[1] * (input.ndim - 2))) if weight.size > 1 else weight.reshape(())


@in_float64
def prelu(input: Array, weight: Array) -> Array:
    """Return elements, the negative ones times the weight, or that of their channel."""
    return np.where(input >= 0, input, _by_channel(input, weight) * input)


def prelu_gradient(upstream: Array, input: Array, weight: Array) -> tuple[Array, Array]:
    """Return the gradients of input and weight."""
    by_channel = _by_channel(input, weight)
    negative = unbroadcast(upstream * np.minimum(input, 0), by_channel.shape)
    return upstream * np.where(input > 0, 1, by_channel), negative.reshape(weight.shape)


@in_float64
def glu(input: Array, dim: int) -> Array:
    """Return the first half times the sigmoid of the second."""
    one, other = np.split(input, 2, dim)
    return one * sigmoid(other)


def glu_gradient(upstream: Array, input: Array, dim: int) -> Array:
    """Return the gradient of both halves."""
    one, other = np.split(input, 2, dim)
    gate = sigmoid(other)
    return np.concatenate([upstream * gate, upstream * one * gate * (1 - gate)], dim)


def _log_softmax(input: Array, dim: int) -> Array:
    rows = np.atleast_1d(input)
    shifted = rows - rows.max(dim, keepdims=True, initial=-np.inf)
    return (shifted - np.log(np.exp(shifted).sum(dim, keepdims=True))).reshape(input.shape)


def _sum(array: Array, dim: int) -> Array:
    return array.sum(dim, keepdims=True) if array.ndim else array


@in_float64
def softmax(input: Array, dim: int) -> Array:
    """Return shares of the sum of exponentials along a dim."""
    return np.exp(_log_softmax(input, dim))


def softmax_gradient(upstream: Array, input: Array, dim: int) -> Array:
    """Return the gradient of `softmax`."""
    shares = np.exp(_log_softmax(input.astype(float), dim))
    return shares * (upstream - _sum(upstream * shares, dim))


@in_float64
def log_softmax(input: Array, dim: int) -> Array:
    """Return the logarithms of `softmax`."""
    return _log_softmax(input, dim)


def log_softmax_gradient(upstream: Array, input: Array, dim: int) -> Array:
    """Return the gradient of `log_softmax`."""
    shares = np.exp(_log_softmax(input.astype(float), dim))
    return upstream - shares * _sum(upstream.astype(float), dim)


def _norm(input: Array, p: float, dim: int) -> Array:
    sizes = np.abs(input)
    if not input.ndim:
        return sizes
    if p == math.inf:
        return sizes.max(dim, keepdims=True, initial=0)
    return (sizes**p).sum(dim, keepdims=True) ** (1 / p)


@in_float64
def normalize(input: Array, p: float, dim: int) -> Array:
    """Return vectors along a dim divided by their p-norm, or by 1e-12 if that is larger."""
    return input / np.maximum(_norm(input, p, dim), 1e-12)


def normalize_gradient(upstream: Array, input: Array, dim: int) -> Array:
    """Return the gradient of vectors divided by their 2-norm, if that is not 0."""
    size = _norm(input.astype(float), 2, dim)
    unit = input / size
    return (upstream - unit * _sum(upstream * unit, dim)) / size
