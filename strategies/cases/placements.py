"""Cases for what every other case rests on: tensors on a device, and the views that make their layouts."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from strategies.case import InputCase, TensorField, case_class
from strategies.code import TensorCode, check_dtype, contiguous_code, indexed_shape
from strategies.shapes import MANY_ONES, MAX_RANK, SHAPE_PROMISES, Shape, decode_shape, shape_classes
from strategies.tape import Tape, strategy, weighted, without
from strategies.tensors import decode_input, decode_tensor, layout_promises
from strategies.values import DTYPE_CLASSES, DTYPE_PROMISES, DTYPES, VALUE_PROMISES, decode_values

COMPLEX_DTYPES = (torch.complex64, torch.complex128)

DIFFERENTIABLE_DTYPES = weighted(
    {
        torch.float32: 60,
        torch.float64: 76,
        torch.complex64: 30,
        torch.complex128: 30,
        torch.float16: 30,
        torch.bfloat16: 30,
    }
)

_STEPS = (2, 3, 5, 1)
_EXPANDED = (2, 3, 5, 4)


@case_class
class Parted(InputCase):
    """A complex tensor whose parts are read."""

    part: torch.dtype

    def build(self) -> None:
        """Build the input; raises LackingDtypeError if the device lacks the dtype of the parts, too."""
        check_dtype(self.part)
        super().build()


@case_class
class Sliced(InputCase):
    """A contiguous tensor, and a slice of each of its first dims."""

    index: tuple[slice, ...]


@case_class
class Permuted(InputCase):
    """A tensor and an order of its dims."""

    dims: tuple[int, ...]


@case_class
class Moved(InputCase):
    """A tensor, and another of its shape and dtype that is to be copied into it."""

    src: TensorField = TensorField()


@case_class
class Expanded(InputCase):
    """A tensor, the sizes to expand it to, where -1 leaves a size as it is, and the shape that results."""

    sizes: tuple[int, ...]
    shape: tuple[int, ...]


def _contiguous(
    tape: Tape, shape: Shape, dtypes: Sequence[torch.dtype], *, offset: bool = False
) -> TensorCode:
    """Read a contiguous tensor of the shape; with an `offset`, all but the first position of a larger one."""
    base = (shape[0] + 1, *shape[1:]) if offset and shape else shape
    numel = 1
    for size in base:
        numel *= size
    dtype = tape.pick(dtypes)
    data, classes = decode_values(tape, dtype, numel)
    classes = [*shape_classes(shape), *DTYPE_CLASSES[dtype], *classes]
    code = contiguous_code(data, dtype, base).changed(classes=tuple(classes))
    if base == shape:
        return code
    return code.changed(shape=shape, index=(slice(1, None),), classes=(*classes, "storage offset input"))


@strategy(promises=(*SHAPE_PROMISES, *DTYPE_PROMISES, *VALUE_PROMISES))
def placements(tape: Tape) -> InputCase:
    """Return a strategy for contiguous tensors of every shape and dtype."""
    code = _contiguous(tape, decode_shape(tape), DTYPES)
    return InputCase(classes=code.classes, input=code)


@strategy(promises=(*without(SHAPE_PROMISES, "0-d"), *DTYPE_PROMISES))
def placements_with_dims(tape: Tape) -> InputCase:
    """Return a strategy for contiguous tensors that have dims, of every dtype."""
    shape = decode_shape(tape, min_dims=1)
    code = _contiguous(tape, shape, DTYPES, offset=tape.chance(30))
    return InputCase(classes=(*shape_classes(shape), *code.classes), input=code)


@strategy(
    promises=(
        *SHAPE_PROMISES,
        *DTYPE_PROMISES,
        *layout_promises("src"),
        *without(layout_promises(), "expanded input"),
    )
)
def moved(tape: Tape) -> Moved:
    """Return a strategy for two tensors of one shape and dtype, the first of which can be written to."""
    shape = decode_shape(tape)
    code = decode_input(tape, shape, DTYPES, expand=0)
    src = decode_tensor(tape, shape, code.dtype, role="src")
    return Moved(classes=(*shape_classes(shape), *code.classes, *src.classes), input=code, src=src)


@strategy(promises=("0-d", "size 1", "rank 4 or more", *DTYPE_PROMISES))
def placements_of_one_element(tape: Tape) -> InputCase:
    """Return a strategy for tensors of one element, of every rank and dtype."""
    shape = (1,) * len(decode_shape(tape))
    code = _contiguous(tape, shape, DTYPES)
    return InputCase(classes=code.classes, input=code)


@strategy(promises=(*SHAPE_PROMISES, "float64", "low-precision float", "complex"))
def placements_to_differentiate(tape: Tape) -> InputCase:
    """Return a strategy for contiguous tensors of the dtypes that can require grad, none of which does."""
    code = _contiguous(tape, decode_shape(tape), DIFFERENTIABLE_DTYPES)
    return InputCase(classes=code.classes, input=code)


COMPLEX_PROMISES = (*SHAPE_PROMISES, *layout_promises(), "NaN", "infinity")


@strategy(promises=COMPLEX_PROMISES)
def complex_placements(tape: Tape) -> InputCase:
    """Return a strategy for complex tensors in every layout, conj and neg views apart."""
    code = decode_input(tape, decode_shape(tape), COMPLEX_DTYPES, lazy=False)
    return InputCase(classes=code.classes, input=code)


@strategy(promises=COMPLEX_PROMISES)
def complex_placements_in_parts(tape: Tape) -> Parted:
    """Return a strategy for the same, the dtype of whose parts the device has."""
    code = decode_input(tape, decode_shape(tape), COMPLEX_DTYPES, lazy=False)
    return Parted(classes=code.classes, input=code, part=code.dtype.to_real())


@strategy(
    promises=(
        *SHAPE_PROMISES,
        *DTYPE_PROMISES,
        "start",
        "negative start",
        "stop",
        "negative stop",
        "beyond the end",
        "step",
        "step in the last dim",
        "nothing picked",
        "few dims sliced",
    )
)
def slicings(tape: Tape) -> Sliced:
    """Return a strategy for contiguous tensors and slices of their dims, starts, stops and steps drawn."""
    shape = decode_shape(tape)
    drawn, fewer = tape.take(3 * MAX_RANK), tape.byte()
    sliced = len(shape) if fewer < 160 else fewer % (len(shape) + 1)
    index = tuple([_slice(size, drawn[3 * dim : 3 * dim + 3]) for dim, size in enumerate(shape[:sliced])])
    code = _contiguous(tape, shape, DTYPES)
    classes = _slice_classes(shape, index)
    return Sliced(classes=(*code.classes, *classes), input=code, index=index)


def _slice(size: int, drawn: bytes) -> slice:
    start, stop, step = drawn
    return slice(
        _place(size, start - 171) if start > 170 else 1 + start % 3 if start > 120 else None,
        _place(size, stop - 191) if stop > 190 else None,
        _STEPS[(step - 141) % 4] if step > 140 else None,
    )


def _place(size: int, number: int) -> int:
    """Return a place of a dim, from one before the first, counted from the end, to one after the last."""
    return number % (2 * size + 3) - size - 1


def _slice_classes(shape: Shape, index: tuple[slice, ...]) -> list[str]:
    sizes = list(zip(shape, index, strict=False))
    found = {
        "start": any((at.start or 0) > 0 for _, at in sizes),
        "negative start": any((at.start or 0) < 0 for _, at in sizes),
        "stop": any((at.stop or 0) > 0 for _, at in sizes),
        "negative stop": any((at.stop or 0) < 0 for _, at in sizes),
        "beyond the end": any((at.stop or 0) > size or (at.stop or 0) < -size for size, at in sizes),
        "step": any((at.step or 1) > 1 for _, at in sizes),
        "step in the last dim": len(index) == len(shape) > 0 and (index[-1].step or 1) > 1,
        "nothing picked": 0 not in shape and 0 in indexed_shape(shape, index),
        "few dims sliced": len(index) < len(shape),
    }
    return [name for name, holds in found.items() if holds]


@strategy(
    promises=(*SHAPE_PROMISES, *DTYPE_PROMISES, "negative dim", "two long dims moved", "storage offset input")
)
def permutations(tape: Tape) -> Permuted:
    """Return a strategy for tensors, some with a storage offset, and an order of their dims."""
    shape = decode_shape(tape)
    order, negative, offset = tape.take(MAX_RANK), tape.byte(), tape.chance(40)
    rank = len(shape)
    dims = tuple(sorted(range(rank), key=lambda dim: order[dim]))
    long = [dim for dim in dims if shape[dim] > 1]
    code = _contiguous(tape, shape, DTYPES, offset=offset)
    classes = [*code.classes, *["two long dims moved"][: long != sorted(long)]]
    if negative > 170 and rank:
        dims = tuple([dim - rank if negative >> at % 4 & 1 else dim for at, dim in enumerate(dims)])
        classes += ["negative dim"] if min(dims) < 0 else []
    return Permuted(classes=tuple(classes), input=code, dims=dims)


@strategy(
    promises=(
        "0-d",
        "size 1",
        "rank 4 or more",
        "empty",
        "over 16 elements",
        *DTYPE_PROMISES,
        "dim expanded",
        "two dims expanded",
        "dims added",
        "size left as it is",
        "storage offset input",
    )
)
def expansions(tape: Tape) -> Expanded:
    """Return a strategy for tensors, some with a storage offset, and sizes to expand them to."""
    shape = decode_shape(tape, sizes=MANY_ONES)
    drawn, added, left, offset = tape.take(MAX_RANK), tape.byte(), tape.byte(), tape.chance(40)
    expanded, room = list(shape), 2
    for dim, byte in enumerate(drawn[: len(shape)]):
        if shape[dim] == 1 and byte > 100 and room:
            expanded[dim] = _EXPANDED[(byte - 101) % 4]
            room -= 1
    lead = () if added < 140 else ((2,), (3, 2), (1,))[added % 3]
    sizes = list(expanded)
    if left > 128:
        sizes = [
            -1 if size == old and left >> at % 3 & 1 else size
            for at, (size, old) in enumerate(zip(expanded, shape, strict=True))
        ]
    grown = sum(one != other for one, other in zip(expanded, shape, strict=True))
    found = {
        "dim expanded": grown > 0,
        "two dims expanded": grown > 1,
        "dims added": bool(lead),
        "size left as it is": -1 in sizes,
    }
    code = _contiguous(tape, shape, DTYPES, offset=offset)
    return Expanded(
        classes=(*code.classes, *[name for name, holds in found.items() if holds]),
        input=code,
        sizes=(*lead, *sizes),
        shape=(*lead, *expanded),
    )
