"""Equal strategies are one strategy."""

from functools import partial

import torch

from strategies import gathers, tensors
from strategies.identity import identify
from strategies.tape import packed, strategy


def made(option):
    def decode(tape):
        return (option, tape.byte())

    return decode


def test_functions_with_equal_options_are_the_same():
    assert identify(made((1, "a"))) == identify(made((1, "a")))
    assert identify(made([1])) == identify(made([1]))
    assert identify(partial(made, 1)) == identify(partial(made, 1))


def test_functions_with_other_options_or_code_are_not():
    assert identify(made(1)) != identify(made(2))
    assert identify(made(1)) != identify(made(True))  # equal, but not the same value
    assert identify(made([1])) != identify(made((1,)))
    assert identify(partial(made, 1)) != identify(partial(made, 2))
    assert identify(lambda tape: tape.byte()) != identify(lambda tape: tape.take(1))


def test_what_cannot_be_compared_is_itself_alone():
    class Anything:
        __hash__ = None  # type: ignore[assignment]

    one, other = Anything(), Anything()

    assert identify(made(one)) == identify(made(one))
    assert identify(made(one)) != identify(made(other))


def test_a_strategy_is_made_once():
    assert packed(made(3)) is packed(made(3))
    assert packed(made(3)) is not packed(made(4))
    assert packed(made(3), promises=["a"]) is not packed(made(3))
    assert gathers() is gathers()
    assert tensors(dtypes=[torch.int8], max_dims=2).__class__ is tensors().__class__


def test_decoders_that_became_functions_keep_their_options_apart():
    @strategy()
    def draws(tape, option):
        return (option, tape.byte())

    assert draws(1) is draws(1)
    assert draws(1) is not draws(2)
