"""Targets: the devices of this machine, found through torch's own interfaces, and what each of them lacks."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from conformance.engine.apart import load, run_apart
from conformance.engine.device import backend
from conformance.engine.exactness import measured
from conformance.engine.probes import index_checks, lacking, missing_classes, missing_dtypes
from reports.model import Need, Target, plain


def discover(imports: Sequence[str] = ()) -> list[Target]:
    """Return every device of this machine that torch can place a tensor on, the CPU first and meta last.

    No device is known by name here: the types come from torch, a renamed PrivateUse1 backend included, and
    a type is present if a tensor can be made on it. `imports` are the modules that registered devices.
    """
    types = [name for name in _device_types() if name not in ("cpu", "meta") and _works(name)]
    found = ["cpu"]
    for name in types:
        found.extend(_indexed(name))
    return [describe(device, imports) for device in (*found, "meta")]


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


def describe(device: str, imports: Sequence[str] = ()) -> Target:
    """Return the target for a device: its name, its driver, and what it lacks.

    A device that answers wrongly lacks nothing: that is for the rules to find. One that ends the process, or
    does not answer, when it is asked lacks nothing either, and its name says so.
    """
    if device in ("cpu", "meta"):
        # They are torch itself, and end nothing; the one checks indices, the other has no values to check.
        target = _probed(device)
        if Need.VALUES in target.lacks:
            target.lacks[Need.INDEX_CHECKS] = "without values no index is out of range"
        return target
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "target.json")
        code = run_apart(write_probed, device, tuple(imports), path, seconds=PROBING)
        if code not in (0, None):
            # Some backends do not work in a fork, even of a process that never used them.
            code = run_apart(write_probed, device, tuple(imports), path, seconds=PROBING, anew=True)
        if code != 0 or not path.exists():
            how = "takes too long" if code is None else f"ended a process ({code})"
            return Target(device, torch.device(device).type, f"{device}: asking what it lacks {how}")
        target = Target.from_json(json.loads(path.read_text("utf-8")))
    if reason := index_checks(device, imports):
        target.lacks[Need.INDEX_CHECKS] = reason
    return target


PROBING = 300
"""Seconds that a device has to answer what it lacks."""


def write_probed(device: str, imports: Sequence[str], path: Path) -> None:
    """Ask a device what it lacks, and write that to a file."""
    load(imports)
    path.write_text(json.dumps(plain(_probed(device))), "utf-8")


def _probed(device: str) -> Target:
    kind = torch.device(device).type
    lacks = lacking(device)
    # Nothing more is asked where none can be read: on meta that would import a compiler, which takes seconds.
    read = Need.VALUES not in lacks
    return Target(
        device,
        kind,
        _name(backend(kind), device),
        _driver(device),
        lacks,
        missing_dtypes(device),
        lacks_classes=missing_classes(device) if read else {},
        exact=measured(device) if read else {},
    )


def _device_types() -> list[str]:
    """Return the names of all device types that the installed torch knows of."""
    members: Iterable[str] = torch._C._autograd.DeviceType.__members__
    renamed = torch._C._get_privateuse1_backend_name()
    # A backend may take a name that torch has for a type of its own: `vulkan`, `fpga`.
    return list(dict.fromkeys(renamed if name == "PrivateUse1" else name.lower() for name in members))


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
    module = backend(device)
    count = getattr(module, "device_count", None)
    return [f"{device}:{index}" for index in range(count())] if callable(count) else [device]


def _name(module: Any, device: str) -> str:
    get = getattr(module, "get_device_name", None)
    try:
        return str(get(device)) if get and ":" in device else device
    except Exception:  # a name is a courtesy; a backend that cannot give it is no worse for it
        return device


def _driver(device: str) -> str | None:
    if not device.startswith("cuda"):
        return None
    return f"ROCm {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"
