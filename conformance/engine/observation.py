"""What is seen while one rule runs on one target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Observation:
    """What is seen while one rule runs on one target; filled in example by example.

    Counting stops at the first failure: what follows is shrinking, which says nothing of the inputs tried.
    `warned` counts the warnings that broke nothing, by what they say.
    """

    examples: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    unsupported: int = 0
    unsupported_message: str | None = None
    untried: Counter[str] = field(default_factory=Counter)
    untried_classes: set[str] = field(default_factory=set)
    excused: Counter[str] = field(default_factory=Counter)
    failed: bool = False
    counterexample: Callable[[], str] | None = None
    script: Callable[[], str | None] | None = None
    data: bytes | None = None
    warned: Counter[str] = field(default_factory=Counter)

    def passed(self, classes: Iterable[str]) -> None:
        """Count an example that held."""
        if not self.failed:
            self.examples += 1
            self.classes.update(classes)

    def refused(self, message: str) -> None:
        """Count an example that the target does not implement."""
        if not self.failed:
            self.examples += 1
            self.unsupported += 1
            self.unsupported_message = self.unsupported_message or message

    def excuse(self, input_class: str) -> None:
        """Count an example that failed as is known of its input class."""
        if not self.failed:
            self.examples += 1
            self.classes[input_class] += 1
            self.excused[input_class] += 1

    def passed_over(self, dtype: str, classes: Iterable[str]) -> None:
        """Count an example that was not run, since the target lacks a dtype."""
        if not self.failed:
            self.untried[dtype] += 1
            self.untried_classes.update(classes)

    def warn(self, message: Warning | str, category: type[Warning]) -> None:
        """Count a warning that no rule is about."""
        if not self.failed:
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
        if not self.failed:
            self.examples += 1
        self.failed = True
        self.counterexample = counterexample
        self.script = script
        self.data = data
