"""Cases for autograd: leaves, functions of them, and random graphs with gradients to compare with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.code import Case, TensorCode, TensorField, TensorsField
from strategies.functions import NAMED, OPERATIONS, Graph, Named, Step
from strategies.shapes import SHAPE_BYTES, SHAPE_PROMISES, Shape, decode_shape, shape_classes
from strategies.tape import Tape, packed, weighted
from strategies.tensors import TENSOR_BYTES, decode_tensor, layout_promises
from strategies.values import (
    DTYPE_CLASSES,
    DTYPES,
    GRAD_DTYPES,
    VALUE_BYTES,
    Scalar,
    decode_values,
    lengthened,
)

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


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Plain(Case):
    """A tensor that does not require grad."""

    x: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Leaf(Case):
    """A leaf that requires grad, and a gradient of its shape."""

    x: TensorField = TensorField()
    upstream: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Leaves(Case):
    """Two leaves of one shape that require grad, and a gradient of that shape."""

    x: TensorField = TensorField()
    other: TensorField = TensorField()
    upstream: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Mapped(Leaf):
    """A leaf, a function that maps each of its elements, and a gradient for the output."""

    function: Named


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Misfit(Leaf):
    """A leaf, and a gradient of another shape than the leaf's."""

    wrong: TensorField = TensorField()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Graphed(Case):
    """Leaves, a graph of operations on them, and a gradient for its output.

    `graph(*leaves)` gives the result of every step. `wanted` says which leaves require grad; `leaf` is the
    number of one that does, and `middle` that of a step whose result does, on both of which the output
    depends; no later step changes that result in place.
    """

    leaves: TensorsField = TensorsField()
    graph: Graph
    wanted: tuple[bool, ...]
    leaf: int
    middle: int
    upstream: TensorField = TensorField()


def quarters(tape: Tape, _dtype: torch.dtype, count: int) -> tuple[tuple[Scalar, ...], list[str]]:
    """Fill with multiples of 1/4 from -2 to 2, which every float holds exactly."""
    tape.byte()
    drawn = lengthened(tape.take(VALUE_BYTES)[::-1], count)
    return tuple([(byte >> 4) / 4 if byte < 128 else (byte >> 4) / 4 - 4 for byte in drawn]), []


def plain_tensors(*, dtypes: Sequence[torch.dtype] = DTYPES) -> SearchStrategy[Plain]:
    """Return a strategy for tensors of every dtype and layout that do not require grad."""

    def decode(tape: Tape) -> Plain:
        shape = decode_shape(tape)
        code = decode_tensor(tape, shape, tape.pick(dtypes), fill=decode_values, lazy=False)
        return Plain(classes=(*shape_classes(shape), *code.classes), x=code)

    promises = (*SHAPE_PROMISES, *layout_promises("input"))
    return packed(decode, length=SHAPE_BYTES + 1 + TENSOR_BYTES, promises=promises)


def whole_tensors() -> SearchStrategy[Plain]:
    """Return a strategy for tensors of integer and bool dtypes."""
    return plain_tensors(dtypes=WHOLE_DTYPES)


LEAF_BYTES = SHAPE_BYTES + 1 + 2 * TENSOR_BYTES
_LEAF_PROMISES = (*SHAPE_PROMISES, *layout_promises("input"), *layout_promises("upstream"))


def leaves(
    *, dtypes: Sequence[torch.dtype] = GRAD_DTYPES, nonempty: bool = False, expand: int = 30
) -> SearchStrategy[Leaf]:
    """Return a strategy for leaves that require grad, of every layout, and a gradient of the same shape."""

    def decode(tape: Tape) -> Leaf:
        shape = decode_shape(tape)
        if nonempty:
            shape = tuple([max(size, 1) for size in shape])
        dtype = tape.pick(dtypes)
        code = decode_tensor(tape, shape, dtype, fill=quarters, requires_grad=True, expand=expand)
        upstream = decode_tensor(tape, shape, dtype, role="upstream", fill=quarters)
        classes = (*shape_classes(shape), *code.classes, *upstream.classes)
        return Leaf(classes=classes, x=code, upstream=upstream)

    promises = [name for name in _LEAF_PROMISES if expand or name != "expanded input"]
    return packed(
        decode, length=LEAF_BYTES, promises=[name for name in promises if not (nonempty and name == "empty")]
    )


def leaves_of_every_dtype() -> SearchStrategy[Leaf]:
    """Return a strategy for leaves of every floating and complex dtype."""
    return leaves(dtypes=COMPLEX_GRAD_DTYPES)


