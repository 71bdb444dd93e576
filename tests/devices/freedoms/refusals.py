"""Freedoms to warn, and to refuse dtypes and operations by whatever exception."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from tests.devices.freedoms.hooks import Hooks

_WARNED = {
    "_copy_from",
    "_local_scalar_dense",
    "gather",
    "max",
    "amax",
    "exp",
    "mul",
    "sum",
    "unsqueeze",
    "view",
}


def warns(hooks: Hooks) -> None:
    """The device says of some operations, and of copies, that they are slow."""

    def warn(name: str, args: Any, options: Any) -> None:
        if name in _WARNED:
            warnings.warn(f"the reference device does {name} the slow way", UserWarning, stacklevel=2)

    hooks.before.append(warn)


def refuses_dtypes(kind: type[Exception], *args: Any) -> None:
    """The device has no tensors of some dtypes."""
    *dtypes, hooks = args

    def refuse(dtype: torch.dtype | None) -> None:
        if dtype in dtypes:
            raise kind(f"the reference device has no {dtype}")

    hooks.made.append(refuse)


class OperatorNotFoundError(Exception):
    """What a backend may raise that keeps a table of its own."""


_REFUSED: dict[str, type[Exception]] = {
    "gather": RuntimeError,
    "argmax": TypeError,
    "fmax": OperatorNotFoundError,
    "aminmax": ValueError,
    "multinomial": NotImplementedError,
}


def refuses_operations(hooks: Hooks) -> None:
    """The device does not have some operations, and says so in as many ways."""

    def refuse(name: str, args: Any, options: Any) -> None:
        if name in _REFUSED:
            raise _REFUSED[name](f"operator not found: {name}")

    hooks.before.append(refuse)


def lacks_operation(lacking: str, hooks: Hooks) -> None:
    """The device does not implement one operation."""

    def refuse(name: str, args: Any, options: Any) -> None:
        if name == lacking:
            raise NotImplementedError(f"{name} is not implemented on the reference device")

    hooks.before.append(refuse)
