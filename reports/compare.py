"""What changed between two runs: fixed, newly broken, newly thin, added, removed, and the circumstances."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from reports.glyphs import shown
from reports.markdown import escaped, table
from reports.model import Basis, Outcome, Report, Result, Rule
from reports.wording import listed, many, shows

BREAKS = frozenset({Outcome.BROKEN, Outcome.CRASHED, Outcome.HUNG, Outcome.ERROR})
"""Outcomes that are a regression where the rule held before."""

BAD = BREAKS | {Outcome.KNOWN}


class IncomparableError(Exception):
    """Two runs have nothing in common; the message says so in one line."""


class Change(str, Enum):
    """What became of a rule on a target between two runs; the first that applies."""

    NEWLY_BROKEN = "newly broken"
    CANNOT_TELL = "cannot tell"  # other inputs were drawn, and nothing could be replayed
    UNCONFIRMED = "unconfirmed"  # broken in the new run, but its script does not show it
    FOUND_NOW = "found now"  # broken in the new run; its script shows it on the old torch, too
    STILL_BROKEN = "still broken"  # holds in the new run, but the old counterexample still breaks it
    FIXED = "fixed"
    NEWLY_THIN = "newly thin"
    NOT_RUN = "no longer run"
    OTHER = "changed"


MEANINGS = {
    Change.NEWLY_BROKEN: "held before, and does not now: a regression",
    Change.CANNOT_TELL: "the runs drew different inputs, and the counterexample cannot be replayed here: a "
    "change of the target, or luck",
    Change.UNCONFIRMED: "broken in the new run, but its script does not show it when run again",
    Change.FOUND_NOW: "the new counterexample breaks the old torch, too: better searched, no regression",
    Change.STILL_BROKEN: "the new run did not find it, but the old counterexample still breaks the rule",
    Change.FIXED: "did not hold before, and does now",
    Change.NEWLY_THIN: "holds, but a promised kind of input was no longer drawn",
    Change.NOT_RUN: "was run before, and is not now",
    Change.OTHER: "another outcome than before",
}


@dataclass(frozen=True)
class Difference:
    """A rule whose result on a target differs; `old` and `new` are None where there is none."""

    change: Change
    rule: Rule
    target: str
    old: Result | None
    new: Result | None
    replayed: str | None = None

    @property
    def unreplayed(self) -> bool:
        """Whether running a counterexample again would tell, and none was."""
        asked = (Change.NEWLY_BROKEN, Change.CANNOT_TELL, Change.FIXED)
        return self.change in asked and self.replayed is None


@dataclass(frozen=True)
class Comparison:
    """Two runs and what differs; `circumstances` maps what differs in how they were run to old and new.

    They are compared on the rules that both ran: `compared` counts these, `only_old` and `only_new` those
    that the other run, of a smaller part of the suite, was not asked for.
    """

    old: Report
    new: Report
    targets: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]
    added: tuple[Rule, ...] = ()
    removed: tuple[Rule, ...] = ()
    circumstances: dict[str, tuple[str, str]] = field(default_factory=dict)
    alike: bool = True
    compared: int = 0
    only_old: int = 0
    only_new: int = 0

    def of(self, change: Change) -> list[Difference]:
        """Return the differences of a kind."""
        return [difference for difference in self.differences if difference.change is change]

    @property
    def apart(self) -> list[str]:
        """The targets that are in one of the runs only, and so not compared."""
        both = {id for pair in self.targets for id in pair}
        every = (target.id for report in (self.old, self.new) for target in report.run.targets)
        return [id for id in dict.fromkeys(every) if id not in both]

    @property
    def regressed(self) -> bool:
        """Whether a documented rule is newly broken."""
        return any(found.rule.basis is Basis.DOCUMENTED for found in self.of(Change.NEWLY_BROKEN))

    @property
    def untold(self) -> bool:
        """Whether of a documented rule cannot be told whether it is newly broken, or fixed."""
        return any(found.rule.basis is Basis.DOCUMENTED for found in self.of(Change.CANNOT_TELL))

    @property
    def breaking(self) -> int:
        """How many results break in the new run, newly or not, or would had it drawn what the old one did."""
        targets = {new for _, new in self.targets}
        broken = {(each.rule, each.target) for each in self.new.results if each.outcome in BREAKS}
        broken |= {(each.rule.id, each.target) for each in self.of(Change.STILL_BROKEN)}
        return sum(target in targets for _, target in broken)

    @property
    def verdict(self) -> tuple[str, str]:
        """What the page begins with: `broken`, `unsure` or `fine`, and the words for it."""
        if self.regressed:
            return "broken", "✗ Regressed."
        if self.untold:
            return "unsure", "? Cannot tell."
        if self.breaking:
            what = "1 result breaks" if self.breaking == 1 else f"{self.breaking} results break"
            return "unsure", f"! No regression, but {what}."
        return "fine", "✓ No regression."

    @property
    def unreplayed(self) -> list[Difference]:
        """What would be told by running a counterexample again, and none was."""
        return [each for each in self.differences if each.unreplayed]

    @property
    def _not_replayed(self) -> str:
        found = self.unreplayed
        sides = ((each.old, each.new) for each in found)
        bare = sum(not any(result is not None and _scripts(result) for result in both) for both in sides)
        why = f"; {bare} without a script" if bare else ""
        return f"Not replayed: {many(len(found), 'counterexample')}{why}, of " + (
            f"{listed([*dict.fromkeys(each.rule.id for each in found)], noun='rule')}."
        )

    @property
    def backwards(self) -> bool:
        """Whether the new run was made before the old one."""
        return self.new.run.started < self.old.run.started

    @property
    def code(self) -> int:
        """What the command exits with: 1 for a regression, 3 if that cannot be told, else 0."""
        return 1 if self.regressed else CANNOT_TELL if self.untold else 0

    @property
    def notes(self) -> list[str]:
        """What to know before reading on, a sentence each."""
        return [
            said
            for holds, said in (
                (
                    self.backwards,
                    f"“Now” was run before “before”: {self.new.run.started} and {self.old.run.started}.",
                ),
                (not self.alike, "The runs drew different inputs: what only one of them found may be luck."),
                (self.unreplayed, self._not_replayed),
                (self.apart, f"In one of the runs only: {', '.join(self.apart)}."),
                (
                    self.only_old or self.only_new,
                    "The runs are of different parts of the suite: compared on "
                    f"{many(self.compared, 'rule')} that both ran; "
                    f"run only before: {self.only_old}, only now: {self.only_new}.",
                ),
            )
            if holds
        ]

    @property
    def headline(self) -> str:
        """One line: how many changed how, what rules came and went, and what else changed."""
        counts = {change: len(self.of(change)) for change in Change}
        always = (Change.NEWLY_BROKEN, Change.FIXED)
        parts = [f"{count} {change.value}" for change, count in counts.items() if count or change in always]
        parts += [
            f"{len(rules)} {word}"
            for rules, word in ((self.added, "added"), (self.removed, "removed"))
            if rules
        ]
        parts += [f"{name} {old} → {new}" for name, (old, new) in self.circumstances.items()]
        return "; ".join(parts)


CANNOT_TELL = 3
"""Exit code: whether something regressed cannot be told."""

Replay = Callable[[Result], "str | None"]
"""Runs the script of a result some times and returns how often it broke, as `2/3`; None if it cannot."""


def compare(
    old: Report, new: Report, replay_new: Replay | None = None, replay_old: Replay | None = None
) -> Comparison:
    """Compare two runs target by target; two runs of one target each are compared whatever it is called.

    The new run's inputs may be others, so a rule that held by luck may break now. `replay_new` runs a script
    on the torch of the new run: what is newly broken must break again, and what seems fixed must not break by
    the old counterexample. `replay_old` runs one on the torch of the old run: what breaks there, too, is no
    regression. Where the runs drew different inputs and neither can be asked, nothing is said.

    Raises IncomparableError if no target is in both.
    """
    pairs = _pairs(old, new)
    if not pairs:
        raise IncomparableError(
            f"the runs have no target in common: {_listed(old)} before, {_listed(new)} now"
        )
    before, after = ({rule.id: rule for rule in report.rules} for report in (old, new))
    alike = all(
        getattr(old.run, name) == getattr(new.run, name) for name in ("suite", "seed", "max_examples")
    )
    differences = []
    for old_target, new_target in pairs:
        for id in before:
            if id not in after:
                continue
            one, other = old.result(id, old_target), new.result(id, new_target)
            change, replayed = _change(one, other, replay_new, replay_old, alike=alike)
            if change is not None:
                differences.append(Difference(change, after[id], new_target, one, other, replayed))
    order = list(Change)
    # What a run of a part was not asked for was neither added to the suite nor removed from it.
    added = tuple(rule for id, rule in after.items() if id not in before)
    removed = tuple(rule for id, rule in before.items() if id not in after)
    only_old, only_new = (removed if _partial(new) else ()), (added if _partial(old) else ())
    return Comparison(
        old,
        new,
        tuple(pairs),
        tuple(sorted(differences, key=lambda found: (order.index(found.change), found.target))),
        () if only_new else added,
        () if only_old else removed,
        old.run.changes(new.run),
        alike,
        len(before.keys() & after.keys()),
        len(only_old),
        len(only_new),
    )


def _partial(report: Report) -> bool:
    """Return whether a run was asked for a part of the suite."""
    runs = report.runs or (report.run,)
    return any(run.rules is not None and len(report.rules) < run.rules for run in runs)


def _listed(report: Report) -> str:
    return ", ".join(target.id for target in report.run.targets) or "none"


def _pairs(old: Report, new: Report) -> list[tuple[str, str]]:
    before, after = ([target.id for target in report.run.targets] for report in (old, new))
    common = [(id, id) for id in after if id in before]
    if not common and len(before) == len(after) == 1:
        return [(before[0], after[0])]
    return common


def _change(
    old: Result | None,
    new: Result | None,
    replay_new: Replay | None,
    replay_old: Replay | None,
    *,
    alike: bool,
) -> tuple[Change | None, str | None]:
    if old is None or (new is not None and old.outcome is new.outcome):
        return None, None
    if new is None:
        return Change.NOT_RUN, None
    if new.outcome in BREAKS and old.outcome not in BAD:
        again, shown = _again(new, replay_new, before=True)
        if again is not None and not shows(again):
            return Change.UNCONFIRMED, again
        if replay_old and shown.script:
            there = replay_old(shown)
            if there is not None and shows(there):
                return Change.FOUND_NOW, there
        if again is None and not alike:
            return Change.CANNOT_TELL, None
        return Change.NEWLY_BROKEN, again
    if new.outcome in (Outcome.HOLDS, Outcome.FIXED, Outcome.THIN) and old.outcome in BAD:
        again, _ = _again(old, replay_new, before=False)
        if again is not None and shows(again):
            return Change.STILL_BROKEN, again
        if again is None and not alike:
            return Change.CANNOT_TELL, None
        return Change.FIXED, again
    if new.outcome is Outcome.THIN:
        return Change.NEWLY_THIN, None
    return Change.OTHER, None


def _scripts(result: Result) -> list[str]:
    """Return the scripts of all ways in which a result's rule breaks."""
    return [script for script in (result.script, *(each.script for each in result.also)) if script]


