"""The freedom to save for backward what one likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.devices.freedoms.hooks import Hooks

aten = torch.ops.aten

_SLOPES: dict[str, Callable[..., torch.Tensor]] = {
    "exp": lambda x: x.exp(),
    "tanh": lambda x: 1 - x.tanh() * x.tanh(),
    "sigmoid": lambda x: x.sigmoid() * (1 - x.sigmoid()),
    "sin": lambda x: x.cos(),
    "cos": lambda x: -x.sin(),
    "neg": lambda x: x.new_full((), -1).expand(x.shape),
    "pow.Tensor_Scalar": lambda x, exponent: exponent * x.pow(exponent - 1),
}
"""The derivative of each function, from a copy of the input that the device saves."""

_libraries = []


def saves_otherwise(hooks: Hooks) -> None:
    """The device saves a copy of the input, where torch saves the input, the output, or nothing."""
    library = torch.library.Library("aten", "IMPL")
    for name, slope in _SLOPES.items():
        operation, _, overload = name.partition(".")
        op = getattr(getattr(aten, operation), overload or "default")
        library.impl(name, _kernel(op, slope), "AutogradPrivateUse1")
    _libraries.append(library)


def _kernel(op: Any, slope: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def below(x: torch.Tensor, *further: Any) -> torch.Tensor:
        with torch._C._AutoDispatchBelowAutograd():
            found: torch.Tensor = op(x, *further)
        return found

    class Saving(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, x: torch.Tensor, saved: torch.Tensor, *further: Any) -> torch.Tensor:
            context.save_for_backward(saved)
            context.further = further
            return below(x, *further)

        @staticmethod
        def backward(context: Any, *gradients: torch.Tensor) -> Any:
            (gradient,) = gradients
            (saved,) = context.saved_tensors
            found = slope(saved, *context.further)
            given = gradient * (found.conj() if found.is_complex() else found)
            return given, None, *[None for _ in context.further]

    def kernel(x: torch.Tensor, *further: Any) -> torch.Tensor:
        if not torch.is_grad_enabled() or not x.requires_grad:
            return below(x, *further)
        # The copy is an argument, so that what is computed from it in backward can be differentiated in turn.
        found: torch.Tensor = Saving.apply(x, x.clone(), *further)
        return found

    return kernel
