"""Asking a device what it supports, with plain input."""

import pytest
import torch

from conformance import expect
from conformance.engine.support import ASKED, Support
from strategies import placing_on
from strategies.cases.gathers import Gather
from strategies.cases.leaves import Mapped
from strategies.code import contiguous_code
from strategies.functions import NAMED


def case(dtype, shape=(2, 3), *classes, dim=0):
    numel = 1
    for size in shape:
        numel *= size
    zeros = (False,) if dtype is torch.bool else (0.0,)
    input = contiguous_code(zeros * numel, dtype, shape)
    index = contiguous_code((0,) * numel, torch.int64, shape)
    return Gather(classes=classes, input=input, dim=dim, index=index)


def gather(case):
    case.input.gather(case.dim, case.index)


def asking(body, cases, refuses, near=()):
    """Return what asks a device that refuses what `refuses` says, and the list of what it was asked."""
    asked = []

    def run(body, arguments):
        asked.append(arguments["case"])
        if refuses(arguments["case"]):
            raise TypeError("not here")
        with placing_on("meta"):
            body(**arguments)

    return Support(body, "case", lambda: cases, run, near), asked


HALF, WHOLE = torch.float16, torch.float32


def test_what_is_refused_for_every_plain_case_is_not_supported():
    cases = [case(HALF, (2, size)) for size in (1, 2, 3, 4)]
    support, asked = asking(gather, cases, lambda case: case.input.dtype is HALF)

    assert support.known(cases[0]) is None
    assert support.refusal(cases[0]) == "TypeError: not here"
    assert len(asked) == ASKED
    assert support.known(cases[1]) == "TypeError: not here"
    assert support.refusal(cases[2]) == "TypeError: not here"
    assert len(asked) == ASKED


def test_one_plain_case_that_is_taken_is_support():
    cases = [case(HALF, (2, size)) for size in (1, 2, 3)]
    support, asked = asking(gather, cases, lambda case: case.input.shape[1] < 2)

    assert support.refusal(cases[0]) is None
    assert len(asked) == 2


def test_other_dtypes_are_asked_for_apart():
    cases = [case(HALF), case(WHOLE)]
    support, asked = asking(gather, cases, lambda case: case.input.dtype is HALF)

    assert support.refusal(cases[1]) is None
    assert [each.input.dtype for each in asked] == [WHOLE]


def test_where_no_case_of_a_dtype_is_ordinary_one_of_another_is_made_so():
    nothing = case(HALF, (0, 3))
    support, asked = asking(gather, [nothing, case(WHOLE)], lambda case: case.input.dtype is HALF)

    assert support.refusal(nothing) == "TypeError: not here"
    assert [each.input.dtype for each in asked] == [HALF]


def test_ordinary_cases_are_asked_first_and_then_any_that_has_elements():
    odd, ordinary = case(HALF, (2, 3), "negative dim", dim=-1), case(HALF)
    support, asked = asking(gather, [odd, ordinary], lambda case: case.dim < 0)

    assert support.refusal(odd) is None
    assert [each.dim for each in asked] == [0]

    support, asked = asking(gather, [odd], lambda case: case.dim < 0)
    assert support.refusal(odd) == "TypeError: not here"


def test_a_claim_that_fails_is_no_refusal():
    def body(case):
        raise AssertionError("wrong")

    support, asked = asking(body, [case(HALF)], lambda case: False)

    assert support.refusal(case(HALF)) is None
    assert len(asked) == 1


def test_what_the_cpu_refuses_or_does_not_do_is_not_asked_of_a_device():
    def refused(case):
        with pytest.raises(IndexError):  # made plain, it is legal
            case.input.gather(case.dim, case.index)

    def illegal(case):
        case.input.gather(5, case.index)

    for body, many in ((refused, 1), (illegal, 0)):
        support, asked = asking(body, [case(HALF)], lambda case: True)
        assert (support.refusal(case(HALF)) is not None, len(asked)) == (bool(many), many)


def test_a_rule_of_empty_tensors_asks_the_rules_near_it():
    nothing = case(HALF, (0, 3))
    near = [(gather, "case", lambda: [case(HALF)])]

    support, asked = asking(gather, [nothing], lambda case: True, near)
    assert support.refusal(nothing) == "TypeError: not here"
    assert len(asked) == 1

    support, _ = asking(gather, [nothing], lambda case: not case.input.numel(), near)
    assert support.refusal(nothing) is None


def test_a_refusal_that_the_rule_asks_for_is_a_claim():
    def body(case):
        gather(case)
        with expect.refusal():
            gather(case)

    support, _ = asking(body, [case(HALF)], lambda case: False)

    assert support.refusal(case(HALF)) is None


def test_a_function_is_asked_for_by_itself():
    def body(case):
        case.function(case.x)

    def of(function):
        x = contiguous_code((0.0,) * 6, WHOLE, (2, 3))
        return Mapped(classes=(), x=x, upstream=x, function=function)

    exp, sin = [named for named in NAMED if "exp" in repr(named) or "sin" in repr(named)][:2]
    asked = []

    def run(body, arguments):
        asked.append(arguments["case"].function)
        if arguments["case"].function is exp:
            raise TypeError("not here")

    support = Support(body, "case", lambda: [of(sin), of(exp)], run)

    assert support.refusal(of(exp)) == "TypeError: not here"
    assert support.refusal(of(sin)) is None
    assert asked == [exp, sin]
