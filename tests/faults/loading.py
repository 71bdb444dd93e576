"""Modules whose state is loaded, tied or copied wrongly in one way."""

from __future__ import annotations

import copy

import torch
from torch import nn

from tests.faults import fault, patch_fault
from tests.faults.memory import misread


@patch_fault(nn.Module, "parameters")
def parameters_repeat_tied_ones(real, self, recurse=True):
    return (parameter for _, parameter in self.named_parameters(recurse=recurse, remove_duplicate=False))


@patch_fault(nn.Module, "named_parameters")
def tied_parameters_have_the_last_name(real, self, *arguments, **options):
    if options.get("remove_duplicate") is False:
        return real(self, *arguments, **options)
    pairs = list(real(self, *arguments, remove_duplicate=False, **options))
    last = {id(parameter): name for name, parameter in pairs}
    return ((name, parameter) for name, parameter in pairs if last[id(parameter)] == name)


@patch_fault(nn.Module, "named_parameters")
def tied_parameters_have_one_name_only(real, self, *arguments, **options):
    return real(self, *arguments, **{**options, "remove_duplicate": True})


@patch_fault(nn.Module, "named_buffers")
def shared_buffers_repeat(real, self, *arguments, **options):
    return real(self, *arguments, **{**options, "remove_duplicate": False})


@patch_fault(nn.Module, "named_buffers")
def shared_buffers_have_one_name_only(real, self, *arguments, **options):
    return real(self, *arguments, **{**options, "remove_duplicate": True})


@patch_fault(nn.Module, "state_dict")
def state_dict_drops_shared_buffers(real, self, *arguments, **options):
    state = real(self, *arguments, **options)
    seen: set[int] = set()
    for name, tensor in list(state.items()):
        if tensor.data_ptr() in seen and not isinstance(
            self.get_submodule(name.rpartition(".")[0]), nn.Linear
        ):
            del state[name]
        seen.add(tensor.data_ptr())
    return state


@patch_fault(nn.Module, "state_dict")
def state_dict_copies_tied_parameters(real, self, *arguments, **options):
    state = real(self, *arguments, **options)
    if "head.weight" in state:
        state["head.weight"] = state["head.weight"].clone()
    return state


def _untie(module):
    for child in module.modules():
        for name, parameter in list(child.named_parameters(recurse=False)):
            setattr(child, name, nn.Parameter(parameter.detach().clone(), parameter.requires_grad))


@patch_fault(nn.Module, "load_state_dict")
def loading_unties(real, self, state, *arguments, **options):
    found = real(self, state, *arguments, **options)
    if not options.get("assign"):
        _untie(self)
    return found


@patch_fault(nn.Module, "to")
def conversion_unties(real, self, *arguments, **options):
    made = real(self, *arguments, **options)
    _untie(self)
    return made


@patch_fault(copy, "deepcopy")
def deepcopy_unties(real, value, *arguments):
    made = real(value, *arguments)
    if isinstance(made, nn.Module):
        _untie(made)
    return made


@patch_fault(nn.Module, "requires_grad_")
def freezing_unties(real, self, requires_grad=True):
    _untie(self)
    return real(self, requires_grad)


@patch_fault(torch.optim.SGD, "__init__")
def sgd_steps_by_name(real, self, parameters, *arguments, **options):
    """As an optimizer does that is given a tied parameter twice."""
    real(self, parameters, *arguments, **{**options, "lr": 2 * options["lr"]})


@fault(torch.Tensor.sum)
def sum_detaches_the_second_time(real, input, *arguments, **options):
    if input.is_leaf and getattr(input, "_summed", False):
        return real(input.detach(), *arguments, **options)
    input._summed = True
    return real(input, *arguments, **options)


@patch_fault(nn.Module, "load_state_dict")
def loading_shares_memory(real, self, state, *arguments, **options):
    found = real(self, state, *arguments, **options)
    if not options.get("assign"):
        for name, parameter in self.named_parameters():
            if name in state and state[name].dtype == parameter.dtype:
                parameter.data = state[name].data
    return found


@patch_fault(nn.Module, "load_state_dict")
def loading_thaws(real, self, *arguments, **options):
    found = real(self, *arguments, **options)
    self.requires_grad_()
    return found


@patch_fault(nn.Module, "load_state_dict")
def loading_makes_results(real, self, *arguments, **options):
    found = real(self, *arguments, **options)
    for module in self.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            module._parameters[name] = parameter * 1
    return found


@patch_fault(nn.Module, "load_state_dict")
def loading_clears_gradients(real, self, *arguments, **options):
    self.zero_grad()
    return real(self, *arguments, **options)


@patch_fault(nn.Module, "load_state_dict")
def loading_sets_the_training_mode(real, self, *arguments, **options):
    self.train()
    return real(self, *arguments, **options)


@patch_fault(nn.Module, "load_state_dict")
def loading_uses_up_the_state(real, self, state, *arguments, **options):
    found = real(self, dict(state), *arguments, **options)
    state.clear()
    return found


