"""The conformance report as one self-contained HTML page.

The page carries the report gzipped, in two parts: what its table and its search need, which is read at once,
and the evidence, which is read when it is first looked at. The rows of a small report are in the page as they
are; in a large one the operations stand for their rules, whose rows the page's script makes when asked. So a
page of 3,000 rules and 20 targets stays small, opens at once, and has it all.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from packaging.version import InvalidVersion, Version

from reports.catalogue import by_area
from reports.causes import EXCUSABLE, Cause, causes, counted, headline_by_break, headline_of
from reports.compare import MEANINGS as CHANGES
from reports.compare import Comparison
from reports.depicted import depicted
from reports.excuses import entries
from reports.files import results_text
from reports.fleet import Shown
from reports.glyphs import BY_WORD, GLYPHS, MEANINGS
from reports.history import History
from reports.known import known
from reports.links import documentation
from reports.model import Basis, Outcome, Report, Rule
from reports.pages.pictures import drawn
from reports.rerun import command
from reports.score import Score
from reports.seen import Seen, reason_alone, ways
from reports.support import GLYPHS as SUPPORT_GLYPHS
from reports.support import Table, blocks, dtypes_of, refusals, support, tables
from reports.verdict import FAILING
from reports.wording import by_wording, every_of, inputs, run_again, sides

DENSE = 4
"""From how many targets on the table shows glyphs alone, the words being read aloud or on pointing."""

LARGE = 2000
"""From how many rules by targets on the table shows operations, and a rule when it is asked for.

What a browser does with a table grows faster than the table.
"""

MANY_OPERATIONS = 60
"""From how many operations on the areas of a large table stand for them until they are opened."""

MOST_PICTURES, MOST_DRAWN = 30, 120_000
"""How many breaks have a picture at most, and how many characters all pictures take."""


def render(report: Report, fleet: Shown | None = None) -> str:
    """Return the page; every text that comes from the run is escaped.

    Of a `fleet`, the report is what is shown of it.
    """
    script = file_text("page.js")
    found, supported = causes(report), tables(report)
    pictures = _pictures(report, found)
    shown = {_key(cause.shown) for cause in found}
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            title=f"Conformance of torch {report.run.torch}",
            report=report,
            run=report.run,
            fleet=fleet,
            scores=[(target, Score(report, target.id)) for target in report.run.targets],
            causes=found,
            pictures=pictures,
            further=[(key, svg) for key, svg in pictures.items() if key not in shown],
            key=_key,
            known=known(report),
            statements={rule.id: rule.statement for rule in report.rules},
            again=_again(report),
            counted=counted(found),
            blocks=blocks(report),
            refusals=refusals(report),
            tables=[table for table in supported if table.cells],
            by_wording=by_wording,
            run_again=run_again,
            sides=sides,
            areas=_areas(report),
            large=_large(report),
            folded=len({(rule.area, rule.operation) for rule in report.rules}) > MANY_OPERATIONS,
            laws=_has_laws(report),
            numbers={rule.id: at for at, rule in enumerate(report.rules)},
            dense=_dense(report),
            runs=_runs(report),
            glyphs=GLYPHS,
            meanings=MEANINGS,
            observed=Basis.OBSERVED,
            blocked=Outcome.BLOCKED,
            unsupported=Outcome.UNSUPPORTED,
            style=file_text("page.css"),
            script=script,
            data=packed(_data(report)),
            evidence=packed(_evidence(report, supported)),
        )
    )


def render_comparison(found: Comparison) -> str:
    """Return the page of a comparison."""
    return page(
        "compare.html.jinja", "What changed between two runs", found=found, meanings=CHANGES, score=Score
    )


def render_history(found: History) -> str:
    """Return the page of a history."""
    return page("history.html.jinja", "Conformance over time", found=found)


def render_catalogue(report: Report) -> str:
    """Return the page of all rules of a report, by area and operation."""
    documented = sum(rule.basis is Basis.DOCUMENTED for rule in report.rules)
    return page(
        "catalogue.html.jinja",
        "Rules",
        report=report,
        areas=by_area(report),
        documented=documented,
        link=documentation,
    )


def page(
    template: str,
    title: str,
    script: str = "",
    filters: Mapping[str, Callable[[Any], str]] | None = None,
    **data: Any,
) -> str:
    """Return a page that is made from a template, with a script and `filters` of its own if any are named."""
    code = file_text(script) if script else ""
    _environment().filters.update(filters or {})
    return (
        _environment()
        .get_template(template)
        .render(title=title, style=file_text("page.css"), script=code, glyphs=BY_WORD, **data)
    )


@functools.cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("reports.pages", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
    )
    made.filters["hashed"] = lambda script: base64.b64encode(
        hashlib.sha256(script.encode()).digest()
    ).decode()
    return made


@functools.cache
def file_text(name: str) -> str:
    """Return the text of a file beside this one."""
    return Path(__file__).with_name(name).read_text("utf-8")


def _large(report: Report) -> bool:
    return len(report.rules) * len(report.run.targets) > LARGE


def _has_laws(report: Report) -> bool:
    """Return whether operations of an area share facts, by the ids of their rules."""
    facts = [(rule.area, rule.id.partition(".")[2]) for rule in report.rules]
    return len(set(facts)) < len(facts)


def _dense(report: Report) -> bool:
    return len(report.run.targets) > DENSE


def packed(text: str) -> str:
    """Return a text as base64 of gzip: nothing in it can be taken for markup."""
    # Without a time in it, the same report gives the same page.
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def _data(report: Report) -> str:
    """Return what the page's script needs for the table and the search."""
    rules = {rule.id: at for at, rule in enumerate(report.rules)}
    targets = {target.id: at for at, target in enumerate(report.run.targets)}
    outcomes = [*Outcome]
    return json.dumps(
        {
            "rules": report.to_json()["rules"],
            "targets": [*targets],
            # In the order of the report, whose text has a line for each.
            "results": {
                "rule": [rules[result.rule] for result in report.results],
                "target": [targets[result.target] for result in report.results],
                "outcome": [outcomes.index(result.outcome) for result in report.results],
            },
            "outcomes": [outcome.value for outcome in outcomes],
            "glyphs": BY_WORD,
            "failing": sorted(outcome.value for outcome in FAILING),
            "dense": _dense(report),
        }
    )


