"""unbind, split, chunk and others that give several tensors, of which some are used and some are not.

What is not used has no gradient, and what it was cut from has zeros there.

Not covered: hooks on graph nodes; parts that overlap.
"""

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.parts import COPIES, VIEWS, parts, parts_of

BACKWARD = "torch.Tensor.backward"
AUTOGRAD_GRAD = "torch.autograd.grad"
HOOK = "torch.Tensor.register_hook"
RETAIN = "torch.Tensor.retain_grad"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


def _gradient(case):
    """Return the gradient of the leaf: those of the parts that are used, in their places, and 0 elsewhere."""
    pieces = [reference.drawn(upstream) for upstream in case.upstreams]
    return reference.in_place_of_parts(
        tuple(case.x.shape), case.dim, [case.spans[place] for place in case.used], pieces
    )


@rule("several_outputs.gradient", source=BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=parts())
def test_gradient(case):
    """Of a tensor that is cut in parts, what was not used of them has a gradient of 0."""
    expected = _gradient(case)

    found = case.call(case.x)
    torch.autograd.backward([found[place] for place in case.used], case.upstreams)

    expect.same_elements(case.x.grad, expected)


@rule("several_outputs.one_by_one", source=BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=parts())
def test_one_by_one(case):
    """backward of one part after the other, the graph retained, adds up their gradients in their places."""
    expected = _gradient(case)

    found = case.call(case.x)
    for place, upstream in zip(case.used, case.upstreams, strict=True):
        found[place].backward(upstream, retain_graph=True)

    expect.same_elements(case.x.grad, expected)


@rule("several_outputs.used_twice", source=BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=parts())
def test_used_twice(case):
    """A part that is used twice has its gradient counted twice."""
    expected = 2 * _gradient(case)

    found = case.call(case.x)
    torch.autograd.backward([found[place] + found[place] for place in case.used], case.upstreams)

    expect.same_elements(case.x.grad, expected)


@rule("several_outputs.requires_grad", source="notes/autograd", needs=GRAD)
@given(case=parts())
def test_requires_grad(case):
    """In grad mode every part of a tensor that requires grad requires grad, whichever is used."""
    found = case.call(case.x)

    assert all(part.requires_grad for part in found)


@rule("several_outputs.hook", source=HOOK, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=parts())
def test_hook(case):
    """A hook on a part that is used sees that part's gradient."""
    expected = reference.drawn(case.upstreams[0])
    found = case.call(case.x)
    seen = []
    found[case.used[0]].register_hook(seen.append)

    torch.autograd.backward([found[place] for place in case.used], case.upstreams)

    expect.same_elements(seen[0], expected)


@rule("several_outputs.hook_replaces", source=HOOK, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=parts())
def test_hook_replaces(case):
    """What a hook on a part returns takes the place of that part's gradient, and of no other's."""
    pieces = [reference.drawn(upstream) for upstream in case.upstreams]
    pieces[0] = pieces[0] * 3
    spans = [case.spans[place] for place in case.used]
    expected = reference.in_place_of_parts(tuple(case.x.shape), case.dim, spans, pieces)
    found = case.call(case.x)
    found[case.used[0]].register_hook(lambda gradient: gradient * 3)

    torch.autograd.backward([found[place] for place in case.used], case.upstreams)

    expect.same_elements(case.x.grad, expected)


@rule("several_outputs.hook_of_unused", source=HOOK, basis=Basis.OBSERVED, needs=GRAD)
@given(case=parts())
def test_hook_of_unused(case):
    """A hook on a part that is not used sees no tensor: it is not called, or with None."""
    found = case.call(case.x)
    seen = []
    found[case.unused].register_hook(seen.append)

    torch.autograd.backward([found[place] for place in case.used], case.upstreams)

    assert [gradient for gradient in seen if gradient is not None] == []


@rule("several_outputs.hook_of_unused_keeps", source=HOOK, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=parts())
def test_hook_of_unused_keeps(case):
    """A hook that returns None, on a part that is not used, changes no gradient."""
    expected = _gradient(case)
    found = case.call(case.x)
    found[case.unused].register_hook(lambda gradient: None)

    torch.autograd.backward([found[place] for place in case.used], case.upstreams)

    expect.same_elements(case.x.grad, expected)


