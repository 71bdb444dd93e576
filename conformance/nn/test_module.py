"""torch.nn.Module and Parameter: registration, freezing, and gradients through layers.

Not covered: lazy modules, parametrizations, full backward hooks, and layers other than linear ones.
"""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.leaves import leaves, whole_tensors
from strategies.cases.modules import linears, networks

MODULE = "torch.nn.Module"
PARAMETER = "torch.nn.Parameter"
NOTES = "notes/autograd"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("parameter.requires_grad", source=PARAMETER, seed="nn.Module", needs=GRAD)
@given(case=leaves())
def test_parameter_requires_grad(case):
    """A Parameter requires grad unless it is told not to."""
    parameter = nn.Parameter(case.upstream)

    assert parameter.requires_grad


@rule("parameter.told_not_to", source=PARAMETER, needs=GRAD)
@given(case=leaves())
def test_parameter_told_not_to(case):
    """A Parameter made with requires_grad=False does not require grad."""
    parameter = nn.Parameter(case.x, requires_grad=False)

    assert not parameter.requires_grad


@rule("parameter.under_no_grad", source=PARAMETER, needs=GRAD)
@given(case=leaves())
def test_parameter_under_no_grad(case):
    """A Parameter made under no_grad requires grad all the same."""
    with torch.no_grad():
        parameter = nn.Parameter(case.upstream)

    assert parameter.requires_grad


@rule("parameter.is_leaf", source=PARAMETER, seed="nn.Module", needs=GRAD)
@given(case=leaves())
def test_parameter_is_leaf(case):
    """A Parameter is a leaf, even if made from the result of an operation."""
    parameter = nn.Parameter(case.x * 2)

    assert parameter.is_leaf


@rule("parameter.write", source=PARAMETER, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=leaves(nonempty=True, expand=0))
def test_parameter_write(case):
    """A Parameter shares the storage of the tensor that it was made from."""
    parameter = nn.Parameter(case.x)

    with torch.no_grad():
        case.x.fill_(1)

    expect.all_ones(parameter)


@rule("parameter.of_integers", source=PARAMETER, kind=Kind.ERROR, needs=GRAD)
@given(case=whole_tensors())
def test_parameter_of_integers(case):
    """A Parameter made from an integer or bool tensor raises RuntimeError unless it need not require grad."""
    nn.Parameter(case.x, requires_grad=False)

    with pytest.raises(RuntimeError):
        nn.Parameter(case.x)


@rule("module.parameters_require_grad", source=MODULE, seed="nn.Module", needs=GRAD)
@given(case=networks())
def test_parameters_require_grad(case):
    """Every parameter of a new module and of its submodules requires grad."""
    assert all(parameter.requires_grad for parameter in case.module.parameters())


@rule("module.parameters_are_leaves", source=MODULE, seed="nn.Module", needs=GRAD)
@given(case=networks())
def test_parameters_are_leaves(case):
    """Every parameter of a module is a leaf."""
    assert all(parameter.is_leaf for parameter in case.module.parameters())


@rule("module.registers_parameters", source=PARAMETER, seed="nn.Module", needs=GRAD)
@given(case=leaves())
def test_registers_parameters(case):
    """A Parameter assigned as an attribute is one of the module's parameters."""
    module = nn.Module()

    module.weight = nn.Parameter(case.upstream)

    assert [parameter is module.weight for parameter in module.parameters()] == [True]


@rule("module.registers_no_tensors", source=PARAMETER, seed="nn.Module", needs=GRAD)
@given(case=leaves())
def test_registers_no_tensors(case):
    """A plain tensor assigned as an attribute is none of the parameters, even if it requires grad."""
    module = nn.Module()

    module.weight = case.x

    assert not list(module.parameters())


@rule("module.submodule_parameters", source=f"{MODULE}.parameters", seed="nn.Module", needs=GRAD)
@given(case=networks())
def test_submodule_parameters(case):
    """The parameters of a submodule are among the module's, under the submodule's name."""
    outer = nn.Module()

    outer.inner = case.module

    assert [name for name, _ in outer.named_parameters()] == [
        f"inner.{name}" for name, _ in case.module.named_parameters()
    ]


@rule("module.shared_parameter", source=f"{MODULE}.named_parameters", needs=GRAD)
@given(case=linears())
def test_shared_parameter(case):
    """A parameter that a module reaches on two paths is given once."""
    outer = nn.Sequential(case.module, case.module)

    assert len(list(outer.parameters())) == len(list(case.module.parameters()))


@rule("module.buffers_need_no_grad", source=f"{MODULE}.register_buffer", seed="nn.Module", needs=GRAD)
@given(case=leaves())
def test_buffers_need_no_grad(case):
    """A buffer is none of the module's parameters, and does not require grad."""
    module = nn.Module()
    module.register_buffer("mean", case.upstream)

    assert [buffer.requires_grad for buffer in module.buffers()] == [False]


