"""torch.gather: picking values along one dim by an index tensor.

The seed note's third example needs dim=1 to give what it says; along dim 0 an index value replaces the row,
while the column is the position inside index.

Not covered: complex32, float8 and unsigned dtypes beyond 8 bits, for which torch has no gather on CPU.
"""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.gather_misuses import (
    gathers_between_rank_0_and_1,
    gathers_out_of_range,
    gathers_with_dim_out_of_range,
    gathers_with_out_of_other_dtype,
    gathers_with_oversized_index,
    gathers_with_wrong_index_dtype,
    gathers_with_wrong_rank,
)
from strategies.cases.gathers import (
    gather_gradients,
    gather_gradients_by_narrow_index,
    gathers,
    gathers_by_expanded_index,
    gathers_by_expanded_int32,
    gathers_by_int32,
    gathers_by_nothing,
    gathers_by_nothing_out_of_range,
    gathers_of_matrices,
    gathers_of_zeros,
    gathers_with_full_out,
    gathers_with_out,
    gathers_with_out_of_other_shape,
    gathers_with_out_that_may_require_grad,
    gathers_with_out_to_resize,
)

GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("gather.elements", source="torch.gather", needs=[Need.VALUES])
@given(case=gathers())
def test_elements(case):
    """Each position of index picks the input's element there, with its value for the coordinate along dim."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = case.input.gather(case.dim, case.index)

    expect.same_elements(output, expected)


@rule("gather.expanded_index", source="torch.gather", needs=[Need.VALUES])
@given(case=gathers_by_expanded_index())
def test_expanded_index(case):
    """An expanded index, one of whose dims has stride 0, picks like any other of its values."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = case.input.gather(case.dim, case.index)

    expect.same_elements(output, expected)


@rule("gather.output_shape", source="torch.gather", seed="gather")
@given(case=gathers())
def test_output_shape(case):
    """The output takes the shape of index, whatever the shape of input."""
    output = case.input.gather(case.dim, case.index)

    assert output.shape == case.index.shape


@rule("gather.output_dtype", source="torch.gather")
@given(case=gathers())
def test_output_dtype(case):
    """The output has the dtype of the input."""
    output = case.input.gather(case.dim, case.index)

    assert output.dtype == case.input.dtype


@rule("gather.row_along_dim_0", source="torch.gather", seed="gather", needs=[Need.VALUES])
@given(case=gathers_of_matrices(dim=0))
def test_row_along_dim_0(case):
    """Along dim 0 of a matrix an index value names the row; the column is the position inside index."""
    matrix, index = reference.drawn(case.input).tolist(), reference.drawn(case.index).tolist()

    output = case.input.gather(0, case.index)

    assert output.tolist() == [[matrix[row][j] for j, row in enumerate(rows)] for rows in index]


@rule("gather.column_along_dim_1", source="torch.gather", seed="gather", needs=[Need.VALUES])
@given(case=gathers_of_matrices(dim=1))
def test_column_along_dim_1(case):
    """Along dim 1 of a matrix an index value names the column; the row is the position inside index."""
    matrix, index = reference.drawn(case.input).tolist(), reference.drawn(case.index).tolist()

    output = case.input.gather(1, case.index)

    assert output.tolist() == [[matrix[i][column] for column in columns] for i, columns in enumerate(index)]


@rule("gather.index_rank", source="torch.gather", kind=Kind.ERROR, seed="gather")
@given(case=gathers_with_wrong_rank())
def test_index_rank(case):
    """A non-empty index whose rank differs from the input's is refused: nothing broadcasts."""
    case.input.gather(case.mended_dim, case.mended_index)

    with expect.refusal():
        case.input.gather(case.dim, case.index)


@rule("gather.index_rank_0_and_1", source="torch.gather", kind=Kind.ERROR)
@given(case=gathers_between_rank_0_and_1())
def test_index_rank_0_and_1(case):
    """A non-empty index of rank 0 into an input of rank 1, or the reverse, is refused like any other rank."""
    case.input.gather(case.mended_dim, case.mended_index)

    with expect.refusal():
        case.input.gather(case.dim, case.index)


@rule("gather.index_size", source="torch.gather", kind=Kind.ERROR, seed="gather")
@given(case=gathers_with_oversized_index())
def test_index_size(case):
    """A non-empty index larger than the input off dim is refused, also where the input has size 1."""
    case.input.gather(case.mended_dim, case.mended_index)

    with expect.refusal():
        case.input.gather(case.dim, case.index)


