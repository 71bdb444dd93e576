"""Making a failing case simpler than Hypothesis leaves it.

Hypothesis lowers the bytes of a case one by one, or all equal ones together, and so ends in a local minimum
where one decision can be simpler only if a later one is less so: (2, 2, 4, 17) has over 256 elements, and
so has (257,), but no single step leads from one to the other. Here, each byte is lowered with the rest of
the case drawn anew a few times, after every part that can be left out was. A case found that way is smaller
in Hypothesis' own order.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

from strategies.tape import Traced

TracedT = TypeVar("TracedT", bound=Traced)

ATTEMPTS = 4_000
"""Most cases that one search tries."""

REDRAWN = 12
"""How often the rest of a case is drawn anew after a decision was made simpler."""


def simplest(case: TracedT, fails: Callable[[TracedT], bool], *, attempts: int = ATTEMPTS) -> TracedT:
    """Return the simplest case found for which `fails` is True, `case` itself if there is no simpler one.

    `case` must have come from a strategy made by `packed`; `fails` is not asked about `case`. The search is
    the same in every run. Raises ValueError if the case does not know where it came from.
    """
    origin = case.origin
    if origin is None:
        raise ValueError(f"{case!r} was not drawn by a packed strategy")
    random, left = Random(0), attempts
    best, found = origin.data, case

    def lowered(at: int, value: int, rest: bytes) -> bool:
        nonlocal best, found, left
        candidate = best[:at] + bytes((value,)) + rest
        if left <= 0 or candidate >= best:
            return False
        left -= 1
        simpler = origin.again(candidate)
        if not fails(simpler):
            return False
        best, found = candidate, simpler
        return True

    def leave_out() -> None:
        for at in reversed(case.switches):
            lowered(at, 0, best[at + 1 :])

    def pass_over() -> None:
        leave_out()
        for at in range(len(case.switches), len(best)):
            rest = len(best) - at - 1
            if lowered(at, best[at], bytes(rest)):
                return
            while best[at] and any(lowered(at, value, best[at + 1 :]) for value in _lower(best[at])):
                pass
            redrawn = [value for value in _lower(best[at]) for _ in range(REDRAWN)]
            while any(lowered(at, value, random.randbytes(rest)) for value in redrawn if value < best[at]):
                redrawn = [value for value in redrawn if value < best[at]]

    while left > 0:
        before = best
        pass_over()
        if best == before:
            break
    return found


def _lower(value: int) -> list[int]:
    """Return values below a byte, the simplest first."""
    return sorted({0, value // 4, value // 2, value * 3 // 4, value - 8, value - 1} & set(range(value)))
