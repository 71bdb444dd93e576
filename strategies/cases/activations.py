"""Cases for activations: an input whose elements lie on both sides of every bend, and far out.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements; in `writable` ones no two
elements of the input share memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.dims import decode_dim, dim_classes
from strategies.fills import Elements
from strategies.shapes import SHAPE_PROMISES, decode_shape, nonempty_shape, with_size
from strategies.tape import Tape, without
from strategies.tensors import EXPANDED, decode_input, decode_tensor, layout_promises
from strategies.values import FLOAT_DTYPES, VALUE_BYTES, decode_bytes

Strategy = SearchStrategy[Any]

FAR = 20
"""Beyond it, activations are flat or straight but for rounding."""

_PLAIN = [place / 4 for place in range(33)]
_LARGE = [20.0, -20.0, 21.0, -30.0, 100.0, -100.0, 1000.0, -1000.0, 30000.0, -30000.0]
_NUMBERS = [*_PLAIN, *[-number for number in _PLAIN[1:]], *_LARGE]
_TABLE = [_NUMBERS[byte % len(_NUMBERS)] for byte in range(256)]
_INFINITE = [*_TABLE[:-16], *(math.inf, -math.inf) * 8]

_PROMISES = (*SHAPE_PROMISES, *layout_promises(), "float64", "low-precision float", "far from 0")


def _filled(table: Sequence[float], tape: Tape, count: int) -> Elements:
    tape.byte()
    data = tuple([table[byte] for byte in decode_bytes(tape, count)])
    first = data[:VALUE_BYTES]
    classes = ["far from 0"] if any(FAR <= abs(number) < math.inf for number in first) else []
    return data, [*classes, *(["infinity"] if any(map(math.isinf, first)) else [])]


def around_zero(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
    """Fill with multiples of 1/4 from -8 to 8, and with numbers that are far from 0."""
    return _filled(_TABLE, tape, count)


def around_zero_and_infinite(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
    """Fill with the same and with infinities."""
    return _filled(_INFINITE, tape, count)


def _left(nonempty: bool, writable: bool) -> list[str]:
    return [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]


def elementwise(
    *, nonempty: bool = False, writable: bool = False, infinite: bool = False, **options: Sequence[Any]
) -> Strategy:
    """Cases of an input, also of an `infinite` one; options name what further arguments are picked from."""
    fill = around_zero_and_infinite if infinite else around_zero

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape)
        shape = nonempty_shape(shape) if nonempty else shape
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        code = decode_input(tape, shape, FLOAT_DTYPES, expand=0 if writable else EXPANDED, fill=fill)
        return arguments(code.classes, input=code, **picked)

    promises = without(_PROMISES, *_left(nonempty, writable))
    return drawn_evenly(decode, promises=(*promises, *(["infinity"] if infinite else [])))


def weighted_by_channel(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input and a `weight` for all its elements, or one for each channel, its second dim."""

    def decode(tape: Tape) -> Arguments:
        shape, each = decode_shape(tape, max_dims=4), tape.pick(("each", "one", "scalar"))
        shape = nonempty_shape(shape) if nonempty else shape
        code = decode_input(tape, shape, FLOAT_DTYPES, expand=0 if writable else EXPANDED, fill=around_zero)
        channels = shape[1] if len(shape) > 1 and each == "each" else 1
        weights = () if each == "scalar" else (max(channels, 1),)
        weight = decode_tensor(tape, weights, code.dtype, role="weight", fill=around_zero, expand=0)
        classes = [
            *code.classes,
            *weight.classes,
            {"each": "1-d weight", "one": "one weight"}.get(each, each),
        ]
        return arguments(classes, input=code, weight=weight)

    left = [*_left(nonempty, writable), "dim over 1,024"]
    return drawn_evenly(decode, promises=(*without(_PROMISES, *left), "1-d weight", "scalar"))


def halved(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input and a `dim` of even size."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, min_dims=1)
        shape = nonempty_shape(shape) if nonempty else shape
        dim = decode_dim(tape, len(shape))
        shape = with_size(shape, dim % len(shape), shape[dim] * 2)
        code = decode_input(
            tape,
            shape,
            FLOAT_DTYPES,
            known=dim_classes(dim, len(shape)),
            expand=0 if writable else EXPANDED,
            fill=around_zero,
        )
        return arguments(code.classes, input=code, dim=dim)

    return drawn_evenly(
        decode, promises=(*without(_PROMISES, "0-d", *_left(nonempty, writable)), "negative dim")
    )
