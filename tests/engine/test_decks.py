"""One deck for all strategies of a length, for all processes of a run."""

import pytest

from conformance.engine.decks import Decks
from conformance.engine.rule import load_rules
from strategies.decks import draw_deck
from strategies.tape import packing_of


def strategy_of(id):
    drawn = load_rules()[id].drawn
    assert drawn is not None
    return drawn[1]


ELEMENTS = strategy_of("gather.elements")


@pytest.fixture
def drawn(monkeypatch):
    """How often a deck was drawn."""
    calls = []

    def draw(*arguments):
        calls.append(arguments)
        return draw_deck(*arguments)

    monkeypatch.setattr("conformance.engine.decks.draw_deck", draw)
    return calls


def test_a_deck_is_drawn_once(drawn):
    decks = Decks("0", 5)

    assert decks.of(ELEMENTS) == decks.of(ELEMENTS) == draw_deck(ELEMENTS, 5, "0")
    assert len(drawn) == 1


def test_whoever_waits_is_told_of_each_case_and_may_end_the_drawing():
    told = []

    def each():
        told.append(1)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Decks("0", 50, each=each).of(ELEMENTS)

    assert len(told) == 3


def test_processes_that_share_a_folder_share_their_decks(drawn, tmp_path):
    one, other = Decks("0", 5, tmp_path), Decks("0", 5, tmp_path)

    assert one.of(ELEMENTS) == other.of(ELEMENTS)
    assert len(drawn) == 1
    assert [path.suffix for path in tmp_path.iterdir()] == [".deck"]


def test_rules_of_one_strategy_share_a_deck():
    rules = load_rules()

    strategies = {strategy_of(id) for id in rules}

    assert len(strategies) < len(rules) / 3
    assert strategy_of("gather.output_dtype") is strategy_of("gather.output_shape")


def test_strategies_of_one_length_share_a_deck_and_few_lengths_there_are(drawn):
    decks = Decks("0", 5)

    for id in load_rules():
        decks.of(strategy_of(id))

    assert len(drawn) == len({packing_of(strategy_of(id)).length for id in load_rules()}) < 50
