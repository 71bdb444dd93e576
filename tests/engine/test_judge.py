"""From what was seen to an outcome, and from outcomes to a score."""

from collections import Counter
from dataclasses import replace

import pytest

from conformance.engine.judge import judge, judge_death
from conformance.engine.observation import Observation
from reports.known_breaks import KnownBreak
from reports.model import Basis, Outcome, Report, Result, Rule, Run, Target
from reports.score import Score
from reports.verdict import fails
from strategies.tape import parts_together, together

RULE = Rule("a.b", "area", "a", "It holds.", "torch.gather", classes=("0-d", "empty"))
KNOWN = KnownBreak("a.b", "torch", "It is known.", issue="https://example.org/1")
OF_EMPTY = replace(KNOWN, input_class="empty")
FULL = Counter({"0-d": 3, "empty": 1})


def seen(**fields):
    return Observation(**{"examples": 100, "classes": FULL, **fields})


REFUSED = seen(
    examples=0,
    untried=Counter({"torch.bool": 4, "torch.int64": 1, "torch.int8": 1}),
    refused={
        "torch.bool": "TypeError: no",
        "torch.int64": "RuntimeError: never",
        "torch.int8": "TypeError: no",
    },
)
BLOCKED = seen(
    examples=0, blocked=Counter({"placement.copy": 4}), blocked_by={"placement.copy": "TypeError: no"}
)


@pytest.mark.parametrize(
    ("observation", "options", "outcome"),
    [
        (seen(), {}, Outcome.HOLDS),
        (seen(classes=Counter({"0-d": 100})), {}, Outcome.THIN),
        (seen(classes=Counter({"0-d": 20})), {"max_examples": 20}, Outcome.HOLDS),
        (seen(failed=True), {"failure": "AssertionError"}, Outcome.BROKEN),
        (seen(excused=Counter({KNOWN: 1})), {"entries": [KNOWN]}, Outcome.KNOWN),
        (
            seen(failed=True, excused=Counter({KNOWN: 1})),
            {"failure": "AssertionError", "entries": [KNOWN]},
            Outcome.BROKEN,
        ),
        (seen(excused=Counter({OF_EMPTY: 1})), {"entries": [OF_EMPTY]}, Outcome.KNOWN),
        (seen(), {"entries": [OF_EMPTY]}, Outcome.FIXED),
        (seen(classes=Counter({"0-d": 1})), {"entries": [OF_EMPTY], "max_examples": 1}, Outcome.HOLDS),
        (seen(), {"entries": [KNOWN]}, Outcome.FIXED),
        (seen(), {"entries": [replace(KNOWN, rule="a.*")]}, Outcome.HOLDS),
        (seen(), {"failure": "Unsatisfiable"}, Outcome.ERROR),
        (REFUSED, {}, Outcome.UNSUPPORTED),
        (REFUSED, {"entries": [KNOWN]}, Outcome.UNSUPPORTED),
        (seen(untried=Counter({"torch.bool": 4})), {}, Outcome.HOLDS),
        (seen(untried=Counter({"torch.bool": 4}), failed=True), {"failure": "x"}, Outcome.BROKEN),
        (BLOCKED, {}, Outcome.BLOCKED),
        (seen(blocked=Counter({"placement.copy": 4})), {}, Outcome.HOLDS),
    ],
)
def test_outcomes(observation, options, outcome):
    assert judge(RULE, observation, **options)[0] is outcome


def test_reasons_say_what_to_do():
    assert judge(RULE, seen(classes=Counter()))[1] == "never drawn: 0-d, empty"
    assert (
        judge(RULE, REFUSED)[1] == "torch.bool, torch.int8: TypeError: no; torch.int64: RuntimeError: never"
    )
    assert judge(RULE, BLOCKED)[1] == "by placement.copy: TypeError: no"
    assert "delete this known break" in str(judge(RULE, seen(), entries=[KNOWN])[1])
    assert (
        judge(RULE, seen(excused=Counter({OF_EMPTY: 3})), entries=[OF_EMPTY])[1]
        == "torch: It is known. (https://example.org/1); 3 of 100 examples, of class empty"
    )


