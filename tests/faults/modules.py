"""Modules and parameters that are wrong in one way."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.hooks import BackwardHook, RemovableHandle

from tests.faults import fault, patch_fault


@patch_fault(nn.Parameter, "__new__")
def parameter_requires_no_grad(real, cls, data=None, requires_grad=True):
    return real(cls, data, False)


@patch_fault(nn.Parameter, "__new__")
def parameter_always_requires_grad(real, cls, data=None, requires_grad=True):
    return real(cls, data, True)


@patch_fault(nn.Parameter, "__new__")
def parameter_follows_grad_mode(real, cls, data=None, requires_grad=True):
    return real(cls, data, requires_grad and torch.is_grad_enabled())


@patch_fault(nn.Parameter, "__new__")
def parameter_keeps_its_history(real, cls, data=None, requires_grad=True):
    made = real(cls, data, requires_grad)
    return data if data is not None and data.grad_fn is not None else made


@patch_fault(nn.Parameter, "__new__")
def parameter_copies(real, cls, data=None, requires_grad=True):
    return real(cls, data.detach().clone(), requires_grad)


@patch_fault(nn.Parameter, "__new__")
def parameter_takes_integers(real, cls, data=None, requires_grad=True):
    return real(cls, data, requires_grad and data.is_floating_point())


@patch_fault(nn.Module, "parameters")
def parameters_are_frozen(real, self, recurse=True):
    return (parameter.detach() for parameter in real(self, recurse))


@patch_fault(nn.Module, "parameters")
def parameters_are_results(real, self, recurse=True):
    return (parameter * 1 for parameter in real(self, recurse))


@patch_fault(nn.Module, "parameters")
def parameters_leave_out_submodules(real, self, recurse=True):
    return real(self, False)


@patch_fault(nn.Module, "named_parameters")
def parameters_include_buffers(real, self, *args, **options):
    return iter([*real(self, *args, **options), *self.named_buffers()])


@patch_fault(nn.Module, "parameters")
def parameters_include_plain_tensors(real, self, recurse=True):
    plain = [value for value in vars(self).values() if isinstance(value, torch.Tensor)]
    return iter([*real(self, recurse), *plain])


@patch_fault(nn.Module, "parameters")
def parameters_always_recurse(real, self, recurse=True):
    return real(self)


@patch_fault(nn.Module, "named_parameters")
def parameters_repeat_shared_ones(real, self, prefix="", recurse=True, remove_duplicate=True):
    return real(self, prefix, recurse, False)


@patch_fault(nn.Module, "named_parameters")
def parameters_never_repeat(real, self, prefix="", recurse=True, remove_duplicate=True):
    return real(self, prefix, recurse, True)


@patch_fault(nn.Module, "parameters")
def parameters_are_copies(real, self, recurse=True):
    return (nn.Parameter(parameter) for parameter in real(self, recurse))


@patch_fault(nn.Module, "named_parameters")
def parameters_lose_the_submodule_name(real, self, *args, **options):
    return ((name.removeprefix("inner."), found) for name, found in real(self, *args, **options))


@patch_fault(nn.Module, "register_buffer")
def buffers_require_grad(real, self, name, tensor, persistent=True):
    real(self, name, tensor.requires_grad_(), persistent)


@patch_fault(nn.Module, "register_buffer")
def buffers_are_parameters(real, self, name, tensor, persistent=True):
    self.register_parameter(name, nn.Parameter(tensor))


@patch_fault(nn.Module, "register_buffer")
def buffers_are_detached(real, self, name, tensor, persistent=True):
    real(self, name, tensor.detach(), persistent)


@patch_fault(nn.Module, "register_buffer")
def buffers_lose_their_name(real, self, name, tensor, persistent=True):
    real(self, name + "_", tensor, persistent)


@patch_fault(nn.Module, "register_buffer")
def buffers_are_all_persistent(real, self, name, tensor, persistent=True):
    real(self, name, tensor)


@patch_fault(nn.Module, "register_buffer")
def buffers_of_no_state_are_plain_tensors(real, self, name, tensor, persistent=True):
    if persistent:
        real(self, name, tensor)
    else:
        self.__dict__[name] = tensor


@patch_fault(nn.Module, "register_parameter")
def register_parameter_misspells_names(real, self, name, param):
    real(self, name + "_", param)


@patch_fault(nn.Module, "register_parameter")
def register_parameter_takes_tensors(real, self, name, param):
    real(self, name, param if param is None else nn.Parameter(param))


@patch_fault(nn.Module, "register_parameter")
def register_parameter_overwrites(real, self, name, param):
    vars(self).pop(name, None)
    real(self, name, param)


@patch_fault(nn.Module, "register_parameter")
def register_parameter_takes_dots(real, self, name, param):
    self._parameters[name] = param


@patch_fault(nn.Module, "__setattr__")
def reserved_names_take_anything(real, self, name, value):
    for reserved in (vars(self).get("_parameters"), vars(self).get("_buffers")):
        if reserved and name in reserved and not isinstance(value, nn.Parameter):
            del reserved[name]
    real(self, name, value)


@patch_fault(nn.Module, "__setattr__")
def assignment_needs_no_init(real, self, name, value):
    if "_parameters" in vars(self):
        real(self, name, value)
    else:
        vars(self)[name] = value


@patch_fault(nn.Module, "__init__")
def modules_start_in_evaluation(real, self, *args, **options):
    real(self, *args, **options)
    self.training = False


@patch_fault(nn.Module, "get_parameter")
def get_parameter_copies(real, self, target):
    return nn.Parameter(real(self, target))


@patch_fault(nn.Module, "get_parameter")
def get_parameter_finds_modules(real, self, target):
    try:
        return real(self, target)
    except AttributeError:
        return self.get_submodule(target)


@patch_fault(nn.Module, "get_submodule")
def get_submodule_stops_at_the_first_dot(real, self, target):
    return real(self, target.partition(".")[0])


@patch_fault(nn.Module, "get_submodule")
def get_submodule_finds_nothing(real, self, target):
    try:
        return real(self, target)
    except AttributeError:
        return None


@patch_fault(nn.Module, "apply")
def apply_leaves_out_grandchildren(real, self, fn):
    for child in self.children():
        fn(child)
    fn(self)
    return self


@patch_fault(nn.Module, "apply")
def apply_starts_with_self(real, self, fn):
    fn(self)
    for child in self.children():
        child.apply(fn)
    return self


@patch_fault(nn.Module, "apply")
def apply_returns_none(real, self, fn):
    real(self, fn)


@patch_fault(nn.Module, "__setattr__")
def attributes_are_not_registered(real, self, name, value):
    if isinstance(value, nn.Parameter):
        self.__dict__[name] = value
    else:
        real(self, name, value)


@fault(functional.linear)
def linear_forgets_the_bias(real, input, weight, bias=None):
    return real(input, weight)


@fault(functional.linear)
def linear_misreads_transposed_input(real, input, weight, bias=None):
    from tests.faults.memory import misread, transposed

    return real(misread(input) if transposed(input) else input, weight, bias)


@fault(functional.linear)
def linear_halves_the_gradient_of_weight(real, input, weight, bias=None):
    return real(input, weight * 0.5 + weight.detach() * 0.5, bias)


@fault(functional.linear)
def linear_halves_the_gradient_of_input(real, input, weight, bias=None):
    return real(input * 0.5 + input.detach() * 0.5, weight, bias)


@fault(functional.linear)
def linear_halves_the_gradient_of_bias(real, input, weight, bias=None):
    return real(input, weight, bias if bias is None else bias * 0.5 + bias.detach() * 0.5)


@fault(functional.linear)
def linear_is_not_differentiable_when_frozen(real, input, weight, bias=None):
    return real(input if weight.requires_grad else input.detach() + 0 * input, weight, bias)


@fault(functional.linear)
def linear_gives_frozen_weights_a_gradient(real, input, weight, bias=None):
    if not weight.requires_grad and input.requires_grad:
        weight.grad = torch.zeros_like(weight)
    return real(input, weight, bias)


@fault(functional.linear)
def linear_always_records(real, input, weight, bias=None):
    output = real(input, weight, bias)
    return output if output.requires_grad else output.requires_grad_()


@patch_fault(nn.Module, "requires_grad_")
def module_requires_grad_returns_none(real, self, requires_grad=True):
    real(self, requires_grad)


@patch_fault(nn.Module, "requires_grad_")
def module_requires_grad_leaves_out_submodules(real, self, requires_grad=True):
    for parameter in self.parameters(recurse=False):
        parameter.requires_grad_(requires_grad)
    return self


@patch_fault(nn.Module, "requires_grad_")
def module_requires_grad_only_freezes(real, self, requires_grad=True):
    return self if requires_grad else real(self, requires_grad)


@patch_fault(nn.Module, "requires_grad_")
def module_requires_grad_drops_gradients(real, self, requires_grad=True):
    for parameter in self.parameters():
        parameter.grad = None
    return real(self, requires_grad)


@patch_fault(nn.Module, "zero_grad")
def zero_grad_replaces_gradients(real, self, set_to_none=True):
    for parameter in self.parameters():
        parameter.grad = None if set_to_none or parameter.grad is None else torch.zeros_like(parameter.grad)


@patch_fault(nn.Module, "zero_grad")
def zero_grad_makes_gradients(real, self, set_to_none=True):
    for parameter in self.parameters():
        parameter.grad = None if set_to_none else torch.zeros_like(parameter)


@patch_fault(nn.Module, "zero_grad")
def zero_grad_does_nothing(real, self, set_to_none=True):
    return None


@patch_fault(nn.Module, "zero_grad")
def zero_grad_always_zeroes(real, self, set_to_none=True):
    real(self, False)


@patch_fault(nn.Module, "zero_grad")
def zero_grad_always_forgets(real, self, set_to_none=True):
    real(self, True)


@patch_fault(nn.Module, "train")
def eval_turns_gradients_off(real, self, mode=True):
    self.requires_grad_(mode)
    return real(self, mode)


@patch_fault(nn.Module, "train")
def train_leaves_out_submodules(real, self, mode=True):
    self.training = mode
    return self


@patch_fault(nn.Module, "train")
def train_is_always_on(real, self, mode=True):
    return real(self, True)


@patch_fault(nn.Module, "train")
def train_returns_none(real, self, mode=True):
    real(self, mode)


@patch_fault(nn.Module, "train")
def train_takes_numbers(real, self, mode=True):
    return real(self, bool(mode))


@patch_fault(nn.Module, "eval")
def eval_does_nothing(real, self):
    return self


@patch_fault(nn.Module, "to")
def to_leaves_out_submodules(real, self, *args, **options):
    return self._apply(lambda tensor: tensor.to(*args, **options), recurse=False)


@patch_fault(nn.Module, "to")
def to_returns_a_copy(real, self, *args, **options):
    return copy.deepcopy(real(self, *args, **options))


@patch_fault(nn.Module, "to")
def to_replaces_parameters(real, self, *args, **options):
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        return real(self, *args, **options)
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)


@patch_fault(nn.Module, "to")
def to_drops_gradients(real, self, *args, **options):
    self.zero_grad()
    return real(self, *args, **options)


@patch_fault(nn.Module, "to")
def to_leaves_buffers(real, self, *args, **options):
    before = dict(self._buffers)
    real(self, *args, **options)
    self._buffers.update(before)
    return self


@patch_fault(nn.Module, "to")
def to_converts_every_buffer(real, self, *args, **options):
    real(self, *args, **options)
    self._buffers.update({name: buffer.to(*args, **options) for name, buffer in self._buffers.items()})
    return self


@patch_fault(nn.Module, "to")
def to_passes_over_integers(real, self, *args, **options):
    return self if args[0] is torch.int64 else real(self, *args, **options)


@patch_fault(nn.Parameter, "__deepcopy__")
def deepcopy_shares_memory(real, self, memo):
    return nn.Parameter(self.data)


@patch_fault(nn.Parameter, "__deepcopy__")
def deepcopy_copies_gradients(real, self, memo):
    made = real(self, memo)
    made.grad = self.grad
    return made


@patch_fault(nn.Module, "state_dict")
def state_dict_always_detaches(real, self, *args, **options):
    return real(self, *args, **{**options, "keep_vars": False})


@patch_fault(nn.Module, "state_dict")
def state_dict_ignores_prefixes(real, self, *args, **options):
    return real(self, *args, **{**options, "prefix": ""})


@patch_fault(nn.Module, "state_dict")
def state_dict_has_shared_tensors_once(real, self, *args, **options):
    first = {value.data_ptr(): name for name, value in reversed(real(self, *args, **options).items())}
    return {name: value for name, value in real(self, *args, **options).items() if name in first.values()}


@patch_fault(nn.Module, "state_dict")
def state_dict_includes_what_is_none(real, self, *args, **options):
    state = real(self, *args, **options)
    own = {**self._parameters, **self._buffers}
    state.update({name: torch.zeros(0) for name, value in own.items() if value is None})
    return state


@patch_fault(nn.Module, "state_dict")
def state_dict_copies(real, self, *args, **options):
    return {name: value.clone() for name, value in real(self, *args, **options).items()}


@patch_fault(nn.Module, "state_dict")
def state_dict_keeps_the_graph(real, self, *args, **options):
    return real(self, *args, **{**options, "keep_vars": True})


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_does_nothing(real, self, state, *args, **options):
    return None


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_replaces_parameters(real, self, state, *args, **options):
    return real(self, state, *args, **{**options, "assign": True})


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_is_never_strict(real, self, state, *args, **options):
    return real(self, state, strict=False)


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_is_always_strict(real, self, state, *args, **options):
    return real(self, state, **{**options, "strict": True})


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_reports_nothing(real, self, state, *args, **options):
    found = real(self, state, *args, **options)
    return type(found)([], [])


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_swaps_its_reports(real, self, state, *args, **options):
    found = real(self, state, *args, **options)
    return type(found)(found.unexpected_keys, found.missing_keys)


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_reports_every_key(real, self, state, *args, **options):
    found = real(self, state, *args, **options)
    return type(found)(list(state), found.unexpected_keys)


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_leaves_buffers(real, self, state, *args, **options):
    before = [buffer.clone() for buffer in self.buffers()]
    found = real(self, state, *args, **options)
    for buffer, old in zip(self.buffers(), before, strict=True):
        buffer.copy_(old)
    return found


def _without(state: dict[str, Any], left_out: Callable[[str, Any], bool]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if not left_out(name, value)}


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_passes_over_none(real, self, state, *args, **options):
    kept = _without(state, lambda name, _: self._parameters.get(name, state) is None)
    return real(self, kept, *args, **options)


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_passes_over_other_shapes(real, self, state, *args, **options):
    own = self.state_dict()
    kept = _without(state, lambda name, value: name in own and own[name].shape != value.shape)
    return real(self, kept, *args, **options)


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_undoes_what_fails(real, self, state, *args, **options):
    before = {name: value.clone() for name, value in self.state_dict().items()}
    try:
        return real(self, state, *args, **options)
    except RuntimeError:
        real(self, before)
        raise


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_never_assigns(real, self, state, *args, **options):
    return real(self, state, *args, **{**options, "assign": False})


@patch_fault(nn.Module, "load_state_dict")
def load_state_dict_assigns_flags(real, self, state, *args, **options):
    found = real(self, state, *args, **options)
    for name, parameter in self.named_parameters():
        parameter.requires_grad_(state[name].requires_grad)
    return found


@patch_fault(nn.Module, "register_forward_pre_hook")
def pre_hooks_get_no_module(real, self, hook, **options):
    return real(self, lambda module, *given: hook(None, *given), **options)


@patch_fault(nn.Module, "register_forward_pre_hook")
def pre_hooks_replace_nothing(real, self, hook, **options):
    return real(self, lambda *given: (hook(*given), None)[1], **options)


@patch_fault(nn.Module, "register_forward_pre_hook")
def pre_hooks_may_not_return_tuples(real, self, hook, **options):
    def wrapped(*given):
        result = hook(*given)
        return (result,) if isinstance(result, tuple) else result

    return real(self, wrapped, **options)


@patch_fault(nn.Module, "register_forward_pre_hook")
def pre_hooks_must_return_tuples(real, self, hook, **options):
    def checked(*given):
        result = hook(*given)
        return result if isinstance(result, tuple) else None

    return real(self, checked, **options)


@patch_fault(nn.Module, "register_forward_pre_hook")
def pre_hooks_get_no_kwargs(real, self, hook, **options):
    return real(self, lambda module, args, *_: hook(module, args, *[{} for _ in _]), **options)


@patch_fault(nn.Module, "register_forward_pre_hook")
def pre_hooks_run_after_forward(real, self, hook, **options):
    return self.register_forward_hook(lambda module, args, output: hook(module, args), **options)


@patch_fault(nn.Module, "register_forward_pre_hook")
def pre_hooks_are_never_prepended(real, self, hook, *, prepend=False, **options):
    return real(self, hook, **options)


@patch_fault(nn.Module, "register_forward_hook")
def hooks_get_no_module(real, self, hook, **options):
    return real(self, lambda module, *given: hook(None, *given), **options)


@patch_fault(nn.Module, "register_forward_hook")
def hooks_replace_nothing(real, self, hook, **options):
    return real(self, lambda *given: (hook(*given), None)[1], **options)


@patch_fault(nn.Module, "register_forward_hook")
def hooks_get_no_kwargs(real, self, hook, *, with_kwargs=False, **options):
    if not with_kwargs:
        return real(self, hook, **options)
    return real(self, lambda module, args, output: hook(module, args, {}, output), **options)


@patch_fault(nn.Module, "register_forward_hook")
def hooks_are_passed_over_by_exceptions(real, self, hook, *, always_call=False, **options):
    return real(self, hook, **options)


@patch_fault(nn.Module, "register_forward_hook")
def hooks_run_before_forward(real, self, hook, **options):
    return self.register_forward_pre_hook(lambda module, args: hook(module, args, None))


@patch_fault(nn.Module, "register_forward_hook")
def hooks_are_never_prepended(real, self, hook, *, prepend=False, **options):
    return real(self, hook, **options)


@patch_fault(nn.Module, "register_forward_hook")
def hooks_are_always_prepended(real, self, hook, *, prepend=False, **options):
    return real(self, hook, prepend=True, **options)


@patch_fault(nn.Sequential, "forward")
def forward_runs_hooks(real, self, input):
    output = real(self, input)
    for hook in self._forward_hooks.values():
        hook(self, (input,), output)
    return output


@patch_fault(RemovableHandle, "remove")
def handles_of_hooks_remove_nothing(real, self):
    return None


@patch_fault(nn.Module, "register_full_backward_hook")
def backward_hooks_confuse_input_and_output(real, self, hook, prepend=False):
    return real(self, lambda module, before, after: hook(module, after, before), prepend)


@patch_fault(nn.Module, "register_full_backward_hook")
def backward_hooks_run_once(real, self, hook, prepend=False):
    def once(*given):
        handle.remove()
        return hook(*given)

    handle = real(self, once, prepend)
    return handle


@patch_fault(nn.Module, "register_full_backward_hook")
def backward_hooks_replace_nothing(real, self, hook, prepend=False):
    return real(self, lambda *given: (hook(*given), None)[1], prepend)


@patch_fault(nn.Module, "register_full_backward_hook")
def backward_hooks_pass_over_constants(real, self, hook, prepend=False):
    return real(self, lambda module, *given: None if given[0][0] is None else hook(module, *given), prepend)


@patch_fault(nn.Module, "register_full_backward_hook")
def backward_hooks_of_frozen_modules_run(real, self, hook, prepend=False):
    def run(module, args, output):
        if not output.requires_grad:
            hook(module, (None,), (None,))

    self.register_forward_hook(run)
    return real(self, hook, prepend)


@patch_fault(nn.Module, "register_full_backward_hook")
def backward_hooks_are_never_prepended(real, self, hook, prepend=False):
    return real(self, hook)


@patch_fault(BackwardHook, "setup_output_hook")
def backward_hooks_copy_the_output(real, self, args):
    return real(self, args).clone()


@patch_fault(BackwardHook, "setup_input_hook")
def backward_hooks_copy_the_input(real, self, args):
    return tuple([each.clone() for each in real(self, args)])


@patch_fault(nn.Module, "register_full_backward_pre_hook")
def backward_pre_hooks_get_twice_the_gradient(real, self, hook, prepend=False):
    return real(self, lambda module, after: hook(module, tuple([each * 2 for each in after])), prepend)


@patch_fault(nn.Module, "register_full_backward_pre_hook")
def backward_pre_hooks_replace_nothing(real, self, hook, prepend=False):
    return real(self, lambda *given: (hook(*given), None)[1], prepend)


@patch_fault(torch.optim.SGD, "step")
def sgd_climbs(real, self, closure=None):
    for group in self.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                parameter.grad.neg_()
    return real(self, closure)


@patch_fault(torch.optim.SGD, "step")
def sgd_records_its_step(real, self, closure=None):
    for group in self.param_groups:
        for parameter in group["params"]:
            parameter.requires_grad_(False).add_(torch.ones((), requires_grad=True, dtype=parameter.dtype))
