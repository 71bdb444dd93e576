"""From what was seen to an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from conformance.engine.observation import Observation
from reports.known_breaks import KnownBreak, excusing
from reports.model import IN_MODE, IN_MODE_ANEW, PROMISE, Excuse, Outcome, Rule, Target, in_mode
from reports.wording import many


def judge(
    rule: Rule,
    observation: Observation,
    *,
    failure: str | None = None,
    entries: Iterable[KnownBreak] = (),
    max_examples: int = PROMISE,
    target: Target | None = None,
) -> tuple[Outcome, str | None]:
    """Return the outcome of a rule that ran, and the reason for it where there is one to give.

    `failure` is the message of the exception that ended the test, None if it passed. An exception that did
    not come out of an example is the suite's own fault. `entries` are the known breaks of the rule on the
    target; one about more than the `target` is not fixed by it.
    """
    idle = observation.acts is not None and not in_mode(observation.acts)
    if failure is not None and not (idle and observation.failed):
        return (Outcome.BROKEN if observation.failed else Outcome.ERROR), failure
    if not observation.examples and observation.blocked:
        return Outcome.BLOCKED, "; ".join(
            f"by {rule}: {observation.blocked_by[rule]}" for rule in observation.blocked
        )
    if not observation.examples and observation.untried:
        return Outcome.UNSUPPORTED, _refused(observation)
    if idle and observation.acts is not None:
        return Outcome.INAPPLICABLE, _not_in_mode(observation.acts)
    for entry in entries:
        met = entry.input_class is None or observation.classes[entry.input_class]
        if met and not observation.excused[entry] and entry.stale(target):
            return Outcome.FIXED, f"holds now; delete this known break at {entry.place}: {entry}"
    if observation.excused:
        entry = most_excused(observation)
        failed = observation.excused[entry]
        of = f", of class {entry.input_class}" if entry.input_class is not None else ""
        return Outcome.KNOWN, f"{entry}; {failed} of {many(observation.examples, 'example')}{of}"
    missing = [
        name
        for name in rule.classes
        if not observation.classes[name] and name not in observation.untried_classes
    ]
    if missing and max_examples >= PROMISE:
        return Outcome.THIN, f"never drawn: {', '.join(missing)}"
    return Outcome.HOLDS, None


def most_excused(observation: Observation) -> KnownBreak:
    """Return the known break that excused the most examples; there is one."""
    ((entry, _),) = observation.excused.most_common(1)
    return entry


def _not_in_mode(acts: Counter[str]) -> str:
    """Return why nothing that a rule does was run in the mode."""
    reasons = [reason for reason, _ in acts.most_common() if reason not in (IN_MODE, IN_MODE_ANEW)]
    return f"nothing was run in the mode: {'; '.join(reasons[:3]) or 'the rule does nothing that could be'}"


def _refused(observation: Observation) -> str:
    """Return why no example was tried: what the target lacks, and with what it refuses the rest."""
    if not observation.refused:
        return f"every example needs {' or '.join(observation.untried)}"
    messages: dict[str, list[str]] = {}
    for dtype, message in observation.refused.items():
        messages.setdefault(message, []).append(dtype)
    return "; ".join(
        f"{', '.join(dtypes) if len(dtypes) < 4 else f'{len(dtypes)} dtypes'}: {message}"
        for message, dtypes in messages.items()
    )


def judge_death(
    *, hung: bool, how: str, entries: Iterable[KnownBreak], classes: Iterable[str]
) -> tuple[Outcome, str, Excuse | None]:
    """Return the outcome of a rule that ended its process or hung, the reason, and what excuses it.

    `classes` are those of the example that did it.
    """
    known = excusing(entries, classes, how)
    if known is not None:
        return Outcome.KNOWN, f"{known}; {how}", known.excuse
    return (Outcome.HUNG if hung else Outcome.CRASHED), how, None
