"""How outcomes are shown: a glyph and a meaning beside the word, so that nothing depends on colour."""

from __future__ import annotations

from reports.model import Outcome, Result

GLYPHS = {
    Outcome.HOLDS: "✓",
    Outcome.THIN: "≈",
    Outcome.BROKEN: "✗",
    Outcome.KNOWN: "◆",
    Outcome.FIXED: "↑",
    Outcome.INAPPLICABLE: "–",
    Outcome.UNSUPPORTED: "∅",
    Outcome.BLOCKED: "⊘",
    Outcome.CRASHED: "†",
    Outcome.HUNG: "∞",
    Outcome.ERROR: "!",
}

MEANINGS = {
    Outcome.HOLDS: "every example satisfied the rule",
    Outcome.THIN: "held, but a promised kind of input was never drawn",
    Outcome.BROKEN: "an example contradicts the rule",
    Outcome.KNOWN: "broken, as a known-breaks file says",
    Outcome.FIXED: "a known break that no longer breaks: delete the entry",
    Outcome.INAPPLICABLE: "the target lacks what the rule is about",
    Outcome.UNSUPPORTED: "the target refuses the operation, asked with plain input",
    Outcome.BLOCKED: "could not be tried: what comes before or after the operation breaks",
    Outcome.CRASHED: "the process died while the rule ran",
    Outcome.HUNG: "the rule did not come to an end",
    Outcome.ERROR: "a fault of the suite, not of the target",
}

BY_WORD = {outcome.value: glyph for outcome, glyph in GLYPHS.items()}
"""The glyphs by the outcomes' words."""


def shown(result: Result | None) -> str:
    """Return the glyph and the word for a result, or that there is none."""
    return f"{GLYPHS[result.outcome]} {result.outcome.value}" if result else "not run"
