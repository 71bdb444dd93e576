"""Dtypes and element values: for each dtype a palette of 256 values, special ones included."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any, TypeVar, overload

import numpy as np
import torch

from strategies.tape import Tape, weighted

Scalar = bool | int | float | complex
Number = TypeVar("Number", int, float)

DTYPES = weighted(
    {
        torch.float32: 24,
        torch.float64: 30,
        torch.int64: 30,
        torch.float16: 20,
        torch.bfloat16: 20,
        torch.bool: 30,
        torch.int32: 14,
        torch.int16: 14,
        torch.int8: 14,
        torch.uint8: 16,
        torch.complex64: 22,
        torch.complex128: 22,
    }
)
"""Every dtype that torch computes with."""

STORED_DTYPES = weighted(
    {
        torch.float32: 20,
        torch.float64: 30,
        torch.int64: 30,
        torch.float16: 16,
        torch.bfloat16: 16,
        torch.bool: 30,
        torch.int32: 11,
        torch.int16: 11,
        torch.int8: 11,
        torch.uint8: 13,
        torch.uint16: 13,
        torch.uint32: 13,
        torch.uint64: 14,
        torch.complex64: 14,
        torch.complex128: 14,
    }
)
"""Every dtype that torch stores; few operations compute with the unsigned ones beyond 8 bits."""

REAL_DTYPES = weighted(
    {
        torch.float32: 32,
        torch.float64: 32,
        torch.int64: 32,
        torch.float16: 26,
        torch.bfloat16: 26,
        torch.bool: 32,
        torch.int32: 19,
        torch.int16: 19,
        torch.int8: 19,
        torch.uint8: 19,
    }
)
"""Every dtype that torch orders."""

NUMBER_DTYPES = tuple([dtype for dtype in REAL_DTYPES if dtype is not torch.bool])
"""Those of them that are numbers."""

FLOAT_DTYPES = weighted({torch.float32: 76, torch.float64: 76, torch.float16: 52, torch.bfloat16: 52})
"""The floating dtypes that torch computes with."""

BITS = {2: torch.int16, 4: torch.int32, 8: torch.int64}
"""The integer dtype that has the bits of a floating one, by the size of an element in bytes."""

LOW_PRECISION = (torch.float16, torch.bfloat16)


def _named(dtype: torch.dtype) -> tuple[str, ...]:
    name = str(dtype).removeprefix("torch.")
    if dtype in LOW_PRECISION:
        return (name, "low-precision float")
    if dtype.is_complex:
        return (name, "complex")
    if dtype.is_floating_point or dtype in (torch.bool, torch.int64):
        return (name,)
    return (name, "other integer")


DTYPE_CLASSES = {dtype: _named(dtype) for dtype in dict.fromkeys(STORED_DTYPES)}
"""The names of the input classes of each dtype: its own, and that of its kind where kinds are rare."""

DTYPE_PROMISES = ("float64", "int64", "bool", "low-precision float", "other integer", "complex")

COMPLEX_TWINS = ((torch.complex64, torch.float32), (torch.complex128, torch.float64))
"""The complex dtypes, each with the dtype of its parts."""

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
        -info.tiny / 2,  # a large one
        info.tiny * info.eps * 3,
        info.eps,
        exact,
        exact + 2,
        -1.0,
        -0.5,
        -3.0,
        -257.0,
    ]
    plain = [float(number) for number in range(64)] + [number / 8 for number in range(1, 33)]
    return (*plain, *_ordinary(dtype), *_repeat(special, 128))


def _ordinary(dtype: torch.dtype) -> list[float]:
    """Return 32 numbers as they come, of every magnitude from 1e-6 to 1e6 and with any mantissa.

    In a low precision there are none below the smallest normal or beyond the exact integers.
    """
    info, random = torch.finfo(dtype), Random(32)
    least, most = max(1e-6, info.tiny * 2), min(1e6, 1 / info.eps)
    drawn = [math.exp(random.uniform(math.log(least), math.log(most))) for _ in range(32)]
    return [float(number) for number in torch.tensor(sorted(drawn), dtype=dtype).tolist()]


def _complex_palette(dtype: torch.dtype) -> tuple[complex, ...]:
    parts = _float_palette(torch.float32 if dtype is torch.complex64 else torch.float64)
    # A byte is as special here as in the float palette, in either part or in both.
    pairs = [(part, 0.0 if byte < 64 else 1.0 if byte % 3 else part) for byte, part in enumerate(parts)]
    return tuple(
        [complex(one, other) if byte % 2 else complex(other, one) for byte, (one, other) in enumerate(pairs)]
    )


def _repeat(values: list[Number], count: int) -> list[Number]:
    return [values[position % len(values)] for position in range(count)]


VALUE_CLASSES = (
    "NaN",
    "infinity",
    "negative zero",
    "beyond 2**53",
    "extreme of the dtype",
    "subnormal",
    "past exact integers",
)
NAN_PAYLOAD = "NaN payload"
"""The input class of a NaN with other bits than torch's own, where the bits matter."""

