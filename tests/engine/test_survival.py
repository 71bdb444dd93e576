"""The suite on a device that lies, lacks, crashes and hangs: the reference device with its faults."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from reports.files import JOURNAL, read_report
from reports.model import Outcome
from reports.score import INCOMPLETE
from tests.suite import ROOT, run_suite

DEVICE = "reference:0"

ENDS = {
    "gather.output_shape": ("gather-segfaults", Outcome.CRASHED, "died of SIGSEGV"),
    "amax.shape": ("amax-aborts", Outcome.CRASHED, "died of SIGABRT"),
    "amin.values": ("amin-exits", Outcome.CRASHED, "left with exit status 3"),
    "minimum.nan": ("minimum-is-killed", Outcome.CRASHED, "died of SIGKILL"),
    "fmax.nan": ("fmax-hangs", Outcome.HUNG, "one example took more than 4 s"),
    "fmin.nan": ("fmin-hangs-in-c", Outcome.HUNG, "one example took more than 4 s"),
    "maximum.shape": ("maximum-poisons-the-device", Outcome.CRASHED, "assert triggered"),
}
"""By rule: the way in which the device ends it, what becomes of it, and what is said."""

SURVIVORS = ("squeeze.shape", "squeeze.elements", "argmax.dim")


def run_on_reference(directory, *options, rules, faults):
    selected = [part for rule in rules for part in ("--rule", rule)]
    return run_suite(
        directory,
        *("--import", "tests.devices.reference", "--device", "reference"),
        *selected,
        *options,
        environment={"REFERENCE_FAULTS": ",".join(faults)},
        isolated=True,
    )


def ends(directory, *options, rules):
    faults = [fault for fault, _, _ in ENDS.values()]
    return run_on_reference(
        directory, "--hang-after", "4", *options, rules=[*rules, *SURVIVORS], faults=faults
    )


def check_outcomes(ran, rules):
    for rule in rules:
        _, outcome, said = ENDS[rule]
        result = ran.result(rule, DEVICE)
        assert result.outcome is outcome
        assert said in result.reason
        assert 1 <= result.examples < 100
    for rule in SURVIVORS:
        assert ran.result(rule, DEVICE).outcome is Outcome.HOLDS
    assert ran.code == 1
    assert len(ran.report.results) == len(rules) + len(SURVIVORS)
    assert ran.report.run.ended is not None
    assert ran.journal == ran.report


def test_the_input_that_ends_a_process_is_shown_small_and_with_a_script(tmp_path):
    rules = ["gather.output_shape", "fmin.nan"]
    ran = ends(tmp_path, "--post-mortem", "15", rules=rules)

    check_outcomes(ran, rules)
    for rule in rules:
        found = ran.result(rule, DEVICE)
        assert "a fresh process ends the same way" in found.reason
        # A tensor that is not contiguous, of a few elements, is all that it takes.
        assert found.counterexample.count(",") < 40
        assert found.script.startswith(f"# {rule}: ")
        assert found.reproduced == "3/3"
    assert "Fatal Python error: Segmentation fault" in ran.result("gather.output_shape", DEVICE).traceback
    assert "elements.py" in ran.result("fmin.nan", DEVICE).traceback


def test_every_way_to_end_is_an_outcome_of_the_rule_that_it_ended(tmp_path):
    ran = ends(tmp_path, "-n", "2", "--post-mortem", "0", rules=list(ENDS))

    check_outcomes(ran, ENDS)
    assert "not examined" in ran.result("amin.values", DEVICE).reason


@pytest.fixture(scope="module")
def lying(tmp_path_factory):
    """A run on a device that answers wrongly and lacks something."""
    return run_on_reference(
        tmp_path_factory.mktemp("lying"),
        rules=[
            *("gather.elements", "gather.index_range", "view.write_to_output", "max.nan_values"),
            *("squeeze.elements", "module.parameters_are_leaves", "amax.shape"),
        ],
        faults=[
            *("gather-misreads-expanded-index", "gather-poisons-the-device-out-of-range"),
            *("view-copies", "max-drops-nan", "no-float64"),
        ],
    )


def test_what_is_known_to_end_a_process_does_not_end_the_run(tmp_path):
    """What an entry says so of runs in a process of its own: a run without workers goes on.

    Two examples that do are enough; of the twenty the others that may are not tried, which is told.
    """
    entries = tmp_path / "known.toml"
    entries.write_text(
        """
        [[break]]
        rule = "gather.output_shape"
        target = "reference"
        message = "SIGSEGV"
        cause = "device"
        reason = "gather reads beyond memory."
        script = "torch.zeros(1, device='reference').gather(0, torch.zeros(1, dtype=torch.int64))"
        """
    )
    ran = run_suite(
        tmp_path,
        *("--import", "tests.devices.reference", "--device", "reference"),
        *("--rule", "gather.output_shape", "--rule", "squeeze.shape", "--known-breaks", str(entries)),
        *("--max-examples", "20"),
        environment={"REFERENCE_FAULTS": "gather-segfaults"},
    )
    assert ran.code == 0
    result = ran.result("gather.output_shape", DEVICE)
    assert result.outcome is Outcome.KNOWN
    assert result.reason is not None
    assert "2 of 4 examples" in result.reason
    assert result.untried == {"what ends the process": 16}
    assert ran.result("squeeze.shape", DEVICE).outcome is Outcome.HOLDS


def test_a_wrong_answer_breaks_the_rule_about_it(lying):
    for rule in ("gather.elements", "view.write_to_output", "max.nan_values"):
        found = lying.result(rule, DEVICE)
        assert found.outcome is Outcome.BROKEN, rule
        assert found.reproduced == "3/3"
        assert "import tests.devices.reference" in found.script


def test_what_the_device_lacks_is_said_and_hides_no_rule(lying):
    (target,) = lying.report.run.targets
    held = lying.result("squeeze.elements", DEVICE)

    assert target.lacks_dtypes == {"torch.float64": "TypeError: the reference device has no float64"}
    assert held.outcome is Outcome.HOLDS
    assert held.untried["torch.float64"] > 10
    assert held.examples + held.untried["torch.float64"] == 100
    assert "float64" not in held.classes


def test_a_rule_of_nothing_but_a_missing_dtype_is_unsupported(lying):
    found = lying.result("module.parameters_are_leaves", DEVICE)

    assert found.outcome is Outcome.UNSUPPORTED
    assert found.reason == "every example needs torch.float64"


def test_an_index_that_would_poison_the_device_is_not_tried_on_it(lying):
    found = lying.result("gather.index_range", DEVICE)

    assert found.outcome is Outcome.INAPPLICABLE
    assert "after an out-of-range index the device does not work any more" in found.reason


def test_a_missing_operation_is_unsupported_with_its_message(tmp_path):
    ran = run_on_reference(
        tmp_path,
        rules=["gather.output_shape", "squeeze.shape"],
        faults=["gather-is-not-implemented"],
    )

    assert ran.code == 0
    found = ran.result("gather.output_shape", DEVICE)
    assert found.outcome is Outcome.UNSUPPORTED
    assert found.reason.startswith("12 dtypes: NotImplementedError: aten::gather")
    assert ran.result("squeeze.shape", DEVICE).outcome is Outcome.HOLDS


def test_a_run_that_is_killed_tells_where_it_was(tmp_path):
    command = [
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--report={tmp_path / 'report'}"),
        *("--import", "tests.devices.reference", "--device", "reference"),
        *("--rule", "argmax.dim", "--rule", "fmin.nan", "--rule", "squeeze.shape", "-n", "1"),
    ]
    journal = tmp_path / "report" / JOURNAL
    run = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "REFERENCE_FAULTS": "fmin-hangs"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 120
        while not (journal.exists() and '"begun": {"rule": "fmin.nan"' in journal.read_text("utf-8")):
            assert time.monotonic() < until, "the run did not get there"
            assert run.poll() is None, "the run ended"
            time.sleep(0.1)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()

    rendered = subprocess.run(
        [sys.executable, "-m", "reports", "render", str(journal), "-o", str(tmp_path / "late")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    page = (tmp_path / "late" / "index.html").read_text("utf-8")
    report = read_report(journal)

    assert rendered.returncode == INCOMPLETE, rendered.stderr
    assert "This run ended early, while it ran <code>fmin.nan</code> on reference:0" in page
    assert report.run.ended is None
    assert ("fmin.nan", DEVICE) in report.running
    assert [result.rule for result in report.results if result.outcome is Outcome.HOLDS]
    assert json.loads((tmp_path / "late" / "results.json").read_text("utf-8"))["run"]["ended"] is None
