"""Which memory a result has: that of its input for a view, its own for everything else."""

from conformance import expect
from conformance.law import law
from reports.model import Basis, Need
from strategies.variations import filled_with_ones, without_gaps

VIEWS = "tensor_view"


def _is_view(operation):
    return operation.view


@law(
    "own_storage",
    of=lambda operation: not operation.view and operation.owns,
    cases=lambda operation: filled_with_ones(operation.cases(nonempty=True), operation.sources),
    source=VIEWS,
    needs=[Need.VALUES],
    manner=True,
)
def own_storage(operation, case):
    """The output of {operation} is no view: changing it leaves what it was given as it is."""
    for output in operation.outputs(case):
        output.zero_()

    for source in operation.sources(case):
        expect.all_ones(source)


@law(
    "no_base",
    of=lambda operation: not operation.view and operation.owns,
    source=VIEWS,
    basis=Basis.OBSERVED,
    manner=True,
)
def no_base(operation, case):
    """The output of {operation} has no base, since it is no view."""
    for output in operation.outputs(case):
        assert output._base is None


@law("inputs_kept", source="tensors", needs=[Need.VALUES], manner=True)
def inputs_kept(operation, case):
    """{operation}, whose name ends with no underscore, leaves the tensors that it is given as they are."""
    operation(case)

    for tensor, elements in zip(operation.inputs(case), operation.drawn(case), strict=True):
        expect.same_elements(tensor, elements)


@law(
    "strides_preserved",
    of=lambda operation: operation.preserves,
    cases=lambda operation: without_gaps(operation.cases(nonempty=True, writable=True)),
    also=["torch.empty_like"],
    needs=[Need.STRIDES],
)
def strides_preserved(operation, case):
    """Of an input whose elements fill its memory, in whatever order of its dims, {operation} keeps the
    strides, for sizes above 1.
    """
    longer = [dim for dim, size in enumerate(case.input.shape) if size > 1]

    output = operation(case)

    assert [output.stride(dim) for dim in longer] == [case.input.stride(dim) for dim in longer]


@law(
    "on_the_device",
    of=lambda operation: operation.made_like,
)
def on_the_device(operation, case):
    """What {operation} gives is on the device of the input."""
    output = operation(case)

    assert output.device == case.input.device
