"""Cases for functions of two tensors that broadcast."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from hypothesis.strategies import SearchStrategy

from strategies.case import InputCase, TensorField, case_class
from strategies.code import TensorCode
from strategies.fills import Fill, compared_classes, counting, few, from_table, numbers, numbers_and_nan
from strategies.functions import Call, calls
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, shape_classes, with_size
from strategies.tape import Tape, packed, strategy
from strategies.tensors import (
    NAN_PROMISES,
    decode_input,
    decode_tensor,
    decode_upstream,
    layout_promises,
    zeros_code,
)
from strategies.values import (
    COMPLEX_TWINS,
    DTYPE_CLASSES,
    FLOAT_DTYPES,
    GRAD_DTYPES,
    REAL_DTYPES,
    VALUE_BYTES,
)


@case_class
class Pair(InputCase):
    """Two tensors whose shapes broadcast."""

    other: TensorField = TensorField()


@case_class
class PairGradient(Pair):
    """The same for two leaves, with a gradient for the output."""

    upstream: TensorField = TensorField()


@case_class
class PairMisuse(Pair):
    """A pair that is refused; with `mended_other` in the place of both it is legal."""

    mended_input: TensorField = TensorField()
    mended_other: TensorField = TensorField()


@case_class
class PairCalled(Pair):
    """The same, and one of the ways to call a function of the two."""

    call: Call


@case_class
class PairOut(Pair):
    """The same, and a tensor to write the result to."""

    out: TensorField = TensorField()


PAIR_CALLS = {
    name: calls(
        "x, other",
        f"torch.{name}(x, other)",
        f"x.{name}(other)",
        f"torch.{name}(input=x, other=other)",
        f"x.{name}(other=other)",
    )
    for name in ("maximum", "minimum", "fmax", "fmin", "max", "min")
}
"""The documented ways to call each function of two tensors."""


def _decode_shapes(tape: Tape) -> tuple[Shape, Shape]:
    """Read two shapes that broadcast to the first of them."""
    shape, ones, cut = decode_shape(tape), tape.byte(), tape.byte()
    other = [1 if ones >> at & 1 and ones > 100 else size for at, size in enumerate(shape)]
    # A 0-d tensor is left out: the documentation asks for at least one dim.
    return shape, tuple(other[cut % max(len(other), 1) :] if cut > 190 else other)


def _classes_of(one: TensorCode, two: TensorCode) -> tuple[str, ...]:
    """Return the classes of two tensors, those included that they are in only together."""
    both = compared_classes(one.dtype, one.data[:VALUE_BYTES] + two.data[:VALUE_BYTES])
    return tuple(dict.fromkeys((*one.classes, *two.classes, *both)))


def pairs(
    *, nan: bool = False, swap: bool = True, dtypes: Sequence[torch.dtype] = REAL_DTYPES
) -> SearchStrategy[Pair]:
    """Return a strategy for two tensors of one dtype whose shapes broadcast to that of one of them."""

    def decode(tape: Tape) -> Pair:
        shape, other = _decode_shapes(tape)
        classes = [*shape_classes(shape), *(["broadcast"] if other != shape else [])]
        dtype = tape.pick(FLOAT_DTYPES if nan else dtypes)
        swapped = tape.chance(40) and swap
        tape.leave(1)  # with another length, a seed would draw other cases than it has
        one = decode_tensor(tape, shape, dtype, fill=numbers_and_nan if nan else numbers, gaps=not nan)
        two = decode_tensor(tape, other, dtype, role="other", fill=numbers)
        if swapped:
            one, two = two, one
        return Pair(classes=(*classes, *_classes_of(one, two)), input=one, other=two)

    layouts = NAN_PROMISES if nan else layout_promises()
    return packed(decode, promises=(*SHAPE_PROMISES, "broadcast", *layouts, *layout_promises("other")))


@strategy(promises=(*SHAPE_PROMISES[1:], *layout_promises(), "0-d input", "0-d other"))
def pairs_with_0d(tape: Tape) -> Pair:
    """Return a strategy for a tensor of at least one dim and a 0-d one, of one dtype, in either order."""
    swapped, shape = tape.chance(40), decode_shape(tape, min_dims=1)
    one = decode_input(tape, shape, REAL_DTYPES, fill=numbers)
    two = decode_tensor(tape, (), one.dtype, role="other", fill=numbers)
    classes = _classes_of(one, two)
    if swapped:
        return Pair(classes=(*classes, "0-d input"), input=two, other=one)
    return Pair(classes=(*classes, "0-d other"), input=one, other=two)


def _whole(dtype: torch.dtype, *, negative: bool) -> Fill:
    """Return a fill of whole numbers that every other dtype of such numbers has exactly."""
    if dtype is torch.bool:
        return numbers
    signed = negative and dtype is not torch.uint8
    table = [byte // 2 if byte < 128 or not signed else (127 - byte) // 2 for byte in range(256)]
    return from_table([float(number) for number in table] if dtype.is_floating_point else table)


_WHOLE = {dtype: _whole(dtype, negative=True) for dtype in dict.fromkeys(REAL_DTYPES)}
_POSITIVE = {dtype: _whole(dtype, negative=False) for dtype in dict.fromkeys(REAL_DTYPES)}


def _two_dtypes(tape: Tape, dtypes: Sequence[torch.dtype]) -> tuple[torch.dtype, torch.dtype]:
    one, rest = tape.pick(dtypes), tape.byte()
    others = [dtype for dtype in dict.fromkeys(dtypes) if dtype is not one]
    return one, others[rest * len(others) >> 8]


def _kind_classes(one: torch.dtype, two: torch.dtype) -> list[str]:
    kinds = {(dtype.is_floating_point, dtype is torch.bool) for dtype in (one, two)}
    return ["of one kind" if len(kinds) == 1 else "of two kinds"]


@strategy(promises=(*SHAPE_PROMISES, *layout_promises(), "broadcast", "of two kinds", "of one kind"))
def pairs_of_mixed_dtypes(
    tape: Tape, name: str, *, dtypes: Sequence[torch.dtype] = REAL_DTYPES
) -> PairCalled:
    """Return a strategy for two tensors of two dtypes, all of whose elements the dtype of both has exactly.

    `name` is a function of `PAIR_CALLS`, which is called in one of its ways.
    """
    (shape, other), call = _decode_shapes(tape), tape.pick(PAIR_CALLS[name])
    (one, two), swapped = _two_dtypes(tape, dtypes), tape.chance(40)
    floats = [dtype for dtype in (one, two) if dtype.is_floating_point]
    fills = [_WHOLE[dtype] if floats and dtype not in floats else numbers for dtype in (one, two)]
    first = decode_tensor(tape, shape, one, fill=fills[0])
    second = decode_tensor(tape, other, two, role="other", fill=fills[1])
    classes = [*shape_classes(shape), *(["broadcast"] if other != shape else []), *first.classes]
    classes += [*second.classes, *_kind_classes(one, two)]
    if floats:
        drawn = (*first.data[:VALUE_BYTES], *second.data[:VALUE_BYTES])
        classes += compared_classes(floats[0], [float(value) for value in drawn])  # type: ignore[arg-type]
    first, second = (second, first) if swapped else (first, second)
    return PairCalled(classes=tuple(dict.fromkeys(classes)), input=first, other=second, call=call)


@strategy(promises=("0-d input", "0-d other", "of two kinds", "of one kind"))
def pairs_of_mixed_dtypes_with_0d(
    tape: Tape, name: str, *, dtypes: Sequence[torch.dtype] = REAL_DTYPES
) -> PairCalled:
    """Return a strategy for a tensor of at least one dim and a 0-d one of another dtype, of small numbers."""
    shape, call = decode_shape(tape, min_dims=1), tape.pick(PAIR_CALLS[name])
    (one, two), swapped = _two_dtypes(tape, dtypes), tape.chance(40)
    first = decode_tensor(tape, shape, one, fill=_POSITIVE[one])
    second = decode_tensor(tape, (), two, role="other", fill=_POSITIVE[two])
    classes = [*first.classes, *second.classes, *_kind_classes(one, two)]
    classes += ["0-d input" if swapped else "0-d other"]
    first, second = (second, first) if swapped else (first, second)
    return PairCalled(classes=tuple(dict.fromkeys(classes)), input=first, other=second, call=call)


@strategy(promises=(*SHAPE_PROMISES, *layout_promises("out", expand=0), "of two kinds", "of one kind"))
def pairs_of_mixed_dtypes_with_out(tape: Tape) -> PairOut:
    """Return a strategy for two tensors of different dtypes, and one to write to that has the dtype of one.

    It is that of the higher kind; of one kind, either. All elements are small whole numbers.
    """
    shape, (one, two) = decode_shape(tape), _two_dtypes(tape, REAL_DTYPES)
    first = decode_tensor(tape, shape, one, fill=_WHOLE[one])
    second = decode_tensor(tape, shape, two, role="other", fill=_WHOLE[two])
    ranks = [(dtype is not torch.bool) + dtype.is_floating_point for dtype in (one, two)]
    dtype = one if ranks[0] >= ranks[1] else two
    out = decode_tensor(tape, shape, dtype, role="out", fill=counting, expand=0)
    classes = (*shape_classes(shape), *first.classes, *out.classes, *_kind_classes(one, two))
    return PairOut(classes=classes, input=first, other=second, out=out)


@strategy(promises=("0-d", "empty", "two dtypes"))
def pairs_of_dtypes(tape: Tape, *, dtypes: Sequence[torch.dtype] = REAL_DTYPES) -> Pair:
    """Return a strategy for two tensors of the same shape and any two dtypes that have an order."""
    shape, one, two = decode_shape(tape), tape.pick(dtypes), tape.pick(dtypes)
    classes = (*shape_classes(shape), "one dtype" if one is two else "two dtypes")
    return Pair(classes=classes, input=zeros_code(shape, one), other=zeros_code(shape, two))


@strategy(promises=(*SHAPE_PROMISES, *layout_promises(), *layout_promises("other")))
def pair_gradients(tape: Tape) -> PairGradient:
    """Return a strategy for two leaves of the same shape with many ties between them."""
    one = decode_input(tape, decode_shape(tape), GRAD_DTYPES, fill=few, requires_grad=True)
    two = decode_tensor(tape, one.shape, one.dtype, role="other", fill=few, requires_grad=True)
    upstream = decode_upstream(tape, one.shape, one.dtype)
    return PairGradient(classes=(*one.classes, *two.classes), input=one, other=two, upstream=upstream)


def _misuse(classes: list[str], input: TensorCode, other: TensorCode, mended: TensorCode) -> PairMisuse:
    return PairMisuse(
        classes=tuple(classes), input=input, other=other, mended_input=mended, mended_other=mended
    )


@strategy(promises=("0-d", "complex64", "complex128"))
def pairs_of_complex(tape: Tape) -> PairMisuse:
    """Return a strategy for two complex tensors; of their real dtype they are legal."""
    (dtype, real), shape = COMPLEX_TWINS[tape.chance(50)], decode_shape(tape)
    wrong = zeros_code(shape, dtype)
    return _misuse([*shape_classes(shape), *DTYPE_CLASSES[dtype][:1]], wrong, wrong, zeros_code(shape, real))


@strategy(promises=("rank 4 or more", "size 1"))
def pairs_that_do_not_broadcast(tape: Tape) -> PairMisuse:
    """Return a strategy for two shapes that differ in one dim in which neither has size 1."""
    where, dtype, shape = tape.byte(), tape.pick(REAL_DTYPES), decode_shape(tape, min_dims=1)
    at = where % len(shape)
    size = max(shape[at], 2)
    one, two = [zeros_code(with_size(shape, at, wrong), dtype) for wrong in (size, size + 1)]
    return _misuse(shape_classes(one.shape), one, two, one)
