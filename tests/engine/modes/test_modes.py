"""Rules run in a mode: what is run there, what is not, and that none runs as it is in secret."""

import importlib
import os
import shutil
import subprocess
import sys
import warnings

import pytest
import torch

from conformance.engine.modes import MODES, Acting, Mode, ModeError, bodies, find
from conformance.engine.modes.acts import Act
from conformance.engine.modes.bodies import Acted, acted, fails_alike
from conformance.engine.modes.compiled import Compiled
from conformance.engine.rule import load_rules
from reports.known_breaks import KnownBreak
from reports.model import IN_MODE, IN_MODE_ANEW, REFUSED_BEFORE, Basis, Outcome, in_mode
from strategies.decks import draw_deck
from strategies.programs.program import Program
from tests.suite import ROOT, run_suite

SOME = ("--device", "cpu", "--max-examples", "5", "--shrink", "0", "--confirm", "0")


def only(mode, registered_by="backends"):
    """Return the options of a run in nothing but one of the modes and backends that do nonsense."""
    return "--mode", f"only:{mode}", "--import", f"tests.devices.nonsense:{registered_by}"


def act(*lines, names=("case_input",), gives=("output",)):
    body = "\n".join(f"    {line}" for line in lines)
    parts = (
        tuple(act(line, names=names, gives=gives[at : at + 1]) for at, line in enumerate(lines))
        if len(lines) > 1
        else ()
    )
    returned = f"    return ({', '.join(gives)},)" if gives else ""
    return Act(f"def act({', '.join(names)}):\n{body}\n{returned}\n", names, gives, {}, parts)


@pytest.mark.parametrize(
    "name",
    ["compile:eager", "compile:aot_eager", "functionalize", "vmap", "dispatch", "subclass", "fx", "export"],
)
def test_each_mode_runs_an_act_as_it_is_run_without(name):
    input = torch.arange(6.0).reshape(2, 3).t()
    acting = Acting(find(name))

    (output,) = acting(act("output = case_input.cumsum(0) * 2"), input)

    assert type(output) is torch.Tensor
    assert output.tolist() == [[0.0, 6.0], [2.0, 14.0], [6.0, 24.0]]
    assert acting.ran == {IN_MODE_ANEW if name.startswith("compile") else IN_MODE: 1}


@pytest.mark.parametrize(
    "name",
    [
        *("compile:eager", "functionalize", "vmap", "dispatch", "subclass", "fx", "export"),
        "fake",
    ],
)
def test_a_script_runs_an_act_as_the_mode_does(name):
    mode, names = find(name), {"torch": torch}
    exec(mode.setup, names)
    run = eval(mode.way, names)

    (first,) = run(act("output = case_input.cumsum(0) * 2").function())(torch.ones(2, 3))
    (output,) = run(act("output = case_input.t()").function())(first)

    assert (output.shape, output.stride()) == ((3, 2), (1, 3))
    assert name == "fake" or output.tolist() == [[2.0, 4.0]] * 3


def test_a_fake_result_has_all_but_elements():
    acting = Acting(find("fake"))

    (output,) = acting(act("output = case_input.t()"), torch.ones(2, 3, dtype=torch.float16))

    assert (output.shape, output.dtype, output.stride(), output.device.type) == (
        (3, 2),
        torch.float16,
        (1, 3),
        "cpu",
    )
    assert acting.ran == {IN_MODE: 1}


@pytest.mark.parametrize("name", ["compile:aot_eager", "functionalize"])
def test_changes_in_place_are_seen_by_who_has_the_tensor(name):
    base = torch.zeros(4)
    acting = Acting(find(name))

    acting(act("case_input.add_(1)", gives=()), base[1:3])

    assert base.tolist() == [0.0, 1.0, 1.0, 0.0]


def test_an_act_is_compiled_for_the_sizes_that_it_gets_first_and_then_for_any(monkeypatch):
    mode = find("compile:eager")
    compiled, acting = [], Acting(mode)

    def noted(graph, inputs, **_):
        compiled.append([size for size in inputs if not isinstance(size, torch.Tensor)])
        return graph

    monkeypatch.setattr(mode, "_counted", noted)
    for factor in (2, 3):
        for sizes in ((2, 3), (4, 5), (6, 7)):
            acting(act(f"output = case_input * {factor}"), torch.ones(sizes))

    static = [not sizes for sizes in compiled]
    assert static == [True, False, True, False]


