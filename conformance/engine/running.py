"""Running a rule through the deck of its strategy, and looking for the simplest case where it breaks."""

from __future__ import annotations

import functools
import time
import traceback
import unittest
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from hypothesis import Phase, Verbosity, given, settings
from hypothesis.errors import HypothesisException, UnsatisfiedAssumption
from hypothesis.strategies import SearchStrategy

from conformance.engine.profiles import keeps_examples
from conformance.engine.rule import RegisteredRule
from conformance.engine.watch import FIRST_LOOK, Watch, check_device, note_failure, origin_of, run_example
from reports.model import Kind
from strategies import classes_of
from strategies.decks import Deck, Decoder, deck_seed, unused
from strategies.simplest import simplest
from strategies.tape import Traced

FAILURES = (Exception, pytest.fail.Exception)
"""What a rule that breaks raises; pytest's own failures are no Exceptions."""

_decoder = Decoder()


@dataclass
class Failure:
    """What a rule broke by: the exception, and the bytes of the case.

    `whole` says whether the search for a simpler case came to its end.
    """

    error: BaseException
    data: bytes
    whole: bool = True


def run_rule(found: RegisteredRule, watch: Watch, deck: Deck, seed: str) -> Failure | None:
    """Run a rule on every case of a deck; return None if it held.

    At the first case that breaks it, Hypothesis, seeded to draw the same cases, breaks it again and shrinks
    the case, and `simplest` goes on from there; with little patience, `simplest` alone.
    """
    name, strategy = _drawn(found)
    if settings().verbosity is not Verbosity.normal:
        return _spoken(found, watch, len(deck), seed)
    if keeps_examples() and (failure := _broken_before(found, watch, seed)):
        return failure
    held: set[bytes] = set()
    for data, case in zip(deck, _decoder.cases(strategy, deck), strict=True):
        try:
            found.example(**{name: unused(case)})
        except UnsatisfiedAssumption:
            continue
        except FAILURES as error:
            first = Failure(error, data)
            if found.rule.kind is Kind.STATISTICAL:
                return first  # among many cases, one would break by chance
            if watch.patience >= FIRST_LOOK:
                first = _shrunk(found, watch, first, held, len(deck), seed)
            return simpler(found, watch, first, watch.patience)
        held.add(data)
    return None


def first_failure(found: RegisteredRule, deck: Deck) -> BaseException | None:
    """Return what a rule raises on the first case of a deck that breaks it, None if it holds on all."""
    name, strategy = _drawn(found)
    for case in _decoder.cases(strategy, deck):
        try:
            found.example(**{name: unused(case)})
        except UnsatisfiedAssumption:
            continue
        except FAILURES as error:
            return error
    return None


def _drawn(found: RegisteredRule) -> tuple[str, SearchStrategy[Any]]:
    assert found.drawn is not None, f"{found.rule.id} draws nothing"
    return found.drawn


@dataclass
class _Search:
    """Which examples Hypothesis is to run: none that held, and when time is up, only those that failed."""

    held: set[bytes]
    until: float
    failed: set[bytes] = field(default_factory=set)
    cut_short: bool = False

    def passes_over(self, data: bytes | None) -> bool:
        if data in self.held:
            return True
        if time.monotonic() > self.until and data not in self.failed:
            self.cut_short = True
            return True
        return False


def _shrunk(
    found: RegisteredRule, watch: Watch, first: Failure, held: set[bytes], examples: int, seed: str
) -> Failure:
    """Have Hypothesis find a failure again, and shrink it; return the first one if it does not."""
    search = _Search(held, time.monotonic() + watch.patience, {first.data})
    before, watch.passes_over = watch.passes_over, search.passes_over
    try:
        _test(found, search, seed, max_examples=examples)()
    except HypothesisException:
        return first  # it did not break in the same way each time
    except FAILURES as error:
        return Failure(error, watch.observation.data or first.data, not search.cut_short)
    finally:
        watch.passes_over = before
    return first


def _spoken(found: RegisteredRule, watch: Watch, examples: int, seed: str) -> Failure | None:
    """Run a rule on its deck by way of Hypothesis, which says what it does."""
    try:
        _test(found, _Search(set(), float("inf")), seed, max_examples=examples)()
    except FAILURES as error:
        return Failure(error, watch.observation.data or b"")
    return None


def _broken_before(found: RegisteredRule, watch: Watch, seed: str) -> Failure | None:
    """Try the examples that broke a rule in an earlier run; they are as simple as they get."""
    try:
        _test(found, _Search(set(), float("inf")), seed, phases=[Phase.reuse])()
    except unittest.SkipTest:  # there are none
        return None
    except FAILURES as error:
        return Failure(error, watch.observation.data or b"")
    return None


def _test(found: RegisteredRule, search: _Search, seed: str, **changes: Any) -> Callable[[], None]:
    """Return the rule as a Hypothesis test that draws the cases of the deck."""
    name, strategy = _drawn(found)

    @functools.wraps(found.example)
    def example(**arguments: Any) -> None:
        __tracebackhide__ = True
        try:
            found.example(**arguments)
        except FAILURES:
            search.failed.add(origin_of(arguments) or b"")
            raise

    test: Callable[[], None] = given(**{name: strategy})(example)
    # The settings last: a seed takes the example database away.
    return settings(settings(), **changes)(hypothesis.seed(deck_seed(strategy, seed))(test))


def failing_at(error: BaseException) -> tuple[type[BaseException], str, int]:
    """Return what tells a failure from another: the exception's type, and the innermost line that raised it.

    That is a line of the backend's, if it raised in Python, else of the rule or of its claim; what pytest
    raises is raised where the rule called it.
    """
    places = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if "_pytest" not in frame.f_code.co_filename
    ]
    return (type(error), *(places[-1] if places else ("", 0)))


def simpler(found: RegisteredRule, watch: Watch, failure: Failure, seconds: float) -> Failure:
    """Look for a case simpler than the one that broke a rule, and breaks it by the same failure.

    Returns the failure on the simplest case found, which the observation then describes.
    """
    name, _ = _drawn(found)
    case = found.case(failure.data)[name] if failure.data else None
    if not isinstance(case, Traced):
        return failure
    until = time.monotonic() + seconds
    latest, whole, wanted = failure.error, True, failing_at(failure.error)

    def fails(case: Traced) -> bool:
        nonlocal latest, whole
        if time.monotonic() > until:
            whole = False
            return False
        try:
            run_example(found.body, {name: case}, watch)
        except FAILURES as error:
            check_device(watch)
            if failing_at(error) == wanted and not watch.excused.intersection(classes_of(case)):
                latest = error
                return True
        return False

    smallest = simplest(case, fails)
    if smallest is case or smallest.origin is None:
        return Failure(latest, failure.data, whole)
    note_failure(watch, found.body, {name: smallest}, found.rule)
    return Failure(latest, smallest.origin.data, whole)
