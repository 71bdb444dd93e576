"""A machine that runs programs as the documentation promises: torch's words, on numpy, without torch.

It is what `torch` stands for when a program is run to know what is promised of it. Memory is numpy's: a
tensor is an array of places in a storage, so that aliases are aliases. What a call does that the
documentation forbids raises RefusedError; where the documentation says nothing, UnspecifiedError, before
anything has changed. Sources: the pages `notes/autograd` and `tensor_view`, and the functions' own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from strategies.programs import modes
from strategies.programs.memory import Memory, check
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
    summed_to,
)


class Tensor(Memory):
    """A tensor of the machine, with the operations that programs are made of."""

    grad: Tensor | None

    # Operations.

    def clone(self) -> Tensor:
        """Return a copy, through which gradients flow."""
        copy = _result(self.elements(), [(self, lambda gradient: gradient)])
        copy.way, copy.of = self.way, self.of
        return copy

    def sum(self, dim: int | None = None) -> Tensor:
        """Return the sum of all elements, or of those along a dim."""
        if dim is not None and not self.shape:
            raise UnspecifiedError("a dim of what has none")
        shape = self.shape

        def back(gradient: Array) -> Array:
            return np.broadcast_to(gradient if dim is None else np.expand_dims(gradient, dim), shape)

        return _result(np.asarray(self.elements().sum(axis=dim)), [(self, back)])

    def mean(self) -> Tensor:
        """Return the mean of all elements."""
        if not self.places.size:
            raise UnspecifiedError("the mean of nothing")
        return self.sum() / self.places.size

    def max(self, dim: int) -> tuple[Tensor, Tensor]:
        """Return the largest elements along a dim, and where they are."""
        places = np.expand_dims(self._distinct(dim).argmax(dim), dim)
        values = self._picked(places, dim)
        return _result(values.elements().squeeze(dim), [(values, lambda up: np.expand_dims(up, dim))]), _made(
            places.squeeze(dim)
        )

    def sort(self) -> tuple[Tensor, Tensor]:
        """Return the elements along the last dim in order, and where they were."""
        places = self._distinct(-1).argsort(-1)
        return self._picked(places, -1), _made(places)

    def _distinct(self, dim: int) -> Array:
        input = self.elements()
        if not input.ndim or not input.size or (np.diff(np.sort(input, dim), axis=dim) == 0).any():
            raise UnspecifiedError("which of equal elements it is")
        return input

    def _picked(self, places: Array, dim: int) -> Tensor:
        input = self.elements()

        def back(gradient: Array) -> Array:
            found = np.zeros(input.shape, input.dtype)
            np.put_along_axis(found, places, gradient, dim)
            return found

        return _result(np.take_along_axis(input, places, dim), [(self, back)])

    def __rmul__(self, other: float) -> Tensor:
        return mul(self, other)

    def __truediv__(self, other: float) -> Tensor:
        return mul(self, 1 / other)

    # Gradients.

    def retain_grad(self) -> None:
        """Have its gradient kept, though it is no leaf."""
        record = self.record()
        if record is None:
            raise RefusedError("retain_grad of what does not require grad")
        if record.leaf is self or self._retains:
            return
        self._look()
        self.counter.passed_on = self.counter.passed_on or self.is_view
        self._retains = True
        record.retained.append(self)

    def register_hook(self, hook: Callable[[Any], Any]) -> Handle:
        """Have a function called with its gradient, which may give another in its place."""
        record = self.record()
        if record is None:
            raise RefusedError("a hook of what does not require grad")
        self._look()
        return Handle(record.hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], Any]) -> Handle:
        """Have a function called once its gradient has been accumulated."""
        record = self.record()
        if record is None or record.leaf is not self:
            raise RefusedError("a hook after accumulating of what is no leaf")
        return Handle(self.post_hooks, hook)

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool = False,
        inputs: Sequence[Tensor] | None = None,
    ) -> None:
        """Accumulate the gradients of all leaves that it depends on, or of the inputs."""
        way = _way([self], [gradient], inputs, retain_graph)
        ends = {tensor.record(): tensor for tensor in inputs or ()}
        if any(tensor._retains for tensor in ends.values()):
            raise UnspecifiedError("whether a gradient is both retained and accumulated")
        may_be_refused(way.check())
        for record in way.wanted or ():
            record.unsure = record.leaf is None
        _run(way, ends.get if inputs else lambda record: record.leaf)


def _made(elements: Any, *, lent: bool = False) -> Tensor:
    """Return a new tensor of some elements."""
    array = np.array(elements)
    return Tensor(
        Storage(array.reshape(-1), lent=lent), np.arange(array.size).reshape(array.shape), counter=Counter()
    )


_handles = count()


class Handle:
    """What a registered hook is removed by."""

    def __init__(self, hooks: dict[int, Any], hook: Callable[[Any], Any]) -> None:
        self._hooks = hooks
        self._number = next(_handles)
        hooks[self._number] = hook

    def remove(self) -> None:
        """Have the hook not called any more."""
        self._hooks.pop(self._number, None)


doubts: list[str] = []
"""Filled where a call may be refused, and else gives what the machine says."""


def may_be_refused(doubtful: bool) -> None:
    """Note that the call at hand may be refused."""
    if doubtful:
        doubts.append("a saved tensor may have been changed")


def _way(
    outputs: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    inputs: Sequence[Tensor] | None,
    retain_graph: bool,
) -> Backward:
    roots = []
    for output, gradient in zip(outputs, gradients, strict=True):
        record = output.record()
        if record is None:
            raise RefusedError("backward of what does not require grad")
        if gradient is None and output.places.size != 1:
            raise RefusedError("backward of several elements without a gradient")
        if gradient is not None and gradient.shape != output.shape:
            raise RefusedError("a gradient of another shape")
        roots.append((record, np.ones(output.shape) if gradient is None else gradient.elements()))
    wanted = None
    if inputs is not None:
        records = [tensor.record() for tensor in inputs]
        if any(tensor.is_view and tensor.counter.changes for tensor in inputs):
            raise UnspecifiedError("the gradient of a view that was changed since it was used")
        if any(tensor.several for tensor in inputs):
            raise UnspecifiedError("whether the gradient of one of several results needs those of all")
        if any(record is None for record in records):
            raise RefusedError("the gradient of what does not require grad")
        wanted = [record for record in records if record is not None]
    return Backward(roots, wanted, retain_graph)


def grad(
    outputs: Tensor,
    inputs: Sequence[Tensor],
    grad_outputs: Tensor | None = None,
    *,
    retain_graph: bool = False,
    allow_unused: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return the gradients of the inputs, None or zeros for those that are unused."""
    way = _way([outputs], [grad_outputs], inputs, retain_graph)
    records = [tensor.record() for tensor in inputs]
    if any(record not in way.needed or record not in way.order for record in records) and not (
        allow_unused or materialize_grads
    ):
        raise RefusedError("the gradient of an input that is not used")
    may_be_refused(way.check())
    _run(way, lambda _: None)
    found = []
    for tensor, record in zip(inputs, records, strict=True):
        zeros = np.zeros(tensor.shape, tensor.dtype) if materialize_grads else None
        gradient = way.captured.get(record, zeros) if record is not None else zeros
        found.append(None if gradient is None else _made(np.asarray(gradient, tensor.dtype), lent=True))
    return tuple(found)


