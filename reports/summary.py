"""A run in short: the Markdown that a CI job shows, and the badge of a README."""

from __future__ import annotations

from typing import Any

from reports.glyphs import shown
from reports.markdown import escaped, table
from reports.model import Report, Result, Rule
from reports.score import Score, Verdict
from reports.verdict import fails

ROWS = 50
"""Most rules that a summary lists; the page lists all."""


def summary(report: Report) -> str:
    """Return what a report says as Markdown: a verdict per target, then the rules that do not hold."""
    targets = [(target, Score(report, target.id)) for target in report.run.targets]
    lines = [f"## Conformance of torch {escaped(report.run.torch)}", ""]
    if report.run.ended is None:
        lines += ["**A run ended early: what is missing was never run.**", ""]
    lines += [
        f"**{escaped(target.id)}: incomplete: {escaped('; '.join(score.lacking))}.**\n"
        for target, score in targets
        if score.lacking
    ]
    lines += table(
        ("target", "verdict", "documented rules", "holding"),
        (
            (
                escaped(target.id),
                f"{score.glyph} {score.said}",
                escaped(score.line),
                f"{score.holds}/{score.applicable}",
            )
            for target, score in targets
        ),
    )
    rules = {rule.id: rule for rule in report.rules}
    failing = [
        result for result in report.results if fails(result.outcome, report.basis[result.rule], strict=False)
    ]
    if failing:
        lines += ["", f"### {len(failing)} result{'s' * (len(failing) != 1)} to look at", ""]
        head = ("rule", "target", "outcome", "statement, and what was seen")
        lines += table(head, (_row(result, rules[result.rule]) for result in failing[:ROWS]))
    if len(failing) > ROWS:
        lines += ["", f"and {len(failing) - ROWS} more, in the report"]
    return "\n".join(lines) + "\n"


def _row(result: Result, rule: Rule) -> tuple[str, ...]:
    said = f" — {escaped(result.reason, 160)}" if result.reason else ""
    return (
        f"`{rule.id}`",
        escaped(result.target),
        shown(result),
        f"{escaped(rule.statement)}{said}",
    )


def badge(report: Report) -> dict[str, Any]:
    """Return the badge as a shields.io endpoint: how many documented rules hold, of all targets."""
    scores = [Score(report, target.id) for target in report.run.targets]
    applied = [score for score in scores if score.applicable]
    holds, applicable = sum(score.holds for score in applied), sum(score.applicable for score in applied)
    verdicts = {score.verdict for score in scores}
    message, colour = f"{holds}/{applicable} rules", "brightgreen"
    if Verdict.FAILS in verdicts:
        colour = "red"
    elif Verdict.INCOMPLETE in verdicts:
        message, colour = f"incomplete: {holds} rules hold", "lightgrey"
    elif not applied:
        message, colour = "nothing applied", "lightgrey"
    elif unsupported := sum(score.unsupported for score in applied):
        message, colour = f"{message}, {unsupported} unsupported", "green"
    elif Verdict.IN_PART in verdicts:
        message, colour = f"{message}, in part", "green"
    return {"schemaVersion": 1, "label": "torch conformance", "message": message, "color": colour}
