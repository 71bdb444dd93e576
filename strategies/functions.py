"""Functions that print as the code that they run, and graphs of differentiable operations made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch


class Function:
    """A function given by the source of a lambda: what is printed is what runs."""

    def __init__(self, source: str) -> None:
        self.source = source

    @cached_property
    def _function(self) -> Callable[..., Any]:
        made: Callable[..., Any] = eval(self.source, {})
        return made

    def __call__(self, *arguments: Any) -> Any:
        """Run the code on the arguments."""
        return self._function(*arguments)

    def __repr__(self) -> str:
        return self.source


class Call(Function):
    """One of the ways to call a function of torch, which the lambda may name."""

    @cached_property
    def _function(self) -> Callable[..., Any]:
        made: Callable[..., Any] = eval(self.source, {"torch": torch})
        return made


def calls(parameters: str, *texts: str) -> tuple[Call, ...]:
    """Return the ways to call a function that take the parameters and are written so, the simplest first."""
    return tuple([Call(f"lambda {parameters}: {text}") for text in texts])


class Named(Function):
    """A function of one tensor, known by the name of its operation; what it saves for backward is `saves`."""

    def __init__(self, name: str, source: str, saves: str) -> None:
        super().__init__(source)
        self.name = name
        self.saves = saves


NAMED = (
    Named("exp", "lambda x: x.exp()", "output"),
    Named("tanh", "lambda x: x.tanh()", "output"),
    Named("sigmoid", "lambda x: x.sigmoid()", "output"),
    Named("square", "lambda x: x * x", "input"),
    Named("sin", "lambda x: x.sin()", "input"),
    Named("cos", "lambda x: x.cos()", "input"),
    Named("add", "lambda x: x + 1", "nothing"),
    Named("neg", "lambda x: -x", "nothing"),
    Named("copy", "lambda x: x.clone()", "nothing"),
)
"""One-to-one functions of each kind: they save their output, their input, or nothing."""

FLAT = (
    Named("round", "lambda x: x.round()", "nothing"),
    Named("floor", "lambda x: x.floor()", "nothing"),
    Named("ceil", "lambda x: x.ceil()", "nothing"),
    Named("trunc", "lambda x: x.trunc()", "nothing"),
    Named("sign", "lambda x: x.sign()", "nothing"),
    Named("nothing", "lambda x: x * 0", "nothing"),
)
"""Functions whose derivative is 0, or the limit 0 where they jump."""


@dataclass(frozen=True)
class Operation:
    """A differentiable operation: how it is written, and how many operands it has."""

    text: str
    operands: int = 1
    saves_operands: bool = False
    saves_output: bool = False
    view: bool = False
    in_place: bool = False


OPERATIONS = {
    "add": Operation("{} + {}", 2),
    "mul": Operation("{} * {}", 2, saves_operands=True),
    "sub": Operation("{} - {}", 2),
    "neg": Operation("-{}"),
    "halve": Operation("{} * 0.5"),
    "square": Operation("{}.square()", saves_operands=True),
    "sin": Operation("{}.sin()", saves_operands=True),
    "tanh": Operation("{}.tanh()", saves_output=True),
    "sigmoid": Operation("{}.sigmoid()", saves_output=True),
    "transpose": Operation("{}.transpose(0, -1)", view=True),
    "flatten": Operation("{}.reshape(-1)", view=True),
    "unsqueeze": Operation("{}.unsqueeze(0)", view=True),
    "first": Operation("{}[0]", view=True),
    "repeat": Operation("{}.expand(2, *{}.shape)", view=True),
    "sum": Operation("{}.sum(0)"),
    "mean": Operation("{}.mean(0)"),
    "add_": Operation("{}.add_({})", 2, in_place=True),
    "halve_": Operation("{}.mul_(0.5)", in_place=True),
    "neg_": Operation("{}.neg_()", in_place=True),
}


@dataclass(frozen=True)
class Step:
    """One operation of a graph on values numbered in the order in which they came about, leaves first.

    An in-place step gives its variable a new value with a new number.
    """

    operation: str
    operands: tuple[int, ...]
    variable: str


class Graph(Function):
    """A function of some leaves that returns the result of every step as a tuple, the output last."""

    def __init__(self, leaves: tuple[str, ...], steps: tuple[Step, ...]) -> None:
        self.leaves = leaves
        self.steps = steps
        variables = [*leaves, *[step.variable for step in steps]]
        parts = []
        for step in steps:
            operation = OPERATIONS[step.operation]
            names = [variables[operand] for operand in step.operands]
            text = operation.text.format(*(names * 2)[: operation.text.count("{}")])
            parts.append(text if operation.in_place else f"{step.variable} := {text}")
        super().__init__(f"lambda {', '.join(leaves)}: ({', '.join(parts)},)")
