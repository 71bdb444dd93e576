"""Cases for squeeze and unsqueeze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.case import InputCase, Parts, TensorField, case_class
from strategies.code import TensorCode
from strategies.dims import (
    BAD_DIM_PROMISES,
    bad_dim_classes,
    decode_bad_dim,
    decode_dim,
    decode_dims,
    dim_classes,
    places,
)
from strategies.fills import Fill, zeros
from strategies.shapes import MANY_ONES, MAX_RANK, SHAPE_PROMISES, Shape, decode_shape, with_size
from strategies.tape import Tape, packed, strategy, together, without
from strategies.tensors import EXPANDED, decode_input, decode_upstream, layout_promises
from strategies.values import GRAD_DTYPES, STORED_DTYPES, decode_values

ARGUMENT_BYTES = 4


@case_class
class Shaped(InputCase):
    """An input and the further positional arguments of a function that changes its shape."""

    arguments: tuple[Any, ...] = ()


@case_class
class ShapedGradient(Shaped):
    """The same with a gradient for the output, which has the output's shape."""

    upstream: TensorField = TensorField()


@case_class
class ShapedMisuse(Shaped):
    """Arguments that are refused, and legal ones that differ in that one fact (`mended`)."""

    mended: tuple[Any, ...] = ()


def squeezed_shape(shape: Shape, *arguments: Any) -> Shape:
    """Return the shape that squeeze gives: without the size-1 dims among those named (all by default)."""
    rank = places(shape)
    named = list(range(rank))
    if arguments:
        dims = (arguments[0],) if isinstance(arguments[0], int) else arguments[0]
        named = [dim % rank for dim in dims]
    return tuple([size for dim, size in enumerate(shape) if not (size == 1 and dim in named)])


def unsqueezed_shape(shape: Shape, dim: int) -> Shape:
    """Return the shape with a 1 inserted at `dim`, which counts from the end of the result if negative."""
    at = dim if dim >= 0 else dim + len(shape) + 1
    return (*shape[:at], 1, *shape[at:])


Arranged = tuple[Shape, tuple[Any, ...], list[str]]
"""A shape, arguments for it, and the names of the input classes that they belong to."""

Arguments = Callable[[Tape, Shape], Arranged]
"""Reads arguments for a shape off a tape of `ARGUMENT_BYTES` bytes, or fewer; may adapt the shape."""


def _no_arguments(_tape: Tape, shape: Shape) -> Arranged:
    return shape, (), []


def _one_dim(of_size_one: bool | None) -> Arguments:
    def decode(tape: Tape, shape: Shape) -> Arranged:
        dim, other = decode_dim(tape, len(shape)), (2, 0, 3, 5)[tape.byte() >> 6]
        at = dim % len(shape)
        size = shape[at]
        if of_size_one is not None:
            size = 1 if of_size_one else other if size == 1 else size
        return with_size(shape, at, size), (dim,), dim_classes(dim, len(shape))

    return decode


def _several_dims(tape: Tape, shape: Shape) -> Arranged:
    dims = decode_dims(tape, len(shape))
    classes = dim_classes(min(dims))
    sizes = [shape[dim] for dim in dims]
    classes += ["names a size-1 dim"] if 1 in sizes else []
    classes += ["names another dim"] if any(size != 1 for size in sizes) else []
    return shape, (dims,), classes


def _any_form(tape: Tape, shape: Shape) -> Arranged:
    form = tape.byte()
    if form < 100 or not shape:
        return shape, (), ["all dims"]
    if form < 178:
        dim = decode_dim(tape, len(shape))
        return shape, (dim,), ["one dim", *dim_classes(dim, len(shape))]
    dims = decode_dims(tape, len(shape))
    return shape, (dims,), ["several dims", *dim_classes(min(dims))]


def _new_dim(negative: bool | None) -> Arguments:
    def decode(tape: Tape, shape: Shape) -> Arranged:
        count = len(shape) + 1
        dim = decode_dim(tape, count)
        if negative is not None:
            dim = dim % count - (count if negative else 0)
        return shape, (dim,), dim_classes(dim, count) if negative is None else []

    return decode


