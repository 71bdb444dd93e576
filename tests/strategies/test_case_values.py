"""Cases are values: what they print gives them back, and they can be compared, pickled and made by hand."""

import pickle

import pytest
import torch
from hypothesis import example, given, settings

import strategies.cases.gathers
import strategies.cases.reductions
import strategies.cases.squeezes
import strategies.cases.views
from strategies import gathers, reductions, squeezes, views
from strategies.case import tensor_fields
from strategies.cases.gathers import Gather, gather_gradients
from strategies.code import code_of
from strategies.decks import decoder, draw_deck

NAMES = {"torch": torch}
for module in ("gathers", "reductions", "squeezes", "views"):
    NAMES.update(vars(getattr(strategies.cases, module)))


def drawn(strategy):
    return decoder.cases(strategy, draw_deck(strategy, 100, "0"))


@pytest.mark.parametrize("make", [gathers, reductions, squeezes, views, gather_gradients])
def test_what_a_case_prints_gives_an_equal_case(make):
    for case in drawn(make()):
        again = eval(repr(case), NAMES)

        assert again == case
        assert hash(again) == hash(case)
        for name in tensor_fields(type(case)):
            one, other = getattr(again, name), getattr(case, name)
            assert one.stride() == other.stride()
            assert one.requires_grad == other.requires_grad
            assert torch.equal(one, other) or one.is_complex() or bool(one.isnan().any())


def test_cases_that_differ_are_not_equal():
    case = Gather(input=torch.tensor([1.0, 2.0]), dim=0, index=torch.tensor([0]))

    assert case == Gather(input=torch.tensor([1.0, 2.0]), dim=0, index=torch.tensor([0]), classes=("a",))
    assert case != Gather(input=torch.tensor([1.0, 2.0]), dim=-1, index=torch.tensor([0]))
    assert case != Gather(input=torch.tensor([1.0, -2.0]), dim=0, index=torch.tensor([0]))
    assert case != Gather(input=torch.tensor([1.0, 0.0, 2.0])[::2], dim=0, index=torch.tensor([0]))
    assert case != "a case"


def test_a_case_is_pickled_without_what_it_has_built():
    for case in list(drawn(gathers()))[:30]:
        case.build()
        again = pickle.loads(pickle.dumps(case))

        assert again == case
        assert repr(again) == repr(case)
        assert again.classes == case.classes
        assert again.origin is None


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(1.5),
        torch.arange(6.0).reshape(2, 3).t(),
        torch.arange(4)[1:3],
        torch.zeros(1, 3).expand(2, 3),
        torch.tensor([1j, 2.0]).conj(),
        torch.tensor([1.0, torch.nan], dtype=torch.bfloat16).requires_grad_(),
        torch.zeros(2, 0),
    ],
    ids=str,
)
def test_a_tensor_has_an_expression(tensor):
    made = eval(repr(code_of(tensor)), NAMES)

    assert (made.shape, made.stride(), made.storage_offset()) == (
        *(tensor.shape, tensor.stride()),
        tensor.storage_offset(),
    )
    assert (made.is_conj(), made.requires_grad) == (tensor.is_conj(), tensor.requires_grad)
    assert torch.equal(made.nan_to_num(), tensor.nan_to_num())
    assert code_of(tensor).drawn().shape == tuple(tensor.shape)
    assert code_of(tensor).strides() == tensor.stride()


def test_what_has_no_strides_is_refused():
    with pytest.raises(ValueError, match="no strides"):
        code_of(torch.eye(2).to_sparse())


def test_a_find_becomes_an_example():
    seen = []

    @settings(max_examples=5, database=None)
    @given(case=gathers())
    @example(case=Gather(input=torch.tensor([1.0, 2.0]), dim=0, index=torch.tensor([7])))
    def test_own(case):
        seen.append(case)

    test_own()

    assert repr(seen[0]) == "Gather(input=torch.tensor([1.0, 2.0]), dim=0, index=torch.tensor([7]))"
