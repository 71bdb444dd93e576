"""After the rules: simpler cases of those that broke, a little for each in turn, while there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

import pytest

from conformance.engine.flight import FlightRecorder
from conformance.engine.judging import FAILURES_OF, RESULT, WATCH, with_failures
from conformance.engine.rule import load_rules
from conformance.engine.running import Failure, simpler
from conformance.engine.watch import FIRST_LOOK, Watch, watching
from reports.model import Outcome, Result, plain

REFINED = "conformance_refined"
"""Where in a worker's output the results are for which it found a simpler case."""


@dataclass
class _Unfinished:
    """A rule that broke, in one way at least on a case that may not be the simplest."""

    item: pytest.Item
    watch: Watch
    failures: list[Failure]
    result: Result

    @property
    def whole(self) -> bool:
        return all(failure.whole for failure in self.failures)


class Refining:
    """In every process that runs rules: takes up the searches that were cut short when their rules broke.

    Every search goes on for a moment before any goes on for long. All together get `seconds`. `amend` takes
    the results that changed; a worker leaves them to the controlling process, in its output.
    """

    def __init__(
        self, seconds: float, recorder: FlightRecorder | None, amend: Callable[[Result], None] | None
    ) -> None:
        self._seconds = seconds
        self._recorder = recorder
        self._amend = amend
        self._unfinished: list[_Unfinished] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, object, object]:
        """Remember a rule that broke, if the search for a simpler case was cut short."""
        report = yield
        result, failures = item.stash.get(RESULT, None), item.stash.get(FAILURES_OF, [])
        if result is not None and result.outcome is Outcome.BROKEN and failures:
            entry = _Unfinished(item, item.stash[WATCH], failures, result)
            del item.stash[FAILURES_OF]
            if not entry.whole:
                self._unfinished.append(entry)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Look on, unless the run was interrupted."""
        if exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
            return
        until, look = time.monotonic() + self._seconds, FIRST_LOOK
        changed: dict[tuple[str, str], Result] = {}
        open_ones = self._unfinished
        while open_ones and time.monotonic() < until:
            look *= 2
            for entry in open_ones:
                left = until - time.monotonic()
                if left > 0 and self._look_on(entry, min(look, left)):
                    changed[entry.result.rule, entry.result.target] = entry.result
            open_ones = [entry for entry in open_ones if not entry.whole]
        if self._amend is not None:
            for result in changed.values():
                self._amend(result)
        elif changed:
            output = session.config.workeroutput  # type: ignore[attr-defined]
            output[REFINED] = [plain(result) for result in changed.values()]

    def _look_on(self, entry: _Unfinished, seconds: float) -> bool:
        """Go on looking for simpler cases; return whether there is one."""
        if self._recorder is not None:
            self._recorder.begin(entry.item.nodeid)
        rule, before = load_rules()[entry.result.rule], entry.failures
        share = seconds / sum(not failure.whole for failure in before)
        try:
            with watching(entry.watch):
                entry.failures = [
                    failure if failure.whole else simpler(rule, entry.watch, failure, share)
                    for failure in before
                ]
        finally:
            if self._recorder is not None:
                self._recorder.end()
        better = [failure.data for failure in entry.failures] != [failure.data for failure in before]
        if better:
            entry.result = with_failures(entry.result, entry.failures, entry.item, entry.watch)
        return better
