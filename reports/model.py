"""The data of a conformance run: rules, targets, results, and how they travel as JSON.

Nothing here knows torch or hypothesis, so that a report can be read, merged and rendered on a machine that
has neither. `results.schema.json` beside this file is the same shape as a published JSON schema.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Concatenate, ParamSpec, TypeVar

FORMAT = 1
"""Version of the JSON shape; readers refuse any other."""

PROMISE = 100
"""Number of examples within which a strategy promises to draw every one of its input classes."""


IN_MODE = "run in the mode"
IN_MODE_ANEW = "run in the mode, compiled for it"
"""What acts are counted as that were run in a mode, by what was compiled before or not; others by why not."""

REFUSED_BEFORE = "refused before anything was run in the mode"
"""What acts are counted as that were refused by what stands before a backend, and so were run nowhere."""


def in_mode(acts: Mapping[str, int]) -> int:
    """Return how many of some acts were run in the mode."""
    return acts.get(IN_MODE, 0) + acts.get(IN_MODE_ANEW, 0)


class Outcome(str, Enum):
    """What became of one rule on one target."""

    HOLDS = "holds"
    THIN = "thin"  # held, but an input class that the strategy promises was never drawn
    BROKEN = "broken"
    KNOWN = "known"  # broken, as a known-breaks file says
    FIXED = "fixed"  # holds, although a known-breaks file says that it is broken
    INAPPLICABLE = "inapplicable"  # the target lacks what the rule is about
    UNSUPPORTED = "unsupported"  # the target refuses the operation, for every dtype that was asked
    BLOCKED = "blocked"  # no example could be tried, since what comes before or after the operation breaks
    CRASHED = "crashed"
    HUNG = "hung"
    ERROR = "error"  # the suite's own fault


class Basis(str, Enum):
    """Where a rule's authority comes from."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"  # what torch does on CPU where the documentation is silent


class Kind(str, Enum):
    """What a rule checks."""

    PROPERTY = "property"
    ERROR = "error"
    WARNING = "warning"
    GRADIENT = "gradient"
    STATISTICAL = "statistical"


class Need(str, Enum):
    """What a target must have for a rule to apply."""

    VALUES = "values"
    AUTOGRAD = "autograd"
    STRIDES = "strides"
    ADDRESSES = "addresses"
    IN_PLACE_VIEWS = "in-place views"
    INDEX_CHECKS = "index checks"
    SEEDING = "seeding"
    SAVED = "what torch saves for backward"
    PRINTING = "printing"


@dataclass(frozen=True)
class Rule:
    """One documented fact: `statement` is true when read alone, `id` never changes.

    `source` states it, together with `also` where it takes more than one page.
    """

    id: str
    area: str
    operation: str
    statement: str
    source: str
    basis: Basis = Basis.DOCUMENTED
    kind: Kind = Kind.PROPERTY
    needs: tuple[Need, ...] = ()
    seed: str | None = None
    classes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """All documentation that states the rule."""
        return (self.source, *self.also)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Rule:
        """Read a rule back from its JSON form."""
        return cls(
            **{
                **data,
                "basis": Basis(data["basis"]),
                "kind": Kind(data["kind"]),
                "needs": tuple(Need(need) for need in data["needs"]),
                "classes": tuple(data["classes"]),
                "faults": tuple(data["faults"]),
                "also": tuple(data.get("also", ())),
            }
        )


