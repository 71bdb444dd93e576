"""Distributions in numpy: of each that random numbers are drawn from, parts and the probabilities of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from conformance.reference import Array

PARTS = 8


class Distribution(NamedTuple):
    """Where the parts of a distribution end but for the last, their probabilities, and the numbers it has.

    These lie in [least, below), and are `whole` ones or any.
    """

    edges: tuple[float, ...]
    probabilities: Array
    least: float = -math.inf
    below: float = math.inf
    whole: bool = False

    def part(self, numbers: Array) -> Array:
        """Return for each number in which part it lies."""
        return np.searchsorted(self.edges, numbers, side="right").reshape(-1)

    def holds(self, numbers: Array) -> Array:
        """Return for each number whether the distribution has it."""
        inside = (numbers >= self.least) & (numbers < self.below)
        return inside & (numbers == np.floor(numbers)) if self.whole else inside


def _in_equal_parts(quantile: Callable[[float], float], least: float = -math.inf) -> Distribution:
    edges = tuple([quantile(part / PARTS) for part in range(1, PARTS)])
    return Distribution(edges, np.full(PARTS, 1 / PARTS), least)


_UNIFORM = _in_equal_parts(lambda p: p, 0)._replace(below=1)
_NORMAL = _in_equal_parts(NormalDist().inv_cdf)
_SCALED = _in_equal_parts(NormalDist(2, 3).inv_cdf)
_INTEGERS = Distribution(tuple(map(float, range(-2, 5))), np.full(8, 1 / 8), -3, 5, whole=True)
_COIN = Distribution((1.0,), np.array([0.75, 0.25]), 0, 2, whole=True)
_TRIALS = [0.25 * 0.75**failed for failed in range(6)]

DISTRIBUTIONS = {
    **dict.fromkeys(("rand", "rand_like"), _UNIFORM),
    **dict.fromkeys(("randn", "randn_like"), _NORMAL),
    **dict.fromkeys(("randint", "randint_like", "random_"), _INTEGERS),
    **dict.fromkeys(("normal", "normal_"), _SCALED),
    **dict.fromkeys(("bernoulli", "bernoulli_"), _COIN),
    "uniform_": _in_equal_parts(lambda p: 4 * p - 1, -1)._replace(below=np.nextafter(3, 4)),
    "exponential_": _in_equal_parts(lambda p: -math.log1p(-p) / 2, math.ulp(0)),
    "log_normal_": _in_equal_parts(lambda p: math.exp(NormalDist().inv_cdf(p)), 0),
    "cauchy_": _in_equal_parts(lambda p: math.tan(math.pi * (p - 0.5))),
    "geometric_": Distribution((2, 3, 4, 5, 6, 7), np.array([*_TRIALS, 1 - sum(_TRIALS)]), 1, whole=True),
}
"""By the names of the calls of `strategies.cases.random_numbers`."""
