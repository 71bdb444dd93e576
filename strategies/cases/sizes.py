"""Cases of many elements: of sizes at which the work of a reduction is shared between threads or vectors."""

from __future__ import annotations

import torch

from strategies.case import InputCase, case_class
from strategies.code import contiguous_code
from strategies.dims import decode_dim, dim_classes
from strategies.shapes import BEYOND_GRAIN, Shape, shape_classes
from strategies.tape import Tape, strategy, weighted
from strategies.tensors import LAYOUTS
from strategies.values import NUMBER_DTYPES, Repeated

MILLION = "a million elements"
"""The input class of what takes several rounds of whatever a device does at once."""

TENS_OF_THOUSANDS: tuple[Shape, ...] = (
    (30_011,),
    (30_011, 1),
    (1, 30_011),
    (30, 900, 1),
    (30, 1, 900),
    (1, 30, 900),
    (30, 900),
    (900, 30),
    (10_007, 3),
    (3, 10_007),
    (2, 15_001),
    (15_001, 2),
    (32, 1_000),
    (1_031, 29),
    (30, 30, 30),
    (2, 3, 5_000),
    (5_000, 3, 2),
    (1, 30_011, 1),
    (13, 1, 2_048),
    (2_048, 1, 13),
)
"""Of 26,624 to 32,000 elements: with dims of size 1 in all places, long first, long last, or neither."""

OVER_THE_GRAIN: tuple[Shape, ...] = (
    (32_771,),
    (32_771, 1),
    (1, 32_771),
    (40, 900, 1),
    (40, 1, 900),
    (1, 40, 900),
    (40, 900),
    (900, 40),
    (12_000, 3),
    (3, 12_000),
    (30, 40, 30),
    (1, 36_000, 1),
)
"""The same of more elements than torch has one thread work on; few of the cases, as threads wait."""

A_MILLION: tuple[Shape, ...] = (
    (1_000_003,),
    (1_000_003, 1),
    (1, 1_000_003),
    (1_000, 1_000, 1),
    (1_000, 1, 1_000),
    (1_000, 1_003),
    (65_537, 16),
    (15, 66_667),
    (3, 333_335),
    (100, 101, 100),
)
"""Of about a million elements, beyond 2**16 along a dim in some, and 2**20 in others."""

_AMONG = weighted({TENS_OF_THOUSANDS: 204, OVER_THE_GRAIN: 38, A_MILLION: 14})
_PERIODS = weighted({7: 100, 1: 40, 13: 60, 29: 56})
_PLACES = weighted({"last": 66, "first": 20, "middle": 50, "grain": 40, "third": 40, "vector": 40})


@case_class
class Large(InputCase):
    """An input of many elements, few of which differ, and a dim to reduce it over."""

    dim: int


def _place(name: str, count: int) -> int:
    return {
        "last": count - 1,
        "first": 0,
        "middle": count // 2 + 1,
        "grain": 32_768 if count > 32_768 else 16_384,
        "third": count // 3 * 2 + 5,
        "vector": 1_030,
    }[name]


@strategy(
    promises=(
        BEYOND_GRAIN,
        f"{LAYOUTS[0]} input",
        "negative dim",
        "reduces a size 1",
        "reduces the first of several dims",
        "reduces a dim in the middle",
    )
)
def larges(tape: Tape) -> Large:
    """Return a strategy for tensors of 26,624 to a million elements, and a dim of any size to reduce over.

    The elements are few numbers over and over, so that every row has ties, and one somewhere that is larger
    or smaller than all others.
    """
    among = tape.pick(_AMONG)
    shape, dtype = tape.pick(among), tape.pick(NUMBER_DTYPES)
    dim = decode_dim(tape, len(shape))
    turned = tape.chance(30) and len(shape) > 1
    length, place, smallest = tape.pick(_PERIODS), tape.pick(_PLACES), tape.chance(40)
    base = tuple(reversed(shape)) if turned else shape
    code = contiguous_code(_elements(dtype, base, length, place, smallest=smallest), dtype, base)
    if turned:
        code = code.changed(shape=shape, permutation=tuple(reversed(range(len(shape)))))
    at = dim % len(shape)
    classes = [*shape_classes(shape), *dim_classes(dim)]
    classes += [MILLION] if among is A_MILLION else []
    classes += [f"{LAYOUTS[0]} input"] if turned else []
    classes += ["reduces a size 1"] if shape[at] == 1 else []
    classes += ["reduces the first of several dims"] if at == 0 and len(shape) > 1 else []
    classes += ["reduces a dim in the middle"] if 0 < at < len(shape) - 1 else []
    return Large(classes=tuple(classes), input=code, dim=dim)


def _elements(dtype: torch.dtype, shape: Shape, length: int, place: str, *, smallest: bool) -> Repeated:
    count = 1
    for size in shape:
        count *= size
    # In an order in which the largest is neither first nor last.
    numbers = [1 + (37 * number + 11) % 97 for number in range(length)]
    number = float if dtype.is_floating_point else int
    value = number(0 if smallest else 101)
    return Repeated(tuple(map(number, numbers)), count, _place(place, count), value)
