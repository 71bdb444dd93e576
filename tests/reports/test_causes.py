"""Causes: which breaks are put together, what is said of them, and how they are excused."""

import re
from dataclasses import replace

import pytest

from reports.causes import causes, counted
from reports.excuses import globs, matches, pattern_of
from reports.merge import merge
from reports.model import Basis, Break, Outcome, Report, Result, Rule, Symptom, Target
from reports.toml_file import tomllib
from reports.wording import every_of, inputs, normalised, run_again
from tests.reports.test_files import RUN

CLASSES = ("0-d", "transposed input", "transposed index", "float64", "NaN", "negative dim", "empty")
CUDA = (Target("cuda:0", "cuda", "x"), Target("cuda:1", "cuda", "x"))


def report(*results, rules=(), targets=CUDA[:1]):
    """A report of results, and of further rules without one."""
    ids = dict.fromkeys([*(result.rule for result in results), *rules])
    listed = (Rule(id, "area", id.partition(".")[0], "It.", "torch.x", classes=CLASSES) for id in ids)
    return Report(replace(RUN, targets=targets), tuple(listed), results)


def broken(rule, *breaks, target="cuda:0", examples=100):
    """A result that is broken in some ways."""
    first, *others = breaks
    return Result(
        rule,
        target,
        Outcome.BROKEN,
        first.reason,
        examples,
        classes=dict.fromkeys(CLASSES, 10),
        counterexample=first.counterexample,
        script=first.script,
        reproduced=first.reproduced,
        symptom=first.symptom,
        also=tuple(others),
    )


def raises(message, *, operator=None, place=None, every=(), shared=None, failed=10, **evidence):
    """A break by an exception of the target's."""
    symptom = Symptom(
        message.partition(":")[0],
        failed,
        place,
        operator,
        None,
        every,
        every if shared is None else shared,
    )
    return Break(message, symptom, **evidence)


def answers(message, *, claim="expect.same_elements", every=(), shared=None, failed=10, **evidence):
    """A break by a claim that a result of the target's does not satisfy."""
    symptom = Symptom("AssertionError", failed, None, None, claim, every, every if shared is None else shared)
    return Break(f"AssertionError: {message}", symptom, **evidence)


def holding(rule, target="cuda:0"):
    return Result(rule, target, Outcome.HOLDS, examples=100)


def rules_of(found):
    return [sorted(cause.rules) for cause in found]


