"""detach, detach_ and .data: the same elements without their history.

Where the seed note is loose: a change through `detach()` raises in backward, not at once, and only if the
changed tensor was saved for backward; and `detach_()` cuts off only what is recorded after it.

Not covered: detach of sparse tensors, forward-mode AD, and assigning another dtype or layout to .data.
"""

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.graphs import graphs
from strategies.cases.leaves import leaves, leaves_with_misfits, mapped_leaves, plain_tensors

DETACH = "torch.Tensor.detach"
DETACH_ = "torch.Tensor.detach_"
IS_LEAF = "torch.Tensor.is_leaf"
GUIDE = "blog/pytorch-0_4_0-migration-guide"  # what there is on .data
NOTES = "notes/autograd"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("detach.elements", source=DETACH, seed="detach", needs=GRADIENT)
@given(case=leaves())
def test_elements(case):
    """detach gives a tensor of the same shape, dtype and elements."""
    expected = reference.drawn(case.x)

    output = case.x.detach()

    expect.same_elements(output, expected)


@rule("detach.strides", source=DETACH, basis=Basis.OBSERVED, needs=[Need.AUTOGRAD, Need.STRIDES])
@given(case=leaves())
def test_strides(case):
    """detach keeps the strides."""
    output = case.x.detach()

    assert output.stride() == case.x.stride()


@rule("detach.new_tensor", source=DETACH, needs=GRAD)
@given(case=plain_tensors())
def test_new_tensor(case):
    """detach returns a new tensor, even of one that does not require grad."""
    output = case.x.detach()

    assert output is not case.x


