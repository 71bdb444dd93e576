import inspect

import pytest

from strategies import promises_of
from strategies.tape import Tape, drawn_again, length_of, packed, strategy, weighted, without
from tests.strategies.drawing import draw


def pair(tape):
    one = tape.byte()
    tape.leave(2)
    return one, tape.take(3)


@strategy(promises=("small",))
def numbers(tape: Tape, *, below: int = 4) -> int:
    """Return a strategy for numbers."""
    return tape.below(below)


def test_every_reader_takes_the_zero_byte_for_the_simplest():
    tape = Tape(bytes(6))

    assert (tape.byte(), tape.take(2), tape.pick("abc"), tape.chance(50), tape.below(7)) == (
        0,
        b"\0\0",
        "a",
        False,
        0,
    )


def test_every_choice_can_be_made():
    tapes = [bytes([byte]) for byte in range(256)]

    assert {Tape(data).below(7) for data in tapes} == set(range(7))
    assert {Tape(data).pick(range(256)) for data in tapes} == set(range(256))
    assert sum(Tape(data).chance(25) for data in tapes) == 64


def test_a_strategy_draws_the_bytes_that_its_decoder_reads_or_leaves():
    assert length_of(pair) == 6
    assert {len(drawn) for _, drawn in draw(packed(pair), 20, seed=1)} == {3}


def test_a_decoder_becomes_a_function_that_returns_its_strategy():
    assert set(draw(numbers(below=3), 50, seed=1)) == {0, 1, 2}
    assert max(draw(numbers(), 50, seed=1)) == 3
    assert promises_of(numbers(below=2)) == ("small",)
    assert list(inspect.signature(numbers).parameters) == ["below"]
    assert numbers.__doc__ == "Return a strategy for numbers."


def test_what_no_decoder_made_is_not_drawn_again():
    with pytest.raises(LookupError, match="not made by packed"):
        drawn_again(packed(pair).filter(bool), b"\0")


def test_promises_lose_the_ones_named():
    assert without(("a", "b", "c"), "b", "d") == ("a", "c")


def test_weights_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="255"):
        weighted({1: 255})
