"""How exactly a device computes the basic functions: what is measured, beside what rules claim."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from strategies.values import FLOAT_DTYPES

Array = npt.NDArray[np.float64]

_ONE: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], Callable[[Array], Array]]] = {
    "exp": (torch.exp, np.exp),
    "log": (torch.log, np.log),
    "sin": (torch.sin, np.sin),
    "tanh": (torch.tanh, np.tanh),
    "sigmoid": (torch.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
}

_TWO: dict[
    str, tuple[Callable[[torch.Tensor, torch.Tensor], torch.Tensor], Callable[[Array, Array], Array]]
] = {
    "add": (torch.add, np.add),
    "mul": (torch.mul, np.multiply),
    "div": (torch.div, np.divide),
}

_GRID = np.arange(-64, 65) / 16
"""What functions are asked about: numbers that every float holds."""


def measured(device: str) -> dict[str, float]:
    """Return the largest relative error of each basic function in each dtype, by `exp torch.float32`.

    What the device refuses, or gives no number for, is left out.
    """
    errors = {}
    for dtype in dict.fromkeys(FLOAT_DTYPES):
        for name in (*_ONE, *_TWO):
            try:
                error = _error(name, dtype, device)
            except Exception:  # whatever the backend answers with
                continue
            if np.isfinite(error):
                errors[f"{name} {dtype}"] = error
    return errors


def _error(name: str, dtype: torch.dtype, device: str) -> float:
    x = torch.tensor(_GRID[_GRID > 0] if name == "log" else _GRID, dtype=dtype)
    if name in _ONE:
        function, right = _ONE[name]
        found, expected = function(x.to(device)), right(_wide(x))
    else:
        # Thirds, so that results are none of the numbers that the dtype holds.
        compute, exact = _TWO[name]
        y = torch.tensor((_GRID + 4.0625) / 3, dtype=dtype)
        found, expected = compute(x.to(device), y.to(device)), exact(_wide(x), _wide(y))
    if found.dtype != dtype:
        return float("nan")
    counted = expected != 0
    return float((np.abs(_wide(found.cpu()) - expected)[counted] / np.abs(expected)[counted]).max())


def _wide(tensor: torch.Tensor) -> Array:
    return np.asarray(tensor.double().numpy())
