"""Merging more runs than fit into memory: the results of each lie in a file, what is asked of all is at hand.

Runs are read by several processes, one run at a time each. The merged results.json is put together out of the
lines of the results. What people look at shows targets that did the same as one.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from reports.files import end_of_results, read_with_lines, writing
from reports.form import decoded
from reports.merge import Kept, framed, joined, merge, split
from reports.model import Report, Result, Rule, Target, plain
from reports.score import Score
from reports.support import support

MANY = 50
"""From how many files, and then from how many targets on, a merged report is one of a fleet."""

SHOWN = 20
"""Most columns of what shows a fleet: so many have their evidence in a page that opens at once."""


@dataclass(frozen=True)
class Tally:
    """What is at hand of a target's results: its score, what it supports, a digest of its outcomes."""

    score: Score
    support: str
    outcomes: str


@dataclass(frozen=True)
class Chunk:
    """Results that lie in a file, a line of results.json each, with a mark for their target; see `_mark`.

    `tallies` are those of the run's targets, in order.
    """

    path: Path
    tallies: tuple[Tally, ...]


@dataclass(frozen=True)
class Column:
    """A target of a fleet, under its name in the merged report; it is the n-th, `at`, of a run."""

    target: Target
    part: Kept
    at: int
    tally: Tally

    @property
    def alike(self) -> tuple[object, ...]:
        """What targets have in common that are shown as one."""
        score = self.tally.score
        return (self.target.device, self.part.run.torch, self.tally.outcomes, score.said, *score.lacking)


@dataclass(frozen=True)
class Shown:
    """A fleet as people look at it: a report in which one target stands for all that did the same.

    `rows` are all targets, each with its verdict and its score in words, and the target that stands for it,
    None where none is shown.
    """

    report: Report
    note: str
    rows: tuple[tuple[str, str, str, str | None], ...]


@dataclass(frozen=True)
class Fleet:
    """A merged report of many targets: all of it, but for the results, which lie in files."""

    frame: Report
    parts: tuple[Kept, ...]
    columns: tuple[Column, ...]

    @property
    def scores(self) -> list[Score]:
        """How each target did."""
        return [column.tally.score for column in self.columns]

    def write_results(self, path: Path) -> None:
        """Write results.json, as if it were that of a report which has all the results."""
        before, after = self.frame.text.removesuffix("}\n").split(',\n"results": [],\n')
        names = {(id(column.part), column.at): json.dumps(column.target.id) for column in self.columns}
        with writing(path) as file:
            file.write(f'{before},\n"results": [')
            between = "\n"
            for part in self.parts:
                for text in _texts(part, [names[id(part), at] for at in range(len(part.run.targets))]):
                    file.write(between + text)
                    between = ",\n"
            file.write("\n" if between == ",\n" else "")
            cells = {
                column.target.id: column.tally.support for column in self.columns if column.tally.support
            }
            file.write(f"],\n{after}{end_of_results(cells)}")

    def shown(self) -> Shown:
        """Return what is shown: the largest groups of targets that did the same, failing ones above all."""
        groups: dict[object, list[Column]] = {}
        for column in self.columns:
            groups.setdefault(column.alike, []).append(column)
        largest = sorted(groups.values(), key=len, reverse=True)
        # The sort is stable: what fails comes first, and with it what most targets do.
        first = sorted(largest[1:], key=lambda group: group[0].tally.score.conforms)
        chosen = {id(group[0]) for group in (largest[0], *first[: SHOWN - 1])}
        found = [group for group in groups.values() if id(group[0]) in chosen]
        named = {id(column): _named(group) for group in found for column in group}
        rows = tuple(
            (column.target.id, column.tally.score.said, column.tally.score.line, named.get(id(column)))
            for column in self.columns
        )
        return Shown(self._of([group[0] for group in found], named), self._note(len(groups), found), rows)

    def _of(self, columns: Sequence[Column], named: dict[int, str]) -> Report:
        """Return the report of some targets, each with a run of its own."""
        targets, runs, results, running = [], [], list[Result](), []
        for at, column in enumerate(columns):
            part, name = column.part, named[id(column)]
            own = part.run.targets[column.at]
            targets.append(replace(column.target, id=name, run=at))
            runs.append(replace(part.run, targets=(own,)))
            results += [
                replace(result, target=name) for result in unkept(part).results if result.target == own.id
            ]
            running += [(rule, name) for rule, target in part.running if target == own.id]
        run = replace(self.frame.run, targets=tuple(targets))
        return Report(run, self.frame.rules, tuple(results), tuple(running), tuple(runs))

    def _note(self, groups: int, found: Sequence[Sequence[Column]]) -> str:
        verdicts = Counter(score.said.partition(":")[0] for score in self.scores)
        said = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.most_common())
        left = len(self.columns) - sum(map(len, found))
        others = f"; the {left:,} others are in the list of all targets" if left else ""
        return (
            f"{len(self.columns):,} targets: {said}. Those alike in every outcome stand together; "
            f"there are {groups:,} kinds, of which {len(found):,} are shown{others}. "
            "results.json has the results of each."
        )


def _named(group: Sequence[Column]) -> str:
    first = group[0].target.id
    return first if len(group) == 1 else f"{first} and {len(group) - 1:,} more"


