"""Losses in numpy, by the formulas of their pages, and their gradients."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.reference import Array
from conformance.references.activations import in_float64, sigmoid


def reduced(terms: Array, reduction: str) -> Array:
    """Return terms as they are, their mean, their sum, or their sum by the size of the batch."""
    if reduction == "none":
        return terms
    total = terms.sum()
    count = {"mean": terms.size, "batchmean": len(terms) if terms.ndim else 1, "sum": 1}[reduction]
    return np.asarray(total / np.float64(count))


def spread(upstream: Array, terms: Array, reduction: str) -> Array:
    """Return the gradient of each term from that of what they are reduced to."""
    count = {"mean": terms.size, "batchmean": len(terms) if terms.ndim else 1}.get(reduction, 1)
    return np.broadcast_to(upstream / count, terms.shape)


def of_terms(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return a loss that reduces what a function of input and target gives."""

    @in_float64
    def loss(input: Array, target: Array, reduction: str) -> Array:
        return reduced(function(input, target), reduction)

    return loss


def both_ways(slope: Callable[..., Array]) -> Callable[..., tuple[Array, Array]]:
    """Return the gradients of input and target, of a function of their difference with a slope."""

    def gradient(upstream: Array, input: Array, target: Array, reduction: str) -> tuple[Array, Array]:
        away = input.astype(float) - target
        passed = spread(upstream, away, reduction) * slope(away)
        return passed, -passed

    return gradient


def with_number(name: str, function: Callable[[Array, float], Array]) -> Callable[..., Array]:
    """Return a loss that reduces what a function of the difference and a number of a name gives."""

    def loss(**given: Any) -> Array:
        number, input = given[name], given["input"]
        terms = function(input.astype(float) - given["target"].astype(float), number)
        return reduced(terms, given["reduction"]).astype(input.dtype)

    return _taking(loss, "input", "target", "reduction", name)


def both_ways_with_number(
    name: str, slope: Callable[[Array, float], Array]
) -> Callable[..., tuple[Array, Array]]:
    """Return the gradients of the same."""

    def gradient(**given: Any) -> tuple[Array, Array]:
        number = given.pop(name)
        return both_ways(lambda away: slope(away, number))(**given)

    return _taking(gradient, "upstream", "input", "target", "reduction", name)


