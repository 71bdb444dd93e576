"""Cases for functions that go element by element: one tensor, or several whose shapes broadcast.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements; in `writable` ones the
first tensor has the shape of the result, and no two of its elements share memory; it has one of the dtypes
that are `written`, if others are not. Which numbers a tensor is filled with, its `Domain` says. All
strategies of as many tensors have one deck: what differs is what it is read as.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, changed, code_of, drawn_evenly, varied
from strategies.code import TensorCode, contiguous_code
from strategies.fills import Elements, Fill, from_table
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, shape_classes
from strategies.tape import Tape, weighted, without
from strategies.tensors import EXPANDED, decode_tensor, layout_promises
from strategies.values import DTYPE_CLASSES, DTYPES, FLOAT_DTYPES, VALUE_BYTES, Scalar, palette

Strategy = SearchStrategy[Any]

FLOATS = FLOAT_DTYPES

WIDE_FLOATS = (torch.float32, torch.float64)

WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)

WHOLE_AND_BOOL = (*WHOLE, torch.bool)

NUMBERS = tuple([dtype for dtype in DTYPES if dtype is not torch.bool])

REALS = tuple([dtype for dtype in DTYPES if not dtype.is_complex])

REAL_NUMBERS = tuple([dtype for dtype in NUMBERS if not dtype.is_complex])


@dataclass(frozen=True)
class Domain:
    """The numbers that a function is asked about: from `low` to `high`, some of them the `edges`.

    With a `step` they are multiples of it. Whole numbers are those from `least` to `most`, with None small
    ones and the extremes of the dtype. Unless `zero`, there is no 0 among them. `beyond` are numbers that are
    no part of the domain, for cases of special values.
    """

    low: float = -100.0
    high: float = 100.0
    edges: tuple[float, ...] = ()
    beyond: tuple[float, ...] = ()
    step: float = 0.0
    least: int | None = -11
    most: int = 11
    zero: bool = True

    def has(self, number: float) -> bool:
        """Return whether a number is in the domain."""
        fits = not self.step or number % self.step == 0
        return fits and self.low <= number <= self.high and (self.zero or number != 0)

    def inner(self) -> Domain:
        """Return what is well within the domain, away from its edges and from 0, where there may be kinks."""
        low, high = max(self.low, -4.0), min(self.high, 4.0)
        margin = (high - low) / 16
        return Domain(low + margin, high - margin, zero=False)


ANY = Domain()
POWERS_OF_2 = Domain(-2.0, 2.0, step=1.0, zero=False)
ALIKE = Domain(-1.0, 1.0, step=0.5, least=None, most=3)
UNIT = Domain(-1.0, 1.0, edges=(1.0, -1.0), beyond=(1.5, -1.5, 100.0))
QUARTERS = Domain(-4.0, 4.0, step=0.25)

_SIMPLEST = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 0.25, -0.25, 1.5, -1.5, 10.0, -10.0, 0.75)

SPECIAL = (math.nan, math.inf, -math.inf, -0.0)


@functools.cache
def numbers_of(domain: Domain, dtype: torch.dtype, *, special: bool = False) -> tuple[Scalar, ...]:
    """Return the 256 numbers of a dtype that a drawn byte stands for, the simplest first.

    If they are `special`, half of them are NaN, infinities, -0.0, edges of the domain, and numbers beyond.
    """
    if dtype is torch.bool:
        return (False, True) * 128 if domain.zero else (True,) * 256
    if dtype.is_complex:
        parts = [float(part.real) for part in numbers_of(domain, torch.float32, special=special)]
        return tuple([complex(part, parts[place * 7 % 256]) for place, part in enumerate(parts)])
    if not dtype.is_floating_point:
        return _whole(domain, dtype)
    plain = [number for number in _SIMPLEST if domain.has(number)] or [(domain.low + domain.high) / 2]
    some = [*_repeated(plain, 64), *_ordinary(domain), *_repeated(domain.edges or plain, 64)]
    if special:
        rare = [*SPECIAL, *domain.edges, *domain.beyond]
        return (*some[:128], *_repeated(rare, 128))
    return tuple(some)


def _ordinary(domain: Domain) -> list[float]:
    """Return 128 numbers as they come, of which half are small."""
    random, low, high = Random(128), max(domain.low, -100.0), min(domain.high, 100.0)
    if domain.step:
        steps = range(math.ceil(low / domain.step), math.floor(high / domain.step) + 1)
        found = [step * domain.step for step in steps if step or domain.zero]
        return [random.choice(found) for _ in range(128)]
    small = [math.exp(random.uniform(-6, 0)) * (1 if place % 2 else -1) for place in range(64)]
    inside = [number for number in small if domain.has(number)]
    return [*inside, *[random.uniform(low, high) for _ in range(128 - len(inside))]]


def _whole(domain: Domain, dtype: torch.dtype) -> tuple[Scalar, ...]:
    least = max(-3 if domain.least is None else domain.least, int(torch.iinfo(dtype).min))
    found = sorted(range(least, domain.most + 1), key=lambda number: (abs(number), number < 0))
    some = _repeated([number for number in found if number or domain.zero], 256)
    return some if domain.least is not None else (*some[:128], *palette(dtype)[128:])


def _repeated(some: Sequence[Any], count: int) -> tuple[Any, ...]:
    return tuple([some[place % len(some)] for place in range(count)])


def _filling(domain: Domain, *, special: bool) -> Fill:
    """Return the fill of the numbers of a domain."""

    def fill(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
        data, _ = from_table(numbers_of(domain, dtype, special=special))(tape, dtype, count)
        classes = []
        if special and dtype.is_floating_point:
            drawn: list[float] = [float(number.real) for number in data[:VALUE_BYTES]]
            classes += ["NaN"] if any(map(math.isnan, drawn)) else []
            classes += ["infinity"] if any(map(math.isinf, drawn)) else []
        return data, classes

    return fill


def _promises(*left: str, special: bool, dtypes: Sequence[torch.dtype]) -> tuple[str, ...]:
    kinds = ("float64", "low-precision float") if dtypes is FLOATS else ()
    values = ("NaN", "infinity") if special else ()
    return without((*SHAPE_PROMISES, *layout_promises(), *kinds, *values), *left)


def _left(*, nonempty: bool, writable: bool) -> list[str]:
    return [*(["empty"] if nonempty else []), *(["expanded input"] if writable else [])]


def one(
    *,
    nonempty: bool = False,
    writable: bool = False,
    domain: Domain = ANY,
    dtypes: Sequence[torch.dtype] = FLOATS,
    written: Sequence[torch.dtype] | None = None,
    special: bool = False,
    **options: Sequence[Any],
) -> Strategy:
    """Cases of an `input` of a domain, and of arguments that are picked from what further options name."""
    fill = _filling(domain, special=special)
    dtypes = written or dtypes if writable else dtypes

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        dtype, expand = tape.pick(dtypes), 0 if writable else EXPANDED
        code = decode_tensor(tape, shape, dtype, known=shape_classes(shape), fill=fill, expand=expand)
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        return arguments(code.classes, input=code, **picked)

    plain = (domain, dtypes, special, options) == (ANY, FLOATS, False, {}) and not (nonempty or writable)
    promises = _promises(*_left(nonempty=nonempty, writable=writable), special=special, dtypes=dtypes)
    return drawn_evenly(decode, promises=promises, goes_on=None if plain else one())


def several(
    *names: str,
    nonempty: bool = False,
    writable: bool = False,
    domains: Sequence[Domain] = (),
    dtypes: Sequence[torch.dtype] = FLOATS,
    written: Sequence[torch.dtype] | None = None,
    special: bool = False,
    **options: Sequence[Any],
) -> Strategy:
    """Cases of tensors of these names, of one dtype, each of a domain of its own, whose shapes broadcast."""
    fills = [_filling(domain, special=special) for domain in domains or (ANY,) * len(names)]
    dtypes = written or dtypes if writable else dtypes

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape)) if nonempty else decode_shape(tape)
        dtype, shapes = tape.pick(dtypes), [_broadcast(tape, shape) for _ in names]
        if writable:
            shapes[0] = shape
        whole = _common(shapes)
        classes = [*shape_classes(whole), *(["broadcast"] if len(set(shapes)) > 1 else [])]
        classes += ["all broadcast"] if whole not in shapes else []
        made = {}
        for name, part, fill in zip(names, shapes, fills, strict=True):
            expand = 0 if writable and name == "input" else EXPANDED
            made[name] = decode_tensor(tape, part, dtype, role=name, fill=fill, expand=expand)
            classes += made[name].classes
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        return arguments([*classes, *DTYPE_CLASSES[dtype]], **made, **picked)

    plain = (domains, dtypes, special, options) == ((), FLOATS, False, {}) and not (nonempty or writable)
    # Where several tensors broadcast, few are left without elements, or with many.
    left = [*_left(nonempty=nonempty, writable=writable), *(["all broadcast"] if writable else [])]
    promises = ("broadcast", "all broadcast", *_promises(*left, special=special, dtypes=dtypes))
    return drawn_evenly(decode, promises=without(promises, *left), goes_on=None if plain else several(*names))


two = functools.partial(several, "input", "other")


def scaled(
    name: str,
    *,
    nonempty: bool = False,
    writable: bool = False,
    exponents: Sequence[int],
) -> Strategy:
    """Cases of a floating `input` and a tensor of a few whole numbers that broadcasts with it."""
    table = _repeated(exponents, 256)

    def vary(tape: Tape, case: Arguments) -> Arguments:
        shape = code_of(case, name).shape
        data, _ = from_table(table)(tape, torch.int64, math.prod(shape))
        given = {name: contiguous_code(data, torch.int64, shape)}
        return changed(case, without=layout_promises(name), **given)

    base = several("input", name, nonempty=nonempty, writable=writable)
    return varied(base, vary, without=layout_promises(name))


def _broadcast(tape: Tape, shape: Shape) -> Shape:
    """Read a shape that broadcasts to another one, often that itself."""
    ones, cut = tape.byte(), tape.byte()
    made = [1 if ones > 160 and ones >> at & 1 else size for at, size in enumerate(shape)]
    return tuple(made[cut % len(made) :] if cut > 200 and made else made)


def _common(shapes: Sequence[Shape]) -> Shape:
    """Return the shape that shapes broadcast to."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple([next((size for size in sizes if size != 1), 1) for sizes in zip(*padded, strict=True)])


