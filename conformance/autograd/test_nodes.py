"""The nodes of the graph that autograd records: what they are joined to, hooks on them, gradient edges.

Not covered: what the nodes of torch's operations are called and save; hooks that are registered while
their node runs.
"""

import torch
from hypothesis import given
from torch.autograd import graph

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.leaves import leaves, mapped_leaves, pairs_of_leaves

NODE = "torch.autograd.graph.Node"
HOOK = f"{NODE}.register_hook"
PREHOOK = f"{NODE}.register_prehook"
EDGE = "torch.autograd.graph.get_gradient_edge"
MULTI = "torch.autograd.graph.register_multi_grad_hook"
NOTES = "notes/autograd"
AUTOGRAD_GRAD = "torch.autograd.grad"
BACKWARD = "torch.autograd.backward"
OBSERVED = Basis.OBSERVED
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


# What a node is.


@rule("node.is_a_node", source=f"{NODE}.name", also=["autograd"], needs=GRAD)
@given(case=mapped_leaves())
def test_is_a_node(case):
    """The grad_fn of what was computed of a tensor that requires grad is a torch.autograd.graph.Node."""
    output = case.function(case.x)

    assert isinstance(output.grad_fn, graph.Node)


@rule("node.read_twice", source="autograd", basis=OBSERVED, needs=GRAD)
@given(case=mapped_leaves())
def test_read_twice(case):
    """grad_fn is the same object each time that it is read."""
    output = case.function(case.x)

    assert output.grad_fn is output.grad_fn


