"""The catalogue: every rule of a run with its statement and its source, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from reports.links import documentation
from reports.markdown import escaped, table
from reports.model import Basis, Report, Rule


def catalogue(report: Report) -> str:
    """Return the rules of a report as Markdown: a section per area, a table per operation."""
    documented = sum(rule.basis is Basis.DOCUMENTED for rule in report.rules)
    lines = [
        "# Rules",
        "",
        f"{len(report.rules)} rules, {documented} of them documented; suite {report.run.suite}, "
        f"torch {report.run.torch}.",
    ]
    for area, operations in by_area(report):
        lines += ["", f"## {area}"]
        for operation, of_operation in operations:
            lines += ["", f"### {operation}", "", *_of_operation(of_operation, report.run.torch)]
    return "\n".join(lines) + "\n"


def by_area(report: Report) -> list[tuple[str, list[tuple[str, list[Rule]]]]]:
    """Return the rules of a report by area, in it by operation; documented ones first."""
    rules = sorted(report.rules, key=lambda rule: (rule.area, rule.operation, rule.basis.value, rule.id))
    areas = []
    for area, of_area in groupby(rules, key=lambda rule: rule.area):
        operations = groupby(of_area, key=lambda rule: rule.operation)
        areas.append((area, [(operation, list(each)) for operation, each in operations]))
    return areas


def _of_operation(rules: Iterable[Rule], torch: str) -> list[str]:
    rows = [
        (
            f"`{rule.id}`",
            escaped(rule.statement),
            " and ".join(f"[{escaped(name)}]({documentation(name, torch)})" for name in rule.sources),
            rule.basis.value,
            rule.kind.value,
            str(len(rule.faults)),
        )
        for rule in rules
    ]
    return table(("rule", "statement", "source", "basis", "kind", "seeded faults caught"), rows)
