"""Programs about hooks: which are called, with what gradient, in which order, and what comes of replacing it.

Not covered: hooks on a view that has views itself and is changed in place, hooks on nodes, multi-grad hooks.
"""

from hypothesis import given

from conformance import promises
from conformance.engine.rule import rule
from reports.model import Kind, Need
from strategies.cases.programs import programs

HOOK = "torch.Tensor.register_hook"
NOTES = "notes/autograd"
GRADIENT = [Need.VALUES, Need.AUTOGRAD, Need.IN_PLACE_VIEWS]
GRAD = [Need.AUTOGRAD, Need.IN_PLACE_VIEWS]


@rule("program.hook_gradients", source=HOOK, also=[NOTES], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=programs("hooks"))
def test_hook_gradients(case):
    """In any program a hook is called once for each backward that reaches its tensor as that was when the
    hook was registered, with the gradient that the hooks before it have left.
    """
    promises.kept(case.program, "seen")


@rule("program.hook_order", source=NOTES, also=[HOOK], needs=GRAD)
@given(case=programs("hooks"))
def test_hook_order(case):
    """In any program the hooks of a tensor are called in the order in which they were registered, and before
    those of the tensors that it was computed from.
    """
    promises.in_order(case.program)


@rule("program.replaced_gradients", source=HOOK, also=[NOTES], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=programs("hooks"))
def test_replaced_gradients(case):
    """In any program the gradient that a hook returns takes the place of the one that it was given, in the
    gradients of all leaves behind it.
    """
    promises.kept(case.program, "{}.grad", of="{}.is_leaf and {}.requires_grad")


@rule("program.retained_gradients", source=NOTES, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=programs("hooks"))
def test_retained_gradients(case):
    """In any program the gradient that is retained of a tensor is the one that all its hooks have left,
    whenever they were registered.
    """
    promises.kept(case.program, "{}.grad", of="not {}.is_leaf")
