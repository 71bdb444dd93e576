"""The causes of what does not hold: the breaks of a report put together, each group in words."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from reports.excuses import entries
from reports.grouping import grouped
from reports.model import Outcome, Report, once
from reports.seen import ASPECTS, REFUSAL, Seen, examples_of, kind_of, reason_alone, ways
from reports.verdict import but_for_numbers, fails
from reports.wording import every_of, first_line, inputs, listed, many, shortened

EXCUSABLE = (Outcome.BROKEN, Outcome.CRASHED, Outcome.HUNG)
"""Outcomes for which there may be a known break."""


@dataclass(frozen=True)
class Cause:
    """What does not hold for one reason: every break of it, and how to excuse it.

    `headline` says what goes wrong.
    """

    outcome: Outcome
    headline: str
    seen: tuple[Seen, ...]
    report: Report = field(repr=False, compare=False)

    @functools.cached_property
    def entry(self) -> str:
        """The entries of a known-breaks file that excuse it; empty where none would help."""
        return entries(self.report, self.seen, self.headline) if self.outcome in EXCUSABLE else ""

    @property
    def shown(self) -> Seen:
        """The break that shows the cause best: small, and reproduced if any is."""
        return min(self.seen, key=lambda each: each.telling)

    @property
    def rules(self) -> list[str]:
        """The ids of the rules, each once."""
        return list(dict.fromkeys(each.result.rule for each in self.seen))

    @property
    def targets(self) -> list[str]:
        """The ids of the targets, each once."""
        return sorted({each.result.target for each in self.seen})

    @property
    def places(self) -> set[tuple[str, str]]:
        """The rules and targets whose results have the cause."""
        return {(each.result.rule, each.result.target) for each in self.seen}


@once
def causes(report: Report, *, strict: bool = False) -> list[Cause]:
    """Return the causes of what fails a run, those first that break most, what is merely thin last."""
    devices = {target.id: target.device for target in report.run.targets}
    told: dict[str, list[Seen]] = {}
    untold: dict[tuple[Outcome, str, str], list[Seen]] = {}
    for result in report.results:
        if result.outcome in (Outcome.UNSUPPORTED, Outcome.BLOCKED) or not fails(
            result.outcome, report.basis[result.rule], strict=strict
        ):
            continue
        device, breaks = devices[result.target], [*ways(result)]
        if result.outcome is Outcome.BROKEN and breaks:
            told.setdefault(device, []).extend(breaks)
        else:
            alike = but_for_numbers(first_line(result.reason))
            untold.setdefault((result.outcome, alike, device), []).append(reason_alone(result))
    found = [_cause(report, group) for seen in told.values() for group in grouped(seen)]
    found += [_cause(report, group) for group in untold.values()]
    return sorted(
        found, key=lambda cause: (cause.outcome is Outcome.THIN, -len(cause.places), cause.headline)
    )


Headlines = dict[tuple[str, str], list[str]]
"""The headlines of the causes of a result, by its rule and target."""


@once
def headlines(report: Report) -> Headlines:
    """Return the causes of results that tell their symptoms, of rules that fail no run, too."""
    found: Headlines = {}
    for cause in causes(report, strict=True):
        for place in cause.places if cause.shown.symptom else ():
            found.setdefault(place, []).append(cause.headline)
    return found


@once
def headline_by_break(report: Report) -> dict[tuple[str, str, int], str]:
    """Return the cause of each break that tells its symptoms, by its rule, its target and its number."""
    return {
        (each.result.rule, each.result.target, each.at): cause.headline
        for cause in causes(report, strict=True)
        for each in cause.seen
        if each.symptom
    }


def counted(found: Iterable[Cause]) -> str:
    """Return how many results there are and of how many causes, as “72 results, 10 causes”."""
    every = list(found)
    places = {place for cause in every for place in cause.places}
    return f"{many(len(places), 'result')}, {many(len(every), 'cause')}"


def _cause(report: Report, seen: list[Seen]) -> Cause:
    return Cause(seen[0].result.outcome, headline_of(seen), tuple(seen), report)


def headline_of(seen: list[Seen]) -> str:
    """Return what goes wrong in breaks of one cause, as a vendor understands it, in one line."""
    first, operations = seen[0], _frequent(each.operation for each in seen)
    if first.symptom is None:
        return first_line(first.reason) or first.result.outcome.value
    if first.raised:
        operators = [each.symptom.operator for each in seen if each.symptom and each.symptom.operator]
        names = _frequent(operators) or operations
        return (
            f"{listed(names)} {'raises' if len(names) == 1 else 'raise'} {shortened(first.reason)}{_on(seen)}"
        )
    known = {aspect for aspect, _ in ASPECTS}
    aspects = _frequent(each.aspect for each in seen)
    wrong = [each for each in aspects if each in known and each != REFUSAL]
    one = len(operations) == 1
    if aspects[0] == REFUSAL:
        what = f"{'accepts' if one else 'accept'} {REFUSAL}"
    elif aspects[0] in known:
        what = f"{'gives' if one else 'give'} {listed(wrong, 2)}"
    else:
        what = f"{'does' if one else 'do'} not satisfy: {aspects[0]}"
    return f"{listed(operations, noun='operation')} {what}{_on(seen)}"


def _on(seen: list[Seen]) -> str:
    """Say on which inputs: the classes of which every example fails, or those that all have in common."""
    some = [each for each in seen if not each.always]
    if not some:
        return ", on every input" if all(each.symptom and each.symptom.failed > 1 for each in seen) else ""
    every = set.intersection(*({*map(kind_of, each.every)} for each in some))
    if every:
        most = sorted(every, key=lambda kind: (-examples_of(some, kind), kind))[:2]
        return f", on {every_of(_spelled(some, kind) for kind in most)}"
    common = set.intersection(*({*map(kind_of, each.shared)} for each in some))
    rarest = sorted(common, key=lambda kind: (examples_of(some, kind), kind))[:2]
    return f", on {inputs([_spelled(some, kind) for kind in rarest])}" if rarest else ""


def _spelled(seen: Iterable[Seen], kind: str) -> str:
    """Return a class by its own name where all breaks have one in common, else what theirs have in common."""
    names = set.intersection(*({name for name in each.shared if kind_of(name) == kind} for each in seen))
    return min(names, default=kind)


def _frequent(words: Iterable[str]) -> list[str]:
    return [word for word, _ in Counter(words).most_common()]