ELEMENTS = "differs first at (1, 0): [0.] instead of [1.]"
STRIDES = "RuntimeError: cannot take strides [1, 2] of 3 elements"


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        # What is raised: by the place, the operator and the message.
        (raises(STRIDES, operator="aten::permute"), raises(STRIDES, operator="aten::permute"), True),
        (
            raises(STRIDES, operator="aten::permute"),
            raises(STRIDES.replace("[1, 2]", "[]"), operator="aten::permute"),
            True,
        ),
        (raises(STRIDES, operator="aten::permute"), raises(STRIDES, operator="aten::add"), False),
        (
            raises(STRIDES, operator="aten::permute", every=("transposed input",)),
            raises(STRIDES, operator="aten::add", every=("transposed index", "NaN")),
            True,
        ),
        (
            raises(STRIDES, operator="aten::permute", every=("negative dim",)),
            raises(STRIDES, operator="aten::add", every=("negative dim",)),
            False,
        ),
        (
            raises(STRIDES, operator="aten::permute", place="xla/core.py:12 in run"),
            raises(STRIDES, operator="aten::add", place="xla/core.py:14 in run"),
            True,
        ),
        (
            raises(STRIDES, operator="aten::permute", place="xla/core.py:12 in run"),
            raises("RuntimeError: out of memory", operator="aten::permute", place="xla/core.py:12 in run"),
            False,
        ),
        # What is answered: by the classes of which every example fails, else by what is wrong.
        (answers(ELEMENTS), answers("[2] instead of [3]"), True),
        (answers(ELEMENTS), answers("shape (2,) instead of ()"), False),
        (answers(ELEMENTS), answers("was not refused", claim="expect.refusal"), False),
        (answers(ELEMENTS, every=("NaN",)), answers("shape (2,) instead of ()", every=("0-d",)), False),
        (answers(ELEMENTS, every=("NaN",)), answers(ELEMENTS, every=("0-d",)), False),
        (answers(ELEMENTS, every=("NaN", "0-d")), answers(ELEMENTS, every=("0-d",)), True),
        (
            answers(ELEMENTS, every=("negative dim",)),
            answers("shape (2,) instead of ()", every=("negative dim",)),
            True,
        ),
        (answers(ELEMENTS, every=("0-d",)), answers(ELEMENTS, shared=("0-d", "float64")), True),
        (answers(ELEMENTS, every=("0-d",)), answers(ELEMENTS, shared=("float64",)), False),
        # An exception and an answer.
        (raises(STRIDES, every=("0-d",)), answers(ELEMENTS, every=("0-d",)), False),
    ],
)
def test_breaks_of_one_operation_have_one_cause_if_they_look_alike(one, other, together):
    found = causes(report(broken("gather.a", one), broken("gather.b", other)))

    assert len(found) == (1 if together else 2)
    within = causes(report(broken("gather.a", one, other)))
    assert len(within) == len(found)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (answers(ELEMENTS, every=("0-d",)), answers(ELEMENTS, every=("0-d",)), True),
        (answers(ELEMENTS, every=("float64",)), answers(ELEMENTS, every=("float64",)), True),
        (
            answers(ELEMENTS, every=("transposed input",)),
            answers(ELEMENTS, every=("transposed index",)),
            True,
        ),
        (answers(ELEMENTS, every=("negative dim",)), answers(ELEMENTS, every=("negative dim",)), False),
        (answers(ELEMENTS), answers(ELEMENTS), False),
        (answers(ELEMENTS, every=("0-d",)), answers(ELEMENTS, shared=("0-d", "NaN")), True),
        (answers(ELEMENTS, every=("0-d",)), answers(ELEMENTS, shared=("0-d", "NaN", "bool")), False),
        (answers(ELEMENTS, every=("0-d",)), answers(ELEMENTS, shared=("0-d", "keepdim")), False),
        (answers(ELEMENTS, every=("0-d",)), answers("was not refused", every=("0-d",)), False),
        # What failed too seldom to blame a class may have only that in common.
        (answers(ELEMENTS, shared=("bool",)), answers(ELEMENTS, shared=("bool",)), True),
        (answers(ELEMENTS, shared=("bool",)), answers(ELEMENTS, shared=("bool", "0-d", "NaN")), False),
        (answers(ELEMENTS, shared=("keepdim",)), answers(ELEMENTS, shared=("keepdim",)), False),
        # Where every example fails, their classes tell nothing.
        (
            answers(ELEMENTS, every=("0-d",), shared=(), failed=100),
            answers(ELEMENTS, every=("0-d",), shared=(), failed=100),
            False,
        ),
    ],
)
def test_breaks_of_several_operations_have_one_cause_if_a_kind_of_tensor_breaks_them(one, other, together):
    found = causes(report(broken("gather.a", one), broken("max.a", other)))

    assert len(found) == (1 if together else 2)


def test_the_class_that_explains_most_goes_first():
    many = [broken(f"gather.a{at}", answers(ELEMENTS, every=("0-d", "NaN"))) for at in range(3)]
    others = [broken("max.b", answers(ELEMENTS, every=("NaN",)))]

    (largest,) = causes(report(*many, *others))

    assert largest.headline == "gather and max give wrong elements, on every example with NaN"


def test_the_largest_cause_comes_first_and_what_is_thin_last():
    thin = [Result(f"min.t{at}", "cuda:0", Outcome.THIN, "never drawn: ties") for at in range(5)]
    two = [broken(f"max.b{at}", raises(STRIDES, operator="aten::max")) for at in range(2)]
    found = causes(report(*thin, broken("gather.a", answers(ELEMENTS), raises("TypeError: no")), *two))

    assert [len(cause.places) for cause in found] == [2, 1, 1, 5]
    assert counted(found) == "8 results, 4 causes"


def test_devices_of_one_type_have_their_causes_in_common_and_others_their_own():
    breaks = [broken("gather.a", answers(ELEMENTS), target=target.id) for target in CUDA]
    xla = Target("xla:0", "xla", "x")

    found = causes(
        report(*breaks, broken("gather.a", answers(ELEMENTS), target="xla:0"), targets=(*CUDA, xla))
    )

    assert [cause.targets for cause in found] == [["cuda:0", "cuda:1"], ["xla:0"]]


