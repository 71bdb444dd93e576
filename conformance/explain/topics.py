"""What can be explained: an operation, a law, a page of the documentation, a rule."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from conformance.engine.decks import whose_cases
from conformance.engine.options import SHIPPED_BREAKS
from conformance.engine.rule import RegisteredRule, load_rules
from conformance.explain.examples import Examples
from reports.explained import About, Disagreement, Fact, Listed, Section, Topic
from reports.known_breaks import KnownBreak, find_breaks, read_known_breaks
from reports.model import Basis, Kind, Target

MOST_SHOWN = 40
"""Of how many rules of a law or a page all have an example; of more, one of each law has."""

_FIRST = ("elements", "output_shape", "output_dtype")

TITLES = {
    "documented": ("What is documented", "Each statement stands in the documentation; each example was run."),
    "mistakes": (
        "Mistakes that people make",
        "These calls are refused, as the message says. The legal call that comes first differs in one thing.",
    ),
    "beyond": (
        "What torch does beyond the documentation",
        "No page says so: torch does it on the CPU, and another device or version need not.",
    ),
    "disagree": (
        "Where the documentation and torch disagree",
        "The statement is what the documentation says. The example shows what this torch does instead.",
    ),
}


class UnknownTopicError(Exception):
    """Nothing of a name can be explained; the message names what comes near."""


class Topics:
    """Explains what it is asked for, on the torch that is here."""

    def __init__(self) -> None:
        self._rules = load_rules()
        self._examples = Examples()
        self.chooser = self._examples.chooser
        self._known = read_known_breaks(SHIPPED_BREAKS)
        self._facts: dict[str, Fact] = {}
        self.torch = str(torch.__version__)

    def find(self, name: str) -> Topic:
        """Return what explains a name; raises UnknownTopicError if it names nothing."""
        for about, names in self.names().items():
            if name in names:
                return self.topic(about, name)
        if f"torch.{name}" in self.names()[About.SOURCE]:
            return self.topic(About.SOURCE, f"torch.{name}")
        every = [each for names in self.names().values() for each in names]
        near = difflib.get_close_matches(name, every, 3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UnknownTopicError(
            f"no operation, law, rule or page of the documentation is called {name}{hint}"
        )

    def names(self) -> Mapping[About, Mapping[str, list[RegisteredRule]]]:
        """Return the rules of all that can be explained, by its name."""
        return self._names

    @functools.cached_property
    def _names(self) -> Mapping[About, Mapping[str, list[RegisteredRule]]]:
        found: dict[About, dict[str, list[RegisteredRule]]] = {about: {} for about in About}
        for each in self._rules.values():
            found[About.OPERATION].setdefault(each.rule.operation, []).append(each)
            if law := law_of(each):
                found[About.LAW].setdefault(law, []).append(each)
            for source in each.rule.sources:
                found[About.SOURCE].setdefault(source, []).append(each)
            found[About.RULE][each.rule.id] = [each]
        return found

    def topic(self, about: About, name: str) -> Topic:
        """Return what explains one of the names."""
        rules = self._names[about][name]
        shown = rules if about in (About.OPERATION, About.RULE) else _telling(rules)
        rest = [each for each in rules if each not in shown]
        laws = frozenset(self._names[About.LAW])
        return Topic(about, name, self.torch, self._sections(shown), _listed(rest), laws)

    def _sections(self, rules: Iterable[RegisteredRule]) -> tuple[Section, ...]:
        sorts: dict[str, list[Fact]] = {sort: [] for sort in TITLES}
        for each in sorted(rules, key=_place):
            fact = self._fact(each)
            sorts[_sort(fact)].append(fact)
        return tuple(Section(*TITLES[sort], tuple(facts)) for sort, facts in sorts.items() if facts)

    def keep(self, facts: Iterable[Fact]) -> None:
        """Take facts whose examples were run elsewhere."""
        self._facts.update((fact.rule.id, fact) for fact in facts)

    def _fact(self, found: RegisteredRule) -> Fact:
        id = found.rule.id
        if id not in self._facts:
            known = self._disagreements(found)
            broken = self._examples.of(found, holds=False) if known else None
            example = broken or self._examples.of(found)
            self._facts[id] = Fact(found.rule, example, law_of(found), tuple(map(_said, known)))
        return self._facts[id]

    @functools.cached_property
    def strategies(self) -> tuple[SearchStrategy[Any], ...]:
        """The strategies whose cases the rules have, each once."""
        drawn = [each.drawn for each in self._rules.values() if each.drawn is not None]
        return tuple(dict.fromkeys(whose_cases(strategy) for _, strategy in drawn))

    def _disagreements(self, found: RegisteredRule) -> tuple[KnownBreak, ...]:
        cpu = Target("cpu", "cpu", "cpu")
        return find_breaks(self._known, found.rule.id, cpu, self.torch)


def law_of(found: RegisteredRule) -> str:
    """Return the name of the law that a rule is of, the empty one if it is of none."""
    return found.rule.id.partition(".")[2] if found.of_law else ""


def _sort(fact: Fact) -> str:
    if fact.known:
        return "disagree"
    if fact.rule.kind is Kind.ERROR:
        return "mistakes"
    return "documented" if fact.rule.basis is Basis.DOCUMENTED else "beyond"


def _place(found: RegisteredRule) -> int:
    fact = found.rule.id.partition(".")[2]
    return _FIRST.index(fact) if fact in _FIRST else len(_FIRST)


def _telling(rules: list[RegisteredRule]) -> list[RegisteredRule]:
    """Return the rules of a law or a page that are shown: all, or of each law one, and those of no law."""
    if len(rules) <= MOST_SHOWN and len({law_of(each) for each in rules}) > 1:
        return rules
    first: dict[str, RegisteredRule] = {}
    for each in rules:
        first.setdefault(law_of(each) or each.rule.id, each)
    return list(first.values())[:MOST_SHOWN]


def _listed(rules: Iterable[RegisteredRule]) -> tuple[Listed, ...]:
    found: dict[str, list[RegisteredRule]] = {}
    for each in rules:
        found.setdefault(each.rule.operation, []).append(each)
    return tuple(Listed(name, tuple(each.rule for each in of)) for name, of in sorted(found.items()))


def _said(known: KnownBreak) -> Disagreement:
    return Disagreement(known.cause, known.reason, known.script or "", known.issue or "")
