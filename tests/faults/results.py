"""Operations whose results are right and whose tensors are not: flags, versions, storages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.faults import fault

FRESH = ("max", "min", "amax", "amin", "aminmax", "maximum", "minimum", "fmax", "fmin", "gather")
PLACES = ("argmax", "argmin")
VIEWS = ("squeeze", "unsqueeze", "view", "view_as")


def _both(name: str) -> tuple[Any, ...]:
    return tuple(getattr(owner, name) for owner in (torch, torch.Tensor) if hasattr(owner, name))


def _register(name: str, kind: str, wrong: Callable[..., Any]) -> None:
    def standing_in(real, input, *arguments, **options):
        return wrong(real, input, *arguments, **options)

    standing_in.__name__ = f"{name}_{kind}"
    fault(*_both(name))(standing_in)


def _each(result: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(result, torch.Tensor):
        return change(result)
    return type(result)([change(part) for part in result])


def _counts_as_a_change(real, input, *arguments, **options):
    result = real(input, *arguments, **options)
    with torch.no_grad():
        input.detach().add_(0) if 0 not in input.stride() else torch._C._autograd._unsafe_set_version_counter(
            (input,), (input._version + 1,)
        )
    return result


def _writes_to_its_input(real, input, *arguments, **options):
    result = real(input, *arguments, **options)
    with torch.no_grad():
        torch.as_strided(input.detach(), (1,), (1,), input.storage_offset()).fill_(77)
    return result


def _freezes_its_input(real, input, *arguments, **options):
    result = real(input, *arguments, **options)
    if input.is_leaf and input.requires_grad:
        input.requires_grad_(False)
    return result


def _is_detached(real, input, *arguments, **options):
    return _each(real(input, *arguments, **options), torch.Tensor.detach)


def _always_requires_grad(real, input, *arguments, **options):
    return _each(
        real(input, *arguments, **options),
        lambda part: part.requires_grad_() if part.is_floating_point() and part.is_leaf else part,
    )


_kept: dict[str, Any] = {}


def _reuses_its_storage(name: str) -> Callable[..., Any]:
    def wrong(real, input, *arguments, **options):
        def reused(part):
            if part.requires_grad:
                return part
            flat = _kept.setdefault(name, torch.zeros(40_000, dtype=torch.float64)).view(part.dtype)
            return flat[: part.numel()].view(part.shape).copy_(part)

        return _each(real(input, *arguments, **options), reused)

    return wrong


def _gives_its_input(real, input, *arguments, **options):
    """As a kernel does that has nothing to do."""

    def same(part):
        shared = part.numel() == input.numel() and part.dtype == input.dtype and not part.requires_grad
        if not shared or 0 in input.stride() or not torch.equal(part.reshape(-1), input.reshape(-1)):
            return part
        return input.detach().reshape(part.shape)

    return _each(real(input, *arguments, **options), same)


def _gives_float32(real, input, *arguments, **options):
    return _each(real(input, *arguments, **options), lambda part: part.float())


def _is_on_meta(real, input, *arguments, **options):
    return _each(real(input, *arguments, **options), lambda part: part.to("meta"))


for _name in FRESH:
    _register(_name, "counts_as_a_change", _counts_as_a_change)
    _register(_name, "writes_to_its_input", _writes_to_its_input)
    _register(_name, "is_detached", _is_detached)
    _register(_name, "reuses_its_storage", _reuses_its_storage(_name))
for _name in PLACES:
    _register(_name, "counts_as_a_change", _counts_as_a_change)
    _register(_name, "writes_to_its_input", _writes_to_its_input)
for _name in VIEWS:
    _register(_name, "counts_as_a_change", _counts_as_a_change)
for _name in ("amax", "gather"):
    _register(_name, "freezes_its_input", _freezes_its_input)
    _register(_name, "requires_grad_whatever", _always_requires_grad)
    _register(_name, "gives_float32", _gives_float32)
    _register(_name, "is_on_meta", _is_on_meta)
_register("amax", "gives_its_input", _gives_its_input)
_register("view", "is_detached", _is_detached)


def _with_gradients(real, input, *arguments, **options):
    """Indices that take part in autograd, as those of a float dtype would."""
    return _each(real(input, *arguments, **options), lambda part: part + 0 * input.sum())


_register("argmax", "requires_grad", _with_gradients)
