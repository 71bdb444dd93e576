"""torch.amax, amin and aminmax: what they have to themselves beside their entries in `operations.extrema`."""

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.reductions import (
    reductions,
    reductions_of_nothing,
    wholes,
)


@rule("amax.dim_none", source="torch.amax", needs=[Need.VALUES])
@given(case=wholes())
def test_dim_none(case):
    """A dim of None stands for all dims."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = torch.amax(case.input, None)  # type: ignore[arg-type]  # as documented

    expect.equal_elements(output, expected)


@rule("amax.no_dims", source="torch.amax", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=wholes())
def test_no_dims(case):
    """An empty tuple of dims stands for all dims."""
    expected = np.asarray(reference.drawn(case.input).max())

    output = torch.amax(case.input, ())

    expect.equal_elements(output, expected)


@rule("aminmax.min", source="torch.aminmax", needs=[Need.VALUES])
@given(case=reductions())
def test_aminmax_min(case):
    """The first part of aminmax is the smallest element of each row."""
    expected, _ = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    result = torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(result.min, expected)


@rule("aminmax.max", source="torch.aminmax", needs=[Need.VALUES])
@given(case=reductions())
def test_aminmax_max(case):
    """The second part of aminmax is the largest element of each row."""
    expected, _ = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    result = torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)

    expect.equal_elements(result.max, expected)


@rule("aminmax.empty_dim", source="torch.aminmax", kind=Kind.ERROR)
@given(case=reductions_of_nothing())
def test_aminmax_empty_dim(case):
    """Reducing over a dim of size 0 raises RuntimeError."""
    torch.aminmax(case.mended_input, dim=case.mended_dim, keepdim=case.keepdim)

    with pytest.raises(RuntimeError):
        torch.aminmax(case.input, dim=case.dim, keepdim=case.keepdim)


@rule("aminmax.all_empty", source="torch.aminmax", kind=Kind.ERROR)
@given(case=reductions_of_nothing())
def test_aminmax_all_empty(case):
    """Without dim, a tensor without elements raises RuntimeError."""
    torch.aminmax(case.mended_input.new_zeros(1))

    with pytest.raises(RuntimeError):
        torch.aminmax(case.input)
