import numpy as np
import torch

from strategies.tape import Tape
from strategies.values import STORED_DTYPES, Repeated, decode_bytes, palette, ramp


def test_palettes_hold_the_values_that_kernels_get_wrong():
    assert palette(torch.bool)[:2] == (False, True)
    assert {2**63 - 1, -(2**63), 2**53 + 1} <= set(palette(torch.int64))
    assert 2**64 - 1 in palette(torch.uint64)
    assert {65504.0, float("inf")} <= set(palette(torch.float16))
    assert 258.0 in palette(torch.bfloat16)
    for dtype in dict.fromkeys(STORED_DTYPES):
        assert len(palette(dtype)) == 256
        assert torch.tensor(palette(dtype), dtype=dtype)[0] == 0


def test_subnormals_survive_in_the_palette():
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        values = torch.tensor(palette(dtype), dtype=dtype)
        assert bool(((values != 0) & (values.abs() < torch.finfo(dtype).tiny)).any()), dtype


def test_ramps_start_anew_where_exact_integers_end():
    assert ramp(torch.int8, 129)[126:] == (126, 0, 1)
    assert ramp(torch.bfloat16, 258)[255:] == (255.0, 0.0, 1.0)
    assert ramp(torch.bool, 3) == (False, True, False)


def test_bytes_are_read_the_last_first_and_repeat():
    tape = Tape(b"\1\2\3\4")

    assert decode_bytes(tape, 2, read=3) == b"\3\2"
    assert tape.byte() == 4
    assert set(decode_bytes(Tape(b"\1\2\3"), 10, read=3)) == {1, 2, 3}


def test_repeated_numbers_are_those_of_a_tuple():
    numbers = Repeated((1, 2, 3), 8, 6, 9)
    expected = (1, 2, 3, 1, 2, 3, 9, 2)

    assert tuple(numbers) == expected
    assert tuple(numbers[at] for at in range(len(numbers))) == expected
    assert numbers[-1] == 2
    assert numbers[5:] == expected[5:]
    assert np.array(numbers).tolist() == list(expected)
    assert numbers == Repeated((1, 2, 3), 8, 6, 9)
    assert numbers != Repeated((1, 2, 3), 8, 5, 9)
