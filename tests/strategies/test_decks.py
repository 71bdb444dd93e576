"""Decks: drawn once, as Hypothesis would draw for the rule itself."""

import hypothesis
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from strategies import gathers
from strategies.case import Case
from strategies.decks import Decoder, deck_seed, draw_deck, unused
from strategies.tape import packing_of


def test_a_deck_is_the_same_for_a_seed_and_another_for_another():
    assert draw_deck(gathers(), 20, "0") == draw_deck(gathers(), 20, "0")
    assert draw_deck(gathers(), 20, "0") != draw_deck(gathers(), 20, "1")
    assert len(draw_deck(gathers(), 20, "0")) == 20
    assert {len(data) for data in draw_deck(gathers(), 20, "0")} == {packing_of(gathers()).length}


def test_a_longer_deck_begins_with_the_shorter():
    assert draw_deck(gathers(), 40, "0")[:20] == draw_deck(gathers(), 20, "0")


def test_a_hypothesis_test_with_the_seed_draws_the_deck():
    """So what broke a rule in its deck breaks it again where Hypothesis shrinks it."""
    drawn = []

    @hypothesis.seed(deck_seed(gathers(), "0"))
    @settings(max_examples=50, database=None, phases=[Phase.generate], deadline=None)
    @given(case=gathers())
    def test(case):
        drawn.append(case.origin.data)

    test()

    assert tuple(drawn) == draw_deck(gathers(), 50, "0")


def test_only_what_is_packed_has_a_deck():
    with pytest.raises(LookupError, match="was not made by packed"):
        draw_deck(st.integers(), 5, "0")


def test_a_deck_is_decoded_once_for_all_who_ask():
    decoder, deck = Decoder(), draw_deck(gathers(), 5, "0")

    cases = decoder.cases(gathers(), deck)

    assert decoder.cases(gathers(), deck) is cases
    assert [case.origin.data for case in cases] == list(deck)


def test_a_long_deck_is_decoded_and_not_kept():
    decoder, deck = Decoder(), draw_deck(gathers(), 5, "0") * 201

    assert [case.origin.data for case in decoder.cases(gathers(), deck)] == list(deck)
    assert not decoder._kept


def test_the_latest_decks_are_kept():
    decoder, deck = Decoder(), draw_deck(gathers(), 5, "0")
    cases = decoder.cases(gathers(), deck)
    for seed in "1234567":
        decoder.cases(gathers(), draw_deck(gathers(), 5, seed))

    assert decoder.cases(gathers(), deck) is not cases


def test_what_is_done_to_an_unused_case_concerns_nobody_else():
    (case,) = Decoder().cases(gathers(), draw_deck(gathers(), 1, "0"))
    one, other = unused(case), unused(case)
    one.input.add_(1) if one.input.dtype.is_floating_point else one.input.fill_(1)

    assert isinstance(case, Case)
    assert one.input.data_ptr() != other.input.data_ptr()
    assert repr(one) == repr(other) == repr(case)
    assert (other.input == 0).all()
    assert other.input._base is None
