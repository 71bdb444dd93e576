"""Leaf tensors, .grad and retain_grad.

The seed note calls a leaf a tensor "made by the user". The criterion is narrower and wider at once: a leaf is
a tensor without grad_fn, which includes the result of any operation on tensors that do not require grad.

Not covered: grad_dtype, and gradients of sparse leaves.
"""

import warnings

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.graphs import graphs
from strategies.cases.leaves import (
    leaves,
    leaves_of_every_dtype,
    mapped_leaves,
    pairs_of_leaves,
    plain_tensors,
)

LEAF = "torch.Tensor.is_leaf"
GRAD_PAGE = "torch.Tensor.grad"
RETAIN = "torch.Tensor.retain_grad"
NOTES = "notes/autograd"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("leaf.of_the_user", source=LEAF, seed="leaf", needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_of_the_user(case):
    """A tensor that was given requires_grad by the user is a leaf."""
    made = torch.zeros_like(case.x).requires_grad_()

    assert made.is_leaf


@rule("leaf.of_constants", source=LEAF, seed="leaf", needs=GRAD)
@given(case=plain_tensors())
def test_of_constants(case):
    """Every tensor that does not require grad is a leaf, even the result of an operation."""
    output = case.x + case.x

    assert output.is_leaf


@rule("leaf.of_an_operation", source=LEAF, seed="leaf", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_of_an_operation(case):
    """The result of an operation on a tensor that requires grad is no leaf."""
    output = case.function(case.x)

    assert not output.is_leaf


@rule("leaf.grad_fn", source=LEAF, seed="leaf", needs=GRAD)
@given(case=leaves())
def test_grad_fn(case):
    """A leaf has no grad_fn."""
    made = torch.zeros_like(case.x).requires_grad_()

    assert made.grad_fn is None


@rule("leaf.grad_fn_of_an_operation", source=LEAF, seed="leaf", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_grad_fn_of_an_operation(case):
    """The result of an operation on a tensor that requires grad has a grad_fn."""
    output = case.function(case.x)

    assert output.grad_fn is not None


@rule("leaf.made_after_an_operation", source=LEAF, seed="leaf", needs=GRAD)
@given(case=leaves())
def test_made_after_an_operation(case):
    """The result of an operation on constants that then is let require grad is a leaf."""
    made = (case.upstream * 2).requires_grad_()

    assert made.is_leaf


@rule("leaf.moved", source=LEAF, needs=GRAD)
@given(case=leaves())
def test_moved(case):
    """A conversion of a leaf that requires grad to another dtype is no leaf: it is an operation."""
    output = case.x.to(torch.float16)

    assert not output.is_leaf


@rule("leaf.changed_in_place", source=NOTES, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(expand=0))
def test_changed_in_place(case):
    """An in-place operation on a leaf that requires grad raises RuntimeError."""
    case.upstream.clone().add_(1)

    with pytest.raises(RuntimeError):
        case.x.add_(1)


@rule("leaf.view_changed_in_place", source=NOTES, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(expand=0))
def test_view_changed_in_place(case):
    """An in-place operation on a view of a leaf that requires grad raises RuntimeError."""
    case.upstream.clone()[...].add_(1)

    with pytest.raises(RuntimeError):
        case.x[...].add_(1)


@rule("leaf.changed_under_no_grad", source=NOTES, needs=GRADIENT)
@given(case=leaves(expand=0))
def test_changed_under_no_grad(case):
    """Under no_grad a leaf that requires grad can be changed in place."""
    expected = reference.host(case.x) + 1

    with torch.no_grad():
        case.x.add_(1)

    expect.close(case.x, expected, dtype=case.x.dtype)


@rule("leaf.still_one_after_no_grad", source=NOTES, needs=GRAD)
@given(case=leaves(expand=0))
def test_still_one_after_no_grad(case):
    """A leaf that was changed in place under no_grad is still a leaf."""
    with torch.no_grad():
        case.x.add_(1)

    assert case.x.is_leaf


@rule("grad.before_backward", source=GRAD_PAGE, seed="leaf", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_before_backward(case):
    """Before any backward the .grad of a leaf is None."""
    case.function(case.x)

    assert case.x.grad is None


@rule("grad.shape", source=GRAD_PAGE, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_shape(case):
    """The .grad of a leaf has the leaf's shape."""
    case.function(case.x).backward(case.upstream)

    assert case.x.grad.shape == case.x.shape


@rule("grad.dtype", source=GRAD_PAGE, needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_dtype(case):
    """The .grad of a leaf has the leaf's dtype."""
    (case.x * 2).backward(case.upstream)

    assert case.x.grad.dtype == case.x.dtype


@rule("grad.device", source=GRAD_PAGE, needs=GRAD)
@given(case=leaves())
def test_device(case):
    """The .grad of a leaf is on the leaf's device."""
    (case.x * 2).backward(case.upstream)

    assert case.x.grad.device == case.x.device


@rule("grad.needs_no_grad", source=GRAD_PAGE, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_needs_no_grad(case):
    """The .grad that backward fills in does not require grad."""
    case.function(case.x).backward(case.upstream)

    assert not case.x.grad.requires_grad


@rule("grad.of_an_unused_leaf", source=GRAD_PAGE, needs=GRAD)
@given(case=pairs_of_leaves())
def test_of_an_unused_leaf(case):
    """A leaf that the output does not depend on keeps .grad None."""
    (case.x * 2).backward(case.upstream)

    assert case.other.grad is None


@rule("grad.of_a_constant", source=NOTES, seed="requires_grad", needs=GRAD)
@given(case=leaves())
def test_of_a_constant(case):
    """A constant that takes part keeps .grad None: nothing is computed for it."""
    constant = case.upstream.clone()

    (case.x * constant).backward(case.upstream)

    assert constant.grad is None


@rule("grad.of_a_non_leaf", source=LEAF, seed="non-leaf grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_of_a_non_leaf(case):
    """After backward the .grad of a non-leaf is None, although its gradient was computed on the way."""
    middle = case.function(case.x)
    (middle * 2).backward(case.upstream)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = middle.grad

    assert found is None


@rule("grad.warning_of_a_non_leaf", source=RETAIN, kind=Kind.WARNING, seed="non-leaf grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_warning_of_a_non_leaf(case):
    """Reading the .grad of a non-leaf warns with a UserWarning."""
    middle = case.function(case.x)
    (middle * 2).backward(case.upstream)

    with pytest.warns(UserWarning):
        middle.grad  # noqa: B018


@rule("grad.no_warning_of_a_leaf", source=LEAF, kind=Kind.WARNING, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_no_warning_of_a_leaf(case):
    """Reading the .grad of a leaf does not warn, before backward or after."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = case.x.grad
        case.function(case.x).backward(case.upstream)
        after = case.x.grad

    assert after is not before


@rule("retain_grad.gradient", source=RETAIN, kind=Kind.GRADIENT, seed="non-leaf grad", needs=GRADIENT)
@given(case=graphs())
def test_gradient(case):
    """After retain_grad the .grad of an intermediate tensor is the output's gradient with respect to it."""
    hosts = [reference.host(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.host(case.upstream))
    results = case.graph(*case.leaves)
    middle = results[case.middle]
    middle.retain_grad()

    results[-1].backward(case.upstream)

    expect.close(middle.grad, gradients[len(hosts) + case.middle], dtype=middle.dtype, scale=100)


@rule("retain_grad.leaves", source=RETAIN, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_leaves(case):
    """retain_grad on an intermediate tensor leaves the gradients of the leaves as they are."""
    hosts = [reference.host(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.host(case.upstream))
    results = case.graph(*case.leaves)
    results[case.middle].retain_grad()

    results[-1].backward(case.upstream)

    expect.close(
        case.leaves[case.leaf].grad, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule("retain_grad.no_warning", source=RETAIN, kind=Kind.WARNING, seed="non-leaf grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_no_warning(case):
    """Reading the .grad of a non-leaf after retain_grad does not warn."""
    middle = case.function(case.x)
    middle.retain_grad()
    (middle * 2).backward(case.upstream)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = middle.grad

    assert found is not None


@rule("retain_grad.on_a_leaf", source=RETAIN, needs=GRADIENT)
@given(case=leaves())
def test_on_a_leaf(case):
    """retain_grad on a leaf changes nothing: its .grad is filled in as ever."""
    expected = 2 * reference.host(case.upstream)
    case.x.retain_grad()

    (case.x * 2).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("retain_grad.retains_grad", source="torch.Tensor.retains_grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_retains_grad(case):
    """retains_grad is True of a non-leaf after retain_grad."""
    middle = case.function(case.x)

    middle.retain_grad()

    assert middle.retains_grad


@rule("retain_grad.retains_grad_of_a_leaf", source="torch.Tensor.retains_grad", needs=GRAD)
@given(case=leaves())
def test_retains_grad_of_a_leaf(case):
    """retains_grad stays False of a leaf after retain_grad."""
    case.x.retain_grad()

    assert not case.x.retains_grad


@rule("retain_grad.twice", source=RETAIN, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves())
def test_twice(case):
    """retain_grad called twice retains the gradient once."""
    expected = 2 * reference.host(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()
    middle.retain_grad()

    (middle * 2).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("retain_grad.on_a_constant", source=RETAIN, needs=GRAD)
@given(case=leaves())
def test_on_a_constant(case):
    """retain_grad on a leaf that does not require grad is a no-op, as on every leaf."""
    case.upstream.retain_grad()

    assert not case.upstream.retains_grad


@rule("retain_grad.after_backward", source=RETAIN, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_after_backward(case):
    """retain_grad called after backward brings back no gradient."""
    middle = case.function(case.x)
    (middle * 2).backward(case.upstream)

    middle.retain_grad()

    assert middle.grad is None


@rule("retain_grad.accumulates", source=RETAIN, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves("nothing"))
def test_accumulates(case):
    """Two backward passes add up in the .grad of a non-leaf that retains its gradient."""
    expected = 5 * reference.host(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()

    (middle * 2).backward(case.upstream, retain_graph=True)
    (middle * 3).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("retain_grad.after_a_hook", source=NOTES, needs=GRADIENT)
@given(case=mapped_leaves())
def test_after_a_hook(case):
    """The gradient that is retained is the one after all hooks, also of one registered later."""
    expected = 6 * reference.host(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()
    middle.register_hook(lambda gradient: gradient * 3)

    (middle * 2).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("retain_grad.before_an_in_place_operation", source=NOTES, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_before_an_in_place_operation(case):
    """retain_grad before an in-place operation gives the gradient with respect to the changed value."""
    expected = 2 * reference.host(case.upstream)
    middle = case.x.clone()
    middle.retain_grad()
    middle.mul_(4)

    (middle * 2).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)
