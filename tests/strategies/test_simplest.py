import pytest
import torch

from strategies import tensor_codes
from strategies.code import TensorCode
from strategies.simplest import simplest
from tests.strategies.drawing import draw


def test_simplest_needs_a_case_that_knows_its_origin():
    with pytest.raises(ValueError, match="not drawn"):
        simplest(TensorCode((0.0,), torch.float32, (1,), (1,)), lambda code: True)


def test_simplest_keeps_within_its_attempts():
    case = draw(tensor_codes(), 20, 0)[-1]
    asked = []

    def fails(code):
        asked.append(code)
        return False

    simplest(case, fails, attempts=10)

    assert len(asked) == 10