def test_a_script_compiles_for_any_sizes_what_was_compiled_so():
    mode = find("compile:eager")
    act = Act("def act(one):\n    two = one * 2 - 7\n    return (two,)\n", ("one",), ("two",), {})
    ways = []
    for size in (2, 3):
        mode.begin()
        mode.run(act, (torch.ones(size),))
        ways.append(mode.way)

    assert ["dynamic=True" in way for way in ways] == [False, True]


def test_what_breaks_the_graph_is_compiled_in_parts_and_counted():
    acting = Acting(find("compile:eager"))
    broken = act("output = case_input * 2", "print()", gives=("output",))

    (output,) = acting(broken, torch.ones(2))

    assert output.tolist() == [2.0, 2.0]
    assert acting.ran[IN_MODE_ANEW] == 1
    (reason,) = set(acting.ran) - {IN_MODE_ANEW}
    assert reason.startswith("graph break: ")


def test_what_has_nothing_to_compile_was_not_run_in_the_mode():
    acting = Acting(find("compile:eager"))

    acting(act("output = case_input", "output = output"), torch.ones(2))

    assert not in_mode(acting.ran)


def test_what_is_compiled_for_an_act_and_what_is_used_again_is_counted_apart():
    acting = Acting(find("compile:eager"))

    for size in (2, 2, 3, 4, 2):
        acting(act("output = case_input + 1"), torch.ones(size))

    # For the first size, then for any but that.
    assert acting.ran == {IN_MODE_ANEW: 2, IN_MODE: 3}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("sideways", "there is no mode 'sideways'; there are: compile, dispatch, export"),
        ("compile:nobody", "compile: torch knows no backend 'nobody'"),
        ("fake:ly", "fake: it takes no 'ly'"),
        ("fake:", "fake: nothing stands behind the colon"),
        ("compile:inductor", "compile: inductor is what it stands for by itself"),
        ("wayless", "wayless: it has no `way`"),
    ],
)
def test_a_mode_that_there_is_not(asked, said, monkeypatch):
    monkeypatch.setitem(MODES, "wayless", Mode)
    with pytest.raises(ModeError, match=said):
        find(asked)


def test_a_backend_that_computes_nonsense_breaks_every_rule_about_what_comes_out(tmp_path):
    ran = run_suite(
        tmp_path,
        *only("compile:nonsense"),
        *SOME,
        *("--rule", "*.elements", "--rule", "*.output_shape", "--rule", "*.output_dtype"),
        *("--max-examples", "1", "-k", "gather or cumsum or narrow or argsort or where"),
    )

    assert len(ran.report.results) > 10
    assert {result.outcome for result in ran.report.results} == {Outcome.BROKEN}
    assert {result.target for result in ran.report.results} == {"cpu+compile:nonsense"}


def test_a_rule_of_which_nothing_was_run_in_the_mode_is_inapplicable(tmp_path):
    ran = run_suite(
        tmp_path,
        *only("refusing", "modes"),
        *("--rule", "gather.output_shape", *SOME),
    )

    (result,) = ran.report.results
    assert result.outcome is Outcome.INAPPLICABLE
    assert result.reason == "nothing was run in the mode: it runs nothing"
    assert result.acts == {"it runs nothing": 5}


def test_what_fails_without_the_mode_is_inapplicable_to_pytest_too(tmp_path):
    ran = run_suite(
        tmp_path,
        *only("meddling", "modes"),
        *("--rule", "categorical.validation_by_default", *SOME),
    )

    (result,) = ran.report.results
    assert result.outcome is Outcome.INAPPLICABLE
    assert "FAILED" not in ran.output
    assert ran.code == 5


def test_distributions_validate_as_before_once_something_was_compiled(tmp_path):
    rules = ("--rule", "categorical.validation_*", "--rule", "argsort.output_shape")
    ran = run_suite(tmp_path, "--mode", "compile:eager", *rules, *SOME)

    assert {result.outcome for result in ran.report.results_of("cpu")} == {Outcome.HOLDS}


def test_the_device_as_it_is_stays_beside_the_mode(tmp_path):
    ran = run_suite(tmp_path, "--mode", "dispatch", "--rule", "gather.output_shape", *SOME)

    as_it_is, in_mode = ran.report.results
    assert (as_it_is.target, as_it_is.acts) == ("cpu", {})
    assert (in_mode.target, in_mode.acts) == ("cpu+dispatch", {IN_MODE: 5})
    assert as_it_is.outcome is in_mode.outcome is Outcome.HOLDS
    assert "cpu+dispatch: incomplete" in ran.output


