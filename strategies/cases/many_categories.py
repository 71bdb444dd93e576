"""Probabilities of hundreds and thousands of categories, all of them 0 but for a few."""

from __future__ import annotations

import zlib

import numpy as np
import torch

from strategies.case import Case, TensorField, case_class
from strategies.code import array_code
from strategies.shapes import Shape
from strategies.tape import Tape, strategy, weighted
from strategies.values import GRAD_DTYPES

COUNTS = weighted({301: 60, 513: 40, 1_000: 40, 1_025: 60, 2_049: 40, 5_003: 16})
BATCHES: tuple[Shape, ...] = ((), (), (2,), (1, 3))
FEW = 5
"""Categories of a row that have a weight."""

RARE = -2_000.0
"""A logit whose exponential is 0 in every dtype."""


@case_class
class Many(Case):
    """Weights of many categories, shape (*batch, K), the same as logits, a value for each row, and a seed.

    Each row has `FEW` weights that are not 0, from 1 to 8, its value among them.
    """

    probs: TensorField = TensorField()
    logits: TensorField = TensorField()
    value: TensorField = TensorField()
    seed: int


def _decode(tape: Tape, batches: tuple[Shape, ...]) -> Many:
    count, batch, dtype = tape.pick(COUNTS), tape.pick(batches), tape.pick(GRAD_DTYPES)
    drawn, rows = tape.take(2 * FEW + 1), int(np.prod(batch, dtype=int))
    weights = np.zeros((rows, count))
    for row in range(rows):
        for at in range(FEW):
            # Counted from the end, since what is dropped or wrapped around is there.
            place = (drawn[2 * at] * 256 + drawn[2 * at + 1]) * 7 + 131 * at + row
            weights[row, count - 1 - place % count] = 1 + drawn[2 * FEW] % 8 * (at % 2)
    value = np.array([np.flatnonzero(row)[-1 - drawn[0] % 2] for row in weights]).reshape(batch)
    shape = (*batch, count)
    logits = np.where(weights > 0, np.log(np.where(weights > 0, weights, 1)), RARE)
    classes = ["over 256 categories", "several rows" if batch else "one row"]
    classes += ["over 1,024 categories"] if count > 1024 else []
    return Many(
        classes=tuple(classes),
        probs=array_code(weights.reshape(shape), dtype),
        logits=array_code(logits.reshape(shape), dtype),
        value=array_code(value, torch.int64),
        seed=zlib.crc32(repr((drawn, shape)).encode()),
    )


_PROMISES = ("over 256 categories", "over 1,024 categories", "one row")


@strategy(promises=(*_PROMISES, "several rows"))
def many_categories(tape: Tape) -> Many:
    """Return a strategy for weights of 301 to 5,003 categories, few of which have one, in up to two dims."""
    return _decode(tape, BATCHES)


@strategy(promises=_PROMISES)
def many_categories_of_a_row(tape: Tape) -> Many:
    """Return a strategy for one row of the same."""
    return _decode(tape, ((),))
