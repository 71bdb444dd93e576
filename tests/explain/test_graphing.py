"""What autograd records of an example: leaves, operations, what they save, cuts, and gradients."""

import pytest

from conformance.explain.graphing import MOST_NODES, graphed
from conformance.explain.running import Script

X = "x = torch.tensor([1.0, 2.0], requires_grad=True)\n"


def said(text):
    """Return what is said of each node of an example's graph."""
    return [*graphed(Script.of(f"import torch\n{text}\n")).said()]


def edges(text):
    """Return the edges of an example's graph, by what their ends are called, or do."""
    graph = graphed(Script.of(f"import torch\n{text}\n"))
    ends = [(graph.nodes[edge.start], graph.nodes[edge.end], edge.cut) for edge in graph.edges]
    return {(start.name or start.what, end.name or end.what, cut) for start, end, cut in ends}


def test_leaves_get_gradients_and_constants_none():
    text = (
        "x = torch.tensor(3.0)\nw = torch.tensor(4.0, requires_grad=True)\n"
        "b = torch.tensor(5.0, requires_grad=True)\ny = w * x + b\ny.backward()"
    )

    # Of the two factors only x is saved: the derivative by x is asked of nobody.
    assert said(text) == [
        "w = 4 (a leaf), .grad is 3",
        "mul of w and x, MulBackward0, saves other = x",
        "x = 3 (requires no grad)",
        "b = 5 (a leaf), .grad is 1",
        "y = add of mul and b, AddBackward0, backward starts here",
    ]
    assert edges(text) == {("w", "mul", ""), ("x", "mul", ""), ("mul", "y", ""), ("b", "y", "")}


def test_detach_cuts_and_the_tensor_itself_goes_on():
    text = X + "y = x * 3\ncut = y.detach()\nz = (y + cut).sum()\nz.backward()"

    assert edges(text) == {
        ("x", "y", ""),
        ("y", "cut", "detach"),
        ("y", "add", ""),
        ("cut", "add", ""),
        ("add", "z", ""),
    }
    assert said(text)[0] == "x = [1, 2] (a leaf), .grad is [3, 3]"


@pytest.mark.parametrize(
    ("act", "cut"),
    [
        ("y = x.detach()", ("x", "y", "detach")),
        ("y = x.data", ("x", "y", ".data")),
        ("with torch.no_grad():\n    y = x * 2", ("x", "y", "no_grad")),
        ("y = x * 2\ny.detach_()", ("mul", "y", "detach_")),
    ],
)
def test_what_lets_no_gradient_through_is_named(act, cut):
    assert cut in edges(f"{X}{act}\nz = y * x")


def test_after_detach_in_place_what_was_recorded_before_still_leads_to_the_leaf():
    text = X + "y = x * 3\nz = y * 1\ny.detach_()\nz.sum().backward()"

    assert {("x", "mul", ""), ("mul", "z", ""), ("mul", "y", "detach_"), ("z", "sum", "")} == edges(text)
    assert said(text)[0] == "x = [1, 2] (a leaf), .grad is [3, 3]"


def test_what_is_saved_is_named_or_shown():
    assert said(X + "y = x.exp()")[1] == "y = exp of x, ExpBackward0, saves result = y"
    assert said(X + "y = x * 3")[1] == "y = mul of x, MulBackward0, saves other = 3"
    assert said(X + "y = x * x")[1] == "y = mul of x, MulBackward0, saves other = x, saves self = x"
    assert said(X + "y = x + 1")[1] == "y = add of x, AddBackward0"


def test_tensors_in_one_memory_are_told_apart_by_which_was_taken():
    assert "mul of x and d, MulBackward0, saves self = d" in said(
        X + "y = x * 3\nd = y.detach()\nz = (d * x).sum()"
    )


def test_what_is_saved_is_read_before_a_backward_frees_it():
    assert said(X + "(x * x).sum().backward()")[1] == (
        "mul of x, MulBackward0, saves other = x, saves self = x"
    )


def test_backward_starts_where_it_is_called_and_not_where_a_gradient_is_read():
    text = X + "y = x * 2\nz = y.sum()\nz.backward()\nprint(y.grad)"

    assert [line.endswith("backward starts here") for line in said(text)] == [False, False, True]
    assert said(X + "y = x.exp()\ntorch.autograd.grad(y.sum(), y)")[-1].endswith("backward starts here")


def test_a_gradient_that_is_retained_is_shown():
    assert "y = mul of x, MulBackward0, saves other = 2, .grad is [1, 1]" in said(
        X + "y = x * 2\ny.retain_grad()\ny.sum().backward()"
    )


def test_of_several_results_each_has_its_name():
    assert said(X + "values, indices = x.max(0)")[1].startswith(
        "values = max of x, MaxBackward0, saves indices"
    )


def test_a_leaf_that_nothing_uses_is_shown_beside():
    assert "a = 2 (a leaf), .grad is None" in said(X + "a = torch.tensor(2.0, requires_grad=True)\ny = x * 2")


def test_what_the_suite_does_to_print_is_no_part_of_it():
    assert edges(X + "y = x * 2\nprint(x)\nprint(y)") == {("x", "y", "")}


def test_hooks_of_saved_tensors_are_not_in_the_way():
    text = (
        "def unpack(kept):\n    raise RuntimeError('asked')\n"
        f"{X}with torch.autograd.graph.saved_tensors_hooks(lambda kept: kept, unpack):\n    y = x * x"
    )

    assert said(text)[1] == "y = mul of x, MulBackward0"


@pytest.mark.parametrize(
    "text", ["x = torch.ones(2)\ny = x * 2", X, "y = 1", X + "y = x\n" + "y = y * 2\n" * MOST_NODES]
)
def test_where_nothing_is_recorded_or_too_much_there_is_no_graph(text):
    assert said(text) == []
