"""Cases for the operations that rearrange, pick or repeat dims: an input and what says how.

Each is a function that returns a strategy. Of `nonempty` cases neither the input nor the result is empty; in
`writable` ones no two elements of the input share memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import (
    Arguments,
    argument,
    arguments,
    changed,
    code_of,
    drawn_evenly,
    names_of,
    varied,
)
from strategies.dims import decode_dim, places
from strategies.fills import Fill
from strategies.shapes import MAX_RANK, SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, with_size
from strategies.tape import Tape, without
from strategies.tensors import EXPANDED, decode_input, decode_tensor, layout_promises
from strategies.values import DTYPE_PROMISES, DTYPES, decode_values

Strategy = SearchStrategy[Any]

Rest = Callable[[Tape, Shape, bool], tuple[Shape, dict[str, Any], Sequence[str]]]
"""Reads the other arguments for a shape, which it may change; told whether nothing may be empty."""


class Cases(Protocol):
    """Makes a strategy."""

    def __call__(self, *, nonempty: bool = ..., writable: bool = ...) -> Strategy:  # noqa: D102
        ...


def of_input(
    rest: Rest,
    *further: str,
    min_dims: int = 0,
    max_dims: int = MAX_RANK,
    dtypes: Sequence[torch.dtype] = DTYPES,
    fill: Fill = decode_values,
    lazy: bool | None = None,
) -> Cases:
    """Return what makes cases of an input of any shape and layout, and of the arguments that `rest` reads."""

    def made(*, nonempty: bool = False, writable: bool = False) -> Strategy:
        def decode(tape: Tape) -> Arguments:
            shape = decode_shape(tape, min_dims=min_dims, max_dims=max_dims)
            shape, given, classes = rest(tape, nonempty_shape(shape) if nonempty else shape, nonempty)
            expand = 0 if writable else EXPANDED
            code = decode_input(tape, shape, dtypes, known=classes, expand=expand, fill=fill, lazy=lazy)
            return arguments(code.classes, input=code, **given)

        left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
        left += [*(["0-d"] if min_dims else []), *(["rank 4 or more"] if max_dims < 4 else [])]
        kinds = DTYPE_PROMISES if dtypes is DTYPES else ()
        return drawn_evenly(
            decode, promises=(*without((*SHAPE_PROMISES, *layout_promises(), *kinds), *left), *further)
        )

    return made


def _classes(*dims: int) -> list[str]:
    return ["negative dim"] if min(dims, default=0) < 0 else []


def _nothing(_tape: Tape, shape: Shape, _nonempty: bool) -> tuple[Shape, dict[str, Any], Sequence[str]]:
    return shape, {}, ()


alone = of_input(_nothing)
"""Cases of an input alone."""

matrices = of_input(_nothing, min_dims=2)
"""Cases of an input of two dims at least."""

matrices_at_most = of_input(_nothing, max_dims=2)
"""Cases of an input of two dims at most."""

complex_alone = of_input(_nothing, dtypes=(torch.complex64, torch.complex128), lazy=False)
"""Cases of a complex input that is no conj view."""


def _two_dims(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    dims = decode_dim(tape, places(shape)), decode_dim(tape, places(shape))
    return shape, {"dim0": dims[0], "dim1": dims[1]}, _classes(*dims)


two_dims = of_input(_two_dims, "negative dim")
"""Cases of an input and two of its dims, that may be the same."""


def _two_axes(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    shape, given, classes = _two_dims(tape, shape, nonempty)
    return shape, {"axis0": given["dim0"], "axis1": given["dim1"]}, classes


two_axes = of_input(_two_axes, "negative dim")
"""The same under other names."""


def _one_dim(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    dim = decode_dim(tape, places(shape))
    return shape, {"dim": dim}, _classes(dim)


one_dim = of_input(_one_dim, "negative dim", min_dims=1)
"""Cases of an input of one dim at least and one of its dims."""


def decode_order(tape: Tape, rank: int) -> tuple[int, ...]:
    """Read an order of `rank` dims, some counted from the end; all in their places is the simplest."""
    drawn, signs = tape.take(MAX_RANK), tape.byte()
    dims = sorted(range(rank), key=lambda dim: drawn[dim])
    return tuple([dim - rank if signs >> dim & 1 else dim for dim in dims])


def _order(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    dims = decode_order(tape, len(shape))
    return shape, {"dims": dims}, _classes(*dims)


orders = of_input(_order, "negative dim")
"""Cases of an input and an order of all of its dims."""


def _moves(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    one, two, count = decode_order(tape, len(shape)), decode_order(tape, len(shape)), tape.byte()
    kept = count % (len(shape) + 1)
    return shape, {"source": one[:kept], "destination": two[:kept]}, _classes(*one[:kept], *two[:kept])


moves = of_input(_moves, "negative dim")
"""Cases of an input, some of its dims, and where each of them goes."""


def _span(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    first, second = decode_dim(tape, places(shape)), decode_dim(tape, places(shape))
    rank = places(shape)
    if first % rank > second % rank:
        first, second = second, first
    return shape, {"start_dim": first, "end_dim": second}, _classes(first, second)


spans = of_input(_span, "negative dim")
"""Cases of an input, and a first and a last dim."""


def _factors(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    dim, way, free = decode_dim(tape, len(shape)), tape.byte(), tape.byte()
    size = shape[dim]
    divisors = [number for number in range(1, min(size, 40) + 1) if size % number == 0] or [1]
    one = divisors[way % len(divisors)]
    sizes: Shape = (one, size // one) if size else (0, 1 + way % 3)
    if way > 200:
        sizes = (*sizes, 1)
    known = math.prod(sizes[1:])
    classes = _classes(dim)
    if free > 150 and known:
        sizes, classes = (-1, *sizes[1:]), [*classes, "size -1"]
    return shape, {"dim": dim, "sizes": sizes}, classes


factors = of_input(_factors, "negative dim", "size -1", min_dims=1)
"""Cases of an input, one of its dims, and sizes whose product its size is, one of them now and then -1."""


def _other_shape(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    way, at, free = tape.byte(), tape.byte(), tape.byte()
    ways: list[Shape] = [shape, (math.prod(shape),), shape[::-1], (1, *shape), (*shape, 1)]
    if len(shape) > 1:
        where = at % (len(shape) - 1)
        ways.append((*shape[:where], shape[where] * shape[where + 1], *shape[where + 2 :]))
        ways.append((shape[-1], math.prod(shape[:-1])))
    made, classes = ways[way % len(ways)], []
    if free > 150 and made:
        where = at % len(made)
        if math.prod(made[:where] + made[where + 1 :]):
            made, classes = with_size(made, where, -1), ["size -1"]
    return shape, {"shape": made}, classes


other_shapes = of_input(_other_shape, "size -1")
"""Cases of an input and another shape of as many elements, one of its sizes now and then -1."""


def _expansion(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    ones, more, kept = tape.byte(), tape.byte(), tape.byte()
    inner = tuple([1 if ones >> at & 1 else size for at, size in enumerate(shape)])
    inner = inner[1:] if len(inner) == MAX_RANK else inner
    grown = [2 + (more >> at & 1) if size == 1 and ones >> at & 2 else size for at, size in enumerate(inner)]
    sizes = [-1 if kept >> at & 1 and kept > 130 else size for at, size in enumerate(grown)]
    leading = (2, 1, 3)[: more % 3] if len(inner) < 4 else ()
    if not nonempty and more > 240:
        leading = (0,)
    classes = ["new dim"] if leading else []
    classes += ["size -1"] if -1 in sizes else []
    classes += ["grown dim"] if list(inner) != grown else []
    return inner, {"size": (*leading, *sizes)}, classes


expansions = of_input(_expansion, "new dim", "size -1", "grown dim")
"""Cases of an input and the size to expand it to: some of size 1 longer, some -1, new ones first."""


def _broadcast(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    inner, given, classes = _expansion(tape, shape, nonempty)
    leading = len(given["size"]) - len(inner)
    sizes = [inner[at - leading] if size == -1 else size for at, size in enumerate(given["size"])]
    return inner, {"size": tuple(sizes)}, [name for name in classes if name != "size -1"]


broadcasts = of_input(_broadcast, "new dim", "grown dim")
"""Cases of an input and a shape to broadcast it to."""


def expansions_as(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input and another tensor, of a shape that it broadcasts to."""

    def rest(tape: Tape, shape: Shape, empty: bool) -> Any:
        inner, given, classes = _broadcast(tape, shape, empty)
        other = decode_tensor(tape, given["size"], torch.float32, role="other")
        return inner, {"other": other}, classes

    return of_input(rest, "new dim", "grown dim")(nonempty=nonempty, writable=writable)


