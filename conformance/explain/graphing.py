"""What autograd records while an example runs: leaves, operations, what they save, and where it is cut off.

The example runs once more, and every call that it makes of torch is looked at when it is over: the nodes that
it added to the graph, by `grad_fn` and `next_functions`, and what these save, before a backward frees it.
What detaches adds no node, and so only the calls tell of it.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from conformance.explain.picturing import written
from conformance.explain.running import EXAMPLE, Ran, Script
from reports.shown import Edge, Graph, Node, nested

MOST_NODES = 12
"""Most nodes of a graph that is drawn."""

MOST_ELEMENTS = 4
"""Most elements of a tensor that stand in its node."""

_TORCH = str(Path(torch.__file__).parent)
_STARTS = ("backward", "grad")
"""What computes gradients."""


@dataclass
class _Call:
    """A call of torch's: the tensors that it took and gave, and whether gradients were recorded."""

    name: str
    taken: list[torch.Tensor]
    given: list[torch.Tensor]
    recording: bool
    before: list[tuple[bool, Any]]
    """Whether the tensors taken required grad then, and of which nodes they came; calls may change both."""

    @property
    def tensors(self) -> list[torch.Tensor]:
        """All tensors of the call."""
        return [*self.taken, *self.given]

    def made(self, node: Any) -> bool:
        """Return whether a node was recorded for the call."""
        return any(tensor.grad_fn is node for tensor in self.given)


