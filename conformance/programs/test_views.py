"""Programs about a view whose base is changed in place through another one.

Not covered: a hook that is the first to ask what such a view has become. torch before 2.15 crashes by it
(https://github.com/pytorch/pytorch/issues/196459), so that here the view's grad_fn is read before.
"""

from hypothesis import given

from conformance import promises
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.changed_views import changed_again_views, hooked_views, retained_views

NOTES = "notes/autograd"
GRAD = [Need.AUTOGRAD, Need.IN_PLACE_VIEWS]


@rule("program.hook_of_a_changed_view", source=NOTES, kind=Kind.GRADIENT, needs=[Need.VALUES, *GRAD])
@given(case=hooked_views())
def test_hook_of_a_changed_view(case):
    """A hook that is registered on a view after its base was changed in place, through whatever view, is
    called with the gradient of the view's elements as they are then.
    """
    promises.kept(case.program, "seen")


@rule("program.change_of_a_changed_view", source="tensor_view", basis=Basis.OBSERVED, needs=GRAD)
@given(case=changed_again_views())
def test_change_of_a_changed_view(case):
    """A view of a constant can be changed in place after its base, changed in place by what requires grad,
    has come to require grad.
    """
    promises.kept(case.program, "{}.is_leaf")


@rule(
    "program.retain_grad_of_a_changed_view",
    source="torch.Tensor.retain_grad",
    kind=Kind.GRADIENT,
    needs=[Need.VALUES, *GRAD],
)
@given(case=retained_views())
def test_retain_grad_of_a_changed_view(case):
    """The gradient of a view of a constant can be retained after its base, changed in place by what requires
    grad, has come to require grad.
    """
    promises.kept(case.program, "{}.grad", of="not {}.is_leaf")
