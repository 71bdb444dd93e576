"""What the machine promises, against values worked out by hand: it is not fitted to torch."""

import numpy as np
import pytest

from strategies.programs.machine import Tensor
from strategies.programs.program import Program
from strategies.programs.records import RefusedError, UnspecifiedError

LEAF = "a = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, device=device, requires_grad=True)\n"
CONSTANT = "k = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, device=device)\n"
SEE = "seen = []\ndef see(name):\n    return lambda grad: seen.append((name, grad.clone()))\n"


def promised(source):
    return Program(source).promised


def elements(tensor):
    return None if tensor is None else tensor.elements().tolist()


def test_an_alias_sees_every_write():
    names = promised(CONSTANT + "v = k[1:]\nw = v[::2]\nw.mul_(10)\nk[2] = 7.0\nd = k.detach()\nd.add_(1)\n")

    assert elements(names["k"]) == [2, 21, 8]
    assert elements(names["v"]) == [21, 8]
    assert elements(names["w"]) == [21]


def test_the_chain_rule_by_hand():
    # y = sum((2a)^2), so that dy/da = 8a.
    names = promised(LEAF + "b = a * 2\nc = b * b\nc.sum().backward()\n")

    assert elements(names["a"].grad) == [8, 16, 24]


def test_gradients_add_up_until_they_are_cleared():
    names = promised(
        LEAF
        + "b = a * 2\nb.sum().backward(retain_graph=True)\nb.sum().backward(retain_graph=True)\n"
        + "g = a.grad.clone()\na.grad = None\nb.sum().backward()\n"
    )

    assert elements(names["g"]) == [4, 4, 4]
    assert elements(names["a"].grad) == [2, 2, 2]


def test_an_in_place_change_through_a_view_is_part_of_what_its_base_depends_on():
    # b = (2a0, 6a1, 6a2), and the sum over b and its first two elements counts those twice.
    names = promised(LEAF + "b = a * 2\nv = b[:2]\nw = b[1:]\nw.mul_(3)\n(v.sum() + b.sum()).backward()\n")

    assert elements(names["v"]) == [2, 12]
    assert elements(names["a"].grad) == [4, 12, 6]


def test_a_constant_base_comes_to_require_grad_through_its_view():
    names = promised(LEAF + CONSTANT + "v = k[:]\nv.mul_(a)\nk.sum().backward()\n")

    assert names["k"].requires_grad
    assert not names["k"].is_leaf
    assert elements(names["a"].grad) == [1, 2, 3]


def test_a_change_by_another_part_of_the_same_memory():
    names = promised(
        LEAF + CONSTANT + "k[:1].copy_(k[2:])\nb = a * 2\nb[:1].add_(b[2:])\nb.sum().backward()\n"
    )

    assert elements(names["k"]) == [3, 2, 3]
    assert elements(names["b"]) == [8, 4, 6]
    assert elements(names["a"].grad) == [2, 2, 4]


def test_a_change_by_an_alias_of_all_of_it():
    names = promised(CONSTANT + "k.mul_(k.detach())\nk.add_(k[:])\n")

    assert elements(names["k"]) == [2, 8, 18]


def test_what_is_cut_off_is_a_constant():
    names = promised(LEAF + "b = a.detach()\nc = a.data\nd = a * b\nd.sum().backward()\n")

    assert not names["b"].requires_grad
    assert not names["c"].requires_grad
    assert elements(names["a"].grad) == [1, 2, 3]


def test_a_hook_sees_the_elements_of_when_it_was_registered():
    # c = 3b; the gradient of the sum of c is 1 for c, and 3 for b as it was before.
    names = promised(
        LEAF
        + SEE
        + 'b = a * 2\nb.register_hook(see("before"))\nb.retain_grad()\nb.mul_(3)\nb.sum().backward()\n'
    )

    assert [(name, elements(gradient)) for name, gradient in names["seen"]] == [("before", [3, 3, 3])]
    assert elements(names["b"].grad) == [1, 1, 1]


def test_hooks_of_one_tensor_are_called_in_order_and_may_replace_the_gradient():
    names = promised(
        LEAF
        + SEE
        + 'b = a * 2\nb.register_hook(see("one"))\nb.register_hook(lambda grad: grad * 5)\n'
        + 'b.register_hook(see("two"))\nb.sum().backward()\n'
    )

    assert [(name, elements(gradient)) for name, gradient in names["seen"]] == [
        ("one", [1, 1, 1]),
        ("two", [5, 5, 5]),
    ]
    assert elements(names["a"].grad) == [10, 10, 10]