@rule("gather.index_dtype", source="torch.gather", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=gathers_with_wrong_index_dtype())
def test_index_dtype(case):
    """A non-empty index of a floating, complex, bool or small integer dtype raises RuntimeError."""
    case.input.gather(case.mended_dim, case.mended_index)

    with pytest.raises(RuntimeError):
        case.input.gather(case.dim, case.index)


@rule("gather.int32_index", source="torch.gather", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=gathers_by_int32())
def test_int32_index(case):
    """An int32 index picks the same elements as an int64 one."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = case.input.gather(case.dim, case.index)

    expect.same_elements(output, expected)


@rule("gather.expanded_int32_index", source="torch.gather", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=gathers_by_expanded_int32())
def test_expanded_int32_index(case):
    """An expanded int32 index picks the same elements as an expanded int64 one."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    output = case.input.gather(case.dim, case.index)

    expect.same_elements(output, expected)


@rule(
    "gather.index_range",
    source="torch.gather",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.VALUES, Need.INDEX_CHECKS],
)
@given(case=gathers_out_of_range())
def test_index_range(case):
    """An index value below 0 or not below the input's size along dim raises RuntimeError."""
    case.input.gather(case.mended_dim, case.mended_index)

    with pytest.raises(RuntimeError):
        case.input.gather(case.dim, case.index)


@rule("gather.dim_range", source="torch.gather", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=gathers_with_dim_out_of_range())
def test_dim_range(case):
    """With a non-empty index, a dim outside [-rank, rank) is refused; rank 0 counts as 1."""
    case.input.gather(case.mended_dim, case.mended_index)

    with expect.refusal():
        case.input.gather(case.dim, case.index)


@rule("gather.empty_index", source="torch.gather")
@given(case=gathers_by_nothing())
def test_empty_index(case):
    """An empty index gives an empty output of its shape, unchecked against the input's rank and sizes."""
    output = case.input.gather(case.dim, case.index)

    assert output.shape == case.index.shape


@rule("gather.empty_index_dim", source="torch.gather")
@given(case=gathers_by_nothing_out_of_range())
def test_empty_index_dim(case):
    """An empty index gives an empty output of its shape, whatever the dim."""
    output = case.input.gather(case.dim, case.index)

    assert output.shape == case.index.shape


@rule("gather.no_base", source="tensor_view", basis=Basis.OBSERVED)
@given(case=gathers())
def test_no_base(case):
    """The output has no base, since it is no view."""
    output = case.input.gather(case.dim, case.index)

    assert output._base is None


@rule("gather.own_storage", source="tensor_view", needs=[Need.VALUES])
@given(case=gathers_of_zeros())
def test_own_storage(case):
    """The output is no view: changing it leaves the input as it is."""
    output = case.input.gather(case.dim, case.index)

    output.fill_(1)

    expect.same_elements(case.input, np.zeros_like(reference.drawn(case.input)))


@rule("gather.inputs_kept", source="tensors", needs=[Need.VALUES])
@given(case=gathers())
def test_inputs_kept(case):
    """Gather, whose name ends with no underscore, leaves its input and its index as they are."""
    input, index = reference.drawn(case.input), reference.drawn(case.index)

    case.input.gather(case.dim, case.index)

    expect.same_elements(case.input, input)
    expect.same_elements(case.index, index)


