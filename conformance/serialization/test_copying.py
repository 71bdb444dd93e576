"""copy.deepcopy, copy.copy and pickle of tensors on the CPU. No page says what they do.

Elsewhere deepcopy and pickle are for each device to do in its way: of a tensor there the rules take a copy.

Rules about modules stand in `nn`.

Not covered: hooks and attributes of tensors, subclasses, conj and neg views, which deepcopy resolves.
"""

import copy
import pickle

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.arguments import drawn_argument
from strategies.cases.bridges import numpy_tensors
from strategies.cases.creations import inputs
from strategies.cases.leaves import leaves

TENSORS = "tensors"
OBSERVED = Basis.OBSERVED
VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("deepcopy.elements", source=TENSORS, basis=OBSERVED, needs=VALUES)
@given(case=inputs())
def test_elements(case):
    """A deepcopy of a tensor has its elements, its shape and its dtype."""
    expected = drawn_argument(case, "input")

    output = copy.deepcopy(case.input.cpu())

    expect.equal_elements(output, expected)


@rule("deepcopy.strides", source=TENSORS, basis=OBSERVED, needs=[Need.VALUES, Need.STRIDES])
@given(case=numpy_tensors())
def test_strides(case):
    """A deepcopy of a tensor has its strides."""
    tensor = case.input.cpu()

    output = copy.deepcopy(tensor)

    assert output.stride() == tensor.stride()


@rule("deepcopy.apart", source=TENSORS, basis=OBSERVED, needs=VALUES)
@given(case=inputs(nonempty=True, writable=True))
def test_apart(case):
    """A deepcopy of a tensor does not share its memory."""
    expected, tensor = drawn_argument(case, "input"), case.input.cpu()

    copy.deepcopy(tensor).fill_(1)

    expect.same_elements(tensor, expected)


@rule("deepcopy.views", source=TENSORS, basis=OBSERVED, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_views(case):
    """A tensor and a view of it that are copied by one deepcopy share memory as before."""
    tensor = case.input.cpu()

    base, view = copy.deepcopy([tensor, tensor.unsqueeze(0)])
    view.fill_(1)

    expect.all_ones(base)


@rule("deepcopy.leaf", source=TENSORS, basis=OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_leaf(case):
    """A deepcopy of a leaf is a leaf, which requires grad if that one does."""
    leaf = case.x.detach().cpu().requires_grad_()

    outputs = [copy.deepcopy(leaf), copy.deepcopy(case.upstream.cpu())]

    assert [(output.is_leaf, output.requires_grad) for output in outputs] == [(True, True), (True, False)]


@rule("deepcopy.of_a_non_leaf", source=TENSORS, basis=OBSERVED, kind=Kind.ERROR, needs=GRADIENT)
@given(case=leaves())
def test_of_a_non_leaf(case):
    """A deepcopy of a tensor with a history raises RuntimeError."""
    middle = case.x.cpu() * 2
    copy.deepcopy(middle.detach())

    with pytest.raises(RuntimeError):
        copy.deepcopy(middle)


@rule("deepcopy.gradient", source=TENSORS, basis=OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_gradient(case):
    """A deepcopy of a leaf has a copy of its .grad."""
    expected = 2 * reference.drawn(case.upstream)
    leaf = case.x.detach().cpu().requires_grad_()
    (leaf * 2).backward(case.upstream.cpu())

    output = copy.deepcopy(leaf)
    leaf.grad.zero_()

    expect.equal_elements(output.grad, expected)


@rule("deepcopy.parameter", source=TENSORS, basis=OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_parameter(case):
    """A deepcopy of a Parameter is a Parameter."""
    output = copy.deepcopy(torch.nn.Parameter(case.x.detach().cpu()))

    assert isinstance(output, torch.nn.Parameter)


@rule("shallow_copy.shares", source=TENSORS, basis=OBSERVED, needs=VALUES)
@given(case=inputs(nonempty=True, writable=True))
def test_copy_shares(case):
    """A copy of a tensor by copy.copy is another tensor that shares its memory."""
    tensor = case.input.cpu()

    output = copy.copy(tensor)
    output.fill_(1)

    assert output is not tensor
    expect.all_ones(tensor)


@rule("pickle.elements", source=TENSORS, basis=OBSERVED, needs=VALUES)
@given(case=inputs())
def test_pickle(case):
    """A tensor that was pickled has its elements, its shape and its dtype."""
    expected = drawn_argument(case, "input")

    output = pickle.loads(pickle.dumps(case.input.cpu()))

    expect.equal_elements(output, expected)


@rule("pickle.requires_grad", source=TENSORS, basis=OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_pickle_requires_grad(case):
    """A tensor that was pickled requires grad if it did."""
    leaf = case.x.detach().cpu().requires_grad_()

    outputs = [pickle.loads(pickle.dumps(tensor)) for tensor in (leaf, case.upstream.cpu())]

    assert [output.requires_grad for output in outputs] == [True, False]
