"""torch.nn.Module and Parameter: registration, freezing, state, hooks, and gradients through layers.

Not covered: lazy modules, parametrizations, hooks of all modules at once, hooks of state_dict and
load_state_dict, and layers other than linear ones.
"""

import copy
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
MODULES = "notes/modules"
BACKWARD = "torch.Tensor.backward"
LINEAR = "torch.nn.Linear"
SGD = "torch.optim.SGD"
PRE_HOOK = f"{MODULE}.register_forward_pre_hook"
HOOK = f"{MODULE}.register_forward_hook"
BACKWARD_PRE_HOOK = f"{MODULE}.register_full_backward_pre_hook"
BACKWARD_HOOK = f"{MODULE}.register_full_backward_hook"
LOAD = f"{MODULE}.load_state_dict"
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


@rule("parameter.is_leaf", source=PARAMETER, basis=Basis.OBSERVED, needs=GRAD)
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


@rule(
    "parameter.of_integers",
    source="torch.Tensor.to",
    basis=Basis.OBSERVED,
    also=[PARAMETER],
    kind=Kind.ERROR,
    needs=GRAD,
)
@given(case=whole_tensors())
def test_parameter_of_integers(case):
    """A Parameter made from an integer or bool tensor is refused unless it need not require grad."""
    nn.Parameter(case.x, requires_grad=False)

    with expect.refusal():
        nn.Parameter(case.x)


@rule("module.parameters_require_grad", source=NOTES, seed="nn.Module", needs=GRAD)
@given(case=networks())
def test_parameters_require_grad(case):
    """Every parameter of new linear layers, and of a module that they are in, requires grad."""
    assert all(parameter.requires_grad for parameter in case.module.parameters())


@rule("module.parameters_are_leaves", source=NOTES, needs=GRAD)
@given(case=networks())
def test_parameters_are_leaves(case):
    """Every parameter of a module is a leaf."""
    assert all(parameter.is_leaf for parameter in case.module.parameters())


@rule("module.registers_parameters", source=PARAMETER, needs=GRAD)
@given(case=leaves())
def test_registers_parameters(case):
    """A Parameter assigned as an attribute is one of the module's parameters."""
    module = nn.Module()

    module.weight = nn.Parameter(case.upstream)

    assert [parameter is module.weight for parameter in module.parameters()] == [True]


@rule("module.registers_no_tensors", source=PARAMETER, needs=GRAD)
@given(case=leaves())
def test_registers_no_tensors(case):
    """A plain tensor assigned as an attribute is none of the parameters, even if it requires grad."""
    module = nn.Module()
    module.weight = nn.Parameter(case.upstream)

    module.kept = case.x

    assert [parameter is module.weight for parameter in module.parameters()] == [True]


@rule("module.register_parameter", source=f"{MODULE}.register_parameter", needs=GRAD)
@given(case=leaves())
def test_register_parameter(case):
    """register_parameter makes a Parameter an attribute and one of the module's parameters by its name."""
    module, weight = nn.Module(), nn.Parameter(case.upstream)

    module.register_parameter("weight", weight)

    assert module.weight is weight
    assert [(name, found is weight) for name, found in module.named_parameters()] == [("weight", True)]


@rule("module.register_no_parameter", source=f"{MODULE}.register_parameter", needs=GRAD)
@given(case=leaves())
def test_register_no_parameter(case):
    """A parameter that is registered as None is not in the state_dict."""
    module = nn.Module()
    module.register_parameter("weight", nn.Parameter(case.upstream))

    module.register_parameter("bias", None)

    assert module.bias is None
    assert list(module.state_dict()) == ["weight"]


@rule("module.register_tensor", source=f"{MODULE}.register_parameter", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=leaves())
def test_register_tensor(case):
    """register_parameter of a tensor that is no Parameter raises TypeError."""
    nn.Module().register_parameter("weight", nn.Parameter(case.upstream))

    with pytest.raises(TypeError):
        nn.Module().register_parameter("weight", case.x)


@rule("module.register_twice", source=f"{MODULE}.register_parameter", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=leaves())
def test_register_twice(case):
    """register_parameter by the name of an attribute that is no parameter raises KeyError."""
    module, weight = nn.Module(), nn.Parameter(case.upstream)
    module.register_parameter("weight", weight)
    module.kept = case.x

    with pytest.raises(KeyError):
        module.register_parameter("kept", weight)


@rule(
    "module.register_dotted_name",
    source=f"{MODULE}.register_parameter",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
)
@given(case=leaves())
def test_register_dotted_name(case):
    """register_parameter by a name with a dot raises KeyError."""
    module, weight = nn.Module(), nn.Parameter(case.upstream)
    module.register_parameter("inner_weight", weight)

    with pytest.raises(KeyError):
        module.register_parameter("inner.weight", weight)