@dataclass(frozen=True)
class _Drawn(Parts):
    """An input and legal arguments."""

    input: TensorCode
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class _Plan:
    """How the cases of one strategy are read off the tape."""

    arguments: Arguments
    output_shape: Callable[..., Shape]
    min_dims: int = 0
    max_dims: int = MAX_RANK
    fill: Fill = decode_values
    dtypes: tuple[torch.dtype, ...] = STORED_DTYPES
    expand: int = EXPANDED
    rare: tuple[str, ...] = ()
    lazy: bool | None = None

    def read(self, tape: Tape, *, requires_grad: bool = False) -> _Drawn:
        shape = decode_shape(tape, sizes=MANY_ONES, min_dims=self.min_dims, max_dims=self.max_dims)
        shape, arguments, classes = self.arguments(Tape(tape.take(ARGUMENT_BYTES)), shape)
        options = {"fill": self.fill, "expand": self.expand, "lazy": self.lazy}
        code = decode_input(tape, shape, self.dtypes, known=classes, requires_grad=requires_grad, **options)
        return _Drawn(code.classes, code, arguments)

    def case(self, tape: Tape) -> Shaped:
        return self.read(tape).case(Shaped)

    def gradient(self, tape: Tape) -> ShapedGradient:
        drawn = self.read(tape, requires_grad=True)
        shape = self.output_shape(drawn.input.shape, *drawn.arguments)
        upstream = decode_upstream(tape, shape, drawn.input.dtype)
        return drawn.case(ShapedGradient, *upstream.classes, upstream=upstream)

    def promises(self, *further: str) -> tuple[str, ...]:
        shape = SHAPE_PROMISES if self.min_dims == 0 else SHAPE_PROMISES[1:]
        return without((*shape, *layout_promises(expand=self.expand), *further), *self.rare)

    def cases(self, *further: str) -> SearchStrategy[Shaped]:
        return packed(self.case, promises=self.promises(*further))

    def gradients(self, *further: str) -> SearchStrategy[ShapedGradient]:
        return packed(self.gradient, promises=(*self.promises(*further), *layout_promises("upstream")))


FORMS = ("all dims", "one dim", "several dims")

JOINT_PROMISES = (
    together("negative dim", "rank 4 or more", "expanded input", "storage offset input"),
    together("several dims", "transposed input", "size 1"),
    together("one dim", "stepped input", "transposed input"),
)


def squeezes() -> SearchStrategy[Shaped]:
    """Return a strategy for inputs of squeeze without a dim. Shrinks toward a 0-d zero."""
    return _Plan(_no_arguments, squeezed_shape).cases()


def squeezes_in_any_form() -> SearchStrategy[Shaped]:
    """Return a strategy for squeeze without a dim, with one dim and with a tuple of dims."""
    return _Plan(_any_form, squeezed_shape).cases(*FORMS, *JOINT_PROMISES)


def squeezes_in_place() -> SearchStrategy[Shaped]:
    """Return a strategy for squeeze in any form of inputs that are no conj or neg views."""
    return _Plan(_any_form, squeezed_shape, lazy=False).cases(*FORMS)


def squeezes_of_conj_views() -> SearchStrategy[Shaped]:
    """Return a strategy for squeeze of one dim of size 1 of a complex input that is a conj view."""
    dtypes = (torch.complex64, torch.complex128)
    plan = _Plan(_one_dim(of_size_one=True), squeezed_shape, min_dims=1, dtypes=dtypes, lazy=True)
    return packed(plan.case, promises=("conj view", "negative dim", "stepped input", "transposed input"))


def squeezes_of_zeros() -> SearchStrategy[Shaped]:
    """Return a strategy for squeeze in any form of inputs that are all zeros and can be written to."""
    return _Plan(_any_form, squeezed_shape, fill=zeros, expand=0).cases(*FORMS)


