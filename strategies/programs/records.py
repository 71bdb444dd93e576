"""What the machine remembers of recorded operations, and how gradients go back through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from strategies.programs.memory import Memory

Array = npt.NDArray[Any]

Back = Callable[[Array], Array]
"""Turns the gradient of a result into that of an operand."""


class RefusedError(RuntimeError):
    """The documentation says that this call is refused."""


class UnspecifiedError(Exception):
    """The documentation does not say what comes of this call."""


class Counter:
    """Counts the in-place changes that are made through the tensors that share it.

    `hooked` says whether gradients of one of them, a view, are looked at, and `passed_on` whether that view
    has views itself: they no longer pass their gradients through it once the memory was changed. There are
    `several` views at once if an operation gave them.
    """

    def __init__(self) -> None:
        self.changes = 0
        self.hooked = False
        self.passed_on = False
        self.several = False


class Storage:
    """The memory that tensors share, and how often it was changed, through whatever tensor.

    What is `lent` may share memory with other tensors, or its elements with each other: a gradient. What is
    `disorderly` may lie in memory in another order than the machine has it.
    """

    def __init__(self, data: Array, *, lent: bool = False) -> None:
        self.data = data
        self.changes = 0
        self.lent = lent
        self.disorderly = lent


class Saved:
    """A tensor that an operation may have saved for backward, as it was then."""

    def __init__(self, tensor: Memory) -> None:
        self._tensor, self._cut = tensor, tensor.cut
        self._counter, self._counted = tensor.counter, tensor.counter.changes
        self._storage, self._changes = tensor.storage, tensor.storage.changes

    @property
    def changed(self) -> bool:
        """Whether the tensor was changed since, and the change was counted, or was detached in place."""
        return self._counter.changes != self._counted or self._tensor.cut != self._cut

    @property
    def falsified(self) -> bool:
        """Whether its memory was changed since without being counted, through `.data` or beside it."""
        counted = self._counter.changes - self._counted
        return self._storage.changes - self._changes != counted


_numbers = count()


@dataclass(eq=False)
class Record:
    """A value that requires grad: a leaf, or what an operation gave, with the way back to its operands."""

    shape: tuple[int, ...]
    links: Sequence[tuple[Record, Back]] = ()
    saved: Sequence[Saved] = ()
    leaf: Memory | None = None
    hooks: dict[int, Callable[[Any], Any]] = field(default_factory=dict)
    retained: list[Memory] = field(default_factory=list)
    freed: bool = False
    used: bool = False
    unsure: bool = False
    number: int = field(default_factory=lambda: next(_numbers))

    def __post_init__(self) -> None:
        for parent, _ in self.links:
            parent.used = True


@dataclass
class Backward:
    """One way back from some results, by which gradients reach leaves, hooks and retained tensors."""

    roots: Sequence[tuple[Record, Array]]
    wanted: Sequence[Record] | None
    """The records whose gradients are wanted; all leaves that are reached, if None."""
    retain_graph: bool

    def __post_init__(self) -> None:
        reached = _reached(root for root, _ in self.roots)
        self.order = sorted(reached, key=lambda record: -record.number)
        self.needed = reached if self.wanted is None else _leading_to(self.order, self.wanted)
        self.captured: dict[Record, Array] = {}
        self.number = next(_numbers)

    def precedes(self, one: Record, other: Record) -> bool:
        """Return whether one's gradient has to be complete before the other's can be."""
        return one is not other and other in _reached([one])

    def check(self) -> bool:
        """Return whether the call may be refused, since a tensor that may be saved was changed, or is freed.

        Raises UnspecifiedError where the gradient would be anything, or a hook may be called or not.
        """
        doubtful = False
        for record in self.order:
            if record.unsure:
                raise UnspecifiedError("whether what was an input of backward gets a gradient from another")
            if record not in self.needed:
                if record.hooks or record.retained:
                    raise UnspecifiedError("whether a hook is called that no wanted gradient needs")
                continue
            if any(saved.falsified for saved in record.saved):
                raise UnspecifiedError("a gradient computed from what .data changed")
            doubtful = doubtful or record.freed or any(saved.changed for saved in record.saved)
        return doubtful

    def run(
        self,
        made: Callable[[Record, Array], Any],
        accumulate: Callable[[Record, Memory, Array], None],
        ends: Callable[[Record], Memory | None],
    ) -> None:
        """Let the gradients go back; `made` makes a tensor of one, `accumulate` adds one to a `.grad`.

        `ends` gives the tensor in whose `.grad` that of a record is accumulated, for leaves and `inputs`.
        """
        sums: dict[Record, Array] = {}
        for root, upstream in self.roots:
            sums[root] = sums.get(root, 0) + upstream
        for record in self.order:
            gradient = sums.pop(record, None)
            if gradient is None or record not in self.needed:
                continue
            for hook in list(record.hooks.values()):
                replaced = hook(made(record, gradient))
                gradient = gradient if replaced is None else replaced.elements()
            for retaining in record.retained:
                accumulate(record, retaining, gradient)
            if self.wanted is not None and record in self.wanted:
                self.captured[record] = gradient
            tensor = ends(record)
            if tensor is not None:
                accumulate(record, tensor, gradient)
                for after in list(tensor.post_hooks.values()):
                    after(tensor)
            for parent, back in record.links:
                if parent in self.needed:
                    part = back(gradient)
                    sums[parent] = sums[parent] + part if parent in sums else part
            record.freed = not self.retain_graph and bool(record.links)


def _reached(roots: Iterable[Record]) -> set[Record]:
    found: set[Record] = set()
    left = list(roots)
    while left:
        record = left.pop()
        if record not in found:
            found.add(record)
            left += [parent for parent, _ in record.links]
    return found


def _leading_to(order: Sequence[Record], wanted: Sequence[Record]) -> set[Record]:
    """Return the records by which gradients reach those that are wanted; `order` has results first."""
    found = set(wanted)
    for record in reversed(order):
        if any(parent in found for parent, _ in record.links):
            found.add(record)
    return found


def scattered(shape: tuple[int, ...], places: Array) -> Back:
    """Return the way back of a view: each gradient is added at the place that its element came from."""

    def back(gradient: Array) -> Array:
        flat = np.zeros(int(np.prod(shape)), gradient.dtype)
        np.add.at(flat, places.reshape(-1), gradient.reshape(-1))
        return flat.reshape(shape)

    return back


def summed_to(shape: tuple[int, ...], slope: Back) -> Back:
    """Return the way back of an operation that broadcasts its operand, which has the shape."""

    def back(gradient: Array) -> Array:
        part = slope(gradient)
        part = part.sum(axis=tuple(range(part.ndim - len(shape))))
        grown = tuple([dim for dim, size in enumerate(shape) if size == 1 and part.shape[dim] != 1])
        return np.asarray(part.sum(axis=grown, keepdims=True) if grown else part)

    return back
