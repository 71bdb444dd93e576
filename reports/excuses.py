"""Writing entries for a known-breaks file that cover a cause: as few as can be, and nothing that holds."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from reports.model import Outcome, Report, Target
from reports.seen import Seen
from reports.toml_file import quoted
from reports.wording import normalised, shortened

BREAK = "\n"
LONGEST = 100
"""Most characters of a message that a pattern repeats."""

MOST = 4
"""Most messages that a pattern lists; of more it takes the types of the exceptions."""

CLASSES = 3
"""Most input classes for each of which there is an entry."""

UNTRIED = (Outcome.INAPPLICABLE, Outcome.UNSUPPORTED, Outcome.BLOCKED)
"""Outcomes of rules that an entry may be about without harm: nothing of them was tried."""


def entries(report: Report, seen: Sequence[Seen], reason: str) -> str:
    """Return the entries of a known-breaks file that excuse breaks for a reason, and no rule that holds."""
    broken = {(each.result.rule, each.result.target) for each in seen}
    places: dict[tuple[str, str], list[Seen]] = {}
    for each in seen:
        target = report.run.target(each.result.target)
        torch = report.run_of(target).torch.partition("+")[0]
        name = _named(report, target, each.result.rule, broken)
        places.setdefault((name, torch), []).append(each)
    common = set.intersection(*(each.shared for each in seen))
    if all(each.every for each in seen):
        common |= {name for each in seen for name in each.every}
    return "\n".join(
        written
        for (target, torch), found in places.items()
        for written in _on_target(report, found, common, reason, target, torch)
    )


def _on_target(
    report: Report, seen: list[Seen], common: set[str], reason: str, target: str, torch: str
) -> Iterator[str]:
    broken = {each.result.rule for each in seen}
    # A rule alone needs no pattern.
    columns = {each.result.target for each in seen} if len(broken) > 1 else set()
    spared = {
        result.rule
        for column in columns
        for result in report.results_of(column)
        if result.rule not in broken and result.outcome not in UNTRIED
    }
    covering: dict[str, list[Seen]] = {}
    for each in seen:
        for pattern in _patterns(each.result.rule):
            covering.setdefault(pattern, []).append(each)
    narrowed: dict[str | None, list[str]] = {}
    for glob in globs(broken, spared):
        covered = covering[glob]
        drawn = {name for each in covered for name in report.classes[each.result.rule]}
        for name in _narrowest(covered, common, drawn):
            narrowed.setdefault(name, []).append(glob)
    for name, found in narrowed.items():
        rules = {each.result.rule for glob in found for each in covering[glob]}
        message = pattern_of(each.reason for each in seen if each.result.rule in rules)
        yield entry(
            sorted(found),
            target=target,
            torch=f"=={torch}",
            reason=reason,
            input_class=name,
            message=message,
        )


def _narrowest(seen: list[Seen], common: set[str], drawn: Collection[str]) -> list[str | None]:
    """Return classes, of those `drawn`, one of which every failed example has: several are several entries.

    That is what breaks of the cause have in `common`: what a rule has beside may be chance. Where there is
    none, that is None alone.
    """
    if any(each.symptom is None or each.always for each in seen):
        return [None]
    certain = set.intersection(*(each.certain for each in seen)).intersection(common, drawn)
    if certain:
        return [min(certain, key=lambda name: (sum(each.result.classes.get(name, 0) for each in seen), name))]
    either = {name for each in seen for name in each.every}
    if all(each.every for each in seen) and either <= common & {*drawn} and len(either) <= CLASSES:
        return [*sorted(either)]
    return [None]


def _named(report: Report, target: Target, rule: str, broken: Collection[tuple[str, str]]) -> str:
    """Return how an entry names a target: by its type of device, and mode, unless one of them does well."""
    columns = [each for each in report.run.targets if each.run == target.run]

    def breaks_on(every: Iterable[Target]) -> bool:
        """Return whether the rule breaks wherever it was tried, which it was."""
        results = [report.result(rule, each.id) for each in every]
        tried = [each for each in results if each is not None and each.outcome not in UNTRIED]
        return bool(tried) and all((rule, each.target) in broken for each in tried)

    siblings = [each for each in columns if each.device == target.device]
    # What breaks as it is run plainly may be expected to break in a mode, but not the other way round.
    if breaks_on(siblings) and breaks_on(each for each in siblings if each.mode is None):
        return target.device
    if target.mode is not None and breaks_on(each for each in siblings if each.mode == target.mode):
        return f"{target.device}+{target.mode}"
    # In a merged report, a column may have another name than its run gave it.
    return report.run_of(target).targets[columns.index(target)].id


def globs(broken: Collection[str], spared: Iterable[str]) -> list[str]:
    """Return patterns of rule ids, few, that match all of the `broken` ones and none of those `spared`."""
    if len(broken) == 1:
        return [*broken]
    forbidden = {pattern for rule in spared for pattern in _patterns(rule)}
    matching: dict[str, set[str]] = {}
    for rule in sorted(broken):
        for pattern in _patterns(rule):
            if pattern not in forbidden:
                matching.setdefault(pattern, set()).add(rule)
    found: list[str] = []
    while matching:
        best = max(matching, key=lambda each: (len(matching[each]), "*" not in each, len(each)))
        found.append(best)
        covered = matching.pop(best)
        left = {pattern: rules - covered for pattern, rules in matching.items()}
        matching = {pattern: rules for pattern, rules in left.items() if rules}
    return found


def matches(rule: str, glob: str) -> bool:
    """Return whether a rule's id matches a pattern, as in a known-breaks file."""
    return fnmatch.fnmatchcase(rule, glob)


