"""A tensor as the expression that builds it: elements, shape, dtype and layout.

What a rule is given is a tensor on the device under test; what a counterexample prints is the expression.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch

from strategies.shapes import Shape
from strategies.values import Scalar, ramp

CaseT = TypeVar("CaseT", bound="Case")

Index = tuple["slice | int", ...]

BUILT = "_tensor"
"""Ends the name under which a case keeps a tensor that was built."""

_device_now = torch.device("cpu")

_DEFAULT_DTYPES = {bool: torch.bool, int: torch.int64, float: torch.float32, complex: torch.complex64}


@contextmanager
def placing_on(device: torch.device | str) -> Iterator[None]:
    """Have the cases drawn inside the block build their tensors on `device`."""
    global _device_now
    before, _device_now = _device_now, torch.device(device)
    try:
        yield
    finally:
        _device_now = before


@dataclass(frozen=True)
class TensorCode:
    """An expression for a tensor: a contiguous base, then a slice, a permutation and an expansion of it.

    `data` holds the base's elements in row-major order and `base` is its shape; `index`, `permutation` and
    `expanded` are applied in this order where given; `shape` is the shape that results. `classes` names the
    input classes that the tensor belongs to.
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

    def build(self) -> torch.Tensor:
        """Return the tensor, on the device that `placing_on` has set (the CPU by default)."""
        tensor = torch.tensor(self.data, dtype=self.dtype)
        if len(self.base) != 1:
            tensor = tensor.reshape(self.base)
        tensor = tensor.to(_device_now)
        if self.index is not None:
            tensor = tensor[self.index]
        if self.permutation is not None:
            tensor = tensor.permute(self.permutation)
        if self.expanded is not None:
            tensor = tensor.expand(self.expanded)
        return tensor.requires_grad_() if self.requires_grad else tensor

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
        return code + (".requires_grad_()" if self.requires_grad else "")


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
    start = "" if step.start is None else str(step.start)
    return f"{start}:" + ("" if step.step is None else f":{step.step}")


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


@dataclass(frozen=True, eq=False, repr=False)
class Case:
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
