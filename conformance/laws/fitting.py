"""What is refused because the sizes of several tensors do not fit each other."""

from conformance import expect
from conformance.law import law
from reports.model import Basis, Kind
from strategies.variations import with_misfit, with_misfit_source


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


@law(
    "source_misfit",
    of=lambda operation: {"dim", "index", "source"} <= set(operation.names),
    cases=lambda operation: with_misfit_source(operation.cases(nonempty=True)),
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
)
def source_misfit(operation, case):
    """{operation} refuses a source of which one dim has neither the size of that of input nor, along dim, the
    length of index.
    """
    operation(case, source=case.legal_source)

    with expect.refusal():
        operation(case)
