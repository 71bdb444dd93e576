"""Decks: the cases of a strategy, drawn once, as the bytes that they are decoded from.

To draw a case costs Hypothesis several times what it costs to decode and run it. So the cases of a strategy
are drawn once, and whoever needs them decodes them: other rules, other devices, other processes. The time
that this saves is spent on which cases they are; see `covering`. Where a case breaks a rule, Hypothesis is
handed it; see `Handed`.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

from hypothesis.database import ExampleDatabase, choices_to_bytes
from hypothesis.strategies import SearchStrategy

from strategies.case import Case, classes_of
from strategies.covering import Covering, Drawn, pairs_of
from strategies.tape import Origin, packing_of

_LONG = 1_000
"""The longest deck that is kept decoded."""


class Deck(tuple[bytes, ...]):
    """The bytes of cases; `pairs` is how many pairs of classes are known to occur in one case."""

    pairs: int = 0

    @classmethod
    def of(cls, cases: Iterable[bytes], pairs: int = 0) -> Deck:
        """Return a deck of cases."""
        deck = cls(cases)
        deck.pairs = pairs
        return deck


_KEPT = 32
"""How many decks are kept decoded: the targets of a rule come one after the other, as do most neighbours."""


def deck_seed(strategy: SearchStrategy[Any], seed: str) -> int:
    """Return the seed of a strategy's cases: the same wherever it is used, whatever else runs.

    Raises LookupError if the strategy was not made by `packed`.
    """
    return int.from_bytes(
        hashlib.sha256(f"{seed}:{packing_of(strategy).length}".encode()).digest()[:8], "big"
    )


def draw_deck(
    strategy: SearchStrategy[Any], count: int, seed: str, each: Callable[[], object] = lambda: None
) -> Deck:
    """Return the bytes of up to `count` cases for a seed, the first of zeros, half of them drawn by chance.

    The others are chosen so that many classes meet; see `covering`. There are fewer only where the strategy
    has fewer. A deck of more than a hundred begins with one of a hundred. `each` is called for each case;
    what it raises ends the drawing. Raises LookupError if the strategy was not made by `packed`.
    """
    packing = packing_of(strategy)
    covering = Covering(packing, Random(deck_seed(strategy, seed)))
    drawn: dict[bytes, Any] = {}
    turns = _turns(covering, count) if packing.chosen else covering.by_chance(count)
    for data, case in itertools.islice(turns, min(count, 256**packing.length)):
        drawn[data] = case
        each()
    deck = Deck.of(drawn, covering.known_pairs)
    decoder.keep(strategy, deck, list(drawn.values()))
    return deck


FIRST, LATER = 50, 25
"""How many cases are drawn by chance before as many are chosen: those that follow can be learned from."""


def _turns(covering: Covering, count: int) -> Iterator[Drawn]:
    """Return cases that are drawn by chance and cases that are chosen, in turns, half of each in `count`."""
    for many in itertools.chain((min(FIRST, -(-count // 2)),), itertools.repeat(LATER)):
        yield from covering.by_chance(many)
        yield from covering.chosen(many)


class Decoder:
    """Decodes decks, and keeps the cases of the latest few for the next who asks."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Deck], list[Any]] = {}
        self._pairs: dict[tuple[int, Deck], list[int]] = {}

    def cases(self, strategy: SearchStrategy[Any], deck: Deck) -> Iterable[Any]:
        """Return the cases of a deck, none of which has touched a device; see `unused`."""
        decode = packing_of(strategy).decode
        if len(deck) > _LONG:
            return (Origin(decode, data).again(data) for data in deck)
        if (id(strategy), deck) not in self._kept:
            known = self._known(strategy)
            cases = [known[data] if data in known else Origin(decode, data).again(data) for data in deck]
            self.keep(strategy, deck, cases)
        return self._kept[id(strategy), deck]

    def _known(self, strategy: SearchStrategy[Any]) -> dict[bytes, Any]:
        """Return the cases of a strategy that are kept: one target may see a part of what another does."""
        own = [(deck, cases) for (of, deck), cases in self._kept.items() if of == id(strategy)]
        return {data: case for deck, cases in own for data, case in zip(deck, cases, strict=True)}

    def pairs(self, strategy: SearchStrategy[Any], deck: Deck) -> list[int]:
        """Return which pairs of classes each case of a deck has, as bits of an int; see `pairs_of`."""
        key = (id(strategy), deck)
        if key not in self._pairs:
            found = pairs_of(map(classes_of, self.cases(strategy, deck)))
            if key not in self._kept:  # too long to be kept
                return found
            self._pairs[key] = found
        return self._pairs[key]

    def keep(self, strategy: SearchStrategy[Any], deck: Deck, cases: list[Any]) -> None:
        """Keep the cases of a deck that somebody has decoded."""
        if len(deck) <= _LONG:
            while len(self._kept) >= _KEPT:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                self._pairs.pop(oldest, None)
            self._kept[id(strategy), deck] = cases


decoder = Decoder()
"""Keeps the cases of the decks that this process draws or runs."""


class Handed(ExampleDatabase):
    """An example database that has some cases for Hypothesis to run, and to shrink the first that fails.

    What Hypothesis saves goes to `kept`, the database that it would have otherwise.
    """

    def __init__(self, cases: Iterable[bytes], kept: ExampleDatabase | None) -> None:
        super().__init__()
        # What it replays to the last choice, Hypothesis takes for shrunk; this has one choice too many.
        self._cases = [choices_to_bytes((data, False)) for data in cases]
        self._kept = kept

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Return the cases, whatever the key, and those that were kept."""
        return [*self._cases, *(self._kept.fetch(key) if self._kept is not None else ())]

    def save(self, key: bytes, value: bytes) -> None:
        """Keep an example."""
        if self._kept is not None:
            self._kept.save(key, value)

    def delete(self, key: bytes, value: bytes) -> None:
        """Keep an example no longer."""
        if self._kept is not None:
            self._kept.delete(key, value)


def unused(case: Any) -> Any:
    """Return a case with none of its tensors built, so that what is done to them concerns nobody else."""
    return case.fresh() if isinstance(case, Case) else case
