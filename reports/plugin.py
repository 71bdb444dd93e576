"""The pytest plugin that records what became of every rule on every target, with and without xdist.

A worker turns what it saw into a result and sends it along with pytest's own report of the test; the
controlling process collects the results, journals them as they come, and writes the report at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from reports.files import JOURNAL, Journal
from reports.flight import FlightRecorder
from reports.judge import fails, judge
from reports.known_breaks import KnownBreak, find_break, find_excuses
from reports.model import Observation, Outcome, Report, Result, Rule, Run, Target, plain
from reports.publish import publish
from reports.replay import reproduced
from reports.score import Score

RULE = pytest.StashKey[tuple[Rule, Target]]()
"""On an item: the rule and the target that it checks."""

OBSERVATION = pytest.StashKey[Observation]()
"""On an item: what was seen while it ran; absent if it was skipped before it ran."""

REASON_LIMIT = 500
"""Most characters of an exception's message that a result gives as its reason."""

TRACEBACK_LIMIT = 20_000
"""Most characters of a traceback that a result carries."""


def now() -> str:
    """Return the time in UTC as ISO 8601, in whole seconds."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


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
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Let a rule that broke break on the simplest case that can be found."""
        try:
            return (yield)
        except (Exception, pytest.fail.Exception):
            simplify = item.stash.get(OBSERVATION, Observation()).simplify
            simpler = simplify() if simplify else None
            if simpler is None:
                raise
            raise simpler from None
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
            result = self._result(item, report, call)
            report.__dict__["conformance"] = {"rule": plain(rule), "result": plain(result)}
            adjust(report, rule, result, strict=self._run.strict)
        return report

    def _result(self, item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None]) -> Result:
        rule, target = item.stash[RULE]
        result = Result(rule.id, target.id, Outcome.INAPPLICABLE, seconds=round(report.duration, 6))
        if report.skipped:
            return replace(result, reason=_skip_reason(report))
        observation = item.stash.get(OBSERVATION, Observation())
        failure = None
        if call.excinfo is not None:
            failure = f"{call.excinfo.typename}: {call.excinfo.value}".strip()[:REASON_LIMIT]
        known = find_break(self._known, rule.id, target, self._run.torch)
        outcome, reason = judge(
            rule,
            observation,
            failure=failure,
            known=known,
            excuses=find_excuses(self._known, rule.id, target, self._run.torch),
            max_examples=self._run.max_examples,
        )
        script = observation.script() if outcome is Outcome.BROKEN and observation.script else None
        return replace(
            result,
            outcome=outcome,
            reason=reason,
            examples=observation.examples,
            classes=dict(sorted(observation.classes.items())),
            untried=dict(observation.untried),
            counterexample=observation.counterexample() if observation.counterexample else None,
            script=script,
            reproduced=reproduced(script, failure.partition(":")[0]) if script and failure else None,
            traceback=report.longreprtext[-TRACEBACK_LIMIT:] or None,
        )


def adjust(report: pytest.TestReport, rule: Rule, result: Result, *, strict: bool) -> None:
    """Make pytest's own outcome, which decides the exit code, agree with the result's."""
    if result.outcome is Outcome.INAPPLICABLE:
        return
    said = f"{result.outcome.value}: {result.reason}"
    if fails(result.outcome, rule.basis, strict=strict):
        if report.passed:
            report.longrepr = f"{rule.id}: {said}"
        report.outcome = "failed"
    elif report.failed:
        report.outcome = "skipped"
        report.wasxfail = said if result.outcome is Outcome.KNOWN else f"observed, not documented: {said}"
    elif result.outcome is Outcome.UNSUPPORTED:
        path, line, _ = report.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, said)


def _skip_reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return report.longreprtext


@dataclass(frozen=True)
class Selection:
    """What a run sets out to do; `lookup` finds the rule and the target id of a pytest node id."""

    run: Run
    directory: Path
    lookup: Callable[[str], tuple[Rule, str] | None]


class Recording:
    """In the controlling process: collects results, journals them, and writes the report."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._rules: dict[str, Rule] = {}
        self._results: dict[tuple[str, str], Result] = {}
        self._running: dict[tuple[str, str], None] = {}
        self._journal: Journal | None = None
        self._run = selection.run
        self.written: Path | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without xdist: note the rules that will run."""
        if not session.config.option.collectonly:
            self._plan(item.nodeid for item in session.items if RULE in item.stash)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With xdist: note the rules that a worker has collected; all workers collect the same."""
        self._plan(ids)

    def _plan(self, nodeids: Iterable[str]) -> None:
        if self._rules:
            return
        found = [self._selection.lookup(nodeid) for nodeid in nodeids]
        self._rules = {rule.id: rule for rule, _ in filter(None, found)}
        if self._rules:
            self._journal = Journal(
                self._selection.directory / JOURNAL, self._selection.run, tuple(self._rules.values())
            )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Journal that a rule begins, so that a run that is killed tells where."""
        found = self._selection.lookup(nodeid)
        if found is not None and self._journal is not None:
            self._running[found[0].id, found[1]] = None
            self._journal.begin(found[0].id, found[1])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the result that came with a test's report, that of a rule whose worker died among them."""
        data: dict[str, Any] | None = getattr(report, "conformance", None)
        if data is not None:
            rule = Rule.from_json(data["rule"])
            self._rules.setdefault(rule.id, rule)
            self.add(Result.from_json(data["result"]))

    def add(self, result: Result) -> None:
        """Take a result; it replaces an earlier one of the same rule on the same target."""
        self._running.pop((result.rule, result.target), None)
        self._results[result.rule, result.target] = result
        if self._journal is not None:
            self._journal.add(result)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report; a run in which no rule applied anywhere is no success."""
        if self._journal is None:
            return
        interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        self._run = replace(self._run, ended=None if interrupted else now())
        self._journal.end(self._run.ended)
        report = self.report()
        self.written = publish(self._selection.directory, report)
        if exitstatus == pytest.ExitCode.OK and not any(
            Score(report, t.id).applicable for t in self._run.targets
        ):
            observed = any(result.outcome is not Outcome.INAPPLICABLE for result in report.results)
            session.exitstatus = pytest.ExitCode.OK if observed else pytest.ExitCode.NO_TESTS_COLLECTED

    def report(self) -> Report:
        """Return the report as it stands."""
        rules, results = tuple(self._rules.values()), tuple(self._results.values())
        return Report(self._run, rules, results, tuple(self._running))

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """End with one line per target and the path of the report, after all that pytest says."""
        terminalreporter = config.pluginmanager.get_plugin("terminalreporter")
        if self.written is None or terminalreporter is None:
            return
        report = self.report()
        terminalreporter.section("conformance")
        for target in report.run.targets:
            terminalreporter.line(f"{target.id}: {Score(report, target.id).line}")
        terminalreporter.line(f"report: {self.written}")
