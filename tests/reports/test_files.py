"""results.json, its schema, the journal, and files that are neither."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from reports.__main__ import main
from reports.files import (
    JOURNAL,
    PAGE,
    RESULTS,
    Journal,
    UnreadableReportError,
    read_report,
    schema,
    write_results,
    write_text,
)
from reports.model import Basis, Kind, Need, Outcome, Report, Result, Rule, Run, Target

RUN = Run(
    suite="0.1.0",
    torch="2.13.0+cpu",
    python="3.11.7",
    platform="Linux",
    started="2026-01-01T00:00:00+00:00",
    seed="0",
    profile="conformance",
    max_examples=100,
    strict=False,
    targets=(Target("cpu", "cpu", "cpu"), Target("meta", "meta", "meta", None, {Need.VALUES: "holds none"})),
    ended="2026-01-01T00:00:09+00:00",
    rules=2,
)
RULES = (
    Rule(
        "gather.elements",
        "indexing",
        "gather",
        "It picks.",
        "torch.gather",
        needs=(Need.VALUES,),
        classes=("0-d",),
    ),
    Rule(
        "squeeze.scalar",
        "shapes",
        "squeeze",
        "It stays.",
        "torch.squeeze",
        Basis.OBSERVED,
        Kind.ERROR,
        faults=("f",),
    ),
)
RESULTS_OF_IT = (
    Result(
        "gather.elements",
        "cpu",
        Outcome.BROKEN,
        "AssertionError",
        3,
        0.5,
        {"0-d": 2},
        "case = 1",
        None,
        None,
        "Traceback",
    ),
    Result("gather.elements", "meta", Outcome.INAPPLICABLE, "lacks values"),
    Result("squeeze.scalar", "cpu", Outcome.HOLDS, examples=100, seconds=0.1),
    Result("squeeze.scalar", "meta", Outcome.HOLDS, examples=100, seconds=0.1),
)
REPORT = Report(RUN, RULES, RESULTS_OF_IT)


def test_a_report_survives_the_round_trip(tmp_path):
    write_results(tmp_path / RESULTS, REPORT)

    assert read_report(tmp_path / RESULTS) == REPORT


def test_results_satisfy_the_published_schema():
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads(json.dumps(REPORT.to_json())), schema())


def test_the_schema_names_every_field_and_every_word():
    data = json.loads(json.dumps(schema()))
    words = data["properties"]["results"]["items"]["properties"]["outcome"]["enum"]

    assert words == [outcome.value for outcome in Outcome]
    assert set(data["properties"]["rules"]["items"]["properties"]) == set(Rule.__dataclass_fields__)
    assert set(data["properties"]["results"]["items"]["properties"]) == set(Result.__dataclass_fields__)
    assert set(data["$defs"]["run"]["properties"]) == set(Run.__dataclass_fields__)


def journal(path, ended=RUN.ended):
    written = Journal(path, replace(RUN, ended=None), RULES)
    for result in RESULTS_OF_IT:
        written.add(result)
    written.end(ended)


def test_a_journal_reads_as_the_report(tmp_path):
    journal(tmp_path / JOURNAL)

    assert read_report(tmp_path / JOURNAL) == REPORT


@pytest.mark.parametrize("lost", [2, 30, 300])
def test_a_torn_journal_reads_as_far_as_it_goes(tmp_path, lost):
    journal(tmp_path / JOURNAL)
    whole = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(whole[: -len(b'{"ended": ""}\n') - len(RUN.ended or "") - lost])

    found = read_report(tmp_path / JOURNAL)

    assert found.run.ended is None
    assert found.results == REPORT.results[: len(found.results)]
    assert len(found.results) < len(REPORT.results)


def test_of_a_journal_with_a_torn_line_the_others_are_read(tmp_path):
    journal(tmp_path / JOURNAL)
    lines = (tmp_path / JOURNAL).read_text("utf-8").splitlines()
    place = next(at for at, line in enumerate(lines) if line.startswith('{"result"'))
    lines[place] = lines[place][:20]
    (tmp_path / JOURNAL).write_text("\n".join(lines), "utf-8")

    assert read_report(tmp_path / JOURNAL).results == REPORT.results[1:]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON, or was cut short"),
        ('{"format": 1, "run"', "is not JSON, or was cut short"),
        ("[1, 2]", "is no report"),
        ("[" * 100_000, "is not JSON, or was cut short"),
        ('{"format": 2}', "has format 2; this version reads format 1"),
        ('{"some": "thing"}', "has format None"),
        ('{"format": 1}', "'run' is a required property"),
        ('{"format": 1, "run": 3, "rules": [], "results": []}', "at run: 3 is not of type 'object'"),
    ],
)
def test_a_foreign_file_is_refused_in_one_line(tmp_path, text, message):
    (tmp_path / RESULTS).write_text(text, "utf-8")

    with pytest.raises(UnreadableReportError) as raised:
        read_report(tmp_path / RESULTS)

    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_binary_and_missing_files_are_refused(tmp_path):
    (tmp_path / RESULTS).write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UnreadableReportError, match="is not UTF-8"):
        read_report(tmp_path / RESULTS)
    with pytest.raises(UnreadableReportError, match="cannot be read"):
        read_report(tmp_path / "none.json")


def test_a_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    write_text(tmp_path / "page.html", "old")
    monkeypatch.setattr(Path, "replace", lambda self, target: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        write_text(tmp_path / "page.html", "new")

    assert (tmp_path / "page.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_render_writes_the_report_of_a_killed_run(tmp_path, capsys):
    journal(tmp_path / JOURNAL, ended=None)

    assert main(["render", str(tmp_path / JOURNAL), "-o", str(tmp_path / "out")]) == 1
    assert read_report(tmp_path / "out" / RESULTS) == replace(REPORT, run=replace(RUN, ended=None))
    assert "ended early" in (tmp_path / "out" / PAGE).read_text("utf-8")
    assert str(tmp_path / "out" / PAGE) in capsys.readouterr().out


def test_render_refuses_a_foreign_file(tmp_path, capsys):
    (tmp_path / RESULTS).write_text("{}", "utf-8")

    assert main(["render", str(tmp_path / RESULTS), "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def changed(change):
    """The JSON of the example report after a change of it."""
    data = json.loads(json.dumps(REPORT.to_json()))
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data["results"][0].update(rule="gather.other"), "which are not both listed"),
        (lambda data: data["results"][0].update(target="tpu"), "which are not both listed"),
        (lambda data: data["running"].append({"rule": "a.b", "target": "cpu"}), "which are not both listed"),
        (lambda data: data["results"].append(data["results"][0]), "a rule has two results on one target"),
        (lambda data: data["rules"].append(data["rules"][0]), "the rule 'gather.elements' is listed twice"),
        (
            lambda data: data["run"]["targets"].append(data["run"]["targets"][0]),
            "the target 'cpu' is listed twice",
        ),
        (lambda data: data["run"]["targets"][0].update(run=3), "a target names a run that is not there"),
        (lambda data: data.update(runs=[data["run"]]), "a target of a merged report names no run"),
        (lambda data: data["results"][0].update(seconds=float("inf")), "is not JSON"),
        (lambda data: data["results"][0].update(seconds=float("nan")), "is not JSON"),
        (
            lambda data: data["results"][0].update(outcome="fine"),
            "at results/0/outcome: 'fine' is not",
        ),
        (lambda data: data["rules"][0].update(id="<b>"), "at rules/0/id: '<b>' does not match"),
        (lambda data: data["results"][0].update(more=1), "at results/0: Additional properties"),
        (lambda data: data.update(format="1"), "has format '1'"),
    ],
)
def test_a_report_that_contradicts_itself_is_refused_in_one_line(tmp_path, change, message):
    (tmp_path / RESULTS).write_text(changed(change), "utf-8")

    with pytest.raises(UnreadableReportError) as raised:
        read_report(tmp_path / RESULTS)

    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_huge_number_is_no_time(tmp_path):
    text = changed(lambda data: data["results"][0].update(seconds=0.25)).replace("0.25", "1e999")
    (tmp_path / RESULTS).write_text(text, "utf-8")

    with pytest.raises(UnreadableReportError, match="at results/0/seconds"):
        read_report(tmp_path / RESULTS)


def test_a_file_of_100_megabytes_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / RESULTS).write_text('{"format": 1, "some": "' + 100_000_000 * "x" + '"}', "utf-8")

    assert main(["render", str(tmp_path / RESULTS), "-o", str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err) < 1_000
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["\ud800 alone", "\x00\x1b[31m", "\u202e reversed", "]]> --> </script>"])
def test_any_text_in_a_report_can_be_rendered(tmp_path, text):
    data = changed(lambda data: data["results"][0].update(reason=text, counterexample=text, traceback=text))
    (tmp_path / RESULTS).write_text(data, "utf-8")

    assert main(["render", str(tmp_path / RESULTS), "-o", str(tmp_path / "out")]) == 1
    assert read_report(tmp_path / "out").results[0].reason == text
    assert (tmp_path / "out" / "index.html").read_text("utf-8").endswith("</html>\n")


def test_a_report_of_a_merged_run_satisfies_the_schema_too(tmp_path):
    run = replace(RUN, targets=tuple(replace(target, run=0) for target in RUN.targets))
    report = replace(REPORT, run=run, runs=(RUN,))
    write_results(tmp_path / RESULTS, report)

    assert read_report(tmp_path / RESULTS) == report
