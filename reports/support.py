"""What targets support: which operation for which dtype, what they refuse, and what could not be tried."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from reports.model import Outcome, Report, Result, once
from reports.wording import is_dtype, many, normalised, shortened

DTYPES = (
    *("float32", "float64", "float16", "bfloat16", "complex64", "complex128", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
"""The order of dtypes in a table; others follow by their names."""


class Support(str, Enum):
    """What is known of an operation for a dtype on a target."""

    HELD = "held"  # a rule of the operation held with inputs of the dtype among its examples
    IN_PART = "in part"  # held in one rule, and was refused in another
    REFUSED = "refused"  # or the target lacks the dtype
    BREAKS = "breaks"  # was tried, and no rule of the operation that did held
    NOT_ASKED = "not asked"


GLYPHS = {
    Support.HELD: "✓",
    Support.IN_PART: "◐",
    Support.REFUSED: "∅",
    Support.BREAKS: "✗",
    Support.NOT_ASKED: "·",
}
"""What stands for each in a table."""


@dataclass(frozen=True)
class Table:
    """Operations by dtypes of a target: `cells` has no entry where nothing was asked.

    `said` gives the target's answers where it refuses something.
    """

    target: str
    cells: dict[tuple[str, str], Support]
    said: dict[tuple[str, str], tuple[str, ...]]

    @property
    def counted(self) -> str:
        """How many operations and dtypes there are, and how many of these pairs are refused."""
        operations = len({operation for operation, _ in self.cells})
        dtypes = len({dtype for _, dtype in self.cells})
        found = [*self.cells.values()]
        refused, in_part = found.count(Support.REFUSED), found.count(Support.IN_PART)
        said = ", ".join(
            f"{count} {word}" for count, word in ((refused, "refused"), (in_part, "refused in part")) if count
        )
        return f"{many(operations, 'operation')} by {many(dtypes, 'dtype')}; {said or 'nothing refused'}"

    def cell(self, operation: str, dtype: str) -> Support:
        """Return what is known of an operation for a dtype."""
        return self.cells.get((operation, dtype), Support.NOT_ASKED)


@dataclass(frozen=True)
class Apart:
    """Results of which something could not be asked for one reason: of one operator, or blocked by one rule.

    `dtypes` are those that are refused; `examples` counts what was blocked.
    """

    by: str
    reason: str
    results: tuple[Result, ...]
    dtypes: tuple[str, ...] = ()
    examples: int = 0

    @property
    def rules(self) -> list[str]:
        """The ids of the rules, each once."""
        return list(dict.fromkeys(result.rule for result in self.results))

    @property
    def targets(self) -> list[str]:
        """The ids of the targets, each once."""
        return sorted({result.target for result in self.results})


@once
def tables(report: Report) -> list[Table]:
    """Return what each target supports, of the rules that it ran."""
    operations = {rule.id: rule.operation for rule in report.rules}
    return [
        _table(target.id, operations, report.results_of(target.id), target.lacks_dtypes)
        for target in report.run.targets
    ]


def _table(target: str, operations: dict[str, str], results: list[Result], lacks: dict[str, str]) -> Table:
    dtypes = {name for name in set[str]().union(*(result.classes for result in results)) if is_dtype(name)}
    held: dict[str, set[str]] = {}
    tried: dict[str, set[str]] = {}
    said: dict[tuple[str, str], dict[str, None]] = {}
    for result in results:
        operation = operations[result.rule]
        if result.outcome is Outcome.INAPPLICABLE:
            continue
        found = held if result.outcome in _HOLDING else tried
        drawn = {name for name in result.classes.keys() & dtypes if result.classes[name]}
        found.setdefault(operation, set()).update(drawn)
        for name, message in result.refused.items():
            said.setdefault((operation, _short(name)), {})[message] = None
        for name in result.untried:
            if name in lacks:
                said.setdefault((operation, _short(name)), {})[f"the target lacks it: {lacks[name]}"] = None
    cells = dict.fromkeys(_places(tried), Support.BREAKS)
    cells.update(dict.fromkeys(said, Support.REFUSED))
    cells.update({place: Support.IN_PART if place in said else Support.HELD for place in _places(held)})
    return Table(target, cells, {place: tuple(messages) for place, messages in said.items()})


def _places(found: dict[str, set[str]]) -> list[tuple[str, str]]:
    return [(operation, dtype) for operation, dtypes in found.items() for dtype in dtypes]


_HOLDING = (Outcome.HOLDS, Outcome.THIN, Outcome.FIXED, Outcome.KNOWN)


def dtypes_of(found: Iterable[Table]) -> list[str]:
    """Return the dtypes of which something is known on any target, in order."""
    known = {dtype for table in found for _, dtype in table.cells}
    return [*(dtype for dtype in DTYPES if dtype in known), *sorted(known.difference(DTYPES))]


def operations_of(found: Iterable[Table]) -> list[str]:
    """Return the operations of which something is known on any target, in order."""
    return sorted({operation for table in found for operation, _ in table.cells})


@once
def support(report: Report) -> dict[str, dict[str, dict[str, str]]]:
    """Return what results.json says of support: by target, operation and dtype."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for table in tables(report):
        for operation, dtype in sorted(table.cells):
            cells = found.setdefault(table.target, {}).setdefault(operation, {})
            cells[dtype] = table.cells[operation, dtype].value
    return found


