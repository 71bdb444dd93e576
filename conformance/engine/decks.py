"""The decks of a run: one for each strategy, drawn by the process that needs it first, for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

from conformance.engine.rule import load_rules
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
        self._decks: dict[SearchStrategy[Any], Deck] = {}
        self._names: dict[SearchStrategy[Any], str] = {}

    def of(self, strategy: SearchStrategy[Any]) -> Deck:
        """Return the deck of a strategy that was made by `packed`."""
        if strategy not in self._decks:
            self._decks[strategy] = self._read(strategy) or self._drawn(strategy)
        return self._decks[strategy]

    def _drawn(self, strategy: SearchStrategy[Any]) -> Deck:
        deck = draw_deck(strategy, self._examples, self.seed, self._each)
        if path := self._path(strategy):
            # In one step: who reads it meanwhile finds it whole, or not at all.
            aside = path.with_suffix(f".{os.getpid()}")
            aside.write_bytes(b"".join(deck))
            aside.replace(path)
        return deck

    def _read(self, strategy: SearchStrategy[Any]) -> Deck | None:
        path = self._path(strategy)
        if path is None or not path.exists():
            return None
        content, length = path.read_bytes(), packing_of(strategy).length
        return tuple(content[at : at + length] for at in range(0, len(content), length))

    def _path(self, strategy: SearchStrategy[Any]) -> Path | None:
        """Return where the deck of a strategy lies: under the first of its rules, in any process the same."""
        if self._directory is None:
            return None
        if not self._names:
            for id, found in sorted(load_rules().items()):
                if found.drawn is not None:
                    self._names.setdefault(found.drawn[1], id)
        name = self._names.get(strategy)
        return self._directory / f"{name}.deck" if name else None
