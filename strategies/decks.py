"""Decks: the cases of a strategy, drawn once, as the bytes that they are decoded from.

To draw a case costs Hypothesis several times what it costs to decode and run it. So the cases of a strategy
are drawn once, and whoever needs them decodes them: other rules, other devices, other processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.case import Case
from strategies.tape import Origin, packing_of

_LONG = 1_000
"""The longest deck that is kept decoded."""

Deck = tuple[bytes, ...]

_KEPT = 4
"""How many decks are kept decoded: the targets of a rule come one after the other, as do most neighbours."""


def deck_seed(strategy: SearchStrategy[Any], seed: str) -> int:
    """Return the Hypothesis seed of a strategy's cases: the same wherever it is used, whatever else runs.

    Strategies of one length share their bytes, which each decodes in its own way. Raises LookupError if the
    strategy was not made by `packed`.
    """
    return int.from_bytes(
        hashlib.sha256(f"{seed}:{packing_of(strategy).length}".encode()).digest()[:8], "big"
    )


def draw_deck(
    strategy: SearchStrategy[Any], count: int, seed: str, each: Callable[[], object] = lambda: None
) -> Deck:
    """Return the bytes of up to `count` cases, as Hypothesis draws them for a test seeded with `deck_seed`.

    There are fewer only where the strategy has fewer. `each` is called for each; what it raises ends the
    drawing. Raises LookupError if the strategy was not made by `packed`.
    """
    length = packing_of(strategy).length
    drawn: list[bytes] = []

    @hypothesis.seed(deck_seed(strategy, seed))
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=False,
    )
    @given(case=st.binary(min_size=length, max_size=length))
    def collect(case: bytes) -> None:
        drawn.append(case)
        each()

    collect()
    return tuple(drawn)


class Decoder:
    """Decodes decks, and keeps the cases of the latest few for the next who asks."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Deck], list[Any]] = {}

    def cases(self, strategy: SearchStrategy[Any], deck: Deck) -> Iterable[Any]:
        """Return the cases of a deck, none of which has touched a device; see `unused`."""
        if len(deck) > _LONG:
            decode = packing_of(strategy).decode
            return (Origin(decode, data).again(data) for data in deck)
        key = (id(strategy), deck)
        if key not in self._kept:
            if len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            decode = packing_of(strategy).decode
            self._kept[key] = [Origin(decode, data).again(data) for data in deck]
        return self._kept[key]


def unused(case: Any) -> Any:
    """Return a case with none of its tensors built, so that what is done to them concerns nobody else."""
    return case.fresh() if isinstance(case, Case) else case