@rule("gather.out_elements", source="notes/out", needs=[Need.VALUES])
@given(case=gathers_with_out())
def test_out_elements(case):
    """An out of the right shape receives the picked elements, whatever its strides."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))

    torch.gather(case.input, case.dim, case.index, out=case.out)

    expect.same_elements(case.out, expected)


@rule("gather.out_strides", source="notes/out", needs=[Need.STRIDES])
@given(case=gathers_with_full_out())
def test_out_strides(case):
    """An out of the right shape, of at least one element, keeps its strides."""
    strides = case.out.stride()

    torch.gather(case.input, case.dim, case.index, out=case.out)

    assert case.out.stride() == strides


@rule("gather.out_returned", source="torch.gather", basis=Basis.OBSERVED)
@given(case=gathers_with_out())
def test_out_returned(case):
    """With out given, gather returns that tensor."""
    output = torch.gather(case.input, case.dim, case.index, out=case.out)

    assert output is case.out


@rule("gather.out_resized", source="notes/out")
@given(case=gathers_with_out_to_resize())
def test_out_resized(case):
    """An out without elements is resized to the shape of index."""
    torch.gather(case.input, case.dim, case.index, out=case.out)

    assert case.out.shape == case.index.shape


@rule("gather.out_of_other_shape", source="notes/out", needs=[Need.VALUES])
@given(case=gathers_with_out_of_other_shape())
def test_out_of_other_shape(case):
    """An out of another shape, with elements, is refused, or resized to receive the picked elements."""
    expected = reference.gather(reference.drawn(case.input), case.dim, reference.drawn(case.index))
    torch.gather(case.input, case.dim, case.index)

    with warnings.catch_warnings():
        # That out is resized is deprecated, and torch may say so.
        warnings.simplefilter("ignore")
        try:
            torch.gather(case.input, case.dim, case.index, out=case.out)
        except Exception:
            resized = False
        else:
            resized = True

    if resized:
        expect.same_elements(case.out, expected)


@rule("gather.out_resized_warns", source="notes/out", basis=Basis.OBSERVED)
@given(case=gathers_with_out_of_other_shape())
def test_out_resized_warns(case):
    """That an out with elements is resized to another shape is told by a UserWarning."""
    with pytest.warns(UserWarning):
        torch.gather(case.input, case.dim, case.index, out=case.out)


@rule("gather.out_requires_grad", source="notes/out", kind=Kind.ERROR, needs=[Need.AUTOGRAD])
@given(case=gathers_with_out_that_may_require_grad())
def test_out_requires_grad(case):
    """An out that requires grad is refused."""
    torch.gather(case.input, case.dim, case.index, out=case.out)

    with expect.refusal():
        torch.gather(case.input, case.dim, case.index, out=case.out.requires_grad_())


@rule("gather.out_dtype", source="notes/out", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=gathers_with_out_of_other_dtype())
def test_out_dtype(case):
    """An out of another dtype than the input's is refused."""
    torch.gather(case.input, case.dim, case.index, out=case.mended_out)

    with expect.refusal():
        torch.gather(case.input, case.dim, case.index, out=case.out)


@rule(
    "gather.gradient",
    source="torch.Tensor.backward",
    also=["torch.gather"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=gather_gradients())
def test_gradient(case):
    """The gradient of the input adds up, at each element, the gradients of all positions that picked it."""
    expected = reference.gather_gradient(
        case.input.shape, case.dim, reference.drawn(case.index), reference.drawn(case.upstream)
    )

    case.input.gather(case.dim, case.index).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule(
    "gather.gradient_by_narrow_index",
    source="torch.Tensor.backward",
    also=["torch.gather"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=gather_gradients_by_narrow_index())
def test_gradient_by_narrow_index(case):
    """Under an expanded index smaller than the input off dim, each element adds up its own gradients."""
    expected = reference.gather_gradient(
        case.input.shape, case.dim, reference.drawn(case.index), reference.drawn(case.upstream)
    )

    case.input.gather(case.dim, case.index).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("gather.sparse_gradient", source="torch.gather", kind=Kind.GRADIENT, needs=[Need.AUTOGRAD])
@given(case=gather_gradients())
def test_sparse_gradient(case):
    """With sparse_grad=True the gradient of the input is a sparse tensor."""
    torch.gather(case.input, case.dim, case.index, sparse_grad=True).backward(case.upstream)

    assert case.input.grad.layout == torch.sparse_coo


@rule("gather.sparse_gradient_elements", source="torch.gather", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=gather_gradients())
def test_sparse_gradient_elements(case):
    """With sparse_grad=True the gradient, made dense, is the one without it."""
    expected = reference.gather_gradient(
        case.input.shape, case.dim, reference.drawn(case.index), reference.drawn(case.upstream)
    )

    torch.gather(case.input, case.dim, case.index, sparse_grad=True).backward(case.upstream)

    expect.same_elements(case.input.grad.to_dense(), expected)


@rule(
    "gather.index_changed_before_backward",
    source="notes/autograd",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.AUTOGRAD],
)
@given(case=gather_gradients())
def test_index_changed_before_backward(case):
    """Changing index in place after the forward makes backward raise RuntimeError: index is saved."""
    case.input.gather(case.dim, case.index.clone()).backward(case.upstream)
    index = case.index.clone()
    output = case.input.gather(case.dim, index)
    index.zero_()

    with pytest.raises(RuntimeError):
        output.backward(case.upstream)
