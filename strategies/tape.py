"""One compact draw for a whole case: a fixed-length byte string, read decision by decision.

A Hypothesis draw costs hundreds of microseconds per choice in bookkeeping and next to nothing per byte of
one choice, so a case with a shape, two layouts, a dtype and thirty elements is drawn as *one* byte string.
It shrinks well because the length is fixed, every decision stands at a fixed place, and the byte 0 is the
simplest decision everywhere: Hypothesis lowers the bytes one by one and the case gets simpler with each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from types import FunctionType, MethodType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


class Tape:
    """A byte string that is read from left to right; each reader consumes the same number of bytes always."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """Return the next byte."""
        value = self._data[self._at]
        self._at += 1
        return value

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        start = self._at
        self._at = start + count
        return self._data[start : self._at]

    def pick(self, options: Sequence[T]) -> T:
        """Return one of up to 256 options; the byte 0 picks the first."""
        return options[self.byte() * len(options) >> 8]

    def chance(self, percent: int) -> bool:
        """Return True for about `percent` of the tapes; the byte 0 says False."""
        return self.byte() * 100 >= (100 - percent) << 8


def weighted(weights: Mapping[T, int]) -> tuple[T, ...]:
    """Return a table of 256 options for `Tape.pick`, each as often as its weight says, simplest first.

    Raises ValueError if the weights do not add up to 256.
    """
    if (total := sum(weights.values())) != 256:
        raise ValueError(f"weights add up to {total}, not 256")
    return tuple(option for option, weight in weights.items() for _ in range(weight))


@dataclass(frozen=True)
class Origin:
    """Where a drawn value came from: decoding the same bytes again gives the same value."""

    decode: Callable[[Tape], Any]
    data: bytes

    def again(self, data: bytes) -> Any:
        """Return the value that other bytes of the same length stand for."""
        value = self.decode(Tape(data))
        if isinstance(value, Traced):
            value.__dict__["origin"] = Origin(self.decode, data)
        return value


class Traced:
    """A value that remembers the bytes it was decoded from, so that it can be simplified; see `simplest`."""

    origin: Origin | None = None


@dataclass(frozen=True)
class Packing:
    """What a strategy made by `packed` is: it decodes `length` bytes by `decode`.

    `promises` names the input classes that it draws within 100 examples. `name` is the same in every process.
    """

    decode: Callable[[Tape], Any]
    length: int
    promises: tuple[str, ...]

    @property
    def name(self) -> str:
        """What to call the strategy where it is told from others; two may share a name."""
        return f"{self.decode.__module__}.{self.decode.__qualname__}/{self.length}/{','.join(self.promises)}"


_packings: WeakKeyDictionary[SearchStrategy[Any], Packing] = WeakKeyDictionary()
_strategies: dict[Any, SearchStrategy[Any]] = {}


def packed(decode: Callable[[Tape], T], *, length: int, promises: Iterable[str] = ()) -> SearchStrategy[T]:
    """Return a strategy that draws `length` bytes at once and decodes them.

    `promises` names the input classes that the strategy draws within 100 examples. Decoders that are the same
    function with the same options give the same strategy, so that its cases need to be drawn only once.
    """
    packing = Packing(decode, length, tuple(promises))
    identity = (identify(decode), length, packing.promises)
    if identity not in _strategies:
        _strategies[identity] = _strategy(packing)
    return _strategies[identity]


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


def _strategy(packing: Packing) -> SearchStrategy[Any]:
    decode, length = packing.decode, packing.length

    def decoded(data: bytes) -> Any:
        return Origin(decode, data).again(data)

    # Of a named function Hypothesis would print the call, bytes and all, instead of what it returns.
    strategy = st.binary(min_size=length, max_size=length).map(lambda data: decoded(data))
    _packings[strategy] = packing
    return strategy


def packing_of(strategy: SearchStrategy[Any]) -> Packing:
    """Return how a strategy's cases are decoded; raises LookupError if it was not made by `packed`."""
    try:
        return _packings[strategy]
    except KeyError:
        raise LookupError(f"{strategy!r} was not made by packed") from None


def is_packed(strategy: SearchStrategy[Any]) -> bool:
    """Return whether a strategy was made by `packed`."""
    return strategy in _packings


def promises_of(strategy: SearchStrategy[Any]) -> tuple[str, ...]:
    """Return the input classes that a strategy promises to draw within 100 examples."""
    return _packings[strategy].promises if strategy in _packings else ()


def drawn_again(strategy: SearchStrategy[Any], data: bytes) -> Any:
    """Return the value that a strategy made by `packed` decodes from the bytes of an `Origin`.

    Raises LookupError if the strategy was not made by `packed`.
    """
    return Origin(packing_of(strategy).decode, data).again(data)
