"""Cases for view of another dtype: elements of the same size, of smaller and of larger ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from strategies.case import InputCase, TensorField, case_class
from strategies.code import Index, TensorCode, check_dtype, indexed_shape
from strategies.fills import Fill, zero_data, zeros
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, shape_classes
from strategies.tape import Tape, strategy, without
from strategies.tensors import decode_tensor, layout_promises, zeros_code
from strategies.values import BITS, DTYPE_CLASSES, NAN_PAYLOAD, decode_values

DtypePair = tuple[torch.dtype, torch.dtype]

SIZED: dict[int, tuple[torch.dtype, ...]] = {
    1: (torch.int8, torch.uint8, torch.bool),
    2: (torch.float16, torch.bfloat16, torch.int16),
    4: (torch.float32, torch.int32),
    8: (torch.float64, torch.int64, torch.complex64),
    16: (torch.complex128,),
}
"""Dtypes by the size of an element in bytes."""

_PAIRS = tuple(
    (one, other)
    for size, dtypes in SIZED.items()
    for one in dtypes
    for other in dtypes
    if other is not torch.bool or one is torch.bool
)
_FINER = tuple(
    (one, other)
    for size, dtypes in reversed(SIZED.items())
    for one in dtypes
    for smaller, others in SIZED.items()
    for other in others
    if smaller < size and other is not torch.bool
)
_COARSER = tuple((other, one) for one, other in _FINER)
_WRITTEN = tuple(
    (one, other)
    for one, other in (*[pair for pair in _PAIRS if pair[0] is not pair[1]] * 6, *_FINER, *_COARSER)
    if one is not torch.bool
)
"""Pairs of different dtypes, those of the same size as often as the others."""


@case_class
class DtypeView(InputCase):
    """An input and a dtype to view it as."""

    dtype: torch.dtype = torch.float32

    def build(self) -> None:
        """Build the input; raises LackingDtypeError if the device lacks the dtype of the view, too."""
        check_dtype(self.dtype)
        super().build()


@case_class
class DtypeViewMisuse(DtypeView):
    """A dtype that is refused; for `mended_input` it is legal, one fact apart."""

    mended_input: TensorField = TensorField()


def _ratio(old: torch.dtype, new: torch.dtype) -> int:
    """Return how many elements of the old dtype one of the new dtype stands for, 1 if it is smaller."""
    return max(new.itemsize // old.itemsize, 1)


@strategy(promises=(*SHAPE_PROMISES, *layout_promises()))
def dtype_views(tape: Tape) -> DtypeView:
    """Return a strategy for any input and a dtype whose elements are as large as its own.

    No other dtype is viewed as bool, whose elements are 0 and 1 only.
    """
    shape = decode_shape(tape)
    old, new = tape.pick(_PAIRS)
    code = _without_bit(decode_tensor(tape, shape, old, known=shape_classes(shape)))
    return DtypeView(classes=(*code.classes, *_nan_classes(code, new)), input=code, dtype=new)


def _nan_classes(code: TensorCode, new: torch.dtype) -> list[str]:
    """Return the class of a NaN whose bits tell it from another, if the tensor or its view has one."""
    data = code.memory()
    for dtype in (code.dtype, new):
        part = dtype.to_real() if dtype.is_complex else dtype
        if part.is_floating_point and data.numel():
            bits = BITS[part.itemsize]
            found, ours = data.view(part), torch.tensor([math.nan], dtype=part).view(bits)
            if bool((found.isnan() & (data.view(bits) != ours)).any()):
                return [NAN_PAYLOAD]
    return []


def _without_bit(code: TensorCode) -> TensorCode:
    """Return the tensor without its conj or neg bit: bits in memory are not those of the elements there."""
    if not code.bit:
        return code
    return code.changed(bit="", classes=without(code.classes, f"{code.bit} view"))


def _rows(
    tape: Tape, old: torch.dtype, new: torch.dtype, *, fill: Fill = decode_values, nonempty: bool = False
) -> tuple[TensorCode, list[str]]:
    """Read a tensor that can be viewed as another dtype: last stride 1, all else a multiple of the ratio."""
    ratio = _ratio(old, new)
    shape = decode_shape(tape, min_dims=1)
    if nonempty:
        shape = nonempty_shape(shape)
    layout = tape.byte()
    *lead, last = shape
    # Of a last size 0 the strides before it would be no multiples of the ratio.
    last = last if ratio == 1 else ratio * min(max(last, 1), max(512 // ratio, 1))
    base: Shape = (*lead, last)
    index: Index | None = None
    permutation: Shape | None = None
    classes: list[str] = []
    if layout & 1 and lead and lead[0] > 0:
        base, index = (2 * lead[0], *lead[1:], last), (slice(1, None, 2),)
        classes.append("stepped input")
    if layout & 2 and len(lead) > 1:
        base = (*(base[1], base[0]), *base[2:])
        index = None if index is None else (slice(None), *index)
        permutation = (1, 0, *range(2, len(shape)))
        classes.append("transposed input")
    data, found = fill(tape, old, math.prod(base))
    code = TensorCode(data, old, base, (*lead, last), index, permutation)
    return code, [*shape_classes(code.shape), *classes, *found, *DTYPE_CLASSES[old]]


@strategy(promises=("rank 4 or more", "empty", "over 256 elements", "stepped input", "transposed input"))
def dtype_views_of_rows(tape: Tape, *, finer: bool) -> DtypeView:
    """Return a strategy for an input with a last stride of 1 and a dtype of smaller or larger elements."""
    old, new = tape.pick(_FINER if finer else _COARSER)
    code, classes = _rows(tape, old, new)
    return DtypeView(classes=(*classes, *_nan_classes(code, new)), input=code, dtype=new)


@strategy(
    promises=(
        "rank 4 or more",
        "over 256 elements",
        "stepped input",
        "transposed input",
        "same size",
        "other size",
    )
)
def dtype_views_of_zeros(tape: Tape) -> DtypeView:
    """Return a strategy for zeros with a last stride of 1 and another dtype, of elements of any size.

    The input is not bool, whose bytes are those of its elements only if they are 0 or 1.
    """
    old, new = tape.pick(_WRITTEN)
    code, classes = _rows(tape, old, new, fill=zeros, nonempty=True)
    same = "same size" if old.itemsize == new.itemsize else "other size"
    return DtypeView(classes=(*classes, same), input=code, dtype=new)


@strategy(promises=("conj view", "rank 4 or more"))
def dtype_views_of_conj_views(tape: Tape) -> DtypeViewMisuse:
    """Return a strategy for a conj view and another dtype; without the conj bit it is legal."""
    old, new = tape.pick([(old, new) for old, new in (*_FINER, *_PAIRS) if old.is_complex and old is not new])
    shape = nonempty_shape(decode_shape(tape, min_dims=1))
    mended = zeros_code(shape, old)
    classes = ("conj view", *shape_classes(shape))
    return DtypeViewMisuse(classes=classes, input=mended.changed(bit="conj"), dtype=new, mended_input=mended)


@strategy(promises=("0-d",))
def dtype_views_of_scalars(tape: Tape) -> DtypeViewMisuse:
    """Return a strategy for a 0-d input and a dtype of other size; with one dim it is legal."""
    old, new = tape.pick((*_FINER, *_COARSER))
    return DtypeViewMisuse(
        classes=("0-d", *DTYPE_CLASSES[old]),
        input=zeros_code((), old),
        dtype=new,
        mended_input=zeros_code((_ratio(old, new),), old),
    )


def _legal(
    tape: Tape, pairs: Sequence[DtypePair] = _COARSER, *, min_dims: int = 1
) -> tuple[torch.dtype, torch.dtype, Shape]:
    """Read two dtypes and a shape whose last size is a multiple of the ratio of their element sizes."""
    old, new = tape.pick(pairs)
    *lead, last = nonempty_shape(decode_shape(tape, min_dims=min_dims))
    return old, new, (*lead, min(last, 40) * _ratio(old, new))


def _misuse(
    name: str, old: torch.dtype, new: torch.dtype, shape: Shape, last: int, cut: slice
) -> DtypeViewMisuse:
    """Return zeros that are cut out of a base whose last size is `last`, beside contiguous ones."""
    base = (*shape[:-1], last)
    index = (*[slice(None)] * len(shape[:-1]), cut)
    wrong = TensorCode(zero_data(old, math.prod(base)), old, base, indexed_shape(base, index), index)
    classes = (name, *shape_classes(shape))
    return DtypeViewMisuse(classes=classes, input=wrong, dtype=new, mended_input=zeros_code(shape, old))


@strategy(promises=("last stride 2", "rank 4 or more"))
def dtype_views_with_stepped_rows(tape: Tape) -> DtypeViewMisuse:
    """Return a strategy for a last dim of stride 2 and a dtype of other size."""
    old, new, (*lead, last) = _legal(tape, (*_COARSER, *_FINER))
    last = max(last, 2)  # a dim of size 1 has no step
    return _misuse("last stride 2", old, new, (*lead, last), 2 * last, slice(None, None, 2))


@strategy(promises=("last size no multiple", "rank 4 or more"))
def dtype_views_with_odd_size(tape: Tape) -> DtypeViewMisuse:
    """Return a strategy for a last dim one longer than a multiple of the ratio, the strides multiples."""
    old, new, shape = _legal(tape)
    wider, end = shape[-1] + _ratio(old, new), shape[-1] + 1
    return _misuse("last size no multiple", old, new, shape, wider, slice(None, end))


@strategy(promises=("offset no multiple", "rank 4 or more"))
def dtype_views_with_odd_offset(tape: Tape) -> DtypeViewMisuse:
    """Return a strategy for a storage offset that is no multiple of the ratio."""
    old, new, shape = _legal(tape)
    wider, end = shape[-1] + _ratio(old, new), shape[-1] + 1
    return _misuse("offset no multiple", old, new, shape, wider, slice(1, end))


@strategy(promises=("stride no multiple", "rank 4 or more"))
def dtype_views_with_odd_strides(tape: Tape) -> DtypeViewMisuse:
    """Return a strategy for a stride before the last that is no multiple of the ratio."""
    old, new, shape = _legal(tape, min_dims=2)
    return _misuse("stride no multiple", old, new, shape, shape[-1] + 1, slice(None, shape[-1]))


@strategy(promises=("empty", "rank 4 or more"))
def dtype_views_with_odd_empty_strides(tape: Tape) -> DtypeViewMisuse:
    """Return a strategy for a tensor without elements, a stride before its last no multiple of the ratio."""
    old, new, shape = _legal(tape, min_dims=2)
    *lead, last = shape
    wrong, right = [
        TensorCode(
            zero_data(old, math.prod(base)),
            old,
            base,
            (*lead, 0),
            (*[slice(None)] * len(lead), slice(None, 0)),
        )
        for base in ((*lead, last + 1), shape)
    ]
    classes = tuple(shape_classes((*lead, 0)))
    return DtypeViewMisuse(classes=classes, input=wrong, dtype=new, mended_input=right)