def _run(way: Backward, ends: Callable[[Record], Memory | None]) -> None:
    """Let gradients go back; what hooks do is not recorded."""
    before = modes.switch(False)
    try:
        way.run(functools.partial(_gradient, way), functools.partial(_accumulate, way), ends)
    except Exception as error:
        raise AssertionError("the machine broke down on its way back") from error
    finally:
        modes.switch(before)


def _gradient(way: Backward, record: Record, gradient: Array) -> Tensor:
    """Return the gradient of a record that a hook is called with, and remember on what way it was."""
    made = _made(gradient, lent=True)
    made.way, made.of = way, record
    return made


def _accumulate(way: Backward, record: Record, tensor: Memory, gradient: Array) -> None:
    before = np.zeros(()) if tensor.grad is None else tensor.grad.elements()
    found = np.asarray(before + gradient, dtype=tensor.dtype).reshape(tensor.shape)
    # That of a leaf has memory of its own, as the documentation of gradient layouts says.
    tensor.grad = _made(found, lent=not tensor.is_leaf)
    tensor.grad.way, tensor.grad.of = way, record


def _result(elements: Array, operands: Sequence[tuple[Tensor, Back]], *, saves: bool = False) -> Tensor:
    """Return what an operation gives, recorded if grad mode is on and an operand requires grad."""
    if all(isinstance(one, Tensor) and one.way is None for one, _ in operands):  # no gradient of a hook
        check(elements)
    result = _made(elements)
    # How a result lies in memory often follows its operands.
    result.storage.disorderly = not all(tensor.is_orderly for tensor, _ in operands)
    links = [(record, back) for tensor, back in operands if (record := tensor.record()) is not None]
    if links and modes.is_grad_enabled():
        saved = [Saved(tensor) for tensor in (*[one for one, _ in operands], result)] if saves else []
        result._record = Record(result.shape, links, saved)
    return result


