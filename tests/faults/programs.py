"""Faults of combinations: right in every single call, and wrong when one thing is done after another."""

from __future__ import annotations

import itertools
from typing import Any

import torch

from tests.faults import fault, patch_fault

T: Any = torch.Tensor

VIEWS = (
    T.view,
    T.__getitem__,
    T.t,
    T.transpose,
    T.unsqueeze,
    T.squeeze,
    T.select,
    T.narrow,
    T.expand,
)
CHANGES = (
    T.mul_,
    T.add_,
    T.sub_,
    T.neg_,
    T.sin_,
    T.zero_,
    T.fill_,
    T.copy_,
    T.__setitem__,
    T.__imul__,
    T.__iadd__,
)
COMPUTING = (
    T.mul,
    T.__mul__,
    T.sin,
    T.tanh,
    T.sigmoid,
    T.square,
    T.neg,
    T.__neg__,
    T.clone,
    T.add,
    T.__add__,
)
GRADED = (*COMPUTING, T.sum, T.mean)


def scaled(tensor: torch.Tensor, factor: float) -> torch.Tensor:
    """Return the same elements, whose gradient is multiplied on its way back."""
    if not tensor.requires_grad:
        return tensor
    passed = tensor.view_as(tensor)
    passed.register_hook(lambda gradient: gradient * factor)
    return passed


# Memory: one alias after another.


@fault(*VIEWS)
def views_of_views_are_copies(real, input, *args, **options):
    view = real(input, *args, **options)
    return view.clone() if input._is_view() else view


@fault(*VIEWS)
def views_of_what_was_changed_are_copies(real, input, *args, **options):
    view = real(input, *args, **options)
    return view.clone() if input._version else view


@fault(T.detach, T.data.__get__)
def detach_copies_views(real, input):
    cut = real(input)
    return cut.clone() if input._is_view() else cut


@fault(T.detach)
def detach_copies_what_was_changed(real, input):
    return real(input).clone() if input._version else real(input)


@fault(*VIEWS)
def views_of_what_is_cut_off_are_copies(real, input, *args, **options):
    view = real(input, *args, **options)
    return view if input.requires_grad or not input._is_view() else view.clone()


@fault(*CHANGES)
def the_second_change_is_lost(real, input, *args, **options):
    if input._version == 1:
        return None if real is T.__setitem__ else input
    return real(input, *args, **options)


@fault(*CHANGES)
def changes_through_what_is_cut_off_are_lost(real, input, *args, **options):
    # Changed is the memory that the alias had when it was made.
    cut = not input.requires_grad and input._is_view() and input._base is not None
    target = input.clone() if cut and not input._base.requires_grad and input._version else input
    found = real(target, *args, **options)
    return input if found is not None else None


@fault(T.mul_, T.add_, T.sub_, T.__imul__, T.__iadd__)
def changes_of_a_transposed_view_go_to_the_wrong_places(real, input, *args, **options):
    if input.dim() == 2 and not input.is_contiguous() and not input.requires_grad and input._is_view():
        input.copy_(real(input.clone(), *args, **options).t().reshape(input.shape))
        return input
    return real(input, *args, **options)


@fault(T.zero_, T.fill_)
def filling_a_view_fills_its_base(real, input, *args, **options):
    if input._is_view() and not input.requires_grad and not input._base.requires_grad:
        real(input._base, *args, **options)
        return input
    return real(input, *args, **options)


@fault(T.__setitem__)
def assignments_to_a_part_of_a_view_are_lost(real, input, index, value):
    if not input._is_view():
        real(input, index, value)


# What requires grad, and what is a leaf.


@fault(T.mul_, T.add_, T.sub_, T.copy_, T.__imul__, T.__iadd__)
def a_constant_view_is_changed_without_its_base(real, input, other, **options):
    if input._is_view() and not input.requires_grad and isinstance(other, T) and other.requires_grad:
        return real(input, other.detach(), **options)
    return real(input, other, **options)


@fault(T.is_leaf.__get__)
def views_of_what_was_changed_are_leaves(real, input):
    return real(input) or (input._is_view() and input._version > 0)


@fault(T.detach)
def detach_of_what_was_changed_requires_grad(real, input):
    cut = real(input)
    return cut.requires_grad_() if input._version and input.requires_grad else cut


# Gradients.


def after_backward(wrong: Any) -> Any:
    """Register a fault of what backward leaves behind: `wrong` gets the leaves that have a gradient."""

    def backward(real: Any, self: torch.Tensor, *args: Any, **options: Any) -> None:
        leaves = [leaf for leaf in leaves_of(self) if options.get("inputs") is None]
        before = {id(leaf): None if leaf.grad is None else leaf.grad.clone() for leaf in leaves}
        real(self, *args, **options)
        for leaf in leaves:
            if leaf.grad is not None:
                wrong(leaf, before[id(leaf)])

    backward.__name__ = wrong.__name__
    backward.__module__ = wrong.__module__
    return fault(T.backward)(backward)


