"""Growing a program line by line: the machine runs each line, and only such as it can speak of are kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from strategies.programs import machine, modes
from strategies.programs.machine import Tensor
from strategies.programs.program import STAND_IN, Program
from strategies.programs.records import RefusedError, UnspecifiedError

LISTS = {"seen": "seen = []", "modes": "modes = []"}

SEE = """\
def see(name):
    return lambda grad: seen.append((name, None if grad is None else grad.clone()))"""
"""What programs register as a hook: it notes down its name, and the gradient that it is called with."""

Kind = Callable[[Tensor], object]

LETTERS = "abcdefghijklmnpqrtuvwxyz"

DROPPED = (UnspecifiedError, RefusedError, IndexError, ValueError, ZeroDivisionError)
"""What the machine raises of a line that cannot be part of the program."""


@dataclass(frozen=True)
class Event:
    """How a program has grown: lines that were added, a block that was opened or closed, in a slot."""

    slot: int
    what: Literal["add", "open", "close"]
    line: str = ""
    classes: tuple[str, ...] = ()
    makes: int = 0
    enabled: bool = True


class Grower:
    """A program that grows: `add` runs a line on the machine and keeps it if that has something to say."""

    def __init__(self) -> None:
        self.slot = 0
        self.events: list[Event] = []
        self.lines: list[str] = []
        self.classes: dict[str, None] = {}
        self.ended = False
        self._names: dict[str, Any] = {"torch": STAND_IN, "device": None, "seen": [], "modes": []}
        exec(SEE, self._names)
        self._blocks: list[tuple[bool, int]] = []
        self._made = 0
        self._labels = 0
        self.handles: list[str] = []
        modes.switch(True)

    # What there is.

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors of floating dtype that have a name, in the order in which they got it."""
        return {
            name: value
            for name, value in self._names.items()
            if isinstance(value, Tensor) and value.dtype.kind == "f"
        }

    def pick(
        self, byte: int, wanted: Kind = lambda _: True, rather: Kind | None = None
    ) -> tuple[str, Tensor] | None:
        """Return a tensor of a kind and its name, the latest for the byte 0, or None if there is none.

        If some of the kind are as it would `rather` have them, it is one of these.
        """
        found = [(name, tensor) for name, tensor in self.tensors.items() if wanted(tensor)]
        found = [(name, tensor) for name, tensor in found if rather and rather(tensor)] or found
        return found[-1 - (byte * len(found) >> 8)] if found else None

    def named(self, count: int = 1) -> str:
        """Return the next name, or several with commas between them."""
        names = [LETTERS[(self._made + place) % len(LETTERS)] for place in range(count)]
        return ", ".join(names)

    def label(self, name: str) -> str:
        """Return a name for a hook of a tensor, that no other hook has."""
        self._labels += 1
        return f"{name}{self._labels}"

    # What is added.

    def add(self, line: str, *classes: str, makes: int = 0) -> bool:
        """Add lines that belong together and give names to new tensors; return whether the machine took them.

        After a call that may be refused, nothing more is added.
        """
        if self.ended:
            return False
        before, changes = set(self._names), modes.is_grad_enabled()
        machine.doubts.clear()
        try:
            exec(line, self._names)
        except DROPPED:
            modes.switch(changes)
            for name in set(self._names) - before:
                del self._names[name]
            return False
        self.events.append(Event(self.slot, "add", line, classes, makes=makes))
        self._made += makes
        self.lines += ["    " * len(self._blocks) + part for part in line.split("\n")]
        self.classes.update(dict.fromkeys(classes))
        self.ended = bool(machine.doubts)
        if self.ended:
            self.classes["may be refused"] = None
        return True

    def open(self, line: str, enabled: bool, *classes: str) -> None:
        """Open a block in which grad mode is on or off."""
        if self.ended:
            return
        self.events.append(Event(self.slot, "open", line, classes, enabled=enabled))
        self.lines.append("    " * len(self._blocks) + line)
        if self._blocks:
            self.classes["nested grad modes"] = None
        self.classes.update(dict.fromkeys(classes))
        self._blocks.append((modes.switch(enabled), len(self.lines)))

    def close(self) -> None:
        """Close the innermost block, if one is open."""
        if self._blocks:
            self.events.append(Event(self.slot, "close"))
            before, opened = self._blocks.pop()
            modes.switch(before)
            if len(self.lines) == opened:
                self.lines.append("    " * (len(self._blocks) + 1) + "pass")

    def without(self, slots: Collection[int]) -> Grower | None:
        """Return the same program without the lines of some slots, None if the rest needs them."""
        grown = Grower()
        try:
            return grown if grown._regrow(self.events, slots) else None
        except (NameError, AttributeError, TypeError):  # what is left uses what is gone
            return None

    def _regrow(self, events: Iterable[Event], slots: Collection[int]) -> bool:
        for event in events:
            if event.slot in slots:
                continue
            self.slot = event.slot
            if event.what == "open":
                self.open(event.line, event.enabled, *event.classes)
            elif event.what == "close":
                self.close()
            elif not self.add(event.line, *event.classes, makes=event.makes):
                return False
        return True

    def finish(self) -> Program:
        """Close every block and return the program."""
        while self._blocks:
            self.close()
        modes.switch(True)
        body = "\n".join(self.lines)
        needed = [line for name, line in LISTS.items() if f"{name}.append" in body + SEE * ("see(" in body)]
        if "see(" in body:
            needed.append(SEE)
        program = Program("\n".join([*needed, body]) + "\n")
        unused = [name for name in LISTS if f"{name} = []" not in needed]
        program.__dict__["promised"] = {
            name: value for name, value in self._names.items() if name not in unused
        }
        program.__dict__["may_be_refused"] = self.ended
        return program


def literal(data: Sequence[float], shape: tuple[int, ...]) -> str:
    """Return the nested lists of some elements in a shape."""
    return repr(np.array(data, dtype=float).reshape(shape).tolist())