@rule("module.reserved_parameter", source=MODULES, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_reserved_parameter(case):
    """The name of a parameter that was registered as None takes a Parameter and refuses another tensor."""
    module = nn.Module()
    module.register_parameter("weight", None)
    module.weight = nn.Parameter(case.upstream)

    with expect.refusal():
        module.weight = case.x


@rule("module.reserved_buffer", source=MODULES, kind=Kind.ERROR)
@given(case=leaves())
def test_reserved_buffer(case):
    """The name of a buffer that was registered as None takes a tensor and refuses a tuple."""
    module = nn.Module()
    module.register_buffer("mean", None)
    module.mean = case.upstream

    with expect.refusal():
        module.mean = case.upstream.shape


@rule("module.before_init", source=MODULE, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_before_init(case):
    """A Parameter that is assigned to a module whose __init__ was not called is refused."""
    weight, module = nn.Parameter(case.upstream), nn.Module.__new__(nn.Module)
    nn.Module().weight = weight

    with expect.refusal():
        module.weight = weight


@rule("module.submodule_before_init", source=MODULE, kind=Kind.ERROR, needs=GRAD)
@given(case=linears())
def test_submodule_before_init(case):
    """A submodule that is assigned to a module whose __init__ was not called is refused."""
    module = nn.Module.__new__(nn.Module)
    nn.Module().inner = case.module

    with expect.refusal():
        module.inner = case.module


@rule("module.submodule_parameters", source=MODULES, needs=GRAD)
@given(case=networks())
def test_submodule_parameters(case):
    """The parameters of a submodule are among the module's, under the submodule's name."""
    outer = nn.Module()

    outer.inner = case.module

    assert [name for name, _ in outer.named_parameters()] == [
        f"inner.{name}" for name, _ in case.module.named_parameters()
    ]


@rule("module.own_parameters", source=f"{MODULE}.parameters", needs=GRAD)
@given(case=networks())
def test_own_parameters(case):
    """parameters(recurse=False) leaves out those of submodules."""
    outer = nn.Module()
    outer.inner, outer.weight = case.module, nn.Parameter(case.upstream)

    assert [parameter is outer.weight for parameter in outer.parameters(recurse=False)] == [True]


@rule("module.get_parameter", source=f"{MODULE}.get_parameter", needs=GRAD)
@given(case=networks())
def test_get_parameter(case):
    """get_parameter gives the very parameter that a dotted path leads to."""
    outer = nn.Sequential(case.module)

    assert outer.get_parameter("0.2.weight") is case.module[2].weight


@rule("module.get_no_parameter", source=f"{MODULE}.get_parameter", kind=Kind.ERROR, needs=GRAD)
@given(case=networks())
def test_get_no_parameter(case):
    """get_parameter of a path that leads to a module raises AttributeError."""
    case.module.get_parameter("2.weight")

    with pytest.raises(AttributeError):
        case.module.get_parameter("2")


@rule("module.get_submodule", source=f"{MODULE}.get_submodule", needs=GRAD)
@given(case=networks())
def test_get_submodule(case):
    """get_submodule gives the very module that a dotted path leads to."""
    outer = nn.Sequential(case.module)

    assert outer.get_submodule("0.2") is case.module[2]


@rule("module.get_no_submodule", source=f"{MODULE}.get_submodule", kind=Kind.ERROR, needs=GRAD)
@given(case=networks())
def test_get_no_submodule(case):
    """get_submodule of a path that leads to a parameter raises AttributeError."""
    case.module.get_submodule("2")

    with pytest.raises(AttributeError):
        case.module.get_submodule("2.weight")


@rule("module.apply", source=f"{MODULE}.apply", needs=GRAD)
@given(case=networks())
def test_apply(case):
    """apply calls the function once with each submodule that one path leads to, and with the module
    itself.
    """
    outer, seen = nn.Sequential(case.module), []

    outer.apply(seen.append)

    assert sorted(map(id, seen)) == sorted(map(id, [outer, case.module, *case.module]))


@rule("module.apply_order", source=f"{MODULE}.apply", basis=Basis.OBSERVED, needs=GRAD)
@given(case=networks())
def test_apply_order(case):
    """apply calls the function with the children first, in their order, and with the module last."""
    outer, seen = nn.Sequential(case.module), []

    outer.apply(seen.append)

    assert list(map(id, seen)) == list(map(id, [*case.module, case.module, outer]))


@rule("module.apply_returns_self", source=f"{MODULE}.apply", needs=GRAD)
@given(case=networks())
def test_apply_returns_self(case):
    """apply returns the module."""
    seen = []

    output = case.module.apply(seen.append)

    assert output is case.module


@rule("module.shared_parameter", source=f"{MODULE}.named_parameters", needs=GRAD)
@given(case=linears())
def test_shared_parameter(case):
    """A parameter that a module reaches on two paths is given once."""
    outer = nn.Sequential(case.module, case.module)

    found = [id(parameter) for _, parameter in outer.named_parameters()]

    assert found == [id(parameter) for parameter in case.module.parameters()]


@rule("module.shared_parameter_twice", source=f"{MODULE}.named_parameters", needs=GRAD)
@given(case=linears())
def test_shared_parameter_twice(case):
    """With remove_duplicate=False, a parameter that a module reaches on two paths is given on each."""
    outer = nn.Sequential(case.module, case.module)

    found = [id(parameter) for _, parameter in outer.named_parameters(remove_duplicate=False)]

    assert found == 2 * [id(parameter) for parameter in case.module.parameters()]


@rule("module.buffers_need_no_grad", source=f"{MODULE}.register_buffer", basis=Basis.OBSERVED, needs=GRAD)
@given(case=leaves())
def test_buffers_need_no_grad(case):
    """A buffer requires grad only if the tensor does that was registered."""
    module = nn.Module()

    module.register_buffer("mean", case.upstream)
    module.register_buffer("learnt", case.x)

    assert [buffer.requires_grad for buffer in module.buffers()] == [False, True]


@rule("module.no_parameters_of_buffers", source=f"{MODULE}.register_buffer", needs=GRAD)
@given(case=leaves())
def test_no_parameters_of_buffers(case):
    """A registered buffer is none of the module's parameters."""
    module = nn.Module()
    module.weight = nn.Parameter(case.upstream)

    module.register_buffer("mean", case.upstream)

    assert [name for name, _ in module.named_parameters()] == ["weight"]


@rule("module.buffer_by_name", source=f"{MODULE}.register_buffer", also=[f"{MODULE}.named_buffers"])
@given(case=leaves())
def test_buffer_by_name(case):
    """A registered buffer is an attribute of the module and one of its buffers, by its name."""
    module = nn.Module()

    module.register_buffer("mean", case.upstream)

    assert module.mean is case.upstream
    assert [(name, found is case.upstream) for name, found in module.named_buffers()] == [("mean", True)]


@rule("module.persistent_buffer", source=f"{MODULE}.register_buffer")
@given(case=leaves())
def test_persistent_buffer(case):
    """A buffer is in the state_dict unless it is registered with persistent=False."""
    module = nn.Module()

    module.register_buffer("mean", case.upstream)
    module.register_buffer("cache", case.upstream, persistent=False)

    assert list(module.state_dict()) == ["mean"]


@rule("module.cached_buffer", source=f"{MODULE}.register_buffer")
@given(case=leaves())
def test_cached_buffer(case):
    """A buffer that is not persistent is one of the module's buffers all the same."""
    module = nn.Module()

    module.register_buffer("cache", case.upstream, persistent=False)

    assert [buffer is case.upstream for buffer in module.buffers()] == [True]


@rule("module.no_buffer", source=f"{MODULE}.register_buffer")
@given(case=leaves())
def test_no_buffer(case):
    """A buffer that is registered as None is not in the state_dict."""
    module = nn.Module()
    module.register_buffer("mean", case.upstream)

    module.register_buffer("variance", None)

    assert module.variance is None
    assert list(module.state_dict()) == ["mean"]


@rule("module.forward", source=LINEAR, needs=[Need.VALUES])
@given(case=linears())
def test_forward(case):
    """A linear layer gives x @ weight.T + bias."""
    weight, bias = _linear(case.module)
    expected = reference.drawn(case.x) @ weight.T + bias

    output = case.module(case.x)

    expect.close(output, expected, dtype=case.x.dtype, scale=10)


@rule(
    "module.gradient_of_weight",
    source=BACKWARD,
    also=[LINEAR],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=linears())
def test_gradient_of_weight(case):
    """For a batch of two dims, the gradient of a linear layer's weight is upstream.T @ x."""
    expected = reference.drawn(case.upstream).T @ reference.drawn(case.x)

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.gradient_of_bias", source=BACKWARD, also=[LINEAR], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=linears())
def test_gradient_of_bias(case):
    """The gradient of a linear layer's bias is the sum of upstream over the batch."""
    case.module[0].bias = nn.Parameter(torch.zeros_like(case.upstream[0]))
    expected = reference.drawn(case.upstream).sum(0)

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].bias.grad, expected, dtype=case.module[0].bias.dtype, scale=10)


