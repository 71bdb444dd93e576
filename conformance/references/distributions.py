"""Distributions in numpy: log probabilities, moments, and parts that are equally likely."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from conformance.reference import Array, unbroadcast

_log_factorial = np.vectorize(lambda number: math.lgamma(number + 1), otypes=[np.float64])
_erf = np.vectorize(math.erf, otypes=[np.float64])
_quantile = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])


def wide(*arrays: Array) -> tuple[Array, ...]:
    """Return arrays broadcast together, in float64."""
    return tuple([np.array(each, np.float64) for each in np.broadcast_arrays(*arrays)])


def normal_log_prob(value: Array, loc: Array, scale: Array) -> Array:
    """Return the log density of a normal distribution."""
    value, loc, scale = wide(value, loc, scale)
    return np.asarray(-(((value - loc) / scale) ** 2) / 2 - np.log(scale) - math.log(2 * math.pi) / 2)


def normal_cdf(value: Array, loc: Array, scale: Array) -> Array:
    """Return the probability of a number below the value."""
    value, loc, scale = wide(value, loc, scale)
    return np.asarray((1 + _erf((value - loc) / scale / math.sqrt(2))) / 2)


def normal_quantile(probability: Array, loc: Array, scale: Array) -> Array:
    """Return below which number one is drawn with the probability."""
    probability, loc, scale = wide(probability, loc, scale)
    return np.asarray(loc + scale * _quantile(probability))


def normal_entropy(loc: Array, scale: Array) -> Array:
    """Return the entropy of a normal distribution."""
    _, scale = wide(loc, scale)
    return np.asarray(0.5 + math.log(2 * math.pi) / 2 + np.log(scale))


def normal_divergence(loc: Array, scale: Array, other: Array, wider: Array) -> Array:
    """Return KL(one || other) of two normal distributions."""
    loc, scale, other, wider = wide(loc, scale, other, wider)
    return np.asarray(np.log(wider / scale) + (scale**2 + (loc - other) ** 2) / (2 * wider**2) - 0.5)


def bernoulli_log_prob(value: Array, probs: Array) -> Array:
    """Return the log probability of 0 or 1."""
    value, probs = wide(value, probs)
    return np.log(np.where(value == 1, probs, 1 - probs))


def bernoulli_entropy(probs: Array) -> Array:
    """Return the entropy of a coin."""
    (probs,) = wide(probs)
    return np.asarray(-(probs * np.log(probs) + (1 - probs) * np.log(1 - probs)))


def bernoulli_divergence(probs: Array, other: Array) -> Array:
    """Return KL(one || other) of two coins."""
    probs, other = wide(probs, other)
    return np.asarray(probs * np.log(probs / other) + (1 - probs) * np.log((1 - probs) / (1 - other)))


def binomial_log_prob(value: Array, count: int, probs: Array) -> Array:
    """Return the log probability of so many successes in a count of trials."""
    value, probs = wide(value, probs)
    ways = _log_factorial(np.asarray(count)) - _log_factorial(value) - _log_factorial(count - value)
    return np.asarray(ways + value * np.log(probs) + (count - value) * np.log(1 - probs))


def poisson_log_prob(value: Array, rate: Array) -> Array:
    """Return the log probability of a number of events."""
    value, rate = wide(value, rate)
    return np.asarray(value * np.log(rate) - rate - _log_factorial(value))


def one_hot(places: Array, count: int) -> Array:
    """Return rows of zeros with a one at each place."""
    return np.eye(count)[places.astype(np.int64)]


def summed_half(elements: Array, batch: tuple[int, ...]) -> Array:
    """Return elements summed over the last half of the dims of a batch, the middle one included."""
    dims = (len(batch) + 1) // 2
    return np.asarray(elements.sum(axis=tuple(range(elements.ndim - dims, elements.ndim))))


def ones_summed(drawn: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Return how often each element of a parameter of some shape is used for a sample of another."""
    return unbroadcast(np.ones(drawn), shape)


def enumerated(count: int, batch: tuple[int, ...]) -> Array:
    """Return 0 to count - 1 along the first dim, for each of a batch."""
    return np.broadcast_to(np.arange(count).reshape(count, *[1] * len(batch)), (count, *batch)).copy()


def enumerated_one_hot(count: int, batch: tuple[int, ...]) -> Array:
    """Return the one in the place of each category in turn along the first dim, for each of a batch."""
    return one_hot(enumerated(count, batch), count).astype(np.int64)


def coin(probs: Array) -> Array:
    """Return the probabilities of 0 and 1."""
    (p,) = wide(probs.reshape(()))
    return np.array([1 - p, p])


def coin_of_odds(logits: Array) -> Array:
    """Return the probabilities of 0 and 1 by the logarithm of the odds of 1."""
    return coin(1 / (1 + np.exp(-logits.astype(np.float64))))


def normal_parts(drawn: Array) -> Array:
    """Return in which of sixteen equally likely parts of the standard normal distribution a number lies."""
    edges = [NormalDist().inv_cdf(part / 16) for part in range(1, 16)]
    return np.searchsorted(edges, drawn.astype(np.float64).reshape(-1))


def uniform_parts(drawn: Array) -> Array:
    """Return in which of the sixteenths of [0, 1] a number lies."""
    return np.searchsorted(np.arange(1, 16) / 16, drawn.astype(np.float64).reshape(-1), side="right")


def exponential_parts(drawn: Array) -> Array:
    """Return in which of sixteen equally likely parts of the exponential distribution a number lies."""
    edges = [-math.log1p(-part / 16) for part in range(1, 16)]
    return np.searchsorted(edges, drawn.astype(np.float64).reshape(-1))


EVEN = np.full(16, 1 / 16)
"""The probability of each of sixteen equally likely parts."""


def geometric(probs: Array, most: int) -> Array:
    """Return the probabilities of so many failures before a success, those from `most` on together."""
    (p,) = wide(probs.reshape(()))
    found = p * (1 - p) ** np.arange(most)
    return np.append(found, (1 - p) ** most)


def poisson(rate: Array, most: int) -> Array:
    """Return the probabilities of numbers of events, those from `most` on together."""
    found = np.exp(poisson_log_prob(np.arange(most), rate.reshape(())))
    return np.append(found, max(1 - found.sum(), 1e-300))


def binomial(count: int, probs: Array) -> Array:
    """Return the probabilities of numbers of successes in a count of trials."""
    return np.exp(binomial_log_prob(np.arange(count + 1), count, probs.reshape(())))
