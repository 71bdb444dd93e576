"""A tensor as the expression that builds it: elements, shape, dtype and layout.

What a rule is given is a tensor on the device under test; what a counterexample prints is the expression.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

import numpy as np
import torch

from strategies.shapes import Shape
from strategies.tape import Traced
from strategies.values import Scalar, ramp

CaseT = TypeVar("CaseT", bound="Case")

Index = tuple["slice | int", ...]
LazyBit = Literal["", "conj", "neg"]

BUILT = "_tensor"
"""Ends the name under which a case keeps a tensor that was built."""

_device_now = torch.device("cpu")

_DEFAULT_DTYPES = {bool: torch.bool, int: torch.int64, float: torch.float32, complex: torch.complex64}


_lacking_now: frozenset[torch.dtype] = frozenset()


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
    `expanded` are applied in this order where given; `shape` is the shape that results. `bit` makes it a
    conj or neg view of all that. `classes` names the input classes that the tensor belongs to.
    """

    data: tuple[Scalar, ...]
    dtype: torch.dtype
    base: Shape
    shape: Shape
    index: Index | None = None
    permutation: Shape | None = None
    expanded: Shape | None = None
    requires_grad: bool = False
    classes: tuple[str, ...] = ()
    bit: LazyBit = ""

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
        if self.bit:
            tensor = tensor.conj() if self.bit == "conj" else tensor._neg_view()
        return tensor.requires_grad_() if self.requires_grad else tensor

    @functools.cached_property
    def _kept(self) -> torch.Tensor:
        """The contiguous base on the CPU, made once, since a case is run by many rules on many devices."""
        return torch.tensor(self.data, dtype=self.dtype).reshape(self.base)

    def elements(self) -> np.ndarray[Any, Any]:
        """Return the elements in the tensor's shape, conj and neg bits left aside, as Python numbers are."""
        found = np.array(self.data).reshape(self.base)
        if self.index is not None:
            found = found[self.index]
        if self.permutation is not None:
            found = found.transpose(self.permutation)
        return found if self.expanded is None else np.broadcast_to(found, self.expanded)

    def strides(self) -> Shape:
        """Return the strides of the tensor, as a device with strides lays it out."""
        steps = contiguous_strides(self.base)
        if self.index is not None:
            cut = (*self.index, *[slice(None)] * (len(self.base) - len(self.index)))
            pairs = zip(steps, cut, strict=True)
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

    def _before_expanding(self) -> Shape:
        sizes: Shape = self.base
        if self.index is not None:
            cut = (*self.index, *[slice(None)] * (len(self.base) - len(self.index)))
            pairs = zip(sizes, cut, strict=True)
            sizes = tuple([len(range(size)[at]) for size, at in pairs if isinstance(at, slice)])
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
        if self.bit:
            code += ".conj()" if self.bit == "conj" else "._neg_view()"
        return code + (".requires_grad_()" if self.requires_grad else "")


def contiguous_strides(shape: Shape) -> Shape:
    """Return the strides of a contiguous tensor; like torch, count a size of 0 as 1."""
    steps = []
    step = 1
    for size in reversed(shape):
        steps.append(step)
        step *= max(size, 1)
    return tuple(reversed(steps))


def base_code(data: tuple[Scalar, ...], dtype: torch.dtype, shape: Shape) -> str:
    """Print a contiguous tensor as a person would: zeros, filled, counted up, or element by element."""
    if len(data) > 6 or not data:
        size = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
        named = "" if dtype is torch.float32 else f", dtype={dtype}"
        if all(_same(value, data[0]) for value in data):
            if not data or (data[0] == 0 and str(data[0])[0] != "-"):
                return f"torch.zeros({size}{named})"
            return f"torch.full({size}, {_scalar(data[0])}, dtype={dtype})"
        if dtype is not torch.bool and data == ramp(dtype, len(data)) and data[-1] == len(data) - 1:
            # arange itself knows few dtypes.
            counted = f"torch.arange({len(data)})" + ("" if dtype is torch.int64 else f".to({dtype})")
            return counted if len(shape) == 1 else f"{counted}.reshape{size}"
    named = "" if data and _DEFAULT_DTYPES[type(data[0])] is dtype else f", dtype={dtype}"
    return f"torch.tensor({_nested(data, shape)}{named})"


