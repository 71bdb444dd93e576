"""Which outcomes fail a run, and which failures are alike."""

from __future__ import annotations

import re

from reports.model import Basis, Outcome

FAILING = frozenset(
    {Outcome.THIN, Outcome.BROKEN, Outcome.FIXED, Outcome.CRASHED, Outcome.HUNG, Outcome.ERROR}
)
"""Outcomes with which a documented rule fails a run."""


def fails(outcome: Outcome, basis: Basis, *, strict: bool) -> bool:
    """Return whether an outcome fails the run.

    Observed rules fail it only in a strict run; so does what a target does not support, and what could not be
    tried. The suite's own errors always do.
    """
    if outcome is Outcome.ERROR:
        return True
    if basis is Basis.OBSERVED and not strict:
        return False
    return outcome in FAILING or (strict and outcome in (Outcome.UNSUPPORTED, Outcome.BLOCKED))


def but_for_numbers(reason: str) -> str:
    """Return a reason with `#` for each number: those of failures that are alike are equal."""
    return re.sub(r"-?\d[\d.,e+-]*", "#", reason)
