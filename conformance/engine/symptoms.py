"""What a failure looks like from outside: whether a claim failed or the target refused, and where."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import textwrap
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import _pytest
import hypothesis
import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import conformance
import strategies

Body = Callable[..., None]

_SUITE = tuple(str(Path(package.__path__[0])) for package in (conformance, strategies))
_TELL_NOTHING = (*_SUITE, *(package.__path__[0] for package in (torch, pytest, _pytest, hypothesis, np)), "<")
"""Where the files are whose frames say nothing of where a backend raised."""

_STANDARD = str(Path(ast.__file__).parent)
"""Where Python's own library is, `contextlib` among it; what is installed may be below."""


@dataclass(frozen=True)
class Sign:
    """What tells one failure from another: the type, the innermost line that raised it, and its words.

    That is a line of the backend's, if it raised in Python, else of the rule or of its claim; what pytest
    raises is raised where the rule called it. Of a claim the words are left aside: they hold the elements.
    """

    exception: str
    file: str
    line: int
    words: str


def sign_of(error: BaseException) -> Sign:
    """Return the sign of a failure."""
    places = [(frame.f_code.co_filename, line) for frame, line in _frames(error) if not _is_pytests(frame)]
    file, line = places[-1] if places else ("", 0)
    words = "" if file.startswith(_SUITE) and isinstance(error, AssertionError) else _words(str(error))
    return Sign(type(error).__name__, file, line, words)


def said(error: BaseException) -> str:
    """Return what an exception says, its type before it; if it says nothing, the line that raised it."""
    return f"{type(error).__name__}: {str(error).strip() or _line_of(error)}"


def _line_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "no message"
    place = Path(frames[-1].filename)
    return f"no message, of {place.parent.name}/{place.name}:{frames[-1].lineno}, {frames[-1].line or '?'}"


def _words(message: str) -> str:
    """Return the first line of a message without what it says of the one example: numbers, names, shapes."""
    first = next(iter(message.splitlines()), "")
    return re.sub(r"\[.*?\]|'[^']*'|\"[^\"]*\"|torch\.\w+|-?\d[\w.,+-]*", "#", first)[:120]


def behind(error: BaseException) -> BaseException:
    """Return the exception that kept a block from warning, where pytest says only that it did not warn."""
    hidden = error.__context__
    unwarned = isinstance(error, pytest.fail.Exception) and str(error).startswith("DID NOT WARN")
    return hidden if unwarned and isinstance(hidden, Exception) else error


def is_claim(error: BaseException, body: Body) -> bool:
    """Return whether a failure is one of the rule's claims, not an exception with which the target refuses.

    A claim fails by what the suite asserts, or by an exception other than the one that the rule asks for.
    """
    if isinstance(error, (Warning, pytest.fail.Exception)):
        return True
    if isinstance(error, AssertionError):
        own = [frame for frame, _ in _frames(error) if not _is_pytests(frame)]
        return not own or _is_the_suites(own[-1], body)
    asked, code = _asks_for_exceptions(body), body.__code__
    # In a mode, a copy of it runs, which has its name and its lines.
    return any(
        (frame.f_code.co_filename, frame.f_code.co_name) == (code.co_filename, code.co_name) and line in asked
        for frame, line in _frames(error)
    )


def place_of(error: BaseException, body: Body) -> str | None:
    """Return the innermost frame outside of the suite and of torch, None if there is none."""
    for frame, line in reversed(list(_frames(error))):
        file = frame.f_code.co_filename
        if file.startswith(_STANDARD) and "-packages" not in file:
            continue
        if not file.startswith(_TELL_NOTHING) and not _is_the_suites(frame, body):
            return f"{_short(file)}:{line} in {frame.f_code.co_name}"
    return None


def claim_of(error: BaseException, body: Body) -> str | None:
    """Return where a failed claim stands: a shared claim by its name, one of the rule's own by its text."""
    if not is_claim(error, body):
        return None
    frames = [(frame, line) for frame, line in _frames(error) if _is_the_suites(frame, body)]
    if not frames:
        return None
    frame, line = frames[-1]
    if frame.f_globals.get("__name__") == "conformance.expect":
        shared = [frame for frame, _ in frames if frame.f_globals.get("__name__") == "conformance.expect"]
        return f"expect.{shared[0].f_code.co_name}"
    (text,) = traceback.StackSummary.extract([(frame, line)])
    return (text.line or "").strip() or None


def came_out_of_backward(error: BaseException) -> bool:
    """Return whether an exception came out of torch's autograd engine, which runs what no caller sees.

    While one unwinds there, some backends end the process if anything of Python's watches.
    """
    return any(frame.f_code.co_name == "_engine_run_backward" for frame, _ in _frames(error))


def operator_of(run: Callable[[], None]) -> str | None:
    """Return the operator that raises when something is run that raises, None if none does."""
    recorder = _Operators()
    try:
        with recorder:
            run()
    except Exception:  # as it did before
        return recorder.raised
    return None


class _Operators(TorchDispatchMode):
    """Remembers the operator out of which an exception came."""

    raised: str | None = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        try:
            return func(*args, **(kwargs or {}))
        except Exception:
            self.raised = self.raised or str(func._schema.name)
            raise


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    return traceback.walk_tb(error.__traceback__)


def _is_pytests(frame: FrameType) -> bool:
    return "_pytest" in frame.f_code.co_filename


def _is_the_suites(frame: FrameType, body: Body) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(_SUITE) or file == body.__code__.co_filename


def _short(file: str) -> str:
    """Return the path of a file from its package on."""
    parts = Path(file).parts
    for root in ("site-packages", "dist-packages"):
        if root in parts:
            return "/".join(parts[parts.index(root) + 1 :])
    return "/".join(parts[-2:])


@functools.cache
def _asks_for_exceptions(body: Body) -> frozenset[int]:
    """Return the lines of a rule's file that stand inside `with pytest.raises(...)`."""
    try:
        lines, first = inspect.getsourcelines(body)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return frozenset()
    inside = [
        range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        and any(ast.unparse(item.context_expr).startswith("pytest.raises(") for item in node.items)
    ]
    return frozenset(first - 1 + line for lines_of in inside for line in lines_of)
