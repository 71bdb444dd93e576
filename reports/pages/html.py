"""The conformance report as one self-contained HTML page.

The table of all rules is in the page; the evidence of a rule is put there when it is opened, from the data of
the report, which the page carries gzipped: so a page of 500 rules and 20 targets stays small, and has it all.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from packaging.version import InvalidVersion, Version

from reports.catalogue import by_area
from reports.compare import MEANINGS as CHANGES
from reports.compare import Comparison
from reports.glyphs import BY_WORD, GLYPHS, MEANINGS
from reports.history import History
from reports.links import documentation
from reports.model import Basis, Outcome, Report, Result, Rule
from reports.score import Score
from reports.verdict import FAILING, but_for_numbers, fails

DENSE = 4
"""From how many targets on the table shows glyphs alone, the words being read aloud or on pointing."""


@dataclass(frozen=True)
class Group:
    """Results that fail alike: with the same outcome, and the same reason but for numbers."""

    outcome: Outcome
    reason: str
    results: tuple[Result, ...]

    @property
    def rules(self) -> list[str]:
        """The ids of the rules, each once."""
        return list(dict.fromkeys(result.rule for result in self.results))

    @property
    def targets(self) -> list[str]:
        """The ids of the targets, each once."""
        return list(dict.fromkeys(result.target for result in self.results))


def render(report: Report) -> str:
    """Return the page; every text that comes from the run is escaped."""
    script = _file("page.js")
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            title=f"Conformance of torch {report.run.torch}",
            report=report,
            run=report.run,
            scores=[(target, Score(report, target.id)) for target in report.run.targets],
            groups=groups(report),
            areas=_areas(report),
            dense=len(report.run.targets) > DENSE,
            runs=_runs(report),
            glyphs=GLYPHS,
            meanings=MEANINGS,
            observed=Basis.OBSERVED,
            style=_file("page.css"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            data=_data(report),
        )
    )


def render_comparison(found: Comparison) -> str:
    """Return the page of a comparison."""
    return _page(
        "compare.html.jinja", "What changed between two runs", found=found, meanings=CHANGES, score=Score
    )


def render_history(found: History) -> str:
    """Return the page of a history."""
    return _page("history.html.jinja", "Conformance over time", found=found)


def render_catalogue(report: Report) -> str:
    """Return the page of all rules of a report, by area and operation."""
    documented = sum(rule.basis is Basis.DOCUMENTED for rule in report.rules)
    return _page(
        "catalogue.html.jinja",
        "Rules",
        report=report,
        areas=by_area(report),
        documented=documented,
        link=documentation,
    )


def _page(template: str, title: str, **data: Any) -> str:
    return (
        _environment()
        .get_template(template)
        .render(title=title, style=_file("page.css"), glyphs=BY_WORD, **data)
    )


def groups(report: Report) -> list[Group]:
    """Return the results that fail a run, those that fail alike together.

    The largest group comes first, what is merely thin last.
    """
    alike: dict[tuple[Outcome, str], list[Result]] = {}
    for result in report.results:
        if fails(result.outcome, report.basis[result.rule], strict=False):
            reason = (result.reason or "").splitlines()[:1]
            key = but_for_numbers("".join(reason))
            alike.setdefault((result.outcome, key), []).append(result)
    found = [Group(outcome, each[0].reason or "", tuple(each)) for (outcome, _), each in alike.items()]
    return sorted(found, key=lambda group: (group.outcome is Outcome.THIN, -len(group.results)))


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("reports.pages", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
    )


@functools.cache
def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _data(report: Report) -> str:
    """Return what the page's script reads, as base64 of gzip: nothing in it can be taken for markup."""
    torch = max((run.torch for run in report.runs or (report.run,)), key=_version)
    beside = {
        "urls": {name: documentation(name, torch) for rule in report.rules for name in rule.sources},
        "glyphs": BY_WORD,
        "failing": sorted(outcome.value for outcome in FAILING),
    }
    # The report is text already.
    text = f'{{"report": {report.text}, "beside": {json.dumps(beside)}}}'
    # Without a time in it, the same report gives the same page.
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def _version(torch: str) -> Version:
    try:
        return Version(torch)
    except InvalidVersion:
        return Version("0")


def _areas(report: Report) -> list[dict[str, Any]]:
    ordered = sorted(report.rules, key=lambda rule: (rule.area, rule.operation))
    targets = [target.id for target in report.run.targets]

    def row(rule: Rule) -> list[Outcome | None]:
        found = [report.result(rule.id, target) for target in targets]
        return [result.outcome if result else None for result in found]

    areas = []
    for name, members in groupby(ordered, key=lambda rule: rule.area):
        rows = [(rule, row(rule)) for rule in members]
        documented = [outcomes for rule, outcomes in rows if rule.basis is Basis.DOCUMENTED]
        counts = [
            (
                sum(outcomes[at] is Outcome.HOLDS for outcomes in documented),
                sum(outcomes[at] not in (None, Outcome.INAPPLICABLE) for outcomes in documented),
            )
            for at in range(len(targets))
        ]
        areas.append({"name": name, "rows": rows, "counts": counts})
    return areas


def _runs(report: Report) -> list[tuple[Any, list[Any]]]:
    """Return each run with the targets that it has as columns."""
    if not report.runs:
        return [(report.run, list(report.run.targets))]
    return [
        (run, [target for target in report.run.targets if target.run == at])
        for at, run in enumerate(report.runs)
    ]
