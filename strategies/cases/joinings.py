"""Cases for what joins tensors and what repeats, turns or cuts one: the tensors, and what says how.

Each is a function that returns a strategy. Of `nonempty` cases neither a tensor nor the result is empty; in
`writable` ones no two elements of a tensor share memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.code import TensorCode, contiguous_code
from strategies.dims import decode_dim, decode_dims, places
from strategies.fills import zero_data
from strategies.shapes import (
    MAX_RANK,
    SHAPE_PROMISES,
    Shape,
    decode_shape,
    nonempty_shape,
    shape_classes,
    with_size,
)
from strategies.tape import Tape, strategy, weighted, without
from strategies.tensors import EXPANDED, decode_input, decode_tensor, layout_promises, zeros_code
from strategies.values import DTYPE_PROMISES, DTYPES, REAL_DTYPES

Strategy = SearchStrategy[Any]


class Cases(Protocol):
    """Makes a strategy."""

    def __call__(self, *, nonempty: bool = ..., writable: bool = ...) -> Strategy:  # noqa: D102
        ...


MANY = 130
"""More tensors than kernels take at a time."""

_COUNTS = weighted({2: 92, 1: 36, 3: 72, MANY: 56})

_FEW = 12
"""Most elements of a tensor of which there are many."""

Sizes = Callable[[Tape, Shape, bool], tuple[list[Shape], dict[str, Any], list[str]]]
"""Reads the shapes of three tensors and the other arguments; told whether none may be empty."""


def of_tensors(
    shapes: Sizes, *further: str, min_dims: int = 0, max_dims: int = MAX_RANK, bare: bool = False
) -> Cases:
    """Return what makes cases of one to three `tensors` of a dtype, or of many small ones.

    With `bare` now and then one of them has the shape (0,).
    """

    def made(*, nonempty: bool = False, writable: bool = False) -> Strategy:
        expand = 0 if writable else EXPANDED

        def decode(tape: Tape) -> Arguments:
            shape = decode_shape(tape, min_dims=min_dims, max_dims=max_dims)
            sizes, given, classes = shapes(tape, nonempty_shape(shape) if nonempty else shape, nonempty)
            dtype, count, skip = tape.pick(DTYPES), tape.pick(_COUNTS), tape.byte()
            parts = [decode_tensor(tape, size, dtype, expand=expand) for size in sizes]
            if count == MANY and max(math.prod(size) for size in sizes) > _FEW:
                count = 3
            codes = (parts * (count // 3 + 1))[:count]
            classes = [*shape_classes(sizes[0]), *classes]
            if count > 1 and len(set(sizes[:count])) > 1:
                classes.append("different shapes")
            # What is to be joined to nothing but such tensors has no dims to name.
            if bare and skip > 180 and not nonempty and any(code.shape != (0,) for code in codes[1:]):
                codes[skip % 2 and skip % count] = contiguous_code((), dtype, (0,))
                classes.append("shape (0,)")
            classes += ["many tensors"] if count > 3 else ["one tensor"] if count == 1 else []
            classes += [name for code in codes[:3] for name in code.classes]
            return arguments(classes, tensors=tuple(codes), **given)

        left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
        left += [*(["0-d"] if min_dims else []), *(["rank 4 or more"] if max_dims < 4 else [])]
        kinds = without((*SHAPE_PROMISES, *layout_promises(), "low-precision float", "complex"), *left)
        seldom = ["shape (0,)"] if bare and not nonempty else []
        return drawn_evenly(decode, promises=(*kinds, "one tensor", "many tensors", *seldom, *further))

    return made


_OTHER_SIZES = (1, 2, 3, 0)


def _sizes_along(tape: Tape, shape: Shape, at: int | None, nonempty: bool) -> list[Shape]:
    """Read three shapes that are alike but for the dim `at`."""
    sizes = [shape]
    for byte in tape.take(2):
        same = byte < 100 or at is None
        other = _OTHER_SIZES[byte % (3 if nonempty else 4)]
        sizes.append(shape if same or at is None else with_size(shape, at, other))
    return sizes


def _negative(*dims: int) -> list[str]:
    return ["negative dim"] if min(dims, default=0) < 0 else []


def _along_dim(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    dim, shape = decode_dim(tape, len(shape)), (1,) if shape == (0,) else shape
    return _sizes_along(tape, shape, dim % len(shape), nonempty), {"dim": dim}, _negative(dim)


joined = of_tensors(_along_dim, "negative dim", "different shapes", min_dims=1, bare=True)
"""Cases of tensors whose shapes are alike but for one dim, or (0,), and that dim."""


def _new_dim(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    dim = decode_dim(tape, len(shape) + 1)
    return [shape] * 3, {"dim": dim}, _negative(dim)


stacked = of_tensors(_new_dim, "negative dim", max_dims=MAX_RANK - 1)
"""Cases of tensors of one shape, and a dim that is new."""


def _along(axis: Callable[[int], int | None]) -> Sizes:
    def sizes(tape: Tape, shape: Shape, nonempty: bool) -> Any:
        return _sizes_along(tape, shape, axis(len(shape)), nonempty), {}, []

    return sizes


in_a_row = of_tensors(_along(lambda rank: 0 if rank == 1 else 1), "different shapes", min_dims=1)
"""Cases of tensors that can be put side by side."""

in_a_column = of_tensors(_along(lambda rank: 0 if rank > 1 else None), "different shapes", min_dims=1)
"""Cases of tensors that can be put one below the other."""

in_depth = of_tensors(_along(lambda rank: 2 if rank > 2 else None), "different shapes", min_dims=1)
"""Cases of tensors that can be put one behind the other."""


def _columns(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    sizes, alone = _sizes_along(tape, shape, 1 if len(shape) > 1 else None, nonempty), tape.chance(50)
    if len(shape) == 2 and alone:
        sizes[1] = shape[:1]
    return sizes, {}, []


columns = of_tensors(_columns, "different shapes")
"""Cases of tensors that can be put side by side, those of fewer than two dims as columns."""


def _lines(tape: Tape, nonempty: bool, most: int) -> list[Shape]:
    """Read the shapes of three short vectors, or of 0-d tensors."""
    drawn = [0 if byte > 240 else 1 + byte % most if byte < 200 else -1 for byte in tape.take(3)]
    sizes: list[Shape] = [() if size < 0 else (max(size, 1) if nonempty else size,) for size in drawn]
    return sizes


def _few(read: Callable[[Tape, bool], tuple[list[Shape], dict[str, Any], list[str]]], *further: str) -> Cases:
    def made(*, nonempty: bool = False, writable: bool = False) -> Strategy:
        expand = 0 if writable else EXPANDED

        def decode(tape: Tape) -> Arguments:
            sizes, given, classes = read(tape, nonempty)
            dtype, count = tape.pick(DTYPES), 1 + tape.pick((1, 2, 0))
            parts = [decode_tensor(tape, size, dtype, expand=expand) for size in sizes]
            codes = parts[: max(count, given.pop("least", 1))]
            classes += ["0-d"] if any(not code.shape for code in codes) else []
            classes += ["empty"] if any(0 in code.shape for code in codes) else []
            classes += [name for code in codes for name in code.classes]
            return arguments(classes, tensors=tuple(codes), **given)

        layouts = layout_promises(expand=expand)
        return drawn_evenly(decode, promises=(*layouts[1:], *DTYPE_PROMISES, *further))

    return made


def _grid(tape: Tape, nonempty: bool) -> Any:
    indexing = tape.pick(("ij", "xy"))
    return _lines(tape, nonempty, 7), {"indexing": indexing}, [indexing]


grids = _few(_grid, "ij", "xy", "0-d")
"""Cases of up to three vectors or 0-d tensors, and which of them is the first to go along."""


def _product(tape: Tape, nonempty: bool) -> Any:
    return [size or (1,) for size in _lines(tape, nonempty, 7)], {"least": 2}, []


products = _few(_product)
"""Cases of two or three vectors."""


def _blocks(tape: Tape, nonempty: bool) -> Any:
    lengths = _lines(tape, nonempty, 5)
    tall = [tape.below(5) for _ in range(3)]
    sizes = [
        (max(rows, 1) if nonempty else rows, *size) if size and rows < 4 else size
        for rows, size in zip(tall, lengths, strict=True)
    ]
    return sizes, {}, []


blocks = _few(_blocks, "0-d")
"""Cases of up to three tensors of two dims at most."""

Rest = Callable[[Tape, Shape, bool], tuple[Shape, dict[str, Any], Sequence[str]]]
"""Reads the other arguments for a shape, which it may change; told whether nothing may be empty."""


def of_input(rest: Rest, *further: str, min_dims: int = 0, max_dims: int = MAX_RANK) -> Cases:
    """Return what makes cases of an input of any shape and layout, and of the arguments that `rest` reads."""

    def made(*, nonempty: bool = False, writable: bool = False) -> Strategy:
        def decode(tape: Tape) -> Arguments:
            shape = decode_shape(tape, min_dims=min_dims, max_dims=max_dims)
            shape, given, classes = rest(tape, nonempty_shape(shape) if nonempty else shape, nonempty)
            code = decode_input(tape, shape, DTYPES, known=classes, expand=0 if writable else EXPANDED)
            return arguments(code.classes, input=code, **given)

        left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
        left += [*(["0-d"] if min_dims else []), *(["rank 4 or more"] if max_dims < 4 else [])]
        kinds = without((*SHAPE_PROMISES, *layout_promises(), *DTYPE_PROMISES), *left)
        return drawn_evenly(decode, promises=(*kinds, *further))

    return made


def _nothing(_tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    return shape, {}, ()


vectors_at_least = of_input(_nothing, min_dims=1)
"""Cases of an input of one dim at least."""

matrices = of_input(_nothing, min_dims=2)
"""Cases of an input of two dims at least."""

_MOST = 2_048
"""Most elements that repeating should give."""


def _times(tape: Tape, shape: Shape, count: int, nonempty: bool) -> tuple[int, ...]:
    """Read how often each of `count` dims is repeated; of a large tensor few of them are."""
    drawn, room = tape.take(MAX_RANK), _MOST // max(math.prod(shape), 1)
    times = []
    for byte in drawn[:count]:
        wanted = 0 if byte > 245 and not nonempty else (1, 2, 3)[byte % 3]
        times.append(wanted if wanted <= room else 1)
        room //= max(wanted, 1)
    return tuple(times)


def _repeats(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    new = tape.pick((0, 1, 2))
    times = _times(tape, shape, min(len(shape) + new, MAX_RANK), nonempty)
    return shape, {"repeats": times}, ["new dim"] if len(times) > len(shape) else []


repetitions = of_input(_repeats, "new dim")
"""Cases of an input, and how often it is repeated along each of its dims and along new ones before them."""


def _tiles(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    count = tape.below(MAX_RANK + 1)
    times = _times(tape, shape, count, nonempty)
    return shape, {"dims": times}, ["new dim" if len(times) > len(shape) else "fewer dims"]


tilings = of_input(_tiles, "new dim", "fewer dims")
"""Cases of an input, and how often it is repeated along its last dims, or along new ones before them."""


def _elements_repeated(tape: Tape, shape: Shape, nonempty: bool) -> Any:
    byte, named, dim = tape.byte(), tape.chance(70), decode_dim(tape, places(shape))
    repeats = 0 if byte > 235 and not nonempty else 1 + byte % 3
    named = named and bool(shape)
    given = {"repeats": repeats, "dim": dim if named else None}
    return shape, given, _negative(dim) if named else ["dim None"]


interleavings = of_input(_elements_repeated, "dim None", "negative dim")
"""Cases of an input, how often each element is repeated, and along which dim, or None."""


def each_its_own_times(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an input, a dim of it, and how often each position along it is repeated, or all of them."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, min_dims=1)
        shape = nonempty_shape(shape) if nonempty else shape
        dim, alike, drawn = decode_dim(tape, len(shape)), tape.chance(25), tape.take(8)
        length = 1 if alike else shape[dim]
        least = 1 if nonempty else 0
        data = tuple([max((drawn[at % 8] + at) % 4, least) for at in range(length)])
        repeats = contiguous_code(data, torch.int64, (length,))
        expand = 0 if writable else EXPANDED
        code = decode_input(tape, shape, DTYPES, known=_negative(dim), expand=expand)
        classes = [*code.classes, *(["one number"] if alike else [])]
        return arguments(classes, input=code, repeats=repeats, dim=dim)

    left = ["0-d", *(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    kinds = without((*SHAPE_PROMISES, *layout_promises(), *DTYPE_PROMISES), *left)
    return drawn_evenly(decode, promises=(*kinds, "one number", "negative dim"))


def _flipped(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    none, dims = tape.byte() > 240, decode_dims(tape, places(shape))
    dims = () if none else dims
    return shape, {"dims": dims}, [*_negative(*dims), *(["several dims"] if len(dims) > 1 else [])]


flips = of_input(_flipped, "negative dim", "several dims")
"""Cases of an input and some of its dims."""

_FAR = (1, -1, 2, -2, 3, 0, 7, -11, 1_000, -(2**31))


def _rolled(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    how, dims = tape.pick(("several", "flat", "one")), decode_dims(tape, places(shape))
    how = how if shape else "flat"  # a 0-d tensor has no dim to roll along
    shifts = tuple([_FAR[byte % len(_FAR)] for byte in tape.take(MAX_RANK)])[: len(dims)]
    given: dict[str, Any] = {"shifts": shifts, "dims": dims}
    if how == "flat":
        given = {"shifts": shifts[0], "dims": None}
    elif how == "one":
        given = {"shifts": shifts[0], "dims": dims[0]}
    classes = ["dims None"] if how == "flat" else _negative(*dims)
    return shape, given, [*classes, *(["several dims"] if how == "several" and len(dims) > 1 else [])]


rolls = of_input(_rolled, "dims None", "negative dim", "several dims")
"""Cases of an input, by how much to roll it, and along which dims, or None."""


def _turned(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    k, one, two, from_end = tape.pick((1, 2, 3, 0, -1, -2, 4, 5)), tape.byte(), tape.byte(), tape.byte()
    rank = len(shape)
    first = one % rank
    second = (first + 1 + two % (rank - 1)) % rank
    dims = (first - rank if from_end & 1 else first, second - rank if from_end & 2 else second)
    return shape, {"k": k, "dims": dims}, _negative(*dims)


turns = of_input(_turned, "negative dim", min_dims=2)
"""Cases of an input, how often to turn it, and in the plane of which two dims."""


def _cut(tape: Tape, shape: Shape, _nonempty: bool) -> Any:
    byte = tape.byte()
    rows, columns = min(shape[-2], 40), min(shape[-1], 40)
    diagonal = byte % (rows + columns + 3) - rows - 1 if byte > 90 else 0
    return shape, {"diagonal": diagonal}, ["other diagonal"] if diagonal else []


triangles = of_input(_cut, "other diagonal", min_dims=2)
"""Cases of matrices, and a diagonal of them."""

few_triangles = of_input(_cut, "other diagonal", min_dims=2, max_dims=3)
"""Cases of one matrix or a batch of them, and a diagonal."""


def batches_with_out() -> Strategy:
    """Cases of batches of batches of matrices, and an `out` of their shape with other batches first.

    It lies in the middle of a larger tensor, lest a kernel that misreads its strides write elsewhere.
    """

    def decode(tape: Tape) -> Arguments:
        one, two, rows, columns = [2 + tape.below(2) for _ in range(4)]
        code = decode_tensor(tape, (one, two, rows, columns), tape.pick(DTYPES), expand=0)
        wide = zeros_code((one * two, 5 * one, rows, columns), code.dtype)
        return arguments(code.classes, input=code, wide=wide, batches=one)

    return drawn_evenly(decode, promises=("transposed input", "stepped input"))


def of_two_dtypes() -> Strategy:
    """Cases of two vectors of different real dtypes, of small numbers that both have."""
    dtypes = tuple(dict.fromkeys(REAL_DTYPES))

    def decode(tape: Tape) -> Arguments:
        one, rest = tape.pick(dtypes), tape.byte()
        others = [dtype for dtype in dtypes if dtype is not one]
        lengths = [1 + tape.below(4) for _ in range(2)]
        both = (one, others[rest * len(others) >> 8])
        codes = [_ones(dtype, length) for dtype, length in zip(both, lengths, strict=True)]
        kinds = {dtype.is_floating_point for dtype in both}
        named = "whole numbers and floats" if len(kinds) == 2 else "dtypes of one kind"
        return arguments([named], tensors=tuple(codes))

    return drawn_evenly(decode, promises=("whole numbers and floats", "dtypes of one kind"))


def _ones(dtype: torch.dtype, length: int) -> TensorCode:
    one = True if dtype is torch.bool else 1.0 if dtype.is_floating_point else 1
    return contiguous_code((one, *zero_data(dtype, length - 1)), dtype, (length,))


def that_differ(*, by_dim: bool) -> Strategy:
    """Cases of two tensors, one size of which differs, and `tensors` beside them that are alike there.

    With `by_dim` there is a `dim`, another than that one, as it takes to join the legal ones along it.
    """

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape, min_dims=2 if by_dim else 1, max_dims=4))
        at, further, dtype = decode_dim(tape, len(shape)) % len(shape), tape.byte(), tape.pick(DTYPES)
        wrong = with_size(shape, at, shape[at] + 1)
        codes, legal = (zeros_code(shape, dtype), zeros_code(wrong, dtype)), (zeros_code(shape, dtype),) * 2
        dim = (at + 1 + further % (len(shape) - 1)) % len(shape) if by_dim else 0
        return arguments(shape_classes(shape), tensors=codes, legal_tensors=legal, dim=dim)

    return drawn_evenly(decode, promises=["rank 4 or more"])


@strategy(promises=("one row", "size 1"))
def after_an_empty_vector(tape: Tape) -> Arguments:
    """Return a strategy for a matrix of numbers that requires grad, behind a vector without elements."""
    dtype, rows, columns = tape.pick((torch.float32, torch.float64)), 1 + tape.below(3), 1 + tape.below(3)
    first = tape.below(200)
    data = tuple([float(first + place) for place in range(rows * columns)])
    matrix = contiguous_code(data, dtype, (rows, columns), requires_grad=True)
    vector = contiguous_code((), dtype, (0,))
    classes = (["one row"] if rows == 1 else []) + (["size 1"] if 1 in (rows, columns) else [])
    return arguments(classes, vector=vector, matrix=matrix)
