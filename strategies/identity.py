"""Which functions are the same: of the same code, with equal options."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import partial
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary


def identify(value: Any) -> Any:
    """Return something hashable that is equal for functions of the same code and equal options.

    Options are what a function closes over, its default arguments, and what `functools.partial` binds. What
    has no value to compare, such as most objects, is identified by itself.
    """
    if isinstance(value, FunctionType):
        if value not in _functions:
            _functions[value] = _identify_function(value)
        return (FunctionType, _functions[value])
    if isinstance(value, MethodType):
        return (identify(value.__func__), identify(value.__self__))
    if isinstance(value, partial):
        return (identify(value.func), identify(value.args), identify(value.keywords))
    if isinstance(value, (tuple, list)):
        return (type(value), tuple(map(identify, value)))
    if isinstance(value, dict):
        return (dict, tuple((identify(key), identify(item)) for key, item in value.items()))
    if names := _compared(type(value)):
        if not type(value).__dataclass_params__.frozen:
            return (type(value), _identify_fields(value, names))
        if id(value) not in _compounds:
            _compounds[id(value)] = (value, _identify_fields(value, names))
        return (type(value), _compounds[id(value)][1])
    try:
        hash(value)
    except TypeError:
        return _ById(value)
    return (type(value), value)


def _identify_fields(value: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple([identify(getattr(value, name)) for name in names])


def _compared(kind: type) -> tuple[str, ...]:
    """Return the names of the fields by which values of a dataclass are compared, none if they are not."""
    if kind not in _fields:
        compared = is_dataclass(kind) and kind.__eq__ is not object.__eq__
        _fields[kind] = tuple([item.name for item in fields(kind)]) if compared else ()
    return _fields[kind]


_fields: dict[type, tuple[str, ...]] = {}


_compounds: dict[int, tuple[Any, Any]] = {}
"""What identifies frozen dataclasses; they are kept, lest others take their place in memory."""


_functions: WeakKeyDictionary[FunctionType, int] = WeakKeyDictionary()
_numbers: dict[Any, int] = {}
"""The number of each function: what closes over functions is then told apart at once."""


def _identify_function(function: FunctionType) -> int:
    cells = tuple(identify(cell.cell_contents) for cell in function.__closure__ or ())
    defaults = identify((function.__defaults__, function.__kwdefaults__))
    return _numbers.setdefault((function.__code__, cells, defaults), len(_numbers))


class _ById:
    """Equal to itself alone; keeps what it stands for, lest another take its place in memory."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)
