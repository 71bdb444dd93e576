"""Programs about gradients: operations, views and in-place changes, and one or several backwards.

Not covered: create_graph, hooks on nodes, and gradients of views that were changed after their use.
"""

from hypothesis import given

from conformance import promises
from conformance.engine.rule import rule
from reports.model import Kind, Need
from strategies.cases.programs import programs
from strategies.cases.stacked_numbers import stacked_numbers

NOTES = "notes/autograd"
BACKWARD = "torch.Tensor.backward"
GRADIENT = [Need.VALUES, Need.AUTOGRAD, Need.IN_PLACE_VIEWS]
GRAD = [Need.AUTOGRAD, Need.IN_PLACE_VIEWS]


@rule("program.values", source="tensor_view", also=[NOTES], needs=GRADIENT)
@given(case=programs("gradients"))
def test_values(case):
    """In any program that computes gradients each tensor has the elements that its operations give, and no
    backward changes them.
    """
    promises.kept(case.program, "{}")


@rule("program.leaf_gradients", source=BACKWARD, also=[NOTES], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=programs("gradients"))
def test_leaf_gradients(case):
    """In any program the gradient of a leaf that requires grad is what the chain rule gives, summed over all
    backwards since it was last cleared; a backward may be refused only where what it may need was changed in
    place or freed.
    """
    promises.kept(case.program, "{}.grad", of="{}.is_leaf and {}.requires_grad")


@rule("program.gradients_of_stacked_numbers", source=BACKWARD, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=stacked_numbers())
def test_gradients_of_stacked_numbers(case):
    """The gradients of tensors without dims that are stacked add up over several backwards, each apart from
    those of the others.
    """
    promises.kept(case.program, "{}.grad", of="{}.is_leaf and {}.requires_grad")


@rule("program.other_gradients", source="torch.Tensor.retain_grad", also=[NOTES], needs=GRADIENT)
@given(case=programs("gradients"))
def test_other_gradients(case):
    """In any program a tensor that is no leaf has a gradient exactly if it was retained or was an input of
    backward, and that of its latest elements.
    """
    promises.kept(case.program, "{}.grad", of="not {}.is_leaf")


@rule("program.no_gradients", source="torch.Tensor.grad", needs=GRAD)
@given(case=programs("gradients"))
def test_no_gradients(case):
    """In any program the grad of a tensor that does not require grad is None."""
    promises.kept(case.program, "{}.grad", of="not {}.requires_grad and {}.grad is None")


@rule("program.requires_grad", source=NOTES, also=["tensor_view"], needs=GRAD)
@given(case=programs("gradients"))
def test_requires_grad(case):
    """In any program a tensor requires grad exactly if it was told to, or is computed, in grad mode, from one
    that does; gradients themselves do not.
    """
    promises.kept(case.program, "{}.requires_grad")


@rule("program.is_leaf", source="torch.Tensor.is_leaf", needs=GRAD)
@given(case=programs("gradients"))
def test_is_leaf(case):
    """In any program a tensor is a leaf if it does not require grad, or does and no operation made it."""
    promises.kept(case.program, "{}.is_leaf")


@rule("program.grad_fn", source=NOTES, needs=GRAD)
@given(case=programs("gradients"))
def test_grad_fn(case):
    """In any program exactly those tensors have no grad_fn that are leaves."""
    promises.kept(case.program, "{}.grad_fn is None")


@rule("program.looked_at_gradients", source=BACKWARD, also=["torch.Tensor.cpu"], needs=GRADIENT)
@given(case=programs("gradients"))
def test_looked_at_gradients(case):
    """In a program that copies each tensor to the CPU after each line, leaves have the gradients that they
    have without.
    """
    promises.kept(case.program.looked_at, "{}.grad", of="{}.is_leaf and {}.requires_grad")
