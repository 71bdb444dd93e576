"""squeeze, unsqueeze and view_as in each of their documented calls: functions, methods, dims by name.

Not covered: the names that NumPy has for dim.
"""

import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Kind, Need
from strategies.cases.squeezes import (
    squeeze_gradients,
    squeezed_shape,
    squeezes_dim,
    squeezes_dims,
    squeezes_in_any_form,
    squeezes_in_place,
    unsqueeze_gradients,
    unsqueezed_shape,
    unsqueezes,
)
from strategies.cases.views import view_gradients, views_as, views_of_zeros

VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]
VIEW_AS = "torch.Tensor.view_as"


@rule("squeeze.function", source="torch.squeeze", also=["torch.Tensor.squeeze"], needs=VALUES)
@given(case=squeezes_in_any_form())
def test_squeeze_function(case):
    """The function drops dims of size 1 and keeps the elements, as the method does."""
    expected = reference.drawn(case.input).reshape(squeezed_shape(tuple(case.input.shape), *case.arguments))

    output = torch.squeeze(case.input, *case.arguments)

    expect.same_elements(output, expected)


@rule("squeeze.by_name", source="torch.squeeze", also=["torch.Tensor.squeeze"], needs=VALUES)
@given(case=squeezes_dim(of_size_one=True))
def test_squeeze_by_name(case):
    """The method takes the dim by name."""
    expected = reference.drawn(case.input).reshape(squeezed_shape(tuple(case.input.shape), *case.arguments))

    output = case.input.squeeze(dim=case.arguments[0])

    expect.same_elements(output, expected)


@rule("squeeze.dims_by_name", source="torch.squeeze", also=["torch.Tensor.squeeze"], needs=VALUES)
@given(case=squeezes_dims())
def test_squeeze_dims_by_name(case):
    """The method takes a tuple of dims by name."""
    expected = reference.drawn(case.input).reshape(squeezed_shape(tuple(case.input.shape), *case.arguments))

    output = case.input.squeeze(dim=case.arguments[0])

    expect.same_elements(output, expected)


@rule("squeeze.function_by_name", source="torch.squeeze", also=["torch.Tensor.squeeze"], needs=VALUES)
@given(case=squeezes_dims())
def test_squeeze_function_by_name(case):
    """The function takes its arguments by name."""
    expected = reference.drawn(case.input).reshape(squeezed_shape(tuple(case.input.shape), *case.arguments))

    output = torch.squeeze(input=case.input, dim=case.arguments[0])

    expect.same_elements(output, expected)


@rule("unsqueeze.function", source="torch.unsqueeze", also=["torch.Tensor.unsqueeze"], needs=VALUES)
@given(case=unsqueezes())
def test_unsqueeze_function(case):
    """The function inserts a dim of size 1 and keeps the elements, as the method does."""
    expected = reference.drawn(case.input).reshape(unsqueezed_shape(tuple(case.input.shape), *case.arguments))

    output = torch.unsqueeze(case.input, *case.arguments)

    expect.same_elements(output, expected)


@rule("unsqueeze.by_name", source="torch.unsqueeze", also=["torch.Tensor.unsqueeze"], needs=VALUES)
@given(case=unsqueezes())
def test_unsqueeze_by_name(case):
    """The method takes the dim by name."""
    expected = reference.drawn(case.input).reshape(unsqueezed_shape(tuple(case.input.shape), *case.arguments))

    output = case.input.unsqueeze(dim=case.arguments[0])

    expect.same_elements(output, expected)


@rule("unsqueeze.function_by_name", source="torch.unsqueeze", also=["torch.Tensor.unsqueeze"], needs=VALUES)
@given(case=unsqueezes())
def test_unsqueeze_function_by_name(case):
    """The function takes its arguments by name."""
    expected = reference.drawn(case.input).reshape(unsqueezed_shape(tuple(case.input.shape), *case.arguments))

    output = torch.unsqueeze(input=case.input, dim=case.arguments[0])

    expect.same_elements(output, expected)