@patch_fault(nn.Module, "load_state_dict")
def loading_replaces_buffers(real, self, state, *arguments, **options):
    for module in self.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            module._buffers[name] = buffer.clone()
    return real(self, state, *arguments, **options)


@patch_fault(nn.Module, "load_state_dict")
def loading_takes_cached_buffers(real, self, state, *arguments, **options):
    cached = {name: buffer for name, buffer in self.named_buffers() if name not in self.state_dict()}
    for name, buffer in cached.items():
        if name in state:
            buffer.copy_(state[name])
    return real(self, {key: one for key, one in state.items() if key not in cached}, *arguments, **options)


@patch_fault(nn.Module, "load_state_dict")
def loading_stops_at_the_first_unknown_key(real, self, state, *arguments, **options):
    known = self.state_dict()
    kept = {}
    for name, tensor in state.items():
        if name not in known and not options.get("strict", True):
            return real(self, kept, *arguments, **options)
        kept[name] = tensor
    return real(self, state, *arguments, **options)


@patch_fault(nn.Module, "load_state_dict")
def loading_reads_memory_in_order(real, self, state, *arguments, **options):
    flat = {name: misread(tensor) for name, tensor in state.items()}
    return real(self, state if options.get("assign") else flat, *arguments, **options)


@patch_fault(nn.Module, "load_state_dict")
def loading_keeps_other_dtypes_out(real, self, state, *arguments, **options):
    known = self.state_dict()
    fitting = {
        name: one for name, one in state.items() if name not in known or one.dtype == known[name].dtype
    }
    return real(self, {**known, **fitting} if fitting != state else state, *arguments, **options)


def _assigning(change):
    """Return a loading that does something else where assign=True is given."""

    def wrong(real, self, state, strict=True, assign=False):
        if not assign:
            return real(self, state, strict)
        return change(real, self, state, strict)

    wrong.__name__ = change.__name__
    patch_fault(nn.Module, "load_state_dict")(wrong)
    return change


@_assigning
def assigning_copies(real, self, state, strict):
    return real(self, {name: tensor.clone() for name, tensor in state.items()}, strict, True)


@_assigning
def assigning_makes_contiguous(real, self, state, strict):
    return real(self, {name: tensor.contiguous() for name, tensor in state.items()}, strict, True)


@_assigning
def assigning_unregisters(real, self, state, strict):
    found = real(self, state, strict, True)
    for module in self.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            del module._parameters[name]
            module.__dict__[name] = parameter.data
    return found


@_assigning
def assigning_replaces_all(real, self, state, strict):
    _untie(self)
    return real(self, state, strict, True)


@_assigning
def assigning_takes_any_shape(real, self, state, strict):
    with torch.no_grad():
        for name, parameter in self.named_parameters():
            if name in state and state[name].shape != parameter.shape:
                parameter.data = state[name]
    return real(self, state, strict, True)


@patch_fault(nn.Module, "load_state_dict")
def loading_always_assigns(real, self, state, strict=True, assign=False):
    return real(self, state, strict, True)


@patch_fault(copy, "deepcopy")
def deepcopy_forgets_flags(real, value, *arguments):
    made = real(value, *arguments)
    if isinstance(made, nn.Module):
        made.train().requires_grad_()
    return made


@patch_fault(copy, "deepcopy")
def deepcopy_shares_buffers(real, value, *arguments):
    made = real(value, *arguments)
    if isinstance(made, nn.Module):
        made._buffers.update(value._buffers)
    return made


@patch_fault(copy, "deepcopy")
def deepcopy_makes_buffers_persistent(real, value, *arguments):
    made = real(value, *arguments)
    if isinstance(made, nn.Module):
        made._non_persistent_buffers_set.clear()
    return made


@patch_fault(nn.Module, "__setattr__")
def assigned_buffers_are_plain_attributes(real, self, name, value):
    if name in self.__dict__.get("_buffers", {}):
        del self._buffers[name]
        self.__dict__[name] = value
        return
    real(self, name, value)


@patch_fault(nn.Module, "train")
def train_leaves_submodules(real, self, mode=True):
    self.training = mode
    return self


@patch_fault(nn.Module, "to")
def to_ignores_tensors(real, self, *arguments, **options):
    if arguments and isinstance(arguments[0], torch.Tensor):
        return self
    return real(self, *arguments, **options)


@patch_fault(nn.Module, "to")
def to_thaws(real, self, *arguments, **options):
    return real(self, *arguments, **options).requires_grad_()


@patch_fault(nn.Module, "float")
def float_converts_nothing(real, self):
    return self


@patch_fault(nn.Module, "double")
def double_converts_nothing(real, self):
    return self


@patch_fault(nn.Module, "zero_grad")
def zero_grad_multiplies_by_zero(real, self, set_to_none=True):
    if set_to_none:
        real(self)
        return
    for parameter in self.parameters():
        if parameter.grad is not None:
            parameter.grad = parameter.grad * 0
