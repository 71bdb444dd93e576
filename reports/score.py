"""How a target did, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reports.model import Basis, Outcome, Report, Result
from reports.verdict import FAILING


class Score:
    """How a target did: counts of outcomes over the documented and over the observed rules."""

    def __init__(self, report: Report, target: str) -> None:
        basis, results = report.basis, report.results_of(target)
        self.documented = _counts(result for result in results if basis[result.rule] is Basis.DOCUMENTED)
        self.observed = _counts(result for result in results if basis[result.rule] is Basis.OBSERVED)
        self.missing = len(report.rules) - len(results)
        self.holds = self.documented.get(Outcome.HOLDS, 0)
        self.applicable = sum(self.documented.values()) - self.documented.get(Outcome.INAPPLICABLE, 0)
        known = Counter(
            (result.reason or "").partition(":")[0]
            for result in results
            if result.outcome is Outcome.KNOWN and basis[result.rule] is Basis.DOCUMENTED
        )
        # Whose fault a known break is matters more than how many there are.
        self.causes = f" ({', '.join(f'{count} {cause}' for cause, count in sorted(known.items()))})"
        self.known = self.documented.get(Outcome.KNOWN, 0)
        self.failing = sum(count for outcome, count in self.documented.items() if outcome in FAILING)
        self.conforms = (
            self.applicable > 0
            and not self.missing
            and not self.failing
            and not self.observed.get(Outcome.ERROR, 0)
        )

    @property
    def verdict(self) -> str:
        """Whether the target conforms, in words."""
        if self.conforms:
            return "conforms"
        return "does not conform" if self.applicable else "nothing applied"

    @property
    def glyph(self) -> str:
        """The verdict's glyph."""
        return "✓" if self.conforms else "✗" if self.applicable else "–"

    @property
    def percent(self) -> str:
        """The share of applicable documented rules that hold, rounded down: 100 only if all do."""
        if not self.applicable:
            return "–"
        tenths = self.holds * 1000 // self.applicable
        return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"

    @property
    def line(self) -> str:
        """One line: how many documented rules hold, and what became of the others."""
        first = f"{self.holds} of {self.applicable} documented rules hold ({self.percent})"
        return "; ".join(filter(None, (first, self.rest)))

    @property
    def rest(self) -> str:
        """What became of the rules that do not hold, and of the observed ones."""
        parts = [
            f"{count} {outcome.value}{self.causes if outcome is Outcome.KNOWN else ''}"
            for outcome, count in self.documented.items()
            if outcome is not Outcome.HOLDS
        ]
        if observed := sum(self.observed.values()) - self.observed.get(Outcome.INAPPLICABLE, 0):
            parts.append(f"observed: {self.observed.get(Outcome.HOLDS, 0)} of {observed} hold")
        if self.missing:
            parts.append(f"{self.missing} not run")
        return "; ".join(parts)


def _counts(results: Iterable[Result]) -> dict[Outcome, int]:
    found = [result.outcome for result in results]
    return {outcome: found.count(outcome) for outcome in Outcome if outcome in found}
