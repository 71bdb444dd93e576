"""The `@rule` decorator: it registers a test function as one documented rule and watches it run."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
import torch
from hypothesis.errors import UnsatisfiedAssumption

import conformance
from conformance import source as sources
from conformance.script import UnscriptableError, standalone
from conformance.target import first_line
from reports.model import Basis, Kind, Need, Observation, Rule
from strategies import Case, LackingDtypeError, classes_of, placing_on, promises_of
from strategies.simplest import simplest
from strategies.tape import Traced, drawn_again

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Test = TypeVar("Test", bound=Callable[..., None])

RULES: dict[str, RegisteredRule] = {}
"""Every rule imported so far, by id."""

_ID = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


class InvalidRuleError(Exception):
    """A rule is declared wrongly; the message names its id."""


@dataclass(frozen=True)
class RegisteredRule:
    """A rule and the test function that checks it."""

    rule: Rule
    function: Callable[..., None]

    def case(self, data: bytes) -> dict[str, Any]:
        """Return the rule's argument as drawn from the bytes that its case was decoded from, by name."""
        ((name, strategy),) = self.function.hypothesis._given_kwargs.items()  # type: ignore[attr-defined]
        return {name: drawn_again(strategy, data)}

    def describe(self, data: bytes) -> str:
        """Return the rule's argument as the code that a counterexample shows."""
        return _describe(self.case(data))

    def script(self, data: bytes, device: str, imports: Sequence[str]) -> str | None:
        """Return the script that shows the rule on torch alone, None where there is none."""
        return _script(self._body, self.case(data), self.rule, device, imports)

    def run_once(self, data: bytes, watch: Watch) -> None:
        """Run one example; what the rule raises, `NotImplementedError` apart, is raised."""
        with watching(watch):
            self.function.hypothesis.inner_test(**self.case(data))  # type: ignore[attr-defined]

    @property
    def _body(self) -> Callable[..., None]:
        body: Callable[..., None] = self.function.hypothesis.inner_test.__wrapped__  # type: ignore[attr-defined]
        return body

    @property
    def nodeid(self) -> str:
        """Pytest's node id of the function, without the target's bracket."""
        return _nodeid(self.function)


def rule(
    id: str,
    *,
    source: str,
    basis: Basis = Basis.DOCUMENTED,
    kind: Kind = Kind.PROPERTY,
    needs: Iterable[Need] = (),
    seed: str | None = None,
) -> Callable[[Test], Test]:
    """Declare a test function to be the rule `id`.

    The first paragraph of the function's docstring is the rule's statement. `id` is `operation.fact` and is
    permanent: reports are compared by it. `source` is the documentation that states the rule: a page
    (`notes/autograd`) or an object of torch with a docstring (`torch.gather`). `basis` is OBSERVED where the
    documentation is silent. `needs` is what a target must have for the rule to apply. `seed` names the
    section of the seed note that makes the same claim.

    Raises InvalidRuleError, naming the id, if the id is malformed or taken, if there is no statement, or if
    the source does not resolve in the installed torch.
    """

    def register(test: Test) -> Test:
        statement = _statement(id, test)
        if not _ID.fullmatch(id):
            raise InvalidRuleError(
                f"rule {id!r}: an id is operation.fact in lower case, digits and underscores"
            )
        if id in RULES and RULES[id].nodeid != _nodeid(test):
            raise InvalidRuleError(f"rule {id!r} is declared twice: {RULES[id].nodeid} has the id already")
        try:
            sources.check(source)
        except LookupError as error:
            raise InvalidRuleError(f"rule {id!r}: its source does not resolve: {error}") from None
        declared = Rule(
            id=id,
            area=test.__module__.split(".")[-2] if "." in test.__module__ else "other",
            operation=id.split(".")[0],
            statement=statement,
            source=source,
            basis=basis,
            kind=kind,
            needs=tuple(needs),
            seed=seed,
            classes=_promised(test),
            faults=_known_faults().get(id, ()),
        )
        watched = _watch(test, declared)
        watched.__dict__["rule"] = declared
        RULES[id] = RegisteredRule(declared, watched)
        return watched

    return register


def load_rules() -> dict[str, RegisteredRule]:
    """Import every rule module of the suite and return all rules by id."""
    for module in pkgutil.walk_packages(conformance.__path__, "conformance."):
        if module.name.rpartition(".")[2].startswith("test_"):
            importlib.import_module(module.name)
    return RULES


def _nothing(*_: object) -> None:
    return None


@dataclass
class Watch:
    """Where the rule that runs now runs, and how its examples are observed.

    `around` gives a context manager that is entered around the rule's body of each example, when its
    inputs are drawn and placed: seeded faults go there. `record` is told the bytes of each example before it
    runs. `settle` waits for the device, so that its errors come out of the example that made them. Where an
    example failed, `ailing` tells what is wrong with the device itself (None if nothing is); if it is beyond
    use, `abandon` ends this process, since nothing that it would say from then on is worth anything.
    `imports` are the modules that register the device; scripts import them too. `lacking` are the dtypes that
    the device does not have: examples that need one are counted and not run. Examples of an `excused` input
    class may fail: they are counted and break nothing.
    """

    observation: Observation
    device: str = "cpu"
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    record: Callable[[bytes], None] = _nothing
    settle: Callable[[], None] = _nothing
    ailing: Callable[[], str | None] = _nothing
    abandon: Callable[[str], None] = _nothing
    imports: Sequence[str] = ()
    lacking: Sequence[torch.dtype] = ()
    excused: frozenset[str] = frozenset()


_nobody = Watch(Observation())
_watch_now = _nobody


