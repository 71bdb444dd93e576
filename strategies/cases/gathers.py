"""Cases for gather: an input, a dim, and an index tensor of every legal size, layout and multiplicity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.case import InputCase, Parts, TensorField, case_class
from strategies.code import TensorCode, array_code, contiguous_code
from strategies.dims import BAD_DIM_PROMISES, bad_dim_classes, decode_bad_dim, decode_dim, dim_classes, places
from strategies.fills import counting, zero_data, zeros
from strategies.indices import INDEX_PROMISES, INDEX_VALUE_BYTES, SEVERAL, decode_index_shape, index_fill
from strategies.shapes import MAX_RANK, SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, with_size
from strategies.tape import Tape, packed, strategy, together, without
from strategies.tensors import (
    EXPANDED,
    decode_input,
    decode_tensor,
    decode_upstream,
    layout_promises,
    zeros_code,
)
from strategies.values import (
    DTYPE_CLASSES,
    DTYPE_PROMISES,
    DTYPES,
    GRAD_DTYPES,
    VALUE_PROMISES,
    decode_bytes,
    ramp,
)


@case_class
class Gather(InputCase):
    """The inputs of a legal gather."""

    dim: int
    index: TensorField = TensorField()


@case_class
class GatherGradient(Gather):
    """A gather of a leaf, with a gradient for the output, which has the index's shape."""

    upstream: TensorField = TensorField()


@case_class
class GatherOut(Gather):
    """A gather with a tensor to write the output to."""

    out: TensorField = TensorField()


@dataclass(frozen=True)
class GatherParts(Parts):
    """The parts of a legal gather as they were read off the tape."""

    input: TensorCode
    dim: int
    index: TensorCode


def decode_gather(
    tape: Tape,
    *,
    min_dims: int = 0,
    max_dims: int = MAX_RANK,
    at: int | None = None,
    nonempty: bool = False,
    dtypes: Sequence[torch.dtype] = DTYPES,
    index_dtype: torch.dtype = torch.int64,
    index_expand: int = EXPANDED,
    index_shape: Callable[[Shape], Shape] | None = None,
    **options: Any,
) -> GatherParts:
    """Read a legal gather, along the dim `at` if it is given.

    If `nonempty`, neither the input nor the index is empty; `index_shape` may change the index's shape. The
    options are those of `decode_tensor` for the input.
    """
    shape = decode_shape(tape, min_dims=min_dims, max_dims=max_dims)
    if nonempty:
        shape = nonempty_shape(shape)
    if at is None:
        dim = decode_dim(tape, places(shape))
    else:
        dim = at
        tape.leave(1)
    sizes, classes = decode_index_shape(tape, shape, dim)
    if nonempty:
        sizes = nonempty_shape(sizes)
    if index_shape is not None:
        sizes = index_shape(sizes)
    fill = index_fill(shape[dim] if shape else 1)
    index = decode_tensor(tape, sizes, index_dtype, role="index", fill=fill, expand=index_expand)
    if 0 in sizes:
        classes.append("empty index")
    if len(shape) > 1 and dim % len(shape) < len(shape) - 1 and sizes[-1] == shape[-1] > 1:
        classes.append("index of whole rows")
    known = (*classes, *dim_classes(dim, len(shape)), *index.classes)
    code = decode_input(tape, shape, dtypes, known=known, **options)
    return GatherParts(code.classes, code, dim, index)


PROMISES = (*SHAPE_PROMISES, *INDEX_PROMISES, *layout_promises(), *DTYPE_PROMISES, *VALUE_PROMISES)


JOINT_PROMISES = (
    together(
        *("dim -2", "rank 3 or more", "rows of 16 bytes"),
        *(SEVERAL, "index of whole rows", "last dim of index expanded"),
    ),
    together("transposed input", "stepped index", SEVERAL, "rank 3 or more", "low-precision float"),
    together("storage offset input", "expanded index", SEVERAL, "middle dim", "rows of 16 bytes"),
    together("transposed index", SEVERAL, "expanded input", "dim over 1,024"),
    together("channels-last input", "narrowed index"),
)
"""Where a kernel may well have a path of its own."""


def _gathers(promises: tuple[str, ...], **options: Any) -> SearchStrategy[Gather]:
    """Return a strategy for legal gathers as `decode_gather` reads them with these options."""
    return packed(lambda tape: decode_gather(tape, **options).case(Gather), promises=promises)


def gathers() -> SearchStrategy[Gather]:
    """Return a strategy for legal gathers of every dtype and layout, the index int64.

    The index has the input's rank, is no larger than the input off dim, and is shorter than, as long as or
    longer than it along dim; its values repeat, count up or are all equal. Shrinks toward a 0-d input.
    """
    return _gathers((*PROMISES, *JOINT_PROMISES))


