"""Index tensors: every legal size, every position of a dim, and positions named more than once."""

from __future__ import annotations

import torch

from strategies.fills import Elements, Fill
from strategies.shapes import MAX_RANK, Shape
from strategies.tape import Tape, weighted
from strategies.tensors import layout_promises
from strategies.values import lengthened

INDEX_VALUE_BYTES = 16

_ALONG = weighted({"equal": 90, "longer": 64, "shorter": 60, "one": 30, "none": 12})
_OFF = weighted({"equal": 176, "smaller": 72, "none": 8})
_INDEX_FILLS = weighted({"drawn": 140, "counting": 40, "all equal": 76})

SEVERAL = "index of several positions"
"""The input class of an index whose elements differ: of any other, it is all one which is read."""

INDEX_PROMISES = (
    SEVERAL,
    "negative dim",
    "empty index",
    "index longer along dim",
    "index shorter along dim",
    "index smaller off dim",
    "index all equal",
    "index counting up",
    "duplicate index",
    *layout_promises("index"),
)
"""The input classes of an index, and of the dim that it picks from."""


def decode_index_shape(tape: Tape, shape: Shape, dim: int) -> tuple[Shape, list[str]]:
    """Read the shape of an index for an input's shape: any size along dim, no larger elsewhere."""
    along, off = tape.byte(), tape.take(MAX_RANK)
    if not shape:
        return (), []
    at = dim % len(shape)
    sizes, classes = [], []
    for number, size in enumerate(shape):
        if number == at:
            size, described = _size_along(_ALONG[along], size, off[number])
            classes += described
        else:
            kind = _OFF[off[number]]
            if kind == "smaller" and size > 1:
                size = 1 + off[number] % (size - 1)
                classes.append("index smaller off dim")
            elif kind == "none":
                size = 0
        sizes.append(size)
    return tuple(sizes), classes


def _size_along(kind: str, size: int, byte: int) -> tuple[int, list[str]]:
    if size == 0 or kind == "none":
        return 0, []
    if kind == "longer":
        return size + (1, 2, 3, min(size, 64))[byte & 3], ["index longer along dim"]
    if size > 1 and kind in ("shorter", "one"):
        return 1 if kind == "one" else 1 + byte % (size - 1), ["index shorter along dim"]
    return size, []


def index_fill(size: int) -> Fill:
    """Return a fill of positions 0 … size - 1, which repeat, count up or are all equal."""

    def fill(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
        kind, drawn = tape.pick(_INDEX_FILLS), tape.take(INDEX_VALUE_BYTES)[::-1]
        if count == 0 or size == 0:
            return (0,) * count, []
        if kind == "counting":
            classes = ["index counting up"] if count <= size else ["index counting up", "duplicate index"]
            classes += [SEVERAL] if min(count, size) > 1 else []
            return tuple([position % size for position in range(count)]), classes
        # Spreads the 256 values of a byte over the whole of a long dim.
        spread = (size >> 8) + 1
        if kind == "all equal":
            classes = ["index all equal", "duplicate index"] if count > 1 else []
            return (drawn[0] * spread % size,) * count, classes
        data = tuple([byte * spread % size for byte in lengthened(drawn, count)])
        positions = len(set(data))
        return data, [
            *(["duplicate index"] if positions < count else []),
            *([SEVERAL] if positions > 1 else []),
        ]

    return fill
