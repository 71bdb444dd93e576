"""torch.autograd.Function, wrong in one way: what apply gives, what ctx keeps, what backward is given."""

from __future__ import annotations

from typing import Any
from unittest import mock

import torch
from torch.autograd import Function, function
from torch.autograd.function import BackwardCFunction, FunctionCtx, FunctionMeta

from tests.faults import _add, patch_fault

T = torch.Tensor


def _apply(wrong: Any) -> Any:
    """Register a fault of apply, which is told the class and the arguments."""
    real = vars(Function)["apply"].__func__

    def standing_in(cls, *args):
        return wrong(lambda *given: real(cls, *given), cls, *args)

    _add(wrong, lambda: mock.patch.object(Function, "apply", classmethod(standing_in)))
    return wrong


def _given(wrong: Any) -> Any:
    """Register a fault of what backward is given: gets the gradients, returns others."""

    def standing_in(real, self, *gradients):
        return real(self, *wrong(self, gradients))

    standing_in.__name__ = wrong.__name__
    return patch_fault(BackwardCFunction, "apply")(standing_in)


def _returned(wrong: Any) -> Any:
    """Register a fault of what becomes of the gradients, a tuple, that backward returns."""

    def standing_in(real, self, *gradients):
        found = real(self, *gradients)
        return wrong(self, gradients, found if isinstance(found, tuple) else (found,))

    standing_in.__name__ = wrong.__name__
    return patch_fault(BackwardCFunction, "apply")(standing_in)


def _attribute(name: str) -> Any:
    """Register a fault of an attribute of ctx."""

    def register(wrong: Any) -> Any:
        real = getattr(BackwardCFunction, name)
        found = property(lambda self: wrong(real.__get__(self)))
        _add(wrong, lambda: mock.patch.object(BackwardCFunction, name, found))
        return wrong

    return register


# What apply gives.


@_apply
def functions_give_zeros(real, cls, *args):
    output = real(*args)
    return output * 0 if isinstance(output, T) else output


@_apply
def functions_give_lists(real, cls, *args):
    output = real(*args)
    return list(output) if isinstance(output, tuple) else output


@_apply
def functions_look_at_their_first_argument(real, cls, *args):
    with torch.set_grad_enabled(torch.is_grad_enabled() and isinstance(args[0], T) and args[0].requires_grad):
        return real(*args)


@_apply
def functions_always_require_grad(real, cls, *args):
    output = real(*args)
    return output.requires_grad_() if isinstance(output, T) and not output.requires_grad else output


@_apply
def functions_record_under_no_grad(real, cls, *args):
    with torch.enable_grad():
        return real(*args)


@_apply
def functions_look_into_lists(real, cls, *args):
    output = real(*args)
    listed = [each for found in args if isinstance(found, list) for each in found if isinstance(each, T)]
    return output.requires_grad_() if any(each.requires_grad for each in listed) else output


@_apply
def functions_make_integers_floating(real, cls, *args):
    outputs = real(*args)
    if not isinstance(outputs, tuple):
        return outputs
    return tuple(each if each.is_floating_point() else each.double().requires_grad_() for each in outputs)


@patch_fault(BackwardCFunction, "name")
def function_nodes_are_called_alike(real, self):
    return "FunctionBackward"


@_apply
def functions_give_the_input_itself(real, cls, *args):
    output = real(*args)
    same = isinstance(output, T) and isinstance(args[0], T) and output._is_view() and output._base is args[0]
    return args[0] if same else output


@_apply
def functions_count_a_repeated_argument_once(real, cls, *args):
    if len(args) == 2 and args[0] is args[1]:
        args = (args[0], args[1].detach())
    return real(*args)


# What forward is given.


@_apply
def functions_record_their_forward(real, cls, *args):
    forward = cls.forward

    def recorded(*given):
        with torch.enable_grad():
            return forward(*given)

    with mock.patch.object(cls, "forward", staticmethod(recorded)):
        return real(*args)


@_apply
def functions_copy_lists(real, cls, *args):
    return real(*[list(found) if isinstance(found, list) else found for found in args])


def _setup(wrong: Any) -> Any:
    """Register a fault of setup_context, which is told the real one."""

    def standing_in(real, cls, *args):
        setup = cls.setup_context
        if setup is Function.setup_context:
            return real(*args)
        told = staticmethod(lambda ctx, inputs, output: wrong(setup, ctx, inputs, output))
        with mock.patch.object(cls, "setup_context", told):
            return real(*args)

    standing_in.__name__ = wrong.__name__
    return _apply(standing_in)


@_setup
def setup_context_is_given_a_list(real, ctx, inputs, output):
    real(ctx, list(inputs), output)


@_setup
def setup_context_is_given_detached_inputs(real, ctx, inputs, output):
    real(ctx, tuple(found.detach() if isinstance(found, T) else found for found in inputs), output)


@_setup
def setup_context_is_given_zeros(real, ctx, inputs, output):
    real(ctx, inputs, torch.zeros_like(output))


# What ctx keeps.


@_given
def function_contexts_forget_attributes(self, gradients):
    self.__dict__.clear()
    return gradients


@patch_fault(BackwardCFunction, "__setattr__")
def function_contexts_are_shared(real, self, name, value):
    if name == "factor":
        type(self).factor = value
    else:
        real(self, name, value)


@_attribute("needs_input_grad")
def every_input_needs_its_gradient(found):
    return (True,) * len(found)