def _again(result: Result, replay: Replay | None, *, before: bool) -> tuple[str | None, Result]:
    """Return how a script of a result ended when it was run again, and the result as it is of that break.

    Of several ways in which the rule breaks, that is the first that breaks again. `before` asks, too, how the
    scripts ended in the run itself.
    """
    first: tuple[str | None, Result] = (None, result)
    ways = [
        result,
        *(
            replace(result, reason=each.reason, script=each.script, reproduced=each.reproduced)
            for each in result.also
        ),
    ]
    for each in ways:
        again = replay(each) if replay and each.script else None
        again = again or (each.reproduced if before else None)
        if again is not None and shows(again):
            return again, each
        if first[0] is None:
            first = (again, each)
    return first


def markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown: the headline, then what changed."""
    lines = [f"**{escaped(comparison.headline)}**", ""]
    for note in comparison.notes:
        lines += [escaped(note), ""]
    lines += table(
        ("change", "rule", "target", "before", "now", "what was seen"), map(_row, comparison.differences)
    )
    for word, rules in (("Added", comparison.added), ("Removed", comparison.removed)):
        if rules:
            lines += ["", f"{word}: {', '.join(f'`{rule.id}`' for rule in rules)}"]
    return "\n".join(lines) + "\n"


def _row(found: Difference) -> Iterable[str]:
    seen = found.new if found.new is not None and found.new.reason else found.old
    replayed = f" (replayed: {found.replayed})" if found.replayed else ""
    return (
        f"{found.change.value}{replayed}",
        f"`{found.rule.id}`",
        escaped(found.target),
        shown(found.old),
        shown(found.new),
        escaped(seen.reason or "", 160) if seen else "",
    )
