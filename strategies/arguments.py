"""Cases that are the arguments of one call, by name: families of operations need no case class of their own.

    @strategy(promises=("negative dim", *layout_promises()))
    def flips(tape: Tape) -> Arguments:
        \"\"\"Return a strategy for tensors of one to three dims and a dim to flip.\"\"\"
        code = decode_input(tape, decode_shape(tape, min_dims=1, max_dims=3), DTYPES)
        dim = decode_dim(tape, len(code.shape))
        return arguments((*code.classes, *dim_classes(dim)), input=code, dim=dim)

An argument that is an expression for a tensor, or a tuple of them, is built on the target.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis.strategies import SearchStrategy

from strategies import tape
from strategies.case import BuiltField, Case, TensorField, TensorsField, case_class, tensor_fields
from strategies.code import TensorCode
from strategies.tape import Tape, own_length, packed, packing_of


@case_class
class Arguments(Case):
    """The arguments of a call; each is an attribute."""

    def __repr__(self) -> str:
        return f"arguments((), {super().__repr__().partition('(')[2]}"


def arguments(classes: Iterable[str], **given: Any) -> Arguments:
    """Return a case of these arguments, which belongs to the classes."""
    kind = _kind(tuple([(name, _field(value)) for name, value in given.items()]))
    made = kind(classes=tuple(dict.fromkeys(classes)), **given)
    made.__dict__[_MEMO] = {}
    return made


_MEMO = "_memo"


def memo(case: Case) -> dict[Any, Any]:
    """Return what was computed of a case, or of one that it was made of; see `Operation.results`."""
    found: dict[Any, Any] = case.__dict__.setdefault(_MEMO, {})
    return found


LENGTH = 256
"""How many bytes a strategy for arguments draws, if it needs no more."""


def drawn_evenly(
    decode: Callable[[Tape], Case],
    *,
    promises: Iterable[str] = (),
    goes_on: SearchStrategy[Any] | None = None,
    times: float = 1,
) -> SearchStrategy[Any]:
    """Return a strategy as `packed` does, which draws as many bytes as others made so.

    They all need one deck, and what some of them have in common is decoded once; see `varied`. One that
    `goes_on` where another one ends has the cases of that one, unless it needs more bytes.
    """

    def even(tape: Tape) -> Case:
        case = decode(tape)
        tape.leave(max(LENGTH - own_length(decode), 0))
        return case

    even.__dict__["decode"] = decode
    return packed(even, promises=promises, goes_on=goes_on, times=times, least=LENGTH)


def names_of(case: Case) -> tuple[str, ...]:
    """Return the names of a case's arguments."""
    return tuple([name for name in type(case).__dataclass_fields__ if name != "classes"])


def argument(case: Case, name: str) -> Any:
    """Return an argument of a case: of a tensor the expression, which nothing builds."""
    found = tensor_fields(type(case)).get(name)
    return getattr(case, name) if found is None else found.code(case)


def code_of(case: Case, name: str) -> TensorCode:
    """Return the expression of an argument that is a tensor."""
    code: TensorCode = tensor_fields(type(case))[name].code(case)
    return code


def codes_of(case: Case, name: str) -> tuple[TensorCode, ...]:
    """Return the expressions of an argument that is a tensor, or a tuple of them."""
    found = argument(case, name)
    return found if isinstance(found, tuple) else (found,)


def drawn_argument(case: Case, name: str) -> Any:
    """Return an argument of a case, of a tensor the elements that it was drawn with."""
    value = argument(case, name)
    if isinstance(value, TensorCode):
        return value.drawn()
    if isinstance(value, tuple):
        return tuple([part.drawn() if isinstance(part, TensorCode) else part for part in value])
    return value


def changed(case: Case, *classes: str, without: Iterable[str] = (), **given: Any) -> Arguments:
    """Return a case with other or further arguments, and further classes; not in those named `without`."""
    before = {name: argument(case, name) for name in names_of(case)}
    left = set(without)
    kept = [name for name in case.classes if name not in left]
    made = arguments((*kept, *classes), **{**before, **given})
    made.__dict__[_MEMO] = memo(case)
    return made


def varied(
    base: SearchStrategy[Any],
    vary: Callable[[Tape, Any], Case],
    *,
    promises: Iterable[str] = (),
    without: Iterable[str] = (),
) -> SearchStrategy[Any]:
    """Return a strategy for what becomes of the cases of another one when more is read off the tape.

    It promises what the other one promises but for what is named `without`, and `promises` besides.
    """
    packing = packing_of(base)
    first: Callable[[Tape], Case] = packing.inner
    kept = tape.without(packing.promises, *without)

    def decode(found: Tape) -> Case:
        return vary(found, _decoded(first, found))

    return drawn_evenly(decode, promises=dict.fromkeys((*kept, *promises)), goes_on=base, times=packing.times)


_Cases = dict[bytes, tuple[Case, int]]

_latest: dict[Callable[[Tape], Case], _Cases] = {}
"""The cases of the latest strategies that were varied, with how far their tape was read."""


def _decoded(decode: Callable[[Tape], Case], tape: Tape) -> Case:
    """Return the case that a tape begins with, which others may have made something of before."""
    if type(tape) is not Tape or tape._at or tape.most < sys.maxsize:
        return decode(tape)
    if decode not in _latest:
        while len(_latest) > 3:
            del _latest[next(iter(_latest))]
        _latest[decode] = {}
    found = _latest[decode]
    if tape._data not in found:
        if len(found) > 400:
            found.clear()
        found[tape._data] = (decode(tape), tape._at)
    case, tape._at = found[tape._data]
    return case


def _field(value: Any) -> type[BuiltField[Any, Any]] | None:
    if isinstance(value, TensorCode):
        return TensorField
    if isinstance(value, tuple) and value and all(isinstance(part, TensorCode) for part in value):
        return TensorsField
    return None


@functools.cache
def _kind(fields: tuple[tuple[str, type[BuiltField[Any, Any]] | None], ...]) -> type[Arguments]:
    """Return the class of the cases that have these arguments."""
    members: dict[str, Any] = {"__module__": __name__, "__annotations__": {name: Any for name, _ in fields}}
    members |= {name: field() for name, field in fields if field is not None}
    return case_class(type("Arguments", (Arguments,), members))
