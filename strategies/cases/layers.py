"""Cases for layers: inputs with their weights and biases, or with a window that goes over them.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements. Tensors are small: what
layers add up is some hundred numbers at most, multiples of 1/4 of which most dtypes hold all sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.code import TensorCode
from strategies.fills import from_table, quarters
from strategies.shapes import Shape, decode_shape, nonempty_shape
from strategies.tape import Tape, weighted
from strategies.tensors import decode_input, decode_tensor, layout_promises
from strategies.values import FLOAT_DTYPES

Strategy = SearchStrategy[Any]

SIZES = weighted({1: 70, 2: 50, 3: 50, 0: 12, 4: 24, 5: 24, 7: 16, 11: 10})

_LAYOUTS = layout_promises()
_FLOATS = ("float64", "low-precision float")
_PROMISES = (*_LAYOUTS, *_FLOATS)
IMAGES = "channels-last input"

positive_quarters = from_table([1 + (byte >> 4) / 4 for byte in range(256)])
"""Fills with multiples of 1/4 from 1 to 4.75."""


def _shape(tape: Tape, nonempty: bool, *, min_dims: int, max_dims: int) -> Shape:
    shape = decode_shape(tape, sizes=SIZES, min_dims=min_dims, max_dims=max_dims)
    return nonempty_shape(shape) if nonempty else shape


def _like(tape: Tape, code: TensorCode, shape: Shape, role: str, **options: Any) -> TensorCode:
    """Read a tensor of the dtype of another one."""
    return decode_tensor(tape, shape, code.dtype, role=role, **{"fill": quarters, **options})


def _case(input: TensorCode, *parts: TensorCode, known: Sequence[str], **given: Any) -> Arguments:
    classes = [name for code in (input, *parts) for name in code.classes]
    return arguments((*classes, *known), input=input, **given)


def transformed(*, nonempty: bool = False) -> Strategy:
    """Cases of an input with a `weight` of as many columns as it has, and a `bias`."""

    def decode(tape: Tape) -> Arguments:
        shape, rows = _shape(tape, nonempty, min_dims=1, max_dims=4), tape.pick((1, 2, 3, 5, 17))
        code = decode_input(tape, shape, FLOAT_DTYPES, fill=quarters)
        weight = _like(tape, code, (rows, shape[-1]), "weight")
        bias = _like(tape, code, (rows,), "bias")
        return _case(code, weight, bias, known=(), weight=weight, bias=bias)

    left = ("size 1", *(() if nonempty else ("empty",)))
    return drawn_evenly(decode, promises=(*_PROMISES, "rank 4 or more", *left, "transposed weight"))


def looked_up(*, nonempty: bool = False) -> Strategy:
    """Cases of an `index` of rows of a `weight`, and a `padding_idx`, which may be negative or None."""

    def decode(tape: Tape) -> Arguments:
        shape = _shape(tape, nonempty, min_dims=0, max_dims=4)
        rows, columns, padding = tape.pick((2, 1, 3, 7)), tape.pick((1, 2, 3, 5, 16)), tape.byte()
        weight = decode_input(tape, (rows, columns), FLOAT_DTYPES, fill=quarters)
        table = from_table([byte * rows >> 8 for byte in range(256)])
        index = decode_tensor(tape, shape, torch.int64, role="index", fill=table)
        padding_idx = None if padding < 100 else padding % rows - (rows if padding > 200 else 0)
        classes = [*weight.classes, *index.classes, *(["empty"] if 0 in shape else [])]
        if padding_idx is not None:
            classes += ["padding", *(["negative padding"] if padding_idx < 0 else [])]
        return arguments(classes, index=index, weight=weight, padding_idx=padding_idx)

    left = () if nonempty else ("empty",)
    layouts = (*_LAYOUTS[:4], *layout_promises("index"))
    return drawn_evenly(decode, promises=(*_FLOATS, *layouts, *left, "padding", "negative padding"))


def classed(*, nonempty: bool = False) -> Strategy:
    """Cases of an `index` of classes, of which there are `num_classes`."""

    def decode(tape: Tape) -> Arguments:
        shape, count = _shape(tape, nonempty, min_dims=0, max_dims=4), tape.pick((2, 3, 4, 7, 16))
        table = from_table([byte * count >> 8 for byte in range(256)])
        index = decode_tensor(tape, shape, torch.int64, role="index", fill=table)
        classes = [*index.classes, *(["empty"] if 0 in shape else []), *([] if shape else ["0-d"])]
        return arguments(classes, index=index, num_classes=count)

    left = () if nonempty else ("empty",)
    return drawn_evenly(decode, promises=(*layout_promises("index"), "0-d", *left))


_EPS = (1e-5, 0.125)


def normalized_last(*, nonempty: bool = False) -> Strategy:
    """Cases of an input, the shape of its last dims, and a `weight` and `bias` of that shape."""

    def decode(tape: Tape) -> Arguments:
        shape, dims, eps = (
            _shape(tape, nonempty, min_dims=1, max_dims=4),
            tape.pick((1, 2, 3)),
            tape.pick(_EPS),
        )
        last = nonempty_shape(shape[-dims:])
        code = decode_input(tape, (*shape[:-dims], *last), FLOAT_DTYPES, fill=quarters)
        weight, bias = _like(tape, code, last, "weight"), _like(tape, code, last, "bias")
        known = ["several dims"] if len(last) > 1 else []
        given = {"normalized_shape": last, "weight": weight, "bias": bias, "eps": eps}
        return _case(code, weight, bias, known=known, **given)

    left = () if nonempty else ("empty",)
    return drawn_evenly(decode, promises=(*_PROMISES, *left, "size 1", "several dims"))


def _channels(tape: Tape, nonempty: bool, channels: int) -> Shape:
    """Read a shape of any number of samples with so many channels, and up to two further dims."""
    shape = _shape(tape, nonempty, min_dims=1, max_dims=3)
    return (shape[0], channels, *nonempty_shape(shape[1:]))


def normalized_groups(*, nonempty: bool = False) -> Strategy:
    """Cases of an input, a number of groups of its channels, and a `weight` and `bias` for each channel."""

    def decode(tape: Tape) -> Arguments:
        groups, each, eps = tape.pick((1, 2, 3)), tape.pick((1, 2, 3)), tape.pick(_EPS)
        shape = _channels(tape, nonempty, groups * each)
        if _elements(shape) * each == 1:
            shape = (2, *shape[1:])
        code = decode_input(tape, shape, FLOAT_DTYPES, fill=quarters, images=True)
        weight, bias = [_like(tape, code, (groups * each,), role) for role in ("weight", "bias")]
        known = ["several groups"] if groups > 1 else []
        given = {"num_groups": groups, "weight": weight, "bias": bias, "eps": eps}
        return _case(code, weight, bias, known=known, **given)

    left = () if nonempty else ("empty",)
    return drawn_evenly(decode, promises=(*_PROMISES, *left, "size 1", "several groups", IMAGES))


def normalized_batches(*, nonempty: bool = False, filled: bool = False) -> Strategy:
    """Cases of an input with the mean, variance, `weight` and `bias` of each of its channels.

    Of `filled` ones each channel has at least two elements. Mean and variance can be written to.
    """

    def decode(tape: Tape) -> Arguments:
        channels, eps, momentum = tape.pick((1, 2, 3, 5)), tape.pick(_EPS), tape.pick((0.125, 0.5, 1.0))
        shape = _channels(tape, nonempty or filled, channels)
        if filled and _elements(shape) < 2:
            shape = (2, *shape[1:])
        code = decode_input(tape, shape, FLOAT_DTYPES, fill=quarters, images=True)
        weight, bias = [_like(tape, code, (channels,), role) for role in ("weight", "bias")]
        mean = _like(tape, code, (channels,), "mean", expand=0)
        var = _like(tape, code, (channels,), "variance", expand=0, fill=positive_quarters)
        given = {"running_mean": mean, "running_var": var, "weight": weight, "bias": bias}
        return _case(code, weight, bias, mean, var, known=(), eps=eps, momentum=momentum, **given)

    left = () if nonempty or filled else ("empty",)
    return drawn_evenly(decode, promises=(*_PROMISES, *left, "size 1"))


def _elements(shape: Shape) -> int:
    """Return how many elements each channel has."""
    count = 1
    for size in (shape[0], *shape[2:]):
        count *= size
    return count


def convolved(*, nonempty: bool = False, dims: int = 1) -> Strategy:
    """Cases of an input of so many dims, with or without a batch, and kernels that go over it."""
    images = dims == 2

    def decode(tape: Tape) -> Arguments:
        unbatched, batch = tape.chance(25), tape.pick((1, 2, 3, 1, 2, 1 if nonempty else 0))
        groups, each, out = tape.pick((1, 1, 2, 3)), tape.pick((1, 2, 3)), tape.pick((1, 2, 3))
        padding: Any = tape.pick((0, 1, 2, "same", "valid"))
        kernel = [tape.pick((1, 2, 3)) for _ in range(dims)]
        strides = [tape.pick((1, 2, 3)) for _ in range(dims)]
        dilation, further = tape.pick((1, 2)), [tape.pick((0, 1, 2, 5)) for _ in range(dims)]
        if padding == "same":  # of an odd number no page says which side has more
            kernel, strides = [size | 1 for size in kernel], [1] * dims
        pad = padding if isinstance(padding, int) else 0
        needed = [dilation * (size - 1) + 1 - 2 * pad for size in kernel]
        sizes = [max(least, 1) + more for least, more in zip(needed, further, strict=True)]
        shape = (*([] if unbatched else [batch]), groups * each, *sizes)
        code = decode_input(tape, shape, FLOAT_DTYPES, fill=quarters, images=images)
        weight = _like(tape, code, (groups * out, each, *kernel), "weight", images=images)
        bias = _like(tape, code, (groups * out,), "bias")
        known = [
            *(["unbatched"] if unbatched else []),
            *(["groups"] if groups > 1 else []),
            *(["dilated"] if dilation > 1 else []),
            *(["stride"] if max(strides) > 1 else []),
            *([f"padding {padding}"] if isinstance(padding, str) else ["padded"] if padding else []),
        ]
        stride = strides[0] if len(set(strides)) == 1 else tuple(strides)
        how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        return _case(code, weight, bias, known=known, weight=weight, bias=bias, **how)

    left = (*(() if nonempty else ("empty",)), *_LAYOUTS, *([IMAGES, "transposed weight"] if images else []))
    known = ("unbatched", "groups", "dilated", "stride", "padding same", "padding valid", "padded")
    return drawn_evenly(decode, promises=(*_FLOATS, *left, *known))


def dropped() -> Strategy:
    """Cases of an input and the probability `p` with which each of its elements is to become 0."""

    def decode(tape: Tape) -> Arguments:
        shape, p = _shape(tape, False, min_dims=0, max_dims=5), tape.pick((0.5, 0.25, 0.75))
        return _case(decode_input(tape, shape, FLOAT_DTYPES, fill=quarters), known=(), p=p)

    return drawn_evenly(decode, promises=(*_PROMISES, "0-d", "empty", "rank 4 or more"))
