"""Surviving the device under test: why a worker died, which example it died of, and ending those that hang.

Rules run in xdist's workers, which xdist replaces when they die. What is added here, in the controlling
process, is the cause: the signal, the example that the flight recorder holds, and the stack.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.apart import ended
from conformance.engine.flight import Flight, read_flight
from conformance.engine.judge import judge_death
from conformance.engine.judging import TRACEBACK_LIMIT, adjust
from conformance.engine.postmortem import PostMortem
from conformance.engine.progress import Progress
from conformance.engine.rule import find_rule
from reports.known_breaks import KnownBreak, find_breaks
from reports.model import Outcome, Result, Rule, Run, plain

POLL = 0.5
"""Seconds between two looks at the workers."""

GRACE = 5.0
"""Seconds that a hanging process has to dump its stack before it is killed."""

UNBORN_LIMIT = 5
"""How many workers in a row may die before they begin a rule; then nothing helps."""


@dataclass(frozen=True)
class Death:
    """The end of a worker: how it ended, its last flight and the stack that it dumped (may be empty)."""

    how: str
    hung: bool
    flight: Flight | None
    stack: str


class Isolation:
    """In the controlling process, under xdist: turns the death of a worker into a rule's result."""

    def __init__(
        self,
        directory: Path,
        run: Run,
        known: list[KnownBreak],
        examiner: PostMortem,
        amend: Callable[[Result], None],
        *,
        hang_after: float,
    ) -> None:
        self._directory = directory
        self._run = run
        self._known = known
        self._examiner = examiner
        self._amend = amend
        self._hang_after = hang_after
        self._stop = threading.Event()
        self._ended: dict[int, float] = {}
        self._death: Death | None = None
        self._again: set[str] = set()
        self._unborn = 0
        self._examined: list[tuple[Result, bytes]] = []

    def pytest_sessionstart(self) -> None:
        """Begin to watch for rules that hang."""
        threading.Thread(target=self._watch, daemon=True).start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Find out how a worker ended, when it did not end as it should."""
        if error is None:
            return
        path = self._directory / node.gateway.id
        flight = read_flight(path)
        stack = path.with_suffix(".stack")
        status = _status(node)
        hung = flight is not None and flight.pid in self._ended
        how = flight.note if flight is not None and flight.note else ""
        if hung:
            how = how or f"one example took more than {self._hang_after:g} s"
        self._death = Death(how or status, hung, flight, _read(stack))
        for file in (path, stack):
            with contextlib.suppress(OSError):
                file.unlink()

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport, sched: Any) -> None:
        """Give the rule that ran when the worker died its result; run one again that had not begun."""
        death, found = self._death, find_rule(crashitem)
        if death is None or found is None:
            return
        # A worker on another machine leaves no flight here: take it that the rule ended it.
        begun = death.flight is None or death.flight.nodeid == crashitem
        self._unborn = 0 if begun else self._unborn + 1
        if not begun and crashitem not in self._again:
            self._again.add(crashitem)
            report.outcome = "rerun"  # type: ignore[assignment]
            sched.mark_test_pending(crashitem)
            return
        rule, target = found
        flight = death.flight if begun else None
        result = self._result(rule, target, death, flight, begun=begun)
        report.__dict__["conformance"] = {"rule": plain(rule), "result": plain(result)}
        report.longrepr = result.reason
        adjust(report, rule, result, strict=self._run.strict)
        if flight is not None and flight.data and result.outcome is not Outcome.KNOWN:
            self._examined.append((result, flight.data))

    def _result(self, rule: Rule, target: str, death: Death, flight: Flight | None, *, begun: bool) -> Result:
        data = flight.data if flight is not None else b""
        outcome, reason, known = judge_death(
            hung=death.hung,
            how=death.how,
            entries=find_breaks(self._known, rule.id, self._run.target(target), self._run.torch),
            classes=self._examiner.classes(rule.id, data),
        )
        return Result(
            rule.id,
            target,
            outcome,
            reason if begun else f"{reason}, before it began",
            examples=flight.example if flight is not None else 0,
            counterexample=self._examiner.describe(rule.id, data),
            traceback=death.stack[-TRACEBACK_LIMIT:] or None,
            known=known,
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        """Give up when worker after worker dies before it begins a rule."""
        if self._unborn >= UNBORN_LIMIT:
            session = node.config.pluginmanager.get_plugin("dsession")
            session.shouldstop = f"{self._unborn} workers in a row died before they began a rule"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Look for the smallest input of each kind of death, as long as there is time."""
        self._stop.set()
        if exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
            return
        progress = Progress(session.config)
        groups: dict[object, list[tuple[Result, bytes]]] = {}
        for result, data in self._examined:
            kind = (result.target, result.rule.partition(".")[0], result.outcome, result.reason)
            groups.setdefault(kind, []).append((result, data))
        for number, ((first, data), *others) in enumerate(groups.values(), 1):
            progress.show(f"smallest inputs of deaths: {number} of {len(groups)}, {first.rule}")
            hung = first.outcome is Outcome.HUNG
            finding = self._examiner.examine(first.rule, first.target, data, hung=hung)
            self._amend(
                replace(
                    first,
                    reason=f"{first.reason}; {finding.remark}",
                    counterexample=finding.counterexample,
                    script=finding.script,
                    reproduced=finding.reproduced,
                )
            )
            for other, _ in others:
                self._amend(replace(other, reason=f"{other.reason}; not examined: as {first.rule}"))
        progress.clear()

    def _watch(self) -> None:
        while not self._stop.wait(POLL):
            for path in self._directory.glob("*"):
                flight = None if path.suffix else read_flight(path)
                if flight is not None and flight.nodeid and time.time() - flight.since > self._hang_after:
                    self._end(flight.pid)

    def _end(self, pid: int) -> None:
        """Have a process dump its stack and die; kill it if it does neither in time."""
        began = self._ended.setdefault(pid, time.monotonic())
        with contextlib.suppress(OSError):
            late = time.monotonic() - began > GRACE
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM) if late else signal.SIGABRT)


def _status(node: Any) -> str:
    """Say how a worker's process ended; xdist knows only that it is gone."""
    process = getattr(getattr(node.gateway, "_io", None), "popen", None)
    if process is None:
        return "the worker's process is gone"
    try:
        code = process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        return "the worker's process closed its channel"
    return ended(code)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
