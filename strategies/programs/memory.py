"""Memory as the machine has it: tensors that share it, views, and what is written through any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.programs import modes
from strategies.programs.records import (
    Array,
    Back,
    Backward,
    Counter,
    Record,
    RefusedError,
    Saved,
    Storage,
    UnspecifiedError,
    scattered,
    summed_to,
)

if TYPE_CHECKING:
    from typing_extensions import Self

Shape = tuple[int, ...]

LARGEST = 100.0
"""Larger numbers are not computed, so that rounding stays small beside what a fault does."""


class Group:
    """A base and its views: what autograd takes for one tensor."""

    def __init__(self, base: Memory) -> None:
        self.base = base
        self.views = 0
        self.unrecorded = False


class Memory:
    """A tensor of the machine: places in a storage, and what autograd knows of it."""

    def __init__(
        self,
        storage: Storage,
        places: Array,
        *,
        counter: Counter,
        group: Group | None = None,
        within: Array | None = None,
    ) -> None:
        self.storage = storage
        self.places = places
        self.counter = counter
        self.group = group or Group(self)
        self.within = np.arange(places.size).reshape(places.shape) if within is None else within
        self.grad: Any = None
        self.post_hooks: dict[int, Callable[[Any], Any]] = {}
        self.several = False
        self.way: Backward | None = None
        self.of: Record | None = None
        self.cut = False
        self.is_cut_off = False
        self._hooked = False
        self._children = False
        self._record: Record | None = None
        self._seen = self._made = counter.changes
        self.was_constant = self.is_view and self.group.base.record() is None
        self._retains = False

    # What it is.

    @property
    def shape(self) -> Shape:
        """Its sizes."""
        return tuple(self.places.shape)

    def elements(self) -> Array:
        """Return its elements, an array of its own."""
        return self.storage.data[self.places]

    @property
    def is_view(self) -> bool:
        """Whether autograd takes it for a view of another tensor."""
        return self.group.base is not self

    @property
    def dtype(self) -> Any:
        """Its dtype, numpy's."""
        return self.storage.data.dtype

    @property
    def is_eventful(self) -> bool:
        """Whether it has hooks, or was changed in place: what is done next may go wrong for that."""
        record = self.record()
        return bool(self.counter.changes or (record is not None and record.hooks))

    @property
    def has_changed(self) -> bool:
        """Whether it is a view whose memory was changed in place since it was made."""
        return self.is_view and self._made != self.counter.changes

    @property
    def can_change(self) -> bool:
        """Whether an in-place change of it is worth trying: it may be of what else is refused."""
        base = self.group.base
        fixed = modes.is_grad_enabled() and base.requires_grad and base.is_leaf
        return not (fixed or self.is_taken_for_leaf or self.storage.lent or self.counter.several)

    @property
    def is_orderly(self) -> bool:
        """Whether it is known that its elements lie one after the other in memory."""
        in_order = np.array_equal(np.diff(self.places.reshape(-1)), np.ones(max(self.places.size - 1, 0)))
        return in_order and not self.storage.disorderly

    @property
    def is_taken_for_leaf(self) -> bool:
        """Whether torch does not know yet that it requires grad: it is asked for by rules of its own."""
        return self.was_constant and self.has_changed and self.requires_grad

    @property
    def _overlaps(self) -> bool:
        """Whether some of its elements share a place."""
        return np.unique(self.places).size != self.places.size

    def _meets(self, other: Memory) -> bool:
        """Whether another has some of its places otherwise than each at the same position."""
        if (
            other is self
            or other.storage is not self.storage
            or not np.intersect1d(self.places, other.places).size
        ):
            return False
        # Of dims of size 1 strides may differ, by which torch tells that two tensors are the same.
        return 1 in self.shape or not np.array_equal(self.places, other.places)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are to be computed for it."""
        return self.record() is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not self.is_leaf:
            raise RefusedError("only of leaves can it be set")
        self.requires_grad_(wanted)

    @property
    def is_leaf(self) -> bool:
        """Whether it is no result of a recorded operation."""
        record = self.record()
        return record is None or record.leaf is self

    @property
    def grad_fn(self) -> Record | None:
        """What was recorded of it; None for a leaf."""
        return None if self.is_leaf else self.record()

    @property
    def _version(self) -> int:
        return self.counter.changes

    def requires_grad_(self, wanted: bool = True) -> Self:
        """Have gradients computed for it, or not."""
        record = self.record()
        if not wanted and record is not None and record.leaf is not self:
            raise RefusedError("only leaves can be told not to require grad")
        if (record is not None) == wanted:
            return self
        if self.group.views or self.is_view or self.dtype.kind != "f":
            raise UnspecifiedError("what its views are then")
        if record is not None and (record.used or record.hooks or self.post_hooks):
            raise UnspecifiedError("gradients and hooks of a leaf that wants none any more")
        self._record = Record(self.shape, leaf=self) if wanted else None
        return self

    def _look(self) -> None:
        """Have its gradients looked at."""
        if self.is_view and self._children and self.counter.changes:
            raise UnspecifiedError("whether gradients of views of a view reach it")
        self._hooked = True
        self.counter.hooked = self.counter.hooked or self.is_view
        self._pass_on()

    def _pass_on(self) -> None:
        if self.is_view and self._hooked and self._children:
            self.counter.passed_on = True

    def record(self) -> Record | None:
        """Return what was recorded of its value as it is now."""
        base = self.group.base
        if self._is_stale and (of := base.record()) is not None:
            self._seen = self.counter.changes
            self._replace(Record(self.shape, [(of, scattered(base.shape, self.within))]))
        return self._record

    @property
    def _is_stale(self) -> bool:
        """Whether it is a view of what was changed in place since its record was made."""
        return self.is_view and self._seen != self.counter.changes

    def _replace(self, record: Record) -> None:
        """Take another record for its value: a gradient that is retained is that of the latest."""
        if self._retains:
            if self._record is not None:
                self._record.retained.remove(self)
            record.retained.append(self)
        record.unsure = self._record is not None and self._record.unsure
        self._record = record

    # A view of it is what numpy makes of its places.

    def _view(self, of: Callable[[Array], Array]) -> Self:
        record = self.record()
        if record is not None and not modes.is_grad_enabled():
            # The documentation says that it does not require grad, torch that it does, and what is done to
            # it afterwards torch calls ambiguous.
            raise UnspecifiedError("a view of what requires grad, while nothing is recorded")
        places, within = of(self.places), of(self.within)
        if places.size and not np.shares_memory(places, self.places):
            raise UnspecifiedError("no view")
        view = type(self)(self.storage, places, counter=self.counter, group=self.group, within=within)
        self.group.views += 1
        self._children = True
        self._pass_on()
        if not modes.is_grad_enabled():
            self.group.unrecorded = True
        elif record is not None:
            local = of(np.arange(self.places.size).reshape(self.shape))
            view._record = Record(view.shape, [(record, scattered(self.shape, local))])
        return view

    def view(self, *sizes: int) -> Self:
        """Return it with another shape; of what does not lie in order there may be no such view."""
        if not self.is_orderly:
            raise UnspecifiedError("a view of what may not lie in order")
        return self._view(lambda array: array.reshape(sizes))

    def t(self) -> Self:
        """Return it with its two dims swapped."""
        return self._view(lambda array: array.T)

    def transpose(self, one: int, two: int) -> Self:
        """Return it with two dims swapped."""
        return self._view(lambda array: array.swapaxes(one, two))

    def unsqueeze(self, dim: int) -> Self:
        """Return it with a dim of size 1 more."""
        return self._view(lambda array: np.expand_dims(array, dim))

    def squeeze(self, dim: int) -> Self:
        """Return it without a dim, if that has size 1."""
        return self._view(lambda array: array.squeeze(dim) if array.shape[dim] == 1 else array[:])

    def expand(self, *sizes: int) -> Self:
        """Return it with dims of size 1 repeated."""
        return self._view(lambda array: np.broadcast_to(array, sizes))

    def select(self, dim: int, index: int) -> Self:
        """Return one position of a dim."""
        return self._view(lambda array: array[(slice(None),) * dim + (index, ...)])

    def narrow(self, dim: int, start: int, length: int) -> Self:
        """Return some positions of a dim."""
        if start + length > self.shape[dim]:
            raise IndexError("positions that the dim does not have")
        return self._view(lambda array: array[(slice(None),) * dim + (slice(start, start + length),)])

    def __getitem__(self, index: Any) -> Self:
        # An array and no number, also of one element.
        places = index if isinstance(index, tuple) else (index,)
        places = places if ... in places else (*places, ...)
        return self._view(lambda array: array[places])

    def _several(self, parts: Sequence[Self]) -> tuple[Self, ...]:
        self.counter.several = True
        for part in parts:
            part.several = True
        return tuple(parts)

    def unbind(self, dim: int) -> tuple[Self, ...]:
        """Return each position of a dim."""
        return self._several([self.select(dim, index) for index in range(self.shape[dim])])

    def split(self, size: int) -> tuple[Self, ...]:
        """Return parts of dim 0 of a size, the last of what is left."""
        starts = range(0, self.shape[0], size)
        return self._several([self[start : start + size] for start in starts])

    def detach(self) -> Self:
        """Return the same elements, cut off from the graph."""
        return self._cut_off(self.counter)

    def _cut_off(self, counter: Counter) -> Self:
        alias = type(self)(self.storage, self.places, counter=counter)
        alias.is_cut_off = True
        return alias

    def cpu(self) -> Self:
        """Return it, or a copy of it."""
        return self.detach()

    @property
    def data(self) -> Self:
        """The same elements, cut off from the graph and from the count of changes."""
        return self._cut_off(Counter())

    def detach_(self) -> Self:
        """Cut it off from the graph."""
        if self.is_view:
            raise RefusedError("detach_ of a view")
        if self.group.views or self._retains or self.storage.lent:
            raise UnspecifiedError("what was seen through it before")
        if self._record is not None and (self._record.hooks or (self._record.leaf and self._record.used)):
            raise UnspecifiedError("gradients and hooks of what is cut off")
        self.cut = self.cut or self._record is not None
        self._record = None
        return self

    # In place.

    def copy_(self, other: Memory) -> Self:
        """Give it the elements of another."""
        operands: list[tuple[Memory, Back]] = [
            (self, _nothing),
            (other, summed_to(other.shape, lambda up: up)),
        ]
        return self._write(other.elements(), operands, saves=False)

    def fill_(self, value: float) -> Self:
        """Give all its elements one value."""
        return self._write(np.full(self.shape, value), [(self, _nothing)], saves=False)

    def zero_(self) -> Self:
        """Give all its elements the value 0."""
        return self.fill_(0.0)

    def __setitem__(self, index: Any, value: Any) -> None:
        part = self[index]
        part.copy_(value) if isinstance(value, Memory) else part.fill_(value)

    def _write(self, elements: Array, operands: Sequence[tuple[Memory, Back]], *, saves: bool) -> Self:
        """Change its elements; record it, if grad mode is on and anything requires grad."""
        if self._overlaps or (self.group.base._overlaps and modes.is_grad_enabled()):
            # Also where the written part alone has no such elements: backward writes to all of the base.
            raise UnspecifiedError("a change of elements that share a place")
        for other, _ in operands:
            if self._meets(other):
                raise UnspecifiedError("an operand that shares some of the places, or in another order")
        if np.broadcast_shapes(elements.shape, self.shape) != self.shape:
            raise RefusedError("an in-place change that would have another shape")
        links = [(record, back) for other, back in operands if (record := other.record()) is not None]
        recorded = modes.is_grad_enabled() and (bool(links) or self.record() is not None)
        self._check_change(recorded=recorded)
        check(elements)
        kept = [Saved(other) for other, _ in operands] if saves else []
        self.storage.data[self.places] = elements
        self.storage.changes += 1
        self.counter.changes += 1
        if recorded:
            self._rebase(Record(self.shape, links, [*kept, Saved(self)] if saves else []))
        return self

    def _check_change(self, *, recorded: bool) -> None:
        if self.storage.lent:
            raise UnspecifiedError("a change of a gradient, which may share memory")
        if self.counter.passed_on or (self.counter.hooked and (self._hooked or not recorded)):
            raise UnspecifiedError("whether a hook of a view is still called")
        if self.counter.several:
            raise UnspecifiedError("an in-place change beside views of which there are several at once")
        if not recorded:
            return
        base = self.group.base
        record = base.record()
        if record is not None and record.leaf is base:
            raise RefusedError("an in-place change of a leaf that requires grad, or of a view of one")
        if self.group.unrecorded:
            raise UnspecifiedError("views that were made while nothing was recorded")

    def _rebase(self, record: Record) -> None:
        """Let the record be that of its value, and so part of that of its base."""
        base, places = self.group.base, self.within
        if self is base:
            self._replace(record)
            return
        links: list[tuple[Record, Back]] = [(record, lambda gradient: gradient.reshape(-1)[places])]

        def kept(gradient: Array) -> Array:
            flat = np.array(gradient).reshape(-1)
            flat[places] = 0
            return flat.reshape(gradient.shape)

        if (before := base.record()) is not None:
            links.append((before, kept))
        # To an input of backward that is no leaf, torch also runs what made it, and so reads what that saved.
        base._replace(Record(base.shape, links, record.saved))


def _nothing(gradient: Array) -> Array:
    return np.zeros_like(gradient)


def check(elements: Array) -> None:
    """Raise UnspecifiedError if an element is too large, or no number."""
    if elements.size and not np.abs(elements).max() <= LARGEST:
        raise UnspecifiedError("large numbers, whose rounding is no longer small")
