"""How targets did over many runs, and which rules changed on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.glyphs import BY_WORD
from reports.markdown import escaped, table
from reports.model import Report, Rule
from reports.score import Score


@dataclass(frozen=True)
class Line:
    """A rule whose outcome on a target changed; `outcomes` has the outcome of each run, None if not run."""

    rule: Rule
    target: str
    outcomes: tuple[str | None, ...]


@dataclass(frozen=True)
class History:
    """Runs, the oldest first; `scores` has for each target a score per run, None where it was not there."""

    runs: tuple[Report, ...]
    scores: dict[str, tuple[Score | None, ...]]
    changes: tuple[Line, ...]


def history(reports: Iterable[Report]) -> History:
    """Return the history of some runs, in the order in which they were started."""
    runs = tuple(sorted(reports, key=lambda report: report.run.started))
    targets = list(dict.fromkeys(target.id for report in runs for target in report.run.targets))
    rules = {rule.id: rule for report in runs for rule in report.rules}
    here = [{target.id for target in report.run.targets} for report in runs]
    changes = []
    for target in targets:
        for id, rule in rules.items():
            results = [report.result(id, target) for report in runs]
            outcomes = tuple(result.outcome.value if result else None for result in results)
            ran = [outcome for outcome in outcomes if outcome is not None]
            if len(set(ran)) > 1:
                changes.append(Line(rule, target, outcomes))
    scores = {
        target: tuple(
            Score(report, target) if target in present else None
            for report, present in zip(runs, here, strict=True)
        )
        for target in targets
    }
    return History(runs, scores, tuple(changes))


def markdown(found: History) -> str:
    """Return the history as Markdown: a row per run, then a row per rule that changed."""
    head = ("started", "torch", *map(escaped, found.scores))
    rows = [
        (
            report.run.started[:16].replace("T", " "),
            escaped(report.run.torch),
            *(
                f"{score.glyph} {score.holds}/{score.applicable}" if score else "–"
                for score in (scores[at] for scores in found.scores.values())
            ),
        )
        for at, report in enumerate(found.runs)
    ]
    lines = ["## History", "", *table(head, rows)]
    if found.changes:
        lines += ["", "### What changed, the oldest run first", ""]
        lines += table(
            ("rule", "target", "outcomes"),
            (
                (
                    f"`{line.rule.id}`",
                    escaped(line.target),
                    " ".join(BY_WORD[word] if word else "·" for word in line.outcomes),
                )
                for line in found.changes
            ),
        )
    return "\n".join(lines) + "\n"
