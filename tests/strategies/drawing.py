"""Values of a strategy, as a test or a rule would see them."""

from random import Random

import hypothesis
from hypothesis import Phase, find, given, settings

from strategies.simplest import simplest
from strategies.tape import Traced


def minimal(strategy, condition=lambda value: True, seed=1):
    """Return the simplest value that satisfies the condition, found as a rule's counterexample is."""
    found = find(
        strategy,
        condition,
        random=Random(seed),
        settings=settings(max_examples=2000, database=None, phases=[Phase.generate, Phase.shrink]),
    )
    return simplest(found, condition) if isinstance(found, Traced) else found


def draw(strategy, count, seed):
    """Return `count` values of a strategy."""
    drawn = []

    @hypothesis.seed(seed)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate])
    @given(strategy)
    def collect(value):
        drawn.append(value)

    collect()
    return drawn
