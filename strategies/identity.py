"""Which functions are the same: of the same code, with equal options."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import partial
from types import FunctionType, MethodType
from typing import Any


def identify(value: Any) -> Any:
    """Return something hashable that is equal for functions of the same code and equal options.

    Options are what a function closes over, its default arguments, and what `functools.partial` binds. What
    has no value to compare, such as most objects, is identified by itself.
    """
    if isinstance(value, FunctionType):
        cells = tuple(identify(cell.cell_contents) for cell in value.__closure__ or ())
        defaults = identify((value.__defaults__, value.__kwdefaults__))
        return (value.__code__, cells, defaults)
    if isinstance(value, MethodType):
        return (identify(value.__func__), identify(value.__self__))
    if isinstance(value, partial):
        return (identify(value.func), identify(value.args), identify(value.keywords))
    if isinstance(value, (tuple, list)):
        return (type(value), tuple(map(identify, value)))
    if isinstance(value, dict):
        return (dict, tuple((identify(key), identify(item)) for key, item in value.items()))
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value), tuple(identify(getattr(value, item.name)) for item in fields(value)))
    try:
        hash(value)
    except TypeError:
        return _ById(value)
    return (type(value), value)


class _ById:
    """Equal to itself alone; keeps what it stands for, lest another take its place in memory."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)
