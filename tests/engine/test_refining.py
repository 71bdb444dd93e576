"""Searches for simpler cases that go on after the run."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given

from conformance.engine.judging import FAILURES_OF, RESULT, RULE, WATCH
from conformance.engine.observation import Observation
from conformance.engine.refining import REFINED, Refining
from conformance.engine.rule import load_rules, rule
from conformance.engine.running import run_rule
from conformance.engine.watch import Watch, watching
from reports.model import Outcome, Result, Target
from strategies import tensor_codes
from strategies.decks import draw_deck

SIMPLEST = "case = torch.tensor([[0.0]])"


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr("conformance.engine.rule.RULES", dict(load_rules()))


def broken(id, patience=0.0):
    """Return the item of a rule that broke on a case of two dims or more."""

    @rule(id, source="torch.gather")
    @given(case=tensor_codes())
    def test_made_up(case):
        """It has one dim."""
        assert len(case.shape) < 2, f"{len(case.shape)} dims"

    found: Any = load_rules()[id]
    observation: Any = Observation()
    watch = Watch(observation, patience=patience)
    with watching(watch):
        failures: Any = run_rule(found, watch, draw_deck(found.drawn[1], 50, "0"), "0")
    stash = pytest.Stash()
    stash[FAILURES_OF], stash[WATCH], stash[RULE] = failures, watch, (found.rule, Target("cpu", "cpu", "cpu"))
    first = failures[0]
    stash[RESULT] = Result(
        id, "cpu", Outcome.BROKEN, str(first.error), counterexample=found.describe(first.data)
    )
    return SimpleNamespace(nodeid=f"{id}[cpu]", stash=stash, repr_failure=lambda failure: "a traceback")


def refined(items, seconds=60.0, exitstatus=pytest.ExitCode.TESTS_FAILED, *, worker=False):
    """Return the results that changed, by rule."""
    amended: list[Result] = []
    refining = Refining(seconds, None, None if worker else amended.append)
    for item in items:
        wrapper = refining.pytest_runtest_makereport(item)
        next(wrapper)
        with pytest.raises(StopIteration):
            wrapper.send(None)
    session: Any = SimpleNamespace(config=SimpleNamespace(workeroutput={}))
    refining.pytest_sessionfinish(session, exitstatus)
    amended += map(Result.from_json, session.config.workeroutput.get(REFINED, ()))
    return {result.rule: result for result in amended}


def test_every_rule_that_broke_gets_the_simplest_case():
    items = [broken("made_up.one"), broken("made_up.other")]
    before = [item.stash[RESULT] for item in items]

    after = refined(items)

    assert SIMPLEST not in [result.counterexample for result in before]
    assert set(after) == {"made_up.one", "made_up.other"}
    for result in after.values():
        assert result.counterexample == SIMPLEST
        assert result.reason is not None
        assert result.reason.startswith("AssertionError: 2 dims")
        assert result.traceback == "a traceback"


def test_a_worker_leaves_them_in_its_output():
    assert refined([broken("made_up.one")], worker=True)["made_up.one"].counterexample == SIMPLEST


def test_a_search_that_came_to_its_end_is_not_taken_up():
    assert refined([broken("made_up.one", patience=60.0)]) == {}


def test_no_search_goes_on_without_time_or_after_an_interruption():
    assert refined([broken("made_up.one")], seconds=0.0) == {}
    assert refined([broken("made_up.one")], exitstatus=pytest.ExitCode.INTERRUPTED) == {}
