"""Modules and parameters that are wrong in one way."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

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


@patch_fault(nn.Module, "parameters")
def parameters_include_buffers(real, self, recurse=True):
    return iter([*real(self, recurse), *self.buffers()])


@patch_fault(nn.Module, "parameters")
def parameters_include_plain_tensors(real, self, recurse=True):
    plain = [value for value in vars(self).values() if isinstance(value, torch.Tensor)]
    return iter([*real(self, recurse), *plain])


@patch_fault(nn.Module, "parameters")
def parameters_repeat_shared_ones(real, self, recurse=True):
    return (found for _, found in self.named_parameters(recurse=recurse, remove_duplicate=False))


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
