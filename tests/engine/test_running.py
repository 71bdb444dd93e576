"""Running a rule through its deck, and what is done when it breaks."""

import re
from dataclasses import replace

import pytest
import torch
from hypothesis import example, given

from conformance.engine.explaining import Explaining
from conformance.engine.observation import Observation
from conformance.engine.rule import RegisteredRule, load_rules, rule
from conformance.engine.running import first_failure, run_rule, simpler
from conformance.engine.watch import Watch, watching
from reports.known_breaks import KnownBreak
from reports.model import Kind
from strategies import gathers, shapes, tensor_codes
from strategies.cases.gathers import Gather
from strategies.decks import draw_deck
from strategies.tape import Origin


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


def run(found, patience=60.0, entries=()):
    observation = Observation()
    explaining = Explaining(found.rule.id, "cpu", observation, entries)
    watch = Watch(observation, patience=patience, explains=explaining.explains)
    with watching(watch):
        return run_rule(found, watch, draw_deck(found.drawn[1], 100, "0"), "0"), watch.observation


def test_a_rule_that_holds_is_run_on_the_whole_deck():
    seen = []
    failures, observation = run(declared(lambda case: seen.append(case.origin.data)))

    assert failures == []
    assert tuple(seen) == draw_deck(tensor_codes(), 100, "0")
    assert observation.examples == 100
    assert observation.classes["0-d"] > 0


def test_a_rule_that_breaks_is_shrunk():
    def body(case):
        assert len(case.shape) < 2

    found = declared(body)
    (failure,), observation = run(found)

    assert failure.whole
    assert observation.failed
    assert found.describe(failure.data) == "case = torch.tensor([[0.0]])"
    assert observation.examples == 100
    assert failure.symptom.failed == 100 - observation.held
    assert failure.symptom.claim == "assert len(case.shape) < 2"


def test_examples_that_held_are_not_run_again():
    seen = []

    def body(case):
        seen.append(case.origin.data)
        assert len(case.shape) < 5

    found = declared(body)
    failures, observation = run(found)

    failed = {each.data for each in failures[0].way.failed}
    held = [data for data in seen[:100] if data not in failed]
    assert len(held) == observation.held > 0
    # The search by `simplest` may come by the simplest cases again.
    assert all(seen.count(data) == 1 for data in held if len(data.strip(b"\0")) > 4)


def test_a_search_ends_when_its_time_is_over():
    def body(case):
        assert len(case.shape) < 2

    found = declared(body)
    (failure,), observation = run(found, patience=0.0)

    assert not failure.whole
    assert observation.failed

    watch = Watch(observation)
    with watching(watch):
        simplest = simpler(found, watch, failure, 60)

    assert simplest.whole
    assert found.describe(simplest.data) == "case = torch.tensor([[0.0]])"


def test_a_search_without_time_decodes_hardly_a_case(monkeypatch):
    def body(case):
        assert len(case.shape) < 2

    found = declared(body)
    (failure,), observation = run(found, patience=0.0)
    decoded = []
    again = Origin.again

    def counted(origin, data):
        decoded.append(data)
        return again(origin, data)

    monkeypatch.setattr(Origin, "again", counted)

    with watching(watch := Watch(observation)):
        simpler(found, watch, failure, -1)

    assert len(decoded) < 5


def test_what_breaks_once_is_told_as_it_broke():
    broke = []

    def body(case):
        if not broke and len(case.shape) == 3:
            broke.append(case)
            raise AssertionError("once")

    found = declared(body)
    (failure,), _ = run(found)

    assert str(failure.error) == "once"
    assert found.describe(failure.data) == f"case = {broke[0]!r}"


def test_statistics_are_not_shrunk():
    runs = []

    def body(case):
        runs.append(case)
        assert len(case.shape) < 2

    (failure,), _ = run(declared(body, kind=Kind.STATISTICAL))

    assert failure.symptom.failed == 1
    assert len(runs) < 100
    assert repr(runs[-1]) != "torch.tensor([[0.0]])"


def test_what_is_drawn_without_a_trace_is_run_and_not_shrunk():
    def body(case):
        assert len(case) < 2

    (failure,), _ = run(declared(body, shapes()))

    assert failure.symptom.failed > 1


def test_one_fault_does_not_hide_the_next():
    def body(case):
        assert case.shape, "no dims"
        assert 0 not in case.shape, "no elements"
        if case.dtype is torch.bool:
            raise RuntimeError(f"not for a bool of {len(case.shape)} dims")

    failures, observation = run(declared(body))

    said = {str(failure.error).splitlines()[0]: failure.symptom for failure in failures}
    assert set(said) == {"no dims", "no elements", "not for a bool of 1 dims"}
    assert said["no dims"].every == ("0-d",)
    assert "empty" in said["no elements"].every
    assert "bool" in said["not for a bool of 1 dims"].shared
    assert observation.held == 100 - sum(symptom.failed for symptom in said.values())


def test_what_fails_by_one_claim_is_told_apart_by_the_classes_that_fail():
    def body(case):
        wrong = not case.shape or case.dtype.is_complex
        assert not wrong, "it is wrong"

    found = declared(body)
    failures, _ = run(found)

    assert {failure.symptom.every for failure in failures} == {
        ("0-d",),
        ("complex", "complex128", "complex64"),
    }
    simplest = {failure.symptom.every[0]: found.describe(failure.data) for failure in failures}
    assert simplest["0-d"] == "case = torch.tensor(0.0)"
    assert "complex" in simplest["complex"]


def test_what_is_known_is_counted_and_shown_and_hides_nothing_else():
    def body(case):
        assert case.shape, "no dims"
        assert 0 not in case.shape, "no elements"

    known = KnownBreak("made_up.*", "device", "It is so.", issue="x", message=re.compile("no dims"))
    found = declared(body)
    failures, observation = run(found, entries=[known])

    assert [str(failure.error).splitlines()[0] for failure in failures] == ["no elements"]
    assert observation.excused[known] > 0

    failures, observation = run(found, entries=[replace(known, message=re.compile("no (dims|elements)"))])

    assert failures == []
    assert observation.counterexample() == "case = torch.tensor(0.0)"


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


def test_the_pairs_of_classes_that_held_are_counted():
    _, everything = run(declared(lambda case: None))

    def body(case):
        assert case.shape

    _, some = run(declared(body))

    assert 0 < some.reached_pairs < everything.reached_pairs <= everything.known_pairs


def test_an_example_that_is_named_is_run_with_the_deck():
    seen = []

    @rule("made_up.named", source="torch.gather")
    @given(case=gathers())
    @example(case=Gather(input=torch.tensor([1.0, 2.0]), dim=0, index=torch.tensor([5])))
    def test_named(case):
        """It holds."""
        seen.append(case)
        assert case.origin is not None

    found = RegisteredRule(vars(test_named)["rule"], test_named)
    (failure,), observation = run(found)

    assert failure.data == b""
    assert observation.counterexample() == (
        "case = Gather(input=torch.tensor([1.0, 2.0]), dim=0, index=torch.tensor([5]))"
    )
    assert len(seen) > 100
