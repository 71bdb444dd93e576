"""What backward gives the tensors that an operation is derived by, and what requires grad at all."""

import functools

import torch

from conformance.law import law
from reports.model import Basis, Kind, Need
from strategies.variations import as_leaves, with_call, with_upstream


def _has_gradient(operation):
    return bool(operation.derivable)


@functools.cache
def _leaves(operation):
    values = "drawn" if operation.ties else "distinct" if operation.smooth else "whole"
    cases = operation.derived or operation.cases
    # Of no outputs nothing would be passed back.
    nonempty = operation.several or not operation.derives_empty
    drawn = cases(nonempty=True) if nonempty else cases()
    return as_leaves(drawn, operation.derivable, values=values)


@functools.cache
def _upstreams(operation):
    leaves = _leaves(operation)
    return with_upstream(leaves, operation.kinds, several=operation.several, dims=operation.has_dims)


def _is_derived(operation):
    return _has_gradient(operation) and (operation.gradient is not None or bool(operation.moves))


@law(
    "gradient",
    of=lambda operation: _is_derived(operation) and not operation.several,
    cases=_upstreams,
    source="torch.Tensor.backward",
    kind=Kind.GRADIENT,
    needs=[Need.VALUES, Need.AUTOGRAD],
)
def gradient(operation, case):
    """{derives}"""
    operation(case).backward(case.upstream)

    for leaf, gradient in zip(operation.leaves(case), operation.gradients(case), strict=True):
        operation.expects_gradient(leaf.grad, gradient)


@law(
    "gradient",
    of=lambda operation: _is_derived(operation) and operation.several,
    cases=_upstreams,
    source="torch.Tensor.backward",
    kind=Kind.GRADIENT,
    needs=[Need.VALUES, Need.AUTOGRAD],
)
def gradient_of_several(operation, case):
    """{derives}"""
    outputs = operation.outputs(case)
    torch.autograd.backward(outputs[: len(case.upstream)], case.upstream)

    for leaf, gradient in zip(operation.leaves(case), operation.gradients(case), strict=True):
        operation.expects_gradient(leaf.grad, gradient)


@law(
    "requires_grad",
    of=_has_gradient,
    cases=_leaves,
    source="notes/autograd",
    kind=Kind.GRADIENT,
    needs=[Need.AUTOGRAD],
    manner=True,
)
def requires_grad(operation, case):
    """The floating outputs of {operation} require grad if an input does."""
    for output in operation.outputs(case):
        assert output.requires_grad == output.dtype.is_floating_point


@law("requires_no_grad", of=_has_gradient, source="notes/autograd", needs=[Need.AUTOGRAD], manner=True)
def requires_no_grad(operation, case):
    """No output of {operation} requires grad if no input does."""
    for output in operation.outputs(case):
        assert not output.requires_grad


@law(
    "no_graph_without_grad_mode",
    of=lambda operation: _has_gradient(operation) and not operation.view and operation.owns,
    cases=_leaves,
    source="torch.no_grad",
    kind=Kind.GRADIENT,
    needs=[Need.AUTOGRAD],
    manner=True,
)
def no_graph_without_grad_mode(operation, case):
    """Under no_grad, no output of {operation} requires grad, although an input does."""
    with torch.no_grad():
        outputs = operation.outputs(case)

    assert not any(output.requires_grad for output in outputs)


@law(
    "gradient_shape",
    of=lambda operation: _has_gradient(operation) and operation.has_dims and not operation.several,
    cases=_upstreams,
    source="torch.Tensor.grad",
    basis=Basis.OBSERVED,
    kind=Kind.GRADIENT,
    needs=[Need.AUTOGRAD],
    manner=True,
)
def gradient_shape(operation, case):
    """The gradients that {operation} passes back have the shapes and the dtypes of what it was given."""
    operation(case).backward(case.upstream)

    for leaf in operation.leaves(case):
        assert (leaf.grad.shape, leaf.grad.dtype) == (leaf.shape, leaf.dtype)


def _is_linear(operation):
    return _is_derived(operation) and not (operation.smooth or operation.fills or operation.several)


@law(
    "gradient_of_gradient",
    of=_is_linear,
    cases=_upstreams,
    source="torch.autograd.grad",
    kind=Kind.GRADIENT,
    needs=[Need.VALUES, Need.AUTOGRAD],
)
def gradient_of_gradient(operation, case):
    """With create_graph, the gradients that {operation} passes back are recorded: their own gradient with
    regard to the upstream gradient is the output of {operation}, which is linear.
    """
    leaves, upstream = operation.leaves(case), case.upstream.detach().requires_grad_()
    passed = torch.autograd.grad(operation(case), leaves, upstream, create_graph=True)

    (output,) = torch.autograd.grad(passed, [upstream], [leaf.detach() for leaf in leaves])

    for result in operation.results(case):
        operation.expects(output, result)


@law(
    "every_call_gradient",
    of=lambda operation: operation.ways != () and _is_derived(operation),
    cases=lambda operation: with_call(
        _upstreams(operation), operation.names, operation.ways, operation.defaults
    ),
    source="torch.Tensor.backward",
    kind=Kind.GRADIENT,
    needs=[Need.VALUES, Need.AUTOGRAD],
)
def every_call_gradient(operation, case):
    """In every way to call {operation}: {derives}"""
    operation(case, form="any").backward(case.upstream)

    for leaf, gradient in zip(operation.leaves(case), operation.gradients(case), strict=True):
        operation.expects_gradient(leaf.grad, gradient)
