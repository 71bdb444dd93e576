"""Programs about aliases: views, detach() and .data, and in-place changes through any of them.

Not covered: several views at once that are changed in place, views made in no_grad mode of what requires
grad, operands that overlap with a part of what is changed, and integer tensors.
"""

from hypothesis import given

from conformance import promises
from conformance.engine.rule import rule
from reports.model import Basis, Need
from strategies.cases.programs import programs

VIEWS = "tensor_view"
NOTES = "notes/autograd"
VALUES = [Need.VALUES, Need.AUTOGRAD]


@rule("program.elements", source=VIEWS, also=["torch.Tensor.detach"], needs=[*VALUES, Need.IN_PLACE_VIEWS])
@given(case=programs("aliases"))
def test_elements(case):
    """In any program each tensor has the elements that were last written to its memory, through whatever
    alias.
    """
    promises.kept(case.program, "{}")


@rule("program.aliases_require_grad", source=NOTES, also=[VIEWS], needs=[Need.AUTOGRAD, Need.IN_PLACE_VIEWS])
@given(case=programs("aliases"))
def test_aliases_require_grad(case):
    """In any program a base and its views come to require grad as soon as one is changed in place, in grad
    mode, by what requires grad; what was cut off by detach() or .data does not.
    """
    promises.kept(case.program, "{}.requires_grad")


@rule("program.aliases_are_leaves", source="torch.Tensor.is_leaf", needs=[Need.AUTOGRAD, Need.IN_PLACE_VIEWS])
@given(case=programs("aliases"))
def test_aliases_are_leaves(case):
    """In any program of views and in-place changes, a tensor is a leaf if it does not require grad, or if it
    was made so by its user and is no result of an operation.
    """
    promises.kept(case.program, "{}.is_leaf")


@rule("program.memory", source=VIEWS, needs=[Need.AUTOGRAD, Need.ADDRESSES, Need.IN_PLACE_VIEWS])
@given(case=programs("aliases"))
def test_memory(case):
    """In any program two tensors share a storage exactly if views, detach() or .data led from one to the
    other.
    """
    promises.same_memory(case.program)


@rule("program.version", source=NOTES, basis=Basis.OBSERVED, needs=[Need.AUTOGRAD, Need.IN_PLACE_VIEWS])
@given(case=programs("aliases"))
def test_version(case):
    """In any program the version of a tensor is the number of in-place changes through it, its views, its
    base and what detach() made of them; .data counts from 0.
    """
    promises.kept(case.program, "{}._version")


@rule("program.looked_at", source=VIEWS, also=["torch.Tensor.cpu"], needs=[*VALUES, Need.IN_PLACE_VIEWS])
@given(case=programs("aliases"))
def test_looked_at(case):
    """In a program that copies each tensor to the CPU after each line, all tensors have the elements that
    they have without.
    """
    promises.kept(case.program.looked_at, "{}")
