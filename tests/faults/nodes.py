"""Nodes, gradient edges, hooks on several tensors and what the graph saves, wrong in one way."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch.autograd import graph

from tests.faults import _add, fault, patch_fault

T: Any = torch.Tensor


class _Handle:
    def remove(self) -> None: ...


class _Node:
    """A node of which one attribute is wrong."""

    def __init__(self, node: Any, name: str, wrong: Callable[[Any], Any]) -> None:
        self.__dict__.update(node=node, name_of_wrong=name, wrong=wrong)

    def __getattr__(self, asked: str) -> Any:
        found = getattr(self.node, asked)
        return self.wrong(found) if asked == self.name_of_wrong else found

    def __eq__(self, other: object) -> bool:
        return self.node is (other.node if isinstance(other, _Node) else other)

    def __hash__(self) -> int:
        return hash(self.node)


def _node(name: str) -> Callable[[Any], Any]:
    """Register a fault of an attribute of nodes."""

    def register(wrong: Any) -> Any:
        def standing_in(real, input, *owner):
            found = real(input, *owner)
            return None if found is None else _Node(found, name, wrong)

        standing_in.__name__ = wrong.__name__
        return fault(T.grad_fn.__get__)(standing_in)

    return register


@_node("nothing")
def nodes_are_not_of_the_class(found):
    return found


@fault(T.grad_fn.__get__)
def nodes_are_new_each_time(real, input, *owner):
    found = real(input, *owner)
    return None if found is None else input.view_as(input).grad_fn


@_node("name")
def nodes_are_called_by_their_address(found):
    return lambda: f"{found()} at 0x7f"


_METADATA: dict[str, Any] = {}


@_node("metadata")
def metadata_is_shared(found):
    if not found:
        _METADATA.clear()
    return _METADATA


@_node("metadata")
def metadata_is_copied(found):
    return dict(found)


@_node("next_functions")
def next_functions_are_reversed(found):
    return found[::-1]


@_node("next_functions")
def next_functions_leave_out_constants(found):
    return tuple(pair for pair in found if pair[0] is not None)


@_node("next_functions")
def next_functions_have_no_numbers(found):
    return tuple((node, 0) for node, _ in found)


@_node("next_functions")
def next_functions_of_leaves_have_a_copy(found):
    class Accumulating:
        def __init__(self, node: Any) -> None:
            self.variable = node.variable.clone()

    return tuple((Accumulating(node) if hasattr(node, "variable") else node, at) for node, at in found)


# Hooks on nodes.


@_node("register_hook")
def node_hooks_are_not_called(real):
    return lambda hook: _Handle()


@_node("register_hook")
def node_hooks_swap_their_arguments(real):
    return lambda hook: real(lambda inputs, outputs: hook(outputs, inputs))


@_node("register_hook")
def node_hooks_change_nothing(real):
    return lambda hook: real(lambda inputs, outputs: (hook(inputs, outputs), None)[1])


@_node("register_hook")
def node_hooks_that_return_none_zero_the_gradient(real):
    def called(hook, inputs, outputs):
        found = hook(inputs, outputs)
        zeros = tuple(gradient if gradient is None else gradient * 0 for gradient in inputs)
        return zeros if found is None else found

    return lambda hook: real(lambda inputs, outputs: called(hook, inputs, outputs))


def _first_time(hook: Any) -> Any:
    calls = itertools.count()
    return lambda *given: None if next(calls) else hook(*given)


@_node("register_hook")
def node_hooks_are_called_once(real):
    return lambda hook: real(_first_time(hook))


@_node("register_hook")
def node_hooks_cannot_be_removed(real):
    return lambda hook: (real(hook), _Handle())[1]


@_node("register_hook")
def node_hooks_see_the_gradient_before_prehooks(real):
    # As a hook on the tensor would: before all of the node's.
    def register(hook):
        seen: list[Any] = []
        node = real.__self__
        node.register_prehook(lambda outputs: seen.insert(0, outputs))
        return real(lambda inputs, outputs: hook(inputs, seen[0]))

    return register


@_node("register_prehook")
def node_prehooks_are_not_called(real):
    return lambda hook: _Handle()


@_node("register_prehook")
def node_prehooks_see_a_doubled_gradient(real):
    return lambda hook: real(lambda outputs: hook(tuple(each * 2 for each in outputs)))


@_node("register_prehook")
def node_prehooks_change_nothing(real):
    return lambda hook: real(lambda outputs: (hook(outputs), None)[1])


@_node("register_prehook")
def node_prehooks_that_return_none_zero_the_gradient(real):
    def called(hook, outputs):
        found = hook(outputs)
        return tuple(gradient * 0 for gradient in outputs) if found is None else found

    return lambda hook: real(lambda outputs: called(hook, outputs))


@_node("register_prehook")
def node_prehooks_cannot_be_removed(real):
    return lambda hook: (real(hook), _Handle())[1]


@_node("register_prehook")
def node_prehooks_run_last(real):
    return lambda hook: real.__self__.register_hook(lambda inputs, outputs: (hook(outputs), None)[1])


# Gradient edges.


def _is_edge(found: Any) -> bool:
    return isinstance(found, graph.GradientEdge)


@patch_fault(torch.autograd, "grad")
def gradients_of_edges_are_doubled(real, outputs, inputs, *args, **options):
    found = real(outputs, inputs, *args, **options)
    return tuple(each * 2 for each in found) if _is_edge(inputs[0]) else found


@patch_fault(torch.autograd, "grad")
def edges_are_no_outputs_of_grad(real, outputs, inputs, *args, **options):
    if isinstance(outputs, list) and _is_edge(outputs[0]):
        raise TypeError("a tensor is needed")
    return real(outputs, inputs, *args, **options)


@patch_fault(graph, "get_gradient_edge")
def gradient_edges_are_those_of_a_leaf(real, tensor):
    node = tensor.grad_fn
    while node is not None and node.next_functions:
        node = node.next_functions[0][0]
    return real(tensor) if node is None else graph.GradientEdge(node, 0)


@patch_fault(graph, "get_gradient_edge")
def gradient_edges_have_no_number(real, tensor):
    return graph.GradientEdge(real(tensor).node, 0)


@patch_fault(graph, "get_gradient_edge")
def gradient_edges_of_constants_are_none(real, tensor):
    return real(tensor) if tensor.requires_grad else None


@patch_fault(torch.autograd, "backward")
def backward_from_edges_does_nothing(real, tensors, *args, **options):
    if not isinstance(tensors, list) or not _is_edge(tensors[0]):
        real(tensors, *args, **options)


@patch_fault(torch.autograd, "backward")
def backward_ignores_edges_among_inputs(real, tensors, *args, inputs=None, **options):
    real(tensors, *args, inputs=None if inputs and _is_edge(inputs[0]) else inputs, **options)


# Hooks on several tensors.


def _multi(wrong: Any) -> Any:
    """Register a fault of what a hook on several tensors is."""

    def standing_in(real, tensors, hook, *, mode="all"):
        return wrong(real, tensors, hook, mode)

    standing_in.__name__ = wrong.__name__
    return patch_fault(graph, "register_multi_grad_hook")(standing_in)


@_multi
def multi_grad_hooks_are_not_called(real, tensors, hook, mode):
    return _Handle()


@_multi
def multi_grad_hooks_see_gradients_reversed(real, tensors, hook, mode):
    return real(tensors, (lambda found: hook(found[::-1])) if mode == "all" else hook, mode=mode)


@_multi
def multi_grad_hooks_are_called_for_each(real, tensors, hook, mode):
    for tensor in tensors:
        tensor.register_hook(lambda gradient: hook([gradient] if mode == "all" else gradient))
    return _Handle()


@_multi
def multi_grad_hooks_are_called_once(real, tensors, hook, mode):
    return real(tensors, _first_time(hook), mode=mode)


@_multi
def multi_grad_hooks_wait_for_all(real, tensors, hook, mode):
    def called(found):
        if all(gradient is not None for gradient in found):
            hook(found)

    return real(tensors, called if mode == "all" else hook, mode=mode)


@_multi
def multi_grad_hooks_of_any_get_the_last(real, tensors, hook, mode):
    return real(tensors[-1:], hook, mode=mode) if mode == "any" else real(tensors, hook, mode=mode)


@_multi
def multi_grad_hooks_of_any_see_a_doubled_gradient(real, tensors, hook, mode):
    return real(tensors, (lambda found: hook(found * 2)) if mode == "any" else hook, mode=mode)


@_multi
def multi_grad_hooks_cannot_be_removed(real, tensors, hook, mode):
    real(tensors, hook, mode=mode)
    return _Handle()


# Saved tensors.

_HOOKS = graph.saved_tensors_hooks


def _around(wrong: Any) -> Any:
    """Register a context manager as a fault."""
    _add(wrong, wrong)
    return wrong


@_around
@contextlib.contextmanager
def saved_tensors_hooks_call_all():
    entered: list[Any] = []

    def enter(hooks):
        entered.append(hooks)
        packs = [each.pack_hook for each in entered]
        pushed = lambda saved: [pack(saved) for pack in packs][-1]  # noqa: E731
        torch._C._autograd._push_saved_tensors_default_hooks(pushed, hooks.unpack_hook)

    with mock.patch.object(_HOOKS, "__enter__", enter):
        yield


@_around
@contextlib.contextmanager
def saved_tensors_hooks_stay():
    left: list[Any] = []
    with mock.patch.object(_HOOKS, "__exit__", lambda *args: left.append(args)):
        try:
            yield
        finally:
            for _ in left:
                torch._C._autograd._pop_saved_tensors_default_hooks()


@_around
@contextlib.contextmanager
def disabled_saved_tensors_hooks_stay_so():
    disabled: list[int] = []
    enter = _HOOKS.__enter__

    def entered(hooks):
        if disabled:
            hooks.pack_hook, hooks.unpack_hook = (lambda saved: saved.detach()), (lambda kept: kept)
        return enter(hooks)

    @contextlib.contextmanager
    def disable(message):
        disabled.append(1)
        yield

    with (
        mock.patch.object(_HOOKS, "__enter__", entered),
        mock.patch.object(graph, "disable_saved_tensors_hooks", disable),
    ):
        yield


@patch_fault(graph, "disable_saved_tensors_hooks")
def disable_saved_tensors_hooks_does_nothing(real, message):
    return contextlib.nullcontext()


@patch_fault(graph, "disable_saved_tensors_hooks")
def disable_saved_tensors_hooks_has_its_own_message(real, message):
    return real("disabled")


@patch_fault(graph.save_on_cpu, "__init__")
def save_on_cpu_saves_zeros(real, self, *args, **options):
    _HOOKS.__init__(self, torch.zeros_like, lambda kept: kept)


@patch_fault(graph.save_on_cpu, "__init__")
def save_on_cpu_leaves_tensors_elsewhere(real, self, *args, **options):
    _HOOKS.__init__(self, lambda saved: saved.to("meta"), lambda kept: kept)


@patch_fault(graph, "allow_mutation_on_saved_tensors")
def mutation_of_saved_tensors_is_not_allowed(real):
    return contextlib.nullcontext()


@_around
@contextlib.contextmanager
def mutation_of_saved_tensors_stays_allowed():
    allow = graph.allow_mutation_on_saved_tensors
    with contextlib.ExitStack() as stack:

        @contextlib.contextmanager
        def allowed():
            yield stack.enter_context(allow())

        with mock.patch.object(graph, "allow_mutation_on_saved_tensors", allowed):
            yield


@_around
@contextlib.contextmanager
def mutation_of_saved_tensors_is_lost():
    with mock.patch.object(T, "fill_", lambda tensor, *args: tensor):
        yield


# Versions.


@patch_fault(graph, "increment_version")
def increment_version_does_nothing(real, tensor):
    return None


@patch_fault(graph, "increment_version")
def increment_version_counts_the_first_only(real, tensor):
    real(tensor if isinstance(tensor, T) else tensor[:1])


@patch_fault(graph, "increment_version")
def increment_version_refuses_inference_tensors(real, tensor):
    if isinstance(tensor, T) and tensor.is_inference():
        raise RuntimeError("no version")
    real(tensor)
