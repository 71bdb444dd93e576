"""The body of a rule, and a program, with their acts handed to a mode."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import types
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from conformance.engine.modes import Acting, Mode, find
from conformance.engine.modes.acts import Act, Making, with_acts
from conformance.engine.modes.compiled import Compiled
from conformance.engine.observation import Observation
from conformance.engine.rule import RegisteredRule
from conformance.engine.script import Scripted, UnscriptableError, parsed, tensor_names
from conformance.engine.symptoms import behind, said
from conformance.engine.watch import data_of, run_example, watch_now
from conformance.law import Telling, told
from reports.known_breaks import KnownBreak
from reports.model import Target
from strategies.programs import program as programs
from strategies.programs.program import Program

Body = Callable[..., None]

ACTS = "__acts__"


class Acted:
    """Runs the rules of a process in a mode."""

    def __init__(self, name: str, mode: Mode) -> None:
        self.name = name
        self.mode = mode
        self._acting = Acting(mode)
        self._bodies: dict[tuple[Body, tuple[str, ...]], Body] = {}
        self._programs: dict[str, tuple[types.CodeType, list[Callable[..., Any]]]] = {}

    @property
    def scripted(self) -> Scripted:
        """How scripts run in the mode."""
        return Scripted(self.name, self.mode.setup, self.mode.way)

    def count(self, counts: Callable[[], bool] = lambda: True) -> Counter[str]:
        """Return what counts, from now on and as long as it `counts`, what is run in the mode or why not."""
        self._acting = Acting(self.mode, counts=counts)
        return self._acting.ran

    @contextmanager
    def entering(self) -> Iterator[None]:
        """Run an example inside: programs have their acts run in the mode, too."""
        self.mode.begin()
        with programs.running(self._run_program):
            yield

    def body(self, body: Body, case: Any) -> Body:
        """Return the body of a rule that has its acts run in the mode."""
        fields = tensor_names(case)
        key = (body, fields)
        if key not in self._bodies:
            self._bodies[key] = self._made(body, fields)
        return self._bodies[key]

    def _made(self, body: Body, fields: tuple[str, ...]) -> Body:
        acts: list[Callable[..., Any]] = []
        try:
            function = parsed(body)
        except UnscriptableError:
            return body
        if not hasattr(body, "tree"):
            ast.increment_lineno(function, inspect.getsourcelines(body)[1] - 1)
        function.body = with_acts(function.body, body.__globals__, fields, self._kept(acts))
        function.decorator_list = []
        ast.fix_missing_locations(module := ast.Module([Telling().visit(function)], type_ignores=[]))
        scope = {**body.__globals__, ACTS: acts, "__told__": told}
        exec(compile(module, body.__code__.co_filename, "exec", dont_inherit=True, optimize=0), scope)
        made: Body = scope[function.name]
        return made

    def _run(self, act: Act, *arguments: Any) -> Any:
        __tracebackhide__ = True
        return self._acting(act, *arguments)

    def _run_program(self, program: Program, names: dict[str, Any]) -> None:
        if program.source not in self._programs:
            acts: list[Callable[..., Any]] = []
            module = ast.parse(program.source)
            module.body = with_acts(module.body, {}, (), self._kept(acts))
            ast.fix_missing_locations(module)
            self._programs[program.source] = compile(module, program.code.co_filename, "exec"), acts
        code, acts = self._programs[program.source]
        names[ACTS] = acts
        try:
            exec(code, names)
        finally:
            del names[ACTS]

    def _kept(self, acts: list[Callable[..., Any]]) -> Making:
        """Return what keeps each act in a list, to be run from there."""

        def made(act: Act) -> tuple[list[ast.stmt], ast.expr]:
            acts.append(functools.partial(self._run, act))
            place = ast.Constant(len(acts) - 1)
            return [], ast.Subscript(ast.Name(ACTS, ast.Load()), place, ast.Load())

        return made


_BACKEND = re.compile(r"""torch\.compile\((?:.*backend=["'](\w+)["'])?""")


def fails_alike(
    acted_now: Acted, found: RegisteredRule, entry: KnownBreak, case: Any, error: BaseException
) -> bool:
    """Return whether an example fails in the way that an entry shows, too, by the same result.

    What is known of `torch.compile` is known of it with one of torch's own backends, which the script of the
    entry names: another may give wrong results for reasons of its own.
    """
    _, _, kind = entry.target.partition("+")
    shown = _BACKEND.search(entry.script or "")
    if kind != "compile" or not shown or found.drawn is None or not (data := data_of(case)):
        return True
    name = f"{kind}:{shown[1]}" if shown[1] else kind
    if name == acted_now.name:
        return True
    other = acted(name)
    assert isinstance(other.mode, Compiled)
    assert isinstance(acted_now.mode, Compiled)
    watch = replace(watch_now(), mode=other, observation=Observation(), record=lambda _: None)
    other.count()
    other.mode.for_any_sizes = acted_now.mode.had_any_sizes
    try:
        run_example(found.body, found.case(data), watch)
    except Exception as known:  # whatever the backend answers with
        return said(behind(known)) == said(error)
    finally:
        other.mode.for_any_sizes = False
    return False


@functools.cache
def acted(name: str) -> Acted:
    """Return what runs rules in a mode, one for a process."""
    return Acted(name, find(name))


def mode_of(target: Target) -> Acted | None:
    """Return what runs rules in the mode of a target, None if it has none."""
    return acted(target.mode) if target.mode is not None else None
