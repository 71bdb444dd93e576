"""Running a rule through the deck of its strategy, and the simplest case of each way in which it breaks."""

from __future__ import annotations

import functools
import time
import unittest
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import hypothesis
from hypothesis import Phase, Verbosity, given, settings
from hypothesis.errors import HypothesisException, UnsatisfiedAssumption
from hypothesis.strategies import SearchStrategy

from conformance.engine.profiles import keeps_examples
from conformance.engine.rule import RegisteredRule
from conformance.engine.symptoms import (
    came_out_of_backward,
    claim_of,
    is_claim,
    operator_of,
    place_of,
    said,
    sign_of,
)
from conformance.engine.watch import (
    FAILURES,
    FIRST_LOOK,
    KNOWN_LOOK,
    Watch,
    check_device,
    drawn_of,
    run_example,
)
from conformance.engine.ways import Failed, Way, ways
from reports.model import Kind, Symptom
from strategies import classes_of
from strategies.decks import Deck, Handed, deck_seed, decoder, unused
from strategies.simplest import simplest
from strategies.tape import Traced

GOING_ON = 2.0
"""Seconds that a rule which broke goes on with the cases that it has left, for what else there is to find."""


@dataclass(frozen=True)
class Failure:
    """One way in which a rule broke: the exception, and the bytes of the simplest case found.

    `whole` says whether the search for a simpler case came to its end.
    """

    error: BaseException
    data: bytes
    way: Way
    symptom: Symptom
    whole: bool = True


def run_rule(found: RegisteredRule, watch: Watch, deck: Deck, seed: str) -> list[Failure]:
    """Run a rule on every case of a deck; return the ways in which it broke, none if it held.

    What failed is put together into ways. For the first of them Hypothesis is handed the case, breaks the
    rule again and shrinks it, and `simplest` goes on from there; for the others, or with little patience,
    `simplest` alone.
    """
    name, strategy = _drawn(found)
    if settings().verbosity is not Verbosity.normal:
        return _spoken(found, watch, deck, seed)
    if keeps_examples() and (failures := _broken_before(found, watch, seed)):
        return failures
    seen, until = _Seen(), float("inf")
    watch.observation.going_on = True
    watch.observation.dealt = len(deck)
    watch.observation.known_pairs = deck.pairs
    pairs = decoder.pairs(strategy, deck)
    for data, decoded, met in zip(deck, cases_of(strategy, deck), pairs, strict=True):
        if time.monotonic() > until:
            break
        case, before = unused(decoded), watch.observation.held
        try:
            found.example(**{name: case})
        except UnsatisfiedAssumption:
            continue
        except FAILURES as error:
            seen.failed.append(Failed(error, sign_of(error), data, frozenset(classes_of(case))))
            if found.rule.kind is Kind.STATISTICAL:
                break  # among many cases, one would break by chance
            until = min(until, time.monotonic() + GOING_ON)
            continue
        seen.passed.add(data)
        if watch.observation.held > before:
            seen.held.append(frozenset(classes_of(case)))
            watch.observation.pairs |= met
    # Those that nobody drew come last: they are not shrunk.
    explicit, wrote = _explicit(found), watch.observation.data
    for case in explicit:
        try:
            found.example(**{name: case})
        except UnsatisfiedAssumption:
            continue
        except FAILURES as error:
            seen.failed.append(Failed(error, sign_of(error), b"", frozenset(classes_of(case))))
    if seen.failed and seen.failed[0].data:
        watch.observation.data = wrote
    watch.observation.closed = True
    if not seen.failed:
        _show_known(found, watch)
    smallest = [
        _smallest(found, watch, way, seen, seed if number == 0 else None)
        for number, way in enumerate(ways(seen.failed, seen.held))
    ]
    return [_with_operator(found, watch, without_chance(found, failure)) for failure in smallest]


def _explicit(found: RegisteredRule) -> list[Any]:
    """Return the cases that the rule's `@example`s name, none of which has been run."""
    name, _ = _drawn(found)
    named = getattr(found.function, "hypothesis_explicit_examples", ())
    return [unused(each.kwargs[name]) for each in reversed(named) if name in each.kwargs]


@dataclass
class _Seen:
    """What became of a deck: the cases that failed, the classes of those that held, all that did not fail."""

    failed: list[Failed] = field(default_factory=list)
    held: list[frozenset[str]] = field(default_factory=list)
    passed: set[bytes] = field(default_factory=set)


