"""The decks of a run: one for each strategy, drawn by the process that needs it first."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pytest
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
        self.directory = directory
        self._each = each
        self._decks: WeakKeyDictionary[SearchStrategy[Any], Deck] = WeakKeyDictionary()

    def dealt(self, found: RegisteredRule, device: str = "cpu", examples: int | None = None) -> Deck:
        """Return the cases that a rule is run on, on a device: those of its strategy, or a part of them.

        Some fifteen rules of laws see the same cases of an operation, with one thing apart: two fifths are
        enough for each, the first ones, and where all rules are of laws no more are drawn. Half of the cases
        are enough for a device that computes no elements. Of a mode that wants no more than some `examples`,
        all rules see the first ones: what was compiled for one is at hand for the next.
        """
        assert found.drawn is not None
        strategy = found.drawn[1]
        deck = self.of(strategy)
        if examples is not None:
            return Deck.of(deck[:examples])
        count = self._count(strategy, of_law=bool(found.of_law))
        step = 2 if device == "meta" and count >= LEAST else 1
        return deck if step == 1 and len(deck) <= count else Deck.of(deck[:count:step])

    def _count(self, strategy: SearchStrategy[Any], *, of_law: bool) -> int:
        """Return of how many cases of its strategy a rule has use."""
        count = round(self._examples * packing_of(strategy).times)
        return min(count, max(round(count / LAW_SHARE), LEAST)) if of_law else count

    def of(self, strategy: SearchStrategy[Any]) -> Deck:
        """Return the deck of a strategy that was made by `packed`."""
        strategy = whose_cases(strategy)
        if strategy not in self._decks:
            path = self._path(strategy)
            self._decks[strategy] = self._read(strategy, path) or self._drawn(strategy, path)
        return self._decks[strategy]

    @property
    def name(self) -> str:
        """The name of a folder for these decks: the seed is the user's, and no name of a file."""
        return hashlib.sha256(f"{self.seed}:{self._examples}".encode()).hexdigest()[:16]

    def _drawn(self, strategy: SearchStrategy[Any], path: Path | None) -> Deck:
        taken = _taken(strategy)
        count = self._count(strategy, of_law=taken is not None and taken.of_laws)
        deck = draw_deck(strategy, count, self.seed, self._each)
        if path is not None:
            # In one step: who reads it meanwhile finds it whole, or not at all.
            path.parent.mkdir(parents=True, exist_ok=True)  # a run of another state of the suite removes it
            aside = path.with_suffix(f".{os.getpid()}")
            aside.write_bytes(b"".join((deck.pairs.to_bytes(_HEAD, "big"), *deck)))
            aside.replace(path)
        return deck

    @staticmethod
    def _read(strategy: SearchStrategy[Any], path: Path | None) -> Deck | None:
        if path is None:
            return None
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        length = packing_of(strategy).length
        if len(content) <= _HEAD or (len(content) - _HEAD) % length:
            return None  # whoever wrote it did not come to its end
        cases = [content[at : at + length] for at in range(_HEAD, len(content), length)]
        return Deck.of(cases, int.from_bytes(content[:_HEAD], "big"))

    def _path(self, strategy: SearchStrategy[Any]) -> Path | None:
        """Return where processes share the deck of a strategy, known by the first rule that takes it."""
        taken = _taken(strategy)
        return self.directory / f"{taken.first}.deck" if self.directory and taken is not None else None


class Keeping:
    """Keeps the decks of a run in pytest's cache, where there is one, for further runs of the same seed.

    Those of another state of the suite are removed: they would do, since all bytes stand for a case, but
    their cases are no longer the ones that were chosen.
    """

    def __init__(self, decks: Decks) -> None:
        self._decks = decks

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Make the folder before workers are told of it."""
        cache = getattr(session.config, "cache", None)
        if cache is None:
            return
        everything = Path(cache.mkdir("conformance-decks"))
        own = everything / _state()
        for other in everything.iterdir():
            if other != own:
                shutil.rmtree(other, ignore_errors=True)
        self._decks.directory = own / self._decks.name
        self._decks.directory.mkdir(parents=True, exist_ok=True)


def _state() -> str:
    """Return a digest of all that a deck hangs on, but for the seed and how long it is."""
    home = Path(__file__).parents[2]
    sources = sorted(path for name in ("conformance", "strategies") for path in (home / name).rglob("*.py"))
    made_of = [path.read_bytes() for path in sources]
    versions = repr((sys.version_info, np.__version__)).encode()
    return hashlib.sha256(b"\0".join((versions, *made_of))).hexdigest()[:16]


LAW_SHARE = 2.5
"""Of how many cases of its strategy a rule of a law sees one, the first ones."""

LEAST = 40
"""How many of its cases a rule sees at least, if its strategy has them."""

_HEAD = 4
"""Bytes before the cases in a file: how many pairs of classes are known to occur."""


@dataclass(frozen=True)
class _Taken:
    """By whom the cases of a strategy are taken: the first rule by its id, and whether all are `of_laws`."""

    first: str
    of_laws: bool


@functools.cache
def _taken(strategy: SearchStrategy[Any]) -> _Taken | None:
    """Return who takes the cases of a strategy, None if no rule does."""
    kin = _kin().get(_first(strategy), ())
    takers = [rule for drawn, rule in kin if whose_cases(drawn) is strategy]
    return _Taken(takers[0].rule.id, all(rule.of_law for rule in takers)) if takers else None


@functools.cache
def _kin() -> Mapping[SearchStrategy[Any], list[tuple[SearchStrategy[Any], RegisteredRule]]]:
    """Return the strategies that begin with one, by that one, with the rules that take them, by their ids.

    Whether they have the cases of it hangs on their lengths, which take long to find out of all.
    """
    found: dict[SearchStrategy[Any], list[tuple[SearchStrategy[Any], RegisteredRule]]] = {}
    for _, rule in sorted(load_rules().items()):
        if rule.drawn is not None:
            strategy = rule.drawn[1]
            found.setdefault(_first(strategy), []).append((strategy, rule))
    return found


def _first(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Return the strategy with which the one begins that this one goes on, and so forth."""
    while (before := packing_of(strategy).goes_on) is not None:
        strategy = before
    return strategy


def whose_cases(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Return the strategy whose cases one has, itself or the one that it goes on."""
    upon = packing_of(strategy).upon
    return strategy if upon is None else upon
