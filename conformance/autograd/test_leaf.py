"""Leaf tensors, .grad and retain_grad.

The seed note calls a leaf a tensor "made by the user". The criterion is narrower and wider at once: a leaf is
a tensor without grad_fn, which includes the result of any operation on tensors that do not require grad.

The documentation contradicts itself about retain_grad of a leaf that does not require grad: by its own page
it is a no-op, by the tutorial on leaves an error.

Not covered: grad_dtype, and gradients of sparse leaves.
"""

import warnings
import weakref

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.graphs import graphs
from strategies.cases.leaves import (
    dense_leaves,
    leaves,
    leaves_of_every_dtype,
    leaves_with_grads,
    leaves_with_misfits,
    loose_leaves,
    mapped_leaves,
    pairs_of_leaves,
    plain_tensors,
)

LEAF = "torch.Tensor.is_leaf"
GRAD_PAGE = "torch.Tensor.grad"
RETAIN = "torch.Tensor.retain_grad"
BACKWARD = "torch.Tensor.backward"
AUTOGRAD = "autograd"
NOTES = "notes/autograd"
TUTORIAL = "tutorials/beginner/understanding_leaf_vs_nonleaf_tutorial"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]
LAYOUT = [Need.AUTOGRAD, Need.STRIDES]


@rule("leaf.of_the_user", source=LEAF, seed="leaf", needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_of_the_user(case):
    """A tensor that a factory makes, asked for one that requires grad, is a leaf."""
    made = torch.zeros(case.x.shape, dtype=case.x.dtype, device=case.x.device, requires_grad=True)

    assert made.is_leaf


@rule("leaf.of_constants", source=LEAF, seed="leaf", needs=GRAD)
@given(case=plain_tensors())
def test_of_constants(case):
    """Every tensor that does not require grad is a leaf, even the result of an operation."""
    output = case.x + case.x

    assert output.is_leaf


@rule("leaf.of_an_operation", source=LEAF, seed="leaf", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_of_an_operation(case):
    """In grad mode a new tensor that a differentiable operation makes of one that requires grad is no
    leaf.
    """
    output = case.function(case.x)

    assert not output.is_leaf


@rule("leaf.grad_fn", source=LEAF, also=[NOTES], needs=GRAD)
@given(case=leaves())
def test_grad_fn(case):
    """A leaf has no grad_fn, whether it requires grad or not."""
    some_leaves = case.x, case.upstream, case.upstream * 2, (case.upstream * 2).requires_grad_()

    assert [leaf.grad_fn for leaf in some_leaves] == [None] * 4


@rule("leaf.grad_fn_of_an_operation", source=AUTOGRAD, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_grad_fn_of_an_operation(case):
    """The result of a differentiable operation that autograd records has a grad_fn."""
    output = case.function(case.x)

    assert output.grad_fn is not None


@rule("leaf.of_a_comparison", source=LEAF, also=["torch.Tensor.to", "torch.gt"], needs=GRAD)
@given(case=leaves())
def test_of_a_comparison(case):
    """What a comparison makes anew of a tensor that requires grad is a leaf: a bool tensor never
    requires grad.
    """
    output = case.x > 0

    assert output.is_leaf


@rule("leaf.grad_fn_of_a_comparison", source=AUTOGRAD, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_grad_fn_of_a_comparison(case):
    """A comparison of a tensor that requires grad has no grad_fn."""
    output = case.x > 0

    assert output.grad_fn is None


@rule("leaf.made_after_an_operation", source=LEAF, seed="leaf", needs=GRAD)
@given(case=leaves())
def test_made_after_an_operation(case):
    """The result of an operation on constants that then is let require grad is a leaf."""
    made = case.upstream * 2

    made.requires_grad = True

    assert made.is_leaf


@rule("leaf.moved", source=LEAF, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_moved(case):
    """In grad mode, a conversion of a leaf that requires grad to another floating dtype is no leaf: it
    is an operation.
    """
    output = case.x.to(torch.float16)

    assert not output.is_leaf


@rule("leaf.converted_to_its_own_dtype", source="torch.Tensor.to", needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_converted_to_its_own_dtype(case):
    """A conversion of a leaf to the dtype that it has returns the leaf itself."""
    output = case.x.to(case.x.dtype)

    assert output is case.x


@rule("leaf.is_leaf_assigned", source=LEAF, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_is_leaf_assigned(case):
    """Assigning is_leaf raises AttributeError."""
    case.x.requires_grad = True

    with pytest.raises(AttributeError):
        case.x.is_leaf = True


@rule("leaf.grad_fn_assigned", source=LEAF, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_grad_fn_assigned(case):
    """Assigning grad_fn raises AttributeError."""
    case.x.grad = None

    with pytest.raises(AttributeError):
        case.x.grad_fn = None


@rule("leaf.changed_in_place", source=NOTES, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(expand=0))
def test_changed_in_place(case):
    """In grad mode an in-place operation on a leaf that requires grad raises RuntimeError."""
    case.x.detach().add_(1)

    with pytest.raises(RuntimeError):
        case.x.add_(1)


@rule("leaf.view_changed_in_place", source=NOTES, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(expand=0))
def test_view_changed_in_place(case):
    """In grad mode an in-place operation on a view of a leaf that requires grad raises RuntimeError."""
    case.x.detach()[...].add_(1)

    with pytest.raises(RuntimeError):
        case.x[...].add_(1)


@rule("leaf.changed_under_no_grad", source=NOTES, needs=GRADIENT)
@given(case=leaves(expand=0))
def test_changed_under_no_grad(case):
    """Under no_grad a leaf that requires grad, and whose elements share no memory, can be changed in
    place.
    """
    expected = reference.drawn(case.x) + 1

    with torch.no_grad():
        case.x.add_(1)

    expect.close(case.x, expected, dtype=case.x.dtype)


@rule("leaf.still_one_after_no_grad", source=NOTES, also=[LEAF], needs=GRAD)
@given(case=leaves(expand=0))
def test_still_one_after_no_grad(case):
    """A leaf that was changed in place under no_grad is still a leaf."""
    with torch.no_grad():
        case.x.add_(1)

    assert case.x.is_leaf


@rule("leaf.version_under_no_grad", source=NOTES, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves(expand=0))
def test_version_under_no_grad(case):
    """A change in place under no_grad adds 1 to the leaf's version counter."""
    version = case.x._version

    with torch.no_grad():
        case.x.add_(1)

    assert case.x._version == version + 1


@rule("grad.before_backward", source=GRAD_PAGE, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_before_backward(case):
    """The .grad of a leaf is None until backward fills it in, or it is assigned."""
    case.function(case.x)

    assert case.x.grad is None


@rule("grad.shape", source=GRAD_PAGE, basis=Basis.OBSERVED, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_shape(case):
    """The .grad of a leaf has the leaf's shape."""
    case.function(case.x).backward(case.upstream)

    assert case.x.grad.shape == case.x.shape


@rule("grad.dtype", source="torch.Tensor.grad_dtype", needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_dtype(case):
    """The .grad of a leaf has the leaf's dtype, unless grad_dtype was set."""
    (case.x * 2).backward(case.upstream)

    assert case.x.grad.dtype == case.x.dtype


@rule("grad.device", source=GRAD_PAGE, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_device(case):
    """The .grad of a leaf is on the leaf's device."""
    (case.x * 2).backward(case.upstream)

    assert case.x.grad.device == case.x.device


@rule("grad.needs_no_grad", source=BACKWARD, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_needs_no_grad(case):
    """A first .grad that backward fills in does not require grad, unless create_graph was asked for."""
    case.function(case.x).backward(case.upstream)

    assert not case.x.grad.requires_grad


@rule("grad.of_an_unused_leaf", source=GRAD_PAGE, needs=GRAD)
@given(case=pairs_of_leaves())
def test_of_an_unused_leaf(case):
    """A leaf that the output does not depend on keeps .grad None."""
    (case.x * 2).backward(case.upstream)

    assert case.other.grad is None


@rule("grad.of_a_constant", source=NOTES, seed="requires_grad", needs=GRAD)
@given(case=leaves())
def test_of_a_constant(case):
    """A constant that takes part keeps .grad None: nothing is computed for it."""
    constant = case.upstream.clone()

    (case.x * constant).backward(case.upstream)

    assert constant.grad is None


@rule("grad.of_a_non_leaf", source=LEAF, seed="non-leaf grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_of_a_non_leaf(case):
    """After backward without inputs the .grad of a non-leaf is None, unless retain_grad was called on
    it before.
    """
    middle = case.function(case.x)
    (middle * 2).backward(case.upstream)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = middle.grad

    assert found is None


@rule("grad.of_a_non_leaf_freed", source=LEAF, basis=Basis.OBSERVED, seed="non-leaf grad", needs=GRAD)
@given(case=mapped_leaves("output"))
def test_of_a_non_leaf_freed(case):
    """After backward nothing keeps the gradient of a non-leaf that a hook has seen."""
    middle = case.function(case.x)
    seen = []
    middle.register_hook(lambda gradient: seen.append(weakref.ref(gradient)))

    (middle * 2).backward(case.upstream)

    assert [gradient() for gradient in seen] == [None]


@rule("grad.warning_of_a_non_leaf", source=TUTORIAL, kind=Kind.WARNING, seed="non-leaf grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_warning_of_a_non_leaf(case):
    """Reading the .grad of a non-leaf that no backward has filled in, and that does not retain its
    gradient, warns.
    """
    middle = case.function(case.x)
    (middle * 2).backward(case.upstream)

    with pytest.warns(Warning):
        middle.grad  # noqa: B018


@rule(
    "grad.warning_text",
    source=TUTORIAL,
    basis=Basis.OBSERVED,
    kind=Kind.WARNING,
    seed="non-leaf grad",
    needs=GRAD,
)
@given(case=mapped_leaves(nonempty=False))
def test_warning_text(case):
    """The warning of a non-leaf's .grad, a UserWarning, says what is wrong and to use retain_grad."""
    parts = (
        "a Tensor that is not a leaf Tensor is being accessed",
        "use .retain_grad() on the non-leaf Tensor",
    )
    middle = case.function(case.x)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        middle.grad  # noqa: B018

    texts = [str(found.message) for found in caught if found.category is UserWarning]
    assert [all(part in text for part in parts) for text in texts] == [True]


@rule("grad.warning_each_time", source=TUTORIAL, basis=Basis.OBSERVED, kind=Kind.WARNING, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_warning_each_time(case):
    """The .grad of a non-leaf warns at each reading, if torch.set_warn_always is on."""
    middle = case.function(case.x)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        middle.grad  # noqa: B018
        middle.grad  # noqa: B018

    assert len(caught) == 2


@rule("grad.no_warning_of_a_leaf", source=TUTORIAL, basis=Basis.OBSERVED, kind=Kind.WARNING, needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_no_warning_of_a_leaf(case):
    """Reading the .grad of a leaf does not warn, before backward or after."""
    output = case.function(case.x)

    with warnings.catch_warnings(record=True) as before:
        warnings.simplefilter("always")
        case.x.grad  # noqa: B018
    output.backward(case.upstream)
    with warnings.catch_warnings(record=True) as after:
        warnings.simplefilter("always")
        case.x.grad  # noqa: B018

    assert [*before, *after] == []


@rule(
    "grad.no_warning_of_a_constant",
    source=TUTORIAL,
    basis=Basis.OBSERVED,
    kind=Kind.WARNING,
    needs=GRAD,
)
@given(case=mapped_leaves(nonempty=False))
def test_no_warning_of_a_constant(case):
    """Reading the .grad of a tensor that does not require grad does not warn, though it was computed."""
    computed = case.function(case.upstream)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        computed.grad  # noqa: B018

    assert caught == []


@rule("grad.strides_of_a_dense_leaf", source=AUTOGRAD, needs=LAYOUT)
@given(case=dense_leaves())
def test_strides_of_a_dense_leaf(case):
    """A first, dense .grad has the strides of its leaf, if that is dense and no two of its elements
    overlap.
    """
    long = [dim for dim, size in enumerate(case.x.shape) if size > 1]  # the stride of any other leads nowhere

    case.function(case.x).backward(case.upstream)

    assert [case.x.grad.stride(dim) for dim in long] == [case.x.stride(dim) for dim in long]


@rule("grad.strides_of_a_loose_leaf", source=AUTOGRAD, needs=LAYOUT)
@given(case=loose_leaves())
def test_strides_of_a_loose_leaf(case):
    """A first, dense .grad is contiguous, if its leaf has gaps between its elements or elements that
    overlap.
    """
    case.function(case.x).backward(case.upstream)

    assert case.x.grad.is_contiguous()


@rule("grad.strides_kept", source=AUTOGRAD, needs=LAYOUT)
@given(case=leaves_with_grads())
def test_strides_kept(case):
    """A dense .grad that is there already keeps its strides when backward adds a dense gradient to it,
    without create_graph.
    """
    expected = case.grad.stride()
    case.x.grad = case.grad

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # another layout than that of the leaf may be slow
        (case.x * 2).backward(case.upstream)

    assert case.x.grad.stride() == expected


@rule("grad.added_to_an_assigned_one", source=AUTOGRAD, also=[GRAD_PAGE], needs=GRADIENT)
@given(case=leaves_with_grads())
def test_added_to_an_assigned_one(case):
    """backward adds to a .grad that was assigned, whatever its layout."""
    expected = reference.drawn(case.grad) + 2 * reference.drawn(case.upstream)
    case.x.grad = case.grad

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # another layout than that of the leaf may be slow
        (case.x * 2).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("grad.replaced_with_create_graph", source=AUTOGRAD, needs=GRAD)
@given(case=mapped_leaves("input"))
def test_replaced_with_create_graph(case):
    """With create_graph backward replaces a .grad by a new tensor."""
    case.function(case.x).backward(case.upstream)
    before = case.x.grad

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a leaf and its gradient then refer to each other
        case.function(case.x).backward(case.upstream, create_graph=True)
    after, case.x.grad = case.x.grad, None

    assert after is not before


@rule("grad.sum_with_create_graph", source=AUTOGRAD, needs=GRADIENT)
@given(case=leaves())
def test_sum_with_create_graph(case):
    """With create_graph the new .grad is the sum of the old one and the gradient of this pass."""
    expected = 5 * reference.drawn(case.upstream)
    (case.x * 2).backward(case.upstream)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a leaf and its gradient then refer to each other
        (case.x * 3).backward(case.upstream, create_graph=True)
    found, case.x.grad = case.x.grad, None

    expect.close(found, expected, dtype=case.x.dtype)


@rule("grad.old_one_with_create_graph", source=AUTOGRAD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_old_one_with_create_graph(case):
    """With create_graph backward leaves the tensor that was the .grad before as it was."""
    expected = 2 * reference.drawn(case.upstream)
    (case.x * 2).backward(case.upstream)
    before = case.x.grad

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a leaf and its gradient then refer to each other
        (case.x * 3).backward(case.upstream, create_graph=True)
    case.x.grad = None

    expect.close(before, expected, dtype=case.x.dtype)


@rule("grad.zeroed_in_place", source=BACKWARD, also=[AUTOGRAD], needs=GRADIENT)
@given(case=leaves(nonempty=True))
def test_zeroed_in_place(case):
    """After .grad is zeroed in place, the next backward without create_graph puts its own gradient
    alone into the same tensor.
    """
    expected = 3 * reference.drawn(case.upstream)
    (case.x * 2).backward(case.upstream)
    zeroed = case.x.grad.zero_()

    (case.x * 3).backward(case.upstream)

    expect.close(zeroed, expected, dtype=case.x.dtype)


@rule("grad.assigned", source=GRAD_PAGE, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_assigned(case):
    """A tensor of the leaf's shape and dtype that is assigned to .grad is .grad."""
    case.x.grad = case.upstream

    assert case.x.grad is case.upstream


@rule("grad.assigned_shape", source=GRAD_PAGE, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves_with_misfits())
def test_assigned_shape(case):
    """Assigning a .grad of another shape than the leaf's raises RuntimeError."""
    case.x.grad = case.upstream

    with pytest.raises(RuntimeError):
        case.x.grad = case.wrong


@rule("grad.assigned_dtype", source=GRAD_PAGE, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_assigned_dtype(case):
    """Assigning a .grad of another dtype than the leaf's raises RuntimeError."""
    case.x.grad = case.upstream

    with pytest.raises(RuntimeError):
        case.x.grad = case.upstream.to(torch.float16)


@rule("grad.assigned_itself", source=GRAD_PAGE, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_assigned_itself(case):
    """Assigning a leaf as its own .grad raises RuntimeError."""
    case.x.grad = case.x.detach()

    with pytest.raises(RuntimeError):
        case.x.grad = case.x


@rule("grad.assigned_python", source=GRAD_PAGE, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_assigned_python(case):
    """Assigning to .grad what is neither a tensor nor None raises TypeError."""
    case.x.grad = case.upstream
    case.x.grad = None

    with pytest.raises(TypeError):
        case.x.grad = 1.0


@rule("grad.apart_from_another_one", source=GRAD_PAGE, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_apart_from_another_one(case):
    """Writing to the .grad of one leaf of a sum does not change that of the other."""
    expected = reference.drawn(case.upstream)
    (case.x + case.other).backward(case.upstream)

    case.x.grad.add_(1)

    expect.close(case.other.grad, expected, dtype=case.other.dtype)


@rule("grad.apart_from_the_gradient", source=BACKWARD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_apart_from_the_gradient(case):
    """Writing to a .grad does not change the gradient that backward was given."""
    expected = reference.drawn(case.upstream)
    (case.x + case.other).backward(case.upstream)

    case.x.grad.add_(1)

    expect.close(case.upstream, expected, dtype=case.upstream.dtype)


@rule("retain_grad.gradient", source=RETAIN, kind=Kind.GRADIENT, seed="non-leaf grad", needs=GRADIENT)
@given(case=graphs())
def test_gradient(case):
    """After retain_grad the .grad of an intermediate tensor is the output's gradient with respect to it."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))
    results = case.graph(*case.leaves)
    middle = results[case.middle]
    middle.retain_grad()

    results[-1].backward(case.upstream)

    expect.close(middle.grad, gradients[len(hosts) + case.middle], dtype=middle.dtype, scale=100)


@rule("retain_grad.leaves", source=BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=graphs())
def test_leaves(case):
    """backward gives the leaves the gradients of the chain rule also where a non-leaf retains its own."""
    hosts = [reference.drawn(leaf) for leaf in case.leaves]
    gradients = reference.graph_gradients(case.graph, hosts, reference.drawn(case.upstream))
    results = case.graph(*case.leaves)
    results[case.middle].retain_grad()

    results[-1].backward(case.upstream)

    expect.close(
        case.leaves[case.leaf].grad, gradients[case.leaf], dtype=case.leaves[case.leaf].dtype, scale=100
    )


@rule(
    "retain_grad.no_warning",
    source=TUTORIAL,
    basis=Basis.OBSERVED,
    kind=Kind.WARNING,
    seed="non-leaf grad",
    needs=GRAD,
)
@given(case=mapped_leaves(nonempty=False))
def test_no_warning(case):
    """Reading the .grad of a non-leaf after retain_grad does not warn."""
    middle = case.function(case.x)
    middle.retain_grad()
    (middle * 2).backward(case.upstream)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        middle.grad  # noqa: B018

    assert caught == []


@rule("retain_grad.on_a_leaf", source=RETAIN, also=[TUTORIAL], needs=GRADIENT)
@given(case=leaves())
def test_on_a_leaf(case):
    """retain_grad on a leaf that requires grad changes nothing: its .grad is filled in as ever."""
    expected = 2 * reference.drawn(case.upstream)
    case.x.retain_grad()

    (case.x * 2).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("retain_grad.retains_grad", source="torch.Tensor.retains_grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_retains_grad(case):
    """retains_grad is True of a non-leaf after retain_grad."""
    middle = case.function(case.x)

    middle.retain_grad()

    assert middle.retains_grad


@rule("retain_grad.retains_grad_of_a_leaf", source="torch.Tensor.retains_grad", needs=GRAD)
@given(case=leaves())
def test_retains_grad_of_a_leaf(case):
    """retains_grad stays False of a leaf after retain_grad."""
    case.x.retain_grad()

    assert not case.x.retains_grad


@rule("retain_grad.twice", source=TUTORIAL, needs=GRADIENT)
@given(case=mapped_leaves())
def test_twice(case):
    """retain_grad called twice retains the gradient once."""
    expected = 2 * reference.drawn(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()
    middle.retain_grad()

    (middle * 2).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("retain_grad.on_a_constant", source=TUTORIAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_on_a_constant(case):
    """retain_grad on a leaf that does not require grad raises RuntimeError."""
    case.x.retain_grad()

    with pytest.raises(RuntimeError):
        case.upstream.retain_grad()


@rule("retain_grad.after_backward", source=RETAIN, also=[TUTORIAL], needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_after_backward(case):
    """retain_grad called after backward does not bring back that pass's gradient."""
    middle = case.function(case.x)
    (middle * 2).backward(case.upstream)

    middle.retain_grad()

    assert middle.grad is None


@rule("retain_grad.accumulates", source=RETAIN, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=mapped_leaves("nothing"))
def test_accumulates(case):
    """Two backward passes add up in the .grad of a non-leaf that retains its gradient."""
    expected = 5 * reference.drawn(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()

    (middle * 2).backward(case.upstream, retain_graph=True)
    (middle * 3).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("retain_grad.after_a_hook", source=NOTES, needs=GRADIENT)
@given(case=mapped_leaves())
def test_after_a_hook(case):
    """The gradient that is retained is the one after all hooks, also of one registered later."""
    expected = 6 * reference.drawn(case.upstream)
    middle = case.function(case.x)
    middle.retain_grad()
    middle.register_hook(lambda gradient: gradient * 3)

    (middle * 2).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)


@rule("retain_grad.before_an_in_place_operation", source=NOTES, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves())
def test_before_an_in_place_operation(case):
    """retain_grad before an in-place operation gives the gradient with respect to the changed value."""
    expected = 2 * reference.drawn(case.upstream)
    middle = case.x.clone()
    middle.retain_grad()
    middle.mul_(4)

    (middle * 2).backward(case.upstream)

    expect.close(middle.grad, expected, dtype=middle.dtype)
