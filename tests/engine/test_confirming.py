"""Scripts of broken rules, run again after the run."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.engine.confirming import Confirming, alike
from reports.model import Break, Outcome, Result, Symptom

HOLDS = "pass"
BREAKS = "assert 1 == 2"


def broken(rule, reason="AssertionError: 1 instead of 2", script=BREAKS, target="cpu"):
    return Result(rule, target, Outcome.BROKEN, reason, script=script)


def quiet(lines):
    """Return a configuration whose terminal remembers its lines."""
    terminal = SimpleNamespace(isatty=False, ensure_newline=lambda: None, line=lines.append)
    plugins = SimpleNamespace(get_plugin=lambda name: terminal)
    return SimpleNamespace(pluginmanager=plugins, option=SimpleNamespace(verbose=0))


def confirmed(results, seconds=60.0, exitstatus=pytest.ExitCode.TESTS_FAILED):
    """Return what is told of the results' scripts, by rule, and what the terminal was told."""
    lines: list[str] = []
    config = quiet(lines)
    amended = {}

    def amend(result):
        amended[result.rule] = result.reproduced

    session: Any = SimpleNamespace(config=config)
    Confirming(lambda: results, amend, seconds).pytest_sessionfinish(session, exitstatus)
    return amended, lines


def test_results_are_alike_if_they_break_for_one_reason_on_one_target():
    one, other = broken("gather.a"), broken("gather.b", "AssertionError: 3 instead of 40")
    others = [
        broken("gather.c", "IndexError: far"),
        broken("squeeze.a"),
        broken("gather.d", target="meta"),
    ]

    found = [[each.result for each in group] for group in alike([one, *others, other])]

    assert found == [[one, other], *([each] for each in others)]


def test_every_way_in_which_a_rule_broke_is_confirmed():
    also = [
        Break("IndexError: far", Symptom("IndexError"), script="raise IndexError('far')"),
        Break("AssertionError: 2 instead of 3", Symptom("AssertionError"), script=BREAKS),
    ]
    amended = []
    session: Any = SimpleNamespace(config=quiet([]))
    results = [replace(broken("gather.a"), also=tuple(also))]
    Confirming(lambda: results, amended.append, 60.0).pytest_sessionfinish(
        session, pytest.ExitCode.TESTS_FAILED
    )

    assert amended[-1].reproduced == "3/3"
    assert [each.reproduced for each in amended[-1].also] == ["3/3", "3/3 of gather.a"]


def test_each_failure_is_confirmed_or_condemned_alike_ones_once():
    results = [
        broken("gather.a"),
        broken("gather.b"),
        broken("squeeze.a", script=HOLDS),
        broken("view.a", script="import os; os.abort()"),
        broken("view.b", "IndexError: far"),
    ]

    assert confirmed(results)[0] == {
        "gather.a": "3/3",
        "gather.b": "3/3 of gather.a",
        "squeeze.a": "0/3 (it ended without an exception)",
        "view.a": "3/3",
        "view.b": "3/3",
    }


def test_only_what_broke_and_has_a_script_is_run():
    results = [
        broken("gather.a", script=None),
        Result("gather.b", "cpu", Outcome.KNOWN, script=BREAKS),
        Result("gather.c", "cpu", Outcome.HOLDS),
    ]

    assert confirmed(results) == ({}, [])


def test_an_interrupted_run_is_not_kept_waiting():
    assert confirmed([broken("gather.a")], exitstatus=pytest.ExitCode.INTERRUPTED) == ({}, [])
    assert confirmed([broken("gather.a")], seconds=0) == ({}, [])


def test_when_time_is_over_it_says_so():
    slow = "import time; time.sleep(20)"
    amended, lines = confirmed([broken("gather.a", script=slow), broken("view.a")], seconds=3.0)

    assert amended == {"gather.a": "0/3 (it did not end within 3 s)"}
    assert lines == ["not run again, for want of time: 1 scripts"]
