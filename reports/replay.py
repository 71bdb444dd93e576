"""Running a counterexample's script in fresh processes, to see whether it shows what the report claims."""

from __future__ import annotations

import os
import subprocess
import sys
import time

RUNS = 3
TIMEOUT = 120
"""Seconds after which a run of a script counts as not reproduced."""


def reproduced(
    script: str, exception: str | None, *, seconds: float | None = None, python: str = sys.executable
) -> str:
    """Return in how many of `RUNS` fresh processes the script breaks as the rule did, as `2/3`.

    It breaks if it ends with an AssertionError or with the named exception, or if a signal ends it; without a
    name, however it fails (a missing module apart). With `seconds` given it breaks if it takes longer.
    """
    runs = [
        subprocess.Popen(
            [python, "-"],
            env={**os.environ, "PYTHONOPTIMIZE": ""},  # a script claims by assert
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        for _ in range(RUNS)
    ]
    until = time.monotonic() + (seconds or TIMEOUT)
    return f"{sum(_breaks(run, script, exception, until, slow=seconds is not None) for run in runs)}/{RUNS}"


def _breaks(
    run: subprocess.Popen[str], script: str, exception: str | None, until: float, *, slow: bool
) -> bool:
    """Return whether a script breaks as expected: by not ending in time if `slow`, by how it ends if not."""
    try:
        _, said = run.communicate(script, timeout=max(until - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        return slow
    names = [
        line.partition(":")[0].rpartition(".")[2] for line in said.splitlines() if line[:1] not in ("", " ")
    ]
    if slow:
        return False
    if run.returncode < 0 or exception is None:
        return run.returncode != 0 and not {"ImportError", "ModuleNotFoundError"} & set(names)
    return run.returncode != 0 and bool({"AssertionError", exception} & set(names))
