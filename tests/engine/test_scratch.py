"""A run's temporary folder goes with the run, whatever ends it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from conformance.engine.scratch import Scratch
from reports.files import JOURNAL, PAGE, read_report
from reports.model import Basis
from reports.verdict import fails
from tests.suite import ROOT


def wait_until(reached, seconds=120):
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_closing_removes_it():
    scratch = Scratch()
    (scratch.path / "flight").touch()
    scratch.close()

    assert not scratch.path.exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_it_goes_when_its_process_is_killed(tmp_path):
    script = "from conformance.engine.scratch import Scratch; print(Scratch().path, flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(str(tmp_path / "conformance-"))
        assert list(tmp_path.iterdir())
        process.kill()

    wait_until(lambda: not list(tmp_path.iterdir()), seconds=20)


@pytest.mark.skipif(os.name == "nt", reason="there is no polite request to end")
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_polite_request_to_end_is_granted_with_a_report(tmp_path, workers):
    journal = tmp_path / "report" / JOURNAL
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    run = subprocess.Popen(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--report={tmp_path / 'report'}"),
            *("-n", workers, "--device", "cpu", "--rule", "gather.*", "--max-examples", "100000"),
        ],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with run:
        wait_until(lambda: journal.exists() and '"begun"' in journal.read_text("utf-8"))
        for _ in range(3):  # as `timeout` does
            os.killpg(run.pid, signal.SIGTERM)
            time.sleep(0.1)
        said, _ = run.communicate(timeout=60)

    assert run.returncode == pytest.ExitCode.INTERRUPTED, said
    report = read_report(tmp_path / "report")
    assert report.run.ended is None
    assert not any(fails(result.outcome, Basis.DOCUMENTED, strict=False) for result in report.results)
    assert "This run ended early" in (tmp_path / "report" / PAGE).read_text("utf-8")
    wait_until(lambda: not list(temporary.glob("conformance-*")), seconds=20)


@pytest.mark.skipif(os.name == "nt", reason="there is no polite request to end")
def test_a_polite_request_ends_workers_that_hang(tmp_path):
    journal = tmp_path / "report" / JOURNAL
    run = subprocess.Popen(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--report={tmp_path / 'report'}"),
            *("-n", "1", "--import", "tests.devices.reference", "--device", "reference", "--rule", "amax.*"),
        ],
        cwd=ROOT,
        env={**os.environ, "REFERENCE_FAULTS": "amax-hangs-in-c"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with run:
        wait_until(lambda: journal.exists() and '"begun"' in journal.read_text("utf-8"))
        time.sleep(2)  # by then it hangs
        run.terminate()
        said, _ = run.communicate(timeout=60)

    assert run.returncode == pytest.ExitCode.INTERRUPTED, said
    wait_until(lambda: not _group_lives(run.pid), seconds=20)


def _group_lives(leader):
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True
