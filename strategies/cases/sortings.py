"""Cases for sorting and searching: an input and the dim to sort it along, or a sequence and what to look for.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements; in `writable` ones no two
elements of the input share memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.code import array_code
from strategies.dims import decode_dim, dim_classes, places
from strategies.fills import small_numbers
from strategies.shapes import SHAPE_PROMISES, decode_shape, nonempty_shape, with_size
from strategies.tape import Tape, without
from strategies.tensors import EXPANDED, decode_input, decode_tensor, layout_promises
from strategies.values import DTYPES

Strategy = SearchStrategy[Any]

REALS = tuple([dtype for dtype in DTYPES if not dtype.is_complex])

REAL_NUMBERS = tuple([dtype for dtype in REALS if dtype is not torch.bool])

INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def along_dim(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = REALS,
    counted: bool = False,
    most: int | None = None,
    **options: Sequence[Any],
) -> Strategy:
    """Cases of an input with many ties and a `dim`; `counted` ones have a `k` of 1 to its size besides.

    Further options name what an argument is picked from.
    """

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape)
        shape = tuple([min(size, most) for size in shape]) if most else shape
        shape = nonempty_shape(shape) if nonempty else shape
        dim, longest, count = decode_dim(tape, places(shape)), tape.chance(40), tape.byte()
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        if shape and longest:
            dim = shape.index(max(shape)) - (len(shape) if dim < 0 else 0)
        if counted and shape and not shape[dim]:
            shape = with_size(shape, dim % len(shape), 2)
        given = {"dim": dim, **picked}
        if counted:
            given["k"] = 1 + count % (shape[dim] if shape else 1)
        code = decode_input(
            tape,
            shape,
            dtypes,
            known=dim_classes(dim),
            expand=0 if writable else EXPANDED,
            fill=small_numbers,
        )
        return arguments(code.classes, input=code, **given)

    left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    left += ["dim over 1,024", "over 256 elements"] if most else []
    promises = (*without((*SHAPE_PROMISES, *layout_promises()), *left), "negative dim", "ties")
    return drawn_evenly(decode, promises=promises)


def alone(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = REALS,
    min_dims: int = 0,
) -> Strategy:
    """Cases of an input with many ties."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, min_dims=min_dims)
        shape = nonempty_shape(shape) if nonempty else shape
        expand = 0 if writable else EXPANDED
        code = decode_input(tape, shape, dtypes, expand=expand, fill=small_numbers)
        return arguments(code.classes, input=code)

    left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    left += ["0-d"] if min_dims else []
    return drawn_evenly(decode, promises=(*without((*SHAPE_PROMISES, *layout_promises()), *left), "ties"))


def searches(*, nonempty: bool = False, writable: bool = False, name: str = "sorted_sequence") -> Strategy:
    """Cases of values to look for, and a sorted sequence of one dim, with ties."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        right, drawn = tape.chance(50), tape.take(8)
        dtype = tape.pick((torch.float32, torch.float64, torch.int64, torch.int32))
        number = float if dtype.is_floating_point else int
        count = drawn[0] % 7 + nonempty
        found = sorted([number(byte >> 6) for byte in drawn[1 : 1 + count]])
        sequence = array_code(np.array(found), dtype)
        code = decode_input(tape, shape, (dtype,), expand=0 if writable else EXPANDED, fill=small_numbers)
        return arguments(code.classes, **{name: sequence, "input": code, "right": right})

    left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    return drawn_evenly(decode, promises=without((*SHAPE_PROMISES, *layout_promises()), *left))


def counts(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of a vector of small whole numbers, none negative, and the least length of what counts them."""

    def decode(tape: Tape) -> Arguments:
        shape, least = decode_shape(tape, min_dims=1, max_dims=1), tape.byte() % 7
        shape = nonempty_shape(shape) if nonempty else shape
        code = decode_input(tape, shape, INTEGERS, expand=0 if writable else EXPANDED, fill=small_numbers)
        return arguments(code.classes, input=code, minlength=least)

    return drawn_evenly(decode, promises=("over 16 elements", "stepped input"))


def histograms(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input of whole numbers from 0 to 3, and bins between two numbers."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        bins, low, size = tape.pick((4, 1, 2, 3, 8)), tape.byte() % 3 - 1, tape.pick((4, 2, 1, 8))
        dtypes = (torch.float32, torch.float64)
        code = decode_input(tape, shape, dtypes, expand=0 if writable else EXPANDED, fill=small_numbers)
        return arguments(code.classes, input=code, bins=bins, min=low, max=low + size)

    left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    return drawn_evenly(decode, promises=without((*SHAPE_PROMISES, *layout_promises()), *left))


def members(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input and a tensor of a few elements, some of which it may have."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        sizes, invert = tape.pick(((2,), (1,), (40,), (0,))[: 3 if nonempty else 4]), tape.chance(30)
        expand = 0 if writable else EXPANDED
        code = decode_input(tape, shape, REAL_NUMBERS, expand=expand, fill=small_numbers)
        others = decode_tensor(tape, sizes, code.dtype, role="other", fill=small_numbers)
        return arguments(code.classes, input=code, test_elements=others, invert=invert)

    left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    return drawn_evenly(decode, promises=without((*SHAPE_PROMISES, *layout_promises()), *left))


def members_of_matrices() -> Strategy:
    """Cases of an input and a matrix of test elements that is transposed, expanded or stepped."""

    def decode(tape: Tape) -> Arguments:
        rows, columns = 2 + (tape.byte() >> 6), 2 + (tape.byte() >> 6)
        code = decode_input(tape, decode_shape(tape), REAL_NUMBERS, fill=small_numbers)
        others = decode_tensor(tape, (rows, columns), code.dtype, role="other", fill=small_numbers, expand=60)
        return arguments((*code.classes, *others.classes), input=code, test_elements=others)

    return drawn_evenly(decode, promises=layout_promises("other"))
