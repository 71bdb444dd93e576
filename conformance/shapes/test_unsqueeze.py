"""torch.unsqueeze: inserting a dim of size 1.

Not covered: named tensors.
"""

import pytest
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.squeezes import (
    unsqueeze_gradients,
    unsqueezed_shape,
    unsqueezes,
    unsqueezes_of_zeros,
    unsqueezes_out_of_range,
)


@rule("unsqueeze.shape", source="torch.unsqueeze", seed="unsqueeze")
@given(case=unsqueezes(negative=False))
def test_shape(case):
    """The result has the input's shape with a 1 inserted before position dim."""
    (dim,) = case.arguments

    output = case.input.unsqueeze(dim)

    assert output.shape == (*case.input.shape[:dim], 1, *case.input.shape[dim:])


@rule("unsqueeze.negative_dim", source="torch.unsqueeze")
@given(case=unsqueezes(negative=True))
def test_negative_dim(case):
    """A negative dim stands for dim + rank + 1."""
    (dim,) = case.arguments
    at = dim + case.input.dim() + 1

    output = case.input.unsqueeze(dim)

    assert output.shape == (*case.input.shape[:at], 1, *case.input.shape[at:])


@rule("unsqueeze.elements", source="torch.unsqueeze", needs=[Need.VALUES])
@given(case=unsqueezes())
def test_elements(case):
    """The result has the elements of the input in the same order."""
    elements = reference.drawn(case.input)

    output = case.input.unsqueeze(*case.arguments)

    expect.same_elements(output, elements.reshape(output.shape))


@rule("unsqueeze.dtype", source="torch.unsqueeze")
@given(case=unsqueezes())
def test_dtype(case):
    """The result has the dtype of the input."""
    output = case.input.unsqueeze(*case.arguments)

    assert output.dtype == case.input.dtype


@rule("unsqueeze.write_to_output", source="torch.unsqueeze", needs=[Need.VALUES])
@given(case=unsqueezes_of_zeros())
def test_write_to_output(case):
    """Changing the contents of the result changes the input: they share their data."""
    case.input.unsqueeze(*case.arguments).fill_(1)

    expect.all_ones(case.input)


@rule("unsqueeze.write_to_input", source="torch.unsqueeze", needs=[Need.VALUES])
@given(case=unsqueezes_of_zeros())
def test_write_to_input(case):
    """Changing the contents of the input changes the result: they share their data."""
    output = case.input.unsqueeze(*case.arguments)

    case.input.fill_(1)

    expect.all_ones(output)


@rule(
    "unsqueeze.gradient",
    source="torch.Tensor.backward",
    also=["torch.unsqueeze"],
    kind=Kind.GRADIENT,
    needs=[Need.VALUES, Need.AUTOGRAD],
)
@given(case=unsqueeze_gradients())
def test_gradient(case):
    """The gradient of the input is the gradient of the result without the inserted dim."""
    upstream = reference.drawn(case.upstream)

    case.input.unsqueeze(*case.arguments).backward(case.upstream)

    expect.same_elements(case.input.grad, upstream.reshape(case.input.shape))


@rule("unsqueeze.dim_range", source="torch.unsqueeze", kind=Kind.ERROR)
@given(case=unsqueezes_out_of_range())
def test_dim_range(case):
    """A dim outside [-rank - 1, rank + 1) is refused."""
    case.input.unsqueeze(*case.mended)

    with expect.refusal():
        case.input.unsqueeze(*case.arguments)


@rule("unsqueeze.base", source="tensor_view", basis=Basis.OBSERVED)
@given(case=unsqueezes())
def test_base(case):
    """The result is a view of the input, which is its base if it is no view itself."""
    base = case.input.clone()

    output = base.unsqueeze(*case.arguments)

    assert output._base is base


@rule("unsqueeze.one_dim", source="torch.unsqueeze", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=unsqueezes())
def test_one_dim(case):
    """A tuple in place of the dim raises TypeError, unlike for squeeze."""
    case.input.unsqueeze(*case.arguments)

    with pytest.raises(TypeError):
        case.input.unsqueeze(case.arguments)


@rule("unsqueeze.dim_required", source="torch.unsqueeze", kind=Kind.ERROR)
@given(case=unsqueezes())
def test_dim_required(case):
    """Leaving out the dim is refused."""
    case.input.unsqueeze(*case.arguments)

    with expect.refusal():
        case.input.unsqueeze()


@rule("unsqueeze.undone_by_squeeze", source="torch.squeeze", also=["torch.unsqueeze"], needs=[Need.VALUES])
@given(case=unsqueezes())
def test_undone_by_squeeze(case):
    """Squeezing the inserted dim gives back the input's shape and elements."""
    elements = reference.drawn(case.input)

    output = case.input.unsqueeze(*case.arguments).squeeze(*case.arguments)

    expect.same_elements(output, elements)


@rule("unsqueeze.undone_strides", source="tensor_view", basis=Basis.OBSERVED, needs=[Need.STRIDES])
@given(case=unsqueezes())
def test_undone_strides(case):
    """Squeezing the inserted dim gives back the input's strides."""
    output = case.input.unsqueeze(*case.arguments).squeeze(*case.arguments)

    assert output.stride() == case.input.stride()


@rule("unsqueeze.in_place_shape", source="torch.Tensor.unsqueeze_", needs=[Need.IN_PLACE_VIEWS])
@given(case=unsqueezes())
def test_in_place_shape(case):
    """unsqueeze_ gives the tensor itself the shape that unsqueeze would return."""
    shape = case.input.shape

    case.input.unsqueeze_(*case.arguments)

    assert case.input.shape == unsqueezed_shape(shape, *case.arguments)


@rule(
    "unsqueeze.in_place_returns_self",
    source="tensors",
    also=["torch.Tensor.unsqueeze_"],
    needs=[Need.IN_PLACE_VIEWS],
)
@given(case=unsqueezes())
def test_in_place_returns_self(case):
    """unsqueeze_ returns the tensor that it was called on."""
    output = case.input.unsqueeze_(*case.arguments)

    assert output is case.input


@rule(
    "unsqueeze.in_place_version", source="notes/autograd", basis=Basis.OBSERVED, needs=[Need.IN_PLACE_VIEWS]
)
@given(case=unsqueezes())
def test_in_place_version(case):
    """unsqueeze_ raises the tensor's version counter by 1."""
    version = case.input._version

    case.input.unsqueeze_(*case.arguments)

    assert case.input._version == version + 1


@rule(
    "unsqueeze.in_place_on_leaf",
    source="torch.Tensor.unsqueeze_",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.AUTOGRAD],
)
@given(case=unsqueeze_gradients())
def test_in_place_on_leaf(case):
    """unsqueeze_ on a leaf that requires grad raises RuntimeError, although no element is written."""
    case.input.detach().unsqueeze_(*case.arguments)

    with pytest.raises(RuntimeError):
        case.input.unsqueeze_(*case.arguments)
