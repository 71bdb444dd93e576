"""Turning each test of a rule into a result, in the process that ran it.

A worker turns what it saw into a result and sends it along with pytest's own report of the test.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable
from dataclasses import replace

import pytest

from conformance.engine.flight import FlightRecorder
from conformance.engine.judge import judge, most_excused
from conformance.engine.observation import Observation
from conformance.engine.rule import load_rules
from conformance.engine.running import Failure
from conformance.engine.symptoms import said
from conformance.engine.watch import Watch, run_example, scripted_of, watching
from reports.known_breaks import KnownBreak, find_breaks
from reports.model import Break, Outcome, Result, Rule, Run, Target, plain
from reports.verdict import fails

RULE = pytest.StashKey[tuple[Rule, Target]]()
"""On an item: the rule and the target that it checks."""

OBSERVATION = pytest.StashKey[Observation]()
"""On an item: what was seen while it ran; absent if it was skipped before it ran."""

WATCH = pytest.StashKey[Watch]()
"""On an item: how it was watched."""

FAILURES_OF = pytest.StashKey[list[Failure]]()
"""On an item: the ways in which it broke; absent if it held."""

RESULT = pytest.StashKey[Result]()
"""On an item: what became of it."""

REASON_LIMIT = 500
"""Most characters of an exception's message that a result gives as its reason."""

TRACEBACK_LIMIT = 20_000
"""Most characters of a traceback that a result carries."""


class Judging:
    """In every process that runs rules: turns each test into a result and pytest's outcome into ours."""

    def __init__(self, known: Iterable[KnownBreak], run: Run, recorder: FlightRecorder | None) -> None:
        self._known = list(known)
        self._run = run
        self._recorder = recorder

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note what runs, for the case that it ends the process."""
        if self._recorder is not None and RULE in item.stash:
            self._recorder.begin(item.nodeid)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Note that the rule is over."""
        try:
            return (yield)
        finally:
            if self._recorder is not None:
                self._recorder.end()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the result to the report and let the report pass or fail as the outcome says."""
        report = yield
        if RULE in item.stash and (report.when == "call" or not report.passed):
            rule, _ = item.stash[RULE]
            result = item.stash[RESULT] = self._result(item, report, call)
            report.__dict__["conformance"] = {"rule": plain(rule), "result": plain(result)}
            adjust(report, rule, result, strict=self._run.strict)
        return report

    def _result(self, item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None]) -> Result:
        rule, target = item.stash[RULE]
        result = Result(rule.id, target.id, Outcome.INAPPLICABLE, seconds=round(report.duration, 6))
        if report.skipped and target.unable:
            return replace(result, outcome=Outcome.UNSUPPORTED, reason=target.unable)
        if report.skipped:
            return replace(result, reason=_skip_reason(report))
        observation = item.stash.get(OBSERVATION, Observation())
        failure = summed_up(call.excinfo) if call.excinfo is not None else None
        outcome, reason = judge(
            rule,
            observation,
            failure=failure,
            entries=find_breaks(self._known, rule.id, target, self._run.torch),
            max_examples=min(self._run.max_examples, observation.dealt),
            target=target,
        )
        result = replace(
            result,
            outcome=outcome,
            reason=reason,
            examples=observation.examples,
            classes=dict(sorted(observation.classes.items())),
            untried=dict(observation.untried),
            warned=dict(observation.warned),
            refused=dict(observation.refused),
            blocked=dict(observation.blocked),
            excused={entry.place: count for entry, count in observation.excused.items()},
            pairs={"reached": observation.reached_pairs, "known": observation.known_pairs}
            if observation.known_pairs
            else {},
            acts=dict((+observation.acts).most_common()) if observation.acts is not None else {},
            rounding={name: float(f"{units:.3g}") for name, units in sorted(observation.rounding.items())},
            known=most_excused(observation).excuse if outcome is Outcome.KNOWN else None,
        )
        if outcome is Outcome.BROKEN and FAILURES_OF in item.stash:
            return with_failures(result, item.stash[FAILURES_OF], item, item.stash[WATCH])
        return replace(
            result,
            counterexample=observation.counterexample() if observation.counterexample else None,
            script=observation.script() if outcome is Outcome.BROKEN and observation.script else None,
            traceback=report.longreprtext[-TRACEBACK_LIMIT:] or None,
        )


def with_failures(result: Result, failures: list[Failure], item: pytest.Item, watch: Watch) -> Result:
    """Return a result with what a rule broke by, and the evidence for each way in which it did."""
    first, *others = [_break(failure, item, watch) for failure in failures]
    return replace(
        result,
        reason=first.reason,
        symptom=first.symptom,
        counterexample=first.counterexample,
        script=first.script,
        traceback=first.traceback,
        also=tuple(others),
    )


def _break(failure: Failure, item: pytest.Item, watch: Watch) -> Break:
    raised = pytest.ExceptionInfo.from_exception(failure.error)
    observation, found = watch.observation, load_rules()[item.stash[RULE][0].id]
    counterexample: str | None
    script: str | None
    if failure.data:
        counterexample = found.describe(failure.data)
        if watch.mode is not None:
            # How a script runs in the mode goes by the example that was run last.
            with watching(watch), contextlib.suppress(Exception):
                run_example(found.body, found.case(failure.data), watch)
        script = found.script(failure.data, watch.device, watch.imports, watch.bounds, scripted_of(watch))
    else:  # what was drawn leaves no trace
        counterexample = observation.counterexample() if observation.counterexample else None
        script = observation.script() if observation.script else None
    traceback = str(item.repr_failure(raised))[-TRACEBACK_LIMIT:]
    return Break(summed_up(raised), failure.symptom, counterexample, script, None, traceback)


def summed_up(failure: pytest.ExceptionInfo[BaseException]) -> str:
    """Return what an exception says, as the reason of a result."""
    return said(failure.value)[:REASON_LIMIT]


def adjust(report: pytest.TestReport, rule: Rule, result: Result, *, strict: bool) -> None:
    """Make pytest's own outcome, which decides the exit code, agree with the result's."""
    if result.outcome is Outcome.INAPPLICABLE:
        if report.failed:  # by what was not run in the mode that the target is about
            report.outcome, report.longrepr = "skipped", _skipped(report, f"inapplicable: {result.reason}")
        return
    found = f"{result.outcome.value}: {result.reason}"
    if fails(result.outcome, rule.basis, strict=strict):
        if report.passed:
            report.longrepr = f"{rule.id}: {found}"
        report.outcome = "failed"
    elif report.failed or result.outcome is Outcome.KNOWN:
        report.outcome = "skipped"
        report.wasxfail = found if result.outcome is Outcome.KNOWN else f"observed, not documented: {found}"
    elif result.outcome in (Outcome.UNSUPPORTED, Outcome.BLOCKED):
        report.outcome, report.longrepr = "skipped", _skipped(report, found)


def _skipped(report: pytest.TestReport, why: str) -> tuple[str, int, str]:
    """Return what a report says of a test that is skipped."""
    path, line, _ = report.location
    return path, (line or 0) + 1, why


def _skip_reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return report.longreprtext
