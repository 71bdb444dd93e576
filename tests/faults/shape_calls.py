"""gather, squeeze, unsqueeze and view_as, wrong in one way of calling them and right in all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.faults import fault


def _call_fault(name: str, kind: str, matches: Callable[..., bool], wrong: Callable[..., Any]) -> None:
    """Register a fault of the calls that match: it gets what is right."""
    functions = [getattr(owner, name) for owner in (torch, torch.Tensor) if hasattr(owner, name)]

    def standing_in(real, *arguments, **options):
        result = real(*arguments, **options)
        is_function = hasattr(torch, name) and real is getattr(torch, name)
        return wrong(result) if matches(is_function, arguments, options) else result

    standing_in.__name__ = f"{name}_{kind}"
    fault(*functions)(standing_in)


def _turned(result: torch.Tensor) -> torch.Tensor:
    """Return a result with its elements in the opposite order, in place where it is one."""
    return result.reshape(-1).flip(0).reshape(result.shape)


def _turned_in_place(result: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        turned = _turned(result).clone()
        result.detach().copy_(turned) if 0 not in result.stride() else result.set_(turned)
    return result


def _halved(result: torch.Tensor) -> torch.Tensor:
    return result / 2 + result.detach() / 2 if result.requires_grad else result


def _function(is_function, arguments, options):
    return is_function


def _by_name(is_function, arguments, options):
    return "dim" in options or "other" in options


def _method_by_name(is_function, arguments, options):
    return not is_function and _by_name(is_function, arguments, options)


for _name in ("gather", "squeeze", "unsqueeze"):
    _call_fault(_name, "as_a_function_turns_its_result", _function, _turned)
    _call_fault(_name, "by_name_turns_its_result", _method_by_name, _turned)
    _call_fault(_name, "as_a_function_halves_the_gradient", _function, _halved)
_call_fault("gather", "by_name_halves_the_gradient", _method_by_name, _halved)
_call_fault(
    "gather", "of_sparse_grad_turns_its_result", lambda f, a, o: o.get("sparse_grad") is True, _turned
)
_call_fault(
    "gather", "of_dense_grad_halves_the_gradient", lambda f, a, o: o.get("sparse_grad") is False, _halved
)
_call_fault(
    "gather", "of_dense_grad_turns_its_result", lambda f, a, o: o.get("sparse_grad") is False, _turned
)
_call_fault("squeeze_", "by_name_turns_its_result", _by_name, _turned_in_place)
_call_fault("unsqueeze_", "by_name_turns_its_result", _by_name, _turned_in_place)
_call_fault("unsqueeze_", "turns_its_result", lambda *_: True, _turned_in_place)
_call_fault("view_as", "by_name_turns_its_result", _by_name, _turned)
_call_fault("view_as", "gives_a_copy", lambda *_: True, lambda result: result.clone())
_call_fault("view_as", "halves_the_gradient", lambda *_: True, _halved)


@fault(torch.Tensor.view_as)
def view_as_clears_the_other(real, input, other):
    result = real(input, other)
    if other.numel() and 0 not in other.stride():
        other.detach().fill_(1).mul_(0).add_(5)
    return result


@fault(torch.gather)
def gather_the_function_broadcasts(real, input, dim, index, **options):
    if index.dim() != input.dim():
        return input.clone()
    return real(input, dim, index, **options)
