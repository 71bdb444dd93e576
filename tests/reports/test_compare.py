"""Comparing two runs, and the history of many."""

import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
import torch

from reports.__main__ import main
from reports.compare import Change, compare, markdown
from reports.files import RESULTS, write_results
from reports.history import history
from reports.history import markdown as history_markdown
from reports.model import Basis, Break, Outcome, Report, Result, Rule, Symptom, Target
from reports.pages.html import render_comparison, render_history
from tests.reports.test_files import RUN as EXAMPLE

RUN = replace(EXAMPLE, torch="2.13.0", targets=(Target("cpu", "cpu", "cpu"),), rules=1)
LATER = replace(RUN, torch="2.14.1", started="2026-02-01T00:00:00+00:00")
RULE = Rule("gather.elements", "indexing", "gather", "It picks.", "torch.gather")
BREAKS, HOLDS = "assert False", "assert True"


def run_of(outcome, run=RUN, rule=RULE, **evidence):
    if outcome is None:
        return Report(run, (rule,), ())
    return Report(run, (rule,), (Result(rule.id, run.targets[0].id, outcome, **evidence),))


def change(old, new, **replays):
    """The one difference between two runs, None if there is none."""
    found = compare(old, new, **replays).differences
    return found[0].change if found else None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (Outcome.HOLDS, Outcome.HOLDS, None),
        (Outcome.HOLDS, Outcome.BROKEN, Change.NEWLY_BROKEN),
        (Outcome.HOLDS, Outcome.CRASHED, Change.NEWLY_BROKEN),
        (Outcome.THIN, Outcome.HUNG, Change.NEWLY_BROKEN),
        (Outcome.UNSUPPORTED, Outcome.BROKEN, Change.NEWLY_BROKEN),
        (Outcome.KNOWN, Outcome.BROKEN, Change.OTHER),
        (Outcome.BROKEN, Outcome.CRASHED, Change.OTHER),
        (Outcome.BROKEN, Outcome.HOLDS, Change.FIXED),
        (Outcome.CRASHED, Outcome.HOLDS, Change.FIXED),
        (Outcome.KNOWN, Outcome.FIXED, Change.FIXED),
        (Outcome.HOLDS, Outcome.THIN, Change.NEWLY_THIN),
        (Outcome.HOLDS, Outcome.UNSUPPORTED, Change.OTHER),
        (Outcome.HOLDS, None, Change.NOT_RUN),
        (None, Outcome.HOLDS, None),
    ],
)
def test_what_became_of_a_rule(old, new, expected):
    assert change(run_of(old), run_of(new, LATER)) is expected


@pytest.mark.parametrize(
    ("replays", "expected"),
    [
        ({}, Change.NEWLY_BROKEN),
        ({"replay_new": lambda result: "3/3"}, Change.NEWLY_BROKEN),
        ({"replay_new": lambda result: "0/3"}, Change.UNCONFIRMED),
        ({"replay_new": lambda result: "3/3", "replay_old": lambda result: "0/3"}, Change.NEWLY_BROKEN),
        ({"replay_new": lambda result: "3/3", "replay_old": lambda result: "3/3"}, Change.FOUND_NOW),
    ],
)
def test_a_regression_is_one_only_if_its_script_shows_it_now_and_did_not_before(replays, expected):
    new = run_of(Outcome.BROKEN, LATER, script=BREAKS, reason="AssertionError")

    assert change(run_of(Outcome.HOLDS), new, **replays) is expected


def test_a_script_that_did_not_reproduce_in_its_own_run_is_unconfirmed():
    assert (
        change(run_of(Outcome.HOLDS), run_of(Outcome.BROKEN, LATER, reproduced="0/3")) is Change.UNCONFIRMED
    )


@pytest.mark.parametrize(("again", "expected"), [("0/3", Change.FIXED), ("1/3", Change.STILL_BROKEN)])
def test_a_rule_is_fixed_only_if_the_old_counterexample_no_longer_breaks_it(again, expected):
    old = run_of(Outcome.BROKEN, script=BREAKS, reason="AssertionError")

    assert change(old, run_of(Outcome.HOLDS, LATER), replay_new=lambda result: again) is expected


ALSO = Break("TypeError: no", Symptom("TypeError"), script=f"{BREAKS} is True", reproduced="3/3")


@pytest.mark.parametrize(
    ("also", "expected"), [(ALSO, Change.NEWLY_BROKEN), (replace(ALSO, reproduced="0/3"), Change.UNCONFIRMED)]
)
def test_one_way_of_breaking_that_shows_again_is_enough(also, expected):
    new = run_of(Outcome.BROKEN, LATER, script=BREAKS, reproduced="0/1 (ended well)", also=(also,))

    assert change(run_of(Outcome.HOLDS), new) is expected


