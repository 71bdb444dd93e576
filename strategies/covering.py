"""Covering: cases that put classes together which chance seldom does.

That each class of inputs is drawn says little of what they do together: a kernel may be wrong for a long
row of an expanded index of three dims, and for nothing else. As in combinatorial testing, cases are chosen
so that all pairs of classes are reached, and as many triples as there is room for: of some that are
decoded, those that reach most. What a strategy promises is looked for. Since every decision of a case
stands at a fixed place of its bytes, a case can be given a class that another has: by the bytes that this
class hangs on. Which these are is learned from the cases decoded so far.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from strategies.case import classes_of
from strategies.shapes import BEYOND_GRAIN
from strategies.tape import Origin, Packing, Tape, parts_of

COSTLY = (BEYOND_GRAIN, "over 256 elements")
"""Classes of cases that take long: no more of them are chosen than there are by chance."""

CANDIDATES = 2
"""How many cases are decoded for each that is chosen."""

MISSING = 4_000
"""How many are decoded at most for one class that is promised and was not drawn."""

SPARE = 25
"""How many of the others are kept, since they may be the best next time."""

PLAUSIBLE = 4
"""How often two classes should have met by chance, at most, if they may well meet and have not yet."""

JOINT = 4
"""How many cases there are of a promised class that is made of several, since one may hold by luck."""

SAMPLE = 200
"""From how many cases, the latest, is learned which classes hang on which bytes."""

AIMED = 0.3
"""What share of the candidates is made to reach a certain pair; the others are drawn by chance."""

ELEMENTS = 32
"""How many elements of a tensor are made to see what classes a case has; no class tells more apart."""

PAIR = 6
"""How many triples a pair counts for that was not reached before."""

LEVELS = 4
"""Into how many ranges the values of a byte are divided to see which classes hang on it."""

HANGS, FREE = 1.5, 2.0
"""The Kolmogorov-Smirnov statistic from which a class hangs on a byte, and below which nothing does."""

FRESH = 64
"""Of how many of 256 such bytes, on which nothing hangs, a case that is made of two gets new ones."""

Drawn = tuple[bytes, Any]
"""A case with the bytes that it was decoded from, which stand first."""


class Coverage:
    """Which pairs and triples of classes some cases have reached; sets of classes are bits of an int."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._met: list[int] = []
        self._with: list[int] = []
        self._with_two: list[list[int]] = []

    def __len__(self) -> int:
        """Return how many classes there are."""
        return len(self._number)

    def meet(self, classes: Iterable[str]) -> tuple[int, ...]:
        """Return the numbers of a case's classes, ascending, and note that they occur together.

        A class that is new gets the next number.
        """
        number, met = self._number, self._met
        found = sorted({number.setdefault(name, len(number)) for name in classes})
        for one in range(len(met), len(number)):
            met.append(0)
            self._with.append(0)
            self._with_two.append([0] * one)
        mask = _mask(found)
        for one in found:
            met[one] |= mask
        return tuple(found)

    @property
    def known_pairs(self) -> int:
        """How many pairs of classes occur together in a case that was met, reached or not."""
        return sum([mask.bit_count() - 1 for mask in self._met]) // 2

    def number(self, name: str) -> int | None:
        """Return the number of a class, None if no case had it yet."""
        return self._number.get(name)

    def gain(self, numbers: Sequence[int]) -> int:
        """Return how many pairs, and triples, of these classes were not reached, a pair as so many triples.

        Every pair is counted twice, every triple three times.
        """
        mask, of, of_two = _mask(numbers), self._with, self._with_two
        gain = 0
        for place, one in enumerate(numbers):
            if lacking := mask & ~of[one]:
                gain += PAIR * lacking.bit_count()
            row = of_two[one]
            for other in numbers[:place]:
                if lacking := mask & ~row[other]:
                    gain += lacking.bit_count()
        return gain

    def add(self, numbers: Sequence[int]) -> None:
        """Note that a case has reached these classes."""
        mask, of, of_two = _mask(numbers), self._with, self._with_two
        for place, one in enumerate(numbers):
            of[one] |= mask
            row = of_two[one]
            for other in numbers[:place]:
                row[other] |= mask

    def lacking(self, number: int) -> int:
        """Return the classes that no case had together with one."""
        return ~self._with[number] & ((1 << len(self._number)) - 1)


def _mask(numbers: Iterable[int]) -> int:
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def pairs_of(cases: Iterable[Iterable[str]]) -> list[int]:
    """Return which pairs of classes each of some cases has, as bits of an int.

    The bits are the same for all of these cases, two for each pair.
    """
    number: dict[str, int] = {}
    numbered = [{number.setdefault(name, len(number)) for name in classes} for classes in cases]
    found = []
    for numbers in numbered:
        mask = _mask(numbers)
        found.append(sum([(mask ^ 1 << one) << one * len(number) for one in numbers]))
    return found


def count_pairs(pairs: int) -> int:
    """Return how many pairs there are among bits as `pairs_of` returns them."""
    return pairs.bit_count() // 2


