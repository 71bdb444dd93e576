"""Grad modes, as the documentation describes them: on or off for what runs inside, as it was before after."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

_enabled = True


def is_grad_enabled() -> bool:
    """Return whether operations are recorded now."""
    return _enabled


def switch(enabled: bool) -> bool:
    """Switch recording on or off, and return what it was."""
    global _enabled
    before, _enabled = _enabled, enabled
    return before


class _Mode:
    """A context manager that is also a decorator of functions and of generator functions."""

    def __init__(self, enabled: bool) -> None:
        self._within = enabled
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(switch(self._within))

    def __exit__(self, *_: object) -> None:
        switch(self._before.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        within = self._within

        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def resumed(*arguments: Any, **options: Any) -> Any:
                steps = function(*arguments, **options)
                while True:
                    with _Mode(within):
                        try:
                            value = next(steps)
                        except StopIteration:
                            return
                    yield value

            return resumed

        @functools.wraps(function)
        def called(*arguments: Any, **options: Any) -> Any:
            with _Mode(within):
                return function(*arguments, **options)

        return called


def no_grad() -> _Mode:
    """Return the mode in which nothing is recorded."""
    return _Mode(False)


def enable_grad() -> _Mode:
    """Return the mode in which operations are recorded."""
    return _Mode(True)


class set_grad_enabled(_Mode):  # noqa: N801 - torch's name
    """The mode that its argument names; in force from the call on, until a block that it opens ends."""

    def __init__(self, enabled: bool) -> None:
        super().__init__(enabled)
        self._called_in = switch(enabled)

    def __enter__(self) -> None:
        self._before.append(self._called_in)
        switch(self._within)
