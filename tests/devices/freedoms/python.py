"""Freedoms that show where Python calls torch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from tests.devices.freedoms.hooks import Hooks


def _refusing(owner: Any, name: str) -> None:
    """Have a function refuse tensors of the reference device as its first argument."""
    real: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(real)
    def refuse(tensor: torch.Tensor, *args: Any, **options: Any) -> Any:
        if tensor.device.type == "reference":
            raise NotImplementedError(f"{name.strip('_')} is not implemented on the reference device")
        return real(tensor, *args, **options)

    setattr(owner, name, refuse)


def no_as_strided(hooks: Hooks) -> None:
    """The device has no `as_strided`: torch's own code for its other views calls it below Python."""
    _refusing(torch, "as_strided")
    _refusing(torch.Tensor, "as_strided")


def no_printing(hooks: Hooks) -> None:
    """The device cannot print a tensor."""
    _refusing(torch.Tensor, "__repr__")