def _evidence(report: Report, supported: list[Table]) -> str:
    """Return a line of what the page's script shows beside the report, then the text of the report itself."""
    runs = report.runs or (report.run,)
    torch = max((run.torch for run in runs), key=_version)
    every = causes(report, strict=True)
    beside = {
        "breaks": _breaks(report),
        "commands": _commands(report),
        "entries": "\n".join(cause.entry for cause in every if cause.entry),
        "said": _said(supported),
        "cells": support(report),
        "dtypes": dtypes_of(supported),
        "support": {each.value: glyph for each, glyph in SUPPORT_GLYPHS.items()},
        "urls": {name: documentation(name, torch) for rule in report.rules for name in rule.sources},
        "runs": [{"torch": run.torch, "sources": run.sources, "changed": run.changed} for run in runs],
    }
    return f"{json.dumps(beside)}\n{results_text(report)}"


def _breaks(report: Report) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return what the page says of each break, by rule and target: its inputs, its script, an entry."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for result in report.results:
        if result.outcome in EXCUSABLE:
            of = [*ways(result)] or [reason_alone(result)]
            found.setdefault(result.rule, {})[result.target] = [_break(report, each) for each in of]
    return found


def _break(report: Report, seen: Seen) -> dict[str, Any]:
    if seen.every:
        on = f"on {every_of(seen.every)}"
    elif seen.always:
        on = "on every input"
    else:
        common = sorted(seen.shared, key=lambda name: (seen.result.classes.get(name, 0), name))
        on = f"on {inputs(common[:3])}" if common else ""
    entry = entries(report, [seen], headline_of([seen]))
    return {
        "on": on,
        "sides": sides(seen.reason),
        "again": run_again(seen.reproduced),
        "cause": headline_by_break(report).get((seen.result.rule, seen.result.target, seen.at)),
        "entry": entry,
    }