def watched_now() -> bool:
    """Return whether a rule is being watched now, by `watching`."""
    return _watch_now is not _nobody


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Run the rules inside the block as `watch` says."""
    global _watch_now
    before, _watch_now = _watch_now, watch
    try:
        with placing_on(watch.device, watch.lacking):
            yield watch
    finally:
        _watch_now = before


def _watch(test: Test, declared: Rule) -> Test:
    """Have every example of the test observed, by way of Hypothesis' replaceable inner test."""
    watched = test
    if hasattr(test, "hypothesis"):
        test.hypothesis.inner_test = _observed(test.hypothesis.inner_test, declared)
    else:
        watched = _observed(test, declared)
    return cast(Test, pytest.mark.usefixtures("target")(watched))


SIMPLIFY_SECONDS = 20
"""How long a counterexample is made simpler at most; some devices are slow."""


def _observed(body: Test, declared: Rule) -> Test:
    @functools.wraps(body)
    def example(**kwargs: Any) -> None:
        __tracebackhide__ = True
        watch = _watch_now
        try:
            _run(body, kwargs, watch)
        except LackingDtypeError as error:
            watch.observation.passed_over(str(error.dtype), _classes(kwargs))
            return
        except NotImplementedError as error:
            watch.observation.refused(first_line(error))
            return
        except UnsatisfiedAssumption:
            raise
        except (Exception, pytest.fail.Exception) as error:
            _check_device(watch)
            if excused := watch.excused.intersection(_classes(kwargs)):
                watch.observation.excuse(sorted(excused)[0])
                return
            _note(watch, body, kwargs, declared, functools.partial(_simplify, error))
            raise
        watch.observation.passed(_classes(kwargs))

    return example  # type: ignore[return-value]


def _run(body: Callable[..., None], arguments: dict[str, Any], watch: Watch) -> None:
    """Place the arguments on the target and run the rule's body on them."""
    __tracebackhide__ = True
    for value in arguments.values():
        if isinstance(value, Traced) and value.origin:
            watch.record(value.origin.data)
    for value in arguments.values():
        if isinstance(value, Case):
            value.build()
    with watch.around():
        body(**arguments)
    watch.settle()


def _classes(arguments: dict[str, Any]) -> list[str]:
    return [name for value in arguments.values() for name in classes_of(value)]


def _check_device(watch: Watch) -> None:
    """Give the process up if the device does not work any more, whatever is done with it."""
    if reason := watch.ailing():
        watch.abandon(reason)


def _note(
    watch: Watch, body: Test, arguments: dict[str, Any], declared: Rule, simplify: Callable[..., Any]
) -> None:
    """Remember a failing example, with what it takes to describe it, to script it and to simplify it."""
    watch.observation.broke(
        functools.partial(_describe, arguments),
        functools.partial(_script, body, arguments, declared, watch.device, watch.imports),
        functools.partial(simplify, watch, body, arguments, declared),
    )


def _simplify(
    error: BaseException, watch: Watch, body: Test, arguments: dict[str, Any], declared: Rule
) -> BaseException | None:
    """Look for a simpler case that raises an exception of the same type, and remember it as the failure.

    Returns its exception, None if there is no simpler case. Statistics are not simplified: among many cases
    one would break by chance.
    """
    drawn = [name for name, value in arguments.items() if isinstance(value, Traced) and value.origin]
    if declared.kind is Kind.STATISTICAL or len(drawn) != 1:
        return None
    (name,) = drawn
    until = time.monotonic() + SIMPLIFY_SECONDS
    latest = None

    def fails(case: Traced) -> bool:
        nonlocal latest
        if time.monotonic() > until:
            return False
        try:
            _run(body, {**arguments, name: case}, watch)
        except (Exception, pytest.fail.Exception) as found:
            _check_device(watch)
            if type(found) is type(error):
                latest = found
                return True
        return False

    simpler = simplest(arguments[name], fails)
    if latest is not None:
        _note(watch, body, {**arguments, name: simpler}, declared, lambda *_: None)
    return latest


def _describe(arguments: dict[str, Any]) -> str:
    return "\n".join(f"{name} = {value!r}" for name, value in arguments.items())


def _script(
    body: Callable[..., None], arguments: dict[str, Any], declared: Rule, device: str, imports: Sequence[str]
) -> str | None:
    title = f"{declared.id}: {declared.statement}"
    try:
        return standalone(body, arguments, title=title, device=device, imports=imports)
    except UnscriptableError:
        return None


def _statement(id: str, test: Callable[..., None]) -> str:
    paragraphs = inspect.cleandoc(test.__doc__ or "").split("\n\n")
    statement = " ".join(paragraphs[0].split())
    if not statement:
        raise InvalidRuleError(f"rule {id!r} has no statement: {test.__name__} needs a docstring")
    return statement


def _promised(test: Callable[..., None]) -> tuple[str, ...]:
    """Return the input classes that the strategies given to the test promise to draw."""
    given = getattr(getattr(test, "hypothesis", None), "_given_kwargs", {})
    return tuple(dict.fromkeys(name for strategy in given.values() for name in promises_of(strategy)))


def _nodeid(test: Callable[..., None]) -> str:
    return f"{test.__module__.replace('.', '/')}.py::{test.__name__}"


@functools.cache
def _known_faults() -> dict[str, tuple[str, ...]]:
    """Return the seeded faults that each rule is known to catch; `tests/` proves each of them."""
    with Path(__file__).with_name("faults.toml").open("rb") as file:
        return {id: tuple(entry["catches"]) for id, entry in tomllib.load(file).items()}
