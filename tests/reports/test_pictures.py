"""Pictures: what they show by words alone, where cells came from, and memory that is shared."""

from xml.etree import ElementTree

import pytest

from reports.pages.pictures import described, drawn
from reports.shown import Edge, Graph, Grid, Memory, Node, Picture, View, nested, origin, region

INPUT = Grid("input", (2, 3), "int64", ("0", "1", "2", "3", "4", "5"))
OUTPUT = Grid("output", (1, 2), "int64", ("3", "1"), (((0, 3),), ((0, 1),)))
PICKED = Picture((INPUT,), (OUTPUT,))
SHARED = Picture(
    memories=(
        Memory(
            ("7", "8", "9"),
            (View("x", (3,), (1,), 0), View("y", (2, 2), (0, 1), 1)),
        ),
    )
)


def texts(picture):
    """Return what stands in the picture of a tensor, in the order of its elements."""
    root = ElementTree.fromstring(drawn(picture, "title", "p"))
    return [node.text for node in root.iter("text")]


@pytest.mark.parametrize(
    ("places", "shape", "said"),
    [
        ([4], (2, 3), "1, 1"),
        ([1, 4], (2, 3), ":, 1"),
        ([3, 4, 5], (2, 3), "1, :"),
        ([0, 1, 3, 4], (2, 3), ":, 0:2"),
        ([0, 4], (2, 3), "2 cells"),
        ([0, 2], (4,), "2 cells"),
        ([0], (), ""),
    ],
)
def test_cells_are_named_as_one_would_index_them(places, shape, said):
    assert region(places, shape) == said


def test_a_cell_of_a_result_names_where_it_came_from():
    assert texts(PICKED)[-4:] == ["3", "[1, 0]", "1", "[0, 1]"]
    assert "output[0, 0] comes from input[1, 0]; output[0, 1] comes from input[0, 1]" in described(PICKED)


def test_where_two_tensors_are_mixed_the_origin_names_the_tensor():
    other = Grid("other", (), "int64", ("9",))
    mixed = Grid("output", (2,), "int64", ("4", "9"), (((0, 4),), ((1, 0),)))

    assert texts(Picture((INPUT, other), (mixed,)))[-4:] == ["4", "input[1, 1]", "9", "other"]
    assert origin(((0, 1), (0, 4), (1, 0)), (INPUT, other)) == "input[:, 1] and other"


def test_what_is_read_aloud_says_what_is_drawn():
    root = ElementTree.fromstring(drawn(PICKED, "An example of gather", "p7"))

    assert root.get("role") == "img"
    assert [(node.tag, node.get("id")) for node in root][:2] == [("title", "p7t"), ("desc", "p7d")]
    assert root.get("aria-labelledby") == "p7t p7d"
    title, described = (node.text for node in list(root)[:2])
    assert title == "An example of gather"
    assert (described or "").startswith("input is [[0, 1, 2], [3, 4, 5]], of shape (2, 3); output is")


def test_a_wrong_cell_has_a_cross_and_is_named():
    wrong = Picture((), (Grid("output", (2,), "int64", ("3", "1"), (), (1,)),))

    assert texts(wrong).count("✗") == 1
    assert "output[1] is wrong" in described(wrong)
    assert "✗" not in texts(PICKED)


def test_memory_shows_which_cells_each_tensor_covers():
    assert texts(SHARED)[1:4] == ["7", "8", "9"]
    assert texts(SHARED)[4:8] == ["x: strides (1,)", "0", "1", "2"]
    assert texts(SHARED)[8:] == ["y: strides (0, 1), offset 1", "0,0 \u00d72", "0,1 \u00d72"]
    assert "y, of strides (0, 1), covers cells 1, 2, 1, 2 of it" in described(SHARED)


@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 2), (2, 1, 3), (2, 1, 2, 1)])
def test_a_tensor_of_any_rank_shows_all_its_elements(shape):
    count = 1
    for size in shape:
        count *= size
    grid = Grid("x", shape, "int64", tuple(f"v{at}" for at in range(count)))

    assert [said for said in texts(Picture((grid,))) if said.startswith("v")] == list(grid.cells)
    if count:
        assert nested(grid.cells, shape).replace("[", "").replace("]", "").split(", ") == [*grid.cells]


def test_nothing_of_a_tensor_is_markup():
    hostile = "<script>alert(1)</script>\"'&"
    svg = drawn(Picture((Grid(hostile, (1,), hostile, (hostile,)),)), hostile, "p")

    root = ElementTree.fromstring(svg)
    assert not [node for node in root.iter() if node.tag == "script"]
    assert [node.text for node in root.iter("text")].count(hostile) == 2


GRAPH = Graph(
    (
        Node("leaf", "x", "[1, 2]", (".grad is [3, 3]",)),
        Node("operation", "y", "mul", ("MulBackward0", "saves other = 3")),
        Node("cut", "cut", "[3, 6]"),
        Node("operation", "", "add", ("AddBackward0",)),
    ),
    (Edge(0, 1), Edge(1, 2, "detach"), Edge(2, 3), Edge(0, 3)),
)


def test_a_graph_says_what_each_node_is_and_where_it_is_cut():
    assert texts(Picture(graph=GRAPH)) == [
        "graph",
        "detach",
        *("x = [1, 2]", "leaf", ".grad is [3, 3]"),
        *("y = mul", "MulBackward0", "saves other = 3"),
        *("cut = [3, 6]", "requires no grad"),
        *("add", "AddBackward0"),
    ]
    assert described(Picture(graph=GRAPH)) == (
        "x = [1, 2] (a leaf), .grad is [3, 3]; y = mul of x, MulBackward0, saves other = 3; "
        "cut = [3, 6] (cut off) from y by detach; add of cut and x, AddBackward0."
    )


def test_a_graph_goes_from_the_leaves_down_and_nothing_lies_on_another():
    root = ElementTree.fromstring(drawn(Picture(graph=GRAPH), "title", "p"))
    boxes = [node for node in root.iter("rect") if node.get("class") != "bar"]
    tops = [float(node.get("y", "")) for node in boxes]
    ends = [top + float(node.get("height", "")) for top, node in zip(tops, boxes, strict=True)]

    assert len(boxes) == 4
    assert all(end < top for end, top in zip(ends, tops[1:], strict=False))
    # What passes by the nodes between goes round them.
    right = max(float(node.get("x", "")) + float(node.get("width", "")) for node in boxes)
    lanes = [path for node in root.iter("path") if (path := node.get("d", "")).count("L") == 3]
    assert len(lanes) == 1
    assert float(lanes[0].split("L")[1].split()[0]) > right
    assert right < float(root.get("width", ""))


def test_a_picture_travels_as_json():
    from dataclasses import asdict

    assert Picture.from_json(asdict(Picture(graph=GRAPH))) == Picture(graph=GRAPH)

    assert Picture.from_json(asdict(PICKED)) == PICKED
    assert Picture.from_json(asdict(SHARED)) == SHARED
    assert bool(PICKED)
    assert not Picture()
