"""Cases for sums of products: the factors, what is added to them, and what says along which dims.

Each is a function that returns a strategy. Of `nonempty` cases neither a tensor nor the result is empty; in
`writable` ones no two elements of a tensor share memory, and what is added to has the shape of the result.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.code import TensorCode
from strategies.dims import dim_classes
from strategies.fills import Elements, Fill
from strategies.shapes import Shape, shape_classes
from strategies.tape import Tape, weighted, without
from strategies.tensors import EXPANDED, decode_tensor, layout_promises
from strategies.values import DTYPES, FLOAT_DTYPES, Scalar, decode_bytes

Strategy = SearchStrategy[Any]


class Cases(Protocol):
    """Makes a strategy."""

    def __call__(self, *, nonempty: bool = ..., writable: bool = ...) -> Strategy:  # noqa: D102
        ...


NUMBERS = tuple([dtype for dtype in DTYPES if dtype is not torch.bool])

WIDE_NUMBERS = tuple([dtype for dtype in NUMBERS if dtype not in (torch.int8, torch.uint8)])
"""Those that hold some multiples of sums of products, too."""

SUM_NUMBERS = tuple([dtype for dtype in WIDE_NUMBERS if dtype not in (torch.int16, torch.int32)])
"""Those of which sums, too, have the dtype."""

LONG = 113
"""The longest size: int8 holds the sum of so many ones."""

SIZES = weighted({2: 60, 3: 50, 1: 46, 0: 14, 4: 24, 5: 20, 7: 14, 17: 16, LONG: 12})

_ROOM = 2_048
"""Most products of one case, if no size is long."""


def _sizes(tape: Tape, count: int, nonempty: bool, room: int = _ROOM) -> list[int]:
    """Read so many sizes, of which one may be long."""
    drawn = [max(SIZES[byte], 1 if nonempty else 0) for byte in tape.take(count)]
    if LONG in drawn and room == _ROOM:
        first = drawn.index(LONG)
        return [size if place == first else min(size, 4) for place, size in enumerate(drawn)]
    sizes = []
    for size in drawn:
        sizes.append(min(size, room))
        room //= max(sizes[-1], 1)
    return sizes


def _whole(byte: int) -> int:
    return byte >> 5 if byte < 128 else -((byte - 128) >> 5)


def _ordinary(byte: int) -> float:
    return (byte if byte < 128 else 127 - byte) / 37


@functools.cache
def _table(dtype: torch.dtype, ordinary: bool) -> tuple[Scalar, ...]:
    """Return the 256 numbers that bytes stand for: from -3 to 3, or -1 to 1 where few bits hold the sums."""
    if dtype.is_complex or dtype.is_floating_point:
        number: Callable[[int], float] = _ordinary if ordinary else _whole
        parts = [float(number(byte)) for byte in range(256)]
        return tuple(
            [
                complex(part, parts[byte * 5 % 256]) if dtype.is_complex else part
                for byte, part in enumerate(parts)
            ]
        )
    most = 1 if dtype.itemsize == 1 else 3
    whole = [max(-most, min(most, _whole(byte))) for byte in range(256)]
    return tuple(whole if dtype.is_signed else map(abs, whole))


def factors(tape: Tape, dtype: torch.dtype, count: int) -> Elements:
    """Fill with whole numbers so small that their products add up exactly, or with ordinary floats."""
    ordinary = tape.chance(35)
    table = _table(dtype, ordinary)
    return tuple([table[byte] for byte in decode_bytes(tape, count)]), []


def not_numbers(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
    """Fill with NaN and infinities."""
    tape.byte()
    some = (math.nan, math.inf, -math.inf)
    return tuple([some[byte % 3] for byte in decode_bytes(tape, count)]), ["NaN"] if count else []


@dataclass(frozen=True)
class Read:
    """What is read of a case first: the shapes of its tensors and of the result, and the other arguments."""

    shapes: Sequence[Shape]
    result: Shape
    given: dict[str, Any] = field(default_factory=dict)
    classes: Sequence[str] = ()


Shapes = Callable[[Tape, bool, bool], Read]
"""Reads a case's shapes; told whether nothing may be empty, and whether `input` will be written to."""

