"""Which of a strategy's cases to show: small, and such that nothing in it could be taken for something else.

A tensor of two rows and three columns, whose elements differ, tells along which dim something happens; an
index that is shorter than its input tells whose shape the output takes. The strategies draw; what they draw
is ranked.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from conformance.engine.decks import whose_cases
from strategies.case import Case, tensor_fields
from strategies.code import TensorCode
from strategies.shapes import MAX_RANK, RANKS, SIZES
from strategies.tape import Tape, drawn_again, length_of, own_length, packing_of
from strategies.values import ramp

DRAWN = 40
"""How many cases of a strategy are looked at first."""

CHANGES = 80
"""How often the best of them is changed in one place, to see whether that is better."""

STRUCTURE = 90
"""Among how many of the first bytes stands what fills the first tensor."""

COUNTING = 175
"""The byte by which the usual fills count up, so that every element tells its place."""

STARTS, FINE = 2, 3.0
"""From how many cases at most it is gone on, and how bad one is that is good enough."""

KEPT = 6
"""How many of the best are kept."""

_DENSITIES = (0.1, 0.2, 0.35, 0.6)
"""Which part of the bytes is not 0: a byte of 0 is the simplest decision everywhere."""

_COMMON = {torch.float32: 0.0, torch.int64: 0.0, torch.float64: 0.5, torch.bool: 1.5}


class Chooser:
    """Finds cases worth showing, those of strategies with the same cases once."""

    def __init__(self) -> None:
        self._best: dict[SearchStrategy[Any], list[bytes]] = {}

    def best(self, strategy: SearchStrategy[Any]) -> list[bytes]:
        """Return the tapes of the cases of a strategy that show most, for a chooser to `keep`."""
        return self._of(strategy)

    def keep(self, strategy: SearchStrategy[Any], best: list[bytes]) -> None:
        """Take what was chosen elsewhere."""
        self._best[strategy] = best

    def cases(self, strategy: SearchStrategy[Any]) -> list[Any]:
        """Return cases of a strategy made by `packed`, the one that shows most first."""
        return [drawn_again(strategy, data) for data in self._of(strategy)]

    def _of(self, strategy: SearchStrategy[Any]) -> list[bytes]:
        if strategy not in self._best:
            base = whose_cases(strategy)
            self._best[strategy] = _best(strategy) if base is strategy else _gone_on(strategy, self._of(base))
        return self._best[strategy]


def _best(strategy: SearchStrategy[Any]) -> list[bytes]:
    packing, random = packing_of(strategy), Random(0)
    length = packing.length

    @functools.cache  # what is simplified twice comes to much the same tapes
    def scored(data: bytes) -> tuple[float, bytes]:
        return badness(packing.decode(Tape(data))), data

    read = min(length, max(1, own_length(packing.inner)))
    tapes = [bytes(length)]
    for number in range(DRAWN):
        tape = _sparse(random, read, _DENSITIES[number % len(_DENSITIES)]) + bytes(length - read)
        tapes.append((_matrix(random) + tape[1 + MAX_RANK :])[:length] if number % 3 else tape)
    found = sorted({scored(data) for data in tapes})[: KEPT * 2]
    for start in found[:STARTS]:
        best = _simplified(start, scored)
        for at in range(min(read, STRUCTURE)):
            best = min(best, scored(_with(best[1], at, COUNTING)))
        for number in range(CHANGES):
            decided = [at for at in range(read) if best[1][at]] if number % 2 else None
            at = random.choice(decided) if decided else random.randrange(read)
            best = min(best, scored(_with(best[1], at, random.randrange(256))))
        found.append(_simplified(best, scored))
        if found[-1][0] < FINE:
            break
    return [data for _, data in sorted(set(found))[:KEPT]]


def _simplified(
    best: tuple[float, bytes], scored: Callable[[bytes], tuple[float, bytes]]
) -> tuple[float, bytes]:
    """Return what is no worse with 0 in the place of one byte after the other."""
    for at in [at for at, byte in enumerate(best[1]) if byte]:
        best = min(best, scored(_with(best[1], at, 0)))
    return best


def _gone_on(strategy: SearchStrategy[Any], starts: list[bytes]) -> list[bytes]:
    """Return tapes of a strategy that reads on where another one ends whose best tapes are known."""
    packing, random = packing_of(strategy), Random(0)
    read = length_of(packing_of(whose_cases(strategy)).decode, starts[0])
    found = set()
    for start in starts[:4]:
        start = start[: packing.length].ljust(packing.length, b"\0")
        rest = packing.length - read
        ends = [start[read:], *[_sparse(random, rest, density) for density in _DENSITIES]]
        for end in ends:
            data = start[:read] + end
            found.add((badness(packing.decode(Tape(data))), data))
    return [data for _, data in sorted(found)[:KEPT]]


def _matrix(random: Random) -> bytes:
    """Return the bytes of a shape of two sizes, which many strategies read first."""
    sizes = [_place(random, SIZES, size) for size in random.choice(((2, 3), (3, 2), (2, 4), (3, 4)))]
    return bytes([_place(random, RANKS, 2), *[0] * (MAX_RANK - 2), *sizes])


def _place(random: Random, table: Sequence[int], value: int) -> int:
    return random.choice([at * 256 // len(table) for at, found in enumerate(table) if found == value])


def _with(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes((value,)) + data[at + 1 :]


def _sparse(random: Random, length: int, density: float) -> bytes:
    return bytes([random.randrange(256) if random.random() < density else 0 for _ in range(length)])


def badness(case: Any) -> float:
    """Return how badly a case shows what happens to it."""
    if not isinstance(case, Case):
        return 0.0
    codes = dict(_codes(case))
    found = sum(_of_tensor(code, first=at == 0) for at, code in enumerate(codes.values()))
    shapes = [code.shape for code in codes.values() if code.shape]
    found += 3.0 * (len(shapes) - len(set(shapes)))
    for name in case.__dataclass_fields__:
        if name != "classes" and name not in tensor_fields(type(case)):
            found += _of_value(getattr(case, name))
    return found


def _codes(case: Case) -> Iterator[tuple[str, TensorCode]]:
    for name, kind in tensor_fields(type(case)).items():
        code = kind.code(case)
        for number, part in enumerate(code if isinstance(code, tuple) else (code,)):
            if isinstance(part, TensorCode):
                yield f"{name}{number}", part


def _of_tensor(code: TensorCode, *, first: bool) -> float:
    count = math.prod(code.shape)
    if count > 200:
        return 100.0
    laid_out = (code.index, code.permutation, code.expanded, code.strided)
    found = 3.0 * sum(each is not None for each in laid_out) + 3.0 * bool(code.bit)
    found += _COMMON.get(code.dtype, 2.0)
    if count == 0:
        return found + 8
    found += {1: 4.0, 2: 2.0, 3: 1.0}.get(count, 0.0) + 0.5 * max(0, count - 8)
    found += ({0: 6.0, 1: 4.0, 2: 0.0, 3: 2.0}.get(len(code.shape), 7.0)) * (1.0 if first else 0.3)
    longer = [size for size in code.shape if size > 1]
    found += 2.0 * (len(longer) - len(set(longer))) + 1.5 * (len(code.shape) - len(longer))
    if found > 20:
        return found  # whatever its elements are
    times: dict[str, int] = {}
    for value in code.data[:16]:
        written = repr(value)
        times[written] = times.get(written, 0) + 1
    total = sum(times.values())
    alike = 4.0 * (1 - len(times) / total) + 3.0 * (max(times.values()) - 1) / total
    if first:
        found += alike
    else:  # an index has few elements to choose from; one that counts up shows little
        found += 0.3 * alike + (2.0 if len(times) == 1 < total else 0.0)
        found += 0.8 * (list(times) == [repr(value) for value in ramp(code.dtype, total)])
    found += sum([many * max(0, len(written) - 4) for written, many in times.items()]) / total
    if not {"nan", "inf", "-inf"}.isdisjoint(times):
        found += 5
    return found


def _of_value(value: Any) -> float:
    if isinstance(value, bool):
        return 0.0
    if isinstance(value, int):
        return (1.0 if value < 0 else 0.0) + (2.0 if abs(value) > 100 else 0.0)
    if isinstance(value, (tuple, list)):
        return 0.3 + sum(map(_of_value, value))
    return 0.0
