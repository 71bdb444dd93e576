"""Cases for view: shapes that fit an input's strides, shapes that do not, and other dtypes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from hypothesis.strategies import SearchStrategy

from strategies.code import Case, Index, TensorCode, TensorField
from strategies.shapes import MAX_RANK, SHAPE_BYTES, SHAPE_PROMISES, Shape, decode_shape, shape_classes
from strategies.tape import Tape, packed
from strategies.tensors import (
    EXPANDED,
    TENSOR_BYTES,
    Fill,
    counting,
    decode_tensor,
    layout_promises,
    zeros,
    zeros_code,
)
from strategies.values import DTYPE_CLASSES, FILL_BYTES, GRAD_DTYPES, STORED_DTYPES, decode_values

VIEW_BYTES = MAX_RANK + 1
BYTES = SHAPE_BYTES + 1 + TENSOR_BYTES + VIEW_BYTES

_EMPTY: tuple[Shape, ...] = ((0,), (0, 3), (2, 0), (1, 0, 4), (0, 0), (3, 1, 0, 2))
_SINGLE: tuple[Shape, ...] = ((), (1,), (1, 1), (1, 1, 1))


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class View(Case):
    """An input and a shape to view it as."""

    input: TensorField = TensorField()
    shape: Shape = ()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class InferredView(View):
    """A shape with one -1, and the size that belongs there."""

    full_shape: Shape = ()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TwiceViewed(View):
    """A shape to view the input as first, and the shape to view that as."""

    then: Shape = ()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ViewAs(View):
    """An input, and a tensor of another dtype that has the shape to view it as."""

    other: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ViewGradient(View):
    """A view of a leaf, with a gradient for the output."""

    upstream: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ViewMisuse(View):
    """A shape that is refused; `mended_input` viewed as `mended_shape` is legal, one fact apart."""

    mended_input: TensorField = TensorField()
    mended_shape: Shape = ()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class DtypeView(Case):
    """An input and a dtype to view it as."""

    input: TensorField = TensorField()
    dtype: torch.dtype = torch.float32


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class DtypeViewMisuse(DtypeView):
    """A dtype that is refused; for `mended_input` it is legal, one fact apart."""

    mended_input: TensorField = TensorField()


def blocks(shape: Shape, strides: Shape) -> list[int]:
    """Return the number of elements in each longest run of dims that a single dim could stand for.

    Dims d and d + 1 belong to one run where stride[d] == stride[d + 1] * size[d + 1]; dims of size 1 count
    for nothing. The shape has elements.
    """
    runs: list[int] = []
    next_stride = next_size = None
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size == 1:
            continue
        if next_stride is not None and next_size is not None and stride == next_stride * next_size:
            runs[-1] *= size
        else:
            runs.append(size)
        next_stride, next_size = stride, size
    return runs[::-1]


def decode_view_shape(tape: Tape, code: TensorCode) -> Shape:
    """Read a shape that the tensor can be viewed as off `VIEW_BYTES` bytes: its runs of dims, some split."""
    choices = tape.take(VIEW_BYTES)
    numel = math.prod(code.shape)
    if numel < 2:
        table = _SINGLE if numel else _EMPTY
        return table[choices[0] * len(table) >> 8]
    shape: list[int] = []
    for run, choice in zip(blocks(code.shape, code.strides()), choices, strict=False):
        shape += _split(run, choice)
    if choices[-1] > 200:
        shape.insert(choices[-1] % (len(shape) + 1), 1)
    return tuple(shape)


def _split(size: int, choice: int) -> tuple[int, ...]:
    """Return one to three sizes with the product `size`; the choice 0 gives one."""
    parts, where = choice >> 6, choice & 63
    if not parts:
        return (size,)
    divisors = [divisor for divisor in range(1, size + 1) if size % divisor == 0]
    first = divisors[where % len(divisors)]
    if parts < 3:
        return first, size // first
    second = next((divisor for divisor in divisors[1:] if size // first % divisor == 0), 1)
    return first, second, size // first // second


def _classes(code: TensorCode, shape: Shape) -> tuple[str, ...]:
    before, after = [[size for size in sizes if size != 1] for sizes in (code.shape, shape)]
    classes = [*shape_classes(code.shape), *code.classes]
    if len(after) < len(before):
        classes.append("merges dims")
    elif len(after) > len(before):
        classes.append("splits a dim")
    if not shape:
        classes.append("as 0-d")
    return tuple(classes)


def _decode(
    tape: Tape,
    *,
    dtypes: Sequence[torch.dtype] = STORED_DTYPES,
    fill: Fill = decode_values,
    expand: int = EXPANDED,
    requires_grad: bool = False,
) -> tuple[TensorCode, Shape, tuple[str, ...]]:
    shape = decode_shape(tape)
    code = decode_tensor(
        tape, shape, tape.pick(dtypes), fill=fill, expand=expand, requires_grad=requires_grad
    )
    viewed = decode_view_shape(tape, code)
    return code, viewed, _classes(code, viewed)


PROMISES = (*SHAPE_PROMISES, "merges dims", "splits a dim")


def views() -> SearchStrategy[View]:
    """Return a strategy for inputs of every layout and a shape that each can be viewed as.

    The shape merges runs of dims whose strides allow it, splits them, and now and then inserts a dim of
    size 1. Shrinks toward a 0-d zero.
    """

    def decode(tape: Tape) -> View:
        code, shape, classes = _decode(tape)
        return View(classes=classes, input=code, shape=shape)

    return packed(decode, length=BYTES, promises=(*PROMISES, *layout_promises("input")))


def views_of_zeros() -> SearchStrategy[View]:
    """Return a strategy for views of inputs that are all zeros and can be written to."""

    def decode(tape: Tape) -> View:
        code, shape, classes = _decode(tape, fill=zeros, expand=0)
        return View(classes=classes, input=code, shape=shape)

    return packed(decode, length=BYTES, promises=(*PROMISES, *layout_promises("input", expand=0)))


def views_of_one_element() -> SearchStrategy[View]:
    """Return a strategy for inputs of one element, of any rank, to be viewed as 0-d."""

    def decode(tape: Tape) -> View:
        shape = tuple([1 for _ in decode_shape(tape)])
        code = decode_tensor(tape, shape, tape.pick(STORED_DTYPES))
        return View(classes=_classes(code, ()), input=code, shape=())

    return packed(decode, length=SHAPE_BYTES + 1 + TENSOR_BYTES, promises=("0-d", "rank 4 or more"))


def views_twice() -> SearchStrategy[TwiceViewed]:
    """Return a strategy for two shapes that the input can be viewed as, one after the other."""

    def decode(tape: Tape) -> TwiceViewed:
        code, shape, classes = _decode(tape)
        return TwiceViewed(classes=classes, input=code, shape=shape, then=decode_view_shape(tape, code))

    return packed(decode, length=BYTES + VIEW_BYTES, promises=PROMISES)


def views_with_inferred_size() -> SearchStrategy[InferredView]:
    """Return a strategy for a shape with one -1 whose other sizes have a product that is not 0."""

    def decode(tape: Tape) -> InferredView:
        where = tape.byte()
        code, shape, classes = _decode(tape)
        full = shape or (1,)
        zero = next((dim for dim, size in enumerate(full) if size == 0), None)
        at = where % len(full) if zero is None else zero
        # Only the size that is inferred may be 0, or it could be anything.
        full = tuple([size if dim == at else max(size, 1) for dim, size in enumerate(full)])
        inferred = (*full[:at], -1, *full[at + 1 :])
        return InferredView(classes=classes, input=code, shape=inferred, full_shape=full)

    return packed(decode, length=BYTES + 1, promises=(*PROMISES, *layout_promises("input")))


def views_as() -> SearchStrategy[ViewAs]:
    """Return a strategy for an input and a tensor of any dtype that has a shape it can be viewed as."""

    def decode(tape: Tape) -> ViewAs:
        code, shape, classes = _decode(tape)
        other = zeros_code(shape, tape.pick(STORED_DTYPES))
        return ViewAs(classes=classes, input=code, shape=shape, other=other)

    return packed(decode, length=BYTES + 1, promises=PROMISES)


def view_gradients() -> SearchStrategy[ViewGradient]:
    """Return a strategy for views of a leaf, with a gradient for the output."""

    def decode(tape: Tape) -> ViewGradient:
        code, shape, classes = _decode(tape, dtypes=GRAD_DTYPES, fill=zeros, requires_grad=True)
        upstream = decode_tensor(tape, shape, code.dtype, role="upstream", fill=counting)
        return ViewGradient(classes=(*classes, *upstream.classes), input=code, shape=shape, upstream=upstream)

    promises = (*PROMISES, *layout_promises("input"), *layout_promises("upstream"))
    return packed(decode, length=BYTES + TENSOR_BYTES, promises=promises)


def views_against_strides() -> SearchStrategy[ViewMisuse]:
    """Return a strategy for a shape that would merge, or cut across, two dims whose strides do not allow it.

    The input is transposed, stepped, narrowed or expanded in its last two dims; a contiguous one of the same
    shape is the legal twin.
    """

    def decode(tape: Tape) -> ViewMisuse:
        how, across = tape.byte(), tape.byte()
        *lead, rows, columns = decode_shape(tape, min_dims=2)
        lead = [min(max(size, 1), 3) for size in lead]
        rows, columns = min(max(rows, 2), 400), min(max(columns, 2), 400)
        if rows > 32 and columns > 32:
            rows = 2
        dtype = tape.pick(STORED_DTYPES)
        shape = (*lead, rows, columns)
        input, layout = _gapped(tuple(lead), rows, columns, dtype, how)
        merged: Shape = (*lead, columns, rows)
        if across < 160 or rows == columns:
            merged = (math.prod(shape),) if across & 1 else (*lead, rows * columns)
        how_refused = "merges dims" if len(merged) < len(shape) else "cuts across"
        classes = (*shape_classes(shape), layout, how_refused)
        mended = zeros_code(shape, dtype)
        return ViewMisuse(
            classes=classes, input=input, shape=merged, mended_input=mended, mended_shape=merged
        )

    promises = ("transposed", "stepped", "narrowed", "expanded", "merges dims", "cuts across")
    return packed(decode, length=2 + SHAPE_BYTES + 1, promises=promises)


def _gapped(lead: Shape, rows: int, columns: int, dtype: torch.dtype, how: int) -> tuple[TensorCode, str]:
    """Return a tensor of zeros whose last two dims cannot be merged, and the name of its layout."""
    everything = (slice(None),) * len(lead)
    shape = (*lead, rows, columns)

    def code(base: Shape, **layout: object) -> TensorCode:
        data, _ = zeros(Tape(b""), dtype, math.prod(base))
        return TensorCode(data, dtype, base, shape, **layout)  # type: ignore[arg-type]

    if how < 80:
        swapped = (*range(len(lead)), len(lead) + 1, len(lead))
        return code((*lead, columns, rows), permutation=swapped), "transposed"
    if how < 130:
        return code((*lead, 2 * rows, columns), index=(*everything, slice(None, None, 2))), "stepped"
    if how < 180:
        cut: Index = (*everything, slice(None), slice(None, columns))
        return code((*lead, rows, columns + 1), index=cut), "narrowed"
    return code((*lead, *((1, columns) if how & 1 else (rows, 1))), expanded=shape), "expanded"


def _misuses(
    change: Callable[[Tape, Shape], tuple[Shape, Shape]], *promises: str
) -> SearchStrategy[ViewMisuse]:
    """Return a strategy for contiguous inputs; `change` gives a refused shape and the legal one."""

    def decode(tape: Tape) -> ViewMisuse:
        shape = tuple([max(size, 1) for size in decode_shape(tape)])
        dtype = tape.pick(STORED_DTYPES)
        wrong, right = change(tape, shape)
        code = zeros_code(shape, dtype)
        return ViewMisuse(
            classes=tuple(shape_classes(shape)),
            input=code,
            shape=wrong,
            mended_input=code,
            mended_shape=right,
        )

    return packed(decode, length=SHAPE_BYTES + 1 + 2, promises=promises or ("0-d", "size 1"))


def views_of_other_numel() -> SearchStrategy[ViewMisuse]:
    """Return a strategy for a shape with more or fewer elements than the input."""

    def change(tape: Tape, shape: Shape) -> tuple[Shape, Shape]:
        where, how = tape.byte(), tape.byte()
        right = shape or (1,)
        at = where % len(right)
        size = right[at]
        others = (size + 1, 2 * size, size - 1, 0, size + 7)
        return (*right[:at], others[how * len(others) >> 8], *right[at + 1 :]), right

    return _misuses(change)


def views_inferring_two_sizes() -> SearchStrategy[ViewMisuse]:
    """Return a strategy for a shape with -1 in two places."""

    def change(tape: Tape, shape: Shape) -> tuple[Shape, Shape]:
        where, other = tape.byte(), tape.byte()
        right = [*shape, *[1] * max(2 - len(shape), 0)]
        at = where % len(right)
        right[at] = -1
        wrong = list(right)
        wrong[(at + 1 + other % (len(right) - 1)) % len(right)] = -1
        return tuple(wrong), tuple(right)

    return _misuses(change)


def views_inferring_a_fraction() -> SearchStrategy[ViewMisuse]:
    """Return a strategy for a shape whose -1 would have to be a fraction."""

    def change(tape: Tape, shape: Shape) -> tuple[Shape, Shape]:
        more, numel = 2 + (tape.byte() >> 5), math.prod(shape)
        first = tape.byte() & 1
        size = next(size for size in range(more, numel + more + 2) if numel % size)
        return ((-1, size), (-1, numel)) if first else ((size, -1), (numel, -1))

    return _misuses(change)


def views_with_negative_size() -> SearchStrategy[ViewMisuse]:
    """Return a strategy for a shape with a size below -1."""

    def change(tape: Tape, shape: Shape) -> tuple[Shape, Shape]:
        where, how = tape.byte(), tape.byte()
        right = shape or (1,)
        at = where % len(right)
        size = (-2, -3, -right[at], -(2**31))[how >> 6]
        return (*right[:at], size if size < -1 else -2, *right[at + 1 :]), right

    return _misuses(change)


def views_inferring_anything() -> SearchStrategy[ViewMisuse]:
    """Return a strategy for an empty input and a shape with a -1 beside a 0: any size would fit there."""
    shapes: tuple[tuple[Shape, Shape], ...] = (
        ((0, -1), (0, 1)),
        ((-1, 0), (1, 0)),
        ((2, 0, -1), (2, 0, 3)),
        ((0, -1, 0), (0, 4, 0)),
    )

    def decode(tape: Tape) -> ViewMisuse:
        wrong, right = shapes[tape.byte() >> 6]
        base = _EMPTY[tape.byte() * len(_EMPTY) >> 8]
        code = zeros_code(base, tape.pick(STORED_DTYPES))
        return ViewMisuse(classes=("empty",), input=code, shape=wrong, mended_input=code, mended_shape=right)

    return packed(decode, length=3, promises=("empty",))


SIZED: dict[int, tuple[torch.dtype, ...]] = {
    1: (torch.int8, torch.uint8, torch.bool),
    2: (torch.float16, torch.bfloat16, torch.int16),
    4: (torch.float32, torch.int32),
    8: (torch.float64, torch.int64, torch.complex64),
    16: (torch.complex128,),
}
"""Dtypes by the size of an element in bytes."""

_PAIRS = tuple(
    (one, other)
    for size, dtypes in SIZED.items()
    for one in dtypes
    for other in dtypes
    if other is not torch.bool or one is torch.bool
)
_FINER = tuple(
    (one, other)
    for size, dtypes in reversed(SIZED.items())
    for one in dtypes
    for smaller, others in SIZED.items()
    for other in others
    if smaller < size and other is not torch.bool
)
_COARSER = tuple((other, one) for one, other in _FINER)


def dtype_views() -> SearchStrategy[DtypeView]:
    """Return a strategy for any input and a dtype whose elements are as large as its own.

    No other dtype is viewed as bool, whose elements are 0 and 1 only.
    """

    def decode(tape: Tape) -> DtypeView:
        shape = decode_shape(tape)
        old, new = tape.pick(_PAIRS)
        code = _without_bit(decode_tensor(tape, shape, old))
        return DtypeView(classes=(*shape_classes(shape), *code.classes), input=code, dtype=new)

    promises = (*SHAPE_PROMISES, *layout_promises("input"))
    return packed(decode, length=SHAPE_BYTES + 1 + TENSOR_BYTES, promises=promises)


def _without_bit(code: TensorCode) -> TensorCode:
    """Return the tensor without its conj or neg bit: bits in memory are not those of the elements there."""
    if not code.bit:
        return code
    classes = tuple([name for name in code.classes if name != f"{code.bit} view"])
    return TensorCode(**{**code.__dict__, "bit": "", "classes": classes})


def _rows(tape: Tape, old: torch.dtype, new: torch.dtype) -> tuple[TensorCode, list[str]]:
    """Read a tensor that can be viewed as another dtype: last stride 1, all else a multiple of the ratio."""
    ratio = max(new.itemsize // old.itemsize, 1)
    shape = decode_shape(tape, min_dims=1)
    layout = tape.byte()
    *lead, last = shape
    # Of a last size 0 the strides before it would be no multiples of the ratio.
    last = last if ratio == 1 else ratio * min(max(last, 1), max(512 // ratio, 1))
    base: Shape = (*lead, last)
    index: Index | None = None
    permutation: Shape | None = None
    classes: list[str] = []
    if layout & 1 and lead and lead[0] > 0:
        base, index = (2 * lead[0], *lead[1:], last), (slice(1, None, 2),)
        classes.append("stepped input")
    if layout & 2 and len(lead) > 1:
        base = (*(base[1], base[0]), *base[2:])
        index = None if index is None else (slice(None), *index)
        permutation = (1, 0, *range(2, len(shape)))
        classes.append("transposed input")
    data, found = decode_values(tape, old, math.prod(base))
    code = TensorCode(data, old, base, (*lead, last), index, permutation)
    return code, [*shape_classes(code.shape), *classes, *found, *DTYPE_CLASSES[old]]


ROW_BYTES = 1 + SHAPE_BYTES + 1 + FILL_BYTES
_ROW_PROMISES = ("rank 4 or more", "empty", "over 256 elements", "stepped input", "transposed input")


def dtype_views_of_rows(*, finer: bool) -> SearchStrategy[DtypeView]:
    """Return a strategy for an input with a last stride of 1 and a dtype of smaller or larger elements."""

    def decode(tape: Tape) -> DtypeView:
        old, new = tape.pick(_FINER if finer else _COARSER)
        code, classes = _rows(tape, old, new)
        return DtypeView(classes=tuple(classes), input=code, dtype=new)

    return packed(decode, length=ROW_BYTES, promises=_ROW_PROMISES)


def dtype_views_of_zeros() -> SearchStrategy[DtypeView]:
    """Return a strategy for zeros, contiguous and not empty, and a dtype of smaller or larger elements."""

    def decode(tape: Tape) -> DtypeView:
        old, new = tape.pick((*_FINER, *_COARSER))
        *lead, last = [max(size, 1) for size in decode_shape(tape, min_dims=1)]
        shape = (*lead, last * max(new.itemsize // old.itemsize, 1))
        return DtypeView(classes=tuple(shape_classes(shape)), input=zeros_code(shape, old), dtype=new)

    return packed(decode, length=1 + SHAPE_BYTES, promises=("rank 4 or more", "over 256 elements"))


def dtype_views_of_scalars() -> SearchStrategy[DtypeViewMisuse]:
    """Return a strategy for a 0-d input and a dtype of other size; with one dim it is legal."""

    def decode(tape: Tape) -> DtypeViewMisuse:
        old, new = tape.pick((*_FINER, *_COARSER))
        ratio = max(new.itemsize // old.itemsize, 1)
        return DtypeViewMisuse(
            classes=("0-d", *DTYPE_CLASSES[old]),
            input=zeros_code((), old),
            dtype=new,
            mended_input=zeros_code((ratio,), old),
        )

    return packed(decode, length=1, promises=("0-d",))


def _dtype_misuses(
    name: str, change: Callable[[Shape, int], tuple[Shape, Index]], *, min_dims: int = 1, finer: bool = False
) -> SearchStrategy[DtypeViewMisuse]:
    """Return a strategy for tensors that break one condition; `change` gives a base and the cut from it.

    It is given the legal shape, whose last size is a multiple of the ratio of the element sizes, and the
    ratio.
    """

    def decode(tape: Tape) -> DtypeViewMisuse:
        old, new = tape.pick((*_COARSER, *_FINER) if finer else _COARSER)
        ratio = max(new.itemsize // old.itemsize, 1)
        *lead, last = [max(size, 1) for size in decode_shape(tape, min_dims=min_dims)]
        shape = (*lead, min(last, 40) * ratio)
        base, index = change(shape, ratio)
        data, _ = zeros(Tape(b""), old, math.prod(base))
        cut = (*index, *[slice(None)] * (len(base) - len(index)))
        pairs = zip(base, cut, strict=True)
        sizes = tuple([len(range(size)[at]) for size, at in pairs if isinstance(at, slice)])
        return DtypeViewMisuse(
            classes=(name, *shape_classes(shape)),
            input=TensorCode(data, old, base, sizes, index),
            dtype=new,
            mended_input=zeros_code(shape, old),
        )

    return packed(decode, length=1 + SHAPE_BYTES, promises=(name, "rank 4 or more"))


def dtype_views_with_stepped_rows() -> SearchStrategy[DtypeViewMisuse]:
    """Return a strategy for a last dim of stride 2 and a dtype of other size."""

    def change(shape: Shape, _ratio: int) -> tuple[Shape, Index]:
        *lead, last = shape
        return (*lead, 2 * last), (*[slice(None)] * len(lead), slice(None, None, 2))

    return _dtype_misuses("last stride 2", change, finer=True)


def dtype_views_with_odd_size() -> SearchStrategy[DtypeViewMisuse]:
    """Return a strategy for a last dim one longer than a multiple of the ratio, the strides multiples."""

    def change(shape: Shape, ratio: int) -> tuple[Shape, Index]:
        *lead, last = shape
        return (*lead, last + ratio), (*[slice(None)] * len(lead), slice(None, last + 1))

    return _dtype_misuses("last size no multiple", change)


def dtype_views_with_odd_offset() -> SearchStrategy[DtypeViewMisuse]:
    """Return a strategy for a storage offset that is no multiple of the ratio."""

    def change(shape: Shape, ratio: int) -> tuple[Shape, Index]:
        *lead, last = shape
        return (*lead, last + ratio), (*[slice(None)] * len(lead), slice(1, last + 1))

    return _dtype_misuses("offset no multiple", change)


def dtype_views_with_odd_strides() -> SearchStrategy[DtypeViewMisuse]:
    """Return a strategy for a stride before the last that is no multiple of the ratio."""

    def change(shape: Shape, _ratio: int) -> tuple[Shape, Index]:
        *lead, last = shape
        return (*lead, last + 1), (*[slice(None)] * len(lead), slice(None, last))

    return _dtype_misuses("stride no multiple", change, min_dims=2)
