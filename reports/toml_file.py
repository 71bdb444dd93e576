"""Reading the TOML files of a vendor: lists of entries, each with the place where it stands, for messages."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["KINDS", "KnownBreaksError", "check_keys", "entries", "pattern", "quoted", "tomllib"]

KINDS = ("break", "lacks", "has", "unsupported", "device", "bounds")
"""The lists that a file may hold."""


class KnownBreaksError(Exception):
    """A known-breaks file cannot be used; the message names the file and the entry."""


def entries(path: Path, kind: str) -> list[tuple[Any, str]]:
    """Return the entries of a kind with the place of each, as `FILE:LINE`.

    Raises KnownBreaksError if the file cannot be read, is not TOML, or holds what does not belong there.
    """
    try:
        text = path.read_text("utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise KnownBreaksError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnownBreaksError(f"{path}: is not TOML: {error}") from None
    if unknown := set(content) - set(KINDS):
        *most, last = (f"[[{name}]]" for name in KINDS)
        raise KnownBreaksError(
            f"{path}: holds {', '.join(sorted(unknown))}; only {', '.join(most)} and {last} belong there"
        )
    found = content.get(kind, [])
    if not isinstance(found, list):
        raise KnownBreaksError(f"{path}: holds no [[{kind}]] list; write [[{kind}]] before each entry")
    heads = [
        at for at, line in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[\[\s*{kind}\s*\]\]", line)
    ]
    inside = path.is_absolute() and path.is_relative_to(Path.cwd())
    shown = path.relative_to(Path.cwd()) if inside else path
    places = [f"{shown}:{line}" for line in heads]
    if len(places) != len(found):  # written in line, without heads
        places = [f"{shown}, {kind} {number}" for number, _ in enumerate(found, 1)]
    return list(zip(found, places, strict=True))


def check_keys(
    entry: Any,
    place: str,
    *,
    known: set[str],
    needed: set[str],
    numbers: Collection[str] = (),
    lists: Collection[str] = (),
) -> None:
    """Raise KnownBreaksError unless an entry holds strings under `known` keys, all `needed` among them.

    What stands under the keys `numbers` is a number, under `lists` it may be a list of strings.
    """
    if not isinstance(entry, dict):
        raise KnownBreaksError(f"{place}: is no entry; write [[…]] before each")
    if unknown := set(entry) - known:
        raise KnownBreaksError(f"{place}: unknown key {', '.join(sorted(unknown))}")
    for key, value in entry.items():
        if key in numbers:
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise KnownBreaksError(f"{place}: {key} is no number")
        elif key in lists and isinstance(value, list):
            if not value or not all(isinstance(each, str) and each for each in value):
                raise KnownBreaksError(f"{place}: {key} is no string and no list of strings")
        elif not isinstance(value, str):
            others = f" but for {', '.join(numbers)}" if numbers else ""
            raise KnownBreaksError(f"{place}: every value is a string{others}")
    if missing := needed - set(entry):
        raise KnownBreaksError(f"{place}: {', '.join(sorted(missing))} is missing")


def pattern(text: str, place: str, key: str) -> re.Pattern[str]:
    """Return a regular expression that stands under a key; raises KnownBreaksError if it is none."""
    try:
        return re.compile(text)
    except re.error as error:
        raise KnownBreaksError(f"{place}: {key} is no regular expression: {error}") from None


def quoted(text: str) -> str:
    """Return a text as a string of TOML, in one line."""
    # It is one of JSON, but for DEL and for lone surrogates, which no TOML may hold.
    found = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", found)
