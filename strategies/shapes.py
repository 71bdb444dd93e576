"""Shapes: rank 0 to 6, sizes 0, 1, equal, prime, and one long dim, now and then a very long one."""

from __future__ import annotations

import functools

from hypothesis.strategies import SearchStrategy

from strategies.tape import Tape, packed, weighted

Shape = tuple[int, ...]

MAX_RANK = 6

GRAIN = 32_768
"""Elements beyond which torch splits the work of an operation over threads (its grain size)."""

LONG = 1_031

VERY_LONG = 32_771
"""A prime size beyond the grain, so that no number of threads shares it evenly."""

PRIMES = frozenset({5, 7, 11, 13, 17, 257, 1031, VERY_LONG})
"""The sizes that are prime and leave a remainder for every vector width."""

NUMEL = 512
"""Most elements of a shape without a long dim."""

RANKS = weighted({0: 32, 1: 48, 2: 56, 3: 40, 4: 36, 5: 34, 6: 10})
SIZES = weighted(
    {1: 64, 2: 54, 3: 40, 0: 14, 4: 14, 5: 14, 7: 11, 11: 7, 13: 5, 17: 5, 257: 6, 300: 4, 1025: 10, 1031: 7}
    | {VERY_LONG: 1}
)
MANY_ONES = weighted(
    {1: 110, 2: 44, 3: 32, 0: 16, 5: 12, 7: 6, 11: 4, 17: 4, 257: 6, 300: 4, 1025: 10, 1031: 7}
    | {VERY_LONG: 1}
)


def decode_shape(
    tape: Tape, *, sizes: tuple[int, ...] = SIZES, min_dims: int = 0, max_dims: int = MAX_RANK
) -> Shape:
    """Read a shape of `min_dims` to `max_dims` dims off 1 + `MAX_RANK` bytes."""
    rank = tape.pick(_ranks(min_dims, max_dims))
    # The last sizes, so that a shape that loses a dim in shrinking loses its first.
    drawn = [sizes[byte] for byte in tape.take(MAX_RANK)[MAX_RANK - rank :]]
    # One place is enough for what costs so much more than the rest.
    drawn = [min(size, VERY_LONG if dim == rank - 1 else LONG) for dim, size in enumerate(drawn)]
    long = next((dim for dim, size in enumerate(drawn) if size > NUMEL // 2), None)
    if long is not None:
        shape = [min(size, 2) if dim < 2 else min(size, 1) for dim, size in enumerate(drawn)]
        shape[long] = drawn[long]
        return tuple(shape)
    room = NUMEL
    shape = []
    for size in drawn:
        fitting = min(size, room)
        room //= max(fitting, 1)
        shape.append(fitting)
    return tuple(shape)


@functools.cache
def _ranks(min_dims: int, max_dims: int) -> tuple[int, ...]:
    return tuple([rank for rank in RANKS if min_dims <= rank <= max_dims])


def nonempty_shape(shape: Shape) -> Shape:
    """Return the shape with 1 in the place of every size 0."""
    return tuple([max(size, 1) for size in shape])


def with_size(shape: Shape, dim: int, size: int) -> Shape:
    """Return the shape with another size in one dim, 0 … rank - 1."""
    return (*shape[:dim], size, *shape[dim + 1 :])


BEYOND_GRAIN = "over 32,768 elements"
"""The input class of what torch may work on with several threads."""


def shape_classes(shape: Shape) -> list[str]:
    """Return the names of the input classes that a shape belongs to."""
    rank = len(shape)
    if rank == 0:
        return ["0-d"]
    classes = ["rank 3 or more"] if rank > 2 else []
    numel = 1
    for size in shape:
        numel *= size
    if rank >= 4:
        classes.append("rank 4 or more")
    if numel == 0:
        classes.append("empty")
    elif numel > 16:
        classes.append("over 16 elements")
        if numel > 256:
            classes.append("over 256 elements")
            if max(shape) > 1024:
                classes.append("dim over 1,024")
            if numel > GRAIN:
                classes.append(BEYOND_GRAIN)
    if 1 in shape:
        classes.append("size 1")
    long = [size for size in shape if size > 1]
    if len(set(long)) < len(long):
        classes.append("equal sizes")
    if not PRIMES.isdisjoint(long):
        classes.append("prime size")
    return classes


SHAPE_PROMISES = (
    "0-d",
    "rank 4 or more",
    "empty",
    "size 1",
    "over 16 elements",
    "over 256 elements",
    "dim over 1,024",
)


def shapes(*, min_dims: int = 0, max_dims: int = MAX_RANK) -> SearchStrategy[Shape]:
    """Return a strategy for shapes of `min_dims` to `max_dims` dims, at most `MAX_RANK`.

    Sizes are 0 to 17, and in every sixth shape or so one dim is over 256 or over 1,024 long, in every 250th
    over `GRAIN`; the others have at most a few thousand elements. Shrinks toward fewer dims, then toward size
    1 (a size 0 stays where it matters).

    Raises ValueError unless 0 <= min_dims <= max_dims <= MAX_RANK.
    """
    check_dims(min_dims, max_dims)
    return packed(lambda tape: decode_shape(tape, min_dims=min_dims, max_dims=max_dims))


def check_dims(min_dims: int, max_dims: int) -> None:
    """Raise ValueError unless 0 <= min_dims <= max_dims <= MAX_RANK."""
    if not 0 <= min_dims <= max_dims <= MAX_RANK:
        raise ValueError(f"0 <= min_dims <= max_dims <= {MAX_RANK} does not hold: {min_dims=}, {max_dims=}")
