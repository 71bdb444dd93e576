"""The reference against examples worked out by hand."""

import functools

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from strategies import placing_on, tensor_codes
from strategies.cases.modules import ModuleCode
from strategies.code import contiguous_code


def test_gather_along_dim_0_replaces_the_row():
    matrix, index = np.arange(16).reshape(4, 4), np.array([[0, 2, 2, 3]])

    assert reference.gather(matrix, 0, index).tolist() == [[0, 9, 10, 15]]


def test_gather_along_dim_1_replaces_the_column():
    matrix, index = np.arange(16).reshape(4, 4), np.array([[0], [2], [2], [3]])

    assert reference.gather(matrix, 1, index).tolist() == [[0], [6], [10], [15]]
    assert reference.gather(matrix, -2, index).tolist() == [[0], [8], [8], [12]]


def test_gather_of_a_scalar_is_that_scalar():
    assert reference.gather(np.array(5), -1, np.array(0)).tolist() == 5


def test_gather_gradient_adds_up_duplicates():
    gradient = reference.gather_gradient((3,), 0, np.array([0, 2, 2]), np.array([1.0, 10.0, 100.0]))

    assert gradient.tolist() == [1.0, 0.0, 110.0]


def test_gather_gradient_of_a_scalar():
    assert reference.gather_gradient((), 0, np.array(0), np.array(3.0)).tolist() == 3.0


def test_host_is_a_copy():
    tensor = torch.zeros(2)
    copy = reference.host(tensor)
    tensor.fill_(1)

    assert copy.tolist() == [0, 0]


def test_host_resolves_conj_and_neg_views():
    tensor = torch.tensor([1 + 2j])

    assert reference.host(tensor.conj()).tolist() == [1 - 2j]
    assert reference.host(tensor.conj().imag).tolist() == [-2.0]


@given(code=tensor_codes())
def test_what_was_drawn_is_what_a_healthy_device_reads_back(code):
    tensor = code.build()

    expect.same_elements(tensor, reference.drawn(tensor))


def test_what_was_drawn_stays_what_it_was():
    tensor = contiguous_code((1.0, 2.0), torch.float32, (2,)).build()
    tensor.zero_().unsqueeze_(0)
    reference.drawn(tensor).fill(3)

    assert reference.drawn(tensor).tolist() == [1.0, 2.0]


def test_what_was_drawn_is_rounded_to_the_dtype_without_the_device():
    code = contiguous_code((1 / 3, -0.0), torch.bfloat16, (2,))
    with placing_on("meta"):
        drawn = reference.drawn(code.build())

    assert (str(drawn.dtype), drawn.tolist()) == ("bfloat16", [0.333984375, -0.0])


def test_the_parameters_of_a_module_are_drawn():
    code = ModuleCode(("Linear(2, 3)",), 1)
    with placing_on("meta"):
        drawn = [reference.drawn(parameter) for parameter in code.build().parameters()]

    assert [array.tolist() for array in drawn] == [each.tolist() for each in code.build().parameters()]


def test_what_no_case_built_was_not_drawn():
    tensor = contiguous_code((0.0,), torch.float32, (1,)).build()

    for other in (tensor.clone(), tensor[...], torch.zeros(1)):
        with pytest.raises(LookupError):
            reference.drawn(other)


def test_tensors_that_are_gone_are_forgotten(monkeypatch):
    monkeypatch.setattr("strategies.drawn._drawn", remembered := {})
    monkeypatch.setattr("strategies.drawn._most", 8)
    code = contiguous_code((0.0,), torch.float32, (1,))
    kept = [code.build() for _ in range(6)]
    for _ in range(100):
        [code.build() for _ in range(4)]

    assert len(remembered) <= 12 + 4
    assert [reference.drawn(tensor).tolist() for tensor in kept] == [[0.0]] * 6


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64, torch.complex64])
def test_any_nan_matches_any_nan(dtype):
    expected = reference.host(torch.tensor([torch.nan, 1], dtype=dtype))

    expect.same_elements(torch.tensor([-torch.nan, 1], dtype=dtype), expected)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (torch.tensor([0.0, -0.0]), r"differs first at \(1,\)"),
        (torch.tensor([0.0, torch.nan]), r"differs first at \(1,\)"),
        (torch.tensor([[0.0, 0.0]]), r"shape \(1, 2\) instead of \(2,\)"),
        (torch.tensor([0, 0]), "dtype int64 instead of float32"),
    ],
)
def test_a_difference_is_named(found, message):
    with pytest.raises(AssertionError, match=message):
        expect.same_elements(found, np.zeros(2, dtype=np.float32))


