"""Cases for max and its relatives: reductions over one dim, several or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.case import InputCase, Parts, TensorField, case_class
from strategies.code import TensorCode, contiguous_code
from strategies.dims import (
    decode_dim,
    dim_classes,
    places,
)
from strategies.fills import Fill, counting, few, numbers, numbers_and_nan
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, shape_classes, with_size
from strategies.tape import Tape, packed, strategy, together, without
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
    DTYPE_PROMISES,
    FLOAT_DTYPES,
    GRAD_DTYPES,
    REAL_DTYPES,
)

# The dims that are reduced are not empty, so that an empty input needs another dim of size 0.
PROMISES = (*without(SHAPE_PROMISES, "empty"), *layout_promises(), "ties", "extreme in the last place")
_OF_LEAVES = without(PROMISES, "extreme in the last place")
_DTYPE_PROMISES = without(DTYPE_PROMISES, "complex")


@case_class
class Whole(InputCase):
    """An input to reduce over all dims."""


@case_class
class Reduction(InputCase):
    """An input, the dim to reduce it over, and whether that dim stays."""

    dim: int
    keepdim: bool


@case_class
class ReductionGradient(Reduction):
    """The same for a leaf, with a gradient for the output."""

    upstream: TensorField = TensorField()


@case_class
class ReductionOut(Reduction):
    """A reduction with tensors to write values and indices to."""

    values: TensorField = TensorField()
    indices: TensorField = TensorField()


@case_class
class ReductionOutMisuse(ReductionOut):
    """Tensors of which one is refused; with the mended pair the reduction is legal."""

    mended_values: TensorField = TensorField()
    mended_indices: TensorField = TensorField()


@case_class
class ReductionMisuse(Reduction):
    """A dim that is refused; `mended_input` reduced over `mended_dim` is legal, one fact apart."""

    mended_input: TensorField = TensorField()
    mended_dim: int


def _decode_whole(tape: Tape, dtypes: Sequence[torch.dtype], fill: Fill, **options: Any) -> TensorCode:
    return decode_input(tape, nonempty_shape(decode_shape(tape)), dtypes, fill=fill, **options)


def wholes(*, nan: bool = False, dtypes: Sequence[torch.dtype] = REAL_DTYPES) -> SearchStrategy[Whole]:
    """Return a strategy for inputs of at least one element, of every dtype that has an order by default.

    Without `nan` there is no NaN among the elements, with it there is at least one.
    """

    def decode(tape: Tape) -> Whole:
        if nan:
            code = _decode_whole(tape, FLOAT_DTYPES, numbers_and_nan, gaps=False)
        else:
            code = _decode_whole(tape, dtypes, numbers)
        return Whole(classes=code.classes, input=code)

    if nan:
        return packed(decode, promises=(*NAN_PROMISES, *SHAPE_PROMISES[3:]))
    promises = (*PROMISES, "infinity", *_DTYPE_PROMISES)
    promises = promises if dtypes is REAL_DTYPES else without(promises, "bool")
    return packed(decode, promises=promises, times=1.5)


def reduced_shape(shape: Shape, dims: Sequence[int], *, keepdim: bool) -> Shape:
    """Return the shape that reducing over the dims leaves, or with `keepdim` the shape with 1 there."""
    named = {dim % places(shape) for dim in dims}
    kept = [1 if dim in named else size for dim, size in enumerate(shape) if keepdim or dim not in named]
    return tuple(kept)


@dataclass(frozen=True)
class _Drawn(Parts):
    """A legal reduction over one dim."""

    input: TensorCode
    dim: int
    keepdim: bool

    def output_shape(self) -> Shape:
        return reduced_shape(self.input.shape, [self.dim], keepdim=self.keepdim)


def _decode(
    tape: Tape,
    dtypes: Sequence[torch.dtype] = REAL_DTYPES,
    fill: Fill = numbers,
    *,
    nonempty: bool = False,
    **options: Any,
) -> _Drawn:
    shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
    dim, keepdim, longest = decode_dim(tape, places(shape)), tape.chance(40), tape.chance(50)
    if shape and longest:
        dim = shape.index(max(shape)) - (len(shape) if dim < 0 else 0)
    if shape and not shape[dim]:
        shape = with_size(shape, dim % len(shape), 2)
    code = decode_input(tape, shape, dtypes, known=dim_classes(dim, len(shape)), fill=fill, **options)
    classes = [*code.classes]
    if shape and shape[dim] > 16:
        classes.append("reduces over 16")
        if shape[dim] > 256:
            classes.append("reduces over 256")
    classes.append("keepdim" if keepdim else "dim dropped")
    return _Drawn(tuple(classes), code, dim, keepdim)


def reductions(
    *, nan: bool = False, dtypes: Sequence[torch.dtype] | None = None
) -> SearchStrategy[Reduction]:
    """Return a strategy for a reduction over one dim of at least one element; other dims may be empty.

    Without `nan` there is no NaN among the elements, with it there is one at least.
    """
    drawn_dtypes = dtypes or (FLOAT_DTYPES if nan else REAL_DTYPES)

    def decode(tape: Tape) -> Reduction:
        fill = numbers_and_nan if nan else numbers
        return _decode(tape, drawn_dtypes, fill, gaps=not nan).case(Reduction)

    first = NAN_PROMISES if nan else PROMISES if dtypes else (*PROMISES, *_DTYPE_PROMISES)
    further = ("negative dim", "keepdim", "dim dropped", "reduces over 16", "reduces over 256")
    joint: tuple[str, ...]
    if nan:
        joint = (
            together("NaN", "transposed input", "middle dim", "negative dim", "low-precision float"),
            together(
                "NaN", "expanded input", "first dim", "negative dim", "rank 4 or more", "rows of 16 bytes"
            ),
            together("NaN", "transposed input", "last dim", "reduces over 16"),
        )
    else:
        joint = (
            together("transposed input", "storage offset input", "first dim"),
            together("expanded input", "stepped input", "middle dim", "keepdim"),
            together("narrowed input", "reduces over 16", "negative dim"),
            together("reduces over 256", "extreme in the last place"),
        )
    return packed(decode, promises=(*first, *further, *joint), times=1.5 if nan else 1)


@strategy(promises=(*_OF_LEAVES, "negative dim", "keepdim", "dim dropped"))
def reduction_gradients(tape: Tape) -> ReductionGradient:
    """Return a strategy for a reduction over one dim of a leaf with many ties."""
    drawn = _decode(tape, GRAD_DTYPES, few, requires_grad=True)
    upstream = decode_upstream(tape, drawn.output_shape(), drawn.input.dtype)
    return drawn.case(ReductionGradient, *upstream.classes, upstream=upstream)


@strategy(promises=(*PROMISES, *layout_promises("out", expand=0)))
def reductions_with_out(tape: Tape, *, dtypes: Sequence[torch.dtype] = REAL_DTYPES) -> ReductionOut:
    """Return a strategy for a reduction with tensors of the right shapes and dtypes to write to."""
    drawn = _decode(tape, dtypes)
    values, indices = [
        decode_tensor(tape, drawn.output_shape(), dtype, role="out", fill=counting, expand=0)
        for dtype in (drawn.input.dtype, torch.int64)
    ]
    classes = (*values.classes, *indices.classes)
    return drawn.case(ReductionOut, *classes, values=values, indices=indices)


@strategy(promises=("0-d", "reduces over 16", *layout_promises("out", expand=0)))
def reductions_with_out_that_may_require_grad(tape: Tape) -> ReductionOut:
    """Return a strategy for the same with an input and values of a dtype that has gradients."""
    drawn = _decode(tape, GRAD_DTYPES, few, expand=0)
    values, indices = [
        decode_tensor(tape, drawn.output_shape(), dtype, role="out", fill=counting, expand=0)
        for dtype in (drawn.input.dtype, torch.int64)
    ]
    return drawn.case(ReductionOut, *values.classes, *indices.classes, values=values, indices=indices)


@strategy(promises=("0-d", "size 1", "rank 4 or more"))
def reductions_with_out_to_resize(tape: Tape) -> ReductionOut:
    """Return a strategy for a reduction with tensors to write to that have no elements, and not its shape."""
    shapes: tuple[Shape, ...] = ((0,), (0, 2), (3, 0), (0, 1, 2))
    one, two, drawn = tape.pick(shapes), tape.pick(shapes), _decode(tape, nonempty=True)
    values, indices = contiguous_code((), drawn.input.dtype, one), contiguous_code((), torch.int64, two)
    return drawn.case(ReductionOut, values=values, indices=indices)


@strategy(promises=("wrong indices", "wrong values", "0-d"))
def reductions_with_out_of_other_dtype(tape: Tape) -> ReductionOutMisuse:
    """Return a strategy for a reduction with values of another dtype than the input's, or float indices."""
    of_indices, which, drawn = tape.chance(50), tape.byte(), _decode(tape)
    shape, dtype = drawn.output_shape(), drawn.input.dtype
    values, indices = zeros_code(shape, dtype), zeros_code(shape)
    legal = {"mended_values": values, "mended_indices": indices}
    if of_indices:
        wrong = zeros_code(shape, (torch.float32, torch.int32)[which & 1])
        return drawn.case(ReductionOutMisuse, "wrong indices", values=values, indices=wrong, **legal)
    others = [other for other in dict.fromkeys(REAL_DTYPES) if other is not dtype]
    wrong = zeros_code(shape, others[which * len(others) >> 8])
    return drawn.case(ReductionOutMisuse, "wrong values", values=wrong, indices=indices, **legal)


