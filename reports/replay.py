"""Running a counterexample's script in fresh processes, to see whether it shows what the report claims."""

from __future__ import annotations

import subprocess
import sys

RUNS = 3
TIMEOUT = 120
"""Seconds after which a run of a script counts as not reproduced."""


def reproduced(script: str, exception: str | None, *, seconds: float | None = None) -> str:
    """Return in how many of `RUNS` fresh processes the script breaks as the rule did, as `2/3`.

    It breaks if it ends with an AssertionError or with the named exception, or if a signal ends it; without a
    name, however it fails (a missing module apart). With `seconds` given it breaks if it takes longer.
    """
    runs = [
        subprocess.Popen(
            [sys.executable, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        for _ in range(RUNS)
    ]
    return f"{sum(_breaks(run, script, exception, seconds) for run in runs)}/{RUNS}"


def _breaks(run: subprocess.Popen[str], script: str, exception: str | None, seconds: float | None) -> bool:
    try:
        _, said = run.communicate(script, timeout=seconds or TIMEOUT)
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        return seconds is not None
    names = [
        line.partition(":")[0].rpartition(".")[2] for line in said.splitlines() if line[:1] not in ("", " ")
    ]
    if seconds is not None:
        return False
    if run.returncode < 0 or exception is None:
        return run.returncode != 0 and not {"ImportError", "ModuleNotFoundError"} & set(names)
    return run.returncode != 0 and bool({"AssertionError", exception} & set(names))
