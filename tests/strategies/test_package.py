import re
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def readme_examples():
    """Return the section of the README about strategies, run, with every option that its table names."""
    readme = Path(strategies.__file__).parents[1] / "README.md"
    section = readme.read_text("utf-8").partition("## Strategies for your own tests")[2]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    found = {}
    exec(code, found)
    return {name: test for name, test in found.items() if name.startswith("test_")}


@pytest.mark.parametrize("name", readme_examples())
def test_the_examples_of_the_readme_hold(name):
    readme_examples()[name]()


def test_the_examples_of_the_docstrings_are_strategies():
    names = {"torch": torch, "st": st, "given": lambda **given: given, **vars(strategies)}
    for documented in (strategies.tensors, strategies.tensor_codes):
        (example,) = re.findall(r"@(given\(.*\))", documented.__doc__ or "")
        assert all(isinstance(given, st.SearchStrategy) for given in eval(example, names).values())
