"""The suite as its users run it: options, exit codes, files, and faults."""

import json

import jsonschema
import pytest

from reports.files import RESULTS, schema
from reports.model import Outcome
from tests.suite import run_suite


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """A run of some rules on the CPU and on meta."""
    return run_suite(
        tmp_path_factory.mktemp("healthy"), "--rule", "gather.i*", "--rule", "gather.o*", isolated=True
    )


@pytest.fixture(scope="module")
def distributed(tmp_path_factory):
    """The same run on two workers."""
    return run_suite(
        tmp_path_factory.mktemp("distributed"), "--rule", "gather.i*", "--rule", "gather.o*", "-n", "2"
    )


def test_a_healthy_run_succeeds_and_says_so(healthy):
    assert healthy.code == 0, healthy.output
    assert "documented rules that were run hold" in healthy.output
    assert healthy.output.strip().splitlines()[-1] == f"report: {healthy.directory / 'index.html'}"


def test_the_report_has_a_column_per_target(healthy):
    found = healthy.report

    assert found.run.targets[0].id == "cpu"
    assert found.run.targets[-1].id == "meta"
    assert {(result.rule, result.target) for result in found.results} == {
        (rule.id, target.id) for rule in found.rules for target in found.run.targets
    }
    assert healthy.result("gather.own_storage", "meta").outcome is Outcome.INAPPLICABLE
    assert healthy.result("gather.index_rank_0_and_1").outcome is Outcome.KNOWN
    assert healthy.result("gather.output_shape").examples == 100


def test_results_satisfy_the_schema(healthy):
    jsonschema.validate(json.loads((healthy.directory / RESULTS).read_text("utf-8")), schema())


def test_the_journal_says_the_same(healthy):
    assert healthy.journal == healthy.report


def test_workers_change_nothing(healthy, distributed):
    def facts(ran):
        return {
            (result.rule, result.target): (
                result.outcome,
                result.examples,
                result.classes,
                result.counterexample,
            )
            for result in ran.report.results
        }

    assert distributed.code == 0, distributed.output
    assert facts(distributed) == facts(healthy)


def test_a_gather_that_broadcasts_its_index_is_named_with_a_small_counterexample(tmp_path):
    ran = run_suite(
        tmp_path, "--rule", "gather.index_*", "-n", "2", fault="gather-broadcasts-lower-rank-index"
    )

    broken = ran.result("gather.index_rank")
    assert ran.code == 1
    assert broken.outcome is Outcome.BROKEN
    assert broken.reason == "AssertionError: was not refused"
    assert broken.counterexample is not None
    assert "input=torch.tensor([[0.0]])" in broken.counterexample
    assert "index=torch.tensor([0])" in broken.counterexample
    assert "gather.index_rank" in ran.page
    assert ran.result("gather.index_size").outcome is Outcome.HOLDS


def test_what_is_not_implemented_is_unsupported_and_fails_a_strict_run_only(tmp_path):
    fault = "squeeze-in-place-is-not-implemented"
    ran = run_suite(tmp_path / "plain", "--rule", "squeeze.in_place_shape", "--device", "cpu", fault=fault)
    strict = run_suite(
        tmp_path / "strict", "--rule", "squeeze.in_place_shape", "--device", "cpu", "--strict", fault=fault
    )

    assert (ran.code, strict.code) == (0, 1)
    found = ran.result("squeeze.in_place_shape")
    assert found.outcome is Outcome.UNSUPPORTED
    assert found.reason == "15 dtypes: NotImplementedError: squeeze_ is not implemented"


def test_an_observed_rule_fails_a_strict_run_only(tmp_path):
    options = ("--rule", "gather.int32_index", "--device", "cpu", "--confirm", "0", "--shrink", "0")
    ran = run_suite(tmp_path / "plain", *options, fault="gather-misreads-int32-index")
    strict = run_suite(tmp_path / "strict", *options, "--strict", fault="gather-misreads-int32-index")

    assert (ran.code, strict.code) == (0, 1)
    assert ran.result("gather.int32_index").outcome is Outcome.BROKEN


def test_a_known_break_that_no_longer_breaks_fails_the_run(tmp_path):
    breaks = tmp_path / "breaks.toml"
    breaks.write_text(
        '[[break]]\nrule = "gather.output_shape"\ncause = "device"\nreason = "It was."\nissue = "https://example.org/1"\n'
    )
    ran = run_suite(
        tmp_path / "report", "--rule", "gather.output_shape", "--device", "cpu", f"--known-breaks={breaks}"
    )

    assert ran.code == 1
    assert ran.result("gather.output_shape").outcome is Outcome.FIXED
    assert "delete this known break" in ran.output