def leaves_of_one_element() -> SearchStrategy[Leaf]:
    """Return a strategy for leaves of one element and any rank."""

    def decode(tape: Tape) -> Leaf:
        shape = tuple([1 for _ in decode_shape(tape)])
        dtype = tape.pick(GRAD_DTYPES)
        code = decode_tensor(tape, shape, dtype, fill=quarters, requires_grad=True)
        upstream = decode_tensor(tape, shape, dtype, role="upstream", fill=quarters)
        return Leaf(classes=(*shape_classes(shape), *code.classes), x=code, upstream=upstream)

    return packed(decode, length=LEAF_BYTES, promises=("0-d", "size 1", "rank 4 or more"))


def leaves_of_other_numel() -> SearchStrategy[Leaf]:
    """Return a strategy for leaves with no element or with more than one."""

    def decode(tape: Tape) -> Leaf:
        shape = decode_shape(tape, min_dims=1)
        if math.prod(shape) == 1:
            shape = (2, *shape[1:])
        dtype = tape.pick(GRAD_DTYPES)
        code = decode_tensor(tape, shape, dtype, fill=quarters, requires_grad=True)
        upstream = decode_tensor(tape, shape, dtype, role="upstream", fill=quarters)
        return Leaf(classes=(*shape_classes(shape), *code.classes), x=code, upstream=upstream)

    return packed(decode, length=LEAF_BYTES, promises=SHAPE_PROMISES[1:])


def pairs_of_leaves() -> SearchStrategy[Leaves]:
    """Return a strategy for two leaves of one shape and dtype, each with a layout of its own."""

    def decode(tape: Tape) -> Leaves:
        shape, dtype = decode_shape(tape), tape.pick(GRAD_DTYPES)
        one = decode_tensor(tape, shape, dtype, fill=quarters, requires_grad=True)
        two = decode_tensor(tape, shape, dtype, role="other", fill=quarters, requires_grad=True)
        upstream = decode_tensor(tape, shape, dtype, role="upstream", fill=quarters)
        classes = (*shape_classes(shape), *one.classes, *two.classes, *upstream.classes)
        return Leaves(classes=classes, x=one, other=two, upstream=upstream)

    promises = (*_LEAF_PROMISES, *layout_promises("other"))
    return packed(decode, length=LEAF_BYTES + TENSOR_BYTES, promises=promises)


def mapped_leaves(saves: str | None = None, *, nonempty: bool = True) -> SearchStrategy[Mapped]:
    """Return a strategy for a leaf and a function of its elements.

    `saves` is what the function saves for backward: "output", "input", "nothing", or any of them if None.
    """
    functions = [named for named in NAMED if saves in (None, named.saves)]

    def decode(tape: Tape) -> Mapped:
        function = tape.pick(functions)
        shape = decode_shape(tape)
        if nonempty:
            shape = tuple([max(size, 1) for size in shape])
        dtype = tape.pick(GRAD_DTYPES)
        code = decode_tensor(tape, shape, dtype, fill=quarters, requires_grad=True)
        upstream = decode_tensor(tape, shape, dtype, role="upstream", fill=quarters)
        classes = (f"saves {function.saves}", *shape_classes(shape), *code.classes, *upstream.classes)
        return Mapped(classes=classes, x=code, upstream=upstream, function=function)

    promises = ("0-d", "size 1", "over 16 elements", *layout_promises("input"))
    kinds = tuple(dict.fromkeys(f"saves {named.saves}" for named in functions))
    return packed(decode, length=1 + LEAF_BYTES, promises=(*kinds, *promises))


def leaves_with_misfits() -> SearchStrategy[Misfit]:
    """Return a strategy for a leaf and a gradient that does not have its shape, though it may broadcast."""

    def decode(tape: Tape) -> Misfit:
        how, where = tape.byte() >> 6, tape.byte()
        shape = tuple([max(size, 2) if place == 0 else size for place, size in enumerate(decode_shape(tape))])
        at = where % (len(shape) or 1)
        wrong: Shape = (*shape, 1)
        if shape and how:
            other = (1, shape[at] + 1)[how & 1] if shape[at] != 1 else 2
            wrong = shape[1:] if how == 3 else (*shape[:at], other, *shape[at + 1 :])
        dtype = tape.pick(GRAD_DTYPES)
        code = decode_tensor(tape, shape, dtype, fill=quarters, requires_grad=True)
        upstream = decode_tensor(tape, shape, dtype, role="upstream", fill=quarters)
        misfit = TensorCode((1.0,) * math.prod(wrong), dtype, wrong, wrong)
        return Misfit(
            classes=(*shape_classes(shape), "other rank" if len(wrong) != len(shape) else "other size"),
            x=code,
            upstream=upstream,
            wrong=misfit,
        )

    return packed(decode, length=2 + LEAF_BYTES, promises=("0-d", "other rank", "other size"))


