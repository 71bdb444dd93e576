"""The learner's note that this suite goes back to, read from `note.toml`, its examples run here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from conformance.engine.rule import RegisteredRule
from conformance.explain.graphing import graphed
from conformance.explain.picturing import pictured
from conformance.explain.running import Script
from reports.note import Claim, Verdict
from reports.shown import Example, Picture

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NOTE = Path(__file__).with_name("note.toml")


def claims(rules: Mapping[str, RegisteredRule], path: Path = NOTE) -> tuple[Claim, ...]:
    """Return the claims of the note, their examples run; raises LookupError for a rule that is none."""
    found = []
    for entry in tomllib.loads(path.read_text("utf-8"))["claim"]:
        named = []
        for id in entry["rules"]:
            if id not in rules:
                raise LookupError(f"{path.name}: {entry['said']!r} names {id}, which is no rule")
            named.append(rules[id].rule)
        found.append(
            Claim(
                entry["topic"],
                entry["said"],
                Verdict(entry["verdict"]),
                entry["because"],
                example(entry["example"], tuple(entry["given"])),
                tuple(named),
            )
        )
    return tuple(found)


def example(text: str, given: tuple[str, ...]) -> Example:
    """Return a script with what it prints, and the picture of what becomes of the tensors that are given.

    Where autograd records something, that is in the picture, too.

    Raises what the script ends with.
    """
    imports = "import warnings\n\nimport torch\n" if "warnings." in text else "import torch\n"
    script = Script.of(f"{imports}\n{text.strip()}\n")
    ran = script.run(given)
    if ran.error is not None:
        raise ran.error[1]
    picture = pictured(script, ran, given) if given else Picture()
    return Example(script.annotated(ran), replace(picture, graph=graphed(script)))
