"""A path after one of the suite's options, in a clone, is no path of tests."""

import os
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from conformance.engine.early import find_clone, join_paths
from reports.files import RESULTS
from tests.suite import ROOT

ONE_RULE = ("-n", "0", "--device", "cpu", "--rule", "gather.output_shape", "--max-examples", "5", "--partial")


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        ([], []),
        (["--report", "a b"], ["--report=a b"]),
        (
            ["-v", "--known-breaks", "a", "--known-breaks", "b"],
            ["-v", "--known-breaks=a", "--known-breaks=b"],
        ),
        (["--vendor-file", "a"], ["--vendor-file=a"]),
        (["--report=a", "b"], ["--report=a", "b"]),
        (["--rule", "--report", "a"], ["--rule", "--report=a"]),
        (["--report", "--report"], ["--report=--report"]),
        (["--report"], ["--report"]),
    ],
)
def test_an_option_and_its_path_become_one_argument(given, joined):
    assert join_paths(given) == joined


def test_a_clone_is_found_from_anywhere_in_it(tmp_path):
    assert find_clone(ROOT) == ROOT
    assert find_clone(ROOT / "tests" / "engine") == ROOT
    assert find_clone(tmp_path) is None


def pytest_in_the_clone(*options, further=()):
    """Run pytest as a user does, who does not know what `=` is for."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *ONE_RULE, *map(str, options)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": shlex.join(map(str, further))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


needs_installation = pytest.mark.skipif(
    not any(found.value == "torch_conformance_early" for found in entry_points(group="pytest11")),
    reason="the suite is not installed",
)


@needs_installation
def test_a_report_may_go_to_a_folder_that_is_there(tmp_path):
    for _ in range(2):
        ran = pytest_in_the_clone("--report", tmp_path)

        assert ran.returncode == 0, ran.stdout + ran.stderr
        (tmp_path / RESULTS).unlink()


@needs_installation
def test_workers_run_the_rules_and_not_the_whole_run_where_the_folder_is_new(tmp_path):
    ran = pytest_in_the_clone("-n", "1", "--report", tmp_path / "new")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("1 of 1 documented rule that was run holds") == 1


@needs_installation
def test_so_may_one_that_the_environment_names(tmp_path):
    breaks = tmp_path / "breaks.toml"
    shutil.copy(ROOT / "tests" / "devices" / "known_breaks.toml", breaks)
    ran = pytest_in_the_clone("--known-breaks", breaks, further=["--report", tmp_path])

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert Path(tmp_path, RESULTS).exists()


def test_tests_that_are_no_rules_leave_no_folder(tmp_path):
    chosen = "tests/engine/test_early.py::test_a_clone_is_found_from_anywhere_in_it"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--report={tmp_path / 'report'}", chosen],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not (tmp_path / "report").exists()