def test_a_rule_is_fixed_only_if_none_of_its_old_counterexamples_breaks_it():
    old = run_of(Outcome.BROKEN, script=BREAKS, also=(ALSO,))
    replayed = []

    def replay(result):
        replayed.append((result.reason, result.script))
        return "3/3" if result.script == ALSO.script else "0/3"

    assert change(old, run_of(Outcome.HOLDS, LATER), replay_new=replay) is Change.STILL_BROKEN
    assert replayed == [(None, BREAKS), (ALSO.reason, ALSO.script)]


def test_a_rule_that_can_no_longer_be_tried_has_changed():
    new = run_of(Outcome.BLOCKED, LATER, blocked={"placement.flip": 9})

    assert change(run_of(Outcome.HOLDS), new) is Change.OTHER
    assert "⊘ blocked" in markdown(compare(run_of(Outcome.HOLDS), new))


@pytest.mark.parametrize(
    ("old", "new", "said", "kind"),
    [
        (Outcome.HOLDS, Outcome.HOLDS, "✓ No regression.", " fine"),
        (Outcome.KNOWN, Outcome.KNOWN, "✓ No regression.", " fine"),
        (Outcome.BROKEN, Outcome.BROKEN, "! No regression, but 1 result breaks.", " unsure"),
        (Outcome.KNOWN, Outcome.CRASHED, "! No regression, but 1 result breaks.", " unsure"),
        (Outcome.HOLDS, Outcome.BROKEN, "✗ Regressed.", ""),
    ],
)
def test_nothing_is_green_above_a_break(old, new, said, kind):
    page = render_comparison(compare(run_of(old), run_of(new, LATER)))

    assert f'<p class="alert{kind}"><strong>{said}</strong>' in page


def test_what_was_not_replayed_is_said():
    old, without = run_of(Outcome.HOLDS), run_of(Outcome.BROKEN, LATER)
    scripted = run_of(Outcome.BROKEN, LATER, script=BREAKS)
    again = compare(old, scripted, replay_new=lambda result: "3/3")

    assert "Not replayed: 1 counterexample, of gather.elements." in markdown(compare(old, scripted))
    assert "Not replayed: 1 counterexample; 1 without a script" in markdown(compare(old, without))
    assert '<span class="soft">not replayed</span>' in render_comparison(compare(old, scripted))
    assert again.unreplayed == []
    assert "ot replayed" not in render_comparison(again)


OTHERWISE = replace(LATER, seed="1")


@pytest.mark.parametrize(("old", "new"), [(Outcome.HOLDS, Outcome.BROKEN), (Outcome.BROKEN, Outcome.HOLDS)])
def test_of_other_inputs_nothing_is_said_that_was_not_replayed(old, new):
    found = compare(run_of(old, script=BREAKS), run_of(new, OTHERWISE, script=BREAKS))

    assert [difference.change for difference in found.differences] == [Change.CANNOT_TELL]
    assert (found.regressed, found.code) == (False, 3)
    assert "? Cannot tell." in render_comparison(found)
    assert 'class="alert unsure"' in render_comparison(found)


def test_a_script_that_showed_the_break_in_its_own_run_can_tell():
    assert change(run_of(Outcome.HOLDS), run_of(Outcome.BROKEN, OTHERWISE, reproduced="3/3")) is (
        Change.NEWLY_BROKEN
    )


def test_that_now_is_older_than_before_is_said():
    backwards = compare(run_of(Outcome.HOLDS, LATER), run_of(Outcome.HOLDS))

    assert "“Now” was run before “before”" in markdown(backwards)
    assert "“Now” was run before “before”" in render_comparison(backwards)
    assert "was run before" not in markdown(compare(run_of(Outcome.HOLDS), run_of(Outcome.HOLDS, LATER)))


def test_runs_of_other_parts_are_compared_on_what_both_ran():
    whole = replace(EXAMPLE, targets=RUN.targets, rules=2)
    other = replace(RULE, id="gather.shape")
    both = replace(run_of(Outcome.HOLDS, whole), rules=(RULE, other))
    part = run_of(Outcome.BROKEN, replace(whole, started=LATER.started), script=BREAKS)

    found = compare(both, part)

    assert (found.added, found.removed) == ((), ())
    assert (found.compared, found.only_old, found.only_new) == (1, 1, 0)
    assert "compared on 1 rule that both ran; run only before: 1, only now: 0" in markdown(found)
    assert compare(both, replace(part, run=replace(part.run, rules=1))).removed == (other,)


