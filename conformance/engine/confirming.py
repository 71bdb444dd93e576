"""After the run: whether the script of each broken rule shows the break by itself, on torch alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest

from conformance.engine.progress import Progress
from reports.model import Outcome, Result
from reports.replay import TIMEOUT, NoTorchError, Replayer
from reports.verdict import but_for_numbers


class Confirming:
    """In the controlling process: runs the scripts of broken rules again, those of alike failures once.

    `results` gives the results of the run, `amend` takes those that are confirmed or condemned. All scripts
    together get `seconds`.
    """

    def __init__(
        self, results: Callable[[], Iterable[Result]], amend: Callable[[Result], None], seconds: float
    ) -> None:
        self._results = results
        self._amend = amend
        self._seconds = seconds
        self._latest: dict[tuple[str, str], Result] = {}

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Confirm what broke, unless the run was interrupted: then whoever did that waits for it."""
        if exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
            return
        broken = [result for result in self._results() if result.outcome is Outcome.BROKEN]
        self._latest = {(result.rule, result.target): result for result in broken}
        groups = alike(result for result in broken)
        if not groups or not self._seconds:
            return
        progress = Progress(session.config)
        until = time.monotonic() + self._seconds
        tried = 0
        try:
            with Replayer() as replayer:
                for tried, group in enumerate(groups):
                    left = until - time.monotonic()
                    if left <= 0:
                        progress.say(f"not run again, for want of time: {len(groups) - tried} scripts")
                        break
                    rule = group[0].result.rule
                    progress.show(f"running scripts again: {tried + 1} of {len(groups)}, {rule}")
                    self._confirm(replayer, group, min(left, TIMEOUT))
        except NoTorchError as error:  # it was there a moment ago
            progress.say(f"no script was run again: {error}")
        progress.clear()

    def _confirm(self, replayer: Replayer, group: list[Scripted], seconds: float) -> None:
        """Run the script of the first of a group, and tell the others how it ended."""
        first = group[0]
        found = replayer.reproduced(first.script, first.reason.partition(":")[0], limit=seconds)
        for each in group:
            self._tell(each, found if each is first else f"{found} of {first.result.rule}")

    def _tell(self, each: Scripted, found: str) -> None:
        place = (each.result.rule, each.result.target)
        result = self._latest[place]
        if each.at is None:
            result = replace(result, reproduced=found)
        else:
            also = [
                replace(other, reproduced=found) if at == each.at else other
                for at, other in enumerate(result.also)
            ]
            result = replace(result, also=tuple(also))
        self._latest[place] = result
        self._amend(result)


@dataclass(frozen=True)
class Scripted:
    """A way in which a rule broke for which there is a script: the first, or `also` at a place."""

    result: Result
    reason: str
    script: str
    at: int | None = None


def alike(results: Iterable[Result]) -> list[list[Scripted]]:
    """Return scripts in groups: of one operation on one target, for one reason but for numbers."""
    groups: dict[tuple[str, str, str], list[Scripted]] = {}
    for result in results:
        found = [Scripted(result, result.reason or "", result.script or "")]
        found += [
            Scripted(result, other.reason, other.script or "", at) for at, other in enumerate(result.also)
        ]
        for each in found:
            if each.script:
                key = (result.target, result.rule.partition(".")[0], but_for_numbers(each.reason))
                groups.setdefault(key, []).append(each)
    return list(groups.values())
