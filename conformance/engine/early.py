"""What pytest loads before it reads anything of a clone: a path after one of our options is no test path.

pytest looks for its configuration where the paths on the command line lead. Before it has read the
configuration it knows none of the suite's options, takes the DIR of `--report DIR` for such a path if it
exists, and finds no configuration there. Only in a clone of the suite does this module do anything.

It is installed as `torch_conformance_early`, which is no name of a user's package, and so imports nothing of
the suite.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

OPTIONS = ("--report", "--known-breaks", "--vendor-file")
"""The options whose value may be the path of something that exists."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """In a clone, start anew with `--report=DIR` for `--report DIR`, which pytest takes for a test path.

    Also where DIR does not exist, and so leads nowhere: by the time that workers start, and read the same
    command line, it does.
    """
    if find_clone(early_config.invocation_params.dir) is None:
        return
    given = list(map(os.fspath, early_config.invocation_params.args))
    further = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    joined = join_paths(given), join_paths(further)
    if joined != (given, further):
        os.environ["PYTEST_ADDOPTS"] = shlex.join(joined[1])
        raise SystemExit(pytest.main(joined[0]))


def find_clone(directory: Path) -> Path | None:
    """Return the root of the clone of the suite that a directory is in, None if it is in none."""
    for place in (directory, *directory.parents):
        if (place / "conformance" / "engine" / "early.py").is_file():
            return place
    return None


def join_paths(arguments: Sequence[str]) -> list[str]:
    """Return command line arguments with each of our options and its path made one argument."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in OPTIONS:
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined
