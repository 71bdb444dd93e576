"""Putting the reports of several runs together: a column per target of each, shards of one run joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from reports.model import Report, Rule, Run, Target

FACETS: tuple[Callable[[Run], str], ...] = (
    lambda run: f"torch {run.torch}",
    lambda run: run.platform.partition("-")[0],
    lambda run: f"Python {run.python}",
    lambda run: f"suite {run.suite}",
    lambda run: f"seed {run.seed}",
    lambda run: run.profile,
    lambda run: f"{run.max_examples} examples",
    lambda run: run.platform,
    lambda run: run.started[:16].replace("T", " "),
    lambda run: run.started,
)
"""What tells apart the runs of targets that have the same id, the most telling first."""


@dataclass(frozen=True)
class Kept:
    """A run whose results are not at hand: `results` say where they are kept; see `reports.fleet`."""

    run: Run
    rules: tuple[Rule, ...]
    results: tuple[Any, ...]
    running: tuple[tuple[str, str], ...] = ()


PartT = TypeVar("PartT", Report, Kept)


class UnmergeableError(Exception):
    """Reports do not belong into one; the message says why in one line."""


def merge(reports: Iterable[Report], *, mixed: bool = False) -> Report:
    """Return one report of several, which may be merged ones: its targets are the columns of all.

    Shards of one run become one run; one that lacks a shard counts as ended early. A target that occurs more
    than once becomes a column each time, named by what tells the runs apart.

    Raises UnmergeableError if there is none, or if the reports come from different versions of the suite,
    whose rules may differ, unless `mixed` is set.
    """
    parts = joined((part for report in reports for part in split(report)), mixed=mixed)
    if len(parts) == 1:
        return parts[0]
    frame, named = framed(parts)
    results = tuple(
        replace(result, target=named[at, result.target])
        for at, part in enumerate(parts)
        for result in part.results
        if (at, result.target) in named
    )
    return replace(frame, results=results)


def joined(parts: Iterable[PartT], *, mixed: bool = False) -> list[PartT]:
    """Return runs, those joined that are shards of one; raises UnmergeableError as `merge` does."""
    found = join_shards(parts)
    if not found:
        raise UnmergeableError("there is nothing to merge")
    suites = _distinct(part.run.suite for part in found)
    if len(suites) > 1 and not mixed:
        raise UnmergeableError(
            f"the reports come from different versions of the suite, {', '.join(suites)}, whose rules may "
            "differ; --mixed merges them all the same"
        )
    return found


def framed(parts: Sequence[PartT]) -> tuple[Report, dict[tuple[int, str], str]]:
    """Return the report of several runs without its results, and the name of each target of each run."""
    columns = [(at, target) for at, part in enumerate(parts) for target in part.run.targets]
    labels = _labels([(parts[at].run, target.id) for at, target in columns])
    named = {(at, target.id): label for (at, target), label in zip(columns, labels, strict=True)}
    runs = tuple(part.run for part in parts)
    targets = tuple(
        replace(target, id=label, run=at) for (at, target), label in zip(columns, labels, strict=True)
    )
    running = tuple(
        (rule, named[at, target])
        for at, part in enumerate(parts)
        for rule, target in part.running
        if (at, target) in named
    )
    return Report(_summed_up(runs, targets), _rules(parts), (), running, runs), named


def split(report: Report) -> list[Report]:
    """Return the reports that a merged one was made of; of another, itself."""
    if not report.runs:
        return [report]
    parts = []
    for at, run in enumerate(report.runs):
        labels = [target.id for target in report.run.targets if target.run == at]
        ids = dict(zip(labels, [target.id for target in run.targets], strict=False))
        results = tuple(
            replace(result, target=id) for label, id in ids.items() for result in report.results_of(label)
        )
        # Which of the rules a run knew is not kept; those of its results are what can be told.
        known = {result.rule for result in results}
        parts.append(
            Report(
                run,
                tuple(rule for rule in report.rules if rule.id in known or run.ended is None),
                results,
                tuple((rule, ids[target]) for rule, target in report.running if target in ids),
            )
        )
    return parts


def join_shards(reports: Iterable[PartT]) -> list[PartT]:
    """Return the reports with the shards of each run joined, in the order of their first shards."""
    found: list[PartT] = []
    where: dict[tuple[object, ...], list[int]] = {}
    for report in reports:
        places = where.setdefault(_identity(report.run), [])
        if report.run.shard:
            for place in places:
                if not _shards(report.run) & _shards(found[place].run):
                    found[place] = _join(found[place], report)
                    break
            else:
                places.append(len(found))
                found.append(report)
        else:
            found.append(report)
    return [_completed(report) for report in found]


def _identity(run: Run) -> tuple[object, ...]:
    """Return what the shards of one run have in common; the machines of a fleet differ in the details."""
    targets = tuple((target.id, target.name, target.driver) for target in run.targets)
    system = run.platform.partition("-")[0]
    total = run.shard.partition("/")[2] if run.shard else None
    return (
        *(run.suite, run.torch, run.python, system, run.seed, run.profile, run.max_examples, run.strict),
        targets,
        total,
    )


def _shards(run: Run) -> set[int]:
    numbers, _, _ = (run.shard or "").partition("/")
    return {int(number) for number in numbers.split("+") if number}


def _join(one: PartT, other: PartT) -> PartT:
    numbers = sorted(_shards(one.run) | _shards(other.run))
    total = (one.run.shard or "").partition("/")[2]
    whole = one.run.ended is not None and other.run.ended is not None
    run = replace(
        one.run,
        platform=", ".join(_distinct([one.run.platform, other.run.platform])),
        started=min(one.run.started, other.run.started),
        ended=max(one.run.ended or "", other.run.ended or "") if whole else None,
        shard=f"{'+'.join(map(str, numbers))}/{total}",
    )
    return replace(
        one,
        run=run,
        rules=_rules([one, other]),
        results=one.results + other.results,
        running=one.running + other.running,
    )


def _completed(report: PartT) -> PartT:
    """Return a run of all shards as a run; one that lacks some as ended early."""
    run = report.run
    if run.shard is None or "+" not in run.shard:
        return report
    total = int(run.shard.partition("/")[2])
    if len(_shards(run)) == total:
        return replace(report, run=replace(run, shard=None))
    return replace(report, run=replace(run, ended=None))


def _rules(parts: Sequence[PartT]) -> tuple[Rule, ...]:
    """Return every rule once; where versions of the suite differ in one, the latest run's."""
    rules: dict[str, Rule] = {}
    for part in sorted(parts, key=lambda part: part.run.started):
        rules.update({rule.id: rule for rule in part.rules})
    order = dict.fromkeys(rule.id for part in parts for rule in part.rules)
    return tuple(rules[id] for id in order)