@strategy(promises=("empty", "negative dim"))
def reductions_of_nothing(tape: Tape, *, dtypes: Sequence[torch.dtype] = REAL_DTYPES) -> ReductionMisuse:
    """Return a strategy for a dim of size 0; of size 1 it is legal."""
    shape = decode_shape(tape, min_dims=1)
    dim, keepdim, dtype = decode_dim(tape, len(shape)), tape.chance(40), tape.pick(dtypes)
    wrong, right = [zeros_code(with_size(shape, dim % len(shape), size), dtype) for size in (0, 1)]
    drawn = _Drawn((*shape_classes(wrong.shape), *dim_classes(dim)), wrong, dim, keepdim)
    return drawn.case(ReductionMisuse, mended_input=right, mended_dim=dim)


@strategy(promises=("0-d", "complex64", "complex128"))
def reductions_of_complex(tape: Tape) -> ReductionMisuse:
    """Return a strategy for a complex input; of its real dtype it is legal."""
    dtype, real = COMPLEX_TWINS[tape.chance(50)]
    shape = nonempty_shape(decode_shape(tape))
    dim, keepdim = decode_dim(tape, places(shape)), tape.chance(40)
    classes = (*shape_classes(shape), *DTYPE_CLASSES[dtype][:1])
    drawn = _Drawn(classes, zeros_code(shape, dtype), dim, keepdim)
    return drawn.case(ReductionMisuse, mended_input=zeros_code(shape, real), mended_dim=dim)
