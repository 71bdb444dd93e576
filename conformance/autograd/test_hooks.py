"""Tensor.register_hook and register_post_accumulate_grad_hook: functions that see gradients on their way.

Not covered: hooks on graph nodes, multi-grad hooks, and hooks under torch.compile.
"""

import warnings

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.graphs import graphs
from strategies.cases.leaves import leaves, mapped_leaves

HOOK = "torch.Tensor.register_hook"
POST = "torch.Tensor.register_post_accumulate_grad_hook"
NOTES = "notes/autograd"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("hooks.gradient", source=HOOK, kind=Kind.GRADIENT, seed="non-leaf grad", needs=GRADIENT)
@given(case=graphs())
def test_gradient(case):
    """A hook on an intermediate tensor sees the output's gradient with respect to it."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))
    results = case.graph(*case.leaves)
    seen = []
    results[case.middle].register_hook(seen.append)

    results[-1].backward(case.upstream)

    expect.close(seen[0], gradients[len(hosts) + case.middle], dtype=case.leaves[0].dtype, scale=100)


@rule("hooks.of_a_leaf", source=HOOK, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_of_a_leaf(case):
    """In a backward pass within which no other runs, a hook on a leaf sees the sum of the gradients of
    all its uses.
    """
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))
    seen = []
    case.leaves[case.leaf].register_hook(seen.append)

    case.graph(*case.leaves)[-1].backward(case.upstream)

    expect.close(seen[0], gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100)


@rule("hooks.once", source=HOOK, basis=Basis.OBSERVED, needs=GRAD)
@given(case=graphs())
def test_once(case):
    """A hook is called once in a backward pass within which no other runs, however often the tensor is
    used.
    """
    results = case.graph(*case.leaves)
    seen = []
    results[case.middle].register_hook(seen.append)

    results[-1].backward(case.upstream)

    assert len(seen) == 1


@rule("hooks.each_backward", source=HOOK, needs=GRAD)
@given(case=graphs())
def test_each_backward(case):
    """A hook is called in every backward pass that computes the tensor's gradient."""
    results = case.graph(*case.leaves)
    seen = []
    results[case.middle].register_hook(seen.append)

    results[-1].backward(case.upstream, retain_graph=True)
    results[-1].backward(case.upstream)

    assert len(seen) == 2


@rule("hooks.replaces", source=HOOK, needs=GRADIENT)
@given(case=mapped_leaves())
def test_replaces(case):
    """The tensor that a hook returns takes the gradient's place for what the tensor was computed from."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = 3 * reference.drawn(case.upstream) * slope
    output = case.function(case.x)
    output.register_hook(lambda gradient: gradient * 3)

    output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("hooks.replaces_of_a_leaf", source=HOOK, needs=GRADIENT)
@given(case=leaves())
def test_replaces_of_a_leaf(case):
    """The tensor that a hook on a leaf returns is what is added to its .grad."""
    expected = 6 * reference.drawn(case.upstream)
    case.x.register_hook(lambda gradient: gradient * 3)

    (case.x * 2).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("hooks.none_keeps", source=HOOK, needs=GRADIENT)
@given(case=leaves())
def test_none_keeps(case):
    """A hook that returns None leaves the gradient as it is."""
    expected = 2 * reference.drawn(case.upstream)
    case.x.register_hook(lambda gradient: None)

    (case.x * 2).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("hooks.order", source=NOTES, needs=GRADIENT)
@given(case=leaves())
def test_order(case):
    """Hooks run in the order in which they were registered, each on what the one before returned."""
    expected = (2 * reference.drawn(case.upstream) + 1) * 3
    case.x.register_hook(lambda gradient: gradient + 1)
    case.x.register_hook(lambda gradient: gradient * 3)

    (case.x * 2).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("hooks.removed", source=HOOK, needs=GRAD)
@given(case=mapped_leaves())
def test_removed(case):
    """After its handle's remove() a hook is not called any more."""
    output = case.function(case.x)
    seen = []
    handle = output.register_hook(seen.append)
    output.backward(case.upstream, retain_graph=True)

    handle.remove()
    output.backward(case.upstream)

    assert len(seen) == 1


@rule("hooks.removed_twice", source=HOOK, basis=Basis.OBSERVED, needs=GRAD)
@given(case=mapped_leaves())
def test_removed_twice(case):
    """Removing a hook twice leaves the other hooks of the tensor alone."""
    output = case.function(case.x)
    seen = []
    handle = output.register_hook(lambda gradient: None)
    output.register_hook(seen.append)

    handle.remove()
    handle.remove()
    output.backward(case.upstream)

    assert len(seen) == 1