@rule("detach.requires_grad", source=DETACH, seed="detach", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_requires_grad(case):
    """The result of detach does not require grad."""
    output = case.function(case.x).detach()

    assert not output.requires_grad


@rule("detach.is_leaf", source=IS_LEAF, also=[DETACH], needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_is_leaf(case):
    """The result of detach is a leaf."""
    output = case.function(case.x).detach()

    assert output.is_leaf


@rule("detach.grad_fn", source=DETACH, also=[IS_LEAF, NOTES], needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_grad_fn(case):
    """The result of detach has no grad_fn."""
    output = case.function(case.x).detach()

    assert output.grad_fn is None


@rule("detach.write_to_output", source=DETACH, seed="detach", needs=GRADIENT)
@given(case=leaves(nonempty=True, expand=0))
def test_write_to_output(case):
    """Changing the elements of the result of detach changes the tensor's: they share storage."""
    case.x.detach().fill_(1)

    expect.all_ones(case.x)


@rule("detach.write_to_input", source=DETACH, seed="detach", needs=GRADIENT)
@given(case=leaves(nonempty=True, expand=0))
def test_write_to_input(case):
    """Changing the elements of the tensor changes those of the result of detach: they share storage."""
    output = case.x.detach()

    with torch.no_grad():
        case.x.fill_(1)

    expect.all_ones(output)


@rule("detach.version", source=DETACH, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves(expand=0))
def test_version(case):
    """A change through the result of detach counts as a change of the tensor."""
    version = case.x._version

    case.x.detach().add_(1)

    assert case.x._version == version + 1


@rule("detach.graph_kept", source=DETACH, kind=Kind.GRADIENT, seed="detach", needs=GRADIENT)
@given(case=graphs())
def test_graph_kept(case):
    """Detaching an intermediate tensor, the result left aside, changes no gradient."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))
    results = case.graph(*case.leaves)
    results[case.middle].detach()

    results[-1].backward(case.upstream)

    expect.close(
        case.leaves[case.leaf].grad, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule("detach.cuts", source=DETACH, kind=Kind.GRADIENT, seed="detach", needs=GRADIENT)
@given(case=mapped_leaves())
def test_cuts(case):
    """No gradient flows through the result of detach: of y + y.detach() the first term alone counts."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = reference.drawn(case.upstream) * slope
    middle = case.function(case.x)

    (middle + middle.detach()).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule(
    "detach.changed_saved_output",
    source=GUIDE,
    also=[NOTES],
    kind=Kind.ERROR,
    seed="detach",
    needs=[*GRAD, Need.SAVED],
)
@given(case=leaves(nonempty=True))
def test_changed_saved_output(case):
    """If the output of exp, which is saved for backward, is changed through detach, backward without
    saved-tensor hooks is refused.
    """
    case.x.exp().backward(case.upstream)
    output = case.x.exp()
    output.detach().zero_()

    with expect.refusal():
        output.backward(case.upstream)


@rule(
    "detach.changed_saved_input",
    source=GUIDE,
    also=[NOTES],
    kind=Kind.ERROR,
    seed="detach",
    needs=[*GRAD, Need.SAVED],
)
@given(case=leaves(nonempty=True, expand=0))
def test_changed_saved_input(case):
    """If the input of pow(2), which is saved for backward, is changed through detach, backward without
    saved-tensor hooks is refused.
    """
    case.x.pow(2).backward(case.upstream)
    output = case.x.pow(2)
    case.x.detach().zero_()

    with expect.refusal():
        output.backward(case.upstream)


@rule(
    "detach.changed_needed_output",
    source=GUIDE,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[*GRAD, Need.SAVED],
)
@given(case=mapped_leaves("output"))
def test_changed_needed_output(case):
    """If the output of exp, tanh or sigmoid is changed through detach, its backward raises RuntimeError."""
    case.function(case.x).backward(case.upstream)
    output = case.function(case.x)
    output.detach().zero_()

    with pytest.raises(RuntimeError):
        output.backward(case.upstream)


@rule(
    "detach.changed_needed_input",
    source=GUIDE,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[*GRAD, Need.SAVED],
)
@given(case=mapped_leaves("input"))
def test_changed_needed_input(case):
    """If the input of x * x, sin or cos is changed through detach, its backward raises RuntimeError."""
    case.function(case.x.clone()).backward(case.upstream)
    middle = case.x.clone()
    output = case.function(middle)
    middle.detach().zero_()

    with pytest.raises(RuntimeError):
        output.backward(case.upstream)


@rule("detach.changed_unsaved", source=GUIDE, basis=Basis.OBSERVED, seed="detach", needs=GRADIENT)
@given(case=mapped_leaves("nothing"))
def test_changed_unsaved(case):
    """Changing, through detach, what x + 1, -x or clone took or gave leaves the gradient right."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = reference.drawn(case.upstream) * slope
    middle = case.x.clone()
    output = case.function(middle)
    middle.detach().zero_()
    output.detach().zero_()

    output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("detach.changed_after_backward", source=GUIDE, basis=Basis.OBSERVED, seed="detach", needs=GRADIENT)
@given(case=mapped_leaves())
def test_changed_after_backward(case):
    """Changing, through detach, what a function took and gave leaves the gradient of an earlier backward."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = reference.drawn(case.upstream) * slope
    middle = case.x.clone()
    output = case.function(middle)
    output.backward(case.upstream)

    middle.detach().zero_()
    output.detach().zero_()

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("detach.metadata", source=DETACH, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_metadata(case):
    """A dim inserted in place into the result of detach is not inserted into the tensor."""
    shape = case.x.shape
    output = case.x.detach()

    output.unsqueeze_(0)

    assert (output.shape, case.x.shape) == ((1, *shape), shape)


@rule("detach.clone", source="torch.clone", needs=GRADIENT)
@given(case=leaves(nonempty=True))
def test_clone(case):
    """A clone of the result of detach shares nothing with the tensor: changing it leaves that as it is."""
    expected = reference.drawn(case.x)

    case.x.detach().clone().fill_(1)

    expect.same_elements(case.x, expected)


@rule("clone.gradient", source="torch.clone", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=leaves())
def test_clone_gradient(case):
    """The gradient flows through clone unchanged."""
    expected = reference.drawn(case.upstream)

    case.x.clone().backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("detach_.returns_self", source="tensors", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_in_place_returns_self(case):
    """detach_ returns the tensor that it was called on."""
    middle = case.function(case.x)

    output = middle.detach_()

    assert output is middle


@rule("detach_.requires_grad", source=DETACH_, basis=Basis.OBSERVED, also=[IS_LEAF], needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_in_place_requires_grad(case):
    """After detach_ a tensor that an operation gave does not require grad any more."""
    middle = case.function(case.x)
    before = middle.requires_grad

    middle.detach_()

    assert (before, middle.requires_grad) == (True, False)


@rule("detach_.is_leaf", source=DETACH_, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_in_place_is_leaf(case):
    """detach_ makes a leaf of a tensor that was none."""
    middle = case.function(case.x)
    before = middle.is_leaf

    middle.detach_()

    assert (before, middle.is_leaf) == (False, True)


@rule("detach_.elements", source=DETACH_, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves(nonempty=False))
def test_in_place_elements(case):
    """detach_ leaves the elements as they are."""
    middle = case.function(case.x)
    expected = reference.host(middle)

    middle.detach_()

    expect.same_elements(middle, expected)


@rule("detach_.version", source=NOTES, basis=Basis.OBSERVED, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_in_place_version(case):
    """detach_ does not count as a change of the tensor's elements."""
    middle = case.function(case.x)
    version = middle._version

    middle.detach_()

    assert middle._version == version


@rule("detach_.of_a_leaf", source=DETACH_, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_in_place_of_a_leaf(case):
    """detach_ of a leaf lets it not require grad any more."""
    leaf = case.upstream.clone().requires_grad_()

    leaf.detach_()

    assert not leaf.requires_grad


@rule(
    "detach_.recorded_before",
    source=DETACH_,
    basis=Basis.OBSERVED,
    kind=Kind.GRADIENT,
    seed="detach_",
    needs=GRADIENT,
)
@given(case=mapped_leaves())
def test_in_place_recorded_before(case):
    """What was computed from a tensor before its detach_ still has gradients through it."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = 2 * reference.drawn(case.upstream) * slope
    middle = case.function(case.x)
    output = middle * 2
    middle.detach_()

    output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule(
    "detach_.recorded_after",
    source=DETACH_,
    basis=Basis.OBSERVED,
    also=[IS_LEAF, NOTES],
    seed="detach_",
    needs=GRAD,
)
@given(case=mapped_leaves())
def test_in_place_recorded_after(case):
    """What is computed from a tensor requires grad before its detach_, and not after."""
    middle = case.function(case.x)

    before = middle * 2
    middle.detach_()
    after = middle * 2

    assert (before.requires_grad, after.requires_grad) == (True, False)


@rule(
    "detach_.stops_there",
    source=DETACH_,
    also=[IS_LEAF],
    kind=Kind.GRADIENT,
    seed="detach_",
    needs=GRADIENT,
)
@given(case=mapped_leaves())
def test_in_place_stops_there(case):
    """A tensor that is let require grad again after detach_ gets a gradient, as a leaf does."""
    expected = 2 * reference.drawn(case.upstream)
    middle = case.function(case.x)
    middle.detach_().requires_grad_()

    (middle * 2).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("detach_.no_gradient_behind", source=DETACH_, seed="detach_", needs=GRAD)
@given(case=mapped_leaves())
def test_in_place_no_gradient_behind(case):
    """What a tensor was computed from gets no gradient through it after its detach_."""
    middle = case.function(case.x)
    middle.detach_().requires_grad_()

    (middle * 2).backward(case.upstream)

    assert middle.grad is not None  # so far it came
    assert case.x.grad is None


@rule("detach_.of_a_view", source=DETACH_, also=["tensor_view"], kind=Kind.ERROR, needs=GRAD)
@given(case=mapped_leaves())
def test_in_place_of_a_view(case):
    """detach_ of a view by basic indexing, made outside inference mode, is refused."""
    case.function(case.x).clone().detach_()

    with expect.refusal():
        case.function(case.x).clone()[...].detach_()


@rule("detach_.of_a_view_of_a_constant", source=DETACH_, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=plain_tensors())
def test_in_place_of_a_view_of_a_constant(case):
    """detach_ of a view raises RuntimeError even if it does not require grad."""
    case.x.clone().detach_()

    with pytest.raises(RuntimeError):
        case.x.clone()[...].detach_()


@rule("detach_.of_a_detached", source=DETACH_, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_in_place_of_a_detached(case):
    """The result of detach is no view to detach_, which takes it and lets it not require grad any more."""
    output = case.x.detach().requires_grad_()

    output.detach_()

    assert not output.requires_grad


@rule("detach_.view_made_before", source=DETACH_, basis=Basis.OBSERVED, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=mapped_leaves())
def test_in_place_view_made_before(case):
    """A view that was made of a tensor before its detach_ still has gradients through it."""
    slope = reference.derivative(case.function.name, reference.drawn(case.x))
    expected = reference.drawn(case.upstream) * slope
    middle = case.function(case.x)
    view = middle[...]
    middle.detach_()

    view.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("data.elements", source=GUIDE, seed=".data", needs=GRADIENT)
@given(case=leaves())
def test_data_elements(case):
    """.data gives a tensor of the same shape, dtype and elements."""
    expected = reference.drawn(case.x)

    output = case.x.data

    expect.same_elements(output, expected)


@rule("data.requires_grad", source=GUIDE, seed=".data", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_data_requires_grad(case):
    """.data does not require grad."""
    output = case.function(case.x).data

    assert not output.requires_grad


@rule("data.new_tensor", source=GUIDE, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_data_new_tensor(case):
    """.data is a new tensor at each reading."""
    output = case.x.data

    assert output is not case.x.data


@rule("data.write_to_data", source=GUIDE, seed=".data", needs=GRADIENT)
@given(case=leaves(nonempty=True, expand=0))
def test_data_write_to_data(case):
    """Changing the elements of .data changes the tensor's: they share storage."""
    case.x.data.fill_(1)

    expect.all_ones(case.x)


@rule("data.write_to_tensor", source=GUIDE, seed=".data", needs=GRADIENT)
@given(case=leaves(nonempty=True, expand=0))
def test_data_write_to_tensor(case):
    """Changing the elements of the tensor changes those of the .data that was read before: they share
    storage.
    """
    output = case.x.data

    with torch.no_grad():
        case.x.fill_(1)

    expect.all_ones(output)


@rule("data.version", source=GUIDE, basis=Basis.OBSERVED, seed=".data", needs=GRAD)
@given(case=leaves(expand=0))
def test_data_version(case):
    """A change through .data counts as a change of what .data gave, and not of the tensor."""
    version = case.x._version
    output = case.x.data

    output.add_(1)

    assert (output._version, case.x._version) == (1, version)


@rule("data.version_of_its_own", source=GUIDE, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves(expand=0))
def test_data_version_of_its_own(case):
    """.data counts its changes from 0, whatever was done to the tensor before."""
    with torch.no_grad():
        case.x.add_(1)

    output = case.x.data

    assert output._version == 0


@rule(
    "data.changed_saved_input",
    source=GUIDE,
    also=[NOTES],
    kind=Kind.GRADIENT,
    seed=".data",
    needs=[*GRADIENT, Need.SAVED],
)
@given(case=leaves(nonempty=True, expand=0))
def test_data_changed_saved_input(case):
    """If the input of pow(2) is changed through .data, backward without saved-tensor hooks silently
    computes with the new elements.
    """
    expected = 2 * (reference.drawn(case.x) + 1) * reference.drawn(case.upstream)
    output = case.x.pow(2)
    case.x.data.add_(1)

    output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule(
    "data.changed_saved_output",
    source=GUIDE,
    also=[NOTES],
    kind=Kind.GRADIENT,
    seed=".data",
    needs=[*GRADIENT, Need.SAVED],
)
@given(case=leaves(nonempty=True))
def test_data_changed_saved_output(case):
    """If the output of exp is changed through .data, backward without saved-tensor hooks silently
    computes with the new elements.

    The derivative of exp is its output, which is set to 3 here.
    """
    expected = 3 * reference.drawn(case.upstream)
    output = case.x.exp()
    output.data.fill_(3)

    output.backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("data.assigned", source=GUIDE, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_data_assigned(case):
    """A tensor whose .data is assigned has the elements assigned."""
    expected = reference.drawn(case.upstream)

    case.x.data = case.upstream

    expect.same_elements(case.x, expected)


@rule("data.assigned_shape", source=GUIDE, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves_with_misfits())
def test_data_assigned_shape(case):
    """A tensor whose .data is assigned takes the shape of what is assigned."""
    case.x.data = case.wrong

    assert case.x.shape == case.wrong.shape


@rule("data.assigned_storage", source=GUIDE, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves(nonempty=True))
def test_data_assigned_storage(case):
    """A tensor shares storage with what was assigned to its .data: a change of that changes the tensor."""
    assigned = case.upstream.clone()
    case.x.data = assigned

    assigned.fill_(1)

    expect.all_ones(case.x)


@rule("data.assigned_integers", source=GUIDE, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_data_assigned_integers(case):
    """Assigning integers to the .data of a tensor that requires grad raises RuntimeError."""
    case.x.data = torch.zeros_like(case.upstream)

    with pytest.raises(RuntimeError):
        case.x.data = torch.zeros_like(case.upstream, dtype=torch.int64)


@rule("data.assigned_requires_grad", source=GUIDE, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_data_assigned_requires_grad(case):
    """A leaf whose .data is assigned requires grad as before."""
    case.x.data = case.upstream

    assert case.x.requires_grad


@rule("data.called", source=GUIDE, basis=Basis.OBSERVED, kind=Kind.ERROR, seed=".data", needs=GRAD)
@given(case=leaves())
def test_data_called(case):
    """.data is an attribute and no method: reading it gives a tensor, and calling that raises TypeError."""
    output = case.x.data

    with pytest.raises(TypeError):
        output()