STEPS = 7
NAMES = ("a", "b", "c")
GRAPH_BYTES = 4 + SHAPE_BYTES + 1 + len(NAMES) * (2 + 8) + 1 + 3 * STEPS

_CHOICES = weighted(
    {
        "add": 30,
        "mul": 36,
        "sub": 20,
        "neg": 8,
        "halve": 8,
        "square": 18,
        "sin": 18,
        "tanh": 16,
        "sigmoid": 16,
        "transpose": 10,
        "flatten": 10,
        "unsqueeze": 8,
        "first": 8,
        "repeat": 8,
        "sum": 12,
        "add_": 14,
        "halve_": 8,
        "neg_": 8,
    }
)

LIMIT = 50.0
"""Largest number that a graph's values may reach by a bound on each step; tanh brings them back."""


class _Builder:
    """Builds a graph step by step, keeping every step legal."""

    def __init__(self, shapes: list[Shape], wanted: list[bool]) -> None:
        self.shapes = list(shapes)
        self.requires = list(wanted)
        self.bounds = [2.0] * len(shapes)
        self.names = list(NAMES[: len(shapes)])
        self.steps: list[Step] = []
        self.leaves = len(shapes)
        self.current = list(range(len(shapes)))  # the values that have not been overwritten in place
        self.fixed: set[int] = set(
            self.current
        )  # values that may not be: leaves, saved ones, views and their bases
        self.used: list[int] = []

    def add(self, name: str, one: int, two: int) -> None:
        """Add the operation, or the nearest legal one, on the values picked by two bytes."""
        picked = self.current[-1 - (one * len(self.current) >> 8)]
        other = self.current[two * len(self.current) >> 8]
        if OPERATIONS[name].in_place and picked in self.fixed:
            name = {"add_": "add", "halve_": "halve", "neg_": "neg"}[name]
        if name in ("transpose", "first", "sum") and not self.shapes[picked]:
            name = "unsqueeze"
        if name == "first" and self.shapes[picked][0] == 0:
            name = "neg"
        if name == "repeat" and len(self.shapes[picked]) > 3:
            name = "flatten"
        if OPERATIONS[name].operands == 2:
            shape = _broadcast(self.shapes[picked], self.shapes[other])
            if shape is None or (name == "add_" and (shape != self.shapes[picked] or picked == other)):
                name, other = "square", picked
        if self._bound(name, picked, other) > LIMIT:
            name = "tanh"
        self._append(name, (picked, other)[: OPERATIONS[name].operands])

    def require_grad(self) -> None:
        """Let the output depend on a leaf that requires grad, which the first always does."""
        last = len(self.shapes) - 1
        if self.requires[last]:
            return
        if _broadcast(self.shapes[last], self.shapes[0]) is None:
            self._append("flatten", (0,))
            self._append("sum", (len(self.shapes) - 1,))
            self._append("mul", (last, len(self.shapes) - 1))
        else:
            self._append("add", (last, 0))

    def _bound(self, name: str, one: int, two: int) -> float:
        first, second = self.bounds[one], self.bounds[two]
        if name in ("sin", "tanh", "sigmoid"):
            return 1.0
        bounds = {
            "add": first + second,
            "sub": first + second,
            "add_": first + second,
            "mul": first * second,
            "square": first * first,
            "sum": first * max(self.shapes[one][:1], default=1),
        }
        return bounds.get(name, first)

    def _append(self, name: str, operands: tuple[int, ...]) -> None:
        operation, first = OPERATIONS[name], operands[0]
        number = len(self.shapes)
        shape = self._shape(name, operands)
        self.bounds.append(self._bound(name, first, operands[-1]))
        self.shapes.append(shape)
        self.requires.append(any(self.requires[operand] for operand in operands))
        self.used += operands
        variable = self.names[first] if operation.in_place else f"t{len(self.steps)}"
        self.names.append(variable)
        self.steps.append(Step(name, operands, variable))
        if operation.in_place:
            self.current.remove(first)
        self.current.append(number)
        if operation.saves_operands or operation.view:
            self.fixed.update(operands)
        if operation.saves_output or operation.view:
            self.fixed.add(number)

    def _shape(self, name: str, operands: tuple[int, ...]) -> Shape:
        shape = self.shapes[operands[0]]
        if name == "transpose":
            return (shape[-1], *shape[1:-1], shape[0]) if len(shape) > 1 else shape
        if name == "flatten":
            return (math.prod(shape),)
        if name == "unsqueeze":
            return (1, *shape)
        if name in ("first", "sum"):
            return shape[1:]
        if name == "repeat":
            return (2, *shape)
        if len(operands) == 2:
            return _broadcast(shape, self.shapes[operands[1]]) or ()
        return shape

    def reached(self) -> list[int]:
        """Return the values that require grad and that the output depends on, leaves first."""
        found = {len(self.shapes) - 1}
        for number in reversed(range(self.leaves, len(self.shapes))):
            if number in found:
                found.update(self.steps[number - self.leaves].operands)
        return [number for number in sorted(found) if self.requires[number]]

    def classes(self, wanted: Sequence[bool]) -> list[str]:
        """Return the names of the input classes of the graph."""
        counts = np.bincount(self.used, minlength=len(self.shapes))
        names = {OPERATIONS[step.operation] for step in self.steps}
        sizes = [
            step
            for step in self.steps
            if len(step.operands) == 2 and self.shapes[step.operands[0]] != self.shapes[step.operands[1]]
        ]
        found = {
            "diamond": (counts[self.leaves :] > 1).any(),
            "shared leaf": (counts[: self.leaves] > 1).any(),
            "unused leaf": (counts[: self.leaves] == 0).any(),
            "constant": not all(wanted),
            "in-place step": any(operation.in_place for operation in names),
            "view": any(operation.view for operation in names),
            "broadcast": bool(sizes),
            "over 4 steps": len(self.steps) > 4,
        }
        return [name for name, holds in found.items() if holds]


