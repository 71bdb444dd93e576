"""Cases for view: shapes that fit an input's strides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from strategies.case import InputCase, Parts, TensorField, case_class
from strategies.code import TensorCode
from strategies.fills import zeros
from strategies.shapes import MAX_RANK, SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, with_size
from strategies.tape import Tape, strategy, together, without
from strategies.tensors import decode_input, decode_upstream, layout_promises, zeros_code
from strategies.values import GRAD_DTYPES, STORED_DTYPES

VIEW_BYTES = MAX_RANK + 1

EMPTY: tuple[Shape, ...] = ((0,), (0, 3), (2, 0), (1, 0, 4), (0, 0), (3, 1, 0, 2))
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
        return _SINGLE[choices[0] * len(_SINGLE) >> 8] if numel else _split_dims(code.shape, choices)
    shape: list[int] = []
    for run, choice in zip(blocks(code.shape, code.strides()), choices, strict=False):
        shape += _split(run, choice)
    if choices[-1] > 200:
        shape.insert(choices[-1] % (len(shape) + 1), 1)
    return tuple(shape)


def _split_dims(shape: Shape, choices: bytes) -> Shape:
    """Return a shape without elements with some dims split: all that the strides of nothing say for sure."""
    split: Shape = ()
    for size, choice in zip(shape, choices, strict=False):
        split += _split(size, choice) if size and len(split) < MAX_RANK else (size,)
    return split


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


@dataclass(frozen=True)
class _Viewed(Parts):
    """An input and a shape that it can be viewed as."""

    input: TensorCode
    shape: Shape


def _decode(tape: Tape, dtypes: Sequence[torch.dtype] = STORED_DTYPES, **options: Any) -> _Viewed:
    """Read an input, to which the options of `decode_tensor` apply, and a shape that it can be viewed as."""
    code = decode_input(tape, decode_shape(tape), dtypes, **options)
    shape = decode_view_shape(tape, code)
    return _Viewed(_classes(code, shape), code, shape)


PROMISES = (*SHAPE_PROMISES, "merges dims", "splits a dim")


JOINT_PROMISES = (
    together("rank 4 or more", "expanded input", "storage offset input", "rows of 16 bytes"),
    together("transposed input", "storage offset input", "merges dims"),
    together("transposed input", "stepped input", "splits a dim"),
)


@strategy(promises=(*PROMISES, *layout_promises(), *JOINT_PROMISES))
def views(tape: Tape) -> View:
    """Return a strategy for inputs of every layout and a shape that each can be viewed as.

    The shape merges runs of dims whose strides allow it, splits them, and now and then inserts a dim of
    size 1. Shrinks toward a 0-d zero.
    """
    return _decode(tape).case(View)


@strategy(promises=(*PROMISES, *layout_promises(expand=0)))
def views_of_zeros(tape: Tape) -> View:
    """Return a strategy for views of inputs that are all zeros and can be written to."""
    return _decode(tape, fill=zeros, expand=0).case(View)


@strategy(promises=(*PROMISES[1:], *layout_promises()))
def views_with_dims(tape: Tape) -> View:
    """Return a strategy for views as a shape of at least one dim."""
    viewed = _decode(tape)
    return viewed.case(View, shape=viewed.shape or (1,))


@strategy(promises=(*without(PROMISES, "empty"), *layout_promises(), *JOINT_PROMISES))
def views_of_elements(tape: Tape) -> View:
    """Return a strategy for views of inputs of at least one element."""
    code = decode_input(tape, nonempty_shape(decode_shape(tape)), STORED_DTYPES)
    shape = decode_view_shape(tape, code)
    return View(classes=_classes(code, shape), input=code, shape=shape)


@strategy(promises=("empty", "rank 4 or more"))
def views_of_nothing(tape: Tape) -> View:
    """Return a strategy for inputs without elements, of any strides, and any shape without elements."""
    where, shape = tape.byte(), decode_shape(tape, min_dims=1)
    code = decode_input(tape, with_size(shape, where % len(shape), 0), STORED_DTYPES)
    return View(classes=code.classes, input=code, shape=tape.pick(EMPTY))


@strategy(promises=("0-d", "rank 4 or more"))
def views_of_one_element(tape: Tape) -> View:
    """Return a strategy for inputs of one element, of any rank, to be viewed as 0-d."""
    code = decode_input(tape, tuple([1 for _ in decode_shape(tape)]), STORED_DTYPES)
    return View(classes=_classes(code, ()), input=code, shape=())


@strategy(promises=PROMISES)
def views_twice(tape: Tape) -> TwiceViewed:
    """Return a strategy for two shapes that the input can be viewed as, one after the other."""
    viewed = _decode(tape)
    return viewed.case(TwiceViewed, then=decode_view_shape(tape, viewed.input))


@strategy(promises=(*PROMISES, *layout_promises()))
def views_with_inferred_size(tape: Tape) -> InferredView:
    """Return a strategy for a shape with one -1 whose other sizes have a product that is not 0."""
    where, viewed = tape.byte(), _decode(tape)
    full = viewed.shape or (1,)
    zero = next((dim for dim, size in enumerate(full) if size == 0), None)
    at = where % len(full) if zero is None else zero
    # Only the size that is inferred may be 0, or it could be anything.
    full = with_size(nonempty_shape(full), at, full[at])
    return viewed.case(InferredView, shape=with_size(full, at, -1), full_shape=full)


@strategy(promises=PROMISES)
def views_as(tape: Tape) -> ViewAs:
    """Return a strategy for an input and a tensor of any dtype that has a shape it can be viewed as."""
    viewed = _decode(tape)
    return viewed.case(ViewAs, other=zeros_code(viewed.shape, tape.pick(STORED_DTYPES)))


@strategy(promises=(*PROMISES, *layout_promises(), *layout_promises("upstream")))
def view_gradients(tape: Tape) -> ViewGradient:
    """Return a strategy for views of a leaf, with a gradient for the output."""
    viewed = _decode(tape, GRAD_DTYPES, fill=zeros, requires_grad=True)
    upstream = decode_upstream(tape, viewed.shape, viewed.input.dtype)
    return viewed.case(ViewGradient, *upstream.classes, upstream=upstream)
