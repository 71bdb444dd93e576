"""Tensors on a device and their views: what they shrink to, and that they are what they say."""

import pytest

from strategies import simplest
from strategies.cases.placements import expansions, permutations, placements, slicings
from tests.strategies.drawing import draw


@pytest.mark.parametrize("case", draw(expansions(), 100, seed=1), ids=repr)
def test_an_expansion_has_the_shape_that_it_names(case):
    assert case.input.expand(case.sizes).shape == case.shape


def test_a_slice_never_steps_back_and_is_of_a_dim_that_is_there():
    for case in draw(slicings(), 200, seed=1):
        assert len(case.index) <= case.input.dim()
        assert all((at.step or 1) > 0 for at in case.index)


def test_what_is_copied_is_contiguous_and_is_no_view():
    for case in draw(placements(), 100, seed=1):
        assert case.input.is_contiguous()
        assert not case.input._is_view()


@pytest.mark.parametrize(
    ("drawn", "fails", "expected"),
    [
        (placements(), lambda case: case.input.numel() > 0, "InputCase(input=torch.tensor(0.0))"),
        (
            slicings(),
            lambda case: any(at.step for at in case.index),
            "Sliced(input=torch.tensor([0.0]), index=(slice(None, None, 2),))",
        ),
        (
            permutations(),
            lambda case: case.dims == (1, 0),
            "Permuted(input=torch.tensor([[0.0]]), dims=(1, 0))",
        ),
        (
            expansions(),
            lambda case: case.shape != case.input.shape,
            "Expanded(input=torch.tensor(0.0), sizes=(1,), shape=(1,))",
        ),
    ],
    ids=["placements", "slicings", "permutations", "expansions"],
)
def test_what_a_failure_shrinks_to(drawn, fails, expected):
    case = next(case for case in draw(drawn, 200, seed=1) if fails(case))

    assert repr(simplest(case, fails)) == expected
