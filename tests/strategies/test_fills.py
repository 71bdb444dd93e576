import math

import pytest
import torch

from strategies.fills import counting, few, from_table, numbers, numbers_and_nan, quarters, zeros
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
