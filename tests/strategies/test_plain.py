"""Cases made plain."""

import numpy as np
import pytest
import torch

from strategies import placing_on
from strategies.cases.gathers import Gather
from strategies.code import TensorCode, contiguous_code
from strategies.plain import dtypes_of, is_ordinary, plain

INDEX = contiguous_code((1, 0), torch.int64, (2, 1)).changed(shape=(2, 3), expanded=(2, 3))


def case(input, index=INDEX, *classes, dim=0):
    return Gather(classes=classes, input=input, dim=dim, index=index)


def test_a_plain_case_has_contiguous_tensors_of_ordinary_numbers():
    values = (0.0, float("nan"), float("-inf"), 3e38, 1e-40, -2.5)
    made = case(TensorCode(values, torch.float32, (3, 2), (2, 3), permutation=(1, 0), requires_grad=True))

    found = plain(made)

    assert found.input.is_contiguous()
    assert found.input.requires_grad
    assert found.input.tolist() == [[0.0, 1.0, 1.0], [1.0, 1.0, -2.5]]
    assert found.index.is_contiguous()
    assert found.index.tolist() == [[1, 1, 1], [0, 0, 0]]
    assert found.dim == 0


def test_a_plain_case_leaves_the_case_as_it_was():
    made = case(contiguous_code((float("nan"),) * 6, torch.float64, (2, 3)))
    plain(made)

    assert made.input.isnan().all()
    assert 0 in made.index.stride()


def test_whole_numbers_stay_but_for_the_largest():
    made = case(contiguous_code((7, -(2**31), 2**62, 2**31 - 1, 0, -1), torch.int64, (2, 3)))

    assert plain(made).input.tolist() == [[7, 1, 1], [2**31 - 1, 0, -1]]


def test_conj_views_are_made_plain():
    made = case(TensorCode((1 + 2j,) * 6, torch.complex64, (2, 3), (2, 3), bit="conj"))

    assert not plain(made).input.is_conj()
    assert np.array_equal(plain(made).input.numpy(), np.full((2, 3), 1 + 2j))


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        (torch.bool, [True, True, False]),
        (torch.int8, [2, 50, 0]),
        (torch.float16, [2.0, -150.5, 0.0]),
        (torch.complex64, [2, -150.5, 0]),
    ],
)
def test_a_plain_case_may_be_of_another_dtype(dtype, values):
    made = case(contiguous_code((2.0, -150.5, 0.0), torch.float32, (3, 1)))
    found = plain(made, (dtype, torch.int64))

    assert found.input.dtype is dtype
    assert found.input.flatten().tolist() == values
    assert found.index.dtype is torch.int64


def test_a_plain_case_is_built_where_it_is_placed():
    made = plain(case(contiguous_code((0.0,) * 6, torch.float32, (2, 3))))
    with placing_on("meta"):
        assert made.input.device.type == "meta"


def test_what_is_ordinary():
    whole = contiguous_code((0.0,) * 6, torch.float32, (2, 3))

    assert is_ordinary(case(whole))
    assert not is_ordinary(case(whole, INDEX, "negative dim", dim=-1))
    assert not is_ordinary(case(contiguous_code((), torch.float32, (0, 3))))
    assert not is_ordinary(case(contiguous_code((0.0,), torch.float32, ())))
    assert not is_ordinary(case(contiguous_code((0.0,), torch.float32, (1, 1, 1, 1))))
    assert dtypes_of(case(whole)) == (torch.float32, torch.int64)
