"""What dtype comes of several, and which dtypes a result may be written to."""

import functools

from conformance import expect
from conformance.law import law
from reports.model import Basis, Kind, Need
from strategies.variations import with_input_of_lower_kind, with_out_of_lower_kind

PAGE = "tensor_attributes"


def _is_mixed(operation):
    return operation.mixed is not None


def _mixed(operation):
    return operation.mixed()


@law(
    "promoted",
    of=lambda operation: _is_mixed(operation) and not operation.has_dtype,
    cases=_mixed,
    source=PAGE,
)
def promoted(operation, case):
    """The output of {operation} has the dtype that its arguments promote to: 0-d tensors count only if they
    are of a higher kind than those with dims, and Python's numbers only if they are of a higher kind than
    all tensors.
    """
    assert operation(case).dtype == operation.dtype(case)


@law("promoted_elements", of=_is_mixed, cases=_mixed, source=PAGE, needs=[Need.VALUES])
def promoted_elements(operation, case):
    """Of arguments of several dtypes {operation} gives what it gives of them in the dtype that they promote
    to.
    """
    operation.expects(operation(case), operation.result(case))


def _takes_whole_numbers(operation):
    return operation.whole is not None


def _whole(operation):
    return operation.whole()


@law("whole_numbers", of=_takes_whole_numbers, cases=_whole, basis=Basis.OBSERVED)
def whole_numbers(operation, case):
    """Of whole numbers and bool, {operation} gives numbers of the default dtype."""
    assert operation(case).dtype == operation.dtype(case)


@law(
    "whole_numbers_elements", of=_takes_whole_numbers, cases=_whole, basis=Basis.OBSERVED, needs=[Need.VALUES]
)
def whole_numbers_elements(operation, case):
    """Of whole numbers and bool, {operation} gives what it gives of the same numbers of the default dtype."""
    operation.expects(operation(case), operation.result(case))


def _has_a_kind(operation):
    return operation.pointwise and "bool" not in operation.has_dtype and not operation.several


@functools.cache
def _low_outs(operation):
    return with_out_of_lower_kind(operation.cases(), operation.tensors, operation.kinds)


@law(
    "out_kind",
    of=lambda operation: _has_a_kind(operation) and operation.has("out"),
    cases=_low_outs,
    source=PAGE,
    kind=Kind.ERROR,
)
def out_kind(operation, case):
    """An out of a lower kind than the result of {operation} is refused: bool is below whole numbers, these
    below floating and those below complex ones.
    """
    operation(case, form="out", out=case.legal_out)

    with expect.refusal():
        operation(case, form="out", out=case.out)


@law(
    "in_place_kind",
    in_place=True,
    of=lambda operation: _has_a_kind(operation) and (operation.whole is not None or operation.broadcasts),
    cases=lambda operation: with_input_of_lower_kind(operation.cases(writable=True), operation.tensors),
    source=PAGE,
    kind=Kind.ERROR,
)
def in_place_kind(operation, case):
    """{operation} refuses to write in place to a tensor of a lower kind than the result."""
    operation(case, form="in_place", input=case.legal_input)

    with expect.refusal():
        operation(case, form="in_place")