@dataclass(frozen=True)
class Target:
    """A device under test; `lacks` maps each missing capability, `lacks_dtypes` each dtype, to the reason.

    `lacks_classes` does so for input classes of which nothing can be asked of the target, as `subnormal`.
    `exact` is what was measured: the largest relative error of a basic function, by `exp torch.float32`.
    `bounds` is what the vendor states: the relative error that a dtype's results may have, by the dtype. In a
    merged report, `run` is the number of its run among the report's `runs`, from 0. In a `mode`, as
    `compile:aot_eager`, the device runs what rules do in another way, on so many `examples` of each; `unable`
    says why the mode cannot run there at all, if it cannot.
    """

    id: str
    device: str
    name: str
    driver: str | None = None
    lacks: dict[Need, str] = field(default_factory=dict)
    lacks_dtypes: dict[str, str] = field(default_factory=dict)
    run: int | None = None
    lacks_classes: dict[str, str] = field(default_factory=dict)
    exact: dict[str, float] = field(default_factory=dict)
    bounds: dict[str, float] = field(default_factory=dict)
    mode: str | None = None
    examples: int | None = None
    unable: str | None = None

    @property
    def place(self) -> str:
        """The device that tensors are made on: the id, but for a mode."""
        return self.id.removesuffix(f"+{self.mode}") if self.mode else self.id

    @property
    def names(self) -> tuple[str, ...]:
        """What may stand for it where targets are named: its id, its device, and either with the mode."""
        if self.mode is None:
            return self.id, self.device
        kind = self.mode.partition(":")[0]
        with_mode = [f"{each}+{mode}" for each in (self.place, self.device) for mode in (self.mode, kind)]
        return self.id, self.device, *dict.fromkeys(with_mode)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Target:
        """Read a target back from its JSON form."""
        return cls(**{**data, "lacks": {Need(need): reason for need, reason in data["lacks"].items()}})


