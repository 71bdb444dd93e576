"""What a device lacks: a probe per capability that rules need."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch

from conformance.engine.apart import POISONED, load, run_apart
from conformance.engine.device import ailing, first_line, settling
from reports.model import Need
from strategies.fills import SIGNED_ZEROS, SUBNORMAL
from strategies.values import BITS, DTYPES, FLOAT_DTYPES, NAN_PAYLOAD

Name = TypeVar("Name")


def lacking(device: str) -> dict[Need, str]:
    """Return what a device lacks, each with the reason, index checks apart.

    A device that answers wrongly lacks nothing: that is for the rules to find.
    """
    return _reasons({need: functools.partial(probe, device) for need, probe in _PROBES.items()})


def missing_dtypes(device: str) -> dict[str, str]:
    """Return the dtypes of which the device cannot hold a tensor and give it back, each with the reason."""
    return _reasons(
        {
            str(dtype): functools.partial(_round_trip, torch.tensor([1, 0], dtype=dtype), device)
            for dtype in DTYPES
        }
    )


def missing_classes(device: str) -> dict[str, str]:
    """Return the input classes that a device with values lacks, each with the reason."""
    return _reasons({name: functools.partial(probe, device) for name, probe in _CLASS_PROBES.items()})


def _reasons(probes: Mapping[Name, Callable[[], str | None]]) -> dict[Name, str]:
    """Return the reasons that probes give, or what they raise, by the names of those that give one."""
    found = {}
    for name, probe in probes.items():
        try:
            reason = probe()
        except Exception as error:  # whatever the backend answers with
            reason = first_line(error)
        if reason:
            found[name] = reason
    return found


def _round_trip(sent: torch.Tensor, device: str) -> str | None:
    """Return what became of a tensor that was sent to a device and brought back, None if it is the same."""
    there = sent.to(device)
    if there.dtype != sent.dtype:
        return f"becomes {there.dtype}"
    if there.device.type == "meta":
        return None
    back = there.cpu()
    if back.dtype != sent.dtype:
        return f"comes back as {back.dtype}"
    return None if back.tolist() == sent.tolist() else f"{sent.tolist()} comes back as {back.tolist()}"


def index_checks(device: str, imports: Sequence[str]) -> str | None:
    """Return why indices are not checked on a device, None if they are.

    Tries an out-of-range index in a process of its own, which it may end: CUDA kernels assert.
    """
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


def _values(device: str) -> str | None:
    # Not by `tolist`, which devices may do otherwise than they copy.
    torch.zeros(2, device=device).cpu()
    return None


def _autograd(device: str) -> str | None:
    leaf = torch.ones(2, device=device, requires_grad=True)
    # Not by arithmetic: on meta that imports a compiler, which takes a second or two.
    leaf.clone().backward(torch.ones(2, device=device))
    return None


def _strides(device: str) -> str | None:
    found = torch.empty(2, 3, device=device).t().stride()
    return None if found == (1, 3) else f"a transposed tensor has strides {found}"


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


def _seeding(device: str) -> str | None:
    drawn = []
    with torch.random.fork_rng(devices=[]):
        for _ in range(2):
            torch.manual_seed(1)
            drawn.append(torch.rand(4, device=device).cpu().tolist())
    return None if drawn[0] == drawn[1] else "torch.manual_seed does not seed this device"


def _saved(device: str) -> str | None:
    """Return what a device saves for backward otherwise than torch's own code, None if it saves the same."""
    leaf = torch.ones(2, device=device, requires_grad=True)
    if leaf.device.type == "meta":
        return None  # it has no operations of its own
    for name, attribute in _SAVING.items():
        with contextlib.suppress(Exception):  # an operation that it refuses
            if not hasattr(getattr(leaf, name)().grad_fn, attribute):
                return f"the backward of {name} has no {attribute}"
    saved: list[torch.Size] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda each: saved.append(each.shape), lambda kept: kept):
        for name in ("neg", "clone"):
            getattr(leaf, name)()
            if saved:
                return f"{name} saves a tensor"
    return None