_KINDS = ("float64", "int64", "low-precision float", "other integer", "complex")


def of_factors(
    shapes: Shapes,
    *further: str,
    names: Sequence[str],
    dtypes: Sequence[torch.dtype] = NUMBERS,
    ranks: Sequence[int] = (2, 2),
    kinds: Sequence[str] = _KINDS,
    fill: Fill = factors,
    empty: bool = True,
    alike: bool = False,
) -> Cases:
    """Return what makes cases of tensors by these names, of which the first is filled by `fill`.

    Those can be transposed whose largest `ranks` are 2 or more, and expanded those that have any dims. If all
    are `alike`, the classes of layouts are those of an input, whichever it is.
    """
    roles = ["input" if alike or not place else name for place, name in enumerate(names)]

    def made(*, nonempty: bool = False, writable: bool = False) -> Strategy:
        expand = 0 if writable else EXPANDED

        def decode(tape: Tape) -> Arguments:
            read, dtype = shapes(tape, nonempty, writable), tape.pick(dtypes)
            fills = (fill, *[factors] * (len(names) - 1))
            codes = [
                _lazy(tape, decode_tensor(tape, shape, dtype, role=role, fill=each, expand=expand))
                for shape, role, each in zip(read.shapes, roles, fills, strict=True)
            ]
            if writable:  # to write to a conj view has a rule of its own
                codes[0] = codes[0].changed(bit="")
            classes = [*shape_classes(read.result), *read.classes]
            classes += [name for code in codes for name in code.classes]
            return arguments(classes, **dict(zip(names, codes, strict=True)), **read.given)

        promises = [name for name in ("empty",) if empty and not nonempty]
        for role, rank in zip(dict.fromkeys(roles), ranks, strict=False):
            layouts = layout_promises(role, expand=expand)
            promises += layouts if rank > 1 else layouts[1:] if rank else ()
        return drawn_evenly(decode, promises=(*promises, *kinds, *further))

    return made


def _lazy(tape: Tape, code: TensorCode) -> TensorCode:
    """Make some of the complex tensors conj views."""
    if not tape.chance(30) or not code.dtype.is_complex:
        return code
    return code.changed(bit="conj", classes=(*code.classes, "conj view"))


def _no_inner(inner: int, result: Shape) -> list[str]:
    return ["nothing to add up"] if not inner and 0 not in result else []


_OFTEN = ("size 1", "over 16 elements", "over 256 elements")


