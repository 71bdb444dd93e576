"""What a run says while it runs."""

import os
import subprocess
import sys

import pytest

from conformance.engine.progress import told
from reports.model import Basis, Outcome, Result, Rule
from tests.suite import ROOT, run_suite

RULE = Rule("gather.elements", "indexing", "gather", "It gathers.", "torch.gather")
FAULT = "gather-broadcasts-lower-rank-index"


def test_a_failure_is_told_in_a_few_lines():
    case = "case = Gather(\n    input=...,\n    dim=0,\n    index=...,\n)"
    result = Result(
        RULE.id, "cuda:0", Outcome.BROKEN, "AssertionError: 1 instead of 2\nmore", counterexample=case
    )

    assert told(RULE, result).splitlines() == [
        "BROKEN gather.elements on cuda:0: It gathers.",
        "    case = Gather(",
        "        input=...,",
        "        dim=0,",
        "    …",
        "    AssertionError: 1 instead of 2",
    ]


def test_what_is_only_observed_is_called_so():
    observed = Rule(RULE.id, RULE.area, RULE.operation, RULE.statement, RULE.source, Basis.OBSERVED)

    assert told(observed, Result(RULE.id, "cpu", Outcome.ERROR)) == (
        "ERROR gather.elements on cpu (observed, not documented): It gathers."
    )


def on_a_terminal(tmp_path, *options):
    """Run some rules with a terminal for standard output; return what it was sent."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        f"--report={tmp_path}",
        "--device",
        "cpu",
    ]
    running = subprocess.Popen([*command, *options], cwd=ROOT, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # nobody has the other end any more
            break
        if not part:
            break
        said += part
    os.close(ours)
    running.wait(60)
    return said.decode("utf-8", "replace").replace("\r\n", "\n")


def test_a_terminal_is_told_how_far_the_run_is_and_what_broke(tmp_path):
    options = (
        "-p",
        "tests.faults.plugin",
        "--fault",
        FAULT,
        "--rule",
        "gather.index_*",
        "--confirm",
        "0",
        "-n",
        "1",
    )

    said = on_a_terminal(tmp_path, *options)

    lines = [line.strip() for line in said.replace("\r", "\n").splitlines()]
    assert any(line.startswith("0 of 6 (0 %) · gather.index_") for line in lines), said
    assert any("1 failed" in line and " of 6 (" in line for line in lines), said
    assert "BROKEN gather.index_rank on cpu: " in said
    assert "= FAILURES =" not in said
    assert ".F" not in said


def test_elsewhere_a_failure_is_told_once_and_pytest_s_own_reporting_stays(tmp_path):
    options = ("--device", "cpu", "--rule", "gather.index_rank", "--confirm", "0")

    ran = run_suite(tmp_path, *options, fault=FAULT)

    assert ran.output.count("BROKEN gather.index_rank on cpu: ") == 1
    assert "= FAILURES =" not in ran.output
    assert " of 1 (" not in ran.output
    assert "case = GatherMisuse(" in ran.output
    assert "= FAILURES =" in run_suite(tmp_path, "-v", *options, fault=FAULT).output
