"""backward and torch.autograd.grad: gradients by the chain rule, accumulation, and graphs that are freed.

Not covered: anomaly detection and multithreaded backward.
"""

import weakref

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.graphs import graphs
from strategies.cases.leaves import (
    leaves,
    leaves_of_one_element,
    leaves_of_other_numel,
    leaves_with_misfits,
    mapped_leaves,
    pairs_of_leaves,
)

BACKWARD = "torch.Tensor.backward"
AUTOGRAD_BACKWARD = "torch.autograd.backward"
AUTOGRAD_GRAD = "torch.autograd.grad"
NOTES = "notes/autograd"
SAVED_HOOKS = "torch.autograd.graph.saved_tensors_hooks"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("backward.chain_rule", source=BACKWARD, kind=Kind.GRADIENT, seed="requires_grad", needs=GRADIENT)
@given(case=graphs())
def test_chain_rule(case):
    """backward gives a leaf the gradient of the output by the chain rule, over all paths to it."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))

    case.graph(*case.leaves)[-1].backward(case.upstream)

    expect.close(
        case.leaves[case.leaf].grad, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule("backward.function", source=BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=mapped_leaves())
def test_function(case):
    """backward through a function of each element multiplies by the function's derivative there."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = reference.drawn(case.upstream) * slope

    case.function(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule(
    "backward.broadcasting_undone",
    source=BACKWARD,
    also=["notes/broadcasting"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=leaves(nonempty=True))
def test_broadcasting_undone(case):
    """The gradient of a leaf that was broadcast is summed over the places where it was used."""
    expected = 3 * reference.drawn(case.upstream)
    ones = torch.ones(3, *case.x.shape, dtype=case.x.dtype, device=case.x.device)

    (case.x * ones).backward(case.upstream.expand(ones.shape))

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.one_element", source=BACKWARD, needs=GRADIENT)
@given(case=leaves_of_one_element())
def test_one_element(case):
    """backward of a real tensor of one element, of any rank, needs no gradient and starts from 1."""
    expected = np.full(case.x.shape, 2.0)

    (case.x * 2).backward()

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.several_elements", source=BACKWARD, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(nonempty=True))
def test_several_elements(case):
    """backward of a tensor of more than one element is refused if it is given no gradient."""
    several = case.x.expand(2, *case.x.shape)
    (several * 2).backward(case.upstream.expand(several.shape))

    with expect.refusal():
        (several * 2).backward()


@rule("backward.no_element", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves_of_other_numel())
def test_no_element(case):
    """backward of a tensor without elements, too, raises RuntimeError if it is given no gradient."""
    (case.x[:0] * 2).backward(case.upstream[:0])

    with pytest.raises(RuntimeError):
        (case.x[:0] * 2).backward()


@rule("backward.complex_element", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves_of_one_element())
def test_complex_element(case):
    """backward of a complex tensor of one element raises RuntimeError if it is given no gradient."""
    (case.x * 2).backward()

    with pytest.raises(RuntimeError):
        (case.x * 2j).backward()


@rule("backward.gradient_shape", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves_with_misfits())
def test_gradient_shape(case):
    """A gradient of another shape than the tensor's is refused: nothing broadcasts."""
    (case.x * 2).backward(case.upstream)

    with expect.refusal():
        (case.x * 2).backward(case.wrong)


@rule("backward.gradient_dtype", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_gradient_dtype(case):
    """A gradient of another floating dtype is converted."""
    expected = 2 * reference.drawn(case.upstream)

    (case.x * 2).backward(case.upstream.to(torch.float16))

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.gradient_of_integers", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_gradient_of_integers(case):
    """A gradient of int64 for a tensor of a floating dtype is converted."""
    expected = 2 * np.trunc(reference.drawn(case.upstream))

    (case.x * 2).backward(case.upstream.to(torch.int64))

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.complex_gradient", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_complex_gradient(case):
    """A complex gradient for a real tensor raises RuntimeError."""
    (case.x * 2).backward(case.upstream)

    with pytest.raises(RuntimeError):
        (case.x * 2).backward(case.upstream.to(torch.complex64))


@rule("backward.gradient_of_python", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves_of_one_element())
def test_gradient_of_python(case):
    """A Python number in the place of the gradient is refused."""
    (case.x * 2).backward(torch.ones_like(case.x))

    with expect.refusal():
        (case.x * 2).backward(1.0)


@rule("backward.of_a_constant", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_of_a_constant(case):
    """backward of a tensor that does not require grad raises RuntimeError."""
    (case.x * 2).sum().backward()
    case.x.requires_grad_(False)

    with pytest.raises(RuntimeError):
        (case.x * 2).sum().backward()


@rule("backward.on_a_leaf", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_on_a_leaf(case):
    """backward of a leaf that requires grad gives the leaf the gradient that backward was given."""
    expected = reference.drawn(case.upstream)

    case.x.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.accumulates", source=BACKWARD, needs=GRADIENT)
@given(case=mapped_leaves())
def test_accumulates(case):
    """A second backward adds to the .grad that the first left to a leaf."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = 2 * reference.drawn(case.upstream) * slope

    for _ in range(2):
        case.function(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.accumulates_in_place", source="autograd", needs=GRAD)
@given(case=leaves())
def test_accumulates_in_place(case):
    """Without create_graph a second backward adds a dense gradient to the dense .grad tensor in place."""
    (case.x * 2).backward(case.upstream)
    before = case.x.grad

    (case.x * 2).backward(case.upstream)

    assert case.x.grad is before


@rule("backward.accumulates_through_views", source=BACKWARD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_accumulates_through_views(case):
    """A second backward adds the same gradient again where leaves are used through views."""
    expected = 2 * reference.drawn(case.upstream)

    for _ in range(2):
        (case.x.unsqueeze(0) + case.other.unsqueeze(0)).backward(case.upstream.unsqueeze(0))

    expect.close(case.other.grad, expected, dtype=case.other.dtype)


@rule("backward.starts_anew", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_starts_anew(case):
    """After .grad is set to None, backward fills it in anew."""
    expected = 3 * reference.drawn(case.upstream)
    (case.x * 2).backward(case.upstream)
    case.x.grad = None

    (case.x * 3).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.fan_out", source=AUTOGRAD_BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=leaves())
def test_fan_out(case):
    """A leaf that is used several times gets the sum of the gradients of its uses."""
    expected = 6 * reference.drawn(case.upstream)

    (case.x + case.x * 2 + 3 * case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.gradient_kept", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves())
def test_gradient_kept(case):
    """backward leaves the gradient that it was given as it is."""
    expected = reference.drawn(case.upstream)

    for _ in range(2):
        case.function(case.x).backward(case.upstream)

    expect.close(case.upstream, expected, dtype=case.upstream.dtype)


@rule("backward.twice", source=AUTOGRAD_BACKWARD, also=[NOTES], kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(nonempty=True))
def test_twice(case):
    """After backward without retain_graph or create_graph another one through pow(2), which saves its
    input, is refused.
    """
    output = case.x.pow(2)
    output.backward(case.upstream, retain_graph=True)
    output.backward(case.upstream)

    with expect.refusal():
        output.backward(case.upstream)


@rule("backward.twice_through_an_output", source=AUTOGRAD_BACKWARD, also=[NOTES], kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(nonempty=True))
def test_twice_through_an_output(case):
    """After backward without retain_graph or create_graph another one through exp, which saves its
    output, is refused.
    """
    output = case.x.exp()
    output.backward(case.upstream, retain_graph=True)
    output.backward(case.upstream)

    with expect.refusal():
        output.backward(case.upstream)


@rule(
    "backward.twice_through_nothing_saved",
    source=AUTOGRAD_BACKWARD,
    basis=Basis.OBSERVED,
    needs=[*GRADIENT, Need.SAVED],
)
@given(case=mapped_leaves("nothing"))
def test_twice_through_nothing_saved(case):
    """A second backward through operations that saved nothing adds the same gradient again."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = 2 * reference.drawn(case.upstream) * slope
    output = case.function(case.x)

    for _ in range(2):
        output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.retain_graph", source=BACKWARD, needs=GRADIENT)
@given(case=graphs())
def test_retain_graph(case):
    """After backward with retain_graph=True a second one computes the same gradient."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))
    output = case.graph(*case.leaves)[-1]
    output.backward(case.upstream, retain_graph=True)
    # How gradients are added up where leaves are used through views is another rule's.
    for leaf in case.leaves:
        leaf.grad = None

    output.backward(case.upstream)

    expect.close(
        case.leaves[case.leaf].grad, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule("backward.retain_graph_default", source=AUTOGRAD_GRAD, also=[AUTOGRAD_BACKWARD], needs=GRADIENT)
@given(case=mapped_leaves("input"))
def test_retain_graph_default(case):
    """With create_graph=True the graph is kept even if retain_graph is not given."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = 2 * reference.drawn(case.upstream) * slope
    output = case.function(case.x)
    torch.autograd.grad(output, case.x, case.upstream, create_graph=True)

    (found,) = torch.autograd.grad(output, case.x, 2 * case.upstream)

    expect.close(found, expected, dtype=case.x.dtype)


@rule("backward.shared_part", source=AUTOGRAD_BACKWARD, also=[NOTES], kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(nonempty=True))
def test_shared_part(case):
    """backward of one output of a square, without retain_graph or create_graph, frees it: that of
    another is refused.
    """
    square = case.x.pow(2)
    one, other = square + 1, square + 2  # which save nothing themselves
    other.backward(case.upstream, retain_graph=True)
    one.backward(case.upstream)

    with expect.refusal():
        other.backward(case.upstream)


@rule(
    "backward.frees_saved_tensors",
    source=AUTOGRAD_BACKWARD,
    basis=Basis.OBSERVED,
    seed="non-leaf grad",
    needs=[*GRAD, Need.SAVED],
)
@given(case=leaves(nonempty=True))
def test_frees_saved_tensors(case):
    """A tensor that only the graph holds, saved for backward, lives until backward without retain_graph."""
    saved = case.x * 2
    alive = weakref.ref(saved)
    output = saved.pow(2)
    del saved
    output.backward(case.upstream, retain_graph=True)
    retained = alive() is not None

    output.backward(case.upstream)

    assert (retained, alive()) == (True, None)


@rule("backward.recorded_anew", source=NOTES, needs=GRADIENT)
@given(case=mapped_leaves())
def test_recorded_anew(case):
    """Each forward records a new graph: after backward the same computation can be differentiated again."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = reference.drawn(case.upstream) * slope
    case.function(case.x).backward(case.upstream)
    case.x.grad = None

    case.function(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule(
    "backward.create_graph_warns",
    source=AUTOGRAD_BACKWARD,
    basis=Basis.OBSERVED,
    kind=Kind.WARNING,
    needs=GRAD,
)
@given(case=mapped_leaves("input"))
def test_create_graph_warns(case):
    """backward with create_graph=True warns of the reference cycle that it makes, with a UserWarning."""
    case.function(case.x).backward(case.upstream)

    with pytest.warns(UserWarning, match="reference cycle"):
        case.function(case.x).backward(case.upstream, create_graph=True)

    case.x.grad = None


@rule("backward.inputs", source=BACKWARD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_inputs(case):
    """With inputs given, backward fills in the .grad of those."""
    expected = 2 * reference.drawn(case.upstream)

    (2 * case.x + case.other).backward(case.upstream, inputs=[case.x])

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.inputs_by_name", source=BACKWARD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_inputs_by_name(case):
    """inputs may be a dict of tensors: backward fills in the .grad of those."""
    expected = 2 * reference.drawn(case.upstream)

    (2 * case.x + case.other).backward(case.upstream, inputs={"x": case.x})

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.not_in_inputs", source=BACKWARD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_not_in_inputs(case):
    """With inputs given, backward leaves the .grad of every other leaf as it is."""
    expected = 3 * reference.drawn(case.upstream)
    (3 * case.other).backward(case.upstream)

    (2 * case.x + 3 * case.other).backward(case.upstream, inputs=[case.x])

    expect.close(case.other.grad, expected, dtype=case.other.dtype)


@rule("backward.non_leaf_in_inputs", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves())
def test_non_leaf_in_inputs(case):
    """With a non-leaf among inputs, backward fills in its .grad, even without retain_grad."""
    expected = 2 * reference.drawn(case.upstream)
    middle = case.function(case.x)

    (middle * 2).backward(case.upstream, inputs=[middle])

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("backward.retained_not_in_inputs", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves())
def test_retained_not_in_inputs(case):
    """A non-leaf on the way to inputs that retains its gradient gets it, though it is not among them."""
    expected = 2 * reference.drawn(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()

    (middle * 2).backward(case.upstream, inputs=[case.x])

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("backward.no_inputs", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_no_inputs(case):
    """backward with an empty list of inputs raises RuntimeError."""
    (case.x * 2).backward(case.upstream, inputs=[case.x])

    with pytest.raises(RuntimeError):
        (case.x * 2).backward(case.upstream, inputs=[])


@rule("backward.several_tensors", source=AUTOGRAD_BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_several_tensors(case):
    """torch.autograd.backward of several tensors adds up their gradients, each started from its own."""
    expected = (2 * 1 + 3 * 4) * reference.drawn(case.upstream)

    torch.autograd.backward([case.x * 2, case.x * 3], [case.upstream, 4 * case.upstream])

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule(
    "backward.several_with_a_constant",
    source=AUTOGRAD_BACKWARD,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=GRAD,
)
@given(case=pairs_of_leaves())
def test_several_with_a_constant(case):
    """A tensor that does not require grad among those of torch.autograd.backward raises RuntimeError."""
    torch.autograd.backward([case.x * 2, case.other * 3], [case.upstream, case.upstream])
    case.other.requires_grad_(False)

    with pytest.raises(RuntimeError):
        torch.autograd.backward([case.x * 2, case.other * 3], [case.upstream, case.upstream])


@rule("backward.no_tensors", source=AUTOGRAD_BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_no_tensors(case):
    """torch.autograd.backward of an empty list leaves every .grad as it is."""
    expected = 2 * reference.drawn(case.upstream)
    torch.autograd.backward([case.x * 2], [case.upstream])

    torch.autograd.backward([])

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.several_outputs", source=AUTOGRAD_BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_several_outputs(case):
    """backward of two results of one graph gives a leaf the sum of their gradients, over all paths."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream), also=case.middle)
    results = case.graph(*case.leaves)
    outputs = [results[-1], results[case.middle]]

    torch.autograd.backward(outputs, [case.upstream, torch.ones_like(outputs[1])])

    expect.close(
        case.leaves[case.leaf].grad, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule(
    "backward.other_number_of_gradients",
    source=AUTOGRAD_BACKWARD,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=GRAD,
)
@given(case=leaves())
def test_other_number_of_gradients(case):
    """Another number of gradients than of tensors is refused."""
    torch.autograd.backward([case.x * 2, case.x * 3], [case.upstream, case.upstream])

    with expect.refusal():
        torch.autograd.backward([case.x * 2, case.x * 3], [case.upstream])


@rule("autograd_grad.gradient", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_grad_gradient(case):
    """torch.autograd.grad returns the gradient of the output with respect to a leaf."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))
    output = case.graph(*case.leaves)[-1]

    (found,) = torch.autograd.grad(output, [case.leaves[case.leaf]], case.upstream)

    expect.close(found, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100)


@rule("autograd_grad.of_an_intermediate", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_grad_of_an_intermediate(case):
    """torch.autograd.grad returns the gradient of the output with respect to an intermediate tensor."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))
    results = case.graph(*case.leaves)

    (found,) = torch.autograd.grad(results[-1], [results[case.middle]], case.upstream)

    expect.close(found, gradients[len(hosts) + case.middle], dtype=case.leaves[0].dtype, scale=100)


@rule("autograd_grad.leaves_grad_alone", source=AUTOGRAD_GRAD, needs=GRADIENT)
@given(case=leaves(nonempty=True))
def test_grad_leaves_grad_alone(case):
    """torch.autograd.grad leaves the .grad of a leaf as it is."""
    expected = 2 * reference.drawn(case.upstream)
    (case.x * 2).backward(case.upstream)

    torch.autograd.grad(case.x * 3, [case.x], case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("autograd_grad.fills_retained", source=AUTOGRAD_GRAD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves())
def test_grad_fills_retained(case):
    """torch.autograd.grad fills in the .grad of a non-leaf on the way that retains its gradient."""
    expected = 2 * reference.drawn(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()

    torch.autograd.grad(middle * 2, [case.x], case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("autograd_grad.order", source=AUTOGRAD_GRAD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_grad_order(case):
    """torch.autograd.grad returns the gradients in the order of the inputs."""
    expected = np.stack([reference.drawn(case.upstream), 3 * reference.drawn(case.upstream)])

    first, second = torch.autograd.grad(3 * case.x + case.other, [case.other, case.x], case.upstream)
    found = torch.stack([first, second])

    expect.close(found, expected, dtype=case.other.dtype)


@rule("autograd_grad.inputs_by_name", source=AUTOGRAD_GRAD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_grad_inputs_by_name(case):
    """If inputs are a dict, torch.autograd.grad returns a dict of their gradients by the same keys."""
    expected = np.stack([reference.drawn(case.upstream), 3 * reference.drawn(case.upstream)])
    inputs = {"other": case.other, "x": case.x}

    gradients = torch.autograd.grad(3 * case.x + case.other, inputs, case.upstream)
    found = torch.stack([gradients["other"], gradients["x"]])

    expect.close(found, expected, dtype=case.x.dtype)


@rule("autograd_grad.no_inputs", source=AUTOGRAD_GRAD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_grad_no_inputs(case):
    """torch.autograd.grad refuses an empty list of inputs."""
    torch.autograd.grad(case.x * 2, [case.x], case.upstream)

    with expect.refusal():
        torch.autograd.grad(case.x * 2, [], case.upstream)


@rule("autograd_grad.shared", source=AUTOGRAD_GRAD, basis=Basis.OBSERVED, needs=GRAD)
@given(case=pairs_of_leaves())
def test_grad_shared(case):
    """The gradient of a sum is handed on as it is: both operands, of one shape, get the very same tensor."""
    one, other = torch.autograd.grad(case.x + case.other, [case.x, case.other], case.upstream)

    assert one is other is case.upstream


@rule("autograd_grad.unused", source=AUTOGRAD_GRAD, kind=Kind.ERROR, needs=GRAD)
@given(case=pairs_of_leaves())
def test_grad_unused(case):
    """By default torch.autograd.grad refuses an input that the output does not depend on."""
    torch.autograd.grad(case.x * 2, [case.x], case.upstream)

    with expect.refusal():
        torch.autograd.grad(case.x * 2, [case.other], case.upstream)


@rule("autograd_grad.allow_unused", source=AUTOGRAD_GRAD, needs=GRAD)
@given(case=pairs_of_leaves())
def test_grad_allow_unused(case):
    """With allow_unused=True alone the gradient of an input that the output does not depend on is None."""
    (found,) = torch.autograd.grad(case.x * 2, [case.other], case.upstream, allow_unused=True)

    assert found is None


@rule("autograd_grad.materialize_grads", source=AUTOGRAD_GRAD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_grad_materialize_grads(case):
    """With materialize_grads=True the gradient of an input that the output does not depend on is zero."""
    (found,) = torch.autograd.grad(case.x * 2, [case.other], case.upstream, materialize_grads=True)

    expect.close(found, np.zeros(case.other.shape), dtype=case.other.dtype)


@rule("autograd_grad.materialize_grads_not_allowed", source=AUTOGRAD_GRAD, kind=Kind.ERROR, needs=GRAD)
@given(case=pairs_of_leaves())
def test_grad_materialize_grads_not_allowed(case):
    """torch.autograd.grad refuses materialize_grads=True with allow_unused=False."""
    torch.autograd.grad(case.x * 2, [case.other], case.upstream, materialize_grads=True)

    with expect.refusal():
        torch.autograd.grad(
            case.x * 2, [case.other], case.upstream, materialize_grads=True, allow_unused=False
        )


@rule("autograd_grad.of_a_constant", source=AUTOGRAD_GRAD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=pairs_of_leaves())
def test_grad_of_a_constant(case):
    """torch.autograd.grad raises RuntimeError for an input that does not require grad."""
    torch.autograd.grad(case.x * case.other, [case.other], case.upstream)
    case.other.requires_grad_(False)

    with pytest.raises(RuntimeError):
        torch.autograd.grad(case.x * case.other, [case.other], case.upstream)


@rule("autograd_grad.batched", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=mapped_leaves())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_grad_batched(case):
    """With is_grads_batched=True the result stacks the gradients for each gradient of a batch."""
    gradient = reference.drawn(case.upstream) * reference.derivative(
        case.function.name, reference.drawn(case.x)
    )
    expected = np.stack([gradient, -3 * gradient])
    batch = torch.stack([case.upstream, -3 * case.upstream])

    (found,) = torch.autograd.grad(case.function(case.x), [case.x], batch, is_grads_batched=True)

    expect.close(found, expected, dtype=case.x.dtype)


@rule("create_graph.second_derivative", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=leaves())
def test_second_derivative(case):
    """With create_graph=True the gradient can be differentiated: x**3 has the second derivative 6x."""
    expected = 6 * reference.drawn(case.x) * reference.drawn(case.upstream)
    (first,) = torch.autograd.grad(case.x**3, [case.x], torch.ones_like(case.x), create_graph=True)

    (second,) = torch.autograd.grad(first, [case.x], case.upstream)

    expect.close(second, expected, dtype=case.x.dtype)


@rule("create_graph.requires_grad", source=AUTOGRAD_GRAD, needs=GRAD)
@given(case=leaves())
def test_create_graph_requires_grad(case):
    """With create_graph=True the gradient of a cube requires grad."""
    (first,) = torch.autograd.grad(case.x**3, [case.x], case.upstream, create_graph=True)

    assert first.requires_grad


@rule("create_graph.off", source=AUTOGRAD_GRAD, needs=GRAD)
@given(case=leaves())
def test_create_graph_off(case):
    """Without create_graph the gradient of a cube does not require grad, for a gradient that requires
    none; with it it does.
    """
    (with_graph,) = torch.autograd.grad(case.x**3, [case.x], case.upstream, create_graph=True)

    (without,) = torch.autograd.grad(case.x**3, [case.x], case.upstream)

    assert (with_graph.requires_grad, without.requires_grad) == (True, False)


@rule("create_graph.not_retained", source=AUTOGRAD_GRAD, also=[NOTES], kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_create_graph_not_retained(case):
    """retain_graph=False frees the graph even with create_graph=True: exp is not differentiated again."""
    output = case.x.exp()
    torch.autograd.grad(output, [case.x], case.upstream, create_graph=True)
    torch.autograd.grad(output, [case.x], case.upstream, create_graph=True, retain_graph=False)

    with expect.refusal():
        torch.autograd.grad(output, [case.x], case.upstream)


@rule("create_graph.of_a_linear_function", source=AUTOGRAD_GRAD, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_create_graph_of_a_linear_function(case):
    """Even with create_graph=True the gradient of a multiple does not require grad, that of a cube does."""
    (of_cube,) = torch.autograd.grad(case.x**3, [case.x], case.upstream, create_graph=True)

    (of_multiple,) = torch.autograd.grad(case.x * 2, [case.x], case.upstream, create_graph=True)

    assert (of_cube.requires_grad, of_multiple.requires_grad) == (True, False)


@rule("saved_tensors.hooks", source=SAVED_HOOKS, also=[NOTES], needs=GRADIENT)
@given(case=leaves())
def test_saved_tensors_hooks(case):
    """backward computes with what unpack makes of whatever pack made of the saved tensors."""
    expected = reference.drawn(case.upstream) * np.exp(reference.drawn(case.x))
    shelf = []

    def pack(saved):
        shelf.append(saved.detach().clone())
        return len(shelf) - 1

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda place: shelf[place]):
        output = case.x.exp()
    output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("saved_tensors.packed", source=SAVED_HOOKS, also=[NOTES], needs=GRADIENT)
@given(case=leaves())
def test_saved_tensors_packed(case):
    """pack is called with the input of pow(2), which is saved for backward."""
    expected = reference.drawn(case.x)
    packed = []

    def pack(saved):
        packed.append(saved.detach())
        return saved.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept):
        case.x.pow(2)

    expect.same_elements(packed[0], expected)


@rule("saved_tensors.unpacked", source=SAVED_HOOKS, also=[NOTES], needs=GRAD)
@given(case=leaves())
def test_saved_tensors_unpacked(case):
    """unpack is called in backward through pow(2), not before, and with what pack returned."""
    unpacked = []

    def unpack(kept):
        unpacked.append(kept)
        return kept[1]

    with torch.autograd.graph.saved_tensors_hooks(lambda saved: ("kept", saved.detach()), unpack):
        output = case.x.pow(2)
    before = len(unpacked)
    output.backward(case.upstream)

    assert (before, unpacked[0][0]) == (0, "kept")


@rule("saved_tensors.input_of_pow", source=NOTES, needs=[*GRADIENT, Need.SAVED])
@given(case=leaves())
def test_saved_tensors_input_of_pow(case):
    """pow(2) saves its input, and grad_fn._saved_self has its elements."""
    expected = reference.drawn(case.x)

    output = case.x.pow(2)

    expect.same_elements(output.grad_fn._saved_self, expected)


@rule("saved_tensors.output_of_exp", source=NOTES, also=["autograd"], needs=[*GRADIENT, Need.SAVED])
@given(case=leaves())
def test_saved_tensors_output_of_exp(case):
    """exp saves its output, and grad_fn._saved_result has its elements."""
    output = case.x.exp()

    expect.same_elements(output.grad_fn._saved_result, reference.host(output))


@rule("saved_tensors.storage_of_exp", source=NOTES, needs=[Need.AUTOGRAD, Need.ADDRESSES, Need.SAVED])
@given(case=leaves())
def test_saved_tensors_storage_of_exp(case):
    """What exp saved shares the storage of its output."""
    output = case.x.exp()

    assert output.grad_fn._saved_result.untyped_storage().data_ptr() == output.untyped_storage().data_ptr()


@rule("saved_tensors.freed", source=NOTES, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=[*GRAD, Need.SAVED])
@given(case=leaves(nonempty=True))
def test_saved_tensors_freed(case):
    """After backward without retain_graph reading what exp saved raises RuntimeError."""
    output = case.x.exp()
    output.backward(case.upstream, retain_graph=True)
    output.grad_fn._saved_result.clone()
    output.backward(case.upstream)

    with pytest.raises(RuntimeError):
        output.grad_fn._saved_result.clone()


@rule("saved_tensors.of_a_constant", source=NOTES, basis=Basis.OBSERVED, seed="non-leaf grad", needs=GRAD)
@given(case=leaves())
def test_saved_tensors_of_a_constant(case):
    """pow(2) saves a tensor that requires grad, and nothing of one that does not."""
    saved = []

    with torch.autograd.graph.saved_tensors_hooks(lambda each: saved.append(each.shape), lambda kept: kept):
        case.x.pow(2)
        of_a_leaf = len(saved)
        case.x.requires_grad_(False).pow(2)

    assert (of_a_leaf, len(saved)) == (1, 1)


@rule("saved_tensors.nothing_saved", source=SAVED_HOOKS, basis=Basis.OBSERVED, needs=[*GRAD, Need.SAVED])
@given(case=mapped_leaves("nothing"))
def test_saved_tensors_nothing_saved(case):
    """An addition, a negation and a copy save no tensor for backward; a square does."""
    saved = []

    with torch.autograd.graph.saved_tensors_hooks(lambda each: saved.append(each.shape), lambda kept: kept):
        case.x.pow(2)
        of_a_square = len(saved)
        case.function(case.x)

    assert (of_a_square, len(saved)) == (1, 1)