def _mm(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    n, m, p = _sizes(tape, 3, nonempty)
    return Read([(n, m), (m, p)], (n, p), {}, _no_inner(m, (n, p)))


mm = of_factors(_mm, *_OFTEN, names=("input", "mat2"))
"""Cases of two matrices."""


def _bmm(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    b, n, m, p = _sizes(tape, 4, nonempty)
    return Read([(b, n, m), (b, m, p)], (b, n, p), {}, _no_inner(m, (b, n, p)))


bmm = of_factors(_bmm, *_OFTEN, names=("input", "mat2"))
"""Cases of two batches of as many matrices."""


def _mv(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    n, m = _sizes(tape, 2, nonempty)
    return Read([(n, m), (m,)], (n,), {}, _no_inner(m, (n,)))


mv = of_factors(_mv, "size 1", "over 16 elements", names=("input", "vec"), ranks=(2, 1))
"""Cases of a matrix and a vector."""


def _dot(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    (m,) = _sizes(tape, 1, nonempty)
    return Read([(m,), (m,)], (), {}, [*shape_classes((m,)), *_no_inner(m, ())])


dot = of_factors(_dot, "size 1", "over 16 elements", names=("input", "other"), ranks=(1, 1))
"""Cases of two vectors of a size."""


def _outer(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    n, m = _sizes(tape, 2, nonempty)
    return Read([(n,), (m,)], (n, m))


outer = of_factors(_outer, *_OFTEN, names=("input", "vec2"), ranks=(1, 1))
"""Cases of two vectors."""


def _trace(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    n, m = _sizes(tape, 2, nonempty)
    return Read([(n, m)], (), {}, [*shape_classes((n, m)), *(["oblong"] if n != m else [])])


trace = of_factors(_trace, *_OFTEN, "oblong", names=("input",), ranks=(2,))
"""Cases of a matrix."""

_RANKS = weighted(
    {
        (2, 2): 30,
        (1, 1): 30,
        (1, 2): 30,
        (2, 1): 30,
        (3, 3): 30,
        (4, 3): 26,
        (2, 4): 26,
        (3, 1): 20,
        (1, 3): 20,
    }
    | {(4, 4): 14}
)


def _matmul(tape: Tape, nonempty: bool, vectors: bool) -> Read:
    """Read factors of any ranks; of the dims in front, some are left out or 1 in one of them."""
    (one, two), ones = tape.pick(_RANKS), tape.byte()
    if not vectors and one == two == 1:
        one = 2
    batched = max(one, two) > 2
    n, m, p = _sizes(tape, 3, nonempty, 200 if batched else _ROOM)
    batch = [(2, 1, 3, 2, 3, 0)[byte * 6 >> 8] for byte in tape.take(2)]
    batch = [max(size, 1) if nonempty else size for size in batch]
    wide = [1 if ones >> place & 1 and ones > 100 else size for place, size in enumerate(batch)]
    before, after = (wide, batch) if ones & 4 else (batch, wide)
    left = (*before[2 - max(one - 2, 0) :], *((m,) if one == 1 else (n, m)))
    right = (*after[2 - max(two - 2, 0) :], *((m,) if two == 1 else (m, p)))
    dims = (*(() if one == 1 else (n,)), *(() if two == 1 else (p,)))
    result = (*np.broadcast_shapes(left[:-2], right[:-2]), *dims)
    names = {(1, 1): "vector by vector", (1, 2): "vector by matrix", (2, 1): "matrix by vector"}
    classes = [names[one, two]] if (one, two) in names else ["batch"] if batched else []
    classes += ["broadcast"] if min(one, two) > 1 and left[:-2] != right[:-2] else []
    return Read([left, right], result, {}, [*classes, *_no_inner(m, result)])


_MATMUL = ("vector by matrix", "matrix by vector", "batch", "broadcast", "rank 4 or more", *_OFTEN)


def matmul(*, vectors: bool = True, **options: bool) -> Strategy:
    """Cases of two factors of any ranks; both of them are vectors only with `vectors`."""
    return _MATMULS[vectors](**options)


_MATMULS = {
    vectors: of_factors(
        lambda tape, nonempty, _, vectors=vectors: _matmul(tape, nonempty, vectors),  # type: ignore[misc]
        *_MATMUL,
        *(["vector by vector"] if vectors else []),
        names=("input", "other"),
    )
    for vectors in (True, False)
}


def _inner(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    one, two, sizes = tape.below(3), tape.below(3), _sizes(tape, 5, nonempty, 600)
    left, right, shared = sizes[:one], sizes[2 : 2 + two], sizes[4]
    result = (*left, *right)
    return Read([(*left, shared), (*right, shared)], result, {}, _no_inner(shared, result))


inner = of_factors(_inner, "0-d", "rank 4 or more", *_OFTEN, names=("input", "other"))
"""Cases of two tensors with a last dim of the same size."""

_ORDERS = ((0, 1, 2, 3), (3, 1, 0, 2), (1, 0, 3, 2), (2, 3, 1, 0))


def _ordered(shape: Sequence[int], order: Sequence[int]) -> tuple[Shape, list[int]]:
    """Return a shape with its dims in another order, and where each of them went."""
    dims = [dim for dim in order if dim < len(shape)]
    return tuple([shape[dim] for dim in dims]), [dims.index(dim) for dim in range(len(dims))]


def _tensordot(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    lists, count, negative = tape.chance(60), (1, 2, 0)[tape.byte() * 3 >> 8], tape.byte()
    free, orders = [tape.below(3) for _ in range(2)], [tape.pick(_ORDERS) for _ in range(2)]
    sizes, one = _sizes(tape, 6, nonempty, 400), tape.byte()
    before, shared, after = sizes[: free[0]], sizes[2 : 2 + count], sizes[4 : 4 + free[1]]
    given: dict[str, Any] = {"dims": count}
    left, right, classes = (*before, *shared), (*shared, *after), ["number of dims"]
    result = (*before, *after)
    if lists:
        single = count and one > 190 and shared[0] > 1
        classes = ["lists of dims", *(["broadcast"] if single else [])]
        left, at = _ordered(left, orders[0])
        right, to = _ordered((1, *right[1:]) if single else right, orders[1])
        dims = at[free[0] :], to[:count]
        lists_of = zip(dims, (left, right), strict=True)
        given = {
            "dims": tuple(
                [tuple([dim - len(of) * (negative > 170) for dim in each]) for each, of in lists_of]
            )
        }
    return Read([left, right], result, given, [*classes, *_no_inner(math.prod(shared), result)])


tensordot = of_factors(
    _tensordot, "number of dims", "lists of dims", "broadcast", "rank 4 or more", *_OFTEN, names=("a", "b")
)
"""Cases of two tensors and the dims along which they go together, by number or by two lists."""


def _kron(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    ranks, sizes = [(2, 1, 3, 0)[byte >> 6] for byte in tape.take(2)], _sizes(tape, 6, nonempty, 600)
    left, right = [tuple(part[3 - rank :]) for part, rank in zip((sizes[:3], sizes[3:]), ranks, strict=True)]
    pad = max(ranks)
    pairs = zip((1,) * (pad - len(left)) + left, (1,) * (pad - len(right)) + right, strict=True)
    result = tuple([one * two for one, two in pairs])
    return Read([left, right], result, {}, ["different ranks"] if len(left) != len(right) else [])


kron = of_factors(_kron, "0-d", "different ranks", *_OFTEN, names=("input", "other"), alike=True)
"""Cases of two tensors of up to three dims."""


def _added(factors: Callable[[Tape, bool, bool], Read]) -> Shapes:
    """Return what reads, before the factors, what is added to them, and the numbers to multiply both by."""

    def shapes(tape: Tape, nonempty: bool, writable: bool) -> Read:
        beta, alpha, ones, cut = tape.pick((1, 0, 2, 3)), tape.pick((1, 2, 0, 3)), tape.byte(), tape.byte()
        read = factors(tape, nonempty, writable)
        wide: Shape = tuple([1 if ones >> at & 1 else size for at, size in enumerate(read.result)])
        wide = wide[cut % (len(wide) + 1) if cut > 128 else 0 :]
        none = any(0 in shape for shape in read.shapes)  # to broadcast to such products has a rule of its own
        added = read.result if writable or none or ones < 128 else wide
        classes = [
            *read.classes,
            *(["broadcast"] if added != read.result else []),
            *([] if beta else ["beta 0"]),
        ]
        return Read([added, *read.shapes], read.result, {"beta": beta, "alpha": alpha}, classes)

    return shapes


def added(
    factors: Callable[[Tape, bool, bool], Read], *names: str, rank: int, last: int
) -> Callable[..., Strategy]:
    """Return what makes cases of an `input` of a rank, factors by these names, `beta` and `alpha`.

    The `ignored` ones are of NaN and infinities, with beta 0.
    """
    often = _OFTEN if rank > 1 else _OFTEN[:2]
    of = functools.partial(
        of_factors, names=("input", *names), ranks=(rank, max(rank, 2) if last else 1, last or 1)
    )

    def ignored(tape: Tape, nonempty: bool, writable: bool) -> Read:
        read = _added(factors)(tape, nonempty, writable)
        return replace(read, given={**read.given, "beta": 0})

    kept = of(_added(factors), *often, "beta 0", dtypes=WIDE_NUMBERS)
    lost = of(ignored, *often, "NaN", dtypes=FLOAT_DTYPES, kinds=_KINDS[::2][:2], fill=not_numbers)

    def made(*, ignored: bool = False, **options: bool) -> Strategy:
        return (lost if ignored else kept)(**options)

    return made


addmm = added(_mm, "mat1", "mat2", rank=2, last=2)
"""Cases of a matrix to add, and two matrices."""

addmv = added(_mv, "mat", "vec", rank=1, last=1)
"""Cases of a vector to add, a matrix and a vector."""

addr = added(_outer, "vec1", "vec2", rank=2, last=0)
"""Cases of a matrix to add, and two vectors."""

baddbmm = added(_bmm, "batch1", "batch2", rank=3, last=3)
"""Cases of a batch of matrices to add, and two batches."""


def added_to_nothing() -> Strategy:
    """Cases of a matrix without elements, a vector, and an input to be broadcast to their product."""

    def decode(tape: Tape) -> Arguments:
        rows, columns = tape.pick(((2, 0), (3, 0), (0, 1), (0, 2)))
        shape: Shape = tape.pick(((1,), ()))
        dtype = tape.pick(NUMBERS)
        mat, vec = (
            decode_tensor(tape, (rows, columns), dtype),
            decode_tensor(tape, (columns,), dtype, fill=factors),
        )
        classes = ["no columns" if rows else "no rows"]
        return arguments(classes, input=decode_tensor(tape, shape, dtype, fill=factors), mat=mat, vec=vec)

    return drawn_evenly(decode, promises=("no columns", "no rows"))


def added_to_conj_views() -> Strategy:
    """Cases of a conj view of a batch, in whatever order of its dims, and two batches of factors."""

    def decode(tape: Tape) -> Arguments:
        b, n, m, p = 1 + tape.below(2), 8 + tape.below(3), 8 + tape.below(3), 8 + tape.below(3)
        dtype = (torch.complex64, torch.complex128)[tape.byte() >> 7]
        shapes = {"input": (b, n, p), "batch1": (b, n, m), "batch2": (b, m, p)}
        codes = {
            name: decode_tensor(tape, shape, dtype, fill=factors, expand=0) for name, shape in shapes.items()
        }
        codes["input"] = codes["input"].changed(bit="conj")
        return arguments(codes["input"].classes, **codes)

    return drawn_evenly(decode, promises=layout_promises(expand=0))


def _crossed(tape: Tape, nonempty: bool, broadcast: bool) -> tuple[list[Shape], int, list[str]]:
    rank, at, ones, sizes = 1 + tape.below(4), tape.byte(), tape.byte(), _sizes(tape, 4, nonempty, 300)
    dim = at % rank - (rank if at > 128 else 0)
    left, right = sizes[:rank], sizes[:rank]
    if broadcast and ones > 128:
        left = [1 if ones & 1 << place else size for place, size in enumerate(left)]
        right = [1 if ones & 8 >> place else size for place, size in enumerate(right)]
    left[dim] = right[dim] = 3
    classes = ["broadcast"] if left != right else []
    return [tuple(left), tuple(right)], dim, classes + dim_classes(dim)


def _cross(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    shapes, dim, classes = _crossed(tape, nonempty, broadcast=False)
    return Read(shapes, shapes[0], {"dim": dim}, classes)


def _linalg_cross(tape: Tape, nonempty: bool, _writable: bool) -> Read:
    shapes, dim, classes = _crossed(tape, nonempty, broadcast=True)
    return Read(shapes, np.broadcast_shapes(*shapes), {"dim": dim}, classes)


cross = of_factors(_cross, "rank 4 or more", "negative dim", *_OFTEN, names=("input", "other"))
"""Cases of two tensors of one shape, and a dim of size 3."""

linalg_cross = of_factors(
    _linalg_cross, "rank 4 or more", "broadcast", "negative dim", *_OFTEN, names=("input", "other")
)
"""Cases of two tensors whose shapes broadcast, and a dim of size 3 in both."""

EQUATIONS = (
    *("ij,jk->ik", "ij,jk", "ii", "ii->i", "ij->ji", "ba", "ij->", "ij->j", "i,i", "i,j->ij", "ij,jk->ki"),
    *("bij,bjk->bik", "...ij,...jk", "...ij->...ji", "bn,anm,bm->ba", "ij,ij->", "ijij->ij", "iij->ji"),
    *(
        "a...->a",
        "...,...->...",
        "...i,ij->...j",
        " i j , j k -> i k ",
        "",
        "i,->i",
        "abc->cab",
        "ij,kj,kl->il",
    ),
)
"""Products, traces, diagonals, sums, orders of dims, and dims that an ellipsis stands for."""


def _equation_classes(equation: str) -> list[str]:
    parts = equation.replace(" ", "").partition("->")[0].split(",")
    letters = [part.replace(".", "") for part in parts]
    classes = ["diagonal"] if any(len(set(part)) < len(part) for part in letters) else []
    classes += ["ellipsis"] if "..." in equation else []
    classes += ["no arrow"] if "->" not in equation else []
    return [*classes, {1: "one operand", 2: "two operands", 3: "three operands"}[len(parts)]]


_EQUATION_CLASSES = (
    "one operand",
    "two operands",
    "three operands",
    "diagonal",
    "ellipsis",
    "no arrow",
    "broadcast",
)


def einsum(*, nonempty: bool = False, writable: bool = False) -> Strategy:
    """Cases of an equation and its operands; now and then a labelled dim has size 1 in one of them alone."""
    expand = 0 if writable else EXPANDED

    def decode(tape: Tape) -> Arguments:
        equation, drawn, covered, single = (
            tape.pick(EQUATIONS),
            _sizes(tape, 6, nonempty, 300),
            tape.byte(),
            tape.byte(),
        )
        dtype = tape.pick(SUM_NUMBERS)
        text = equation.replace(" ", "")
        parts = text.partition("->")[0].split(",")
        letters = list(dict.fromkeys(text.replace(".", "").replace(",", "").replace("->", "")))
        sizes = dict(zip(letters, drawn, strict=False))
        codes, classes = [], _equation_classes(equation)
        for place in range(3):
            part = parts[place] if place < len(parts) else ""
            count = covered >> 2 * place & 3
            batch = [3, 2, 2][3 - min(count, 3) :] if "..." in part else []
            before, _, after = part.partition("...")
            shape = [*[sizes[letter] for letter in before], *batch, *[sizes[letter] for letter in after]]
            if place == 0 and len(parts) > 1 and shape and single > 170 and shape[single % len(shape)] > 1:
                shape[single % len(shape)] = 1
                classes.append("broadcast")
            code = _lazy(tape, decode_tensor(tape, tuple(shape), dtype, fill=factors, expand=expand))
            if place < len(parts):
                codes.append(code)
                classes += [*shape_classes(code.shape), *code.classes]
        return arguments(classes, equation=equation, operands=tuple(codes))

    promises = [
        *layout_promises(expand=expand),
        *without(_KINDS, "other integer"),
        *_EQUATION_CLASSES,
        *([] if nonempty else ["empty"]),
    ]
    return drawn_evenly(decode, promises=promises)