@rule("hooks.of_a_constant", source=HOOK, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_of_a_constant(case):
    """A hook on a tensor that does not require grad raises RuntimeError."""
    case.x.register_hook(lambda gradient: None)

    with pytest.raises(RuntimeError):
        case.upstream.register_hook(lambda gradient: None)


@rule("hooks.result_shape", source=HOOK, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=mapped_leaves())
def test_result_shape(case):
    """A hook that returns a tensor of another shape makes backward raise RuntimeError."""
    case.function(case.x).backward(case.upstream)
    output = case.function(case.x)
    output.register_hook(
        lambda gradient: torch.zeros(*gradient.shape, 3, dtype=gradient.dtype).to(gradient.device)
    )

    with pytest.raises(RuntimeError):
        output.backward(case.upstream)


@rule("hooks.result_of_python", source=HOOK, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=mapped_leaves())
def test_result_of_python(case):
    """A hook that returns neither a tensor nor None makes backward raise TypeError."""
    case.function(case.x).backward(case.upstream)
    output = case.function(case.x)
    output.register_hook(lambda gradient: 1.0)

    with pytest.raises(TypeError):
        output.backward(case.upstream)


@rule("hooks.exception", source=HOOK, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=mapped_leaves())
def test_exception(case):
    """An exception that a hook raises comes out of backward as it is."""
    case.function(case.x).backward(case.upstream)
    output = case.function(case.x)
    output.register_hook(lambda gradient: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        output.backward(case.upstream)


@rule("hooks.autograd_grad", source=NOTES, needs=GRAD)
@given(case=mapped_leaves())
def test_autograd_grad(case):
    """A hook on an intermediate tensor is called by torch.autograd.grad as well."""
    middle = case.function(case.x)
    seen = []
    middle.register_hook(seen.append)

    torch.autograd.grad(middle * 2, [case.x], case.upstream)

    assert len(seen) == 1


@rule("hooks.of_an_input_of_grad", source=NOTES, also=[HOOK], needs=GRADIENT)
@given(case=leaves())
def test_of_an_input_of_grad(case):
    """A hook on a tensor among the inputs of torch.autograd.grad changes what is returned for it."""
    expected = 6 * reference.drawn(case.upstream)
    case.x.register_hook(lambda gradient: gradient * 3)

    (found,) = torch.autograd.grad(case.x * 2, [case.x], case.upstream)

    expect.close(found, expected, dtype=case.x.dtype)


@rule("hooks.grad_mode", source=NOTES, basis=Basis.OBSERVED, needs=GRAD)
@given(case=mapped_leaves())
def test_grad_mode(case):
    """Hooks run with grad mode off, without create_graph."""
    output = case.function(case.x)
    seen = []
    output.register_hook(lambda gradient: seen.append(torch.is_grad_enabled()))

    output.backward(case.upstream)

    assert seen == [False]


@rule("hooks.grad_mode_with_create_graph", source=NOTES, basis=Basis.OBSERVED, needs=GRAD)
@given(case=mapped_leaves())
def test_grad_mode_with_create_graph(case):
    """With create_graph hooks run with grad mode on."""
    output = case.function(case.x)
    seen = []
    output.register_hook(lambda gradient: seen.append(torch.is_grad_enabled()))

    torch.autograd.grad(output, [case.x], case.upstream, create_graph=True)

    assert seen == [True]


@rule("hooks.before_an_in_place_operation", source=NOTES, needs=GRADIENT)
@given(case=leaves())
def test_before_an_in_place_operation(case):
    """A hook registered before an in-place operation sees the gradient with respect to the old value."""
    expected = 8 * reference.drawn(case.upstream)
    middle = case.x.clone()
    seen = []
    middle.register_hook(seen.append)
    middle.mul_(4)

    (middle * 2).backward(case.upstream)

    expect.close(seen[0], expected, dtype=case.x.dtype)


@rule("hooks.after_an_in_place_operation", source=NOTES, needs=GRADIENT)
@given(case=leaves())
def test_after_an_in_place_operation(case):
    """A hook registered after an in-place operation sees the gradient with respect to the new value."""
    expected = 2 * reference.drawn(case.upstream)
    middle = case.x.clone()
    seen = []
    middle.mul_(4)
    middle.register_hook(seen.append)

    (middle * 2).backward(case.upstream)

    expect.close(seen[0], expected, dtype=case.x.dtype)


@rule("post_accumulate_hooks.tensor", source=POST, needs=GRAD)
@given(case=leaves())
def test_post_tensor(case):
    """A post-accumulate hook is called with the leaf itself."""
    seen = []
    case.x.register_post_accumulate_grad_hook(seen.append)

    (case.x * 2).backward(case.upstream)

    assert seen[0] is case.x


@rule("post_accumulate_hooks.grad", source=POST, needs=GRADIENT)
@given(case=leaves())
def test_post_grad(case):
    """When a post-accumulate hook is called, .grad holds the accumulated gradient already."""
    expected = 4 * reference.drawn(case.upstream)
    (case.x * 2).backward(case.upstream)
    seen = []
    case.x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.clone()))

    (case.x * 2).backward(case.upstream)

    expect.close(seen[0], expected, dtype=case.x.dtype)


