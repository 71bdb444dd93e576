"""Pictures of breaks, read from the counterexample's code and from the message, without torch."""

import ast
import re
from dataclasses import replace

import pytest

from reports.depicted import CAME_OUT, MOST_CELLS, WANTED, UnreadableError, depicted, read_tensor
from reports.model import Outcome
from reports.pages.html import MOST_DRAWN, MOST_PICTURES, render
from reports.shown import Grid, Memory, View
from tests.reports.examples import made_up


def tensor(text):
    return read_tensor(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    ("text", "shape", "strides", "offset", "cells"),
    [
        ("torch.tensor(2.5)", (), (), 0, ["2.5"]),
        ("torch.tensor([[0, 1], [2, 3]])", (2, 2), (2, 1), 0, ["0", "1", "2", "3"]),
        ("torch.tensor([[0, 1], [2, 3]]).permute(1, 0)", (2, 2), (1, 2), 0, ["0", "2", "1", "3"]),
        ("torch.tensor([0, 1, 2, 3])[1::2]", (2,), (2,), 1, ["1", "3"]),
        ("torch.tensor([[0, 1], [2, 3]])[1, :1]", (1,), (1,), 2, ["2"]),
        ("torch.tensor([[7], [8]])[1:].expand(2, 3)", (2, 3), (0, 0), 1, ["8"] * 6),
        ("torch.arange(4).to(torch.float32).reshape(2, 2)", (2, 2), (2, 1), 0, ["0", "1", "2", "3"]),
        ("torch.arange(4).as_strided((2, 2), (1, 1), 1)", (2, 2), (1, 1), 1, ["1", "2", "2", "3"]),
        ("torch.full((2,), torch.nan, dtype=torch.float16)", (2,), (1,), 0, ["nan", "nan"]),
        ("torch.zeros((0, 3))", (0, 3), (3, 1), 0, []),
        ("torch.tensor([-torch.inf, -0.0]).requires_grad_()", (2,), (1,), 0, ["-inf", "-0"]),
        ("torch.tensor([complex(0.0, -1.0)], dtype=torch.complex128)", (1,), (1,), 0, ["0-1j"]),
    ],
)
def test_the_code_of_a_tensor_is_read(text, shape, strides, offset, cells):
    found = tensor(text)

    assert (found.shape, found.strides, found.offset) == (shape, strides, offset)
    assert [*found.cells] == cells


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("torch.tensor([0, 1])", "int64"),
        ("torch.tensor([True])", "bool"),
        ("torch.tensor([1.0])", "float32"),
        ("torch.tensor([1], dtype=torch.uint8)", "uint8"),
        ("torch.arange(3).to(torch.bfloat16)", "bfloat16"),
        ("torch.zeros((2,)).to('cuda:0')", "float32"),
    ],
)
def test_the_dtype_is_that_of_the_code(text, dtype):
    assert tensor(text).dtype == dtype


@pytest.mark.parametrize(
    "text", ["torch.randn(3)", "torch.zeros((1000, 1000))", "open('x')", "torch.tensor([1]).cumsum(0)", "7"]
)
def test_what_is_written_otherwise_is_not_read(text):
    with pytest.raises(UnreadableError):
        tensor(text)


CASE = "case = Gather(input=torch.tensor([[0.0, 1.0]]).permute(1, 0), dim=0, index=torch.tensor([[1]]))"


def test_a_break_shows_its_inputs_and_what_came_out_beside_what_should_have():
    found = depicted(
        CASE,
        "AssertionError: differs first at (1,): 0 instead of 2, 2 of 3 elements of torch.int32 differ: "
        "[4, 0, 1] instead of [4, 2, 3]",
    )

    assert found.inputs == (
        Grid("input", (2, 1), "float32", ("0", "1")),
        Grid("index", (1, 1), "int64", ("1",)),
    )
    assert found.memories == (Memory(("0", "1"), (View("input", (2, 1), (1, 2), 0),)),)
    assert found.outputs == (
        Grid(CAME_OUT, (3,), "int32", ("4", "0", "1"), (), (1, 2)),
        Grid(WANTED, (3,), "int32", ("4", "2", "3")),
    )