def squeezes_dim(*, of_size_one: bool) -> SearchStrategy[Shaped]:
    """Return a strategy for squeeze of one dim, which has size 1 (or else any other size)."""
    # A dim forced to size 1 is often the only one, or was the long or the empty one.
    rare = ("empty", "dim over 1,024", "transposed input") if of_size_one else ()
    return _Plan(_one_dim(of_size_one), squeezed_shape, min_dims=1, rare=rare).cases("negative dim")


def squeezes_dims() -> SearchStrategy[Shaped]:
    """Return a strategy for squeeze of a tuple of distinct dims."""
    return _Plan(_several_dims, squeezed_shape, min_dims=1).cases(
        "negative dim", "names a size-1 dim", "names another dim"
    )


def squeeze_gradients() -> SearchStrategy[ShapedGradient]:
    """Return a strategy for squeeze in any form of a leaf, with a gradient for the output."""
    return _Plan(_any_form, squeezed_shape, dtypes=GRAD_DTYPES, fill=zeros).gradients(*FORMS)


@strategy(promises=("same dim twice", "dim and its negative"))
def squeezes_repeating_a_dim(tape: Tape) -> ShapedMisuse:
    """Return a strategy for a tuple that names a dim twice, once perhaps as its negative alias."""
    drawn = _Plan(_one_dim(None), squeezed_shape, min_dims=1).read(tape)
    (dim,), rank = drawn.arguments, len(drawn.input.shape)
    alias = dim if tape.chance(50) else dim % rank - (rank if dim >= 0 else 0)
    named = "same dim twice" if alias == dim else "dim and its negative"
    return drawn.case(ShapedMisuse, named, arguments=((dim, alias),), mended=((dim,),))


@strategy(promises=("0-d", *BAD_DIM_PROMISES))
def squeezes_out_of_range(tape: Tape) -> ShapedMisuse:
    """Return a strategy for a dim outside [-rank, rank), and a legal one; rank 0 counts as 1 here."""
    return _out_of_range(tape, places)


def _out_of_range(tape: Tape, count_of: Callable[[Shape], int]) -> ShapedMisuse:
    drawn = _Plan(_no_arguments, squeezed_shape).read(tape)
    count = count_of(drawn.input.shape)
    dim = decode_bad_dim(tape, count)
    mended = -count if dim < 0 else count - 1
    return drawn.case(ShapedMisuse, *bad_dim_classes(dim), arguments=(dim,), mended=(mended,))


@strategy(promises=("0-d", "negative dim"))
def squeezes_of_scalars(tape: Tape) -> Shaped:
    """Return a strategy for a 0-d input and the dim 0 or -1."""
    drawn, dim = _Plan(_no_arguments, squeezed_shape, max_dims=0).read(tape), decode_dim(tape, 1)
    return drawn.case(Shaped, *dim_classes(dim), arguments=(dim,))


def unsqueezes(*, negative: bool | None = None) -> SearchStrategy[Shaped]:
    """Return a strategy for unsqueeze at any place; at a negative or else non-negative dim if asked for."""
    plan = _Plan(_new_dim(negative), unsqueezed_shape)
    joint = (
        together("negative dim", "transposed input", "storage offset input", "rows of 16 bytes"),
        together("middle dim", "expanded input", "stepped input"),
    )
    return plan.cases("negative dim", *joint) if negative is None else plan.cases()


def unsqueezes_of_zeros() -> SearchStrategy[Shaped]:
    """Return a strategy for unsqueeze of inputs that are all zeros and can be written to."""
    return _Plan(_new_dim(None), unsqueezed_shape, fill=zeros, expand=0).cases("negative dim")


def unsqueeze_gradients() -> SearchStrategy[ShapedGradient]:
    """Return a strategy for unsqueeze of a leaf, with a gradient for the output."""
    return _Plan(_new_dim(None), unsqueezed_shape, dtypes=GRAD_DTYPES, fill=zeros).gradients("negative dim")


@strategy(promises=("0-d", *BAD_DIM_PROMISES))
def unsqueezes_out_of_range(tape: Tape) -> ShapedMisuse:
    """Return a strategy for a dim outside [-rank - 1, rank], and a legal one."""
    return _out_of_range(tape, lambda shape: len(shape) + 1)