def test_what_is_known_of_a_death_is_that_of_its_entry():
    found = judge_death(hung=False, how="it died", entries=[OF_EMPTY], classes=["empty"])

    assert found == (Outcome.KNOWN, f"{OF_EMPTY}; it died", OF_EMPTY.excuse)


def test_what_fails_a_run():
    always = {outcome for outcome in Outcome if fails(outcome, Basis.DOCUMENTED, strict=False)}
    strictly = {outcome for outcome in Outcome if fails(outcome, Basis.DOCUMENTED, strict=True)}
    observed = {outcome for outcome in Outcome if fails(outcome, Basis.OBSERVED, strict=False)}

    assert set(Outcome) - always == {
        Outcome.HOLDS,
        Outcome.KNOWN,
        Outcome.INAPPLICABLE,
        Outcome.UNSUPPORTED,
        Outcome.BLOCKED,
    }
    assert strictly - always == {Outcome.UNSUPPORTED, Outcome.BLOCKED}
    assert observed == {Outcome.ERROR}


def report(*outcomes, observed=(), extra=0):
    rules = [
        Rule(f"a.r{at}", "area", "a", "It holds.", "torch.gather") for at in range(len(outcomes) + extra)
    ]
    rules += [
        Rule(f"b.r{at}", "area", "b", "It holds.", "torch.gather", Basis.OBSERVED)
        for at in range(len(observed))
    ]
    results = [Result(rule.id, "cpu", outcome) for rule, outcome in zip(rules, outcomes, strict=False)]
    results += [Result(f"b.r{at}", "cpu", outcome) for at, outcome in enumerate(observed)]
    run = Run(
        "1",
        "2.13.0",
        "3.11",
        "x",
        "2026",
        "0",
        "conformance",
        100,
        False,
        (Target("cpu", "cpu", "cpu"),),
        "2026",
        rules=len(rules),
    )
    return Report(run, tuple(rules), tuple(results))


def test_a_score_counts_documented_rules_only():
    score = Score(
        report(Outcome.HOLDS, Outcome.BROKEN, Outcome.INAPPLICABLE, observed=[Outcome.BROKEN]), "cpu"
    )

    assert score.line == (
        "1 of 2 documented rules hold (50 %); 1 broken; 1 inapplicable; observed: 0 of 1 holds"
    )
    assert not score.conforms


def test_a_score_is_never_rounded_to_100():
    score = Score(report(*[Outcome.HOLDS] * 1999, Outcome.BROKEN), "cpu")

    assert score.percent == "99.9 %"


def test_a_target_conforms_if_every_applicable_rule_was_run_and_none_broke():
    assert Score(report(Outcome.HOLDS, Outcome.KNOWN, observed=[Outcome.BROKEN]), "cpu").conforms
    assert not Score(report(Outcome.HOLDS, extra=1), "cpu").conforms
    assert not Score(report(Outcome.INAPPLICABLE), "cpu").conforms
    assert "1 not run" in Score(report(Outcome.HOLDS, extra=1), "cpu").line


def test_classes_that_are_promised_together_must_meet_in_one_example():
    both = together("negative dim", "empty")
    apart = Observation(together=parts_together((both,)))
    apart.passed(("negative dim",))
    apart.passed(("empty",))
    met = Observation(together=parts_together((both,)))
    met.passed(("empty", "bool", "negative dim"))
    untried = Observation(together=parts_together((both,)))
    untried.passed(("bool",))
    untried.passed_over("torch.float64", ("empty", "negative dim"))
    rule = replace(RULE, classes=(both,))

    assert judge(rule, apart) == (Outcome.THIN, "never drawn: negative dim + empty")
    assert judge(rule, met)[0] is Outcome.HOLDS
    assert met.classes[both] == 1
    assert judge(rule, untried)[0] is Outcome.HOLDS
