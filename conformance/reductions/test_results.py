"""What a result is, and what its operation leaves alone, whatever the elements.

Reductions, functions of two tensors and gather give tensors of their own; squeeze, unsqueeze, view and
view_as give views. One rule is about all of them: the input class says which broke it.

Not covered: the strides of results, which a device may choose.
"""

import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Need
from strategies.cases.results import float_results, integer_results, view_results

NOTES = "notes/autograd"
GRAD = [Need.AUTOGRAD]
VALUES = [Need.VALUES, Need.AUTOGRAD]
OBSERVED = Basis.OBSERVED


@rule("results.inputs_kept", source="tensors", needs=VALUES)
@given(case=float_results())
def test_inputs_kept(case):
    """An operation whose name ends with no underscore leaves the elements of its inputs as they are."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)

    case.call(case.input, case.other)

    expect.same_elements(case.input, input)
    expect.same_elements(case.other, other)


@rule("results.inputs_kept_by_indices", source="tensors", needs=VALUES)
@given(case=integer_results())
def test_inputs_kept_by_indices(case):
    """Finding the places of extremes leaves the elements of the input as they are."""
    input = reference.drawn(case.input)

    case.call(case.input, case.other)

    expect.same_elements(case.input, input)


@rule("results.versions_kept", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=float_results())
def test_versions_kept(case):
    """An operation whose name ends with no underscore does not count as a change of its inputs."""
    versions = case.input._version, case.other._version

    case.call(case.input, case.other)

    assert (case.input._version, case.other._version) == versions


@rule("results.versions_kept_by_indices", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=integer_results())
def test_versions_kept_by_indices(case):
    """Finding the places of extremes does not count as a change of the input."""
    version = case.input._version

    case.call(case.input, case.other)

    assert case.input._version == version


@rule("results.versions_kept_by_views", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=view_results())
def test_versions_kept_by_views(case):
    """To make a view of a tensor does not count as a change of it."""
    input = case.input * 1
    version = input._version

    case.call(input, case.other)

    assert input._version == version


@rule("results.flags_kept", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=float_results())
def test_flags_kept(case):
    """Inputs require grad, or not, and are leaves after the operation as they were before."""
    case.call(case.input, case.other)

    assert (case.input.requires_grad, case.input.is_leaf) == (True, True)
    assert (case.other.requires_grad, case.other.is_leaf) == (False, True)


@rule("results.require_grad", source=NOTES, needs=GRAD)
@given(case=float_results())
def test_require_grad(case):
    """In grad mode, what is computed from a tensor that requires grad requires it, too, and is no leaf."""
    results = case.call(case.input, case.other)

    assert all(result.requires_grad for result in results)
    assert all(result.grad_fn is not None for result in results)
    assert not any(result.is_leaf for result in results)


@rule("results.of_constants", source=NOTES, needs=GRAD)
@given(case=float_results())
def test_of_constants(case):
    """What is computed from tensors that do not require grad does not either, and is a leaf."""
    results = case.call(case.input.detach(), case.other)

    assert not any(result.requires_grad for result in results)
    assert all(result.grad_fn is None for result in results)
    assert all(result.is_leaf for result in results)


@rule("results.indices_need_no_grad", source=NOTES, basis=OBSERVED, needs=GRAD)
@given(case=integer_results())
def test_indices_need_no_grad(case):
    """Places of extremes do not require grad, have no grad_fn, and are leaves."""
    results = case.call(case.input, case.other)

    assert not any(result.requires_grad for result in results)
    assert all(result.grad_fn is None for result in results)
    assert all(result.is_leaf for result in results)


@rule("results.under_no_grad", source="torch.no_grad", needs=GRAD)
@given(case=float_results())
def test_under_no_grad(case):
    """Under no_grad, what is computed from a tensor that requires grad does not require grad."""
    with torch.no_grad():
        results = case.call(case.input, case.other)

    assert not any(result.requires_grad for result in results)


@rule("results.views_require_grad", source=NOTES, needs=GRAD)
@given(case=view_results())
def test_views_require_grad(case):
    """In grad mode, a view of a tensor that requires grad requires grad, has a grad_fn, and is no leaf."""
    results = case.call(case.input * 1, case.other)

    assert all(result.requires_grad for result in results)
    assert all(result.grad_fn is not None for result in results)
    assert not any(result.is_leaf for result in results)


@rule("results.own_storage", source="tensor_view", needs=VALUES)
@given(case=float_results())
def test_own_storage(case):
    """A result that is no view has a storage of its own: changing it leaves the inputs as they are."""
    input, other = reference.drawn(case.input), reference.drawn(case.other)
    results = case.call(case.input.detach(), case.other)

    for result in results:
        result.fill_(77)

    expect.same_elements(case.input, input)
    expect.same_elements(case.other, other)


@rule("results.apart", source="tensor_view", basis=OBSERVED, needs=VALUES)
@given(case=float_results())
def test_apart(case):
    """Two results of one call, and those of two calls, share no storage."""
    first = case.call(case.input.detach(), case.other)
    second = case.call(case.input.detach(), case.other)
    last = reference.host(second[-1])

    for result in (*first, *second[:-1]):
        result.fill_(77)

    expect.same_elements(second[-1], last)


@rule("results.no_base", source="tensor_view", basis=OBSERVED, needs=GRAD)
@given(case=float_results())
def test_no_base(case):
    """A result that is no view has no base."""
    results = case.call(case.input.detach(), case.other)

    assert all(result._base is None for result in results)


@rule("results.device", source="tensor_attributes", basis=OBSERVED, needs=GRAD)
@given(case=float_results())
def test_device(case):
    """A result is on the device of the inputs."""
    results = case.call(case.input, case.other)

    assert all(result.device == case.input.device for result in results)


@rule("results.dtype", source="tensor_attributes", basis=OBSERVED, needs=GRAD)
@given(case=float_results())
def test_dtype(case):
    """Extremes and picked elements have the dtype of the inputs."""
    results = case.call(case.input, case.other)

    assert all(result.dtype == case.input.dtype for result in results)
