"""torch.autograd.Function: operations whose forward and backward are written in Python.

The backward of many of these Functions is not the derivative of their forward: what arrives in .grad tells
then whose word counts.

Not covered: `vmap`, `boxed_grads_call`, `gradcheck`, and Functions under torch.compile.
"""

import warnings
from typing import Any

import pytest
import torch
from hypothesis import given
from torch.autograd import Function, forward_ad, function

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.leaves import leaves, leaves_of_other_numel, pairs_of_leaves

FUNCTION = "torch.autograd.Function"
FORWARD = f"{FUNCTION}.forward"
BACKWARD = f"{FUNCTION}.backward"
SETUP = f"{FUNCTION}.setup_context"
JVP = f"{FUNCTION}.jvp"
CTX = "torch.autograd.function.FunctionCtx"
SAVE = f"{CTX}.save_for_backward"
SAVE_FORWARD = f"{CTX}.save_for_forward"
DIRTY = f"{CTX}.mark_dirty"
NON_DIFFERENTIABLE = f"{CTX}.mark_non_differentiable"
MATERIALIZE = f"{CTX}.set_materialize_grads"
EXTENDING = "notes/extending"
OBSERVED = Basis.OBSERVED
ERROR = Kind.ERROR
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


def _function(forward, backward=None, **others):
    """Return the apply of a Function that is called Made and has these methods."""
    given = {"forward": forward, "backward": backward, **others}
    methods = {name: staticmethod(method) for name, method in given.items() if method is not None}
    made: Any = type("Made", (Function,), methods)
    return made.apply


def _doubled(ctx, x):
    return x * 2


def _twice(ctx, x):
    return x * 2, x * 2


def _sum(ctx, x, y):
    return x + y


def _times(ctx, x, number):
    return x * number


def _with_saved(*kept):
    """Return the apply of a Function that saves what is kept, the input or the output, and reads it again."""

    def forward(ctx, x):
        found = {"input": x, "output": x.exp()}
        ctx.save_for_backward(*[found[name] for name in kept])
        return found["output"]

    def backward(ctx, gradient):
        return sum(ctx.saved_tensors) * gradient

    return _function(forward, backward)


def _in_place(ctx, x):
    ctx.mark_dirty(x)
    x.data.mul_(2)  # so that nobody else notices
    return x


