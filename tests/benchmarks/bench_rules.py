"""What an example of each rule costs, next to the floor: a Hypothesis test that draws one integer.

    pytest tests/benchmarks/bench_rules.py

A rule's cost is that of the examples that a run deals it on each of the targets, and its share of drawing the
deck that it shares with other rules and among the targets. Every fiftieth rule stands for all, besides those
about programs. Machines are noisy: read the ratios that are printed last, each against the floor beside it.
"""

import gc
import time
from collections import Counter

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from conformance.engine.decks import Decks, whose_cases
from conformance.engine.observation import Observation
from conformance.engine.options import SHIPPED_BREAKS
from conformance.engine.profiles import DEFAULT_SEED
from conformance.engine.rule import load_rules
from conformance.engine.running import run_rule
from conformance.engine.targets import describe
from conformance.engine.watch import Watch, watching
from reports.known_breaks import read_known_breaks
from strategies.decks import draw_deck

EXAMPLES = 100
ROUNDS = 3
KNOWN = {entry.rule for entry in read_known_breaks(SHIPPED_BREAKS)}
RULES = {id: found for id, found in sorted(load_rules().items()) if id not in KNOWN}
SHARING = Counter(whose_cases(found.drawn[1]) for found in load_rules().values() if found.drawn)
PLAIN = settings(max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate])
TARGETS = {"cpu and meta": ["cpu", "meta"], "four targets": ["cpu", "meta", "cpu", "meta"]}
"""Devices that cost what torch itself costs; the same twice stand for two that do."""


@PLAIN
@given(number=st.integers(0, 2**62))
def floor(number):
    """Draw one integer from a wide range."""


def best_of(function, rounds=ROUNDS):
    """Return the shortest time that a function takes in some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times)


@pytest.mark.filterwarnings("ignore")
def test_example_cost():
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # as a run does: to look for garbage among thousands of rules is no rule's cost
    decks = Decks(DEFAULT_SEED, EXAMPLES)
    lacks = {device: describe(device).lacks for device in ("cpu", "meta")}
    ratios = {targets: {} for targets in TARGETS}
    programs = [id for id in RULES if id.startswith("program.")]
    for id in dict.fromkeys([*list(RULES)[::50], *programs]):
        found = RULES[id]
        assert found.drawn is not None
        strategy = whose_cases(found.drawn[1])
        drawing = time_to_draw(strategy, len(decks.of(strategy))) / SHARING[strategy]
        a_floor = best_of(floor) / EXAMPLES
        applies = [device for device in lacks if not lacks[device].keys() & set(found.rule.needs)]
        dealt = {device: decks.dealt(found, device) for device in applies}
        costs = {device: best_of(lambda: run_on(device, found, dealt[device])) for device in applies}  # noqa: B023
        for targets, devices in TARGETS.items():
            devices = [device for device in devices if device in applies]
            seconds = sum(costs[device] for device in devices) + drawing
            ratios[targets][id] = seconds / sum(len(dealt[device]) for device in devices) / a_floor
    for targets, measured in ratios.items():
        ordered = sorted(measured.items(), key=lambda item: item[1])
        print(f"\nexample cost against the floor, {EXAMPLES} examples on {targets}, best of {ROUNDS}")
        for id, ratio in ordered:
            print(f"{ratio:6.2f}  {id}")
        print(f"{ordered[len(ordered) // 2][1]:6.2f}  median on {targets}")
        print(f"{max(measured[id] for id in programs):6.2f}  most of a program on {targets}")


def time_to_draw(strategy, count):
    return best_of(lambda: draw_deck(strategy, count, DEFAULT_SEED), 2)


def run_on(device, found, deck):
    with watching(Watch(Observation(), device)) as watch:
        run_rule(found, watch, deck, DEFAULT_SEED)