DIFFER = "differs first at (%d,): %s instead of %s, 1 of 2 elements of float32 differ: %s instead of %s"


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        # A zero of the other sign differs only where the claim counts it.
        (DIFFER % (0, "1.", "2.", "[1., -0.]", "[2., 0.]"), (0,)),
        (DIFFER % (1, "-0.", "0.", "[2., -0.]", "[2., 0.]"), (1,)),
        # What may be rounding is not wrong, and a NaN in the place of a number is.
        (DIFFER % (1, "nan", "1.", "[1.0000001, nan]", "[1., 1.]; up to 16 eps may be rounding"), (1,)),
        ("differs first at (0, 0): [[0.], [1.]] instead of [[1.], [1.]]", (0,)),
        ("assert [[3, 2]] == [[2, 2]]", (0,)),
    ],
)
def test_wrong_cells_are_those_that_the_claim_found_to_differ(reason, wrong):
    (came_out, wanted) = depicted(None, f"AssertionError: {reason}").outputs

    assert came_out.wrong == wrong
    assert wanted.wrong == ()


def test_one_element_has_the_rank_that_its_place_has():
    (came_out, _) = depicted(
        None, "AssertionError: differs first at (0, 0): 1. instead of 2., 1 of 1 elements of float32 differ"
    ).outputs

    assert (came_out.shape, came_out.cells, came_out.wrong) == ((1, 1), ("1.",), (0,))


@pytest.mark.parametrize(
    "reason",
    [
        "RuntimeError: no kernel",
        "AssertionError: shape (2, 1) instead of (1, 2)",
        "AssertionError: assert torch.Size([1]) == torch.Size([2])",
        "AssertionError: differs first at (0, 1): [1, 2, ..., 3] instead of [1, 1, ..., 1]",
        "AssertionError: -36.04 instead of 0.",
        f"AssertionError: {[0] * (MOST_CELLS + 1)} instead of {[1] * (MOST_CELLS + 1)}",
        None,
    ],
)
def test_what_a_message_does_not_tell_is_not_drawn(reason):
    assert depicted(None, reason).outputs == ()


@pytest.mark.parametrize(
    "counterexample",
    [
        f"case = Gather(input=torch.tensor({[0] * 200}))",
        "case = Whole(input=torch.tensor([0]).expand(1000, 1000))",
        "case = Whole(input=torch.arange(2).as_strided((2, 2), (5, 5), 0))",
        "case = Whole(input=torch.tensor([[1], [2, 3]]))",
        "case = Whole(",
        "(" * 5000,
        "case = Misuse(mended_input=torch.tensor([1]))",
        None,
    ],
)
def test_what_is_too_large_or_is_no_tensor_is_not_drawn(counterexample):
    assert not depicted(counterexample, None)


def test_each_of_several_tensors_has_its_number():
    found = depicted("case = arguments((), tensors=(torch.tensor([1]), torch.tensor([2])))", None)

    assert [grid.name for grid in found.inputs] == ["tensors[0]", "tensors[1]"]


DRAWING = re.compile(r'<svg class="picture".*?</svg>', re.DOTALL)


def test_a_page_has_few_pictures_and_they_are_small():
    page, plain = (
        render(made_up(2000, 1, outcomes=[outcome])) for outcome in (Outcome.BROKEN, Outcome.HOLDS)
    )
    drawings = DRAWING.findall(page)

    assert 20 < len(drawings) <= MOST_PICTURES
    assert sum(map(len, drawings)) <= MOST_DRAWN
    assert DRAWING.findall(plain) == []


def test_a_card_has_the_picture_of_its_break():
    page = render(made_up(1, 1, outcomes=[Outcome.BROKEN]))
    card = page.partition('data-picture="operation_0.fact_0 cpu 0"')[2].partition("</svg>")[0]

    assert 'role="img"' in card
    assert "The break of operation_0.fact_0 on cpu" in card
    assert "input is [[0, 1]], of shape (1, 2)" in card


def test_what_came_from_a_target_is_no_markup():
    report = made_up(1, 1, outcomes=[Outcome.BROKEN])
    reason = "AssertionError: differs first at (0,): [<script>] instead of [1]"
    results = tuple(replace(result, reason=reason, also=()) for result in report.results)
    page = render(replace(report, results=results))
    (drawing,) = DRAWING.findall(page)

    assert '"cell">&lt;script&gt;</text>' in drawing
    assert "[<script>]" not in page