def gathers_by_expanded_index() -> SearchStrategy[Gather]:
    """Return a strategy for gathers whose index is expanded wherever it has a dim longer than 1.

    The input has two dims or more, since a constant index hides what is wrong, and elements that differ as
    far as the dtype allows; every third one is float64, whose kernel has been wrong in the field.
    """
    dtypes = (torch.float32, *[torch.float64] * 4, *list(dict.fromkeys(DTYPES))[1:])

    promises = (*SHAPE_PROMISES[1:], *layout_promises("index"), *layout_promises("input"))
    joint = [name for name in JOINT_PROMISES if "expanded" in name and "low-precision" not in name]
    return _gathers((*promises, *joint), min_dims=2, index_expand=100, dtypes=dtypes, fill=counting)


def gathers_of_matrices(dim: int) -> SearchStrategy[Gather]:
    """Return a strategy for gathers of int64 matrices along dim 0 or 1, their elements counted up."""
    promises = ("size 1", "over 16 elements", "index longer along dim", "index smaller off dim")
    return _gathers(promises, min_dims=2, max_dims=2, at=dim, dtypes=(torch.int64,), fill=counting)


def gathers_by_int32() -> SearchStrategy[Gather]:
    """Return a strategy for gathers whose index is int32 and not expanded."""
    promises = without((*PROMISES, *JOINT_PROMISES), "expanded index", "last dim of index expanded")
    return _gathers(promises, index_dtype=torch.int32, index_expand=0)


@strategy(promises=("expanded index", "over 16 elements"))
def gathers_by_expanded_int32(tape: Tape) -> Gather:
    """Return a strategy for gathers of float32 rows by a column of int32 that is expanded over each row.

    Every second index value is 0, and the column is the first half of its storage: a kernel that reads it as
    int64 finds rows that exist, in memory that is the tensor's.
    """
    rows, columns, count = 2 + (tape.byte() >> 4), 2 + (tape.byte() >> 5), 2 + (tape.byte() >> 4)
    drawn = decode_bytes(tape, 2 * count, read=INDEX_VALUE_BYTES)
    picked = tuple([0 if at % 2 else 1 + byte % (rows - 1) for at, byte in enumerate(drawn)])
    first_half, shape = (slice(None, count),), (count, columns)
    index = TensorCode(picked, torch.int32, (2 * count, 1), shape, first_half, expanded=shape)
    input = contiguous_code(ramp(torch.float32, rows * columns), torch.float32, (rows, columns))
    classes = ("expanded index", "over 16 elements" if count * columns > 16 else "few elements")
    return Gather(classes=classes, input=input, dim=0, index=index)


def gathers_of_zeros() -> SearchStrategy[Gather]:
    """Return a strategy for gathers with an output of at least one element, the input all zeros."""
    return _gathers(("0-d", "size 1", *layout_promises("input")), nonempty=True, fill=zeros)


@strategy(promises=(*SHAPE_PROMISES, *INDEX_PROMISES, *layout_promises(), *layout_promises("upstream")))
def gather_gradients(tape: Tape) -> GatherGradient:
    """Return a strategy for gathers of a leaf with an integer-valued gradient for the output.

    Sums of the gradient's elements are exact in float32 and float64, in whatever order they are added. An
    index that is smaller than the input off dim is not expanded: see `gather_gradients_by_narrow_index`.
    """
    drawn = decode_gather(tape, dtypes=GRAD_DTYPES, fill=zeros, requires_grad=True)
    if {"index smaller off dim", "expanded index"} <= set(drawn.classes):
        drawn = _contiguous_index(drawn)
    upstream = decode_upstream(tape, drawn.index.shape, drawn.input.dtype)
    return drawn.case(GatherGradient, *upstream.classes, upstream=upstream)


def _contiguous_index(drawn: GatherParts) -> GatherParts:
    index = array_code(drawn.index.elements(), drawn.index.dtype)
    classes = without(drawn.classes, *layout_promises("index"))
    return GatherParts(classes, drawn.input, drawn.dim, index)


@strategy(promises=("expanded index", "index smaller off dim"))
def gather_gradients_by_narrow_index(tape: Tape) -> GatherGradient:
    """Return a strategy for gathers by a column that is expanded over some, not all, columns of the input."""
    rows, count = 2 + (tape.byte() >> 6), 2 + (tape.byte() >> 5)
    columns, more = 16 + (tape.byte() >> 2), 1 + (tape.byte() >> 4)
    dtype, drawn = tape.pick(GRAD_DTYPES), decode_bytes(tape, count - 1, read=INDEX_VALUE_BYTES)
    picked = (rows - 1, *[byte % rows for byte in drawn])  # of row 0 alone, the columns would be right
    shape, wider = (count, columns), (rows, columns + more)
    return GatherGradient(
        classes=("expanded index", "index smaller off dim", *DTYPE_CLASSES[dtype]),
        input=contiguous_code(zero_data(dtype, rows * (columns + more)), dtype, wider, requires_grad=True),
        dim=0,
        index=TensorCode(picked, torch.int64, (count, 1), shape, expanded=shape),
        upstream=contiguous_code(ramp(dtype, count * columns), dtype, shape),
    )


