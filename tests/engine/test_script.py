"""Standalone scripts: each runs on torch alone and says of a healthy torch that the rule holds."""

import ast
import contextlib
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conformance import expect, reference
from conformance.engine.observation import Observation
from conformance.engine.rule import RULES, load_rules, rule
from conformance.engine.script import UnscriptableError, standalone
from conformance.engine.watch import Watch, watching
from reports.replay import Replayer
from strategies.cases.gather_misuses import GatherMisuse
from strategies.cases.gathers import Gather
from strategies.code import contiguous_code
from strategies.tensors import zeros_code
from tests.faults import observe
from tests.faults.test_faults import KNOWN

LINES_BEYOND_INPUTS = 40
UNSCRIPTED = {
    *("autograd_grad.materialized_part", "categorical.score_function"),
    *("from_numpy.sees", "from_numpy.shares", "tensor.of_numbers"),
    *("exponential_distribution.distribution", "normal_distribution.distribution"),
    *("normal_distribution.rsample_gradient_of_scale", "uniform_distribution.distribution"),
    *("dropout.scaled", "multinomial.without_replacement", "random.distribution", "random.range"),
}
"""Rules that compare with what the reference makes of the target's own results, or are about arrays."""

READS_WHAT_IS_NOT_THERE = {"median.expanded_dim", "nanmedian.expanded_dim"}
"""Rules that break, if they do, by what else stands in memory."""


def script_of(id, fault=None):
    """Return the script for a counterexample to a rule, under a fault if one is given."""
    observation = observe(RULES[id], fault)
    assert observation.script is not None
    return observation.script()


def run(script):
    with warnings.catch_warnings():
        exec(compile(script, "<script>", "exec"), {})


def scripted_rules():
    """Return the rules that have scripts; of those that a law makes of a family's operations, one."""
    found, laws = [], set()
    for id in sorted(set(load_rules()) - KNOWN - UNSCRIPTED):
        law = (RULES[id].rule.area, id.partition(".")[2])
        if not RULES[id].of_law or law not in laws:
            found.append(id)
        if RULES[id].of_law:
            laws.add(law)
    return found


@pytest.mark.parametrize("id", scripted_rules())
@pytest.mark.filterwarnings("ignore")
def test_the_script_of_a_rule_holds_on_a_healthy_torch(id):
    script = script_of(id, RULES[id].rule.faults[0])

    assert script is not None
    with contextlib.suppress(SystemExit) if "it may be refused" in script else contextlib.nullcontext():
        run(script)
    if id.startswith("program."):
        assert "SimpleNamespace" not in script  # the program itself
        return
    inputs = script[script.index("case = SimpleNamespace(") : script.index("\n)\n")]
    assert len(script.splitlines()) - len(inputs.splitlines()) <= LINES_BEYOND_INPUTS
    assert {
        name.name
        for node in ast.walk(ast.parse(script))
        if isinstance(node, ast.Import)
        for name in node.names
    } <= {"torch", "warnings", "math", "copy", "io", "pickle", "weakref"}


@pytest.mark.parametrize("id", sorted(KNOWN - READS_WHAT_IS_NOT_THERE))
def test_the_script_of_a_known_break_breaks(id):
    with pytest.raises((AssertionError, IndexError, TypeError, RuntimeError, ValueError, UserWarning)):
        run(script_of(id))


def test_a_script_reproduces_in_fresh_processes():
    with Replayer() as replayer:
        assert replayer.reproduced(script_of("gather.index_rank_0_and_1"), "Failed") == "3/3"


def test_the_inputs_are_laid_out_on_the_device():
    zeros = zeros_code((2,))
    case = Gather(classes=(), input=zeros, dim=0, index=zeros)

    def body(case):
        """It holds."""
        assert case.input.gather(case.dim, case.index) is not None

    script = standalone(body, {"case": case}, title="made_up.fact: It holds.", device="meta")

    assert "input=torch.tensor([0, 0]).to('meta')," in script
    run(script)


def test_a_script_allows_what_near_does():
    def body(case):
        expect.near(case.input + 1, np.array([1 + 2**-22, 1.5], np.float32), units=2)

    def strict(case):
        expect.near(case.input + 1, np.array([1 + 2**-22, 1.5], np.float32), units=1)

    run(scripted(body))
    with pytest.raises(AssertionError):
        run(scripted(strict))


