"""Cases for autograd: leaves, and functions of their elements, with gradients for the outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from hypothesis.strategies import SearchStrategy

from strategies.case import Case, TensorField, case_class
from strategies.code import TensorCode, contiguous_code
from strategies.fills import quarters
from strategies.functions import FLAT, NAMED, Named
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, nonempty_shape, shape_classes, with_size
from strategies.tape import Tape, packed, strategy, weighted, without
from strategies.tensors import EXPANDED, decode_input, decode_tensor, decode_upstream, layout_promises
from strategies.values import DTYPES, GRAD_DTYPES

COMPLEX_GRAD_DTYPES = weighted(
    {
        torch.float32: 60,
        torch.float64: 76,
        torch.complex64: 30,
        torch.complex128: 30,
        torch.float16: 30,
        torch.bfloat16: 30,
    }
)
"""Every dtype that can require grad."""

WHOLE_DTYPES = weighted(
    {
        torch.int64: 76,
        torch.bool: 60,
        torch.int32: 30,
        torch.int16: 30,
        torch.int8: 30,
        torch.uint8: 30,
    }
)
"""Dtypes that cannot require grad."""


@case_class
class Plain(Case):
    """A tensor that does not require grad."""

    x: TensorField = TensorField()


@case_class
class Leaf(Case):
    """A leaf that requires grad, and a gradient of its shape."""

    x: TensorField = TensorField()
    upstream: TensorField = TensorField()


@case_class
class Leaves(Case):
    """Two leaves of one shape that require grad, and a gradient of that shape."""

    x: TensorField = TensorField()
    other: TensorField = TensorField()
    upstream: TensorField = TensorField()


@case_class
class Mapped(Leaf):
    """A leaf, a function that maps each of its elements, and a gradient for the output."""

    function: Named


@case_class
class Filled(Leaf):
    """A leaf, a tensor like it to be its .grad, and a gradient to add."""

    grad: TensorField = TensorField()


@case_class
class Misfit(Leaf):
    """A leaf, and a gradient of another shape than the leaf's."""

    wrong: TensorField = TensorField()


@strategy(promises=(*SHAPE_PROMISES, *layout_promises()))
def plain_tensors(tape: Tape, *, dtypes: Sequence[torch.dtype] = DTYPES) -> Plain:
    """Return a strategy for tensors of every dtype and layout that do not require grad."""
    code = decode_input(tape, decode_shape(tape), dtypes, lazy=False)
    return Plain(classes=code.classes, x=code)


def whole_tensors() -> SearchStrategy[Plain]:
    """Return a strategy for tensors of integer and bool dtypes."""
    return plain_tensors(dtypes=WHOLE_DTYPES)


def _decode_leaf(
    tape: Tape,
    shape: Shape,
    dtypes: Sequence[torch.dtype] = GRAD_DTYPES,
    *,
    expand: int = EXPANDED,
    gaps: bool = True,
) -> tuple[TensorCode, TensorCode]:
    """Read a leaf and a gradient of its shape and dtype."""
    code = decode_input(tape, shape, dtypes, fill=quarters, requires_grad=True, expand=expand, gaps=gaps)
    return code, decode_upstream(tape, shape, code.dtype, quarters)


_LEAF_PROMISES = (*SHAPE_PROMISES, *layout_promises(), *layout_promises("upstream"))


def leaves(
    *, dtypes: Sequence[torch.dtype] = GRAD_DTYPES, nonempty: bool = False, expand: int = EXPANDED
) -> SearchStrategy[Leaf]:
    """Return a strategy for leaves that require grad, of every layout, and a gradient of the same shape."""

    def decode(tape: Tape) -> Leaf:
        shape = decode_shape(tape)
        code, upstream = _decode_leaf(
            tape, nonempty_shape(shape) if nonempty else shape, dtypes, expand=expand
        )
        return Leaf(classes=(*code.classes, *upstream.classes), x=code, upstream=upstream)

    promises = _LEAF_PROMISES if expand else without(_LEAF_PROMISES, "expanded input")
    return packed(decode, promises=without(promises, "empty") if nonempty else promises)


def leaves_of_every_dtype() -> SearchStrategy[Leaf]:
    """Return a strategy for leaves of every floating and complex dtype."""
    return leaves(dtypes=COMPLEX_GRAD_DTYPES)


@strategy(promises=("0-d", "size 1", "rank 4 or more"))
def leaves_of_one_element(tape: Tape) -> Leaf:
    """Return a strategy for leaves of one element and any rank."""
    code, upstream = _decode_leaf(tape, tuple([1 for _ in decode_shape(tape)]))
    return Leaf(classes=code.classes, x=code, upstream=upstream)


@strategy(promises=SHAPE_PROMISES[1:])
def leaves_of_other_numel(tape: Tape) -> Leaf:
    """Return a strategy for leaves with no element or with more than one."""
    shape = decode_shape(tape, min_dims=1)
    code, upstream = _decode_leaf(tape, with_size(shape, 0, 2) if math.prod(shape) == 1 else shape)
    return Leaf(classes=code.classes, x=code, upstream=upstream)


