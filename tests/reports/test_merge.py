"""Merging reports: columns, shards, and what does not belong together."""

from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from reports.__main__ import main
from reports.files import RESULTS, read_report, schema, write_results
from reports.merge import UnmergeableError, merge, split
from reports.model import Break, Outcome, Report, Result, Symptom
from tests.reports.test_files import REPORT, RULES, RUN


def run_with(*targets, **changes):
    """The example report with other circumstances, on some of its targets only."""
    kept = tuple(target for target in RUN.targets if target.id in targets or not targets)
    return Report(
        replace(RUN, targets=kept, **changes),
        RULES,
        tuple(result for result in REPORT.results if result.target in {target.id for target in kept}),
    )


def shard(numbers, *places, **changes):
    """A shard of a run on the CPU that ran the rules at some places."""
    (target, _) = RUN.targets
    rules = tuple(RULES[place] for place in places)
    results = tuple(Result(rule.id, "cpu", Outcome.HOLDS, examples=100) for rule in rules)
    return Report(replace(RUN, targets=(target,), shard=numbers, **changes), rules, results)


def columns(report):
    return [target.id for target in report.run.targets]


def test_a_report_alone_is_itself():
    assert merge([REPORT]) == REPORT


def test_targets_of_different_runs_stand_side_by_side():
    found = merge([run_with("cpu"), run_with("meta", python="3.12.1")])

    assert columns(found) == ["cpu", "meta"]
    assert {(result.rule, result.target): result.outcome for result in found.results} == {
        (result.rule, result.target): result.outcome for result in REPORT.results
    }
    assert found.run.python == "3.11.7, 3.12.1"
    assert found.run_of(found.run.targets[1]).python == "3.12.1"


def test_the_same_target_twice_is_two_columns_named_by_what_differs():
    found = merge(
        [
            run_with("cpu"),
            run_with("cpu", torch="2.14.1"),
            run_with("cpu", torch="2.14.1", platform="Windows-11"),
            run_with("cpu", torch="2.14.1", platform="Windows-11"),
            run_with("meta"),
        ]
    )

    assert columns(found) == [
        "cpu (torch 2.13.0+cpu)",
        "cpu (torch 2.14.1, Linux)",
        "cpu (torch 2.14.1, Windows)",
        "cpu (torch 2.14.1, Windows) #2",
        "meta",
    ]
    assert len(found.results) == 4 * 2 + 2


def test_merged_reports_merge_again():
    one, other, third = run_with("cpu"), run_with("cpu", torch="2.14.1"), run_with("meta", torch="2.14.1")

    assert merge([merge([one, other]), third]) == merge([one, other, third])
    assert [part.run for part in split(merge([one, other]))] == [one.run, other.run]


def test_a_merged_report_survives_the_round_trip(tmp_path):
    found = merge([run_with("cpu"), run_with("cpu", torch="2.14.1")])
    write_results(tmp_path / RESULTS, found)

    assert read_report(tmp_path / RESULTS) == found
    jsonschema.validate(found.to_json(), schema())


def test_other_versions_of_the_suite_are_refused_or_marked():
    reports = [run_with("cpu"), run_with("cpu", suite="0.2.0")]

    with pytest.raises(UnmergeableError, match=r"different versions of the suite, 0\.1\.0, 0\.2\.0"):
        merge(reports)
    assert columns(merge(reports, mixed=True)) == ["cpu (suite 0.1.0)", "cpu (suite 0.2.0)"]


def test_the_shards_of_a_run_join():
    one = shard("1/2", 0, started="2026-01-01T00:00:03+00:00")
    other = shard("2/2", 1, platform="Linux-6.2", ended="2026-01-01T00:00:12+00:00")

    found = merge([one, other])

    assert columns(found) == ["cpu"]
    assert found.rules == RULES
    assert len(found.results) == 2
    assert (found.run.shard, found.run.started, found.run.ended) == (None, RUN.started, other.run.ended)


def test_a_missing_shard_is_said():
    found = merge([shard("1/3", 0), shard("3/3", 1)])

    assert found.run.ended is None
    assert found.run.shard == "1+3/3"


def test_a_shard_that_was_killed_leaves_the_run_ended_early():
    assert merge([shard("1/2", 0), shard("2/2", 1, ended=None)]).run.ended is None


def test_the_same_shard_twice_is_another_run():
    found = merge([shard("1/2", 0), shard("2/2", 1), shard("2/2", 1, started="2026-02-01T00:00:00+00:00")])

    assert columns(found) == ["cpu (2026-01-01 00:00)", "cpu (2026-02-01 00:00)"]


def test_shards_of_different_seeds_do_not_join():
    assert len(columns(merge([shard("1/2", 0), shard("2/2", 1, seed="7")]))) == 2


def test_the_command_writes_a_report_of_all(tmp_path, capsys):
    write_results(tmp_path / "a.json", run_with("cpu"))
    write_results(tmp_path / "b.json", run_with("cpu", torch="2.14.1"))

    assert (
        main(["merge", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "-o", str(tmp_path / "all")]) == 1
    )

    assert columns(read_report(tmp_path / "all" / RESULTS)) == [
        "cpu (torch 2.13.0+cpu)",
        "cpu (torch 2.14.1)",
    ]
    assert "cpu (torch 2.14.1): does not conform; 0 of 1 documented rule holds" in capsys.readouterr().out


def test_the_command_refuses_in_one_line_and_writes_nothing(tmp_path, capsys):
    write_results(tmp_path / "a.json", run_with("cpu"))
    write_results(tmp_path / "b.json", run_with("cpu", suite="0.2.0"))

    assert (
        main(["merge", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "-o", str(tmp_path / "all")]) == 2
    )

    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "all").exists()


TOLD: dict[str, Any] = {
    "outcome": Outcome.BROKEN,
    "reason": "AssertionError: 1 instead of 2",
    "symptom": Symptom("AssertionError", 3, claim="expect.same_elements", every=("0-d",)),
    "also": (Break("TypeError: no", Symptom("TypeError", operator="aten::gather"), "case = 2"),),
    "refused": {"torch.int8": "TypeError: no"},
    "blocked": {"placement.flip": 2},
    "excused": {"breaks.toml:1": 1},
}


def test_what_results_tell_survives_merging_and_splitting(tmp_path):
    first, *others = REPORT.results
    told = replace(REPORT, results=(replace(first, **TOLD), *others))
    newer = replace(told, run=replace(RUN, torch="2.14.1"))

    found = merge([told, newer])
    write_results(tmp_path / RESULTS, found)

    assert read_report(tmp_path / RESULTS) == found
    for result in (found.result(first.rule, id) for id in columns(found) if id.startswith("cpu")):
        assert {name: getattr(result, name) for name in TOLD} == TOLD
    assert [{*map(repr, part.results)} for part in split(found)] == [{*map(repr, told.results)}] * 2
