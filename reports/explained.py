"""What is explained: facts with an example each, in sections, as data and as text for a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from reports.links import documentation
from reports.model import Basis, Rule
from reports.shown import Example, Grid, Picture, coordinates, origin
from reports.wording import many

WIDTH = 100


class About(str, Enum):
    """What can be explained."""

    OPERATION = "operation"
    LAW = "law"
    SOURCE = "source"
    RULE = "rule"


CAUSES = {
    "documentation": "The documentation and torch disagree; what torch does is sensible.",
    "torch": "Torch does not do what its documentation says.",
    "device": "This device does not do what the documentation says.",
}
"""The causes of known breaks, in words that explain themselves."""


@dataclass(frozen=True)
class Disagreement:
    """Where a rule is known not to hold, and why; `script` shows it."""

    cause: str
    reason: str
    script: str = ""
    issue: str = ""


@dataclass(frozen=True)
class Fact:
    """A rule with an example that was run; `law` is the fact that it shares with other operations."""

    rule: Rule
    example: Example | None = None
    law: str = ""
    known: tuple[Disagreement, ...] = ()


@dataclass(frozen=True)
class Section:
    """Facts of one kind."""

    title: str
    said: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Listed:
    """Rules that are named and not shown, of one operation."""

    operation: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Topic:
    """What is explained, in sections; `listed` are further rules that it is about."""

    about: About
    name: str
    torch: str
    sections: tuple[Section, ...]
    listed: tuple[Listed, ...] = ()
    laws: frozenset[str] = field(default_factory=frozenset)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts of the topic."""
        return tuple(fact for section in self.sections for fact in section.facts)

    @property
    def sources(self) -> tuple[str, ...]:
        """The documentation that states the facts, that which states most of them first."""
        found: dict[str, int] = {}
        for fact in self.facts:
            for source in fact.rule.sources:
                found[source] = found.get(source, 0) + 1
        return tuple(sorted(found, key=lambda source: -found[source]))

    @property
    def counted(self) -> str:
        """How many facts there are."""
        count = len(self.facts) + sum(len(each.rules) for each in self.listed)
        documented = sum(fact.rule.basis is Basis.DOCUMENTED for fact in self.facts)
        documented += sum(rule.basis is Basis.DOCUMENTED for each in self.listed for rule in each.rules)
        return f"{many(count, 'fact')}, {documented} of them documented"


def text(topic: Topic) -> str:
    """Return a topic as text for a terminal."""
    lines = [topic.name, "=" * len(topic.name), f"{topic.counted}; torch {topic.torch}"]
    lines += [f"  {documentation(source, topic.torch)}" for source in topic.sources[:3]]
    for section in topic.sections:
        lines += ["", section.title, "-" * len(section.title), *textwrap.wrap(section.said, WIDTH)]
        for fact in section.facts:
            lines += ["", *_fact(fact)]
    for listed in topic.listed:
        lines += ["", listed.operation]
        for rule in listed.rules:
            lines += textwrap.wrap(
                f"{rule.id}: {rule.statement}", WIDTH, initial_indent="  ", subsequent_indent="    "
            )
    return "\n".join(lines) + "\n"


def _fact(fact: Fact) -> Iterator[str]:
    yield from textwrap.wrap(fact.rule.statement, WIDTH, initial_indent="* ", subsequent_indent="  ")
    yield f"  {fact.rule.id}, from {' and '.join(fact.rule.sources)}"
    for known in fact.known:
        yield from textwrap.wrap(
            f"{CAUSES[known.cause]} {known.reason}", WIDTH, initial_indent="  ! ", subsequent_indent="    "
        )
        if known.script:
            yield from textwrap.indent(known.script.strip(), "      ").split("\n")
    if fact.example is not None:
        yield ""
        yield from textwrap.indent(fact.example.script.rstrip(), "      ").split("\n")
        if drawn := [*_picture(fact.example.picture)]:
            yield ""
            yield from textwrap.indent("\n".join(drawn), "      ").split("\n")


def _picture(picture: Picture) -> Iterator[str]:
    """Draw results whose cells came from somewhere: each element with its origin."""
    for grid in picture.outputs:
        if any(grid.sources) and len(grid.shape) <= 2:
            yield from _grid(grid, picture)
    if picture.graph:
        yield from ("graph:", *(f"  {line}" for line in picture.graph.said()))
    for memory in picture.memories:
        yield f"memory: {' '.join(memory.cells)}"
        for view in memory.views:
            cells = " ".join(str(place) for _, place in view.covers())
            yield f"  {view.name}, strides {view.strides}: its elements lie in cells {cells}"


def _grid(grid: Grid, picture: Picture) -> Iterator[str]:
    columns = grid.shape[-1] if grid.shape else 1
    said = [
        f"{cell} ← {found}" if (found := origin(sources, picture.inputs)) else cell
        for cell, sources in zip(grid.cells, grid.sources, strict=True)
    ]
    width = max(map(len, said))
    start = f"{grid.name}: "
    if (width + 3) * columns > WIDTH:
        for at, one in enumerate(said):
            yield f"{grid.name}[{', '.join(map(str, coordinates(at, grid.shape)))}] = {one}"
        return
    for row in range(math.ceil(len(said) / columns)):
        cells = " | ".join(one.ljust(width) for one in said[row * columns : (row + 1) * columns])
        yield (start if row == 0 else " " * len(start)) + cells.rstrip()
