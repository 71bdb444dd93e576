"""What messages say, put into other words."""

import numpy as np
import pytest
import torch

from conformance import expect
from reports.wording import by_wording, sides


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("AssertionError: -inf instead of nan", ("-inf", "nan")),
        ("AssertionError: shape (2,) instead of (3,)", ("shape (2,)", "shape (3,)")),
        (
            "AssertionError: differs first at (0, 1): [[0., 0.]] instead of [[0., 1.]]",
            ("[[0., 0.]]", "[[0., 1.]]"),
        ),
        ("AssertionError: assert [[2]] == [[1]]\n +  where [[2]] = tolist()", ("[[2]]", "[[1]]")),
        ("AssertionError: the base does not see it\nassert [1] == [2]", ("[1]", "[2]")),
        ("AssertionError: torch.int64 == torch.bool", ("torch.int64", "torch.bool")),
        ("AssertionError: assert (1 == 2 or 3 == 4)", None),
        ("AssertionError: assert (1 == 2)", None),
        ("AssertionError: assert False\n +  where False = isnan(-inf)", None),
        ("AssertionError: was not refused", None),
        ("RuntimeError: got 1 instead of 2", None),
        ("the process died of SIGSEGV (Segmentation fault)", None),
        (None, None),
    ],
)
def test_what_came_out_is_told_from_what_should_have(reason, expected):
    assert sides(reason) == expected


def test_what_differs_in_numbers_alone_is_told_once():
    said = {"resized to [1, 2]": 2, "old": 3, "resized to [7]": 4}

    assert by_wording(said) == {"resized to [1, 2]": 6, "old": 3}


@pytest.mark.parametrize("size", [1, 2])
def test_the_sides_of_a_claim_are_all_elements(size):
    found, wanted = torch.zeros(size), np.ones(size, dtype=np.float32)
    expected = {1: ("0.", "1."), 2: ("[0., 0.]", "[1., 1.]")}[size]

    for claim in (
        lambda: expect.same_elements(found, wanted),
        lambda: expect.close(found, wanted, dtype=torch.float32),
        lambda: expect.near(found, wanted, units=4),
    ):
        with pytest.raises(AssertionError) as raised:
            claim()
        assert sides(f"AssertionError: {raised.value}") == expected