VALUE_PROMISES = ("NaN", "infinity", "negative zero", "extreme of the dtype", "subnormal")


@functools.cache
def _special_bits(dtype: torch.dtype) -> tuple[int, ...]:
    """Return for each byte of the palette which of `VALUE_CLASSES` its value is in, as a bit set."""
    return tuple(
        sum(1 << place for place, holds in enumerate(_memberships(dtype, value)) if holds)
        for value in palette(dtype)
    )


def _memberships(dtype: torch.dtype, value: Scalar) -> tuple[bool, ...]:
    """Return whether a value is in each of `VALUE_CLASSES`."""
    if dtype is torch.bool:
        return (False,) * len(VALUE_CLASSES)
    if isinstance(value, int):
        info = torch.iinfo(dtype)
        return False, False, False, abs(value) > 2**53, value in (info.min, info.max), False, False
    parts = (value.real, value.imag)
    finite = [abs(part) for part in parts if math.isfinite(part)]
    limits = torch.finfo(dtype)
    return (
        any(math.isnan(part) for part in parts),
        any(math.isinf(part) for part in parts),
        any(part == 0 and math.copysign(1, part) < 0 for part in parts),
        False,
        limits.max in finite,
        any(0 < part < limits.tiny for part in finite),
        dtype in LOW_PRECISION and any(part > 2 / limits.eps for part in finite),
    )


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
        drawn = repeat_few(drawn)
    values = palette(dtype)
    data = tuple([values[byte] for byte in lengthened(drawn, count)])
    drawn = drawn[:count]
    bits, special = 0, _special_bits(dtype)
    for byte in drawn:
        bits |= special[byte]
    return data, [name for place, name in enumerate(VALUE_CLASSES) if bits >> place & 1] if bits else []


def decode_bytes(tape: Tape, count: int, *, read: int = VALUE_BYTES) -> bytes:
    """Read `read` bytes off the tape; return `count`: those, the last first, over and over."""
    return lengthened(tape.take(read)[::-1], count)


def repeat_few(drawn: bytes) -> bytes:
    """Return as many bytes, each one of the first three, so that values repeat."""
    return bytes([drawn[byte % 3] for byte in drawn])


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


class Repeated(Sequence[Scalar]):
    """Numbers over and over, `total` in all, but for one of them, `value`, at the place `at`.

    They stand for the elements of a tensor of a million, which nobody would keep one by one.
    """

    def __init__(self, period: tuple[Scalar, ...], total: int, at: int, value: Scalar) -> None:
        self.period, self.total, self.at, self.value = period, total, at, value

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, place: int) -> Scalar: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Scalar, ...]: ...
    def __getitem__(self, place: int | slice) -> Scalar | tuple[Scalar, ...]:
        if isinstance(place, slice):
            return tuple([self[each] for each in range(self.total)[place]])
        at = range(self.total)[place]
        return self.value if at == self.at else self.period[at % len(self.period)]

    def __iter__(self) -> Iterator[Scalar]:
        rounds = -(-self.total // len(self.period))
        numbers = (number for _ in range(rounds) for number in self.period)
        return (
            self.value if at == self.at else number for at, number in enumerate(islice(numbers, self.total))
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Return the numbers as an array of numpy's own."""
        made: np.ndarray[Any, Any] = np.resize(np.array(self.period), self.total)
        made[self.at] = self.value
        return made if dtype is None else made.astype(dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Repeated) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.period, self.total, self.at, self.value))
