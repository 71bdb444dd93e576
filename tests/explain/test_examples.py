"""Examples of rules: scripts that run alone, show what the statement says, and are chosen to show it."""

import re
import subprocess
import sys

import pytest

from conformance.engine.rule import load_rules
from conformance.explain.choosing import Chooser
from conformance.explain.examples import Examples
from conformance.explain.running import Script
from conformance.law import LAWS

RULES = load_rules()


@pytest.fixture(scope="module")
def examples():
    return Examples()


def test_an_example_is_the_act_and_what_the_claim_is_about(examples):
    found = examples.of(RULES["gather.output_shape"])
    act = found.script.partition("\n\n")[2].partition("\n\n")[2]

    assert found.script.startswith("import torch\n\ninput = torch.")
    assert act.startswith("output = input.gather(dim, index)\nprint(output.shape)  # torch.Size([")


def test_it_is_chosen_so_that_shapes_can_be_told_apart(examples):
    gather, elements = (examples.of(RULES[f"gather.{fact}"]) for fact in ("output_shape", "elements"))
    input, index = gather.picture.inputs

    assert len(input.shape) == 2
    assert len(set(input.shape)) == 2
    assert len(set(input.cells)) == len(input.cells)
    assert index.shape != input.shape
    (output,) = elements.picture.outputs
    assert all(output.sources)


def test_a_refusal_comes_with_its_message(examples):
    found = examples.of(RULES["gather.index_size"]).script

    assert "try:\n    input.gather(dim, index)\nexcept Exception as error:\n    print(repr(error))" in found
    assert "# RuntimeError('Size does not match" in found


def test_a_warning_is_printed(examples):
    assert "UserWarning" in examples.of(RULES["grad.warning_of_a_non_leaf"]).script


def test_of_a_known_break_the_example_shows_it(examples):
    found = RULES["gather.index_rank_0_and_1"]
    broken = examples.of(found, holds=False).script

    assert "except Exception as error:" in broken
    assert "Error('" not in broken  # nothing was refused


def test_what_draws_shows_the_same_numbers_again(examples):
    script = examples.of(RULES["categorical.distribution"]).script
    again = Script.of(script)

    assert again.annotated(again.run()).count("# tensor(") == 2 * script.count("# tensor(")
    assert script.count("# tensor(") == 1


SAMPLE = sorted({next(id for id in RULES if id.endswith(f".{law.name}")) for law in LAWS})
SAMPLE += [id for id in RULES if not RULES[id].of_law][::12]


@pytest.mark.parametrize("id", SAMPLE)
def test_an_example_needs_torch_alone(examples, id):
    found = examples.of(RULES[id])
    if found is None:  # it holds on no case, or a script cannot say what it compares with
        found = examples.of(RULES[id], holds=False)
        without = (
            "categorical.score_function",
            "program.hook_order",
            "program.retain_grad_of_a_changed_view",
            "random.range",
        )
        assert found is not None or id in without
        return
    assert not re.search(r"\b(reference|expect|np|conformance|strategies)\.", found.script)
    assert Script.of(found.script).run().error is None


def test_an_example_can_be_copied_and_run(examples):
    script = "".join(
        examples.of(RULES[id]).script
        for id in ("gather.elements", "squeeze.shape", "backward.twice", "hooks.order")
        if id in RULES
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_the_same_case_is_chosen_every_time():
    drawn = RULES["index_select.elements"].drawn
    assert drawn is not None
    _, strategy = drawn

    assert [repr(case) for case in Chooser().cases(strategy)] == [
        repr(case) for case in Chooser().cases(strategy)
    ]
