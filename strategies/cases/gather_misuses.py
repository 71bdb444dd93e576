"""Gathers that are refused, and the legal ones that they are one fact away from."""

from __future__ import annotations

import torch

from strategies.case import TensorField, case_class
from strategies.cases.gathers import Gather, GatherOut, GatherParts, decode_gather
from strategies.code import TensorCode
from strategies.dims import BAD_DIM_PROMISES, bad_dim_classes, decode_bad_dim, places
from strategies.shapes import Shape, with_size
from strategies.tape import Tape, strategy
from strategies.tensors import decode_input, zeros_code
from strategies.values import DTYPES

WRONG_INDEX_DTYPES = (
    torch.float32,
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.float16,
    torch.bfloat16,
    torch.complex64,
)


@case_class
class GatherOutMisuse(GatherOut):
    """A gather with an `out` that is refused; with `mended_out` it is legal, one fact apart."""

    mended_out: TensorField = TensorField()


@case_class
class GatherMisuse(Gather):
    """A gather that is refused; with `mended_dim` and `mended_index` it is legal, one fact apart."""

    mended_dim: int
    mended_index: TensorField = TensorField()


def _misuse(
    drawn: GatherParts, *classes: str, index: TensorCode | None = None, dim: int | None = None
) -> GatherMisuse:
    """Return a legal gather with an index or a dim for which it is refused."""
    return drawn.case(
        GatherMisuse,
        *classes,
        index=drawn.index if index is None else index,
        dim=drawn.dim if dim is None else dim,
        mended_dim=drawn.dim,
        mended_index=drawn.index,
    )


@strategy(promises=("0-d", "size 1", "rank 4 or more"))
def gathers_with_out_of_other_dtype(tape: Tape) -> GatherOutMisuse:
    """Return a strategy for gathers with an `out` of the index's shape and another dtype than the input's."""
    drawn = decode_gather(tape, nonempty=True)
    shape, own = drawn.index.shape, drawn.input.dtype
    other = tape.pick([dtype for dtype in dict.fromkeys(DTYPES) if dtype is not own])
    return drawn.case(GatherOutMisuse, out=zeros_code(shape, other), mended_out=zeros_code(shape, own))


@strategy(promises=("rank too low", "rank too high"))
def gathers_with_wrong_rank(tape: Tape) -> GatherMisuse:
    """Return a strategy for a non-empty index of one dim more or less than the input.

    Ranks 0 and 1 against each other are left out: `gathers_between_rank_0_and_1` draws them.
    """
    down, cut = tape.chance(50), tape.byte()

    def one_at_cut(sizes: Shape) -> Shape:
        return with_size(sizes, cut % len(sizes), 1) if down else sizes

    drawn = decode_gather(tape, min_dims=2 if down else 1, nonempty=True, index_shape=one_at_cut)
    sizes = drawn.index.shape
    at = cut % len(sizes)
    wrong = (*sizes[:at], *sizes[at + 1 :]) if down else (*sizes[:at], 1, *sizes[at:])
    return _misuse(drawn, "rank too low" if down else "rank too high", index=zeros_code(wrong))


@strategy(promises=("rank-0 input", "rank-0 index"))
def gathers_between_rank_0_and_1(tape: Tape) -> GatherMisuse:
    """Return a strategy for a rank-0 index into a rank-1 input and the reverse."""
    scalar_input, size = tape.chance(50), 1 + (tape.byte() >> 6)
    shape: Shape = () if scalar_input else (size,)
    input = decode_input(tape, shape, DTYPES)
    drawn = GatherParts(input.classes, input, 0, zeros_code(shape))
    wrong = zeros_code((size,) if scalar_input else ())
    return _misuse(drawn, "rank-0 input" if scalar_input else "rank-0 index", index=wrong)


@strategy(promises=("input of size 1 there", "negative dim"))
def gathers_with_oversized_index(tape: Tape) -> GatherMisuse:
    """Return a strategy for an index that is larger than the input in one dim other than `dim`."""
    where, more = tape.byte(), tape.pick((1, 2, 5, 300))
    drawn = decode_gather(tape, min_dims=2, nonempty=True)
    shape, sizes = drawn.input.shape, drawn.index.shape
    dim = drawn.dim % len(shape)
    at = [other for other in range(len(shape)) if other != dim][where % (len(shape) - 1)]
    wrong = with_size(sizes, at, shape[at] + more)
    if sizes[dim] > 64:
        wrong = with_size(wrong, dim, 1)
    broadcast = ["input of size 1 there"] if shape[at] == 1 else []
    return _misuse(drawn, *broadcast, index=zeros_code(wrong))


@strategy(promises=("0-d", "below 0", "past the end"))
def gathers_out_of_range(tape: Tape) -> GatherMisuse:
    """Return a strategy for an index with one value below 0 or past the end, by one and by far."""
    below, far = tape.chance(50), tape.pick((0, 0, 1, 5, 1000, 2**31, 2**62))
    drawn = decode_gather(tape, nonempty=True)
    size = drawn.input.shape[drawn.dim] if drawn.input.shape else 1
    index = zeros_code(drawn.index.shape, first=-1 - far if below else size + far)
    return _misuse(drawn, "below 0" if below else "past the end", index=index)


@strategy(promises=("bool index", "float index", "other index"))
def gathers_with_wrong_index_dtype(tape: Tape) -> GatherMisuse:
    """Return a strategy for a non-empty index that is neither int64 nor int32."""
    dtype = tape.pick(WRONG_INDEX_DTYPES)
    drawn = decode_gather(tape, nonempty=True)
    kind = "bool" if dtype is torch.bool else "float" if dtype.is_floating_point else "other"
    return _misuse(drawn, f"{kind} index", index=zeros_code(drawn.index.shape, dtype))


@strategy(promises=("0-d", *BAD_DIM_PROMISES))
def gathers_with_dim_out_of_range(tape: Tape) -> GatherMisuse:
    """Return a strategy for a dim outside [-rank, rank) and a non-empty index."""
    drawn = decode_gather(tape, nonempty=True)
    dim = decode_bad_dim(tape, places(drawn.input.shape))
    return _misuse(drawn, *bad_dim_classes(dim), dim=dim)
