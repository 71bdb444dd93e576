"""Whether a device makes the inputs of an example as they were drawn, and gives them back.

Where it does not, what failed is a rule of the placement of tensors, and not what was to be done with them.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import Any

import torch

from conformance import expect, reference
from conformance.engine.device import first_line
from strategies import Case, TensorCode, placing_on
from strategies.plain import codes_of

STEPS = ("copy", "slices", "permute", "expand", "conj", "neg", "requires_grad")
"""What is done to make a tensor, in this order; each is a rule `placement.…` of its own."""

PLACEMENT = "placement."

CHECKED = 4_096
"""Of how many tensors is remembered how a device makes them: rules that break share their cases."""

_checked: dict[Any, tuple[str, str] | None] = {}


def misplaced(code: TensorCode, device: str) -> tuple[str, str] | None:
    """Return the first rule of placement that a device breaks when it makes a tensor, and how.

    None if it makes the tensor as it was drawn, and gives back the same elements.
    """
    key = (device, code.data, code.dtype, code.base, repr(code))
    if key not in _checked:
        if len(_checked) >= CHECKED:
            _checked.clear()
        _checked[key] = _misplaced(code, device)
    return _checked[key]


def _misplaced(code: TensorCode, device: str) -> tuple[str, str] | None:
    for step, until in _steps(code):
        with placing_on("cpu"):
            wanted = until.build().detach()
        try:
            with placing_on(device):
                made = until.build()
            reason = _difference(made, wanted, requires_grad=step == "requires_grad")
        except Exception as error:  # whatever the backend answers with
            reason = first_line(error)
        if reason:
            return PLACEMENT + step, reason
    return None


def blocked(rule: str, case: Any, error: BaseException, device: str) -> tuple[str, str] | None:
    """Return the rule of placement that an example of another rule was broken by, and how; None if by none.

    A rule of placement may be blocked by those that come before it.
    """
    name = rule.removeprefix(PLACEMENT) if rule.startswith(PLACEMENT) else None
    if name is not None and name not in STEPS:
        name = STEPS[0]  # reading back needs nothing but the copy
        if rule == PLACEMENT + name:
            return None
    before = STEPS if name is None else STEPS[: STEPS.index(name)]
    for code in codes_of(case) if isinstance(case, Case) else ():
        found = misplaced(code, device)
        if found is not None:
            return found if found[0].removeprefix(PLACEMENT) in before else None
    return None if name is not None else _unread(error, device)


def _steps(code: TensorCode) -> Iterator[tuple[str, TensorCode]]:
    """Return each step that makes the tensor, with the tensor after it."""
    now = TensorCode(code.data, code.dtype, code.base, code.base)
    yield "copy", now
    for step, field in (("slices", "index"), ("permute", "permutation"), ("expand", "expanded")):
        value = getattr(code, field)
        if value is not None:
            now = now.changed(**{field: value})
            yield step, now
    if code.bit:
        now = now.changed(bit=code.bit)
        yield code.bit, now
    if code.requires_grad:
        yield "requires_grad", now.changed(requires_grad=True)


def _difference(made: torch.Tensor, wanted: torch.Tensor, *, requires_grad: bool) -> str | None:
    if made.shape != wanted.shape:
        return f"shape {tuple(made.shape)} instead of {tuple(wanted.shape)}"
    if made.dtype != wanted.dtype:
        return f"dtype {made.dtype} instead of {wanted.dtype}"
    if requires_grad and not (made.requires_grad and made.is_leaf):
        return "no leaf that requires grad"
    if made.device.type == "meta":
        return None
    try:
        expect.same_elements(made, reference.host(wanted))
    except AssertionError as error:
        return first_line(error)
    return None


def _unread(error: BaseException, device: str) -> tuple[str, str] | None:
    """Return how a device fails to give back any tensor of the shape and dtype that it did not give back."""
    if isinstance(error, AssertionError):
        return None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code is _host.__code__ and isinstance(
            tensor := frame.f_locals.get("tensor"), torch.Tensor
        ):
            try:
                torch.zeros(tensor.shape, dtype=tensor.dtype).to(device).cpu()
            except Exception as again:  # whatever the backend answers with
                return f"{PLACEMENT}copy", first_line(again)
    return None


_host: Callable[..., Any] = reference.host