@rule("squeeze.in_place_by_name", source="torch.Tensor.squeeze_", needs=[*VALUES, Need.IN_PLACE_VIEWS])
@given(case=squeezes_in_place())
def test_squeeze_in_place_by_name(case):
    """squeeze_ takes the dim by name, and gives the tensor itself the shape, its elements kept."""
    expected = reference.drawn(case.input).reshape(squeezed_shape(tuple(case.input.shape), *case.arguments))

    case.input.squeeze_(**({"dim": case.arguments[0]} if case.arguments else {}))

    expect.same_elements(case.input, expected)


@rule("unsqueeze.in_place_elements", source="torch.Tensor.unsqueeze_", needs=[*VALUES, Need.IN_PLACE_VIEWS])
@given(case=unsqueezes())
def test_unsqueeze_in_place_elements(case):
    """unsqueeze_ keeps the elements and their order."""
    expected = reference.drawn(case.input).reshape(unsqueezed_shape(tuple(case.input.shape), *case.arguments))

    case.input.unsqueeze_(*case.arguments)

    expect.same_elements(case.input, expected)


@rule("unsqueeze.in_place_by_name", source="torch.Tensor.unsqueeze_", needs=[*VALUES, Need.IN_PLACE_VIEWS])
@given(case=unsqueezes())
def test_unsqueeze_in_place_by_name(case):
    """unsqueeze_ takes the dim by name."""
    expected = reference.drawn(case.input).reshape(unsqueezed_shape(tuple(case.input.shape), *case.arguments))

    case.input.unsqueeze_(dim=case.arguments[0])

    expect.same_elements(case.input, expected)


@rule(
    "squeeze.function_gradient",
    source="torch.squeeze",
    also=["torch.Tensor.backward"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=squeeze_gradients())
def test_squeeze_function_gradient(case):
    """The gradient of the function's input is that of the result, with the dropped dims back in place."""
    expected = reference.drawn(case.upstream).reshape(case.input.shape)

    torch.squeeze(case.input, *case.arguments).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule(
    "unsqueeze.function_gradient",
    source="torch.unsqueeze",
    also=["torch.Tensor.backward"],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=unsqueeze_gradients())
def test_unsqueeze_function_gradient(case):
    """The gradient of the function's input is that of the result without the inserted dim."""
    expected = reference.drawn(case.upstream).reshape(case.input.shape)

    torch.unsqueeze(case.input, *case.arguments).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("view_as.by_name", source=VIEW_AS, needs=[*VALUES, Need.STRIDES])
@given(case=views_as())
def test_view_as_by_name(case):
    """view_as takes the other tensor by name."""
    expected = reference.drawn(case.input).reshape(case.other.shape)

    output = case.input.view_as(other=case.other)

    expect.same_elements(output, expected)


@rule("view_as.write_to_input", source=VIEW_AS, also=["tensor_view"], needs=[*VALUES, Need.STRIDES])
@given(case=views_of_zeros())
def test_view_as_write_to_input(case):
    """Changing the tensor changes the result of view_as: they share their data."""
    other = torch.empty(case.shape, device=case.input.device)
    output = case.input.view_as(other)

    case.input.fill_(1)

    expect.all_ones(output)


@rule(
    "view_as.gradient",
    source=VIEW_AS,
    also=["torch.Tensor.backward"],
    kind=Kind.GRADIENT,
    needs=[*GRADIENT, Need.STRIDES],
)
@given(case=view_gradients())
def test_view_as_gradient(case):
    """The gradient of the tensor is that of the result of view_as in the tensor's shape."""
    expected = reference.drawn(case.upstream).reshape(case.input.shape)

    case.input.view_as(case.upstream).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("view_as.other_kept", source="tensors", needs=[*VALUES, Need.STRIDES])
@given(case=views_as())
def test_view_as_other_kept(case):
    """view_as leaves the other tensor as it is."""
    other = reference.drawn(case.other)

    case.input.view_as(case.other)

    expect.same_elements(case.other, other)
