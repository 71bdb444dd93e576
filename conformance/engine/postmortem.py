"""What killed a worker: its last example again in fresh processes, and the simplest that ends them too."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.engine.apart import FORKS, POISONED, ended, load, run_apart
from conformance.engine.device import ailing, settling
from conformance.engine.modes.bodies import Acted, acted
from conformance.engine.observation import Observation
from conformance.engine.rule import RegisteredRule, load_rules
from conformance.engine.watch import Watch
from reports.replay import TIMEOUT, Replayer
from strategies import classes_of
from strategies.simplest import simplest

DEATHS = 4
"""For how many deaths of a run there is time to look for the simplest input; alike ones count once."""

PROCESSES = 300
"""Most fresh processes for one death."""

SLOW = 10
"""Seconds after which an example in a fresh process counts as hanging, when it matters."""

STUCK = 3
"""Seconds after which it does while a simpler one is looked for; the one that is found is tried again."""

ALIVE = 60
"""Seconds that a device has to make a tensor of zeros in a fresh process."""

START = 15
"""Seconds that a fresh Python takes at most to import torch."""


@dataclass(frozen=True)
class Finding:
    """What fresh processes tell of an example that a process died of; see Result for the fields."""

    counterexample: str
    script: str | None
    reproduced: str | None
    remark: str


class PostMortem:
    """Describes the examples that workers died of, and examines them.

    `imports` are the modules that register the device under test; see `apart.load`. For the simplest
    input of one death it looks `seconds`; with 0 it does not look.
    """

    def __init__(self, imports: Sequence[str], hang_after: float, seconds: float) -> None:
        self._imports = tuple(imports)
        self._seconds = seconds
        self._slow = min(hang_after, SLOW)
        self._left = DEATHS * seconds

    def describe(self, rule: str, data: bytes) -> str | None:
        """Return the input that the bytes stand for, as code."""
        found = load_rules().get(rule)
        return found.describe(data) if found and data else None

    def classes(self, rule: str, data: bytes) -> tuple[str, ...]:
        """Return the input classes of the case that the bytes stand for."""
        found = load_rules().get(rule)
        return (
            tuple(name for case in found.case(data).values() for name in classes_of(case))
            if found and data
            else ()
        )

    def examine(self, rule: str, target: str, data: bytes, *, hung: bool) -> Finding:
        """Run an example again, and look for a simpler one that ends a process as well."""
        found = load_rules()[rule]
        began = time.monotonic()
        try:
            return self._examine(found, target, data, hung=hung, until=began + min(self._seconds, self._left))
        finally:
            self._left -= time.monotonic() - began

    def _examine(
        self, found: RegisteredRule, target: str, data: bytes, *, hung: bool, until: float
    ) -> Finding:
        rule = found.rule.id

        def fatal(data: bytes, slow: float = STUCK) -> bool:
            return time.monotonic() < until and self._fatal(rule, target, data, hung=hung, slow=slow)

        def nothing(remark: str) -> Finding:
            return Finding(found.describe(data), None, None, remark)

        if time.monotonic() >= until:
            return nothing("not examined: there was no time left")
        if run_apart(is_ailing, self._imports, target, seconds=ALIVE + _starting()) != 0:
            # Some backends do not work in a fork, even of a process that never used them.
            return nothing("not examined: the device does not work in a forked process")
        if not fatal(data, self._slow):
            return nothing("alone in a fresh process, this input does no harm")
        (case,) = found.case(data).values()
        smallest = simplest(case, lambda candidate: fatal(candidate.origin.data), attempts=PROCESSES)
        simpler = smallest.origin.data
        if hung and simpler != data and not self._fatal(rule, target, simpler, hung=True, slow=self._slow):
            simpler = data
        return self._finding(found, target, simpler, hung=hung)

    def _finding(self, found: RegisteredRule, target: str, data: bytes, *, hung: bool) -> Finding:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "script.py")
            # Writing the script runs the rule, on the CPU; where that is what dies there is no script.
            code = run_apart(write_script, found.rule.id, target, data, self._imports, path, seconds=60)
            script = path.read_text("utf-8") if code == 0 and path.exists() else None
        again = None
        if script:
            with Replayer() as replayer:
                limit = self._slow if hung else TIMEOUT
                again = replayer.reproduced(script, None, limit=limit, hangs=hung)
        return Finding(found.describe(data), script, again, "a fresh process ends the same way")

    def _fatal(self, rule: str, target: str, data: bytes, *, hung: bool, slow: float) -> bool:
        seconds = (slow if hung else SLOW) + _starting()
        code = run_apart(run_each, self._imports, rule, target, [data], seconds=seconds)
        return code is None if hung else code not in (None, 0)


def end_of(imports: Sequence[str], rule: str, target: str, examples: Sequence[bytes]) -> str:
    """Return in words how a fresh process ends that runs examples of a rule on a target, empty if well."""
    seconds = SLOW + len(examples) + _starting()
    code = run_apart(run_each, imports, rule, target, examples, seconds=seconds)
    return ended(code) if code else ""


def _starting() -> float:
    return 0 if FORKS else START


def device_of(target: str) -> str:
    """Return the device of a target's id, which may name a mode behind it."""
    return target.partition("+")[0]


def _mode(target: str) -> Acted | None:
    name = target.partition("+")[2]
    return acted(name) if name else None


def is_ailing(imports: Sequence[str], target: str) -> int:
    """Return 0 if the device makes a tensor of zeros in this process, else 1."""
    load(imports)
    return 1 if ailing(device_of(target)) else 0


def write_script(rule: str, target: str, data: bytes, imports: Sequence[str], path: Path) -> None:
    """Write the script of a rule for an example to a file, if there can be one."""
    load(imports)
    mode = _mode(target)
    script = load_rules()[rule].script(
        data, device_of(target), imports, mode=mode.scripted if mode is not None else None
    )
    if script is not None:
        path.write_text(script, "utf-8")


def run_each(imports: Sequence[str], rule: str, target: str, examples: Sequence[bytes]) -> None:
    """Run examples of a rule on a target; holding and breaking are the same to it, dying is not."""
    load(imports)
    device, mode = device_of(target), _mode(target)
    if mode is not None:
        mode.count()
    watch = Watch(
        Observation(),
        device,
        settle=settling(device),
        ailing=functools.partial(ailing, device),
        abandon=lambda _: os._exit(POISONED),
        mode=mode,
    )
    for data in examples:
        with contextlib.suppress(Exception):  # only a death counts
            load_rules()[rule].run_once(data, watch)
