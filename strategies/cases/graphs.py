"""Cases for autograd: random graphs of operations on leaves, with gradients to compare with."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from strategies.case import Case, TensorField, TensorsField, case_class
from strategies.code import contiguous_code
from strategies.fills import quarters
from strategies.functions import OPERATIONS, Graph, Step
from strategies.shapes import Shape, decode_shape
from strategies.tape import Tape, strategy, weighted
from strategies.tensors import decode_upstream, layout_promises
from strategies.values import DTYPE_CLASSES, lengthened


@case_class
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


STEPS = 7
NAMES = ("a", "b", "c")
LEAF_BYTES = 8

_CHOICES = weighted(
    {
        "add": 26,
        "mul": 30,
        "sub": 18,
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
        "mean": 12,
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
        if OPERATIONS[name].in_place:
            picked = next((value for value in reversed(self.current) if value not in self.fixed), picked)
        if OPERATIONS[name].in_place and picked in self.fixed:
            name = {"add_": "add", "halve_": "halve", "neg_": "neg"}[name]
        if name in ("transpose", "first", "sum", "mean") and not self.shapes[picked]:
            name = "unsqueeze"
        if name == "first" and self.shapes[picked][0] == 0:
            name = "neg"
        if name == "mean" and self.shapes[picked][0] == 0:
            name = "sum"
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
        if name in ("first", "sum", "mean"):
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


@strategy(promises=(*GRAPH_PROMISES, *layout_promises("upstream")))
def graphs(tape: Tape) -> Graphed:
    """Return a strategy for graphs of one to three leaves and up to seven operations, all of them smooth.

    Chains, diamonds, shared and unused leaves, constants, views in the middle, broadcasting and in-place
    steps; the values stay small. Shrinks toward one leaf added to itself.
    """
    count, dtype = 1 + tape.below(len(NAMES)), tape.pick((torch.float64, torch.float64, torch.float32))
    base = tuple([min(size, 4) for size in decode_shape(tape, max_dims=3)])
    masks = tape.byte()
    shapes, wanted, codes = [], [], []
    for number in range(len(NAMES)):
        how, constant, drawn = tape.byte(), tape.byte(), tape.take(LEAF_BYTES)[::-1]
        if number >= count:
            continue
        shape = base
        if number and how > 150:
            shape = () if how > 200 else base[1:]
        elif number and how > 120:
            shape = tuple([1 if masks >> place & 1 else size for place, size in enumerate(base)])
        requires = number == 0 or constant < 170
        data = tuple([(byte % 17 - 8) / 4 if byte else 0.0 for byte in lengthened(drawn, math.prod(shape))])
        codes.append(contiguous_code(data, dtype, shape, requires_grad=requires))
        shapes.append(shape)
        wanted.append(requires)
    builder = _Builder(shapes, wanted)
    length = 1 + tape.below(STEPS)
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
    upstream = decode_upstream(tape, output, dtype, quarters)
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
