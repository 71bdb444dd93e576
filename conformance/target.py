"""Targets: the devices of this machine, found through torch's own interfaces, and what each of them lacks."""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from conformance.apart import POISONED, load, run_apart
from reports.model import Need, Target, plain
from strategies.values import DTYPES


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
    if reason := _index_checks(device, imports):
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
    lacks = {}
    for need, probe in _PROBES.items():
        try:
            reason = probe(device)
        except Exception as error:  # whatever the backend answers with
            reason = first_line(error)
        if reason:
            lacks[need] = reason
    name = _name(_module(kind), device)
    return Target(device, kind, name, _driver(device), lacks, _missing_dtypes(device))


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
    return [f"{device}:{index}" for index in range(count())] if callable(count) else [device]


def _module(device: str) -> Any:
    return getattr(torch, device, None)


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


def _values(device: str) -> str | None:
    torch.zeros(2, device=device).tolist()
    return None


def _autograd(device: str) -> str | None:
    leaf = torch.ones(2, device=device, requires_grad=True)
    (leaf * 2).sum().backward()
    return None


def _strides(device: str) -> str | None:
    found = torch.empty(2, 3, device=device).t().stride()
    return None if found == (1, 3) else f"a transposed tensor has strides {found}"


def _index_checks(device: str, imports: Sequence[str]) -> str | None:
    """Try an out-of-range index in a process of its own, which it may end: CUDA kernels assert."""
    code: int | None = run_apart(gather_out_of_range, device, tuple(imports), seconds=120)
    if code == POISONED:
        return "after an out-of-range index the device does not work any more"
    if code not in (None, RAISES, SILENT, LATE):
        return f"an out-of-range index ends the process ({code})"
    answers: dict[int | None, str | None] = {
        RAISES: None,
        LATE: "an out-of-range index is noticed only when the device is waited for",
        SILENT: "an out-of-range index is not noticed",
        None: "the answer to an out-of-range index does not come",
    }
    return answers[code]


RAISES, SILENT, LATE = 0, 3, 4


def gather_out_of_range(device: str, imports: Sequence[str]) -> int:
    """Gather with an index that is out of range; return how the device takes it, as an exit status."""
    load(imports)
    answer = RAISES
    try:
        torch.zeros(3, device=device).gather(0, torch.full((2,), 7, device=device))
        answer = LATE
        settling(device)()
    except (RuntimeError, IndexError):
        return POISONED if ailing(device) else answer
    return SILENT


def settling(device: str) -> Callable[[], None]:
    """Return a function that waits for all work on the device, and raises the errors of that work."""
    kind = torch.device(device).type
    synchronize = getattr(_module(kind), "synchronize", None)
    if kind in ("cpu", "meta") or synchronize is None:
        return lambda: None
    takes_device = bool(inspect.signature(synchronize).parameters)
    return functools.partial(synchronize, device) if takes_device else synchronize


def ailing(device: str) -> str | None:
    """Return what is wrong with a device that does not even make a tensor of zeros, None if it does."""
    try:
        torch.zeros(1, device=device)
        settling(device)()
    except Exception as error:  # whatever the backend answers with
        return f"{device} does not work any more: {first_line(error)}"
    return None


def first_line(error: Exception) -> str:
    """Return what an exception says first: torch adds a list of every kernel that there is."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:500]


def _addresses(device: str) -> str | None:
    tensor = torch.zeros(2, device=device)
    if not tensor.data_ptr():
        return "data_ptr() is 0"
    shared = tensor[:1].untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr()
    return None if shared else "a view has a storage of its own"


def _in_place_views(device: str) -> str | None:
    # What is not implemented is unsupported, and the rules themselves say so.
    with contextlib.suppress(NotImplementedError):
        torch.zeros(2, 1, device=device).squeeze_(1)
    return None


def _missing_dtypes(device: str) -> dict[str, str]:
    """Return the dtypes of which the device cannot hold a tensor, each with what it said."""
    missing = {}
    for dtype in DTYPES:
        try:
            torch.zeros(1, dtype=dtype).to(device)
        except Exception as error:  # whatever the backend answers with
            missing[str(dtype)] = first_line(error)
    return missing


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
    Need.ADDRESSES: _addresses,
    Need.IN_PLACE_VIEWS: _in_place_views,
    Need.SEEDING: _seeding,
}
