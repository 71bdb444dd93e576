"""The decorator and its registry."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.engine import source as sources
from conformance.engine.observation import Observation
from conformance.engine.rule import InvalidRuleError, load_rules, rule
from conformance.engine.watch import Watch, watching
from reports.model import Basis, Kind
from strategies.cases.gathers import gathers


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr("conformance.engine.rule.RULES", dict(load_rules()))


def declare(id="made_up.fact", **options) -> Any:
    @rule(id, **{"source": "torch.gather", **options})
    @given(case=st.integers())
    def test_made_up(case):
        """It holds, says
        this sentence.

        And this is an aside.
        """

    return test_made_up


def test_the_statement_is_the_first_paragraph():
    assert declare().rule.statement == "It holds, says this sentence."


def test_the_declaration_reaches_the_rule():
    declared = declare(basis=Basis.OBSERVED, kind=Kind.WARNING, seed="gather").rule

    assert (declared.operation, declared.area) == ("made_up", "engine")
    assert (declared.basis, declared.kind, declared.seed) == (Basis.OBSERVED, Kind.WARNING, "gather")


def test_the_promises_of_the_strategies_reach_the_rule():
    @rule("made_up.promise", source="torch.gather")
    @given(case=gathers())
    def test_made_up(case):
        """It holds."""

    assert "expanded index" in vars(test_made_up)["rule"].classes


def test_an_id_is_declared_once():
    with pytest.raises(
        InvalidRuleError, match=r"'gather.elements' is declared twice: conformance/indexing/test_gather"
    ):
        declare("gather.elements")


@pytest.mark.parametrize("id", ["gather", "Gather.elements", "gather.elements.more", "gather elements", ""])
def test_a_malformed_id_is_refused(id):
    with pytest.raises(InvalidRuleError, match=f"rule {id!r}"):
        declare(id)


def test_a_rule_without_a_statement_is_refused():
    with pytest.raises(InvalidRuleError, match=r"'made_up.silent' has no statement"):

        @rule("made_up.silent", source="torch.gather")
        def test_silent():
            pass


@pytest.mark.parametrize(
    "source",
    [
        "notes/no_such_page",
        "numpy.take",
    ],
)
def test_what_is_no_source_is_refused(source):
    with pytest.raises(InvalidRuleError, match=r"rule 'made_up.fact': .* is neither a known page nor"):
        declare(source=source)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("torch.no_such_thing", "the installed torch has no torch.no_such_thing"),
        ("torch.Tensor.no_such_method", "the installed torch has no torch.Tensor.no_such_method"),
        ("torch.version.cuda", "torch.version.cuda has no docstring"),
    ],
)
def test_a_source_that_this_torch_does_not_have_stops_no_rule(source, why):
    assert declare(source=source).rule.source == source
    assert sources.missing(source) == why


@pytest.mark.parametrize(
    "source",
    [
        "torch.gather",
        "torch.Tensor.squeeze_",
        "torch.distributions.categorical.Categorical",
        "notes/autograd",
    ],
)
def test_a_source_resolves(source):
    assert sources.missing(source) is None


def test_every_source_of_the_suite_resolves():
    missing = {found.rule.source: sources.missing(found.rule.source) for found in load_rules().values()}

    assert not {source: why for source, why in missing.items() if why}


def test_examples_are_observed_until_the_first_failure():
    @rule("made_up.small", source="torch.gather")
    @given(case=st.integers(0, 10**6))
    def test_small(case):
        """Numbers are small."""
        assert case < 1000

    observation = Observation()
    with watching(Watch(observation)), pytest.raises(AssertionError):
        test_small()

    assert observation.failed
    assert 1 <= observation.examples <= 100
    assert observation.counterexample is not None
    assert observation.counterexample() == "case = 1000"


def test_what_is_explained_is_no_failure():
    @rule("made_up.missing", source="torch.gather")
    @given(case=st.integers(0, 3))
    def test_missing(case):
        """It works."""
        if case:
            raise NotImplementedError("not there")

    observation, explained = Observation(), []

    def explains(body, case, error):
        explained.append(str(error))
        return True

    with watching(Watch(observation, explains=explains)):
        test_missing()

    assert not observation.failed
    assert (observation.examples, explained) == (1, ["not there"] * 3)


def test_a_rule_may_do_without_drawn_inputs():
    @rule("made_up.plain", source="torch.gather")
    def test_plain():
        """It holds."""

    observation = Observation()
    with watching(Watch(observation)):
        test_plain()

    assert observation.examples == 1


def test_every_rule_of_the_suite_is_loaded():
    rules = load_rules()

    assert {found.rule.operation for found in rules.values()} >= {"gather", "squeeze", "unsqueeze"}
    assert all(found.rule.id == id for id, found in rules.items())