def _same(one: Scalar, other: Scalar) -> bool:
    return repr(one) == repr(other)


def _nested(data: Sequence[Scalar], shape: Shape) -> str:
    if not shape:
        return _scalar(data[0])
    step = len(data) // shape[0]
    parts = [_nested(data[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0])]
    return f"[{', '.join(parts)}]"


def _scalar(value: Scalar) -> str:
    if isinstance(value, complex):
        return f"complex({_scalar(value.real)}, {_scalar(value.imag)})"
    if isinstance(value, float) and not math.isfinite(value):
        return "torch.nan" if math.isnan(value) else "torch.inf" if value > 0 else "-torch.inf"
    return repr(value)


def _step(step: slice | int) -> str:
    if isinstance(step, int):
        return str(step)
    start, stop = ["" if place is None else str(place) for place in (step.start, step.stop)]
    return f"{start}:{stop}" + ("" if step.step is None else f":{step.step}")


class TensorField:
    """A field of a case that is given a `TensorCode` and reads as the tensor that it builds.

    The tensor is built once, on first reading, so that a rule that writes to it sees its own writes, while
    the case still prints the expression it started from.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._code = f"_{name}_code"
        self._tensor = f"_{name}{BUILT}"

    def __get__(self, case: object | None, owner: type) -> torch.Tensor:
        if case is None:
            # dataclass() looks here for a default value; a tensor field has none.
            raise AttributeError(self._code)
        built = case.__dict__.get(self._tensor)
        if built is None:
            built = case.__dict__[self._tensor] = self.code(case).build()
        return built

    def __set__(self, case: object, code: TensorCode) -> None:
        case.__dict__[self._code] = code

    def code(self, case: object) -> TensorCode:
        """Return the expression behind the field."""
        return case.__dict__[self._code]  # type: ignore[no-any-return]


class TensorsField(TensorField):
    """A field of a case that is given a tuple of `TensorCode`s and reads as the tuple of their tensors."""

    def __get__(self, case: object | None, owner: type) -> tuple[torch.Tensor, ...]:  # type: ignore[override]
        if case is None:
            raise AttributeError(self._code)
        built = case.__dict__.get(self._tensor)
        if built is None:
            built = case.__dict__[self._tensor] = tuple([code.build() for code in self.codes(case)])
        return built

    def __set__(self, case: object, codes: tuple[TensorCode, ...]) -> None:  # type: ignore[override]
        case.__dict__[self._code] = codes

    def codes(self, case: object) -> tuple[TensorCode, ...]:
        """Return the expressions behind the field."""
        return case.__dict__[self._code]  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False, repr=False)
class Case(Traced):
    """The inputs of one example. Its repr is runnable code; `classes` names its input classes."""

    classes: tuple[str, ...]

    def build(self) -> None:
        """Build every tensor of the case on the device under test."""
        for name in tensor_fields(type(self)):
            getattr(self, name)

    def fresh(self: CaseT) -> CaseT:
        """Return the same case with none of its tensors built yet."""
        copy = object.__new__(type(self))
        copy.__dict__.update({name: value for name, value in vars(self).items() if not name.endswith(BUILT)})
        return copy

    def __repr__(self) -> str:
        tensors = tensor_fields(type(self))
        named = {
            name: tensors[name].code(self) if name in tensors else getattr(self, name)
            for name in (item.name for item in fields(self))
            if name != "classes"
        }
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in named.items())})"


_fields: dict[type, dict[str, TensorField]] = {}


def tensor_fields(case: type) -> dict[str, TensorField]:
    """Return the tensor fields of a case class by name."""
    if case not in _fields:
        _fields[case] = {
            name: value
            for owner in reversed(case.__mro__)
            for name, value in vars(owner).items()
            if isinstance(value, TensorField)
        }
    return _fields[case]


def classes_of(value: Any) -> tuple[str, ...]:
    """Return the input classes that a drawn value belongs to; a value that names none has none."""
    return value.classes if isinstance(value, (Case, TensorCode)) else ()
