"""requires_grad: which tensors need a gradient, and what the grad modes change.

The seed note explains a constant's missing gradient as a derivative of 0. In fact nothing is computed for it:
its `.grad` is None because it does not require grad, whatever the derivative.

Not covered: forward-mode AD, and saved-tensor memory, which is not visible from Python without a device's
own counters.
"""

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.graphs import graphs
from strategies.cases.leaves import (
    flat_leaves,
    leaves,
    leaves_of_every_dtype,
    mapped_leaves,
    pairs_of_leaves,
    plain_tensors,
    whole_tensors,
)

NOTES = "notes/autograd"
GUIDE = "blog/pytorch-0_4_0-migration-guide"
TUTORIAL = "tutorials/beginner/understanding_leaf_vs_nonleaf_tutorial"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("requires_grad.default", source=NOTES, needs=GRAD)
@given(case=plain_tensors())
def test_default(case):
    """A tensor that a factory makes does not require grad unless that is asked for."""
    made = torch.ones(case.x.shape, dtype=case.x.dtype, device=case.x.device)

    assert not made.requires_grad


@rule("requires_grad.asked_for", source="autograd", also=["torch.Tensor.to"], needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_asked_for(case):
    """A tensor that a factory makes with requires_grad=True requires grad, floating or complex."""
    made = torch.ones(case.x.shape, dtype=case.x.dtype, device=case.x.device, requires_grad=True)

    assert made.requires_grad


@rule("requires_grad.like", source="torch.zeros_like", needs=GRAD)
@given(case=leaves())
def test_like(case):
    """zeros_like of a tensor that requires grad does not require grad, unless that is asked for."""
    made = torch.zeros_like(case.x)

    assert not made.requires_grad


@rule("requires_grad.ones_like", source="torch.ones_like", needs=GRAD)
@given(case=leaves())
def test_ones_like(case):
    """ones_like of a tensor that requires grad does not require grad, unless that is asked for."""
    made = torch.ones_like(case.x)

    assert not made.requires_grad


@rule("requires_grad.empty_like", source="torch.empty_like", needs=GRAD)
@given(case=leaves())
def test_empty_like(case):
    """empty_like of a tensor that requires grad does not require grad, unless that is asked for."""
    made = torch.empty_like(case.x)

    assert not made.requires_grad


@rule("requires_grad.new_zeros", source="torch.Tensor.new_zeros", needs=GRAD)
@given(case=leaves())
def test_new_zeros(case):
    """new_zeros of a tensor that requires grad does not require grad, unless that is asked for."""
    made = case.x.new_zeros(case.x.shape)

    assert not made.requires_grad


@rule("requires_grad.of_an_output", source=NOTES, also=[TUTORIAL], seed="requires_grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_of_an_output(case):
    """In grad mode a differentiable operation on a tensor that requires grad gives one that does, too."""
    output = case.function(case.x)

    assert output.requires_grad


@rule("requires_grad.of_constants", source=NOTES, also=[GUIDE], needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_of_constants(case):
    """The output of an operation on tensors none of which requires grad does not require grad."""
    output = case.function(case.upstream) * case.upstream

    assert not output.requires_grad


@rule("requires_grad.one_is_enough", source=NOTES, also=[TUTORIAL], seed="requires_grad", needs=GRAD)
@given(case=leaves())
def test_one_is_enough(case):
    """In grad mode one factor that requires grad is enough for a product to require grad, whichever it is."""
    products = case.x * case.upstream, case.upstream * case.x

    assert all(product.requires_grad for product in products)


@rule(
    "requires_grad.in_a_graph",
    source=TUTORIAL,
    also=["torch.Tensor.requires_grad_"],
    seed="requires_grad",
    needs=GRAD,
)
@given(case=graphs())
def test_in_a_graph(case):
    """A leaf requires grad if the user said so and only then, also after it was used in a graph."""
    case.graph(*case.leaves)

    assert tuple(leaf.requires_grad for leaf in case.leaves) == case.wanted


@rule(
    "requires_grad.of_integers", source="torch.Tensor.to", basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD
)
@given(case=whole_tensors())
def test_of_integers(case):
    """requires_grad_() of an integer or bool tensor is refused."""
    case.x.float().requires_grad_()

    with expect.refusal():
        case.x.requires_grad_()


@rule(
    "requires_grad.of_integers_by_attribute",
    source="torch.Tensor.to",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=GRAD,
)
@given(case=whole_tensors())
def test_of_integers_by_attribute(case):
    """Setting requires_grad of an integer or bool tensor to True is refused."""
    case.x.float().requires_grad = True

    with expect.refusal():
        case.x.requires_grad = True


@rule(
    "requires_grad.of_integers_by_a_factory",
    source="torch.Tensor.to",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=GRAD,
)
@given(case=whole_tensors())
def test_of_integers_by_a_factory(case):
    """A factory that is asked for an integer or bool tensor that requires grad refuses."""
    torch.ones(case.x.shape, dtype=torch.float32, device=case.x.device, requires_grad=True)

    with expect.refusal():
        torch.ones(case.x.shape, dtype=case.x.dtype, device=case.x.device, requires_grad=True)


@rule("requires_grad.of_a_comparison", source="torch.Tensor.to", also=["torch.gt"], needs=GRAD)
@given(case=leaves())
def test_of_a_comparison(case):
    """What a comparison makes anew of a tensor that requires grad is a bool tensor that does not."""
    output = case.x > 0

    assert not output.requires_grad


@rule("requires_grad.of_an_argmax", source="torch.Tensor.to", also=["torch.argmax"], needs=GRAD)
@given(case=leaves(nonempty=True))
def test_of_an_argmax(case):
    """The argmax of a tensor that requires grad, an integer tensor, does not require grad."""
    output = case.x.argmax()

    assert not output.requires_grad


@rule("requires_grad.of_a_flat_function", source=NOTES, needs=GRAD)
@given(case=flat_leaves())
def test_of_a_flat_function(case):
    """In grad mode round, floor and the like, of derivative 0, give an output that requires grad, too."""
    output = case.function(case.x)

    assert output.requires_grad


@rule(
    "requires_grad.gradient_of_a_flat_function",
    source=NOTES,
    kind=Kind.GRADIENT,
    seed="requires_grad",
    needs=GRADIENT,
)
@given(case=flat_leaves())
def test_gradient_of_a_flat_function(case):
    """The gradient through a function whose derivative is 0, as round, is 0, not None."""
    expected = 0 * reference.drawn(case.upstream)

    case.function(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("requires_grad_.returns_self", source="torch.Tensor.requires_grad_", needs=GRAD)
@given(case=leaves())
def test_in_place_returns_self(case):
    """requires_grad_ returns the tensor that it was called on."""
    output = case.upstream.requires_grad_()

    assert output is case.upstream


@rule("requires_grad_.sets_the_flag", source="torch.Tensor.requires_grad_", needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_in_place_sets_the_flag(case):
    """requires_grad_ without argument lets a floating or complex tensor require grad."""
    case.upstream.requires_grad_()

    assert case.upstream.requires_grad


@rule("requires_grad_.clears_the_flag", source="torch.Tensor.requires_grad_", needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_in_place_clears_the_flag(case):
    """requires_grad_(False) lets a leaf not require grad any more."""
    case.x.requires_grad_(False)

    assert not case.x.requires_grad


@rule("requires_grad_.on_a_non_leaf", source=TUTORIAL, seed="requires_grad", needs=GRAD)
@given(case=mapped_leaves())
def test_in_place_on_a_non_leaf(case):
    """requires_grad_() on a non-leaf leaves it a non-leaf: it requires grad already."""
    output = case.function(case.x).requires_grad_()

    assert not output.is_leaf


@rule("requires_grad_.version", source=NOTES, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_in_place_version(case):
    """requires_grad_ does not count as a change of the tensor's elements."""
    version = case.upstream._version

    case.upstream.requires_grad_()

    assert case.upstream._version == version


@rule(
    "requires_grad.cleared_on_a_non_leaf",
    source=NOTES,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    seed="requires_grad",
    needs=GRAD,
)
@given(case=mapped_leaves(nonempty=False))
def test_cleared_on_a_non_leaf(case):
    """Setting requires_grad of a non-leaf to False raises RuntimeError."""
    output = case.function(case.x)
    leaf = output.detach().requires_grad_()
    leaf.requires_grad = False

    with pytest.raises(RuntimeError):
        output.requires_grad = False


@rule(
    "requires_grad_.cleared_on_a_non_leaf",
    source=NOTES,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=GRAD,
)
@given(case=mapped_leaves(nonempty=False))
def test_in_place_cleared_on_a_non_leaf(case):
    """requires_grad_(False) on a non-leaf raises RuntimeError."""
    output = case.function(case.x)
    leaf = output.detach().requires_grad_()
    leaf.requires_grad_(False)

    with pytest.raises(RuntimeError):
        output.requires_grad_(False)


@rule("requires_grad.cleared_after_forward", source=NOTES, needs=GRAD)
@given(case=pairs_of_leaves())
def test_cleared_after_forward(case):
    """A leaf that stops requiring grad between forward and backward gets no gradient."""
    output = case.x + case.other

    case.x.requires_grad_(False)
    output.backward(case.upstream)

    assert case.x.grad is None


@rule("requires_grad.other_cleared_after_forward", source=NOTES, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=pairs_of_leaves())
def test_other_cleared_after_forward(case):
    """A leaf gets its gradient also where another one stops requiring grad between forward and backward."""
    expected = reference.drawn(case.upstream)
    output = case.x + case.other

    case.x.requires_grad_(False)
    output.backward(case.upstream)

    expect.close(case.other.grad, expected, dtype=case.other.dtype)


@rule("requires_grad.by_an_in_place_operation", source=NOTES, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves(expand=0))
def test_by_an_in_place_operation(case):
    """An in-place operation with an operand that requires grad lets the changed tensor require grad."""
    changed = torch.zeros_like(case.x)

    changed.add_(case.x)

    assert changed.requires_grad


@rule("requires_grad.of_the_base_of_a_view", source=NOTES, basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves(expand=0))
def test_of_the_base_of_a_view(case):
    """An in-place operation on a view that lets the view require grad lets its base require grad, too."""
    base = torch.zeros_like(case.x)

    base[...].add_(case.x)

    assert base.requires_grad


@rule("requires_grad.kept_by_a_float_dtype", source="torch.Tensor.to", basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_kept_by_a_float_dtype(case):
    """A conversion to another floating dtype requires grad as the tensor does."""
    output = case.x.to(torch.float16)

    assert output.requires_grad


@rule(
    "requires_grad.gradient_through_a_dtype",
    source="torch.Tensor.to",
    basis=Basis.OBSERVED,
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=leaves())
def test_gradient_through_a_dtype(case):
    """The gradient through a conversion to another floating dtype is converted back."""
    expected = reference.drawn(case.upstream)

    case.x.to(torch.float16).backward(case.upstream.to(torch.float16))

    expect.close(case.x.grad, expected, dtype=case.x.dtype)


@rule("requires_grad.lost_by_an_integer_dtype", source="torch.Tensor.to", needs=GRAD)
@given(case=leaves())
def test_lost_by_an_integer_dtype(case):
    """A conversion to an integer dtype does not require grad."""
    output = case.x.to(torch.int64)

    assert not output.requires_grad


@rule("no_grad.output", source="torch.no_grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_no_grad_output(case):
    """A new tensor that an operation gives under no_grad does not require grad, even if an input does."""
    with torch.no_grad():
        output = case.function(case.x)

    assert not output.requires_grad


@rule("no_grad.view", source="torch.no_grad", needs=GRAD)
@given(case=leaves())
def test_no_grad_view(case):
    """A view that is made under no_grad does not require grad, even if its base does."""
    case.x.requires_grad_()

    with torch.no_grad():
        view = case.x[...]

    assert not view.requires_grad


@rule("no_grad.factory", source="torch.no_grad", needs=GRAD)
@given(case=leaves_of_every_dtype())
def test_no_grad_factory(case):
    """Under no_grad a factory still makes a tensor that requires grad if asked to."""
    with torch.no_grad():
        made = torch.zeros(case.x.shape, dtype=case.x.dtype, device=case.x.device, requires_grad=True)

    assert made.requires_grad


@rule("no_grad.ends", source="torch.no_grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_no_grad_ends(case):
    """After a no_grad block operations are recorded as before it."""
    with torch.no_grad():
        case.function(case.x)

    assert case.function(case.x).requires_grad


@rule("no_grad.decorator", source="torch.no_grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_no_grad_decorator(case):
    """A new tensor that an operation gives in a function decorated with no_grad does not require grad."""
    output = torch.no_grad()(lambda x: case.function(x))(case.x)

    assert not output.requires_grad


@rule("enable_grad.inside_no_grad", source="torch.enable_grad", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_enable_grad_inside_no_grad(case):
    """Under enable_grad inside no_grad operations are recorded again."""
    with torch.no_grad(), torch.enable_grad():
        output = case.function(case.x)

    assert output.requires_grad


@rule("set_grad_enabled.off", source="torch.set_grad_enabled", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_set_grad_enabled_off(case):
    """A new tensor that an operation gives under set_grad_enabled(False) does not require grad."""
    with torch.set_grad_enabled(False):
        output = case.function(case.x)

    assert not output.requires_grad


@rule("set_grad_enabled.on", source="torch.set_grad_enabled", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_set_grad_enabled_on(case):
    """Under set_grad_enabled(True) inside no_grad operations are recorded."""
    with torch.no_grad(), torch.set_grad_enabled(True):
        output = case.function(case.x)

    assert output.requires_grad


@rule("inference_mode.output", source="torch.inference_mode", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_inference_mode_output(case):
    """A new tensor that an operation gives under inference_mode does not require grad."""
    with torch.inference_mode():
        output = case.function(case.x)

    assert not output.requires_grad


@rule("inference_mode.is_inference", source="torch.is_inference", needs=GRAD)
@given(case=mapped_leaves(nonempty=False))
def test_inference_mode_is_inference(case):
    """A new tensor that an operation gives under inference_mode, unless it is a view, is an inference
    tensor.
    """
    with torch.inference_mode():
        output = case.function(case.x)

    assert output.is_inference()


@rule("inference_mode.saved_for_backward", source="torch.inference_mode", kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_inference_mode_saved_for_backward(case):
    """An inference tensor is refused as a factor of a product that autograd records."""
    with torch.inference_mode():
        constant = case.upstream * 1
    case.x * (case.upstream * 1)

    with expect.refusal():
        case.x * constant