_HOW = weighted({"dims": 96, "0-d other": 48, "0-d input": 48, "number": 64})

SOME = Domain(0.0, 4.0, step=0.5, least=0, most=4)
"""Numbers that every dtype has exactly, as all that is computed of them."""

POSITIVE = Domain(0.5, 4.0, step=0.5, least=1, most=4, zero=False)


def mixed(
    name: str = "other",
    *,
    domain: Domain = SOME,
    dtypes: Sequence[torch.dtype] = REALS,
    numbers: Sequence[Scalar] = (2, 3, 1.5, True),
    **constants: Any,
) -> Strategy:
    """Cases of an `input` and another argument of dtypes of their own: tensors, one of them 0-d, or a number.

    Without `numbers` there are tensors alone.
    """

    def decode(tape: Tape) -> Arguments:
        how, shape, number = tape.pick(_HOW), decode_shape(tape, min_dims=1), tape.byte()
        one, other = tape.pick(dtypes), tape.pick(dtypes)
        how = "dims" if how == "number" and not numbers else how
        first = _plain(tape, () if how == "0-d input" else shape, one, domain)
        second = _plain(tape, () if how == "0-d other" else shape, other, domain)
        if how == "number":
            given: Any = numbers[number * len(numbers) >> 8]
            kinds = {_kind(one), _kind(given)}
        else:
            given, kinds = second, {_kind(one), _kind(other)}
        classes = [*shape_classes(shape), how, "of one kind" if len(kinds) == 1 else "of several kinds"]
        return arguments([*classes, *DTYPE_CLASSES[one]], input=first, **{name: given}, **constants)

    promises = ["dims", "0-d input", "0-d other", *(["number"] if numbers else []), "of one kind"]
    several_kinds = len({_kind(dtype) for dtype in dtypes} | {_kind(number) for number in numbers}) > 1
    return drawn_evenly(decode, promises=[*promises, *(["of several kinds"] if several_kinds else [])])


def _plain(tape: Tape, shape: Shape, dtype: torch.dtype, domain: Domain) -> TensorCode:
    data, _ = _filling(domain, special=False)(tape, dtype, math.prod(shape))
    return contiguous_code(data, dtype, shape)


def _kind(of: Any) -> int:
    """Return the kind of a dtype or a number: bool, whole, floating or complex."""
    if isinstance(of, torch.dtype):
        return 3 if of.is_complex else 2 if of.is_floating_point else 0 if of is torch.bool else 1
    return (bool, int, float, complex).index(type(of))
