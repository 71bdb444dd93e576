"""Cases for reductions and scans: an input and the dims to reduce it over, or the dim to go along.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements; in `writable` ones no two
elements of the input share memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.dims import decode_dim, decode_dims, dim_classes, places
from strategies.fills import Elements, Fill, small_numbers
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, with_size
from strategies.tape import Tape, weighted, without
from strategies.tensors import EXPANDED, decode_input, layout_promises
from strategies.values import DTYPE_PROMISES, DTYPES, LOW_PRECISION, decode_bytes

Strategy = SearchStrategy[Any]

FLOATS = weighted({torch.float32: 76, torch.float64: 76, torch.float16: 52, torch.bfloat16: 52})

FLOATS_AND_COMPLEX = (*FLOATS[::2], *(torch.complex64, torch.complex128) * 32)

WIDE_FLOATS = (torch.float32, torch.float64)

REALS = tuple([dtype for dtype in DTYPES if not dtype.is_complex])

WIDE_REALS = tuple([dtype for dtype in REALS if dtype not in LOW_PRECISION])

NUMBERS = tuple([dtype for dtype in DTYPES if dtype is not torch.bool])

REAL_NUMBERS = tuple([dtype for dtype in REALS if dtype is not torch.bool])

_HOW = weighted({"one": 96, "several": 90, "all": 40, "none named": 30})


def signs(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
    """Fill with 1, 0 and -1 (1 and 0 where there is no -1), of which every dtype holds all products."""
    tape.byte()
    some = (1, 0, -1) if dtype.is_floating_point or dtype.is_complex else (1, 0, 1)
    kind = (
        bool
        if dtype is torch.bool
        else complex
        if dtype.is_complex
        else float
        if dtype.is_floating_point
        else int
    )
    return tuple([kind(some[byte % 3]) for byte in decode_bytes(tape, count)]), []


def distinct(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
    """Fill with whole numbers below 200 in a drawn order, no two equal among as few."""
    step, first = 2 * tape.byte() + 1, tape.byte()
    tape.leave(10)
    kind = float if dtype.is_floating_point else int
    size = 97 if dtype in (torch.int8, torch.uint8, torch.bfloat16) else 197
    return tuple([kind((first + place * (step % size or 1)) % size) for place in range(count)]), []


_FLOAT_PROMISES = ("float64", "low-precision float")


def _promises(dtypes: Sequence[torch.dtype], *left: str) -> tuple[str, ...]:
    kinds = DTYPE_PROMISES if dtypes is DTYPES else _FLOAT_PROMISES if dtypes is FLOATS else ()
    return without((*SHAPE_PROMISES, *layout_promises(), *kinds), *left)


def _capped(shape: Shape, most: int | None) -> Shape:
    return shape if most is None else tuple([min(size, most) for size in shape])


def over_dims(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = DTYPES,
    fill: Fill = small_numbers,
    keepdim: bool = True,
    filled: bool = False,
    most: int | None = None,
    **options: Sequence[Any],
) -> Strategy:
    """Cases of an input and a `dim` to reduce it over, a tuple of dims, all of them, or None.

    With `filled` no dim has size 0; no size is above `most`. Further options name what
    arguments are picked from.
    """

    def decode(tape: Tape) -> Arguments:
        shape = _capped(decode_shape(tape), most)
        shape = nonempty_shape(shape) if nonempty or filled else shape
        how, one, some = (
            tape.pick(_HOW),
            decode_dim(tape, places(shape)),
            decode_dims(tape, max(len(shape), 1)),
        )
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        dim: Any = {"one": one, "several": some, "all": tuple(range(len(shape))), "none named": None}[how]
        if how in ("several", "all") and not shape:
            dim = None
        given = {"dim": dim, **({"keepdim": tape.chance(40)} if keepdim else {}), **picked}
        classes = [
            {"one": "one dim", "several": "several dims", "all": "all dims", "none named": "dim None"}[how]
        ]
        classes += (
            dim_classes(one)
            if how == "one"
            else ["negative dim"]
            if how == "several" and min(some) < 0
            else []
        )
        code = decode_input(tape, shape, dtypes, known=classes, expand=0 if writable else EXPANDED, fill=fill)
        return arguments(code.classes, input=code, **given)

    left = [*(["empty"] if nonempty or filled else []), *(["expanded input"] if writable else [])]
    left += ["dim over 1,024", "over 256 elements"] if most else []
    further = ("one dim", "several dims", "dim None", "negative dim")
    return drawn_evenly(decode, promises=(*_promises(dtypes, *left), *further))


def over_dim(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = DTYPES,
    fill: Fill = small_numbers,
    keepdim: bool = True,
    filled: bool = False,
    most: int | None = None,
    min_dims: int = 0,
    full: bool = False,
    expanded: bool = True,
    **options: Sequence[Any],
) -> Strategy:
    """Cases of an input and one `dim` to reduce it over, or to go along; with `filled` it has not size 0.

    Those that are `full` have no dim of size 0; not `expanded` ones have no two elements that share memory.
    """
    nonempty, writable = nonempty or full, writable or not expanded

    def decode(tape: Tape) -> Arguments:
        shape = _capped(decode_shape(tape, min_dims=min_dims), most)
        shape = nonempty_shape(shape) if nonempty else shape
        dim, longest = decode_dim(tape, places(shape)), tape.chance(40)
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        if shape and longest:
            dim = shape.index(max(shape)) - (len(shape) if dim < 0 else 0)
        stretched, size = tape.chance(25), 5 + tape.below(6)
        known = [*dim_classes(dim)]
        if stretched and len(shape) > 1 and 0 < shape[dim] < size and (most is None or size <= most):
            # A kernel that goes along several rows at once, some steps at a time, does so only in such.
            shape = with_size(shape, dim % len(shape), size)
            known.append("rows of 5 or more")
        if filled and shape and not shape[dim]:
            shape = with_size(shape, dim % len(shape), 2)
        given = {"dim": dim, **({"keepdim": tape.chance(40)} if keepdim else {}), **picked}
        code = decode_input(tape, shape, dtypes, known=known, expand=0 if writable else EXPANDED, fill=fill)
        return arguments(code.classes, input=code, **given)

    left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    left += ["dim over 1,024", "over 256 elements"] if most else []
    left += ["0-d"] if min_dims else []
    further = ["negative dim", *(["rows of 5 or more"] if most is None else [])]
    return drawn_evenly(decode, promises=(*_promises(dtypes, *left), *further))


def over_expanded_dim() -> Strategy:
    """Cases of an input and one of its dims, of size 2 or more, that is expanded."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape, min_dims=1, max_dims=4))
        dim, size = decode_dim(tape, len(shape)), 2 + (tape.byte() >> 6)
        inner, outer = [with_size(shape, dim % len(shape), long) for long in (1, size)]
        code = decode_input(tape, inner, REAL_NUMBERS, fill=small_numbers, expand=0, gaps=False, lazy=False)
        wider = code.changed(shape=outer, expanded=outer)
        return arguments((*code.classes, *dim_classes(dim), "expanded input"), input=wider, dim=dim)

    return drawn_evenly(decode, promises=("negative dim", "expanded input", "rank 4 or more"))