@rule(
    "module.gradient_of_input",
    source=BACKWARD,
    also=[LINEAR],
    kind=Kind.GRADIENT,
    seed="freezing",
    needs=GRADIENT,
)
@given(case=linears())
def test_gradient_of_input(case):
    """The gradient of a linear layer's input is upstream @ weight."""
    weight, _ = _linear(case.module)
    expected = reference.drawn(case.upstream) @ weight

    case.module(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype, scale=10)


@rule("module.gradient_of_network", source=BACKWARD, also=[LINEAR], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=networks())
def test_gradient_of_network(case):
    """The gradient of the first weight of two linear layers follows from the chain rule."""
    expected = _gradient_of_first_weight(case)

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule(
    "module.no_warning_of_parameters",
    source=MODULE,
    basis=Basis.OBSERVED,
    kind=Kind.WARNING,
    needs=GRAD,
)
@given(case=networks())
def test_no_warning_of_parameters(case):
    """After backward the .grad of every parameter can be read without a warning."""
    case.module(case.x).backward(case.upstream)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradients = [parameter.grad for parameter in case.module.parameters()]

    assert not any(gradient is None for gradient in gradients)


@rule(
    "module.frozen_gradient_of_input",
    source=NOTES,
    also=[BACKWARD, LINEAR],
    kind=Kind.GRADIENT,
    seed="freezing",
    needs=GRADIENT,
)
@given(case=linears())
def test_frozen_gradient_of_input(case):
    """A module whose parameters are all frozen still gives its input the right gradient."""
    weight, _ = _linear(case.module)
    expected = reference.drawn(case.upstream) @ weight
    case.module.requires_grad_(False)

    case.module(case.x).backward(case.upstream)

    expect.close(case.x.grad, expected, dtype=case.x.dtype, scale=10)


@rule("module.frozen_parameters", source=NOTES, seed="freezing", needs=GRAD)
@given(case=networks())
def test_frozen_parameters(case):
    """A backward that reaches the input of a frozen module gives none of its parameters a .grad."""
    case.module.requires_grad_(False)

    case.module(case.x).backward(case.upstream)

    assert case.x.grad is not None
    assert all(parameter.grad is None for parameter in case.module.parameters())


@rule("module.frozen_output", source=NOTES, needs=GRAD)
@given(case=networks())
def test_frozen_output(case):
    """The output of a frozen module does not require grad if the input does not either."""
    assert case.module(case.x.detach()).requires_grad
    case.module.requires_grad_(False)

    output = case.module(case.x.detach())

    assert not output.requires_grad


@rule("module.frozen_first_layer", source=NOTES, also=[BACKWARD], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=networks())
def test_frozen_first_layer(case):
    """Freezing the first layer leaves the gradient of the last as it is."""
    hidden = reference.hidden(_parameters(case), type(case.module[1]).__name__, reference.drawn(case.x))
    expected = reference.drawn(case.upstream).T @ hidden
    case.module[0].requires_grad_(False)

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[2].weight.grad, expected, dtype=case.module[2].weight.dtype, scale=10)


@rule("module.frozen_last_layer", source=NOTES, also=[BACKWARD], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=networks())
def test_frozen_last_layer(case):
    """Freezing the last layer leaves the gradient of the first as it is."""
    expected = _gradient_of_first_weight(case)
    case.module[2].requires_grad_(False)

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.requires_grad_returns_self", source=f"{MODULE}.requires_grad_", needs=GRAD)
@given(case=networks())
def test_requires_grad_returns_self(case):
    """requires_grad_ of a module returns the module."""
    output = case.module.requires_grad_(False)

    assert output is case.module


@rule("module.requires_grad_of_submodules", source=NOTES, also=[f"{MODULE}.requires_grad_"], needs=GRAD)
@given(case=networks())
def test_requires_grad_of_submodules(case):
    """requires_grad_(False) of a module reaches the parameters of its submodules."""
    outer = nn.Sequential(case.module)

    outer.requires_grad_(False)

    assert not any(parameter.requires_grad for parameter in case.module.parameters())


@rule("module.thawed_parameters", source=f"{MODULE}.requires_grad_", needs=GRAD)
@given(case=networks())
def test_thawed_parameters(case):
    """requires_grad_() of a frozen module makes its parameters require grad again."""
    case.module.requires_grad_(False)

    case.module.requires_grad_()

    assert all(parameter.requires_grad for parameter in case.module.parameters())


@rule("module.frozen_gradient", source=f"{MODULE}.requires_grad_", basis=Basis.OBSERVED, needs=GRAD)
@given(case=linears())
def test_frozen_gradient(case):
    """Freezing a module leaves the .grad that a parameter has."""
    case.module(case.x).backward(case.upstream)
    before = case.module[0].weight.grad

    case.module.requires_grad_(False)

    assert case.module[0].weight.grad is before


