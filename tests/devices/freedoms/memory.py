"""Freedoms of memory: how results lie in it, and what a NaN looks like there."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils import _pytree as pytree

from tests.devices.freedoms.hooks import Hooks, Run, base_name, fresh

# Their strides are documented, or torch's own code takes them for granted.
_AS_DOCUMENTED = {
    "addmm",
    "arange",
    "bmm",
    "clone",
    "contiguous",
    "full",
    "mm",
    "multinomial",
    "ones",
    "zeros",
    "_reshape_copy",
    "_to_copy",
}


def other_strides(hooks: Hooks) -> None:
    """The device lays results out with the first dim innermost, and gaps between the elements."""

    def laid_out(tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.dim():
            return tensor
        memory = torch.empty((*reversed(tensor.shape), 2), dtype=tensor.dtype)[..., 0]
        return memory.permute(*reversed(range(tensor.dim()))).copy_(tensor)

    def around(op: Any, run: Run, args: Any, options: Any) -> Any:
        found, name = run(args, options), base_name(op)
        if name in _AS_DOCUMENTED or name.endswith("_like") or name.startswith(("empty", "new_")):
            return found
        ours = {id(tensor) for tensor in fresh(found, args, options)}
        return pytree.tree_map_only(
            torch.Tensor, lambda tensor: laid_out(tensor) if id(tensor) in ours else tensor, found
        )

    hooks.around.append(around)


def canonical_nan(hooks: Hooks) -> None:
    """The device has one NaN, whatever its bits were before it was copied or computed with."""

    def canonical_(tensor: torch.Tensor) -> None:
        if tensor.is_complex():
            canonical_(torch.view_as_real(tensor.conj() if tensor.is_conj() else tensor))
        elif tensor.is_floating_point():
            tensor.masked_fill_(tensor.isnan(), torch.nan)

    def around(op: Any, run: Run, args: Any, options: Any) -> Any:
        found = run(args, options)
        for tensor in fresh(found, args, options):
            canonical_(tensor)
        return found

    hooks.around.append(around)
    hooks.copied.append(canonical_)
