"""results.json, its schema, the journal, and files that are neither."""

import json
from dataclasses import replace

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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON, or was cut short"),
        ('{"format": 1, "run"', "is not JSON, or was cut short"),
        ("[1, 2]", "is not JSON, or was cut short"),
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


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    write_text(tmp_path / "page.html", "old")

    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "page.html", "new \ud800")

    assert (tmp_path / "page.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_render_writes_the_report_of_a_killed_run(tmp_path, capsys):
    journal(tmp_path / JOURNAL, ended=None)

    assert main(["render", str(tmp_path / JOURNAL), "-o", str(tmp_path / "out")]) == 0
    assert read_report(tmp_path / "out" / RESULTS) == replace(REPORT, run=replace(RUN, ended=None))
    assert "ended early" in (tmp_path / "out" / PAGE).read_text("utf-8")
    assert str(tmp_path / "out" / PAGE) in capsys.readouterr().out


def test_render_refuses_a_foreign_file(tmp_path, capsys):
    (tmp_path / RESULTS).write_text("{}", "utf-8")

    assert main(["render", str(tmp_path / RESULTS), "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()
