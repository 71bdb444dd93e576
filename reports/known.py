"""What is known not to hold, by its cause: each reason once, with all that it excuses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reports.known_breaks import CAUSES
from reports.model import Outcome, Report, Result

HEADINGS = {
    "documentation": "The documentation and torch disagree",
    "torch": "Torch does not do what its documentation says",
    "device": "The device does not do what the documentation says",
    "": "Other known breaks",
}
"""The causes of known breaks, in words that explain themselves."""

_CAUSE = rf"(?P<cause>{'|'.join(CAUSES)}): "
_HOW = r"(?:; (?:\d+ of \d+ examples?[^()]*|(?:the process|one example) .*))?"
_REASONS = (
    re.compile(rf"{_CAUSE}(?P<said>.*?) \((?P<where>https?://\S+)\){_HOW}", re.DOTALL),
    re.compile(rf"{_CAUSE}(?P<said>.*?[.!?]) \((?P<where>.*?)\){_HOW}", re.DOTALL),
    re.compile(rf"{_CAUSE}(?P<said>.*?[.!?])(?P<where>){_HOW}", re.DOTALL),
    re.compile(rf"{_CAUSE}(?P<said>.*?)(?P<where>){_HOW}", re.DOTALL),
)
"""What a result says of the entry that excuses it: a sentence, a link or a script, and how it failed."""


@dataclass(frozen=True)
class Known:
    """One reason: what it says, the script or the link that shows it, and the results that it excuses."""

    cause: str
    said: str
    where: str
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
        """The address at which the break is reported, empty if a script shows it."""
        return self.where if re.fullmatch(r"https://\S+", self.where) else ""

    @property
    def script(self) -> str:
        """The lines that show it, empty if a link leads to it."""
        return "" if self.link else self.where.strip()

    @property
    def counterexample(self) -> str | None:
        """An input on which a rule does not hold, if one is known."""
        return next((result.counterexample for result in self.results if result.counterexample), None)


def known(report: Report) -> list[tuple[str, list[Known]]]:
    """Return the reasons of a report's known breaks under the headings of their causes, most rules first."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for result in report.results:
        if result.outcome is Outcome.KNOWN:
            found.setdefault(_parts(result.reason or ""), []).append(result)
    every = [Known(*parts, tuple(results)) for parts, results in found.items()]
    every.sort(key=lambda each: (-len(each.rules), each.said))
    return [
        (heading, of)
        for cause, heading in HEADINGS.items()
        if (of := [each for each in every if each.cause == cause])
    ]


def _parts(reason: str) -> tuple[str, str, str]:
    for pattern in _REASONS:
        if match := pattern.fullmatch(reason):
            return match["cause"], match["said"], match["where"]
    return "", reason, ""