@rule("module.zero_grad", source=f"{MODULE}.zero_grad", also=["torch.optim.Optimizer.zero_grad"], needs=GRAD)
@given(case=networks())
def test_zero_grad(case):
    """zero_grad sets the .grad of every parameter to None."""
    case.module(case.x).backward(case.upstream)
    assert not any(parameter.grad is None for parameter in case.module.parameters())

    case.module.zero_grad()

    assert all(parameter.grad is None for parameter in case.module.parameters())


@rule("module.zero_grad_in_place", source=f"{MODULE}.zero_grad", needs=GRADIENT)
@given(case=networks())
def test_zero_grad_in_place(case):
    """zero_grad(set_to_none=False) sets the gradient of a parameter, which stays a tensor, to zeros."""
    case.module(case.x).backward(case.upstream)

    case.module.zero_grad(set_to_none=False)

    expect.equal_elements(case.module[2].weight.grad, np.zeros(case.module[2].weight.shape))


@rule("module.zero_grad_keeps_tensor", source=f"{MODULE}.zero_grad", basis=Basis.OBSERVED, needs=GRAD)
@given(case=networks())
def test_zero_grad_keeps_tensor(case):
    """zero_grad(set_to_none=False) keeps the gradient of a parameter the same tensor."""
    case.module(case.x).backward(case.upstream)
    before = case.module[2].weight.grad

    case.module.zero_grad(set_to_none=False)

    assert case.module[2].weight.grad is before


@rule("module.zero_grad_of_none", source=f"{MODULE}.zero_grad", basis=Basis.OBSERVED, needs=GRAD)
@given(case=networks())
def test_zero_grad_of_none(case):
    """zero_grad(set_to_none=False) leaves a .grad of None as it is."""
    case.module[0].requires_grad_(False)
    case.module(case.x).backward(case.upstream)

    case.module.zero_grad(set_to_none=False)

    assert case.module[2].weight.grad is not None
    assert case.module[0].weight.grad is None


@rule("module.accumulates", source=BACKWARD, also=[LINEAR], needs=GRADIENT)
@given(case=linears())
def test_accumulates(case):
    """Two backward passes add up in the gradient of a parameter."""
    expected = 2 * reference.drawn(case.upstream).T @ reference.drawn(case.x)

    for _ in range(2):
        case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.eval_keeps_gradients", source=NOTES, needs=GRAD)
@given(case=networks())
def test_eval_keeps_gradients(case):
    """eval mode does not turn gradients off."""
    case.module.eval()

    assert case.module(case.x.detach()).requires_grad


@rule("module.eval_of_submodules", source=f"{MODULE}.eval", basis=Basis.OBSERVED, needs=GRAD)
@given(case=networks())
def test_eval_of_submodules(case):
    """eval sets the training flag of every submodule to False."""
    case.module.eval()

    assert not any(module.training for module in case.module.modules())


@rule("module.training", source=MODULES, needs=GRAD)
@given(case=networks())
def test_training(case):
    """A new module is in training mode."""
    outer = nn.Sequential(case.module)

    assert outer.training


@rule("module.eval", source=f"{MODULE}.eval", also=[MODULE], needs=GRAD)
@given(case=networks())
def test_eval(case):
    """eval sets the training flag of the module to False, and train sets it to True again."""
    case.module.eval()
    evaluating = case.module.training

    case.module.train()

    assert (evaluating, case.module.training) == (False, True)


@rule("module.train_off", source=f"{MODULE}.train", also=[MODULE], needs=GRAD)
@given(case=networks())
def test_train_off(case):
    """train(False) sets the training flag of the module to False."""
    case.module.train(False)

    assert not case.module.training


@rule("module.train_returns_self", source=f"{MODULE}.train", also=[f"{MODULE}.eval"], needs=GRAD)
@given(case=networks())
def test_train_returns_self(case):
    """train and eval return the module."""
    assert case.module.train() is case.module
    assert case.module.eval() is case.module


@rule("module.train_mode", source=f"{MODULE}.train", basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=networks())
def test_train_mode(case):
    """A mode of training that is neither True nor False raises ValueError, as 1 does."""
    case.module.train(True)

    with pytest.raises(ValueError):
        case.module.train(1)


@rule("module.to_dtype", source=f"{MODULE}.to", also=[MODULE], needs=GRAD)
@given(case=networks())
def test_to_dtype(case):
    """to(dtype) converts every floating parameter of the module and of its submodules to that dtype."""
    case.module.to(torch.float32)

    assert {parameter.dtype for parameter in case.module.parameters()} == {torch.float32}


@rule("module.to_returns_self", source=f"{MODULE}.to", needs=GRAD)
@given(case=networks())
def test_to_returns_self(case):
    """to returns the module."""
    output = case.module.to(torch.float32)

    assert output is case.module


@rule("module.to_keeps_parameters", source=f"{MODULE}.to", basis=Basis.OBSERVED, needs=GRAD)
@given(case=networks())
def test_to_keeps_parameters(case):
    """to(dtype) keeps the parameters the same objects."""
    before = [id(parameter) for parameter in case.module.parameters()]

    case.module.to(torch.float32)

    assert [id(parameter) for parameter in case.module.parameters()] == before


@rule("module.to_dtype_of_gradient", source=f"{MODULE}.to", basis=Basis.OBSERVED, needs=GRAD)
@given(case=linears())
def test_to_dtype_of_gradient(case):
    """to(dtype) converts the gradients of the parameters, too."""
    case.module(case.x).backward(case.upstream)

    case.module.to(torch.float32)

    assert case.module[0].weight.grad.dtype == torch.float32


@rule("module.to_dtype_of_buffers", source=f"{MODULE}.to", also=[MODULES])
@given(case=leaves())
def test_to_dtype_of_buffers(case):
    """to(dtype) converts the floating buffers, persistent or not."""
    module = nn.Module()
    module.register_buffer("mean", case.upstream.to(torch.float64))
    module.register_buffer("cache", case.upstream.to(torch.float64), persistent=False)

    module.to(torch.float32)

    assert [buffer.dtype for buffer in module.buffers()] == [torch.float32, torch.float32]


