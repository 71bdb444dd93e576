"""Covering: chosen cases reach what chance does not, at no greater cost."""

from collections import Counter
from itertools import combinations
from random import Random

import pytest

from strategies import gathers, squeezes, views
from strategies.covering import COSTLY, Coverage, count_pairs, pairs_of
from strategies.decks import decoder, draw_deck
from strategies.tape import Origin, packing_of, parts_of, parts_together, promises_of, together, without


def classes_by_chance(strategy, count, seed):
    packing, random = packing_of(strategy), Random(seed)
    drawn = [random.randbytes(packing.length) for _ in range(count)]
    return [Origin(packing.decode, data).again(data).classes for data in drawn]


def classes_of_deck(strategy, count, seed="0"):
    return [case.classes for case in decoder.cases(strategy, draw_deck(strategy, count, seed))]


def reached(cases, size):
    return {found for classes in cases for found in combinations(sorted(set(classes)), size)}


@pytest.mark.parametrize("make", [gathers, views, squeezes])
@pytest.mark.parametrize("size", [2, 3])
def test_decks_reach_more_pairs_and_triples_than_as_many_cases_by_chance(make, size):
    by_chance = [len(reached(classes_by_chance(make(), 150, seed), size)) for seed in range(3)]
    chosen = [len(reached(classes_of_deck(make(), 150, str(seed)), size)) for seed in range(3)]

    assert sum(chosen) > sum(by_chance)


@pytest.mark.parametrize("seed", "01234")
def test_classes_that_are_promised_together_are_drawn_more_than_once(seed):
    drawn = classes_of_deck(gathers(), 100, seed)

    for parts in parts_together(promises_of(gathers())).values():
        assert sum(parts.issubset(classes) for classes in drawn) > 1


def test_costly_cases_are_no_more_than_by_chance():
    by_chance, chosen = Counter(), Counter()
    for seed in "012":
        for place, classes in enumerate(classes_of_deck(squeezes(), 150, seed)):
            # The first 50 are by chance, then as many are chosen; see draw_deck.
            (by_chance if place < 50 or 100 <= place < 125 else chosen).update(classes)

    for name in COSTLY:
        assert chosen[name] <= by_chance[name] + 3


def test_coverage_counts_what_is_new():
    coverage = Coverage()
    numbers = coverage.meet(("a", "b", "c"))
    first = coverage.gain(numbers)
    coverage.add(numbers)
    others = coverage.meet(("b", "c", "d"))

    assert first > coverage.gain(others) > 0
    assert coverage.gain(numbers) == 0
    assert coverage.known_pairs == 5


def test_pairs_of_cases_are_counted():
    one, other, none = pairs_of([("a", "b", "c"), ("c", "a", "d"), ()])

    assert [count_pairs(pairs) for pairs in (one, other, one | other, none)] == [3, 3, 5, 0]


def test_a_class_is_made_of_several():
    both = together("b", "a c")

    assert parts_of(both) == ("b", "a c")
    assert parts_together(("a", both)) == {both: frozenset(("b", "a c"))}
    assert without((both, "a", "c"), "a c") == ("a", "c")
