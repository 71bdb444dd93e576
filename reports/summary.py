"""A run in short: the Markdown that a CI job shows, and the badge of a README."""

from __future__ import annotations

from typing import Any

from reports.causes import Cause, causes, counted
from reports.glyphs import GLYPHS
from reports.markdown import escaped, table
from reports.model import Report
from reports.score import Score, Verdict
from reports.support import Apart, blocks, refusals
from reports.wording import listed, many

ROWS = 50
"""Most causes that a summary lists; the page lists all."""

FEW = 10
"""Most groups of what could not be tried, or is not supported, that a summary lists."""


def summary(report: Report, note: str = "") -> str:
    """Return what a report says as Markdown: a verdict per target, then the causes of what does not hold.

    The `note` says what the targets stand for, where that is more than themselves.
    """
    targets = [(target, Score(report, target.id)) for target in report.run.targets]
    lines = [f"## Conformance of torch {escaped(report.run.torch)}", ""]
    if note:
        lines += [escaped(note), ""]
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
    statements = {rule.id: rule.statement for rule in report.rules}
    found = causes(report)
    if found:
        lines += ["", f"### {counted(found)}", ""]
        head = ("outcome", "cause, and what it breaks", "on", "rules")
        lines += table(head, (_row(cause, statements) for cause in found[:ROWS]))
    if len(found) > ROWS:
        lines += ["", f"and {many(len(found) - ROWS, 'more cause')}, in the report"]
    for title, groups in (("Could not be tried", blocks(report)), ("Not supported", refusals(report))):
        if groups:
            lines += ["", f"### {title}", "", *map(_apart, groups[:FEW])]
        if len(groups) > FEW:
            lines.append(f"- and {len(groups) - FEW} more, in the report")
    return "\n".join(lines) + "\n"


def _row(cause: Cause, statements: dict[str, str]) -> tuple[str, ...]:
    said = escaped(cause.headline, 160)
    if len(cause.rules) == 1:
        said += f" — {escaped(statements[cause.rules[0]])}"
    return (
        f"{GLYPHS[cause.outcome]} {cause.outcome.value}",
        said,
        escaped(", ".join(cause.targets)),
        listed([f"`{rule}`" for rule in cause.rules]),
    )


def _apart(group: Apart) -> str:
    why = f": {escaped(group.reason, 160)}" if group.reason else ""
    dtypes = f", for {', '.join(group.dtypes)}" if group.dtypes else ""
    examples = f", {many(group.examples, 'example')}" if group.examples else ""
    where = escaped(", ".join(group.targets))
    by = f"blocked by `{group.by}`" if group.examples else f"`{group.by}`"
    return f"- {many(len(group.results), 'result')} on {where}{examples}{dtypes}, {by}{why}"


def badge(report: Report) -> dict[str, Any]:
    """Return the badge as a shields.io endpoint: how many documented rules hold, of all targets."""
    return badge_of([Score(report, target.id) for target in report.run.targets])


def badge_of(scores: list[Score]) -> dict[str, Any]:
    """Return the same of the scores of all targets."""
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
