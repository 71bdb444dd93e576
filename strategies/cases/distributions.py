"""Parameters of distributions of one number, values to score, and the shapes of samples."""

from __future__ import annotations

import math
import zlib
from typing import Any

from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.fills import from_table, quarters
from strategies.shapes import Shape, decode_shape
from strategies.tape import Tape, weighted
from strategies.tensors import decode_tensor, layout_promises
from strategies.values import DTYPE_CLASSES, GRAD_DTYPES

Strategy = SearchStrategy[Any]

SIZES = weighted({2: 100, 1: 80, 3: 60, 5: 16})

_SCALES = (1.0, 0.5, 2.0, 0.25, 4.0, 1.5, 3.0, 0.125)
_PROBABILITIES = (0.5, 0.25, 0.75, 0.125, 0.875, 0.0625, 0.375, 0.9375)
_COUNTS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 1.0)
_COINS = (0.0, 1.0)


def _table(numbers: tuple[float, ...]) -> Any:
    return from_table([numbers[byte * len(numbers) >> 8] for byte in range(256)])


scales, chances, whole, coins = map(_table, (_SCALES, _PROBABILITIES, _COUNTS, _COINS))


def distributed(*, requires_grad: bool = False, one: bool = False) -> Strategy:
    """Return a strategy for parameters of many distributions, each of which takes those that it has.

    `loc`, `scale` and `other`, a further scale, broadcast to the shape `batch`; `probs` has that shape, and
    its numbers are neither 0 nor 1. `value`, `counts`, whole numbers of 0 to 5, and `coins`, of 0 and 1, have
    the shape of a sample of two; `sample` is a sample shape. If there is `one` distribution alone, all
    parameters are 0-d, to draw many samples from.
    """

    def decode(tape: Tape) -> Arguments:
        batch = decode_shape(tape, sizes=SIZES, max_dims=3)
        sample = decode_shape(tape, sizes=SIZES, max_dims=2)
        ones, cut, dtype = tape.byte(), tape.byte(), tape.pick(GRAD_DTYPES)
        batch = () if one else batch
        smaller = tuple([1 if ones >> at & 1 and ones > 100 else size for at, size in enumerate(batch)])
        smaller = smaller[cut % max(len(smaller), 1) :] if cut > 160 else smaller
        loc_is_smaller = ones & 8 == 8
        shapes = (smaller, batch) if loc_is_smaller else (batch, smaller)

        def tensor(role: str, shape: Shape, fill: Any, **options: Any) -> Any:
            return decode_tensor(tape, shape, dtype, role=role, fill=fill, **options)

        loc = tensor("loc", shapes[0], quarters, requires_grad=requires_grad)
        scale = tensor("scale", shapes[1], scales, requires_grad=requires_grad)
        probs = tensor("probs", batch, chances)
        other, values = tensor("other", batch, scales), (2, *batch)
        classes = ["no batch dim", "one batch dim", "several batch dims"][min(len(batch), 2)]
        seed = zlib.crc32(repr((loc.data, scale.data, probs.data, batch)).encode())
        return arguments(
            [
                classes,
                *DTYPE_CLASSES[dtype],
                *(["parameters that broadcast"] if smaller != batch else []),
                *(["sample shape ()"] if not sample else []),
                *loc.classes,
                *scale.classes,
            ],
            loc=loc,
            scale=scale,
            probs=probs,
            other=other,
            value=tensor("value", values, quarters),
            counts=tensor("counts", values, whole),
            coins=tensor("coins", values, coins),
            batch=batch,
            sample=sample,
            seed=seed,
        )

    shapes = ("no batch dim", "one batch dim", "several batch dims", "parameters that broadcast")
    several = (*shapes, "sample shape ()", *layout_promises("loc"), *layout_promises("scale"))
    return drawn_evenly(decode, promises=("no batch dim", "float64") if one else several)


def categories(*, requires_grad: bool = False) -> Strategy:
    """Return a strategy for `probs`, weights of `count` categories along the last dim, and some `places`."""

    def decode(tape: Tape) -> Arguments:
        batch = decode_shape(tape, sizes=SIZES, max_dims=2)
        sample, count = decode_shape(tape, sizes=SIZES, max_dims=2), tape.pick((3, 2, 5, 1))
        dtype, first = tape.pick(GRAD_DTYPES), tape.byte()
        probs = decode_tensor(
            tape, (*batch, count), dtype, role="probs", fill=scales, requires_grad=requires_grad
        )
        places = tuple([(first + at * at) % count for at in range(2 * math.prod(batch))])
        classes = ["no batch dim", "one batch dim", "several batch dims"][len(batch)]
        seed = zlib.crc32(repr((probs.data, batch)).encode())
        return arguments(
            [classes, *DTYPE_CLASSES[dtype], *probs.classes],
            probs=probs,
            places=places,
            batch=batch,
            count=count,
            sample=sample,
            seed=seed,
        )

    shapes = ("no batch dim", "one batch dim", "several batch dims")
    return drawn_evenly(decode, promises=(*shapes, *layout_promises("probs")))