@rule("module.to_keeps_integers", source=f"{MODULE}.to")
@given(case=whole_tensors())
def test_to_keeps_integers(case):
    """to(dtype) leaves the dtype of a buffer of integers or bools."""
    module = nn.Module()
    module.register_buffer("count", case.x)
    module.register_buffer("mean", torch.zeros(2, dtype=torch.float64, device=case.x.device))

    module.to(torch.float32)

    assert [buffer.dtype for buffer in module.buffers()] == [case.x.dtype, torch.float32]


@rule("module.to_integers", source=f"{MODULE}.to", kind=Kind.ERROR, needs=GRAD)
@given(case=networks())
def test_to_integers(case):
    """to of a dtype that is neither floating nor complex is refused."""
    case.module.to(torch.float32)

    with expect.refusal():
        case.module.to(torch.int64)


@rule("module.state_dict_shares", source=f"{MODULE}.state_dict", needs=GRADIENT)
@given(case=networks())
def test_state_dict_shares(case):
    """The tensors of a state_dict share storage with the parameters: a write to one is seen in the other."""
    case.module.state_dict()["0.weight"].fill_(1)

    expect.all_ones(case.module[0].weight)


@rule("module.state_dict_detached", source=f"{MODULE}.state_dict", needs=GRAD)
@given(case=networks())
def test_state_dict_detached(case):
    """By default the tensors of a state_dict do not require grad."""
    assert not any(tensor.requires_grad for tensor in case.module.state_dict().values())


@rule("module.state_dict_keep_vars", source=f"{MODULE}.state_dict", needs=GRAD)
@given(case=networks())
def test_state_dict_keep_vars(case):
    """state_dict(keep_vars=True) gives the parameters themselves, which require grad."""
    state = case.module.state_dict(keep_vars=True)

    assert state["0.weight"] is case.module[0].weight
    assert all(tensor.requires_grad for tensor in state.values())


@rule(
    "module.state_dict_names", source=f"{MODULE}.state_dict", also=[f"{MODULE}.named_parameters"], needs=GRAD
)
@given(case=networks())
def test_state_dict_names(case):
    """The keys of the state_dict of a module without buffers and shared parameters are the names of
    its parameters, with the prefix that is asked for.
    """
    state = case.module.state_dict(prefix="net.")

    assert list(state) == [f"net.{name}" for name, _ in case.module.named_parameters()]


@rule("module.state_dict_of_shared", source=f"{MODULE}.state_dict", basis=Basis.OBSERVED, needs=GRAD)
@given(case=linears())
def test_state_dict_of_shared(case):
    """A state_dict has a parameter that the module reaches on two paths by both names."""
    state = nn.Sequential(case.module, case.module).state_dict()

    assert {"0.0.weight", "1.0.weight"} <= set(state)


@rule("module.deepcopy", source=MODULE, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=linears())
def test_deepcopy(case):
    """A deepcopy of a module has parameters of the same elements, in memory of their own."""
    expected = reference.drawn(case.module[0].weight)

    copied = copy.deepcopy(case.module)
    with torch.no_grad():
        case.module[0].weight.fill_(1)

    expect.same_elements(copied[0].weight, expected)


@rule("module.deepcopy_of_gradient", source=MODULE, basis=Basis.OBSERVED, needs=GRAD)
@given(case=linears())
def test_deepcopy_of_gradient(case):
    """A deepcopy of a module has parameters without the .grad of the module's."""
    case.module(case.x).backward(case.upstream)
    assert case.module[0].weight.grad is not None

    copied = copy.deepcopy(case.module)

    assert copied[0].weight.grad is None


@rule("module.load_state_dict", source=LOAD, needs=GRADIENT)
@given(case=networks())
def test_load_state_dict(case):
    """load_state_dict copies the values into the module's parameters."""
    state = {name: torch.ones_like(value) for name, value in case.module.state_dict().items()}

    case.module.load_state_dict(state)

    expect.all_ones(case.module[2].weight)


@rule("module.load_state_dict_in_place", source=LOAD, basis=Basis.OBSERVED, needs=GRAD)
@given(case=networks())
def test_load_state_dict_in_place(case):
    """load_state_dict keeps the parameters the same objects."""
    state = {name: value.clone() for name, value in case.module.state_dict().items()}
    before = case.module[0].weight

    case.module.load_state_dict(state)

    assert case.module[0].weight is before


@rule("module.load_state_dict_missing_key", source=LOAD, kind=Kind.ERROR, needs=GRAD)
@given(case=networks())
def test_load_state_dict_missing_key(case):
    """A state_dict that lacks a parameter is refused unless it is loaded with strict=False."""
    state = case.module.state_dict()
    case.module.load_state_dict(state)
    del state["0.weight"]
    case.module.load_state_dict(state, strict=False)

    with expect.refusal():
        case.module.load_state_dict(state)


@rule("module.load_state_dict_unexpected_key", source=LOAD, kind=Kind.ERROR, needs=GRAD)
@given(case=networks())
def test_load_state_dict_unexpected_key(case):
    """A state_dict with a key that the module lacks is refused unless it is loaded with strict=False."""
    state = case.module.state_dict()
    case.module.load_state_dict(state)
    state["extra"] = case.upstream
    case.module.load_state_dict(state, strict=False)

    with expect.refusal():
        case.module.load_state_dict(state)


@rule("module.load_state_dict_not_strict", source=LOAD, needs=GRADIENT)
@given(case=networks())
def test_load_state_dict_not_strict(case):
    """With strict=False, a state_dict that lacks a parameter is loaded for all others."""
    state = {"2.weight": torch.ones_like(case.module[2].weight)}

    case.module.load_state_dict(state, strict=False)

    expect.all_ones(case.module[2].weight)


@rule("module.load_state_dict_missing_keys", source=LOAD, needs=GRAD)
@given(case=networks())
def test_load_state_dict_missing_keys(case):
    """With strict=False, load_state_dict returns keys that the state_dict lacks as missing_keys, and
    [] as unexpected_keys if it has no others.
    """
    state = case.module.state_dict()
    del state["0.weight"]

    found = case.module.load_state_dict(state, strict=False)

    assert (found.missing_keys, found.unexpected_keys) == (["0.weight"], [])


@rule("module.load_state_dict_unexpected_keys", source=LOAD, needs=GRAD)
@given(case=networks())
def test_load_state_dict_unexpected_keys(case):
    """With strict=False, load_state_dict returns keys that the module lacks as unexpected_keys, and []
    as missing_keys if none is missing.
    """
    state = case.module.state_dict()
    state["extra"] = case.upstream

    found = case.module.load_state_dict(state, strict=False)

    assert (found.missing_keys, found.unexpected_keys) == ([], ["extra"])


