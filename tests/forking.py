"""A process that has imported what takes long, torch above all, and forks for each run of pytest, or others.

`pytest_in_a_fork` and `module_in_a_fork` are what the tests use; run as a program, this is the process, and
reads from stdin.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

IMPORTED = (
    "torch",
    "torch._meta_registrations",
    "torch.fx.experimental.symbolic_shapes",
    "ml_dtypes",
    "jinja2",
)
"""What any run imports, but for the suite, and plugins of pytest, whose asserts pytest rewrites."""

SUITE = ("conformance", "strategies", "reports")
"""The packages of the suite, imported as pytest does, which rewrites their asserts."""

FORKS = hasattr(os, "fork")


def pytest_in_a_fork(
    options: Sequence[str], output: Path, *, folder: Path, environment: Mapping[str, str], seconds: int
) -> int:
    """Run pytest in a folder, what it says going to a file; return how it ended, as a subprocess would.

    As `module_in_a_fork`.
    """
    return module_in_a_fork(
        "pytest", options, output, folder=folder, environment=environment, seconds=seconds
    )


def module_in_a_fork(
    module: str,
    options: Sequence[str],
    output: Path,
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: int,
) -> int:
    """Run a module as `python -m` does, in a folder; what it says goes to a file. Return how it ended.

    A run that takes longer is ended by SIGALRM. Of the variables that Python itself reads when it starts, the
    `environment` may have PYTHONPATH only.
    """
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    asked = {
        "module": module,
        "options": [*options],
        "output": str(output),
        "folder": str(folder),
        "environment": {**environment},
        "seconds": seconds,
    }
    server.stdin.write(json.dumps(asked) + "\n")
    server.stdin.flush()
    return int(server.stdout.readline())


@functools.cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(server.wait)
    atexit.register(server.terminate)
    return server


def _serve() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    _load_suite()
    for line in sys.stdin:
        if os.fork() == 0:
            _run(**json.loads(line))
        _, status = os.wait()
        print(os.waitstatus_to_exitcode(status), flush=True)


def _load_suite() -> None:
    """Import the suite's plugin and load its rules, which takes longer than to run a few of them."""
    from _pytest.assertion import install_importhook
    from _pytest.config import get_config

    sys.path[0] = str(Path(__file__).parents[1])  # beside this file lies a package of one of these names
    hook = install_importhook(get_config([]))
    hook.mark_rewrite(*SUITE)
    importlib.import_module("conformance.engine.plugin")
    importlib.import_module("conformance.engine.rule").load_rules()
    sys.meta_path.remove(hook)


def _run(
    module: str, options: list[str], output: str, folder: str, environment: dict[str, str], seconds: int
) -> None:
    signal.alarm(seconds)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    told = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(told, descriptor)
    os.chdir(folder)
    os.environ.update(environment)
    sys.path[:1] = [folder, *environment.get("PYTHONPATH", "").split(os.pathsep)]  # as `python -m` has it
    sys.argv = [module, *options]
    if module in SUITE:  # it is here already, and pytest's import hook cannot run what it has rewritten
        code = importlib.import_module(f"{module}.__main__").main(options)
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    # To take down all that was imported takes longer than most commands.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
