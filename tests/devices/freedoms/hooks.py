"""Where freedoms come in: before an operation, around it on the CPU's tensors, and after a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils import _pytree as pytree

Run = Callable[[Any, Any], Any]
"""Runs an operation on its arguments and its options."""


@dataclass
class Hooks:
    """What the reference device asks of its freedoms.

    `before` is told an operation's name, arguments and options, and may raise or warn. `around` runs an
    operation on tensors of the CPU: it is given the operator, what runs it, and what it runs on. `copied` is
    told the tensor of the CPU that was copied to. `made` are told the dtype of each new tensor.
    """

    before: list[Callable[[str, Any, Any], None]] = field(default_factory=list)
    around: list[Callable[[Any, Run, Any, Any], Any]] = field(default_factory=list)
    copied: list[Callable[[torch.Tensor], None]] = field(default_factory=list)
    made: list[Callable[[torch.dtype | None], None]] = field(default_factory=list)

    def call(self, name: str, args: Any = (), options: Any = None) -> None:
        """Tell the freedoms that an operation is called."""
        for hook in self.before:
            hook(name, args, options or {})

    def make(self, dtype: torch.dtype | None) -> None:
        """Tell the freedoms that a tensor is made."""
        for hook in self.made:
            hook(dtype)

    def copy(self, tensor: torch.Tensor) -> None:
        """Tell the freedoms that a tensor was copied to."""
        for hook in self.copied:
            hook(tensor)

    def run(self, op: Any, args: Any, options: Any) -> Any:
        """Run an operation on tensors of the CPU."""

        def step(number: int) -> Run:
            if number == len(self.around):
                return lambda args, options: op(*args, **options)
            return lambda args, options: self.around[number](op, step(number + 1), args, options)

        found = step(0)(args, options)
        for tensor in tensors(found):
            self.make(tensor.dtype)
        return found


def tensors(values: Any) -> list[torch.Tensor]:
    """Return the tensors among arguments or results."""
    return [value for value in pytree.tree_leaves(values) if isinstance(value, torch.Tensor)]


def fresh(result: Any, args: Any, options: Any) -> Iterator[torch.Tensor]:
    """Give the tensors of a result that have elements and memory of their own."""
    given = {tensor.untyped_storage().data_ptr() for tensor in tensors((args, options))}
    for tensor in tensors(result):
        if tensor.numel() and tensor.untyped_storage().data_ptr() not in given:
            yield tensor


def base_name(op: Any) -> str:
    """Return the name of an operator, whatever its overload, in place or not."""
    return str(op._schema.name).removeprefix("aten::").removesuffix("_")


HOOKS = Hooks()
"""Those of the reference device."""
