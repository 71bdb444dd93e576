import numpy as np
import pytest
import torch
from hypothesis import given

from strategies import tensor_codes
from strategies.code import array_code, contiguous_code, indexed_shape, literal
from strategies.values import STORED_DTYPES, Repeated


@given(tensor_codes(dtypes=STORED_DTYPES))
def test_a_tensor_prints_as_code_that_rebuilds_it(code):
    built, again = code.build(), eval(repr(code), {"torch": torch})

    assert (again.dtype, again.shape, again.stride()) == (built.dtype, built.shape, built.stride())
    assert again.storage_offset() == built.storage_offset()
    assert again.untyped_storage().nbytes() == built.untyped_storage().nbytes()
    assert torch.equal(_bytes(again), _bytes(built))


def _bytes(tensor):
    storage = tensor.untyped_storage()
    return torch.empty(0, dtype=torch.uint8).set_(storage)


@given(tensor_codes())
def test_strides_and_elements_are_known_without_building(code):
    tensor = code.build()
    long = [dim for dim, size in enumerate(tensor.shape) if size > 1]

    if tensor.numel():
        assert [code.strides()[dim] for dim in long] == [tensor.stride(dim) for dim in long]
    assert code.elements().shape == tensor.shape


def test_an_array_is_a_contiguous_tensor():
    code = array_code(np.arange(6.0).reshape(2, 3).T, torch.float64)

    assert code == contiguous_code((0.0, 3.0, 1.0, 4.0, 2.0, 5.0), torch.float64, (3, 2))
    assert code.build().is_contiguous()
    assert repr(code.changed(dtype=torch.float32)).startswith("torch.tensor([[0.0, 3.0]")


def test_an_index_leaves_the_shape_that_torch_leaves():
    base, index = (4, 3, 5), (slice(1, None, 2), 0)

    assert indexed_shape(base, index) == torch.zeros(base)[index].shape


def test_numbers_that_repeat_print_as_a_short_expression_that_rebuilds_them():
    for dtype in (torch.float32, torch.bfloat16, torch.uint8):
        code = contiguous_code(Repeated((1, 2, 3), 40_000, 39_000, 9), dtype, (40, 1, 1_000))
        again = eval(repr(code), {"torch": torch})

        assert len(repr(code)) < 200
        assert again.dtype is dtype
        assert torch.equal(again, code.build())
        assert code.elements().reshape(-1)[39_000] == 9


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (float("inf"), "torch.inf"),
        ((-float("inf"), 1, "a"), "(-torch.inf, 1, 'a')"),
        ((1.5,), "(1.5,)"),
        ([None, torch.int64], "[None, torch.int64]"),
        ({"p": (float("nan"),)}, "{'p': (torch.nan,)}"),
        (complex(0, float("inf")), "complex(0.0, torch.inf)"),
    ],
)
def test_a_value_is_printed_as_code_that_gives_it(value, code):
    assert literal(value) == code
    assert repr(eval(code)) == repr(value)
