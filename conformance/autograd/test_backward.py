"""backward and torch.autograd.grad: gradients by the chain rule, accumulation, and graphs that are freed.

Not covered: anomaly detection, multithreaded backward, and the strides that .grad is given.
"""

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
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("backward.chain_rule", source=BACKWARD, kind=Kind.GRADIENT, seed="backward", needs=GRADIENT)
@given(case=graphs())
def test_chain_rule(case):
    """backward gives a leaf the gradient of the output by the chain rule, over all paths to it."""
    hosts = [reference.host(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.host(case.upstream))

    case.graph(*case.leaves)[-1].backward(case.upstream)

    expect.close(
        case.leaves[case.leaf].grad, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule("backward.function", source=BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=mapped_leaves())
def test_function(case):
    """backward through a function of each element multiplies by the function's derivative there."""
    slope = reference.derivative(case.function.name, reference.host(case.x))
    expected = reference.host(case.upstream) * slope

    case.function(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.broadcasting_undone", source="notes/broadcasting", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=leaves(nonempty=True))
def test_broadcasting_undone(case):
    """The gradient of a leaf that was broadcast is summed over the places where it was used."""
    expected = 3 * reference.host(case.upstream)

    (case.x * torch.ones(3, *case.x.shape, device=case.x.device)).backward(
        case.upstream.expand(3, *case.x.shape)
    )

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.one_element", source=BACKWARD, seed="backward", needs=GRADIENT)
@given(case=leaves_of_one_element())
def test_one_element(case):
    """backward of a tensor of one element, of any rank, needs no gradient and starts from 1."""
    expected = np.full(case.x.shape, 2.0)

    (case.x * 2).backward()

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.several_elements", source=BACKWARD, kind=Kind.ERROR, seed="backward", needs=GRAD)
@given(case=pairs_of_leaves())
def test_several_elements(case):
    """backward of a tensor of more than one element without a gradient raises RuntimeError."""
    (case.x * 2).sum().backward()
    several = (
        torch.stack([case.x, case.other]).reshape(-1, 1) * 2 if case.x.numel() else case.x.sum().expand(2)
    )

    with pytest.raises(RuntimeError):
        several.backward()


@rule("backward.no_element", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves_of_other_numel())
def test_no_element(case):
    """backward of a tensor without elements, too, raises RuntimeError if it is given no gradient."""
    (case.x * 2).backward(case.upstream)

    with pytest.raises(RuntimeError):
        (case.x[:0] * 2).backward()


@rule("backward.gradient_shape", source=BACKWARD, kind=Kind.ERROR, seed="backward", needs=GRAD)
@given(case=leaves_with_misfits())
def test_gradient_shape(case):
    """A gradient of another shape than the tensor's raises RuntimeError: nothing broadcasts."""
    (case.x * 2).backward(case.upstream)

    with pytest.raises(RuntimeError):
        (case.x * 2).backward(case.wrong)


@rule("backward.gradient_dtype", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_gradient_dtype(case):
    """A gradient of another floating dtype is converted."""
    expected = 2 * reference.host(case.upstream)

    (case.x * 2).backward(case.upstream.to(torch.float16))

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.gradient_of_python", source=BACKWARD, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_gradient_of_python(case):
    """A gradient that is no tensor raises TypeError."""
    (case.x * 2).backward(case.upstream)

    with pytest.raises(TypeError):
        (case.x * 2).backward(1.0)


@rule("backward.of_a_constant", source=BACKWARD, kind=Kind.ERROR, seed="backward", needs=GRAD)
@given(case=leaves())
def test_of_a_constant(case):
    """backward of a tensor that does not require grad raises RuntimeError."""
    (case.x * 2).sum().backward()

    with pytest.raises(RuntimeError):
        (case.upstream * 2).sum().backward()


@rule("backward.on_a_leaf", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_on_a_leaf(case):
    """backward of a leaf gives the leaf the gradient that backward was given."""
    expected = reference.host(case.upstream)

    case.x.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.accumulates", source=BACKWARD, seed="accumulation", needs=GRADIENT)
@given(case=mapped_leaves())
def test_accumulates(case):
    """A second backward adds to the .grad that the first left."""
    slope = reference.derivative(case.function.name, reference.host(case.x))
    expected = 2 * reference.host(case.upstream) * slope

    for _ in range(2):
        case.function(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.accumulates_in_place", source="autograd", needs=GRAD)
@given(case=leaves())
def test_accumulates_in_place(case):
    """Without create_graph a second backward adds to the .grad tensor in place."""
    (case.x * 2).backward(case.upstream)
    before = case.x.grad

    (case.x * 2).backward(case.upstream)

    assert case.x.grad is before


@rule("backward.starts_anew", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_starts_anew(case):
    """After .grad is set to None, backward fills it in anew."""
    expected = 3 * reference.host(case.upstream)
    (case.x * 2).backward(case.upstream)
    case.x.grad = None

    (case.x * 3).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.fan_out", source=AUTOGRAD_BACKWARD, kind=Kind.GRADIENT, seed="accumulation", needs=GRADIENT)
@given(case=leaves())
def test_fan_out(case):
    """A leaf that is used several times gets the sum of the gradients of its uses."""
    expected = 6 * reference.host(case.upstream)

    (case.x + case.x * 2 + 3 * case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.gradient_kept", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves())
def test_gradient_kept(case):
    """backward leaves the gradient that it was given as it is."""
    expected = reference.host(case.upstream)

    for _ in range(2):
        case.function(case.x).backward(case.upstream)

    expect.close(case.upstream, expected, dtype=case.upstream.dtype)


@rule("backward.twice", source=AUTOGRAD_BACKWARD, kind=Kind.ERROR, seed="retain_graph", needs=GRAD)
@given(case=mapped_leaves("input"))
def test_twice(case):
    """A second backward through an operation that saved its input raises RuntimeError: it was freed."""
    output = case.function(case.x)
    output.backward(case.upstream)

    with pytest.raises(RuntimeError):
        output.backward(case.upstream)


@rule("backward.twice_through_an_output", source=AUTOGRAD_BACKWARD, kind=Kind.ERROR, needs=GRAD)
@given(case=mapped_leaves("output"))
def test_twice_through_an_output(case):
    """A second backward through an operation that saved its output raises RuntimeError: it was freed."""
    output = case.function(case.x)
    output.backward(case.upstream)

    with pytest.raises(RuntimeError):
        output.backward(case.upstream)


@rule("backward.twice_through_nothing_saved", source=AUTOGRAD_BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves("nothing"))
def test_twice_through_nothing_saved(case):
    """A second backward through operations that saved nothing adds the same gradient again."""
    slope = reference.derivative(case.function.name, reference.host(case.x))
    expected = 2 * reference.host(case.upstream) * slope
    output = case.function(case.x)

    for _ in range(2):
        output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.retain_graph", source=BACKWARD, seed="retain_graph", needs=GRADIENT)
@given(case=graphs())
def test_retain_graph(case):
    """After backward with retain_graph=True a second one adds the same gradient again."""
    hosts = [reference.host(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.host(case.upstream))
    output = case.graph(*case.leaves)[-1]
    output.backward(case.upstream, retain_graph=True)

    output.backward(case.upstream)

    expect.close(
        case.leaves[case.leaf].grad, 2 * gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule("backward.retain_graph_default", source=BACKWARD, needs=GRADIENT)
@given(case=mapped_leaves("input"))
@pytest.mark.filterwarnings("ignore:Using backward:UserWarning")
def test_retain_graph_default(case):
    """retain_graph is what create_graph is if it is not given: with it, the graph is kept."""
    slope = reference.derivative(case.function.name, reference.host(case.x))
    expected = 2 * reference.host(case.upstream) * slope
    output = case.function(case.x)
    torch.autograd.grad(output, case.x, case.upstream, create_graph=True)

    (found,) = torch.autograd.grad(output, case.x, 2 * case.upstream)

    expect.close(found, expected, dtype=case.x.dtype)


@rule("backward.shared_part", source="notes/autograd", kind=Kind.ERROR, needs=GRAD)
@given(case=mapped_leaves("input"))
def test_shared_part(case):
    """Two outputs share what they are both computed from: after backward of one, that of the other raises."""
    shared = case.function(case.x)
    one, other = shared + 1, shared + 2
    one.backward(case.upstream)

    with pytest.raises(RuntimeError):
        other.backward(case.upstream)


@rule("backward.recorded_anew", source="notes/autograd", needs=GRADIENT)
@given(case=mapped_leaves())
def test_recorded_anew(case):
    """Each forward records a new graph: after backward the same computation can be differentiated again."""
    slope = reference.derivative(case.function.name, reference.host(case.x))
    expected = reference.host(case.upstream) * slope
    case.function(case.x).backward(case.upstream)
    case.x.grad = None

    case.function(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.create_graph_warns", source=AUTOGRAD_BACKWARD, kind=Kind.WARNING, needs=GRAD)
@given(case=mapped_leaves("input"))
def test_create_graph_warns(case):
    """backward with create_graph=True warns of the reference cycle that it makes, with a UserWarning."""
    with pytest.warns(UserWarning):
        case.function(case.x).backward(case.upstream, create_graph=True)

    case.x.grad = None


@rule("backward.inputs", source=BACKWARD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_inputs(case):
    """With inputs given, backward fills in the .grad of those."""
    expected = 2 * reference.host(case.upstream)

    (2 * case.x + case.other).backward(case.upstream, inputs=[case.x])

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.not_in_inputs", source=BACKWARD, needs=GRAD)
@given(case=pairs_of_leaves())
def test_not_in_inputs(case):
    """With inputs given, backward leaves the .grad of every other leaf None."""
    (2 * case.x + case.other).backward(case.upstream, inputs=[case.x])

    assert case.other.grad is None


@rule("backward.non_leaf_in_inputs", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves())
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")
def test_non_leaf_in_inputs(case):
    """With a non-leaf among inputs, backward fills in its .grad."""
    expected = 2 * reference.host(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()

    (middle * 2).backward(case.upstream, inputs=[middle])

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("backward.no_inputs", source=BACKWARD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_no_inputs(case):
    """An empty list of inputs raises RuntimeError."""
    (case.x * 2).backward(case.upstream, inputs=[case.x])

    with pytest.raises(RuntimeError):
        (case.x * 2).backward(case.upstream, inputs=[])


@rule("backward.several_tensors", source=AUTOGRAD_BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_several_tensors(case):
    """torch.autograd.backward of several tensors adds up the gradients of all of them."""
    expected = 5 * reference.host(case.upstream)

    torch.autograd.backward([case.x * 2, case.x * 3], [case.upstream, case.upstream])

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("backward.several_outputs", source=AUTOGRAD_BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_several_outputs(case):
    """backward of two results of one graph gives a leaf the sum of their gradients, over all paths."""
    hosts = [reference.host(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.host(case.upstream), also=case.middle)
    results = case.graph(*case.leaves)
    outputs = [results[-1], results[case.middle]]

    torch.autograd.backward(outputs, [case.upstream, torch.ones_like(outputs[1])])

    expect.close(
        case.leaves[case.leaf].grad, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule("backward.other_number_of_gradients", source=AUTOGRAD_BACKWARD, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_other_number_of_gradients(case):
    """Another number of gradients than of tensors raises RuntimeError."""
    torch.autograd.backward([case.x * 2, case.x * 3], [case.upstream, case.upstream])

    with pytest.raises(RuntimeError):
        torch.autograd.backward([case.x * 2, case.x * 3], [case.upstream])


@rule("autograd_grad.gradient", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_grad_gradient(case):
    """torch.autograd.grad returns the gradient of the output with respect to a leaf."""
    hosts = [reference.host(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.host(case.upstream))
    output = case.graph(*case.leaves)[-1]

    (found,) = torch.autograd.grad(output, [case.leaves[case.leaf]], case.upstream)

    expect.close(found, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100)


@rule("autograd_grad.of_an_intermediate", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_grad_of_an_intermediate(case):
    """torch.autograd.grad returns the gradient of the output with respect to an intermediate tensor."""
    hosts = [reference.host(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.host(case.upstream))
    results = case.graph(*case.leaves)

    (found,) = torch.autograd.grad(results[-1], [results[case.middle]], case.upstream)

    expect.close(found, gradients[len(hosts) + case.middle], dtype=case.leaves[0].dtype, scale=100)


@rule("autograd_grad.leaves_grad_alone", source=AUTOGRAD_GRAD, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_grad_leaves_grad_alone(case):
    """torch.autograd.grad does not fill in .grad."""
    torch.autograd.grad(case.function(case.x), [case.x], case.upstream)

    assert case.x.grad is None


@rule("autograd_grad.order", source=AUTOGRAD_GRAD, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_grad_order(case):
    """torch.autograd.grad returns the gradients in the order of the inputs."""
    expected = 3 * reference.host(case.upstream)

    _, found = torch.autograd.grad(3 * case.x + case.other, [case.other, case.x], case.upstream)

    expect.close(found, expected, dtype=case.other.dtype)


@rule("autograd_grad.unused", source=AUTOGRAD_GRAD, kind=Kind.ERROR, needs=GRAD)
@given(case=pairs_of_leaves())
def test_grad_unused(case):
    """An input that the output does not depend on raises RuntimeError."""
    torch.autograd.grad(case.x * 2, [case.x], case.upstream)

    with pytest.raises(RuntimeError):
        torch.autograd.grad(case.x * 2, [case.other], case.upstream)


@rule("autograd_grad.allow_unused", source=AUTOGRAD_GRAD, needs=GRAD)
@given(case=pairs_of_leaves())
def test_grad_allow_unused(case):
    """With allow_unused=True the gradient of an input that the output does not depend on is None."""
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
    """materialize_grads=True with allow_unused=False raises ValueError."""
    torch.autograd.grad(case.x * 2, [case.other], case.upstream, materialize_grads=True)

    with pytest.raises(ValueError):
        torch.autograd.grad(
            case.x * 2, [case.other], case.upstream, materialize_grads=True, allow_unused=False
        )


@rule("autograd_grad.of_a_constant", source=AUTOGRAD_GRAD, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_grad_of_a_constant(case):
    """An input that does not require grad raises RuntimeError."""
    constant = case.upstream.clone()
    torch.autograd.grad(case.x * constant, [case.x], case.upstream)

    with pytest.raises(RuntimeError):
        torch.autograd.grad(case.x * constant, [constant], case.upstream)


@rule("autograd_grad.batched", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=mapped_leaves())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_grad_batched(case):
    """With is_grads_batched=True the result stacks the gradients for each gradient of a batch."""
    slope = reference.derivative(case.function.name, reference.host(case.x))
    expected = np.stack([reference.host(case.upstream) * slope] * 2)
    batch = torch.stack([case.upstream, case.upstream])

    (found,) = torch.autograd.grad(case.function(case.x), [case.x], batch, is_grads_batched=True)

    expect.close(found, expected, dtype=case.x.dtype)


@rule("create_graph.second_derivative", source=AUTOGRAD_GRAD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=leaves())
def test_second_derivative(case):
    """With create_graph=True the gradient can be differentiated: x**3 has the second derivative 6x."""
    expected = 6 * reference.host(case.x) * reference.host(case.upstream)
    (first,) = torch.autograd.grad(case.x**3, [case.x], torch.ones_like(case.x), create_graph=True)

    (second,) = torch.autograd.grad(first, [case.x], case.upstream)

    expect.close(second, expected, dtype=case.x.dtype)


@rule("create_graph.requires_grad", source=AUTOGRAD_GRAD, needs=GRAD)
@given(case=leaves())
def test_create_graph_requires_grad(case):
    """With create_graph=True the gradient of a function that is not linear requires grad."""
    (first,) = torch.autograd.grad(case.x**3, [case.x], case.upstream, create_graph=True)

    assert first.requires_grad


@rule("create_graph.off", source=AUTOGRAD_GRAD, needs=GRAD)
@given(case=leaves())
def test_create_graph_off(case):
    """Without create_graph the gradient does not require grad."""
    (first,) = torch.autograd.grad(case.x**3, [case.x], case.upstream)

    assert not first.requires_grad


@rule("saved_tensors.hooks", source="torch.autograd.graph.saved_tensors_hooks", needs=GRADIENT)
@given(case=mapped_leaves("input"))
def test_saved_tensors_hooks(case):
    """What saved_tensors_hooks' unpack returns is what backward computes with."""
    slope = reference.derivative(case.function.name, 2 * reference.host(case.x))
    expected = reference.host(case.upstream) * slope

    with torch.autograd.graph.saved_tensors_hooks(lambda saved: saved, lambda saved: saved * 2):
        output = case.function(case.x)
    output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule(
    "saved_tensors.nothing_saved",
    source="torch.autograd.graph.saved_tensors_hooks",
    basis=Basis.OBSERVED,
    needs=GRAD,
)
@given(case=mapped_leaves("nothing"))
def test_saved_tensors_nothing_saved(case):
    """An addition, a negation and a copy save no tensor for backward."""
    saved: list[torch.Tensor] = []

    with torch.autograd.graph.saved_tensors_hooks(saved.append, lambda kept: kept):
        case.function(case.x)

    assert not saved
