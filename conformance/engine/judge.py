"""From what was seen to an outcome."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.engine.observation import Observation
from reports.known_breaks import KnownBreak
from reports.model import PROMISE, Outcome, Rule, Target


def judge(
    rule: Rule,
    observation: Observation,
    *,
    failure: str | None = None,
    known: KnownBreak | None = None,
    excuses: Mapping[str, KnownBreak] | None = None,
    max_examples: int = PROMISE,
    target: Target | None = None,
) -> tuple[Outcome, str | None]:
    """Return the outcome of a rule that ran, and the reason for it where there is one to give.

    `failure` is the message of the exception that ended the test, None if it passed. An exception that did
    not come out of an example is the suite's own fault. `known` is the known break of the whole rule,
    `excuses` are those of input classes. An entry about more than the `target` is not fixed by it.
    """
    if failure is not None:
        if not observation.failed:
            return Outcome.ERROR, failure
        if known is not None:
            return Outcome.KNOWN, str(known)
        return Outcome.BROKEN, failure
    untried = sum(observation.untried.values())
    if untried and not observation.examples:
        return Outcome.UNSUPPORTED, f"every example needs {' or '.join(observation.untried)}"
    if observation.unsupported:
        count = f"{observation.unsupported} of {observation.examples} examples"
        return Outcome.UNSUPPORTED, f"{count}: {observation.unsupported_message}"
    for name, entry in (excuses or {}).items():
        if observation.classes[name] and not observation.excused[name] and _stale(entry, target):
            return Outcome.FIXED, f"holds now; delete this known break at {entry.place}: {entry}"
    if observation.excused:
        ((most, many),) = observation.excused.most_common(1)
        said = f"{many} of {observation.examples} examples, of class {most}"
        return Outcome.KNOWN, f"{excuses[most] if excuses else most}; {said}"
    if known is not None and _stale(known, target):
        return Outcome.FIXED, f"holds now; delete this known break at {known.place}: {known}"
    missing = [
        name
        for name in rule.classes
        if not observation.classes[name] and name not in observation.untried_classes
    ]
    if missing and max_examples >= PROMISE:
        return Outcome.THIN, f"never drawn: {', '.join(missing)}"
    return Outcome.HOLDS, None


def _stale(entry: KnownBreak, target: Target | None) -> bool:
    return target is None or entry.stale(target)


def judge_death(*, hung: bool, how: str, known: KnownBreak | None) -> tuple[Outcome, str]:
    """Return the outcome of a rule that ended its process or that did not come to an end."""
    if known is not None:
        return Outcome.KNOWN, f"{known}; {how}"
    return (Outcome.HUNG if hung else Outcome.CRASHED), how
