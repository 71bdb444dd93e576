"""The `@rule` decorator: it registers a test function as one documented rule and watches it run."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis.strategies import SearchStrategy

import conformance
from conformance.engine import source as sources
from conformance.engine.garbage import left_alone
from conformance.engine.script import Scripted
from conformance.engine.watch import Watch, describe, script, watched, watching
from reports.model import Basis, Kind, Need, Rule
from strategies import promises_of
from strategies.tape import drawn_again, is_packed

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
    """A rule and the test function that checks it; `of_law` is `operation.law` of one that a law makes."""

    rule: Rule
    function: Callable[..., None]
    of_law: str = ""

    @functools.cached_property
    def drawn(self) -> tuple[str, SearchStrategy[Any]] | None:
        """The name and the strategy of the rule's argument, None if nothing, or nothing packed, is drawn."""
        given = list(getattr(getattr(self.function, "hypothesis", None), "_given_kwargs", {}).items())
        return given[0] if len(given) == 1 and is_packed(given[0][1]) else None

    def case(self, data: bytes) -> dict[str, Any]:
        """Return the rule's argument as drawn from the bytes that its case was decoded from, by name."""
        assert self.drawn is not None
        name, strategy = self.drawn
        return {name: drawn_again(strategy, data)}

    def describe(self, data: bytes) -> str:
        """Return the rule's argument as the code that a counterexample shows."""
        return describe(self.case(data))

    def script(
        self,
        data: bytes,
        device: str,
        imports: Sequence[str],
        bounds: Mapping[str, float] | None = None,
        mode: Scripted | None = None,
    ) -> str | None:
        """Return the script that shows the rule on torch alone, None where there is none."""
        return script(self.body, self.case(data), self.rule, device, imports, bounds, mode)

    def run_once(self, data: bytes, watch: Watch) -> None:
        """Run one example; what the rule raises, `NotImplementedError` apart, is raised."""
        with watching(watch):
            self.example(**self.case(data))

    @property
    def example(self) -> Callable[..., None]:
        """Runs one example, observed as `watching` says, on the rule's argument, given by name."""
        example: Callable[..., None] = self.function.hypothesis.inner_test  # type: ignore[attr-defined]
        return example

    @property
    def body(self) -> Callable[..., None]:
        """The rule's own function, which nobody observes."""
        body: Callable[..., None] = self.example.__wrapped__  # type: ignore[attr-defined]
        return body

    @property
    def nodeid(self) -> str:
        """Pytest's node id of the function, without the target's bracket."""
        return _nodeid(self.function)


def rule(
    id: str,
    *,
    source: str,
    also: Iterable[str] = (),
    basis: Basis = Basis.DOCUMENTED,
    kind: Kind = Kind.PROPERTY,
    needs: Iterable[Need] = (),
    seed: str | None = None,
    area: str | None = None,
    of_law: str = "",
) -> Callable[[Test], Test]:
    """Declare a test function to be the rule `id`.

    The first paragraph of the function's docstring is the rule's statement. `id` is `operation.fact` and is
    permanent: reports are compared by it. `source` is the documentation that states the rule: a page
    (`notes/autograd`) or an object of torch with a docstring (`torch.gather`). `also` names what else it
    takes to state the rule, if the source does not say it alone. `basis` is OBSERVED where the documentation
    is silent. `needs` is what a target must have for the rule to apply. `seed` names the section of the seed
    note that makes the same claim. `area` is the folder that the function's module is in, unless it is given.
    `of_law` is `operation.law` of a rule that a law makes: it catches what `faults.toml` lists for all these.

    Raises InvalidRuleError, naming the id, if the id is malformed or taken, if there is no statement, or if
    the source is none. That the tested torch does not carry a source stops no rule: the run says so.
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
            for name in (source, *also):
                sources.check(name)
        except LookupError as error:
            raise InvalidRuleError(f"rule {id!r}: {error}") from None
        declared = Rule(
            id=id,
            area=area or (test.__module__.split(".")[-2] if "." in test.__module__ else "other"),
            operation=id.split(".")[0],
            statement=statement,
            source=source,
            basis=basis,
            kind=kind,
            needs=tuple(needs),
            seed=seed,
            classes=_promised(test),
            faults=_faults_of(id, of_law=of_law),
            also=tuple(also),
        )
        observing = watched(test, declared)
        observing.__dict__["rule"] = declared
        RULES[id] = RegisteredRule(declared, observing, of_law)
        return observing

    return register


def load_rules() -> dict[str, RegisteredRule]:
    """Import every rule module of the suite and return all rules by id."""
    _import_rules()
    return RULES


@functools.cache
def _import_rules() -> None:
    with left_alone():
        for module in pkgutil.walk_packages(conformance.__path__, "conformance."):
            if module.name.rpartition(".")[2].startswith("test_"):
                importlib.import_module(module.name)


def find_rule(nodeid: str) -> tuple[Rule, str] | None:
    """Return the rule and the target's id of a pytest node id, None for a test that is no rule."""
    function, bracket, target = nodeid.partition("[")
    rule = _by_nodeid().get(function) if bracket else None
    return (rule, target.removesuffix("]")) if rule is not None else None


@functools.cache
def _by_nodeid() -> dict[str, Rule]:
    """Return the rules by node id, relative to the suite's folder and to any folder in it."""
    found = {}
    for registered in load_rules().values():
        parts = registered.nodeid.split("/")
        found.update({"/".join(parts[at:]): registered.rule for at in range(len(parts))})
    return found


def _statement(id: str, test: Callable[..., None]) -> str:
    paragraphs = inspect.cleandoc(test.__doc__ or _written_docstring(test)).split("\n\n")
    statement = " ".join(paragraphs[0].split())
    if not statement:
        raise InvalidRuleError(f"rule {id!r} has no statement: {test.__name__} needs a docstring")
    return statement


def _written_docstring(test: Callable[..., None]) -> str:
    """Return the docstring that a function has in its source: `python -OO` keeps none at run time."""
    if sys.flags.optimize < 2:
        return ""
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(test))).body
    return ast.get_docstring(function) or "" if isinstance(function, ast.FunctionDef) else ""


def _promised(test: Callable[..., None]) -> tuple[str, ...]:
    """Return the input classes that the strategies given to the test promise to draw."""
    given = getattr(getattr(test, "hypothesis", None), "_given_kwargs", {})
    return tuple(dict.fromkeys(name for strategy in given.values() for name in promises_of(strategy)))


def _nodeid(test: Callable[..., None]) -> str:
    return f"{test.__module__.replace('.', '/')}.py::{test.__name__}"


def _faults_of(id: str, *, of_law: str) -> tuple[str, ...]:
    """Return the seeded faults that a rule catches: its own, or those of its law, made for its operation."""
    known = _known_faults()
    if id in known or not of_law:
        return known.get(id, ())
    operation, _, fact = of_law.partition(".")
    return tuple(f"{operation.replace('_', '-')}-{fault}" for fault in known.get(f"*.{fact}", ()))


@functools.cache
def _known_faults() -> dict[str, tuple[str, ...]]:
    """Return the seeded faults that each rule is known to catch; `tests/` proves each of them.

    Those that all rules of a law catch stand under `*.fact`, without the operation that they are faults of.
    """
    with Path(conformance.__file__).with_name("faults.toml").open("rb") as file:
        return {id: tuple(entry["catches"]) for id, entry in tomllib.load(file).items()}