@rule("module.no_parameters_of_buffers", source=f"{MODULE}.register_buffer", needs=GRAD)
@given(case=leaves())
def test_no_parameters_of_buffers(case):
    """A registered buffer is none of the module's parameters."""
    module = nn.Module()

    module.register_buffer("mean", case.upstream)

    assert not list(module.parameters())


@rule("module.forward", source="torch.nn.Linear", needs=[Need.VALUES])
@given(case=linears())
def test_forward(case):
    """A linear layer gives x @ weight.T + bias."""
    weight, bias = _linear(case.module)
    expected = reference.host(case.x) @ weight.T + bias

    output = case.module(case.x)

    expect.close(output, expected, dtype=case.x.dtype, scale=10)


@rule(
    "module.gradient_of_weight",
    source="torch.nn.Linear",
    kind=Kind.GRADIENT,
    seed="nn.Module",
    needs=GRADIENT,
)
@given(case=linears())
def test_gradient_of_weight(case):
    """The gradient of a linear layer's weight is upstream.T @ x."""
    expected = reference.host(case.upstream).T @ reference.host(case.x)

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.gradient_of_input", source="torch.nn.Linear", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=linears())
def test_gradient_of_input(case):
    """The gradient of a linear layer's input is upstream @ weight."""
    weight, _ = _linear(case.module)
    expected = reference.host(case.upstream) @ weight

    case.module(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype, scale=10)


@rule("module.gradient_of_network", source=NOTES, kind=Kind.GRADIENT, seed="nn.Module", needs=GRADIENT)
@given(case=networks())
def test_gradient_of_network(case):
    """The gradient of the first weight of two linear layers follows from the chain rule."""
    expected = reference.first_weight_gradient(
        [reference.host(parameter) for parameter in case.module.parameters()],
        type(case.module[1]).__name__,
        reference.host(case.x),
        reference.host(case.upstream),
    )

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.no_warning_of_parameters", source=MODULE, kind=Kind.WARNING, needs=GRAD)
@given(case=networks())
def test_no_warning_of_parameters(case):
    """After backward the .grad of every parameter can be read, without a warning."""
    case.module(case.x).backward(case.upstream)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradients = [parameter.grad for parameter in case.module.parameters()]

    assert not any(gradient is None for gradient in gradients)


@rule("module.frozen_gradient_of_input", source=NOTES, kind=Kind.GRADIENT, seed="freezing", needs=GRADIENT)
@given(case=linears())
def test_frozen_gradient_of_input(case):
    """A module whose parameters are all frozen still gives its input the right gradient."""
    weight, _ = _linear(case.module)
    expected = reference.host(case.upstream) @ weight
    case.module.requires_grad_(False)

    case.module(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype, scale=10)


@rule("module.frozen_parameters", source=NOTES, seed="freezing", needs=GRAD)
@given(case=networks())
def test_frozen_parameters(case):
    """Frozen parameters get no .grad."""
    case.module.requires_grad_(False)

    case.module(case.x).backward(case.upstream)

    assert all(parameter.grad is None for parameter in case.module.parameters())


@rule("module.frozen_output", source=NOTES, needs=GRAD)
@given(case=networks())
def test_frozen_output(case):
    """A frozen module applied to an input that does not require grad records nothing."""
    case.module.requires_grad_(False)

    output = case.module(case.x.detach())

    assert not output.requires_grad


@rule("module.frozen_first_layer", source=NOTES, kind=Kind.GRADIENT, seed="freezing", needs=GRADIENT)
@given(case=networks())
def test_frozen_first_layer(case):
    """Freezing the first layer leaves the gradient of the last as it is."""
    hidden = reference.host(case.module[:2](case.x))
    expected = reference.host(case.upstream).T @ hidden
    case.module[0].requires_grad_(False)

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[2].weight.grad, expected, dtype=case.module[2].weight.dtype, scale=10)


@rule("module.frozen_last_layer", source=NOTES, kind=Kind.GRADIENT, seed="freezing", needs=GRADIENT)
@given(case=networks())
def test_frozen_last_layer(case):
    """Freezing the last layer leaves the gradient of the first as it is."""
    expected = reference.first_weight_gradient(
        [reference.host(parameter) for parameter in case.module.parameters()],
        type(case.module[1]).__name__,
        reference.host(case.x),
        reference.host(case.upstream),
    )
    case.module[2].requires_grad_(False)

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.requires_grad_returns_self", source=f"{MODULE}.requires_grad_", needs=GRAD)
@given(case=networks())
def test_requires_grad_returns_self(case):
    """requires_grad_ of a module returns the module."""
    output = case.module.requires_grad_(False)

    assert output is case.module


@rule("module.requires_grad_of_submodules", source=f"{MODULE}.requires_grad_", seed="freezing", needs=GRAD)
@given(case=networks())
def test_requires_grad_of_submodules(case):
    """requires_grad_(False) of a module reaches the parameters of its submodules."""
    outer = nn.Sequential(case.module)

    outer.requires_grad_(False)

    assert not any(parameter.requires_grad for parameter in case.module.parameters())


