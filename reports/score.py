"""How a target did, in numbers, and what may be said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum

from reports.known import excuse
from reports.model import PROMISE, Basis, Outcome, Report, Result, in_mode
from reports.verdict import FAILING
from reports.wording import many


class Verdict(Enum):
    """What may be said of a target, with a glyph; that it conforms, only of a complete run."""

    CONFORMS = "✓"
    IN_PART = "◐"  # nothing breaks, and some of it is not supported
    FAILS = "✗"
    INCOMPLETE = "…"  # nothing broke in what was run
    NOTHING = "–"  # no documented rule applies, or none can be run


class Score:
    """How a target did: counts of outcomes over the documented and over the observed rules.

    `missing` counts the rules of the suite that have no result, `lacking` says in words what the run lacks to
    be complete, `untried` counts the examples that were not run, by what the target lacks, `unable` says why
    nothing could be run. `acts` counts, in a mode, what the documented rules that apply do, by whether it was
    run in the mode.
    """

    def __init__(self, report: Report, target: str) -> None:
        basis, results = report.basis, report.results_of(target)
        about = report.run.target(target)
        run = report.run_of(about)
        self.examples = about.examples if about.mode is not None else None
        self.unable = about.unable
        self.documented = _counts(result for result in results if basis[result.rule] is Basis.DOCUMENTED)
        self.observed = _counts(result for result in results if basis[result.rule] is Basis.OBSERVED)
        self.ran = len(results)
        self.rules = run.rules
        self.missing = max((run.rules or len(report.rules)) - self.ran, 0)
        self.holds = self.documented.get(Outcome.HOLDS, 0)
        self.applicable = sum(self.documented.values()) - self.documented.get(Outcome.INAPPLICABLE, 0)
        known = Counter(
            excuse(result).cause or "other"
            for result in results
            if result.outcome is Outcome.KNOWN and basis[result.rule] is Basis.DOCUMENTED
        )
        # Whose fault a known break is matters more than how many there are.
        self.causes = f" ({', '.join(f'{count} {cause}' for cause, count in sorted(known.items()))})"
        self.known = self.documented.get(Outcome.KNOWN, 0)
        self.unsupported = self.documented.get(Outcome.UNSUPPORTED, 0)
        self.failing = sum(count for outcome, count in self.documented.items() if outcome in FAILING)
        self.untried: Counter[str] = Counter()
        self.acts: Counter[str] = Counter()
        self.tried = 0
        for result in results:
            if basis[result.rule] is Basis.DOCUMENTED and result.outcome is not Outcome.INAPPLICABLE:
                if result.untried:
                    self.untried.update(result.untried)
                self.tried += result.examples
                self.acts.update(result.acts)
        self.lacking = [
            said
            for lacks, said in (
                (run.ended is None, "the run ended early"),
                (run.shard is not None, f"it is part {run.shard} of a run"),
                (run.rules is None, "it does not say how many rules the suite has"),
                (
                    self.missing,
                    f"{many(self.missing, 'rule')} {'was' if self.missing == 1 else 'were'} not run",
                ),
                (
                    run.max_examples < PROMISE,
                    f"{many(run.max_examples, 'example')} per rule instead of {PROMISE}",
                ),
            )
            if lacks
        ]
        self.verdict = self._verdict()

    def _verdict(self) -> Verdict:
        if self.failing or self.observed.get(Outcome.ERROR, 0):
            return Verdict.FAILS
        if self.ran and (not self.applicable or self.unable):
            return Verdict.NOTHING
        if self.lacking:
            return Verdict.INCOMPLETE
        in_part = self.unsupported or self.untried or self.documented.get(Outcome.BLOCKED, 0)
        return Verdict.IN_PART if in_part else Verdict.CONFORMS

    @property
    def conforms(self) -> bool:
        """Whether all was run and nothing that the target supports breaks."""
        return self.verdict in (Verdict.CONFORMS, Verdict.IN_PART)

    @property
    def said(self) -> str:
        """The verdict in words."""
        if self.verdict is Verdict.INCOMPLETE:
            of = many(self.rules, "rule") if self.rules else "an unknown number of rules"
            return f"incomplete: no break in {self.ran} of {of}{self._on}"
        return {
            Verdict.CONFORMS: f"conforms{self._on}",
            Verdict.IN_PART: f"conforms in what it supports{self._on}",
            Verdict.FAILS: f"does not conform{self._on}",
            Verdict.NOTHING: self._why_nothing,
        }[self.verdict]

    @property
    def _why_nothing(self) -> str:
        """What is said where there is nothing to judge by."""
        if self.unable:
            return f"nothing applied, since {self.unable}"
        return "nothing applied" if self.documented else "no documented rule was run"

    @property
    def _on(self) -> str:
        """On how many examples of each rule that is said, where they are fewer than elsewhere."""
        return f", on {many(self.examples, 'example')} of each rule" if self.examples is not None else ""

    @property
    def glyph(self) -> str:
        """The verdict's glyph."""
        return self.verdict.value

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
        documented = f"{self.holds} {self.of_these}" if self.documented else ""
        return "; ".join(filter(None, (documented, self.rest)))

    @property
    def of_these(self) -> str:
        """Of how many documented rules that many hold; of a part of the rules a share would say too much."""
        one = self.applicable == 1
        rules, holds = many(self.applicable, "documented rule"), "holds" if one else "hold"
        if self.lacking:
            return f"of {rules} that {'was' if one else 'were'} run {holds}"
        return f"of {rules} {holds} ({self.percent})"

    @property
    def rest(self) -> str:
        """What became of the rules that do not hold, and of the observed ones, and what was not tried."""
        parts = [
            f"{count} {outcome.value}{self.causes if outcome is Outcome.KNOWN else ''}"
            for outcome, count in self.documented.items()
            if outcome is not Outcome.HOLDS
        ]
        if self.untried:
            count = sum(self.untried.values())
            dtypes = ", ".join(dtype for dtype, _ in self.untried.most_common())
            # Rounded up: nothing untried is never said of something.
            parts.append(f"{-(-100 * count // (count + self.tried))} % of the examples untried, for {dtypes}")
        if acts := self.acts.total():
            # Rounded down: all were only if all were.
            parts.append(f"{100 * in_mode(self.acts) // acts} % of the acts run in the mode")
        if observed := sum(self.observed.values()) - self.observed.get(Outcome.INAPPLICABLE, 0):
            holding = self.observed.get(Outcome.HOLDS, 0)
            parts.append(f"observed: {holding} of {observed} {'holds' if observed == 1 else 'hold'}")
        if self.missing:
            parts.append(f"{self.missing} not run")
        return "; ".join(parts)


def _counts(results: Iterable[Result]) -> dict[Outcome, int]:
    found = [result.outcome for result in results]
    return {outcome: found.count(outcome) for outcome in Outcome if outcome in found}


def exit_code(report: Report) -> int:
    """Return what a command that made a report exits with.

    0 if every target conforms, 1 if one does not, 6 if nothing broke and a run is incomplete, 5 if nothing
    applied anywhere.
    """
    return exit_code_of(Score(report, target.id) for target in report.run.targets)


def exit_code_of(scores: Iterable[Score]) -> int:
    """Return the same of the scores of all targets."""
    scores = list(scores)
    verdicts = {score.verdict for score in scores}
    if Verdict.FAILS in verdicts:
        return 1
    if Verdict.INCOMPLETE in verdicts:
        return INCOMPLETE
    unable = any(score.unable for score in scores)
    return 0 if verdicts - {Verdict.NOTHING} and not unable else NOTHING


INCOMPLETE = 6
"""Exit code: nothing broke, and not enough was run to say more."""

NOTHING = 5
"""Exit code: no rule applied anywhere, or a target is able to run none; pytest's own for no tests."""