@pytest.mark.parametrize(
    ("target", "imports", "why"),
    [
        (Target("cpu", "no_such_device", "x"), (), "no_such_device"),
        (Target("cpu", "cpu", "x"), ("no_such_module",), "no_such_module"),
    ],
)
def test_a_script_is_replayed_only_where_its_device_is(written, capsys, target, imports, why):
    run = replace(RUN, torch=str(torch.__version__), targets=(target,), imports=imports)
    old = written("old", run_of(Outcome.HOLDS, run))
    # The script of a device that is not here breaks, and shows nothing.
    new = written(
        "new", run_of(Outcome.BROKEN, replace(run, seed="1"), script=BREAKS, reason="AssertionError")
    )

    assert main(["compare", old, new]) == 3
    said = capsys.readouterr()
    assert "no counterexample of cpu is replayed" in said.err
    assert why in said.err
    assert "cannot tell" in said.out


def test_a_script_is_replayed_with_the_modules_of_its_run(written, capsys, tmp_path, monkeypatch):
    (tmp_path / "registers_it.py").write_text(
        "import torch\ntorch.utils.rename_privateuse1_backend('made_up')\n"
    )
    monkeypatch.chdir(tmp_path)
    run = replace(RUN, torch=str(torch.__version__), imports=("registers_it",))
    script = "import registers_it\nassert False"
    old = written("old", run_of(Outcome.HOLDS, run))
    new = written(
        "new", run_of(Outcome.BROKEN, replace(run, seed="1"), script=script, reason="AssertionError")
    )

    assert main(["compare", old, new]) == 1
    assert "replayed: 3/3" in capsys.readouterr().out


def test_an_observed_rule_is_no_regression():
    observed = replace(RULE, basis=Basis.OBSERVED)
    found = compare(run_of(Outcome.HOLDS, rule=observed), run_of(Outcome.BROKEN, LATER, observed))

    assert found.of(Change.NEWLY_BROKEN)
    assert not found.regressed


def test_the_headline_says_it_all():
    other = replace(RULE, id="gather.other")
    old = replace(run_of(Outcome.HOLDS), rules=(RULE, replace(RULE, id="gather.gone")))
    new = replace(run_of(Outcome.BROKEN, LATER), rules=(RULE, other))

    assert compare(old, new).headline == (
        "1 newly broken; 0 fixed; 1 added; 1 removed; torch 2.13.0 → 2.14.1"
    )


def test_other_inputs_are_said():
    old, new = run_of(Outcome.HOLDS), run_of(Outcome.HOLDS, replace(LATER, seed="7"))

    assert compare(old, old).alike
    assert "may be luck" in markdown(compare(old, new))


def test_two_runs_of_one_target_each_are_compared_whatever_it_is_called():
    cuda = replace(LATER, targets=(Target("cuda:0", "cuda", "x"),))
    (found,) = compare(run_of(Outcome.HOLDS), run_of(Outcome.BROKEN, cuda)).differences

    assert (found.change, found.target) == (Change.NEWLY_BROKEN, "cuda:0")


def test_runs_without_a_common_target_are_not_compared(written, capsys):
    two = replace(LATER, targets=(Target("cuda:0", "cuda", "x"), Target("cuda:1", "cuda", "x")))

    old, new = written("a", run_of(Outcome.HOLDS)), written("b", run_of(Outcome.HOLDS, two))

    assert main(["compare", old, new, "--no-replay"]) == 2
    assert capsys.readouterr().err == ("the runs have no target in common: cpu before, cuda:0, cuda:1 now\n")


def test_targets_of_one_run_only_are_named():
    more = replace(LATER, targets=(*RUN.targets, Target("cuda:0", "cuda", "x")))
    found = compare(run_of(Outcome.HOLDS), run_of(Outcome.HOLDS, more))

    assert "In one of the runs only: cuda:0." in markdown(found)
    assert "In one of the runs only: cuda:0." in render_comparison(found)


def test_markdown_and_page_say_the_same():
    found = compare(run_of(Outcome.HOLDS), run_of(Outcome.BROKEN, LATER, reason="<b> | it\nbroke"))

    assert (
        "| newly broken | `gather.elements` | cpu | ✓ holds | ✗ broken | \\<b\\> \\| it broke |"
        in markdown(found)
    )
    page = render_comparison(found)
    assert "✗ Regressed." in page
    assert "&lt;b&gt; | it" in page


@pytest.fixture
def written(tmp_path):
    def writing(name, report):
        write_results(tmp_path / name / RESULTS, report)
        return str(tmp_path / name)

    return writing


def test_the_command_exits_with_1_on_a_regression_only(written, tmp_path, capsys):
    old, new = written("old", run_of(Outcome.HOLDS)), written("new", run_of(Outcome.BROKEN, LATER))

    assert main(["compare", old, new, "--no-replay", "-o", str(tmp_path / "page.html")]) == 1
    assert main(["compare", new, old, "--no-replay"]) == 0
    assert main(["compare", old, old, "--no-replay"]) == 0
    assert "1 newly broken" in capsys.readouterr().out
    assert "Regressed" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.parametrize(("script", "code"), [(BREAKS, 1), (HOLDS, 0)])
