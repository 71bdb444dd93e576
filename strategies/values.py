"""Dtypes and element values: for each dtype a palette of 256 values, special ones included."""

from __future__ import annotations

import functools
import math
from typing import Union

import torch

from strategies.tape import Tape, weighted

Scalar = Union[bool, int, float, complex]

DTYPES = weighted(
    {
        torch.float32: 44,
        torch.float64: 28,
        torch.int64: 36,
        torch.float16: 24,
        torch.bfloat16: 24,
        torch.bool: 20,
        torch.int32: 16,
        torch.int16: 12,
        torch.int8: 12,
        torch.uint8: 16,
        torch.complex64: 16,
        torch.complex128: 8,
    }
)
"""Every dtype that torch computes with."""

STORED_DTYPES = weighted(
    {
        torch.float32: 40,
        torch.float64: 26,
        torch.int64: 32,
        torch.float16: 22,
        torch.bfloat16: 22,
        torch.bool: 18,
        torch.int32: 14,
        torch.int16: 12,
        torch.int8: 12,
        torch.uint8: 14,
        torch.uint16: 8,
        torch.uint32: 6,
        torch.uint64: 6,
        torch.complex64: 16,
        torch.complex128: 8,
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
    return tuple([*plain, *_repeat(special, 128)])


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
    plain = [float(number) for number in range(64)] + [number / 8 for number in range(1, 97)]
    return tuple([*plain, *_repeat(special, 128)])


def _complex_palette(dtype: torch.dtype) -> tuple[complex, ...]:
    parts = _float_palette(torch.float32 if dtype is torch.complex64 else torch.float64)
    plain = [complex(number) for number in range(16)]
    return tuple([*plain, *(complex(parts[byte], parts[(byte * 7 + 3) % 256]) for byte in range(16, 256))])


def _repeat(values: list[Scalar] | list[int] | list[float], count: int) -> list[Scalar]:
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
    fill, drawn = tape.pick(_FILLS), tape.take(VALUE_BYTES)
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
