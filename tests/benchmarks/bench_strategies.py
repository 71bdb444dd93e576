"""What drawing a tensor and a gather costs, next to other libraries' strategies for the same inputs.

    pip install hypothesis-torch
    pytest tests/benchmarks/bench_strategies.py

Read the ratios that are printed last: each is another library's time over ours, in the same process and run.
The others draw contiguous tensors only and no classes of inputs are counted for them.
"""

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import array_api
from hypothesis.extra import numpy as hnp

from strategies import gathers, tensors
from strategies.gathers import Gather

hypothesis_torch = pytest.importorskip("hypothesis_torch")

EXAMPLES = 100
ROUNDS = 7
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
SHAPES = hnp.array_shapes(min_dims=1, max_dims=MAX_DIMS, min_side=0, max_side=MAX_SIDE)


def by_numpy(shape):
    return hnp.arrays(np.float32, shape).map(torch.from_numpy)


def by_array_api(shape):
    return xps.arrays(xps.floating_dtypes(sizes=32), shape).map(torch.from_numpy)


def by_hypothesis_torch(shape):
    return hypothesis_torch.tensor_strategy(torch.float32, shape)


def gather_by(tensor):
    """Return a strategy for gathers made of another library's tensors and an index of drawn integers."""

    @st.composite
    def draw_gather(draw):
        shape = draw(hnp.array_shapes(min_dims=1, max_dims=MAX_DIMS, min_side=1, max_side=MAX_SIDE))
        dim = draw(st.integers(-len(shape), len(shape) - 1))
        along = draw(st.integers(1, 2 * MAX_SIDE))
        index_shape = tuple(along if at == dim % len(shape) else size for at, size in enumerate(shape))
        positions = st.integers(0, shape[dim] - 1)
        index = draw(hnp.arrays(np.int64, index_shape, elements=positions))
        return draw(tensor(shape)), dim, torch.from_numpy(index)

    return draw_gather()


DRAWN = {
    "tensor": {
        "ours": tensors(dtypes=[torch.float32], min_dims=1, max_dims=MAX_DIMS),
        "hypothesis.extra.numpy": by_numpy(SHAPES),
        "hypothesis.extra.array_api": by_array_api(SHAPES),
        "hypothesis-torch": by_hypothesis_torch(SHAPES),
    },
    "gather": {
        "ours": gathers(),
        "hypothesis.extra.numpy": gather_by(by_numpy),
        "hypothesis.extra.array_api": gather_by(by_array_api),
        "hypothesis-torch": gather_by(by_hypothesis_torch),
    },
}


@pytest.fixture(scope="module")
def times():
    found: dict[tuple[str, str], float] = {}
    yield found
    print(f"\ntime for {EXAMPLES} examples over ours, best of {ROUNDS}")
    for (what, library), seconds in found.items():
        print(f"{seconds / found[what, 'ours']:7.2f}  {what:7} {library}")


@pytest.mark.parametrize(
    ("what", "library"), [(what, name) for what, drawn in DRAWN.items() for name in drawn]
)
@pytest.mark.filterwarnings("ignore")
def test_drawing(benchmark, times, what, library):
    @hypothesis.seed(0)
    @SETTINGS
    @given(DRAWN[what][library])
    def drawn(case):
        if isinstance(case, Gather):
            case.build()

    benchmark.pedantic(drawn, rounds=ROUNDS, warmup_rounds=1)
    times[what, library] = benchmark.stats.stats.min
