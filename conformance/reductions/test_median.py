"""torch.median and nanmedian: what they have beside their entries in `conformance.operations.reductions`."""

import torch
from hypothesis import given

from conformance import expect
from conformance.engine.rule import rule
from conformance.references.reductions import median
from reports.model import Need
from strategies.arguments import drawn_argument
from strategies.cases.totals import over_expanded_dim


def _expected(case):
    return median(drawn_argument(case, "input"), case.dim, False)


@rule("median.expanded_dim", source="torch.median", needs=[Need.VALUES])
@given(case=over_expanded_dim())
def test_expanded_dim(case):
    """Over an expanded dim, whose elements are all one in memory, the median is that element."""
    expected = _expected(case)

    output = torch.median(case.input, case.dim).values

    expect.same_elements(output, expected)


@rule("nanmedian.expanded_dim", source="torch.nanmedian", needs=[Need.VALUES])
@given(case=over_expanded_dim())
def test_nanmedian_expanded_dim(case):
    """Over an expanded dim, whose elements are all one in memory, nanmedian gives that element."""
    expected = _expected(case)

    output = torch.nanmedian(case.input, case.dim).values

    expect.same_elements(output, expected)