def _smallest(found: RegisteredRule, watch: Watch, way: Way, seen: _Seen, seed: str | None) -> Failure:
    """Return the failure that stands for a way of breaking, on a case as simple as there was time for."""
    first = _failure(found, way, way.failed[0].error, way.failed[0].data)
    if found.rule.kind is Kind.STATISTICAL:
        return first
    if seed is None:
        return _simpler(found, watch, first, min(watch.patience, KNOWN_LOOK))
    # Hypothesis does not know by which bytes a case gets shorter.
    if watch.patience >= FIRST_LOOK and first.data and not _leaves_out(found, first):
        first = _shrunk(found, watch, first, seen.passed, seed)
    return _simpler(found, watch, first, watch.patience)


def _leaves_out(found: RegisteredRule, failure: Failure) -> bool:
    """Return whether the case has parts that can be left out."""
    cases = found.case(failure.data).values() if failure.data else ()
    return any(isinstance(case, Traced) and case.switches for case in cases)


def _failure(
    found: RegisteredRule, way: Way, error: BaseException, data: bytes, *, whole: bool = True
) -> Failure:
    """Return a failure with its symptom, but for the operator; see `_with_operator`."""
    symptom = Symptom(
        type(error).__name__,
        len(way.failed),
        place_of(error, found.body),
        None,
        claim_of(error, found.body),
        way.every,
        way.shared,
    )
    return Failure(error, data, way, symptom, whole)


def without_chance(found: RegisteredRule, failure: Failure) -> Failure:
    """Return a failure whose symptom names no class that its case does without: it was there by chance.

    Of several classes by which examples fail, as dtypes may be, one is enough.
    """
    if not failure.data:
        return failure
    classes = {name for case in found.case(failure.data).values() for name in classes_of(case)}
    symptom, alternatives = failure.symptom, failure.way.of
    one_is_met = bool(alternatives) and not alternatives.isdisjoint(classes)
    every = [name for name in symptom.every if one_is_met or name in classes]
    shared = [name for name in symptom.shared if name in classes]
    return replace(failure, symptom=replace(symptom, every=tuple(every), shared=tuple(shared)))


def _with_operator(found: RegisteredRule, watch: Watch, failure: Failure) -> Failure:
    """Return a failure with the operator that raised, if one did: it takes running the case once more."""
    error = failure.error
    if not failure.data or is_claim(error, found.body) or came_out_of_backward(error):
        return failure
    operator = operator_of(lambda: run_example(found.body, found.case(failure.data), watch))
    return replace(failure, symptom=replace(failure.symptom, operator=operator))


def _show_known(found: RegisteredRule, watch: Watch) -> None:
    """Let the observation describe a simple case of what is known to fail."""
    observation = watch.observation
    if not observation.excused:
        return
    ((entry, _),) = observation.excused.most_common(1)
    _, case = observation.excuses[entry]

    def fails(error: BaseException, candidate: Traced) -> bool:
        return entry.describes(classes_of(candidate), said(error))

    smallest, _, _ = _simplified(found, watch, case, fails, min(watch.patience, KNOWN_LOOK))
    if smallest.origin is not None:
        observation.counterexample = functools.partial(found.describe, smallest.origin.data)


def first_failure(found: RegisteredRule, deck: Deck) -> BaseException | None:
    """Return what a rule raises on the first case of a deck that breaks it, None if it holds on all."""
    name, strategy = _drawn(found)
    for case in cases_of(strategy, deck):
        try:
            found.example(**{name: unused(case)})
        except UnsatisfiedAssumption:
            continue
        except FAILURES as error:
            return error
    return None


def cases_of(strategy: SearchStrategy[Any], deck: Deck) -> Iterable[Any]:
    """Return the cases of a deck, which are kept decoded; see `unused`."""
    return decoder.cases(strategy, deck)


def _drawn(found: RegisteredRule) -> tuple[str, SearchStrategy[Any]]:
    assert found.drawn is not None, f"{found.rule.id} draws nothing"
    return found.drawn


@dataclass
class _Search:
    """Which examples Hypothesis runs: none that passed, and when time is up, only those that failed.

    What fails otherwise than in `way` counts as passed.
    """

    passed: set[bytes]
    until: float
    way: Way | None = None
    failed: set[bytes] = field(default_factory=set)
    cut_short: bool = False

    def passes_over(self, data: bytes | None) -> bool:
        if data in self.passed:
            return True
        if time.monotonic() > self.until and data not in self.failed:
            self.cut_short = True
            return True
        return False


