"""What a rule does is put together into acts, and what it claims is left alone."""

import ast
import textwrap

import pytest
import torch

from conformance.engine.modes.acts import Act, with_acts

FIELDS = ("input", "index", "out")
KNOWN = {"torch": torch, "expect": object(), "reference": object(), "SIZE": 3}


def split(source, known=KNOWN):
    """Return the statements that call acts, and the acts."""
    acts = []

    def made(act):
        acts.append(act)
        return [], ast.Name(f"act_{len(acts)}", ast.Load())

    statements = with_acts(ast.parse(textwrap.dedent(source)).body, known, FIELDS, made)
    return ast.unparse(ast.fix_missing_locations(ast.Module(statements, []))), acts


def test_what_comes_before_a_claim_is_one_act():
    left, (act,) = split("""
        output = torch.gather(case.input, case.dim, case.index)
        output.mul_(2)
        assert output.shape == case.index.shape
    """)

    assert left == (
        "output, = act_1(case.input, case.dim, case.index)\nassert output.shape == case.index.shape"
    )
    assert act.source == (
        "def act(case_input, case_dim, case_index):\n"
        "    output = torch.gather(case_input, case_dim, case_index)\n"
        "    output.mul_(2)\n"
        "    return (output,)\n"
    )


def test_an_act_gives_what_it_gave_in_parts():
    _, (act,) = split("""
        output = case.input * 2
        output[0] = 7.0
    """)
    whole, parts = act.function(), [part.function() for part in act.parts]

    (found,) = whole(torch.ones(2))
    (output,) = parts[0](torch.ones(2))
    parts[1](output)

    assert found.tolist() == output.tolist() == [7.0, 2.0]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        # An operation inside of a claim is done before it.
        (
            "assert case.input.sum(0).shape == ()",
            "result_0, = act_1(case.input)\nassert result_0.shape == ()",
        ),
        (
            "expect.same_elements(case.input.t(), reference.drawn(case.input))",
            "result_0, = act_1(case.input)\nexpect.same_elements(result_0, reference.drawn(case.input))",
        ),
        (
            "torch.nn.functional.relu(case.input).backward(case.out)",
            "result_0, = act_1(case.input)\nresult_0.backward(case.out)",
        ),
        # Inside of what asks for a refusal it stays.
        (
            "with expect.refusal():\n    case.input.view(7)",
            "with expect.refusal():\n    result_0, = act_1(case.input)",
        ),
        (
            "for part in case.input.unbind(0):\n    part.sum()",
            "result_0, = act_1(case.input)\nfor part in result_0:\n    part.sum()",
        ),
        ("output = case.input == case.out", "output, = act_1(case.input, case.out)"),
        # A grad mode belongs to the act.
        ("with torch.no_grad():\n    output = case.input * SIZE", "output, = act_1(case.input)"),
        # What a block gives itself it is not given.
        (
            "with torch.no_grad():\n    output = case.input * 2\n    output.neg_()",
            "output, = act_1(case.input)",
        ),
        # What is refused may be what is made of an operation.
        (
            "with expect.refusal():\n    bool(case.input.repeat(2))",
            "with expect.refusal():\n    result_0, = act_1(case.input)",
        ),
        ("case.input[0] = case.index", "act_1(case.index, case.input)"),
        # What a comprehension names, it has to itself.
        (
            "output = torch.stack([part * 2 for part in case.input])",
            "output, = act_1(case.input)",
        ),
        # The name stays with the tensor.
        ("output = case.input.clone()\noutput *= 2", "output, = act_1(case.input)"),
        ("for output in case.input:\n    output *= 2", "for output in case.input:\n    output *= 2"),
    ],
)
def test_where_acts_are_found(source, left):
    assert split(source)[0] == left


@pytest.mark.parametrize(
    "source",
    [
        "output = case.call(case.input)",
        "case.input.backward()",
        "case.input.requires_grad_()",
        "handle = case.input.register_hook(print)",
        "strides = case.input.stride()",
        "assert case.input.is_leaf",
        "expected = reference.drawn(case.input)",
        "output = helper(case.input)",
        "state = case.module.state_dict()",
        "seen = []",
        "output = torch.tensor([1.0])",
        "leaf = torch.ones_like(case.input, requires_grad=True)",
        "expect.holds(case.out is None or case.input.sum())",
        "output = case.input.apply_(lambda element: element)",
    ],
)
def test_what_is_no_act(source):
    left, acts = split(source)

    assert not acts
    assert left == ast.unparse(ast.parse(source))


def test_an_act_has_the_whole_of_what_is_to_be_refused():
    _, (act,) = split("with expect.refusal():\n    bool(case.input.repeat(2))")

    assert "result_0 = bool(case_input.repeat(2))" in act.source


def test_acts_that_do_the_same_have_the_same_key():
    one, other = (
        split(f"{name} = case.input.narrow(0, {start}, 1)")[1][0] for name, start in (("a", 0), ("b", 0))
    )
    third = split("a = case.input.narrow(0, 1, 1)")[1][0]

    assert one.key == other.key
    assert one.key != third.key


def test_constants_are_part_of_an_act():
    (act,) = split("output = case.input * SIZE")[1]
    (other,) = split("output = case.input * SIZE", {**KNOWN, "SIZE": 5})[1]

    assert act.key != other.key
    assert other.function()(torch.ones(())) == (torch.tensor(5.0),)


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("output = case.input.add(1)", False),
        ("case.input.add_(1)", True),
        ("torch.add(case.input, 1, out=case.out)", True),
        ("case.input[0] = 1.0", True),
        ("output = case.input.clone().__getitem__(0)", False),
    ],
)
def test_whether_an_act_changes_what_it_is_given(source, changes):
    body = f"def act(case_input, case_out):\n    {source.replace('case.', 'case_')}\n"

    assert Act(body, ("case_input", "case_out"), (), {}).changes is changes
