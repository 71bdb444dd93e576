"""What a tensor that a case built was drawn as: its elements, computed without the device that it is on."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

import ml_dtypes
import numpy as np
import torch


class Expression(Protocol):
    """What a tensor is built of."""

    def drawn(self) -> np.ndarray[Any, Any]:
        """Return the elements of the tensor, an array of its own."""


_most = 4_096
"""Tensors that are remembered before those that are gone are forgotten."""

_drawn: dict[int, tuple[weakref.ref[torch.Tensor], Expression | torch.Tensor]] = {}


def remember(tensor: torch.Tensor, drawn: Expression | torch.Tensor) -> None:
    """Remember that a tensor was built of an expression, or copied from a tensor on the CPU.

    Every tensor of every example is, so that it costs next to nothing: `torch.utils.weak` has maps that do
    the same, and take as long for it as building the tensor does.
    """
    if len(_drawn) >= _most:
        _forget()
    _drawn[id(tensor)] = (weakref.ref(tensor), drawn)


def _forget() -> None:
    global _most
    for key in [key for key, (alive, _) in _drawn.items() if alive() is None]:
        del _drawn[key]
    _most = max(_most, 2 * len(_drawn))


def drawn_elements(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return the elements that a tensor was drawn with, an array of its own; see `conformance.reference`.

    They are what they were whatever was done to the tensor since, and nothing is asked of its device.

    Raises LookupError for a tensor that no case has built.
    """
    alive, drawn = _drawn.get(id(tensor), (None, None))
    # Another tensor may have had the number before.
    if alive is None or drawn is None or alive() is not tensor:
        raise LookupError("no case has built this tensor")
    return host_elements(drawn) if isinstance(drawn, torch.Tensor) else drawn.drawn()


def host_elements(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a copy of the elements of a tensor on the CPU, same shape and dtype (bfloat16 by ml_dtypes)."""
    if tensor.dtype is torch.bfloat16:
        # The upper halves of float32, bit by bit: `view(dtype)` is an operation under test.
        wide = np.array(tensor.float().numpy(), order="C")
        return (wide.view(np.uint32) >> 16).astype(np.uint16).view(ml_dtypes.bfloat16)
    return np.array(tensor.numpy(), order="C")
