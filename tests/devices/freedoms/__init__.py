"""What a right device may do and still conform, each as a switch of the reference device.

    REFERENCE_FREEDOMS=warns,no-sum pytest --import tests.devices.reference --device reference

names the freedoms that it takes, separated by commas; `all` takes them all. How the rules come out, the
command `python -m tests.devices.freedoms` prints.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable

import torch

from tests.devices.freedoms import arithmetic, backward, memory, python, refusals
from tests.devices.freedoms.hooks import Hooks

FREEDOMS: dict[str, Callable[[Hooks], None]] = {
    "warns": refusals.warns,
    "refuses-float64": functools.partial(refusals.refuses_dtypes, TypeError, torch.float64),
    "refuses-complex": functools.partial(
        refusals.refuses_dtypes, RuntimeError, torch.complex64, torch.complex128
    ),
    "refuses-float16": functools.partial(refusals.refuses_dtypes, NotImplementedError, torch.float16),
    "refuses-operations": refusals.refuses_operations,
    "flushes-subnormals": arithmetic.flushes_subnormals,
    "orders-zeros": arithmetic.orders_zeros,
    "other-strides": memory.other_strides,
    "canonical-nan": memory.canonical_nan,
    "saves-otherwise": backward.saves_otherwise,
    "less-exact": arithmetic.less_exact,
    "no-sum": functools.partial(refusals.lacks_operation, "sum"),
    "no-as-strided": python.no_as_strided,
    "no-printing": python.no_printing,
    "no-seeding": arithmetic.no_seeding,
}
"""By name, what each switches on."""

BOUNDS = {"torch.float32": 1e-3, "torch.float64": 1e-5}
"""The relative error that the vendor of a device that is `less-exact` states."""


def switch_on(names: Iterable[str], hooks: Hooks) -> None:
    """Have the reference device, which runs its operations through the hooks, take freedoms for good.

    Raises ValueError if there is none of such a name.
    """
    chosen = set(names)
    if "all" in chosen:
        chosen = set(FREEDOMS)
    if unknown := chosen - set(FREEDOMS):
        raise ValueError(f"REFERENCE_FREEDOMS: there is no {', '.join(sorted(unknown))}")
    for name, switch in FREEDOMS.items():
        if name in chosen:
            switch(hooks)


def named() -> list[str]:
    """Return the names in REFERENCE_FREEDOMS."""
    return list(filter(None, os.environ.get("REFERENCE_FREEDOMS", "").split(",")))
