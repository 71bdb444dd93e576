"""torch.index_reduce: what it has to itself beside its entry in `conformance.operations.indexing`."""

import torch
from hypothesis import given

from conformance import expect
from conformance.engine.rule import rule
from conformance.references.indexing import index_reduce
from reports.model import Need
from strategies.arguments import drawn_argument
from strategies.cases.indexing import products_of_low_precision


def _expected(case):
    arrays = [drawn_argument(case, name) for name in ("input", "index", "source")]
    return index_reduce(arrays[0], 0, arrays[1], arrays[2], "prod", True)


@rule("index_reduce.product_of_low_precision", source="torch.Tensor.index_reduce_", needs=[Need.VALUES])
@given(case=products_of_low_precision())
def test_product_of_low_precision(case):
    """Slices of one element of float16 and bfloat16 are multiplied as others are, also several into one."""
    expected = _expected(case)

    output = torch.index_reduce(case.input, 0, case.index, case.source, "prod")

    expect.equal_elements(output, expected)