def test_a_known_break_of_an_input_class_leaves_the_rest_of_the_rule_checked(tmp_path):
    breaks = tmp_path / "breaks.toml"
    breaks.write_text(
        '[[break]]\nrule = "gather.elements"\nclass = "expanded index"\ncause = "device"\n'
        'reason = "It is read as if contiguous."\nissue = "https://example.org/1"\n'
    )
    options = ("--rule", "gather.elements", "--device", "cpu", f"--known-breaks={breaks}", "--confirm=0")

    known = run_suite(tmp_path / "known", *options, fault="gather-misreads-expanded-index")
    other = run_suite(tmp_path / "other", *options, fault="gather-loses-nan")

    assert known.code == 0, known.output
    assert known.result("gather.elements").outcome is Outcome.KNOWN
    assert "examples, of class expanded index" in str(known.result("gather.elements").reason)
    assert known.result("gather.elements").examples == 100
    assert other.code == 1
    assert other.result("gather.elements").outcome is Outcome.BROKEN


def test_a_run_where_no_rule_applies_is_no_success(tmp_path):
    ran = run_suite(tmp_path, "--rule", "gather.elements", "--device", "meta")

    assert ran.code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "nothing applied" in ran.page


def test_an_example_count_is_kept(tmp_path):
    ran = run_suite(tmp_path, "--rule", "gather.output_shape", "--device", "cpu", "--max-examples", "7")

    assert ran.report.run.max_examples == 7
    assert ran.result("gather.output_shape").examples == 7


def test_the_seed_decides_the_inputs(tmp_path, healthy):
    def classes(directory, *options):
        ran = run_suite(tmp_path / directory, "--rule", "gather.output_shape", "--device", "cpu", *options)
        return ran.result("gather.output_shape").classes

    default = healthy.result("gather.output_shape").classes
    assert classes("the same", "--hypothesis-seed", "0") == default
    assert classes("another", "--hypothesis-seed", "1") != default
    assert classes("fresh", "--hypothesis-profile", "explore") != default


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--device", "cuda:99"], "--device: no device 'cuda:99' on this machine; here are: cpu"),
        (["--rule", "gater.*"], "--rule: no rule's id matches 'gater.*'; near it: gather."),
        (["--max-examples", "0"], "--max-examples: '0' is not a positive number"),
        (["--max-examples", "many"], "--max-examples: 'many' is not a positive number"),
        (
            ["--hypothesis-profile", "slow"],
            "--hypothesis-profile: there is no 'slow'; there are: conformance, quick",
        ),
        (["--known-breaks=none.toml"], "--known-breaks: none.toml: cannot be read"),
        (["--report=README.md"], "README.md is a file"),
        (["--hang-after", "0"], "--hang-after: '0' is not a positive number of seconds"),
        (["--post-mortem", "soon"], "--post-mortem: 'soon' is not a positive number of seconds"),
        (["--import", "no.such"], "--import: no.such: ModuleNotFoundError: No module named 'no'"),
        (["--device", "cuda:98", "-n", "2"], "--device: no device 'cuda:98' on this machine; here are: cpu"),
    ],
)
def test_a_bad_value_is_one_clear_line_and_writes_nothing(tmp_path, options, message):
    ran = run_suite(tmp_path / "report", *options, isolated=True)

    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert message in ran.output
    assert len([line for line in ran.output.splitlines() if line.strip()]) == 1
    assert not ran.directory.exists()


def test_documentation_that_torch_does_not_carry_is_named_and_stops_no_rule(tmp_path):
    (tmp_path / "undocumented.py").write_text(
        "import torch\n\nbefore = torch.gather\n\n\ndef gather(*given, **named):\n"
        "    return before(*given, **named)\n\n\ntorch.gather = gather\n"
    )
    ran = run_suite(
        *(
            tmp_path / "report",
            "--import",
            "undocumented",
            "--device",
            "cpu",
            "--rule",
            "gather.output_shape",
        ),
        environment={"PYTHONPATH": str(tmp_path)},
    )

    assert ran.code == 0, ran.output
    assert ran.result("gather.output_shape").outcome is Outcome.HOLDS
    assert ran.report.run.sources == {"torch.gather": "torch.gather has no docstring"}
    assert "\nnot in this torch's documentation, though rules name it: torch.gather\n" in ran.output


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_python_that_drops_asserts_and_docstrings_drops_no_claim_and_no_statement(tmp_path, workers):
    ran = run_suite(
        *(tmp_path, "-n", workers, "--device", "cpu", "--rule", "categorical.probs_normalized"),
        fault="categorical-does-not-normalize",
        environment={"PYTHONOPTIMIZE": "2"},
    )

    assert ran.code == 1
    assert ran.result("categorical.probs_normalized").outcome is Outcome.BROKEN
    (rule,) = ran.report.rules
    assert rule.statement == ".probs gives the weights divided by their sum along the last dim."


def test_what_hypothesis_is_asked_to_say_is_said(tmp_path):
    ran = run_suite(
        *(
            tmp_path,
            "-s",
            "--hypothesis-verbosity=verbose",
            "--device",
            "cpu",
            "--rule",
            "gather.output_shape",
        ),
        isolated=True,
    )

    assert ran.code == 0, ran.output
    assert "seed 0, verbosity verbose\n" in ran.output
    assert ran.output.count("case=Gather(input=torch.") >= 10
