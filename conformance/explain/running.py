"""Running a script of an example, and reading off it what it printed and which tensors it has."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import torch

WIDTH = 100
"""How long a line with its comment gets."""

MOST = 240
"""Most characters of what a line printed."""

EXAMPLE = "<example>"
"""What stands for the file of an example."""

_ADDRESS = re.compile(r" at 0x[0-9a-f]+(?=>)")
"""Where an object lies, which is another place each time."""


@dataclass
class Ran:
    """What a script left: its names, what each line printed, and the tensors among that in order.

    `given` are its tensors as they were when they were made, before anything was done to them. `error` is
    what the script ended with, and the line that it came from.
    """

    names: dict[str, Any] = field(default_factory=dict)
    printed: dict[int, list[str]] = field(default_factory=dict)
    tensors: list[tuple[str, torch.Tensor]] = field(default_factory=list)
    given: dict[str, torch.Tensor] = field(default_factory=dict)
    error: tuple[int, BaseException] | None = None


@dataclass(frozen=True)
class Script:
    """A script, compiled in parts: what assigns ends one, so that a tensor may be replaced there."""

    text: str
    statements: tuple[tuple[frozenset[str], CodeType], ...]
    shown: Mapping[int, str]

    @classmethod
    def of(cls, text: str) -> Script:
        """Compile a script."""
        tree = ast.parse(text)
        shown = {
            node.lineno: ast.unparse(node.args[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "print" and len(node.args) == 1
        }
        parts: list[tuple[frozenset[str], list[ast.stmt]]] = []
        for statement in tree.body:
            if parts and not parts[-1][0]:
                parts[-1] = (_assigned(statement), [*parts[-1][1], statement])
            else:
                parts.append((_assigned(statement), [statement]))
        return cls(
            text,
            tuple((names, compile(ast.Module(part, []), EXAMPLE, "exec")) for names, part in parts),
            shown,
        )

    def run(
        self, given: tuple[str, ...] = (), replace: Callable[[str, torch.Tensor], torch.Tensor] | None = None
    ) -> Ran:
        """Run the script; a tensor that is `given` may be replaced by another when it has been made.

        What is printed is kept if none is replaced; its tensors are in any case.
        """
        ran = Ran()

        def say(*values: Any, **_: Any) -> None:
            line = sys._getframe(1).f_lineno
            if replace is None:
                ran.printed.setdefault(line, []).append(" ".join(map(said, values)))
            for value in values:
                ran.tensors += [(self.shown.get(line, ""), kept) for kept in _tensors(value)]

        ran.names["print"] = say
        made: set[str] = set()
        state = torch.get_rng_state()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for assigned, code in self.statements:
                    exec(code, ran.names)
                    for name in assigned.intersection(given) - made:
                        made.add(name)
                        tensor = ran.names[name]
                        if isinstance(tensor, torch.Tensor):
                            if replace is not None:
                                tensor = ran.names[name] = replace(name, tensor)
                            ran.given[name] = _copy(tensor)
        except Exception as error:
            ran.error = (_line(error), error)
        finally:
            torch.set_rng_state(state)
        return ran

    def annotated(self, ran: Ran) -> str:
        """Return the script with what its lines printed as comments."""
        lines = []
        for number, line in enumerate(self.text.rstrip().split("\n"), 1):
            comments = ran.printed.get(number, [])
            if ran.error is not None and ran.error[0] == number:
                comments = [*comments, f"raises {said(ran.error[1])}"]
            if len(comments) == 1 and len(line) + len(comments[0]) + 4 <= WIDTH:
                lines.append(f"{line}  # {comments[0]}")
            else:
                indent = line[: len(line) - len(line.lstrip())]
                lines += [line, *[f"{indent}# {comment}" for comment in comments]]
        return "\n".join(lines) + "\n"


def said(value: Any) -> str:
    """Return how a value prints, on one line."""
    if isinstance(value, BaseException):
        text = f"{type(value).__name__}: {str(value).split(chr(10))[0]}"
    else:
        text = value if isinstance(value, str) else repr(value)
    text = _ADDRESS.sub("", " ".join(text.split()))
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def _assigned(statement: ast.stmt) -> frozenset[str]:
    if not isinstance(statement, ast.Assign):
        return frozenset()
    return frozenset(
        node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)
    )


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield _copy(value)
    elif isinstance(value, (tuple, list)):
        for part in value:
            if isinstance(part, torch.Tensor):
                yield _copy(part)


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone()


def _line(error: BaseException) -> int:
    found, at = 0, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename == EXAMPLE:
            found = at.tb_lineno
        at = at.tb_next
    return found
