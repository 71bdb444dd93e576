"""One compact draw for a whole case: a fixed-length byte string, read decision by decision.

A Hypothesis draw costs hundreds of microseconds per choice in bookkeeping and next to nothing per byte of
one choice, so a case with a shape, two layouts, a dtype and thirty elements is drawn as *one* byte string.
It shrinks well because the length is fixed, every decision stands at a fixed place, and the byte 0 is the
simplest decision everywhere: Hypothesis lowers the bytes one by one and the case gets simpler with each.

A decoder is a function that reads a value off a `Tape`. `strategy` and `packed` make strategies of decoders;
how many bytes to draw they find out themselves, from what the decoder reads.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.identity import identify

T = TypeVar("T")
Options = ParamSpec("Options")


class Tape:
    """A byte string that is read from left to right; each reader consumes the same number of bytes always.

    `most` is how many elements of a tensor are of interest: a sketch of a case, which only has to say of
    which classes it is, has no more, whatever its shapes are.
    """

    __slots__ = ("_at", "_data", "most")

    def __init__(self, data: bytes, most: int = sys.maxsize) -> None:
        self._data = data
        self._at = 0
        self.most = most

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

    def leave(self, count: int) -> None:
        """Leave `count` bytes unread that another reader in this place would read.

        So a case is as long whatever fills its tensors, and one seed draws the same shapes for all fills.
        """

    def below(self, count: int) -> int:
        """Return one of 0 … count - 1, for a count of up to 256; the byte 0 gives 0."""
        return self.byte() * count >> 8

    def pick(self, options: Sequence[T]) -> T:
        """Return one of up to 256 options; the byte 0 picks the first."""
        return options[self.byte() * len(options) >> 8]

    def chance(self, percent: int) -> bool:
        """Return True for about `percent` of the tapes; the byte 0 says False."""
        return self.byte() * 100 >= (100 - percent) << 8


class _Ruler(Tape):
    """A tape that goes on with zeros without end, and measures how many bytes a decoder reads or leaves."""

    __slots__ = ("_left",)

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._left = 0

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        return super().take(count).ljust(count, b"\0")

    def leave(self, count: int) -> None:
        self._left += count

    @property
    def length(self) -> int:
        return self._at + self._left


@functools.cache
def own_length(decode: Callable[[Tape], Any]) -> int:
    """Return how many bytes a decoder reads off zeros, found out once."""
    return length_of(decode)


def length_of(decode: Callable[[Tape], Any], data: bytes = b"") -> int:
    """Return how many bytes a decoder reads off a tape of the data, and zeros after them, or leaves there."""
    ruler = _Ruler(data)
    decode(ruler)
    return ruler.length


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
    """A value that remembers the bytes it was decoded from, so that it can be simplified; see `simplest`.

    `switches` are the places of bytes each of which, if it is 0, leaves out a part of the value. Pickled, it
    forgets where it came from, and what it has built.
    """

    origin: Origin | None = None
    switches: ClassVar[range] = range(0)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "origin" and not _is_made(name)}


def _is_made(name: str) -> bool:
    """Return whether an attribute holds what was made of the others when it was first read."""
    return name.endswith(BUILT) or name in ("_host", "_kept", "_memo")


BUILT = "_tensor"
"""Ends the name under which a case keeps a tensor that was built."""


@dataclass(frozen=True)
class Packing:
    """What a strategy made by `packed` is: it decodes `length` bytes by `decode`, at `least` so many.

    `promises` names the input classes that it draws within 100 examples. Of what takes long to decode, cases
    are not `chosen` among many, but all drawn by chance. One that decodes what another strategy does, and
    `goes_on` with more of the same bytes, has the cases of that one: they are chosen once. Where a case
    decides more than most, there are `times` as many of them.
    """

    decode: Callable[[Tape], Any]
    promises: tuple[str, ...]
    chosen: bool = True
    goes_on: SearchStrategy[Any] | None = None
    times: float = 1
    least: int = 0

    @property
    def inner(self) -> Callable[[Tape], Any]:
        """The decoder without what makes its cases as long as others; see `arguments.drawn_evenly`."""
        inner: Callable[[Tape], Any] = vars(self.decode).get("decode", self.decode)
        return inner

    # Both are found out by decoding, when first asked: a process draws from few of all strategies.
    @functools.cached_property
    def length(self) -> int:
        """How many bytes a case is decoded from."""
        return max(self.least, own_length(self.inner))

    @functools.cached_property
    def upon(self) -> SearchStrategy[Any] | None:
        """The strategy whose cases this one has, None if it has its own: those that need more bytes."""
        if self.goes_on is None:
            return None
        first = packing_of(self.goes_on).upon
        first = self.goes_on if first is None else first
        return first if self.length <= packing_of(first).length else None


_packings: WeakKeyDictionary[SearchStrategy[Any], Packing] = WeakKeyDictionary()
_strategies: dict[Any, SearchStrategy[Any]] = {}


def packed(
    decode: Callable[[Tape], T],
    *,
    promises: Iterable[str] = (),
    chosen: bool = True,
    goes_on: SearchStrategy[Any] | None = None,
    times: float = 1,
    least: int = 0,
) -> SearchStrategy[T]:
    """Return a strategy that draws as many bytes as the decoder reads, at `least` so many, and decodes them.

    `promises` names the input classes that the strategy draws within 100 examples; unless they are `chosen`,
    cases are all drawn by chance, or those of a strategy which this one `goes_on`, or there are `times`
    as many; see `Packing`.
    Decoders that are the same function with equal options give the same strategy, so that its cases need to
    be drawn only once.
    """
    identity = (identify(decode), tuple(promises))
    if identity not in _strategies:
        _strategies[identity] = _made(Packing(decode, tuple(promises), chosen, goes_on, times, least))
    return _strategies[identity]


def _made(packing: Packing) -> SearchStrategy[Any]:
    made = _drawn_from(packing)
    _packings[made] = packing
    call_it(made, f"{packing.decode.__qualname__.partition('.')[0].lstrip('_')}(…)")
    return made


@st.composite
def _drawn_from(draw: st.DrawFn, packing: Packing) -> Any:
    length = packing.length
    data = draw(st.binary(min_size=length, max_size=length))
    return Origin(packing.decode, data).again(data)


def call_it(strategy: SearchStrategy[Any], name: str) -> None:
    """Have a strategy print as what makes it; left to itself, Hypothesis prints how it maps the bytes."""
    strategy.__dict__.update(_cached_repr=name, _LazyStrategy__representation=name)


Decoder = Callable[Concatenate[Tape, Options], T]
Maker = Callable[Options, SearchStrategy[T]]


def strategy(
    *, promises: Iterable[str] = (), times: float = 1
) -> Callable[[Decoder[Options, T]], Maker[Options, T]]:
    """Make a decoder a function that returns the strategy of what it decodes, as `st.composite` does.

    Options that the decoder takes besides its tape are options of the function. `promises` names the input
    classes that the strategy draws within 100 examples, whatever its options are; `times` is as in `packed`.
    """
    promised = tuple(promises)

    def made_of(decode: Decoder[Options, T]) -> Maker[Options, T]:
        @functools.wraps(decode)
        def make(*arguments: Options.args, **options: Options.kwargs) -> SearchStrategy[T]:
            def read(tape: Tape) -> T:
                return decode(tape, *arguments, **options)

            read.__module__, read.__qualname__ = decode.__module__, decode.__qualname__
            return packed(read, promises=promised, times=times)

        # What `help` shows: the options, without the tape.
        _, *parameters = inspect.signature(decode).parameters.values()
        make.__dict__["__signature__"] = inspect.Signature(parameters, return_annotation=SearchStrategy)
        return make

    return made_of


_TOGETHER = " + "


def together(*names: str) -> str:
    """Return the name of the class of what is in all of these classes, for a strategy to promise."""
    return _TOGETHER.join(names)


def parts_of(name: str) -> tuple[str, ...]:
    """Return the classes that a promised one is made of by `together`, of any other the class itself."""
    return tuple(name.split(_TOGETHER))


def parts_together(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return those of some classes that are made of several, each with its parts."""
    return {name: frozenset(parts) for name in names if len(parts := parts_of(name)) > 1}


def without(promises: Iterable[str], *names: str) -> tuple[str, ...]:
    """Return the promises but for those that are named, alone or as a part."""
    return tuple([name for name in promises if name not in names and not {*names} & {*parts_of(name)}])


def is_packed(strategy: SearchStrategy[Any]) -> bool:
    """Return whether a strategy was made by `packed`."""
    return strategy in _packings


def packing_of(strategy: SearchStrategy[Any]) -> Packing:
    """Return how a strategy's cases are decoded; raises LookupError if it was not made by `packed`."""
    try:
        return _packings[strategy]
    except KeyError:
        raise LookupError(f"{strategy!r} was not made by packed") from None


def promises_of(strategy: SearchStrategy[Any]) -> tuple[str, ...]:
    """Return the input classes that a strategy promises to draw within 100 examples."""
    return _packings[strategy].promises if strategy in _packings else ()


def drawn_again(strategy: SearchStrategy[Any], data: bytes) -> Any:
    """Return the value that a strategy made by `packed` decodes from the bytes of an `Origin`.

    Raises LookupError if the strategy was not made by `packed`.
    """
    return Origin(packing_of(strategy).decode, data).again(data)