def _shrunk(found: RegisteredRule, watch: Watch, first: Failure, passed: set[bytes], seed: str) -> Failure:
    """Hand a failure to Hypothesis, to be shrunk; return the first one if it does not break again."""
    search = _Search(passed, time.monotonic() + watch.patience, first.way, {first.data})
    before, watch.passes_over = watch.passes_over, search.passes_over
    try:
        _test(found, search, seed, handed=[first.data], phases=[Phase.reuse, Phase.shrink])()
    except HypothesisException:
        return first  # it did not break in the same way each time
    except FAILURES as error:
        data = watch.observation.data or first.data
        return replace(first, error=error, data=data, whole=not search.cut_short)
    finally:
        watch.passes_over = before
    return first


def _spoken(found: RegisteredRule, watch: Watch, deck: Deck, seed: str) -> list[Failure]:
    """Run a rule on its deck by way of Hypothesis, which says what it does."""
    try:
        _test(found, _Search(set(), float("inf")), seed, handed=deck, phases=[Phase.reuse, Phase.shrink])()
    except FAILURES as error:
        return [_alone(found, watch, error)]
    return []


def _broken_before(found: RegisteredRule, watch: Watch, seed: str) -> list[Failure]:
    """Try the examples that broke a rule in an earlier run; they are as simple as they get."""
    try:
        _test(found, _Search(set(), float("inf")), seed, phases=[Phase.reuse])()
    except unittest.SkipTest:  # there are none
        return []
    except FAILURES as error:
        return [_alone(found, watch, error)]
    return []


def _alone(found: RegisteredRule, watch: Watch, error: BaseException) -> Failure:
    """Return the only failure that was seen."""
    data = watch.observation.data or b""
    classes = [name for case in found.case(data).values() for name in classes_of(case)] if data else ()
    (way,) = ways([Failed(error, sign_of(error), data, frozenset(classes))], ())
    return _with_operator(found, watch, _failure(found, way, error, data))


def _test(
    found: RegisteredRule, search: _Search, seed: str, *, handed: Iterable[bytes] = (), **changes: Any
) -> Callable[[], None]:
    """Return the rule as a Hypothesis test to which the bytes of some cases are handed."""
    name, strategy = _drawn(found)

    @functools.wraps(found.example)
    def example(**arguments: Any) -> None:
        __tracebackhide__ = True
        try:
            found.example(**arguments)
        except FAILURES as error:
            case = drawn_of(arguments)
            if search.way is not None and not search.way.takes(sign_of(error), classes_of(case)):
                return
            search.failed.add(case.origin.data if case is not None and case.origin else b"")
            raise

    test: Callable[[], None] = given(**{name: strategy})(example)
    # The settings last: a seed takes the example database away.
    database = Handed(handed, settings().database) if handed else settings().database
    seeded = hypothesis.seed(deck_seed(strategy, seed))(test)
    return settings(settings(), database=database, **changes)(seeded)


def simpler(found: RegisteredRule, watch: Watch, failure: Failure, seconds: float) -> Failure:
    """Look for a case simpler than the one that broke a rule, and breaks it in the same way."""
    found_now = _simpler(found, watch, failure, seconds)
    return found_now if found_now.data == failure.data else _with_operator(found, watch, found_now)


def _simpler(found: RegisteredRule, watch: Watch, failure: Failure, seconds: float) -> Failure:
    name, _ = _drawn(found)
    case = found.case(failure.data)[name] if failure.data else None
    if not isinstance(case, Traced):
        return failure

    def fails(error: BaseException, candidate: Traced) -> bool:
        takes = failure.way.takes(sign_of(error), classes_of(candidate))
        return takes and not watch.explains(found.body, candidate, error)

    smallest, error, whole = _simplified(found, watch, case, fails, seconds)
    if error is None or smallest.origin is None:
        return replace(failure, whole=whole)
    return _failure(found, failure.way, error, smallest.origin.data, whole=whole)


def _simplified(
    found: RegisteredRule,
    watch: Watch,
    case: Traced,
    fails: Callable[[BaseException, Traced], bool],
    seconds: float,
) -> tuple[Traced, BaseException | None, bool]:
    """Return the simplest case whose exception `fails`, that exception, and whether the search is whole."""
    name, _ = _drawn(found)
    until, latest, smallest = time.monotonic() + seconds, None, case

    def broken(candidate: Traced) -> bool:
        nonlocal latest, smallest
        if time.monotonic() > until:
            raise _TimeIsUp
        try:
            run_example(found.body, {name: candidate}, watch)
        except FAILURES as error:
            check_device(watch)
            if fails(error, candidate):
                latest, smallest = error, candidate
                return True
        return False

    try:
        simplest(case, broken)
    except _TimeIsUp:  # to decode what is not run any more takes time, too
        return smallest, latest, False
    return smallest, latest, True


class _TimeIsUp(Exception):  # noqa: N818 - nothing has gone wrong
    """There is no time left to look for a simpler case."""
