"""Cases for the indexing operations: an input, a dim, an index or a mask, and what is written there.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements; in `writable` ones no two
elements of the input share memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, changed, code_of, drawn_evenly, varied
from strategies.code import TensorCode, array_code
from strategies.dims import decode_dim, dim_classes, places
from strategies.fills import Elements, Fill, small_numbers
from strategies.indices import decode_index_shape, index_fill
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, with_size
from strategies.tape import Tape, together, weighted, without
from strategies.tensors import EXPANDED, decode_input, decode_tensor, layout_promises
from strategies.values import DTYPE_PROMISES, DTYPES, LOW_PRECISION, decode_bytes, decode_values, palette

Strategy = SearchStrategy[Any]

_COUNTS = weighted({2: 70, 1: 50, 3: 50, 5: 40, 0: 14, 17: 32})

_PROMISES = (*SHAPE_PROMISES, *layout_promises(), *DTYPE_PROMISES)

TIMES = 1.25
"""Times as many cases as others have: what is indexed, and by what, have to meet in many ways."""


def _signs(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
    """Fill with 1, 0 and -1, of which every float holds products of any number, and sums."""
    tape.byte()
    return tuple([(1.0, 0.0, -1.0)[byte % 3] for byte in decode_bytes(tape, count)]), []


FLOATS = weighted({torch.float32: 76, torch.float64: 76, torch.float16: 52, torch.bfloat16: 52})


def promised(
    *further: str, nonempty: bool = False, writable: bool = False, dtypes: Sequence[torch.dtype] = DTYPES
) -> tuple[str, ...]:
    """Return what a strategy for inputs of all shapes, layouts and dtypes promises, and `further` classes."""
    left = [*(["empty"] if nonempty else []), *([] if dtypes is DTYPES else DTYPE_PROMISES)]
    left += ["expanded input"] if writable else []
    return (*without(_PROMISES, *left), *further)


def _expand(writable: bool) -> int:
    return 0 if writable else EXPANDED


def _decode_along(tape: Tape, nonempty: bool, *, distinct: bool = False) -> tuple[Shape, int, TensorCode]:
    """Read a shape, a dim, and an index of one dim into it, for 0-d shapes of length 1."""
    shape = decode_shape(tape)
    dim, count = decode_dim(tape, places(shape)), tape.pick(_COUNTS)
    if shape and shape[dim] == 0 and count:
        shape = with_size(shape, dim % len(shape), 2)
    if nonempty:
        shape, count = nonempty_shape(shape), max(count, 1)
    size = shape[dim] if shape else 1
    count = (min(count, size) if distinct else count) if shape else 1
    if distinct:
        return shape, dim, _decode_distinct(tape, size, (count,), 0)
    return shape, dim, decode_tensor(tape, (count,), torch.int64, role="index", fill=index_fill(size))


def _decode_distinct(tape: Tape, size: int, shape: Shape, dim: int) -> TensorCode:
    """Read a contiguous index of a shape, whose positions are none of them twice along a dim."""
    first, step, slant = tape.byte(), tape.byte(), tape.byte()
    tape.leave(20)
    found = np.zeros(shape, int)
    if found.size and shape and size > 1:
        step = next(step + more for more in range(size) if math.gcd(step + more, size) == 1)
        grid = np.indices(shape)
        found = (first + slant * (grid.sum(0) - grid[dim]) + step * grid[dim]) % size
    return array_code(found, torch.int64)


def _index_classes(dim: int, index: TensorCode) -> list[str]:
    return [*dim_classes(dim), *index.classes, *(["empty index"] if 0 in index.shape else [])]


def selections(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input, a dim, and an index of one dim into it; for 0-d inputs of length 1."""

    def decode(tape: Tape) -> Arguments:
        shape, dim, index = _decode_along(tape, nonempty)
        known = _index_classes(dim, index)
        code = decode_input(tape, shape, DTYPES, known=known, expand=_expand(writable))
        return arguments(code.classes, input=code, dim=dim, index=index)

    further = ("negative dim", "duplicate index")
    promises = promised(*further, nonempty=nonempty, writable=writable)
    return drawn_evenly(decode, promises=promises, times=TIMES)


