"""What autograd recorded, drawn from the leaves down: each node a box that says what it is, in words."""

from __future__ import annotations

from reports.pages.drawing import LETTER, SMALL, Drawing
from reports.shown import Graph, Node

LINE, BETWEEN, ASIDE = 13, 38, 18
"""Height of a line of a node, and the room between nodes, down and aside."""

_SAYS = {"leaf": "leaf", "constant": "requires no grad", "cut": "requires no grad"}
_BOXES = {"leaf": "t0", "operation": "node", "constant": "node unused", "cut": "node empty"}


def graph_drawn(graph: Graph) -> Drawing:
    """Draw a graph; what autograd does not follow is dashed, and a bar shows what cut it off."""
    made, rows = Drawing(), _rows(graph)
    sizes = {at: _size(graph.nodes[at]) for row in rows for at in row}
    widths = [sum(sizes[at][0] for at in row) + ASIDE * (len(row) - 1) for row in rows]
    places: dict[int, tuple[float, float]] = {}
    y = 20.0
    for row, width in zip(rows, widths, strict=True):
        x = (max(widths) - width) / 2
        for at in row:
            places[at] = (x, y)
            x += sizes[at][0] + ASIDE
        y += max(sizes[at][1] for at in row) + BETWEEN
    made.text(0, 12, "graph", "name")
    made.width, made.height = max(widths, default=0.0), y - BETWEEN + 2
    _edges(made, graph, places, sizes)
    for at, (left, top) in places.items():
        _node(made, graph.nodes[at], left, top, sizes[at])
    return made


def _lines(node: Node) -> tuple[str, ...]:
    said = _SAYS.get(node.kind)
    return (said, *node.says) if said else node.says


def _size(node: Node) -> tuple[float, float]:
    width = max(LETTER * len(node.title), *(SMALL * len(line) for line in _lines(node)), 30.0)
    return width + 14, 24.0 + LINE * len(_lines(node))


def _node(made: Drawing, node: Node, left: float, top: float, size: tuple[float, float]) -> None:
    width, height = size
    made.box(left, top, width, height, _BOXES[node.kind])
    made.text(left + width / 2, top + 16, node.title, "title")
    for number, line in enumerate(_lines(node)):
        made.text(left + width / 2, top + 30 + LINE * number, line, "from")


def _edges(
    made: Drawing, graph: Graph, places: dict[int, tuple[float, float]], sizes: dict[int, tuple[float, float]]
) -> None:
    """Draw the edges; one that passes by other rows goes round these, on the right."""
    tops = sorted({top for _, top in places.values()})
    rows = {at: tops.index(top) for at, (_, top) in places.items()}
    for number in range(len(graph.nodes)):
        taken = [edge for edge in graph.edges if edge.end == number]
        taken.sort(key=lambda edge: (rows[edge.end] - rows[edge.start] > 1, places[edge.start]))
        for at, edge in enumerate(taken):
            (x, y), (width, height) = places[edge.start], sizes[edge.start]
            left, top = places[edge.end]
            end = (left + sizes[edge.end][0] * (at + 1) / (len(taken) + 1), top)
            recorded = not edge.cut and graph.nodes[edge.start].kind not in ("constant", "cut")
            points = [(x + width / 2, y + height), end]
            middle, down = (x + width / 2 + end[0]) / 2, (y + height + top) / 2
            if rows[edge.end] - rows[edge.start] > 1:
                lane = made.width + 12
                made.width = lane + 2
                points = [(x + width, y + height / 2), (lane, y + height / 2), (lane, top - 16), end]
                middle, down = lane, (y + top) / 2
            made.line(*points, kind="" if recorded else "off")
            if edge.cut:
                made.box(middle - 9, down - 2, 18, 3, "bar")
                made.text(middle + 13, down + 3, edge.cut, "small")
                made.width = max(made.width, middle + 13 + SMALL * len(edge.cut))


def _rows(graph: Graph) -> list[list[int]]:
    """Return the nodes in rows: each below all that it takes, a leaf right above the first that takes it."""
    before: dict[int, list[int]] = {at: [] for at in range(len(graph.nodes))}
    after: dict[int, list[int]] = {at: [] for at in range(len(graph.nodes))}
    for edge in graph.edges:
        before[edge.end].append(edge.start)
        after[edge.start].append(edge.end)
    depths: dict[int, int] = {}

    def depth(at: int) -> int:
        if at not in depths:
            depths[at] = 0  # lest a circle, of which there is none, never end
            depths[at] = max((depth(each) + 1 for each in before[at]), default=0)
        return depths[at]

    for at in before:
        depth(at)
    for at, users in after.items():
        if not before[at] and users:
            depths[at] = min(depths[each] for each in users) - 1
    rows: list[list[int]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    place: dict[int, float] = {}
    for row, nodes in enumerate(rows):
        nodes += [at for at in before if depths[at] == row]
        middles = {
            at: sum(place.get(each, 0.0) for each in before[at]) / max(len(before[at]), 1) for at in nodes
        }
        nodes.sort(key=lambda at: middles[at])
        place.update((at, number - len(nodes) / 2) for number, at in enumerate(nodes))
    return [row for row in rows if row]
