"""Decks: drawn once, and handed to Hypothesis case by case."""

import functools
import operator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

from strategies import gathers
from strategies.case import Case
from strategies.cases.gathers import JOINT_PROMISES
from strategies.cases.totals import over_dim
from strategies.covering import count_pairs
from strategies.decks import Deck, Decoder, Handed, decoder, draw_deck, unused
from strategies.tape import packed, packing_of, parts_of


def test_a_deck_is_the_same_for_a_seed_and_another_for_another():
    assert draw_deck(gathers(), 20, "0") == draw_deck(gathers(), 20, "0")
    assert draw_deck(gathers(), 20, "0") != draw_deck(gathers(), 20, "1")
    assert len(draw_deck(gathers(), 20, "0")) == 20
    assert {len(data) for data in draw_deck(gathers(), 20, "0")} == {packing_of(gathers()).length}


def test_a_longer_deck_begins_with_one_of_a_hundred():
    assert draw_deck(gathers(), 150, "0")[:100] == draw_deck(gathers(), 100, "0")


def test_half_of_a_deck_is_chosen_however_short_it_is():
    cases = over_dim()

    def reached(decks):
        return sum(count_pairs(functools.reduce(operator.or_, decoder.pairs(cases, deck))) for deck in decks)

    chosen = [draw_deck(cases, 40, seed) for seed in "0123"]
    by_chance = [Deck.of(draw_deck(cases, 80, seed)[:40]) for seed in "0123"]

    assert reached(chosen) > reached(by_chance)


def handed_to_hypothesis(strategy, cases, body, kept=None):
    """Run a test on some cases by way of Hypothesis."""
    test = given(case=strategy)(body)
    database = Handed(cases, kept)
    settings(database=database, phases=[Phase.reuse, Phase.shrink], deadline=None)(test)()


def test_hypothesis_runs_the_cases_that_it_is_handed():
    seen = []
    deck = draw_deck(gathers(), 100, "0")

    handed_to_hypothesis(gathers(), deck, lambda case: seen.append(case.origin.data))

    assert sorted(seen) == sorted(deck)


def test_hypothesis_shrinks_a_chosen_case_and_keeps_it():
    kept, deck = InMemoryExampleDatabase(), draw_deck(gathers(), 100, "0")
    name = JOINT_PROMISES[0]
    joint = [
        data
        for data, case in zip(deck, decoder.cases(gathers(), deck), strict=True)
        if set(parts_of(name)) <= set(case.classes)
    ]
    failed = []

    def body(case):
        if set(parts_of(name)) <= set(case.classes):
            failed.append(case.origin.data)
            raise AssertionError

    with pytest.raises(AssertionError):
        handed_to_hypothesis(gathers(), joint[:1], body, kept)

    assert failed[-1] < joint[0]
    assert failed[-1] in b"".join(value for values in kept.data.values() for value in values)


def test_the_first_case_is_the_simplest():
    assert draw_deck(gathers(), 1, "0") == (bytes(packing_of(gathers()).length),)


def test_no_case_comes_twice_and_there_are_as_many_as_the_strategy_has():
    few = packed(lambda tape: tape.byte() >> 6)

    assert len(set(draw_deck(gathers(), 200, "0"))) == 200
    assert sorted(draw_deck(few, 500, "0")) == [bytes((byte,)) for byte in range(256)]
    assert draw_deck(packed(lambda tape: 1), 5, "0") == (b"",)


def test_only_what_is_packed_has_a_deck():
    with pytest.raises(LookupError, match="was not made by packed"):
        draw_deck(st.integers(), 5, "0")


def test_a_deck_is_decoded_once_for_all_who_ask():
    decoder, deck = Decoder(), draw_deck(gathers(), 5, "0")

    cases = decoder.cases(gathers(), deck)

    assert decoder.cases(gathers(), deck) is cases
    assert [case.origin.data for case in cases] == list(deck)


def test_a_part_of_a_deck_is_not_decoded_again():
    decoder, deck = Decoder(), draw_deck(gathers(), 6, "0")

    cases = list(decoder.cases(gathers(), deck))

    assert all(map(operator.is_, decoder.cases(gathers(), Deck.of(deck[::2])), cases[::2]))


def test_a_long_deck_is_decoded_and_not_kept():
    decoder, deck = Decoder(), Deck(draw_deck(gathers(), 5, "0") * 201)

    assert [case.origin.data for case in decoder.cases(gathers(), deck)] == list(deck)
    assert not decoder._kept


def test_the_latest_decks_are_kept():
    decoder, deck = Decoder(), draw_deck(gathers(), 5, "0")
    cases = decoder.cases(gathers(), deck)
    for seed in range(1, 34):
        decoder.cases(gathers(), draw_deck(gathers(), 5, str(seed)))

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
