"""Laws and operations: each makes a rule that is the call itself, and entries say of torch what is true."""

import ast
import inspect

import pytest
import torch

from conformance.engine.observation import Observation
from conformance.engine.rule import InvalidRuleError, load_rules
from conformance.engine.watch import Watch, watching
from conformance.law import LAWS, families, rules, specialized
from conformance.operation import Operation
from conformance.operations.indexing import ASSIGNMENT, INDEX_ADD, INDEX_SELECT
from conformance.operations.reductions import MEDIAN
from conformance.operations.shapes import SPLIT, TRANSPOSE
from strategies.cases.indexing import selections
from strategies.tape import Tape, packing_of

RULES = load_rules()
OPERATIONS = {operation.name: operation for entries in families().values() for operation in entries}
OF_LAWS = {id: found for id, found in RULES.items() if found.function.__module__.endswith("test_operations")}


def law_of(name, operation):
    return next(law for law in LAWS if law.name == name and law.applies(operation))


def simplest_data(found):
    _, strategy = found.drawn
    return bytes(packing_of(strategy).length)


def ast_of(name, operation):
    return ast.unparse(vars(specialized(law_of(name, operation), operation))["tree"]())


def test_a_law_becomes_the_call_of_the_operation():
    assert "output = torch.index_select(case.input, case.dim, case.index)" in ast_of("elements", INDEX_SELECT)


def test_an_argument_is_replaced_by_what_the_law_gives():
    text = ast_of("dim_range", TRANSPOSE)

    assert "torch.transpose(case.input, case.legal_dim, case.dim1)" in text
    assert "torch.transpose(case.input, case.dim0, case.dim1)" in text


@pytest.mark.parametrize(
    ("name", "operation", "written"),
    [
        ("method", INDEX_SELECT, "case.input.index_select(case.dim, case.index)"),
        ("keywords", INDEX_SELECT, "torch.index_select(input=case.input, dim=case.dim, index=case.index)"),
        (
            "out_returned",
            INDEX_SELECT,
            "torch.index_select(case.input, case.dim, case.index, out=case.out)",
        ),
        (
            "in_place_returns_self",
            INDEX_ADD,
            "case.input.index_add_(case.dim, case.index, case.source, alpha=case.alpha)",
        ),
        ("in_place_elements", ASSIGNMENT, "case.input.__setitem__(case.index, case.value)"),
        ("indices_point", MEDIAN, "values, indices = torch.median(case.input, case.dim, True)"),
    ],
)
def test_each_form_is_written_as_a_user_would(name, operation, written):
    assert written in ast_of(name, operation)


def test_a_loop_over_one_tensor_is_no_loop_and_over_several_is_one():
    assert "for " not in ast_of("output_shape", INDEX_SELECT)
    assert "for output, shape in zip(torch.split(" in ast_of("output_shape", SPLIT)


def test_the_places_of_a_specialized_law_are_those_in_its_file():
    function = RULES["index_select.output_shape"].body

    assert function.__code__.co_filename.endswith("laws/elements.py")
    law = law_of("output_shape", INDEX_SELECT)
    assert function.__code__.co_firstlineno == inspect.getsourcelines(law.states)[1] + 1


def test_a_rule_of_a_law_has_the_statement_the_source_and_the_faults_of_both():
    rule = RULES["index_select.int32_index"].rule

    assert rule.statement == "An index of int32 does in index_select what one of int64 does."
    assert (rule.source, rule.basis.value, rule.area) == ("torch.index_select", "documented", "indexing")
    assert rule.faults == ("index-select-refuses-int32",)
    assert RULES["index_fill.index_dtype"].rule.basis.value == "observed"


def test_a_rule_breaks_with_both_sides_of_its_comparison(monkeypatch):
    found = RULES["index_select.output_shape"]
    data = simplest_data(found)
    with (
        watching(Watch(Observation(), around=_adding_a_dim)),
        pytest.raises(AssertionError, match=r"assert torch.Size\(\[1\]\) == \(\)"),
    ):
        found.example(**found.case(data))


def _adding_a_dim():
    from tests.faults.all import FAULTS

    return FAULTS["index-select-adds-a-dim"]()


def test_the_script_of_a_rule_of_a_law_needs_torch_alone():
    found = RULES["index_select.elements"]
    data = simplest_data(found)

    script = found.script(data, "cpu", ()) or ""

    assert "torch.index_select(case.input, case.dim, case.index)" in script
    assert "operation" not in script.partition("import torch")[2]
    exec(compile(script, "<script>", "exec"), {})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("id", list(OF_LAWS)[::17])
def test_every_law_can_be_scripted(id):
    found = OF_LAWS[id]
    data = simplest_data(found)

    script = found.script(data, "cpu", ())

    assert script is not None
    exec(compile(script, "<script>", "exec"), {})


def test_an_exception_from_a_law_that_does_not_apply_is_refused(monkeypatch):
    entry = Operation(
        named="made_up",
        call="torch.index_select(input, dim, index)",
        cases=selections,
        gives=lambda input: input,
        says="made_up is made up.",
        but={"no_such_law": "there is none"},
    )
    monkeypatch.setattr("conformance.law.families", lambda: {"made": [entry]})

    with pytest.raises(InvalidRuleError, match="made_up is excepted from no law: no_such_law"):
        list(rules("made.up"))


def test_what_an_operation_is_like_has_the_laws_that_are_not_asked_of_it():
    for operation in filter(lambda operation: operation.like, OPERATIONS.values()):
        shown = OPERATIONS[operation.like]

        assert not shown.like
        assert f"{shown.name}.repeatable" in RULES
        assert f"{operation.name}.repeatable" not in RULES


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_entry_names_what_torch_has(name):
    operation = OPERATIONS[name]

    assert operation.called
    assert operation.says.endswith(".")
    assert operation.tensors


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_operation_called_directly_gives_what_its_reference_says(name):
    operation = OPERATIONS[name]
    if not operation.call:
        pytest.skip("it is written in place only")
    packing = packing_of(operation.cases())
    case = packing.decode(Tape(bytes(packing.length)))

    outputs = operation.outputs(case)

    assert [output.shape for output in outputs] == list(operation.shapes(case))
    assert all(isinstance(output, torch.Tensor) for output in outputs)
