"""What the documentation says, in numpy: the values to compare a device's results with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from strategies.drawn import drawn_elements, host_elements
from strategies.functions import Graph

Array = npt.NDArray[Any]


def host(tensor: torch.Tensor) -> Array:
    """Return a copy of the tensor's elements on the host, same shape and dtype (bfloat16 by ml_dtypes)."""
    return host_elements(tensor.detach().resolve_conj().resolve_neg().cpu())


def drawn(tensor: torch.Tensor) -> Array:
    """Return the elements that a tensor of a case was drawn with, same shape and dtype, as `host` does.

    What a rule expects is computed from these: what the device does when it makes an input or reads one back
    has no part in it, nor has what was done to the tensor since. A module's parameters are drawn, too.

    Raises LookupError for a tensor that no case has built: a result, or a view of an input.
    """
    return drawn_elements(tensor)


def raw(elements: Array) -> Array:
    """Return the bytes of elements, in one more dim, as they lie in memory."""
    return elements[..., np.newaxis].view(np.uint8)


def in_dtype(elements: Array, dtype: torch.dtype) -> Array:
    """Return elements in the dtype of numpy's, or of ml_dtypes', that stands for one of torch's."""
    return elements.astype(host(torch.empty(0, dtype=dtype)).dtype)


def steps(start: float, end: float, step: float) -> Array:
    """Return the numbers from start to end, which is left out, in steps, in float32."""
    return (start + step * np.arange(math.ceil((end - start) / step))).astype(np.float32)


def truncated(elements: Array) -> Array:
    """Return elements without their fractions, in int64."""
    return np.trunc(elements).astype(np.int64)


