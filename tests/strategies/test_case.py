import pytest
import torch
from hypothesis.vendor.pretty import pretty

from strategies import promises_of
from strategies.case import Case, InputCase, Parts, TensorField, TensorsField, case_class
from strategies.cases.gathers import Gather
from strategies.code import TensorCode, contiguous_code, placing_on
from strategies.dims import decode_dim, dim_classes
from strategies.fills import zeros
from strategies.shapes import decode_shape
from strategies.tape import Tape, drawn_again, strategy
from strategies.tensors import decode_input, layout_promises, zeros_code
from strategies.values import DTYPES
from tests.strategies.drawing import draw, minimal


@case_class
class Flip(InputCase):
    """An input and a dim to flip."""

    dim: int


@strategy(promises=("negative dim", *layout_promises()))
def flips(tape: Tape) -> Flip:
    """Return a strategy for tensors of one to three dims and a dim to flip."""
    code = decode_input(tape, decode_shape(tape, min_dims=1, max_dims=3), DTYPES)
    dim = decode_dim(tape, len(code.shape))
    return Flip(classes=(*code.classes, *dim_classes(dim)), input=code, dim=dim)


def test_a_family_is_a_class_and_a_decoder():
    cases = draw(flips(), 100, seed=1)

    assert {-1, 0, 1} <= {case.dim for case in cases}
    assert all(-case.input.dim() <= case.dim < case.input.dim() <= 3 for case in cases)
    assert set(promises_of(flips())) <= {name for case in cases for name in case.classes}


def test_a_case_of_a_new_family_prints_is_drawn_again_and_gets_simpler():
    case = draw(flips(), 20, seed=1)[-1]
    again = eval(repr(case), {"torch": torch, "Flip": lambda **parts: parts})

    assert repr(drawn_again(flips(), case.origin.data)) == repr(case)
    assert again["dim"] == case.dim
    assert torch.equal(again["input"].isnan(), case.input.isnan())
    assert repr(minimal(flips())) == "Flip(input=torch.tensor([0.0]), dim=0)"
    assert repr(minimal(flips(), lambda case: case.dim < -1)) == "Flip(input=torch.tensor([[0.0]]), dim=-2)"


def test_a_case_prints_what_it_started_from_after_a_rule_wrote_to_it():
    code = TensorCode((0.0,), torch.float32, (1,), (1,))
    case = Gather(classes=(), input=code, dim=0, index=code)
    before = repr(case)
    case.input.fill_(7)

    assert repr(case) == before
    assert case.input.item() == 7


@case_class
class Pieces(Case):
    pieces: TensorsField = TensorsField()


@case_class
class FlipMisuse(Flip):
    mended_input: TensorField = TensorField()


def test_hypothesis_prints_a_case_without_building_its_tensors():
    code = TensorCode((0.0,), torch.float32, (1,), (1,))
    case = Gather(classes=(), input=code, dim=0, index=code)

    assert pretty(case) == repr(case)
    assert vars(case) == vars(Gather(classes=(), input=code, dim=0, index=code))


def test_a_tuple_of_tensors_is_built_once_and_anew_for_a_fresh_case():
    case = Pieces(classes=(), pieces=(zeros_code((2,)), zeros_code(())))
    case.pieces[0].fill_(7)

    assert [piece.tolist() for piece in case.pieces] == [[7, 7], 0]
    assert [piece.tolist() for piece in case.fresh().pieces] == [[0, 0], 0]
    assert repr(case) == "Pieces(pieces=(torch.tensor([0, 0]), torch.tensor(0)))"


def test_a_case_is_built_where_it_is_placed():
    case = Flip(classes=(), input=zeros_code((2,)), dim=0)
    with placing_on("meta"):
        case.build()

    assert case.input.device.type == "meta"


def test_the_parts_of_a_family_make_a_case_and_its_misuse():
    parts = Parts(classes=("named",))
    right, wrong = zeros_code((1,)), zeros_code((0,))

    misuse = parts.case(FlipMisuse, "empty", input=wrong, dim=0, mended_input=right)

    assert misuse.classes == ("named", "empty")
    assert (
        repr(misuse)
        == "FlipMisuse(input=torch.zeros((0,), dtype=torch.int64), dim=0, mended_input=torch.tensor([0]))"
    )
    with pytest.raises(TypeError, match="mended_input"):
        parts.case(FlipMisuse, input=wrong, dim=0)


def test_a_case_cannot_be_changed():
    case = Flip(
        classes=(), input=contiguous_code(zeros(Tape(b""), torch.bool, 1)[0], torch.bool, (1,)), dim=0
    )

    with pytest.raises(AttributeError):
        case.dim = 1