def _narrowing(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    dim, one, two = decode_dim(tape, len(shape)), tape.byte(), tape.byte()
    size, from_end = shape[dim], tape.chance(25)
    start = one % (size + (not nonempty))
    length = two % (size - start + 1)
    length = max(length, 1) if nonempty else length
    if from_end and start < size:
        start -= size
    classes = [*_classes(dim), *(["negative start"] if start < 0 else [])]
    return shape, {"dim": dim, "start": start, "length": length}, classes


narrowings = of_input(_narrowing, "negative dim", "negative start", min_dims=1)
"""Cases of an input, one of its dims, and where a piece of it starts and how long it is."""


def _slice(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    dim, one, two, step = decode_dim(tape, len(shape)), tape.byte(), tape.byte(), tape.byte()
    size = shape[dim]
    start = one % (2 * size + 3) - size - 1 if one > 90 else None
    end = two % (2 * size + 3) - size - 1 if two > 90 else None
    step = 1 + step % 3
    if nonempty and not len(range(size)[start:end]):
        start = end = None
    return shape, {"dim": dim, "start": start, "end": end, "step": step}, _classes(dim)


slices = of_input(_slice, "negative dim", min_dims=1)
"""Cases of an input, one of its dims, and where a slice of it starts and ends, and its step."""


def _one_of(tape: Tape, shape: Shape) -> tuple[Shape, int, int]:
    dim, byte, from_end = decode_dim(tape, len(shape)), tape.byte(), tape.chance(40)
    if not shape[dim]:
        shape = with_size(shape, dim % len(shape), 2)
    index = byte % shape[dim]
    return shape, dim, index - shape[dim] if from_end else index


def _selection(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    shape, dim, index = _one_of(tape, shape)
    classes = [*_classes(dim), *(["negative index"] if index < 0 else [])]
    return shape, {"dim": dim, "index": index}, classes


single_selections = of_input(_selection, "negative dim", "negative index", min_dims=1)
"""Cases of an input, one of its dims, and a position along it, now and then counted from the end."""


def _diagonal(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    order, byte = decode_order(tape, len(shape)), tape.byte()
    dim1, dim2 = order[-2:]
    rows, columns = shape[dim1], shape[dim2]
    offset = byte % (rows + columns + 3) - rows - 1 if byte > 90 else 0
    if nonempty:
        offset = min(max(offset, 1 - rows), columns - 1)
    classes = [*_classes(dim1, dim2), *(["offset"] if offset else [])]
    return shape, {"offset": offset, "dim1": dim1, "dim2": dim2}, classes


diagonals = of_input(_diagonal, "negative dim", "offset", min_dims=2)
"""Cases of an input, two of its dims, and which diagonal of them."""


def _windows(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    dim, one, two = decode_dim(tape, len(shape)), tape.byte(), tape.byte()
    size = shape[dim]
    long = one % (min(size, 20) + 1)
    long = max(long, 1) if nonempty else long
    return shape, {"dimension": dim, "size": long, "step": 1 + two % 4}, _classes(dim)


windows = of_input(_windows, "negative dim", min_dims=1, max_dims=5)
"""Cases of an input, one of its dims, and the size and the step of windows along it."""


def _pieces(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    dim, byte, several = decode_dim(tape, len(shape)), tape.byte(), tape.chance(40)
    shape = with_size(shape, dim % len(shape), min(shape[dim], 20))
    size = shape[dim]
    if several:
        first = byte % (size + 1)
        return shape, {"split_size": (first, size - first), "dim": dim}, [*_classes(dim), "list of sizes"]
    return shape, {"split_size": 1 + byte % (size + 2), "dim": dim}, _classes(dim)


pieces = of_input(_pieces, "negative dim", "list of sizes", min_dims=1)
"""Cases of an input, one of its dims of up to 20, and the size of its pieces, or all their sizes."""


def _parts(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    dim, byte = decode_dim(tape, len(shape)), tape.byte()
    shape = with_size(shape, dim % len(shape), min(shape[dim], 20))
    return shape, {"chunks": 1 + byte % 7, "dim": dim}, _classes(dim)


parts = of_input(_parts, "negative dim", min_dims=1)
"""Cases of an input, one of its dims of up to 20, and in how many parts to cut it."""


def _sections(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    shape, given, classes = _parts(tape, shape, nonempty)
    cuts, where = tape.chance(40), tape.take(2)
    sections: Any = given["chunks"]
    if cuts:
        sections = tuple(sorted([byte % (shape[given["dim"]] + 3) for byte in where]))
        classes = [*classes, "places to cut"]
    return shape, {"indices_or_sections": sections, "dim": given["dim"]}, classes


sections = of_input(_sections, "negative dim", "places to cut", min_dims=1)
"""Cases of an input, one of its dims of up to 20, and in how many parts to cut it, or where."""


def _few(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    shape, given, classes = _one_dim(tape, shape, nonempty)
    dim = given["dim"]
    return with_size(shape, dim % len(shape), min(shape[dim], 12)), given, classes


few_along_dim = of_input(_few, "negative dim", min_dims=1)
"""Cases of an input, and one of its dims, of up to 12."""


def strided(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of a contiguous input, and a size, strides and an offset that stay within it."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape, min_dims=1))
        numel, drawn, rank = math.prod(shape), tape.take(8), tape.byte() % 4
        offset = drawn[6] % numel
        size, stride, left = [], [], numel - 1 - offset
        for at in range(rank):
            step = drawn[at] % (min(left, 11) + 1)
            most = left // step + 1 if step else 3
            size.append(1 + drawn[at + 3] % min(most, 6))
            stride.append(step)
            left -= step * (size[-1] - 1)
        overlap = any(step == 0 and long > 1 for step, long in zip(stride, size, strict=True))
        code = decode_input(tape, shape, DTYPES, expand=0, gaps=False, known=["repeats"] if overlap else [])
        plain = code.changed(base=shape, index=None, permutation=None, bit="")
        kept = without(plain.classes, *layout_promises(), "conj view", "neg view")
        return arguments(kept, input=plain, size=tuple(size), stride=tuple(stride), storage_offset=offset)

    kinds = without(SHAPE_PROMISES, "empty", "0-d")
    _ = nonempty, writable  # they are so, whatever is asked for
    return drawn_evenly(decode, promises=(*kinds, "repeats", *DTYPE_PROMISES))


def pairs_of_parts(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of a real float input whose last dim has size 2 and stride 1: it can be seen as complex."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, max_dims=MAX_RANK - 1)
        shape = (*(nonempty_shape(shape) if nonempty else shape), 2)
        code = decode_input(tape, shape, (torch.float32, torch.float64), expand=0, gaps=False, lazy=False)
        plain = code.changed(base=shape, index=None, permutation=None)
        return arguments(without(plain.classes, *layout_promises()), input=plain)

    _ = nonempty, writable  # they are so, whatever is asked for
    return drawn_evenly(decode, promises=without(SHAPE_PROMISES, "0-d", *(["empty"] if nonempty else [])))


def with_source(base: Cases, name: str, picked: Callable[..., Any]) -> Cases:
    """Return what makes the same cases with a source of the shape that is `picked` of an array."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        code = code_of(case, "input")
        others = {key: argument(case, key) for key in names_of(case) if key != "input"}
        shape = picked(np.empty(code.shape, bool), **others).shape
        source = decode_tensor(tape, shape, code.dtype, role="source")
        given: dict[str, Any] = {name: source}
        return changed(case, *source.classes, **given)

    def made(*, nonempty: bool = False, writable: bool = False) -> Strategy:
        return varied(base(nonempty=nonempty, writable=writable), vary, promises=("transposed source",))

    return made
