"""Shapes that an input cannot be viewed as, and the legal ones that they are one fact away from."""

from __future__ import annotations

import math

import torch

from strategies.case import TensorField, case_class
from strategies.cases.views import EMPTY, View
from strategies.code import Index, TensorCode
from strategies.fills import zero_data
from strategies.shapes import Shape, decode_shape, nonempty_shape, shape_classes, with_size
from strategies.tape import Tape, strategy
from strategies.tensors import zeros_code
from strategies.values import STORED_DTYPES


@case_class
class ViewMisuse(View):
    """A shape that is refused; `mended_input` viewed as `mended_shape` is legal, one fact apart."""

    mended_input: TensorField = TensorField()
    mended_shape: Shape = ()


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
    code = zeros_code(tape.pick(EMPTY), tape.pick(STORED_DTYPES))
    return _misuse(code.changed(classes=("empty",)), wrong, right)