def refusals(report: Report) -> list[Apart]:
    """Return what targets refuse: by the operator that the message names, else the operation; most first."""
    groups: dict[tuple[str, str], list[tuple[Result, str, str]]] = {}
    for result in report.results:
        answers = result.refused or (
            {"": result.reason or ""} if result.outcome is Outcome.UNSUPPORTED else {}
        )
        for dtype, message in answers.items():
            named = re.search(r"\b(?:aten|prims|torchvision)::\w+", message)
            by = named[0] if named else result.rule.partition(".")[0]
            # How many examples it was is said of each rule.
            alike = normalised(re.sub(r"^\d+ of \d+ examples: ", "", message))
            groups.setdefault((by, alike), []).append((result, dtype, message))
    found = [
        Apart(
            by,
            shortened(members[0][2]),
            tuple(_once(result for result, _, _ in members)),
            tuple(sorted({_short(dtype) for _, dtype, _ in members if dtype}, key=_order)),
        )
        for (by, _), members in groups.items()
    ]
    return sorted(found, key=lambda group: (-len(group.results), group.by))


def blocks(report: Report) -> list[Apart]:
    """Return what could not be tried, by the rule that breaks in its stead; most first."""
    groups: dict[str, list[Result]] = {}
    for result in report.results:
        for rule in result.blocked:
            groups.setdefault(rule, []).append(result)
    found = [
        Apart(
            rule, _why(report, rule, results), tuple(results), (), sum(each.blocked[rule] for each in results)
        )
        for rule, results in groups.items()
    ]
    return sorted(found, key=lambda group: (-len(group.results), group.by))


def _why(report: Report, rule: str, results: Iterable[Result]) -> str:
    """Return how the blocking rule breaks, as far as the report says: by its own result or by the others'."""
    own = (report.result(rule, target) for target in dict.fromkeys(each.target for each in results))
    # That the rule does not apply to a target is no reason why another cannot be tried there.
    told = [each for each in own if each is not None and each.outcome is not Outcome.INAPPLICABLE]
    broken = [each.reason for each in told if each.reason]
    return shortened(broken[0]) if broken else ""


def _once(results: Iterable[Result]) -> list[Result]:
    return list({(result.rule, result.target): result for result in results}.values())


def _short(dtype: str) -> str:
    return dtype.removeprefix("torch.")


def _order(dtype: str) -> tuple[int, str]:
    return (DTYPES.index(dtype) if dtype in DTYPES else len(DTYPES), dtype)