def fillings(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of the same with a number that the dtype of the input holds, as `value`."""

    def decode(tape: Tape) -> Arguments:
        shape, dim, index = _decode_along(tape, nonempty)
        byte, known = tape.byte(), _index_classes(dim, index)
        code = decode_input(tape, shape, DTYPES, known=known, expand=_expand(writable))
        return arguments(code.classes, input=code, dim=dim, index=index, value=palette(code.dtype)[byte])

    further = ("negative dim", "duplicate index")
    promises = promised(*further, nonempty=nonempty, writable=writable)
    return drawn_evenly(decode, promises=promises, times=TIMES)


def sources_along(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = DTYPES,
    distinct: bool = False,
    **options: Sequence[Any],
) -> Strategy:
    """Cases of an input, a dim, an index of one dim into it, and a source with a slice for each position.

    The elements are small numbers, of which sums are exact, but if the index is `distinct`; then it names no
    position twice. Further options are arguments, and name what each is picked from.
    """
    fill = decode_values if distinct else _signs if "reduce" in options else small_numbers

    def decode(tape: Tape) -> Arguments:
        shape, dim, index = _decode_along(tape, nonempty, distinct=distinct)
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        known = _index_classes(dim, index)
        code = decode_input(tape, shape, dtypes, known=known, expand=_expand(writable), fill=fill)
        if code.dtype in LOW_PRECISION and picked.get("reduce") == "prod":
            picked["reduce"] = "amax"  # see index_reduce.product_of_low_precision
        sizes = with_size(shape, dim % len(shape), index.shape[0]) if shape else ()
        source = decode_tensor(tape, sizes, code.dtype, role="source", fill=fill)
        classes = (*code.classes, *source.classes)
        return arguments(classes, input=code, dim=dim, index=index, source=source, **picked)

    further = ("negative dim", *layout_promises("source"), *([] if distinct else ["duplicate index"]))
    return drawn_evenly(
        decode, promises=promised(*further, nonempty=nonempty, writable=writable, dtypes=dtypes)
    )


def _decode_grid(
    tape: Tape, nonempty: bool, *, distinct: bool, same: bool
) -> tuple[Shape, int, TensorCode, Shape]:
    """Read a shape, a dim, an index of the shape's rank into it, and the shape of a source.

    The source is larger than the index here and there, but not if it is to be the `same`.
    """
    shape = decode_shape(tape)
    if nonempty:
        shape = nonempty_shape(shape)
    dim = decode_dim(tape, places(shape))
    sizes, classes = decode_index_shape(tape, shape, dim)
    grown = tape.take(len(SHAPE_PROMISES))
    at, size = dim % max(len(shape), 1), shape[dim] if shape else 1
    if nonempty:
        sizes = nonempty_shape(sizes)
    if distinct and shape:
        sizes = with_size(sizes, at, min(sizes[at], size))
    if distinct:
        index = _decode_distinct(tape, size, sizes, at)
    else:
        index = decode_tensor(tape, sizes, torch.int64, role="index", fill=index_fill(size))
    index = index.changed(classes=(*classes, *index.classes))
    wider = tuple([size + (byte >> 7) for size, byte in zip(sizes, grown, strict=False)])
    return shape, dim, index, sizes if same or 0 in sizes else wider


def sources_by_grid(
    *,
    nonempty: bool = False,
    writable: bool = False,
    dtypes: Sequence[torch.dtype] = DTYPES,
    distinct: bool = False,
    same: bool = False,
    **options: Sequence[Any],
) -> Strategy:
    """Cases of an input, a dim, an index of the input's rank, and a source `src` no smaller than the index.

    The elements are small numbers, of which sums are exact, but if the index is `distinct`; then it names no
    position twice along dim. The source has the `same` shape as the index if that is asked for.
    """
    fill = decode_values if distinct else _signs if "reduce" in options else small_numbers

    def decode(tape: Tape) -> Arguments:
        shape, dim, index, sizes = _decode_grid(tape, nonempty, distinct=distinct, same=same)
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        known = _index_classes(dim, index)
        code = decode_input(tape, shape, dtypes, known=known, expand=_expand(writable), fill=fill)
        source = decode_tensor(tape, sizes, code.dtype, role="source", fill=fill)
        classes = [*code.classes, *source.classes, *(["source larger"] if sizes != index.shape else [])]
        return arguments(classes, input=code, dim=dim, index=index, src=source, **picked)

    further = ("negative dim", *layout_promises("source"), *([] if distinct else ["duplicate index"]))
    further += () if same else ("source larger",)
    return drawn_evenly(
        decode, promises=promised(*further, nonempty=nonempty, writable=writable, dtypes=dtypes)
    )


def gatherings(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input, a dim, and an index of the input's rank, no larger than it off dim."""

    def decode(tape: Tape) -> Arguments:
        shape, dim, index, _ = _decode_grid(tape, nonempty, distinct=False, same=True)
        known = _index_classes(dim, index)
        code = decode_input(tape, shape, DTYPES, known=known, expand=_expand(writable))
        return arguments(code.classes, input=code, dim=dim, index=index)

    further = ("negative dim", "duplicate index")
    promises = promised(*further, nonempty=nonempty, writable=writable)
    return drawn_evenly(decode, promises=promises, times=TIMES)


def alongs(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input, a dim, and `indices` of the input's rank that broadcast with it off dim."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, min_dims=1)
        if nonempty:
            shape = nonempty_shape(shape)
        dim, count, ones = decode_dim(tape, len(shape)), tape.pick(_COUNTS), tape.byte()
        at = dim % len(shape)
        count = 0 if not shape[at] else max(count, 1) if nonempty else count
        sizes = [1 if ones >> place & 1 and ones > 100 else size for place, size in enumerate(shape)]
        sizes[at] = count
        index = decode_tensor(tape, tuple(sizes), torch.int64, role="index", fill=index_fill(shape[at]))
        broadcast = any(
            one != other
            for at, (one, other) in enumerate(zip(sizes, shape, strict=True))
            if at != dim % len(shape)
        )
        known = [*_index_classes(dim, index), *(["broadcast"] if broadcast else [])]
        code = decode_input(tape, shape, DTYPES, known=known, expand=_expand(writable))
        return arguments(code.classes, input=code, indices=index, dim=dim)

    promises = promised("negative dim", "duplicate index", "broadcast", nonempty=nonempty, writable=writable)
    return drawn_evenly(decode, promises=without(promises, "0-d"))


def takings(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input and an index of any shape into its elements, now and then from the end."""

    def decode(tape: Tape) -> Arguments:
        shape, sizes = nonempty_shape(decode_shape(tape)), decode_shape(tape, max_dims=3)
        if nonempty or 0 not in sizes:
            sizes = tuple([min(max(size, 1), 17) for size in sizes])
        index = decode_tensor(tape, sizes, torch.int64, role="index", fill=_from_either_end(math.prod(shape)))
        code = decode_input(tape, shape, DTYPES, known=index.classes, expand=_expand(writable))
        return arguments(code.classes, input=code, index=index)

    further = ("duplicate index", "negative index")
    return drawn_evenly(decode, promises=without(promised(*further, writable=writable), "empty"))


def _from_either_end(size: int) -> Fill:
    def fill(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
        negative = tape.chance(30)
        data, classes = index_fill(size)(tape, dtype, count)
        if negative and count:
            return tuple([int(value) - size for value in data]), [*classes, "negative index"]  # type: ignore[arg-type]
        return data, classes

    return fill


def puttings(*, nonempty: bool = False, writable: bool = False, **options: Sequence[Any]) -> Strategy:
    """Cases of an input, an index of any shape into its elements, none twice, and a source of as many."""

    def decode(tape: Tape) -> Arguments:
        shape, sizes = nonempty_shape(decode_shape(tape)), decode_shape(tape, max_dims=2)
        count = min(math.prod(shape), math.prod(sizes), 40)
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        flat, sizes = tape.chance(40), (max(count, 1) if nonempty else count,)
        index = _decode_distinct(tape, math.prod(shape), sizes, 0)
        code = decode_input(
            tape, shape, DTYPES, known=index.classes, expand=_expand(writable), fill=small_numbers
        )
        other = (1, *sizes) if flat else sizes
        source = decode_tensor(tape, other, code.dtype, role="source", fill=small_numbers)
        classes = (*code.classes, *source.classes)
        return arguments(classes, input=code, index=index, source=source, **picked)

    return drawn_evenly(decode, promises=without(promised(nonempty=True, writable=writable), "empty"))


def _bools(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
    data, _ = small_numbers(tape, torch.int64, count)
    found = tuple([value > 1 for value in data])  # type: ignore[operator]
    return found, [*(["some true"] if any(found) else []), *(["some false"] if not all(found) else [])]


def _decode_mask(tape: Tape, shape: Shape) -> TensorCode:
    """Read a mask that broadcasts to the shape."""
    ones, cut = tape.byte(), tape.byte()
    sizes = [1 if ones >> at & 1 and ones > 150 else size for at, size in enumerate(shape)]
    found = tuple(sizes[cut % max(len(sizes), 1) :] if cut > 190 else sizes)
    mask = decode_tensor(tape, found, torch.bool, role="mask", fill=_bools)
    known = [
        *(["broadcast"] if found != shape else []),
        *(["mask of fewer dims"] if len(found) < len(shape) else []),
    ]
    return mask.changed(classes=(*mask.classes, *known))


_MASK_PROMISES = ("some true", "some false", "broadcast", *layout_promises("mask"))


def maskings(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input, a mask that broadcasts to it, and a number that its dtype holds, as `value`."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        mask, byte = _decode_mask(tape, shape), tape.byte()
        code = decode_input(tape, shape, DTYPES, known=mask.classes, expand=_expand(writable))
        return arguments(code.classes, input=code, mask=mask, value=palette(code.dtype)[byte])

    return drawn_evenly(decode, promises=promised(*_MASK_PROMISES, nonempty=nonempty, writable=writable))


def masks(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input and a mask that broadcasts to it; if `nonempty`, one element at least is chosen."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        mask = _decode_mask(tape, shape)
        if nonempty:
            mask = mask.changed(data=(True,) * len(mask.data))
        code = decode_input(tape, shape, DTYPES, known=mask.classes, expand=_expand(writable))
        return arguments(code.classes, input=code, mask=mask)

    # A kernel that goes through input in the order of its memory has to take the mask in that order, too.
    further = without(_MASK_PROMISES, *(["some false"] if nonempty else []))
    further += () if nonempty else (together("mask of fewer dims", "some false", "transposed input"),)
    promises = promised(*further, nonempty=nonempty, writable=writable)
    return drawn_evenly(decode, promises=promises, times=1.5)


def mask_sources(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input, a mask that broadcasts to it, and a source of elements for all that it chooses."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        mask = _decode_mask(tape, shape)
        count = int(np.broadcast_to(mask.elements().astype(bool), shape).sum()) + (tape.byte() >> 6)
        code = decode_input(tape, shape, DTYPES, known=mask.classes, expand=_expand(writable))
        source = decode_tensor(tape, (max(count, int(nonempty)),), code.dtype, role="source")
        return arguments((*code.classes, *source.classes), input=code, mask=mask, source=source)

    return drawn_evenly(decode, promises=promised(*_MASK_PROMISES, nonempty=nonempty, writable=writable))


def choices(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of a condition and two tensors of one dtype, all of which broadcast to one shape."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        condition, ones, cut = _decode_mask(tape, shape), tape.byte(), tape.byte()
        sizes = [1 if ones >> at & 1 and ones > 150 else size for at, size in enumerate(shape)]
        other_shape = tuple(sizes[cut % max(len(sizes), 1) :] if cut > 190 else sizes)
        code = decode_input(tape, shape, DTYPES, known=condition.classes, expand=_expand(writable))
        other = decode_tensor(tape, other_shape, code.dtype, role="other")
        return arguments((*code.classes, *other.classes), condition=condition, input=code, other=other)

    further = (*_MASK_PROMISES, *layout_promises("other"))
    promises = promised(*further, nonempty=nonempty, writable=writable)
    return drawn_evenly(decode, promises=promises, times=TIMES)


def inputs(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input alone, of any dtype and layout; if `nonempty`, one of its elements is not 0."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        code = decode_input(tape, shape, DTYPES, expand=_expand(writable))
        if nonempty:
            one = True if code.dtype is torch.bool else 1
            code = code.changed(data=(one,) * len(code.data))
        return arguments(code.classes, input=code)

    return drawn_evenly(decode, promises=promised(nonempty=nonempty, writable=writable))


def _slice(drawn: bytes, size: int) -> slice:
    start, stop = [byte % (2 * size + 3) - size - 1 if byte > 90 else None for byte in drawn[:2]]
    return slice(start, stop, 1 + drawn[2] % 3 if drawn[2] > 160 else None)


def basic_indices(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input and an `index` of integers, slices, None and Ellipsis, as many as fit its dims."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape, max_dims=4)) if nonempty else decode_shape(tape, max_dims=4)
        kinds, numbers, new, dots = tape.take(4), tape.take(4), tape.byte(), tape.byte()
        cuts = [tape.take(3) for _ in range(4)]
        count = next((at for at, kind in enumerate(kinds) if kind < 64), 4)
        count = min(count, len(shape))
        first = dots % (count + 1) if dots > 150 else count
        sizes = (*shape[:first], *shape[len(shape) - (count - first) :]) if count else ()
        given: list[Any] = []
        classes = []
        for kind, size, cut, number in zip(kinds, sizes, cuts, numbers, strict=False):
            if kind > 180 and size:
                given.append(number % (2 * size) - size if number > 127 else number % size)
                classes.append("integer")
            else:
                made = _slice(cut, size)
                given.append(slice(None) if nonempty and not len(range(size)[made]) else made)
                classes.append("slice")
        if dots > 150:
            given.insert(first, Ellipsis)
            classes.append("Ellipsis")
        if new > 150:
            given.insert(new % (len(given) + 1), None)
            classes.append("None")
        code = decode_input(tape, shape, DTYPES, known=classes, expand=_expand(writable))
        return arguments(code.classes, input=code, index=tuple(given))

    further = ("integer", "slice", "None", "Ellipsis")
    promises = promised(*further, nonempty=nonempty, writable=writable)
    return drawn_evenly(decode, promises=promises, times=TIMES)


def row_indices(*, nonempty: bool = False, writable: bool = False, rank: int = 1) -> Strategy:
    """Cases of an input of `rank` dims at least and an `index` of its first, for two after `rows`.

    Both have one shape; they count from either end.
    """

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, min_dims=rank)
        sizes: Shape = tape.pick(((2,), (1,), (3,), (2, 3), (0,))[: 4 if nonempty else 5])
        if nonempty or 0 not in sizes:
            shape = nonempty_shape(shape)
        named = {}
        classes: list[str] = []
        for name, size in zip(("rows", "index")[2 - rank :], shape, strict=False):
            made = decode_tensor(tape, sizes, torch.int64, role="index", fill=_from_either_end(size))
            classes += made.classes
            named[name] = made
        code = decode_input(tape, shape, DTYPES, known=classes, expand=_expand(writable))
        return arguments(code.classes, input=code, **named)

    further = ("duplicate index", "negative index")
    return drawn_evenly(decode, promises=without(promised(*further, writable=writable), "empty", "0-d"))


def shaped_masks(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input and a mask of the sizes of its first dims, all or some."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        kept = tape.byte()
        sizes = shape[: len(shape) - kept % len(shape)] if shape and kept > 127 else shape
        mask = decode_tensor(tape, sizes, torch.bool, role="mask", fill=_bools)
        if nonempty:
            mask = mask.changed(data=(True,) * len(mask.data))
        known = [*mask.classes, *(["mask of some dims"] if sizes != shape else [])]
        code = decode_input(tape, shape, DTYPES, known=known, expand=_expand(writable))
        return arguments(code.classes, input=code, mask=mask)

    return drawn_evenly(
        decode, promises=promised("some true", "mask of some dims", nonempty=nonempty, writable=writable)
    )


def assignments(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input, a basic `index`, and a `value` that broadcasts to what it picks."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        cut, code = tape.byte(), code_of(case, "input")
        picked = np.empty(code.shape, bool)[case.index].shape  # type: ignore[attr-defined]
        sizes = picked[cut % max(len(picked), 1) :] if cut > 190 else picked
        value = decode_tensor(tape, sizes, code.dtype, role="value")
        return changed(case, *value.classes, *(["broadcast"] if sizes != picked else []), value=value)

    assert writable or not nonempty
    base = basic_indices(nonempty=nonempty, writable=True)
    return varied(base, vary, promises=("broadcast", *layout_promises("value")))


def row_values(*, nonempty: bool = False, writable: bool = False, **options: Sequence[Any]) -> Strategy:
    """Cases of an input, `rows` and `columns` that index its first two dims, none twice, and `values`."""
    _ = nonempty  # they are so, whatever is asked for

    def decode(tape: Tape) -> Arguments:
        shape, count = nonempty_shape(decode_shape(tape, min_dims=2)), tape.pick((2, 1, 3))
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        count = min(count, shape[0])
        rows = _decode_distinct(tape, shape[0], (count,), 0)
        columns = decode_tensor(tape, (count,), torch.int64, role="index", fill=index_fill(shape[1]))
        code = decode_input(tape, shape, DTYPES, expand=_expand(writable), fill=small_numbers)
        values = decode_tensor(tape, (count, *shape[2:]), code.dtype, role="values", fill=small_numbers)
        classes = (*code.classes, *values.classes)
        return arguments(classes, input=code, rows=rows, columns=columns, values=values, **picked)

    further = layout_promises("values")
    return drawn_evenly(decode, promises=without(promised(*further, nonempty=True, writable=writable), "0-d"))


def products_of_low_precision() -> Strategy:
    """Cases of a float16 or bfloat16 column, an index that names a row twice, and a source of as many."""

    def decode(tape: Tape) -> Arguments:
        rows, count, dtype = 1 + (tape.byte() >> 6), 2 + (tape.byte() >> 6), tape.pick(LOW_PRECISION)
        code = decode_input(tape, (rows, 1), (dtype,), fill=_signs, expand=0)
        index = array_code(np.full(count, tape.byte() % rows), torch.int64)
        source = decode_tensor(tape, (count, 1), dtype, role="source", fill=_signs)
        return arguments((*code.classes, *source.classes), input=code, index=index, source=source)

    return drawn_evenly(decode, promises=("float16", "bfloat16"))