@rule("several_outputs.retained", source=RETAIN, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=parts())
def test_retained(case):
    """A part that is used and retains its gradient has it in .grad."""
    expected = reference.drawn(case.upstreams[0])
    found = case.call(case.x)
    found[case.used[0]].retain_grad()

    torch.autograd.backward([found[place] for place in case.used], case.upstreams)

    expect.same_elements(found[case.used[0]].grad, expected)


@rule("several_outputs.retained_of_unused", source=RETAIN, basis=Basis.OBSERVED, needs=GRAD)
@given(case=parts())
def test_retained_of_unused(case):
    """The .grad of a part that is not used stays None, though it retains its gradient."""
    found = case.call(case.x)
    found[case.unused].retain_grad()

    torch.autograd.backward([found[place] for place in case.used], case.upstreams)

    assert found[case.unused].grad is None


@rule("autograd_grad.of_a_part", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=parts())
def test_grad_of_a_part(case):
    """torch.autograd.grad of a part with respect to itself gives the gradient that it was given."""
    expected = reference.drawn(case.upstreams[0])

    found = case.call(case.x)
    (gradient,) = torch.autograd.grad(found[case.used[0]], [found[case.used[0]]], case.upstreams[0])

    expect.same_elements(gradient, expected)


@rule("autograd_grad.of_an_unused_part", source=AUTOGRAD_GRAD, basis=Basis.OBSERVED, needs=GRAD)
@given(case=parts())
def test_grad_of_an_unused_part(case):
    """With allow_unused=True the gradient of a part of a tensor with respect to another part is None."""
    found = case.call(case.x)
    (gradient,) = torch.autograd.grad(
        found[case.used[0]], [found[case.unused]], case.upstreams[0], allow_unused=True
    )

    assert gradient is None


@rule("autograd_grad.materialized_part", source=AUTOGRAD_GRAD, needs=GRADIENT)
@given(case=parts())
def test_grad_materialized_part(case):
    """With materialize_grads=True the gradient of a part with respect to another is zeros in its shape."""
    found = case.call(case.x)
    expected = np.zeros(tuple(found[case.unused].shape), dtype=reference.drawn(case.x).dtype)

    (gradient,) = torch.autograd.grad(
        found[case.used[0]], [found[case.unused]], case.upstreams[0], materialize_grads=True
    )

    expect.equal_elements(gradient, expected)


@rule("autograd_grad.materialized_requires_grad", source=AUTOGRAD_GRAD, basis=Basis.OBSERVED, needs=GRAD)
@given(case=parts())
def test_grad_materialized_requires_grad(case):
    """Gradients that materialize_grads=True makes do not require grad, unless create_graph=True is given."""
    found = case.call(case.x)
    (gradient,) = torch.autograd.grad(
        found[case.used[0]], [found[case.unused]], case.upstreams[0], materialize_grads=True
    )

    assert not gradient.requires_grad


@rule(
    "several_outputs.changed_in_place",
    source="torch.unsafe_chunk",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[*GRAD, Need.IN_PLACE_VIEWS],
)
@given(case=parts_of(VIEWS))
def test_changed_in_place(case):
    """A part that is a view among several from one call cannot be changed in place if it requires grad."""
    case.call(case.x.detach() * 1)[case.used[0]].mul_(2)

    with expect.refusal():
        case.call(case.x * 1)[case.used[0]].mul_(2)


@rule(
    "several_outputs.view_changed_in_place",
    source="torch.unsafe_chunk",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[*GRAD, Need.IN_PLACE_VIEWS],
)
@given(case=parts_of(VIEWS))
def test_view_changed_in_place(case):
    """Nor can a view of such a part: what a view must not do, no view of it may."""
    part = case.call(case.x.detach() * 1)[case.used[0]]
    part.view_as(part).mul_(2)
    part = case.call(case.x * 1)[case.used[0]]

    with expect.refusal():
        part.view_as(part).mul_(2)


@rule("several_outputs.unsafe_changed_in_place", source="torch.unsafe_chunk", needs=GRADIENT)
@given(case=parts_of(COPIES))
def test_unsafe_changed_in_place(case):
    """Parts of unsafe_split and unsafe_chunk can be changed in place, and their gradients follow."""
    expected = 2 * _gradient(case)
    found = case.call(case.x * 1)

    torch.autograd.backward([found[place].mul_(2) for place in case.used], case.upstreams)

    expect.same_elements(case.x.grad, expected)