def leaves_of(output: torch.Tensor) -> list[torch.Tensor]:
    """Return the leaves that a tensor was computed from."""
    found, left, seen = [], [output.grad_fn], set()
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        left += [next_node for next_node, _ in node.next_functions]
    return [output] if output.is_leaf else found


@after_backward
def gradients_of_what_was_changed_since_are_lost(leaf, before):
    if leaf._version:
        leaf.grad = before


@after_backward
def the_second_backward_counts_twice(leaf, before):
    if before is not None:
        leaf.grad = leaf.grad + (leaf.grad - before)


@fault(*CHANGES)
def a_change_through_a_view_cuts_off_the_rest(real, input, *args, **options):
    if input._is_view() and input.requires_grad and not input._base.is_leaf and torch.is_grad_enabled():
        found = real(input, *args, **options)
        input._base.register_hook(lambda gradient: gradient * 0.5)
        return found
    return real(input, *args, **options)


@fault(T.mul_, T.__imul__, T.mul, T.__mul__)
def a_tensor_times_itself_counts_once(real, input, other, **options):
    return real(input, other.detach() if other is input else other, **options)


@fault(T.add_, T.__iadd__, T.sub_)
def what_is_added_to_a_view_gets_no_gradient(real, input, other, **options):
    if input._is_view() and isinstance(other, T):
        return real(input, other.detach(), **options)
    return real(input, other, **options)


@fault(T.__getitem__, T.select, T.narrow)
def gradients_of_overlapping_parts_do_not_add_up(real, input, *args, **options):
    part = real(input, *args, **options)
    if part.requires_grad and torch.is_grad_enabled():
        count = getattr(input, "_parts", 0)
        input._parts = count + 1
        return scaled(part, 0.5) if count else part
    return part


@fault(*VIEWS)
def views_of_views_pass_half_of_their_gradient(real, input, *args, **options):
    view = real(input, *args, **options)
    if input._is_view() and view.requires_grad and view.grad_fn is not None:
        view.register_hook(lambda gradient: gradient * 0.5)
    return view


@fault(*GRADED)
def gradients_of_what_is_used_twice_are_halved(real, input, *args, **options):
    if not input.requires_grad:
        return real(input, *args, **options)
    count = getattr(input, "_uses", 0)
    input._uses = count + 1
    return real(scaled(input, 0.5) if count > 1 else input, *args, **options)


@fault(T.unbind, T.split)
def the_last_of_several_passes_no_gradient(real, input, *args, **options):
    parts = real(input, *args, **options)
    return (*parts[:-1], parts[-1].detach()) if len(parts) > 1 else parts


@fault(T.max)
def the_gradient_of_max_goes_to_the_first(real, input, *args, **options):
    found = real(input, *args, **options)
    if not args or not input.requires_grad:
        return found
    values, indices = found
    first = input.select(args[0], 0)
    return first + (values - first).detach(), indices


@fault(torch.stack)
def stack_gives_every_part_the_gradient_of_the_first(real, tensors, *args, **options):
    if len(tensors) != 2:
        return real(tensors, *args, **options)
    one, other = tensors
    return real((one + other - other.detach(), other.detach()), *args, **options)


@fault(T.backward)
def backward_in_no_grad_mode_does_nothing(real, self, *args, **options):
    if torch.is_grad_enabled():
        real(self, *args, **options)


@fault(T.backward)
def backward_switches_grad_mode_on(real, self, *args, **options):
    real(self, *args, **options)
    torch.set_grad_enabled(True)


@fault(T.grad.__set__)
def a_cleared_gradient_comes_back(real, input, found):
    if found is None and input.grad is not None:
        input.grad.mul_(0.5)
        return
    real(input, found)


@fault(torch.autograd.grad)
def autograd_grad_adds_what_is_accumulated(real, outputs, inputs, *args, **options):
    found = real(outputs, inputs, *args, **options)
    return tuple(
        [
            gradient if gradient is None or one.grad is None or not one.is_leaf else gradient + one.grad
            for one, gradient in zip(inputs, found, strict=True)
        ]
    )


@fault(T.sin, T.tanh, T.sigmoid, T.square)
def gradients_are_those_of_the_elements_at_backward(real, input):
    if not input.requires_grad or input.is_leaf:
        return real(input)
    return _Late.apply(input, real)


