"""The conformance report as one self-contained HTML page."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import jinja2

from reports.glyphs import GLYPHS, MEANINGS
from reports.links import documentation
from reports.model import Basis, Outcome, Report, Result, Rule
from reports.score import Score


def render(report: Report) -> str:
    """Return the page; every text that comes from the run is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    results = {(result.rule, result.target): result for result in report.results}
    return environment.get_template("report.html.jinja").render(
        report=report,
        run=report.run,
        scores=[(target, Score(report, target.id)) for target in report.run.targets],
        areas=_areas(report),
        rules=[_rule(rule, report, results) for rule in sorted(report.rules, key=_order)],
        results=results,
        Outcome=Outcome,
        glyphs=GLYPHS,
        meanings=MEANINGS,
        observed=Basis.OBSERVED,
    )


def _order(rule: Rule) -> tuple[str, str]:
    return rule.area, rule.operation


def _areas(report: Report) -> list[tuple[str, list[Rule]]]:
    ordered = sorted(report.rules, key=_order)
    return [(area, list(rules)) for area, rules in groupby(ordered, key=lambda rule: rule.area)]


def _rule(rule: Rule, report: Report, results: dict[tuple[str, str], Result]) -> dict[str, Any]:
    found = [results[rule.id, target.id] for target in report.run.targets if (rule.id, target.id) in results]
    return {
        "rule": rule,
        "url": documentation(rule.source, report.run.torch),
        "results": found,
    }