@rule("module.load_state_dict_match", source=LOAD, needs=GRAD)
@given(case=networks())
def test_load_state_dict_match(case):
    """load_state_dict of a state_dict that fits returns neither missing nor unexpected keys."""
    found = case.module.load_state_dict(case.module.state_dict())

    assert (found.missing_keys, found.unexpected_keys) == ([], [])


@rule("module.load_state_dict_of_buffers", source=LOAD, needs=[Need.VALUES])
@given(case=leaves(nonempty=True, expand=0))
def test_load_state_dict_of_buffers(case):
    """load_state_dict copies the values into the module's persistent buffers."""
    module = nn.Module()
    module.register_buffer("mean", case.x.detach())

    module.load_state_dict({"mean": torch.ones_like(case.x)})

    (mean,) = module.buffers()
    expect.all_ones(mean)


@rule("module.load_state_dict_of_none", source=LOAD, kind=Kind.ERROR, needs=GRAD)
@given(case=leaves(expand=0))
def test_load_state_dict_of_none(case):
    """A strict load_state_dict raises RuntimeError if it has a key whose parameter is registered as
    None.
    """
    module = nn.Module()
    module.register_parameter("weight", nn.Parameter(case.x))
    module.register_parameter("bias", None)
    state = module.state_dict()
    module.load_state_dict(state)
    state["bias"] = case.x

    with pytest.raises(RuntimeError):
        module.load_state_dict(state)


@rule("module.load_state_dict_shape", source=LOAD, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=networks())
def test_load_state_dict_shape(case):
    """A state_dict with a parameter of another shape raises RuntimeError, with strict=False, too."""
    state = case.module.state_dict()
    case.module.load_state_dict(state, strict=False)
    state["0.weight"] = torch.cat([state["0.weight"], state["0.weight"]])

    with pytest.raises(RuntimeError):
        case.module.load_state_dict(state, strict=False)


@rule("module.load_state_dict_in_part", source=LOAD, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=networks())
def test_load_state_dict_in_part(case):
    """load_state_dict that raises for a missing key has copied the values that it has."""
    state = {"2.weight": torch.ones_like(case.module[2].weight)}

    with pytest.raises(RuntimeError):
        case.module.load_state_dict(state)

    expect.all_ones(case.module[2].weight)


@rule("module.load_state_dict_keeps_dtype", source=LOAD, needs=GRAD)
@given(case=networks())
def test_load_state_dict_keeps_dtype(case):
    """By default load_state_dict leaves the parameters the dtype that they have."""
    state = {name: value.to(torch.float32) for name, value in case.module.state_dict().items()}

    case.module.load_state_dict(state)

    assert case.module[2].weight.dtype == torch.float64


@rule("module.load_state_dict_assign", source=LOAD, needs=GRAD)
@given(case=networks())
def test_load_state_dict_assign(case):
    """With assign=True, load_state_dict gives the parameters the dtype of the state_dict's tensors."""
    state = {name: value.to(torch.float32) for name, value in case.module.state_dict().items()}

    case.module.load_state_dict(state, assign=True)

    assert case.module[2].weight.dtype == torch.float32


@rule("module.load_state_dict_assign_values", source=LOAD, needs=GRADIENT)
@given(case=networks())
def test_load_state_dict_assign_values(case):
    """With assign=True, load_state_dict gives the parameters the values of the state_dict's tensors."""
    state = {name: torch.ones_like(value) for name, value in case.module.state_dict().items()}

    case.module.load_state_dict(state, assign=True)

    expect.all_ones(case.module[2].weight)


@rule("module.load_state_dict_assign_flag", source=LOAD, needs=GRAD)
@given(case=networks())
def test_load_state_dict_assign_flag(case):
    """With assign=True, load_state_dict keeps the requires_grad of each parameter."""
    state = {name: value.clone() for name, value in case.module.state_dict().items()}
    case.module[0].requires_grad_(False)

    case.module.load_state_dict(state, assign=True)

    assert (case.module[0].weight.requires_grad, case.module[2].weight.requires_grad) == (False, True)


@rule("module.sgd_step", source=SGD, also=[BACKWARD], needs=GRADIENT)
@given(case=linears())
def test_sgd_step(case):
    """A step of SGD with default options changes a parameter by the learning rate times its gradient."""
    weight, _ = _linear(case.module)
    expected = weight - 0.5 * reference.drawn(case.upstream).T @ reference.drawn(case.x)
    optimizer = torch.optim.SGD(case.module.parameters(), lr=0.5)

    case.module(case.x).backward(case.upstream)
    optimizer.step()

    expect.close(case.module[0].weight, expected, dtype=case.module[0].weight.dtype, scale=10)


@rule("module.sgd_step_keeps_leaves", source=SGD, also=[NOTES], needs=GRAD)
@given(case=linears())
def test_sgd_step_keeps_leaves(case):
    """After a step of SGD with default options the parameters are leaves as before: it is not
    recorded.
    """
    case.module(case.x).backward(case.upstream)

    torch.optim.SGD(case.module.parameters(), lr=0.5).step()

    assert all(parameter.is_leaf for parameter in case.module.parameters())


@rule("module.pre_hook", source=PRE_HOOK, needs=GRAD)
@given(case=linears())
def test_pre_hook(case):
    """A forward pre-hook gets the module and a tuple of the arguments that it is called with."""
    seen = []
    case.module.register_forward_pre_hook(lambda module, args: seen.extend([module, *args]))

    case.module(case.x)

    assert [id(found) for found in seen] == [id(case.module), id(case.x)]


@rule("module.pre_hook_result", source=PRE_HOOK, needs=[Need.VALUES])
@given(case=linears())
def test_pre_hook_result(case):
    """What a forward pre-hook returns takes the place of the input, a single value without a tuple, too."""
    weight, bias = _linear(case.module)
    expected = 2 * reference.drawn(case.x) @ weight.T + bias
    case.module.register_forward_pre_hook(lambda module, args: args[0] * 2)

    output = case.module(case.x)

    expect.close(output, expected, dtype=case.x.dtype, scale=10)


