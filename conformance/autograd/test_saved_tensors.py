"""What the graph keeps for backward: hooks that pack it, where it lies, and changes that it is told of.

Rules called `saved_tensors.…` stand in `test_backward`, too.

Not covered: pinned memory, and hooks on one saved tensor.
"""

import pytest
import torch
from hypothesis import given
from torch.autograd import graph

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Kind, Need
from strategies.cases.leaves import leaves, mapped_leaves, pairs_of_leaves

HOOKS = "torch.autograd.graph.saved_tensors_hooks"
ON_CPU = "torch.autograd.graph.save_on_cpu"
DISABLED = "torch.autograd.graph.disable_saved_tensors_hooks"
MUTATION = "torch.autograd.graph.allow_mutation_on_saved_tensors"
INCREMENT = "torch.autograd.graph.increment_version"
ERROR = Kind.ERROR
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


def _packed(x):
    """Return a square whose operand is saved through hooks."""
    with graph.saved_tensors_hooks(lambda saved: saved.detach(), lambda kept: kept):
        return x.pow(2)


def _packed_within(context, x):
    with context:
        return _packed(x)


@rule("saved_tensors.innermost", source=HOOKS, needs=GRAD)
@given(case=leaves())
def test_innermost(case):
    """Of hooks for saved tensors within others, the innermost alone are called."""
    seen = []

    with (
        graph.saved_tensors_hooks(lambda saved: seen.append("outer"), lambda kept: kept),
        graph.saved_tensors_hooks(lambda saved: seen.append("inner"), lambda kept: kept),
    ):
        case.x.pow(2)

    assert seen == ["inner"]


@rule("saved_tensors.after", source=HOOKS, needs=GRAD)
@given(case=leaves())
def test_after(case):
    """After their context, hooks for saved tensors are not called."""
    seen = []

    with graph.saved_tensors_hooks(lambda saved: seen.append("inside"), lambda kept: kept):
        case.x.pow(2)
    case.x.pow(2)

    assert seen == ["inside"]


@rule("saved_tensors.on_cpu", source=ON_CPU, needs=GRADIENT)
@given(case=mapped_leaves())
def test_on_cpu(case):
    """Within save_on_cpu the gradient is what it is without."""
    expected = reference.drawn(case.upstream) * reference.derivative(
        case.function.name, reference.drawn(case.x)
    )

    with graph.save_on_cpu():
        output = case.function(case.x)
    output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("saved_tensors.on_cpu_device", source=ON_CPU, needs=GRADIENT)
@given(case=leaves())
def test_on_cpu_device(case):
    """What was saved within save_on_cpu is back on the device of its tensor in backward."""
    seen = []

    class Saving(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            seen.extend(saved.device for saved in ctx.saved_tensors)
            return gradient

    with graph.save_on_cpu():
        output = Saving.apply(case.x)
    output.backward(case.upstream)

    assert seen == [case.x.device]


@rule("saved_tensors.disabled", source=DISABLED, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_disabled(case):
    """Within disable_saved_tensors_hooks, hooks for saved tensors raise RuntimeError with its message."""
    _packed(case.x)

    disabled = graph.disable_saved_tensors_hooks("none in here")

    with pytest.raises(RuntimeError, match="none in here"):
        _packed_within(disabled, case.x)


@rule("saved_tensors.enabled_again", source=DISABLED, needs=GRAD)
@given(case=leaves())
def test_enabled_again(case):
    """After disable_saved_tensors_hooks, hooks for saved tensors are called as before."""
    seen = []
    with graph.disable_saved_tensors_hooks("none in here"):
        case.x.pow(2)

    with graph.saved_tensors_hooks(lambda saved: seen.append("after"), lambda kept: kept):
        case.x.pow(2)

    assert seen == ["after"]


@rule("saved_tensors.mutation", source=MUTATION, needs=GRADIENT)
@given(case=leaves())
def test_mutation(case):
    """Within allow_mutation_on_saved_tensors, backward computes with what a tensor was when it was saved."""
    expected = 2 * reference.drawn(case.x) * reference.drawn(case.upstream)

    with graph.allow_mutation_on_saved_tensors():
        middle = case.x.clone()
        output = middle * middle
        middle.detach().fill_(7)
        output.backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("saved_tensors.mutation_is_kept", source=MUTATION, needs=GRADIENT)
@given(case=leaves())
def test_mutation_is_kept(case):
    """Within allow_mutation_on_saved_tensors, a tensor that was saved is changed in place all the same."""
    expected = 0 * reference.drawn(case.x) + 7

    with graph.allow_mutation_on_saved_tensors():
        middle = case.x.clone()
        output = middle * middle
        middle.detach().fill_(7)
        output.backward(case.upstream)

    expect.equal_elements(middle, expected)


@rule("saved_tensors.mutation_refused_after", source=MUTATION, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_mutation_refused_after(case):
    """After allow_mutation_on_saved_tensors, a change of what is saved makes backward refuse as before."""
    with graph.allow_mutation_on_saved_tensors():
        middle = case.x.clone()
        output = middle * middle
        middle.detach().fill_(7)
        output.backward(case.upstream)
    middle = case.x.clone()
    output = middle * middle
    middle.detach().fill_(7)

    with expect.refusal():
        output.backward(case.upstream)


# Changes that autograd is told of.


@rule("increment_version.version", source=INCREMENT, needs=GRAD)
@given(case=leaves())
def test_version(case):
    """increment_version raises a tensor's _version, as a change in place does."""
    version = case.x._version

    graph.increment_version(case.x)

    assert case.x._version > version


@rule("increment_version.several", source=INCREMENT, needs=GRAD)
@given(case=pairs_of_leaves())
def test_several(case):
    """increment_version of a list of tensors raises the _version of each."""
    versions = [case.x._version, case.other._version]

    graph.increment_version([case.x, case.other])

    assert case.x._version > versions[0]
    assert case.other._version > versions[1]


@rule("increment_version.refused", source=INCREMENT, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_refused(case):
    """A saved tensor whose version was incremented since makes backward refuse."""
    (case.x * case.x).backward(case.upstream)
    output = case.x * case.x

    graph.increment_version(case.x)

    with expect.refusal():
        output.backward(case.upstream)


@rule("increment_version.inference", source=INCREMENT, needs=GRADIENT)
@given(case=leaves())
def test_inference(case):
    """increment_version of a tensor made in inference mode, which has no version, leaves it as it is."""
    expected = 2 * reference.drawn(case.x)
    with torch.inference_mode():
        made = case.x * 2

    graph.increment_version(made)

    expect.equal_elements(made, expected)