def test_the_command_replays_the_script_on_the_torch_of_the_run(written, capsys, script, code):
    import torch

    here = replace(LATER, torch=str(torch.__version__))
    old = written("old", run_of(Outcome.HOLDS))
    new = written("new", run_of(Outcome.BROKEN, here, script=script, reason="AssertionError"))

    assert main(["compare", old, new]) == code
    assert (
        "newly broken (replayed: 3/3)"
        if code
        else "unconfirmed (replayed: 0/3 (it ended without an exception))"
    ) in capsys.readouterr().out


def test_nothing_is_replayed_on_another_torch(written, capsys):
    old = written("old", run_of(Outcome.HOLDS))
    new = written("new", run_of(Outcome.BROKEN, replace(LATER, torch="1.0"), script=HOLDS))

    assert main(["compare", old, new, "--old-python", "/no/such/python"]) == 1
    said = capsys.readouterr().err
    assert "the run had torch 1.0" in said
    assert "/no/such/python has no torch" in said


def test_a_history_has_a_row_per_run_and_per_change(written, tmp_path, capsys):
    runs = [
        written("two", run_of(Outcome.BROKEN, LATER)),
        written("one", run_of(Outcome.HOLDS)),
        written("three", run_of(None, replace(LATER, started="2026-03-01T00:00:00+00:00", targets=()))),
    ]

    assert main(["history", *runs, "-o", str(tmp_path / "page.html")]) == 0

    said = capsys.readouterr().out
    assert "| 2026-01-01 00:00 | 2.13.0 | ✓ 1/1 |" in said
    assert "| 2026-02-01 00:00 | 2.14.1 | ✗ 0/1 |" in said
    assert "| 2026-03-01 00:00 | 2.14.1 | \N{EN DASH} |" in said
    assert "| `gather.elements` | cpu | ✓ ✗ · |" in said
    assert "gather.elements" in (tmp_path / "page.html").read_text("utf-8")


def test_runs_of_one_day_are_told_apart_and_what_changed_is_said(tmp_path):
    torches = ("2.13.0", "2.13.0", "2.14.1")
    outcomes = (Outcome.HOLDS, Outcome.HOLDS, Outcome.BROKEN)
    runs = [
        run_of(outcome, replace(RUN, torch=torch, seed=str(at)))
        for at, (torch, outcome) in enumerate(zip(torches, outcomes, strict=True))
    ]
    found = history(runs, [None, "a/index.html", None])
    page = render_history(found)

    assert [step.name for step in found.steps] == ["#1 2026-01-01", "#2 2026-01-01", "#3 2026-01-01"]
    assert [step.since for step in found.steps] == [
        (),
        ("seed 0 → 1",),
        ("torch 2.13.0 → 2.14.1", "seed 1 → 2", "1 result changed"),
    ]
    assert page.count('<a href="a/index.html">#2 2026-01-01</a>') == 2
    assert "torch 2.13.0 → 2.14.1; seed 1 → 2; 1 result changed" in page


def test_a_history_links_to_the_pages_of_its_runs(written, tmp_path):
    sources = [written("one", run_of(Outcome.HOLDS)), written("a: b", run_of(Outcome.HOLDS, LATER))]
    linked = tmp_path / "a: b" / "index.html"
    linked.write_text("")
    (tmp_path / "out").mkdir()

    assert main(["history", *sources, "-o", str(tmp_path / "out" / "page.html")]) == 0
    page = (tmp_path / "out" / "page.html").read_text("utf-8")
    (address,) = set(re.findall(r'href="([^"]*index.html)"', page))
    assert (tmp_path / "out" / unquote(address)).resolve() == linked.resolve()


def test_a_history_without_change_says_so():
    found = history([run_of(Outcome.HOLDS), run_of(Outcome.HOLDS, LATER)])

    assert "What changed" not in history_markdown(found)
    assert "None." in render_history(found)


def test_bad_input_is_one_line_and_no_traceback(tmp_path, written, capsys):
    good = written("good", run_of(Outcome.HOLDS))
    bad = tmp_path / "bad.json"
    for text in ("", "[]", '{"format": 7}', "\x00", '{"format": 1, "run": {}}'):
        bad.write_text(text, "utf-8")
        for command in (
            ["render", str(bad), "-o", str(tmp_path / "out")],
            ["merge", good, str(bad), "-o", str(tmp_path / "out")],
            ["compare", good, str(bad), "-o", str(tmp_path / "out")],
            ["compare", str(bad), good],
            ["history", good, str(bad), "-o", str(tmp_path / "out")],
            ["catalogue", str(bad), "-o", str(tmp_path / "out")],
        ):
            assert main(command) == 2
            assert capsys.readouterr().err.count("\n") == 1
            assert not (tmp_path / "out").exists()
