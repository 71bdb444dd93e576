"""How tensors broadcast that are computed with element by element, and where they must not."""

import functools

from conformance import expect
from conformance.law import law
from reports.model import Kind, Need
from strategies.variations import with_other_shape

NOTES = "notes/broadcasting"


def _broadcasts(operation):
    return operation.broadcasts


@functools.cache
def _incompatible(operation):
    return with_other_shape(operation.cases(), operation.tensors)


@functools.cache
def _growing(operation):
    return with_other_shape(operation.cases(writable=True), operation.tensors, in_place=True)


@law("expanded", of=_broadcasts, source=NOTES, needs=[Need.VALUES], manner=True)
def expanded(operation, case):
    """{operation} gives what it gives for its input expanded to the shape that all tensors broadcast to."""
    whole = case.input.expand(operation.shape(case))

    output = operation(case, input=whole)

    operation.expects(output, operation.result(case))


@law("incompatible_shapes", of=_broadcasts, cases=_incompatible, source=NOTES, kind=Kind.ERROR)
def incompatible_shapes(operation, case):
    """{operation} refuses tensors whose sizes differ in a dim, counted from the last, neither being 1."""
    operation(case, input=case.legal_input)

    with expect.refusal():
        operation(case)


@law("in_place_shape", in_place=True, of=_broadcasts, cases=_growing, source=NOTES, kind=Kind.ERROR)
def in_place_shape(operation, case):
    """In place, {operation} refuses tensors that would broadcast the one that it writes to."""
    operation(case, form="in_place", input=case.legal_input)

    with expect.refusal():
        operation(case, form="in_place")
