"""The ways in which a rule breaks: its failed examples, told apart by their signs and their input classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from conformance.engine.symptoms import Sign
from strategies.dims import PLACES
from strategies.tensors import LAYOUTS
from strategies.values import DTYPE_CLASSES

MOST = 4
"""How many ways of breaking are told apart for one rule at most."""

CHANCE = 1e-3
"""A class of which every example fails counts for something if that is less likely by chance."""

SELDOM = 0.1
"""What share of the examples may fail otherwise, where classes explain the others."""

_DTYPES = frozenset(name for names in DTYPE_CLASSES.values() for name in names)


@dataclass(frozen=True)
class Failed:
    """An example that failed."""

    error: BaseException
    sign: Sign
    data: bytes
    classes: frozenset[str]


@dataclass
class Way:
    """Examples that failed alike: by the same sign, and `of` these classes, or of none of the `others`.

    `every` are the classes of which every example failed so, `shared` those that all these examples have and
    not all that held.
    """

    failed: list[Failed]
    of: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    every: tuple[str, ...] = field(default=(), init=False)
    shared: tuple[str, ...] = field(default=(), init=False)

    def takes(self, sign: Sign, classes: Iterable[str]) -> bool:
        """Return whether an example of these classes that fails by this sign fails in this way."""
        if sign != self.failed[0].sign:
            return False
        return self.others.isdisjoint(classes) and (not self.of or not self.of.isdisjoint(classes))


def ways(failed: Sequence[Failed], held: Sequence[frozenset[str]]) -> list[Way]:
    """Return the ways in which a rule broke, given what failed, and the classes of each example that held.

    The one that most examples failed in comes first. What fails by one sign is split where every example of
    an input class fails, and others do as well.
    """
    by_sign: dict[Sign, list[Failed]] = {}
    for each in failed:
        by_sign.setdefault(each.sign, []).append(each)
    found = [way for alike in by_sign.values() for way in _split(alike, held)]
    found.sort(key=lambda way: -len(way.failed))
    for way in found[:MOST]:
        common = frozenset.intersection(*[each.classes for each in way.failed])
        way.every = tuple(sorted(way.of or common.intersection(_pure(way.failed, held))))
        way.shared = tuple(sorted(name for name in common if not all(name in classes for classes in held)))
    return found[:MOST]


def _split(alike: list[Failed], held: Sequence[frozenset[str]]) -> list[Way]:
    """Return what fails by one sign as one way, or as several where classes explain nearly all of it.

    Of a fault of all inputs of two dims or more, all that are transposed fail as well: that is no fault of
    its own, as what is left when they are set aside shows.
    """
    found: list[Way] = []
    left, split = alike, frozenset[str]()
    while left:
        pure = _pure(left, held)
        most = max(pure, key=lambda name: (pure[name], name), default=None)
        if most is None or (not split and pure[most] == len(left)):
            break
        # Several dtypes, or several layouts, of which every example fails are one fault rather than many.
        of = frozenset(name for name in pure if _kind(name) == _kind(most))
        found.append(Way([each for each in left if of & each.classes], of, split))
        left, split = [each for each in left if not of & each.classes], split | of
    explained = len(found) < MOST and _rate(len(left) - 1, len(left) + len(held) - 2) <= SELDOM
    if not found or not explained:
        return [Way(alike)]
    return [*found, Way(left, others=split)] if left else found


def _pure(failed: list[Failed], held: Sequence[frozenset[str]]) -> dict[str, int]:
    """Return the classes of which every example failed, which is no chance, with how many there are."""
    holding = frozenset().union(*held)
    counts = Counter(name for each in failed for name in each.classes if name not in holding)
    return {
        name: count
        for name, count in counts.items()
        if _rate(len(failed) - count, len(failed) - count + len(held)) ** count < CHANCE
    }


def _rate(failed: int, of: int) -> float:
    return (failed + 1) / (of + 2)


def _kind(name: str) -> str:
    if name in _DTYPES:
        return "dtype"
    if any(name.startswith(f"{layout} ") for layout in LAYOUTS):
        return "layout"
    if name.startswith("rank "):
        return "rank"
    if name in PLACES:
        return "place of dim"
    return name
