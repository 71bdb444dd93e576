"""Programs about grad modes: blocks in blocks, decorated functions and generators, left by an exception.

Not covered: inference mode, and views made in no_grad mode of what requires grad.
"""

from hypothesis import given

from conformance import promises
from conformance.engine.rule import rule
from reports.model import Need
from strategies.cases.programs import programs

GRAD = [Need.AUTOGRAD, Need.IN_PLACE_VIEWS]


@rule(
    "program.grad_mode",
    source="torch.set_grad_enabled",
    also=["torch.no_grad", "torch.enable_grad"],
    needs=GRAD,
)
@given(case=programs("modes"))
def test_grad_mode(case):
    """In any program grad mode is what the innermost block says, and after a block or a decorated function,
    however it is left, what it was before.
    """
    promises.kept(case.program, "modes")


@rule(
    "program.recorded",
    source="torch.no_grad",
    also=["torch.enable_grad", "torch.set_grad_enabled"],
    needs=GRAD,
)
@given(case=programs("modes"))
def test_recorded(case):
    """In any program exactly those results require grad that grad mode computes from what requires grad."""
    promises.kept(case.program, "{}.requires_grad")


@rule("program.gradients_by_mode", source="notes/autograd", needs=[Need.VALUES, *GRAD])
@given(case=programs("modes"))
def test_gradients_by_mode(case):
    """In any program gradients flow back through what was computed in grad mode alone."""
    promises.kept(case.program, "{}.grad")


@rule("program.elements_by_mode", source="torch.no_grad", needs=[Need.VALUES, *GRAD])
@given(case=programs("modes"))
def test_elements_by_mode(case):
    """In any program operations give the same elements in grad mode and out of it."""
    promises.kept(case.program, "{}")
