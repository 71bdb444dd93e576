"""Cases for what makes tensors: sizes, dtypes and numbers, and a tensor to take the rest from.

Each has an `input`, on whose device the tensor is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, shape_classes
from strategies.tape import Tape, without
from strategies.tensors import EXPANDED, decode_input, decode_tensor, layout_promises, zeros_code
from strategies.values import DTYPE_CLASSES, DTYPE_PROMISES, DTYPES

Strategy = SearchStrategy[Any]

_PROMISES = (*SHAPE_PROMISES, *layout_promises(), "low-precision float", "complex")


def _promised(*, nonempty: bool, writable: bool) -> tuple[str, ...]:
    left = [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]
    return without(_PROMISES, *left)


def inputs(*, nonempty: bool = False, writable: bool = False, **options: Sequence[Any]) -> Strategy:
    """Return a strategy for an input of any kind, with further arguments that are picked from options."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape)
        shape = nonempty_shape(shape) if nonempty else shape
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        code = decode_input(tape, shape, DTYPES, expand=0 if writable else EXPANDED)
        return arguments(code.classes, input=code, **picked)

    return drawn_evenly(decode, promises=_promised(nonempty=nonempty, writable=writable))


NUMBERS = (2, 1, 0, 100)
"""Numbers that every dtype has, but for bool, to which all but 0 are True."""


def sized(*, nonempty: bool = False, writable: bool = False, **options: Sequence[Any]) -> Strategy:
    """Return a strategy for an input and the `size` of another tensor."""

    def decode(tape: Tape) -> Arguments:
        size = decode_shape(tape, max_dims=4)
        size = nonempty_shape(size) if nonempty else size
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        code = decode_input(tape, (2,), DTYPES, expand=0 if writable else EXPANDED)
        return arguments([*shape_classes(size), *code.classes], input=code, size=size, **picked)

    kinds = ("0-d", "size 1", "over 256 elements", *([] if nonempty else ["empty"]))
    return drawn_evenly(decode, promises=(*kinds, "low-precision float", "complex"))


def dense(*, dims: Sequence[int] = (0, 6)) -> Strategy:
    """Return a strategy for an input that fills its memory, in whatever order of its dims."""

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape, min_dims=dims[0], max_dims=dims[1]))
        code = decode_input(tape, shape, DTYPES, expand=0, gaps=False, lazy=False)
        return arguments(code.classes, input=code)

    return drawn_evenly(decode, promises=("transposed input", "size 1"))


def with_gaps() -> Strategy:
    """Return a strategy for an input of two dims or more between whose elements there are others."""

    def decode(tape: Tape) -> Arguments:
        shape, dtype = nonempty_shape(decode_shape(tape, min_dims=2, max_dims=4)), tape.pick(DTYPES)
        shape = tuple([max(size, 2) for size in shape[-2:]])
        transposed = tape.chance(50)
        base = (shape[1], shape[0] * 2) if transposed else (shape[0], shape[1] * 2)
        code = zeros_code(base, dtype).changed(
            shape=shape,
            index=(slice(None), slice(None, None, 2)),
            permutation=(1, 0) if transposed else None,
        )
        classes = ["transposed input"] if transposed else ["in order"]
        return arguments([*classes, *DTYPE_CLASSES[dtype]], input=code)

    return drawn_evenly(decode, promises=["transposed input", "in order"])


def images() -> Strategy:
    """Return a strategy for an input of four dims."""
    return dense(dims=(4, 4))


