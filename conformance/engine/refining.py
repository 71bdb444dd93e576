"""After the rules: simpler cases of those that broke, a little for each in turn, while there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import pytest

from conformance.engine.flight import FlightRecorder
from conformance.engine.judging import (
    FAILURE,
    OBSERVATION,
    RESULT,
    TRACEBACK_LIMIT,
    WATCH,
    summed_up,
)
from conformance.engine.rule import load_rules
from conformance.engine.running import Failure, simpler
from conformance.engine.watch import FIRST_LOOK, Watch, watching
from reports.model import Outcome, Result, plain

REFINED = "conformance_refined"
"""Where in a worker's output the results are for which it found a simpler case."""


@dataclass
class _Unfinished:
    """A rule that broke on a case that may not be the simplest."""

    item: pytest.Item
    watch: Watch
    failure: Failure
    result: Result


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
        result, failure = item.stash.get(RESULT, None), item.stash.get(FAILURE, None)
        if result is not None and result.outcome is Outcome.BROKEN and failure and not failure.whole:
            self._unfinished.append(_Unfinished(item, item.stash[WATCH], failure, result))
            del item.stash[FAILURE]
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
            open_ones = [entry for entry in open_ones if not entry.failure.whole]
        if self._amend is not None:
            for result in changed.values():
                self._amend(result)
        elif changed:
            output = session.config.workeroutput  # type: ignore[attr-defined]
            output[REFINED] = [plain(result) for result in changed.values()]

    def _look_on(self, entry: _Unfinished, seconds: float) -> bool:
        """Go on looking for a simpler case; return whether there is one."""
        if self._recorder is not None:
            self._recorder.begin(entry.item.nodeid)
        try:
            with watching(entry.watch):
                found = simpler(load_rules()[entry.result.rule], entry.watch, entry.failure, seconds)
        finally:
            if self._recorder is not None:
                self._recorder.end()
        better = found.data != entry.failure.data
        entry.failure = found
        if better:
            failure = pytest.ExceptionInfo.from_exception(found.error)
            observation = entry.item.stash[OBSERVATION]
            entry.result = replace(
                entry.result,
                reason=summed_up(failure),
                counterexample=observation.counterexample() if observation.counterexample else None,
                script=observation.script() if observation.script else None,
                traceback=str(entry.item.repr_failure(failure))[-TRACEBACK_LIMIT:],
            )
        return better
