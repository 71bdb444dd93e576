"""Modes: other ways to run what a rule does, under the claims that it makes anyway.

A mode is handed the *acts* of a rule (`acts`), and runs each in its own way. A rule of which no act was run
so is inapplicable there, and does not hold. To add one, subclass `Mode` and call `register`, in a module of
this package or in one that `--import` names.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch.utils import _pytree as pytree

from conformance.engine.modes.acts import Act
from reports.model import IN_MODE, IN_MODE_ANEW, REFUSED_BEFORE, Need


class NotInModeError(Exception):
    """A mode cannot run an act, which nothing has changed yet: it is run in parts, or as it is."""


class RanOutsideError(Exception):
    """An act was run, though not in the mode; it has `given` what it gives."""

    def __init__(self, given: Any, reason: str) -> None:
        super().__init__(reason)
        self.given = given


class ModeError(Exception):
    """There is no such mode; the message says which there are."""


class Mode:
    """A way to run acts. `option` is what stood behind the colon of `--mode NAME:OPTION`, or empty.

    `page` documents it, `examples` is how many a rule gets in it unless told otherwise. What the mode `lacks`
    makes rules inapplicable that need it; so do the `changes` that it is documented to bring, by globs of
    ids, with the reason. `setup` and `way` are for scripts: lines before, as `scripted` gives them of what
    the mode itself calls, and the expression of a function that is told an act and returns what runs it in
    the mode. A mode that keeps what it makes of acts counts how often it has `made` something; of an act that
    raises it may tell that this was `refused` before anything was run.
    """

    page: ClassVar[str] = ""
    examples: ClassVar[int] = 20
    lacks: ClassVar[Mapping[Need, str]] = {}
    changes: ClassVar[Mapping[str, str]] = {}
    setup: ClassVar[str] = ""
    made: int = 0
    refused: bool = False

    def __init__(self, option: str = "") -> None:
        if option:
            raise ModeError(f"it takes no {option!r}")

    @property
    def way(self) -> str:
        """The expression of a function that is told an act and returns what runs it in the mode."""
        raise NotImplementedError

    def missing(self) -> str | None:
        """Return why the mode cannot run here at all, None if it can."""
        return None

    def begin(self) -> None:
        """Do what there is to do before the acts of an example."""

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return what an act gives of some arguments, run in the mode.

        Raises NotInModeError where it cannot be, and what the act raises.
        """
        raise NotImplementedError


PYTREE = "from torch.utils import _pytree as pytree\n\n\n"
"""The line that a `setup` begins with which goes through arguments."""


def tensors_in(arguments: tuple[Any, ...]) -> list[torch.Tensor]:
    """Return the tensors among arguments, and in tuples of them."""
    return [given for given in pytree.tree_leaves(arguments) if isinstance(given, torch.Tensor)]


def tensors_of(arguments: tuple[Any, ...]) -> list[torch.Tensor]:
    """Return the same; raises NotInModeError if there are none."""
    found = tensors_in(arguments)
    if not found:
        raise NotInModeError("it is given no tensor")
    return found


def scripted(*parts: Callable[..., Any]) -> str:
    """Return the source of functions and classes for a script: without annotations and docstrings."""
    trees = [ast.parse(textwrap.dedent(inspect.getsource(part))) for part in parts]
    return "\n\n\n".join(ast.unparse(ast.fix_missing_locations(_Bare().visit(tree))) for tree in trees)


class _Bare(ast.NodeTransformer):
    """Takes annotations and docstrings away."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._bare(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._bare(node)

    def _bare(self, node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
        if ast.get_docstring(node) is not None:
            del node.body[0]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        return ast.Assign([node.target], self.visit(node.value)) if node.value is not None else None


@dataclass
class Acting:
    """Runs the acts of one rule in a mode, and counts which were, as long as it `counts`."""

    mode: Mode
    ran: Counter[str] = field(default_factory=Counter)
    counts: Callable[[], bool] = lambda: True

    def __call__(self, act: Act, *arguments: Any) -> Any:
        """Return what an act gives, run in the mode, in parts in the mode, or as it is."""
        __tracebackhide__ = True
        made = self.mode.made
        try:
            given = self.mode.run(act, arguments)
        except NotInModeError as error:
            reason = str(error)
        except RanOutsideError as error:
            self._count(str(error))
            return error.given
        except BaseException:
            self._count(REFUSED_BEFORE if self.mode.refused else self._how(made))
            raise
        else:
            self._count(self._how(made))
            return given
        if not act.parts:
            self._count(reason)
            return act.function()(*arguments)
        names = dict(zip(act.names, arguments, strict=True))
        for part in act.parts:
            given = self(part, *[names[name] for name in part.names])
            names.update(zip(part.gives, given or (), strict=True))
        return tuple(names[name] for name in act.gives)

    def _how(self, made: int) -> str:
        """Return what an act is counted as that was run in the mode, which had made so much before."""
        return IN_MODE if self.mode.made == made else IN_MODE_ANEW

    def _count(self, how: str) -> None:
        if self.counts():
            self.ran[how] += 1


MODES: dict[str, Callable[[str], Mode]] = {}
"""What makes each mode, by name."""


def register(name: str, make: Callable[[str], Mode]) -> None:
    """Make a mode known by a name; `make` is told the option, and raises ModeError if it makes no sense."""
    MODES[name] = make


def find(asked: str) -> Mode:
    """Return the mode that `NAME` or `NAME:OPTION` asks for; raises ModeError if there is none."""
    for found in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{found.name}")
    name, colon, option = asked.partition(":")
    if name not in MODES:
        raise ModeError(f"there is no mode {name!r}; there are: {', '.join(sorted(MODES))}")
    if colon and not option:
        raise ModeError(f"{name}: nothing stands behind the colon")
    try:
        mode = MODES[name](option)
    except ModeError as error:
        raise ModeError(f"{name}: {error}") from None
    try:
        compile(mode.way, name, "eval")
    except (NotImplementedError, SyntaxError, TypeError):
        raise ModeError(f"{name}: it has no `way`, the expression by which scripts run in it") from None
    return mode
