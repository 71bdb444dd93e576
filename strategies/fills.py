"""Fills: what the elements of a tensor are, all of them together.

A fill reads off the tape as many bytes as every other one, or leaves them, so that a case is as long and has
the same shapes whatever fills its tensors.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import torch

from strategies.tape import Tape, weighted
from strategies.values import (
    FILL_BYTES,
    VALUE_BYTES,
    Scalar,
    decode_bytes,
    lengthened,
    palette,
    ramp,
    repeat_few,
)

Elements = tuple[tuple[Scalar, ...], list[str]]
"""Elements in row-major order, with the names of the input classes that they belong to."""

Fill = Callable[[Tape, torch.dtype, int], Elements]
"""Reads as many elements of a dtype."""

SUBNORMAL = "compared subnormal"
"""The input class of a subnormal among numbers of which the order matters."""

SIGNED_ZEROS = "signed zeros"
"""The input class of both zeros among numbers of which the order matters."""

_NUMBERS = weighted({"drawn": 110, "few": 60, "counting": 36, "late": 50})
_NUMBERS_AND_NAN = weighted({"drawn": 160, "few": 96})


def zero_data(dtype: torch.dtype, count: int) -> tuple[Scalar, ...]:
    """Return `count` zeros of a dtype."""
    zero: Scalar = False if dtype is torch.bool else 0.0 if dtype.is_floating_point or dtype.is_complex else 0
    return (zero,) * count


def zeros(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
    """Fill with zeros; reads nothing off the tape."""
    tape.leave(FILL_BYTES)
    return zero_data(dtype, count), []


def counting(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
    """Fill with 0, 1, 2, …, so that every element tells its position; reads nothing off the tape."""
    tape.leave(FILL_BYTES)
    return ramp(dtype, count), []


def from_table(table: Sequence[Scalar]) -> Fill:
    """Return a fill of elements of a table of 256, the simplest first."""

    def fill(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
        tape.byte()
        return tuple([table[byte] for byte in decode_bytes(tape, count)]), []

    return fill


quarters = from_table([(byte >> 4) / 4 - (4 if byte > 127 else 0) for byte in range(256)])
"""Fills with multiples of 1/4 from -2 to 2, which every float holds exactly."""


@functools.cache
def ordered_palette(dtype: torch.dtype) -> tuple[Scalar, ...]:
    """Return the dtype's palette with ones in the place of NaNs."""
    return tuple(
        [1.0 if isinstance(value, float) and math.isnan(value) else value for value in palette(dtype)]
    )


def numbers(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
    """Fill with infinities, extremes and ordinary numbers, often tied, but no NaN."""
    return _filled(ordered_palette(dtype), tape.pick(_NUMBERS), tape.take(VALUE_BYTES), dtype, count)


def numbers_and_nan(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
    """Fill with numbers and, in the drawn places, at least one NaN."""
    kind, drawn = tape.pick(_NUMBERS_AND_NAN), tape.take(VALUE_BYTES)
    data, classes = _filled(palette(dtype), kind, drawn, dtype, count)
    if not count:
        return data, classes
    places = {drawn[0] * count >> 8, drawn[1] * count >> 8}
    data = tuple([math.nan if place in places else value for place, value in enumerate(data)])
    return data, [*classes, "NaN"]


def compared_classes(dtype: torch.dtype, data: Sequence[Scalar]) -> list[str]:
    """Return the names of the input classes of elements that devices may compare as they like.

    The documentation does not say that a subnormal is none of the zeros, nor that neither zero is smaller.
    """
    if not dtype.is_floating_point:
        return []
    numbers = [float(value) for value in data]  # type: ignore[arg-type]
    tiny = torch.finfo(dtype).tiny
    classes = [SUBNORMAL] if any(0 < abs(number) < tiny for number in numbers) else []
    if len({math.copysign(1, number) for number in numbers if not number}) == 2:
        classes.append(SIGNED_ZEROS)
    return classes


def few(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
    """Fill with the numbers 0 to 3, so that nearly every maximum is tied."""
    tape.byte()
    data = tuple([float(byte >> 6) for byte in decode_bytes(tape, count)])
    return data, ["ties"] if len(set(data)) < count else []


def _filled(values: tuple[Scalar, ...], kind: str, drawn: bytes, dtype: torch.dtype, count: int) -> Elements:
    if kind == "counting":
        return ramp(dtype, count), []
    drawn = drawn[::-1]
    if kind == "late" and count:
        return _late(drawn, dtype, count), ["extreme in the last place"]
    if kind == "few":
        drawn = repeat_few(drawn)
    data = tuple([values[byte] for byte in lengthened(drawn, count)])
    classes = []
    if len(set(data)) < count:
        classes.append("ties")
    if dtype.is_floating_point and any(math.isinf(value) for value in data[:VALUE_BYTES]):  # type: ignore[arg-type]
        classes.append("infinity")
    if dtype is torch.int64 and any(abs(value) > 2**53 for value in data[:VALUE_BYTES]):
        classes.append("beyond 2**53")
    return data, classes + compared_classes(dtype, data[:VALUE_BYTES])


def _late(drawn: bytes, dtype: torch.dtype, count: int) -> tuple[Scalar, ...]:
    """Return small numbers, the largest or the smallest of them last: drawn bytes repeat in a long tensor.

    A kernel that stops early finds the extremes of what repeats all the same.
    """
    largest = drawn[0] & 1 == 0
    if dtype is torch.bool:
        return (*[not largest] * (count - 1), largest)
    number = float if dtype.is_floating_point else int
    rest = [number(1 + (byte >> 6)) for byte in lengthened(drawn, count - 1)]
    return (*rest, number(5 if largest else 0))


def small_numbers(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
    """Fill with 0 to 3, of which every dtype holds sums and products exactly; False and True for bool."""
    tape.byte()
    number = bool if dtype is torch.bool else _kind(dtype)
    data = tuple([number(byte >> 6) for byte in decode_bytes(tape, count)])
    return data, ["ties"] if len(set(data)) < count else []


def _kind(dtype: torch.dtype) -> Callable[[int], Scalar]:
    return complex if dtype.is_complex else float if dtype.is_floating_point else int
