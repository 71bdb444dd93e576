"""Cases for max and its relatives: reductions over one dim, several or all, and pairs of tensors."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.code import Case, TensorCode, TensorField
from strategies.dims import decode_bad_dim, decode_dim, decode_dims, dim_classes
from strategies.shapes import SHAPE_BYTES, SHAPE_PROMISES, Shape, decode_shape, shape_classes
from strategies.tape import Tape, packed, weighted
from strategies.tensors import (
    EXPANDED,
    TENSOR_BYTES,
    Fill,
    counting,
    decode_tensor,
    layout_promises,
    zeros_code,
)
from strategies.values import (
    DTYPE_PROMISES,
    FLOAT_DTYPES,
    GRAD_DTYPES,
    REAL_DTYPES,
    VALUE_BYTES,
    Scalar,
    lengthened,
    palette,
)

BYTES = SHAPE_BYTES + 4 + TENSOR_BYTES

_FILLS = weighted({"drawn": 110, "few": 60, "counting": 36, "late": 50})
_NAN_FILLS = weighted({"drawn": 160, "few": 96})


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Whole(Case):
    """An input to reduce over all dims."""

    input: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class WholeGradient(Whole):
    """The same for a leaf, with a 0-d gradient for the output."""

    upstream: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Reduction(Case):
    """An input, the dim to reduce it over, and whether that dim stays."""

    input: TensorField = TensorField()
    dim: int
    keepdim: bool


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReductionGradient(Reduction):
    """The same for a leaf, with a gradient for the output."""

    upstream: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReductionOut(Reduction):
    """A reduction with tensors to write values and indices to."""

    values: TensorField = TensorField()
    indices: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReductionOutMisuse(ReductionOut):
    """Tensors of which one is refused; with the mended pair the reduction is legal."""

    mended_values: TensorField = TensorField()
    mended_indices: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReductionMisuse(Reduction):
    """A dim that is refused; `mended_input` reduced over `mended_dim` is legal, one fact apart."""

    mended_input: TensorField = TensorField()
    mended_dim: int


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Reductions(Case):
    """An input and the dims to reduce it over at once."""

    input: TensorField = TensorField()
    dims: tuple[int, ...]
    keepdim: bool


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ReductionsGradient(Reductions):
    """The same for a leaf, with a gradient for the output."""

    upstream: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Pair(Case):
    """Two tensors whose shapes broadcast."""

    input: TensorField = TensorField()
    other: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PairGradient(Pair):
    """The same for two leaves, with a gradient for the output."""

    upstream: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PairMisuse(Pair):
    """A pair that is refused; with `mended_other` in the place of both it is legal."""

    mended_input: TensorField = TensorField()
    mended_other: TensorField = TensorField()


@functools.cache
def ordered_palette(dtype: torch.dtype) -> tuple[Scalar, ...]:
    """Return the dtype's palette with ones in the place of NaNs."""
    return tuple(
        [1.0 if isinstance(value, float) and math.isnan(value) else value for value in palette(dtype)]
    )