@pytest.mark.parametrize("outcome", [Outcome.CRASHED, Outcome.HUNG, Outcome.ERROR, Outcome.BROKEN])
def test_results_that_tell_no_symptom_are_grouped_by_what_they_say(outcome):
    one = Result("gather.a", "cuda:0", outcome, "it ended at 12:\nhere")
    other = replace(one, rule="max.b", reason="it ended at 14:\nthere")

    (found,) = causes(report(one, other, replace(one, rule="max.c", outcome=Outcome.FIXED)))[:1]

    assert (found.outcome, found.headline, len(found.seen)) == (outcome, "it ended at 12:", 2)
    assert bool(found.entry) == (outcome is not Outcome.ERROR)


def test_observed_rules_are_among_the_causes_of_a_strict_run_alone():
    made = report(broken("gather.a", answers(ELEMENTS)))
    observed = replace(made, rules=tuple(replace(rule, basis=Basis.OBSERVED) for rule in made.rules))

    assert causes(observed) == []
    assert len(causes(observed, strict=True)) == 1


@pytest.mark.parametrize(
    ("breaks", "headline"),
    [
        (
            [
                raises(
                    "RuntimeError: no strides\nand more",
                    operator="aten::permute",
                    every=("transposed input",),
                )
            ],
            "aten::permute raises RuntimeError: no strides, on every transposed input",
        ),
        (
            [raises("RuntimeError: no", shared=("float64", "0-d"))],
            "gather raises RuntimeError: no, on 0-d, float64 input",
        ),
        ([answers(ELEMENTS, every=("0-d",))], "gather gives wrong elements, on every 0-d input"),
        ([answers(ELEMENTS, failed=100)], "gather gives wrong elements, on every input"),
        ([answers("was not refused")], "gather accepts a call that it has to refuse"),
        ([answers("assert False", claim="assert output.grad_fn is None")], "gather gives wrong gradients"),
        ([answers("assert 3 == 4", claim="assert a == b")], "gather does not satisfy: assert a == b"),
        ([answers("assert torch.float32 == torch.float64", claim="assert x")], "gather gives a wrong dtype"),
        ([answers("assert 1 == 2", claim="assert a.shape == b.shape")], "gather gives a wrong shape"),
    ],
)
def test_the_headline_says_what_goes_wrong(breaks, headline):
    (found,) = causes(report(broken("gather.a", *breaks)))

    assert found.headline == headline


def test_the_smallest_counterexample_that_was_reproduced_is_shown():
    breaks = {
        "gather.small": answers(ELEMENTS, counterexample="c", script="s", reproduced="0/3 (it ended)"),
        "gather.large": answers(ELEMENTS, counterexample="c" * 9, script="s", reproduced="3/3"),
        "gather.larger": answers(ELEMENTS, counterexample="c" * 99, script="s", reproduced="3/3"),
        "gather.bare": answers(ELEMENTS),
    }

    (found,) = causes(report(*(broken(rule, each) for rule, each in breaks.items())))

    assert found.shown.result.rule == "gather.large"


def entries(cause):
    return tomllib.loads(cause.entry)["break"]


def test_an_entry_covers_the_whole_cause_and_no_rule_that_holds():
    rules = [*(f"gather.{word}" for word in ("a", "dim_x", "dim_y")), "max.a"]
    found = report(
        *(
            broken(rule, raises(STRIDES, operator="aten::permute", every=("transposed input",)))
            for rule in rules
        ),
        holding("max.b"),
        holding("min.a"),
        Result("gather.z", "cuda:0", Outcome.INAPPLICABLE, "lacks values"),
    )
    (cause,) = causes(found)

    assert [entry["rule"] for entry in entries(cause)] == [["gather.*", "max.a"]]
    for entry in entries(cause):
        assert re.search(entry["message"], STRIDES.replace("3", "17"))
        assert not re.search(entry["message"], "RuntimeError: out of memory")
        assert (entry["target"], entry["torch"], entry["class"]) == ("cuda", "==2.13.0", "transposed input")
        assert (entry["cause"], entry["issue"]) == ("device", "https://")
        assert "raises RuntimeError: cannot take strides" in entry["reason"]


def test_an_entry_is_about_one_device_where_the_rule_holds_on_another_of_its_type():
    found = report(
        broken("gather.a", answers(ELEMENTS)),
        holding("gather.a", "cuda:1"),
        *(broken("gather.b", answers(ELEMENTS), target=target.id) for target in CUDA),
        broken("gather.c", answers(ELEMENTS)),
        targets=CUDA,
    )

    (cause,) = causes(found)

    assert [(entry["rule"], entry["target"]) for entry in entries(cause)] == [
        ("gather.a", "cuda:0"),
        (["gather.b", "gather.c"], "cuda"),
    ]


