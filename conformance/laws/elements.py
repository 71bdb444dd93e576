"""What an operation gives, as its page says it: elements, shape and dtype."""

import functools

from conformance import expect, reference
from conformance.law import law
from reports.model import Basis, Need
from strategies.variations import with_call, with_nan


@law("elements", needs=[Need.VALUES])
def elements(operation, case):
    """{says}"""
    for output, result in zip(operation.outputs(case), operation.results(case), strict=True):
        operation.expects(output, result)


@law("repeatable", basis=Basis.OBSERVED, needs=[Need.VALUES], manner=True)
def repeatable(operation, case):
    """{operation} gives the same elements, bit for bit, when it is called again."""
    for output, again in zip(operation.outputs(case), operation.outputs(case), strict=True):
        expect.same_elements(again, reference.host(output))


@law("output_shape", of=lambda operation: operation.has_shape != "")
def output_shape(operation, case):
    """The output of {operation} has {has_shape}."""
    for output, shape in zip(operation.outputs(case), operation.shapes(case), strict=True):
        assert output.shape == shape


@law("output_dtype", of=lambda operation: operation.has_dtype != "")
def output_dtype(operation, case):
    """The output of {operation} has {has_dtype}."""
    for output, dtype in zip(operation.outputs(case), operation.dtypes(case), strict=True):
        assert output.dtype == dtype


@functools.cache
def _with_nan(operation):
    return operation.with_nan() if operation.with_nan else with_nan(operation.cases())


@law(
    "nan",
    of=lambda operation: operation.nan != "",
    cases=_with_nan,
    basis=Basis.OBSERVED,
    needs=[Need.VALUES],
)
def nan(operation, case):
    """{operation} {nan}."""
    for output, result in zip(operation.outputs(case), operation.results(case), strict=True):
        operation.expects(output, result)


@law(
    "indices_point",
    of=lambda operation: operation.pair != "",
    needs=[Need.VALUES],
)
def indices_point(operation, case):
    """The indices that {operation} gives are those of elements that equal its values."""
    values, indices = operation(case, form="pair")

    expect.points_at(indices, values, reference.drawn(case.input), case.dim)


@law(
    "every_call",
    of=lambda operation: operation.ways != (),
    cases=lambda operation: with_call(operation.cases(), operation.names, operation.ways, operation.defaults),
    needs=[Need.VALUES],
)
def every_call(operation, case):
    """In every way to call {operation}: {says}"""
    for output, result in zip(operation.outputs(case, form="any"), operation.results(case), strict=True):
        operation.expects(output, result)


@law(
    "every_call_of_nan",
    of=lambda operation: operation.ways != () and operation.nan != "",
    cases=lambda operation: with_call(
        _with_nan(operation), operation.names, operation.ways, operation.defaults
    ),
    basis=Basis.OBSERVED,
    needs=[Need.VALUES],
)
def every_call_of_nan(operation, case):
    """In every way to call it, {operation} {nan}."""
    for output, result in zip(operation.outputs(case, form="any"), operation.results(case), strict=True):
        operation.expects(output, result)