@rule("node.name", source=f"{NODE}.name", basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_name(case):
    """The node of a clone is called CloneBackward0."""
    output = case.x.clone()

    assert output.grad_fn.name() == "CloneBackward0"


@rule("node.metadata", source=f"{NODE}.metadata", basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_metadata(case):
    """What is put into the metadata of a node is found there, and in no other node."""
    one, other = case.x * 2, case.x * 2

    one.grad_fn.metadata["key"] = 7

    assert (one.grad_fn.metadata, other.grad_fn.metadata) == ({"key": 7}, {})


@rule("node.next_functions", source="autograd", basis=OBSERVED, needs=GRAD)
@given(case=pairs_of_leaves())
def test_next_functions(case):
    """next_functions has the grad_fn of each operand, in their order."""
    one, other = case.x * 2, case.other * 3

    nodes = [node for node, _ in (one + other).grad_fn.next_functions]

    assert nodes == [one.grad_fn, other.grad_fn]


@rule("node.next_functions_of_a_constant", source="autograd", basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_next_functions_of_a_constant(case):
    """For an operand that does not require grad, next_functions has None."""
    output = case.upstream + case.x

    assert output.grad_fn.next_functions[0] == (None, 0)


@rule("node.next_functions_number", source="autograd", basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_next_functions_number(case):
    """next_functions has beside each node the number of the output that the operand was."""
    one, other = case.x.expand(2, *case.x.shape).unbind()

    numbers = [number for _, number in (other + one).grad_fn.next_functions]

    assert numbers == [1, 0]


@rule("node.of_a_leaf", source="autograd", basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_of_a_leaf(case):
    """The node of a leaf, which adds up its .grad, has the leaf as its variable."""
    ((node, _),) = case.x.clone().grad_fn.next_functions

    assert node.variable is case.x


# Hooks, which see a node before and after it has run.


@rule("node.hook_grad_inputs", source=HOOK, needs=GRADIENT)
@given(case=leaves())
def test_hook_grad_inputs(case):
    """A hook on a node is first given the gradients of the operands."""
    expected, seen = 2 * reference.drawn(case.upstream), []
    output = case.x * 2
    output.grad_fn.register_hook(lambda inputs, outputs: seen.append(inputs[0].clone()))

    output.backward(case.upstream)

    expect.equal_elements(seen[0], expected)


@rule("node.hook_grad_outputs", source=HOOK, needs=GRADIENT)
@given(case=leaves())
def test_hook_grad_outputs(case):
    """A hook on a node is given the gradients of the outputs second."""
    expected, seen = reference.drawn(case.upstream), []
    output = case.x * 2
    output.grad_fn.register_hook(lambda inputs, outputs: seen.append(outputs[0].clone()))

    output.backward(case.upstream)

    expect.equal_elements(seen[0], expected)


@rule("node.hook_replaces", source=HOOK, needs=GRADIENT)
@given(case=leaves())
def test_hook_replaces(case):
    """What a hook on a node returns takes the place of the gradients of the operands."""
    expected = 6 * reference.drawn(case.upstream)
    output = case.x * 2
    output.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 3, *inputs[1:]))

    output.backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("node.hook_none", source=HOOK, needs=GRADIENT)
@given(case=leaves())
def test_hook_none(case):
    """A hook on a node that returns None leaves the gradients as they are."""
    expected = 2 * reference.drawn(case.upstream)
    output = case.x * 2
    output.grad_fn.register_hook(lambda inputs, outputs: None)

    output.backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("node.hook_each_backward", source=HOOK, needs=GRAD)
@given(case=leaves())
def test_hook_each_backward(case):
    """A hook on a node is called in each backward pass through it."""
    seen = []
    output = case.x * 2
    output.grad_fn.register_hook(lambda inputs, outputs: seen.append(1))

    output.backward(case.upstream, retain_graph=True)
    output.backward(case.upstream)

    assert len(seen) == 2


@rule("node.hook_removed", source=HOOK, needs=GRAD)
@given(case=leaves())
def test_hook_removed(case):
    """After its handle's remove() a hook on a node is not called any more."""
    seen = []
    output = case.x * 2
    handle = output.grad_fn.register_hook(lambda inputs, outputs: seen.append(1))
    output.backward(case.upstream, retain_graph=True)

    handle.remove()
    output.backward(case.upstream)

    assert len(seen) == 1


@rule("node.prehook", source=PREHOOK, needs=GRADIENT)
@given(case=leaves())
def test_prehook(case):
    """A pre-hook on a node is given the gradients of the outputs."""
    expected, seen = reference.drawn(case.upstream), []
    output = case.x * 2
    output.grad_fn.register_prehook(lambda outputs: seen.append(outputs[0].clone()))

    output.backward(case.upstream)

    expect.equal_elements(seen[0], expected)


@rule("node.prehook_replaces", source=PREHOOK, needs=GRADIENT)
@given(case=leaves())
def test_prehook_replaces(case):
    """What a pre-hook on a node returns takes the place of the gradients of the outputs."""
    expected = 6 * reference.drawn(case.upstream)
    output = case.x * 2
    output.grad_fn.register_prehook(lambda outputs: (outputs[0] * 3,))

    output.backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("node.prehook_none", source=PREHOOK, needs=GRADIENT)
@given(case=leaves())
def test_prehook_none(case):
    """A pre-hook on a node that returns None leaves the gradients as they are."""
    expected = 2 * reference.drawn(case.upstream)
    output = case.x * 2
    output.grad_fn.register_prehook(lambda outputs: None)

    output.backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("node.prehook_removed", source=PREHOOK, needs=GRAD)
@given(case=leaves())
def test_prehook_removed(case):
    """After its handle's remove() a pre-hook on a node is not called any more."""
    seen = []
    output = case.x * 2
    handle = output.grad_fn.register_prehook(lambda outputs: seen.append(1))
    output.backward(case.upstream, retain_graph=True)

    handle.remove()
    output.backward(case.upstream)

    assert len(seen) == 1


@rule("node.prehook_is_seen", source=PREHOOK, also=[HOOK, NOTES], needs=GRADIENT)
@given(case=leaves())
def test_prehook_is_seen(case):
    """A hook on a node is given what a pre-hook put in the place of the gradients of the outputs."""
    expected, seen = 3 * reference.drawn(case.upstream), []
    output = case.x * 2
    output.grad_fn.register_hook(lambda inputs, outputs: seen.append(outputs[0].clone()))
    output.grad_fn.register_prehook(lambda outputs: (outputs[0] * 3,))

    output.backward(case.upstream)

    expect.equal_elements(seen[0], expected)


@rule("node.hooks_in_order", source=NOTES, also=[HOOK, PREHOOK], needs=GRAD)
@given(case=leaves())
def test_hooks_in_order(case):
    """Of a tensor and its grad_fn, the hooks on the tensor are called first, the pre-hooks on the node then,
    and the hooks on the node last.
    """
    seen = []
    output = case.x * 2
    output.grad_fn.register_hook(lambda inputs, outputs: seen.append("after"))
    output.grad_fn.register_prehook(lambda outputs: seen.append("before"))
    output.register_hook(lambda gradient: seen.append("tensor"))

    output.backward(case.upstream)

    assert seen == ["tensor", "before", "after"]


# Gradient edges.


@rule("gradient_edge.of_an_input", source=EDGE, needs=GRADIENT)
@given(case=leaves())
def test_edge_of_an_input(case):
    """autograd.grad with respect to a tensor's gradient edge gives the gradient of the tensor."""
    expected = 3 * reference.drawn(case.upstream)
    middle = case.x * 2
    output = middle * 3

    (gradient,) = torch.autograd.grad(output, [graph.get_gradient_edge(middle)], case.upstream)

    expect.equal_elements(gradient, expected)


@rule("gradient_edge.of_a_leaf", source=EDGE, needs=GRADIENT)
@given(case=leaves())
def test_edge_of_a_leaf(case):
    """autograd.grad with respect to a leaf's gradient edge gives the gradient of the leaf."""
    expected = 2 * reference.drawn(case.upstream)

    (gradient,) = torch.autograd.grad(case.x * 2, [graph.get_gradient_edge(case.x)], case.upstream)

    expect.equal_elements(gradient, expected)


@rule("gradient_edge.of_an_output", source=AUTOGRAD_GRAD, needs=GRADIENT)
@given(case=leaves())
def test_edge_of_an_output(case):
    """autograd.grad of a gradient edge gives what it gives of the tensor."""
    expected = 2 * reference.drawn(case.upstream)
    output = case.x * 2

    (gradient,) = torch.autograd.grad([graph.get_gradient_edge(output)], [case.x], [case.upstream])

    expect.equal_elements(gradient, expected)


@rule("gradient_edge.backward", source=BACKWARD, needs=GRADIENT)
@given(case=leaves())
def test_edge_backward(case):
    """autograd.backward from a gradient edge does what it does from the tensor."""
    expected = 2 * reference.drawn(case.upstream)
    output = case.x * 2

    torch.autograd.backward([graph.get_gradient_edge(output)], [case.upstream])

    expect.equal_elements(case.x.grad, expected)


@rule("gradient_edge.backward_inputs", source=BACKWARD, needs=GRAD)
@given(case=pairs_of_leaves())
def test_edge_backward_inputs(case):
    """Among the inputs of autograd.backward, gradient edges stand for their leaves: no other has a .grad."""
    edges = [graph.get_gradient_edge(case.x)]

    torch.autograd.backward([case.x + case.other], [case.upstream], inputs=edges)

    assert (case.x.grad is None, case.other.grad is None) == (False, True)


@rule("gradient_edge.node", source=EDGE, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_edge_node(case):
    """A gradient edge has the grad_fn of its tensor and the number that the tensor has among its outputs."""
    _, output = case.x.expand(2, *case.x.shape).unbind()

    edge = graph.get_gradient_edge(output)

    assert edge.node is output.grad_fn
    assert edge.output_nr == 1


@rule("gradient_edge.of_a_constant", source=EDGE, basis=OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_edge_of_a_constant(case):
    """A tensor that does not require grad has no gradient edge: asking for it is refused."""
    graph.get_gradient_edge(case.x)

    with expect.refusal():
        graph.get_gradient_edge(case.upstream)


# Hooks on several tensors.


@rule("multi_grad_hook.gradients", source=MULTI, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_multi_gradients(case):
    """A hook on several tensors is given the gradient of each, in their order."""
    expected, seen = 3 * reference.drawn(case.upstream), []
    graph.register_multi_grad_hook((case.x, case.other), seen.extend)

    (case.x * 2 + case.other * 3).backward(case.upstream)

    expect.equal_elements(seen[1], expected)


@rule("multi_grad_hook.once", source=MULTI, needs=GRAD)
@given(case=pairs_of_leaves())
def test_multi_once(case):
    """A hook on several tensors is called once in a backward pass, with a gradient for each tensor."""
    seen = []
    graph.register_multi_grad_hook((case.x, case.other), lambda gradients: seen.append(len(gradients)))

    (case.x * 2 + case.other * 3).backward(case.upstream)

    assert seen == [2]


@rule("multi_grad_hook.each_backward", source=MULTI, basis=OBSERVED, needs=GRAD)
@given(case=pairs_of_leaves())
def test_multi_each_backward(case):
    """A hook on several tensors is called in each backward pass."""
    seen = []
    graph.register_multi_grad_hook((case.x, case.other), lambda gradients: seen.append(1))

    (case.x + case.other).backward(case.upstream)
    (case.x + case.other).backward(case.upstream)

    assert len(seen) == 2


@rule("multi_grad_hook.none", source=MULTI, needs=GRAD)
@given(case=pairs_of_leaves())
def test_multi_none(case):
    """A hook on several tensors is given None for one that is no part of the graph, and is called."""
    seen = []
    graph.register_multi_grad_hook((case.x, case.other), seen.extend)

    (case.other * 2).backward(case.upstream)

    assert [gradient is None for gradient in seen] == [True, False]


@rule("multi_grad_hook.of_inputs", source=MULTI, needs=GRAD)
@given(case=pairs_of_leaves())
def test_multi_of_inputs(case):
    """A hook on several tensors is given None for one that no input of the backward pass needs."""
    seen = []
    graph.register_multi_grad_hook((case.x, case.other), seen.extend)

    (case.x + case.other).backward(case.upstream, inputs=[case.other])

    assert [gradient is None for gradient in seen] == [True, False]


@rule("multi_grad_hook.any", source=MULTI, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_multi_any(case):
    """In mode "any" a hook on several tensors is called with the first gradient that there is."""
    expected, seen = 3 * reference.drawn(case.upstream), []
    middle = case.x * 2 + case.other
    graph.register_multi_grad_hook((case.other, middle, case.x), seen.append, mode="any")

    (middle * 3).backward(case.upstream)

    expect.equal_elements(seen[0], expected)


@rule("multi_grad_hook.any_once", source=MULTI, basis=OBSERVED, needs=GRAD)
@given(case=pairs_of_leaves())
def test_multi_any_once(case):
    """In mode "any" a hook on several tensors is called once in a backward pass."""
    seen = []
    graph.register_multi_grad_hook((case.x, case.other), lambda gradient: seen.append(1), mode="any")

    (case.x + case.other).backward(case.upstream)

    assert len(seen) == 1


@rule("multi_grad_hook.removed", source=MULTI, needs=GRAD)
@given(case=pairs_of_leaves())
def test_multi_removed(case):
    """After its handle's remove() a hook on several tensors is not called any more."""
    seen = []
    handle = graph.register_multi_grad_hook((case.x, case.other), lambda gradients: seen.append(1))
    (case.x + case.other).backward(case.upstream)

    handle.remove()
    (case.x + case.other).backward(case.upstream)

    assert len(seen) == 1