@dataclass(frozen=True)
class _Sketch:
    """The bytes of a case, the numbers of its classes, the costly ones, and what is promised of it."""

    data: bytes
    numbers: tuple[int, ...]
    costly: tuple[str, ...]
    promised: tuple[str, ...]


class Covering:
    """Chooses cases of a strategy so that all together reach many combinations of classes.

    `random` decides what is left to chance. What the strategy promises comes first.
    """

    def __init__(self, packing: Packing, random: Random) -> None:
        self._packing = packing
        self._random = random
        self._coverage = Coverage()
        self._missing = {name: frozenset(parts_of(name)) for name in packing.promises}
        self._wanted = {name: JOINT if len(parts) > 1 else 1 for name, parts in self._missing.items()}
        self._pool: list[_Sketch] = []
        self._members: dict[int, list[_Sketch]] = {}
        self._spare: list[_Sketch] = []
        self._taken: set[bytes] = set()
        self._aimed: set[tuple[int, int]] = set()
        self._elements = ELEMENTS
        self._budgets = {name: _Budget() for name in COSTLY}
        self._hangs = np.zeros((0, packing.length), dtype=np.float32)

    @property
    def known_pairs(self) -> int:
        """How many pairs of classes are known to occur, those in cases that were not chosen included."""
        return self._coverage.known_pairs

    def by_chance(self, count: int) -> Iterator[Drawn]:
        """Return cases of bytes drawn by chance, the first of zeros; fewer if new ones are hard to find."""
        for _ in range(8 * count):
            data = self._bytes() if self._taken else bytes(self._packing.length)
            if data not in self._taken:
                case, found = self._taking(data)
                self._add(found)
                for name, budget in self._budgets.items():
                    budget.by_chance += 1
                    budget.costly += name in found.costly
                yield data, case
                count -= 1
            if not count:
                return

    def chosen(self, count: int) -> Iterator[Drawn]:
        """Return cases that reach most of what no case has reached yet, of some that are made for it."""
        self._hangs = _hanging(self._pool[-SAMPLE:], len(self._coverage), self._packing.length)
        for data in self._promised(count):
            yield data, self._taking(data)[0]
            count -= 1
        waiting = [*self._spare, *self._candidates(CANDIDATES * count)]
        left = [(-self._gain(one), place) for place, one in enumerate(waiting)]
        heapq.heapify(left)
        while count and left:
            before, place = left[0]
            gain = self._gain(waiting[place])
            # A gain gets smaller with time, never larger: whose is what it was is the best.
            if gain != -before:
                heapq.heapreplace(left, (-gain, place))
                continue
            if gain <= 0:
                break
            heapq.heappop(left)
            for name, budget in self._budgets.items():
                budget.chosen += 1
                budget.spent += name in waiting[place].costly
            yield waiting[place].data, self._taking(waiting[place].data)[0]
            count -= 1
        self._spare = [waiting[place] for _, place in heapq.nsmallest(SPARE, left)]
        yield from self.by_chance(count) if count else ()

    def _promised(self, count: int) -> list[bytes]:
        """Look for cases of the classes that are promised and were not drawn by chance."""
        found: list[bytes] = []
        for name, parts in list(self._missing.items()):
            alike: list[_Sketch] = []
            for _ in range(MISSING):
                if name not in self._missing or len(found) == count:
                    break
                data = self._varied(self._one_of(alike).data) if alike else self._towards(parts)
                sketch = self._sketched(data)
                if name in sketch.promised and sketch.data not in self._taken:
                    alike.append(sketch)
                    found.append(sketch.data)
                    self._taken.add(sketch.data)
                    self._keep(sketch.promised)
        return found

    def _towards(self, parts: frozenset[str]) -> bytes:
        """Return the bytes of a case that may have more of some classes than one near to it has."""
        known = {number for name in sorted(parts) if (number := self._coverage.number(name)) is not None}
        # The best of a few, or of many: who looks only on from the very best soon finds nothing.
        some = [self._one_of(self._pool) for _ in range((10, 50, 250)[self._random.randrange(3)])]
        nearest = max(some, key=lambda one: len(known.intersection(one.numbers)))
        lacking = sorted(known.difference(nearest.numbers))
        chance = self._random.random()
        if not lacking or chance < 0.1:
            return self._bytes()
        if chance < 0.25:
            return self._varied(nearest.data)
        return self._crossed(nearest, lacking[self._random.randrange(len(lacking))])

    def _varied(self, data: bytes) -> bytes:
        """Return the bytes of a case with a few of them drawn anew."""
        varied = bytearray(data)
        for _ in range(self._random.randrange(1, 9)):
            varied[self._random.randrange(len(varied))] = self._random.randrange(256)
        return bytes(varied)

    def _keep(self, promised: Iterable[str]) -> None:
        """Note that there is a case of what is promised."""
        for name in promised:
            if name in self._missing:
                self._wanted[name] -= 1
                if not self._wanted[name]:
                    del self._missing[name]

    def _candidates(self, count: int) -> Iterator[_Sketch]:
        """Return cases to choose from: some by chance, some that may reach a pair that none has."""
        aims = self._aims(int(count * AIMED))
        for place in range(count):
            data = self._crossed(*aims[place]) if place < len(aims) else self._bytes()
            if data not in self._taken:
                yield self._sketched(data)

    def _aims(self, count: int) -> list[tuple[_Sketch, int]]:
        """Return cases, each with a class that no case like it had yet, though nothing says that none can."""
        found: list[tuple[int, int]] = []
        sizes = {one: len(having) for one, having in self._members.items()}
        for one in sizes:
            for other in _bits(self._coverage.lacking(one)):
                expected = sizes[one] * sizes.get(other, 0) / len(self._pool)
                if other in sizes and (one, other) not in self._aimed and expected < PLAUSIBLE:
                    found.append((one, other))
        self._random.shuffle(found)
        self._aimed.update(found[:count])
        return [(self._one_of(self._members[one]), other) for one, other in found[:count]]

    def _gain(self, found: _Sketch) -> int:
        if found.data in self._taken or any(self._budgets[name].is_spent for name in found.costly):
            return -1
        return self._coverage.gain(found.numbers)

    def _taking(self, data: bytes) -> tuple[Any, _Sketch]:
        """Return the case that the bytes stand for, and note what it reaches."""
        case = Origin(self._packing.decode, data).again(data)
        found = self._described(data, classes_of(case))
        self._coverage.add(found.numbers)
        if data not in self._taken:
            self._taken.add(data)
            self._keep(found.promised)
        return case, found

    def _sketched(self, data: bytes) -> _Sketch:
        """Return what the case is that the bytes stand for, without having all of its elements made."""
        try:
            case = self._packing.decode(Tape(data, self._elements))
        except Exception:  # numpy or torch misses the other elements; it would in most cases of the strategy
            self._elements = sys.maxsize
            case = self._packing.decode(Tape(data))
        found = self._described(data, classes_of(case))
        self._add(found)
        return found

    def _described(self, data: bytes, classes: tuple[str, ...]) -> _Sketch:
        promised = [name for name, parts in self._missing.items() if parts.issubset(classes)]
        costly = [name for name in COSTLY if name in classes]
        return _Sketch(data, self._coverage.meet(classes), tuple(costly), tuple(promised))

    def _add(self, found: _Sketch) -> None:
        """Add a case to those from which others may get a class."""
        self._pool.append(found)
        for number in found.numbers:
            self._members.setdefault(number, []).append(found)

    def _bytes(self) -> bytes:
        return self._random.randbytes(self._packing.length)

    def _one_of(self, cases: list[_Sketch]) -> _Sketch:
        return cases[self._random.randrange(len(cases))]

    def _crossed(self, receiver: _Sketch, wanted: int) -> bytes:
        """Return the bytes of a case with those of another's that a class hangs on."""
        random, giver = self._random, self._one_of(self._members[wanted]).data
        length, hangs = len(giver), self._hangs
        given = hangs[wanted] > HANGS if wanted < len(hangs) else np.zeros(length, dtype=bool)
        if not given.any():
            start, stop = sorted((random.randrange(length + 1), random.randrange(length + 1)))
            given[start:stop] = True
        fresh, some = np.frombuffer(random.randbytes(2 * length), dtype=np.uint8).reshape(2, length)
        made = np.frombuffer(receiver.data, dtype=np.uint8)
        made = np.where((some < FRESH) & (hangs.max(axis=0, initial=0) < FREE), fresh, made)
        return np.where(given, np.frombuffer(giver, dtype=np.uint8), made).tobytes()


