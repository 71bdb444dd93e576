"""What an example shows: a script, what it printed, and small tensors as pictures may draw them.

Nothing here knows torch: whoever ran the example has read off what is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

Place = tuple[int, int]
"""A cell of a tensor: the number of the tensor among `inputs`, and the cell's place in row-major order."""


@dataclass(frozen=True)
class Grid:
    """A small tensor: its elements as they are written, in row-major order.

    `sources` says for each cell of a result from which cells it came, empty where that is not known; `wrong`
    are the cells that are not what they should be.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    cells: tuple[str, ...]
    sources: tuple[tuple[Place, ...], ...] = ()
    wrong: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Grid:
        """Read a grid back from its JSON form."""
        sources = tuple(tuple((at, place) for at, place in each) for each in data.get("sources", ()))
        return cls(
            **{
                **data,
                "shape": tuple(data["shape"]),
                "cells": tuple(data["cells"]),
                "sources": sources,
                "wrong": tuple(data.get("wrong", ())),
            }
        )


@dataclass(frozen=True)
class View:
    """Which cells of a memory a tensor covers."""

    name: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    def covers(self) -> Iterator[tuple[tuple[int, ...], int]]:
        """Return the place in memory of each element, by its coordinates."""
        for at in product(*map(range, self.shape)):
            yield at, self.offset + sum(step * one for step, one in zip(self.strides, at, strict=True))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> View:
        """Read a view back from its JSON form."""
        return cls(**{**data, "shape": tuple(data["shape"]), "strides": tuple(data["strides"])})


@dataclass(frozen=True)
class Memory:
    """Memory that several tensors share: the elements that lie there, and how each tensor covers it."""

    cells: tuple[str, ...]
    views: tuple[View, ...]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Memory:
        """Read memory back from its JSON form."""
        return cls(tuple(data["cells"]), tuple(map(View.from_json, data["views"])))


@dataclass(frozen=True)
class Node:
    """What stands in a graph: a `leaf`, an `operation`, a `constant`, or a tensor that is `cut` off.

    `name` is that of the tensor that comes of it, if it has one, `what` the operation, or for a tensor its
    elements. `says` are further lines: what it saves for backward, and the gradient that it got.
    """

    kind: str
    name: str
    what: str
    says: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The tensor with what it is, as one would assign it."""
        between = " " if self.what.startswith("of ") else " = "
        return between.join(filter(None, (self.name, self.what)))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Node:
        """Read a node back from its JSON form."""
        return cls(**{**data, "says": tuple(data.get("says", ()))})


@dataclass(frozen=True)
class Edge:
    """A tensor that an operation takes, from node to node; `cut` names what lets no gradient through."""

    start: int
    end: int
    cut: str = ""


@dataclass(frozen=True)
class Graph:
    """What autograd recorded of an example, in the order in which it happened."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes)

    def said(self) -> Iterator[str]:
        """Say each node in a line, with what it takes."""
        kinds = {"leaf": "a leaf", "constant": "requires no grad", "cut": "cut off", "operation": ""}
        for number, node in enumerate(self.nodes):
            taken = [edge for edge in self.edges if edge.end == number]
            of = " and ".join(self.nodes[edge.start].name or self.nodes[edge.start].what for edge in taken)
            by = ", ".join(dict.fromkeys(edge.cut for edge in taken if edge.cut))
            cut = f"from {of} by {by}" if by else f"of {of}" if of else ""
            first = " ".join(filter(None, (node.title, kinds[node.kind] and f"({kinds[node.kind]})", cut)))
            yield ", ".join((first, *node.says))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Graph:
        """Read a graph back from its JSON form."""
        nodes, edges = data.get("nodes", ()), data.get("edges", ())
        return cls(tuple(map(Node.from_json, nodes)), tuple(Edge(**edge) for edge in edges))


@dataclass(frozen=True)
class Picture:
    """The tensors that an example is given and those that come of it, and the memory that some share.

    `graph` is what autograd recorded, where the example is about that.
    """

    inputs: tuple[Grid, ...] = ()
    outputs: tuple[Grid, ...] = ()
    memories: tuple[Memory, ...] = ()
    graph: Graph = Graph()

    def __bool__(self) -> bool:
        return bool(self.inputs or self.outputs or self.memories or self.graph)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Picture:
        """Read a picture back from its JSON form."""
        return cls(
            tuple(map(Grid.from_json, data.get("inputs", ()))),
            tuple(map(Grid.from_json, data.get("outputs", ()))),
            tuple(map(Memory.from_json, data.get("memories", ()))),
            Graph.from_json(data.get("graph", {})),
        )


@dataclass(frozen=True)
class Example:
    """A script on torch alone, with what it printed as comments, and a picture of its tensors."""

    script: str
    picture: Picture = Picture()


def coordinates(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the coordinates of a place in row-major order."""
    found = []
    for size in reversed(shape):
        found.append(place % size)
        place //= size
    return tuple(reversed(found))


def region(places: Iterable[int], shape: tuple[int, ...]) -> str:
    """Return cells of a tensor as one would index them: “1, 0”, “0, :”, or how many there are."""
    found = sorted(set(places))
    if not shape:
        return ""
    along = [sorted(set(each)) for each in zip(*[coordinates(at, shape) for at in found], strict=True)]
    if math.prod(map(len, along)) != len(found):
        return f"{len(found)} cells"
    said = []
    for at, size in zip(along, shape, strict=True):
        if len(at) == 1:
            said.append(str(at[0]))
        elif len(at) == size:
            said.append(":")
        elif at == list(range(at[0], at[-1] + 1)):
            said.append(f"{at[0]}:{at[-1] + 1}")
        else:
            return f"{len(found)} cells"
    return ", ".join(said)


def origin(sources: tuple[Place, ...], inputs: tuple[Grid, ...]) -> str:
    """Return from where the element of a cell came: “input[1, 0]”; empty if that is not known."""
    of: dict[int, list[int]] = {}
    for number, place in sources:
        of.setdefault(number, []).append(place)
    return " and ".join(
        f"{inputs[number].name}[{said}]"
        if (said := region(places, inputs[number].shape))
        else inputs[number].name
        for number, places in of.items()
    )


def nested(cells: tuple[str, ...], shape: tuple[int, ...]) -> str:
    """Return the elements of a tensor in brackets."""
    if not shape:
        return cells[0] if cells else ""
    step = math.prod(shape[1:])
    parts = [nested(cells[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0])]
    return f"[{', '.join(parts)}]"
