"""Merging runs that do not fit into memory all: the same results.json, and a page of those that are alike."""

import json
import time
import tracemalloc
from dataclasses import replace
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import fastjsonschema
import pytest

from reports import fleet as fleets
from reports.__main__ import main
from reports.files import JOURNAL, RESULTS, Journal, read_report, results_text, schema, write_results
from reports.fleet import MANY, SHOWN, fleet
from reports.form import is_plain
from reports.merge import merge
from reports.model import Outcome, Report, plain
from tests.reports.examples import made_up
from tests.reports.test_files import REPORT, RUN
from tests.reports.test_merge import TOLD, run_with, shard


def started(number):
    return f"2026-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00+00:00"


def written(folder, reports):
    """Write reports to files of their own; return these."""
    paths = [folder / f"{number:04}" / RESULTS for number in range(len(reports))]
    for path, report in zip(paths, reports, strict=True):
        write_results(path, report)
    return paths


def many(report, count=MANY):
    """The same run at different times."""
    return [replace(report, run=replace(report.run, started=started(number))) for number in range(count)]


def gathered(sources, tmp_path):
    folder = tmp_path / "aside"
    folder.mkdir()
    return fleet(sources, folder)


@pytest.fixture(scope="module")
def mixture(tmp_path_factory):
    """Files of all kinds: runs, shards, a merged report, a journal, one in another form, one that breaks."""
    folder = tmp_path_factory.mktemp("mixture")
    first, *others = REPORT.results
    told = replace(REPORT, run=replace(RUN, seed="7"), results=(replace(first, **TOLD), *others))
    sources = written(
        folder,
        [
            *many(REPORT),
            told,
            shard("1/2", 0),
            merge([run_with("cpu", torch="2.12.0"), run_with("meta", torch="2.12.0", ended=None)]),
            shard("2/2", 1),
        ],
    )
    (sources[0]).write_text(json.dumps(json.loads(results_text(REPORT)), indent=1), "utf-8")
    journal = Journal(folder / JOURNAL, replace(RUN, seed="8"), REPORT.rules)
    journal.begin("gather.elements", "cpu")
    journal.end(None)
    return [*sources, folder / JOURNAL]


def test_the_merged_results_are_those_of_merging_at_once(mixture, tmp_path):
    found = gathered(mixture, tmp_path)
    found.write_results(tmp_path / RESULTS)

    assert (tmp_path / RESULTS).read_text("utf-8") == results_text(merge(map(read_report, mixture)))


def test_few_targets_are_merged_as_ever(tmp_path):
    shards = [shard(f"{number}/{MANY}", number % 2) for number in range(1, MANY + 1)]
    reports = [replace(each, results=each.results if at < 2 else ()) for at, each in enumerate(shards)]

    assert gathered(written(tmp_path, reports), tmp_path) == merge(reports)


def test_targets_that_did_the_same_stand_together(tmp_path):
    broken = [run_with("cpu", seed="1", started=started(number)) for number in range(3)]
    holding = Report(broken[0].run, REPORT.rules, tuple(
        replace(result, outcome=Outcome.HOLDS) for result in broken[0].results
    ))  # fmt: skip
    found = gathered(written(tmp_path, [*broken, *many(holding, MANY)]), tmp_path)

    shown = found.shown()

    assert [target.id for target in shown.report.run.targets] == [
        f"{found.columns[0].target.id} and 2 more",
        f"{found.columns[3].target.id} and {MANY - 1} more",
    ]
    assert shown.note.startswith(f"{MANY + 3} targets: {MANY} conforms, 3 does not conform.")
    assert "2 kinds, of which 2 are shown" in shown.note
    assert [row[0] for row in shown.rows] == [column.target.id for column in found.columns]
    assert {row[3] for row in shown.rows[:3]} == {shown.report.run.targets[0].id}
    first, second = shown.report.run.targets
    assert {result.outcome for result in shown.report.results_of(second.id)} == {Outcome.HOLDS}
    assert shown.report.results_of(first.id)[0].outcome is Outcome.BROKEN
    assert shown.report.run_of(second).started == started(0)


def test_of_too_many_kinds_those_are_shown_that_fail_and_what_most_did(tmp_path):
    rules = made_up(6, 1, outcomes=[Outcome.HOLDS])
    kinds = []
    for number in range(SHOWN + 5):  # each breaks other rules
        results = [
            replace(result, outcome=Outcome.BROKEN if number + 1 >> at & 1 else Outcome.HOLDS)
            for at, result in enumerate(rules.results)
        ]
        kinds.append(replace(rules, results=tuple(results)))
    reports = [replace(each, run=run.run) for each, run in zip(kinds, many(rules, len(kinds)), strict=True)]
    found = gathered(written(tmp_path, [*many(rules), *reports]), tmp_path)

    shown = found.shown()

    assert len(shown.report.run.targets) == SHOWN
    assert f"{SHOWN + 6} kinds, of which {SHOWN} are shown; the 6 others are in the list" in shown.note
    assert [row[3] for row in shown.rows].count(None) == 6
    assert shown.rows[0][3].endswith(f"and {MANY - 1} more")