@strategy(promises=(*SHAPE_PROMISES, *INDEX_PROMISES, *layout_promises("out", expand=0)))
def gathers_with_out(tape: Tape) -> GatherOut:
    """Return a strategy for gathers with an `out` of the index's shape and the input's dtype."""
    drawn = decode_gather(tape)
    out = decode_tensor(tape, drawn.index.shape, drawn.input.dtype, role="out", fill=zeros, expand=0)
    return drawn.case(GatherOut, *out.classes, out=out)


@strategy(
    promises=(
        *without((*SHAPE_PROMISES, *INDEX_PROMISES), "empty", "empty index"),
        *layout_promises("out", expand=0),
    )
)
def gathers_with_full_out(tape: Tape) -> GatherOut:
    """Return a strategy for the same with an `out` of at least one element."""
    drawn = decode_gather(tape, nonempty=True)
    out = decode_tensor(tape, drawn.index.shape, drawn.input.dtype, role="out", fill=zeros, expand=0)
    return drawn.case(GatherOut, *out.classes, out=out)


@strategy(promises=("0-d", *layout_promises("out", expand=0)))
def gathers_with_out_that_may_require_grad(tape: Tape) -> GatherOut:
    """Return a strategy for the same with an `out` of a dtype that has gradients."""
    drawn = decode_gather(tape, dtypes=GRAD_DTYPES, fill=zeros)
    out = decode_tensor(tape, drawn.index.shape, drawn.input.dtype, role="out", fill=zeros, expand=0)
    return drawn.case(GatherOut, *out.classes, out=out)


@strategy(promises=("0-d", "size 1", "rank 4 or more", "out too small", "out too large", "other rank"))
def gathers_with_out_of_other_shape(tape: Tape) -> GatherOut:
    """Return a strategy for gathers with an `out` that has elements, but not the index's shape."""
    how, where, drawn = (
        tape.pick(("larger", "smaller", "flat", "one more dim")),
        tape.byte(),
        decode_gather(tape),
    )
    shape = nonempty_shape(drawn.index.shape)
    at = where % max(len(shape), 1)
    wrong: Shape = (*shape, 1)
    if shape and how != "one more dim":
        wrong = with_size(shape, at, shape[at] + 1)
        if how == "smaller" and shape[at] > 1:
            wrong = with_size(shape, at, shape[at] - 1)
        if how == "flat" and len(shape) > 1:
            wrong = (math.prod(shape),)
    numel, found = math.prod(drawn.index.shape), math.prod(wrong)
    classes = ["out too small"] if found < numel else ["out too large"] if found > numel else []
    classes += ["other rank"] if len(wrong) != len(shape) else []
    return drawn.case(GatherOut, *classes, out=zeros_code(wrong, drawn.input.dtype))


@strategy(promises=("0-d", "size 1", "rank 4 or more"))
def gathers_with_out_to_resize(tape: Tape) -> GatherOut:
    """Return a strategy for gathers with an empty `out` whose shape is not the index's."""
    drawn = decode_gather(tape, nonempty=True)
    shape: Shape = tape.pick(((0,), (0, 2), (3, 0), (0, 1, 2)))
    return drawn.case(GatherOut, out=contiguous_code((), drawn.input.dtype, shape))


@strategy(promises=("other rank", "same rank", "float index"))
def gathers_by_nothing(tape: Tape) -> Gather:
    """Return a strategy for an index without elements, of whatever rank, sizes and dtype."""
    drawn, where = decode_gather(tape), tape.byte()
    dtype = tape.pick((torch.int64, torch.float32, torch.bool, torch.int32))
    sizes = decode_shape(tape, min_dims=1)
    sizes = with_size(sizes, where % len(sizes), 0)
    classes = ["other rank" if len(sizes) != len(drawn.input.shape) else "same rank"]
    classes += ["float index"] if dtype is torch.float32 else []
    return drawn.case(Gather, *classes, index=contiguous_code((), dtype, sizes))


@strategy(promises=BAD_DIM_PROMISES)
def gathers_by_nothing_out_of_range(tape: Tape) -> Gather:
    """Return a strategy for an index without elements and a dim outside [-rank, rank)."""
    drawn = decode_gather(tape)
    dim = decode_bad_dim(tape, places(drawn.input.shape))
    return drawn.case(Gather, *bad_dim_classes(dim), dim=dim, index=contiguous_code((), torch.int64, (0,)))
