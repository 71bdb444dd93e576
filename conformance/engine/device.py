"""A device, whatever it is: waiting for it, and telling whether it still works."""

from __future__ import annotations

import functools
import inspect
import pkgutil
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch


def backend(device: str) -> Any:
    """Return the module of torch that a type of device has (`torch.cuda`), None if it has none."""
    return getattr(torch, device, None)


def settling(device: str) -> Callable[[], object]:
    """Return a function that waits for all work on the device, and raises the errors of that work."""
    kind = torch.device(device).type
    synchronize = getattr(backend(kind), "synchronize", None)
    if kind in ("cpu", "meta") or synchronize is None:
        return lambda: None
    takes_device = bool(inspect.signature(synchronize).parameters)
    return functools.partial(synchronize, device) if takes_device else synchronize


def hook(name: str | None) -> Callable[..., object] | None:
    """Return the function that a vendor names as `module:function`, None if none is named."""
    return pkgutil.resolve_name(name) if name else None


@contextmanager
def seeding(seed: Callable[..., object] | None) -> Iterator[None]:
    """Have `torch.manual_seed` seed a device that it does not reach, by a function that takes the number."""
    if seed is None:
        yield
        return
    real = torch.manual_seed

    def manual_seed(number: int) -> torch.Generator:
        seed(number)
        return real(number)

    with mock.patch.object(torch, "manual_seed", manual_seed):
        yield


def seed_without_stacks() -> None:
    """Have `torch.manual_seed` keep no stack of its caller for accelerators that are not there.

    torch puts the seeding of such a device off, and writes down who asked for it: a hundred times the work of
    seeding the CPU. Nobody reads it, since the device never comes.
    """
    for kind in ("cuda", "xpu", "mtia"):
        module = backend(kind)
        if module is not None and hasattr(module, "traceback") and not module.is_available():
            module.traceback = types.SimpleNamespace(format_stack=list)


def ailing(device: str) -> str | None:
    """Return what is wrong with a device that does not even make a tensor of zeros, None if it does."""
    try:
        torch.zeros(1, device=device)
        settling(device)()
    except Exception as error:  # whatever the backend answers with
        return f"{device} does not work any more: {first_line(error)}"
    return None


def first_line(error: BaseException) -> str:
    """Return what an exception says first: torch adds a list of every kernel that there is."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:500]
