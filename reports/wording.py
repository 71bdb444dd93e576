"""Saying in words what a report holds: what a message is about, on which inputs, and what a script showed."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

LAYOUTS = ("transposed", "stepped", "storage offset", "narrowed", "expanded", "channels-last")
"""With what the names of the input classes begin that are about how a tensor lies in memory."""

DTYPE_KINDS = ("low-precision float", "other integer", "complex")
"""The input classes of several dtypes each."""

_DTYPE = r"(?:b?float|complex|u?int)\d+(?:_\w+)?|bool"
_ROLES = ("input", "other", "index", "upstream", "parameter", "out", "grad", "value", "batch", "view")
_PLAIN = {"0-d", "empty", "broadcast", "subnormal", "fraction", *LAYOUTS, *DTYPE_KINDS}
_VARIABLE = re.compile(
    r"0x[0-9a-f]+"
    r"|(?<!\w)'[^']*'|\"[^\"]*\"|`[^`]*`|“[^”]*”"  # names
    r"|\[[^][]*\]|\([-\d\s,.+ej#]*\)"  # shapes and elements
    rf"|\b(?:torch\.)?(?:{_DTYPE})\b"
    r"|\b(?:Float|Double|Half|BFloat16|Int|Long|Short|Char|Byte|Bool|Complex(?:Half|Float|Double))\b"
    r"|\b(?:[a-z_]\w*(?<!:)):\d+\b"  # devices
    r"|\b(?:nan|inf|True|False|None)\b"
    r"|-?\b\d[\w.,+-]*",
)


@functools.cache
def is_dtype(name: str) -> bool:
    """Return whether an input class is a dtype."""
    return re.fullmatch(_DTYPE, name) is not None


def first_line(text: str | None) -> str:
    """Return the first line of a text, of none the empty one."""
    return next(iter((text or "").splitlines()), "")


def shortened(text: str | None, limit: int = 200) -> str:
    """Return the first line of a text, cut off after `limit` characters."""
    said = first_line(text)
    return said if len(said) <= limit else f"{said[: limit - 1]}…"


def normalised(text: str) -> str:
    """Return the first line of a message with `#` for what it says of one example alone.

    That are numbers, shapes and elements, dtypes, devices, addresses and quoted names.
    """
    found, before = first_line(text), ""
    while found != before:  # brackets stand in brackets
        before, found = found, _VARIABLE.sub("#", found)
        found = re.sub(r"#(?:[\s,;x×*]*#)+", "#", found)
    return found


def by_wording(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how often something was said, most first; what differs in numbers alone is told once."""
    found: Counter[str] = Counter()
    told: dict[str, str] = {}
    for said, count in counts.items():
        found[told.setdefault(normalised(said), said)] += count
    return dict(found.most_common())


_ASSERTED = re.compile(
    r"(?:AssertionError: )?assert (.+) == (.+)|AssertionError: (torch\.\w+) == (torch\.\w+)"
)
_CLAIMED = re.compile(
    r"AssertionError: (?:bytes: )?"
    r"(?:differs first at \([\d, ]*\): (?:.* elements of [\w.]+ differ: )?)?"
    r"(?P<of>shape |dtype )?(?P<found>.+?) instead of (?P<wanted>.+?)"
    r"(?:, \d+ of \d+ elements of [\w.]+ differ)?(?:; up to .* may be rounding)?"
)


def sides(reason: str | None) -> tuple[str, str] | None:
    """Return what came out and what should have, where a message has both, else None.

    That is what a claim says of two values, as `[0.] instead of [1.]`, or pytest of the sides of an assert:
    what a rule is about stands on the left. Of elements it is all, where they follow the first that differs.
    """
    claimed = _CLAIMED.fullmatch(first_line(reason))
    if claimed is not None:
        found, wanted, of = claimed["found"], claimed["wanted"], claimed["of"] or ""
        return None if " instead of " in wanted else (of + found, of + wanted)
    if not (reason or "").startswith("AssertionError: "):
        return None
    for line in (reason or "").splitlines():
        asserted = _ASSERTED.fullmatch(line)
        if asserted is not None:
            found, wanted = filter(None, asserted.groups())
            # A part of a longer expression says nothing alone.
            return (found, wanted) if " == " not in found and _closed(found) and _closed(wanted) else None
    return None


def _closed(text: str) -> bool:
    """Return whether all brackets of a text are closed in it."""
    return all(text.count(one) == text.count(other) for one, other in ("()", "[]", "{}"))


def inputs(classes: Sequence[str], *, several: bool = True) -> str:
    """Return input classes as what examples are: “0-d input”, “transposed index with ties”."""
    plain = [name for name in classes if _is_plain(name)]
    others = [name for name in classes if not _is_plain(name)]
    whole = [name for name in plain if name.split()[-1] in _ROLES]
    adjectives = [name for name in plain if name not in whole]
    noun = " and ".join(whole) or (
        "input" if adjectives or not others else "examples" if several else "example"
    )
    said = " ".join(filter(None, (", ".join(adjectives), noun)))
    return f"{said} with {' and '.join(others)}" if others else said


def every_of(classes: Iterable[str]) -> str:
    """Return classes, of each of which every example is meant: “every 0-d input, every float64 input”."""
    return ", ".join(f"every {inputs([name], several=False)}" for name in classes)


def _is_plain(name: str) -> bool:
    return name in _PLAIN or is_dtype(name) or name.split()[-1] in _ROLES


def run_again(reproduced: str | None) -> str:
    """Return what is said above a script: that it shows the break, or that it did not when it was run again.

    `reproduced` is as in a result: `3/3`, `0/1 (ended without an exception)`, `3/3 of gather.elements`.
    """
    found = re.fullmatch(r"(\d+/\d+)(?: \((.*)\))?(?: of (\S+))?", reproduced or "", re.DOTALL)
    if found is None:
        return "See it yourself, on torch alone:"
    counted, why, other = found.groups()
    if shows(reproduced):
        by = f" by the script of {other}, which breaks alike" if other else ""
        return f"See it yourself, on torch alone, reproduced in {counted} fresh processes{by}:"
    what = f"The script of {other}, which breaks alike," if other else "This script, on torch alone,"
    return f"{what} did not show the break when run again: {why or 'it ended otherwise than the rule'}."


def shows(reproduced: str | None) -> bool:
    """Return whether a script that was run again showed the break, as far as is known: one never run may."""
    return not (reproduced or "").startswith("0/")


def listed(names: Sequence[str], most: int = 3, noun: str = "") -> str:
    """Return names as a list of words that ends early: “max, min and 2 more operations”."""
    if len(names) > most:
        rest = many(len(names) - most, f"more {noun}") if noun else f"{len(names) - most} more"
        return f"{', '.join(names[:most])} and {rest}"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def many(count: int, noun: str) -> str:
    """Return a number of things, as “1 cause” or “2 causes”."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