def _taking(function: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """Have a function say by which names it takes its arguments."""
    kind = inspect.Parameter.KEYWORD_ONLY
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    vars(function)["__signature__"] = signature
    return function


def smooth_l1(away: Array, beta: float) -> Array:
    """Return halves of squares by beta below it, and distances less half of it beyond."""
    size = np.abs(away)
    return np.where(size < beta, away * away / (2 * beta) if beta else 0, size - beta / 2)


def smooth_l1_slope(away: Array, beta: float) -> Array:
    """Return the slope of the same."""
    return np.where(np.abs(away) < beta, away / beta if beta else 0, np.sign(away))


def huber(away: Array, delta: float) -> Array:
    """Return halves of squares up to delta, and straight lines beyond."""
    size = np.abs(away)
    return np.where(size <= delta, away * away / 2, delta * (size - delta / 2))


def _log(array: Array) -> Array:
    """Return logarithms, at least -100."""
    return np.maximum(np.log(array), -100)


def binary_cross_entropy(input: Array, target: Array) -> Array:
    """Return the terms of the cross entropy of two classes, of probabilities."""
    return -(target * _log(input) + (1 - target) * _log(1 - input))


def binary_cross_entropy_gradient(
    upstream: Array, input: Array, target: Array, reduction: str
) -> tuple[Array, Array]:
    """Return the gradients of input and target."""
    passed, x = spread(upstream, input, reduction), input.astype(float)
    return passed * (x - target) / (x * (1 - x)), passed * (np.log(1 - x) - np.log(x))


def binary_cross_entropy_with_logits(input: Array, target: Array) -> Array:
    """Return the same, of what sigmoid makes probabilities, without overflow."""
    return np.maximum(input, 0) - input * target + np.log1p(np.exp(-np.abs(input)))


def binary_cross_entropy_with_logits_gradient(
    upstream: Array, input: Array, target: Array, reduction: str
) -> tuple[Array, Array]:
    """Return the gradients of input and target."""
    passed = spread(upstream, input, reduction)
    return passed * (sigmoid(input.astype(float)) - target), -passed * input


@in_float64
def kl_div(input: Array, target: Array, reduction: str, log_target: bool) -> Array:
    """Return the reduced terms of a divergence; the input, and perhaps the target, are logarithms."""
    terms = np.exp(target) * (target - input) if log_target else target * (np.log(target) - input)
    return reduced(terms, reduction)


def kl_div_gradient(
    upstream: Array, input: Array, target: Array, reduction: str, log_target: bool
) -> tuple[Array, Array]:
    """Return the gradients of input and target."""
    passed, y = spread(upstream, input, reduction), target.astype(float)
    if log_target:
        return -passed * np.exp(y), passed * np.exp(y) * (y + 1 - input)
    return -passed * y, passed * (np.log(y) + 1 - input)


def _by_class(input: Array) -> Array:
    """Return an input with its classes in the last dim."""
    return np.moveaxis(input, 0 if input.ndim == 1 else 1, -1)


def _in_place(rows: Array, input: Array) -> Array:
    return np.moveaxis(rows, -1, 0 if input.ndim == 1 else 1)


def log_softmax(rows: Array) -> Array:
    """Return logarithms of softmax along the last dim."""
    shifted = rows - rows.max(-1, keepdims=True, initial=-math.inf)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def of_classes(input: Array, target: Array, ignore_index: int) -> Array:
    """Return 1 for the class of each target and 0 for the others, for a target that is ignored 0 for all."""
    count = _by_class(input).shape[-1]
    return np.eye(count)[np.clip(target, 0, count - 1)] * np.expand_dims(target != ignore_index, -1)


def _smoothed(shares: Array, label_smoothing: float) -> Array:
    """Return shares with a part of each row given to all classes alike; a row of zeros stays one."""
    some = shares.sum(-1, keepdims=True) > 0
    return np.where(some, (1 - label_smoothing) * shares + label_smoothing / shares.shape[-1], 0)


def _weighted(weight: Array | None, count: int) -> Array:
    return np.ones(count) if weight is None else weight.astype(float)


def _reduced_by_weight(terms: Array, hot: Array, weight: Array, reduction: str) -> Array:
    return (
        np.asarray(terms.sum() / (hot * weight).sum()) if reduction == "mean" else reduced(terms, reduction)
    )


def nll_loss(input: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str) -> Array:
    """Return the negative numbers of the classes that targets name, weighted and reduced."""
    rows, hot = _by_class(input.astype(float)), of_classes(input, target, ignore_index)
    weight = _weighted(weight, rows.shape[-1])
    found = _reduced_by_weight(-(hot * weight * rows).sum(-1), hot, weight, reduction)
    return found.astype(input.dtype)


def nll_loss_gradient(
    upstream: Array, input: Array, target: Array, ignore_index: int, reduction: str
) -> Array:
    """Return the gradient of input, without weights."""
    hot = of_classes(input, target, ignore_index)
    return _in_place(-hot * _each_sample(upstream, hot, reduction), input)


def _each_sample(upstream: Array, hot: Array, reduction: str) -> Array:
    """Return the gradient of each sample, in one more dim."""
    passed = upstream / hot.sum() if reduction == "mean" else upstream
    return np.broadcast_to(passed, hot.shape[:-1])[..., np.newaxis]


def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Array:
    """Return the cross entropy of logits and classes, weighted and reduced."""
    rows, hot = _by_class(input.astype(float)), of_classes(input, target, ignore_index)
    weight = _weighted(weight, rows.shape[-1])
    terms = -(_smoothed(hot, label_smoothing) * weight * log_softmax(rows)).sum(-1)
    return _reduced_by_weight(terms, hot, weight, reduction).astype(input.dtype)


def cross_entropy_gradient(
    upstream: Array, input: Array, target: Array, ignore_index: int, reduction: str, label_smoothing: float
) -> Array:
    """Return the gradient of input, without weights."""
    rows, hot = _by_class(input.astype(float)), of_classes(input, target, ignore_index)
    shares = _smoothed(hot, label_smoothing)
    passed = np.exp(log_softmax(rows)) * shares.sum(-1, keepdims=True) - shares
    return _in_place(passed * _each_sample(upstream, hot, reduction), input)


@in_float64
def cross_entropy_of_probabilities(
    input: Array, target: Array, weight: Array | None, reduction: str, label_smoothing: float
) -> Array:
    """Return the cross entropy of logits and probabilities of classes, weighted and reduced."""
    rows, shares = _by_class(input), _by_class(target)
    shares = (1 - label_smoothing) * shares + label_smoothing / rows.shape[-1]
    terms = -(shares * _weighted(weight, rows.shape[-1]) * log_softmax(rows)).sum(-1)
    return reduced(terms, reduction)


def cross_entropy_of_probabilities_gradient(
    upstream: Array, input: Array, target: Array, reduction: str, label_smoothing: float
) -> tuple[Array, Array]:
    """Return the gradients of input and target, without weights."""
    rows, shares = _by_class(input.astype(float)), _by_class(target.astype(float))
    shares = (1 - label_smoothing) * shares + label_smoothing / rows.shape[-1]
    logs = log_softmax(rows)
    each: Any = spread(upstream, shares[..., 0], reduction)[..., np.newaxis]
    passed = np.exp(logs) * shares.sum(-1, keepdims=True) - shares
    return _in_place(passed * each, input), _in_place(-(1 - label_smoothing) * logs * each, input)
