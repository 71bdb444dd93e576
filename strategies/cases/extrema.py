"""Cases for the largest and the smallest elements: an input and what to reduce it over, or two tensors.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements; in `writable` ones no two
elements of the input share memory. With `nan` there is a NaN among the elements, without it there is none;
with `ties` they are few numbers of a dtype that has gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.dims import decode_dim, decode_dims, dim_classes, places
from strategies.fills import Fill, compared_classes, few, numbers, numbers_and_nan
from strategies.shapes import (
    SHAPE_PROMISES,
    Shape,
    decode_shape,
    nonempty_shape,
    shape_classes,
    with_size,
)
from strategies.tape import Tape, together, without
from strategies.tensors import EXPANDED, NAN_PROMISES, decode_input, decode_tensor, layout_promises
from strategies.values import (
    FLOAT_DTYPES,
    GRAD_DTYPES,
    REAL_DTYPES,
    VALUE_BYTES,
)

Strategy = SearchStrategy[Any]

TIMES = 2.5
"""Times as many cases as others have: extrema depend on more than most, and rules of laws see two fifths.

Half as many again, or twice as many, where few rules see them, or where much has to meet.
"""

_PROMISES = (*without(SHAPE_PROMISES, "empty"), *layout_promises(), "ties")
_JOINT = (
    together("transposed input", "storage offset input"),
    together("reduces over 256", "extreme in the last place"),
    together("expanded input", "rows of 16 bytes", "storage offset input"),
)
_JOINT_OF_DIMS = (
    together(
        *("expanded input", "storage offset input", "rows of 16 bytes"),
        *("several dims", "negative dim", "keepdim"),
    ),
)
_JOINT_OF_NAN = (
    together("NaN", "transposed input", "middle dim", "negative dim", "low-precision float"),
    together("NaN", "expanded input", "first dim", "negative dim", "rank 4 or more", "rows of 16 bytes"),
)


def _drawing(dtypes: Sequence[torch.dtype], *, nan: bool, ties: bool) -> tuple[Sequence[torch.dtype], Fill]:
    if nan:
        return FLOAT_DTYPES, numbers_and_nan
    return (GRAD_DTYPES, few) if ties else (dtypes, numbers)


def _promised(*, nan: bool, ties: bool, writable: bool) -> tuple[str, ...]:
    first = NAN_PROMISES if nan else _PROMISES
    kinds = () if nan or ties else ("low-precision float", "other integer", "extreme in the last place")
    return without((*first, *kinds), *(["expanded input"] if writable else []))


def over_all(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = REAL_DTYPES,
    nan: bool = False,
    ties: bool = False,
) -> Strategy:
    """Cases of an input of at least one element."""
    _ = nonempty  # it is, whatever is asked for

    def decode(tape: Tape) -> Arguments:
        drawn, fill = _drawing(dtypes, nan=nan, ties=ties)
        shape = nonempty_shape(decode_shape(tape))
        code = decode_input(tape, shape, drawn, fill=fill, gaps=not nan, expand=0 if writable else EXPANDED)
        return arguments(code.classes, input=code)

    return drawn_evenly(
        decode, promises=_promised(nan=nan, ties=ties, writable=writable), times=(2 if nan else 1.5) * TIMES
    )


def over_dim(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = REAL_DTYPES,
    nan: bool = False,
    ties: bool = False,
) -> Strategy:
    """Cases of an input and one `dim` of at least one element to reduce it over; others may be empty."""

    def decode(tape: Tape) -> Arguments:
        drawn, fill = _drawing(dtypes, nan=nan, ties=ties)
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        dim, keepdim, longest = decode_dim(tape, places(shape)), tape.chance(40), tape.chance(50)
        if shape and longest:
            dim = shape.index(max(shape)) - (len(shape) if dim < 0 else 0)
        if shape and not shape[dim]:
            shape = with_size(shape, dim % len(shape), 2)
        known = [*dim_classes(dim, len(shape)), "keepdim" if keepdim else "dim dropped"]
        known += ["reduces over 16"] if shape and shape[dim] > 16 else []
        known += ["reduces over 256"] if shape and shape[dim] > 256 else []
        expand = 0 if writable else EXPANDED
        code = decode_input(tape, shape, drawn, known=known, fill=fill, gaps=not nan, expand=expand)
        return arguments(code.classes, input=code, dim=dim, keepdim=keepdim)

    further: tuple[str, ...] = ("negative dim", "keepdim", "dim dropped")
    further += ("reduces over 16", "reduces over 256")
    further = without(further, *(["reduces over 256"] if ties else []))
    further += _JOINT_OF_NAN if nan else () if ties or writable or nonempty else _JOINT
    kept = without(_promised(nan=nan, ties=ties, writable=writable), *([] if nan else ["dim over 1,024"]))
    return drawn_evenly(decode, promises=(*kept, *further), times=(2 if nan else 1) * TIMES)


def over_dims(
    *, nonempty: bool = False, writable: bool = False, nan: bool = False, ties: bool = False
) -> Strategy:
    """Cases of an input of at least one element, and a dim or a tuple of dims to reduce it over."""
    _ = nonempty  # it is, whatever is asked for

    def decode(tape: Tape) -> Arguments:
        drawn, fill = _drawing(REAL_DTYPES, nan=nan, ties=ties)
        shape = nonempty_shape(decode_shape(tape, min_dims=1))
        dims, keepdim, alone = decode_dims(tape, len(shape)), tape.chance(40), tape.chance(50)
        known = ["keepdim" if keepdim else "dims dropped", *dim_classes(min(dims))]
        known += ["several dims"] if len(dims) > 1 else []
        expand = 0 if writable else EXPANDED
        code = decode_input(tape, shape, drawn, known=known, fill=fill, gaps=not nan, expand=expand)
        dim = dims[0] if alone and len(dims) == 1 else dims
        return arguments(code.classes, input=code, dim=dim, keepdim=keepdim)

    further = ["negative dim", "keepdim", "several dims"]
    further += [] if nan or ties or writable else _JOINT_OF_DIMS
    kept = without(_promised(nan=nan, ties=ties, writable=writable), "0-d")
    return drawn_evenly(decode, promises=(*kept, *further), times=1.5 * TIMES)


def pairs(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = REAL_DTYPES,
    nan: bool = False,
    ties: bool = False,
) -> Strategy:
    """Cases of an `input` and an `other` of one dtype, whose shapes broadcast to that of one of them."""

    def decode(tape: Tape) -> Arguments:
        drawn, fill = _drawing(dtypes, nan=nan, ties=ties)
        shape, other = _two_shapes(tape, nonempty=nonempty)
        dtype, swapped = tape.pick(drawn), tape.chance(40)
        options: dict[str, Any] = {"gaps": not nan, "expand": 0 if writable else EXPANDED}
        one = decode_tensor(tape, shape, dtype, fill=fill, **options)
        two = decode_tensor(tape, other, dtype, role="other", fill=few if ties else numbers)
        both = compared_classes(dtype, one.data[:VALUE_BYTES] + two.data[:VALUE_BYTES])
        classes = [*shape_classes(shape), *(["broadcast"] if other != shape else [])]
        classes += [*one.classes, *two.classes, *both]
        if swapped and not writable:
            one, two = two, one
        return arguments(classes, input=one, other=two)

    layouts = (
        NAN_PROMISES[:1] if nan else without(layout_promises(), *(["expanded input"] if writable else []))
    )
    shapes = without(SHAPE_PROMISES, *(["empty"] if nonempty else []))
    return drawn_evenly(
        decode, promises=(*shapes, "broadcast", *layouts, *layout_promises("other")), times=TIMES
    )


def _two_shapes(tape: Tape, *, nonempty: bool) -> tuple[Shape, Shape]:
    """Read two shapes that broadcast to the first of them."""
    shape, ones, cut = decode_shape(tape), tape.byte(), tape.byte()
    shape = nonempty_shape(shape) if nonempty else shape
    other = [1 if ones >> at & 1 and ones > 100 else size for at, size in enumerate(shape)]
    # A 0-d tensor is left out: the documentation asks for at least one dim.
    return shape, tuple(other[cut % max(len(other), 1) :] if cut > 190 else other)