def test_a_break_comes_with_a_script_that_shows_both(tmp_path):
    ran = run_suite(
        tmp_path,
        *only("compile:nonsense"),
        *("--rule", "gather.output_shape", "--device", "cpu", "--max-examples", "1"),
    )
    (result,) = ran.report.results

    script = tmp_path / "script.py"
    script.write_text(result.script or "")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=False
    )

    assert "check(lambda act: act)" in script.read_text()
    assert "check(lambda act: torch.compile(act, backend='nonsense', fullgraph=True" in script.read_text()
    assert "AssertionError: (torch.Size([3, 1, 4, 1, 5, 9]), torch.Size([]))" in ended.stderr


def test_a_mode_that_does_not_exist_is_said_before_anything_runs(tmp_path):
    ran = run_suite(tmp_path, "--mode", "sideways", "--rule", "gather.*")

    assert ran.code == 4
    assert "--mode: there is no mode 'sideways'" in ran.output


def test_programs_have_their_lines_run_in_the_mode(tmp_path):
    ran = run_suite(tmp_path, "--mode", "only:dispatch", "--rule", "program.leaf_gradients", *SOME)

    (result,) = ran.report.results
    assert result.outcome is Outcome.HOLDS
    assert result.acts[IN_MODE] > 5


def test_documented_rules_hold_under_a_mode_that_does_nothing(tmp_path):
    ran = run_suite(tmp_path, "--mode", "only:dispatch", "--rule", "view.*", "--rule", "sort.*", *SOME)

    documented = {rule.id for rule in ran.report.rules if rule.basis is Basis.DOCUMENTED}
    found = {result.outcome for result in ran.report.results if result.rule in documented}
    assert found <= {Outcome.HOLDS, Outcome.KNOWN, Outcome.INAPPLICABLE}
    assert Outcome.HOLDS in found


@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
def test_inductor_compiles_rules(tmp_path):
    ran = run_suite(tmp_path, "--mode", "only:compile", "--rule", "sum.elements", *SOME)

    (result,) = ran.report.results
    assert result.outcome is Outcome.HOLDS
    assert in_mode(result.acts) == result.examples
    assert result.acts[IN_MODE_ANEW] >= 1


def test_what_a_compiler_makes_may_end_the_process(tmp_path):
    ran = run_suite(
        tmp_path,
        *(*only("compile:deadly"), "-n", "1"),
        *("--rule", "gather.output_shape", "--rule", "squeeze.shape", "--post-mortem", "0", *SOME),
        isolated=True,
    )
    crashed, held = (ran.result(id, "cpu+compile:deadly") for id in ("gather.output_shape", "squeeze.shape"))

    assert crashed.outcome is Outcome.CRASHED
    assert "SIGABRT" in (crashed.reason or "")
    assert held.outcome is Outcome.HOLDS


def test_what_torch_is_known_to_get_wrong_excuses_no_other_compiler(tmp_path):
    rules = ("narrow.gradient", "permute.gradient", "select.gradient")
    ran = run_suite(
        tmp_path,
        *only("compile:doubling"),
        *SOME,
        *(part for rule in rules for part in ("--rule", rule)),
    )

    assert {result.outcome for result in ran.report.results} == {Outcome.BROKEN}


def test_a_mode_that_is_asked_about_another_is_left_as_it_was(monkeypatch):
    found, seen = load_rules()["narrow.gradient"], []
    assert found.drawn is not None
    name, strategy = found.drawn
    (data,) = draw_deck(strategy, 1, "0")
    asking, own = Acted("compile:eager", find("compile:eager")), acted("compile:aot_eager")
    assert isinstance(asking.mode, Compiled)
    assert isinstance(own.mode, Compiled)
    asking.mode.had_any_sizes = True
    script = 'torch.compile(act, backend="aot_eager")'
    entry = KnownBreak("narrow.gradient", "torch", "it is so", target="cpu+compile", script=script)
    monkeypatch.setattr(bodies, "run_example", lambda *_: seen.append(own.mode.for_any_sizes))

    assert not fails_alike(asking, found, entry, found.case(data)[name], AssertionError())

    assert (seen, own.mode.for_any_sizes) == ([True], False)