def _broadcast(operand: Tensor, slope: Back) -> tuple[Tensor, Back]:
    return operand, summed_to(operand.shape, slope)


def stack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors of one shape beside each other, along a new dim 0."""
    elements = np.stack([tensor.elements() for tensor in tensors])
    return _result(elements, [(tensor, _taking(place)) for place, tensor in enumerate(tensors)])


def _taking(place: int) -> Back:
    return lambda gradient: gradient[place]


def tensor(data: Any, *, dtype: Any, device: Any, requires_grad: bool = False) -> Tensor:
    """Return a leaf of some elements; the machine has one device."""
    del device
    return _made(np.array(data, dtype=dtype)).requires_grad_(requires_grad)


def ones_like(input: Tensor) -> Tensor:
    """Return ones in the shape of a tensor."""
    return _made(np.ones(input.shape, input.dtype))


Slope = Callable[[Array], Any]


def _logistic(input: Array) -> Array:
    return 1 / (1 + np.exp(-input))


ELEMENTWISE: dict[str, tuple[Callable[[Array], Array], Slope, bool]] = {
    "sin": (np.sin, np.cos, True),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, True),
    "sigmoid": (_logistic, lambda x: _logistic(x) * (1 - _logistic(x)), True),
    "square": (np.square, lambda x: 2 * x, True),
    "neg": (np.negative, lambda _: -1.0, False),
}
"""Functions of one tensor, with their derivative, and whether that needs elements to be saved."""

PAIRED: dict[str, tuple[Callable[..., Array], Callable[[Array, Array], tuple[Any, Any]], bool]] = {
    "add": (np.add, lambda *_: (1.0, 1.0), False),
    "sub": (np.subtract, lambda *_: (1.0, -1.0), False),
    "mul": (np.multiply, lambda one, two: (two, one), True),
}
"""The same for functions of two tensors, or of a tensor and a number."""


def _times(factor: Any) -> Back:
    return lambda gradient: np.asarray(gradient * factor)


def _elementwise(name: str) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    function, slope, saves = ELEMENTWISE[name]

    def parts(input: Tensor) -> tuple[Array, list[tuple[Tensor, Back]]]:
        elements = input.elements()
        return np.asarray(function(elements), elements.dtype), [(input, _times(slope(elements)))]

    def out_of_place(self: Tensor) -> Tensor:
        return _result(*parts(self), saves=saves)

    def in_place(self: Tensor) -> Tensor:
        return self._write(*parts(self), saves=saves)

    return out_of_place, in_place


def _paired(name: str) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    function, slopes, saves = PAIRED[name]

    def parts(one: Tensor, other: Any) -> tuple[Array, list[tuple[Tensor, Back]]]:
        two = other.elements() if isinstance(other, Tensor) else np.asarray(other, one.dtype)
        elements = one.elements()
        first, second = slopes(elements, two)
        operands = [_broadcast(one, _times(first))]
        if isinstance(other, Tensor):
            operands.append(_broadcast(other, _times(second)))
        return np.asarray(function(elements, two), elements.dtype), operands

    def out_of_place(self: Tensor, other: Any) -> Tensor:
        return _result(*parts(self, other), saves=saves and isinstance(other, Tensor))

    def in_place(self: Tensor, other: Any) -> Tensor:
        return self._write(*parts(self, other), saves=saves and isinstance(other, Tensor))

    return out_of_place, in_place


mul = _paired("mul")[0]

for _name in (*ELEMENTWISE, *PAIRED):
    _out, _in = _elementwise(_name) if _name in ELEMENTWISE else _paired(_name)
    setattr(Tensor, _name, _out)
    setattr(Tensor, f"{_name}_", _in)
    if _name in PAIRED or _name == "neg":
        setattr(Tensor, f"__{_name}__", _out)
    if _name in PAIRED:
        setattr(Tensor, f"__i{_name}__", _in)
