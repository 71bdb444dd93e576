"""The learner's note, claim by claim: what it says, whether that is so, an example and the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from reports.model import Rule
from reports.shown import Example
from reports.wording import many


class Verdict(str, Enum):
    """What there is to be said of a claim."""

    RIGHT = "right"
    LOOSE = "loose"
    WRONG = "wrong"


MEANINGS = {
    Verdict.RIGHT: "it is so",
    Verdict.LOOSE: "true of what the note has in mind, but not as it is said",
    Verdict.WRONG: "it is not so",
}

GLYPHS = {Verdict.RIGHT: "✓", Verdict.LOOSE: "≈", Verdict.WRONG: "✗"}


@dataclass(frozen=True)
class Claim:
    """What a note says, and what of it is so; `example` was run."""

    topic: str
    said: str
    verdict: Verdict
    because: str
    example: Example
    rules: tuple[Rule, ...]


def by_topic(claims: Iterable[Claim]) -> list[tuple[str, list[Claim]]]:
    """Return the claims under their headings, in the order of the note."""
    return [(topic, [*of]) for topic, of in groupby(claims, key=lambda claim: claim.topic)]


def counted(claims: Sequence[Claim]) -> str:
    """Return how many claims there are, and of each verdict."""
    parts = [f"{sum(claim.verdict is verdict for claim in claims)} {verdict.value}" for verdict in Verdict]
    return f"{many(len(claims), 'claim')}: {', '.join(parts)}"


def text(claims: Sequence[Claim], torch: str) -> str:
    """Return the note as text for a terminal."""
    lines = ["A learner's note, checked", "=" * 25, f"{counted(claims)}; torch {torch}"]
    for topic, of in by_topic(claims):
        lines += ["", topic, "-" * len(topic)]
        for claim in of:
            lines += [
                "",
                f'{GLYPHS[claim.verdict]} {claim.verdict.value}: "{claim.said}"',
                f"  {claim.because}",
            ]
            lines += [f"  {', '.join(rule.id for rule in claim.rules)}", ""]
            lines += [f"      {line}".rstrip() for line in claim.example.script.rstrip().split("\n")]
    return "\n".join(lines) + "\n"
