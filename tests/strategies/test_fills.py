import math
from random import Random

import pytest
import torch

from strategies.fills import (
    SIGNED_ZEROS,
    SUBNORMAL,
    compared_classes,
    counting,
    few,
    from_table,
    numbers,
    numbers_and_nan,
    quarters,
    zeros,
)
from strategies.tape import Tape, length_of
from strategies.values import FILL_BYTES, decode_values

FILLS = [zeros, counting, quarters, numbers, numbers_and_nan, few, decode_values]


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("count", [0, 1, 40])
def test_every_fill_fills_and_takes_as_much_of_a_tape(fill, count):
    data, _ = fill(Tape(bytes(range(FILL_BYTES))), torch.float32, count)

    assert len(data) == count
    assert length_of(lambda tape: fill(tape, torch.float32, count)) == FILL_BYTES


@pytest.mark.parametrize("fill", [zeros, quarters, decode_values])
def test_zero_bytes_fill_with_zeros(fill):
    assert fill(Tape(bytes(FILL_BYTES)), torch.float64, 3) == ((0.0, 0.0, 0.0), [])


def test_a_table_is_picked_from_byte_by_byte():
    data, classes = from_table(range(256))(Tape(bytes(range(FILL_BYTES))), torch.int64, 2)

    assert (data, classes) == ((FILL_BYTES - 1, FILL_BYTES - 2), [])


def test_one_number_is_nan_and_named():
    data, classes = numbers_and_nan(Tape(bytes(FILL_BYTES)), torch.float32, 4)

    assert any(math.isnan(abs(value)) for value in data)
    assert "NaN" in classes


@pytest.mark.parametrize(
    ("data", "classes"),
    [
        ((0.0, 1.0), []),
        ((0.0, -0.0), [SIGNED_ZEROS]),
        ((-0.0, -0.0, math.nan), []),
        ((1e-40, 1.0), [SUBNORMAL]),
        ((-1e-40, 0.0, -0.0), [SUBNORMAL, SIGNED_ZEROS]),
    ],
)
def test_what_devices_compare_as_they_like_is_named(data, classes):
    assert compared_classes(torch.float32, data) == classes


def test_what_is_no_subnormal_of_a_wider_dtype_is_not_named():
    assert compared_classes(torch.float64, (1e-40,)) == []
    assert compared_classes(torch.int64, (0, 1)) == []


@pytest.mark.parametrize("fill", [numbers, numbers_and_nan])
def test_numbers_name_what_is_compared(fill):
    random, found = Random(1), set()
    for _ in range(2_000):
        data, classes = fill(Tape(random.randbytes(FILL_BYTES)), torch.float32, 6)
        named = set(classes) & {SUBNORMAL, SIGNED_ZEROS}
        assert named >= set(compared_classes(torch.float32, data))
        found |= named

    assert found == {SUBNORMAL, SIGNED_ZEROS}
