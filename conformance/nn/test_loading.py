"""Module.load_state_dict: what becomes of the module's tensors and the given ones; copies of modules.

Not covered: hooks of loading, and `torch.__future__.set_swap_module_params_on_conversion`.
"""

import copy

import torch
from hypothesis import given
from torch import nn

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.leaves import leaves
from strategies.cases.modules import linears, networks

MODULE = "torch.nn.Module"
LOAD = f"{MODULE}.load_state_dict"
BUFFER = f"{MODULE}.register_buffer"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]
OBSERVED = Basis.OBSERVED


def _doubled(module):
    """Return a state for a module with twice its values, in tensors of its own."""
    return {name: tensor * 2 for name, tensor in module.state_dict().items()}


def _buffered(case, *, persistent=True):
    """Return a module with a buffer."""
    module = nn.Module()
    module.register_buffer("kept", case.upstream.clone(), persistent=persistent)
    return module


@rule("module.load_state_dict_copies", source=LOAD, needs=GRADIENT)
@given(case=linears())
def test_copies(case):
    """load_state_dict copies: a parameter that is changed later leaves the state_dict as it is."""
    state = _doubled(case.module)
    expected = 2 * reference.drawn(case.module[0].weight)
    case.module.load_state_dict(state)

    with torch.no_grad():
        case.module[0].weight.fill_(1)

    expect.equal_elements(state["0.weight"], expected)


@rule("module.load_state_dict_keeps_flags", source=LOAD, needs=GRAD)
@given(case=networks())
def test_keeps_flags(case):
    """By default load_state_dict leaves the parameters the requires_grad that they have."""
    state = _doubled(case.module)
    case.module[0].requires_grad_(False)

    case.module.load_state_dict(state)

    assert not case.module[0].weight.requires_grad
    assert case.module[2].weight.requires_grad