@dataclass(frozen=True)
class Run:
    """The circumstances of a run; `ended` is None if it was cut short.

    `shard` is `2/4` for the second of four jobs that share the rules; `1+2/4` if these two were joined.
    `sources` says of documentation that rules name and the tested torch does not carry what is missing.
    `changed` says of documentation that has other words in the tested torch than its rules were reviewed
    against which these were. `rules` is how many rules the suite has, whatever of them was asked for; None in
    a report that does not say. `imports` are the modules that registered devices, as `--import` takes them.
    """

    suite: str
    torch: str
    python: str
    platform: str
    started: str
    seed: str
    profile: str
    max_examples: int
    strict: bool
    targets: tuple[Target, ...]
    ended: str | None = None
    shard: str | None = None
    sources: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    rules: int | None = None
    imports: tuple[str, ...] = ()

    def target(self, id: str) -> Target:
        """Return the target with an id; raises StopIteration if the run has none."""
        return next(target for target in self.targets if target.id == id)

    def changes(self, later: Run) -> dict[str, tuple[str, str]]:
        """Return in what a later run had other circumstances, each as it was and as it is."""
        names = ("torch", "python", "platform", "suite", "seed", "profile", "max_examples")
        both = {name: (str(getattr(self, name)), str(getattr(later, name))) for name in names}
        return {name.replace("_", " "): pair for name, pair in both.items() if pair[0] != pair[1]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Run:
        """Read a run back from its JSON form."""
        return cls(
            **{
                **data,
                "targets": tuple(Target.from_json(target) for target in data["targets"]),
                "imports": tuple(data.get("imports", ())),
            }
        )


@dataclass(frozen=True)
class Symptom:
    """By what a way of breaking is told from another, and put to a cause.

    `place` is the innermost frame outside of the suite and of torch, as `package/file.py:12 in function`;
    `operator` the last operator that torch dispatched before an exception, as `aten::gather`; `claim` where
    the rule or the shared claim raised, for what no exception of the target's broke. `failed` counts the
    examples that failed so. `every` are the input classes of which every example failed so, `shared` those
    that all examples which failed so have, and not all that held.
    """

    exception: str
    failed: int = 1
    place: str | None = None
    operator: str | None = None
    claim: str | None = None
    every: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Symptom:
        """Read a symptom back from its JSON form."""
        return cls(**{**data, "every": tuple(data["every"]), "shared": tuple(data["shared"])})


@dataclass(frozen=True)
class Break:
    """One way in which a rule breaks, with the evidence."""

    reason: str
    symptom: Symptom
    counterexample: str | None = None
    script: str | None = None
    reproduced: str | None = None
    traceback: str | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Break:
        """Read a break back from its JSON form."""
        return cls(**{**data, "symptom": Symptom.from_json(data["symptom"])})


CAUSES = ("device", "torch", "documentation")
"""Whose fault a known break may be."""


@dataclass(frozen=True)
class Excuse:
    """What a known-breaks file says of a break: whose fault it is, why, and what shows it."""

    cause: str
    reason: str
    issue: str | None = None
    script: str | None = None


@dataclass(frozen=True)
class Result:
    """What became of one rule on one target, with the evidence.

    `untried` counts the examples that were drawn and not run, by the dtype or the input class that the target
    lacks or that it refuses, `warned` the warnings of the target that broke nothing, by what they say.
    `refused` gives the target's answer for each dtype that it refuses, plain input that it was asked with,
    `blocked` counts the examples that could not be tried by the rule that breaks before or after the
    operation, `excused` those that failed as is known, by the place of the entry. `symptom` belongs to the
    break that `reason` and the evidence are about, `also` are the other ways in which the rule breaks.
    `pairs` says how many pairs of input classes the examples that held have `reached`, of those that are
    `known` to occur. `rounding` is the largest error that was taken for rounding, by dtype, in units of the
    dtype's eps, relative to the number expected or to what the rule takes for the scale, if that is larger.
    `acts` counts, in a mode, the pieces of what the rule does that were run in it (those apart that something
    was compiled for), those that were refused before, and others by why not.
    `known` is what the entry says by which the outcome is known; older reports have it in `reason` alone.
    """

    rule: str
    target: str
    outcome: Outcome
    reason: str | None = None
    examples: int = 0
    seconds: float = 0.0
    classes: dict[str, int] = field(default_factory=dict)
    counterexample: str | None = None
    script: str | None = None
    reproduced: str | None = None
    traceback: str | None = None
    untried: dict[str, int] = field(default_factory=dict)
    warned: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    blocked: dict[str, int] = field(default_factory=dict)
    excused: dict[str, int] = field(default_factory=dict)
    symptom: Symptom | None = None
    also: tuple[Break, ...] = ()
    pairs: dict[str, int] = field(default_factory=dict)
    rounding: dict[str, float] = field(default_factory=dict)
    acts: dict[str, int] = field(default_factory=dict)
    known: Excuse | None = None

    @property
    def breaks(self) -> tuple[Break, ...]:
        """Every way in which the rule breaks, the one first that the reason is about."""
        if self.symptom is None:
            return self.also
        evidence = (self.counterexample, self.script, self.reproduced, self.traceback)
        return (Break(self.reason or "", self.symptom, *evidence), *self.also)

    @property
    def evidence(self) -> str:
        """The counterexample, the script and the traceback, as far as there are any, as one text."""
        return "\n\n".join(filter(None, (self.counterexample, self.script, self.traceback)))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Result:
        """Read a result back from its JSON form."""
        # There are many, and a constructor of so many fields takes long: these are put where it puts them.
        found, symptom, known = object.__new__(cls), data.get("symptom"), data.get("known")
        said = vars(found)
        said.update(_SAYS_NOTHING)
        said.update(data)
        said["outcome"] = _OUTCOMES[data["outcome"]]
        said["symptom"] = Symptom.from_json(symptom) if symptom else None
        said["known"] = Excuse(**known) if known else None
        said["also"] = tuple(map(Break.from_json, data.get("also", ())))
        return found


_SAYS_NOTHING = vars(Result("", "", Outcome.HOLDS))
"""The fields of a result in their order, with what they are where nothing is given; nobody changes these."""

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


@dataclass(frozen=True)
class Report:
    """A whole run: what `results.json` holds.

    `running` lists the rules, with their targets, that a run that ended early had begun and not finished.
    `runs` are the runs that were merged, if this is a merged report; `run` then sums them up.
    """

    run: Run
    rules: tuple[Rule, ...]
    results: tuple[Result, ...]
    running: tuple[tuple[str, str], ...] = ()
    runs: tuple[Run, ...] = ()

    def results_of(self, target: str) -> list[Result]:
        """Return the results of the target with an id."""
        return self._by_target.get(target, [])

    def result(self, rule: str, target: str) -> Result | None:
        """Return the result of the rule with an id on the target with an id, None if there is none."""
        return self._by_place.get((rule, target))

    @functools.cached_property
    def _by_place(self) -> dict[tuple[str, str], Result]:
        return {(result.rule, result.target): result for result in self.results}

    @functools.cached_property
    def _by_target(self) -> dict[str, list[Result]]:
        found: dict[str, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.target, []).append(result)
        return found

    @functools.cached_property
    def made(self) -> dict[object, Any]:
        """What `once` has made from the report, by what made it."""
        return {}

    @functools.cached_property
    def basis(self) -> dict[str, Basis]:
        """The basis of each rule, by its id."""
        return {rule.id: rule.basis for rule in self.rules}

    @functools.cached_property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The input classes that each rule promises, by its id."""
        return {rule.id: rule.classes for rule in self.rules}

    def warnings_of(self, target: str) -> dict[str, int]:
        """Return how often the target with an id warned while rules ran that are not about that, by what."""
        found: Counter[str] = Counter()
        for result in self.results_of(target):
            if result.warned:
                found.update(result.warned)
        return dict(found.most_common())

    def run_of(self, target: Target) -> Run:
        """Return the run that a target was part of."""
        return self.run if target.run is None else self.runs[target.run]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form of `results.json`, made once."""
        return self._json

    @functools.cached_property
    def _json(self) -> dict[str, Any]:
        merged = {"runs": [plain(run) for run in self.runs]} if self.runs else {}
        return {
            "format": FORMAT,
            **merged,
            "run": plain(self.run),
            "rules": [plain(rule) for rule in self.rules],
            "results": [plain(result) for result in self.results],
            "running": [{"rule": rule, "target": target} for rule, target in self.running],
        }

    @functools.cached_property
    def text(self) -> str:
        """The text of `results.json`: a line per rule and result, so that versions of it can be compared."""
        parts = []
        for name, value in self.to_json().items():
            if isinstance(value, list) and value:
                lines = ",\n".join(json.dumps(entry, allow_nan=False) for entry in value)
                parts.append(f"{json.dumps(name)}: [\n{lines}\n]")
            else:
                parts.append(f"{json.dumps(name)}: {json.dumps(value, allow_nan=False)}")
        return "{" + ",\n".join(parts) + "}\n"

    @classmethod
    def from_json(cls, data: dict[str, Any], rules: tuple[Rule, ...] | None = None) -> Report:
        """Read a report back from data that satisfies the schema, but for `rules` that were read before."""
        return cls(
            Run.from_json(data["run"]),
            tuple(Rule.from_json(rule) for rule in data["rules"]) if rules is None else rules,
            tuple(Result.from_json(result) for result in data["results"]),
            tuple((begun["rule"], begun["target"]) for begun in data.get("running", ())),
            tuple(Run.from_json(run) for run in data.get("runs", ())),
        )


P = ParamSpec("P")
T = TypeVar("T")


def once(make: Callable[Concatenate[Report, P], T]) -> Callable[Concatenate[Report, P], T]:
    """Make what follows from a report only once: several of its files ask for it. Nobody may change it."""

    @functools.wraps(make)
    def kept(report: Report, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (make, args, tuple(sorted(kwargs.items())))
        if key not in report.made:
            report.made[key] = make(report, *args, **kwargs)
        found: T = report.made[key]
        return found

    return kept


_UNSAID = (
    "sources",
    "changed",
    "rules",
    "imports",
    "also",
    "lacks_classes",
    "exact",
    "bounds",
    "mode",
    "examples",
    "unable",
)
_UNSAID_OF_RESULTS = (
    "warned",
    "refused",
    "blocked",
    "excused",
    "symptom",
    "also",
    "pairs",
    "rounding",
    "acts",
    "known",
)


def plain(value: Run | Rule | Target | Result | Symptom | Break) -> dict[str, Any]:
    """Return the value as nested dicts, lists, strings and numbers only, fit for JSON and for execnet."""
    if isinstance(value, Result):
        # There are many, and nothing in them but the outcome needs turning into something else.
        found = {**vars(value), "outcome": value.outcome.value}
        for name in _UNSAID_OF_RESULTS:
            if not found[name]:
                del found[name]
        if value.symptom is not None:
            found["symptom"] = plain(value.symptom)
        if value.known is not None:
            found["known"] = {name: said for name, said in vars(value.known).items() if said is not None}
        if value.also:
            found["also"] = [plain(each) for each in value.also]
        return found
    found = {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    # Nothing to say is not said.
    return {name: item for name, item in found.items() if item or name not in _UNSAID}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Target, Symptom)):
        return plain(value)
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value
