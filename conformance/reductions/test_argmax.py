"""torch.argmax and argmin: what they have to themselves beside their entries in `operations.extrema`.

Not covered: named tensors.
"""

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.reductions import reductions, reductions_of_complex, reductions_of_nothing, wholes
from strategies.values import NUMBER_DTYPES


@rule("argmax.dim_none", source="torch.argmax", needs=[Need.VALUES])
@given(case=wholes(dtypes=NUMBER_DTYPES))
def test_argmax_dim_none(case):
    """With a dim of None, argmax gives the place of the first largest element in row-major order."""
    expected = np.asarray(reference.drawn(case.input).argmax())

    output = torch.argmax(case.input, None)

    expect.equal_elements(output, expected)


@rule("argmax.bool", source="torch.argmax", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=reductions(dtypes=(torch.bool,)))
def test_argmax_bool(case):
    """argmax takes a bool input, as max does."""
    _, expected = reference.first_largest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = torch.argmax(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("argmax.all_dims_keepdim", source="torch.argmax", basis=Basis.OBSERVED)
@given(case=wholes(dtypes=NUMBER_DTYPES))
def test_argmax_all_dims_keepdim(case):
    """Without dim but with keepdim, argmax has the input's rank and size 1 in every dim."""
    output = torch.argmax(case.input, keepdim=True)

    assert output.shape == (1,) * case.input.dim()


@rule("argmax.empty_dim", source="torch.argmax", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_nothing(dtypes=NUMBER_DTYPES))
def test_argmax_empty_dim(case):
    """argmax over a dim of size 0 raises IndexError: there is no largest element."""
    torch.argmax(case.mended_input, case.mended_dim, case.keepdim)

    with pytest.raises(IndexError):
        torch.argmax(case.input, case.dim, case.keepdim)


@rule("argmax.full_empty", source="torch.argmax", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_nothing(dtypes=NUMBER_DTYPES))
def test_argmax_full_empty(case):
    """Without dim, argmax of a tensor without elements is refused."""
    torch.argmax(case.mended_input.new_zeros(1))

    with expect.refusal():
        torch.argmax(case.input)


@rule("argmax.complex", source="torch.argmax", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_complex())
def test_argmax_complex(case):
    """argmax of a complex input is refused: complex numbers have no order."""
    torch.argmax(case.mended_input, case.mended_dim, case.keepdim)

    with expect.refusal():
        torch.argmax(case.input, case.dim, case.keepdim)


@rule("argmin.dim_none", source="torch.argmin", needs=[Need.VALUES])
@given(case=wholes(dtypes=NUMBER_DTYPES))
def test_argmin_dim_none(case):
    """With a dim of None, argmin gives the place of the first smallest element in row-major order."""
    expected = np.asarray(reference.drawn(case.input).argmin())

    output = torch.argmin(case.input, None)

    expect.equal_elements(output, expected)


@rule("argmin.bool", source="torch.argmin", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=reductions(dtypes=(torch.bool,)))
def test_argmin_bool(case):
    """argmin takes a bool input, as min does."""
    _, expected = reference.first_smallest(reference.drawn(case.input), case.dim, keepdim=case.keepdim)

    output = torch.argmin(case.input, case.dim, case.keepdim)

    expect.equal_elements(output, expected)


@rule("argmin.all_dims_keepdim", source="torch.argmin", basis=Basis.OBSERVED)
@given(case=wholes(dtypes=NUMBER_DTYPES))
def test_argmin_all_dims_keepdim(case):
    """Without dim but with keepdim, argmin has the input's rank and size 1 in every dim."""
    output = torch.argmin(case.input, keepdim=True)

    assert output.shape == (1,) * case.input.dim()


@rule("argmin.empty_dim", source="torch.argmin", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_nothing(dtypes=NUMBER_DTYPES))
def test_argmin_empty_dim(case):
    """argmin over a dim of size 0 raises IndexError: there is no smallest element."""
    torch.argmin(case.mended_input, case.mended_dim, case.keepdim)

    with pytest.raises(IndexError):
        torch.argmin(case.input, case.dim, case.keepdim)


@rule("argmin.full_empty", source="torch.argmin", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_nothing(dtypes=NUMBER_DTYPES))
def test_argmin_full_empty(case):
    """Without dim, argmin of a tensor without elements is refused."""
    torch.argmin(case.mended_input.new_zeros(1))

    with expect.refusal():
        torch.argmin(case.input)


@rule("argmin.complex", source="torch.argmin", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=reductions_of_complex())
def test_argmin_complex(case):
    """argmin of a complex input is refused: complex numbers have no order."""
    torch.argmin(case.mended_input, case.mended_dim, case.keepdim)

    with expect.refusal():
        torch.argmin(case.input, case.dim, case.keepdim)
