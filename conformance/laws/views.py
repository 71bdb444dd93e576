"""What makes a result a view: it is the memory of its input, seen otherwise."""

import functools

from conformance import expect
from conformance.law import law
from reports.model import Basis, Need
from strategies.variations import filled_with_zeros, without_lazy_bits

PAGE = "tensor_view"


def _is_view(operation):
    return operation.view


def _moves(operation):
    return operation.view and bool(operation.moves)


@functools.cache
def _writable(operation):
    # A neg view that shows an element twice takes no writes.
    return without_lazy_bits(operation.cases(nonempty=True, writable=True))


@law(
    "written_through",
    of=_moves,
    cases=_writable,
    source=PAGE,
    needs=[Need.VALUES, Need.IN_PLACE_VIEWS],
)
def written_through(operation, case):
    """What is written to an output of {operation} is written to the elements of input that it shows, and
    no other.
    """
    for output in operation.outputs(case):
        output.fill_(1)

    expect.same_elements(case.input, operation.overwritten(case))


@law(
    "seen_through",
    of=_moves,
    cases=lambda operation: filled_with_zeros(operation.cases(writable=True), ["input"]),
    source=PAGE,
    needs=[Need.VALUES, Need.IN_PLACE_VIEWS],
)
def seen_through(operation, case):
    """What is written to input afterwards is seen in the output of {operation}."""
    outputs = operation.outputs(case)

    case.input.fill_(1)

    for output in outputs:
        expect.all_ones(output)


@law(
    "shares_storage",
    of=_is_view,
    cases=lambda operation: operation.cases(nonempty=True),
    source=PAGE,
    needs=[Need.ADDRESSES],
)
def shares_storage(operation, case):
    """An output of {operation} has the storage of its input."""
    for output in operation.outputs(case):
        assert output.untyped_storage().data_ptr() == case.input.untyped_storage().data_ptr()


@law(
    "view_strides",
    of=lambda operation: _moves(operation) and not operation.several,
    cases=lambda operation: operation.cases(nonempty=True),
    source=PAGE,
    basis=Basis.OBSERVED,
    needs=[Need.STRIDES],
)
def view_strides(operation, case):
    """The strides of an output of {operation} lead to the elements of input that it shows, for sizes
    above 1.
    """
    for output, strides in zip(operation.outputs(case), operation.strides(case), strict=True):
        assert [step for size, step in zip(output.shape, output.stride(), strict=True) if size > 1] == strides


@law("has_base", of=_is_view, source=PAGE, basis=Basis.OBSERVED, needs=[Need.IN_PLACE_VIEWS])
def has_base(operation, case):
    """An output of {operation} says that it is a view, and has a base."""
    for output in operation.outputs(case):
        assert output._is_view()
        assert output._base is not None


@law(
    "version_shared",
    of=_is_view,
    cases=_writable,
    source="notes/autograd",
    basis=Basis.OBSERVED,
    needs=[Need.IN_PLACE_VIEWS],
)
def version_shared(operation, case):
    """A write to an output of {operation} counts as a change of its input, too."""
    version = case.input._version

    for output in operation.outputs(case):
        output.zero_()

    assert case.input._version > version