GRAPH_PROMISES = (
    "diamond",
    "shared leaf",
    "unused leaf",
    "constant",
    "in-place step",
    "view",
    "broadcast",
    "over 4 steps",
)


def _broadcast(one: Shape, two: Shape) -> Shape | None:
    try:
        return tuple(np.broadcast_shapes(one, two))
    except ValueError:
        return None


def decode_graph(tape: Tape, *, constants: bool = True) -> Graphed:
    """Read leaves, a graph and a gradient for its output off `GRAPH_BYTES` + `TENSOR_BYTES` bytes."""
    count, dtype = (
        1 + (tape.byte() * len(NAMES) >> 8),
        tape.pick((torch.float64, torch.float64, torch.float32)),
    )
    base = tuple([min(size, 4) for size in decode_shape(tape, max_dims=3)])
    masks = tape.byte()
    shapes, wanted, codes = [], [], []
    for number in range(len(NAMES)):
        how, constant, drawn = tape.byte(), tape.byte(), tape.take(8)[::-1]
        if number >= count:
            continue
        shape = base
        if number and how > 150:
            shape = () if how > 200 else base[1:]
        elif number and how > 120:
            shape = tuple([1 if masks >> place & 1 else size for place, size in enumerate(base)])
        requires = number == 0 or not constants or constant < 170
        data = tuple([(byte % 17 - 8) / 4 if byte else 0.0 for byte in lengthened(drawn, math.prod(shape))])
        codes.append(TensorCode(data, dtype, shape, shape, requires_grad=requires))
        shapes.append(shape)
        wanted.append(requires)
    builder = _Builder(shapes, wanted)
    length = 1 + (tape.byte() * STEPS >> 8)
    for number in range(STEPS):
        name, one, two = tape.pick(_CHOICES), tape.byte(), tape.byte()
        if number < length:
            builder.add(name, one, two)
    builder.require_grad()
    leaf, middle = tape.byte(), tape.byte()
    reached = builder.reached()
    ends = [number for number in reached if number < count]
    middles = [number for number in reached if number >= count and number in builder.current]
    output = builder.shapes[-1]
    upstream = decode_tensor(tape, output, dtype, role="upstream", fill=quarters)
    graph = Graph(tuple(NAMES[: len(shapes)]), tuple(builder.steps))
    classes = [*builder.classes(wanted), *DTYPE_CLASSES[dtype], *upstream.classes]
    classes += ["0-d"] if not base else ["empty"] if 0 in base else []
    classes += (
        ["output itself"] if middles[-1 - (middle * len(middles) >> 8)] == len(builder.shapes) - 1 else []
    )
    return Graphed(
        classes=tuple(classes),
        leaves=tuple(codes),
        graph=graph,
        wanted=tuple(wanted),
        leaf=ends[leaf * len(ends) >> 8],
        middle=middles[-1 - (middle * len(middles) >> 8)] - count,
        upstream=upstream,
    )


def graphs() -> SearchStrategy[Graphed]:
    """Return a strategy for graphs of one to three leaves and up to seven operations, all of them smooth.

    Chains, diamonds, shared and unused leaves, constants, views in the middle, broadcasting and in-place
    steps; the values stay small. Shrinks toward one leaf added to itself.
    """
    return packed(
        decode_graph,
        length=GRAPH_BYTES + TENSOR_BYTES,
        promises=(*GRAPH_PROMISES, *layout_promises("upstream")),
    )
