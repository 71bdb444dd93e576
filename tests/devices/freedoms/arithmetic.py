"""Freedoms of arithmetic: subnormals, the order of zeros, exactness, and random numbers."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.utils import _pytree as pytree

from tests.devices.freedoms.hooks import Hooks, Run, base_name, fresh, tensors

_ORDERING = {
    "amax",
    "amin",
    "aminmax",
    "argmax",
    "argmin",
    "fmax",
    "fmin",
    "max",
    "maximum",
    "min",
    "minimum",
}
_COMPUTING = _ORDERING | {
    "abs",
    "add",
    "addcdiv",
    "addcmul",
    "addmm",
    "cumsum",
    "div",
    "eq",
    "exp",
    "ge",
    "gt",
    "isclose",
    "le",
    "log",
    "logsumexp",
    "lt",
    "mean",
    "mm",
    "mul",
    "ne",
    "neg",
    "pow",
    "rsub",
    "sigmoid",
    "sin",
    "sqrt",
    "sub",
    "sum",
    "tanh",
    "_log_softmax",
    "_softmax",
}


def flushes_subnormals(hooks: Hooks) -> None:
    """The device takes subnormals for zeros, and gives zeros for them, where it computes or compares.

    What only moves elements keeps them.
    """

    def flush_(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_floating_point() and tensor.numel():
            small = tensor.abs() < torch.finfo(tensor.dtype).tiny
            if bool((small & (tensor != 0)).any()):
                tensor.copy_(torch.where(small, torch.zeros_like(tensor).copysign(tensor), tensor))
        return tensor

    def around(op: Any, run: Run, args: Any, options: Any) -> Any:
        if base_name(op) not in _COMPUTING:
            return run(args, options)
        written = [
            argument.alias_info is not None and argument.alias_info.is_write
            for argument in op._schema.arguments
        ]
        flushed = [
            value if writes else pytree.tree_map_only(torch.Tensor, lambda each: flush_(each.clone()), value)
            for value, writes in zip(args, written, strict=False)
        ]
        found = run(flushed, options)
        for tensor in tensors(found):
            flush_(tensor)
        return found

    hooks.around.append(around)


def orders_zeros(hooks: Hooks) -> None:
    """The device has -0.0 smaller than 0.0, as IEEE 754-2019 has it in its maximum and minimum."""

    def around(op: Any, run: Run, args: Any, options: Any) -> Any:
        given = [tensor for tensor in tensors(args) if tensor.is_floating_point()]
        if base_name(op) not in _ORDERING or not given:
            return run(args, options)
        dtype = given[0].dtype
        least = torch.finfo(dtype).tiny * torch.finfo(dtype).eps
        signs = [tensor.signbit()[tensor == 0] for tensor in given]
        both = any(bool(each.any()) for each in signs) and any(bool((~each).any()) for each in signs)
        if not both or any(bool((tensor.abs() == least).any()) for tensor in given):
            return run(args, options)

        def apart(tensor: torch.Tensor) -> torch.Tensor:
            if not tensor.is_floating_point():
                return tensor
            return tensor.masked_fill((tensor == 0) & ~tensor.signbit(), least)

        found = run(pytree.tree_map_only(torch.Tensor, apart, args), options)
        for tensor in tensors(found):
            if tensor.is_floating_point():
                positive, negative = tensor == least, tensor == 0
                tensor.masked_fill_(positive, 0.0).masked_fill_(negative, -0.0)
        return found

    hooks.around.append(around)


_ROUGH = {"exp", "log", "tanh", "sigmoid", "sin", "cos", "_softmax", "_log_softmax", "logsumexp"}
_OFF = {torch.float32: 1e-4, torch.float64: 1e-6}


def less_exact(hooks: Hooks) -> None:
    """The device computes some functions with fewer digits than their dtype has."""

    def around(op: Any, run: Run, args: Any, options: Any) -> Any:
        found = run(args, options)
        if base_name(op) in _ROUGH:
            for tensor in fresh(found, args, options):
                if off := _OFF.get(tensor.dtype):
                    # One up, one down, so that no sum or quotient of them is right by luck.
                    signs = torch.arange(tensor.numel()).reshape(tensor.shape) % 2 * 2 - 1
                    tensor.mul_(1 + off * signs)
        return found

    hooks.around.append(around)


def no_seeding(hooks: Hooks) -> None:
    """The device has a generator of its own, which `torch.manual_seed` does not know of."""
    state = torch.Generator().manual_seed(20).get_state()

    def around(op: Any, run: Run, args: Any, options: Any) -> Any:
        nonlocal state
        if torch.Tag.nondeterministic_seeded not in op.tags:
            return run(args, options)
        before = torch.get_rng_state()
        torch.set_rng_state(state)
        try:
            return run(args, options)
        finally:
            state = copy.copy(torch.get_rng_state())
            torch.set_rng_state(before)

    hooks.around.append(around)
