"""What the forms do that end with an underscore: they write to the tensor itself."""

import functools

from conformance import expect
from conformance.law import law
from reports.model import Basis, Kind, Need
from strategies.variations import as_leaves


@functools.cache
def _written(operation):
    return operation.cases(writable=True)


@law("in_place_elements", in_place=True, cases=_written, needs=[Need.VALUES])
def in_place_elements(operation, case):
    """In place, {operation} gives the tensor that it writes to the elements that it gives otherwise."""
    operation(case, form="in_place")

    operation.expects(case.input, operation.written_result(case))


@law("in_place_returns_self", in_place=True, cases=_written, source="tensors", manner=True)
def in_place_returns_self(operation, case):
    """In place, {operation} returns the tensor that it writes to."""
    output = operation(case, form="in_place")

    assert output is case.input


@law(
    "in_place_seen_by_views",
    in_place=True,
    of=lambda operation: not operation.view,
    cases=_written,
    source="tensor_view",
    needs=[Need.VALUES, Need.IN_PLACE_VIEWS],
    manner=True,
)
def in_place_seen_by_views(operation, case):
    """What {operation} writes in place is seen through a view that was taken before."""
    view = case.input.view_as(case.input)

    operation(case, form="in_place")

    operation.expects(view, operation.written_result(case))


@law(
    "in_place_counted",
    in_place=True,
    cases=_written,
    source="notes/autograd",
    basis=Basis.OBSERVED,
    manner=True,
)
def in_place_counted(operation, case):
    """In place, {operation} counts as a change: the version of the tensor grows."""
    version = case.input._version

    operation(case, form="in_place")

    assert case.input._version > version


@law(
    "in_place_on_leaf",
    in_place=True,
    of=lambda operation: "input" in operation.derivable and not operation.view,
    cases=lambda operation: as_leaves(_written(operation), operation.derivable),
    source="notes/autograd",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.AUTOGRAD],
    manner=True,
)
def in_place_on_leaf(operation, case):
    """{operation} refuses to write in place to a leaf that requires grad."""
    operation(case, form="in_place", input=case.input.detach().clone())

    with expect.refusal():
        operation(case, form="in_place")