def _dual(x, tangent):
    """Return a dual tensor, without what torch warns of when it loads what it needs for the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return forward_ad.make_dual(x, tangent)


# What apply gives.


@rule("function.value", source=FUNCTION, needs=GRADIENT)
@given(case=leaves())
def test_value(case):
    """apply gives what forward returns."""
    expected = 2 * reference.drawn(case.x)

    output = _function(_doubled)(case.x)

    expect.equal_elements(output, expected)


@rule("function.outputs", source=EXTENDING, needs=GRAD)
@given(case=leaves())
def test_outputs(case):
    """Of a forward that returns a tuple of tensors, apply gives a tuple."""
    output = _function(_twice)(case.x)

    assert isinstance(output, tuple)


@rule("function.requires_grad", source=EXTENDING, needs=GRAD)
@given(case=pairs_of_leaves())
def test_requires_grad(case):
    """Every floating output requires grad if any tensor among the arguments does."""
    outputs = _function(lambda ctx, one, x: (one * 2, x * 2))(case.upstream, case.x)

    assert [output.requires_grad for output in outputs] == [True, True]


@rule("function.of_constants", source="notes/autograd", also=[FUNCTION], needs=GRAD)
@given(case=leaves())
def test_of_constants(case):
    """The output does not require grad if no argument does."""
    output = _function(_doubled)(case.upstream)

    assert not output.requires_grad


@rule("function.under_no_grad", source="torch.no_grad", also=[FUNCTION], needs=GRAD)
@given(case=leaves())
def test_under_no_grad(case):
    """Under no_grad the output does not require grad."""
    with torch.no_grad():
        output = _function(_doubled)(case.x)

    assert not output.requires_grad


@rule("function.nested_tensors", source=EXTENDING, needs=GRAD)
@given(case=leaves())
def test_nested_tensors(case):
    """Tensors in a list that apply is given are not tracked: the output does not require grad for them."""
    output = _function(lambda ctx, xs: xs[0] * 2)([case.x])

    assert not output.requires_grad


@rule("function.integer_output", source=EXTENDING, needs=GRAD)
@given(case=leaves())
def test_integer_output(case):
    """An output of an integer dtype does not require grad."""
    _, integers = _function(lambda ctx, x: (x * 2, torch.zeros_like(x, dtype=torch.int64)))(case.x)

    assert not integers.requires_grad


@rule("function.name", source="torch.autograd.graph.Node.name", basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_name(case):
    """The grad_fn of an output is a Node called as the class is, with Backward after it."""
    output = _function(_doubled)(case.x)

    assert output.grad_fn.name() == "MadeBackward"


@rule("function.input_returned", source=EXTENDING, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_input_returned(case):
    """A forward that returns its input as it is gives another tensor, which has a grad_fn."""
    output = _function(lambda ctx, x: x)(case.x)

    assert output is not case.x
    assert output.grad_fn is not None


# What forward sees.


@rule("function.records_nothing", source=EXTENDING, needs=GRAD)
@given(case=leaves())
def test_records_nothing(case):
    """What forward computes of its tensors is not recorded: inside, its results do not require grad."""
    seen = []

    def forward(ctx, x):
        seen.append((x * 2).requires_grad)
        return x.clone()

    _function(forward)(case.x)

    assert seen == [False]


@rule("function.untracked_arguments", source=EXTENDING, needs=GRAD)
@given(case=leaves())
def test_untracked_arguments(case):
    """Tensors that require grad are given to forward as ones that do not."""
    seen = []

    def forward(ctx, x):
        seen.append(x.requires_grad)
        return x * 2

    _function(forward)(case.x)

    assert seen == [False]


@rule("function.other_arguments", source=FORWARD, needs=GRAD)
@given(case=leaves())
def test_other_arguments(case):
    """forward is given arguments that are no tensors as they are."""
    given_to_apply, seen = ["some", 3], []

    def forward(ctx, x, *others):
        seen.extend(others)
        return x * 2

    _function(forward)(case.x, given_to_apply, None)

    assert seen[0] is given_to_apply
    assert seen[1] is None


@rule("function.attributes", source=FORWARD, needs=GRADIENT)
@given(case=leaves())
def test_attributes(case):
    """What forward sets as an attribute of ctx, backward finds there."""
    expected = 5 * reference.drawn(case.upstream)

    def forward(ctx, x):
        ctx.factor = 5
        return x * 2

    _function(forward, lambda ctx, gradient: gradient * ctx.factor)(case.x).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("function.contexts_apart", source=FORWARD, basis=OBSERVED, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_contexts_apart(case):
    """Each call of apply has a ctx of its own."""
    expected = 5 * reference.drawn(case.upstream)

    def forward(ctx, x, factor):
        ctx.factor = factor
        return x * 2

    apply = _function(forward, lambda ctx, gradient: (gradient * ctx.factor, None))
    first, _ = apply(case.x, 5), apply(case.other, 7)
    first.backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


# What backward is given and returns.


@rule("function.backward_given", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_backward_given(case):
    """backward is given the gradient of the output."""
    expected, seen = reference.drawn(case.upstream), []

    _function(_doubled, lambda ctx, gradient: seen.append(gradient))(case.x).backward(case.upstream)

    expect.equal_elements(seen[0], expected)


@rule("function.backward_given_in_order", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_backward_given_in_order(case):
    """Of several outputs, backward is given a gradient each, in their order."""
    expected, seen = 3 * reference.drawn(case.upstream), []
    one, two = _function(_twice, lambda ctx, *gradients: seen.extend(gradients))(case.x)

    torch.autograd.backward([one, two], [case.upstream, case.upstream * 3])

    expect.equal_elements(seen[1], expected)


@rule("function.gradient", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_gradient(case):
    """The gradient of the input is what backward returns."""
    expected = 3 * reference.drawn(case.upstream)

    _function(_doubled, lambda ctx, gradient: gradient * 3)(case.x).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("function.gradients_in_order", source=BACKWARD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_gradients_in_order(case):
    """Of several arguments, the gradients are what backward returns, in their order."""
    expected = 5 * reference.drawn(case.upstream)
    apply = _function(_sum, lambda ctx, gradient: (gradient * 3, gradient * 5))

    apply(case.x, case.other).backward(case.upstream)

    expect.equal_elements(case.other.grad, expected)


@rule("function.gradients_summed", source="notes/autograd", also=[BACKWARD], needs=GRADIENT)
@given(case=leaves())
def test_gradients_summed(case):
    """A tensor that is given twice gets the sum of both gradients."""
    expected = 8 * reference.drawn(case.upstream)
    apply = _function(_sum, lambda ctx, gradient: (gradient * 3, gradient * 5))

    apply(case.x, case.x).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("function.none_for_other_arguments", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_none_for_other_arguments(case):
    """backward may return None for an argument that is no tensor."""
    expected = 3 * reference.drawn(case.upstream)
    apply = _function(lambda ctx, number, x: x * number, lambda ctx, gradient: (None, gradient * 3))

    apply(2, case.x).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("function.none_for_constants", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_none_for_constants(case):
    """backward may return None for a tensor that does not require grad."""
    expected = 3 * reference.drawn(case.upstream)
    apply = _function(lambda ctx, one, x: x + one, lambda ctx, gradient: (None, gradient * 3))

    apply(case.upstream, case.x).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("function.none_for_a_leaf", source=BACKWARD, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_none_for_a_leaf(case):
    """A leaf for which backward returns None keeps None as its .grad."""
    _function(_doubled, lambda ctx, gradient: None)(case.x).backward(case.upstream)

    assert case.x.grad is None


@rule("function.more_nones", source=EXTENDING, needs=GRADIENT)
@given(case=leaves())
def test_more_nones(case):
    """backward may return more gradients than forward has arguments, if they are None."""
    expected = 3 * reference.drawn(case.upstream)

    _function(_doubled, lambda ctx, gradient: (gradient * 3, None, None))(case.x).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("function.more_gradients", source=EXTENDING, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_more_gradients(case):
    """A backward that returns more gradients than forward has arguments, not all None, is refused."""
    _function(_doubled, lambda ctx, gradient: (gradient, None))(case.x).backward(case.upstream)
    output = _function(_doubled, lambda ctx, gradient: (gradient, gradient))(case.x)

    with expect.refusal():
        output.backward(case.upstream)


@rule("function.fewer_gradients", source=BACKWARD, also=[EXTENDING], kind=ERROR, needs=GRAD)
@given(case=pairs_of_leaves())
def test_fewer_gradients(case):
    """A backward that returns fewer gradients than forward has arguments is refused."""
    _function(_sum, lambda ctx, gradient: (gradient, gradient))(case.x, case.other).backward(case.upstream)
    output = _function(_sum, lambda ctx, gradient: gradient)(case.x, case.other)

    with expect.refusal():
        output.backward(case.upstream)


@rule("function.gradient_of_a_number", source=EXTENDING, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_gradient_of_a_number(case):
    """A backward that returns a gradient for an argument that is no tensor is refused."""
    _function(_times, lambda ctx, gradient: (gradient, None))(case.x, 2).backward(case.upstream)
    output = _function(_times, lambda ctx, gradient: (gradient, gradient))(case.x, 2)

    with expect.refusal():
        output.backward(case.upstream)


@rule("function.gradient_of_a_constant", source=EXTENDING, needs=GRAD)
@given(case=leaves())
def test_gradient_of_a_constant(case):
    """What backward returns for a tensor that does not require grad is no error, and is not kept."""
    apply = _function(_sum, lambda ctx, gradient: (gradient, gradient))
    constant = case.upstream.clone()

    apply(case.x, constant).backward(case.upstream)

    assert constant.grad is None


@rule("function.gradient_shape", source=BACKWARD, basis=OBSERVED, kind=ERROR, needs=GRAD)
@given(case=leaves_of_other_numel())
def test_gradient_shape(case):
    """A gradient from backward of fewer dims than the input has raises RuntimeError."""
    _function(_doubled, lambda ctx, gradient: gradient)(case.x).backward(case.upstream)
    output = _function(_doubled, lambda ctx, gradient: gradient.new_ones(()))(case.x)

    with pytest.raises(RuntimeError):
        output.backward(case.upstream)


@rule("function.gradient_broadcast", source=BACKWARD, basis=OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_gradient_broadcast(case):
    """A gradient from backward with a dim more in front is summed over it."""
    expected = 4 * reference.drawn(case.upstream)
    apply = _function(_doubled, lambda ctx, gradient: torch.stack([gradient, gradient * 3]))

    apply(case.x).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("function.gradient_dtype", source=BACKWARD, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_gradient_dtype(case):
    """A gradient from backward of another floating dtype is converted to that of the input."""
    _function(_doubled, lambda ctx, gradient: gradient.to(torch.float16))(case.x).backward(case.upstream)

    assert case.x.grad.dtype == case.x.dtype


@rule("function.no_backward", source=BACKWARD, basis=OBSERVED, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_no_backward(case):
    """Where no backward is defined, a backward pass raises NotImplementedError."""
    _function(_doubled, lambda ctx, gradient: gradient)(case.x).backward(case.upstream)
    output = _function(_doubled)(case.x)

    with pytest.raises(NotImplementedError):
        output.backward(case.upstream)


@rule("function.vjp", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_vjp(case):
    """vjp may be defined in the place of backward."""
    expected = 3 * reference.drawn(case.upstream)

    _function(_doubled, vjp=lambda ctx, gradient: gradient * 3)(case.x).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


# What ctx is told.


@rule("function.needs_input_grad", source=BACKWARD, needs=GRAD)
@given(case=leaves())
def test_needs_input_grad(case):
    """ctx.needs_input_grad is a tuple that says of each argument whether its gradient is needed."""
    seen = []

    def backward(ctx, gradient):
        seen.append(ctx.needs_input_grad)
        return None, None, gradient

    _function(lambda ctx, one, number, x: x + one * number, backward)(case.upstream, 2, case.x).backward(
        case.upstream
    )

    assert seen == [(False, False, True)]


@rule("function.saved_tensors", source=SAVE, needs=GRADIENT)
@given(case=leaves())
def test_saved_tensors(case):
    """ctx.saved_tensors has in backward what was saved in forward, in its order."""
    expected, seen = reference.drawn(case.upstream), []

    def forward(ctx, x, other):
        ctx.save_for_backward(x, other)
        return x * other

    def backward(ctx, gradient):
        seen.extend(ctx.saved_tensors)
        return gradient, None

    _function(forward, backward)(case.x, case.upstream).backward(case.upstream)

    expect.same_elements(seen[1], expected)


@rule("function.saved_none", source=SAVE, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_saved_none(case):
    """A None among what is saved keeps its place in ctx.saved_tensors."""
    seen = []

    def forward(ctx, x):
        ctx.save_for_backward(None, x)
        return x * 2

    def backward(ctx, gradient):
        seen.extend(saved is None for saved in ctx.saved_tensors)
        return gradient

    _function(forward, backward)(case.x).backward(case.upstream)

    assert seen == [True, False]


@rule("function.saved_number", source=SAVE, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_saved_number(case):
    """What is no tensor cannot be saved by save_for_backward."""
    _function(lambda ctx, x: (ctx.save_for_backward(x), x * 2)[1])(case.x)
    apply = _function(lambda ctx, x: (ctx.save_for_backward(x, 2.0), x * 2)[1])

    with expect.refusal():
        apply(case.x)


@rule("function.saved_input_changed", source=SAVE, kind=ERROR, needs=GRAD)
@given(case=leaves(expand=0))
def test_saved_input_changed(case):
    """A saved input that was changed in place since makes backward refuse."""
    apply = _with_saved("input")
    apply(case.x).backward(case.upstream)
    output = apply(case.x)

    with torch.no_grad():
        case.x.add_(1)

    with expect.refusal():
        output.backward(case.upstream)


@rule("function.saved_output_changed", source=SAVE, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_saved_output_changed(case):
    """A saved output that was changed in place since makes backward refuse."""
    apply = _with_saved("output")
    apply(case.x).backward(case.upstream)
    output = apply(case.x)

    output.detach().add_(1)

    with expect.refusal():
        output.backward(case.upstream)


@rule("function.saved_once", source="torch.Tensor.backward", also=[SAVE], kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_saved_once(case):
    """A second backward pass after one that did not retain the graph is refused: nothing is saved now."""
    output = _with_saved("input", "output")(case.x)
    output.backward(case.upstream, retain_graph=True)
    output.backward(case.upstream)

    with expect.refusal():
        output.backward(case.upstream)


@rule("function.saved_through_hooks", source=SAVE, needs=GRADIENT)
@given(case=leaves())
def test_saved_through_hooks(case):
    """What save_for_backward saves goes through the hooks for saved tensors."""
    expected, seen = reference.drawn(case.x), []

    with torch.autograd.graph.saved_tensors_hooks(
        lambda saved: seen.append(saved.clone()), lambda kept: kept
    ):
        _with_saved("input")(case.x)

    expect.equal_elements(seen[0], expected)


@rule("function.clears_saved", source=EXTENDING, basis=OBSERVED, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_clears_saved(case):
    """Of a Function with clear_saved_tensors_on_access, saved_tensors can be read once."""

    class Saving(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            return (ctx.saved_tensors, ctx.saved_tensors, gradient)[2]

    Saving.apply(case.x).backward(case.upstream)
    Saving.clear_saved_tensors_on_access = True

    with pytest.raises(RuntimeError):
        Saving.apply(case.x).backward(case.upstream)


@rule("function.mark_dirty_version", source="torch.autograd.graph.increment_version", needs=GRAD)
@given(case=leaves())
def test_mark_dirty_version(case):
    """An input that forward marks as dirty counts as changed in place: its version goes up."""

    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x

    middle = case.x.clone()
    version = middle._version

    _function(forward)(middle)

    assert middle._version > version


@rule("function.mark_dirty_refused", source=DIRTY, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_mark_dirty_refused(case):
    """What was saved of a tensor before a Function marked it as dirty makes backward refuse."""
    apply = _function(_in_place, lambda ctx, gradient: gradient * 2)
    middle = case.x.clone()
    (middle * middle).backward(case.upstream)
    middle = case.x.clone()
    before = middle * middle

    apply(middle)

    with expect.refusal():
        before.backward(case.upstream)


@rule("function.mark_dirty_gradient", source=DIRTY, basis=OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_mark_dirty_gradient(case):
    """A tensor that a Function marked as dirty has the gradient of what it was through that Function."""
    expected = 21 * reference.drawn(case.upstream)
    middle = case.x.clone()

    _function(_in_place, lambda ctx, gradient: gradient * 7)(middle)
    (middle * 3).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("function.mark_dirty_itself", source=DIRTY, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_mark_dirty_itself(case):
    """apply gives the tensor itself that forward marked as dirty and returned."""
    middle = case.x.clone()

    assert _function(_in_place)(middle) is middle


@rule("function.mark_dirty_leaf", source=DIRTY, basis=OBSERVED, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_mark_dirty_leaf(case):
    """A leaf that requires grad and is marked as dirty raises RuntimeError."""

    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x

    _function(forward)(case.x.clone())

    with pytest.raises(RuntimeError):
        _function(forward)(case.x)


@rule("function.mark_dirty_not_returned", source=DIRTY, basis=OBSERVED, kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_mark_dirty_not_returned(case):
    """An input that is marked as dirty and not returned raises RuntimeError."""
    _function(_in_place)(case.x.clone())
    apply = _function(lambda ctx, x: (ctx.mark_dirty(x), x * 2)[1])

    with pytest.raises(RuntimeError):
        apply(case.x.clone())


@rule("function.non_differentiable", source=NON_DIFFERENTIABLE, needs=GRAD)
@given(case=leaves())
def test_non_differentiable(case):
    """An output that is marked as not differentiable does not require grad, and the others do."""

    def forward(ctx, x):
        one, two = x * 2, x * 3
        ctx.mark_non_differentiable(two)
        return one, two

    outputs = _function(forward)(case.x)

    assert [output.requires_grad for output in outputs] == [True, False]


@rule("function.non_differentiable_zeros", source=NON_DIFFERENTIABLE, needs=GRADIENT)
@given(case=leaves())
def test_non_differentiable_zeros(case):
    """For an output that is marked as not differentiable, backward is given zeros of its shape."""
    expected, seen = 0 * reference.drawn(case.upstream), []

    def forward(ctx, x):
        one, two = x * 2, x * 3
        ctx.mark_non_differentiable(two)
        return one, two

    one, _ = _function(forward, lambda ctx, *gradients: seen.extend(gradients))(case.x)
    one.backward(case.upstream)

    expect.equal_elements(seen[1], expected)


@rule("function.materialized", source=MATERIALIZE, needs=GRADIENT)
@given(case=leaves())
def test_materialized(case):
    """For an output that was not used, backward is given zeros of its shape."""
    expected, seen = 0 * reference.drawn(case.upstream), []
    _, two = _function(_twice, lambda ctx, *gradients: seen.extend(gradients))(case.x)

    two.backward(case.upstream)

    expect.equal_elements(seen[0], expected)


@rule("function.not_materialized", source=MATERIALIZE, needs=GRAD)
@given(case=leaves())
def test_not_materialized(case):
    """After set_materialize_grads(False), backward is given None for an output that was not used."""
    seen = []

    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 2

    _, two = _function(forward, lambda ctx, *gradients: seen.extend(gradients))(case.x)
    two.backward(case.upstream)

    assert seen[0] is None


# setup_context.


@rule("function.setup_context_inputs", source=FORWARD, needs=GRAD)
@given(case=leaves())
def test_setup_context_inputs(case):
    """setup_context is given the arguments of forward as a tuple."""
    seen = []

    def setup_context(ctx, inputs, output):
        seen.append(inputs)

    _function(lambda x, number: x * number, setup_context=setup_context)(case.x, 2)

    assert isinstance(seen[0], tuple)
    assert seen[0][0] is case.x
    assert seen[0][1:] == (2,)


@rule("function.setup_context_output", source=FORWARD, needs=GRADIENT)
@given(case=leaves())
def test_setup_context_output(case):
    """setup_context is given what forward returned."""
    expected, seen = 2 * reference.drawn(case.x), []

    def setup_context(ctx, inputs, output):
        seen.append(output)

    _function(lambda x: x * 2, setup_context=setup_context)(case.x)

    expect.equal_elements(seen[0], expected)


@rule("function.setup_context_saves", source=SETUP, also=[SAVE], needs=GRADIENT)
@given(case=leaves())
def test_setup_context_saves(case):
    """What setup_context saves is in the saved_tensors of backward."""
    expected, seen = reference.drawn(case.x), []

    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    apply = _function(
        lambda x: x * 2, lambda ctx, _: seen.extend(ctx.saved_tensors), setup_context=setup_context
    )
    apply(case.x).backward(case.upstream)

    expect.equal_elements(seen[0], expected)


# Second derivatives, and forward mode.


@rule("function.second_derivative", source=EXTENDING, needs=GRADIENT)
@given(case=leaves())
def test_second_derivative(case):
    """A backward that computes with operations of torch, on what was saved, is differentiated in its turn."""
    expected = 6 * reference.drawn(case.upstream)

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    apply = _function(forward, lambda ctx, gradient: gradient * 6 * ctx.saved_tensors[0])
    (first,) = torch.autograd.grad(apply(case.x), [case.x], torch.ones_like(case.upstream), create_graph=True)
    first.backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


def _tripled(ctx, gradient):
    return gradient * 3


def _squared(ctx, x):
    ctx.save_for_backward(x)
    return x * x


def _of_square(ctx, gradient):
    return gradient * 2 * ctx.saved_tensors[0]


@rule("function.once_differentiable", source=EXTENDING, also=[SAVE], kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_once_differentiable(case):
    """A gradient from a backward that is marked as once_differentiable refuses to be differentiated."""
    upstream = case.upstream.clone().requires_grad_()
    output = _function(_doubled, _tripled)(case.x)
    torch.autograd.grad(output, [case.x], upstream, create_graph=True)[0].backward(case.upstream)

    output = _function(_doubled, function.once_differentiable(_tripled))(case.x)
    (gradient,) = torch.autograd.grad(output, [case.x], upstream, create_graph=True)

    with expect.refusal():
        gradient.backward(case.upstream)


@rule("function.once_differentiable_of_a_constant", source=EXTENDING, also=[SAVE], kind=ERROR, needs=GRAD)
@given(case=leaves())
def test_once_differentiable_of_a_constant(case):
    """What is computed of a gradient from a backward marked as once_differentiable refuses to be
    differentiated, also if the gradient of the output is a constant.
    """
    output = _function(_squared, _of_square)(case.x)
    (gradient,) = torch.autograd.grad(output, [case.x], case.upstream, create_graph=True)
    (gradient + case.x).backward(case.upstream)

    output = _function(_squared, function.once_differentiable(_of_square))(case.x)
    (gradient,) = torch.autograd.grad(output, [case.x], case.upstream, create_graph=True)

    with expect.refusal():
        (gradient + case.x).backward(case.upstream)


@rule("function.jvp", source=JVP, needs=GRADIENT)
@given(case=leaves(expand=0))
def test_jvp(case):
    """In forward mode the tangent of the output is what jvp makes of that of the input."""
    expected = 3 * reference.drawn(case.upstream)
    apply = _function(_doubled, jvp=lambda ctx, tangent: tangent * 3)

    with forward_ad.dual_level():
        found = forward_ad.unpack_dual(apply(_dual(case.x, case.upstream))).tangent

    expect.equal_elements(found, expected)


@rule("function.jvp_none", source=JVP, needs=GRAD)
@given(case=leaves(expand=0))
def test_jvp_none(case):
    """jvp is given None for an argument that is no tensor."""
    seen = []

    def jvp(ctx, *tangents):
        seen.extend(tangents)
        return tangents[1] * 3

    with forward_ad.dual_level():
        _function(lambda ctx, number, x: x * number, jvp=jvp)(2, _dual(case.x, case.upstream))

    assert seen[0] is None


@rule("function.save_for_forward", source=SAVE_FORWARD, needs=GRADIENT)
@given(case=leaves(expand=0))
def test_save_for_forward(case):
    """What save_for_forward saves is in the saved_tensors of jvp."""
    expected, seen = reference.drawn(case.x), []

    def forward(ctx, x):
        ctx.save_for_forward(x)
        return x * 2

    def jvp(ctx, tangent):
        seen.extend(forward_ad.unpack_dual(saved).primal.clone() for saved in ctx.saved_tensors)
        return tangent

    with forward_ad.dual_level():
        _function(forward, jvp=jvp)(_dual(case.x, case.upstream))

    expect.equal_elements(seen[0], expected)
