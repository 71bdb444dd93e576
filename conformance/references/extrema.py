"""The largest and the smallest elements in numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance import reference
from conformance.reference import Array
from conformance.references.reductions import Dim, axes

First = Callable[..., tuple[Array, Array]]


def extremes(find: str) -> Callable[..., Array]:
    """Return what gives the largest (`max`) or the smallest (`min`) elements over dims."""

    def over(input: Array, dim: Dim, keepdim: bool) -> Array:
        return np.asarray(getattr(input, find)(axis=axes(input, dim), keepdims=keepdim))

    return over


def shared(find: str) -> Callable[..., Array]:
    """Return what gives the gradient of the largest or smallest elements, shared by all that equal them."""
    gradient = reference.largest_gradient if find == "max" else reference.smallest_gradient

    def of(upstream: Array, input: Array, dim: Dim) -> Array:
        return gradient(input, axes(input, dim), upstream)

    return of


def extreme(find: str) -> Callable[..., Array]:
    """Return what gives the largest or the smallest of all elements."""
    return lambda input: extremes(find)(input, None, False)


def shared_by_all(find: str) -> Callable[..., Array]:
    """Return what gives the gradient of the largest or smallest of all elements."""
    return lambda upstream, input: shared(find)(upstream, input, None)


def to_the_first(first: First) -> Callable[..., Array]:
    """Return what gives the gradient of the largest or smallest elements of a dim to the first of them."""

    def of(upstream: Array, input: Array, dim: int) -> Array:
        _, places = first(np.atleast_1d(input), dim, keepdim=True)
        return reference.to_the_first(input, dim, places, upstream.reshape(places.shape))

    return of


def of_two(function: Any) -> Callable[..., Array]:
    """Return what a function of numpy gives of two arrays."""
    return lambda input, other: reference.pairwise(function, input, other)


def of_two_gradient(larger: Any) -> Callable[..., tuple[Array, Array]]:
    """Return what gives each of two arrays the gradient where it is taken, half of it if they are equal."""

    def of(upstream: Array, input: Array, other: Array) -> tuple[Array, Array]:
        weight = np.where(input == other, 0.5, larger(input, other))
        parts = (upstream * weight, input.shape), (upstream * (1 - weight), other.shape)
        one, two = [reference.unbroadcast(np.asarray(part), shape) for part, shape in parts]
        return one, two

    return of