def _pictures(report: Report, found: list[Cause]) -> dict[str, Markup]:
    """Return pictures of breaks by their keys, as long as there is room: of those that show causes first."""
    every = [cause.shown for cause in found]
    for result in report.results:
        if result.outcome in EXCUSABLE:
            every += [*ways(result)] or [reason_alone(result)]
    drawings: dict[str, Markup] = {}
    left = MOST_DRAWN
    for seen in every:
        if len(drawings) == MOST_PICTURES:
            break
        key = _key(seen)
        picture = None if key in drawings else depicted(seen.counterexample, seen.reason)
        if not picture:
            continue
        title = f"The break of {seen.result.rule} on {seen.result.target}"
        svg = drawn(picture, title, f"f{len(drawings)}")
        if len(svg) <= left:
            drawings[key] = svg
            left -= len(svg)
    return drawings


def _key(seen: Seen) -> str:
    """Return the name of a break in the page, as its script makes it, too."""
    return f"{seen.result.rule} {seen.result.target} {seen.at}"


def _said(supported: list[Table]) -> dict[str, dict[str, dict[str, list[str]]]]:
    """Return with what each target refuses an operation, by target, operation and dtype."""
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for table in supported:
        for (operation, dtype), messages in table.said.items():
            found.setdefault(table.target, {}).setdefault(operation, {})[dtype] = [*messages]
    return found


def _again(report: Report) -> Callable[[str, str], str]:
    """Return what tells of a rule and a target the command that runs it again."""
    commands = _commands(report)
    return lambda rule, target: commands[target].replace(_RULE, rule)


_RULE = "RULE"
"""What stands for a rule's id in the commands that the page has."""


def _commands(report: Report) -> dict[str, str]:
    """Return for each target the command that runs a rule on it again."""
    return {target.id: command(report.run_of(target), target, _RULE) for target in report.run.targets}


def _version(torch: str) -> Version:
    try:
        return Version(torch)
    except InvalidVersion:
        return Version("0")


@dataclass(frozen=True)
class _Count:
    """Of how many documented rules that apply to a target how many hold, and how many fail."""

    holds: int
    applicable: int
    failing: int


@dataclass(frozen=True)
class _Group:
    """The rules of an area, or of an operation in it, with their outcomes by target, None where not run."""

    name: str
    rows: list[tuple[Rule, list[Outcome | None]]]

    @property
    def operations(self) -> list[_Group]:
        return _groups(self.rows, lambda rule: rule.operation)

    @property
    def counts(self) -> list[_Count]:
        documented = [outcomes for rule, outcomes in self.rows if rule.basis is Basis.DOCUMENTED]
        # Where no rule is documented, there is still a cell for each target.
        columns = zip(*documented, strict=True) if documented else [()] * len(self.rows[0][1])
        return [
            _Count(
                sum(outcome is Outcome.HOLDS for outcome in column),
                sum(outcome not in (None, Outcome.INAPPLICABLE) for outcome in column),
                sum(outcome in FAILING for outcome in column),
            )
            for column in columns
        ]


def _areas(report: Report) -> list[_Group]:
    targets = [target.id for target in report.run.targets]
    rows = []
    for rule in sorted(report.rules, key=lambda rule: (rule.area, rule.operation)):
        found = [report.result(rule.id, target) for target in targets]
        rows.append((rule, [result.outcome if result else None for result in found]))
    return _groups(rows, lambda rule: rule.area)


def _groups(rows: list[tuple[Rule, list[Outcome | None]]], name: Callable[[Rule], str]) -> list[_Group]:
    return [_Group(key, [*members]) for key, members in groupby(rows, key=lambda row: name(row[0]))]


def _runs(report: Report) -> list[tuple[Any, list[Any]]]:
    """Return each run with the targets that it has as columns."""
    if not report.runs:
        return [(report.run, list(report.run.targets))]
    return [
        (run, [target for target in report.run.targets if target.run == at])
        for at, run in enumerate(report.runs)
    ]
