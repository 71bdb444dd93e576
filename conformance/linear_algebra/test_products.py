"""What products of matrices have to themselves beside their entries.

Not covered: conj views that are added to in place, but by baddbmm.
"""

import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Need
from strategies.cases.matrices import added_to_conj_views, added_to_nothing


@rule("addmv.broadcast_to_no_elements", source="torch.addmv")
@given(case=added_to_nothing())
def test_broadcast_to_no_elements(case):
    """addmv broadcasts input to as many elements as mat has rows also where mat has no elements."""
    output = torch.addmv(case.input, case.mat, case.vec)

    assert output.shape == case.mat.shape[:1]


@rule("baddbmm.in_place_of_conj_view", source="torch.Tensor.baddbmm_", needs=[Need.VALUES])
@given(case=added_to_conj_views())
def test_in_place_of_conj_view(case):
    """In place, baddbmm adds to a conj view what it adds to the same numbers otherwise."""
    expected = reference.drawn(case.input) + reference.drawn(case.batch1) @ reference.drawn(case.batch2)

    case.input.baddbmm_(case.batch1, case.batch2)

    expect.close(case.input, expected, dtype=case.input.dtype, scale=200.0)
