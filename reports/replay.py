"""Running a counterexample's script in fresh processes, to see whether it shows what the report claims."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RUNS = 3
TIMEOUT = 120
"""Seconds after which a run of a script counts as not reproduced."""

MOST_SAID = 200
"""Characters of an exception that are told."""

_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(:|$)")

START = 120
"""Seconds that a Python has to import torch."""

PROGRAM = Path(__file__).with_name("warm.py")
"""What runs the scripts."""

Ending = tuple["int | None", str]
"""How a script ended: its exit status, negative for a signal, None if it took too long; and its stderr."""


class NoTorchError(Exception):
    """A Python cannot import torch; the message says why, in one line."""


class Replayer:
    """Runs scripts with a Python that imports torch once, each in a fork where there are forks.

    Use it as a context manager. Raises NoTorchError at the first script if there is no torch.
    """

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._torch: str | None = None

    def __enter__(self) -> Replayer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def torch(self) -> str:
        """Return the version of torch that scripts run on; raises NoTorchError if there is none."""
        if self._torch is None:
            self._start()
        assert self._torch is not None
        return self._torch

    def run(self, script: str, *, runs: int = RUNS, seconds: float = TIMEOUT) -> list[Ending]:
        """Run a script several times, at once, each for some seconds at most; return how each ended.

        A script that ends the process that all share is taken to have ended so each time.
        """
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        request = json.dumps({"script": script, "runs": runs, "seconds": seconds})
        with contextlib.suppress(OSError):  # it is dead, as its answer shows
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()
        answer = self._answer(seconds + TIMEOUT)
        if answer is not None:
            return [(code, said) for code, said in json.loads(answer)]
        code = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=5)  # it is gone, or it hangs
        self.close()
        return [(code, "")] * runs

    def reproduced(
        self, script: str, exception: str | None, *, limit: float = TIMEOUT, hangs: bool = False
    ) -> str:
        """Return in how many of `RUNS` fresh processes a script breaks as its rule did, as `3/3`.

        Where that is not all, what one of the others did follows: `0/3 (it ended without an exception)`.

        It breaks if it ends with an AssertionError or with the named exception, or if a signal ends it;
        without a name, however it fails (a missing module apart). One that `hangs` breaks if it does not end
        within the `limit`, in seconds.
        """
        endings = self.run(script, seconds=limit)
        others = [ending for ending in endings if not _breaks(ending, exception, hangs=hangs)]
        counted = f"{len(endings) - len(others)}/{len(endings)}"
        return f"{counted} ({_told(others[0], limit)})" if others else counted

    def unreached(self, imports: Iterable[str], device: str) -> str | None:
        """Return why scripts cannot put tensors on a device, None if they can.

        `imports` are the modules that register it, as `--import` takes them.
        """
        lines = [registration(name) for name in imports]
        script = "\n".join([*lines, "import torch", f"torch.empty(1).to({device!r})"])
        ((code, said),) = self.run(script, runs=1)
        if code == 0:
            return None
        return (said.splitlines() or [f"a tensor on {device} ends the process"])[-1]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            self._process = None

    def _start(self) -> None:
        try:
            self._process = process = subprocess.Popen(
                [self._python, str(PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise NoTorchError(f"{self._python}: {error.strerror}") from None
        self._answers = queue.Queue()
        threading.Thread(target=_read, args=(process.stdout, self._answers), daemon=True).start()
        version = self._answer(START)
        if version is None:
            self.close()
            raise NoTorchError(f"{self._python} has no torch")
        self._torch = json.loads(version)

    def _answer(self, seconds: float) -> str | None:
        """Return the next line of the process, None if it ended instead or took too long."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            return None


def registration(name: str) -> str:
    """Return the lines of a script that import `module`, or call `module:function`."""
    module, _, function = name.partition(":")
    return f"import {module}" + (f"\n{module}.{function}()" if function else "")


def _read(lines: Any, answers: queue.Queue[str | None]) -> None:
    # What the process was to say goes with its pipe, when it is closed.
    with contextlib.suppress(ValueError):
        for line in lines:
            answers.put(line)
    answers.put(None)


def _told(ending: Ending, limit: float) -> str:
    """Return in a few words how a script ended."""
    code, said = ending
    if code is None:
        return f"it did not end within {round(limit, 1):g} s"
    if code == 0:
        return "it ended without an exception"
    if code < 0:
        return f"signal {-code} ended it"
    lines = said.rpartition("Traceback (most recent call last):")[2].splitlines()
    raised = next((line for line in lines if _EXCEPTION.match(line)), None)
    return f"it raised {raised[:MOST_SAID]}" if raised else f"it ended with the exit status {code}"


def _breaks(ending: Ending, exception: str | None, *, hangs: bool) -> bool:
    """Return whether a script broke as expected: if it `hangs`, by not ending; else by how it ended."""
    code, said = ending
    if hangs or code is None:
        return hangs and code is None
    names = {
        line.partition(":")[0].rpartition(".")[2] for line in said.splitlines() if line[:1] not in ("", " ")
    }
    if code < 0 or exception is None:
        return code != 0 and not {"ImportError", "ModuleNotFoundError"} & names
    return code != 0 and bool({"AssertionError", exception} & names)
