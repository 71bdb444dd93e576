import numpy as np
from hypothesis import given

from strategies.cases.view_misuses import views_against_strides
from strategies.cases.views import blocks, views


@given(views())
def test_a_legal_view_keeps_the_elements_addresses_in_steps(case):
    if case.input.numel():
        assert _is_strided(_addresses(case.input).reshape(case.shape))


@given(views_against_strides())
def test_a_refused_view_has_no_strides(case):
    assert not _is_strided(_addresses(case.input).reshape(case.shape))


def _addresses(tensor):
    """Return how far from the tensor's first element each of its elements lies in the storage."""
    addresses = np.zeros(tensor.shape, dtype=int)
    for dim, stride in enumerate(tensor.stride()):
        places = np.arange(tensor.shape[dim]) * stride
        addresses = addresses + places.reshape(-1, *[1] * (tensor.dim() - dim - 1))
    return addresses


def _is_strided(addresses):
    """Return whether one step along any dim always leads equally far."""
    return all(
        (np.diff(addresses, n=2, axis=dim) == 0).all() and _alike(addresses, dim)
        for dim in range(addresses.ndim)
    )


def _alike(addresses, dim):
    steps = np.diff(addresses, axis=dim)
    return not steps.size or (steps == steps.reshape(-1)[0]).all()


def test_blocks_are_what_a_single_dim_could_stand_for():
    assert blocks((2, 3), (3, 1)) == [6]
    assert blocks((2, 3), (1, 2)) == [2, 3]
    assert blocks((2, 1, 3), (3, 99, 1)) == [6]
    assert blocks((2, 3), (0, 1)) == [2, 3]
    assert blocks((2, 3), (0, 0)) == [6]
