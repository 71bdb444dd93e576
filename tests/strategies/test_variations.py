"""What makes cases of others: tensors of other dtypes that can be made, as all that is drawn can."""

import pytest

from conformance.engine.rule import load_rules
from strategies.decks import draw_deck

RULES = [found for found in load_rules().values() if found.of_law.endswith((".index_dtype", ".int32_index"))]


@pytest.mark.parametrize("found", RULES, ids=lambda found: found.rule.id)
def test_an_index_of_another_dtype_is_a_tensor_that_can_be_made(found):
    assert found.drawn is not None
    name, strategy = found.drawn

    for data in draw_deck(strategy, 100, "0"):
        case = found.case(data)[name]
        case.build()
        assert case.index.shape == case.legal_index.shape
