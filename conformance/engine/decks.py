"""The decks of a run: one for all strategies of a length, drawn by the process that needs it first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

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
        self._decks: dict[int, Deck] = {}

    def of(self, strategy: SearchStrategy[Any]) -> Deck:
        """Return the deck of a strategy that was made by `packed`: that of all strategies of its length."""
        length = packing_of(strategy).length
        if length not in self._decks:
            self._decks[length] = self._read(length) or self._drawn(strategy, length)
        return self._decks[length]

    def _drawn(self, strategy: SearchStrategy[Any], length: int) -> Deck:
        deck = draw_deck(strategy, self._examples, self.seed, self._each)
        if self._directory is not None:
            # In one step: who reads it meanwhile finds it whole, or not at all.
            path = self._path(self._directory, length)
            aside = path.with_suffix(f".{os.getpid()}")
            aside.write_bytes(b"".join(deck))
            aside.replace(path)
        return deck

    def _read(self, length: int) -> Deck | None:
        if self._directory is None or not self._path(self._directory, length).exists():
            return None
        content = self._path(self._directory, length).read_bytes()
        return tuple(content[at : at + length] for at in range(0, len(content), length))

    @staticmethod
    def _path(directory: Path, length: int) -> Path:
        return directory / f"{length}-bytes.deck"