def test_a_script_allows_what_the_vendor_states():
    zeros = zeros_code((2,), torch.float32)
    case = Gather(classes=(), input=zeros, dim=0, index=zeros_code((2,)))

    def body(case):
        expect.close(case.input + 1, np.full(2, 1.0005), dtype=torch.float32)

    bounds = {"torch.float32": 1e-3, "torch.float64": 1e-9}
    allowing = standalone(body, {"case": case}, title="It holds.", device="cpu", bounds=bounds)
    strict = standalone(body, {"case": case}, title="It holds.", device="cpu")

    run(allowing)
    with pytest.raises(AssertionError):
        run(strict)


def scripted(body, **fields):
    """Return the script for a body on a gather of two float elements."""
    drawn = contiguous_code((0.0, 0.5), torch.float32, (2,))
    case = Gather(classes=(), input=drawn, dim=0, index=zeros_code((2,)), **fields)
    return standalone(body, {"case": case}, title="made_up.fact: It holds.", device="cpu")


def test_what_was_drawn_is_a_literal_by_whatever_name():
    def body(case):
        input = case.input
        output = case.input.neg_()
        expected = -reference.drawn(case.input)
        assert (output == expected).all()
        assert (reference.drawn(input) == reference.drawn(output)).all()

    script = scripted(body)

    assert "reference" not in script
    assert script.count("torch.tensor([0.0, 0.5])") == 4
    run(script)


def test_a_list_of_what_was_drawn_has_each_value():
    def body(case):
        hosts = [reference.drawn(tensor) for tensor in (case.input, case.index)]
        assert hosts[0].tolist() == [0.0, 0.5]
        assert hosts[1].tolist() == [0, 0]

    run(scripted(body))


def test_a_value_that_changes_from_turn_to_turn_is_not_scripted():
    def body(case):
        for tensor in (case.input, case.index):
            assert reference.drawn(tensor).size

    with pytest.raises(UnscriptableError, match="several values"):
        scripted(body)


def test_what_stands_behind_the_break_has_its_value_all_the_same():
    def body(case):
        output = case.input.gather(7, case.index)
        assert (output == reference.drawn(case.input)).all()

    assert "assert (output == torch.tensor([0.0, 0.5])).all()" in scripted(body)


def test_what_was_never_computed_is_not_scripted():
    def body(case):
        rows = case.input.gather(7, case.index)
        expected = reference.pairwise(np.add, rows, rows)
        assert (expected == rows).all()

    def looping(case):
        for row in case.input.gather(7, case.index):
            assert np.asarray(row) is not None

    for each in (body, looping):
        with pytest.raises(UnscriptableError):
            scripted(each)


def test_a_warning_rule_has_a_script(monkeypatch):
    zeros = zeros_code((2,))
    case = GatherMisuse(classes=(), input=zeros, dim=0, index=zeros, mended_dim=0, mended_index=zeros)

    def body(case):
        with pytest.warns(UserWarning):
            case.input.gather(case.dim, case.index)

    script = standalone(body, {"case": case}, title="made_up.fact: It warns.", device="cpu")

    with pytest.raises(AssertionError, match="no UserWarning"):
        run(script)


def test_what_has_no_literal_is_not_scripted(monkeypatch):
    monkeypatch.setattr("conformance.engine.rule.RULES", dict(RULES))

    @rule("made_up.unscriptable", source="torch.gather")
    @given(case=st.just(None))
    def test_made_up(case):
        """It holds."""
        assert Gather(classes=(), input=zeros_code(()), dim=0, index=zeros_code(())) is None

    observation = Observation()
    with watching(Watch(observation)), pytest.raises(AssertionError):
        test_made_up()

    assert observation.script is not None
    assert observation.script() is None


def test_a_body_without_source_is_not_scripted():
    scope: dict[str, object] = {}
    exec("def body(case): assert case", scope)

    with pytest.raises(UnscriptableError, match="source"):
        standalone(scope["body"], {}, title="", device="cpu")  # type: ignore[arg-type]
