"""What holds of a tensor of indices, whatever is picked by it or written there."""

import torch

from conformance import expect
from conformance.law import law
from reports.model import Basis, Kind, Need
from strategies.variations import with_bad_index, with_index_of


def _takes_an_index(operation):
    return operation.index is not None


def _bad(operation):
    index = operation.index
    return with_bad_index(operation.cases(nonempty=True), "index", index.size, negative=index.negative)


@law(
    "index_range",
    of=_takes_an_index,
    cases=_bad,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.VALUES, Need.INDEX_CHECKS],
)
def index_range(operation, case):
    """{operation} refuses an index of which one value lies {index.outside}."""
    operation(case, index=case.legal_index)

    with expect.refusal():
        operation(case)


_NO_INDICES = (torch.float32, torch.bool, torch.float64, torch.complex64, torch.int16, torch.uint8)


@law(
    "index_dtype",
    of=_takes_an_index,
    cases=lambda operation: with_index_of(operation.cases(nonempty=True), "index", _NO_INDICES),
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
)
def index_dtype(operation, case):
    """{operation} refuses an index of a floating, complex, bool or small integer dtype."""
    operation(case, index=case.legal_index)

    with expect.refusal():
        operation(case)


@law(
    "int32_index",
    of=lambda operation: operation.index is not None and operation.index.int32,
    cases=lambda operation: with_index_of(operation.cases(), "index", [torch.int32]),
    basis=Basis.OBSERVED,
    needs=[Need.VALUES],
)
def int32_index(operation, case):
    """An index of int32 does in {operation} what one of int64 does."""
    for output, result in zip(operation.outputs(case), operation.results(case), strict=True):
        operation.expects(output, result)
