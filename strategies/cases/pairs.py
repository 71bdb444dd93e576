"""Cases for functions of two tensors that broadcast."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from hypothesis.strategies import SearchStrategy

from strategies.case import InputCase, TensorField, case_class
from strategies.code import TensorCode
from strategies.fills import compared_classes, few, numbers, numbers_and_nan
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
