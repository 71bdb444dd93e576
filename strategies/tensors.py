"""Tensors in every layout: contiguous, transposed, expanded, stepped, with a storage offset, and mixed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import torch
from hypothesis.strategies import SearchStrategy

from strategies.code import Index, TensorCode
from strategies.shapes import (
    MAX_RANK,
    SHAPE_BYTES,
    SHAPE_PROMISES,
    Shape,
    check_dims,
    decode_shape,
    shape_classes,
)
from strategies.tape import Tape, packed, weighted
from strategies.values import DTYPES, FILL_BYTES, VALUE_PROMISES, Scalar, decode_values, ramp

LAYOUT_BYTES = 5
TENSOR_BYTES = LAYOUT_BYTES + FILL_BYTES

Fill = Callable[[Tape, torch.dtype, int], tuple[tuple[Scalar, ...], list[str]]]

EXPANDED = 30
"""Percentage of tensors that are expanded, where they can be."""

LAYOUTS = ("transposed", "stepped", "storage offset", "expanded")

_STEPPED = weighted({None: 156, "last": 60, "first": 40})
_PERMUTED = weighted({None: 110, "swap": 56, "reverse": 50, "rotate": 40})


def zeros(_tape: Tape, dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
    """Fill with zeros; reads nothing off the tape."""
    zero: Scalar = False if dtype is torch.bool else 0.0 if dtype.is_floating_point or dtype.is_complex else 0
    return (zero,) * count, []


def counting(_tape: Tape, dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
    """Fill with 0, 1, 2, …, so that every element tells its position; reads nothing off the tape."""
    return ramp(dtype, count), []


def decode_tensor(
    tape: Tape,
    shape: Shape,
    dtype: torch.dtype,
    *,
    role: str = "input",
    fill: Fill = decode_values,
    expand: int = EXPANDED,
    requires_grad: bool = False,
) -> TensorCode:
    """Read a layout (`LAYOUT_BYTES`) and elements off the tape for a tensor of the given shape and dtype.

    `role` is the word that the names of the layout classes end with. `expand` is the
    percentage of tensors that are expanded: with 0 no two elements share memory, as writing requires.
    """
    permuted, stepped = tape.pick(_PERMUTED), tape.pick(_STEPPED)
    shifted, expands, where = tape.chance(25), tape.chance(expand), tape.byte()
    names = _layout_names(role)
    classes: list[str] = []
    rank = len(shape)

    inner, expanded = shape, None
    if expands and rank and max(shape) > 1:
        dim = next(dim % rank for dim in range(where % rank, where % rank + rank) if shape[dim % rank] > 1)
        inner, expanded = (*shape[:dim], 1, *shape[dim + 1 :]), shape
        classes.append(names[3])

    # Where two dims are longer than 1, moving others would change nothing that a kernel can see.
    before, permutation = inner, None
    long = [dim for dim, size in enumerate(inner) if size > 1]
    if permuted is not None and len(long) > 1:
        permutation = _permutation(permuted, rank, tuple(long))
        sizes = [0] * rank
        for size, source in zip(inner, permutation, strict=True):
            sizes[source] = size
        before = tuple(sizes)
        classes.append(names[0])

    base, index = before, None
    step_dim = None
    if stepped is not None and long:
        steppable = [dim for dim, size in enumerate(before) if size > 1]
        step_dim = steppable[-1 if stepped == "last" else 0]
        classes.append(names[1])
    if shifted or step_dim is not None:
        base, index = _sliced(before, step_dim, shifted)
        if shifted:
            classes.append(names[2])

    numel = 1
    for size in base:
        numel *= size
    data, value_classes = fill(tape, dtype, numel)
    return TensorCode(
        data, dtype, base, shape, index, permutation, expanded, requires_grad, (*classes, *value_classes)
    )


@functools.cache
def _layout_names(role: str) -> tuple[str, ...]:
    return tuple(f"{layout} {role}" for layout in LAYOUTS)


@functools.cache
def _permutation(kind: str, rank: int, long: Shape) -> Shape:
    """Return a permutation of `rank` dims that moves at least two of the `long` ones."""
    if kind == "reverse":
        return tuple(reversed(range(rank)))
    dims = list(range(rank))
    if kind == "rotate":
        moved = [dims[dim] for dim in (*long[1:], long[0])]
        for dim, source in zip(long, moved, strict=True):
            dims[dim] = source
    else:
        dims[long[-1]], dims[long[-2]] = dims[long[-2]], dims[long[-1]]
    return tuple(dims)


def _sliced(shape: Shape, step_dim: int | None, shifted: bool) -> tuple[Shape, Index]:
    """Return a base shape and the index that cuts `shape` out of it, with a step of 2 and an offset."""
    if not shape:
        return (2,), (1,)
    base, cut = list(shape), [slice(None)] * len(shape)
    if step_dim is not None:
        base[step_dim] *= 2
        cut[step_dim] = slice(None, None, 2)
    if shifted:
        base[0] += 1
        cut[0] = slice(1, None, cut[0].step)
    while cut[-1] == slice(None):
        cut.pop()
    return tuple(base), tuple(cut)


def zeros_code(shape: Shape, dtype: torch.dtype = torch.int64, first: int = 0) -> TensorCode:
    """Return a contiguous tensor of zeros but for its first element."""
    count = 1
    for size in shape:
        count *= size
    data, _ = zeros(Tape(b""), dtype, count)
    return TensorCode((first, *data[1:]) if first else data, dtype, shape, shape)


def layout_promises(role: str, *, expand: int = EXPANDED) -> tuple[str, ...]:
    """Return the names of the layout classes that `decode_tensor` reaches for a role."""
    return _layout_names(role) if expand else _layout_names(role)[:3]


def tensor_codes(
    *,
    dtypes: Sequence[torch.dtype] = DTYPES,
    min_dims: int = 0,
    max_dims: int = MAX_RANK,
) -> SearchStrategy[TensorCode]:
    """Return a strategy for expressions of tensors; `.build()` gives the tensor.

    Draws the dtype from `dtypes` (repeat one to draw it more often; the first is the simplest), shapes as
    `shapes()` does, layouts and elements with NaN, infinities and extremes among them. Shrinks toward a
    contiguous tensor of zeros of few dims and the first dtype.

    Raises ValueError unless 0 <= min_dims <= max_dims <= MAX_RANK and there is 1 to 256 dtypes.
    """
    check_dims(min_dims, max_dims)
    if not 1 <= len(dtypes) <= 256:
        raise ValueError(f"1 to 256 dtypes are needed, not {len(dtypes)}")

    def decode(tape: Tape) -> TensorCode:
        shape = decode_shape(tape, min_dims=min_dims, max_dims=max_dims)
        code = decode_tensor(tape, shape, tape.pick(dtypes))
        return TensorCode(**{**code.__dict__, "classes": (*shape_classes(shape), *code.classes)})

    everything = (min_dims, max_dims) == (0, MAX_RANK) and dtypes is DTYPES
    return packed(
        decode,
        length=SHAPE_BYTES + 1 + TENSOR_BYTES,
        promises=(*SHAPE_PROMISES, *layout_promises("input"), *VALUE_PROMISES) if everything else (),
    )


def tensors(
    *,
    dtypes: Sequence[torch.dtype] = DTYPES,
    min_dims: int = 0,
    max_dims: int = MAX_RANK,
) -> SearchStrategy[torch.Tensor]:
    """Return a strategy for tensors on the device that `placing_on` has set; see `tensor_codes`."""
    return tensor_codes(dtypes=dtypes, min_dims=min_dims, max_dims=max_dims).map(TensorCode.build)
