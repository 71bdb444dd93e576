"""What CI runs, run here: every shell step of the conformance workflow, and what machines share."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from reports.files import read_report
from reports.model import Outcome
from reports.score import INCOMPLETE
from tests.suite import ROOT, project_files, run_suite

yaml = pytest.importorskip("ruamel.yaml")

WORKFLOW = yaml.YAML(typ="safe").load((ROOT / ".github" / "workflows" / "conformance.yml").read_text("utf-8"))
FEW = "--rule=gather.o* --rule=gather.i* --hypothesis-profile=quick"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the files of the project."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in project_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    return copy


def step(job, name, checkout, **environment):
    """Run a step of the workflow as it stands there."""
    (found,) = [step for step in WORKFLOW["jobs"][job]["steps"] if step.get("name") == name]
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", found["run"]],
        cwd=checkout,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_every_shell_step_is_known_here():
    steps = {
        (job, step.get("name"))
        for job, described in WORKFLOW["jobs"].items()
        for step in described["steps"]
        if "run" in step
    }

    # `.ci/run` itself runs what Install runs.
    assert steps - {(job, "Install") for job in ("cpu", "gpu", "explore", "modes", "explain")} == {
        *(
            ("cpu", "Run"),
            ("gpu", "Run"),
            ("explore", "Run"),
            ("modes", "Run"),
            ("report", "Merge"),
            ("explain", "Make an example of a report"),
            ("explain", "Write the site"),
        ),
    }
    assert '.ci/install "$TORCH"' in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_job_of_a_mode_runs_rules_in_it(checkout):
    ran = step("modes", "Run", checkout, MODE="dispatch", PYTEST_ADDOPTS=FEW)

    assert ran.returncode == INCOMPLETE, ran.stdout + ran.stderr
    found = read_report(checkout / "report" / "results.json")
    assert {target.id for target in found.run.targets} == {"cpu+dispatch"}


def test_the_example_of_a_report_has_breaks_to_look_at(checkout):
    faults = WORKFLOW["jobs"]["explain"]["steps"]
    (faults,) = [step["env"] for step in faults if step.get("name") == "Make an example of a report"]
    few = "--hypothesis-profile=quick --post-mortem=0 --shrink=5 --confirm=0"
    ran = step("explain", "Make an example of a report", checkout, PYTEST_ADDOPTS=few, **faults)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = read_report(checkout / "site" / "report")
    outcomes = {result.outcome for result in found.results if result.target == "reference:0"}
    assert {Outcome.HOLDS, Outcome.BROKEN, Outcome.CRASHED} <= outcomes
    assert '<svg class="picture"' in (checkout / "site" / "report" / "index.html").read_text("utf-8")


def test_the_jobs_end_in_one_report(checkout):
    cpu = step("cpu", "Run", checkout, PYTEST_ADDOPTS=f"{FEW} --device=cpu")
    assert cpu.returncode == INCOMPLETE, cpu.stdout + cpu.stderr
    (checkout / "parts").mkdir()
    (checkout / "report").rename(checkout / "parts" / "cpu")
    for part in ("2", "4"):
        options = f"{FEW} --device=cpu --max-examples=5"
        explored = step("explore", "Run", checkout, PART=part, SEED="7", PYTEST_ADDOPTS=options)
        assert explored.returncode == 0, explored.stdout + explored.stderr
        (checkout / "report").rename(checkout / "parts" / f"explore-{part}")
    shown = checkout / "summary.md"

    merged = step("report", "Merge", checkout, GITHUB_STEP_SUMMARY=str(shown))

    assert merged.returncode == INCOMPLETE, merged.stdout + merged.stderr
    found = read_report(checkout / "matrix" / "results.json")
    assert [target.id for target in found.run.targets] == [
        "cpu (seed 0)",
        "cpu (seed 7)",
    ]
    assert len(found.runs) == 2
    assert found.runs[1].shard == "2+4/4"
    assert found.runs[1].ended is None
    assert "## Conformance of torch" in shown.read_text("utf-8")
    assert (checkout / "matrix" / "index.html").exists()


def test_a_gpu_job_without_a_gpu_says_so(checkout):
    ran = step("gpu", "Run", checkout, PYTEST_ADDOPTS=FEW)

    if ran.returncode not in (pytest.ExitCode.OK, INCOMPLETE):
        assert ran.returncode == pytest.ExitCode.USAGE_ERROR
        assert "--device: no device 'cuda' on this machine" in ran.stdout + ran.stderr


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def answers(port):
    with socket.socket() as asking:
        return not asking.connect_ex(("127.0.0.1", port))


@contextmanager
def serving(command, port):
    """Run a server until the block ends, from when it takes connections."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not answers(port):
            assert server.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        yield
    finally:
        server.kill()
        server.wait()


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
def test_what_broke_on_one_machine_is_tried_first_on_another(tmp_path):
    pytest.importorskip("redis")
    port = free_port()
    database = f"--example-database=redis://127.0.0.1:{port}/0"
    explore = ("--rule", "gather.elements", "--device", "cpu", "--hypothesis-profile", "explore")
    fault = "gather-misreads-expanded-index"

    def breaks(directory, *options):
        ran = run_suite(tmp_path / directory, *explore, *options, fault=fault)
        return ran.result("gather.elements").outcome is Outcome.BROKEN

    one_example = ("--max-examples", "1", "--hypothesis-seed", "1")
    with serving(["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)], port):
        assert not breaks("alone", database, *one_example)
        assert breaks("one", database)
        assert breaks("other", database, *one_example)


def test_a_database_that_is_not_there_is_one_clear_line(tmp_path):
    pytest.importorskip("redis")
    url = f"redis://127.0.0.1:{free_port()}/0"
    ran = run_suite(tmp_path / "report", "--hypothesis-profile", "explore", f"--example-database={url}")

    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert f"--example-database: {url}: " in ran.output
    assert len(ran.output.strip().splitlines()) == 1


def test_a_profile_that_keeps_no_examples_needs_no_database(tmp_path):
    ran = run_suite(tmp_path / "report", "--example-database=redis://127.0.0.1:1/0")

    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert "only --hypothesis-profile=explore keeps examples" in ran.output


def test_workers_of_another_machine_run_the_rules(tmp_path, checkout):
    port = free_port()
    server = [sys.executable, "-m", "execnet.script.socketserver", f"127.0.0.1:{port}"]
    with serving(server, port):
        remote = f"--tx=socket=127.0.0.1:{port}//chdir={checkout}"
        ran = run_suite(tmp_path, "--rule", "gather.o*", "--device", "cpu", "-d", remote, isolated=True)

    assert ran.code == 0, ran.output
    assert ran.result("gather.output_shape").outcome is Outcome.HOLDS
