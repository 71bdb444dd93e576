"""Reductions of many elements that are wrong in one way, as kernels were that split them wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.faults import fault

MANY = 20_000
PARTS = {
    "max": (torch.max, torch.Tensor.max),
    "min": (torch.min, torch.Tensor.min),
    "argmax": (torch.argmax, torch.Tensor.argmax),
    "argmin": (torch.argmin, torch.Tensor.argmin),
    "amax": (torch.amax, torch.Tensor.amax),
    "amin": (torch.amin, torch.Tensor.amin),
    "aminmax": (torch.aminmax, torch.Tensor.aminmax),
}


def many_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a fault of every reduction over a dim, of many elements; it gets what is right."""
    for name, functions in PARTS.items():

        def standing_in(real, input, *arguments, dim=None, **options):
            if arguments and isinstance(arguments[0], int):
                dim, arguments = arguments[0], arguments[1:]
            if not isinstance(dim, int) or input.numel() < MANY or options or arguments or not input.dim():
                given = () if dim is None else (dim,)
                return real(input, *given, *arguments, **options)
            result = real(input, dim=dim)
            parts = [result] if isinstance(result, torch.Tensor) else list(result)
            return _like(result, [wrong(part, input, dim % input.dim()) for part in parts])

        _register(standing_in, functions, f"{name}_{wrong.__name__}")
    return wrong


def _like(result: Any, parts: list[torch.Tensor]) -> Any:
    return parts[0] if isinstance(result, torch.Tensor) else type(result)(parts)


def _register(wrong: Callable[..., Any], functions: tuple[Any, ...], name: str) -> None:
    wrong.__name__ = name
    fault(*functions)(wrong)


@many_fault
def of_many_rows_of_one_is_wrong(part, input, dim):
    """The second half is counted on from the first, as argmax did (pytorch#40022, pytorch#38922)."""
    if input.shape[dim] == 1:
        part = part.clone()
        part.reshape(-1)[part.numel() // 2 :].add_(1)
    return part


@many_fault
def across_many_columns_loses_the_rest(part, input, dim):
    """What does not fill a vector is taken from the first column."""
    if dim < input.dim() - 1 and part.dim() and part.shape[-1] > 16 and part.shape[-1] % 16:
        part = part.clone()
        rest = part.shape[-1] // 16 * 16
        part[..., rest:] = part[..., :1]
    return part


def whole_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a fault of every reduction over all dims, of many elements."""
    for name in ("max", "min", "argmax", "argmin", "amax", "amin"):

        def standing_in(real, input, *arguments, **options):
            if arguments or options or input.numel() < MANY:
                return real(input, *arguments, **options)
            return wrong(real, input)

        _register(standing_in, PARTS[name], f"{name}_{wrong.__name__}")
    return wrong


@whole_fault
def of_all_forgets_the_last_share(real, input):
    """Shares of equal size leave a rest that no thread takes."""
    flat = input.reshape(-1)
    return real(flat[: flat.numel() // 4096 * 4096])


def _million(name: str) -> None:
    def standing_in(real, input, *arguments, **options):
        if arguments and isinstance(arguments[0], int) and input.numel() > 900_000:
            input = torch.where(torch.arange(input.numel()).reshape(input.shape) < 2**16, input, input[:1])
        return real(input, *arguments, **options)

    _register(standing_in, PARTS[name], f"{name}_of_a_million_is_wrong")


for _name in ("max", "argmin", "amax"):
    _million(_name)