def fleet(sources: Sequence[Path], folder: Path, *, mixed: bool = False) -> Fleet | Report:
    """Merge many files, their results being kept in an empty folder; of few targets return the report itself.

    Raises UnreadableReportError and UnmergeableError as reading and merging one by one does.
    """
    parts = joined(_read(sources, folder), mixed=mixed)
    if sum(len(part.run.targets) for part in parts) < MANY:
        return merge(map(unkept, parts), mixed=mixed)
    frame, _ = framed(parts)
    places = [(part, at) for part in parts for at in range(len(part.run.targets))]
    tallies = [tally for part in parts for tally in _tallies(part)]
    columns = [
        Column(target, part, at, tally)
        for target, (part, at), tally in zip(frame.run.targets, places, tallies, strict=True)
    ]
    return Fleet(frame, tuple(parts), tuple(columns))


def unkept(part: Kept) -> Report:
    """Return the report of a run whose results lie in files."""
    ids = [json.dumps(target.id) for target in part.run.targets]
    results = [decoded(f"[{text}]") for text in _texts(part, ids)]
    found = tuple(Result.from_json(each) for of_file in results for each in of_file)
    return Report(part.run, part.rules, found, part.running)


def _texts(part: Kept, ids: Sequence[str]) -> Iterator[str]:
    """Yield the results of a run, with these ids of its targets, as in results.json: a text for each file."""
    for chunk in part.results:
        if text := chunk.path.read_text("utf-8"):
            for at, id in enumerate(ids):
                text = text.replace(_mark(at), id)
            yield text


def _mark(at: int) -> str:
    """Return what stands for the n-th target in a file, and in no text of JSON."""
    return f"\0{at}\0"


def _tallies(part: Kept) -> tuple[Tally, ...]:
    """Return what is at hand of the results of a run; of one whose shards were joined, it is made anew."""
    if len(part.results) == 1:
        (chunk,) = part.results
        found: tuple[Tally, ...] = chunk.tallies
        return found
    return _told(unkept(part))


def _told(report: Report) -> tuple[Tally, ...]:
    cells = support(report)
    return tuple(
        Tally(
            Score(report, target.id),
            json.dumps(cells[target.id]) if target.id in cells else "",
            _digest(f"{result.rule} {result.outcome.value}" for result in report.results_of(target.id)),
        )
        for target in report.run.targets
    )


def _digest(lines: Iterable[str]) -> str:
    # In another order of the rules, it is the same.
    return hashlib.blake2b("\n".join(sorted(lines)).encode(), digest_size=16).hexdigest()


def _read(sources: Sequence[Path], folder: Path) -> Iterator[Kept]:
    """Read many files, each in one of several processes; yield the runs in their order."""
    known: dict[str, tuple[Rule, ...]] = {}
    tasks = [(source, folder / f"{at}-") for at, source in enumerate(sources)]
    # Reports are trees: nothing of them is left for a collector of garbage to find, and it looks for long.
    pool = ProcessPoolExecutor(
        min(len(sources), os.cpu_count() or 1), get_context("spawn"), initializer=gc.disable
    )
    try:
        for parts in pool.map(_keep, tasks, chunksize=4):
            for part, digest in parts:
                # Only the first time that a process has read rules does it tell them.
                known.setdefault(digest, part.rules)
                yield replace(part, rules=known[digest])
    finally:
        pool.shutdown(cancel_futures=True)


def _keep(task: tuple[Path, Path]) -> list[tuple[Kept, str]]:
    """Read a file, keep the results of its runs in files; return the runs, with digests of their rules."""
    source, beside = task
    report, lines = read_with_lines(source)
    kept = []
    for number, part in enumerate(split(report)):
        own = lines if lines is not None and part is report else [None] * len(part.results)
        places = {target.id: (json.dumps(target.id), _mark(at)) for at, target in enumerate(part.run.targets)}
        marked = [
            _marked(line, result, *places[result.target])
            for line, result in zip(own, part.results, strict=True)
        ]
        path = beside.with_name(f"{beside.name}{number}")
        path.write_text(",\n".join(marked), "utf-8")
        rules, digest = _told_once(part.rules)
        kept.append((Kept(part.run, rules, (Chunk(path, _told(part)),), part.running), digest))
    return kept


def _marked(line: str | None, result: Result, id: str, place: str) -> str:
    """Return a result as a line in which a mark stands for its target: the line that it was read from."""
    head, marked = (f'{{"rule": "{result.rule}", "target": {target}, ' for target in (id, place))
    if line is None or not line.startswith(head):
        line = json.dumps(plain(result), allow_nan=False)
    return marked + line.removeprefix(head)


_rules_told: list[tuple[tuple[Rule, ...], str]] = []
"""The latest rules that this process has told, with their digests."""


def _told_once(rules: tuple[Rule, ...]) -> tuple[tuple[Rule, ...], str]:
    """Return rules, none if this process has told them before, and a digest of them."""
    for known, digest in _rules_told:
        if known is rules:
            return (), digest
    digest = _digest(json.dumps(plain(rule)) for rule in rules)
    fresh = all(digest != other for _, other in _rules_told)
    _rules_told.append((rules, digest))
    del _rules_told[:-_FEW]
    return rules if fresh else (), digest


_FEW = 8