@rule("module.zero_grad", source=f"{MODULE}.zero_grad", needs=GRAD)
@given(case=networks())
def test_zero_grad(case):
    """zero_grad sets the .grad of every parameter to None."""
    case.module(case.x).backward(case.upstream)

    case.module.zero_grad()

    assert all(parameter.grad is None for parameter in case.module.parameters())


@rule("module.zero_grad_in_place", source=f"{MODULE}.zero_grad", needs=GRADIENT)
@given(case=networks())
def test_zero_grad_in_place(case):
    """zero_grad(set_to_none=False) sets the gradient of a parameter to zeros."""
    case.module(case.x).backward(case.upstream)

    case.module.zero_grad(set_to_none=False)

    expect.same_elements(case.module[2].weight.grad, np.zeros(case.module[2].weight.shape))


@rule("module.accumulates", source=MODULE, seed="accumulation", needs=GRADIENT)
@given(case=linears())
def test_accumulates(case):
    """Two backward passes add up in the gradient of a parameter."""
    expected = 2 * reference.host(case.upstream).T @ reference.host(case.x)

    for _ in range(2):
        case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.eval_keeps_gradients", source=NOTES, needs=GRAD)
@given(case=networks())
def test_eval_keeps_gradients(case):
    """eval mode does not turn gradients off."""
    case.module.eval()

    assert case.module(case.x.detach()).requires_grad


@rule("module.eval_of_submodules", source=f"{MODULE}.eval", needs=GRAD)
@given(case=networks())
def test_eval_of_submodules(case):
    """eval sets the training flag of every submodule to False."""
    case.module.eval()

    assert not any(module.training for module in case.module.modules())


@rule("module.state_dict_shares", source=f"{MODULE}.state_dict", needs=GRADIENT)
@given(case=networks())
def test_state_dict_shares(case):
    """The tensors of a state_dict share storage with the parameters: a write to one is seen in the other."""
    case.module.state_dict()["0.weight"].fill_(1)

    expect.all_ones(case.module[0].weight)


@rule("module.state_dict_detached", source=f"{MODULE}.state_dict", needs=GRAD)
@given(case=networks())
def test_state_dict_detached(case):
    """The tensors of a state_dict do not require grad."""
    assert not any(tensor.requires_grad for tensor in case.module.state_dict().values())


@rule("module.load_state_dict", source=f"{MODULE}.load_state_dict", needs=GRADIENT)
@given(case=networks())
def test_load_state_dict(case):
    """load_state_dict copies the values into the module's parameters."""
    state = {name: torch.ones_like(value) for name, value in case.module.state_dict().items()}

    case.module.load_state_dict(state)

    expect.all_ones(case.module[2].weight)


@rule("module.load_state_dict_in_place", source=f"{MODULE}.load_state_dict", needs=GRAD)
@given(case=networks())
def test_load_state_dict_in_place(case):
    """load_state_dict keeps the parameters the same objects."""
    state = {name: value.clone() for name, value in case.module.state_dict().items()}
    before = case.module[0].weight

    case.module.load_state_dict(state)

    assert case.module[0].weight is before


@rule("module.load_state_dict_missing_key", source=f"{MODULE}.load_state_dict", kind=Kind.ERROR, needs=GRAD)
@given(case=networks())
def test_load_state_dict_missing_key(case):
    """A state_dict that lacks a parameter raises RuntimeError."""
    state = case.module.state_dict()
    case.module.load_state_dict(state)
    del state["0.weight"]

    with pytest.raises(RuntimeError):
        case.module.load_state_dict(state)


@rule("module.sgd_step", source=NOTES, needs=GRADIENT)
@given(case=linears())
def test_sgd_step(case):
    """A step of SGD changes a parameter by the learning rate times its gradient."""
    weight, _ = _linear(case.module)
    expected = weight - 0.5 * reference.host(case.upstream).T @ reference.host(case.x)
    optimizer = torch.optim.SGD(case.module.parameters(), lr=0.5)

    case.module(case.x).backward(case.upstream)
    optimizer.step()

    expect.close(case.module[0].weight, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.sgd_step_keeps_leaves", source=NOTES, needs=GRAD)
@given(case=linears())
def test_sgd_step_keeps_leaves(case):
    """After a step of SGD the parameters are leaves as before: it is not recorded."""
    case.module(case.x).backward(case.upstream)
    torch.optim.SGD(case.module.parameters(), lr=0.5).step()

    assert all(parameter.is_leaf for parameter in case.module.parameters())


def _linear(module):
    """Return the weight and the bias of a module's first layer on the host, zeros if it has no bias."""
    weight = reference.host(module[0].weight)
    return weight, np.zeros(len(weight)) if module[0].bias is None else reference.host(module[0].bias)
