"""Where cells came from, found by running an example on positions, and which memory tensors share."""

import pytest

from conformance.explain.picturing import pictured
from conformance.explain.running import Script
from reports.shown import origin


def picture(text, *given):
    script = Script.of(f"import torch\n{text}\n")
    return pictured(script, script.run(given), given)


def origins(text, *given):
    """Return for the last result of a script where each of its cells came from."""
    found = picture(text, *given)
    return [origin(sources, found.inputs) for sources in found.outputs[-1].sources]


X = "x = torch.tensor([[5, 1, 3], [2, 6, 4]])\n"


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("y = x.t()[0]", ["x[0, 0]", "x[1, 0]"]),
        ("y = x.view(6)[1:3]", ["x[0, 1]", "x[0, 2]"]),
        ("y = x[1:].unsqueeze(0)", ["x[1, 0]", "x[1, 1]", "x[1, 2]"]),
        ("y = x[:, :1].expand(2, 2)", ["x[0, 0]", "x[0, 0]", "x[1, 0]", "x[1, 0]"]),
        ("y = x.max(1).values", ["x[0, 0]", "x[1, 1]"]),
        ("y = x.sort(1).values[0]", ["x[0, 1]", "x[0, 2]", "x[0, 0]"]),
        ("y = x.index_select(0, torch.tensor([1, 1]))[:, 0]", ["x[1, 0]", "x[1, 0]"]),
        ("y = x.gather(1, torch.tensor([[2], [0]]))", ["x[0, 2]", "x[1, 0]"]),
        ("y = x.sum(0)", ["x[:, 0]", "x[:, 1]", "x[:, 2]"]),
        ("y = x.cumsum(1)[0]", ["x[0, 0]", "x[0, 0:2]", "x[0, :]"]),
        ("y = x.clone().fill_(7)[0]", []),
        ("x[0] = 0", ["", "", "", "x[1, 0]", "x[1, 1]", "x[1, 2]"]),
        ("y = x[:, :1].to(torch.complex64)", ["x[0, 0]", "x[1, 0]"]),
    ],
)
def test_each_cell_tells_from_which_it_came(act, expected):
    assert origins(X + act, "x") == expected


def test_cells_come_from_several_tensors():
    text = (
        "x = torch.zeros(2, 2)\nindex = torch.tensor([[1, 0]])\nsrc = torch.tensor([[1.0, 2.0]])\n"
        "print(x.scatter(0, index, src))"
    )

    assert origins(text, "x", "index", "src") == ["x[0, 0]", "src[0, 1]", "src[0, 0]", "x[1, 1]"]


def test_broadcasting_shows_both_operands():
    text = "x = torch.tensor([[1.0], [2.0]])\ny = torch.tensor([10.0, 20.0])\nprint(x + y)"

    assert origins(text, "x", "y") == [
        *("x[0, 0] and y[0]", "x[0, 0] and y[1]", "x[1, 0] and y[0]", "x[1, 0] and y[1]"),
    ]


def test_a_zero_that_is_added_has_a_part_in_the_sum():
    text = "x = torch.tensor([0.0, -2.0])\ny = torch.tensor([3.0, 0.0])\n"

    assert origins(text + "print(x + y)", "x", "y") == ["x[0] and y[0]", "x[1] and y[1]"]
    assert origins(text + "print(torch.maximum(x, y))", "x", "y") == ["y[0]", "y[1]"]


def test_a_gradient_comes_from_the_gradients_passed_back():
    text = (
        "x = torch.zeros(2, requires_grad=True)\nupstream = torch.tensor([1.0, 2.0, 3.0])\n"
        "x[torch.tensor([0, 0, 1])].backward(upstream)\nprint(x.grad)"
    )

    assert origins(text, "x", "upstream") == ["upstream[0:2]", "upstream[2]"]


def test_tensors_that_share_memory_are_drawn_on_it():
    found = picture("x = torch.arange(6)\ny = x[1:].view(5)\nz = x.view(2, 3).t()\nw = torch.zeros(2)", "x")
    (memory,) = found.memories

    assert memory.cells == ("0", "1", "2", "3", "4", "5")
    assert [(view.name, view.strides, view.offset) for view in memory.views] == [
        ("x", (1,), 0),
        ("y", (1,), 1),
        ("z", (1, 3), 0),
    ]
    assert [place for _, place in memory.views[2].covers()] == [0, 3, 1, 4, 2, 5]


def test_an_input_is_drawn_as_it_was_before_it_was_changed():
    found = picture("x = torch.zeros(2)\nx.fill_(1)", "x")

    assert [grid.cells for grid in found.inputs] == [("0", "0")]
    assert [grid.cells for grid in found.outputs] == [("1", "1")]


def test_what_is_too_large_is_not_drawn():
    found = picture("x = torch.zeros(10, 10)\nprint(x.sum())", "x")

    assert found.inputs == ()
    assert [grid.cells for grid in found.outputs] == [("0",)]