@strategy(promises=(*_LEAF_PROMISES, *layout_promises("other")))
def pairs_of_leaves(tape: Tape) -> Leaves:
    """Return a strategy for two leaves of one shape and dtype, each with a layout of its own."""
    one = decode_input(tape, decode_shape(tape), GRAD_DTYPES, fill=quarters, requires_grad=True)
    two = decode_tensor(tape, one.shape, one.dtype, role="other", fill=quarters, requires_grad=True)
    upstream = decode_upstream(tape, one.shape, one.dtype, quarters)
    classes = (*one.classes, *two.classes, *upstream.classes)
    return Leaves(classes=classes, x=one, other=two, upstream=upstream)


def mapped_leaves(saves: str | None = None, *, nonempty: bool = True) -> SearchStrategy[Mapped]:
    """Return a strategy for a leaf and a function of its elements.

    `saves` is what the function saves for backward: "output", "input", "nothing", or any of them if None.
    """
    functions = [named for named in NAMED if saves in (None, named.saves)]
    return _mapped_by(functions, nonempty=nonempty, promises=layout_promises())


def flat_leaves() -> SearchStrategy[Mapped]:
    """Return a strategy for a leaf and a function of its elements whose derivative is 0."""
    return _mapped_by(FLAT, nonempty=False, promises=("empty", *layout_promises()))


def dense_leaves() -> SearchStrategy[Mapped]:
    """Return a strategy for a leaf that fills its memory, each element once, and a function of its elements.

    The dims may lie in any order; the gradient has any layout.
    """
    promises = ("transposed input", *layout_promises("upstream"))
    return _mapped_by(NAMED, nonempty=True, promises=promises, expand=0, gaps=False)


def _mapped_by(
    functions: Sequence[Named],
    *,
    nonempty: bool,
    promises: Sequence[str],
    expand: int = EXPANDED,
    gaps: bool = True,
) -> SearchStrategy[Mapped]:
    def decode(tape: Tape) -> Mapped:
        function, shape = tape.pick(functions), decode_shape(tape)
        shape = nonempty_shape(shape) if nonempty else shape
        code, upstream = _decode_leaf(tape, shape, expand=expand, gaps=gaps)
        classes = (f"saves {function.saves}", *code.classes, *upstream.classes)
        return Mapped(classes=classes, x=code, upstream=upstream, function=function)

    kinds = tuple(dict.fromkeys(f"saves {named.saves}" for named in functions))
    return packed(decode, promises=(*kinds, "0-d", "size 1", "over 16 elements", *promises))


@strategy(promises=("stepped input", "expanded input", "transposed input", *layout_promises("upstream")))
def loose_leaves(tape: Tape) -> Mapped:
    """Return a strategy for a leaf with gaps between its elements, or with elements that share memory."""
    function, expands, shape = tape.pick(NAMED), tape.chance(50), decode_shape(tape, min_dims=1)
    shape = nonempty_shape(shape)
    shape = (*shape[:-1], 2) if math.prod(shape) == 1 else shape
    code, upstream = _decode_leaf(tape, shape, expand=100 if expands else 0, gaps=False)
    code = code if expands else _stepped(code)
    classes = (*code.classes, *upstream.classes)
    return Mapped(classes=classes, x=code, upstream=upstream, function=function)


def _stepped(code: TensorCode) -> TensorCode:
    """Return a tensor without gaps as every other element of one that is twice as large."""
    return code.changed(
        data=tuple([value for value in code.data for _ in range(2)]),
        base=(*code.base[:-1], 2 * code.base[-1]),
        index=(*[slice(None)] * (len(code.base) - 1), slice(None, None, 2)),
        classes=(*code.classes, "stepped input"),
    )


@strategy(promises=("0-d", *layout_promises(), *layout_promises("grad", expand=0)))
def leaves_with_grads(tape: Tape) -> Filled:
    """Return a strategy for a leaf, what its .grad is set to, laid out otherwise, and a further gradient."""
    code, upstream = _decode_leaf(tape, nonempty_shape(decode_shape(tape)))
    grad = decode_tensor(tape, code.shape, code.dtype, role="grad", fill=quarters, expand=0)
    classes = (*code.classes, *grad.classes, *upstream.classes)
    return Filled(classes=classes, x=code, grad=grad, upstream=upstream)


@strategy(promises=("0-d", "other rank", "other size"))
def leaves_with_misfits(tape: Tape) -> Misfit:
    """Return a strategy for a leaf and a gradient that does not have its shape, though it may broadcast."""
    how, where, shape = tape.byte() >> 6, tape.byte(), decode_shape(tape)
    wrong: Shape = (1,)
    if shape:
        shape = with_size(shape, 0, max(shape[0], 2))
        at = where % len(shape)
        other = (1, shape[at] + 1)[how & 1] if shape[at] != 1 else 2
        wrong = ((*shape, 1), with_size(shape, at, other), with_size(shape, at, other), shape[1:])[how]
    code, upstream = _decode_leaf(tape, shape)
    misfit = contiguous_code((1.0,) * math.prod(wrong), code.dtype, wrong)
    named = "other rank" if len(wrong) != len(shape) else "other size"
    return Misfit(classes=(*shape_classes(shape), named), x=code, upstream=upstream, wrong=misfit)
