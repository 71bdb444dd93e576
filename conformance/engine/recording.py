"""Collecting the results of a run, in the controlling process.

They are journalled as they come, with and without xdist, and the report is written at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from conformance.engine import source as sources
from conformance.engine.judging import RULE
from conformance.engine.refining import REFINED
from conformance.engine.rule import find_rule
from reports.files import JOURNAL, Journal
from reports.known_breaks import KnownBreak, unused
from reports.model import Outcome, Report, Result, Rule, Run
from reports.publish import publish
from reports.score import INCOMPLETE, NOTHING, Score, exit_code
from reports.wording import by_wording, many


def now() -> str:
    """Return the time in UTC as ISO 8601, in whole seconds."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


class Recording:
    """In the controlling process: collects results, journals them, and writes the report.

    A `partial` run is meant to be one: that it says little is no reason for it to fail. `known` are the known
    breaks, of which those that excused nothing are named at the end.
    """

    def __init__(
        self, run: Run, directory: Path, *, known: Iterable[KnownBreak] = (), partial: bool = False
    ) -> None:
        self._directory = directory
        self._known = tuple(known)
        self._partial = partial
        self._rules: dict[str, Rule] = {}
        self._results: dict[tuple[str, str], Result] = {}
        self._running: dict[tuple[str, str], None] = {}
        self._journal: Journal | None = None
        self._run = run
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
        found = [find_rule(nodeid) for nodeid in nodeids]
        self._rules = {rule.id: rule for rule, _ in filter(None, found)}
        if self._rules:
            missing = {name: sources.missing(name) for rule in self._rules.values() for name in rule.sources}
            said = {source: why for source, why in sorted(missing.items()) if why is not None}
            reread = {name: sources.changed(name) for name in missing}
            changed = {name: why for name, why in sorted(reread.items()) if why is not None}
            self._run = replace(self._run, sources=said, changed=changed)
            self._journal = Journal(self._directory / JOURNAL, self._run, tuple(self._rules.values()))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Journal that a rule begins, so that a run that is killed tells where."""
        found = find_rule(nodeid)
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

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the results for which a worker found simpler cases after its last rule."""
        for data in (getattr(node, "workeroutput", None) or {}).get(REFINED, ()):
            self.add(Result.from_json(data))

    def add(self, result: Result) -> None:
        """Take a result; it replaces an earlier one of the same rule on the same target."""
        self._running.pop((result.rule, result.target), None)
        self._results[result.rule, result.target] = result
        if self._journal is not None:
            self._journal.add(result)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report; a run in which no rule applied is no success, nor is an incomplete one."""
        if self._journal is None:
            return
        interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        self._run = replace(self._run, ended=None if interrupted else now())
        self._journal.end(self._run.ended)
        report = self.report()
        self.written = publish(self._directory, report)
        if exitstatus != pytest.ExitCode.OK:
            return
        nothing_applied = all(result.outcome is Outcome.INAPPLICABLE for result in report.results)
        if nothing_applied or any(target.unable for target in report.run.targets):
            session.exitstatus = NOTHING
        elif exit_code(report) == INCOMPLETE and not self._partial:
            session.exitstatus = INCOMPLETE

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
        if report.run.sources:
            names = ", ".join(report.run.sources)
            terminalreporter.line(f"not in this torch's documentation, though rules name it: {names}")
        if report.run.changed:
            terminalreporter.line(
                f"documentation changed since review: {len(report.run.changed)} sources; "
                "`torch-conformance sources` lists the rules to read again"
            )
        for entry in unused(self._known, report):
            terminalreporter.line(f"known break that excused nothing; delete it: {entry.place}, {entry.rule}")
        for target in report.run.targets:
            score = Score(report, target.id)
            terminalreporter.line(f"{target.id}: {score.said}; {score.line}")
            if warned := by_wording(report.warnings_of(target.id)):
                most = next(iter(warned))
                times, ways = many(sum(warned.values()), "time"), many(len(warned), "way")
                terminalreporter.line(f"{target.id} warned {times}, in {ways}; most often: {most}")
        terminalreporter.line(f"report: {self.written}")
