"""Running the suite on the reference device in a fork: the start of a process and of workers is paid once."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.engine import targets
from conformance.engine.apart import run_apart
from conformance.engine.options import matches
from conformance.engine.rule import load_rules
from reports.files import JOURNAL, read_report
from reports.model import Outcome, Report, Target
from reports.score import INCOMPLETE, NOTHING
from tests.devices.freedoms import BOUNDS

ROOT = Path(__file__).parents[3]

RIGHT = frozenset({Outcome.HOLDS, Outcome.KNOWN, Outcome.INAPPLICABLE, Outcome.UNSUPPORTED})
"""How a rule may come out on a right device."""

ENDS_THE_PROCESS = ("hooks.exception", "hooks.result_of_python", "post_accumulate_hooks.result_of_python")
"""What the known breaks of the reference device say of torch itself; these are for workers only."""


def tried(freedoms: Iterable[str], rules: Sequence[str] = (), *, examples: int = 20) -> Report:
    """Return how rules, all by default, come out on the reference device with some freedoms.

    Raises RuntimeError, with what the run said, if it wrote no report.
    """
    with tempfile.TemporaryDirectory() as directory:
        arguments = (",".join(freedoms), tuple(rules), examples, Path(directory))
        code = run_apart(_run, *arguments, seconds=1_200)
        if code or not Path(directory, JOURNAL).exists():
            said = Path(directory, "said").read_text("utf-8")
            raise RuntimeError(f"the run ended with {code}:\n{said}")
        return read_report(Path(directory, JOURNAL))


def _run(freedoms: str, rules: Sequence[str], examples: int, directory: Path) -> int:
    os.environ["REFERENCE_FREEDOMS"] = freedoms
    os.chdir(ROOT)
    targets.run_apart = _run_here  # type: ignore[attr-defined]
    targets.index_checks = lambda device, imports: None  # type: ignore[attr-defined]
    targets.describe = _describing(targets.describe, freedoms)
    nodes = [load_rules()[rule].nodeid for rule in ENDS_THE_PROCESS]
    options = [
        *("-n", "0", "-q", "--partial", "-p", "no:cacheprovider", "-p", "no:randomly"),
        *("--import=tests.devices.reference", "--device=reference", f"--max-examples={examples}"),
        *(
            "--known-breaks=tests/devices/known_breaks.toml",
            "--shrink=0",
            "--confirm=0",
            f"--report={directory}",
        ),
        *(f"--rule={rule}" for rule in rules),
        *(f"--deselect={node}" for node in nodes),
        # To collect the other files would take longer than to run a few rules.
        *sorted(
            {
                found.nodeid.partition("::")[0]
                for id, found in load_rules().items()
                if not rules or matches(id, rules)
            }
        ),
    ]
    with Path(directory, "said").open("w") as file, contextlib.redirect_stdout(file):
        sys.stderr = file
        code = pytest.main(options)
    return 0 if code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, NOTHING, INCOMPLETE) else int(code)


def _describing(real: Callable[..., Target], freedoms: str) -> Callable[..., Target]:
    """Return what describes a target, with the bounds that its vendor states if it is less exact."""
    stated = BOUNDS if {"all", "less-exact"}.intersection(freedoms.split(",")) else {}

    def describe(device: str, imports: Sequence[str] = ()) -> Target:
        return replace(real(device, imports), bounds=stated)

    return describe


def _run_here(function: Any, *arguments: Any, seconds: float, anew: bool = False) -> int:
    """Stand in for `run_apart`: the reference device ends no process when it is asked what it lacks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments) or 0
