"""Every rule on every target: which items there are, and the fixture that watches one run."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, cast

import pytest
import torch

from conformance.engine.apart import POISONED
from conformance.engine.device import ailing, settling
from conformance.engine.flight import FlightRecorder
from conformance.engine.judging import FAILURE, OBSERVATION, RULE, WATCH
from conformance.engine.observation import Observation
from conformance.engine.options import matches
from conformance.engine.rule import RULES
from conformance.engine.running import run_rule
from conformance.engine.session import DECKS, RECORDER, REQUEST, SELECTION, threads_per_worker
from conformance.engine.watch import FIRST_LOOK, KNOWN_LOOK, Watch, watch_now, watching
from reports.known_breaks import find_break, find_excuses
from reports.model import Rule, Target


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every rule on every target."""
    if hasattr(metafunc.function, "rule"):
        run, _ = metafunc.config.stash[SELECTION]
        metafunc.parametrize("target", run.targets, ids=lambda target: target.id, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the rules that were asked for."""
    globs = config.getoption("--rule")
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        rule: Rule | None = getattr(getattr(item, "function", None), "rule", None)
        if rule is None or not isinstance(item, pytest.Function):
            (dropped if globs else kept).append(item)
            continue
        item.stash[RULE] = (rule, cast(Target, item.callspec.params["target"]))
        (kept if not globs or matches(rule.id, globs) else dropped).append(item)
    if dropped:
        items[:] = kept
        config.hook.pytest_deselected(items=dropped)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a rule through the deck of its strategy, instead of having Hypothesis draw its cases anew."""
    __tracebackhide__ = True
    if RULE not in pyfuncitem.stash:
        return None
    found = RULES[pyfuncitem.stash[RULE][0].id]
    if found.drawn is None:
        return None
    decks = pyfuncitem.config.stash[DECKS]
    failure = run_rule(found, watch_now(), decks.of(found.drawn[1]), decks.seed)
    if failure is not None:
        pyfuncitem.stash[FAILURE] = failure
        raise failure.error from None
    return True


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
    watch = request.node.stash[WATCH] = Watch(
        observation,
        device,
        record=recorder.example if recorder else config.stash[REQUEST].heed,
        settle=settling(device),
        lacking=[getattr(torch, name.removeprefix("torch.")) for name in target.lacks_dtypes],
        lacking_classes=frozenset(target.lacks_classes),
        bounds=target.bounds,
        ailing=functools.partial(ailing, device) if target.device not in ("cpu", "meta") else lambda: None,
        abandon=functools.partial(_abandon, recorder),
        imports=config.option.imports,
        excused=frozenset(find_excuses(known, rule.id, target, run.torch)),
        threads=threads_per_worker(),
        patience=KNOWN_LOOK if find_break(known, rule.id, target, run.torch) else FIRST_LOOK,
    )
    with watching(watch), heard(observation):
        yield target


@contextmanager
def heard(observation: Observation) -> Iterator[None]:
    """Have warnings counted that would be raised.

    A device may warn: that it falls back to the CPU, or casts. A rule about warnings listens to its own.
    """

    def hear(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        observation.warn(message, category)

    with warnings.catch_warnings():
        warnings.filters[:] = [  # type: ignore[index]
            ("always" if action == "error" else action, *rest) for action, *rest in warnings.filters
        ]
        warnings.showwarning = hear
        yield


def _abandon(recorder: FlightRecorder | None, reason: str) -> NoReturn:
    """End this process: its device is beyond use, and what it would say from now on worth nothing."""
    if recorder is None:
        pytest.exit(reason, returncode=pytest.ExitCode.TESTS_FAILED)
    recorder.note(reason)
    os._exit(POISONED)
