"""Functions that are wrong where they are given an `out`."""

from __future__ import annotations

from typing import Any

import torch

from tests.faults import fault

NAMES = ("max", "min", "amax", "amin", "argmax", "argmin", "aminmax", "maximum", "minimum", "fmax", "fmin")


def _each(out: Any) -> tuple[torch.Tensor, ...]:
    return (out,) if isinstance(out, torch.Tensor) else tuple(out)


def _out_fault(name: str, kind: str, wrong: Any) -> None:
    def standing_in(real, *arguments, out=None, **options):
        if out is None:
            return real(*arguments, **options)
        return wrong(real, out, *arguments, **options)

    standing_in.__name__ = f"{name}_{kind}"
    fault(getattr(torch, name))(standing_in)


def _writes_out_in_order(real, out, *arguments, **options):
    """As kernels did that took any out for contiguous (pytorch#1193, pytorch#62940)."""
    found = real(*arguments, **options)
    for one, part in zip(_each(out), _each(found), strict=True):
        flat = one.as_strided((one.numel(),), (1,), one.storage_offset())
        flat.copy_(part.reshape(-1))
    return out


def _leaves_out(real, out, *arguments, **options):
    return real(*arguments, **options)


def _returns_another(real, out, *arguments, **options):
    found = real(*arguments, **options)
    for one, part in zip(_each(out), _each(found), strict=True):
        one.copy_(part)
    return found


def _swaps_out(real, out, *arguments, **options):
    return real(*arguments, out=tuple(reversed(out)), **options)


for _name in NAMES:
    _out_fault(_name, "leaves_out", _leaves_out)
    if _name != "aminmax":
        _out_fault(_name, "writes_out_in_order", _writes_out_in_order)
for _name in ("max", "min", "amax", "amin"):
    _out_fault(_name, "returns_another_than_out", _returns_another)
_out_fault("aminmax", "swaps_out", _swaps_out)
