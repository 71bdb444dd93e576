"""Cases: the inputs of one example, whose tensors are built when a rule reads them.

What a rule is given is a tensor on the device under test; what a counterexample prints is the expression.
A family of cases is a class marked `@case_class`, each of whose tensors is a `TensorField`, and decoders that
read such cases off a tape:

    @case_class
    class Flip(InputCase):
        \"\"\"An input and a dim to flip.\"\"\"

        dim: int


    @strategy(promises=("negative dim", *layout_promises()))
    def flips(tape: Tape) -> Flip:
        \"\"\"Return a strategy for tensors of one to three dims and a dim to flip.\"\"\"
        code = decode_input(tape, decode_shape(tape, min_dims=1, max_dims=3), DTYPES)
        dim = decode_dim(tape, len(code.shape))
        return Flip(classes=(*code.classes, *dim_classes(dim, len(code.shape))), input=code, dim=dim)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import torch

from strategies.code import TensorCode, code_of, literal
from strategies.tape import BUILT, Traced

if sys.version_info >= (3, 11):
    from typing import dataclass_transform
else:
    from typing_extensions import dataclass_transform  # which torch needs, too

CaseT = TypeVar("CaseT", bound="Case")
ClassT = TypeVar("ClassT")
CodeT = TypeVar("CodeT")
BuiltT = TypeVar("BuiltT")


class BuiltField(Generic[CodeT, BuiltT]):
    """A field of a case that is given an expression and reads as what the expression builds.

    It is built once, on first reading, so that a rule that writes to it sees its own writes, while the case
    still prints the expression it started from.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._code = f"_{name}_code"
        self._tensor = f"_{name}{BUILT}"

    def __get__(self, case: object | None, owner: type) -> BuiltT:
        if case is None:
            # dataclass() looks here for a default value; such a field has none.
            raise AttributeError(self._code)
        built = case.__dict__.get(self._tensor)
        if built is None:
            built = case.__dict__[self._tensor] = self.build(self.code(case))
        return built

    def __set__(self, case: object, code: CodeT) -> None:
        case.__dict__[self._code] = code

    def code(self, case: object) -> CodeT:
        """Return the expression behind the field."""
        return case.__dict__[self._code]  # type: ignore[no-any-return]

    def build(self, code: CodeT) -> BuiltT:
        """Return what the expression builds, on the device under test."""
        raise NotImplementedError


def _as_code(given: TensorCode | torch.Tensor) -> TensorCode:
    return code_of(given) if isinstance(given, torch.Tensor) else given


class TensorField(BuiltField[TensorCode, torch.Tensor]):
    """A field that is given a `TensorCode`, or a tensor, and reads as the tensor that it builds."""

    def __set__(self, case: object, code: TensorCode | torch.Tensor) -> None:
        super().__set__(case, _as_code(code))

    def build(self, code: TensorCode) -> torch.Tensor:
        """Return the tensor, on the device under test."""
        return code.build()


class TensorsField(BuiltField["tuple[TensorCode, ...]", "tuple[torch.Tensor, ...]"]):
    """A field that is given a tuple of `TensorCode`s, or tensors, and reads as the tuple of their tensors."""

    def __set__(self, case: object, code: tuple[TensorCode | torch.Tensor, ...]) -> None:
        super().__set__(case, tuple([_as_code(one) for one in code]))

    def build(self, code: tuple[TensorCode, ...]) -> tuple[torch.Tensor, ...]:
        """Return the tensors, on the device under test."""
        return tuple([one.build() for one in code])


# Mypy is not told that they are frozen, or it would read a tensor field of a base class as its expression.
@dataclass_transform(kw_only_default=True, eq_default=False)
def case_class(family: type[ClassT]) -> type[ClassT]:
    """Make a class of cases a frozen dataclass: fields are named in the call."""
    return dataclass(frozen=True, eq=False, repr=False, kw_only=True)(family)


@case_class
class Case(Traced):
    """The inputs of one example; `classes` names its input classes.

    Its repr is runnable code: evaluated, it gives an equal case, whose tensors have the same dtypes, shapes,
    strides and bytes. The classes are no part of either.
    """

    classes: tuple[str, ...] = ()

    def build(self) -> None:
        """Build every tensor of the case on the device under test."""
        for name in tensor_fields(type(self)):
            getattr(self, name)

    def plainly(self) -> Iterable[Case]:
        """Return cases each of which asks for one of the calls that the case makes, if it makes several."""
        return ()

    def fresh(self: CaseT) -> CaseT:
        """Return the same case with none of its tensors built yet."""
        copy = object.__new__(type(self))
        copy.__dict__.update({name: value for name, value in vars(self).items() if not name.endswith(BUILT)})
        return copy

    def __repr__(self) -> str:
        named = ", ".join([f"{name}={literal(value)}" for name, value in self._given().items()])
        return f"{type(self).__name__}({named})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        given, others = self._given(), other._given()
        return all(_identity(value) == _identity(others[name]) for name, value in given.items())

    def __hash__(self) -> int:
        return hash((type(self), *map(_identity, self._given().values())))

    def _given(self) -> dict[str, Any]:
        """Return what the fields were given, but for the classes."""
        tensors = tensor_fields(type(self))
        return {
            name: tensors[name].code(self) if name in tensors else getattr(self, name)
            for name in (item.name for item in fields(self))
            if name != "classes"
        }

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """Print the code: Hypothesis would read every field, which builds its tensors on the target."""
        printer.text(repr(self))


def _identity(value: Any) -> Any:
    """Return something hashable that is equal for equal parts of cases: a NaN equals itself."""
    if isinstance(value, TensorCode):
        return value.identity()
    if isinstance(value, (tuple, list)):
        return tuple(map(_identity, value))
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return repr(value) if isinstance(value, float) else value


@case_class
class InputCase(Case):
    """A case about an input, whatever else it has."""

    input: TensorField = TensorField()


@dataclass(frozen=True)
class Parts:
    """What the cases of a family share, as it was read off the tape; a subclass names its fields as they do.

    Of the same parts come the plain case, the one with a gradient for the output or a tensor to write to,
    and the misuse, in which one part is replaced and stands beside its legal twin.
    """

    classes: tuple[str, ...]

    def case(self, kind: type[CaseT], *classes: str, **parts: Any) -> CaseT:
        """Return a case of a kind that has these parts, with other or further ones, and further classes."""
        return kind(**{**vars(self), "classes": (*self.classes, *classes), **parts})


_fields: dict[type, dict[str, BuiltField[Any, Any]]] = {}


def tensor_fields(case: type) -> dict[str, BuiltField[Any, Any]]:
    """Return by name the fields of a case class that are built: tensors, tuples of them, modules."""
    if case not in _fields:
        _fields[case] = {
            name: value
            for owner in reversed(case.__mro__)
            for name, value in vars(owner).items()
            if isinstance(value, BuiltField)
        }
    return _fields[case]


def classes_of(value: Any) -> tuple[str, ...]:
    """Return the input classes that a drawn value belongs to; a value that names none has none."""
    return value.classes if isinstance(value, (Case, TensorCode)) else ()
