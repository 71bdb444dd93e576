"""The shared claims: each passes what is right and fails what is wrong by one fact."""

import math

import numpy as np
import pytest
import torch

from conformance import expect, reference


def test_equal_elements_takes_either_zero_for_the_other_and_a_nan_for_a_nan():
    expect.equal_elements(torch.tensor([0.0, math.nan, 1.0]), np.array([-0.0, math.nan, 1.0], np.float32))


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([0.0, 2.0], np.float32),
        np.array([0.0, math.nan], np.float32),
        np.array([[0.0, 1.0]], np.float32),
        np.array([0.0, 1.0]),
    ],
    ids=["element", "NaN", "shape", "dtype"],
)
def test_equal_elements_fails_what_differs(wrong):
    with pytest.raises(AssertionError):
        expect.equal_elements(torch.tensor([0.0, 1.0]), wrong)


@pytest.mark.parametrize(
    ("dtype", "slack"), [(torch.float64, 1e-12), (torch.float32, 1e-6), (torch.float16, 1e-3)]
)
def test_close_allows_for_rounding_and_no_more(dtype, slack):
    expected = np.array([1.0, 4.0])
    expect.close(torch.tensor([1.0, 4.0 * (1 + slack)], dtype=dtype), expected, dtype=dtype)

    with pytest.raises(AssertionError, match="instead of"):
        expect.close(torch.tensor([1.0, 4.0 * (1 + 100 * slack)], dtype=dtype), expected, dtype=dtype)


def test_close_allows_what_the_vendor_states_for_the_dtype_while_it_is_allowed():
    off = torch.tensor([1.0005])
    with expect.allowing({"torch.float32": 1e-3}):
        expect.close(off, np.ones(1), dtype=torch.float32)
        expect.close(off + 0j, np.ones(1), dtype=torch.complex64)
        with pytest.raises(AssertionError):
            expect.close(off.double(), np.ones(1), dtype=torch.float64)
        with pytest.raises(AssertionError):
            expect.close(torch.tensor([1.005]), np.ones(1), dtype=torch.float32)

    with pytest.raises(AssertionError):
        expect.close(off, np.ones(1), dtype=torch.float32)


def test_the_largest_error_that_close_allowed_is_kept_by_dtype():
    eps, measured = torch.finfo(torch.float32).eps, {}
    with expect.allowing({}, measured):
        for error in (1, 3, 2):
            expect.close(
                torch.tensor([1 + error * eps, math.inf]), np.array([1, np.inf]), dtype=torch.float32
            )
        expect.close(torch.tensor([3]), np.array([3]), dtype=torch.int64)
        expect.close(torch.tensor([100 * (1 + eps)]), np.array([100.0]), dtype=torch.float32, scale=1000.0)
        expect.close(torch.zeros(1), np.zeros(1), dtype=torch.float32, scale=0.0)
    expect.close(torch.tensor([1 + 9 * eps]), np.ones(1), dtype=torch.float32)

    assert measured == {"torch.float32": 3.0}


def test_what_may_be_flushed_is_no_rounding():
    tiny, eps, measured = torch.finfo(torch.float32).tiny, torch.finfo(torch.float32).eps, {}
    expected = np.array([tiny / 4, 1.0], dtype=np.float32)
    with expect.allowing({}, measured):
        expect.near(torch.tensor([0.0, 1.0 + 2 * eps]), expected, units=4)

    assert measured == {"torch.float32": pytest.approx(2.0)}


def test_a_bound_tighter_than_rounding_tightens_nothing():
    with expect.allowing({"torch.float32": 1e-9}):
        assert expect.rounding(torch.float32) == expect.ROUNDING[4]


def test_close_fails_another_shape_and_misplaced_nan():
    with pytest.raises(AssertionError, match="shape"):
        expect.close(torch.ones(2), np.ones((1, 2)), dtype=torch.float32)
    with pytest.raises(AssertionError):
        expect.close(torch.tensor([math.nan]), np.ones(1), dtype=torch.float32)


def test_close_fails_another_dtype_and_knows_bfloat16():
    expect.close(torch.ones(2, dtype=torch.bfloat16), np.ones(2), dtype=torch.bfloat16)

    with pytest.raises(AssertionError, match="dtype"):
        expect.close(torch.ones(2), np.ones(2), dtype=torch.float64)


def test_near_allows_so_many_units_and_what_a_device_flushes():
    eps, tiny = torch.finfo(torch.float32).eps, torch.finfo(torch.float32).tiny
    expected = np.array([1024.0, math.nan, math.inf, 0.0, tiny / 2], np.float32)
    expect.near(torch.tensor([1024 * (1 + 2 * eps), math.nan, math.inf, -0.0, 0.0]), expected, units=2)

    for wrong in (1024 * (1 + 4 * eps), math.inf, math.nan):
        with pytest.raises(AssertionError, match="up to 2 eps"):
            expect.near(torch.tensor([wrong]), expected[:1], units=2)


def test_near_allows_nothing_of_whole_numbers_and_what_the_vendor_states_of_others():
    with pytest.raises(AssertionError):
        expect.near(torch.tensor([2]), np.array([3]), units=100)
    with expect.allowing({"torch.float32": 1e-3}):
        expect.near(torch.tensor([1.0005 + 0j]), np.ones(1, np.complex64), units=1)


