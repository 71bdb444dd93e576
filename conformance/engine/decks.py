"""The decks of a run: one for each strategy, drawn by the process that needs it first."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from hypothesis.strategies import SearchStrategy

from conformance.engine.rule import RegisteredRule, load_rules
from strategies.decks import Deck, draw_deck
from strategies.tape import packing_of


class Decks:
    """Draws decks of up to `examples` cases for the seed of a run.

    Processes that are given the same `directory` share them through files there. `each` is called for each
    case that is drawn.
    """

    def __init__(
        self,
        seed: str,
        examples: int,
        directory: Path | None = None,
        each: Callable[[], object] = lambda: None,
    ) -> None:
        self.seed = seed
        self._examples = examples
        self._directory = directory
        self._each = each
        self._decks: WeakKeyDictionary[SearchStrategy[Any], Deck] = WeakKeyDictionary()

    def dealt(self, found: RegisteredRule, device: str = "cpu") -> Deck:
        """Return the cases that a rule is run on, on a device: those of its strategy, or a part of them.

        Some fifteen rules of laws see the same cases of an operation, with one thing apart: a third is enough
        for each. So is half of the cases for a device that computes no elements.
        """
        assert found.drawn is not None
        deck = self.of(found.drawn[1])
        share, least = LAW_SHARE if found.of_law else 1, LEAST
        if device == "meta":
            share, least = 2 * share, least // 2
        step = max(1, min(share, len(deck) // least))
        return deck if step == 1 else Deck.of(deck[::step])

    def of(self, strategy: SearchStrategy[Any]) -> Deck:
        """Return the deck of a strategy that was made by `packed`."""
        strategy = _whose_cases(strategy)
        if strategy not in self._decks:
            path = self._path(strategy)
            self._decks[strategy] = self._read(strategy, path) or self._drawn(strategy, path)
        return self._decks[strategy]

    def _drawn(self, strategy: SearchStrategy[Any], path: Path | None) -> Deck:
        deck = draw_deck(strategy, self._examples, self.seed, self._each)
        if path is not None:
            # In one step: who reads it meanwhile finds it whole, or not at all.
            aside = path.with_suffix(f".{os.getpid()}")
            aside.write_bytes(b"".join((deck.pairs.to_bytes(_HEAD, "big"), *deck)))
            aside.replace(path)
        return deck

    @staticmethod
    def _read(strategy: SearchStrategy[Any], path: Path | None) -> Deck | None:
        if path is None or not path.exists():
            return None
        content, length = path.read_bytes(), packing_of(strategy).length
        cases = [content[at : at + length] for at in range(_HEAD, len(content), length)]
        return Deck.of(cases, int.from_bytes(content[:_HEAD], "big"))

    def _path(self, strategy: SearchStrategy[Any]) -> Path | None:
        """Return where processes share the deck of a strategy, known by the first rule that takes it."""
        rule = _takers().get(strategy)
        return self._directory / f"{rule}.deck" if self._directory is not None and rule is not None else None


LAW_SHARE = 3
"""Of how many cases of its strategy a rule of a law sees one."""

LEAST = 50
"""How many of its cases a rule sees at least, if its strategy has them."""

_HEAD = 4
"""Bytes before the cases in a file: how many pairs of classes are known to occur."""


@functools.cache
def _takers() -> Mapping[SearchStrategy[Any], str]:
    """Return the first rule, in the order of the ids, that takes the cases of each strategy."""
    drawn = [(id, found.drawn) for id, found in sorted(load_rules().items(), reverse=True)]
    return {_whose_cases(taken[1]): id for id, taken in drawn if taken is not None}


def _whose_cases(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Return the strategy whose cases one has, itself or the one that it goes on."""
    upon = packing_of(strategy).upon
    return strategy if upon is None else upon
