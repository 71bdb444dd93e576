"""Seeded faults: torch with one function wrong in one way, to show that a rule catches it.

A fault is a function that stands in for a torch function. It gets the real one and the call's arguments:

    @fault(torch.Tensor.squeeze)
    def squeeze_copies(real, input, *args):
        return real(input, *args).clone()

Its id is its name with hyphens. `conformance/faults.toml` says which rule catches which fault, and
`tests/test_faults.py` proves every line of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import torch
from torch.distributions import Distribution
from torch.overrides import TorchFunctionMode

from conformance.engine.decks import Decks
from conformance.engine.observation import Observation
from conformance.engine.profiles import DEFAULT_PROFILE, DEFAULT_SEED, PROFILES
from conformance.engine.rule import RegisteredRule
from conformance.engine.running import first_failure
from conformance.engine.watch import Watch, watching

DECKS = Decks(DEFAULT_SEED, PROFILES[DEFAULT_PROFILE])
"""The cases of the default run."""

FAULTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {}

FUNCTIONS: dict[str, tuple[Any, ...]] = {}
"""The torch functions that a fault made by `fault` stands in for."""

MODULES: dict[str, str] = {}
"""The module of this package that each fault is in."""


def fault(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as a fault of the given torch functions."""

    def register(wrong: Callable[..., Any]) -> Callable[..., Any]:
        _add(wrong, lambda: Fault(functions, wrong))
        FUNCTIONS[wrong.__name__.replace("_", "-")] = functions
        return wrong

    return register


def method_fault(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as a fault of a tensor method whose own signature is at fault.

    torch checks a call's arguments before anything that `fault` could stand in for.
    """

    def register(wrong: Callable[..., Any]) -> Callable[..., Any]:
        def standing_in(*args: Any, **options: Any) -> Any:
            return wrong(real, *args, **options)

        real = getattr(torch.Tensor, name)
        _add(wrong, lambda: mock.patch.object(torch.Tensor, name, standing_in))
        return wrong

    return register


def patch_fault(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as a fault of what is written in Python: a function or method of `owner`."""

    def register(wrong: Callable[..., Any]) -> Callable[..., Any]:
        def standing_in(*args: Any, **options: Any) -> Any:
            return wrong(real, *args, **options)

        real = getattr(owner, name)
        _add(wrong, lambda: mock.patch.object(owner, name, standing_in))
        return wrong

    return register


def _add(wrong: Callable[..., Any], made: Callable[[], AbstractContextManager[Any]]) -> None:
    id = wrong.__name__.replace("_", "-")
    FAULTS[id] = made
    MODULES[id] = wrong.__module__.rpartition(".")[2]


class Fault(TorchFunctionMode):
    def __init__(self, functions: tuple[Any, ...], wrong: Callable[..., Any]) -> None:
        super().__init__()
        self._functions = functions
        self._wrong = wrong

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in self._functions:
            return self._wrong(func, *args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def observe(
    registered: RegisteredRule, fault: str | None = None, *, decks: Decks | None = None
) -> Observation:
    """Run a rule on the CPU under a fault, up to the first case that breaks it, which the observation holds.

    The cases are those of the default run, unless other `decks` are given. An exception that came out of no
    example (a fault of the suite itself) is raised.
    """
    assert registered.drawn is not None
    around = FAULTS[fault] if fault else None
    watch = Watch(Observation(), around=around) if around else Watch(Observation())
    warned = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        with watching(watch):
            found = first_failure(registered, (decks or DECKS).dealt(registered))
        if found is not None and not watch.observation.failed:
            raise found
    finally:
        torch.set_warn_always(warned)
        # Some faults leave these otherwise.
        torch.set_grad_enabled(True)
        Distribution.set_default_validate_args(__debug__)
    return watch.observation