@dataclass
class _Budget:
    """How many cases of a costly class there are among those by chance, and how many were chosen."""

    by_chance: int = 0
    costly: int = 0
    chosen: int = 0
    spent: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether another chosen one would be more than there are by chance."""
        return self.spent >= self.costly / max(self.by_chance, 1) * (self.chosen + 1)


def _hanging(pool: Sequence[_Sketch], classes: int, length: int) -> np.ndarray[Any, Any]:
    """Return for each class and each byte how much the class seems to hang on the byte.

    Namely how otherwise the byte is distributed among cases of the class than among the others: the statistic
    of Kolmogorov and Smirnov, which without any such difference is seldom above 1.4.
    """
    drawn = np.frombuffer(b"".join([one.data for one in pool]), dtype=np.uint8).reshape(len(pool), length)
    member = np.zeros((classes, len(pool)), dtype=np.float32)
    for place, one in enumerate(pool):
        member[list(one.numbers), place] = 1
    levels = [drawn < (level + 1) * (256 // LEVELS) for level in range(LEVELS - 1)]
    below = np.stack(levels, axis=1).reshape(len(pool), -1).astype(np.float32)
    sizes = member.sum(axis=1, keepdims=True)
    others = len(pool) - sizes
    inside = member @ below
    outside = below.sum(axis=0) - inside
    apart = np.abs(inside / np.maximum(sizes, 1) - outside / np.maximum(others, 1))
    largest = apart.reshape(classes, LEVELS - 1, length).max(axis=1)
    return largest * np.sqrt(sizes * others / len(pool))  # type: ignore[no-any-return]