@pytest.mark.parametrize(
    ("breaks_on", "named"),
    [
        (["cpu+compile"], ["cpu+compile"]),
        (["cpu", "cpu+compile"], ["cpu"]),
        (["cpu"], ["cpu"]),
    ],
)
def test_an_entry_about_a_mode_is_about_no_device_as_it_is(breaks_on, named):
    targets = (Target("cpu", "cpu", "x"), Target("cpu+compile", "cpu", "x", mode="compile"))
    results = [
        broken("gather.a", answers(ELEMENTS), target=target.id)
        if target.id in breaks_on
        else holding("gather.a", target.id)
        for target in targets
    ]

    found = causes(report(*results, targets=targets))

    assert [entry["target"] for cause in found for entry in entries(cause)] == named


def test_an_entry_about_a_mode_that_runs_alone_is_about_that():
    alone = Target("cpu+compile:own", "cpu", "x", mode="compile:own")

    (cause,) = causes(report(broken("gather.a", answers(ELEMENTS), target=alone.id), targets=(alone,)))

    assert [entry["target"] for entry in entries(cause)] == ["cpu+compile:own"]


def test_in_a_merged_report_an_entry_has_the_name_and_the_torch_of_its_run():
    made = report(broken("gather.a", answers(ELEMENTS)), holding("gather.a", "cuda:1"), targets=CUDA)
    newer = replace(made, run=replace(made.run, torch="2.14.1+cu130"))

    (cause,) = causes(merge([made, newer]))

    assert [(entry["target"], entry["torch"]) for entry in entries(cause)] == [
        ("cuda:0", "==2.13.0"),
        ("cuda:0", "==2.14.1"),
    ]


@pytest.mark.parametrize(
    ("made", "classes"),
    [
        (answers(ELEMENTS, every=("0-d",)), ["0-d"]),
        (answers(ELEMENTS, every=("0-d", "NaN"), shared=("NaN",)), ["NaN"]),
        # Alternatives, as of several dtypes.
        (answers(ELEMENTS, every=("0-d", "NaN"), shared=()), ["0-d", "NaN"]),
        (answers(ELEMENTS, every=("0-d", "float16"), shared=()), [None]),
        (answers(ELEMENTS, every=("float16",)), [None]),
        (answers(ELEMENTS, every=("0-d",), failed=100), [None]),
        (answers(ELEMENTS), [None]),
    ],
)
def test_an_entry_is_about_a_class_that_every_failed_example_has(made, classes):
    (cause,) = causes(report(broken("gather.a", made)))

    assert [entry.get("class") for entry in entries(cause)] == classes


def test_an_entry_is_about_what_all_breaks_of_a_cause_have_in_common():
    many = [answers(ELEMENTS, shared=("transposed index", name)) for name in ("NaN", "0-d", "empty")]

    (cause,) = causes(
        report(*(broken(f"gather.a_{at}", made) for at, made in enumerate(many)), holding("gather.b"))
    )

    assert cause.headline == "gather gives wrong elements, on transposed index"
    (entry,) = entries(cause)
    assert (entry["class"], entry["rule"], entry["reason"]) == (
        "transposed index",
        "gather.a_*",
        cause.headline,
    )


def test_an_entry_is_about_no_class_that_only_one_rule_of_its_cause_blames():
    known = raises(STRIDES, operator="aten::amax", every=("transposed input",))

    (cause,) = causes(
        report(
            broken("max.a", known),
            broken("gather.a", raises(STRIDES, operator="aten::amax")),
            broken("min.a", raises(STRIDES, operator="aten::amax")),
        )
    )

    assert [entry.get("class") for entry in entries(cause)] == [None]


def test_whatever_a_target_says_an_entry_is_toml():
    hostile = "RuntimeError: '\"\\ ]] [[break]]\x00\x1b ‮ \ud800 (.*"

    (cause,) = causes(report(broken("gather.a", raises(hostile))))

    (entry,) = entries(cause)
    assert re.search(entry["message"], hostile.replace("\ud800", "\N{REPLACEMENT CHARACTER}"))


