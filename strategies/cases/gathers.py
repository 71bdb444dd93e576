"""Cases for gather: an input, a dim, and an index tensor of every legal size, layout and multiplicity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.code import Case, TensorCode, TensorField
from strategies.dims import decode_bad_dim, decode_dim, dim_classes
from strategies.shapes import MAX_RANK, SHAPE_BYTES, SHAPE_PROMISES, Shape, decode_shape, shape_classes
from strategies.tape import Tape, packed, weighted
from strategies.tensors import (
    EXPANDED,
    LAYOUT_BYTES,
    TENSOR_BYTES,
    Fill,
    counting,
    decode_tensor,
    layout_promises,
    zeros,
    zeros_code,
)
from strategies.values import (
    DTYPE_CLASSES,
    DTYPE_PROMISES,
    DTYPES,
    GRAD_DTYPES,
    VALUE_PROMISES,
    Scalar,
    decode_values,
    lengthened,
)

INDEX_VALUE_BYTES = 16
INDEX_SHAPE_BYTES = 1 + MAX_RANK
INDEX_BYTES = INDEX_SHAPE_BYTES + LAYOUT_BYTES + 1 + INDEX_VALUE_BYTES
BYTES = SHAPE_BYTES + 1 + 1 + INDEX_BYTES + TENSOR_BYTES

_ALONG = weighted({"equal": 90, "longer": 64, "shorter": 60, "one": 30, "none": 12})
_OFF = weighted({"equal": 176, "smaller": 72, "none": 8})
_INDEX_FILLS = weighted({"drawn": 140, "counting": 40, "all equal": 76})


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Gather(Case):
    """The inputs of a legal gather."""

    input: TensorField = TensorField()
    dim: int
    index: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GatherGradient(Gather):
    """A gather of a leaf, with a gradient for the output, which has the index's shape."""

    upstream: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GatherOut(Gather):
    """A gather with a tensor to write the output to."""

    out: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GatherOutMisuse(GatherOut):
    """A gather with an `out` that is refused; with `mended_out` it is legal, one fact apart."""

    mended_out: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GatherMisuse(Gather):
    """A gather that is refused; with `mended_dim` and `mended_index` it is legal, one fact apart."""

    mended_dim: int
    mended_index: TensorField = TensorField()


def _decode_index_shape(tape: Tape, shape: Shape, dim: int) -> tuple[Shape, list[str]]:
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


