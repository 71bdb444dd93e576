"""Functions that are wrong in one way of calling them and right in all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.faults import fault

TWINS = {
    "max": "min",
    "min": "max",
    "argmax": "argmin",
    "argmin": "argmax",
    "amax": "amin",
    "amin": "amax",
    "maximum": "minimum",
    "minimum": "maximum",
    "fmax": "fmin",
    "fmin": "fmax",
}
REDUCTIONS = ("max", "min", "argmax", "argmin", "amax", "amin", "aminmax")
PAIRS = ("maximum", "minimum", "fmax", "fmin", "max", "min")

Wrong = Callable[..., Any]


def _is_of_two(arguments: tuple[Any, ...], options: dict[str, Any]) -> bool:
    return "other" in options or (bool(arguments) and isinstance(arguments[0], torch.Tensor))


def _swapped(result: Any) -> Any:
    return type(result)((result[1], result[0]))


def _changed(result: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Return a result, or a tuple of results, changed but for indices that go with values."""
    if isinstance(result, torch.Tensor):
        return change(result)
    return type(result)([change(part) if part.is_floating_point() else part for part in result])


def _way_fault(name: str, way: str, of_two: bool, kind: str, wrong: Wrong) -> None:
    """Register a fault of one way to call: `way` is 'method', 'function', 'by_name' or 'by_place'."""

    def standing_in(real, *arguments, **options):
        found = {
            "method": real is getattr(torch.Tensor, name),
            "function": real is getattr(torch, name),
            "by_name": bool(options.keys() & {"dim", "other"}),
            "by_place": len(arguments) > 1,
            "whole": len(arguments) + len(options) == 1,
            "of_none": "dim" in options and options["dim"] is None,
        }[way]
        if not found or _is_of_two(arguments[1:], options) is not of_two:
            return real(*arguments, **options)
        return wrong(real, *arguments, **options)

    of = "_of_two" if of_two and name in ("max", "min") else ""
    standing_in.__name__ = f"{name}{of}_{way}_{kind}"
    fault(getattr(torch, name), getattr(torch.Tensor, name))(standing_in)


def _twin(name: str) -> Wrong:
    def wrong(real, *arguments, **options):
        if name == "aminmax":
            return _swapped(real(*arguments, **options))
        owner = torch.Tensor if real is getattr(torch.Tensor, name) else torch
        return getattr(owner, TWINS[name])(*arguments, **options)

    return wrong


def _without_nan(real, *arguments, **options):
    """Take a NaN for 0."""
    plain = [
        one.nan_to_num(0.0, torch.inf, -torch.inf) if isinstance(one, torch.Tensor) else one
        for one in arguments
    ]
    named = {
        key: one.nan_to_num(0.0, torch.inf, -torch.inf) if isinstance(one, torch.Tensor) else one
        for key, one in options.items()
    }
    return real(*plain, **named)


def _half_gradient(real, *arguments, **options):
    result = real(*arguments, **options)
    return _changed(result, lambda part: part / 2 + part.detach() / 2)


for _name in REDUCTIONS:
    for _way in ("method", "by_name", "whole"):
        _way_fault(_name, _way, False, "gives_the_opposite", _twin(_name))
    for _way in ("method", "function"):
        _way_fault(_name, _way, False, "takes_nan_for_0", _without_nan)
    if _name not in ("max", "min"):
        _way_fault(_name, "of_none", False, "gives_the_opposite", _twin(_name))
    if _name not in ("argmax", "argmin", "aminmax"):
        for _way in ("method", "by_name", "whole"):
            _way_fault(_name, _way, False, "halves_the_gradient", _half_gradient)

for _name in PAIRS:
    for _way in ("method", "by_name"):
        _way_fault(_name, _way, True, "gives_the_opposite", _twin(_name))
    _way_fault(_name, "method", True, "takes_nan_for_0", _without_nan)
    if _name not in ("fmax", "fmin"):
        _way_fault(_name, "method", True, "halves_the_gradient", _half_gradient)
