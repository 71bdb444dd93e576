"""What holds of a dim that is named, whatever the operation does along it."""

import functools

from conformance import expect
from conformance.law import law
from reports.model import Basis, Kind, Need
from strategies.variations import with_bad_dim, with_other_dim, with_repeated_dims


def _names_a_dim(operation):
    return operation.takes(operation.dim) and operation.one_dim


@functools.cache
def _bad(operation):
    return with_bad_dim(
        operation.cases(), operation.dim, further=operation.further_dims, of=operation.tensors[0]
    )


@functools.cache
def _other(operation):
    return with_other_dim(
        operation.cases(), operation.dim, further=operation.further_dims, of=operation.tensors[0]
    )


@law("dim_range", of=_names_a_dim, cases=_bad, basis=Basis.OBSERVED, kind=Kind.ERROR)
def dim_range(operation, case):
    """{operation} refuses a dim outside [-rank, rank), also for an input without elements; rank 0 counts
    as 1.
    """
    operation(case, dim=case.legal_dim)

    with expect.refusal():
        operation(case)


@law("dim_from_the_end", of=_names_a_dim, cases=_other, basis=Basis.OBSERVED, needs=[Need.VALUES])
def dim_from_the_end(operation, case):
    """A negative dim of {operation} counts from the end: dim and dim - rank name the same."""
    for output, result in zip(
        operation.outputs(case, dim=case.other_dim), operation.results(case), strict=True
    ):
        operation.expects(output, result)


@law(
    "dims_repeated",
    of=lambda operation: operation.takes(operation.dims),
    cases=lambda operation: with_repeated_dims(operation.cases(), operation.dims),
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
)
def dims_repeated(operation, case):
    """{operation} refuses a dim that is named twice, also once from the start and once from the end."""
    operation(case, dims=case.legal_dims)

    with expect.refusal():
        operation(case)