_SAVING = {
    "exp": "_saved_result",
    "tanh": "_saved_result",
    "sigmoid": "_saved_result",
    "sin": "_saved_self",
    "cos": "_saved_self",
    "square": "_saved_self",  # which is pow(2)
}
"""What torch's backward of operations keeps of them."""


def _printing(device: str) -> str | None:
    repr(torch.zeros(2, device=device))
    return None


_PROBES: dict[Need, Callable[[str], str | None]] = {
    Need.VALUES: _values,
    Need.AUTOGRAD: _autograd,
    Need.STRIDES: _strides,
    Need.ADDRESSES: _addresses,
    Need.IN_PLACE_VIEWS: _in_place_views,
    Need.SEEDING: _seeding,
    Need.SAVED: _saved,
    Need.PRINTING: _printing,
}


def _0d(device: str) -> str | None:
    shape = torch.tensor(1.0).to(device).cpu().shape
    return None if shape == () else f"comes back with shape {tuple(shape)}"


def _conj_view(device: str) -> str | None:
    return _bit_lost([1 + 2j], torch.complex64, [1 - 2j], torch.conj, device)


def _neg_view(device: str) -> str | None:
    return _bit_lost([1.0], torch.float32, [-1.0], torch._neg_view, device)


def _bit_lost(
    values: list[complex],
    dtype: torch.dtype,
    expected: list[complex],
    viewed: Callable[[torch.Tensor], torch.Tensor],
    device: str,
) -> str | None:
    try:
        there = _sent(values, dtype, device)
    except Exception:  # it lacks the dtype, which is another matter
        return None
    back = viewed(there).cpu().tolist()
    return None if back == expected else f"{expected} comes back as {back}"


def _subnormal(device: str) -> str | None:
    """Return how a device takes a subnormal for zero, None if it does not."""
    asked: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
        "compares": lambda zero, small: zero < small,
        "adds": lambda zero, small: zero + small,
        "orders": lambda zero, small: torch.maximum(zero, small),
    }
    for dtype, (what, ask) in itertools.product(_FLOATS, asked.items()):
        with contextlib.suppress(Exception):  # a dtype or an operation that it refuses
            small = torch.finfo(dtype).tiny / 2
            found = ask(_sent([0.0], dtype, device), _sent([small], dtype, device))
            if not found.cpu().tolist()[0]:
                return f"{what} a subnormal of {dtype} as zero"
    return None


def _signed_zeros(device: str) -> str | None:
    """Return how a device has one zero smaller than the other, None if it has them equal."""
    asked: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "argmax": lambda zeros: zeros.argmax(0),
        "argmin": lambda zeros: (-zeros).argmin(0),
        "max": lambda zeros: zeros.max(0).indices,
        "min": lambda zeros: (-zeros).min(0).indices,
    }
    for what, ask in asked.items():
        with contextlib.suppress(Exception):  # an operation that it refuses
            found = ask(_sent([-0.0, 0.0], torch.float32, device))
            if found.cpu().item() == 1:
                return f"{what} has -0.0 smaller than 0.0"
    return None


def _nan_payload(device: str) -> str | None:
    for dtype in _FLOATS:
        whole = BITS[dtype.itemsize]
        with contextlib.suppress(Exception):  # a dtype that it lacks
            sent = torch.tensor([-100], dtype=whole)  # all ones but for a few: a NaN of each of them
            back = sent.view(dtype).to(device).clone().cpu().view(whole)
            if not back.equal(sent):
                return f"the {dtype} of the bits of {int(sent)} comes back as that of {int(back)}"
    return None


def _sent(values: Sequence[complex], dtype: torch.dtype, device: str) -> torch.Tensor:
    return torch.tensor(values, dtype=dtype).to(device)


_FLOATS = tuple(dict.fromkeys(FLOAT_DTYPES))

_CLASS_PROBES: dict[str, Callable[[str], str | None]] = {
    "0-d": _0d,
    "conj view": _conj_view,
    "neg view": _neg_view,
    SUBNORMAL: _subnormal,
    SIGNED_ZEROS: _signed_zeros,
    NAN_PAYLOAD: _nan_payload,
}
