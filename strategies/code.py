"""A tensor as the expression that builds it: elements, shape, dtype and layout."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch

from strategies.drawn import host_elements, remember
from strategies.shapes import GRAIN, Shape
from strategies.tape import Traced
from strategies.values import Repeated, Scalar, ramp

Index = tuple["slice | int", ...]
LazyBit = Literal["", "conj", "neg"]

_device_now = torch.device("cpu")

_lacking_now: frozenset[torch.dtype] = frozenset()

_DEFAULT_DTYPES = {bool: torch.bool, int: torch.int64, float: torch.float32, complex: torch.complex64}


class LackingDtypeError(Exception):
    """A tensor cannot be built because the device has no tensors of its dtype, `dtype`."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__(f"the device has no tensors of {dtype}")
        self.dtype = dtype


@contextmanager
def placing_on(device: torch.device | str, lacking: Iterable[torch.dtype] = ()) -> Iterator[None]:
    """Have the cases drawn inside the block build their tensors on `device`.

    To build one of a dtype among `lacking`, which the device does not have, raises LackingDtypeError.
    """
    global _device_now, _lacking_now
    before = _device_now, _lacking_now
    _device_now, _lacking_now = torch.device(device), frozenset(lacking)
    try:
        yield
    finally:
        _device_now, _lacking_now = before


def check_dtype(dtype: torch.dtype) -> None:
    """Raise LackingDtypeError if `placing_on` says that the device has no tensors of the dtype."""
    if dtype in _lacking_now:
        raise LackingDtypeError(dtype)


def device_now() -> torch.device:
    """Return the device that `placing_on` has set, the CPU outside of any such block."""
    return _device_now