def regrouped(elements: Array, itemsize: int) -> Array:
    """Return raw elements split up or joined along the last dim into ones of `itemsize` bytes."""
    *lead, last, old = elements.shape
    return elements.reshape(*lead, last * old // itemsize, itemsize)


def ones(dtype: torch.dtype, shape: tuple[int, ...], itemsize: int) -> Array:
    """Return raw elements of `itemsize` bytes, in a shape, whose memory is filled with ones of a dtype."""
    one = raw(host(torch.ones((), dtype=dtype))).reshape(-1)
    filled = np.tile(one, math.prod(shape) * itemsize // one.size)
    return filled.reshape(*shape, itemsize)


def strides_of_view(shape: tuple[int, ...], strides: tuple[int, ...], viewed: tuple[int, ...]) -> list[int]:
    """Return the strides of the dims longer than 1 of a tensor with elements, viewed as another shape."""
    places = sum(
        (at * stride for at, stride in zip(np.indices(shape), strides, strict=True)), np.zeros(shape, int)
    )
    places = places.reshape(viewed)
    first = places.reshape(-1)[0]
    return [int(places.take(1, dim).reshape(-1)[0] - first) for dim, size in enumerate(viewed) if size > 1]


def pairwise(function: np.ufunc, one: Array, other: Array) -> Array:
    """Return what a function of numpy gives for two arrays; of two of bfloat16 it would warn about NaNs."""
    with np.errstate(invalid="ignore"):
        return np.asarray(function(one, other))


def common(one: Array, other: Array, dtypes: Sequence[torch.dtype]) -> tuple[Array, Array]:
    """Return two arrays in the dtype that theirs promote to, which has all their elements.

    `dtypes` are the dtypes of torch that they have. A 0-d one counts only if it is of a higher kind.
    """
    name = promoted(*dtypes)
    if bool(one.ndim) != bool(other.ndim) and _kind(dtypes[0]) == _kind(dtypes[1]):
        name = str(dtypes[0] if one.ndim else dtypes[1])
    dtype = np.dtype(name.removeprefix("torch."))
    return one.astype(dtype), other.astype(dtype)


def promoted(one: torch.dtype, other: torch.dtype) -> str:
    """Return the name of what two dtypes, neither complex, promote to; of tensors both 0-d or neither."""
    if _kind(one) != _kind(other):
        return str(max(one, other, key=_kind))
    if one.itemsize == other.itemsize and one is not other:
        return "torch.float32" if one.is_floating_point else "torch.int16"
    return str(max(one, other, key=lambda dtype: dtype.itemsize))


def _kind(dtype: torch.dtype) -> int:
    return 2 if dtype.is_floating_point else 0 if dtype is torch.bool else 1


def gather(input: Array, dim: int, index: Array) -> Array:
    """Return what gather gives: each position of index, with its coordinate along dim replaced by its value.

    `input` and `index` have the same rank, and `index` is no larger than `input` off dim. A scalar counts as
    one element along dim 0.
    """
    if input.ndim == 0:
        return input[np.zeros_like(index)] if index.ndim else input
    coordinates: list[Array] = list(np.indices(index.shape, sparse=True))
    coordinates[dim] = index
    return input[tuple(coordinates)]


def gather_gradient(shape: tuple[int, ...], dim: int, index: Array, upstream: Array) -> Array:
    """Return the gradient of gather's input: each element of upstream added at the position it came from."""
    gradient = np.zeros(shape, dtype=upstream.dtype)
    if not shape:
        return gradient + upstream
    coordinates: list[Array] = list(np.indices(index.shape, sparse=True))
    coordinates[dim] = index
    np.add.at(gradient, tuple(coordinates), upstream)
    return gradient


def first_largest(input: Array, dim: int, *, keepdim: bool) -> tuple[Array, Array]:
    """Return the largest elements along a dim and where each comes first; a NaN is larger than any number."""
    return _first(np.argmax, input, dim, keepdim=keepdim)


def first_smallest(input: Array, dim: int, *, keepdim: bool) -> tuple[Array, Array]:
    """Return the smallest elements along a dim and where each comes first; a NaN is smaller than all else."""
    return _first(np.argmin, input, dim, keepdim=keepdim)


def _first(find: Callable[..., Array], input: Array, dim: int, *, keepdim: bool) -> tuple[Array, Array]:
    rows = input if input.ndim else input[np.newaxis]
    places = find(rows, axis=dim, keepdims=True)
    found = np.take_along_axis(rows, places, axis=dim)
    if keepdim and input.ndim:
        return found, places
    return found.squeeze(dim), places.squeeze(dim)


Dims = tuple[int, ...] | None


def largest_gradient(input: Array, dims: Dims, upstream: Array) -> Array:
    """Return the gradient of the largest elements over dims, shared evenly among all that equal the largest.

    `dims` None stands for all dims; `upstream` has the shape of the result, its reduced dims kept or not.
    """
    return _shared_evenly(input, input.max(axis=dims, keepdims=True), dims, upstream)


def smallest_gradient(input: Array, dims: Dims, upstream: Array) -> Array:
    """Return the gradient of the smallest elements over dims, as `largest_gradient` does of the largest."""
    return _shared_evenly(input, input.min(axis=dims, keepdims=True), dims, upstream)


def _shared_evenly(input: Array, extreme: Array, dims: Dims, upstream: Array) -> Array:
    equal = input == extreme
    shares = upstream.reshape(extreme.shape) / equal.sum(axis=dims, keepdims=True)
    return np.where(equal, shares, 0).astype(upstream.dtype)


def to_the_first(input: Array, dim: int, places: Array, upstream: Array) -> Array:
    """Return the gradient of a reduction over a dim that gives each gradient to the element at its place.

    `places` and `upstream` have a size of 1 in dim.
    """
    gradient = np.zeros(input.shape or (1,), dtype=upstream.dtype)
    np.put_along_axis(gradient, places, upstream, axis=dim)
    return gradient.reshape(input.shape)


def in_place_of_parts(
    shape: tuple[int, ...], dim: int, spans: Sequence[tuple[int, int]], pieces: Sequence[Array]
) -> Array:
    """Return zeros of a shape with pieces added where their spans start and stop along a dim."""
    whole = np.zeros(shape, dtype=pieces[0].dtype)
    for (start, stop), piece in zip(spans, pieces, strict=True):
        place = (*[slice(None)] * dim, slice(start, stop))
        whole[place] += piece.reshape(whole[place].shape)
    return whole


def normalized(weights: Array) -> Array:
    """Return relative probabilities as float64 probabilities that sum to 1 along the last dim."""
    weights = weights.astype(np.float64)
    return np.asarray(weights / weights.sum(-1, keepdims=True))


def log_softmax(logits: Array) -> Array:
    """Return relative log probabilities as float64 log probabilities along the last dim."""
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def at_value(table: Array, value: Array) -> Array:
    """Return the entries of a table, shape (*batch, K), at values whose shape broadcasts with batch."""
    value = value.astype(np.int64)
    shape = np.broadcast_shapes(value.shape, table.shape[:-1])
    rows = np.broadcast_to(table, (*shape, table.shape[-1]))
    return np.take_along_axis(rows, np.broadcast_to(value, shape)[..., np.newaxis], -1)[..., 0]


def indicator(value: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return how often each category is the value, shape (*batch, K), and how many values a row has."""
    value = value.astype(np.int64)
    whole = np.broadcast_shapes(value.shape, shape[:-1])
    hot = np.eye(shape[-1])[np.broadcast_to(value, whole)]
    hot = hot.sum(axis=tuple(range(len(whole) - len(shape) + 1))).reshape(shape)
    return hot, hot.sum(-1, keepdims=True)


def entropy(probabilities: Array) -> Array:
    """Return -sum(p log p) along the last dim, with 0 log 0 = 0, in nats."""
    logs = np.log(np.where(probabilities > 0, probabilities, 1))
    return np.asarray(-(probabilities * logs).sum(-1))


def divergence_limit(categories: int, false_alarm: float) -> float:
    """Return what n KL(frequencies || probabilities) of n draws exceeds by chance that rarely at most.

    From P(n KL >= t) <= (e t / (K - 1)) ** (K - 1) exp(-t) for t >= K - 1, which holds for every n (Agrawal,
    Finite-sample concentration of the multinomial in relative entropy, 2020).
    """
    free = categories - 1
    if not free:
        return 1e-6
    limit = float(free)
    while limit - free * (1 + math.log(limit / free)) < -math.log(false_alarm):
        limit += 0.5
    return limit


DERIVATIVES: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "tanh": lambda x: 1 - np.tanh(x) ** 2,
    "sigmoid": lambda x: _sigmoid(x) * (1 - _sigmoid(x)),
    "square": lambda x: 2 * x,
    "sin": np.cos,
    "cos": lambda x: -np.sin(x),
    "add": np.ones_like,
    "neg": lambda x: -np.ones_like(x),
    "copy": np.ones_like,
}
"""The derivative of each function of `strategies.functions.NAMED`."""


def derivative(name: str, x: Array) -> Array:
    """Return the derivative of a named function at x, element by element."""
    return np.asarray(DERIVATIVES[name](x))


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def graph_values(graph: Graph, leaves: Sequence[Array]) -> list[Array]:
    """Return the values of a graph in float64: the leaves', then each step's."""
    values = [leaf.astype(np.float64) for leaf in leaves]
    for step in graph.steps:
        forward, _ = _GRAPH[step.operation]
        values.append(np.asarray(forward(*[values[operand] for operand in step.operands])))
    return values


def graph_gradients(
    graph: Graph, leaves: Sequence[Array], upstream: Array, *, also: int | None = None
) -> tuple[Array, ...]:
    """Return the gradient of a graph's output with respect to each of its values, by the chain rule.

    `also` is the number of a step whose result is an output too, with a gradient of ones.
    """
    values = graph_values(graph, leaves)
    gradients = [np.zeros_like(value) for value in values]
    gradients[-1] = gradients[-1] + upstream
    if also is not None:
        gradients[len(leaves) + also] = gradients[len(leaves) + also] + 1.0
    for number in reversed(range(len(leaves), len(values))):
        step = graph.steps[number - len(leaves)]
        _, backward = _GRAPH[step.operation]
        operands = [values[operand] for operand in step.operands]
        for operand, part in zip(step.operands, backward(gradients[number], *operands), strict=True):
            gradients[operand] = gradients[operand] + unbroadcast(np.asarray(part), values[operand].shape)
    return tuple(gradients)


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the dims along which a tensor of the given shape was broadcast."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(at for at, size in enumerate(shape) if size == 1 and gradient.shape[at] != 1)
    return np.asarray(gradient.sum(axis=stretched, keepdims=True))


def _swapped(x: Array) -> Array:
    return np.swapaxes(x, 0, -1)


def _into_first(gradient: Array, x: Array) -> Array:
    whole = np.zeros_like(x)
    whole[0] = gradient
    return whole


Rule = tuple[Callable[..., Array], Callable[..., Sequence[Array]]]

_ADD: Rule = (np.add, lambda g, x, y: (g, g))
_HALVE: Rule = (lambda x: x * 0.5, lambda g, x: (g * 0.5,))
_NEG: Rule = (np.negative, lambda g, x: (-g,))
_GRAPH: dict[str, Rule] = {
    "add": _ADD,
    "add_": _ADD,
    "sub": (np.subtract, lambda g, x, y: (g, -g)),
    "mul": (np.multiply, lambda g, x, y: (g * y, g * x)),
    "neg": _NEG,
    "neg_": _NEG,
    "halve": _HALVE,
    "halve_": _HALVE,
    "square": (np.square, lambda g, x: (g * 2 * x,)),
    "sin": (np.sin, lambda g, x: (g * np.cos(x),)),
    "tanh": (np.tanh, lambda g, x: (g * (1 - np.tanh(x) ** 2),)),
    "sigmoid": (_sigmoid, lambda g, x: (g * _sigmoid(x) * (1 - _sigmoid(x)),)),
    "transpose": (_swapped, lambda g, x: (_swapped(g),)),
    "flatten": (lambda x: x.reshape(-1), lambda g, x: (g.reshape(x.shape),)),
    "unsqueeze": (lambda x: x[np.newaxis], lambda g, x: (g[0],)),
    "first": (lambda x: x[0], lambda g, x: (_into_first(g, x),)),
    "repeat": (lambda x: np.stack([x, x]), lambda g, x: (g.sum(0),)),
    "sum": (lambda x: x.sum(0), lambda g, x: (np.broadcast_to(g, x.shape),)),
    "mean": (lambda x: x.mean(0), lambda g, x: (np.broadcast_to(g / len(x), x.shape),)),
}
"""Each operation of a graph: its value, and the gradients of its operands from the gradient of its value."""


def hidden(parameters: Sequence[Array], activation: str, x: Array) -> Array:
    """Return what linear -> activation -> linear has between its activation and its last layer.

    `parameters` are both weights, each followed by its bias if there are biases.
    """
    before = _before_activation(parameters, x)
    functions: dict[str, Callable[[Array], Array]] = {"Tanh": np.tanh, "Sigmoid": _sigmoid}
    return np.asarray(functions.get(activation, np.asarray)(before))


def first_weight_gradient(parameters: Sequence[Array], activation: str, x: Array, upstream: Array) -> Array:
    """Return the gradient of the first weight of linear -> activation -> linear, as `hidden` takes them."""
    second = parameters[2 if len(parameters) == 4 else 1]
    slope = {"Tanh": "tanh", "Sigmoid": "sigmoid", "Identity": "copy"}[activation]
    return np.asarray((upstream @ second * derivative(slope, _before_activation(parameters, x))).T @ x)


def _before_activation(parameters: Sequence[Array], x: Array) -> Array:
    return np.asarray(x @ parameters[0].T + (parameters[1] if len(parameters) == 4 else 0))
