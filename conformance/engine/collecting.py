"""Every rule on every target: which items there are, and the fixture that watches one run."""

from __future__ import annotations

import functools
import itertools
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest
import torch

from conformance.engine.apart import POISONED
from conformance.engine.decks import Decks
from conformance.engine.device import ailing, hook, seeding, settling
from conformance.engine.explaining import Explaining
from conformance.engine.flight import FlightRecorder
from conformance.engine.judging import FAILURES_OF, OBSERVATION, RULE, WATCH
from conformance.engine.modes.bodies import fails_alike, mode_of
from conformance.engine.observation import Observation
from conformance.engine.options import matches
from conformance.engine.postmortem import end_of
from conformance.engine.rule import RULES, RegisteredRule
from conformance.engine.running import cases_of, run_rule
from conformance.engine.session import DECKS, RECORDER, REQUEST, SELECTION, VENDOR, threads_per_worker
from conformance.engine.support import Cases, Support
from conformance.engine.symptoms import Body
from conformance.engine.watch import Watch, run_example, watch_now, watching
from reports.known_breaks import find_breaks
from reports.model import Kind, Rule, Target
from reports.vendor import Vendor, hooks, means_unsupported
from strategies.decks import unused
from strategies.tape import parts_together


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files of rules that were not asked for: to collect thousands takes longer than a few take."""
    globs = config.getoption("--rule")
    of_file = _rules_of_files().get(collection_path.name, []) if globs else []
    return True if of_file and not any(matches(id, globs) for id in of_file) else None


@functools.cache
def _rules_of_files() -> dict[str, list[str]]:
    """Return the ids of the rules by the names of their files; files of one name are taken together."""
    found: dict[str, list[str]] = {}
    for id, registered in RULES.items():
        found.setdefault(Path(registered.nodeid.partition("::")[0]).name, []).append(id)
    return found


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
    target = pyfuncitem.stash[RULE][1]
    failures = run_rule(found, watch_now(), decks.dealt(found, target.device, target.examples), decks.seed)
    if failures:
        pyfuncitem.stash[FAILURES_OF] = failures
        raise failures[0].error from None
    return True


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Place the rule's inputs on the target and observe it; skip it if the target lacks what it needs."""
    rule, target = request.node.stash[RULE]
    if target.unable:
        pytest.skip(target.unable)
    for need in rule.needs:
        if need in target.lacks:
            pytest.skip(f"{target.id} lacks {need.value}: {target.lacks[need]}")
    config, device = request.config, target.place
    run, known = config.stash[SELECTION]
    entries = find_breaks(known, rule.id, target, run.torch)
    joint = parts_together([*rule.classes, *[entry.input_class or "" for entry in entries]])
    observation = request.node.stash[OBSERVATION] = Observation(together=joint)
    mode = mode_of(target)
    if mode is not None:
        if changed := next(
            (why for globs, why in mode.mode.changes.items() if matches(rule.id, globs.split())), None
        ):
            pytest.skip(changed)
        observation.acts = mode.count(lambda: not observation.closed)
    recorder = config.stash.get(RECORDER, None)
    vendor = config.stash[VENDOR]
    explaining = Explaining(
        rule.id,
        device,
        observation,
        entries,
        means_unsupported=functools.partial(_declared_unsupported, vendor, target),
        dealt=functools.partial(_dealt, RULES[rule.id], target, config.stash[DECKS]),
        ending=functools.partial(end_of, tuple(config.option.imports), rule.id, target.id),
    )
    if mode is not None:
        explaining.fails_alike = functools.partial(fails_alike, mode, RULES[rule.id])
    hooked = hooks(vendor.devices, target)
    wait, seed = (hook(hooked.wait), hook(hooked.seed)) if hooked else (None, None)
    watch = request.node.stash[WATCH] = Watch(
        observation,
        device,
        record=recorder.example if recorder else config.stash[REQUEST].heed,
        settle=wait or settling(device),
        lacking=[getattr(torch, name.removeprefix("torch.")) for name in target.lacks_dtypes],
        lacking_classes=frozenset(target.lacks_classes),
        bounds=target.bounds,
        ailing=functools.partial(ailing, device) if target.device not in ("cpu", "meta") else lambda: None,
        abandon=functools.partial(_abandon, recorder),
        imports=config.option.imports,
        untried=explaining.untried,
        explains=explaining.explains,
        dies=explaining.dies,
        threads=threads_per_worker(),
        mode=mode,
    )
    explaining.support = _support(RULES[rule.id], watch, config.stash[DECKS])
    with watching(watch), heard(observation), seeding(seed):
        yield target


def _declared_unsupported(vendor: Vendor, target: Target, error: BaseException) -> str | None:
    """Return why an exception means that the target does not support something, None if it does not."""
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
    return means_unsupported(vendor.unsupported, target, names, str(error))


def _dealt(found: RegisteredRule, target: Target, decks: Decks) -> Iterable[Any]:
    """Return the cases that a rule is run on, on a target; none if it draws nothing."""
    if found.drawn is None:
        return ()
    return cases_of(found.drawn[1], decks.dealt(found, target.device, target.examples))


def _support(found: RegisteredRule, watch: Watch, decks: Decks) -> Support | None:
    """Return what asks the target what it supports of a rule's operation; None if the rule draws nothing."""
    if found.drawn is None:
        return None

    def asked(rule: RegisteredRule) -> tuple[Body, str, Cases]:
        assert rule.drawn is not None
        name, strategy = rule.drawn
        return rule.body, name, lambda: map(unused, cases_of(strategy, decks.of(strategy)))

    def run(body: Body, arguments: dict[str, Any]) -> None:
        run_example(body, arguments, watch)

    near = (rule for rule in RULES.values() if _is_near(rule, found))
    return Support(*asked(found), run, itertools.islice(map(asked, near), NEAR))


NEAR = 3
"""How many rules about the same operation are asked for a rule that draws nothing ordinary."""


def _is_near(rule: RegisteredRule, found: RegisteredRule) -> bool:
    same = rule.rule.operation == found.rule.operation and rule.rule.id != found.rule.id
    return same and rule.rule.kind is Kind.PROPERTY and rule.drawn is not None


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