def test_in_a_script_what_is_expected_is_not_run_in_the_mode(tmp_path):
    ran = run_suite(
        tmp_path,
        *only("compile:sizing"),
        *("--rule", "view.elements", "--device", "cpu", "--max-examples", "4", "--confirm", "120"),
    )

    (result,) = ran.report.results
    assert result.outcome is Outcome.BROKEN
    assert result.reproduced == "3/3"
    assert result.script is not None
    acts = result.script.partition("def act_1")[2].partition("return")[0]
    assert (acts.count("view("), acts.count("reshape(")) == (1, 0)


def test_integers_are_constants_now_and_then_and_anything_else(monkeypatch):
    mode = find("compile:eager")
    act = Act("def act(one, dim):\n    two = one.sum(dim)\n    return (two,)\n", ("one", "dim"), ("two",), {})
    given = []

    def noted(graph, inputs, **_):
        given.append([size for size in inputs if not isinstance(size, torch.Tensor)])
        return graph

    monkeypatch.setattr(mode, "_backend", noted)
    for dim in (0, 1, -1, 0, 1, -2):
        mode.run(act, (torch.ones(3, 3), dim))

    constant = [not integers for integers in given]
    # The first, then any, and the third and the sixth for what it is.
    assert constant == [True, False, True, True]


def test_what_is_refused_before_the_backend_sees_it_is_counted_apart():
    acting = Acting(find("compile:eager"))

    with pytest.raises(Exception, match="Dimension out of range"):
        acting(act("output = case_input.sum(7)"), torch.ones(2))

    assert acting.ran == {REFUSED_BEFORE: 1}


def test_what_is_done_to_look_for_a_simpler_case_is_not_counted(tmp_path):
    ran = run_suite(
        tmp_path,
        *only("compile:nonsense"),
        *("--rule", "gather.output_shape", "--device", "cpu", "--max-examples", "2", "--confirm", "0"),
    )

    (result,) = ran.report.results
    assert sum(result.acts.values()) == 2


@pytest.mark.parametrize("name", ["fx", "export"])
def test_what_is_traced_changes_a_tensor_in_a_tuple_once(name):
    base = torch.zeros(2)
    source = (
        "def act(tensors, other):\n    tensors[0].add_(1)\n    output = other * 2\n    return (output,)\n"
    )

    Acting(find(name))(Act(source, ("tensors", "other"), ("output",), {}), (base,), torch.ones(2))

    assert base.tolist() == [1.0, 1.0]


def test_what_is_computed_while_it_is_traced_is_not_run_in_the_mode():
    acting = Acting(find("fx"))

    acting(act("other = torch.arange(3.0).cumsum(0) + case_input", gives=("other",)), torch.ones(3))

    assert not in_mode(acting.ran)


def test_a_program_whose_last_line_is_refused_goes_on_in_the_mode():
    program = Program("a = torch.ones(2)\na.sum().backward()\n")
    program.__dict__["may_be_refused"] = True

    assert program.ending("return").endswith("except RuntimeError:\n    return  # it may be refused\n")
    assert "raise SystemExit(0) from None  # it may be refused" in program.script


def test_that_a_mode_does_not_work_here_is_said_once(tmp_path):
    ran = run_suite(
        tmp_path,
        *only("compile:unable"),
        *("--rule", "gather.*", *SOME),
    )

    assert {result.outcome for result in ran.report.results} == {Outcome.UNSUPPORTED}
    assert ran.output.count("the mode does not work here: OSError: there is no compiler") == 1
    assert ran.code == 5  # under --partial, too: it was asked for


def test_a_mode_of_meta_alone_is_told_to_make_no_sense(tmp_path):
    ran = run_suite(tmp_path, "--mode", "only:dispatch", "--device", "meta", "--rule", "gather.*")

    assert ran.code == 4
    assert "--mode: meta is run in no mode" in ran.output


def test_what_a_backend_warns_of_is_not_why_it_does_not_work(tmp_path, monkeypatch):
    (tmp_path / "warner.py").write_text(
        "import warnings\n"
        "import torch._dynamo\n"
        "@torch._dynamo.register_backend\n"
        "def warner(graph, inputs):\n"
        "    warnings.warn('old', DeprecationWarning)\n"
        "    return graph.forward\n"
        "@torch._dynamo.register_backend\n"
        "def unable(graph, inputs):\n"
        "    raise OSError('no compiler')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("warner")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find("compile:warner").missing() is None
        assert find("compile:unable").missing() == "OSError: no compiler"
