"""Tensors in every layout: contiguous, transposed, expanded, stepped, with a storage offset, and mixed."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.code import Index, LazyBit, TensorCode, contiguous_code
from strategies.fills import Fill, counting, from_table, zero_data
from strategies.shapes import (
    MAX_RANK,
    SHAPE_PROMISES,
    Shape,
    check_dims,
    decode_shape,
    shape_classes,
    with_size,
)
from strategies.tape import Tape, call_it, packed, weighted
from strategies.values import (
    DTYPE_CLASSES,
    DTYPE_PROMISES,
    DTYPES,
    VALUE_PROMISES,
    Scalar,
    decode_values,
)

EXPANDED = 30
"""Percentage of tensors that are expanded, where they can be."""

LAYOUTS = ("transposed", "stepped", "storage offset", "narrowed", "expanded", "channels-last")

CHANNELS_LAST = ((0, 3, 1, 2), (0, 4, 1, 2, 3))
"""The permutations that turn (N, H, W, C) and (N, D, H, W, C) into what convolutions take."""

WHOLE_VECTORS = "rows of 16 bytes"
"""The input class of tensors of which each row has a multiple of 16 bytes, as many as a vector has."""

_SLICED = weighted({None: 124, "last": 46, "first": 36, "narrowed": 50})
_PERMUTED = weighted({None: 110, "swap": 48, "reverse": 40, "rotate": 30, "channels last": 28})
_IMAGES = weighted({None: 96, "swap": 24, "reverse": 20, "rotate": 16, "channels last": 100})


def decode_tensor(
    tape: Tape,
    shape: Shape,
    dtype: torch.dtype,
    *,
    role: str = "input",
    fill: Fill = decode_values,
    expand: int = EXPANDED,
    requires_grad: bool = False,
    lazy: bool | None = None,
    gaps: bool = True,
    images: bool = False,
    known: Sequence[str] = (),
) -> TensorCode:
    """Read a layout and elements off the tape for a tensor of the given shape and dtype.

    `role` is the word that the names of the layout classes end with; `known` classes stand before them.
    `expand` is the percentage of tensors that are expanded: with 0 no two elements share memory, as writing
    requires. A tensor of drawn values is now and then a conj or neg view, whose bit torch resolves when it
    must; always if `lazy` is True (and the dtype allows it), never if it is False. Without `gaps` every
    element that is filled in is one of the tensor's, so that none is hidden between its rows or before its
    first. Of `images` many are channels-last: kernels for these are apart from those for any other layout.
    """
    permuted, sliced = tape.pick(_IMAGES if images else _PERMUTED), tape.pick(_SLICED)
    shifted, expands, where, byte = tape.chance(25), tape.chance(expand), tape.byte(), tape.byte()
    if not gaps:
        sliced, shifted = None, False
    names = _layout_names(role)
    classes = [*known]
    rank = len(shape)

    inner, expanded = shape, None
    if expands and rank and max(shape) > 1:
        dim = next(dim % rank for dim in range(where % rank, where % rank + rank) if shape[dim % rank] > 1)
        inner, expanded = with_size(shape, dim, 1), shape
        classes.append(names[4])
        if dim == rank - 1 > 0:
            classes.append(names[6])

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
        if permutation in CHANNELS_LAST:
            classes.append(names[5])

    base, index = before, None
    slice_dim = None
    if sliced is not None and long:
        sliceable = [dim for dim, size in enumerate(before) if size > 1]
        slice_dim = sliceable[0 if sliced == "first" else -1]
        classes.append(names[3 if sliced == "narrowed" else 1])
    if shifted or slice_dim is not None:
        base, index = _sliced(before, slice_dim, shifted, narrowed=sliced == "narrowed")
        if shifted:
            classes.append(names[2])

    numel = 1
    for size in base:
        numel *= size
    data, value_classes = fill(tape, dtype, numel if numel < tape.most else tape.most)
    bit: LazyBit = ""
    if lazy is not False and fill is decode_values and not requires_grad:
        bit = _lazy_bit(dtype, 255 if lazy else byte, data)
    if bit:
        classes.append(f"{bit} view")
    if role == "input":
        classes += DTYPE_CLASSES[dtype]
    return TensorCode(
        data, dtype, base, shape, index, permutation, expanded, requires_grad, (*classes, *value_classes), bit
    )


def _lazy_bit(dtype: torch.dtype, byte: int, data: Sequence[Scalar]) -> LazyBit:
    if dtype.is_complex:
        # Of a complex zero, torch on CPU gives -0 for some elements and 0 for others, as no page forbids.
        if byte <= 130:
            return ""
        return "conj" if byte > 150 or not all(value.real and value.imag for value in data) else "neg"
    return "neg" if byte > 225 and dtype in (torch.float32, torch.float64) else ""


@functools.cache
def _layout_names(role: str) -> tuple[str, ...]:
    return (*(f"{layout} {role}" for layout in LAYOUTS), f"last dim of {role} expanded")


@functools.cache
def _permutation(kind: str, rank: int, long: Shape) -> Shape:
    """Return a permutation of `rank` dims that moves at least two of the `long` ones."""
    if kind == "channels last" and rank in (4, 5) and 1 in long and long[-1] > 1:
        return CHANNELS_LAST[rank - 4]
    if kind == "reverse":
        return tuple(reversed(range(rank)))
    dims = list(range(rank))
    if kind in ("rotate", "channels last"):
        moved = [dims[dim] for dim in (*long[1:], long[0])]
        for dim, source in zip(long, moved, strict=True):
            dims[dim] = source
    else:
        dims[long[-1]], dims[long[-2]] = dims[long[-2]], dims[long[-1]]
    return tuple(dims)


def _sliced(shape: Shape, slice_dim: int | None, shifted: bool, *, narrowed: bool) -> tuple[Shape, Index]:
    """Return a base shape and the index that cuts `shape` out of it.

    `slice_dim` is cut with a step of 2, or, narrowed, without its last two positions, which leaves gaps
    between its rows; `shifted` leaves out the first position of dim 0, for a storage offset.
    """
    if not shape:
        return (2,), (1,)
    base, starts = list(shape), [0] * len(shape)
    stops: list[int | None] = [None] * len(shape)
    steps: list[int | None] = [None] * len(shape)
    if slice_dim is not None and not narrowed:
        base[slice_dim] *= 2
        steps[slice_dim] = 2
    if shifted:
        base[0] += 1
        starts[0] = 1
    if slice_dim is not None and narrowed:
        stops[slice_dim] = base[slice_dim]
        base[slice_dim] += 2
    cut = [slice(start or None, stop, step) for start, stop, step in zip(starts, stops, steps, strict=True)]
    while cut[-1] == slice(None):
        cut.pop()
    return tuple(base), tuple(cut)


def zeros_code(shape: Shape, dtype: torch.dtype = torch.int64, first: int = 0) -> TensorCode:
    """Return a contiguous tensor of zeros but for its first element."""
    data = zero_data(dtype, math.prod(shape))
    return contiguous_code((first, *data[1:]) if first else data, dtype, shape)


def decode_input(tape: Tape, shape: Shape, dtypes: Sequence[torch.dtype], **options: Any) -> TensorCode:
    """Read a dtype and a tensor of the shape, to whose classes it belongs, too.

    The options are those of `decode_tensor`; classes that are `known` stand after those of the shape.
    """
    dtype = tape.pick(dtypes)
    known = (*shape_classes(shape), *_row_classes(shape, dtype), *options.pop("known", ()))
    return decode_tensor(tape, shape, dtype, known=known, **options)


def _row_classes(shape: Shape, dtype: torch.dtype) -> tuple[str, ...]:
    """Return the class of rows of several elements that fill vectors of 16 bytes, if it is one."""
    return (WHOLE_VECTORS,) if shape and shape[-1] > 1 and shape[-1] * dtype.itemsize % 16 == 0 else ()


def decode_upstream(tape: Tape, shape: Shape, dtype: torch.dtype, fill: Fill = counting) -> TensorCode:
    """Read a gradient for an output of the shape and dtype, in any layout."""
    return decode_tensor(tape, shape, dtype, role="upstream", fill=fill)


def layout_promises(role: str = "input", *, expand: int = EXPANDED) -> tuple[str, ...]:
    """Return the names of the layout classes that `decode_tensor` reaches for a role."""
    return _layout_names(role)[: 5 if expand else 4]


NAN_PROMISES = ("NaN", "ties", "0-d", "transposed input", "expanded input")
"""The input classes of an input without gaps that is filled with `numbers_and_nan`."""


Dtypes = torch.dtype | Sequence[torch.dtype]
Elements = SearchStrategy[Any] | Sequence[Scalar]

MOST_DRAWN = 12
"""How many elements are drawn of a strategy for them; larger tensors repeat these."""


def tensor_codes(
    *,
    dtypes: Dtypes = DTYPES,
    shape: Shape | None = None,
    min_dims: int = 0,
    max_dims: int = MAX_RANK,
    among: Sequence[Shape] | None = None,
    elements: Elements | None = None,
    requires_grad: bool = False,
) -> SearchStrategy[TensorCode]:
    """Return a strategy for expressions of tensors; `.build()` gives the tensor.

    Draws the dtype from `dtypes`, one or several (repeat one to draw it more often; the first is the
    simplest), shapes as `shapes()` does (or `among` the shapes given, the simplest first, or one `shape`),
    layouts and elements with NaN, infinities and extremes among them. The elements are from `elements` if
    they are given: some numbers, the simplest first, or a strategy for numbers, of which a large tensor has
    few, over and over. With `requires_grad`, the tensors are leaves that require grad. Shrinks toward a
    contiguous tensor of zeros of few dims and the first dtype.

        @given(code=tensor_codes(dtypes=torch.float32, shape=(2, 3), elements=st.floats(-1, 1, width=32)))

    Raises ValueError unless 0 <= min_dims <= max_dims <= MAX_RANK and there are 1 to 256 dtypes, and as many
    shapes and elements where any are given, if `shape` and `among` are both given, if a size is negative, and
    if a dtype that has no gradients is to require grad.
    """
    check_dims(min_dims, max_dims)
    several = (dtypes,) if isinstance(dtypes, torch.dtype) else dtypes
    if shape is not None:
        if among is not None:
            raise ValueError("shape and among exclude each other")
        among = (tuple(shape),)
    numbers = None if isinstance(elements, SearchStrategy) else elements
    for what, given in (("dtypes", several), ("shapes", among), ("elements", numbers)):
        if given is not None and not 1 <= len(given) <= 256:
            raise ValueError(f"1 to 256 {what} are needed, not {len(given)}")
    if wrong := [size for sizes in among or () for size in sizes if size < 0]:
        raise ValueError(f"a size is at least 0, not {wrong[0]}")
    without_grad = [dtype for dtype in several if not (dtype.is_floating_point or dtype.is_complex)]
    if requires_grad and without_grad:
        raise ValueError(f"tensors of {without_grad[0]} have no gradients: requires_grad needs other dtypes")
    options: dict[str, Any] = {"requires_grad": requires_grad} if requires_grad else {}
    if elements is not None:
        options["fill"] = from_table(
            [(numbers or (0,))[byte * len(numbers or (0,)) >> 8] for byte in range(256)]
        )

    def decode(tape: Tape) -> TensorCode:
        if among is not None:
            drawn = tape.pick(among)
            tape.leave(MAX_RANK)
        else:
            drawn = decode_shape(tape, min_dims=min_dims, max_dims=max_dims)
        return decode_input(tape, drawn, several, **options)

    decode.__qualname__ = "tensor_codes"
    plain = elements is None and not requires_grad
    everything = plain and (min_dims, max_dims, among) == (0, MAX_RANK, None) and dtypes is DTYPES
    promises = (*SHAPE_PROMISES, *layout_promises(), *DTYPE_PROMISES, *VALUE_PROMISES)
    codes = packed(decode, promises=promises if everything else ())
    return _filled(codes, elements) if isinstance(elements, SearchStrategy) else codes


@st.composite
def _filled(draw: st.DrawFn, codes: SearchStrategy[TensorCode], elements: SearchStrategy[Any]) -> TensorCode:
    """Draw elements for an expression of a tensor."""
    code = draw(codes)
    few = draw(st.lists(elements, min_size=1, max_size=MOST_DRAWN))
    return code.changed(data=tuple([few[place % len(few)] for place in range(len(code.data))]))


def tensors(
    *,
    dtypes: Dtypes = DTYPES,
    shape: Shape | None = None,
    min_dims: int = 0,
    max_dims: int = MAX_RANK,
    among: Sequence[Shape] | None = None,
    elements: Elements | None = None,
    requires_grad: bool = False,
) -> SearchStrategy[torch.Tensor]:
    """Return a strategy for tensors on the device that `placing_on` has set; see `tensor_codes`.

    Hypothesis prints them as the expressions that make them, layout and all.

        @given(x=tensors(dtypes=[torch.float32, torch.float64], max_dims=2, requires_grad=True))
    """
    codes = tensor_codes(
        dtypes=dtypes,
        shape=shape,
        min_dims=min_dims,
        max_dims=max_dims,
        among=among,
        elements=elements,
        requires_grad=requires_grad,
    )
    made = codes.map(lambda code: _told(code))
    call_it(made, "tensors(…)")
    return made


def _told(code: TensorCode) -> torch.Tensor:
    """Return the tensor of an expression; asked by Hypothesis what it is, it gives the expression."""
    tensor = code.build()
    tensor.__dict__["_repr_pretty_"] = functools.partial(_print, code)
    return tensor


def _print(code: TensorCode, printer: Any, _: bool) -> None:
    printer.text(repr(code))
