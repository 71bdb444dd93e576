"""A process that has imported torch and runs scripts, each in a fork of it: a fresh process in milliseconds.

Run by `reports.replay` as a program of its own, by any Python, with nothing of the suite at hand. It reads
requests from its standard input, a line of JSON each, `{"script": …, "runs": 3, "seconds": 60}`, and answers
each with a line: how every run ended, `[[exit status, what it said], …]`; the status is negative for a signal
and null for a run that took too long and was killed. Where there is no fork, a script runs in this process,
which may be its end: whoever asked starts another.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import time
import traceback
from typing import IO

SAID = 4_000
"""How much of what a run said is told: the end."""

LONGEST = 1_000
"""How much of a line of a traceback, and of a message, is said: its beginning, which names the exception."""


def run(script: str) -> int:
    """Run a script as a program, with its asserts; return its exit status, with what it raised on stderr."""
    try:
        exec(compile(script, "<script>", "exec", optimize=0), {"__name__": "__main__"})
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:
        for part in traceback.format_exception(error):
            print(part if len(part) < LONGEST else f"{part[:LONGEST]} …", end="", file=sys.stderr)
        return 1
    return 0


def forked(script: str) -> tuple[int, IO[bytes]]:
    """Start a fork that runs a script; return its process id, and the file of what it will have said."""
    said = tempfile.TemporaryFile()  # noqa: SIM115, it is read when the fork has ended
    child = os.fork()
    if child:
        return child, said
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor, end in ((0, nothing), (1, nothing), (2, said.fileno())):
        os.dup2(end, descriptor)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace")
    try:
        code = run(script)
        sys.stderr.flush()
    finally:
        os._exit(code)


def ended(child: int, said: IO[bytes], until: float) -> tuple[int | None, str]:
    """Wait for a fork until a time; return how it ended."""
    code = None
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            break
        if time.monotonic() > until:
            os.kill(child, 9)
            os.waitpid(child, 0)
            break
        time.sleep(0.002)
    with said:
        said.seek(0)
        return code, said.read().decode("utf-8", "replace")[-SAID:]


def in_this_process(script: str) -> tuple[int | None, str]:
    """Run a script here; return how it ended."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run(script)
    return code, said.getvalue()[-SAID:]


def prepare(script: str) -> None:
    """Import what torch imports at the first call on meta, or to compile: once, not anew in each fork."""
    with contextlib.suppress(Exception):  # it is torch's own, and where it is may change
        if "'meta'" in script:
            importlib.import_module("torch.fx.experimental.symbolic_shapes")
        if "torch.compile(" in script or "torch.export" in script:
            importlib.import_module("torch._dynamo")


def serve() -> None:
    """Answer requests until there are no more."""
    # As in a program that is read from standard input: what lies beside this file is none of a script's.
    sys.path[0] = ""
    torch = importlib.import_module("torch")  # of the Python that runs this, which need not be the suite's
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    print(json.dumps(str(torch.__version__)), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        script, runs = request["script"], range(request["runs"])
        if hasattr(os, "fork"):
            prepare(script)
            until = time.monotonic() + request["seconds"]
            found = [ended(*process, until) for process in [forked(script) for _ in runs]]
        else:
            found = [in_this_process(script) for _ in runs]
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    serve()