@pytest.mark.parametrize(
    ("broken_ones", "spared", "expected"),
    [
        (["a.x"], ["a.y"], ["a.x"]),
        (["a.x"], [], ["a.x"]),
        (["a.x", "a.y"], [], ["a.*"]),
        (["a.x", "a.y"], ["b.x"], ["a.*"]),
        (["a.x", "b.x"], ["a.y", "b.y"], ["*.x"]),
        (["a.x_1", "a.x_2", "a.y"], ["a.z", "a.x"], ["a.x_*", "a.y"]),
        (["a.x", "a.y"], ["a.z", "b.x"], ["a.x", "a.y"]),
    ],
)
def test_globs_are_few_and_spare_what_holds(broken_ones, spared, expected):
    found = globs(broken_ones, spared)

    assert found == expected
    assert all(any(matches(rule, glob) for glob in found) for rule in broken_ones)
    assert not any(matches(rule, glob) for glob in found for rule in spared)


def test_a_pattern_matches_its_messages_and_not_everything():
    reasons = [
        "AssertionError: differs first at (1, 0): [0.] instead of [1.]",
        "AssertionError: assert torch.Size([2]) == torch.Size([3])\n +  where",
        "RuntimeError: The size of tensor a (3) must match",
        "Failed: DID NOT RAISE <class 'IndexError'>",
    ]

    for many in (reasons, reasons[:1], [*reasons, "TypeError: x", "ValueError: y"]):
        found = re.compile(pattern_of(many))
        assert all(found.search(reason) for reason in many)
        assert found.search(many[0].replace("1", "23").replace("0.", "-7e-05"))
        assert not found.search("MemoryError: none left")
    assert pattern_of(reasons[:1]) == "^AssertionError: differs first at .*: .* instead of"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a (3) of [2, 3], (nan, 1), -1.5e-3 at 0x7f12ab", "a # of # at #"),
        ("Could not run 'aten::gather' on \"x\"; can't, won't", "Could not run # on #; can't, won't"),
        ("expected Float but found torch.int64 on cuda:0", "expected # but found # on #"),
        ("first\nsecond 2", "first"),
        ("", ""),
    ],
)
def test_of_a_message_what_is_about_one_example_is_left_aside(text, expected):
    assert normalised(text) == expected


def test_classes_are_said_in_words():
    assert every_of(["0-d", "NaN"]) == "every 0-d input, every example with NaN"
    assert inputs(["transposed index"]) == "transposed index"
    assert inputs(["float64", "ties"]) == "float64 input with ties"
    assert inputs(["ties"]) == "examples with ties"


@pytest.mark.parametrize(
    ("reproduced", "said"),
    [
        (None, "See it yourself, on torch alone:"),
        ("3/3", "See it yourself, on torch alone, reproduced in 3/3 fresh processes:"),
        (
            "3/3 of gather.a",
            "See it yourself, on torch alone, reproduced in 3/3 fresh processes by the script of gather.a, "
            "which breaks alike:",
        ),
        (
            "0/1 (ended without an exception)",
            "This script, on torch alone, did not show the break when run again: ended without an exception.",
        ),
        (
            "0/3",
            "This script, on torch alone, did not show the break when run again: "
            "it ended otherwise than the rule.",
        ),
        (
            "0/3 (1 of 2) of gather.a",
            "The script of gather.a, which breaks alike, did not show the break when run again: 1 of 2.",
        ),
    ],
)
def test_a_script_that_shows_nothing_is_not_offered_as_one_that_does(reproduced, said):
    assert run_again(reproduced) == said


def test_one_answer_to_one_claim_is_one_cause_in_several_operations():
    narrowed = "assert torch.int32 == torch.int64"
    found = report(
        broken("argmax.dtype", answers(narrowed)),
        broken("max.indices_dtype", answers(narrowed)),
        broken("squeeze.write_to_input", answers(ELEMENTS)),
        broken("detach.write_to_output", answers(ELEMENTS)),
        broken("gather.elements", answers(ELEMENTS)),
    )

    assert sorted(cause.rules for cause in causes(found)) == [
        ["argmax.dtype", "max.indices_dtype"],
        ["gather.elements"],
        ["squeeze.write_to_input", "detach.write_to_output"],
    ]


def test_what_raises_before_any_operator_is_told_by_its_message():
    parameter = "a Parameter needs detach() to return the same type"
    found = report(broken("module.a", raises(parameter)), broken("parameter.a", raises(parameter)))

    assert [cause.rules for cause in causes(found)] == [["module.a", "parameter.a"]]
