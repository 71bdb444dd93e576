import torch
from hypothesis import HealthCheck, given, settings

import strategies
from strategies import tensors


def test_the_package_exports_what_it_names():
    assert all(callable(getattr(strategies, name)) for name in strategies.__all__)


def test_strategies_work_in_a_test_of_ones_own():
    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    @given(tensors(min_dims=1, max_dims=2, dtypes=[torch.float64]))
    def test_own(x):
        assert x.dtype is torch.float64
        assert 1 <= x.dim() <= 2

    test_own()
