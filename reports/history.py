"""How targets did over many runs, and which rules changed on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from reports.glyphs import BY_WORD
from reports.markdown import escaped, table
from reports.model import Report, Rule
from reports.score import Score
from reports.wording import many


@dataclass(frozen=True)
class Line:
    """A rule whose outcome on a target changed; `outcomes` has the outcome of each run, None if not run."""

    rule: Rule
    target: str
    outcomes: tuple[str | None, ...]


@dataclass(frozen=True)
class Step:
    """A run among others: a name of its own, its page if known, and what changed since the last."""

    name: str
    page: str | None = None
    since: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """Runs, the oldest first; `scores` has for each target a score per run, None where it was not there.

    `steps` has for each run how it is called and what was different from the run before.
    """

    runs: tuple[Report, ...]
    steps: tuple[Step, ...]
    scores: dict[str, tuple[Score | None, ...]]
    changes: tuple[Line, ...]


def history(reports: Iterable[Report], pages: Iterable[str | None] = ()) -> History:
    """Return the history of some runs, in the order in which they were started.

    `pages` are the addresses of their pages, in the order of the reports, None for one that has none.
    """
    both = sorted(zip_longest(reports, pages), key=lambda pair: pair[0].run.started)
    runs = tuple(report for report, _ in both)
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
    since = [(), *(_since(*pair, changes, at) for at, pair in enumerate(pairwise(runs)))]
    steps = [
        Step(f"#{at} {report.run.started[:10]}", page, said)
        for at, ((report, page), said) in enumerate(zip(both, since, strict=True), 1)
    ]
    return History(runs, tuple(steps), scores, tuple(changes))


def _since(old: Report, new: Report, changes: Iterable[Line], at: int) -> tuple[str, ...]:
    """Return what changed between the run at a place and the next."""
    found = [f"{name} {before} → {after}" for name, (before, after) in old.run.changes(new.run).items()]
    for noun, before, after in (
        ("rule", {rule.id for rule in old.rules}, {rule.id for rule in new.rules}),
        ("target", {each.id for each in old.run.targets}, {each.id for each in new.run.targets}),
    ):
        for word, ids in (("more", after - before), ("no longer there", before - after)):
            if ids:
                found.append(f"{many(len(ids), noun)} {word}")
    pairs = [(line.outcomes[at], line.outcomes[at + 1]) for line in changes]
    if changed := sum(one != other and None not in (one, other) for one, other in pairs):
        found.append(f"{many(changed, 'result')} changed")
    return tuple(found)


def markdown(found: History) -> str:
    """Return the history as Markdown: a row per run, then a row per rule that changed."""
    head = ("run", "started", "torch", *map(escaped, found.scores), "changed since the run before")
    rows = [
        (
            str(at + 1),
            report.run.started[:16].replace("T", " "),
            escaped(report.run.torch),
            *(
                f"{score.glyph} {score.holds}/{score.applicable}" if score else "–"
                for score in (scores[at] for scores in found.scores.values())
            ),
            escaped("; ".join(found.steps[at].since)) or "–",
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
