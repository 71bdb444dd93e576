"""Cases for view: shapes that fit an input's strides, and shapes that do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from strategies.case import InputCase, TensorField, case_class
from strategies.code import Index, TensorCode
from strategies.fills import zero_data, zeros
from strategies.shapes import (
    MAX_RANK,
    SHAPE_PROMISES,
    Shape,
    decode_shape,
    nonempty_shape,
    shape_classes,
    with_size,
)
from strategies.tape import Tape, strategy
from strategies.tensors import (
    decode_input,
    decode_upstream,
    layout_promises,
    zeros_code,
)
from strategies.values import GRAD_DTYPES, STORED_DTYPES

VIEW_BYTES = MAX_RANK + 1

_EMPTY: tuple[Shape, ...] = ((0,), (0, 3), (2, 0), (1, 0, 4), (0, 0), (3, 1, 0, 2))
_SINGLE: tuple[Shape, ...] = ((), (1,), (1, 1), (1, 1, 1))


@case_class
class View(InputCase):
    """An input and a shape to view it as."""

    shape: Shape = ()


@case_class
class InferredView(View):
    """A shape with one -1, and the size that belongs there."""

    full_shape: Shape = ()


@case_class
class TwiceViewed(View):
    """A shape to view the input as first, and the shape to view that as."""

    then: Shape = ()


@case_class
class ViewAs(View):
    """An input, and a tensor of another dtype that has the shape to view it as."""

    other: TensorField = TensorField()


@case_class
class ViewGradient(View):
    """A view of a leaf, with a gradient for the output."""

    upstream: TensorField = TensorField()


@case_class
class ViewMisuse(View):
    """A shape that is refused; `mended_input` viewed as `mended_shape` is legal, one fact apart."""

    mended_input: TensorField = TensorField()
    mended_shape: Shape = ()


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
    classes = [*code.classes]
    if len(after) < len(before):
        classes.append("merges dims")
    elif len(after) > len(before):
        classes.append("splits a dim")
    if not shape:
        classes.append("as 0-d")
    return tuple(classes)


def _decode(
    tape: Tape, dtypes: Sequence[torch.dtype] = STORED_DTYPES, **options: Any
) -> tuple[TensorCode, Shape, tuple[str, ...]]:
    """Read an input, a shape that it can be viewed as, and the input classes of both."""
    code = decode_input(tape, decode_shape(tape), dtypes, **options)
    viewed = decode_view_shape(tape, code)
    return code, viewed, _classes(code, viewed)


PROMISES = (*SHAPE_PROMISES, "merges dims", "splits a dim")


@strategy(promises=(*PROMISES, *layout_promises()))
def views(tape: Tape) -> View:
    """Return a strategy for inputs of every layout and a shape that each can be viewed as.

    The shape merges runs of dims whose strides allow it, splits them, and now and then inserts a dim of
    size 1. Shrinks toward a 0-d zero.
    """
    code, shape, classes = _decode(tape)
    return View(classes=classes, input=code, shape=shape)


@strategy(promises=(*PROMISES, *layout_promises(expand=0)))
def views_of_zeros(tape: Tape) -> View:
    """Return a strategy for views of inputs that are all zeros and can be written to."""
    code, shape, classes = _decode(tape, fill=zeros, expand=0)
    return View(classes=classes, input=code, shape=shape)


@strategy(promises=("0-d", "rank 4 or more"))
def views_of_one_element(tape: Tape) -> View:
    """Return a strategy for inputs of one element, of any rank, to be viewed as 0-d."""
    code = decode_input(tape, tuple([1 for _ in decode_shape(tape)]), STORED_DTYPES)
    return View(classes=_classes(code, ()), input=code, shape=())


@strategy(promises=PROMISES)
def views_twice(tape: Tape) -> TwiceViewed:
    """Return a strategy for two shapes that the input can be viewed as, one after the other."""
    code, shape, classes = _decode(tape)
    return TwiceViewed(classes=classes, input=code, shape=shape, then=decode_view_shape(tape, code))


@strategy(promises=(*PROMISES, *layout_promises()))
def views_with_inferred_size(tape: Tape) -> InferredView:
    """Return a strategy for a shape with one -1 whose other sizes have a product that is not 0."""
    where = tape.byte()
    code, shape, classes = _decode(tape)
    full = shape or (1,)
    zero = next((dim for dim, size in enumerate(full) if size == 0), None)
    at = where % len(full) if zero is None else zero
    # Only the size that is inferred may be 0, or it could be anything.
    full = with_size(nonempty_shape(full), at, full[at])
    return InferredView(classes=classes, input=code, shape=with_size(full, at, -1), full_shape=full)


@strategy(promises=PROMISES)
def views_as(tape: Tape) -> ViewAs:
    """Return a strategy for an input and a tensor of any dtype that has a shape it can be viewed as."""
    code, shape, classes = _decode(tape)
    other = zeros_code(shape, tape.pick(STORED_DTYPES))
    return ViewAs(classes=classes, input=code, shape=shape, other=other)


@strategy(promises=(*PROMISES, *layout_promises(), *layout_promises("upstream")))
def view_gradients(tape: Tape) -> ViewGradient:
    """Return a strategy for views of a leaf, with a gradient for the output."""
    code, shape, classes = _decode(tape, GRAD_DTYPES, fill=zeros, requires_grad=True)
    upstream = decode_upstream(tape, shape, code.dtype)
    return ViewGradient(classes=(*classes, *upstream.classes), input=code, shape=shape, upstream=upstream)


@strategy(promises=("transposed", "stepped", "narrowed", "expanded", "merges dims", "cuts across"))
def views_against_strides(tape: Tape) -> ViewMisuse:
    """Return a strategy for a shape that would merge, or cut across, two dims whose strides do not allow it.

    The input is transposed, stepped, narrowed or expanded in its last two dims; a contiguous one of the same
    shape is the legal twin.
    """
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
    return ViewMisuse(
        classes=(*shape_classes(shape), layout, how_refused),
        input=input,
        shape=merged,
        mended_input=zeros_code(shape, dtype),
        mended_shape=merged,
    )


def _gapped(lead: Shape, rows: int, columns: int, dtype: torch.dtype, how: int) -> tuple[TensorCode, str]:
    """Return a tensor of zeros whose last two dims cannot be merged, and the name of its layout."""
    everything = (slice(None),) * len(lead)
    shape = (*lead, rows, columns)

    def code(base: Shape, **layout: object) -> TensorCode:
        return TensorCode(zero_data(dtype, math.prod(base)), dtype, base, shape, **layout)  # type: ignore[arg-type]

    if how < 80:
        swapped = (*range(len(lead)), len(lead) + 1, len(lead))
        return code((*lead, columns, rows), permutation=swapped), "transposed"
    if how < 130:
        return code((*lead, 2 * rows, columns), index=(*everything, slice(None, None, 2))), "stepped"
    if how < 180:
        cut: Index = (*everything, slice(None), slice(None, columns))
        return code((*lead, rows, columns + 1), index=cut), "narrowed"
    return code((*lead, *((1, columns) if how & 1 else (rows, 1))), expanded=shape), "expanded"


def _full(tape: Tape) -> TensorCode:
    """Read a contiguous input of at least one element."""
    shape = nonempty_shape(decode_shape(tape))
    return zeros_code(shape, tape.pick(STORED_DTYPES)).changed(classes=tuple(shape_classes(shape)))


def _misuse(code: TensorCode, wrong: Shape, right: Shape) -> ViewMisuse:
    return ViewMisuse(classes=code.classes, input=code, shape=wrong, mended_input=code, mended_shape=right)


@strategy(promises=("0-d", "size 1"))
def views_of_other_numel(tape: Tape) -> ViewMisuse:
    """Return a strategy for a shape with more or fewer elements than the input."""
    code, where = _full(tape), tape.byte()
    right = code.shape or (1,)
    at = where % len(right)
    size = right[at]
    return _misuse(code, with_size(right, at, tape.pick((size + 1, 2 * size, size - 1, 0, size + 7))), right)


@strategy(promises=("0-d", "size 1"))
def views_inferring_two_sizes(tape: Tape) -> ViewMisuse:
    """Return a strategy for a shape with -1 in two places."""
    code, where, other = _full(tape), tape.byte(), tape.byte()
    right = (*code.shape, *[1] * max(2 - len(code.shape), 0))
    at = where % len(right)
    right = with_size(right, at, -1)
    return _misuse(code, with_size(right, (at + 1 + other % (len(right) - 1)) % len(right), -1), right)


@strategy(promises=("0-d", "size 1"))
def views_inferring_a_fraction(tape: Tape) -> ViewMisuse:
    """Return a strategy for a shape whose -1 would have to be a fraction."""
    code, more, first = _full(tape), 2 + (tape.byte() >> 5), tape.byte() & 1
    numel = math.prod(code.shape)
    size = next(size for size in range(more, numel + more + 2) if numel % size)
    return _misuse(code, (-1, size), (-1, numel)) if first else _misuse(code, (size, -1), (numel, -1))


@strategy(promises=("0-d", "size 1"))
def views_with_negative_size(tape: Tape) -> ViewMisuse:
    """Return a strategy for a shape with a size below -1."""
    code, where = _full(tape), tape.byte()
    right = code.shape or (1,)
    at = where % len(right)
    size = tape.pick((-2, -3, -right[at], -(2**31)))
    return _misuse(code, with_size(right, at, size if size < -1 else -2), right)


_ANYTHING: tuple[tuple[Shape, Shape], ...] = (
    ((0, -1), (0, 1)),
    ((-1, 0), (1, 0)),
    ((2, 0, -1), (2, 0, 3)),
    ((0, -1, 0), (0, 4, 0)),
)
"""Shapes with a -1 that any size could stand for, each with one where a size is given."""


@strategy(promises=("empty",))
def views_inferring_anything(tape: Tape) -> ViewMisuse:
    """Return a strategy for an empty input and a shape with a -1 beside a 0: any size would fit there."""
    wrong, right = tape.pick(_ANYTHING)
    code = zeros_code(tape.pick(_EMPTY), tape.pick(STORED_DTYPES))
    return _misuse(code.changed(classes=("empty",)), wrong, right)
