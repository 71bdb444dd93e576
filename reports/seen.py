"""One way in which a rule breaks on a target, and what it has in common with others."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reports.model import Result, Symptom
from reports.wording import DTYPE_KINDS, LAYOUTS, first_line, is_dtype, shows

_OF_TENSORS = {
    *("0-d", "empty", "size 1", "conj view", "negative zero", "subnormal", "NaN", "infinity", "fraction"),
    *("over 16 elements", "over 256 elements", "rank 4 or more", "dim over 1,024"),
    *DTYPE_KINDS,
    *LAYOUTS,
}
"""Classes that say what a tensor is, beside its dtype; all others say how an operation is called."""

REFUSAL = "a call that it has to refuse"
ASPECTS = (
    (REFUSAL, r"was not refused|DID NOT RAISE|DID NOT WARN|pytest\.raises|refusal"),
    ("a wrong dtype", r"^\w+: (?:assert )?(?:dtype\b|torch\.\w+ (?:==|is) torch\.)|\.dtype\b"),
    ("a wrong shape", r"^\w+: (?:assert )?(?:shape\b|torch\.Size)|\.(?:shape|ndim|size|dim)\b"),
    ("wrong memory", r"data_ptr|storage|stride|contiguous|_base\b|is_view|shares|bytes"),
    ("wrong gradients", r"grad|is_leaf|backward"),
    ("wrong elements", r"differs first at| instead of |elements|drew|expect\.|tolist|\.item\("),
)
"""What may be wrong of a result, each with how the message or the claim shows it; the first goes."""


@dataclass(frozen=True)
class Seen:
    """A break of a result's rule; `symptom` is None where the result says no more than a reason.

    `at` is its place among the breaks of the result.
    """

    result: Result
    reason: str
    symptom: Symptom | None = None
    counterexample: str | None = None
    script: str | None = None
    reproduced: str | None = None
    at: int = 0

    @property
    def operation(self) -> str:
        """The operation that the rule is about."""
        return self.result.rule.partition(".")[0]

    @property
    def raised(self) -> bool:
        """Whether an exception of the target's broke the rule, rather than an answer of it."""
        symptom = self.symptom
        return symptom is not None and (
            symptom.exception not in ("AssertionError", "Failed") or symptom.claim is None
        )

    @property
    def always(self) -> bool:
        """Whether every example failed so: then their classes tell nothing."""
        return self.symptom is not None and self.symptom.failed >= self.result.examples > 1

    @property
    def every(self) -> tuple[str, ...]:
        """The classes of which every example failed so, if others did not."""
        return () if self.symptom is None or self.always else self.symptom.every

    @property
    def shared(self) -> set[str]:
        """The classes of which every example failed so, or that all have which did and not all that held."""
        return {*self.symptom.every, *self.symptom.shared} if self.symptom else set()

    @property
    def certain(self) -> set[str]:
        """The classes that every example has which failed so: several of `every` may be alternatives."""
        if self.symptom is None:
            return set()
        every = self.symptom.every if len(self.symptom.every) == 1 else ()
        return {*self.symptom.shared, *every}

    @property
    def aspect(self) -> str:
        """What is wrong of the result, or the claim that it fails."""
        claim = self.symptom.claim if self.symptom and self.symptom.claim else ""
        for text in (first_line(self.reason), claim):
            for aspect, shown in ASPECTS:
                if text and re.search(shown, text):
                    return aspect
        return claim or "something else"

    @property
    def telling(self) -> tuple[bool, bool, bool, int]:
        """Orders breaks by how well they show their cause: confirmed by a script, and small."""
        confirmed = bool(self.reproduced) and shows(self.reproduced)
        size = len(self.counterexample or "") + len(self.script or "")
        return (not confirmed, not (self.script and shows(self.reproduced)), not self.counterexample, size)


def ways(result: Result) -> Iterator[Seen]:
    """Yield each way in which a rule broke, none for a result that says no more than a reason."""
    for at, each in enumerate(result.breaks):
        yield Seen(result, each.reason, each.symptom, each.counterexample, each.script, each.reproduced, at)


def reason_alone(result: Result) -> Seen:
    """Return what a result says that tells no symptoms."""
    evidence = (result.counterexample, result.script, result.reproduced)
    return Seen(result, result.reason or "", None, *evidence)


@functools.cache
def kind_of(name: str) -> str:
    """Return an input class, of a layout without whose it is: `transposed` for `transposed index`."""
    return next((layout for layout in LAYOUTS if name.startswith(layout)), name)


def is_of_tensors(kind: str) -> bool:
    """Return whether an input class is about tensors, and so may matter to any operation."""
    return kind in _OF_TENSORS or is_dtype(kind)


def examples_of(seen: Iterable[Seen], kind: str) -> int:
    """Return how many examples of a kind of input were tried."""
    return sum(many for each in seen for name, many in each.result.classes.items() if kind_of(name) == kind)