@rule("module.pre_hook_tuple", source=PRE_HOOK, needs=[Need.VALUES])
@given(case=linears())
def test_pre_hook_tuple(case):
    """A tuple that a forward pre-hook returns takes the place of the arguments."""
    weight, bias = _linear(case.module)
    expected = 2 * reference.drawn(case.x) @ weight.T + bias
    case.module.register_forward_pre_hook(lambda module, args: (args[0] * 2,))

    output = case.module(case.x)

    expect.close(output, expected, dtype=case.x.dtype, scale=10)


@rule("module.pre_hook_with_kwargs", source=PRE_HOOK, needs=GRAD)
@given(case=linears())
def test_pre_hook_with_kwargs(case):
    """A forward pre-hook gets the keyword arguments if it is registered with with_kwargs=True."""
    seen = []
    case.module.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append((args, kwargs)), with_kwargs=True
    )

    case.module(input=case.x)

    assert [(args, list(kwargs)) for args, kwargs in seen] == [((), ["input"])]


@rule("module.hook", source=HOOK, needs=GRAD)
@given(case=linears())
def test_hook(case):
    """A forward hook gets the module, a tuple of the arguments, and the output."""
    seen = []
    case.module.register_forward_hook(lambda module, args, output: seen.extend([module, *args, output]))

    output = case.module(case.x)

    assert [id(found) for found in seen] == [id(case.module), id(case.x), id(output)]


@rule("module.hook_result", source=HOOK, needs=[Need.VALUES])
@given(case=linears())
def test_hook_result(case):
    """What a forward hook returns takes the place of the output."""
    weight, bias = _linear(case.module)
    expected = 2 * (reference.drawn(case.x) @ weight.T + bias)
    case.module.register_forward_hook(lambda module, args, output: output * 2)

    output = case.module(case.x)

    expect.close(output, expected, dtype=case.x.dtype, scale=10)


@rule("module.hook_with_kwargs", source=HOOK, needs=GRAD)
@given(case=linears())
def test_hook_with_kwargs(case):
    """A forward hook gets the keyword arguments, too, if it is registered with with_kwargs=True."""
    seen = []
    case.module.register_forward_hook(lambda _, args, kwargs, output: seen.append(kwargs), with_kwargs=True)

    case.module(input=case.x)

    assert [list(kwargs) for kwargs in seen] == [["input"]]


@rule("module.hook_of_exception", source=HOOK, needs=GRAD)
@given(case=linears())
def test_hook_of_exception(case):
    """A forward hook is called although forward raises if it is registered with always_call=True."""
    seen = []
    case.module.register_forward_hook(lambda module, args, output: seen.append("always"), always_call=True)
    case.module.register_forward_hook(lambda module, args, output: seen.append("after forward"))

    with expect.refusal():
        case.module(None)

    assert seen == ["always"]


@rule("module.hooks_around_forward", source=HOOK, also=[PRE_HOOK], needs=GRAD)
@given(case=linears())
def test_hooks_around_forward(case):
    """Forward pre-hooks are called before forward, forward hooks after it."""
    seen = []
    case.module.register_forward_hook(lambda module, args, output: seen.append("hook"))
    case.module.register_forward_pre_hook(lambda module, args: seen.append("pre-hook"))
    case.module[0].register_forward_hook(lambda module, args, output: seen.append("forward"))

    case.module(case.x)

    assert seen == ["pre-hook", "forward", "hook"]


@rule("module.hooks_of_forward", source=f"{MODULE}.forward", needs=GRAD)
@given(case=linears())
def test_hooks_of_forward(case):
    """Calling the module runs its hooks, calling its forward does not."""
    seen = []
    case.module.register_forward_hook(lambda module, args, output: seen.append("hook"))
    case.module.register_forward_pre_hook(lambda module, args: seen.append("pre-hook"))
    case.module(case.x)

    case.module.forward(case.x)

    assert seen == ["pre-hook", "hook"]


@rule("module.hook_order", source=HOOK, needs=GRAD)
@given(case=linears())
def test_hook_order(case):
    """Forward hooks are called in the order in which they were registered."""
    seen = []
    case.module.register_forward_hook(lambda module, args, output: seen.append(1))
    case.module.register_forward_hook(lambda module, args, output: seen.append(2))

    case.module(case.x)

    assert seen == [1, 2]


@rule("module.hook_prepended", source=HOOK, needs=GRAD)
@given(case=linears())
def test_hook_prepended(case):
    """A forward hook that is registered with prepend=True is called before all that were there."""
    seen = []
    case.module.register_forward_hook(lambda module, args, output: seen.append(1))
    case.module.register_forward_hook(lambda module, args, output: seen.append(2), prepend=True)

    case.module(case.x)

    assert seen == [2, 1]


@rule("module.pre_hook_order", source=PRE_HOOK, needs=GRAD)
@given(case=linears())
def test_pre_hook_order(case):
    """Forward pre-hooks are called as they were registered, those with prepend=True before all others."""
    seen = []
    case.module.register_forward_pre_hook(lambda module, args: seen.append(1))
    case.module.register_forward_pre_hook(lambda module, args: seen.append(2))
    case.module.register_forward_pre_hook(lambda module, args: seen.append(3), prepend=True)

    case.module(case.x)

    assert seen == [3, 1, 2]


@rule("module.hook_removed", source=HOOK, also=[PRE_HOOK], needs=GRAD)
@given(case=linears())
def test_hook_removed(case):
    """A forward hook or pre-hook is not called any more after its handle's remove()."""
    seen = []
    hook = case.module.register_forward_hook(lambda module, args, output: seen.append("hook"))
    pre_hook = case.module.register_forward_pre_hook(lambda module, args: seen.append("pre-hook"))
    case.module(case.x)

    hook.remove()
    pre_hook.remove()
    case.module(case.x)

    assert seen == ["pre-hook", "hook"]


@rule(
    "module.backward_hook", source=BACKWARD_HOOK, also=[BACKWARD, LINEAR], kind=Kind.GRADIENT, needs=GRADIENT
)
@given(case=linears())
def test_backward_hook(case):
    """A full backward hook gets a tuple with the gradient of the module's input."""
    weight, _ = _linear(case.module)
    expected = reference.drawn(case.upstream) @ weight
    seen = []
    case.module.register_full_backward_hook(lambda module, before, after: seen.extend(before))

    case.module(case.x).backward(case.upstream)
    (gradient,) = seen

    expect.close(gradient, expected, dtype=case.x.dtype, scale=10)