@rule("module.load_state_dict_keeps_leaves", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_keeps_leaves(case):
    """After load_state_dict the parameters are leaves as before: the copy is not recorded."""
    case.module.load_state_dict(_doubled(case.module))

    assert all(parameter.is_leaf for parameter in case.module.parameters())


@rule("module.load_state_dict_keeps_gradient", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_keeps_gradient(case):
    """load_state_dict leaves the .grad that a parameter has."""
    case.module(case.x).backward(case.upstream)
    before = case.module[0].weight.grad

    case.module.load_state_dict(_doubled(case.module))

    assert case.module[0].weight.grad is before


@rule("module.load_state_dict_keeps_mode", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_keeps_mode(case):
    """load_state_dict leaves the training flag as it is: a state_dict has no such flag."""
    state = _doubled(case.module)
    case.module.eval()

    case.module.load_state_dict(state)

    assert not case.module.training


@rule("module.load_state_dict_keeps_state", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=networks())
def test_keeps_state(case):
    """load_state_dict leaves the dict that it is given the keys and the tensors that it has."""
    state = _doubled(case.module)
    before = [(name, id(tensor)) for name, tensor in state.items()]

    case.module.load_state_dict(state)

    assert [(name, id(tensor)) for name, tensor in state.items()] == before


@rule("module.load_state_dict_keeps_buffers", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_keeps_buffers(case):
    """load_state_dict keeps the buffers the same objects."""
    module = _buffered(case)
    before = module.kept

    module.load_state_dict(_doubled(module))

    assert module.kept is before


@rule("module.load_state_dict_of_cached_buffer", source=LOAD, also=[BUFFER], kind=Kind.ERROR, needs=GRAD)
@given(case=leaves())
def test_of_cached_buffer(case):
    """A state_dict with a buffer that is not persistent is refused unless it is loaded with strict=False."""
    module = _buffered(case, persistent=False)
    module.load_state_dict({"kept": case.upstream}, strict=False)

    with expect.refusal():
        module.load_state_dict({"kept": case.upstream})


@rule("module.load_state_dict_leaves_cached_buffer", source=LOAD, also=[BUFFER], needs=GRADIENT)
@given(case=leaves())
def test_leaves_cached_buffer(case):
    """With strict=False, load_state_dict leaves a buffer that is not persistent as it is."""
    module = _buffered(case, persistent=False)
    expected = reference.drawn(case.upstream)

    module.load_state_dict({"kept": case.upstream + 1}, strict=False)

    expect.equal_elements(module.kept, expected)


@rule("module.load_state_dict_unexpected_values", source=LOAD, needs=GRADIENT)
@given(case=linears())
def test_unexpected_values(case):
    """With strict=False, load_state_dict copies what the module has from a state_dict that has more."""
    expected = 2 * reference.drawn(case.module[0].weight)
    state = {"unknown": case.upstream, **_doubled(case.module)}

    case.module.load_state_dict(state, strict=False)

    expect.equal_elements(case.module[0].weight, expected)


@rule("module.load_state_dict_of_a_view", source=LOAD, needs=GRADIENT)
@given(case=linears())
def test_of_a_view(case):
    """load_state_dict copies the values of a tensor of any strides."""
    expected = 2 * reference.drawn(case.module[0].weight)
    state = _doubled(case.module)
    state["0.weight"] = state["0.weight"].t().contiguous().t()

    case.module.load_state_dict(state)

    expect.equal_elements(case.module[0].weight, expected)


@rule("module.load_state_dict_of_other_dtype", source=LOAD, needs=GRADIENT)
@given(case=linears())
def test_of_other_dtype(case):
    """load_state_dict converts values of another dtype to that of the parameter."""
    state = {
        name: torch.full_like(one, 3, dtype=torch.int32) for name, one in case.module.state_dict().items()
    }
    expected = reference.drawn(case.module[0].weight) * 0 + 3

    case.module.load_state_dict(state)

    expect.equal_elements(case.module[0].weight, expected)


@rule("module.load_state_dict_assign_memory", source=LOAD, basis=OBSERVED, needs=GRADIENT)
@given(case=linears())
def test_assign_memory(case):
    """With assign=True, the parameters share the storage of the tensors of the state_dict."""
    state = _doubled(case.module)
    case.module.load_state_dict(state, assign=True)

    state["0.weight"].fill_(1)

    expect.all_ones(case.module[0].weight)


@rule("module.load_state_dict_assign_parameters", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_assign_parameters(case):
    """With assign=True, load_state_dict makes Parameters of tensors, by the names that they have."""
    names = [name for name, _ in case.module.named_parameters()]
    case.module.load_state_dict(_doubled(case.module), assign=True)

    assert [name for name, _ in case.module.named_parameters()] == names
    assert all(isinstance(parameter, nn.Parameter) for parameter in case.module.parameters())


@rule("module.load_state_dict_assign_parameter", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_assign_parameter(case):
    """With assign=True, a Parameter of the state_dict is the module's parameter itself."""
    state = _doubled(case.module)
    state["0.weight"] = nn.Parameter(state["0.weight"])

    case.module.load_state_dict(state, assign=True)

    assert case.module[0].weight is state["0.weight"]


@rule("module.load_state_dict_assign_buffer", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_assign_buffer(case):
    """With assign=True, a buffer of the module is the tensor of the state_dict itself."""
    module = _buffered(case)

    module.load_state_dict({"kept": case.upstream}, assign=True)

    assert module.kept is case.upstream


@rule("module.load_state_dict_assign_strides", source=LOAD, needs=[*GRAD, Need.STRIDES])
@given(case=linears())
def test_assign_strides(case):
    """With assign=True, the parameters have the strides of the tensors of the state_dict."""
    state = _doubled(case.module)
    state["0.weight"] = state["0.weight"].t().contiguous().t()

    case.module.load_state_dict(state, assign=True)

    assert case.module[0].weight.stride() == state["0.weight"].stride()


@rule("module.load_state_dict_assign_missing", source=LOAD, basis=OBSERVED, needs=GRAD)
@given(case=networks())
def test_assign_missing(case):
    """With assign=True and strict=False, a parameter that the state_dict lacks stays the same object."""
    before = case.module[2].weight
    state = {"0.weight": case.module[0].weight.detach() * 2}

    case.module.load_state_dict(state, assign=True, strict=False)

    assert case.module[2].weight is before


@rule("module.load_state_dict_assign_shape", source=LOAD, basis=OBSERVED, kind=Kind.ERROR, needs=GRAD)
@given(case=linears())
def test_assign_shape(case):
    """With assign=True, too, a parameter of another shape is refused."""
    state = _doubled(case.module)
    case.module.load_state_dict(state, assign=True)
    state["0.weight"] = torch.cat([state["0.weight"], state["0.weight"]])

    with expect.refusal():
        case.module.load_state_dict(state, assign=True)


@rule("module.load_state_dict_after_assign", source=LOAD, needs=GRAD)
@given(case=linears())
def test_after_assign(case):
    """A load without assign leaves parameters their dtype, though the state was loaded with it before."""
    state = copy.deepcopy(case.module).float().state_dict()
    copy.deepcopy(case.module).load_state_dict(state, assign=True)

    case.module.load_state_dict(state)

    assert case.module[0].weight.dtype == torch.float64


@rule("module.deepcopy_of_flags", source=MODULE, basis=OBSERVED, needs=GRAD)
@given(case=networks())
def test_deepcopy_of_flags(case):
    """A deepcopy of a module has its training flag and the requires_grad of its parameters."""
    case.module.eval()
    case.module[0].requires_grad_(False)

    copied = copy.deepcopy(case.module)

    assert not copied.training
    assert [parameter.requires_grad for parameter in copied.parameters()] == [
        parameter.requires_grad for parameter in case.module.parameters()
    ]


@rule("module.deepcopy_of_buffers", source=BUFFER, basis=OBSERVED, needs=GRADIENT)
@given(case=leaves(nonempty=True))
def test_deepcopy_of_buffers(case):
    """A deepcopy of a module has buffers in memory of their own."""
    module = _buffered(case)
    expected = reference.drawn(case.upstream)
    copied = copy.deepcopy(module)

    module.kept.fill_(77)

    expect.equal_elements(copied.kept, expected)


@rule("module.deepcopy_of_cached_buffer", source=BUFFER, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_deepcopy_of_cached_buffer(case):
    """A buffer that is not persistent is a buffer of a deepcopy, and not in its state_dict."""
    copied = copy.deepcopy(_buffered(case, persistent=False))

    assert [name for name, _ in copied.named_buffers()] == ["kept"]
    assert list(copied.state_dict()) == []


@rule("module.buffer_replaced", source=BUFFER, basis=OBSERVED, needs=GRAD)
@given(case=leaves())
def test_buffer_replaced(case):
    """A tensor that is assigned by the name of a buffer is the buffer from then on, persistent as it was."""
    module = _buffered(case)

    module.kept = case.upstream

    assert [buffer is case.upstream for buffer in module.buffers()] == [True]
    assert list(module.state_dict()) == ["kept"]


@rule("module.train_of_submodules", source=f"{MODULE}.train", basis=OBSERVED, needs=GRAD)
@given(case=networks())
def test_train_of_submodules(case):
    """train sets the training flag of every submodule to True, train(False) to False."""
    case.module.train(False)
    evaluating = [module.training for module in case.module.modules()]

    case.module.train()

    assert not any(evaluating)
    assert all(module.training for module in case.module.modules())


@rule("module.to_tensor", source=f"{MODULE}.to", needs=GRAD)
@given(case=linears())
def test_to_tensor(case):
    """to(tensor) converts the parameters to the dtype of the tensor."""
    case.module.to(torch.zeros(1, dtype=torch.float32, device=case.x.device))

    assert all(parameter.dtype == torch.float32 for parameter in case.module.parameters())


@rule("module.to_keeps_flags", source=f"{MODULE}.to", basis=OBSERVED, needs=GRAD)
@given(case=networks())
def test_to_keeps_flags(case):
    """to(dtype) leaves the parameters the requires_grad that they have, and leaves."""
    case.module[0].requires_grad_(False)

    case.module.to(torch.float32)

    assert not case.module[0].weight.requires_grad
    assert case.module[2].weight.requires_grad
    assert case.module[2].weight.is_leaf


@rule("module.float", source=f"{MODULE}.float", needs=GRAD)
@given(case=linears())
def test_float(case):
    """float converts the floating parameters to float32, and double back to float64."""
    case.module.float()
    first = [parameter.dtype for parameter in case.module.parameters()]

    case.module.double()

    assert set(first) == {torch.float32}
    assert all(parameter.dtype == torch.float64 for parameter in case.module.parameters())


@rule("module.zero_grad_detaches", source=f"{MODULE}.zero_grad", basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_zero_grad_detaches(case):
    """zero_grad(set_to_none=False) cuts a gradient that was computed by create_graph=True from its graph."""
    weight = case.module[0].weight
    (weight.grad,) = torch.autograd.grad((weight**3).sum(), [weight], create_graph=True)

    case.module.zero_grad(set_to_none=False)

    assert not weight.grad.requires_grad
