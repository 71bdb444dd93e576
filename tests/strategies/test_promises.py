"""Every strategy of a rule: what it promises is drawn, and its decoder reads what was measured."""

from random import Random

import pytest

from conformance.engine.rule import load_rules
from strategies import promises_of, tensor_codes
from strategies.decks import decoder, draw_deck
from strategies.tape import drawn_again, length_of, parts_of
from tests.strategies.drawing import draw

ALL = {
    **{
        id: found.function.hypothesis._given_kwargs["case"]
        for id, found in load_rules().items()
        if hasattr(found.function, "hypothesis")
    },
    "tensor_codes": tensor_codes(),
}


@pytest.mark.parametrize("name", ALL)
def test_every_promised_class_is_drawn_within_100_examples(name):
    drawn = [set(case.classes) for case in decoder.cases(ALL[name], draw_deck(ALL[name], 100, "1"))]

    for promised in promises_of(ALL[name]):
        assert any(classes.issuperset(parts_of(promised)) for classes in drawn), promised


@pytest.mark.parametrize("name", ALL)
def test_every_strategy_promises_something(name):
    assert promises_of(ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_every_decoder_reads_as_many_bytes_whatever_they_are(name):
    """Off a tape that is too short it would read nothing, or raise IndexError."""
    origin = draw(ALL[name], 1, seed=1)[0].origin
    random, lengths = Random(name), set()

    for _ in range(20):
        lengths.add(length_of(origin.decode, random.randbytes(len(origin.data))))

    assert lengths == {len(origin.data)}
    assert repr(drawn_again(ALL[name], origin.data)) == repr(origin.again(origin.data))
