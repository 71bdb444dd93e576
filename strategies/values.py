"""Dtypes and element values: for each dtype a palette of 256 values, special ones included."""

from __future__ import annotations

import functools
import math
from typing import TypeVar

import torch

from strategies.tape import Tape, weighted

Scalar = bool | int | float | complex
Number = TypeVar("Number", int, float)

DTYPES = weighted(
    {
        torch.float32: 30,
        torch.float64: 24,
        torch.int64: 28,
        torch.float16: 20,
        torch.bfloat16: 20,
        torch.bool: 20,
        torch.int32: 18,
        torch.int16: 16,
        torch.int8: 18,
        torch.uint8: 18,
        torch.complex64: 22,
        torch.complex128: 22,
    }
)
"""Every dtype that torch computes with."""

STORED_DTYPES = weighted(
    {
        torch.float32: 28,
        torch.float64: 20,
        torch.int64: 22,
        torch.float16: 17,
        torch.bfloat16: 17,
        torch.bool: 17,
        torch.int32: 15,
        torch.int16: 15,
        torch.int8: 15,
        torch.uint8: 15,
        torch.uint16: 15,
        torch.uint32: 15,
        torch.uint64: 15,
        torch.complex64: 15,
        torch.complex128: 15,
    }
)
"""Every dtype that torch stores; few operations compute with the unsigned ones beyond 8 bits."""

GRAD_DTYPES = weighted({torch.float64: 160, torch.float32: 96})
"""Dtypes for gradients with closed forms."""

VALUE_BYTES = 24
FILL_BYTES = 1 + VALUE_BYTES

_FILLS = weighted({"tape": 150, "ramp": 80, "few": 26})


@functools.cache
def palette(dtype: torch.dtype) -> tuple[Scalar, ...]:
    """Return the 256 values that a drawn byte stands for: 0, 1, 2, …, then negatives and special values."""
    if dtype is torch.bool:
        return (False, True) * 128
    if dtype.is_complex:
        return _complex_palette(dtype)
    if dtype.is_floating_point:
        return _float_palette(dtype)
    return _integer_palette(dtype)


def _integer_palette(dtype: torch.dtype) -> tuple[int, ...]:
    info = torch.iinfo(dtype)
    special = [info.max, info.min, info.max - 1, info.min + 1]
    if info.bits == 64:
        special += [2**53 + 1, 2**53 + 3, 2**62 + 1, 2**24 + 1]
    if info.min < 0:
        special += [-1, -2, -3, -5, -100]
    special += [value for value in (257, 2049, 32767, 65537) if value <= info.max]
    plain = range(128) if info.bits == 8 else [number * 3 if number > 64 else number for number in range(128)]
    return (*plain, *_repeat(special, 128))


def _float_palette(dtype: torch.dtype) -> tuple[float, ...]:
    info = torch.finfo(dtype)
    # Where every integer up to it is exact; one step further the next ones are rounded.
    exact = 2.0 / info.eps
    special = [
        math.nan,
        math.inf,
        -math.inf,
        -0.0,
        math.nan,
        math.inf,
        -0.0,
        math.nan,
        -0.0,
        info.max,
        info.min,
        info.tiny,
        info.tiny * info.eps,  # the smallest subnormal
        info.eps,
        exact,
        exact + 2,
        -1.0,
        -0.5,
        -3.0,
        -257.0,
    ]
    plain = [float(number) for number in range(64)] + [number / 8 for number in range(1, 65)]
    return (*plain, *_repeat(special, 128))


def _complex_palette(dtype: torch.dtype) -> tuple[complex, ...]:
    parts = _float_palette(torch.float32 if dtype is torch.complex64 else torch.float64)
    # A byte is as special here as in the float palette, in either part or in both.
    pairs = [(part, 0.0 if byte < 64 else 1.0 if byte % 3 else part) for byte, part in enumerate(parts)]
    return tuple(
        [complex(one, other) if byte % 2 else complex(other, one) for byte, (one, other) in enumerate(pairs)]
    )


def _repeat(values: list[Number], count: int) -> list[Number]:
    return [values[position % len(values)] for position in range(count)]


@functools.cache
def _special_bits(dtype: torch.dtype) -> tuple[int, ...]:
    """Return for each byte of the palette which of `VALUE_CLASSES` its value is in, as a bit set."""
    return tuple(_bits_of(value) for value in palette(dtype))


VALUE_CLASSES = ("NaN", "infinity", "negative zero", "beyond 2**53")
VALUE_PROMISES = ("NaN", "infinity", "negative zero")


def _bits_of(value: Scalar) -> int:
    if isinstance(value, int):
        return 8 if abs(value) > 2**53 else 0
    parts = (value.real, value.imag)
    bits = 1 if any(math.isnan(part) for part in parts) else 0
    bits |= 2 if any(math.isinf(part) for part in parts) else 0
    return bits | (4 if any(part == 0 and math.copysign(1, part) < 0 for part in parts) else 0)


def decode_values(tape: Tape, dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
    """Read `count` elements of a dtype off `FILL_BYTES` bytes; return them with their input classes.

    Three fills: drawn values with specials among them, distinct small integers in order (so that no two
    positions are confused), and few values with many ties. Shrinks toward zeros.
    """
    # Backwards: sorting the bytes, as Hypothesis does in shrinking, brings what matters to the front.
    fill, drawn = tape.pick(_FILLS), tape.take(VALUE_BYTES)[::-1]
    if fill == "ramp":
        return ramp(dtype, count), []
    if fill == "few":
        drawn = bytes([drawn[byte % 3] for byte in drawn])
    values = palette(dtype)
    data = tuple([values[byte] for byte in lengthened(drawn, count)])
    drawn = drawn[:count]
    bits, special = 0, _special_bits(dtype)
    for byte in drawn:
        bits |= special[byte]
    return data, [name for place, name in enumerate(VALUE_CLASSES) if bits >> place & 1] if bits else []


def lengthened(drawn: bytes, count: int) -> bytes:
    """Return `count` bytes: the drawn ones, over and over, rotated by a further 7 places in each round.

    The rotation keeps long tensors from being periodic, and zero bytes stay zeros.
    """
    size = len(drawn)
    if count <= size:
        return drawn[:count]
    rounds = -(-count // size)
    return b"".join([drawn[turn * 7 % size :] + drawn[: turn * 7 % size] for turn in range(rounds)])[:count]


def ramp(dtype: torch.dtype, count: int) -> tuple[Scalar, ...]:
    """Return 0, 1, 2, …, starting anew where the dtype's exact integers end."""
    if dtype is torch.bool:
        return tuple([bool(number % 2) for number in range(count)])
    if dtype.is_floating_point or dtype.is_complex:
        end = int(2 / torch.finfo(dtype).eps)
        return tuple([float(number % end) for number in range(count)])
    end = torch.iinfo(dtype).max
    return tuple([number % end for number in range(count)])
