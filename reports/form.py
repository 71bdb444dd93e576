"""Reading results.json in the form in which it is written, where what files have in common is read once.

In a thousand files of one suite the rules are the same text, and each result is a line of its own that says
little. Nothing here knows what is wrong with a file: what is not as expected is read and judged as a whole.
"""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass
from typing import Any

from reports.model import CAUSES, Outcome

_RULES = ',\n"rules": [\n'
_RESULTS = '\n],\n"results": [\n'
_RUNNING = '\n],\n"running": '


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_no_number)


def decoded(text: str) -> Any:
    """Return what a text of JSON says, None for what is none."""
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True)
class Written:
    """The parts of a file: the text of its rules, the lines of its results, what they say, and the rest."""

    rules: str
    lines: list[str]
    results: list[Any]
    rest: dict[str, Any]


def written(text: str) -> Written | None:
    """Return the parts of results.json as it is written, None for a text in another form.

    No string of JSON has a line break in it: whatever is cut at one is cut between two values.
    """
    before, _, after = text.partition(_RULES)
    rules, _, after = after.partition(_RESULTS)
    listed, found, after = after.partition(_RUNNING)
    rest = decoded(f'{before},\n"running": {after}') if found else None
    if not isinstance(rest, dict):
        return None
    lines, results = listed.split(",\n"), decoded(f"[{listed}]")
    # No part of a result begins so: where each line does, and there are as many, they are the results'.
    if results is None or len(lines) != len(results) or not all(map(_begins, lines)):
        return None
    return Written(rules, lines, results, rest)


_begins = operator.methodcaller("startswith", '{"rule": ')


def is_plain(result: Any) -> bool:
    """Return whether a result satisfies the schema for certain: of others the schema itself has to tell.

    Only that costs what reading does, and most results are so.
    """
    if type(result) is not dict or not _REQUIRED.keys() <= result.keys():
        return False
    for name, value in result.items():
        holds = _PLAIN.get(name)
        if holds is None or not holds(value):
            return False
    return True


def _is_string(value: Any) -> bool:
    return type(value) is str


def _is_text(value: Any) -> bool:
    return value is None or type(value) is str


def _is_outcome(value: Any) -> bool:
    return type(value) is str and value in _OUTCOMES


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_time(value: Any) -> bool:
    return type(value) is float and 0 <= value <= 1e9


def _are_counts(value: Any) -> bool:
    return type(value) is dict and (not value or (_all_are(value, int) and min(value.values()) >= 0))


def _are_some(value: Any) -> bool:
    return _are_counts(value) and 0 not in value.values()


def _is_of_pairs(value: Any) -> bool:
    return _are_counts(value) and value.keys() == {"reached", "known"} and value["known"] > 0


def _is_excuse(value: Any) -> bool:
    return (
        type(value) is dict
        and value.get("cause") in CAUSES
        and value.keys() <= {"cause", "reason", "issue", "script"}
        and "reason" in value
        and _all_are(value, str)
    )


def _are_measures(value: Any) -> bool:
    return type(value) is dict and (not value or (_all_are(value, float) and min(value.values()) >= 0))


def _all_are(found: dict[str, Any], kind: type) -> bool:
    return set(map(type, found.values())) == {kind}


_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_REQUIRED = {
    "rule": _is_string,
    "target": _is_string,
    "outcome": _is_outcome,
    "reason": _is_text,
    "examples": _is_count,
    "seconds": _is_time,
    "classes": _are_counts,
    "counterexample": _is_text,
    "script": _is_text,
    "reproduced": _is_text,
    "traceback": _is_text,
}
_PLAIN = {
    **_REQUIRED,
    "untried": _are_some,
    "warned": _are_some,
    "blocked": _are_some,
    "excused": _are_some,
    "pairs": _is_of_pairs,
    "rounding": _are_measures,
    "known": _is_excuse,
}
"""How a plain result says what it says; one that says how it breaks is none."""
