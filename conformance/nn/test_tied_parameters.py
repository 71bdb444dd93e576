"""Parameters and buffers that a module has under two names, as tied weights are.

Not covered: state_dict of tied parameters that were untied by `load_state_dict(assign=True)`.
"""

import copy

import torch
from hypothesis import given
from torch import nn

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.leaves import leaves
from strategies.cases.modules import linears

MODULE = "torch.nn.Module"
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]
OBSERVED = Basis.OBSERVED


def _tied(case):
    """Return a module with the weight of a linear layer under two names, that of another module first."""
    tied = nn.Module()
    tied.head = nn.Module()
    tied.head.weight = case.module[0].weight
    tied.layer = case.module[0]
    return tied


def _buffered(case):
    """Return a module with one tensor as two of its buffers."""
    module = nn.Module()
    module.register_buffer("one", case.upstream)
    module.register_buffer("other", case.upstream)
    return module


@rule("module.tied_parameters", source=f"{MODULE}.parameters", basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_parameters(case):
    """parameters gives a parameter that is registered under two names once."""
    tied = _tied(case)

    found = [id(parameter) for parameter in tied.parameters()]

    assert found == [id(parameter) for parameter in case.module.parameters()]


@rule("module.tied_name", source=f"{MODULE}.named_parameters", basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_name(case):
    """named_parameters gives a parameter that is registered under two names by the first."""
    tied = _tied(case)

    names = [name for name, parameter in tied.named_parameters() if parameter is case.module[0].weight]

    assert names == ["head.weight"]


@rule("module.tied_names", source=f"{MODULE}.named_parameters", needs=GRAD)
@given(case=linears())
def test_names(case):
    """named_parameters(remove_duplicate=False) gives a parameter by each name that it is registered under."""
    tied = _tied(case)

    pairs = tied.named_parameters(remove_duplicate=False)

    assert [name for name, parameter in pairs if parameter is case.module[0].weight] == [
        "head.weight",
        "layer.weight",
    ]


@rule("module.tied_gradient", source="torch.Tensor.backward", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=linears())
def test_gradient(case):
    """A parameter under two names has the sum of the gradients of its uses by either."""
    tied = _tied(case)
    weight = reference.drawn(case.module[0].weight)

    (tied.head.weight.sum() + tied.layer.weight.sum() * 2).backward()

    expect.equal_elements(tied.layer.weight.grad, weight * 0 + 3)


@rule("module.tied_sgd_step", source="torch.optim.SGD", basis=OBSERVED, needs=GRADIENT)
@given(case=linears())
def test_sgd_step(case):
    """A step of SGD on the parameters of a module changes one that has two names once."""
    tied = _tied(case)
    expected = reference.drawn(case.module[0].weight) - 0.5
    tied.head.weight.sum().backward()

    torch.optim.SGD(tied.parameters(), lr=0.5).step()

    expect.close(tied.layer.weight, expected, dtype=torch.float64)


@rule("module.tied_state_dict", source=f"{MODULE}.state_dict", basis=OBSERVED, needs=[*GRADIENT])
@given(case=linears())
def test_state_dict(case):
    """The tensors of a state_dict by both names of a parameter share its storage."""
    tied = _tied(case)

    tied.state_dict()["head.weight"].fill_(1)

    expect.all_ones(tied.state_dict()["layer.weight"])


@rule("module.tied_after_loading", source=f"{MODULE}.load_state_dict", basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_after_loading(case):
    """load_state_dict leaves a parameter under two names one parameter."""
    tied = _tied(case)
    state = {name: tensor.clone() for name, tensor in tied.state_dict().items()}

    tied.load_state_dict(state)

    assert tied.head.weight is tied.layer.weight


@rule("module.tied_after_conversion", source=f"{MODULE}.to", basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_after_conversion(case):
    """to(dtype) leaves a parameter under two names one parameter."""
    tied = _tied(case)

    tied.to(torch.float32)

    assert tied.head.weight is tied.layer.weight


@rule("module.tied_copy", source=MODULE, basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_copy(case):
    """A deepcopy of a module whose parameter has two names has one parameter under both."""
    copied = copy.deepcopy(_tied(case))

    assert copied.head.weight is copied.layer.weight


@rule("module.tied_frozen", source=f"{MODULE}.requires_grad_", basis=OBSERVED, needs=GRAD)
@given(case=linears())
def test_frozen(case):
    """Freezing a module freezes its parameters for every other module that has them, too."""
    tied = _tied(case)

    tied.head.requires_grad_(False)

    assert not tied.layer.weight.requires_grad


@rule("module.shared_buffer", source=f"{MODULE}.named_buffers", needs=GRAD)
@given(case=leaves())
def test_shared_buffer(case):
    """named_buffers gives a buffer that is registered under two names once."""
    module = _buffered(case)

    found = [buffer is case.upstream for _, buffer in module.named_buffers()]

    assert found == [True]


@rule("module.shared_buffer_twice", source=f"{MODULE}.named_buffers", needs=GRAD)
@given(case=leaves())
def test_shared_buffer_twice(case):
    """named_buffers(remove_duplicate=False) gives a buffer by each name that it is registered under."""
    module = _buffered(case)

    names = [name for name, _ in module.named_buffers(remove_duplicate=False)]

    assert names == ["one", "other"]


@rule("module.shared_buffer_in_state", source=f"{MODULE}.state_dict", needs=GRAD)
@given(case=leaves())
def test_shared_buffer_in_state(case):
    """A state_dict has a buffer that is registered under two names by both."""
    module = _buffered(case)

    assert list(module.state_dict()) == ["one", "other"]
