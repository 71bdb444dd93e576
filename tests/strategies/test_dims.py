import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.dims import bad_dim_classes, decode_bad_dim, decode_dim, decode_dims, places
from strategies.tape import Tape


@given(st.binary(min_size=2, max_size=2), st.integers(1, 6))
def test_dims_are_in_range(data, count):
    assert -count <= decode_dim(Tape(data), count) < count
    dims = decode_dims(Tape(data), count)
    assert len({dim % count for dim in dims}) == len(dims) >= 1


@given(st.binary(min_size=2, max_size=2), st.integers(1, 6))
def test_bad_dims_are_out_of_range(data, count):
    assert not -count <= decode_bad_dim(Tape(data), count) < count


def test_a_dim_out_of_range_says_on_which_side():
    assert bad_dim_classes(-3) == ["dim too low"]
    assert bad_dim_classes(2) == ["dim too high"]


def test_a_0_d_tensor_counts_as_having_one_dim():
    assert [places(()), places((3,)), places((2, 0))] == [1, 1, 2]


def test_a_dim_of_none_is_refused():
    with pytest.raises(ValueError, match="not of 0"):
        decode_dim(Tape(b"\0"), 0)
