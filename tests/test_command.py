"""`torch-conformance`, as users call it: in folders that have nothing to do with the suite."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from reports.files import RESULTS, read_report
from reports.model import Outcome

SCRIPT = shutil.which("torch-conformance", path=str(Path(sys.executable).parent))

pytestmark = pytest.mark.skipif(SCRIPT is None, reason="the suite is not installed")

ONE_RULE = ("--device", "cpu", "--rule", "gather.output_shape", "--max-examples", "5", "--partial")
MODULE = (sys.executable, "-m", "conformance")


def call(folder, *options, command=(SCRIPT,), **environment):
    return subprocess.run(
        [*command, *map(str, options)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def held(folder):
    """Return whether the one rule held, as a report that is gone now says."""
    found = read_report(folder)
    (folder / RESULTS).unlink()
    return [result.outcome for result in found.results] == [Outcome.HOLDS]


def test_in_an_empty_folder_it_runs_the_rules_and_writes_a_report(tmp_path):
    ran = call(tmp_path, *ONE_RULE)
    listed = call(tmp_path, "catalogue", "conformance-report")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.splitlines()[-1] == f"report: {tmp_path / 'conformance-report' / 'index.html'}"
    assert "gather.output_shape" in listed.stdout
    assert held(tmp_path / "conformance-report")


def test_one_line_says_what_is_tested_and_v_says_the_rest(tmp_path):
    brief, long = (call(tmp_path, *ONE_RULE, "-n", "0", *more).stdout.splitlines() for more in ([], ["-v"]))

    assert brief[0].startswith("conformance: torch ")
    assert brief[1].strip("= ") == "test session starts"
    assert brief[2].startswith("collected ")
    assert {"plugins", "rootdir", "conformance"} <= {line.partition(":")[0] for line in long}


@pytest.fixture
def hostile(tmp_path):
    """A folder with packages called as ours are, and with a configuration of its own, all of no use to us."""
    for name in ("reports", "strategies", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('not the one that is wanted')\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not asked')\n")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--nonsense"\n')
    (tmp_path / "backend.py").write_text("from pathlib import Path\nPath('imported').touch()\n")
    return tmp_path


@pytest.mark.parametrize("command", [(SCRIPT,), MODULE], ids=["script", "module"])
def test_what_lies_in_the_folder_has_no_say_but_for_what_is_imported(hostile, command):
    ran = call(hostile, *ONE_RULE, "--import", "backend", "--report", "report", command=command)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert held(hostile / "report")
    assert (hostile / "imported").exists()


def test_the_report_goes_to_a_folder_that_is_there_or_not(tmp_path):
    for option in (["--report=a b"], ["--report", "a b"]):
        ran = call(tmp_path, *ONE_RULE, "-n", "0", *option)

        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert held(tmp_path / "a b")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--report="], "--report: the name of a folder is missing"),
        (["--report", "file/below"], "file/below cannot be made: Not a directory"),
        pytest.param(
            ["--report", "/proc/report"],
            "/proc/report cannot be made: No such file or directory",
            marks=pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc"),
        ),
        (["--rule", "gather"], "no rule's id matches 'gather'; all rules of gather are 'gather.*'"),
        (["--devise", "cpu"], "--devise: there is no such option; near it: --device"),
        (["--zzz"], "--zzz: there is no such option"),
    ],
)
def test_a_bad_value_is_one_clear_line(tmp_path, options, message):
    (tmp_path / "file").touch()
    ran = call(tmp_path, "--device", "cpu", *options)

    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert message in ran.stderr
    assert len((ran.stdout + ran.stderr).strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir() if path.name != ".hypothesis"] == ["file"]


def test_it_works_with_past_reports_under_its_own_name(tmp_path):
    helped = call(tmp_path, "merge", "--help")
    failed = call(tmp_path, "render", "none", "-o", "late")

    assert helped.stdout.startswith("usage: torch-conformance merge")
    assert (failed.returncode, len(failed.stderr.splitlines())) == (2, 1)

    unknown = call(tmp_path, "renderr", "none")
    assert unknown.stderr == "torch-conformance: there is no command 'renderr'; there is: render\n"
    assert unknown.returncode == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("command", [(SCRIPT,), MODULE], ids=["script", "module"])
def test_it_says_its_version_and_that_of_torch(tmp_path, command):
    said = call(tmp_path, "--version", command=command).stdout

    assert said == f"torch-conformance {version('torch-conformance')}, torch {version('torch')}\n"