def test_the_command_writes_all_of_a_fleet(mixture, tmp_path, capsys):
    assert main(["merge", *map(str, mixture), "-o", str(tmp_path / "all")]) == 1

    assert {path.name for path in (tmp_path / "all").iterdir()} == {
        *("index.html", "results.json", "junit.xml", "ctrf.json", "summary.md", "badge.json"),
    }
    everything = merge(map(read_report, mixture))
    assert read_report(tmp_path / "all") == everything
    said = capsys.readouterr().out
    assert all(f"{target.id}: " in said for target in everything.run.targets)
    summary = (tmp_path / "all" / "summary.md").read_text("utf-8")
    page = (tmp_path / "all" / "index.html").read_text("utf-8")
    for text in (summary, page):
        assert f"{len(everything.run.targets):,} targets: " in text
    assert page.count('<tr><th scope="row">cpu') + page.count('<tr><th scope="row">meta') == len(
        everything.run.targets
    )
    assert "save-json" not in page.partition("</main>")[0]


def test_a_broken_file_among_many_is_named_and_nothing_is_left(mixture, tmp_path, capsys):
    (tmp_path / "broken.json").write_text(results_text(REPORT).replace('"examples": 3', '"examples": -3'))

    assert (
        main(["merge", *map(str, mixture), str(tmp_path / "broken.json"), "-o", str(tmp_path / "all")]) == 2
    )

    said = capsys.readouterr().err
    assert said == (f"{tmp_path / 'broken.json'}: at results/0/examples: -3 is less than the minimum of 0\n")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.json"]


def test_reading_a_hundred_runs_costs_little_more_than_their_json_and_keeps_nothing(tmp_path):
    sources = written(tmp_path, many(made_up(800, 1), 100))
    texts = [source.read_text("utf-8") for source in sources]
    before = time.process_time()
    for text in texts:
        json.loads(text)
    reading, size = time.process_time() - before, sum(map(len, texts))
    del texts

    def spent():
        found = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in found)

    before = spent()
    found = gathered(sources, tmp_path)
    found.write_results(tmp_path / RESULTS)

    # A good two times, and the start of processes.
    assert spent() - before < 5 * reading + 5
    tracemalloc.start()
    found.write_results(tmp_path / RESULTS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < size / 20


@pytest.mark.parametrize("value", [None, True, -1, 0, 1, 1.5, -1.5, "1", "holds", [], {}, {"a": 0}, {"a": 1},
    {"a": True}, {"a": -1}, {"a": 1.5}, {"a": "1"}, {"reached": 0, "known": 0}, {"reached": 1, "known": 2},
    {"reached": 1, "known": 2, "a": 1}, float("1e10")], ids=repr)  # fmt: skip
def test_what_is_taken_for_plain_satisfies_the_schema(value):
    check = fastjsonschema.compile({**schema()["properties"]["results"], "$defs": schema()["$defs"]})
    told = plain(replace(REPORT.results[0], **{**TOLD, "symptom": None, "also": (), "warned": {"w": 1}}))
    whole = {**told, "pairs": {"reached": 1, "known": 2}, "rounding": {"torch.float32": 0.5}}
    del whole["refused"]
    assert is_plain(whole)

    for name in (*whole, "else", "symptom", "also", "refused"):
        changed = {**whole, name: value}
        if is_plain(changed):
            check([changed])
    for name in told.keys() & whole.keys():
        less = {key: each for key, each in whole.items() if key != name}
        if is_plain(less):
            check([less])


def test_most_results_are_plain():
    results = [plain(result) for result in made_up(19, 1).results]

    assert sum(map(is_plain, results)) == 17  # all but one that breaks, and one that is refused


def test_a_line_that_is_not_as_it_is_written_is_written_anew(tmp_path):
    text = results_text(REPORT).replace(
        '{"rule": "gather.elements", "target"', '{"rule": "gather.elements",  "target"'
    )
    source = tmp_path / RESULTS
    source.write_text(text, "utf-8")

    ((kept, _),) = fleets._keep((source, tmp_path / "0-"))

    assert fleets.unkept(kept).results == REPORT.results