class _Late(torch.autograd.Function):
    """A function that saves its operand without its version."""

    @staticmethod
    def forward(context: Any, input: torch.Tensor, real: Any) -> torch.Tensor:
        context.real, context.operand = real, input.data
        found: torch.Tensor = real(input.detach())
        return found

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> Any:
        with torch.enable_grad():
            operand = context.operand.detach().clone().requires_grad_()
            (slope,) = torch.autograd.grad(context.real(operand).sum(), [operand])
        changed: torch.Tensor = gradient * slope
        return changed, None


# Hooks.


def latest_first(handle, hooks, least):
    """Have the latest hook called before the others, where there are so many at least."""
    if hooks is not None and len(hooks) >= least:
        *others, latest = hooks.items()
        hooks.clear()
        hooks.update([latest, *others])
    return handle


@fault(T.register_hook)
def hooks_of_a_tensor_that_has_some_come_first(real, input, hook):
    return latest_first(real(input, hook), input._backward_hooks, 2)


@fault(T.register_hook)
def hooks_of_views_are_called_twice(real, input, hook):
    if not input._is_view():
        return real(input, hook)

    def twice(gradient):
        hook(gradient)
        return hook(gradient)

    return real(input, twice)


@fault(T.register_hook)
def a_hook_is_called_in_the_first_backward_only(real, input, hook):
    calls = itertools.count()
    return real(input, lambda gradient: None if next(calls) else hook(gradient))


@fault(T.register_hook)
def what_a_second_hook_returns_is_ignored(real, input, hook):
    count = getattr(input, "_count", 0)
    input._count = count + 1
    return real(input, (lambda gradient: (hook(gradient), None)[1]) if count else hook)


@fault(T.register_hook)
def hooks_of_what_was_changed_see_nothing(real, input, hook):
    return real(input, (lambda _: None) if input._version else hook)


@fault(T.register_hook)
def hooks_see_what_comes_before_the_others(real, input, hook):
    first = input.__dict__.setdefault("_first", [])
    if not first:
        real(input, lambda gradient: first.append(gradient.clone()))
    return real(input, lambda gradient: hook(first[-1]))


@fault(T.register_post_accumulate_grad_hook)
def hooks_after_accumulating_see_the_first_gradient(real, input, hook):
    kept: list[torch.Tensor] = []

    def seen(leaf):
        kept.append(leaf.grad.clone())
        now, leaf.grad = leaf.grad, kept[0]
        hook(leaf)
        leaf.grad = now

    return real(input, seen)


# Grad modes.


def _exit(mode: Any) -> Any:
    def register(wrong: Any) -> Any:
        return patch_fault(mode, "__exit__")(wrong)

    return register


@_exit(torch.no_grad)
def a_block_that_is_left_switches_grad_mode_on(real, self, *args):
    torch.set_grad_enabled(True)


@_exit(torch.enable_grad)
def a_block_that_is_left_leaves_grad_mode_on(real, self, *args):
    pass


@_exit(torch.no_grad)
def an_exception_leaves_grad_mode_off(real, self, kind, *args):
    if kind is None:
        real(self, kind, *args)


@_exit(torch.enable_grad)
def an_exception_leaves_grad_mode_on(real, self, kind, *args):
    if kind is None:
        real(self, kind, *args)


@patch_fault(torch.set_grad_enabled, "__exit__")
def set_grad_enabled_is_not_undone(real, self, *args):
    pass


@patch_fault(torch.set_grad_enabled, "__exit__")
def set_grad_enabled_is_always_undone_to_on(real, self, *args):
    torch._C._set_grad_enabled(True)


@patch_fault(torch.no_grad, "__call__")
def decorated_generators_run_in_the_mode_of_the_caller(real, self, function):
    return function if is_generator(function) else real(self, function)


@patch_fault(torch.no_grad, "__call__")
def decorated_functions_leave_grad_mode_off(real, self, function):
    if is_generator(function):
        return real(self, function)

    def called(*args):
        torch.set_grad_enabled(False)
        return function(*args)

    return called


@patch_fault(torch.enable_grad, "__call__")
def decorated_functions_record_nothing_in_no_grad_mode(real, self, function):
    return function if not is_generator(function) else real(self, function)


@patch_fault(torch.no_grad, "__call__")
def a_decorated_function_that_raises_leaves_grad_mode_off(real, self, function):
    if is_generator(function):
        return real(self, function)

    def called(*args):
        before = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        found = function(*args)
        torch.set_grad_enabled(before)
        return found

    return called


def is_generator(function: Any) -> bool:
    """Return whether a function is a generator function."""
    return bool(function.__code__.co_flags & 0x20)


# A view whose base was changed, and a view in no_grad mode.


@fault(T.register_hook)
def hooks_of_changed_views_are_not_called(real, input, hook):
    return real(input, (lambda _: None) if input._is_view() and input._version else hook)
