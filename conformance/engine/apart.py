"""Running something in a process of its own, because it may end the process that runs it."""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import signal
import sys
from collections.abc import Callable, Iterable
from multiprocessing.context import BaseContext
from typing import Any

POISONED = 86
"""Exit status of a process whose device stopped working."""


def load(names: Iterable[str]) -> None:
    """Import modules that register a device; of `module:function` the function is called, without arguments.

    Raises whatever importing or calling raises.
    """
    for name in names:
        found = pkgutil.resolve_name(name)
        if ":" in name:
            found()


def run_apart(
    function: Callable[..., int | None], *arguments: Any, seconds: float, anew: bool = False
) -> int | None:
    """Run a module's function in a fresh process and return how that ended.

    An exit status, as `function` returns it (None is 0), or minus the number of the signal that ended the
    process; None if it took longer than `seconds`, and was killed. What it prints is dropped. The process is
    a fork of one that imported torch, where there is such a thing, or started `anew`.
    """
    process = _context(anew=anew or not FORKS).Process(  # type: ignore[attr-defined]
        target=_quietly, args=(function, arguments), daemon=True
    )
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
        return None
    return int(process.exitcode)


def ended(code: int) -> str:
    """Return what an exit code says, in words."""
    if code >= 0:
        # On Windows what ended it is such a code: 0xc0000005 is an access violation.
        return f"the process left with exit status {code if code < 256 else hex(code)}"
    try:
        return f"the process died of {signal.Signals(-code).name} ({signal.strsignal(-code)})"
    except ValueError:
        return f"the process died of signal {-code}"


def _quietly(function: Callable[..., int | None], arguments: tuple[Any, ...]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os._exit(function(*arguments) or 0)


FORKS = "forkserver" in multiprocessing.get_all_start_methods()
"""Whether processes start fast: otherwise each imports torch."""


def _context(*, anew: bool) -> BaseContext:
    """Return the way to make processes that share nothing with this one and start fast where possible.

    The forkserver imports the rules once; each process is a fork of it, in which no device was touched.
    """
    if anew:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["conformance.engine.preloaded"])
    return context
