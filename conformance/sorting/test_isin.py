"""torch.isin: what it has to itself beside its entry in `conformance.operations.sorting`."""

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Need
from strategies.cases.sortings import members_of_matrices


@rule("isin.matrix_of_test_elements", source="torch.isin", needs=[Need.VALUES])
@given(case=members_of_matrices())
def test_matrix_of_test_elements(case):
    """The test elements may be a tensor of several dims, whatever its strides."""
    expected = np.isin(reference.drawn(case.input), reference.drawn(case.test_elements))

    output = torch.isin(case.input, case.test_elements)

    expect.same_elements(output, expected)
