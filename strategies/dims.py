"""Dims: positive, negative, tuples of them, repeated ones and ones out of range."""

from __future__ import annotations

from strategies.shapes import Shape
from strategies.tape import Tape

FAR = (0, 0, 0, 1, 2, 7, 2**31)
"""How far past the range an out-of-range dim lies."""


def places(shape: Shape) -> int:
    """Return how many dims there are to name: a 0-d tensor counts as having one."""
    return max(len(shape), 1)


def decode_dim(tape: Tape, count: int) -> int:
    """Read one of `count` dims off one byte, as 0 … count - 1 or as -1 … -count; 0 is the simplest.

    Raises ValueError if `count` is not positive.
    """
    if count < 1:
        raise ValueError(f"a dim is one of at least 1, not of {count}")
    choice = tape.below(2 * count)
    return choice if choice < count else count - choice - 1


def decode_bad_dim(tape: Tape, count: int) -> int:
    """Read a dim outside [-count, count) off two bytes; one past the end is the simplest."""
    negative, far = tape.chance(50), tape.pick(FAR)
    return -count - 1 - far if negative else count + far


def decode_dims(tape: Tape, rank: int) -> tuple[int, ...]:
    """Read a tuple of one to `rank` distinct dims off two bytes, in any order, some of them negative."""
    chosen, signs = tape.byte(), tape.byte()
    dims = [dim for dim in range(rank) if chosen >> dim & 1] or [chosen % rank]
    if chosen & 128:
        dims.reverse()
    return tuple([dim - rank if signs >> dim & 1 else dim for dim in dims])


PLACES = ("first dim", "middle dim", "last dim")
"""The input classes of a dim by its place among two or more."""


def dim_classes(dim: int, rank: int = 0) -> list[str]:
    """Return the names of the input classes that a dim, of so many if that is told, belongs to."""
    classes = ["negative dim"] if dim < 0 else []
    if rank > 1:
        at = dim % rank
        classes.append(PLACES[0 if at == 0 else 2 if at == rank - 1 else 1])
    if dim == -2:
        classes.append("dim -2")
    return classes


BAD_DIM_PROMISES = ("dim too low", "dim too high")


def bad_dim_classes(dim: int) -> list[str]:
    """Return the names of the input classes that a dim out of range belongs to."""
    return [BAD_DIM_PROMISES[0 if dim < 0 else 1]]
