"""After the run: whether the script of each broken rule shows the break by itself, on torch alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

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

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Confirm what broke, unless the run was interrupted: then whoever did that waits for it."""
        if exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
            return
        broken = [result for result in self._results() if result.outcome is Outcome.BROKEN]
        groups = alike(result for result in broken if result.script)
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
                    progress.show(f"running scripts again: {tried + 1} of {len(groups)}, {group[0].rule}")
                    self._confirm(replayer, group, min(left, TIMEOUT))
        except NoTorchError as error:  # it was there a moment ago
            progress.say(f"no script was run again: {error}")
        progress.clear()

    def _confirm(self, replayer: Replayer, group: list[Result], seconds: float) -> None:
        """Run the script of the first of a group, and tell the others how it ended."""
        first = group[0]
        assert first.script is not None
        exception = (first.reason or "").partition(":")[0]
        found = replayer.reproduced(first.script, exception, limit=seconds)
        self._amend(replace(first, reproduced=found))
        for result in group[1:]:
            self._amend(replace(result, reproduced=f"{found} of {first.rule}"))


def alike(results: Iterable[Result]) -> list[list[Result]]:
    """Return results in groups: of one operation on one target, for one reason but for numbers."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        reason = but_for_numbers(result.reason or "")
        groups.setdefault((result.target, result.rule.partition(".")[0], reason), []).append(result)
    return list(groups.values())
