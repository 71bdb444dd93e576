"""Small tensors as inline SVG: grids of their elements, where these came from, and the memory behind.

A picture says nothing by colour alone: a result's cell names the cell that it came from, a wrong cell has a
cross. It takes the colours of the page that it is in, in the dark and in print, and is read aloud by what its
`title` and `desc` say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from reports.pages.drawing import LETTER, SMALL, Drawing, short
from reports.pages.graphs import graph_drawn
from reports.shown import Grid, Memory, Picture, Place, coordinates, nested, origin, region

CELL = 30
"""Height of a cell with an element alone."""

NARROWEST = 34
"""Width of the narrowest cell."""

CROSS = 10
"""How much wider the cells of a tensor are that has a cross in one."""

GAP = 26
TINTS = 8
MOST_WIDE = 560
"""How wide a picture gets before it goes on in the next row."""


def drawn(picture: Picture, title: str, prefix: str) -> Markup:
    """Return a picture as an SVG element; `prefix` is its own on the page."""
    whole, tints = Drawing(), _tints(picture)
    blocks = [_grid(grid, picture, tints.get(at, {})) for at, grid in enumerate(picture.inputs)]
    last = len(blocks) - 1
    blocks += [
        _grid(grid, picture, tints.get(-1 - at, {}), result=True) for at, grid in enumerate(picture.outputs)
    ]
    x = y = row = 0.0
    results = sum(block.width + GAP for block in blocks[last + 1 :])
    for at, block in enumerate(blocks):
        arrow = GAP if at == last + 1 and last >= 0 else 0
        # What came out and what should have stand side by side, where that can be.
        needed = results if arrow and results <= MOST_WIDE else block.width
        if x and x + arrow + needed > MOST_WIDE:
            x, y, row = 0.0, row + 10, 0.0
        if arrow:
            whole.text(x + arrow / 2 - (GAP / 2 if x else 2), y + 22 + CELL / 2, "→", "arrow")
        whole.include(block, x + arrow, y)
        x, row = x + arrow + block.width + GAP, max(row, y + block.height)
    for memory in picture.memories:
        whole.include(_memory(memory), 0, whole.height + 12 if whole.height else 0)
    if picture.graph:
        whole.include(graph_drawn(picture.graph), 0, whole.height + 12 if whole.height else 0)
    width, height = short(math.ceil(whole.width) + 2), short(math.ceil(whole.height) + 2)
    return Markup(
        f'<svg class="picture" role="img" aria-labelledby="{prefix}t {prefix}d"'
        f' viewBox="-1 -1 {width} {height}" width="{width}" height="{height}">'
        f'<title id="{prefix}t">{escape(title)}</title>'
        f'<desc id="{prefix}d">{escape(described(picture))}</desc>{"".join(whole.parts)}</svg>'
    )


def described(picture: Picture) -> str:
    """Return what a picture shows, in words."""
    said = [f"{grid.name} is {_said(grid)}" for grid in picture.inputs]
    for grid in picture.outputs:
        said.append(f"{grid.name} is {_said(grid)}")
        for at, sources in enumerate(grid.sources):
            if sources:
                place = f"[{region([at], grid.shape)}]" if grid.shape else ""
                said.append(f"{grid.name}{place} comes from {origin(sources, picture.inputs)}")
        said += [f"{grid.name}[{region([at], grid.shape)}] is wrong" for at in grid.wrong]
    for memory in picture.memories:
        said.append(f"memory holds {', '.join(memory.cells)}")
        said += [
            f"{view.name}, of strides {view.strides}, covers cells "
            f"{', '.join(str(place) for _, place in view.covers())} of it"
            for view in memory.views
        ]
    return "; ".join((*said, *picture.graph.said())) + "."


def _said(grid: Grid) -> str:
    if not grid.cells:
        return f"empty, of shape {grid.shape}"
    return f"{nested(grid.cells, grid.shape)}, of shape {grid.shape}"


def _tints(picture: Picture) -> dict[int, dict[int, int]]:
    """Return the tint of each cell: by the number of an input, or -1 and further down of an output.

    What came from one cell has its tint. Where cells came of several, those that feed one cell have its tint.
    """
    found: dict[int, dict[int, int]] = {}
    feeds: dict[Place, set[tuple[int, int]]] = {}
    for number, grid in enumerate(picture.outputs):
        for at, sources in enumerate(grid.sources):
            for source in sources:
                feeds.setdefault(source, set()).add((-1 - number, at))
    places = [sources for grid in picture.outputs for sources in grid.sources if sources]
    if all(len(sources) == 1 for sources in places):
        order = {source: at % TINTS for at, source in enumerate(sorted(feeds))}
        pairs = [(source, tint, feeds[source]) for source, tint in order.items()]
        for (number, at), tint, fed in pairs:
            found.setdefault(number, {})[at] = tint
            for output, place in fed:
                found.setdefault(output, {})[place] = tint
    elif all(len(fed) == 1 for fed in feeds.values()):
        order = {
            fed: at % TINTS for at, fed in enumerate(dict.fromkeys(min(each) for each in feeds.values()))
        }
        for (number, at), each in feeds.items():
            found.setdefault(number, {})[at] = order[min(each)]
        for (number, at), tint in order.items():
            found.setdefault(number, {})[at] = tint
    return found


def _grid(grid: Grid, picture: Picture, tints: dict[int, int], *, result: bool = False) -> Drawing:
    made = Drawing()
    made.text(0, 12, grid.name, "name")
    shape = f"({', '.join(map(str, grid.shape))}{',' if len(grid.shape) == 1 else ''}) {grid.dtype}"
    made.text(0, 25, shape, "small")
    made.width = max(LETTER * len(grid.name), SMALL * len(shape))
    top = 34.0
    if not grid.cells:
        made.box(0, top, NARROWEST, CELL, "empty")
        made.text(0, top + CELL + 12, "no elements", "small")
        made.width, made.height = max(made.width, SMALL * 11), top + CELL + 16
        return made
    of = {number for sources in grid.sources for number, _ in sources}
    origins = [_short(sources, picture.inputs, alone=len(of) == 1) for sources in grid.sources]
    origins = origins or [""] * len(grid.cells)
    width = max(
        NARROWEST,
        LETTER * max(map(len, grid.cells)) + 10,
        SMALL * max(map(len, origins)) + 8,
    )
    width += CROSS if grid.wrong else 0
    height = CELL + (12 if any(origins) else 0)
    for label, x, y, places, columns in _matrices(grid, width, height):
        if label:
            made.text(x, y + top + 9, label, "small")
        start = top + y + (14 if label else 0)
        for number, place in enumerate(places):
            left, above = x + number % columns * width, start + number // columns * height
            kind = f"t{tints[place]}" if place in tints else "plain" if result or not tints else "unused"
            if place in grid.wrong:
                kind += " wrong"
            made.box(left, above, width, height, kind)
            middle = left + width / 2
            made.text(middle, above + CELL / 2 + 5, grid.cells[place], "cell")
            if origins[place]:
                made.text(middle, above + CELL + 5, origins[place], "from")
            if place in grid.wrong:
                made.text(left + width - 7, above + 10, "✗", "cross")
        made.width = max(made.width, x + columns * width)
        made.height = max(made.height, start + math.ceil(len(places) / columns) * height)
    return made


def _short(sources: tuple[Place, ...], inputs: tuple[Grid, ...], *, alone: bool) -> str:
    """Return the origin of a cell, by its coordinates where all cells came from one tensor `alone`."""
    if not sources:
        return ""
    if alone and (said := region([place for _, place in sources], inputs[sources[0][0]].shape)):
        return f"[{said}]"
    said = origin(sources, inputs)
    return said if len(said) <= 24 else f"{len(sources)} cells"


def _matrices(
    grid: Grid, width: float, height: float
) -> Iterator[tuple[str, float, float, Sequence[int], int]]:
    """Return the matrices that a tensor is made of: a label, where it stands, its places and columns."""
    rank = len(grid.shape)
    if rank <= 2:
        yield "", 0, 0, range(len(grid.cells)), max(grid.shape[-1] if grid.shape else 1, 1)
        return
    rows, columns = grid.shape[-2:]
    size, x, y = rows * columns, 0.0, 0.0
    for number in range(len(grid.cells) // size):
        at = coordinates(number, grid.shape[:-2])
        yield f"[{', '.join(map(str, at))}]", x, y, range(number * size, (number + 1) * size), columns
        x += columns * width + 12
        if x + columns * width > MOST_WIDE / 2:
            x, y = 0.0, y + rows * height + 22


def _memory(memory: Memory) -> Drawing:
    """Draw memory as a row of cells, and under it what each tensor has where."""
    made = Drawing()
    rows: list[tuple[str, list[str]]] = []
    for view in memory.views:
        found: list[list[str]] = [[] for _ in memory.cells]
        for at, place in view.covers():
            found[place].append(",".join(map(str, at)) or "·")
        strides = f"strides ({', '.join(map(str, view.strides))}{',' if len(view.strides) == 1 else ''})"
        offset = f", offset {view.offset}" if view.offset else ""
        said = [
            ", ".join(each) if len(each) == 1 else f"{each[0]} ×{len(each)}" if each else "" for each in found
        ]
        rows.append((f"{view.name}: {strides}{offset}", said))
    width = max(
        NARROWEST,
        LETTER * max(map(len, memory.cells)) + 10,
        SMALL * max((len(one) for _, said in rows for one in said), default=0) + 8,
    )
    made.text(0, 12, "memory", "name")
    for number, value in enumerate(memory.cells):
        made.box(number * width, 20, width, CELL, "plain")
        made.text(number * width + width / 2, 20 + CELL / 2 + 5, value, "cell")
    y = 20.0 + CELL + 16
    for name, said in rows:
        made.text(0, y, name, "small")
        for number, one in enumerate(said):
            made.box(number * width, y + 5, width, 18, "covered" if one else "unused")
            if one:
                made.text(number * width + width / 2, y + 18, one, "from")
        made.width = max(made.width, SMALL * len(name))
        y += 40
    made.width, made.height = max(made.width, len(memory.cells) * width), y - 14
    return made
