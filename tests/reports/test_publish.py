"""What lies beside the page: junit.xml, the summary and the badge."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from reports.ctrf import ctrf
from reports.junit import junit
from reports.model import Basis, Break, Outcome, Symptom
from reports.pages.html import render
from reports.publish import publish
from reports.score import Score, exit_code
from reports.summary import ROWS, badge, summary
from tests.reports.test_files import REPORT, RUN
from tests.reports.test_html import HOSTILE

HOLDING = replace(
    REPORT,
    results=tuple(
        replace(result, outcome=Outcome.HOLDS, reason=None) if result.target == "cpu" else result
        for result in REPORT.results
    ),
)


def with_outcome(outcome, **changes):
    first, *others = REPORT.results
    return replace(REPORT, results=(replace(first, outcome=outcome, **changes), *others))


def test_a_report_is_written_whole(tmp_path):
    page = publish(tmp_path / "report", REPORT)

    assert page == tmp_path / "report" / "index.html"
    assert {path.name for path in page.parent.iterdir()} == {
        *("index.html", "results.json", "junit.xml", "ctrf.json", "summary.md", "badge.json"),
    }


def test_a_fault_leaves_nothing_half_written(tmp_path, monkeypatch):
    monkeypatch.setattr("reports.publish.render", lambda report: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        publish(tmp_path / "report", REPORT)

    assert not (tmp_path / "report").exists()


def test_junit_has_a_suite_per_target_and_a_case_per_result():
    root = ElementTree.fromstring(junit(REPORT).encode())

    assert [suite.get("name") for suite in root] == ["cpu", "meta"]
    assert [suite.get("tests") for suite in root] == ["2", "2"]
    assert [suite.get("failures") for suite in root] == ["1", "0"]
    assert [suite.get("skipped") for suite in root] == ["0", "1"]
    (failure,) = root.iter("failure")
    assert failure.get("message") == "broken: AssertionError"
    assert failure.text == "case = 1\n\nTraceback"


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome.BROKEN, "failure"),
        (Outcome.THIN, "failure"),
        (Outcome.FIXED, "failure"),
        (Outcome.CRASHED, "error"),
        (Outcome.HUNG, "error"),
        (Outcome.ERROR, "error"),
        (Outcome.KNOWN, "skipped"),
        (Outcome.UNSUPPORTED, "skipped"),
    ],
)
def test_junit_tells_what_fails_from_what_does_not(outcome, kind):
    suite = ElementTree.fromstring(junit(with_outcome(outcome)).encode())[0]

    assert [child.tag for case in suite.iter("testcase") for child in case] == [kind]


def test_junit_holds_any_text():
    root = ElementTree.fromstring(junit(with_outcome(Outcome.BROKEN, reason=HOSTILE)).encode())

    (failure,) = root.iter("failure")
    assert "<script>alert(1)</script>" in failure.get("message", "")
    assert "\x00" not in failure.get("message", "")


def test_ctrf_counts_what_it_lists():
    results = ctrf(REPORT)["results"]
    summary, tests = results["summary"], results["tests"]

    assert [test["status"] for test in tests] == ["failed", "passed", "skipped", "passed"]
    assert (summary["tests"], summary["passed"], summary["failed"], summary["skipped"]) == (4, 2, 1, 1)
    assert summary["stop"] - summary["start"] == 9_000
    assert tests[0]["message"] == "AssertionError"
    assert tests[0]["trace"] == "case = 1\n\nTraceback"
    assert tests[0]["suite"] == ["cpu", "indexing"]
    assert tests[0]["duration"] == 500


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.CRASHED, "failed"),
        (Outcome.KNOWN, "other"),
        (Outcome.UNSUPPORTED, "skipped"),
        (Outcome.HOLDS, "passed"),
    ],
)
def test_ctrf_tells_what_fails_from_what_does_not(outcome, status):
    test = ctrf(with_outcome(outcome))["results"]["tests"][0]

    assert (test["status"], test["rawStatus"]) == (status, outcome.value)


def test_ctrf_of_a_run_without_a_time_is_whole():
    strange = replace(REPORT, run=replace(RUN, started="yesterday", ended=None))

    assert ctrf(strange)["results"]["summary"]["start"] == 0


def test_the_summary_names_what_is_to_look_at():
    text = summary(REPORT)

    assert "| cpu | ✗ does not conform |" in text
    assert "### 1 result, 1 cause" in text
    assert "| ✗ broken | AssertionError — It picks. | cpu | `gather.elements` |" in text
    assert "squeeze.scalar" not in text


def test_the_summary_of_a_conforming_run_is_short():
    text = summary(HOLDING)

    assert "| cpu | ✓ conforms | 1 of 1 documented rule holds (100 %)" in text
    assert "###" not in text


def test_the_summary_is_markdown_whatever_a_target_says():
    text = summary(with_outcome(Outcome.BROKEN, reason=f"{HOSTILE} | a\n| b"))

    assert "<script>" not in text
    assert "\\<script\\>" in text
    assert "\x1b" not in text
    assert all(line.count(" | ") == 3 for line in text.splitlines() if "gather.elements" in line)
    assert "gather.elements" in text


def test_a_long_summary_is_cut_short():
    words = [f"{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(ROWS + 7)]
    many = [replace(REPORT.results[0], rule=f"a.{word}", reason=f"Error: {word}") for word in words]
    rules = tuple(replace(REPORT.rules[0], id=result.rule) for result in many)

    assert "and 7 more causes, in the report" in summary(replace(REPORT, rules=rules, results=tuple(many)))


def test_what_is_blocked_or_refused_is_told_apart():
    first, *others = REPORT.results
    blocked = replace(
        first, outcome=Outcome.BLOCKED, reason="by placement.flip: x", blocked={"placement.flip": 9}
    )
    refused = replace(others[1], refused={"torch.int8": "TypeError: no"})
    told = replace(REPORT, results=(blocked, others[0], refused))

    text = summary(told)
    assert "1 result on cpu, 9 examples, blocked by `placement.flip`" in text
    assert "1 result on cpu, for int8, `squeeze`: TypeError: no" in text
    assert "1 blocked" in text
    suite = ElementTree.fromstring(junit(told).encode())[0]
    assert [found.get("type") for found in suite.iter("skipped")] == ["blocked"]
    test = ctrf(told)["results"]["tests"][0]
    assert (test["status"], test["rawStatus"], test["extra"]) == (
        "skipped",
        "blocked",
        {"blocked": {"placement.flip": 9}},
    )


def test_the_causes_of_a_result_are_named():
    symptom = Symptom("AssertionError", 3, claim="expect.same_elements", every=("0-d",), shared=("0-d",))
    also = Break("RuntimeError: no strides", Symptom("RuntimeError", 1, operator="aten::permute"))
    told = with_outcome(
        Outcome.BROKEN, reason="AssertionError: 1 instead of 2", symptom=symptom, also=(also,)
    )
    named = [
        "gather gives wrong elements, on every 0-d input",
        "aten::permute raises RuntimeError: no strides",
    ]
    told = replace(told, results=(replace(told.results[0], examples=9), *told.results[1:]))

    root = ElementTree.fromstring(junit(told).encode())
    causes = {found.get("value") for found in root.iter("property") if found.get("name") == "cause"}
    assert causes == {*named}
    assert sorted(ctrf(told)["results"]["tests"][0]["extra"]["causes"]) == sorted(named)
    text = summary(told)
    assert "### 1 result, 2 causes" in text
    assert all(headline in text for headline in named)


def test_the_summary_says_that_a_run_ended_early():
    assert "ended early" in summary(replace(REPORT, run=replace(RUN, ended=None)))


INCOMPLETE = {
    "one rule of many": {"rules": 477},
    "a suite of unknown size": {"rules": None},
    "a shard": {"shard": "1/2"},
    "an interrupted run": {"ended": None},
    "few examples": {"max_examples": 99},
}


@pytest.mark.parametrize("circumstances", INCOMPLETE.values(), ids=INCOMPLETE)
def test_of_a_part_nobody_says_that_it_conforms(circumstances):
    part = replace(HOLDING, run=replace(RUN, **circumstances))
    said = f"incomplete: no break in 2 of {part.run.rules or 'an unknown number of'} rules"

    assert Score(part, "cpu").said == said
    assert exit_code(part) == 6
    assert f"… {said}" in summary(part)
    assert badge(part)["color"] == "lightgrey"
    suite = ElementTree.fromstring(junit(part).encode())[0]
    assert [found.get("value") for found in suite.iter("property")] == [said]
    (verdict,) = [case for case in suite.iter("testcase") if case.get("name") == "verdict"]
    assert [said in found.get("message", "") for found in verdict.iter("skipped")] == [True]
    assert "pending" in [test["status"] for test in ctrf(part)["results"]["tests"]]
    assert "conforms</span>" not in render(part)
    assert f"… {said}</span>" in render(part)


@pytest.mark.parametrize("circumstances", INCOMPLETE.values(), ids=INCOMPLETE)
def test_what_breaks_in_a_part_breaks(circumstances):
    part = replace(REPORT, run=replace(RUN, **circumstances))

    assert Score(part, "cpu").said == "does not conform"
    assert exit_code(part) == 1


def test_the_whole_conforms():
    assert Score(HOLDING, "cpu").said == "conforms"
    assert exit_code(HOLDING) == 0
    assert exit_code(with_outcome(Outcome.INAPPLICABLE)) == 5


def test_on_how_few_examples_a_mode_was_tried_is_said_of_any_verdict():
    few = replace(RUN.targets[0], mode="compile", examples=4)
    run = replace(RUN, targets=(few, *RUN.targets[1:]))

    assert Score(replace(REPORT, run=run), "cpu").said == "does not conform, on 4 examples of each rule"
    part = Score(replace(HOLDING, run=replace(run, rules=477)), "cpu").said
    assert part.endswith("of 477 rules, on 4 examples of each rule")


def test_a_target_that_can_run_nothing_ends_with_a_code_of_its_own():
    unable = replace(RUN.targets[0], unable="there is no compiler")
    found = replace(with_outcome(Outcome.UNSUPPORTED), run=replace(RUN, targets=(unable, *RUN.targets[1:])))

    assert Score(found, "cpu").said == "nothing applied, since there is no compiler"
    assert exit_code(found) == 5


def test_of_observed_rules_alone_no_verdict_is_made():
    rules = tuple(replace(rule, basis=Basis.OBSERVED) for rule in HOLDING.rules)
    score = Score(replace(HOLDING, rules=rules), "cpu")

    assert score.said == "no documented rule was run"
    assert score.line.startswith("observed: 2 of 2 hold")


def test_what_is_not_supported_is_said_beside_the_score():
    refuses = with_outcome(Outcome.HOLDS, examples=100, untried={"float64": 300, "int8": 1})

    score = Score(refuses, "cpu")

    assert score.said == "conforms in what it supports"
    assert "76 % of the examples untried, for float64, int8" in score.line
    assert "1 unsupported" in Score(with_outcome(Outcome.UNSUPPORTED), "cpu").line


@pytest.mark.parametrize(
    ("report", "message", "color"),
    [
        (REPORT, "0/1 rules", "red"),
        (replace(HOLDING, run=replace(RUN, targets=RUN.targets[:1])), "1/1 rules", "brightgreen"),
        (replace(HOLDING, run=replace(RUN, ended=None)), "incomplete: 1 rules hold", "lightgrey"),
        (replace(HOLDING, run=replace(RUN, rules=477)), "incomplete: 1 rules hold", "lightgrey"),
        (replace(REPORT, run=replace(RUN, ended=None)), "0/1 rules", "red"),
        (replace(REPORT, results=()), "incomplete: 0 rules hold", "lightgrey"),
        (with_outcome(Outcome.INAPPLICABLE), "nothing applied", "lightgrey"),
        (with_outcome(Outcome.UNSUPPORTED), "0/1 rules, 1 unsupported", "green"),
        (with_outcome(Outcome.HOLDS, untried={"float64": 3}), "1/1 rules, in part", "green"),
    ],
)
def test_the_badge_counts_rules_and_is_green_only_if_all_is_well(report, message, color):
    found = badge(report)

    assert (found["schemaVersion"], found["message"], found["color"]) == (1, message, color)
    assert json.loads(json.dumps(found)) == found