def test_duplicates_add_up():
    names = promised(LEAF + "b = a.expand(2, 3)\nc = b * b\nc.sum().backward()\n")

    assert elements(names["a"].grad) == [4, 8, 12]


def test_max_gives_its_gradient_to_the_largest():
    names = promised(LEAF + "b, i = a.max(0)\nb.backward()\n")

    assert elements(names["i"]) == 2
    assert elements(names["a"].grad) == [0, 0, 1]


def test_sort_gives_gradients_back_to_where_elements_came_from():
    names = promised(LEAF + "b, i = (-a).sort()\n(b * a).sum().backward()\n")

    assert elements(names["b"]) == [-3, -2, -1]
    assert elements(names["i"]) == [2, 1, 0]
    # The product has its own derivative b, and through the sort minus the factor beside it: b - (3, 2, 1).
    assert elements(names["a"].grad) == [-6, -4, -2]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("with torch.no_grad():\n    b = a * 2", False),
        ("with torch.no_grad():\n    with torch.enable_grad():\n        b = a * 2", True),
        ("with torch.no_grad():\n    with torch.no_grad():\n        pass\n    b = a * 2", False),
        (
            "try:\n    with torch.no_grad():\n        raise KeyError\nexcept KeyError:\n    pass\nb = a * 2",
            True,
        ),
        ("@torch.no_grad()\ndef f(x):\n    return x * 2\nb = f(a)", False),
        ("@torch.no_grad()\ndef f(x):\n    yield x * 2\n(b,) = f(a)", False),
        ("torch.set_grad_enabled(False)\nb = a * 2", False),
        ("with torch.set_grad_enabled(False):\n    pass\nb = a * 2", True),
    ],
)
def test_grad_mode(lines, wanted):
    assert promised(LEAF + lines + "\n")["b"].requires_grad is wanted


@pytest.mark.parametrize(
    "line",
    [
        "a.mul_(2)",
        "a[:].mul_(2)",
        "k.sum().backward()",
        "(a * 2).backward()",
        "k.register_hook(lambda grad: grad)",
        "k.retain_grad()",
        "b = a * 2; b.requires_grad_(False)",
        "a[:].detach_()",
        "torch.autograd.grad(a.sum(), [(a * 2)])",
    ],
)
def test_what_the_documentation_forbids_is_refused(line):
    with pytest.raises(RefusedError):
        promised(LEAF + CONSTANT + line + "\n")


@pytest.mark.parametrize(
    "line",
    [
        "b = a.sin(); a.data.mul_(2); b.sum().backward()",
        "k.expand(2, 3).mul_(2)",
        "k.expand(2, 3).detach()[1:].copy_(a[:1])",
        "k[1:].add_(k[:2])",
        "b = a * 2; c, d, e = b.unbind(0); b.mul_(2)",
    ],
)
def test_of_what_the_documentation_leaves_open_nothing_is_said(line):
    with pytest.raises(UnspecifiedError):
        promised(LEAF + CONSTANT + line + "\n")


@pytest.mark.parametrize(
    ("lines", "may"),
    [
        ("b = a.sin()\nb.sum().backward()", False),
        ("b = a * 2\nc = b.sin()\nb.mul_(2)\nc.sum().backward()", True),
        ("b = a * 2\nc = b + b\nb.mul_(2)\nc.sum().backward()", False),
        ("b = a.sin()\nb.sum().backward()\nb.sum().backward()", True),
        ("b = a.sin()\nb.sum().backward(retain_graph=True)\nb.sum().backward()", False),
        ("b = a * 2\nc = b[:]\nc.mul_(c)\nc.sum().backward(inputs=[b])", True),
    ],
)
def test_backward_may_be_refused_where_what_it_may_need_was_changed_or_freed(lines, may):
    assert Program(LEAF + lines + "\n").may_be_refused is may


def test_a_backward_that_may_be_refused_and_is_not_gives_the_right_gradient():
    names = promised(LEAF + "b = a * 2\nc = b.square()\nb.mul_(2)\nc.sum().backward()\n")

    np.testing.assert_allclose(elements(names["a"].grad), [8, 16, 24])


def test_every_tensor_of_the_machine_is_a_tensor():
    assert isinstance(promised(LEAF)["a"], Tensor)
