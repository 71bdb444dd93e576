"""What holds of a dim that is named, whatever the operation does along it."""

from conformance import expect
from conformance.law import law, takes
from reports.model import Basis, Kind, Need
from strategies.variations import with_bad_dim, with_other_dim


def _names_a_dim(operation):
    return operation.takes("dim") and operation.one_dim


@law(
    "dim_range",
    of=_names_a_dim,
    cases=lambda operation: with_bad_dim(operation.cases(), further=operation.further_dims),
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
)
def dim_range(operation, case):
    """{operation} refuses a dim outside [-rank, rank), also for an input without elements; rank 0 counts as 1."""
    operation(case, dim=case.legal_dim)

    with expect.refusal():
        operation(case)


@law(
    "dim_from_the_end",
    of=_names_a_dim,
    cases=lambda operation: with_other_dim(operation.cases(), further=operation.further_dims),
    basis=Basis.OBSERVED,
    needs=[Need.VALUES],
)
def dim_from_the_end(operation, case):
    """A negative dim of {operation} counts from the end: dim and dim - rank name the same."""
    for output, result in zip(
        operation.outputs(case, dim=case.other_dim), operation.results(case), strict=True
    ):
        operation.expects(output, result)
