"""What is known of targets, read from TOML files: a `[[break]]` is a rule that is known not to hold there."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from reports.model import CAUSES, Excuse, Outcome, Report, Target
from reports.toml_file import KnownBreaksError, check_keys, entries, pattern

_KEYS = {"class", "message", "rule", "target", "torch", "cause", "reason", "issue", "script"}


@dataclass(frozen=True)
class KnownBreak:
    """One entry: what fails as it says, of the rules whose ids match `rule`, is known to, on `target`.

    `rule` may hold several ids and globs, with spaces between them.

    With an `input_class` it concerns only the examples of that class, or of all classes that it joins by
    ` + `, with a `message` only those whose
    failure it is found in, as a regular expression: whatever else fails is a break of the rule. `place` is
    where it is written, as `FILE:LINE`; one that is `shipped` came with the suite.
    """

    rule: str
    cause: str
    reason: str
    target: str = "*"
    torch: SpecifierSet = field(default_factory=SpecifierSet)
    issue: str | None = None
    script: str | None = None
    input_class: str | None = None
    message: re.Pattern[str] | None = None
    place: str = field(default="", compare=False)
    shipped: bool = field(default=False, compare=False)

    def concerns(self, rule: str, target: Target, torch: str) -> bool:
        """Return whether the entry is about this rule on this target under this version of torch."""
        return (
            self._pattern.fullmatch(rule) is not None
            and (self.target == "*" or self.target in target.names)
            and self.torch.contains(torch, prereleases=True)
        )

    def describes(self, classes: Iterable[str], said: str) -> bool:
        """Return whether an example of these input classes that failed with these words failed as known."""
        if not self.parts.issubset(classes):
            return False
        return self.message is None or self.message.search(said) is not None

    def stale(self, target: Target | None) -> bool:
        """Return whether that the rule holds on a target means that the entry has to go.

        What came with the suite is said of torch as its CPU is: a device that does better does well. So does
        one backend of several of a compiler. An entry for many rules may excuse nothing in one of them.
        """
        if self.spans:
            return False
        if target is not None and target.mode is not None and "+" not in self.target:
            return False  # said of torch as it is: in a mode another implementation may do better
        if target is not None and target.mode is not None and self.target.partition("+")[2] != target.mode:
            return False
        return not self.shipped or target is None or target.device == "cpu" or self.target in target.names

    @property
    def deadly(self) -> bool:
        """Whether the entry says by which signal a process ends: that it does is then found out apart."""
        return self.message is not None and "SIG" in self.message.pattern

    @functools.cached_property
    def parts(self) -> frozenset[str]:
        """The input classes, all of which an example has that the entry is about; mostly one, or none."""
        return frozenset(_parts(self.input_class) if self.input_class is not None else ())

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(fnmatch.translate, self.globs)))

    @property
    def globs(self) -> list[str]:
        """The ids and globs that `rule` holds."""
        return self.rule.split()

    @property
    def spans(self) -> bool:
        """Whether the entry may be about several rules."""
        return any(sign in self.rule for sign in "*?[ ")

    @property
    def excuse(self) -> Excuse:
        """What a result says of the entry that excuses it."""
        return Excuse(self.cause, self.reason, self.issue, self.script)

    def __str__(self) -> str:
        where = self.issue or self.script
        return f"{self.cause}: {self.reason}" + (f" ({where})" if where else "")


def read_known_breaks(path: Path, *, shipped: bool = False) -> list[KnownBreak]:
    """Read the breaks of a known-breaks file, which may be the suite's own.

    Raises KnownBreaksError, with the file and the line of the entry, if the file cannot be read, is not
    TOML, or has an entry with a missing, unknown or wrong key.
    """
    return [replace(_entry(entry, place), shipped=shipped) for entry, place in entries(path, "break")]


def find_breaks(
    breaks: Iterable[KnownBreak], rule: str, target: Target, torch: str
) -> tuple[KnownBreak, ...]:
    """Return the entries about a rule on the target under a version of torch, the narrowest first."""
    found = [entry for entry in breaks if entry.concerns(rule, target, torch)]
    return tuple(sorted(found, key=lambda entry: (entry.input_class is None) + (entry.message is None)))


def excusing(entries: Iterable[KnownBreak], classes: Iterable[str], said: str) -> KnownBreak | None:
    """Return the first of the entries that describes how an example failed, None if none does."""
    return next((entry for entry in entries if entry.describes(classes, said)), None)


def unused(breaks: Iterable[KnownBreak], report: Report) -> list[KnownBreak]:
    """Return the entries for many rules that excused nothing, where a rule that they are about was run.

    Those that came with the suite are not among them.
    """
    excused = {place for result in report.results for place in result.excused}
    ran = [result for result in report.results if result.outcome is not Outcome.INAPPLICABLE]
    targets = {target.id: target for target in report.run.targets}
    return [
        entry
        for entry in breaks
        if entry.spans
        and not entry.shipped
        and entry.place not in excused
        and any(entry.concerns(result.rule, targets[result.target], report.run.torch) for result in ran)
    ]


def check_rules(breaks: Iterable[KnownBreak], rules: Mapping[str, Iterable[str]]) -> None:
    """Check that entries are about rules that exist; `rules` maps the ids to the input classes of each.

    Raises KnownBreaksError, with the entry's place, if one is not, or names a class that its rule never has.
    """
    for entry in breaks:
        about: list[str] = []
        for glob in entry.globs:
            if not (matching := fnmatch.filter(rules, glob)):
                raise KnownBreaksError(f"{entry.place}: there is no rule {glob!r}")
            about += matching
        drawn = dict.fromkeys(name for rule in about for name in rules[rule])
        if not entry.parts.issubset(part for name in drawn for part in _parts(name)):
            there = ", ".join(drawn) or "none"
            raise KnownBreaksError(
                f"{entry.place}: {entry.rule} draws no class {entry.input_class!r}; it draws: {there}"
            )


def _parts(name: str) -> list[str]:
    """Return the input classes that a name joins, as `strategies.together` does."""
    return name.split(" + ")


def _entry(entry: Any, place: str) -> KnownBreak:
    check_keys(entry, place, known=_KEYS, needed={"rule", "cause", "reason"}, lists={"rule"})
    if not {"issue", "script"} & set(entry):
        raise KnownBreaksError(f"{place}: an issue or a script that shows it is missing")
    if entry["cause"] not in CAUSES:
        raise KnownBreaksError(f"{place}: cause is {entry['cause']!r}, not one of {', '.join(CAUSES)}")
    try:
        torch = SpecifierSet(entry.get("torch", ""))
    except InvalidSpecifier as error:
        raise KnownBreaksError(f"{place}: torch: {error}") from None
    rules = entry["rule"] if isinstance(entry["rule"], list) else [entry["rule"]]
    values = {**entry, "torch": torch, "rule": " ".join(rules)}
    if "message" in entry:
        values["message"] = pattern(entry["message"], place, "message")
    return KnownBreak(input_class=values.pop("class", None), place=place, **values)
