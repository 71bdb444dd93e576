"""What `strategies` exports: signatures and docstrings off the code, and an example of each, run here."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from random import Random
from typing import Any

import hypothesis

import strategies
from conformance.explain.running import Script
from reports.reference import Entry

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXAMPLES = Path(__file__).with_name("strategies.toml")

LONG = 30
"""How long the default of a parameter may be that a signature shows."""


def examples() -> dict[str, str]:
    """Return the example of each public name, as it stands in the file."""
    found: dict[str, str] = tomllib.loads(EXAMPLES.read_text("utf-8"))["examples"]
    return found


def entries() -> tuple[Entry, ...]:
    """Return what is to be said of each public name; raises LookupError if one has no example."""
    written = examples()
    if lacking := {*strategies.__all__} ^ {*written}:
        raise LookupError(f"{EXAMPLES.name} and strategies differ in {', '.join(sorted(lacking))}")
    return tuple(_entry(name, written[name]) for name in strategies.__all__)


def _entry(name: str, example: str) -> Entry:
    found = getattr(strategies, name)
    return Entry(name, _signature(found), inspect.getdoc(found) or "", _ran(example))


def _ran(example: str) -> str:
    """Return an example with what it prints; raises what it ends with."""
    used = [name for name in strategies.__all__ if re.search(rf"(?<![.\w]){name}\b", example)]
    lines = ["import torch"] if "torch." in example else []
    lines += ["from hypothesis import find"] if "find(" in example else []
    lines += [f"from strategies import {', '.join(used)}", "", example.strip(), ""]
    script = Script.of("\n".join(lines))
    vars(hypothesis).update(find=_find)
    try:
        ran = script.run()
    finally:
        vars(hypothesis).update(find=_really_find)
    if ran.error is not None:
        raise ran.error[1]
    return script.annotated(ran)


def _find(*arguments: Any) -> Any:
    """Find the same value every time, and keep nothing in any folder."""
    settings = hypothesis.settings(database=None, max_examples=2000)
    return _really_find(*arguments, settings=settings, random=Random(0))


_really_find = hypothesis.find


def _signature(found: Any) -> str:
    """Return the signature of a function or class, in the words of the code."""
    signature = inspect.signature(found)
    parameters = [
        each.replace(default=_Shown("…")) if len(repr(each.default)) > LONG and _is_given(each) else each
        for each in signature.parameters.values()
    ]
    returned = "" if inspect.isclass(found) else f" -> {_name(signature.return_annotation)}"
    shown = [str(each.replace(annotation=_Shown(_name(each.annotation)))) for each in parameters]
    return _joined(shown, parameters) + returned


def _joined(shown: list[str], parameters: list[inspect.Parameter]) -> str:
    found, starred = [], False
    for text, each in zip(shown, parameters, strict=True):
        if each.kind is inspect.Parameter.VAR_POSITIONAL:
            starred = True
        elif each.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            found.append("*")
            starred = True
        found.append(text)
    return f"({', '.join(found)})"


def _is_given(parameter: inspect.Parameter) -> bool:
    return parameter.default is not inspect.Parameter.empty


def _name(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return getattr(annotation, "__name__", str(annotation))


class _Shown:
    """Prints as the text that it is made of."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text
