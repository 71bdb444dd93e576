"""Parameters of categorical distributions that are refused, and values that cannot be scored."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.case import TensorField, case_class
from strategies.cases.categoricals import (
    PROMISES,
    THREE_OR_MORE,
    Logits,
    Probs,
    decode_batch,
    decode_parameters,
    log_weights,
    positive,
)
from strategies.code import TensorCode, array_code, contiguous_code
from strategies.fills import Fill
from strategies.shapes import with_size
from strategies.tape import Tape, packed, strategy
from strategies.tensors import zeros_code

_SPOILT_PROMISES = (*PROMISES[:3], *PROMISES[5:])


@case_class
class ProbsMisuse(Probs):
    """Probabilities that are refused, and legal ones, one fact apart."""

    mended_probs: TensorField = TensorField()


@case_class
class LogitsMisuse(Logits):
    """Logits that are refused, and legal ones, one fact apart."""

    mended_logits: TensorField = TensorField()


@case_class
class ValueMisuse(Probs):
    """A value that cannot be scored, and one that can, one fact apart."""

    value: TensorField = TensorField()
    mended_value: TensorField = TensorField()


Spoil = Callable[["np.ndarray[Any, Any]"], None]
"""Changes rows of parameters, shape (rows, K) with K of at least 3, so that the last row is refused."""


def _decode_spoilt(tape: Tape, fill: Fill, spoil: Spoil) -> tuple[TensorCode, TensorCode, tuple[str, ...]]:
    """Read parameters; return them spoilt, as they were, and their input classes but for layouts."""
    code, _ = decode_parameters(tape, fill, events=THREE_OR_MORE)
    rows = np.array(code.elements(), order="C")
    right = array_code(rows, code.dtype)
    spoil(rows.reshape(-1, rows.shape[-1]))
    return (
        array_code(rows, code.dtype),
        right,
        tuple([name for name in code.classes if "parameter" not in name]),
    )


def _probs_misuse(spoil: Spoil) -> SearchStrategy[ProbsMisuse]:
    def decode(tape: Tape) -> ProbsMisuse:
        wrong, right, classes = _decode_spoilt(tape, positive, spoil)
        return ProbsMisuse(classes=classes, probs=wrong, mended_probs=right, seed=0)

    return packed(decode, promises=_SPOILT_PROMISES)


def _logits_misuse(spoil: Spoil) -> SearchStrategy[LogitsMisuse]:
    def decode(tape: Tape) -> LogitsMisuse:
        wrong, right, classes = _decode_spoilt(tape, log_weights, spoil)
        return LogitsMisuse(classes=classes, logits=wrong, mended_logits=right, seed=0)

    return packed(decode, promises=_SPOILT_PROMISES)


def _last_element(value: float) -> Spoil:
    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[-1, -1] = value

    return spoil


def _last_row(value: float) -> Spoil:
    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[-1] = value

    return spoil


def probabilities_with(value: float) -> SearchStrategy[ProbsMisuse]:
    """Return a strategy for probabilities one of which is the given value, in the last row."""
    return _probs_misuse(_last_element(value))


def probabilities_all_negative() -> SearchStrategy[ProbsMisuse]:
    """Return a strategy for probabilities that are all negative in the last row."""

    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[-1] *= -1

    return _probs_misuse(spoil)


def probabilities_without_mass() -> SearchStrategy[ProbsMisuse]:
    """Return a strategy for probabilities that are all 0 in the last row."""
    return _probs_misuse(_last_row(0))


def logits_with(value: float) -> SearchStrategy[LogitsMisuse]:
    """Return a strategy for logits one of which is the given value, in the last row."""
    return _logits_misuse(_last_element(value))


def logits_without_mass() -> SearchStrategy[LogitsMisuse]:
    """Return a strategy for logits that are all -inf in the last row."""
    return _logits_misuse(_last_row(-math.inf))


@strategy(promises=(*PROMISES[:3], "below 0", "past the end", "fraction"))
def values_outside_the_support(tape: Tape) -> ValueMisuse:
    """Return a strategy for a value that is negative, too large by one or by far, or a fraction."""
    kind, far = tape.below(4), tape.pick((0, 0, 1, 1000, 2**31))
    code, seed = decode_parameters(tape, positive)
    *batch, count = code.shape
    wrong: float = (-1 - far, count + far, 0.5, -0.5)[kind]
    data = (*([type(wrong)(0)] * (math.prod(batch) - 1)), wrong)
    named = ("below 0", "past the end", "fraction", "fraction")[kind]
    return ValueMisuse(
        classes=(*code.classes, named),
        probs=code,
        seed=seed,
        value=contiguous_code(data, torch.int64 if kind < 2 else torch.float32, tuple(batch)),
        mended_value=zeros_code(tuple(batch)),
    )


@strategy(promises=PROMISES[1:3])
def values_of_another_shape(tape: Tape) -> ValueMisuse:
    """Return a strategy for a value whose shape does not broadcast with the batch shape."""
    where, batch = tape.byte(), tuple([size + 1 for size in decode_batch(tape, min_dims=1)])
    code, seed = decode_parameters(tape, positive, batch=batch)
    at = where % len(batch)
    wrong, right = zeros_code(with_size(batch, at, batch[at] + 1)), zeros_code(batch)
    return ValueMisuse(classes=code.classes, probs=code, seed=seed, value=wrong, mended_value=right)