@_attribute("needs_input_grad")
def needs_input_grad_is_a_list(found):
    return list(found)


@_attribute("saved_tensors")
def saved_tensors_are_reversed(found):
    return found[::-1]


@_attribute("saved_tensors")
def saved_tensors_are_zeros(found):
    return tuple(saved if saved is None else torch.zeros_like(saved) for saved in found)


@_attribute("saved_tensors")
def saved_tensors_leave_out_none(found):
    return tuple(saved for saved in found if saved is not None)


@patch_fault(FunctionCtx, "save_for_backward")
def save_for_backward_takes_numbers(real, self, *tensors):
    real(self, *[found for found in tensors if found is None or isinstance(found, T)])


@patch_fault(FunctionCtx, "save_for_backward")
def save_for_backward_saves_copies(real, self, *tensors):
    real(self, *[found if found is None else found.detach().clone() for found in tensors])


@patch_fault(FunctionCtx, "save_for_backward")
def save_for_backward_passes_hooks_by(real, self, *tensors):
    torch._C._autograd._push_saved_tensors_default_hooks(lambda saved: saved.detach(), lambda kept: kept)
    self.kept = tensors
    torch._C._autograd._pop_saved_tensors_default_hooks()


@patch_fault(FunctionCtx, "save_for_forward")
def save_for_forward_saves_zeros(real, self, *tensors):
    real(self, *[torch.zeros_like(found) for found in tensors])


@patch_fault(FunctionMeta, "__setattr__")
def saved_tensors_are_never_cleared(real, cls, name, value):
    if name != "clear_saved_tensors_on_access":
        real(cls, name, value)


@patch_fault(FunctionCtx, "mark_dirty")
def mark_dirty_does_nothing(real, self, *tensors):
    return None


@patch_fault(FunctionCtx, "mark_non_differentiable")
def mark_non_differentiable_does_nothing(real, self, *tensors):
    return None


@patch_fault(FunctionCtx, "set_materialize_grads")
def set_materialize_grads_does_nothing(real, self, value):
    return None


# What backward is given, and what becomes of what it returns.


@_given
def function_backwards_are_given_twice_the_gradient(self, gradients):
    return [gradient if gradient is None else gradient * 2 for gradient in gradients]


@_given
def function_backwards_are_given_gradients_reversed(self, gradients):
    return gradients[::-1]


@_given
def function_backwards_are_given_none_for_zeros(self, gradients):
    return [None if len(gradients) > 1 and not gradient.any() else gradient for gradient in gradients]


@_returned
def function_gradients_are_doubled(self, gradients, found):
    return tuple(each if each is None else each * 2 for each in found)


@_returned
def function_gradients_are_reversed(self, gradients, found):
    return found[::-1]


@_returned
def function_gradients_may_not_be_none(self, gradients, found):
    if None in [each if each is None else 0 for each in found]:
        raise RuntimeError("a gradient is None")
    return found


@_returned
def function_gradients_that_are_none_are_zeros(self, gradients, found):
    return tuple(torch.zeros_like(gradients[0]) if each is None else each for each in found)


@_returned
def function_gradients_are_as_many_as_arguments(self, gradients, found):
    if len(found) > len(self.needs_input_grad):
        raise RuntimeError("too many gradients")
    return found


@_returned
def function_gradients_are_cut_off(self, gradients, found):
    return found[: len(self.needs_input_grad)]


@_returned
def function_gradients_are_filled_up(self, gradients, found):
    return found + (None,) * (len(self.needs_input_grad) - len(found))


@_returned
def function_gradients_that_nobody_needs_are_dropped(self, gradients, found):
    return tuple(each if needed else None for each, needed in zip(found, self.needs_input_grad, strict=False))


@_returned
def function_gradients_that_nobody_needs_are_refused(self, gradients, found):
    for each, needed in zip(found, self.needs_input_grad, strict=False):
        if each is not None and not needed:
            raise RuntimeError("nobody needs this gradient")
    return found


@_returned
def function_gradients_are_expanded(self, gradients, found):
    return tuple(each if each is None or each.dim() else each.expand_as(gradients[0]) for each in found)


@_returned
def function_gradients_take_the_first_of_a_dim_more(self, gradients, found):
    return tuple(each if each is None or each.dim() <= gradients[0].dim() else each[0] for each in found)


@_returned
def function_gradients_have_one_dtype(self, gradients, found):
    if found[0] is not None and found[0].dtype is not gradients[0].dtype:
        raise RuntimeError("another dtype")
    return found


@patch_fault(Function, "backward")
def function_backward_is_that_of_the_identity(real, ctx, *gradients):
    return gradients[0]


@patch_fault(BackwardCFunction, "_get_user_fn")
def function_vjp_is_ignored(real, self):
    return self._forward_cls.backward


@patch_fault(BackwardCFunction, "apply")
def function_backwards_record_nothing(real, self, *gradients):
    with torch.no_grad():
        return real(self, *gradients)


@patch_fault(function, "once_differentiable")
def once_differentiable_does_nothing(real, wrapped):
    return wrapped


# Forward mode.


@patch_fault(BackwardCFunction, "apply_jvp")
def function_jvp_is_doubled(real, self, *tangents):
    return real(self, *tangents) * 2


@patch_fault(BackwardCFunction, "apply_jvp")
def function_jvp_is_given_zeros_for_none(real, self, *tangents):
    return real(self, *[torch.zeros(()) if tangent is None else tangent for tangent in tangents])