def _index_fill(size: int) -> Fill:
    """Return a fill of positions 0 … size - 1; reads 1 + `INDEX_VALUE_BYTES` bytes."""

    def fill(tape: Tape, _dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
        kind, drawn = tape.pick(_INDEX_FILLS), tape.take(INDEX_VALUE_BYTES)[::-1]
        if count == 0 or size == 0:
            return (0,) * count, []
        if kind == "counting":
            classes = ["index counting up"] if count <= size else ["index counting up", "duplicate index"]
            return tuple([position % size for position in range(count)]), classes
        # Spreads the 256 values of a byte over the whole of a long dim.
        spread = (size >> 8) + 1
        if kind == "all equal":
            classes = ["index all equal", "duplicate index"] if count > 1 else []
            return (drawn[0] * spread % size,) * count, classes
        data = tuple([byte * spread % size for byte in lengthened(drawn, count)])
        return data, ["duplicate index"] if len(set(data)) < count else []

    return fill


@dataclass(frozen=True)
class _Drawn:
    """The parts of a legal gather as they were read off the tape."""

    input: TensorCode
    dim: int
    index: TensorCode
    classes: tuple[str, ...]


def _decode(
    tape: Tape,
    *,
    min_dims: int = 0,
    max_dims: int = MAX_RANK,
    at: int | None = None,
    nonempty: bool = False,
    dtypes: Sequence[torch.dtype] = DTYPES,
    fill: Fill = decode_values,
    requires_grad: bool = False,
    index_dtype: torch.dtype = torch.int64,
    index_expand: int = EXPANDED,
    index_shape: Callable[[Shape, int, Shape], Shape] | None = None,
) -> _Drawn:
    shape = decode_shape(tape, min_dims=min_dims, max_dims=max_dims)
    if nonempty:
        shape = tuple([max(size, 1) for size in shape])
    dim = decode_dim(tape, max(len(shape), 1)) if at is None else at
    sizes, classes = _decode_index_shape(tape, shape, dim)
    if nonempty:
        sizes = tuple([max(size, 1) for size in sizes])
    if index_shape is not None:
        sizes = index_shape(shape, dim, sizes)
    size = shape[dim] if shape else 1
    index = decode_tensor(tape, sizes, index_dtype, role="index", fill=_index_fill(size), expand=index_expand)
    dtype = tape.pick(dtypes)
    code = decode_tensor(tape, shape, dtype, fill=fill, requires_grad=requires_grad)
    if 0 in sizes:
        classes.append("empty index")
    return _Drawn(
        code,
        dim,
        index,
        (*shape_classes(shape), *classes, *dim_classes(dim), *index.classes, *code.classes),
    )


INDEX_PROMISES = (
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
PROMISES = (*SHAPE_PROMISES, *INDEX_PROMISES, *layout_promises("input"), *DTYPE_PROMISES, *VALUE_PROMISES)


def _gathers(promises: tuple[str, ...], **options: Any) -> SearchStrategy[Gather]:
    """Return a strategy for legal gathers as `_decode` reads them with these options."""

    def decode(tape: Tape) -> Gather:
        drawn = _decode(tape, **options)
        return Gather(classes=drawn.classes, input=drawn.input, dim=drawn.dim, index=drawn.index)

    return packed(decode, length=BYTES, promises=promises)


def gathers() -> SearchStrategy[Gather]:
    """Return a strategy for legal gathers of every dtype and layout, the index int64.

    The index has the input's rank, is no larger than the input off dim, and is shorter than, as long as or
    longer than it along dim; its values repeat, count up or are all equal. Shrinks toward a 0-d input.
    """
    return _gathers(PROMISES)


def gathers_by_expanded_index() -> SearchStrategy[Gather]:
    """Return a strategy for gathers whose index is expanded wherever it has a dim longer than 1.

    The input has two dims or more, since a constant index hides what is wrong, and elements that differ as
    far as the dtype allows; every third one is float64, whose kernel has been wrong in the field.
    """
    dtypes = (torch.float32, *[torch.float64] * 4, *list(dict.fromkeys(DTYPES))[1:])

    promises = (*SHAPE_PROMISES[1:], *layout_promises("index"), *layout_promises("input"))
    return _gathers(promises, min_dims=2, index_expand=100, dtypes=dtypes, fill=counting)


def gathers_of_matrices(dim: int) -> SearchStrategy[Gather]:
    """Return a strategy for gathers of int64 matrices along dim 0 or 1, their elements counted up."""
    promises = ("size 1", "over 16 elements", "index longer along dim", "index smaller off dim")
    return _gathers(promises, min_dims=2, max_dims=2, at=dim, dtypes=(torch.int64,), fill=counting)


def gathers_by_int32() -> SearchStrategy[Gather]:
    """Return a strategy for gathers whose index is int32 and not expanded."""
    promises = [name for name in PROMISES if name != "expanded index"]
    return _gathers(tuple(promises), index_dtype=torch.int32, index_expand=0)


def gathers_by_expanded_int32() -> SearchStrategy[Gather]:
    """Return a strategy for gathers of float32 rows by a column of int32 that is expanded over each row.

    Every second index value is 0, and the column is the first half of its storage: a kernel that reads it as
    int64 finds rows that exist, in memory that is the tensor's.
    """

    def decode(tape: Tape) -> Gather:
        rows, columns, count = 2 + (tape.byte() >> 4), 2 + (tape.byte() >> 5), 2 + (tape.byte() >> 4)
        drawn = lengthened(tape.take(INDEX_VALUE_BYTES)[::-1], 2 * count)
        picked = tuple([0 if at % 2 else 1 + byte % (rows - 1) for at, byte in enumerate(drawn)])
        index = TensorCode(
            picked,
            torch.int32,
            (2 * count, 1),
            (count, columns),
            (slice(None, count),),
            None,
            (count, columns),
        )
        data, _ = counting(tape, torch.float32, rows * columns)
        input = TensorCode(data, torch.float32, (rows, columns), (rows, columns))
        classes = ("expanded index", "over 16 elements" if count * columns > 16 else "few elements")
        return Gather(classes=classes, input=input, dim=0, index=index)

    return packed(decode, length=3 + INDEX_VALUE_BYTES, promises=("expanded index", "over 16 elements"))


def gathers_of_zeros() -> SearchStrategy[Gather]:
    """Return a strategy for gathers with an output of at least one element, the input all zeros."""
    return _gathers(("0-d", "size 1", *layout_promises("input")), nonempty=True, fill=zeros)


def gather_gradients() -> SearchStrategy[GatherGradient]:
    """Return a strategy for gathers of a leaf with an integer-valued gradient for the output.

    Sums of the gradient's elements are exact in float32 and float64, in whatever order they are added. An
    index that is smaller than the input off dim is not expanded: see `gather_gradients_by_narrow_index`.
    """

    def decode(tape: Tape) -> GatherGradient:
        drawn = _decode(tape, dtypes=GRAD_DTYPES, fill=zeros, requires_grad=True)
        if {"index smaller off dim", "expanded index"} <= set(drawn.classes):
            drawn = _contiguous_index(drawn)
        upstream = decode_tensor(tape, drawn.index.shape, drawn.input.dtype, role="upstream", fill=counting)
        return GatherGradient(
            classes=(*drawn.classes, *upstream.classes),
            input=drawn.input,
            dim=drawn.dim,
            index=drawn.index,
            upstream=upstream,
        )

    promises = (*SHAPE_PROMISES, *INDEX_PROMISES, *layout_promises("input"), *layout_promises("upstream"))
    return packed(decode, length=BYTES + TENSOR_BYTES, promises=promises)


def _contiguous_index(drawn: _Drawn) -> _Drawn:
    values = tuple(drawn.index.elements().reshape(-1).tolist())
    index = TensorCode(values, drawn.index.dtype, drawn.index.shape, drawn.index.shape)
    layouts = layout_promises("index")
    classes = tuple([name for name in drawn.classes if name not in layouts])
    return _Drawn(drawn.input, drawn.dim, index, classes)


def gather_gradients_by_narrow_index() -> SearchStrategy[GatherGradient]:
    """Return a strategy for gathers by a column that is expanded over some, not all, columns of the input."""

    def decode(tape: Tape) -> GatherGradient:
        rows, count = 2 + (tape.byte() >> 6), 2 + (tape.byte() >> 5)
        columns, more = 16 + (tape.byte() >> 2), 1 + (tape.byte() >> 4)
        dtype = tape.pick(GRAD_DTYPES)
        drawn = lengthened(tape.take(INDEX_VALUE_BYTES)[::-1], count - 1)
        picked = (rows - 1, *[byte % rows for byte in drawn])  # of row 0 alone, the columns would be right
        index = TensorCode(picked, torch.int64, (count, 1), (count, columns), None, None, (count, columns))
        data, _ = zeros(tape, dtype, rows * (columns + more))
        shape = (rows, columns + more)
        upstream, _ = counting(tape, dtype, count * columns)
        return GatherGradient(
            classes=("expanded index", "index smaller off dim", *DTYPE_CLASSES[dtype]),
            input=TensorCode(data, dtype, shape, shape, requires_grad=True),
            dim=0,
            index=index,
            upstream=TensorCode(upstream, dtype, (count, columns), (count, columns)),
        )

    promises = ("expanded index", "index smaller off dim")
    return packed(decode, length=5 + INDEX_VALUE_BYTES, promises=promises)


def gathers_with_out() -> SearchStrategy[GatherOut]:
    """Return a strategy for gathers with an `out` of the index's shape and the input's dtype."""

    def decode(tape: Tape) -> GatherOut:
        drawn = _decode(tape)
        out = decode_tensor(tape, drawn.index.shape, drawn.input.dtype, role="out", fill=zeros, expand=0)
        return GatherOut(
            classes=(*drawn.classes, *out.classes),
            input=drawn.input,
            dim=drawn.dim,
            index=drawn.index,
            out=out,
        )

    promises = (*SHAPE_PROMISES, *INDEX_PROMISES, *layout_promises("out", expand=0))
    return packed(decode, length=BYTES + TENSOR_BYTES, promises=promises)


def gathers_with_out_to_resize() -> SearchStrategy[GatherOut]:
    """Return a strategy for gathers with an empty `out` whose shape is not the index's."""

    def decode(tape: Tape) -> GatherOut:
        drawn = _decode(tape, nonempty=True)
        shape = ((0,), (0, 2), (3, 0), (0, 1, 2))[tape.byte() >> 6]
        out = TensorCode((), drawn.input.dtype, shape, shape)
        return GatherOut(classes=drawn.classes, input=drawn.input, dim=drawn.dim, index=drawn.index, out=out)

    return packed(decode, length=BYTES + 1, promises=("0-d", "size 1", "rank 4 or more"))


def gathers_with_out_of_other_dtype() -> SearchStrategy[GatherOutMisuse]:
    """Return a strategy for gathers with an `out` of the index's shape and another dtype than the input's."""

    def decode(tape: Tape) -> GatherOutMisuse:
        drawn = _decode(tape, nonempty=True)
        shape, own = drawn.index.shape, drawn.input.dtype
        other = tape.pick([dtype for dtype in dict.fromkeys(DTYPES) if dtype is not own])
        return GatherOutMisuse(
            classes=drawn.classes,
            input=drawn.input,
            dim=drawn.dim,
            index=drawn.index,
            out=zeros_code(shape, other),
            mended_out=zeros_code(shape, own),
        )

    return packed(decode, length=BYTES + 1, promises=("0-d", "size 1", "rank 4 or more"))


def _misuse(drawn: _Drawn, index: TensorCode, *classes: str, dim: int | None = None) -> GatherMisuse:
    return GatherMisuse(
        classes=(*drawn.classes, *classes),
        input=drawn.input,
        dim=drawn.dim if dim is None else dim,
        index=index,
        mended_dim=drawn.dim,
        mended_index=drawn.index,
    )


def gathers_with_wrong_rank() -> SearchStrategy[GatherMisuse]:
    """Return a strategy for a non-empty index of one dim more or less than the input.

    Ranks 0 and 1 against each other are left out: `gathers_between_rank_0_and_1` draws them.
    """

    def decode(tape: Tape) -> GatherMisuse:
        down = tape.chance(50)
        cut = tape.byte()

        def one_at(_shape: Shape, _dim: int, sizes: Shape) -> Shape:
            at = cut % len(sizes)
            return (*sizes[:at], 1, *sizes[at + 1 :])

        drawn = _decode(tape, min_dims=2 if down else 1, nonempty=True, index_shape=one_at if down else None)
        sizes = drawn.index.shape
        at = cut % len(sizes)
        wrong = (*sizes[:at], *sizes[at + 1 :]) if down else (*sizes[:at], 1, *sizes[at:])
        return _misuse(drawn, zeros_code(wrong), "rank too low" if down else "rank too high")

    return packed(decode, length=BYTES + 2, promises=("rank too low", "rank too high"))


def gathers_between_rank_0_and_1() -> SearchStrategy[GatherMisuse]:
    """Return a strategy for a rank-0 index into a rank-1 input and the reverse."""

    def decode(tape: Tape) -> GatherMisuse:
        scalar_input = tape.chance(50)
        size = 1 + (tape.byte() >> 6)
        shape: Shape = () if scalar_input else (size,)
        input = decode_tensor(tape, shape, tape.pick(DTYPES))
        right, wrong = zeros_code(shape), zeros_code((size,) if scalar_input else ())
        drawn = _Drawn(input, 0, right, (*shape_classes(shape), *input.classes))
        return _misuse(drawn, wrong, "rank-0 input" if scalar_input else "rank-0 index")

    return packed(decode, length=3 + TENSOR_BYTES, promises=("rank-0 input", "rank-0 index"))


def gathers_with_oversized_index() -> SearchStrategy[GatherMisuse]:
    """Return a strategy for an index that is larger than the input in one dim other than `dim`."""

    def decode(tape: Tape) -> GatherMisuse:
        where, more = tape.byte(), (1, 2, 5, 300)[tape.byte() >> 6]
        drawn = _decode(tape, min_dims=2, nonempty=True)
        shape = drawn.input.shape
        dim = drawn.dim % len(shape)
        at = [other for other in range(len(shape)) if other != dim][where % (len(shape) - 1)]
        sizes = list(drawn.index.shape)
        sizes[at] = shape[at] + more
        if sizes[dim] > 64:
            sizes[dim] = 1
        broadcast = ["input of size 1 there"] if shape[at] == 1 else []
        return _misuse(drawn, zeros_code(tuple(sizes)), *broadcast)

    return packed(decode, length=BYTES + 2, promises=("input of size 1 there", "negative dim"))


def gathers_out_of_range() -> SearchStrategy[GatherMisuse]:
    """Return a strategy for an index with one value below 0 or past the end, by one and by far."""

    def decode(tape: Tape) -> GatherMisuse:
        below, far = tape.chance(50), tape.pick((0, 0, 1, 5, 1000, 2**31, 2**62))
        drawn = _decode(tape, nonempty=True)
        size = drawn.input.shape[drawn.dim] if drawn.input.shape else 1
        value = -1 - far if below else size + far
        index = zeros_code(drawn.index.shape, first=value)
        return _misuse(drawn, index, "below 0" if below else "past the end")

    return packed(decode, length=BYTES + 2, promises=("0-d", "below 0", "past the end"))


WRONG_INDEX_DTYPES = (
    torch.float32,
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.float16,
    torch.bfloat16,
    torch.complex64,
)


def gathers_with_wrong_index_dtype() -> SearchStrategy[GatherMisuse]:
    """Return a strategy for a non-empty index that is neither int64 nor int32."""

    def decode(tape: Tape) -> GatherMisuse:
        dtype = tape.pick(WRONG_INDEX_DTYPES)
        drawn = _decode(tape, nonempty=True)
        kind = "bool" if dtype is torch.bool else "float" if dtype.is_floating_point else "other"
        return _misuse(drawn, zeros_code(drawn.index.shape, dtype), f"{kind} index")

    return packed(decode, length=BYTES + 1, promises=("bool index", "float index", "other index"))


def gathers_with_dim_out_of_range() -> SearchStrategy[GatherMisuse]:
    """Return a strategy for a dim outside [-rank, rank) and a non-empty index."""

    def decode(tape: Tape) -> GatherMisuse:
        drawn = _decode(tape, nonempty=True)
        dim = decode_bad_dim(tape, max(len(drawn.input.shape), 1))
        return _misuse(drawn, drawn.index, "dim too low" if dim < 0 else "dim too high", dim=dim)

    return packed(decode, length=BYTES + 2, promises=("0-d", "dim too low", "dim too high"))


def gathers_by_nothing() -> SearchStrategy[Gather]:
    """Return a strategy for an index without elements, of whatever rank, sizes and dtype."""

    def decode(tape: Tape) -> Gather:
        drawn = _decode(tape)
        where, dtype = tape.byte(), tape.pick((torch.int64, torch.float32, torch.bool, torch.int32))
        sizes = list(decode_shape(tape, min_dims=1))
        sizes[where % len(sizes)] = 0
        rank = "other rank" if len(sizes) != len(drawn.input.shape) else "same rank"
        classes = (*drawn.classes, rank, "float index" if dtype is torch.float32 else "")
        index = TensorCode((), dtype, tuple(sizes), tuple(sizes))
        return Gather(classes=tuple(filter(None, classes)), input=drawn.input, dim=drawn.dim, index=index)

    return packed(decode, length=BYTES + 2 + SHAPE_BYTES, promises=("other rank", "same rank", "float index"))


def gathers_by_nothing_out_of_range() -> SearchStrategy[Gather]:
    """Return a strategy for an index without elements and a dim outside [-rank, rank)."""

    def decode(tape: Tape) -> Gather:
        drawn = _decode(tape)
        dim = decode_bad_dim(tape, max(len(drawn.input.shape), 1))
        index = TensorCode((), torch.int64, (0,), (0,))
        classes = (*drawn.classes, "dim too low" if dim < 0 else "dim too high")
        return Gather(classes=classes, input=drawn.input, dim=dim, index=index)

    return packed(decode, length=BYTES + 2, promises=("dim too low", "dim too high"))
