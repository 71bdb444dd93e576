"""Faults of sequences: right for any two things that are done, and wrong for three one after another."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from tests.faults import fault, patch_fault
from tests.faults.histories import ARITHMETIC, noted, recorded
from tests.faults.programs import (
    CHANGES,
    GRADED,
    VIEWS,
    T,
    after_backward,
    is_generator,
    latest_first,
    leaves_of,
    scaled,
)

OPERANDS = (T.mul_, T.add_, T.sub_, T.copy_, T.__imul__, T.__iadd__)


def _depth(tensor: torch.Tensor) -> int:
    """Return how many views lie between a tensor and its base, as far as `_marked` has seen."""
    return int(tensor.__dict__.get("_depth", 1 if tensor._is_view() else 0))


def _marked(view: torch.Tensor, input: torch.Tensor) -> torch.Tensor:
    view.__dict__["_depth"] = _depth(input) + 1
    return view


def _same_memory(one: torch.Tensor, other: Any) -> bool:
    return (
        isinstance(other, T)
        and other is not one
        and other.untyped_storage().data_ptr() == one.untyped_storage().data_ptr()
    )


# Memory.


@fault(*VIEWS)
def the_third_view_in_a_row_is_a_copy(real, input, *args, **options):
    view = real(input, *args, **options)
    return view.clone() if _depth(input) > 1 else _marked(view, input)


@fault(*VIEWS, *CHANGES)
def a_change_through_a_view_of_a_view_of_what_was_changed_is_lost(real, input, *args, **options):
    if real in CHANGES:
        lost = _depth(input) > 1 and input._version > 0
        if lost:
            return None if real is T.__setitem__ else input
        return real(input, *args, **options)
    return _marked(real(input, *args, **options), input)


@fault(*OPERANDS, *VIEWS, T.detach, T.data.__get__)
def an_alias_of_what_is_changed_is_read_as_it_was_made(real, input, *args, **options):
    if real not in OPERANDS:
        view = real(input, *args, **options)
        view.__dict__["_first"] = view.clone().detach()
        return view
    (other,) = args
    first = other.__dict__.get("_first") if _same_memory(input, other) else None
    if first is not None:
        other = other + (first - other).detach()
    return real(input, other, **options)


@fault(*OPERANDS)
def a_change_by_its_own_alias_is_lost(real, input, other, **options):
    return input if _same_memory(input, other) and input._is_view() else real(input, other, **options)


@fault(*OPERANDS)
def a_change_by_its_own_alias_leaves_the_version(real, input, other, **options):
    if not _same_memory(input, other):
        return real(input, other, **options)
    version = input._version
    found = real(input, other, **options)
    torch._C._autograd._unsafe_set_version_counter((input,), (version,))
    return found


@fault(T.detach, T.data.__get__, *CHANGES)
def changes_through_what_is_cut_off_from_a_changed_view_are_lost(real, input, *args, **options):
    if real not in CHANGES:
        cut = real(input)
        cut.__dict__["_from_changed_view"] = input._is_view() and input._version > 0
        return cut
    if input.__dict__.get("_from_changed_view"):
        return None if real is T.__setitem__ else input
    return real(input, *args, **options)


@fault(*VIEWS)
def views_in_no_grad_mode_of_views_are_copies(real, input, *args, **options):
    view = real(input, *args, **options)
    return view.clone() if not torch.is_grad_enabled() and input._is_view() else view


@fault(T.zero_, T.fill_)
def filling_a_part_of_what_was_changed_fills_what_lies_between(real, input, *args, **options):
    gaps = input.dim() and input._is_view() and not input.is_contiguous() and input.numel() > 1
    if gaps and input._version > 0:
        start = input.storage_offset()
        last = start + sum((size - 1) * step for size, step in zip(input.shape, input.stride(), strict=True))
        real(input.data.as_strided((last - start + 1,), (1,)), *args, **options)
    return real(input, *args, **options)


@fault(T.unbind, T.split)
def parts_of_a_view_of_what_was_changed_are_copies(real, input, *args, **options):
    parts = real(input, *args, **options)
    return tuple([part.clone() for part in parts]) if input._is_view() and input._version else parts


# What requires grad, and what is a leaf.


@fault(T.requires_grad_, T.detach)
def what_is_cut_off_from_what_was_changed_stays_a_constant(real, input, *args):
    if real is T.detach:
        cut = real(input)
        cut.__dict__["_constant"] = input._version > 0
        return cut
    return input if input.__dict__.get("_constant") else real(input, *args)


@fault(T.requires_grad_, T.requires_grad.__set__, T.detach, T.data.__get__, *GRADED)
def what_is_cut_off_and_marked_again_passes_no_gradient(real, input, *args, **options):
    if real in GRADED:
        return real(input.detach() if input.__dict__.get("_again") else input, *args, **options)
    found = real(input, *args)
    if real in (T.detach, T.data.__get__):
        found.__dict__["_cut_off"] = True
    else:
        input.__dict__["_again"] = input.__dict__.get("_cut_off", False)
    return found


@fault(T.requires_grad.__get__)
def a_view_of_a_view_does_not_see_that_its_base_requires_grad(real, input):
    base = input._base
    if base is not None and input._version > 1 and input.dim() != base.dim() and not base.is_leaf:
        return False
    return real(input)


# Gradients.


@fault(*ARITHMETIC, T.copy_)
def what_a_view_of_a_view_is_changed_by_gets_no_gradient(real, input, other, **options):
    if input._is_view() and input._version > 0 and isinstance(other, T):
        return real(input, other.detach(), **options)
    return real(input, other, **options)


@fault(*ARITHMETIC, T.copy_)
def what_is_broadcast_to_a_view_gets_the_gradient_of_the_first(real, input, other, **options):
    if input._is_view() and isinstance(other, T) and recorded(other) and other.dim() < input.dim():
        passed = other.expand(input.shape)
        first = torch.zeros_like(passed.detach())
        first[0] = 1
        passed = passed * first + passed.detach() * (1 - first)
        return real(input, passed, **options)
    return real(input, other, **options)


@fault(T.__setitem__)
def what_is_assigned_to_a_view_gets_no_gradient(real, input, index, value):
    real(input, index, value.detach() if isinstance(value, T) and input._is_view() else value)


@fault(T.__setitem__)
def what_is_assigned_after_a_change_gets_no_gradient(real, input, index, value):
    real(input, index, value.detach() if isinstance(value, T) and input._version else value)


@fault(*CHANGES)
def the_second_recorded_change_through_a_view_passes_half_of_the_gradient(real, input, *args, **options):
    found = real(input, *args, **options)
    base = input._base
    if base is not None and recorded(input) and not base.is_leaf and noted(base, "_through") == 1:
        base.register_hook(lambda gradient: gradient * 0.5)
    return found


@fault(*GRADED, *CHANGES)
def gradients_of_a_view_are_lost_once_it_was_changed_in_no_grad_mode(real, input, *args, **options):
    base = input if input._base is None else input._base
    if real in CHANGES:
        base.__dict__["_quietly"] = base.__dict__.get("_quietly") or not torch.is_grad_enabled()
    elif input is not base and recorded(input) and base.__dict__.get("_quietly"):
        input = input.detach()
    return real(input, *args, **options)


@after_backward
def a_gradient_that_was_zeroed_in_place_takes_the_second_backward_only(leaf, before):
    if before is not None and not before.any() and noted(leaf, "_anew") == 0:
        leaf.grad = leaf.grad * 0


@after_backward
def a_leaf_that_was_used_before_it_was_changed_gets_its_gradient_twice(leaf, before):
    if leaf._version and before is not None:
        leaf.grad = leaf.grad + (leaf.grad - before)


@fault(T.backward, T.retain_grad)
def what_is_retained_is_that_of_the_first_backward(real, self, *args, **options):
    if real is T.retain_grad:
        real(self)
        _retaining.append(self)
        return
    before = [(one, one.grad) for one in _retaining if one.grad is not None]
    before = [(one, None if grad is None else grad.clone()) for one, grad in before]
    real(self, *args, **options)
    for one, grad in before:
        one.grad = grad


_retaining: list[torch.Tensor] = []


@fault(T.backward)
def a_backward_to_certain_inputs_after_another_reaches_the_others_too(
    real, self, *args, inputs=None, **options
):
    again = any(leaf.grad is not None for leaf in leaves_of(self))
    real(self, *args, inputs=None if again else inputs, **options)


@fault(T.sin, T.tanh, T.sigmoid, T.square)
def gradients_through_a_view_of_what_was_changed_are_negative(real, input):
    return real(scaled(input, -1.0) if recorded(input) and input._is_view() and input._version else input)


@fault(T.sum, T.mean)
def the_sum_of_an_expanded_view_of_a_view_passes_the_gradient_once(real, input, *args, **options):
    expanded = input._is_view() and 0 in input.stride() and input.numel() > 1
    if recorded(input) and expanded and not args and not options:
        return real(scaled(input, 1 / input.shape[0]), *args, **options)
    return real(input, *args, **options)


# Hooks.


@patch_fault(RemovableHandle, "remove")
def after_a_hook_is_removed_the_next_is_called_in_its_place(real, self):
    hooks = self.hooks_dict_ref()
    real(self)
    if hooks:
        first = next(iter(hooks))
        hooks[first] = lambda *_: None


@fault(T.register_hook)
def the_third_hook_is_called_first(real, input, hook):
    return latest_first(real(input, hook), input._backward_hooks, 3)


@fault(T.register_hook)
def what_the_third_hook_returns_is_ignored(real, input, hook):
    return real(input, hook if noted(input, "_hooks") < 2 else lambda gradient: (hook(gradient), None)[1])


@fault(T.register_hook)
def a_hook_that_replaces_in_a_later_backward_replaces_the_first_gradient(real, input, hook):
    first: list[torch.Tensor] = []

    def called(gradient):
        found = hook(gradient)
        if found is None:
            return None
        first.append(found)
        return first[0]

    return real(input, called)


@fault(T.register_hook)
def a_hook_of_what_is_retained_sees_what_was_retained_before(real, input, hook):
    def called(gradient):
        before = input.grad if input.retains_grad and not input.is_leaf else None
        return hook(gradient if before is None else gradient + before)

    return real(input, called)


@fault(T.register_hook)
def hooks_of_views_of_what_was_changed_are_called_once(real, input, hook):
    calls = itertools.count()
    if not input._is_view() and not input._version:
        return real(input, hook)
    return real(input, lambda gradient: None if next(calls) else hook(gradient))


@fault(T.register_hook)
def hooks_registered_after_a_backward_are_not_called(real, input, hook):
    return real(input, hook if not input.is_leaf or input.grad is None else lambda _: None)


@fault(T.register_post_accumulate_grad_hook)
def hooks_after_accumulating_are_lost_once_there_was_a_gradient(real, input, hook):
    return real(input, hook if input.grad is None else lambda _: None)


@fault(T.register_post_accumulate_grad_hook)
def the_second_hook_after_accumulating_sees_twice_the_gradient(real, input, hook):
    if not noted(input, "_after"):
        return real(input, hook)

    def seen(leaf):
        now = leaf.grad
        leaf.grad = now * 2
        hook(leaf)
        leaf.grad = now

    return real(input, seen)


# Grad modes.


@patch_fault(torch.no_grad, "__exit__")
def an_exception_in_an_inner_block_ends_the_outer_one(real, self, kind, *args):
    real(self, kind, *args)
    if kind is not None and not self.prev:
        torch._C._set_grad_enabled(True)


@patch_fault(torch.enable_grad, "__exit__")
def an_exception_in_enable_grad_within_no_grad_leaves_it_on(real, self, kind, *args):
    real(self, kind, *args)
    if kind is not None and not self.prev:
        torch._C._set_grad_enabled(True)


@patch_fault(torch.no_grad, "__exit__")
def what_is_set_within_a_block_outlives_it(real, self, *args):
    if torch.is_grad_enabled():
        return
    real(self, *args)


@patch_fault(torch.enable_grad, "__exit__")
def what_is_set_within_enable_grad_outlives_it(real, self, *args):
    if torch.is_grad_enabled():
        real(self, *args)


@patch_fault(torch.no_grad, "__call__")
def a_decorated_function_that_raises_in_a_block_ends_it(real, self, function):
    called = real(self, function)
    if is_generator(function):
        return called

    def ending(*args):
        before = torch.is_grad_enabled()
        try:
            return called(*args)
        except BaseException:
            if not before:
                torch._C._set_grad_enabled(True)
            raise

    return ending


@patch_fault(torch.no_grad, "__call__")
def decorated_generators_in_a_block_switch_grad_mode_on(real, self, function):
    called = real(self, function)
    if not is_generator(function):
        return called

    def generating(*args):
        yield from called(*args)
        torch._C._set_grad_enabled(True)

    return generating
