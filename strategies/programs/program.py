"""A program, and what came of running it: on torch, or on the machine that says what is promised."""

from __future__ import annotations

import ast
import functools
import linecache
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, SimpleNamespace
from typing import Any

import numpy as np
import torch

from strategies.code import device_now
from strategies.programs import machine, modes

NOTED = ("seen", "modes")
"""The lists in which programs note down what comes of them."""

STAND_IN = SimpleNamespace(
    float32=np.float32,
    float64=np.float64,
    tensor=machine.tensor,
    ones_like=machine.ones_like,
    stack=machine.stack,
    no_grad=modes.no_grad,
    enable_grad=modes.enable_grad,
    set_grad_enabled=modes.set_grad_enabled,
    is_grad_enabled=modes.is_grad_enabled,
    autograd=SimpleNamespace(grad=machine.grad),
)
"""What `torch` is where a program is run by the machine."""


def _run_as_it_is(program: Program, names: dict[str, Any]) -> None:
    exec(program.code, names)


_run: Callable[[Program, dict[str, Any]], None] = _run_as_it_is


@contextmanager
def running(run: Callable[[Program, dict[str, Any]], None]) -> Iterator[None]:
    """Have programs run inside by a function that is told the program and the names that it finds."""
    global _run
    before, _run = _run, run
    try:
        yield
    finally:
        _run = before


@dataclass(frozen=True)
class Ran:
    """The names that a program has left on torch, and whether its last call was refused."""

    names: Mapping[str, Any]
    refused: bool = False


@dataclass(frozen=True)
class Program:
    """Lines of Python about tensors, which run on `torch` and on the machine alike.

    They find the names `torch` and `device`. What they put into lists called `seen`, pairs of a hook's name
    and the gradient that it is called with, and `modes`, the grad mode, is what came of them, besides the
    tensors that they leave under a name.
    """

    source: str

    @functools.cached_property
    def code(self) -> CodeType:
        """The compiled lines, which tracebacks show."""
        name = f"<program {id(self):x}>"
        linecache.cache[name] = (len(self.source), None, self.source.splitlines(keepends=True), name)
        return compile(self.source, name, "exec")

    def run(self) -> Ran:
        """Run the lines on torch, on the device that `placing_on` has set.

        That the last call is refused is no failure where the program says that it may be; what else is raised
        is raised. Grad mode is afterwards what it was.
        """
        names = {"torch": torch, "device": device_now()}
        before = torch.is_grad_enabled()
        try:
            _run(self, names)
        except Exception as error:
            if self.may_be_refused and self._line_of(error) >= self.last:
                return Ran(names, refused=True)
            raise
        finally:
            torch.set_grad_enabled(before)
        return Ran(names)

    @functools.cached_property
    def promised(self) -> Mapping[str, Any]:
        """The names that the lines leave if torch does what is documented, tensors being the machine's.

        Raises what the machine raises: RefusedError, UnspecifiedError, and whatever else a wrong line does.
        """
        names: dict[str, Any] = {"torch": STAND_IN, "device": None}
        before = modes.switch(True)
        machine.doubts.clear()
        try:
            exec(self.code, names)
        finally:
            modes.switch(before)
        self.__dict__["may_be_refused"] = bool(machine.doubts)
        return names

    @functools.cached_property
    def may_be_refused(self) -> bool:
        """Whether the last line may be refused: what it may need was changed or freed."""
        self.promised  # noqa: B018 - says it
        return bool(self.__dict__.get("may_be_refused"))

    @functools.cached_property
    def last(self) -> int:
        """The number of the line at which the last statement that is in no block, or its block, begins."""
        statements: list[ast.stmt] = ast.parse(self.source).body
        while isinstance(statements[-1], ast.With):
            statements = statements[-1].body
        return statements[-1].lineno

    @property
    def script(self) -> str:
        """The lines for a script: of a program whose last line may be refused, they end there if it is."""
        return self.ending("raise SystemExit(0) from None")

    def ending(self, end: str) -> str:
        """Return the lines of the program, which `end` ends if its last line is refused as it may be."""
        if not self.may_be_refused:
            return self.source
        lines = self.source.splitlines()
        body = lines[self.last - 1 :]
        indent = " " * (len(body[0]) - len(body[0].lstrip()))
        tried = [f"{indent}try:", *[f"    {line}" for line in body], f"{indent}except RuntimeError:"]
        ending = f"{indent}    {end}  # it may be refused"
        return "\n".join([*lines[: self.last - 1], *tried, ending]) + "\n"

    @functools.cached_property
    def looked_at(self) -> Program:
        """The same program, which copies the tensor that each line is about to the CPU, and waits for it.

        Lines in blocks are left alone.
        """
        lines = self.source.splitlines()
        made: list[str] = []
        for place, line in enumerate(lines):
            made.append(line)
            found = re.match(r"(\w+)(?:, \w+)*,?(?: [-+*]?= |\.\w+_\(|\[.*\] = )", line)
            inside = place + 1 < len(lines) and lines[place + 1].startswith(" ")
            last = self.may_be_refused and place + 1 == self.last
            if found and found[1] not in NOTED and not found[1].startswith("h") and not inside and not last:
                made.append(f"{found[1]} is None or {found[1]}.detach().cpu()")
        return Program("\n".join(made) + "\n")

    def _line_of(self, error: BaseException) -> int:
        lines = [
            line
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_filename == self.code.co_filename
        ]
        return lines[0] if lines else 0