@rule("post_accumulate_hooks.set_to_none", source=POST, needs=GRAD)
@given(case=leaves())
def test_post_set_to_none(case):
    """A post-accumulate hook may set .grad to None."""

    def forget(leaf: torch.Tensor) -> None:
        leaf.grad = None

    case.x.register_post_accumulate_grad_hook(forget)

    (case.x * 2).backward(case.upstream)

    assert case.x.grad is None


@rule("post_accumulate_hooks.step", source=POST, needs=GRADIENT)
@given(case=leaves(expand=0))
def test_post_step(case):
    """A post-accumulate hook may change the leaf in place, if its elements share no memory."""
    expected = reference.drawn(case.x) + 2 * reference.drawn(case.upstream)
    case.x.register_post_accumulate_grad_hook(lambda leaf: leaf.add_(leaf.grad))

    (case.x * 2).backward(case.upstream)

    expect.close(case.x, expected, dtype=case.x.dtype)


@rule("post_accumulate_hooks.grad_mode", source=POST, needs=GRAD)
@given(case=leaves())
def test_post_grad_mode(case):
    """A post-accumulate hook runs with grad mode off, without create_graph."""
    seen = []
    case.x.register_post_accumulate_grad_hook(lambda leaf: seen.append(torch.is_grad_enabled()))

    (case.x * 2).backward(case.upstream)

    assert seen == [False]


@rule("post_accumulate_hooks.grad_mode_with_create_graph", source=POST, needs=GRAD)
@given(case=leaves())
def test_post_grad_mode_with_create_graph(case):
    """With create_graph a post-accumulate hook runs with grad mode on."""
    seen = []
    case.x.register_post_accumulate_grad_hook(lambda leaf: seen.append(torch.is_grad_enabled()))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a leaf and its gradient then refer to each other
        (case.x * 2).backward(case.upstream, create_graph=True)
    case.x.grad = None

    assert seen == [True]


@rule("post_accumulate_hooks.removed", source=POST, needs=GRAD)
@given(case=leaves(nonempty=True))
def test_post_removed(case):
    """After its handle's remove() a post-accumulate hook is not called any more."""
    seen = []
    handle = case.x.register_post_accumulate_grad_hook(seen.append)
    (case.x * 2).backward(case.upstream)

    handle.remove()
    (case.x * 2).backward(case.upstream)

    assert len(seen) == 1


@rule("post_accumulate_hooks.not_by_grad", source=NOTES, also=["torch.autograd.grad"], needs=GRAD)
@given(case=leaves())
def test_post_not_by_grad(case):
    """A post-accumulate hook is not called by torch.autograd.grad, which accumulates nothing."""
    seen = []
    case.x.register_post_accumulate_grad_hook(seen.append)
    (case.x * 2).backward(case.upstream)

    torch.autograd.grad(case.x * 2, [case.x], case.upstream)

    assert len(seen) == 1


@rule("post_accumulate_hooks.result", source=POST, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(nonempty=True))
def test_post_result(case):
    """A post-accumulate hook that returns another tensor than the leaf makes backward raise RuntimeError."""
    handle = case.x.register_post_accumulate_grad_hook(lambda leaf: leaf)
    (case.x * 2).backward(case.upstream)
    handle.remove()
    case.x.register_post_accumulate_grad_hook(lambda leaf: leaf.detach())

    with pytest.raises(RuntimeError):
        (case.x * 2).backward(case.upstream)


@rule(
    "post_accumulate_hooks.result_of_python",
    source=POST,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=GRAD,
)
@given(case=leaves(nonempty=True))
def test_post_result_of_python(case):
    """A post-accumulate hook that returns neither a tensor nor None makes backward raise TypeError."""
    handle = case.x.register_post_accumulate_grad_hook(lambda leaf: None)
    (case.x * 2).backward(case.upstream)
    handle.remove()
    case.x.register_post_accumulate_grad_hook(lambda leaf: 1.0)

    with pytest.raises(TypeError):
        (case.x * 2).backward(case.upstream)


@rule("post_accumulate_hooks.of_a_non_leaf", source=POST, kind=Kind.ERROR, needs=GRAD)
@given(case=mapped_leaves())
def test_post_of_a_non_leaf(case):
    """A post-accumulate hook on a non-leaf is refused."""
    output = case.function(case.x)
    output.detach().requires_grad_().register_post_accumulate_grad_hook(lambda leaf: None)

    with expect.refusal():
        output.register_post_accumulate_grad_hook(lambda leaf: None)


@rule("post_accumulate_hooks.of_a_constant", source=POST, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_post_of_a_constant(case):
    """A post-accumulate hook on a tensor that does not require grad raises RuntimeError."""
    case.x.register_post_accumulate_grad_hook(lambda leaf: None)

    with pytest.raises(RuntimeError):
        case.upstream.register_post_accumulate_grad_hook(lambda leaf: None)
