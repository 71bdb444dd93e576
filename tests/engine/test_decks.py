"""One deck for each strategy, for all processes of a run."""

import pytest

from conformance.engine.decks import Decks
from conformance.engine.rule import load_rules
from strategies import tensor_codes
from strategies.decks import draw_deck
from tests.suite import run_suite


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


def test_a_folder_that_somebody_removes_is_made_again(tmp_path):
    decks = Decks("0", 5, tmp_path / "decks")

    assert decks.of(ELEMENTS) == draw_deck(ELEMENTS, 5, "0")
    assert len(list((tmp_path / "decks").iterdir())) == 1


def test_rules_of_one_strategy_share_a_deck():
    rules = load_rules()

    strategies = {strategy_of(id) for id in rules}

    assert len(strategies) < len(rules) / 2.5
    assert strategy_of("gather.output_dtype") is strategy_of("gather.output_shape")


def test_each_strategy_has_a_deck_of_its_own_known_by_a_rule(drawn, tmp_path):
    decks, ids = Decks("0", 5, tmp_path), ["gather.elements", "gather.output_shape", "view.shape"]

    for id in ids:
        decks.of(strategy_of(id))

    assert len(drawn) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_deck_that_is_shared_says_how_many_pairs_of_classes_there_are(tmp_path):
    drawn, read = [Decks("0", 100, tmp_path).of(ELEMENTS) for _ in range(2)]

    assert drawn is not read
    assert drawn.pairs == read.pairs > 300


def test_a_deck_that_was_not_written_to_its_end_is_drawn_again(drawn, tmp_path):
    whole = Decks("0", 5, tmp_path).of(ELEMENTS)
    (path,) = tmp_path.iterdir()

    for left in (0, 2, 4, path.stat().st_size - 1):
        path.write_bytes(path.read_bytes()[:left])
        assert Decks("0", 5, tmp_path).of(ELEMENTS) == whole

    assert len(drawn) == 5


def test_the_decks_of_a_seed_are_kept_for_further_runs(tmp_path):
    options = ("--rule=gather.elements", "--device=cpu", "--max-examples=5", "-p", "cacheprovider")
    cache = tmp_path / "cache"

    def kept(*more):
        run_suite(tmp_path / "report", *options, "-o", f"cache_dir={cache}", *more)
        return {path: path.stat().st_mtime_ns for path in cache.rglob("*.deck")}

    first = kept()
    (cache / "d" / "conformance-decks" / "of-another-state").mkdir()

    assert len(first) == 1
    assert kept() == first
    assert not (cache / "d" / "conformance-decks" / "of-another-state").exists()
    assert kept("--hypothesis-profile=explore") == first
    assert len(kept("--hypothesis-seed=../5")) == 2


def test_a_strategy_that_no_rule_takes_is_drawn_by_each_process(tmp_path):
    own = tensor_codes(max_dims=1, min_dims=1)

    assert Decks("0", 5, tmp_path).of(own) == Decks("0", 5, tmp_path).of(own)
    assert not list(tmp_path.iterdir())
