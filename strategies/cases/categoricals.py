"""Parameters of categorical distributions: probabilities and logits, and values to score."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.case import Case, TensorField, case_class
from strategies.code import TensorCode, array_code, contiguous_code
from strategies.fills import Fill, from_table
from strategies.shapes import Shape, decode_shape
from strategies.tape import Tape, packed, strategy, weighted
from strategies.tensors import decode_tensor, layout_promises
from strategies.values import GRAD_DTYPES, decode_bytes, lengthened

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


@case_class
class Probs(Case):
    """Relative probabilities, shape (*batch, K), and a seed for what is random."""

    probs: TensorField = TensorField()
    seed: int


@case_class
class Logits(Case):
    """Relative log probabilities, shape (*batch, K), and a seed for what is random."""

    logits: TensorField = TensorField()
    seed: int


@case_class
class ProbsOfValue(Probs):
    """The same with values that can be scored."""

    value: TensorField = TensorField()


@case_class
class LogitsOfValue(Logits):
    """The same with values that can be scored."""

    value: TensorField = TensorField()


@case_class
class ProbsSampled(Probs):
    """Probabilities and a sample shape."""

    sample_shape: Shape


@case_class
class ProbsExpanded(Probs):
    """Probabilities and a batch shape that theirs expands to."""

    batch_shape: Shape


@case_class
class LogitsExpanded(Logits):
    """Logits and a batch shape that theirs expands to."""

    batch_shape: Shape


@case_class
class ProbsPair(Probs):
    """Two sets of probabilities for the same categories."""

    other: TensorField = TensorField()


def decode_batch(tape: Tape, *, min_dims: int = 0) -> Shape:
    """Read a batch shape of up to three dims, none of them 0."""
    # Whether there is a batch is decided by the tape's last sizes, as for every shape.
    return decode_shape(tape, sizes=SIZES, min_dims=min_dims, max_dims=BATCH_DIMS)


def shape_classes(batch: Shape, events: int) -> list[str]:
    """Return the names of the input classes that a batch shape and a number of categories belong to."""
    classes = [("no batch dim", "one batch dim")[len(batch)] if len(batch) < 2 else "several batch dims"]
    names = {1: "one category", 2: "two categories", 17: "over 16 categories", 100: "over 16 categories"}
    classes += [names[events]] if events in names else []
    return [*classes, "over 16 categories", "over 256 categories"] if events > 256 else classes


def _from_16(table: Sequence[float]) -> Fill:
    """Return a fill of elements of a table of 16."""
    return from_table([table[byte >> 4] for byte in range(256)])


weights = _from_16(WEIGHTS)
positive = _from_16(POSITIVE)
log_weights = _from_16(LOGITS)


def decode_parameters(
    tape: Tape,
    fill: Fill,
    *,
    events: Sequence[int] = EVENTS,
    batch: Shape | None = None,
    requires_grad: bool = False,
) -> tuple[TensorCode, int]:
    """Read parameters and a seed, which is as good as independent of what else is drawn.

    `events` are the numbers of categories to choose from; `batch` is the batch shape if it is not drawn.
    """
    shape, count = decode_batch(tape), tape.pick(events)
    if batch is not None:
        shape = batch
    code = decode_tensor(
        tape,
        (*shape, count),
        tape.pick(GRAD_DTYPES),
        role="parameter",
        fill=fill,
        requires_grad=requires_grad,
        known=shape_classes(shape, count),
    )
    if fill is weights and not code.elements().sum(-1).all():
        code = code.changed(data=tuple([value + 1.0 for value in code.data]))
    if fill is weights and 0.0 in code.data:
        code = code.changed(classes=(*code.classes, "zero probability"))
    return code, zlib.crc32(repr((code.data, code.shape)).encode())


_LAYOUTS = layout_promises("parameter")


def probabilities(*, zeros: bool = True, requires_grad: bool = False) -> SearchStrategy[Probs]:
    """Return a strategy for relative probabilities that do not sum to 1, some of them 0 if `zeros`.

    Float32 and float64, 1 to 300 categories, up to three batch dims, every layout. No row sums to 0.
    """

    def decode(tape: Tape) -> Probs:
        code, seed = decode_parameters(tape, weights if zeros else positive, requires_grad=requires_grad)
        return Probs(classes=code.classes, probs=code, seed=seed)

    return packed(decode, promises=(*PROMISES, *_LAYOUTS, *(("zero probability",) if zeros else ())))


@strategy(promises=(*PROMISES, *_LAYOUTS))
def logits(tape: Tape, *, requires_grad: bool = False) -> Logits:
    """Return a strategy for finite relative log probabilities, some of them large."""
    code, seed = decode_parameters(tape, log_weights, requires_grad=requires_grad)
    return Logits(classes=code.classes, logits=code, seed=seed)


@strategy(promises=(*PROMISES[:3], "over 16 categories"))
def logits_with_minus_infinity(tape: Tape) -> Logits:
    """Return a strategy for logits some of which are -inf, but not all of a row."""
    code, seed = decode_parameters(tape, log_weights, events=THREE_OR_MORE)
    rows = np.array(code.elements())
    rows[..., 0] = -math.inf
    return Logits(classes=code.classes, logits=array_code(rows, code.dtype), seed=seed)


@strategy(
    promises=(*PROMISES, *_LAYOUTS, "sample shape ()", "several sample dims", "zero probability"), times=1.5
)
def probabilities_to_sample(tape: Tape) -> ProbsSampled:
    """Return a strategy for probabilities and a sample shape of up to three dims, none of them 0."""
    sample_shape, (code, seed) = decode_batch(tape), decode_parameters(tape, weights)
    classes = [*code.classes, *(["several sample dims"] if len(sample_shape) > 1 else [])]
    classes += [] if sample_shape else ["sample shape ()"]
    return ProbsSampled(classes=tuple(classes), probs=code, seed=seed, sample_shape=sample_shape)


def probabilities_to_test(*, zeros: bool = True) -> SearchStrategy[Probs]:
    """Return a strategy for one row of probabilities, to draw many samples from; some are 0 if `zeros`."""

    def decode(tape: Tape) -> Probs:
        code, seed = decode_parameters(tape, weights if zeros else positive, batch=(), events=NOT_TWO)
        return Probs(classes=code.classes, probs=code, seed=seed)

    promises = ("one category", "over 16 categories")
    return packed(decode, promises=(*promises, "zero probability") if zeros else promises)


@strategy(promises=("two categories", *_LAYOUTS))
def probabilities_of_two_rows(tape: Tape) -> Probs:
    """Return a strategy for two rows of few probabilities, to see whether they are drawn independently."""
    code, seed = decode_parameters(tape, positive, batch=(2,), events=(2, 3, 4, 5))
    return Probs(classes=code.classes, probs=code, seed=seed)


@strategy(promises=PROMISES)
def one_hot_probabilities(tape: Tape) -> Probs:
    """Return a strategy for rows with one probability that is not 0."""
    where, scale = tape.take(16), tape.pick((1.0, 0.25, 3.0, 1e-3))
    batch, count, dtype = decode_batch(tape), tape.pick(EVENTS), tape.pick(GRAD_DTYPES)
    rows = np.zeros((math.prod(batch), count))
    hot = [byte * count >> 8 for byte in lengthened(where, len(rows))]
    rows[np.arange(len(rows)), hot] = scale
    shape = (*batch, count)
    seed = zlib.crc32(repr((hot, shape)).encode())
    code = array_code(rows.reshape(shape), dtype)
    return Probs(classes=tuple(shape_classes(batch, count)), probs=code, seed=seed)


def _decode_value(tape: Tape, parameters: TensorCode, *, broadcast: bool) -> TensorCode:
    """Read values 0 … K - 1 to score under parameters of K categories, in the shape of a sample of theirs.

    To `broadcast`, some have the size 1 in every dim of the batch instead, and some are floats.
    """
    *batch, count = parameters.shape
    how, shape, named = tape.byte(), tuple(batch), "value of the batch shape"
    if how > 200:
        shape, named = (3, *batch), "value with a sample dim"
    elif how > 140 and broadcast:
        shape, named = tuple([1 for _ in batch]), "value broadcast"
    spread = (count >> 8) + 1
    data: tuple[float, ...] = tuple([byte * spread % count for byte in decode_bytes(tape, math.prod(shape))])
    dtype = torch.float32 if how & 7 == 7 and broadcast else torch.int64
    if dtype is torch.float32:
        data, named = tuple([float(value) for value in data]), "float value"
    return contiguous_code(data, dtype, shape).changed(classes=(named,))


def _value_promises(*, broadcast: bool) -> tuple[str, ...]:
    promises = ("value of the batch shape", "value with a sample dim")
    return (*promises, "value broadcast", "float value") if broadcast else promises


def probabilities_and_value(
    *, requires_grad: bool = False, broadcast: bool = False
) -> SearchStrategy[ProbsOfValue]:
    """Return a strategy for probabilities, none of them 0, and values of the shape of a sample.

    To `broadcast`, there are values that the batch shape stretches, and floats, too.
    """

    def decode(tape: Tape) -> ProbsOfValue:
        code, seed = decode_parameters(tape, positive, requires_grad=requires_grad)
        value = _decode_value(tape, code, broadcast=broadcast)
        return ProbsOfValue(classes=(*code.classes, *value.classes), probs=code, seed=seed, value=value)

    return packed(decode, promises=(*PROMISES, *_LAYOUTS, *_value_promises(broadcast=broadcast)))


@strategy(promises=(*PROMISES, *_LAYOUTS, *_value_promises(broadcast=False)))
def logits_and_value(tape: Tape, *, requires_grad: bool = False) -> LogitsOfValue:
    """Return a strategy for logits and values of the shape of a sample."""
    code, seed = decode_parameters(tape, log_weights, requires_grad=requires_grad)
    value = _decode_value(tape, code, broadcast=False)
    return LogitsOfValue(classes=(*code.classes, *value.classes), logits=code, seed=seed, value=value)


def _decode_expanded(tape: Tape, fill: Fill) -> tuple[TensorCode, int, Shape]:
    """Read parameters, their seed, and a batch shape that has more dims than theirs or larger ones than 1."""
    more, larger = tape.byte(), tape.byte()
    code, seed = decode_parameters(tape, fill)
    batch = tuple([2 + (larger & 1) if size == 1 else size for size in code.shape[:-1]])
    if more > 90:
        batch = ((3, 1, 2, 4)[more & 3], *batch)
    named = "more dims" if len(batch) >= len(code.shape) else "as many dims"
    return code.changed(classes=(*code.classes, named)), seed, batch


@strategy(promises=(*PROMISES, "more dims", "as many dims"))
def probabilities_to_expand(tape: Tape) -> ProbsExpanded:
    """Return a strategy for probabilities and a batch shape that has more dims, or larger ones than 1."""
    code, seed, batch = _decode_expanded(tape, weights)
    return ProbsExpanded(classes=code.classes, probs=code, seed=seed, batch_shape=batch)


@strategy(promises=(*PROMISES, "more dims", "as many dims"))
def logits_to_expand(tape: Tape) -> LogitsExpanded:
    """Return a strategy for logits and a batch shape that has more dims, or larger ones than 1."""
    code, seed, batch = _decode_expanded(tape, log_weights)
    return LogitsExpanded(classes=code.classes, logits=code, seed=seed, batch_shape=batch)


@strategy(promises=(*PROMISES[:3], *_LAYOUTS))
def pairs_of_probabilities(tape: Tape, *, zero: bool = False) -> ProbsPair:
    """Return a strategy for two sets of positive probabilities of one shape.

    With `zero` the first probability of each row of the second is 0.
    """
    code, seed = decode_parameters(tape, positive, events=THREE_OR_MORE if zero else EVENTS)
    drawn = decode_bytes(tape, math.prod(code.shape))
    rows = np.array([POSITIVE[byte >> 4] for byte in drawn]).reshape(code.shape)
    if zero:
        rows[..., 0] = 0
    return ProbsPair(classes=code.classes, probs=code, seed=seed, other=array_code(rows, code.dtype))


@strategy(promises=PROMISES[:3])
def probabilities_of_huge_weights(tape: Tape) -> Probs:
    """Return a strategy for finite probabilities whose sum is beyond the largest number of the dtype."""
    batch, count, dtype = decode_batch(tape), tape.pick(THREE_OR_MORE), tape.pick(GRAD_DTYPES)
    data = (torch.finfo(dtype).max,) * (math.prod(batch) * count)
    code = contiguous_code(data, dtype, (*batch, count))
    return Probs(classes=tuple(shape_classes(batch, count)), probs=code, seed=0)


@strategy(promises=("empty batch",))
def logits_of_no_batch(tape: Tape) -> Logits:
    """Return a strategy for logits with a batch dim of size 0."""
    where, batch, count = tape.byte(), decode_batch(tape), tape.pick(EVENTS)
    at = where % (len(batch) + 1)
    code = contiguous_code((), tape.pick(GRAD_DTYPES), (*batch[:at], 0, *batch[at:], count))
    return Logits(classes=("empty batch",), logits=code, seed=0)