@rule("module.backward_hook_output", source=BACKWARD_HOOK, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=linears())
def test_backward_hook_output(case):
    """A full backward hook gets a tuple with the gradient of the module's output."""
    expected = reference.drawn(case.upstream)
    seen = []
    case.module.register_full_backward_hook(lambda module, before, after: seen.extend(after))

    case.module(case.x).backward(case.upstream)
    (gradient,) = seen

    expect.equal_elements(gradient, expected)


@rule("module.backward_hook_module", source=BACKWARD_HOOK, needs=GRAD)
@given(case=linears())
def test_backward_hook_module(case):
    """A full backward hook gets the module, once for each backward through it."""
    seen = []
    case.module.register_full_backward_hook(lambda module, before, after: seen.append(module is case.module))

    for _ in range(2):
        case.module(case.x).backward(case.upstream)

    assert seen == [True, True]


@rule("module.backward_hook_result", source=BACKWARD_HOOK, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=linears())
def test_backward_hook_result(case):
    """What a full backward hook returns takes the place of the gradient of the module's input."""
    case.module.register_full_backward_hook(lambda module, before, after: (torch.ones_like(before[0]),))

    case.module(case.x).backward(case.upstream)

    expect.all_ones(case.x.grad)


@rule("module.backward_hook_of_constant", source=BACKWARD_HOOK, basis=Basis.OBSERVED, needs=GRAD)
@given(case=linears())
def test_backward_hook_of_constant(case):
    """If no input of the module requires grad, a full backward hook is called with None for the input."""
    seen = []
    case.module.register_full_backward_hook(lambda module, before, after: seen.extend(before))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case.module(case.x.detach()).backward(case.upstream)

    assert seen == [None]


@rule("module.backward_hook_of_frozen", source=BACKWARD_HOOK, needs=GRAD)
@given(case=networks())
def test_backward_hook_of_frozen(case):
    """A full backward hook of a module none of whose outputs requires grad is not called."""
    seen = []
    case.module[0].requires_grad_(False)
    case.module[0].register_full_backward_hook(lambda module, before, after: seen.append("frozen"))
    case.module[2].register_full_backward_hook(lambda module, before, after: seen.append("live"))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case.module(case.x.detach()).backward(case.upstream)

    assert seen == ["live"]


@rule("module.backward_hook_order", source=BACKWARD_HOOK, needs=GRAD)
@given(case=linears())
def test_backward_hook_order(case):
    """Full backward hooks are called as they were registered, those with prepend=True before all others."""
    seen = []
    case.module.register_full_backward_hook(lambda module, before, after: seen.append(1))
    case.module.register_full_backward_hook(lambda module, before, after: seen.append(2))
    case.module.register_full_backward_hook(lambda module, before, after: seen.append(3), prepend=True)

    case.module(case.x).backward(case.upstream)

    assert seen == [3, 1, 2]


@rule("module.backward_hook_removed", source=BACKWARD_HOOK, needs=GRAD)
@given(case=linears())
def test_backward_hook_removed(case):
    """A full backward hook is not called any more after its handle's remove()."""
    seen = []
    hook = case.module.register_full_backward_hook(lambda module, before, after: seen.append("called"))
    case.module(case.x).backward(case.upstream)

    hook.remove()
    case.module(case.x).backward(case.upstream)

    assert seen == ["called"]


@rule("module.backward_hook_in_place", source=BACKWARD_HOOK, kind=Kind.ERROR, needs=GRADIENT)
@given(case=linears())
def test_backward_hook_in_place(case):
    """In grad mode, of a module with a full backward hook, changing an output that requires grad in
    place is refused.
    """
    case.module(case.x).add_(1)
    case.module.register_full_backward_hook(lambda module, before, after: None)
    output = case.module(case.x)

    with expect.refusal():
        output.add_(1)


@rule("module.backward_hook_in_place_input", source=BACKWARD_HOOK, kind=Kind.ERROR, needs=GRADIENT)
@given(case=linears())
def test_backward_hook_in_place_input(case):
    """Of a module with a full backward hook, a forward that changes the input in place is refused."""
    module = nn.ReLU(inplace=True)
    module(case.x * 1)
    module.register_full_backward_hook(lambda module, before, after: None)

    with expect.refusal():
        module(case.x * 1)


@rule("module.backward_pre_hook", source=BACKWARD_PRE_HOOK, kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=linears())
def test_backward_pre_hook(case):
    """A full backward pre-hook gets a tuple with the gradient of the module's output."""
    expected = reference.drawn(case.upstream)
    seen = []
    case.module.register_full_backward_pre_hook(lambda module, output: seen.extend(output))

    case.module(case.x).backward(case.upstream)
    (gradient,) = seen

    expect.equal_elements(gradient, expected)


@rule(
    "module.backward_pre_hook_result",
    source=BACKWARD_PRE_HOOK,
    also=[BACKWARD, LINEAR],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=linears())
def test_backward_pre_hook_result(case):
    """What a full backward pre-hook returns takes the place of the gradient of the module's output."""
    expected = 2 * reference.drawn(case.upstream).T @ reference.drawn(case.x)
    case.module.register_full_backward_pre_hook(lambda module, output: (output[0] * 2,))

    case.module(case.x).backward(case.upstream)

    expect.close(case.module[0].weight.grad, expected, dtype=case.module[0].weight.dtype, scale=10)


def _linear(module):
    """Return the weight and the bias of a module's first layer as drawn, zeros if it has no bias."""
    weight = reference.drawn(module[0].weight)
    return weight, np.zeros(len(weight)) if module[0].bias is None else reference.drawn(module[0].bias)


def _parameters(case):
    """Return the weights and biases of a network as drawn, in the order of its parameters."""
    return [reference.drawn(parameter) for parameter in case.module.parameters()]


def _gradient_of_first_weight(case):
    """Return the gradient of the first weight of a network that the chain rule gives."""
    return reference.first_weight_gradient(
        _parameters(case),
        type(case.module[1]).__name__,
        reference.drawn(case.x),
        reference.drawn(case.upstream),
    )
