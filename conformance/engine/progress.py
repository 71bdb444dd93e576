"""What a run says while it runs: one line that tells how far it is, and each failure as it comes."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import pytest

from conformance.engine.judging import RULE
from conformance.engine.rule import find_rule
from reports.model import Basis, Outcome, Result, Rule
from reports.verdict import fails

LINES = 3
"""Most lines of a counterexample that the terminal shows; the report has all of it."""


class Progress:
    """One line that changes, where standard output is a terminal, and lines that stay, everywhere."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._shown = False

    @property
    def _terminal(self) -> Any:
        # pytest makes it after it has asked plugins to configure themselves.
        return self._config.pluginmanager.get_plugin("terminalreporter")

    @property
    def live(self) -> bool:
        """Whether a line may be shown that changes."""
        terminal = self._terminal
        return terminal is not None and terminal.isatty and self._config.option.verbose <= 0

    def show(self, text: str) -> None:
        """Show a line in place of the one that was shown last; without a terminal, show nothing."""
        if self.live:
            width = self._terminal._tw.fullwidth - 1
            self._terminal.rewrite(text[:width].ljust(width))
            self._shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self.show("")
            self._terminal.rewrite("")
            self._shown = False

    def say(self, text: str) -> None:
        """Write lines that stay."""
        if self._terminal is not None:
            self.clear()
            if getattr(self._terminal, "_tw", None) is not None and self._terminal._tw.width_of_current_line:
                self._terminal.line("")  # after the dots
            for line in text.splitlines():
                self._terminal.line(line)


class Reporting:
    """In the controlling process of a run of rules: says how far it is, what it does, and what broke.

    In a terminal that takes the place of pytest's dots, and of its tracebacks, which the report has.
    """

    def __init__(self, config: pytest.Config, *, strict: bool) -> None:
        self._config = config
        self._strict = strict
        self._progress = Progress(config)
        self._total = self._done = self._failed = 0
        self._began = time.monotonic()
        self._now = ""
        self._over = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without xdist: note how much there is to do."""
        self._total = sum(RULE in item.stash for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With xdist: the same; all workers collect alike."""
        if not self._total:
            self._total, self._began = len(ids), time.monotonic()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note what runs."""
        found = find_rule(nodeid)
        if found is not None:
            self._now = f"{found[0].id} on {found[1]}"
            self._show()

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> Generator[None, tuple[str, str, object], tuple[str, str, object]]:
        """In a terminal, have pytest write no dots for rules."""
        status = yield
        if self._progress.live and not self._over and find_rule(report.nodeid):
            return status[0], "", ""
        return status

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say what broke."""
        data: dict[str, Any] | None = getattr(report, "conformance", None)
        if data is None:
            return
        rule, result = Rule.from_json(data["rule"]), Result.from_json(data["result"])
        self._done += 1
        if fails(result.outcome, rule.basis, strict=self._strict):
            self._failed += 1
            self._progress.say(told(rule, result))
        self._show()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Make room for what comes last; a failure that was told is not told again with its traceback."""
        self._progress.clear()
        self._over = True
        if self._config.option.tbstyle == "auto" and self._config.option.verbose <= 0:
            self._config.option.tbstyle = "no"

    def _show(self) -> None:
        if not self._total:
            return
        parts = [f"{self._done} of {self._total} ({100 * self._done // self._total} %)"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        parts.append(self._now)
        passed = time.monotonic() - self._began
        if self._done >= 10 and passed > 2:
            left = round(passed / self._done * (self._total - self._done))
            parts.append(f"about {left // 60}:{left % 60:02} left")
        self._progress.show(" · ".join(parts))


def told(rule: Rule, result: Result) -> str:
    """Return what a terminal says of a result that fails the run, in some lines."""
    observed = " (observed, not documented)" if rule.basis is Basis.OBSERVED else ""
    lines = [f"{result.outcome.value.upper()} {rule.id} on {result.target}{observed}: {rule.statement}"]
    if result.outcome in (Outcome.BROKEN, Outcome.CRASHED, Outcome.HUNG) and result.counterexample:
        shown = result.counterexample.splitlines()
        lines += [f"    {line[:300]}" for line in shown[:LINES]]
        if len(shown) > LINES:
            lines.append("    …")
    if result.reason:
        lines.append(f"    {result.reason.splitlines()[0][:300]}")
    return "\n".join(lines)
