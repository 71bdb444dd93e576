"""The command that runs one rule on one target again, with the inputs of a run."""

from __future__ import annotations

import shlex

from reports.model import Run, Target

PROFILE = "conformance"
"""The profile that is used if none is named."""

USUAL = {"quick": 20, "conformance": 100, "explore": 100, "thorough": 1_000}
"""How many examples a profile runs of a rule."""


def command(run: Run, target: Target, rule: str) -> str:
    """Return what to type: `torch-conformance --device cpu --rule gather.elements --hypothesis-seed 7`."""
    words = ["torch-conformance"]
    for module in run.imports:
        words += ["--import", module]
    words += ["--device", target.place]
    if target.mode is not None:
        words += ["--mode", f"only:{target.mode}"]
    words += ["--rule", rule, "--hypothesis-seed", run.seed]
    if run.profile != PROFILE:
        words += ["--hypothesis-profile", run.profile]
    if run.max_examples != USUAL.get(run.profile):
        words += ["--max-examples", str(run.max_examples)]
    return shlex.join([*words, "--partial"])