def converted(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Return a strategy for an input of small whole numbers and a `dtype` to give it."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape)
        shape = nonempty_shape(shape) if nonempty else shape
        one, dtype = tape.pick(DTYPES), tape.pick(DTYPES)
        code = decode_tensor(tape, shape, one, expand=0 if writable else EXPANDED, fill=_small)
        classes = [*shape_classes(shape), *code.classes, *(["the same dtype"] if one is dtype else [])]
        return arguments(classes, input=code, dtype=dtype)

    return drawn_evenly(decode, promises=without(_promised(nonempty=nonempty, writable=writable), "complex"))


def copied(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Return a strategy for an input and a `src` to copy there, of another dtype, that broadcasts."""

    def decode(tape: Tape) -> Arguments:
        shape, ones, cut = decode_shape(tape), tape.byte(), tape.byte()
        shape = nonempty_shape(shape) if nonempty else shape
        other = tuple([1 if ones >> at & 1 and ones > 100 else size for at, size in enumerate(shape)])
        other = other[cut % max(len(other), 1) :] if cut > 190 else other
        one, two = tape.pick(DTYPES), tape.pick(DTYPES)
        code = decode_tensor(tape, shape, one, expand=0, fill=_small)
        source = decode_tensor(tape, other, two, role="src", fill=_small)
        classes = [*shape_classes(shape), *(["broadcast"] if other != shape else [])]
        return arguments([*classes, *code.classes, *source.classes], input=code, src=source)

    _ = writable  # they are, whatever is asked for
    return drawn_evenly(
        decode, promises=(*_promised(nonempty=nonempty, writable=True), "broadcast", "transposed src")
    )


def _small(tape: Tape, dtype: torch.dtype, count: int) -> tuple[tuple[Any, ...], list[str]]:
    """Fill with 0 to 100, which every dtype of numbers has exactly."""
    step = 1 + 2 * tape.below(25)
    tape.leave(24)
    kind = bool if dtype is torch.bool else int
    floating = dtype.is_floating_point or dtype.is_complex
    return tuple([float(at * step % 101) if floating else kind(at * step % 101) for at in range(count)]), []


def _made(tape: Tape, classes: Sequence[str], **given: Any) -> Arguments:
    """Return a case of arguments with an input to tell a dtype and the device by."""
    dtype = tape.pick(DTYPES)
    return arguments([*classes, *DTYPE_CLASSES[dtype]], input=zeros_code((1,), dtype), **given)


def sizes() -> Strategy:
    """Return a strategy for a `size`, and an input to tell a dtype by, too."""

    def decode(tape: Tape) -> Arguments:
        size = decode_shape(tape, max_dims=4)
        return _made(tape, shape_classes(size), size=size)

    return drawn_evenly(decode, promises=("0-d", "empty", "size 1", *DTYPE_PROMISES))


def ranges(*, whole: bool) -> Strategy:
    """Return a strategy for `start`, `end` and `step` of a range, whole numbers or multiples of 1/8."""

    def decode(tape: Tape) -> Arguments:
        first, long, by, back = tape.byte(), tape.byte(), tape.byte(), tape.chance(35)
        start, distance, step = first % 41 - 20, long % 61, 1 + by % 7
        end = start - distance if back else start + distance
        given: dict[str, Any] = {"start": start, "end": end, "step": -step if back else step}
        if not whole:
            given = {name: number / 8 for name, number in given.items()}
        classes = ["backwards" if back else "forwards", *([] if distance else ["nothing"])]
        return _made(tape, classes, **given)

    return drawn_evenly(decode, promises=["backwards", "forwards"])


def spaces() -> Strategy:
    """Return a strategy for `start` and `end` and the number of `steps` between them."""

    def decode(tape: Tape) -> Arguments:
        one, two = (tape.byte() - 128) / 16, (tape.byte() - 128) / 16
        steps, double = tape.pick((5, 1, 0, 2, 3, 17, 100, 1031)), tape.chance(50)
        classes = [{0: "no steps", 1: "one step"}.get(steps, "several steps")]
        dtype = torch.float64 if double else torch.float32
        given = {"start": one, "end": two, "steps": steps, "dtype": dtype}
        return arguments(classes, input=zeros_code((1,), dtype), **given)

    return drawn_evenly(decode, promises=["no steps", "one step", "several steps"])


def matrices() -> Strategy:
    """Return a strategy for the numbers `n` and `m` of rows and columns."""

    def decode(tape: Tape) -> Arguments:
        n, m = tape.pick((3, 1, 0, 2, 5, 17)), tape.pick((3, 1, 0, 2, 7, 40))
        return _made(tape, ["empty"] if not n * m else [], n=n, m=m)

    return drawn_evenly(decode, promises=["empty"])


def strided() -> Strategy:
    """Return a strategy for a `size` and strides in which no two elements share memory."""

    def decode(tape: Tape) -> Arguments:
        rank = tape.below(5)
        size: Shape = tuple([1 + byte % 4 for byte in tape.take(4)])[:rank]
        order, gap, step = tape.take(4), 1 + tape.below(3), 1
        stride = [0] * rank
        for dim in sorted(range(rank), key=lambda dim: order[dim]):
            stride[dim], step = step * gap, step * gap * size[dim]
        return _made(tape, shape_classes(size), size=size, stride=tuple(stride))

    return drawn_evenly(decode, promises=["0-d", "rank 4 or more"])
