"""What killed a worker: its last example again in fresh processes, and the simplest that ends them too."""

from __future__ import annotations

import functools
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from conformance.apart import POISONED, load, run_apart
from conformance.rule import RegisteredRule, Watch, load_rules
from conformance.target import ailing, settling
from reports.model import Finding, Observation
from reports.replay import reproduced
from strategies.simplest import simplest

SECONDS = 30
"""How long the simplest input of one death is looked for."""

SECONDS_IN_ALL = 300
"""How long that is done for all deaths of a run together."""

PROCESSES = 300
"""Most fresh processes for one death."""

SLOW = 10
"""Seconds after which an example in a fresh process counts as hanging."""

START = 20
"""Seconds that a fresh Python takes at most to import torch."""


class PostMortem:
    """Describes the examples that workers died of, and examines them.

    `imports` are the modules that register the device under test; see `conformance.apart.load`.
    """

    def __init__(self, imports: Sequence[str], hang_after: float) -> None:
        self._imports = tuple(imports)
        self._slow = min(hang_after, SLOW)
        self._until: float | None = None

    def describe(self, rule: str, data: bytes) -> str | None:
        """Return the input that the bytes stand for, as code."""
        found = load_rules().get(rule)
        return found.describe(data) if found and data else None

    def examine(self, rule: str, target: str, data: bytes, *, hung: bool) -> Finding:
        """Run an example again, and look for a simpler one that ends a process as well."""
        found = load_rules()[rule]
        now = time.monotonic()
        self._until = self._until or now + SECONDS_IN_ALL
        until = min(now + SECONDS, self._until)

        def fatal(data: bytes) -> bool:
            return time.monotonic() < until and self._fatal(rule, target, data, hung=hung)

        if now > self._until:
            return Finding(found.describe(data), None, None, "not examined: there was no time left")
        if not fatal(data):
            return Finding(
                found.describe(data), None, None, "alone in a fresh process, this input does no harm"
            )
        (case,) = found.case(data).values()
        smallest = simplest(case, lambda candidate: fatal(candidate.origin.data), attempts=PROCESSES)
        return self._finding(found, target, smallest.origin.data, hung=hung)

    def _finding(self, found: RegisteredRule, target: str, data: bytes, *, hung: bool) -> Finding:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "script.py")
            # Writing the script runs the rule, on the CPU; where that is what dies there is no script.
            code = run_apart(write_script, found.rule.id, target, data, self._imports, path, seconds=60)
            script = path.read_text("utf-8") if code == 0 and path.exists() else None
        again = reproduced(script, None, seconds=START + self._slow if hung else None) if script else None
        return Finding(found.describe(data), script, again, "a fresh process ends the same way")

    def _fatal(self, rule: str, target: str, data: bytes, *, hung: bool) -> bool:
        code = run_apart(once, self._imports, rule, target, data, seconds=self._slow)
        return code is None if hung else code not in (None, 0)


def write_script(rule: str, target: str, data: bytes, imports: Sequence[str], path: Path) -> None:
    """Write the script of a rule for an example to a file, if there can be one."""
    script = load_rules()[rule].script(data, target, imports)
    if script is not None:
        path.write_text(script, "utf-8")


def once(imports: Sequence[str], rule: str, target: str, data: bytes) -> None:
    """Run one example of a rule on a target; holding and breaking are the same to it, dying is not."""
    load(imports)
    watch = Watch(
        Observation(),
        target,
        settle=settling(target),
        ailing=functools.partial(ailing, target),
        abandon=lambda _: os._exit(POISONED),
    )
    try:
        load_rules()[rule].run_once(data, watch)
    except Exception:  # only a death counts
        return