@dataclass(frozen=True)
class TensorCode(Traced):
    """An expression for a tensor: a contiguous base, then a slice, a permutation and an expansion of it.

    `data` holds the base's elements in row-major order and `base` is its shape; `index`, `permutation` and
    `expanded` are applied in this order where given, or else the strides and the offset in `strided`; `shape`
    is the shape that results. `bit` makes it a conj or neg view of all that. `classes` names the input
    classes that the tensor belongs to.
    """

    data: tuple[Scalar, ...] | Repeated
    dtype: torch.dtype
    base: Shape
    shape: Shape
    index: Index | None = None
    permutation: Shape | None = None
    expanded: Shape | None = None
    requires_grad: bool = False
    classes: tuple[str, ...] = ()
    bit: LazyBit = ""
    strided: tuple[Shape, int] | None = None

    def build(self) -> torch.Tensor:
        """Return the tensor, on the device that `placing_on` has set (the CPU by default)."""
        check_dtype(self.dtype)
        # A copy is no view of anything, and what is done to it concerns nobody else.
        tensor = self._kept.clone().to(_device_now)
        if self.index is not None:
            tensor = tensor[self.index]
        if self.permutation is not None:
            tensor = tensor.permute(self.permutation)
        if self.expanded is not None:
            tensor = tensor.expand(self.expanded)
        if self.strided is not None:
            tensor = tensor.as_strided(self.shape, *self.strided)
        if self.bit:
            tensor = tensor.conj() if self.bit == "conj" else tensor._neg_view()
        if self.requires_grad:
            tensor.requires_grad_()
        remember(tensor, self)
        return tensor

    def changed(self, **fields: Any) -> TensorCode:
        """Return the same expression with other values for some of its fields."""
        return replace(self, **fields)

    @functools.cached_property
    def _kept(self) -> torch.Tensor:
        """The contiguous base on the CPU, made once, since a case is run by many rules on many devices."""
        if isinstance(self.data, Repeated):
            made = torch.from_numpy(np.array(self.data)).to(self.dtype)
        elif self.dtype in (torch.bfloat16, torch.float16) or not self.data:
            # What a NaN becomes is for torch to say, and numpy has no stride for nothing.
            made = torch.tensor(self.data, dtype=self.dtype)
        else:
            # numpy reads Python's numbers several times faster.
            made = torch.from_numpy(np.array(self.data, dtype=_numpy_dtype(self.dtype)))
        return made.reshape(self.base)

    @functools.cached_property
    def _host(self) -> np.ndarray[Any, Any]:
        """The elements of the base in numpy, made once, too; what is handed out is a copy."""
        return host_elements(self._kept)

    def memory(self) -> torch.Tensor:
        """Return the bytes of the contiguous base, on the CPU."""
        return self._kept.reshape(-1).view(torch.uint8)

    def elements(self) -> np.ndarray[Any, Any]:
        """Return the elements in the tensor's shape, conj and neg bits left aside, as Python numbers are."""
        return self._laid_out(np.array(self.data).reshape(self.base))

    def drawn(self) -> np.ndarray[Any, Any]:
        """Return the elements in the tensor's shape and dtype (bfloat16 by ml_dtypes), an array of its own.

        The elements are rounded to the dtype by the CPU; numpy lays them out, not torch.
        """
        found = self._laid_out(self._host)
        if self.bit:
            found = found.conj() if self.bit == "conj" else -found
        return np.array(found, order="C")

    def _laid_out(self, base: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the tensor that the layout makes of its base, in numpy."""
        found = base
        if self.index is not None:
            found = found[self.index]
        if self.permutation is not None:
            found = found.transpose(self.permutation)
        if self.strided is not None:
            steps, offset = self.strided
            steps = tuple([step * found.itemsize for step in steps])
            found = np.lib.stride_tricks.as_strided(found.reshape(-1)[offset:], self.shape, steps)
        return found if self.expanded is None else np.broadcast_to(found, self.expanded)

    def strides(self) -> Shape:
        """Return the strides of the tensor, as a device with strides lays it out."""
        if self.strided is not None:
            return self.strided[0]
        steps = contiguous_strides(self.base)
        if self.index is not None:
            pairs = zip(steps, _of_every_dim(self.index, self.base), strict=True)
            steps = tuple([step * (at.step or 1) for step, at in pairs if isinstance(at, slice)])
        if self.permutation is not None:
            steps = tuple([steps[dim] for dim in self.permutation])
        if self.expanded is not None:
            kept = len(self.expanded) - len(steps)
            sizes = self._before_expanding()
            steps = (0,) * kept + tuple(
                [
                    0 if old != new else step
                    for step, old, new in zip(steps, sizes, self.expanded[kept:], strict=True)
                ]
            )
        return steps

    def identity(self) -> tuple[Any, ...]:
        """Return what is equal for expressions of tensors that are alike: in memory, layout and dtype."""
        with placing_on("cpu"):
            made = self.build()
        layout = (made.shape, made.stride(), made.storage_offset(), made.requires_grad, self.bit)
        # To numpy no bits are known, and to bfloat16 no numpy.
        return (self.dtype, *layout, bytes(self.memory().tolist()))

    def _before_expanding(self) -> Shape:
        sizes = self.base if self.index is None else indexed_shape(self.base, self.index)
        if self.permutation is not None:
            sizes = tuple([sizes[dim] for dim in self.permutation])
        return sizes

    def __repr__(self) -> str:
        return self.expression()

    def expression(self, device: str = "cpu") -> str:
        """Return the code that builds the tensor on a device; the layout is laid out there."""
        code = base_code(self.data, self.dtype, self.base)
        if device != "cpu":
            code += f".to({device!r})"
        if self.index is not None:
            code += f"[{', '.join(_step(step) for step in self.index)}]"
        if self.permutation is not None:
            code += f".permute{self.permutation}"
        if self.expanded is not None:
            code += f".expand({', '.join(map(str, self.expanded))})"
        if self.strided is not None:
            code += f".as_strided({self.shape}, {', '.join(map(str, self.strided))})"
        if self.bit:
            code += ".conj()" if self.bit == "conj" else "._neg_view()"
        return code + (".requires_grad_()" if self.requires_grad else "")


def code_of(tensor: torch.Tensor) -> TensorCode:
    """Return an expression for a tensor that is given: for its storage, its strides and its offset.

    Raises ValueError for what is not strided.
    """
    if tensor.layout is not torch.strided:
        raise ValueError(f"a tensor of {tensor.layout} has no strides that could be printed")
    bit: LazyBit = "conj" if tensor.is_conj() else "neg" if tensor.is_neg() else ""
    plain = tensor.detach()
    plain = (plain.conj() if bit == "conj" else plain._neg_view() if bit else plain).cpu()
    offset, strides, shape = int(plain.storage_offset()), plain.stride(), tuple(plain.shape)
    requires_grad = tensor.requires_grad
    if (
        strides == contiguous_strides(shape)
        and not offset
        and plain.untyped_storage().nbytes() == plain.nbytes
    ):
        data = tuple(plain.reshape(-1).tolist())
        return contiguous_code(data, plain.dtype, shape, requires_grad=requires_grad).changed(bit=bit)
    size = plain.untyped_storage().nbytes() // plain.dtype.itemsize
    data = tuple(plain.as_strided((size,), (1,), 0).tolist())
    return TensorCode(
        *(data, plain.dtype, (size,), shape), requires_grad=requires_grad, bit=bit, strided=(strides, offset)
    )


def contiguous_code(
    data: tuple[Scalar, ...] | Repeated, dtype: torch.dtype, shape: Shape, *, requires_grad: bool = False
) -> TensorCode:
    """Return a contiguous tensor of the elements, which are in row-major order."""
    return TensorCode(data, dtype, shape, shape, requires_grad=requires_grad)


def array_code(elements: np.ndarray[Any, Any], dtype: torch.dtype) -> TensorCode:
    """Return a contiguous tensor of an array's elements, in its shape."""
    return contiguous_code(tuple(elements.reshape(-1).tolist()), dtype, elements.shape)


def indexed_shape(base: Shape, index: Index) -> Shape:
    """Return the shape that an index cuts out of a base."""
    pairs = zip(base, _of_every_dim(index, base), strict=True)
    return tuple([len(range(size)[at]) for size, at in pairs if isinstance(at, slice)])


def _of_every_dim(index: Index, base: Shape) -> Index:
    return (*index, *[slice(None)] * (len(base) - len(index)))


@functools.cache
def _numpy_dtype(dtype: torch.dtype) -> np.dtype[Any]:
    return torch.empty(0, dtype=dtype).numpy().dtype


def contiguous_strides(shape: Shape) -> Shape:
    """Return the strides of a contiguous tensor; like torch, count a size of 0 as 1."""
    steps = []
    step = 1
    for size in reversed(shape):
        steps.append(step)
        step *= max(size, 1)
    return tuple(reversed(steps))


def base_code(data: tuple[Scalar, ...] | Repeated, dtype: torch.dtype, shape: Shape) -> str:
    """Print a contiguous tensor as a person would: zeros, filled, counted up, or element by element."""
    if isinstance(data, Repeated):
        some = f"torch.tensor([{', '.join(map(literal, data.period))}], dtype={dtype})"
        times = -(-data.total // len(data.period))
        replaced = f"index_fill(0, torch.tensor([{data.at}]), {literal(data.value)})"
        return f"{some}.repeat({times})[:{data.total}].{replaced}.reshape{shape}"
    if len(data) > 6 or not data:
        size = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
        named = "" if dtype is torch.float32 else f", dtype={dtype}"
        if all(_same(value, data[0]) for value in data):
            if not data or (data[0] == 0 and str(data[0])[0] != "-"):
                return f"torch.zeros({size}{named})"
            return f"torch.full({size}, {literal(data[0])}, dtype={dtype})"
        if dtype is not torch.bool and data == ramp(dtype, len(data)) and data[-1] == len(data) - 1:
            # arange itself knows few dtypes.
            counted = f"torch.arange({len(data)})" + ("" if dtype is torch.int64 else f".to({dtype})")
            return counted if len(shape) == 1 else f"{counted}.reshape{size}"
    named = "" if data and _DEFAULT_DTYPES[type(data[0])] is dtype else f", dtype={dtype}"
    if len(data) > GRAIN and (period := _period(tuple(data[:-1]))):
        # Nobody reads this many elements; all but the last repeat.
        some, last = [
            f"torch.tensor([{', '.join(map(literal, part))}]{named})" for part in (data[:period], data[-1:])
        ]
        times = len(data) // period + 1
        return f"torch.cat([{some}.repeat({times})[:{len(data) - 1}], {last}]).reshape{shape}"
    return f"torch.tensor({_nested(data, shape)}{named})"


MOST_PERIOD = 2_048


def _period(data: tuple[Scalar, ...]) -> int | None:
    """Return after how many elements, few, data repeat; None if they do not. A NaN is itself alone."""
    for period in range(1, MOST_PERIOD + 1):
        if data[period : period + 64] == data[:64] and data[period:] == data[:-period]:
            return period
    return None


def _same(one: Scalar, other: Scalar) -> bool:
    return repr(one) == repr(other)


def _nested(data: Sequence[Scalar], shape: Shape) -> str:
    if not shape:
        return literal(data[0])
    step = len(data) // shape[0]
    parts = [_nested(data[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0])]
    return f"[{', '.join(parts)}]"


def literal(value: object) -> str:
    """Return the code for a value, or a tuple, list or dict of them: an infinity or a NaN is no literal."""
    if isinstance(value, complex):
        return f"complex({literal(value.real)}, {literal(value.imag)})"
    if isinstance(value, float) and not math.isfinite(value):
        return "torch.nan" if math.isnan(value) else "torch.inf" if value > 0 else "-torch.inf"
    if type(value) is list:
        return f"[{', '.join(map(literal, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return f"{{{', '.join([f'{literal(key)}: {literal(kept)}' for key, kept in value.items()])}}}"
    return repr(value)


def _step(step: slice | int) -> str:
    if isinstance(step, int):
        return str(step)
    start, stop = ["" if place is None else str(place) for place in (step.start, step.stop)]
    return f"{start}:{stop}" + ("" if step.step is None else f":{step.step}")
