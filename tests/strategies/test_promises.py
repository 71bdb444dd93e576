"""Every strategy of a rule: what it promises is drawn, and its decoder reads what was measured."""

from random import Random

import pytest

from conformance.engine.decks import Decks
from conformance.engine.rule import load_rules
from strategies import promises_of, tensor_codes
from strategies.decks import decoder
from strategies.tape import drawn_again, length_of, packing_of, parts_of
from tests.strategies.drawing import draw

DRAWN = {found.drawn[1]: id for id, found in reversed(load_rules().items()) if found.drawn is not None}
ALL = {**{id: strategy for strategy, id in DRAWN.items()}, "tensor_codes": tensor_codes()}
"""Every strategy that a rule takes, by the first such rule."""


def upon():
    """Return the names of the strategies that have the same cases, those of one family after the other."""
    found = {}
    for name, strategy in ALL.items():
        base = packing_of(strategy).upon
        found.setdefault(strategy if base is None else base, []).append(name)
    return found.values()


@pytest.mark.parametrize("names", upon(), ids=min)
def test_every_promised_class_is_drawn_within_100_examples(names):
    decks = Decks("1", 100)

    for name in names:
        cases = decoder.cases(ALL[name], decks.of(ALL[name]))
        drawn = [set(case.classes) for case in cases]
        for promised in promises_of(ALL[name]):
            assert any(classes.issuperset(parts_of(promised)) for classes in drawn), (name, promised)


def test_every_strategy_promises_something():
    assert not [name for name, strategy in ALL.items() if not promises_of(strategy)]


@pytest.mark.parametrize("name", ALL)
def test_every_decoder_reads_as_many_bytes_whatever_they_are(name):
    """Off a tape that is too short it would read nothing, or raise IndexError."""
    origin = draw(ALL[name], 1, seed=1)[0].origin
    random, lengths = Random(name), set()

    for _ in range(20):
        lengths.add(length_of(origin.decode, random.randbytes(len(origin.data))))

    assert lengths == {len(origin.data)}
    assert repr(drawn_again(ALL[name], origin.data)) == repr(origin.again(origin.data))
