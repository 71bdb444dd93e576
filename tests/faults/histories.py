"""Faults of histories: right for a fresh tensor, and wrong for one to which something has been done."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from tests.faults import fault, patch_fault
from tests.faults.programs import CHANGES, COMPUTING, VIEWS, T, after_backward, is_generator, scaled

ARITHMETIC = (T.mul_, T.add_, T.sub_, T.__imul__, T.__iadd__)


def noted(tensor: torch.Tensor, name: str) -> int:
    """Return how often this was noted of a tensor before."""
    count = tensor.__dict__.get(name, 0)
    tensor.__dict__[name] = count + 1
    return int(count)


def recorded(tensor: torch.Tensor) -> bool:
    """Return whether what is done with a tensor is recorded."""
    return tensor.requires_grad and torch.is_grad_enabled()


# Memory.


@fault(*VIEWS)
def the_third_view_is_a_copy(real, input, *args, **options):
    view = real(input, *args, **options)
    return view.clone() if noted(input, "_viewed") == 2 else view


@fault(*CHANGES)
def the_third_change_is_lost(real, input, *args, **options):
    if input._version == 2:
        return None if real is T.__setitem__ else input
    return real(input, *args, **options)


@fault(T.clone)
def a_clone_of_what_was_changed_is_an_alias(real, input, **options):
    return input.view_as(input) if input._version else real(input, **options)


@fault(T.detach, T.data.__get__)
def what_is_cut_off_twice_is_a_copy(real, input):
    cut = real(input)
    if noted(input, "_cut"):
        return cut.clone()
    cut._cut = 1
    return cut


@fault(*CHANGES, *COMPUTING, T.sum, T.mean)
def a_base_is_read_as_it_was_before_its_view_was_changed(real, input, *args, **options):
    if real in CHANGES and input._is_view() and input._base is not None:
        input._base.__dict__["_stale"] = input._base.detach().clone()
    stale = input.__dict__.pop("_stale", None)
    if real not in CHANGES and stale is not None and not recorded(input):
        return real(stale, *args, **options)
    return real(input, *args, **options)


@fault(T.unbind, T.split)
def parts_of_what_was_changed_are_copies(real, input, *args, **options):
    parts = real(input, *args, **options)
    return tuple([part.clone() for part in parts]) if input._version else parts


@fault(*ARITHMETIC)
def a_change_in_no_grad_mode_leaves_the_version(real, input, *args, **options):
    if torch.is_grad_enabled() or not input._is_view():
        return real(input, *args, **options)
    version = input._version
    found = real(input, *args, **options)
    torch._C._autograd._unsafe_set_version_counter((input,), (version,))
    return found


# What requires grad, and what is a leaf.


@fault(T.requires_grad_)
def requires_grad_is_not_set_in_no_grad_mode(real, input, *args, **options):
    return real(input, *args, **options) if torch.is_grad_enabled() else input


@fault(*COMPUTING)
def results_in_a_nested_mode_require_grad(real, input, *args, **options):
    found = real(input, *args, **options)
    if input.requires_grad and not torch.is_grad_enabled() and not input.is_leaf:
        return found.requires_grad_()
    return found


@fault(T.is_leaf.__get__)
def what_is_cut_off_from_a_view_is_no_leaf(real, input):
    return real(input) and not (not input.requires_grad and input._is_view() and input._version)


# Gradients.


@fault(T.copy_)
def what_is_copied_over_keeps_its_gradient(real, input, other, **options):
    if recorded(input) and isinstance(other, T) and not input.is_leaf:
        return input.add_(other - input.detach())
    return real(input, other, **options)


@fault(T.square, T.sin, T.tanh, T.sigmoid)
def the_gradient_of_what_was_changed_is_that_of_its_negative(real, input):
    return real(scaled(input, -1.0) if recorded(input) and input._version else input)


@fault(torch.stack)
def a_tensor_that_is_stacked_twice_gets_half(real, tensors, *args, **options):
    if len(tensors) == 2 and tensors[0] is tensors[1]:
        return real((tensors[0], tensors[1].detach()), *args, **options)
    return real(tensors, *args, **options)


@after_backward
def leaves_with_equal_gradients_share_one(leaf, before):
    known = _latest.get("gradient")
    if known is not None and known.shape == leaf.grad.shape and torch.equal(known, leaf.grad):
        leaf.grad = known
    _latest["gradient"] = leaf.grad


_latest: dict[str, Any] = {}


@after_backward
def the_third_backward_starts_anew(leaf, before):
    if noted(leaf, "_backwards") == 2 and before is not None:
        leaf.grad = leaf.grad - before


@after_backward
def a_gradient_that_was_replaced_is_added_to_the_old_one(leaf, before):
    old = leaf.__dict__.get("_old")
    if before is None and old is not None and old.shape == leaf.grad.shape:
        leaf.grad = leaf.grad + old
    leaf.__dict__["_old"] = leaf.grad.clone()


@fault(T.retain_grad)
def what_was_changed_retains_no_gradient(real, input):
    if not input._version:
        real(input)


@fault(T.retain_grad)
def what_has_hooks_retains_no_gradient(real, input):
    if not input._backward_hooks:
        real(input)


@fault(T.requires_grad_)
def a_leaf_that_stops_requiring_grad_loses_its_gradient(real, input, *args, **options):
    if args and not args[0]:
        input.grad = None
    return real(input, *args, **options)


@fault(torch.autograd.grad)
def autograd_grad_calls_no_hooks_of_leaves(real, outputs, inputs, *args, **options):
    kept = [(one, dict(one._backward_hooks or {})) for one in inputs if one.is_leaf]
    for one, _ in kept:
        if one._backward_hooks:
            one._backward_hooks.clear()
    found = real(outputs, inputs, *args, **options)
    for one, hooks in kept:
        if hooks:
            one._backward_hooks.update(hooks)
    return found


@fault(T.backward)
def backward_to_certain_inputs_loses_what_they_had(real, self, *args, inputs=None, **options):
    for one in [inputs] if isinstance(inputs, T) else inputs or ():
        one.grad = None
    real(self, *args, inputs=inputs, **options)


@fault(T.backward)
def backward_of_what_has_several_outputs_counts_them(real, self, *args, **options):
    node = self.grad_fn
    several = node is not None and any(each and "Unbind" in each.name() for each, _ in node.next_functions)
    real(scaled(self, 2.0) if several else self, *args, **options)


# Hooks.


@patch_fault(RemovableHandle, "remove")
def removing_a_hook_removes_the_others(real, self):
    hooks = self.hooks_dict_ref()
    if hooks:
        hooks.clear()
    real(self)


@patch_fault(RemovableHandle, "remove")
def only_the_latest_hook_can_be_removed(real, self):
    hooks = self.hooks_dict_ref()
    if not hooks or self.id == max(hooks):
        real(self)


@fault(T.register_hook)
def hooks_registered_in_no_grad_mode_are_ignored(real, input, hook):
    return real(input, hook if torch.is_grad_enabled() else lambda _: None)


@fault(T.register_hook)
def what_a_hook_of_a_view_returns_is_ignored(real, input, hook):
    return real(input, (lambda gradient: (hook(gradient), None)[1]) if input._is_view() else hook)


@fault(T.register_hook)
def a_hook_that_replaces_does_so_once(real, input, hook):
    calls = itertools.count()

    def called(gradient):
        found = hook(gradient)
        return None if next(calls) else found

    return real(input, called)


@fault(T.register_hook)
def hooks_of_leaves_see_what_is_accumulated(real, input, hook):
    def called(gradient):
        return hook(gradient if not input.is_leaf or input.grad is None else gradient + input.grad)

    return real(input, called)


@fault(T.register_post_accumulate_grad_hook)
def hooks_after_accumulating_are_called_once_per_leaf(real, input, hook):
    calls = itertools.count()
    return real(input, lambda leaf: None if next(calls) else hook(leaf))


# Grad modes.


@patch_fault(torch.no_grad, "__exit__")
def the_end_of_an_inner_block_ends_the_outer_one(real, self, *args):
    real(self, *args)
    if not self.prev:
        torch._C._set_grad_enabled(True)


@patch_fault(torch.enable_grad, "__exit__")
def leaving_enable_grad_switches_grad_mode_off(real, self, *args):
    torch._C._set_grad_enabled(False)


@patch_fault(torch.enable_grad, "__enter__")
def enable_grad_within_no_grad_is_ignored(real, self):
    before = torch.is_grad_enabled()
    real(self)
    torch._C._set_grad_enabled(before)


@patch_fault(torch.no_grad, "__call__")
def decorated_functions_switch_grad_mode_on(real, self, function):
    return _switching_on(real(self, function), function)


@patch_fault(torch.enable_grad, "__call__")
def decorated_functions_leave_grad_mode_on(real, self, function):
    return _switching_on(real(self, function), function)


def _switching_on(called: Any, function: Any) -> Any:
    if is_generator(function):
        return called

    def switching(*args):
        found = called(*args)
        torch.set_grad_enabled(True)
        return found

    return switching


@patch_fault(torch.enable_grad, "__call__")
def a_decorated_function_that_raises_leaves_grad_mode_on(real, self, function):
    called = real(self, function)
    if is_generator(function):
        return called

    def leaving(*args):
        try:
            return called(*args)
        except BaseException:
            torch.set_grad_enabled(True)
            raise

    return leaving


@patch_fault(torch.enable_grad, "__call__")
def decorated_generators_record_nothing_in_no_grad_mode(real, self, function):
    return function if is_generator(function) else real(self, function)


@patch_fault(torch.no_grad, "__call__")
def decorated_generators_leave_grad_mode_off(real, self, function):
    return _generating(real(self, function), function, enabled=False)


@patch_fault(torch.enable_grad, "__call__")
def decorated_generators_leave_grad_mode_on(real, self, function):
    return _generating(real(self, function), function, enabled=True)


def _generating(called: Any, function: Any, *, enabled: bool) -> Any:
    if not is_generator(function):
        return called

    def generating(*args):
        yield from called(*args)
        torch.set_grad_enabled(enabled)

    return generating
