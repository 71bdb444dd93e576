"""Which memory a result has: that of its input for a view, its own for everything else."""

from conformance import expect
from conformance.law import law
from reports.model import Basis, Need
from strategies.variations import filled_with_ones

VIEWS = "tensor_view"


def _is_view(operation):
    return operation.view


@law(
    "own_storage",
    of=lambda operation: not operation.view and operation.owns,
    cases=lambda operation: filled_with_ones(operation.cases(nonempty=True), operation.sources),
    source=VIEWS,
    needs=[Need.VALUES],
)
def own_storage(operation, case):
    """The output of {operation} is no view: changing it leaves what it was given as it is."""
    for output in operation.outputs(case):
        output.zero_()

    for source in operation.sources(case):
        expect.all_ones(source)


@law(
    "no_base", of=lambda operation: not operation.view and operation.owns, source=VIEWS, basis=Basis.OBSERVED
)
def no_base(operation, case):
    """The output of {operation} has no base, since it is no view."""
    for output in operation.outputs(case):
        assert output._base is None


@law("inputs_kept", source="tensors", needs=[Need.VALUES])
def inputs_kept(operation, case):
    """{operation}, whose name ends with no underscore, leaves the tensors that it is given as they are."""
    operation(case)

    for tensor, elements in zip(operation.inputs(case), operation.drawn(case), strict=True):
        expect.same_elements(tensor, elements)