@pytest.mark.parametrize("claim", [expect.same_elements, expect.equal_elements])
def test_float32_is_not_bfloat16(claim):
    numbers = torch.tensor([1.0, -0.0, math.nan, math.inf])
    claim(numbers.bfloat16(), reference.host(numbers.bfloat16()))

    with pytest.raises(AssertionError, match="dtype"):
        claim(numbers, reference.host(numbers.bfloat16()))


@pytest.mark.parametrize("error", [RuntimeError, TypeError, NotImplementedError, ZeroDivisionError])
def test_a_refusal_is_an_exception_of_whatever_type(error):
    with expect.refusal():
        raise error


def test_neither_a_warning_nor_nothing_is_a_refusal():
    with pytest.raises(UserWarning), expect.refusal():
        raise UserWarning
    with pytest.raises(AssertionError, match="not refused"), expect.refusal():
        pass


def test_same_bytes_sees_what_equality_does_not():
    expect.same_bytes(torch.tensor([-0.0]), reference.raw(np.array([-0.0], np.float32)))

    with pytest.raises(AssertionError, match="bytes"):
        expect.same_bytes(torch.tensor([0.0]), reference.raw(np.array([-0.0], np.float32)))


@pytest.mark.parametrize("categories", [2, 3, 17, 300])
def test_drawn_from_passes_right_draws(categories):
    weights = np.arange(1.0, categories + 1)
    probabilities = weights / weights.sum()
    draws = np.random.default_rng(0).choice(categories, 20_000, p=probabilities)

    expect.drawn_from(torch.from_numpy(draws), probabilities)


@pytest.mark.parametrize("categories", [2, 3, 17])
def test_drawn_from_finds_an_exponent_of_1_2(categories):
    weights = np.arange(1.0, categories + 1) ** 2
    biased = weights**1.2 / (weights**1.2).sum()
    draws = np.random.default_rng(0).choice(categories, 20_000, p=biased)

    with pytest.raises(AssertionError, match="expected"):
        expect.drawn_from(torch.from_numpy(draws), weights / weights.sum())


@pytest.mark.parametrize(
    ("draws", "message"),
    [([0, 1, -1], "drew -1"), ([0, 1, 3], "drew 3"), ([0, 1, 2], "which has probability 0")],
)
def test_drawn_from_fails_what_cannot_be_drawn(draws, message):
    with pytest.raises(AssertionError, match=message):
        expect.drawn_from(torch.tensor(draws), np.array([0.5, 0.5, 0.0]))


def test_the_limit_of_the_divergence_keeps_its_promise():
    """For a coin the chance to exceed the limit can be added up exactly."""
    draws, chance = 400, 1e-3
    limit = reference.divergence_limit(2, chance)
    exceeding = 0.0
    for heads in range(draws + 1):
        parts = [(count, count / draws) for count in (heads, draws - heads) if count]
        divergence = sum(count * math.log(share / 0.5) for count, share in parts)
        if divergence > limit:
            exceeding += math.comb(draws, heads) / 2**draws

    assert 0 < exceeding <= chance


def test_possible_and_points_at():
    weights = np.array([[1.0, 0.0], [0.0, 2.0]])
    expect.possible(torch.tensor([[0, 1], [0, 1]]), weights)
    expect.points_at(torch.tensor([[1]]), torch.tensor([[5.0]]), np.array([[3.0, 5.0]], np.float32), 1)

    with pytest.raises(AssertionError, match="weight 0"):
        expect.possible(torch.tensor([[0, 0]]), weights)
    with pytest.raises(AssertionError):
        expect.points_at(torch.tensor([[0]]), torch.tensor([[5.0]]), np.array([[3.0, 5.0]], np.float32), 1)


def test_raw_bytes_of_bfloat16_are_the_upper_half_of_float32():
    assert reference.raw(reference.host(torch.tensor([1.0], dtype=torch.bfloat16))).tolist() == [[0x80, 0x3F]]
    assert reference.regrouped(reference.raw(np.array([1, 2], np.int8)), 2).tolist() == [[1, 2]]


def test_gradients_of_extremes():
    input = np.array([[3.0, 3.0, 1.0]])

    assert reference.largest_gradient(input, (1,), np.array([4.0])).tolist() == [[2.0, 2.0, 0.0]]
    assert reference.smallest_gradient(input, None, np.array(4.0)).tolist() == [[0.0, 0.0, 4.0]]
    assert reference.to_the_first(input, 1, np.array([[1]]), np.array([[4.0]])).tolist() == [[0.0, 4.0, 0.0]]


def test_categorical_references():
    table = np.log(np.array([[0.25, 0.75], [0.5, 0.5]]))
    hot, count = reference.indicator(np.array([[0, 1], [0, 0]]), (2, 2))

    assert np.exp(reference.at_value(table, np.array([1, 0]))).tolist() == [0.75, 0.5]
    assert hot.tolist() == [[2.0, 0.0], [1.0, 1.0]]
    assert count.tolist() == [[2.0], [2.0]]
    assert reference.entropy(np.array([0.5, 0.5, 0.0])) == pytest.approx(math.log(2))
    assert np.exp(reference.log_softmax(np.array([0.0, -math.inf]))).tolist() == [1.0, 0.0]
