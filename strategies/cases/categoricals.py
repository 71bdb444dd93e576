"""Parameters of categorical distributions: probabilities and logits, legal or not, and values to score."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.code import Case, TensorCode, TensorField
from strategies.shapes import SHAPE_BYTES, Shape, decode_shape
from strategies.tape import Tape, packed, weighted
from strategies.tensors import TENSOR_BYTES, Fill, decode_tensor, layout_promises, zeros_code
from strategies.values import GRAD_DTYPES, VALUE_BYTES, Scalar, lengthened

EVENTS = weighted({2: 52, 1: 32, 3: 52, 5: 30, 17: 32, 100: 26, 300: 32})
"""Numbers of categories."""

THREE_OR_MORE = tuple([count for count in EVENTS if count > 2])
NOT_TWO = tuple([count for count in EVENTS if count != 2])

BATCH_DIMS = 3
SIZES = weighted({2: 100, 1: 80, 3: 60, 5: 16})

WEIGHTS = (*(0.0, 1.0, 0.5, 0.25, 3.0, 2.0, 0.125, 7.5, 0.75, 1e-3, 0.2, 40.0, 1e-6, 0.3, 5.0, 0.0),)
"""Relative probabilities; the first, 0, is drawn as often as each other two."""

POSITIVE = tuple(weight if weight >= 0.125 else 1.0 for weight in WEIGHTS)
"""Those of which even the least among 300 categories is no rounding error of float32."""

LOGITS = (0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 5.0, -0.25, 10.0, -10.0, 0.1, 30.0, -30.0, 3.5, 100.0, -1000.0)

PROMISES = (
    "no batch dim",
    "one batch dim",
    "several batch dims",
    "one category",
    "two categories",
    "over 16 categories",
    "over 256 categories",
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Probs(Case):
    """Relative probabilities, shape (*batch, K), and a seed for what is random."""

    probs: TensorField = TensorField()
    seed: int


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Logits(Case):
    """Relative log probabilities, shape (*batch, K), and a seed for what is random."""

    logits: TensorField = TensorField()
    seed: int


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ProbsOfValue(Probs):
    """The same with values that can be scored."""

    value: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LogitsOfValue(Logits):
    """The same with values that can be scored."""

    value: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ProbsMisuse(Probs):
    """Probabilities that are refused, and legal ones, one fact apart."""

    mended_probs: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LogitsMisuse(Logits):
    """Logits that are refused, and legal ones, one fact apart."""

    mended_logits: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ValueMisuse(Probs):
    """A value that cannot be scored, and one that can, one fact apart."""

    value: TensorField = TensorField()
    mended_value: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ProbsSampled(Probs):
    """Probabilities and a sample shape."""

    sample_shape: Shape


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ProbsExpanded(Probs):
    """Probabilities and a batch shape that theirs expands to."""

    batch_shape: Shape


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ProbsPair(Probs):
    """Two sets of probabilities for the same categories."""

    other: TensorField = TensorField()


def _decode_batch(tape: Tape) -> Shape:
    # Whether there is a batch is decided by the tape's last sizes, as for every shape.
    return decode_shape(tape, sizes=SIZES, max_dims=BATCH_DIMS)


def _shape_classes(batch: Shape, events: int) -> list[str]:
    classes = [("no batch dim", "one batch dim")[len(batch)] if len(batch) < 2 else "several batch dims"]
    names = {1: "one category", 2: "two categories", 17: "over 16 categories", 100: "over 16 categories"}
    classes += [names[events]] if events in names else []
    return [*classes, "over 16 categories", "over 256 categories"] if events > 256 else classes


def _from(table: Sequence[float]) -> Fill:
    """Return a fill of elements of a table of 16."""

    def fill(tape: Tape, _dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
        tape.byte()
        drawn = lengthened(tape.take(VALUE_BYTES)[::-1], count)
        return tuple([table[byte >> 4] for byte in drawn]), []

    return fill


PARAMETER_BYTES = SHAPE_BYTES + 2 + TENSOR_BYTES


def _decode(
    tape: Tape,
    fill: Fill,
    *,
    dtypes: Sequence[torch.dtype] = GRAD_DTYPES,
    events: Sequence[int] = EVENTS,
    batch: Shape | None = None,
    requires_grad: bool = False,
) -> tuple[TensorCode, int, tuple[str, ...]]:
    """Read parameters and a seed, which is as good as independent of what else is drawn."""
    shape, count = _decode_batch(tape), tape.pick(events)
    if batch is not None:
        shape = batch
    dtype = tape.pick(dtypes)
    code = decode_tensor(
        tape, (*shape, count), dtype, role="parameter", fill=fill, requires_grad=requires_grad
    )
    if fill is weights and not code.elements().sum(-1).all():
        data = tuple([value + 1.0 for value in code.data])
        code = TensorCode(**{**code.__dict__, "data": data})
    seed = zlib.crc32(repr((code.data, code.shape)).encode())
    classes = [*_shape_classes(shape, count), *code.classes]
    if 0.0 in code.data and fill is weights:
        classes.append("zero probability")
    return code, seed, tuple(classes)


weights = _from(WEIGHTS)
positive = _from(POSITIVE)
log_weights = _from(LOGITS)

_LAYOUTS = layout_promises("parameter")


def probabilities(*, zeros: bool = True, requires_grad: bool = False) -> SearchStrategy[Probs]:
    """Return a strategy for relative probabilities that do not sum to 1, some of them 0 if `zeros`.

    Float32 and float64, 1 to 300 categories, up to three batch dims, every layout. No row sums to 0.
    """
    fill = weights if zeros else positive

    def decode(tape: Tape) -> Probs:
        code, seed, classes = _decode(tape, fill, requires_grad=requires_grad)
        return Probs(classes=classes, probs=code, seed=seed)

    promises = (*PROMISES, *_LAYOUTS, *(("zero probability",) if zeros else ()))
    return packed(decode, length=PARAMETER_BYTES, promises=promises)


def logits(*, requires_grad: bool = False) -> SearchStrategy[Logits]:
    """Return a strategy for finite relative log probabilities, some of them large."""

    def decode(tape: Tape) -> Logits:
        code, seed, classes = _decode(tape, log_weights, requires_grad=requires_grad)
        return Logits(classes=classes, logits=code, seed=seed)

    return packed(decode, length=PARAMETER_BYTES, promises=(*PROMISES, *_LAYOUTS))


def logits_with_minus_infinity() -> SearchStrategy[Logits]:
    """Return a strategy for logits some of which are -inf, but not all of a row."""

    def decode(tape: Tape) -> Logits:
        code, seed, classes = _decode(tape, log_weights, events=THREE_OR_MORE)
        rows = np.array(code.elements())
        rows[..., 0] = -math.inf
        shape = rows.shape
        whole = TensorCode(tuple(rows.reshape(-1).tolist()), code.dtype, shape, shape)
        return Logits(classes=classes, logits=whole, seed=seed)

    return packed(decode, length=PARAMETER_BYTES, promises=(*PROMISES[:3], "over 16 categories"))


def probabilities_to_sample() -> SearchStrategy[ProbsSampled]:
    """Return a strategy for probabilities and a sample shape of up to three dims, none of them 0."""

    def decode(tape: Tape) -> ProbsSampled:
        sample_shape = decode_shape(tape, sizes=SIZES, max_dims=BATCH_DIMS)
        code, seed, classes = _decode(tape, weights)
        named = (
            "sample shape ()" if not sample_shape else "several sample dims" if len(sample_shape) > 1 else ""
        )
        return ProbsSampled(
            classes=tuple(filter(None, (*classes, named))), probs=code, seed=seed, sample_shape=sample_shape
        )

    promises = (*PROMISES, *_LAYOUTS, "sample shape ()", "several sample dims", "zero probability")
    return packed(decode, length=SHAPE_BYTES + PARAMETER_BYTES, promises=promises)


def probabilities_to_test() -> SearchStrategy[Probs]:
    """Return a strategy for one row of probabilities, to draw many samples from."""

    def decode(tape: Tape) -> Probs:
        code, seed, classes = _decode(tape, weights, batch=(), events=NOT_TWO)
        return Probs(classes=classes, probs=code, seed=seed)

    promises = ("one category", "over 16 categories", "zero probability")
    return packed(decode, length=PARAMETER_BYTES, promises=promises)


def probabilities_of_two_rows() -> SearchStrategy[Probs]:
    """Return a strategy for two rows of few probabilities, to see whether they are drawn independently."""

    def decode(tape: Tape) -> Probs:
        code, seed, classes = _decode(tape, positive, batch=(2,), events=(2, 3, 4, 5))
        return Probs(classes=classes, probs=code, seed=seed)

    return packed(decode, length=PARAMETER_BYTES, promises=("two categories", *_LAYOUTS))


def one_hot_probabilities() -> SearchStrategy[Probs]:
    """Return a strategy for rows with one probability that is not 0."""

    def decode(tape: Tape) -> Probs:
        where, scale = tape.take(16), tape.pick((1.0, 0.25, 3.0, 1e-3))
        batch, count, dtype = _decode_batch(tape), tape.pick(EVENTS), tape.pick(GRAD_DTYPES)
        rows = np.zeros((math.prod(batch), count))
        hot = [byte * count >> 8 for byte in lengthened(where, len(rows))]
        rows[np.arange(len(rows)), hot] = scale
        shape = (*batch, count)
        code = TensorCode(tuple(rows.reshape(-1).tolist()), dtype, shape, shape)
        seed = zlib.crc32(repr((hot, shape)).encode())
        return Probs(classes=tuple(_shape_classes(batch, count)), probs=code, seed=seed)

    return packed(decode, length=17 + SHAPE_BYTES + 2, promises=PROMISES)


def _value(
    tape: Tape, batch: Shape, count: int, classes: tuple[str, ...]
) -> tuple[TensorCode, tuple[str, ...]]:
    """Read values 0 … count - 1 whose shape broadcasts with the batch shape off 1 + `VALUE_BYTES` bytes."""
    how, drawn = tape.byte(), tape.take(VALUE_BYTES)[::-1]
    shape, named = batch, "value of the batch shape"
    if how > 200:
        shape, named = (3, *batch), "value with a sample dim"
    elif how > 140:
        shape, named = tuple([1 for _ in batch]), "value broadcast"
    spread = (count >> 8) + 1
    data: tuple[float, ...] = tuple([byte * spread % count for byte in lengthened(drawn, math.prod(shape))])
    dtype = torch.float32 if how & 7 == 7 else torch.int64
    if dtype is torch.float32:
        data, named = tuple([float(value) for value in data]), "float value"
    return TensorCode(data, dtype, shape, shape), (*classes, named)


_VALUE_PROMISES = ("value of the batch shape", "value with a sample dim", "value broadcast", "float value")


def probabilities_and_value(*, requires_grad: bool = False) -> SearchStrategy[ProbsOfValue]:
    """Return a strategy for probabilities, none of them 0, and values that broadcast with the batch."""

    def decode(tape: Tape) -> ProbsOfValue:
        code, seed, classes = _decode(tape, positive, requires_grad=requires_grad)
        value, classes = _value(tape, code.shape[:-1], code.shape[-1], classes)
        return ProbsOfValue(classes=classes, probs=code, seed=seed, value=value)

    promises = (*PROMISES, *_LAYOUTS, *_VALUE_PROMISES)
    return packed(decode, length=PARAMETER_BYTES + 1 + VALUE_BYTES, promises=promises)


def logits_and_value(*, requires_grad: bool = False) -> SearchStrategy[LogitsOfValue]:
    """Return a strategy for logits and values whose shape broadcasts with the batch shape."""

    def decode(tape: Tape) -> LogitsOfValue:
        code, seed, classes = _decode(tape, log_weights, requires_grad=requires_grad)
        value, classes = _value(tape, code.shape[:-1], code.shape[-1], classes)
        return LogitsOfValue(classes=classes, logits=code, seed=seed, value=value)

    promises = (*PROMISES, *_LAYOUTS, *_VALUE_PROMISES)
    return packed(decode, length=PARAMETER_BYTES + 1 + VALUE_BYTES, promises=promises)


def probabilities_to_expand() -> SearchStrategy[ProbsExpanded]:
    """Return a strategy for probabilities and a batch shape that has more dims, or larger ones than 1."""

    def decode(tape: Tape) -> ProbsExpanded:
        more, larger = tape.byte(), tape.byte()
        code, seed, classes = _decode(tape, weights)
        batch = tuple([2 + (larger & 1) if size == 1 else size for size in code.shape[:-1]])
        if more > 90:
            batch = ((3, 1, 2, 4)[more & 3], *batch)
        named = "more dims" if len(batch) >= len(code.shape) else "as many dims"
        return ProbsExpanded(classes=(*classes, named), probs=code, seed=seed, batch_shape=batch)

    promises = (*PROMISES, "more dims", "as many dims")
    return packed(decode, length=2 + PARAMETER_BYTES, promises=promises)


def pairs_of_probabilities(*, zero: bool = False) -> SearchStrategy[ProbsPair]:
    """Return a strategy for two sets of positive probabilities of one shape.

    With `zero` the first probability of each row of the second is 0.
    """

    def decode(tape: Tape) -> ProbsPair:
        code, seed, classes = _decode(tape, positive, events=THREE_OR_MORE if zero else EVENTS)
        drawn = lengthened(tape.take(VALUE_BYTES)[::-1], math.prod(code.shape))
        rows = np.array([POSITIVE[byte >> 4] for byte in drawn]).reshape(code.shape)
        if zero:
            rows[..., 0] = 0
        other = TensorCode(tuple(rows.reshape(-1).tolist()), code.dtype, code.shape, code.shape)
        return ProbsPair(classes=classes, probs=code, seed=seed, other=other)

    return packed(decode, length=PARAMETER_BYTES + VALUE_BYTES, promises=(*PROMISES[:3], *_LAYOUTS))


Spoil = Callable[["np.ndarray[Any, Any]"], None]
"""Changes rows of parameters, shape (rows, K) with K of at least 2, so that the last row is refused."""


def _spoiled(
    tape: Tape, table: Sequence[float], spoil: Spoil
) -> tuple[TensorCode, TensorCode, tuple[str, ...]]:
    """Read parameters; return them spoilt, as they were, and their input classes."""
    code, _, classes = _decode(tape, _from(table), events=THREE_OR_MORE, dtypes=GRAD_DTYPES)
    rows = np.array(code.elements()).reshape(-1, code.shape[-1])
    right = TensorCode(tuple(rows.reshape(-1).tolist()), code.dtype, code.shape, code.shape)
    spoil(rows)
    wrong = TensorCode(tuple(rows.reshape(-1).tolist()), code.dtype, code.shape, code.shape)
    return wrong, right, tuple([name for name in classes if "parameter" not in name])


def _probs_misuse(spoil: Spoil) -> SearchStrategy[ProbsMisuse]:
    def decode(tape: Tape) -> ProbsMisuse:
        wrong, right, classes = _spoiled(tape, POSITIVE, spoil)
        return ProbsMisuse(classes=classes, probs=wrong, mended_probs=right, seed=0)

    return packed(decode, length=PARAMETER_BYTES, promises=(*PROMISES[:3], *PROMISES[5:]))


def _logits_misuse(spoil: Spoil) -> SearchStrategy[LogitsMisuse]:
    def decode(tape: Tape) -> LogitsMisuse:
        wrong, right, classes = _spoiled(tape, LOGITS, spoil)
        return LogitsMisuse(classes=classes, logits=wrong, mended_logits=right, seed=0)

    return packed(decode, length=PARAMETER_BYTES, promises=(*PROMISES[:3], *PROMISES[5:]))


def probabilities_with(value: float) -> SearchStrategy[ProbsMisuse]:
    """Return a strategy for probabilities one of which is the given value, in the last row."""

    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[-1, -1] = value

    return _probs_misuse(spoil)


def probabilities_all_negative() -> SearchStrategy[ProbsMisuse]:
    """Return a strategy for probabilities that are all negative in the last row."""

    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[-1] *= -1

    return _probs_misuse(spoil)


def probabilities_without_mass() -> SearchStrategy[ProbsMisuse]:
    """Return a strategy for probabilities that are all 0 in the last row."""

    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[-1] = 0

    return _probs_misuse(spoil)


def logits_with(value: float) -> SearchStrategy[LogitsMisuse]:
    """Return a strategy for logits one of which is the given value, in the last row."""

    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[-1, -1] = value

    return _logits_misuse(spoil)


def logits_without_mass() -> SearchStrategy[LogitsMisuse]:
    """Return a strategy for logits that are all -inf in the last row."""

    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[-1] = -math.inf

    return _logits_misuse(spoil)


def probabilities_of_huge_weights() -> SearchStrategy[Probs]:
    """Return a strategy for finite probabilities whose sum is beyond the largest number of the dtype."""

    def decode(tape: Tape) -> Probs:
        batch, count = _decode_batch(tape), tape.pick(THREE_OR_MORE)
        dtype = tape.pick(GRAD_DTYPES)
        shape, numel = (*batch, count), math.prod(batch) * count
        code = TensorCode((torch.finfo(dtype).max,) * numel, dtype, shape, shape)
        return Probs(classes=tuple(_shape_classes(batch, count)), probs=code, seed=0)

    return packed(decode, length=SHAPE_BYTES + 2, promises=PROMISES[:3])


def logits_of_no_batch() -> SearchStrategy[Logits]:
    """Return a strategy for logits with a batch dim of size 0."""

    def decode(tape: Tape) -> Logits:
        where, batch, count = tape.byte(), _decode_batch(tape), tape.pick(EVENTS)
        at = where % (len(batch) + 1)
        shape = (*batch[:at], 0, *batch[at:], count)
        code = TensorCode((), tape.pick(GRAD_DTYPES), shape, shape)
        return Logits(classes=("empty batch",), logits=code, seed=0)

    return packed(decode, length=SHAPE_BYTES + 3, promises=("empty batch",))


def values_outside_the_support() -> SearchStrategy[ValueMisuse]:
    """Return a strategy for a value that is negative, too large by one or by far, or a fraction."""

    def decode(tape: Tape) -> ValueMisuse:
        kind, far = tape.byte() >> 6, tape.pick((0, 0, 1, 1000, 2**31))
        code, seed, classes = _decode(tape, positive)
        batch, count = code.shape[:-1], code.shape[-1]
        right, numel = zeros_code(batch), math.prod(batch)
        wrong: float = (-1 - far, count + far, 0.5, -0.5)[kind]
        dtype = torch.int64 if kind < 2 else torch.float32
        data = (*([type(wrong)(0)] * (numel - 1)), wrong)
        named = ("below 0", "past the end", "fraction", "fraction")[kind]
        return ValueMisuse(
            classes=(*classes, named),
            probs=code,
            seed=seed,
            value=TensorCode(data, dtype, batch, batch),
            mended_value=right,
        )

    promises = (*PROMISES[:3], "below 0", "past the end", "fraction")
    return packed(decode, length=2 + PARAMETER_BYTES, promises=promises)


def values_of_another_shape() -> SearchStrategy[ValueMisuse]:
    """Return a strategy for a value whose shape does not broadcast with the batch shape."""

    def decode(tape: Tape) -> ValueMisuse:
        where = tape.byte()
        batch = tuple([size + 1 for size in decode_shape(tape, sizes=SIZES, min_dims=1, max_dims=BATCH_DIMS)])
        code, seed, classes = _decode(tape, positive, batch=batch)
        at = where % len(batch)
        wrong = (*batch[:at], batch[at] + 1, *batch[at + 1 :])
        return ValueMisuse(
            classes=classes, probs=code, seed=seed, value=zeros_code(wrong), mended_value=zeros_code(batch)
        )

    return packed(decode, length=1 + SHAPE_BYTES + PARAMETER_BYTES, promises=PROMISES[1:3])