def _summed_up(runs: Sequence[Run], targets: tuple[Target, ...]) -> Run:
    def all_of(words: Iterable[str]) -> str:
        return ", ".join(_distinct(words))

    ended = [run.ended for run in runs if run.ended is not None]
    return Run(
        suite=all_of(run.suite for run in runs),
        torch=all_of(run.torch for run in runs),
        python=all_of(run.python for run in runs),
        platform=all_of(run.platform for run in runs),
        started=min(run.started for run in runs),
        seed=all_of(run.seed for run in runs),
        profile=all_of(run.profile for run in runs),
        max_examples=min(run.max_examples for run in runs),
        strict=all(run.strict for run in runs),
        targets=targets,
        ended=max(ended) if len(ended) == len(runs) else None,
    )


def _labels(columns: Sequence[tuple[Run, str]]) -> list[str]:
    """Return a name for each column: the target's id, with what tells it from others of the same id."""
    told: dict[int, list[str]] = {at: [] for at in range(len(columns))}
    groups: dict[object, list[int]] = {}
    for at, (_, id) in enumerate(columns):
        groups.setdefault(id, []).append(at)
    for facet in FACETS:
        finer: dict[object, list[int]] = {}
        for key, members in groups.items():
            words = {at: facet(columns[at][0]) for at in members}
            differ = len(set(words.values())) > 1
            for at, word in words.items():
                finer.setdefault((key, word), []).append(at)
                if differ:
                    told[at].append(word)
        groups = finer
    labels = [f"{id} ({', '.join(told[at])})" if told[at] else id for at, (_, id) in enumerate(columns)]
    seen: dict[str, int] = {}
    for at, label in enumerate(labels):
        seen[label] = seen.get(label, 0) + 1
        if seen[label] > 1:
            labels[at] = f"{label} #{seen[label]}"
    return labels


def _distinct(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
