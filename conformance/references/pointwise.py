"""Functions that go element by element, in numpy: computed one precision higher, and then rounded once."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np

from conformance import reference
from conformance.reference import Array
from conformance.references.promotion import BFLOAT16, common, kind

Function = Callable[..., Any]

_HIGHER: dict[Any, Any] = {
    BFLOAT16: np.float64,
    np.dtype(np.float16): np.float64,
    np.dtype(np.float32): np.float64,
    np.dtype(np.float64): np.longdouble,
    np.dtype(np.complex64): np.complex128,
    np.dtype(np.complex128): np.clongdouble,
}
"""The dtype in which those of a floating one are computed; where long doubles are doubles, it is the same."""


def computed(function: Function, *operands: Any, floats: bool = False) -> Array:
    """Return what a function of numpy gives for operands in the dtype that they promote to, rounded to that.

    With `floats`, whole numbers are numbers of the default dtype.
    """
    dtype = common(operands)
    if floats and kind(dtype) < 2:
        dtype = np.dtype(np.float32)
    higher = _HIGHER.get(dtype, dtype)
    made = [np.asarray(operand).astype(dtype).astype(higher) for operand in operands]
    return np.asarray(function(*made)).astype(dtype)


def told(function: Function, *operands: Any) -> Array:
    """Return what a function tells of operands in the dtype that they promote to: True or False."""
    dtype = common(operands)
    wide = np.dtype(np.float32) if dtype == BFLOAT16 else dtype
    return np.asarray(function(*[np.asarray(operand).astype(dtype).astype(wide) for operand in operands]))


def of_one(function: Function, *, floats: bool = False) -> Callable[..., Array]:
    """Return a reference that computes a function of `input`."""
    return lambda input: computed(function, input, floats=floats)


def of_two(function: Function, *, floats: bool = False) -> Callable[..., Array]:
    """Return a reference that computes a function of `input` and `other`."""
    return lambda input, other: computed(function, input, other, floats=floats)


def tells(function: Function) -> Callable[..., Array]:
    """Return a reference that tells something of `input`."""
    return lambda input: told(function, input)


def compares(function: Function) -> Callable[..., Array]:
    """Return a reference that compares `input` and `other`."""
    return lambda input, other: told(function, input, other)


def derived(derivative: Function) -> Callable[..., Array]:
    """Return the gradient of a function of `input` by its derivative."""
    return lambda upstream, input: upstream * derivative(input.astype(np.float64))


def derived_by_both(by_input: Function, by_other: Function) -> Callable[..., tuple[Array, ...]]:
    """Return the gradients of a function of `input` and `other` by its partial derivatives.

    They take `alpha`, too, if the function does.
    """
    derivatives = (by_input, by_other)
    if "alpha" in inspect.signature(by_input).parameters:
        return lambda upstream, input, other, alpha: chained(
            upstream, (input, other), tuple([partial(found, alpha=alpha) for found in derivatives])
        )
    return lambda upstream, input, other: chained(upstream, (input, other), derivatives)


def chained(
    upstream: Array, tensors: tuple[Array, ...], derivatives: tuple[Function, ...]
) -> tuple[Array, ...]:
    """Return the gradients of tensors that broadcast, each added up over the dims along which it did."""
    wide = [tensor.astype(np.float64) for tensor in tensors]
    return tuple(
        [
            reference.unbroadcast(np.asarray(upstream * derivative(*wide)), tensor.shape)
            for tensor, derivative in zip(tensors, derivatives, strict=True)
        ]
    )


def added_up(upstream: Array, *tensors: Array) -> float:
    """Return how large the numbers are that are added up to a gradient of one of some tensors, together."""
    sizes = np.abs(upstream.astype(np.float64))
    return max(float(reference.unbroadcast(sizes, tensor.shape).max(initial=1.0)) for tensor in tensors) * 10


def with_alpha(function: Function) -> Callable[..., Array]:
    """Return a reference that computes a function of `input` and `alpha` times `other`."""
    return lambda input, other, alpha: computed(lambda x, y: function(x, y * alpha), input, other)


def truncated_quotient(input: Array, other: Array) -> Array:
    """Return quotients rounded towards zero."""
    found = np.floor_divide(np.abs(input), np.abs(other))
    return np.asarray(found * np.sign(input) * np.sign(other))


def direction(input: Array) -> Array:
    """Return numbers divided by their absolute values, 0 for 0."""
    sizes = np.abs(input)
    return np.asarray(np.where(sizes == 0, input, input / np.where(sizes == 0, 1, sizes)))


def power_of_doubles(input: Array, exponent: Array) -> Array:
    """Return powers of numbers of float64."""
    return computed(np.power, input.astype(np.float64), exponent.astype(np.float64))


def clamped(input: Array, min: Any, max: Any) -> Array:
    """Return numbers with those below `min` raised to it, and then those above `max` lowered to it."""
    found = input if min is None else np.maximum(input, min)
    return np.asarray(found if max is None else np.minimum(found, max)).astype(input.dtype)


def times_power_of_2(input: Array, other: Array) -> Array:
    """Return numbers times powers of 2, in their dtype."""
    return np.asarray(input.astype(np.float64) * 2.0 ** other.astype(np.float64)).astype(input.dtype)


def mantissa_and_exponent(input: Array) -> tuple[Array, Array]:
    """Return mantissas in [0.5, 1), or of this size, and the exponents of 2 that go with them."""
    mantissa, exponent = np.frexp(input.astype(np.float64))
    return np.asarray(mantissa).astype(input.dtype), np.asarray(exponent).astype(np.int32)


def following(input: Array, other: Array) -> Array:
    """Return the next numbers towards others."""
    return np.asarray(np.nextafter(input, other))


def without_nan(input: Array, nan: float, posinf: float | None, neginf: float | None) -> Array:
    """Return numbers with others for NaN and infinities, for None with the extremes of the dtype."""
    largest = ml_dtypes.finfo(input.dtype).max if input.dtype == BFLOAT16 else np.finfo(input.dtype).max
    wide = input.astype(np.float64)
    found = np.where(np.isnan(wide), nan, wide)
    found = np.where(wide == np.inf, float(largest) if posinf is None else posinf, found)
    return np.where(wide == -np.inf, -float(largest) if neginf is None else neginf, found).astype(input.dtype)


def power(input: Array, exponent: Array) -> Array:
    """Return powers; of 0.5, numpy takes the square root, which -inf has none of."""
    return np.asarray(np.where((input == -np.inf) & (exponent == 0.5), np.inf, np.power(input, exponent)))


def is_close(input: Array, other: Array, rtol: float, atol: float, equal_nan: bool) -> Array:
    """Return where numbers are as close as tolerances say, or equal."""
    one, two = input.astype(np.float64), other.astype(np.float64)
    near = np.isfinite(one) & np.isfinite(two) & (np.abs(one - two) <= atol + rtol * np.abs(two))
    return np.asarray(near | (one == two) | (equal_nan & np.isnan(one) & np.isnan(two)))


def sigmoid(input: Array) -> Array:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-input)))


def sinc_slope(input: Array) -> Array:
    """Return the derivative of sin(pi x) / (pi x), away from 0."""
    return np.asarray((np.cos(np.pi * input) - np.sinc(input)) / input)


def by_element(function: Callable[[float], float], pole: float = np.nan) -> Function:
    """Return a function of Python's numbers as one of arrays; at a pole, where it raises, it gives that."""

    def of(number: float) -> float:
        try:
            return function(number)
        except ValueError:
            return pole

    def of_all(array: Array) -> Array:
        numbers, places = np.unique(array.astype(np.float64), return_inverse=True)
        return np.array([of(number) for number in numbers.tolist()])[places].reshape(array.shape)

    return of_all


def erfinv(input: Array) -> Array:
    """Return where the error function has values, by Newton's method, from the side of 0."""
    wide = input.astype(np.float64)
    inside = np.where(np.abs(wide) < 1, wide, 0)
    found, error_function = np.zeros_like(inside), by_element(math.erf)
    for _ in range(20):
        found = found - (error_function(found) - inside) * np.sqrt(np.pi) / 2 * np.exp(found**2)
    return np.asarray(np.where(np.abs(wide) < 1, found, np.where(np.abs(wide) == 1, wide * np.inf, np.nan)))


_STIRLING = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
"""What the series of digamma has before powers of 1 / x ** 2."""


def digamma(input: Array) -> Array:
    """Return digamma of positive numbers, by its series for what is 20 more, and steps back."""
    high = input + 20
    series = sum(part / high ** (2 * power) for power, part in enumerate(_STIRLING, 1))
    steps = sum(1 / (input + step) for step in range(20))
    return np.asarray(np.log(high) - 0.5 / high - series - steps)


def xlogy(input: Array, other: Array) -> Array:
    """Return numbers times logarithms of others: 0 for 0, but NaN for NaN."""
    return np.asarray(np.where((input == 0) & ~np.isnan(other), 0, input * np.log(other)))
