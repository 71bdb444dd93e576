"""Running a rule through its deck, and what is done when it breaks."""

import pytest
from hypothesis import given

from conformance.engine.observation import Observation
from conformance.engine.rule import RegisteredRule, load_rules, rule
from conformance.engine.running import Failure, first_failure, run_rule, simpler
from conformance.engine.watch import Watch, watching
from reports.model import Kind
from strategies import shapes, tensor_codes
from strategies.decks import draw_deck


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr("conformance.engine.rule.RULES", dict(load_rules()))


def declared(body, strategy=None, **options):
    """Return a rule that runs a function on tensors' expressions."""

    @rule("made_up.fact", source="torch.gather", **options)
    @given(case=strategy if strategy is not None else tensor_codes())
    def test_made_up(case):
        """It holds."""
        body(case)

    return RegisteredRule(vars(test_made_up)["rule"], test_made_up)


def run(found, patience=60.0):
    watch = Watch(Observation(), patience=patience)
    with watching(watch):
        return run_rule(found, watch, draw_deck(found.drawn[1], 100, "0"), "0"), watch.observation


def test_a_rule_that_holds_is_run_on_the_whole_deck():
    seen = []
    failure, observation = run(declared(lambda case: seen.append(case.origin.data)))

    assert failure is None
    assert tuple(seen) == draw_deck(tensor_codes(), 100, "0")
    assert observation.examples == 100
    assert observation.classes["0-d"] > 0


def test_a_rule_that_breaks_is_shrunk():
    def body(case):
        assert len(case.shape) < 2

    failure, observation = run(declared(body))

    assert failure.whole
    assert observation.failed
    assert observation.counterexample() == "case = torch.tensor([[0.0]])"
    assert failure.data == observation.data
    assert observation.examples < 100


def test_examples_that_held_are_not_run_again():
    seen = []

    def body(case):
        seen.append(case.origin.data)
        assert len(case.shape) < 5

    failure, observation = run(declared(body))

    held = seen[: observation.examples - 1]
    assert failure is not None
    assert held
    # The search by `simplest` may come by the simplest cases again.
    assert all(seen.count(data) == 1 for data in held if len(data.strip(b"\0")) > 4)


def test_a_search_ends_when_its_time_is_over():
    def body(case):
        assert len(case.shape) < 2

    found = declared(body)
    failure, observation = run(found, patience=0.0)

    assert not failure.whole
    assert observation.failed

    watch = Watch(observation)
    with watching(watch):
        simplest = simpler(found, watch, failure, 60)

    assert simplest.whole
    assert observation.counterexample() == "case = torch.tensor([[0.0]])"


def test_what_breaks_once_is_told_as_it_broke():
    broke = []

    def body(case):
        if not broke and len(case.shape) == 3:
            broke.append(case)
            raise AssertionError("once")

    failure, observation = run(declared(body))

    assert str(failure.error) == "once"
    assert observation.counterexample() == f"case = {broke[0]!r}"


def test_statistics_are_not_shrunk():
    runs = []

    def body(case):
        runs.append(case)
        assert len(case.shape) < 2

    failure, _ = run(declared(body, kind=Kind.STATISTICAL))

    assert failure is not None
    assert len(runs) < 100
    assert repr(runs[-1]) != "torch.tensor([[0.0]])"


def test_what_is_drawn_without_a_trace_is_run_and_not_shrunk():
    def body(case):
        assert len(case) < 2

    failure, _ = run(declared(body, shapes()))

    assert isinstance(failure, Failure)


def test_the_first_failure_is_found_fast_and_not_shrunk():
    runs = []

    def body(case):
        runs.append(case)
        assert len(case.shape) < 2

    found = declared(body)
    with watching(Watch(Observation())):
        error = first_failure(found, draw_deck(found.drawn[1], 100, "0"))

    assert isinstance(error, AssertionError)
    assert len(runs) < 10


def test_a_rule_is_an_ordinary_hypothesis_test_without_the_engine():
    seen = []
    found = declared(seen.append, tensor_codes(max_dims=1))

    found.function()

    assert len(seen) > 20
    assert {len(case.shape) for case in seen} == {0, 1}
