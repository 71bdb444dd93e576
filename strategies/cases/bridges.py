"""Cases for what torch shares memory with: tensors of dtypes that NumPy has, and buffers of bytes."""

from __future__ import annotations

import sys
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.shapes import SHAPE_PROMISES, decode_shape, nonempty_shape
from strategies.tape import Tape, weighted, without
from strategies.tensors import EXPANDED, decode_input, layout_promises
from strategies.values import DTYPE_CLASSES

Strategy = SearchStrategy[Any]

NUMPY_DTYPES = weighted(
    {
        torch.float32: 46,
        torch.int64: 40,
        torch.bool: 30,
        torch.float64: 30,
        torch.float16: 22,
        torch.complex64: 20,
        torch.complex128: 20,
        torch.int32: 12,
        torch.int16: 12,
        torch.int8: 12,
        torch.uint8: 12,
    }
)
"""The dtypes that `torch.from_numpy` is documented to take."""

_PROMISES = (*SHAPE_PROMISES, *layout_promises(), "complex")


def numpy_tensors(*, nonempty: bool = False, writable: bool = False, min_dims: int = 0) -> Strategy:
    """Return a strategy for tensors of every layout and of the dtypes that NumPy has, no conj or neg views.

    `writable` ones have no two elements at one place in memory.
    """

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, min_dims=min_dims)
        shape = nonempty_shape(shape) if nonempty else shape
        expand = 0 if writable else EXPANDED
        code = decode_input(tape, shape, NUMPY_DTYPES, expand=expand, lazy=False)
        return arguments(code.classes, input=code)

    left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    left += ["0-d"] if min_dims else []
    return drawn_evenly(decode, promises=without(_PROMISES, *left))


BUFFER_DTYPES = weighted(
    {
        torch.int32: 66,
        torch.uint8: 40,
        torch.int64: 50,
        torch.int16: 50,
        torch.int8: 50,
    }
)
"""Dtypes of which all bytes are numbers."""


def buffers(*, whole: bool = False) -> Strategy:
    """Return a strategy for the bytes of a buffer, a `dtype`, and an `offset` and a `count` that fit into it.

    `numbers` are the elements that they name, as Python reads them. Nothing comes after them if they are the
    `whole` rest of the buffer.
    """

    def decode(tape: Tape) -> Arguments:
        dtype, offset, count = tape.pick(BUFFER_DTYPES), tape.below(10), 1 + tape.below(9)
        rest, first, step = tape.below(12), tape.byte(), 1 + 2 * tape.below(100)
        rest = 0 if whole else rest
        size = dtype.itemsize
        data = bytes([(first + at * step) % 256 for at in range(offset + count * size + rest)])
        parts = [data[offset + at * size :][:size] for at in range(count)]
        signed = dtype is not torch.uint8
        numbers = tuple([int.from_bytes(part, sys.byteorder, signed=signed) for part in parts])
        classes = [*DTYPE_CLASSES[dtype], *(["offset"] if offset else []), *(["exact"] if not rest else [])]
        return arguments(classes, data=data, dtype=dtype, offset=offset, count=count, numbers=numbers)

    return drawn_evenly(decode, promises=("offset", "exact"))
