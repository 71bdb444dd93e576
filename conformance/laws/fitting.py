"""What is refused because the sizes of several tensors do not fit each other."""

from conformance import expect
from conformance.law import law
from reports.model import Basis, Kind
from strategies.variations import with_misfit


@law(
    "misfit",
    of=lambda operation: operation.misfit != "",
    cases=lambda operation: with_misfit(operation.cases(nonempty=True), operation.kinds),
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
)
def misfit(operation, case):
    """{operation} refuses {misfit}."""
    operation(case, input=case.legal_input)

    with expect.refusal():
        operation(case)
