"""What is referred to: the strategies that are public, and every field of the files that a run writes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.files import JOURNAL, RESULTS, schema
from reports.markdown import table

WIDTH = 100


@dataclass(frozen=True)
class Entry:
    """A public name: its signature, what its docstring says, and an example that was run."""

    name: str
    signature: str
    said: str
    example: str


@dataclass(frozen=True)
class Field:
    """A field of a file: where it stands, what is in it, and whether it is always there."""

    path: str
    kind: str
    always: bool
    said: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Described:
    """A file, with its fields where it has a schema."""

    name: str
    said: tuple[str, ...]
    fields: tuple[Field, ...] = ()


def formats() -> tuple[Described, ...]:
    """Return what is to be said of each file that a run writes for other programs."""
    return (
        Described(
            RESULTS,
            (
                "One JSON object. A reader ignores fields that it does not know, and refuses another format.",
                "The schema is reports/results.schema.json; within a format, only optional fields are added.",
            ),
            tuple(fields(schema())),
        ),
        Described(
            JOURNAL,
            (
                "A JSON object in each line, written as results arrive: what a killed run had is there.",
                'The first has "format", "run" and "rules", as results.json has them, '
                'then {"begun": {"rule": …, "target": …}} when a rule begins on a target, '
                '{"result": …} when it has ended, as in results, and at the end {"ended": …}, '
                "the time, or null if the run was interrupted.",
            ),
        ),
        Described(
            "junit.xml",
            ("JUnit's format as CI viewers read it: a suite for each target, a case for each rule.",),
        ),
        Described("ctrf.json", ("The Common Test Report Format, version 0.0: ctrf.io has its schema.",)),
        Described(
            "badge.json",
            ("An endpoint of shields.io: how many documented rules hold, of all targets together.",),
        ),
        Described("summary.md", ("For people, as the summary of a CI job. It may change in any version.",)),
    )


def fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    """Yield the fields that a JSON schema names, each with its path: `results[].symptom.exception`.

    What stands in several places is described in the first.
    """
    seen: dict[str, str] = {}

    def under(node: Mapping[str, Any], path: str) -> Iterator[Field]:
        always = node.get("required", ())
        for name, found in node.get("properties", {}).items():
            yield from field(found, f"{path}{name}", name in always)

    def field(node: Mapping[str, Any], path: str, always: bool) -> Iterator[Field]:
        resolved = _resolved(schema, node)
        items = resolved.get("items", {})
        named = node.get("$ref") or items.get("$ref")
        first = seen.setdefault(named, path) if named else path
        said = str(node.get("description", ""))
        if first != path:
            said = f"{said} Its fields are those of {first}.".strip()
        yield Field(path, _kind(schema, resolved), always, said, _words(resolved) or _words(items))
        if first == path:
            yield from under(resolved, f"{path}.")
            yield from under(_resolved(schema, items), f"{path}[].")

    return under(schema, "")


def _resolved(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a node, or the definition that it refers to."""
    name = node.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = schema["$defs"][name] if name else node
    return found


def _kind(schema: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """Return what is in a field, in words: “array of string”, “string or null”."""
    if "const" in node:
        return repr(node["const"])
    if "enum" in node:
        return "one word"
    kind = node.get("type", "object")
    said = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in node:
        return f"{said} of {_kind(schema, _resolved(schema, node['items']))}"
    inside = node.get("additionalProperties")
    return f"{said}, name → {_kind(schema, inside)}" if isinstance(inside, dict) and inside else said


def _words(node: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, node.get("enum", ())))


def formats_text(described: Sequence[Described]) -> str:
    """Return what is said of the files as Markdown, for a terminal."""
    lines = []
    for each in described:
        lines += [f"## {each.name}", "", *[textwrap.fill(said, WIDTH) for said in each.said], ""]
        if each.fields:
            rows = [(one.path, one.kind, "always" if one.always else "", said_of(one)) for one in each.fields]
            lines += [*table(["field", "is", "", "says"], rows), ""]
    return "\n".join(lines)


def said_of(field: Field) -> str:
    """Return what is said of a field, with the words that may stand in it."""
    words = f"One of: {', '.join(field.words)}." if field.words else ""
    return f"{field.said} {words}".strip()


def strategies_text(entries: Sequence[Entry]) -> str:
    """Return what is said of public names as text for a terminal."""
    lines = []
    for entry in entries:
        shown = textwrap.wrap(f"{entry.name}{entry.signature}", WIDTH, subsequent_indent="        ")
        lines += [*shown, textwrap.indent(entry.said, "    "), ""]
        lines += [textwrap.indent(entry.example.rstrip(), "        "), ""]
    return "\n".join(lines)
