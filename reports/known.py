"""What is known not to hold, by its cause: each reason once, with all that it excuses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reports.model import CAUSES, Excuse, Outcome, Report, Result

HEADINGS = {
    "documentation": "The documentation and torch disagree",
    "torch": "Torch does not do what its documentation says",
    "device": "The device does not do what the documentation says",
    "": "Other known breaks",
}
"""The causes of known breaks, in words that explain themselves."""


@dataclass(frozen=True)
class Known:
    """One reason: what an entry says, and the results that it excuses."""

    excuse: Excuse
    results: tuple[Result, ...]

    @property
    def rules(self) -> list[str]:
        """The ids of the rules that do not hold for this reason."""
        return list(dict.fromkeys(result.rule for result in self.results))

    @property
    def targets(self) -> list[str]:
        """The ids of the targets on which they do not."""
        return list(dict.fromkeys(result.target for result in self.results))

    @property
    def link(self) -> str:
        """The address at which the break is reported, empty if there is none that a page may link to."""
        issue = self.excuse.issue or ""
        return issue if re.fullmatch(r"https://\S+", issue) else ""

    @property
    def script(self) -> str:
        """The lines that show it, empty if there are none."""
        return (self.excuse.script or "").strip()

    @property
    def counterexample(self) -> str | None:
        """An input on which a rule does not hold, if one is known."""
        return next((result.counterexample for result in self.results if result.counterexample), None)


def known(report: Report) -> list[tuple[str, list[Known]]]:
    """Return the reasons of a report's known breaks under the headings of their causes, most rules first."""
    found: dict[Excuse, list[Result]] = {}
    for result in report.results:
        if result.outcome is Outcome.KNOWN:
            found.setdefault(excuse(result), []).append(result)
    every = [Known(said, tuple(results)) for said, results in found.items()]
    every.sort(key=lambda each: (-len(each.rules), each.excuse.reason))
    return [
        (heading, of)
        for cause, heading in HEADINGS.items()
        if (of := [each for each in every if each.excuse.cause == cause])
    ]


def excuse(result: Result) -> Excuse:
    """Return what the entry says that excuses a result; a report of old says it in the result's reason."""
    if result.known is not None:
        return result.known
    reason = result.reason or ""
    cause, colon, said = reason.partition(": ")
    return Excuse(cause, _HOW.sub("", said)) if colon and cause in CAUSES else Excuse("", reason)


_HOW = re.compile(r"; (?:\d+ of \d+ examples?[^()]*|(?:the process|one example) .*)\Z", re.DOTALL)
"""How it failed, which the reason of a result ends with."""