@dataclass
class _Watch(TorchFunctionMode):
    """Keeps what an example calls, and so the graph, until it has been read."""

    calls: list[_Call] = field(default_factory=list)
    starts: list[Any] = field(default_factory=list)
    saved: dict[Any, list[tuple[str, torch.Tensor]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if not _of_the_example(sys._getframe(1)):
            return func(*args, **kwargs)
        name = _called(func)
        taken = [*_tensors(args), *_tensors(kwargs)]
        starts = name in _STARTS and func.__name__ == name  # and not .grad, which is read
        if starts:
            self.starts += [tensor.grad_fn for tensor in _tensors(args[:1]) if tensor.grad_fn is not None]
        recording = torch.is_grad_enabled()
        before = [(tensor.requires_grad, tensor.grad_fn) for tensor in taken]
        result = func(*args, **kwargs)
        given = [*_tensors((result,))]
        if name not in _STARTS and given:
            self.calls.append(_Call(name, taken, given, recording, before))
            for tensor in given:
                for node in _reached(tensor.grad_fn, self.saved):
                    self.saved[node] = [*_saved(node)]
        return result


def graphed(script: Script) -> Graph:
    """Return what autograd records of a script, an empty graph if that is nothing, or too much to look at."""
    with _Watch() as watch:
        ran = script.run()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _Graph(watch, _names(ran))
    if not any(node.kind in ("operation", "cut") for node in found.nodes) or len(found.nodes) > MOST_NODES:
        return Graph()
    return found.made()


class _Graph:
    """Puts nodes together, each when its inputs have been."""

    def __init__(self, watch: _Watch, names: Mapping[int, tuple[str, torch.Tensor]]) -> None:
        self._watch = watch
        self._names = names
        self.nodes: list[Node] = []
        self._edges: dict[tuple[int, int, str], None] = {}
        self._numbers: dict[Any, int] = {}
        self._kept: list[Any] = []
        """What the numbers are of, lest another object come to be known by the same id."""
        for call in watch.calls:
            self._add_call(call)
        for _, tensor in names.values():
            if tensor.requires_grad and tensor.layout is torch.strided:
                self._operation(tensor.grad_fn) if tensor.grad_fn is not None else self._tensor(tensor)

    def made(self) -> Graph:
        """Return the graph, without constants that nothing was made of."""
        ends = {number for edge in self._edges for number in edge[:2]}
        kept = [at for at, node in enumerate(self.nodes) if at in ends or node.kind in ("operation", "leaf")]
        place = {at: number for number, at in enumerate(kept)}
        edges = tuple(
            Edge(place[start], place[end], cut) for start, end, cut in self._edges if {start, end} <= {*kept}
        )
        return Graph(tuple(self.nodes[at] for at in kept), edges)

    def _add_call(self, call: _Call) -> None:
        for tensor in call.given:
            if tensor.grad_fn is not None:
                end = self._operation(tensor.grad_fn)
                for taken, (required, _) in zip(call.taken, call.before, strict=True):
                    if not required and taken is not tensor:
                        self._connect(self._tensor(taken), end)
                continue
            if any(tensor is taken for taken in call.taken) and not call.name.startswith("detach"):
                continue
            cut = _cut_by(call)
            for taken, (required, node) in zip(call.taken, call.before, strict=True):
                if not cut or not required or self._nameless(tensor):
                    continue
                start = self._operation(node) if node is not None else self._tensor(taken)
                if tensor is taken:  # detach_: what was made goes on as a leaf
                    self._forget(tensor)
                self._connect(start, self._tensor(tensor, cut=True), cut)

    def _nameless(self, tensor: torch.Tensor) -> bool:
        """Return whether nothing names a tensor and no operation takes it."""
        used = any(
            tensor is taken
            for call in self._watch.calls
            for taken in call.taken
            if any(given.grad_fn is not None for given in call.given)
        )
        return not used and id(tensor) not in self._names

    def _operation(self, node: Any) -> int:
        """Return the number of a node of autograd's, whose inputs come before it."""
        if (known := self._numbers.get(node)) is not None:
            return known
        if hasattr(node, "variable"):
            return self._tensor(node.variable, key=node)
        inputs = [self._operation(before) for before, _ in node.next_functions if before is not None]
        kind = node.name()
        says = [kind] if kind.rstrip("0123456789").endswith("Backward") else []
        for name, tensor in self._watch.saved.get(node, []):
            says.append(f"saves {name} = {self._named(node, tensor)}")
        outputs = [(name, tensor) for name, tensor in self._names.values() if tensor.grad_fn is node]
        for _, tensor in outputs:
            if tensor.retains_grad and tensor.grad is not None:
                says.append(f".grad is {_elements(tensor.grad)}")
        if any(start is node for start in self._watch.starts):
            says.append("backward starts here")
        name = ", ".join(name for name, _ in outputs)
        number = self._put(node, Node("operation", name, _operation_of(kind), tuple(says)))
        for start in inputs:
            self._connect(start, number)
        return number

    def _tensor(self, tensor: torch.Tensor, *, cut: bool = False, key: Any = None) -> int:
        """Return the number of a tensor that no operation made: a leaf, a constant, or what was cut off."""
        if (known := self._numbers.get(id(tensor))) is not None:
            return known
        kind = "cut" if cut else "leaf" if tensor.requires_grad else "constant"
        says = []
        if tensor.is_leaf and (tensor.requires_grad or tensor.grad is not None):
            says.append(f".grad is {_elements(tensor.grad)}")
        name, _ = self._names.get(id(tensor), ("", tensor))
        number = self._put(tensor, Node(kind, name, _elements(tensor), tuple(says)))
        if key is not None:
            self._numbers[key] = number
        return number

    def _put(self, of: Any, node: Node) -> int:
        self._kept.append(of)
        self._numbers[id(of) if isinstance(of, torch.Tensor) else of] = len(self.nodes)
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _forget(self, tensor: torch.Tensor) -> None:
        self._numbers.pop(id(tensor), None)

    def _connect(self, start: int, end: int, cut: str = "") -> None:
        if start != end:
            self._edges[start, end, cut] = None

    def _named(self, node: Any, saved: torch.Tensor) -> str:
        """Return what a tensor that is saved is called in an example, or what is in it.

        Tensors that share memory are told apart by which of them the operation took or gave.
        """
        near = [tensor for call in self._watch.calls if call.made(node) for tensor in call.tensors]
        for tensor in (*near, *[tensor for _, tensor in self._names.values()]):
            if id(tensor) in self._names and _is_same(tensor, saved):
                return self._names[id(tensor)][0]
        return _elements(saved)


def _is_same(one: torch.Tensor, other: torch.Tensor) -> bool:
    places = [(each.data_ptr(), each.shape, each.stride()) for each in (one, other)]
    return places[0] == places[1] and one.numel() > 0


def _reached(node: Any, known: Mapping[Any, Any]) -> Iterator[Any]:
    """Yield the nodes behind one that are not known yet."""
    waiting, seen = [node], set()
    while waiting:
        found = waiting.pop()
        if found is None or found in known or found in seen:
            continue
        seen.add(found)
        yield found
        waiting += [before for before, _ in found.next_functions]


def _saved(node: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors that a node saves for backward, by the names that torch has for them."""
    for name in dir(node):
        if name.startswith("_saved_"):
            try:
                value = getattr(node, name)
            except (RuntimeError, AttributeError):  # freed, or not to be had from Python
                continue
            for tensor in _tensors((value,)):
                yield name.removeprefix("_saved_"), tensor


def _cut_by(call: _Call) -> str:
    """Return what keeps the result of a call off the graph, the empty text if nothing does."""
    if call.name in ("detach", "detach_", "data"):
        return call.name if call.name != "data" else ".data"
    computed = any(tensor.is_floating_point() or tensor.is_complex() for tensor in call.given)
    return "no_grad" if not call.recording and computed else ""


def _called(func: Callable[..., Any]) -> str:
    """Return what a function of torch's is called; of a property that is read, its name."""
    name = getattr(func, "__name__", "")
    if name == "__get__":
        return getattr(getattr(func, "__self__", None), "__name__", "")
    return name


def _of_the_example(frame: Any) -> bool:
    """Return whether the example itself calls, not the suite that looks at what it prints."""
    while frame is not None and frame.f_code.co_filename.startswith(_TORCH):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename == EXAMPLE


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)


def _names(ran: Ran) -> dict[int, tuple[str, torch.Tensor]]:
    """Return the tensors that an example names, alone or in a tuple, by their ids; the first name counts."""
    found: dict[int, tuple[str, torch.Tensor]] = {}
    for name, value in ran.names.items():
        if name.startswith("_"):
            continue
        parts = value if isinstance(value, (tuple, list)) else (value,)
        for at, part in enumerate(parts):
            if isinstance(part, torch.Tensor):
                found.setdefault(id(part), (name if part is value else f"{name}[{at}]", part))
    return found


def _elements(tensor: torch.Tensor | None) -> str:
    """Return the elements of a small tensor, of a larger one its shape."""
    if tensor is None:
        return "None"
    if tensor.layout is not torch.strided or tensor.numel() > MOST_ELEMENTS:
        return f"of shape {tuple(tensor.shape)}"
    cells = tuple(written(value) for value in tensor.detach().cpu().resolve_conj().reshape(-1).tolist())
    return nested(cells, tuple(tensor.shape)) if cells else f"of shape {tuple(tensor.shape)}"


def _operation_of(kind: str) -> str:
    """Return the operation that a node is the backward of, as torch's functions are called."""
    name = re.sub(r"(Backward)?\d*$", "", kind)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
