"""What an example of each rule costs, next to the floor: a Hypothesis test that draws one integer.

    pytest tests/benchmarks/bench_rules.py

Machines are noisy: read the ratios that are printed last, each against the floor measured beside it.
"""

import time

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from conformance.engine.observation import Observation
from conformance.engine.options import SHIPPED_BREAKS
from conformance.engine.rule import load_rules
from conformance.engine.watch import Watch, watching
from reports.known_breaks import read_known_breaks

EXAMPLES = 100
ROUNDS = 5
KNOWN = {entry.rule for entry in read_known_breaks(SHIPPED_BREAKS) if entry.target in ("*", "cpu")}
PLAIN = settings(max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate])


@PLAIN
@given(number=st.integers(0, 2**62))
def floor(number):
    """Draw one integer from a wide range."""


@pytest.fixture(scope="module")
def ratios():
    found: dict[str, float] = {}
    yield found
    ordered = sorted(found.items(), key=lambda item: item[1])
    print(f"\nexample cost against the floor, {EXAMPLES} examples, best of {ROUNDS}")
    for id, ratio in ordered:
        print(f"{ratio:6.2f}  {id}")
    print(f"{ordered[len(ordered) // 2][1]:6.2f}  median")


@pytest.mark.parametrize("id", sorted(set(load_rules()) - KNOWN))
@pytest.mark.filterwarnings("ignore")
def test_example_cost(benchmark, ratios, id):
    registered = load_rules()[id]
    floors = []

    def example_run():
        with watching(Watch(Observation())):
            registered.function()

    def measure_floor():
        started = time.perf_counter()
        floor()
        floors.append(time.perf_counter() - started)

    benchmark.pedantic(example_run, setup=measure_floor, rounds=ROUNDS, warmup_rounds=1)
    ratios[id] = benchmark.stats.stats.min / min(floors)
