"""Targets: the devices of this machine, found through torch's own interfaces, and what each of them lacks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable

import torch

from reports.model import Need, Target


def discover() -> list[Target]:
    """Return every device of this machine that torch can place a tensor on, the CPU first and meta last.

    No device is known by name here: the types come from torch, a renamed PrivateUse1 backend included, and
    a type is present if a tensor can be made on it.
    """
    types = [name for name in _device_types() if name not in ("cpu", "meta") and _works(name)]
    found = ["cpu"]
    for name in types:
        found += _indexed(name)
    return [describe(device) for device in (*found, "meta")]


def select(targets: list[Target], wanted: Iterable[str]) -> list[Target]:
    """Return the targets that are wanted by id (`cuda:0`) or by device type (`cuda`), in discovery order.

    Raises LookupError that lists what is here if something wanted is not.
    """
    chosen = set()
    for name in wanted:
        matching = [target.id for target in targets if name in (target.id, target.device)]
        if not matching:
            here = ", ".join(target.id for target in targets)
            raise LookupError(f"no device {name!r} on this machine; here are: {here}")
        chosen.update(matching)
    return [target for target in targets if target.id in chosen]


def describe(device: str) -> Target:
    """Return the target for a device: its name, its driver, and what it lacks."""
    module = _module(torch.device(device).type)
    lacks = {}
    for need, probe in _PROBES.items():
        try:
            reason = probe(device)
        except (NotImplementedError, RuntimeError, TypeError) as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
        if reason:
            lacks[need] = reason
    return Target(device, torch.device(device).type, _name(module, device), _driver(device), lacks)


def _device_types() -> list[str]:
    """Return the names of all device types that the installed torch knows of."""
    members: Iterable[str] = torch._C._autograd.DeviceType.__members__
    renamed = torch._C._get_privateuse1_backend_name()
    return [renamed if name == "PrivateUse1" else name.lower() for name in members]


def _works(device: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some retired device types are announced as such
            torch.empty(1, device=device)
    except Exception:  # a missing backend answers with whatever it likes, AssertionError included
        return False
    return True


def _indexed(device: str) -> list[str]:
    """Return `type:0`, `type:1`, … where the backend counts its devices, else the type alone."""
    module = _module(device)
    count = getattr(module, "device_count", None)
    return [f"{device}:{index}" for index in range(count())] if count else [device]


def _module(device: str) -> object | None:
    return getattr(torch, device, None)


def _name(module: object | None, device: str) -> str:
    get = getattr(module, "get_device_name", None)
    try:
        return str(get(device)) if get and ":" in device else device
    except Exception:  # a name is a courtesy; a backend that cannot give it is no worse for it
        return device


def _driver(device: str) -> str | None:
    if not device.startswith("cuda"):
        return None
    return f"ROCm {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"


def _values(device: str) -> str | None:
    found = torch.arange(2, device=device).tolist()
    return None if found == [0, 1] else f"arange(2) reads {found}"


def _autograd(device: str) -> str | None:
    leaf = torch.ones(2, device=device, requires_grad=True)
    (leaf * 2).sum().backward()
    return None if leaf.grad is not None else "backward leaves .grad None"


def _strides(device: str) -> str | None:
    found = torch.empty(2, 3, device=device).t().stride()
    return None if found == (1, 3) else f"a transposed tensor has strides {found}"


def _index_checks(device: str) -> str | None:
    # Trying it out may end the process: a CUDA kernel answers with a device-side assert.
    return None if device == "cpu" else "an out-of-range index may end the process on this device"


def _seeding(device: str) -> str | None:
    drawn = []
    with torch.random.fork_rng(devices=[]):
        for _ in range(2):
            torch.manual_seed(1)
            drawn.append(torch.rand(4, device=device).tolist())
    return None if drawn[0] == drawn[1] else "torch.manual_seed does not seed this device"


_PROBES: dict[Need, Callable[[str], str | None]] = {
    Need.VALUES: _values,
    Need.AUTOGRAD: _autograd,
    Need.STRIDES: _strides,
    Need.INDEX_CHECKS: _index_checks,
    Need.SEEDING: _seeding,
}
