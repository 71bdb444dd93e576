"""What is seen while one rule runs on one target."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.known_breaks import KnownBreak
from strategies.covering import count_pairs


@dataclass
class Observation:
    """What is seen while one rule runs on one target; filled in example by example.

    Counting stops when the examples are over (`closed`), which is at the first that fails unless the rule is
    `going_on`: what follows is shrinking, which says nothing of the inputs tried. `untried` counts the
    examples that were not run by the dtype or the input class that the target lacks or refuses, `refused`
    says with what it refuses a dtype. `blocked` counts those that could not be tried by the rule that is
    broken in their stead, `blocked_by` says how. `excused` counts those that failed as is known, `excuses`
    has the first of each kind. `warned` counts the warnings that broke nothing, by what they say. `together`
    has the classes that are made of several, with their parts. `pairs` are the pairs of classes of the
    examples that held, as bits of which `strategies.covering` knows, of `known_pairs` that there are. `dealt`
    says how many cases the rule is run on. `rounding` has the largest error that was taken for rounding, by
    dtype, in units of its eps. In a mode, `acts` counts what rules do by whether it was run in the mode, or
    by why it was not; None elsewhere.
    """

    examples: int = 0
    held: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    untried: Counter[str] = field(default_factory=Counter)
    untried_classes: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    blocked: Counter[str] = field(default_factory=Counter)
    blocked_by: dict[str, str] = field(default_factory=dict)
    excused: Counter[KnownBreak] = field(default_factory=Counter)
    excuses: dict[KnownBreak, tuple[BaseException, Any]] = field(default_factory=dict)
    failed: bool = False
    closed: bool = False
    going_on: bool = False
    counterexample: Callable[[], str] | None = None
    script: Callable[[], str | None] | None = None
    data: bytes | None = None
    warned: Counter[str] = field(default_factory=Counter)
    together: Mapping[str, frozenset[str]] = field(default_factory=dict)
    pairs: int = 0
    known_pairs: int = 0
    dealt: int = sys.maxsize
    rounding: dict[str, float] = field(default_factory=dict)
    acts: Counter[str] | None = None

    def passed(self, classes: Iterable[str]) -> None:
        """Count an example that held."""
        if not self.closed:
            self.examples += 1
            self.held += 1
            self.classes.update(classes)
            self.classes.update(self._together(classes))

    def refuse(self, dtype: str, message: str, classes: Iterable[str]) -> None:
        """Count an example that the target refuses, as it refuses plain input of the dtype."""
        if not self.closed:
            self.refused.setdefault(dtype, message)
            self.passed_over(dtype, classes)

    def block(self, rule: str, message: str, classes: Iterable[str]) -> None:
        """Count an example that could not be tried, since another rule is broken before or after it."""
        if not self.closed:
            self.blocked[rule] += 1
            self.blocked_by.setdefault(rule, message)
            self._untried(classes)

    def excuse(self, entry: KnownBreak, error: BaseException, case: Any) -> None:
        """Count an example that failed as is known."""
        if not self.closed:
            self.examples += 1
            self.excused[entry] += 1
            self.excuses.setdefault(entry, (error, case))

    def passed_over(self, name: str, classes: Iterable[str]) -> None:
        """Count an example that was not run, since the target lacks a dtype or an input class."""
        if not self.closed:
            self.untried[name] += 1
            self._untried(classes)

    def _untried(self, classes: Iterable[str]) -> None:
        self.untried_classes.update(classes, self._together(classes))

    def _together(self, classes: Iterable[str]) -> list[str]:
        """Return the classes made of several that an example of these is in."""
        return [name for name, parts in self.together.items() if parts.issubset(classes)]

    @property
    def reached_pairs(self) -> int:
        """How many pairs of classes the examples that held have."""
        return count_pairs(self.pairs)

    def warn(self, message: Warning | str, category: type[Warning]) -> None:
        """Count a warning that no rule is about."""
        if not self.closed:
            said = " ".join(str(message).split())[:300]
            self.warned[f"{category.__name__}: {said}"] += 1

    def broke(
        self,
        counterexample: Callable[[], str],
        script: Callable[[], str | None],
        data: bytes | None,
    ) -> None:
        """Remember a failing example; the last one remembered is the smallest that was found.

        The first two describe it, but only when asked: most failing examples are steps on the way to the
        smallest. `data` are the bytes from which it was decoded.
        """
        if not self.closed:
            self.examples += 1
        self.closed = self.closed or not self.going_on
        self.failed = True
        self.counterexample = counterexample
        self.script = script
        self.data = data