@functools.cache
def _patterns(rule: str) -> tuple[str, ...]:
    """Return all patterns that may stand for a rule: its id, and what that begins or ends with."""
    operation, _, fact = rule.partition(".")
    words = fact.split("_")
    longer = (f"{operation}.{'_'.join(words[:many])}_*" for many in range(1, len(words)))
    return (rule, f"{operation}.*", f"*.{fact}", *longer)


def pattern_of(reasons: Iterable[str]) -> str:
    """Return a regular expression, to be searched for, that matches messages such as these and few others."""
    found = list(dict.fromkeys(map(_pattern, reasons)))
    # What begins as another does is matched by that.
    found = [each for each in found if not any(each != other and each.startswith(other) for other in found)]
    if len(found) <= MOST:
        return f"^{found[0]}" if len(found) == 1 else f"^(?:{'|'.join(found)})"
    return f"^(?:{'|'.join(dict.fromkeys(each.partition(':')[0] for each in found))})"


@functools.cache
def _pattern(reason: str) -> str:
    # Of an assertion in a rule itself, the words are those of the one example.
    if (asserted := "AssertionError: assert ") and reason.startswith(asserted):
        return _escaped(asserted)
    text = normalised(reason)
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition(" ")[0]
    return ".*".join(map(_escaped, text.rstrip("# ").split("#")))


def _escaped(text: str) -> str:
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", text)


def entry(
    rules: Sequence[str],
    *,
    target: str,
    torch: str,
    reason: str,
    input_class: str | None = None,
    message: str | None = None,
) -> str:
    """Return an entry of a known-breaks file; where the break is reported remains to be filled in."""
    lines = {
        "target": target,
        "torch": torch,
        "class": input_class,
        "message": message,
        "cause": "device",
        "reason": shortened(reason),
    }
    written = [f"{key} = {_string(value)}" for key, value in lines.items() if value]
    one = len(rules) == 1
    rule = _string(rules[0]) if one else f"[\n{''.join(f'    {_string(each)},{BREAK}' for each in rules)}]"
    return "\n".join(
        ["[[break]]", f"rule = {rule}", *written, 'issue = "https://"  # where it is reported', ""]
    )


def _string(text: str) -> str:
    """Return a text as a string of TOML: literally where that is shorter, as of a pattern."""
    if "\\" in text and text.isprintable() and "'" not in text:
        return f"'{text}'"
    return quoted(text)