@pytest.mark.parametrize(
    ("claim", "found", "expected", "message"),
    [
        (
            expect.same_elements,
            torch.tensor([[0.1, 0.0], [0.0, -0.0]]),
            np.array([[0.1, 0.0], [1.0, 0.0]], np.float32),
            "differs first at (1, 0): 0. instead of 1., 2 of 4 elements of float32 differ: "
            "[[ 0.1, 0. ], [ 0. , -0. ]] instead of [[0.1, 0. ], [1. , 0. ]]",
        ),
        (
            expect.equal_elements,
            torch.tensor(0.1, dtype=torch.float64).nextafter(torch.tensor(1.0, dtype=torch.float64)),
            np.array(0.1),
            "differs first at (): 0.10000000000000002 instead of 0.1, 1 of 1 elements of float64 differ",
        ),
        (
            functools.partial(expect.close, dtype=torch.bfloat16),
            torch.tensor([1.0, 1.5], dtype=torch.bfloat16),
            np.ones(2),
            "differs first at (1,): 1.5 instead of 1., 1 of 2 elements of torch.bfloat16 differ: "
            "[1. , 1.5] instead of [1., 1.]; up to 0.02 may be rounding",
        ),
        (
            expect.same_bytes,
            torch.tensor([2, 256], dtype=torch.int16),
            reference.raw(np.array([2, 1], np.int16)),
            "bytes: differs first at (1,): [0, 1] instead of [1, 0], 1 of 2 elements of uint8 differ: "
            "[[2, 0], [0, 1]] instead of [[2, 0], [1, 0]]",
        ),
        (
            expect.possible,
            torch.tensor([[0, 1], [0, 0]]),
            np.array([[1.0, 0], [0, 2]]),
            "drew 0, a category of weight 0, first at (1, 1), 1 times in 4",
        ),
    ],
    ids=["same_elements", "equal_elements", "close", "same_bytes", "possible"],
)
def test_a_claim_says_what_differs_where_and_how_often(claim, found, expected, message):
    with pytest.raises(AssertionError) as caught:
        claim(found, expected)

    assert str(caught.value) == message


@pytest.mark.parametrize("index", [2, -1])
def test_an_index_out_of_range_points_at_nothing(index):
    with pytest.raises(AssertionError, match=f"points at {index} of 2, first at \\(0,\\)"):
        expect.points_at(torch.tensor(index), torch.tensor(1.0), np.ones(2, np.float32), 0)


def test_the_place_of_a_difference_is_in_the_tensor_s_shape():
    with pytest.raises(AssertionError, match=r"differs first at \(1, 0\)"):
        expect.same_elements(torch.tensor([[0j, 0], [1j, 0]]), np.zeros((2, 2), dtype=np.complex64))


def test_all_ones():
    expect.all_ones(torch.ones(2, dtype=torch.bool))
    with pytest.raises(AssertionError, match=r"differs first at \(1,\): 0\. instead of 1\., 1 of 2 elements"):
        expect.all_ones(torch.tensor([1.0, 0.0]))


def test_ones_of_a_dtype_fill_elements_of_another_size():
    joined = reference.ones(torch.uint8, (2, 1), 2)
    split = reference.ones(torch.int16, (4,), 1)

    assert joined.tolist() == [[[1, 1]], [[1, 1]]]
    assert split.reshape(-1).tolist() == reference.raw(np.ones(2, dtype=np.int16)).reshape(-1).tolist()


@pytest.mark.parametrize(
    ("shape", "strides", "viewed", "expected"),
    [
        ((2, 3), (3, 1), (6,), [1]),
        ((2, 6), (1, 2), (2, 3, 2), [1, 4, 2]),
        ((4, 2), (0, 1), (2, 2, 1, 2), [0, 0, 1]),
        ((1,), (7,), (), []),
    ],
)
def test_strides_of_a_view_lead_to_the_same_elements(shape, strides, viewed, expected):
    assert reference.strides_of_view(shape, strides, viewed) == expected


@pytest.mark.parametrize(
    "one", [torch.bool, torch.uint8, torch.int8, torch.int32, torch.float16, torch.bfloat16, torch.float64]
)
@pytest.mark.parametrize("other", [torch.bool, torch.int8, torch.int64, torch.float16, torch.float32])
def test_promoted_agrees_with_torch(one, other):
    assert reference.promoted(one, other) == str(torch.promote_types(one, other))


def test_a_0d_array_counts_for_the_common_dtype_only_if_it_is_of_a_higher_kind():
    row, number = np.zeros(2, np.int8), np.zeros((), np.int64)
    real = np.zeros((), np.float32)

    assert reference.common(row, number, (torch.int8, torch.int64))[0].dtype == np.int8
    assert reference.common(row, number[np.newaxis], (torch.int8, torch.int64))[0].dtype == np.int64
    assert reference.common(row, real, (torch.int8, torch.float32))[0].dtype == np.float32


def test_pieces_lie_where_their_spans_start():
    whole = reference.in_place_of_parts((2, 3), 1, [(1, 2), (2, 3)], [np.ones(2), np.full((2, 1), 5.0)])

    assert whole.tolist() == [[0, 1, 5], [0, 1, 5]]
