"""torch.gather in each of its documented calls: the function and the method, arguments by place or by name.

Not covered: `out`, of which `test_gather.py` has the rules.
"""

import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Kind, Need
from strategies.cases.gather_misuses import gathers_with_wrong_rank
from strategies.cases.gathers import gather_gradients, gathers

METHOD = "torch.Tensor.gather"
VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("gather.function", source="torch.gather", also=[METHOD], needs=VALUES)
@given(case=gathers())
def test_function(case):
    """The function picks what the method does: each element by its index along dim."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = torch.gather(case.input, case.dim, case.index)

    expect.same_elements(output, expected)


@rule("gather.function_by_name", source="torch.gather", also=[METHOD], needs=VALUES)
@given(case=gathers())
def test_function_by_name(case):
    """The function takes its arguments by name: each element by its index along dim."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = torch.gather(input=case.input, dim=case.dim, index=case.index)

    expect.same_elements(output, expected)


@rule("gather.by_name", source="torch.gather", also=[METHOD], needs=VALUES)
@given(case=gathers())
def test_by_name(case):
    """The method takes its arguments by name: each element by its index along dim."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = case.input.gather(dim=case.dim, index=case.index)

    expect.same_elements(output, expected)


@rule("gather.not_sparse", source="torch.gather", also=[METHOD], needs=VALUES)
@given(case=gathers())
def test_not_sparse(case):
    """With sparse_grad=False, the default, gather picks each element by its index along dim."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = torch.gather(case.input, case.dim, case.index, sparse_grad=False)

    expect.same_elements(output, expected)


@rule("gather.sparse", source="torch.gather", also=[METHOD], needs=VALUES)
@given(case=gathers())
def test_sparse(case):
    """With sparse_grad=True, too, gather picks each element by its index along dim."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = torch.gather(case.input, case.dim, case.index, sparse_grad=True)

    expect.same_elements(output, expected)


@rule("gather.function_gradient", source="torch.gather", also=[METHOD], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=gather_gradients())
def test_function_gradient(case):
    """The gradient of the function adds up at each element what was picked there."""
    expected = reference.gather_gradient(
        case.input.shape, case.dim, reference.drawn(case.index), reference.drawn(case.upstream)
    )

    torch.gather(case.input, case.dim, case.index).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("gather.by_name_gradient", source="torch.gather", also=[METHOD], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=gather_gradients())
def test_by_name_gradient(case):
    """The gradient of the method, its arguments by name, adds up at each element what was picked there."""
    expected = reference.gather_gradient(
        case.input.shape, case.dim, reference.drawn(case.index), reference.drawn(case.upstream)
    )

    case.input.gather(dim=case.dim, index=case.index).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("gather.not_sparse_gradient", source="torch.gather", also=[METHOD], kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=gather_gradients())
def test_not_sparse_gradient(case):
    """The gradient with sparse_grad=False adds up at each element what was picked there."""
    expected = reference.gather_gradient(
        case.input.shape, case.dim, reference.drawn(case.index), reference.drawn(case.upstream)
    )

    torch.gather(case.input, case.dim, case.index, sparse_grad=False).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("gather.function_index_rank", source="torch.gather", kind=Kind.ERROR)
@given(case=gathers_with_wrong_rank())
def test_function_index_rank(case):
    """The function, too, refuses a non-empty index whose rank differs from the input's."""
    torch.gather(case.input, case.mended_dim, case.mended_index)

    with expect.refusal():
        torch.gather(case.input, case.dim, case.index)
