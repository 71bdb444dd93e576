"""What drawing a tensor and a gather costs, next to other libraries' strategies for the same inputs.

    pip install hypothesis-torch
    pytest tests/benchmarks/bench_strategies.py

Read the ratios that are printed last: each is another library's time over ours, in the same process and run,
beside Hypothesis' floor, a test that draws one integer. All draw float32 tensors of the same shapes; a
gather of ours has shapes, layouts and dtypes of many more kinds than one of theirs. The
others draw contiguous tensors only, no classes of inputs are counted for them, and left to themselves
numpy's and the array API's strategies draw some ten elements and fill in one value for all others; "every
element" is the same without that.
"""

import functools
from typing import Any

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import array_api
from hypothesis.extra import numpy as hnp

from strategies import gathers, tensors
from strategies.cases.gathers import Gather

hypothesis_torch = pytest.importorskip("hypothesis_torch")

EXAMPLES = 100
ROUNDS = 5
MAX_DIMS = 3
MAX_SIDE = 7
xps = array_api.make_strategies_namespace(np)
SETTINGS = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SHAPES: dict[str, list[tuple[int, ...]]] = {
    "tensor of 3x4": [(3, 4)],
    "tensor of 2x3x4": [(2, 3, 4)],
    "tensor of 16x17": [(16, 17)],
    "tensors": [(3,), (3, 4), (1, 5), (2, 3, 4), (4, 1, 3), (8, 8), (300,)],
}
NO_FILL = {"fill": st.nothing()}


def by_numpy(shape, **options):
    return hnp.arrays(np.float32, shape, **options).map(torch.from_numpy)


def by_array_api(shape, **options):
    return xps.arrays(np.float32, shape, **options).map(torch.from_numpy)


def by_hypothesis_torch(shape):
    return hypothesis_torch.tensor_strategy(torch.float32, shape)


LIBRARIES: dict[str, Any] = {
    "hypothesis.extra.numpy": by_numpy,
    "hypothesis.extra.numpy, every element": functools.partial(by_numpy, **NO_FILL),
    "hypothesis.extra.array_api": by_array_api,
    "hypothesis.extra.array_api, every element": functools.partial(by_array_api, **NO_FILL),
    "hypothesis-torch": by_hypothesis_torch,
}


def gather_by(tensor):
    """Return a strategy for gathers made of another library's tensors and an index of drawn integers."""

    @st.composite
    def draw_gather(draw):
        shape = draw(hnp.array_shapes(min_dims=1, max_dims=MAX_DIMS, min_side=1, max_side=MAX_SIDE))
        dim = draw(st.integers(-len(shape), len(shape) - 1))
        along = draw(st.integers(1, 2 * MAX_SIDE))
        index_shape = tuple(along if at == dim % len(shape) else size for at, size in enumerate(shape))
        index = draw(hnp.arrays(np.int64, index_shape, elements=st.integers(0, shape[dim] - 1), **NO_FILL))
        return draw(tensor(shape)), dim, torch.from_numpy(index)

    return draw_gather()


def drawn_by_all():
    """Return what is drawn, by whom, and the strategy."""
    for what, shapes in SHAPES.items():
        yield what, "ours", tensors(dtypes=[torch.float32], among=shapes)
        yield what, "floor", st.integers(0, 2**64)
        shape = st.sampled_from(shapes)
        for library, strategy in LIBRARIES.items():
            yield what, library, shape.flatmap(strategy)
    yield "gather", "ours", gathers()
    yield "gather", "floor", st.integers(0, 2**64)
    for library, strategy in LIBRARIES.items():
        yield "gather", library, gather_by(strategy)


@pytest.fixture(scope="module")
def times():
    found: dict[tuple[str, str], float] = {}
    yield found
    print(f"\ntime for {EXAMPLES} examples over ours, best of {ROUNDS}")
    for (what, library), seconds in found.items():
        print(f"{seconds / found[what, 'ours']:7.2f}  {what:15}  {library}")


@pytest.mark.parametrize(("what", "library", "strategy"), list(drawn_by_all()))
@pytest.mark.filterwarnings("ignore")
def test_drawing(benchmark, times, what, library, strategy):
    @hypothesis.seed(0)
    @SETTINGS
    @given(strategy)
    def drawn(case):
        if isinstance(case, Gather):
            case.build()

    benchmark.pedantic(drawn, rounds=ROUNDS, warmup_rounds=1)
    times[what, library] = benchmark.stats.stats.min
