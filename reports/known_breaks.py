"""Known breaks: rules that are known not to hold on a target, read from TOML files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from reports.model import Target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CAUSES = ("device", "torch", "documentation")
_KEYS = {"rule", "target", "torch", "cause", "reason", "issue", "script"}


class KnownBreaksError(Exception):
    """A known-breaks file cannot be used; the message names the file and the entry."""


@dataclass(frozen=True)
class KnownBreak:
    """One entry: `rule` is known not to hold on `target` for the torch versions given."""

    rule: str
    cause: str
    reason: str
    target: str = "*"
    torch: SpecifierSet = field(default_factory=SpecifierSet)
    issue: str | None = None
    script: str | None = None

    def concerns(self, rule: str, target: Target, torch: str) -> bool:
        """Return whether the entry is about this rule on this target under this version of torch."""
        return (
            self.rule == rule
            and self.target in ("*", target.id, target.device)
            and self.torch.contains(torch, prereleases=True)
        )

    def __str__(self) -> str:
        where = self.issue or self.script
        return f"{self.cause}: {self.reason}" + (f" ({where})" if where else "")


def read_known_breaks(path: Path) -> list[KnownBreak]:
    """Read a known-breaks file.

    Raises KnownBreaksError, with the file and the number of the entry, if the file cannot be read, is not
    TOML, or has an entry with a missing, unknown or wrong key.
    """
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise KnownBreaksError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnownBreaksError(f"{path}: is not TOML: {error}") from None
    entries = content.pop("break", [])
    if content or not isinstance(entries, list):
        raise KnownBreaksError(
            f"{path}: holds {', '.join(content) or 'no [[break]] list'}; only [[break]] entries belong there"
        )
    return [_entry(entry, f"{path}, entry {number}") for number, entry in enumerate(entries, 1)]


def check_rules(breaks: Iterable[KnownBreak], rules: Iterable[str], path: Path) -> None:
    """Raise KnownBreaksError if an entry is about a rule that does not exist."""
    known = set(rules)
    for number, entry in enumerate(breaks, 1):
        if entry.rule not in known:
            raise KnownBreaksError(f"{path}, entry {number}: there is no rule {entry.rule!r}")


def _entry(entry: Any, place: str) -> KnownBreak:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise KnownBreaksError(f"{place}: every value is a string")
    if unknown := set(entry) - _KEYS:
        raise KnownBreaksError(f"{place}: unknown key {', '.join(sorted(unknown))}")
    if missing := {"rule", "cause", "reason"} - set(entry):
        raise KnownBreaksError(f"{place}: {', '.join(sorted(missing))} is missing")
    if not {"issue", "script"} & set(entry):
        raise KnownBreaksError(f"{place}: an issue or a script that shows it is missing")
    if entry["cause"] not in CAUSES:
        raise KnownBreaksError(f"{place}: cause is {entry['cause']!r}, not one of {', '.join(CAUSES)}")
    try:
        torch = SpecifierSet(entry.get("torch", ""))
    except InvalidSpecifier as error:
        raise KnownBreaksError(f"{place}: torch: {error}") from None
    return KnownBreak(**{**entry, "torch": torch})