def numbers(tape: Tape, dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
    """Fill with infinities, extremes and ordinary numbers, often tied, but no NaN."""
    return _filled(ordered_palette(dtype), tape.pick(_FILLS), tape.take(VALUE_BYTES), dtype, count)


def numbers_and_nan(tape: Tape, dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
    """Fill with numbers and, in the drawn places, at least one NaN."""
    kind, drawn = tape.pick(_NAN_FILLS), tape.take(VALUE_BYTES)
    data, classes = _filled(palette(dtype), kind, drawn, dtype, count)
    if not count:
        return data, classes
    places = {drawn[0] * count >> 8, drawn[1] * count >> 8}
    data = tuple([math.nan if place in places else value for place, value in enumerate(data)])
    return data, [*classes, "NaN"]


def few(tape: Tape, _dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
    """Fill with the numbers 0 to 3, so that nearly every maximum is tied."""
    tape.byte()
    data = tuple([float(byte >> 6) for byte in lengthened(tape.take(VALUE_BYTES)[::-1], count)])
    return data, ["ties"] if len(set(data)) < count else []


def _filled(
    values: tuple[Scalar, ...], kind: str, drawn: bytes, dtype: torch.dtype, count: int
) -> tuple[tuple[Scalar, ...], list[str]]:
    if kind == "counting":
        return counting(Tape(b""), dtype, count)
    drawn = drawn[::-1]
    if kind == "late" and count:
        return _late(drawn, dtype, count), ["extreme in the last place"]
    if kind == "few":
        drawn = bytes([drawn[byte % 3] for byte in drawn])
    data = tuple([values[byte] for byte in lengthened(drawn, count)])
    classes = []
    if len(set(data)) < count:
        classes.append("ties")
    if dtype.is_floating_point and any(math.isinf(value) for value in data[:VALUE_BYTES]):  # type: ignore[arg-type]
        classes.append("infinity")
    if dtype is torch.int64 and any(abs(value) > 2**53 for value in data[:VALUE_BYTES]):
        classes.append("beyond 2**53")
    return data, classes


def _late(drawn: bytes, dtype: torch.dtype, count: int) -> tuple[Scalar, ...]:
    """Return small numbers, the largest or the smallest of them last: drawn bytes repeat in a long tensor.

    A kernel that stops early finds the extremes of what repeats all the same.
    """
    largest = drawn[0] & 1 == 0
    if dtype is torch.bool:
        return (*[not largest] * (count - 1), largest)
    number = float if dtype.is_floating_point else int
    rest = [number(1 + (byte >> 6)) for byte in lengthened(drawn, count - 1)]
    return (*rest, number(5 if largest else 0))


PROMISES = (*SHAPE_PROMISES, *layout_promises("input"), "ties", "extreme in the last place")
_DTYPE_PROMISES = tuple([name for name in DTYPE_PROMISES if name != "complex"])


def _decode_whole(tape: Tape, dtypes: Sequence[torch.dtype], fill: Fill, **options: Any) -> TensorCode:
    shape = tuple([max(size, 1) for size in decode_shape(tape)])
    code = decode_tensor(tape, shape, tape.pick(dtypes), fill=fill, **options)
    return TensorCode(**{**code.__dict__, "classes": (*shape_classes(shape), *code.classes)})


WHOLE_BYTES = SHAPE_BYTES + 1 + TENSOR_BYTES
_WHOLE_PROMISES = tuple([name for name in PROMISES if name != "empty"])
_OF_LEAVES = tuple([name for name in _WHOLE_PROMISES if name != "extreme in the last place"])


_NAN_PROMISES = ("NaN", "ties", "0-d", "transposed input", "expanded input")


def wholes(*, nan: bool = False, dtypes: Sequence[torch.dtype] = REAL_DTYPES) -> SearchStrategy[Whole]:
    """Return a strategy for inputs of at least one element, of every dtype that has an order by default.

    Without `nan` there is no NaN among the elements, with it there is at least one.
    """

    def decode(tape: Tape) -> Whole:
        if nan:
            code = _decode_whole(tape, FLOAT_DTYPES, numbers_and_nan, gaps=False)
        else:
            code = _decode_whole(tape, dtypes, numbers)
        return Whole(classes=code.classes, input=code)

    if nan:
        return packed(decode, length=WHOLE_BYTES, promises=(*_NAN_PROMISES, *SHAPE_PROMISES[3:]))
    promises = (*_WHOLE_PROMISES, "infinity", *_DTYPE_PROMISES)
    if dtypes is not REAL_DTYPES:
        promises = tuple([name for name in promises if name != "bool"])
    return packed(decode, length=WHOLE_BYTES, promises=promises)


def whole_gradients() -> SearchStrategy[WholeGradient]:
    """Return a strategy for leaves with many ties, and a gradient for the one element that they reduce to."""

    def decode(tape: Tape) -> WholeGradient:
        code = _decode_whole(tape, GRAD_DTYPES, few, requires_grad=True)
        upstream = TensorCode((float(1 + (tape.byte() >> 5)),), code.dtype, (), ())
        return WholeGradient(classes=code.classes, input=code, upstream=upstream)

    return packed(decode, length=WHOLE_BYTES + 1, promises=_OF_LEAVES)


def reduced_shape(shape: Shape, dims: Sequence[int], *, keepdim: bool) -> Shape:
    """Return the shape that reducing over the dims leaves, or with `keepdim` the shape with 1 there."""
    named = {dim % max(len(shape), 1) for dim in dims}
    kept = [1 if dim in named else size for dim, size in enumerate(shape) if keepdim or dim not in named]
    return tuple(kept)


def _decode(
    tape: Tape,
    *,
    min_dims: int = 0,
    dtypes: Sequence[torch.dtype] = REAL_DTYPES,
    fill: Fill = numbers,
    expand: int = EXPANDED,
    requires_grad: bool = False,
    gaps: bool = True,
) -> tuple[TensorCode, int, bool, tuple[str, ...]]:
    shape = decode_shape(tape, min_dims=min_dims)
    dim, keepdim, longest = decode_dim(tape, max(len(shape), 1)), tape.chance(40), tape.chance(50)
    if shape and longest:
        dim = shape.index(max(shape)) - (len(shape) if dim < 0 else 0)
    if shape and not shape[dim]:
        at = dim % len(shape)
        shape = (*shape[:at], 2, *shape[at + 1 :])
    code = decode_tensor(
        tape, shape, tape.pick(dtypes), fill=fill, expand=expand, requires_grad=requires_grad, gaps=gaps
    )
    classes = [*shape_classes(shape), *dim_classes(dim), *code.classes]
    if shape and shape[dim] > 16:
        classes.append("reduces over 16")
        if shape[dim] > 256:
            classes.append("reduces over 256")
    return code, dim, keepdim, (*classes, "keepdim" if keepdim else "dim dropped")


# The dim that is reduced is not empty, so that an empty input needs another dim of size 0.
_REDUCED_PROMISES = tuple([name for name in PROMISES if name != "empty"])


def reductions(
    *, nan: bool = False, dtypes: Sequence[torch.dtype] | None = None
) -> SearchStrategy[Reduction]:
    """Return a strategy for a reduction over one dim of at least one element; other dims may be empty.

    Without `nan` there is no NaN among the elements, with it there is one at least.
    """
    drawn_dtypes = dtypes or (FLOAT_DTYPES if nan else REAL_DTYPES)

    def decode(tape: Tape) -> Reduction:
        code, dim, keepdim, classes = _decode(
            tape, dtypes=drawn_dtypes, fill=numbers_and_nan if nan else numbers, gaps=not nan
        )
        return Reduction(classes=classes, input=code, dim=dim, keepdim=keepdim)

    further = () if dtypes else _DTYPE_PROMISES
    first = _NAN_PROMISES if nan else (*_REDUCED_PROMISES, *further)
    promises = (*first, "negative dim", "keepdim", "dim dropped", "reduces over 16", "reduces over 256")
    return packed(decode, length=BYTES, promises=promises)


def reduction_gradients() -> SearchStrategy[ReductionGradient]:
    """Return a strategy for a reduction over one dim of a leaf with many ties."""

    def decode(tape: Tape) -> ReductionGradient:
        code, dim, keepdim, classes = _decode(tape, dtypes=GRAD_DTYPES, fill=few, requires_grad=True)
        upstream = decode_tensor(
            tape,
            reduced_shape(code.shape, [dim], keepdim=keepdim),
            code.dtype,
            role="upstream",
            fill=counting,
        )
        return ReductionGradient(
            classes=(*classes, *upstream.classes), input=code, dim=dim, keepdim=keepdim, upstream=upstream
        )

    promises = (*_OF_LEAVES, "negative dim", "keepdim", "dim dropped")
    return packed(decode, length=BYTES + TENSOR_BYTES, promises=promises)


def reductions_of_several_dims() -> SearchStrategy[Reductions]:
    """Return a strategy for a reduction over a tuple of distinct dims, none of them empty."""

    def decode(tape: Tape) -> Reductions:
        code, dims, keepdim, classes = _decode_several(tape)
        return Reductions(classes=classes, input=code, dims=dims, keepdim=keepdim)

    promises = (*_WHOLE_PROMISES[1:], "negative dim", "keepdim", "several dims", *_DTYPE_PROMISES)
    return packed(decode, length=BYTES + 1, promises=promises)


def gradients_of_several_dims() -> SearchStrategy[ReductionsGradient]:
    """Return a strategy for a reduction over a tuple of dims of a leaf with many ties."""

    def decode(tape: Tape) -> ReductionsGradient:
        code, dims, keepdim, classes = _decode_several(tape, GRAD_DTYPES, few, requires_grad=True)
        upstream = decode_tensor(
            tape, reduced_shape(code.shape, dims, keepdim=keepdim), code.dtype, role="upstream", fill=counting
        )
        return ReductionsGradient(classes=classes, input=code, dims=dims, keepdim=keepdim, upstream=upstream)

    promises = (*_OF_LEAVES[1:], "negative dim", "keepdim", "several dims")
    return packed(decode, length=BYTES + 1 + TENSOR_BYTES, promises=promises)


def _decode_several(
    tape: Tape, dtypes: Sequence[torch.dtype] = REAL_DTYPES, fill: Fill = numbers, **options: Any
) -> tuple[TensorCode, tuple[int, ...], bool, tuple[str, ...]]:
    shape = tuple([max(size, 1) for size in decode_shape(tape, min_dims=1)])
    dims, keepdim = decode_dims(tape, len(shape)), tape.chance(40)
    code = decode_tensor(tape, shape, tape.pick(dtypes), fill=fill, **options)
    classes = [*shape_classes(shape), *code.classes, "keepdim" if keepdim else "dims dropped"]
    classes += ["negative dim"] if min(dims) < 0 else []
    classes += ["several dims"] if len(dims) > 1 else []
    return code, dims, keepdim, tuple(classes)


def reductions_with_out() -> SearchStrategy[ReductionOut]:
    """Return a strategy for a reduction with tensors of the right shapes and dtypes to write to."""

    def decode(tape: Tape) -> ReductionOut:
        code, dim, keepdim, classes = _decode(tape)
        shape = reduced_shape(code.shape, [dim], keepdim=keepdim)
        values = decode_tensor(tape, shape, code.dtype, role="out", fill=counting, expand=0)
        indices = decode_tensor(tape, shape, torch.int64, role="out", fill=counting, expand=0)
        return ReductionOut(
            classes=(*classes, *values.classes, *indices.classes),
            input=code,
            dim=dim,
            keepdim=keepdim,
            values=values,
            indices=indices,
        )

    promises = (*_REDUCED_PROMISES, *layout_promises("out", expand=0))
    return packed(decode, length=BYTES + 2 * TENSOR_BYTES, promises=promises)


def reductions_with_out_of_other_dtype() -> SearchStrategy[ReductionOutMisuse]:
    """Return a strategy for a reduction with values of another dtype than the input's, or float indices."""

    def decode(tape: Tape) -> ReductionOutMisuse:
        of_indices, which = tape.chance(50), tape.byte()
        code, dim, keepdim, classes = _decode(tape)
        shape = reduced_shape(code.shape, [dim], keepdim=keepdim)
        values, indices = zeros_code(shape, code.dtype), zeros_code(shape)
        others = [dtype for dtype in dict.fromkeys(REAL_DTYPES) if dtype is not code.dtype]
        wrong = zeros_code(
            shape, (torch.float32, torch.int32)[which & 1] if of_indices else others[which * len(others) >> 8]
        )
        return ReductionOutMisuse(
            classes=(*classes, "wrong indices" if of_indices else "wrong values"),
            input=code,
            dim=dim,
            keepdim=keepdim,
            values=values if of_indices else wrong,
            indices=wrong if of_indices else indices,
            mended_values=values,
            mended_indices=indices,
        )

    return packed(decode, length=BYTES + 2, promises=("wrong indices", "wrong values", "0-d"))


def reductions_out_of_range() -> SearchStrategy[ReductionMisuse]:
    """Return a strategy for a dim outside [-rank, rank), a 0-d input counting as rank 1."""

    def decode(tape: Tape) -> ReductionMisuse:
        code, dim, keepdim, classes = _decode(tape)
        wrong = decode_bad_dim(tape, max(len(code.shape), 1))
        return ReductionMisuse(
            classes=(*classes, "dim too low" if wrong < 0 else "dim too high"),
            input=code,
            dim=wrong,
            keepdim=keepdim,
            mended_input=code,
            mended_dim=dim,
        )

    return packed(decode, length=BYTES + 2, promises=("0-d", "dim too low", "dim too high"))


def reductions_of_nothing() -> SearchStrategy[ReductionMisuse]:
    """Return a strategy for a dim of size 0; of size 1 it is legal."""

    def decode(tape: Tape) -> ReductionMisuse:
        shape = decode_shape(tape, min_dims=1)
        dim, keepdim, dtype = decode_dim(tape, len(shape)), tape.chance(40), tape.pick(REAL_DTYPES)
        at = dim % len(shape)
        wrong, right = [(*shape[:at], size, *shape[at + 1 :]) for size in (0, 1)]
        return ReductionMisuse(
            classes=(*shape_classes(wrong), *dim_classes(dim)),
            input=zeros_code(wrong, dtype),
            dim=dim,
            keepdim=keepdim,
            mended_input=zeros_code(right, dtype),
            mended_dim=dim,
        )

    return packed(decode, length=SHAPE_BYTES + 3, promises=("empty", "negative dim"))


def reductions_of_complex() -> SearchStrategy[ReductionMisuse]:
    """Return a strategy for a complex input; of its real dtype it is legal."""

    def decode(tape: Tape) -> ReductionMisuse:
        double = tape.chance(50)
        shape = tuple([max(size, 1) for size in decode_shape(tape)])
        dim, keepdim = decode_dim(tape, max(len(shape), 1)), tape.chance(40)
        wrong, right = (torch.complex128, torch.float64) if double else (torch.complex64, torch.float32)
        return ReductionMisuse(
            classes=(*shape_classes(shape), str(wrong).removeprefix("torch.")),
            input=zeros_code(shape, wrong),
            dim=dim,
            keepdim=keepdim,
            mended_input=zeros_code(shape, right),
            mended_dim=dim,
        )

    return packed(decode, length=SHAPE_BYTES + 3, promises=("0-d", "complex64", "complex128"))


def _decode_shapes(tape: Tape) -> tuple[Shape, Shape, list[str]]:
    """Read two shapes that broadcast to the first of them."""
    shape, ones, cut = decode_shape(tape), tape.byte(), tape.byte()
    other = [1 if ones >> at & 1 and ones > 100 else size for at, size in enumerate(shape)]
    other = other[cut % (len(other) + 1) :] if cut > 190 else other
    classes = shape_classes(shape)
    if tuple(other) != shape:
        classes.append("broadcast")
    return shape, tuple(other), classes


PAIR_BYTES = SHAPE_BYTES + 5 + 2 * TENSOR_BYTES


def pairs(*, nan: bool = False, swap: bool = True) -> SearchStrategy[Pair]:
    """Return a strategy for two tensors of one dtype whose shapes broadcast to that of one of them."""

    def decode(tape: Tape) -> Pair:
        shape, other, classes = _decode_shapes(tape)
        dtype = tape.pick(FLOAT_DTYPES if nan else REAL_DTYPES)
        swapped = tape.chance(40) and swap
        one = decode_tensor(tape, shape, dtype, fill=numbers_and_nan if nan else numbers, gaps=not nan)
        two = decode_tensor(tape, other, dtype, role="other", fill=numbers)
        if swapped:
            one, two = two, one
        classes += [*one.classes, *two.classes]
        return Pair(classes=tuple(classes), input=one, other=two)

    layouts = _NAN_PROMISES if nan else layout_promises("input")
    promises = (*SHAPE_PROMISES, "broadcast", *layouts, *layout_promises("other"))
    return packed(decode, length=PAIR_BYTES, promises=promises)


def pairs_of_dtypes() -> SearchStrategy[Pair]:
    """Return a strategy for two tensors of the same shape and any two dtypes that have an order."""

    def decode(tape: Tape) -> Pair:
        shape = decode_shape(tape)
        one, two = tape.pick(REAL_DTYPES), tape.pick(REAL_DTYPES)
        classes = (*shape_classes(shape), "one dtype" if one is two else "two dtypes")
        return Pair(classes=classes, input=zeros_code(shape, one), other=zeros_code(shape, two))

    return packed(decode, length=SHAPE_BYTES + 2, promises=("0-d", "empty", "two dtypes"))


def pair_gradients() -> SearchStrategy[PairGradient]:
    """Return a strategy for two leaves of the same shape with many ties between them."""

    def decode(tape: Tape) -> PairGradient:
        shape, dtype = decode_shape(tape), tape.pick(GRAD_DTYPES)
        one = decode_tensor(tape, shape, dtype, fill=few, requires_grad=True)
        two = decode_tensor(tape, shape, dtype, role="other", fill=few, requires_grad=True)
        upstream = decode_tensor(tape, shape, dtype, role="upstream", fill=counting)
        return PairGradient(
            classes=(*shape_classes(shape), *one.classes, *two.classes),
            input=one,
            other=two,
            upstream=upstream,
        )

    promises = (*SHAPE_PROMISES, *layout_promises("input"), *layout_promises("other"))
    return packed(decode, length=SHAPE_BYTES + 1 + 3 * TENSOR_BYTES, promises=promises)


def pairs_of_complex() -> SearchStrategy[PairMisuse]:
    """Return a strategy for two complex tensors; of their real dtype they are legal."""

    def decode(tape: Tape) -> PairMisuse:
        double, shape = tape.chance(50), decode_shape(tape)
        wrong, right = (torch.complex128, torch.float64) if double else (torch.complex64, torch.float32)
        return PairMisuse(
            classes=(*shape_classes(shape), str(wrong).removeprefix("torch.")),
            input=zeros_code(shape, wrong),
            other=zeros_code(shape, wrong),
            mended_input=zeros_code(shape, right),
            mended_other=zeros_code(shape, right),
        )

    return packed(decode, length=SHAPE_BYTES + 1, promises=("0-d", "complex64", "complex128"))


def pairs_that_do_not_broadcast() -> SearchStrategy[PairMisuse]:
    """Return a strategy for two shapes that differ in one dim in which neither has size 1."""

    def decode(tape: Tape) -> PairMisuse:
        where, dtype = tape.byte(), tape.pick(REAL_DTYPES)
        shape = decode_shape(tape, min_dims=1)
        at = where % len(shape)
        one, two = [
            (*shape[:at], size, *shape[at + 1 :]) for size in (max(shape[at], 2), max(shape[at], 2) + 1)
        ]
        return PairMisuse(
            classes=tuple(shape_classes(one)),
            input=zeros_code(one, dtype),
            other=zeros_code(two, dtype),
            mended_input=zeros_code(one, dtype),
            mended_other=zeros_code(one, dtype),
        )

    return packed(decode, length=SHAPE_BYTES + 2, promises=("rank 4 or more", "size 1"))
