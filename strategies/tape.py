"""One compact draw for a whole case: a fixed-length byte string, read decision by decision.

A Hypothesis draw costs hundreds of microseconds per choice in bookkeeping and next to nothing per byte of
one choice, so a case with a shape, two layouts, a dtype and thirty elements is drawn as *one* byte string.
It shrinks well because the length is fixed, every decision stands at a fixed place, and the byte 0 is the
simplest decision everywhere: Hypothesis lowers the bytes one by one and the case gets simpler with each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

_promises: WeakKeyDictionary[SearchStrategy[Any], tuple[str, ...]] = WeakKeyDictionary()
_decoders: WeakKeyDictionary[SearchStrategy[Any], Callable[[Tape], Any]] = WeakKeyDictionary()


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
        value.__dict__["origin"] = Origin(self.decode, data)
        return value


class Traced:
    """A value that remembers the bytes it was decoded from, so that it can be simplified; see `simplest`."""

    origin: Origin | None = None


def packed(decode: Callable[[Tape], T], *, length: int, promises: Iterable[str] = ()) -> SearchStrategy[T]:
    """Return a strategy that draws `length` bytes at once and decodes them.

    `promises` names the input classes that the strategy draws within 100 examples.
    """

    def decoded(data: bytes) -> T:
        value = decode(Tape(data))
        if isinstance(value, Traced):
            value.__dict__["origin"] = Origin(decode, data)
        return value

    # Of a named function Hypothesis would print the call, bytes and all, instead of what it returns.
    strategy = st.binary(min_size=length, max_size=length).map(lambda data: decoded(data))
    _promises[strategy] = tuple(promises)
    _decoders[strategy] = decode
    return strategy


def promises_of(strategy: SearchStrategy[Any]) -> tuple[str, ...]:
    """Return the input classes that a strategy promises to draw within 100 examples."""
    return _promises.get(strategy, ())


def drawn_again(strategy: SearchStrategy[Any], data: bytes) -> Any:
    """Return the value that a strategy made by `packed` decodes from the bytes of an `Origin`.

    Raises LookupError if the strategy was not made by `packed`.
    """
    if strategy not in _decoders:
        raise LookupError(f"{strategy!r} was not made by packed")
    return Origin(_decoders[strategy], data).again(data)
