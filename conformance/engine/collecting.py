"""Every rule on every target: which items there are, and the fixture that watches one run."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import NoReturn, cast

import pytest
import torch

from conformance.engine.apart import POISONED
from conformance.engine.device import ailing, settling
from conformance.engine.flight import FlightRecorder
from conformance.engine.judging import OBSERVATION, RULE
from conformance.engine.observation import Observation
from conformance.engine.options import matches
from conformance.engine.profiles import seed_rule
from conformance.engine.session import RECORDER, REQUEST, SELECTION
from conformance.engine.watch import Watch, watching
from reports.known_breaks import find_excuses
from reports.model import Rule, Target


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every rule on every target."""
    if hasattr(metafunc.function, "rule"):
        run, _ = metafunc.config.stash[SELECTION]
        metafunc.parametrize("target", run.targets, ids=lambda target: target.id, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the rules that were asked for, and seed each from its id and the run's seed."""
    run, _ = config.stash[SELECTION]
    globs = config.getoption("--rule")
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        rule: Rule | None = getattr(getattr(item, "function", None), "rule", None)
        if rule is None or not isinstance(item, pytest.Function):
            (dropped if globs else kept).append(item)
            continue
        item.stash[RULE] = (rule, cast(Target, item.callspec.params["target"]))
        seed_rule(item.function, rule.id, run.seed)
        (kept if not globs or matches(rule.id, globs) else dropped).append(item)
    if dropped:
        items[:] = kept
        config.hook.pytest_deselected(items=dropped)


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Place the rule's inputs on the target and observe it; skip it if the target lacks what it needs."""
    rule, target = request.node.stash[RULE]
    for need in rule.needs:
        if need in target.lacks:
            pytest.skip(f"{target.id} lacks {need.value}: {target.lacks[need]}")
    observation = request.node.stash[OBSERVATION] = Observation()
    config, device = request.config, target.id
    run, known = config.stash[SELECTION]
    recorder = config.stash.get(RECORDER, None)
    watch = Watch(
        observation,
        device,
        record=recorder.example if recorder else config.stash[REQUEST].heed,
        settle=settling(device),
        lacking=[getattr(torch, name.removeprefix("torch.")) for name in target.lacks_dtypes],
        ailing=functools.partial(ailing, device) if target.device not in ("cpu", "meta") else lambda: None,
        abandon=functools.partial(_abandon, recorder),
        imports=config.option.imports,
        excused=frozenset(find_excuses(known, rule.id, target, run.torch)),
    )
    with watching(watch):
        yield target


def _abandon(recorder: FlightRecorder | None, reason: str) -> NoReturn:
    """End this process: its device is beyond use, and what it would say from now on worth nothing."""
    if recorder is None:
        pytest.exit(reason, returncode=pytest.ExitCode.TESTS_FAILED)
    recorder.note(reason)
    os._exit(POISONED)
