"""torch.Tensor.view: the same elements under another shape or dtype, without a copy.

The seed note's "view rearranges" is loose: view keeps the row-major order of the elements and never moves
one in memory; what the shape may be depends on the strides.

Not covered: quantized tensors.
"""

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.dtype_views import (
    dtype_views,
    dtype_views_of_rows,
    dtype_views_of_scalars,
    dtype_views_of_zeros,
    dtype_views_with_odd_offset,
    dtype_views_with_odd_size,
    dtype_views_with_odd_strides,
    dtype_views_with_stepped_rows,
)
from strategies.cases.view_misuses import (
    views_against_strides,
    views_inferring_a_fraction,
    views_inferring_anything,
    views_inferring_two_sizes,
    views_of_other_numel,
    views_with_negative_size,
)
from strategies.cases.views import (
    view_gradients,
    views,
    views_as,
    views_of_one_element,
    views_of_zeros,
    views_twice,
    views_with_inferred_size,
)

VIEW = "torch.Tensor.view"
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("view.shape", source=VIEW, seed="view", needs=[Need.STRIDES])
@given(case=views())
def test_shape(case):
    """A tensor can be viewed as any shape that merges only dims that fit each other's strides, or splits."""
    output = case.input.view(case.shape)

    assert output.shape == case.shape


@rule("view.elements", source=VIEW, seed="view", needs=[Need.VALUES, Need.STRIDES])
@given(case=views())
def test_elements(case):
    """The view has the elements of the input in the same row-major order."""
    elements = reference.host(case.input)

    output = case.input.view(case.shape)

    expect.same_elements(output, elements.reshape(case.shape))


@rule("view.dtype", source=VIEW, needs=[Need.STRIDES])
@given(case=views())
def test_dtype(case):
    """A view as another shape keeps the dtype."""
    output = case.input.view(case.shape)

    assert output.dtype == case.input.dtype


@rule("view.write_to_output", source=VIEW, seed="view", needs=[Need.VALUES, Need.STRIDES])
@given(case=views_of_zeros())
def test_write_to_output(case):
    """Changing the elements of the view changes the input: they share their data."""
    case.input.view(case.shape).fill_(1)

    expect.all_ones(case.input)


@rule("view.write_to_input", source=VIEW, seed="view", needs=[Need.VALUES, Need.STRIDES])
@given(case=views_of_zeros())
def test_write_to_input(case):
    """Changing the elements of the input changes the view: they share their data."""
    output = case.input.view(case.shape)

    case.input.fill_(1)

    expect.all_ones(output)


@rule("view.storage_offset", source=VIEW, needs=[Need.STRIDES])
@given(case=views())
def test_storage_offset(case):
    """The view starts at the same place of the storage as the input."""
    output = case.input.view(case.shape)

    assert output.storage_offset() == case.input.storage_offset()


@rule("view.new_tensor", source=VIEW)
@given(case=views())
def test_new_tensor(case):
    """Viewing a tensor as its own shape returns a new tensor, not the tensor itself."""
    output = case.input.view(case.input.shape)

    assert output is not case.input


@rule("view.sizes_as_arguments", source=VIEW, needs=[Need.STRIDES])
@given(case=views())
def test_sizes_as_arguments(case):
    """The sizes may be given one by one as integers."""
    output = case.input.view(*case.shape or ((),))

    assert output.shape == case.shape


@rule("view.shape_as_size", source=VIEW, needs=[Need.STRIDES])
@given(case=views())
def test_shape_as_size(case):
    """The shape may be given as a torch.Size."""
    output = case.input.view(torch.Size(case.shape))

    assert output.shape == case.shape


@rule("view.shape_as_list", source=VIEW, basis=Basis.OBSERVED, needs=[Need.STRIDES])
@given(case=views())
def test_shape_as_list(case):
    """The shape may be given as a list."""
    output = case.input.view(list(case.shape))

    assert output.shape == case.shape


@rule("view.one_element_as_0d", source=VIEW, needs=[Need.VALUES])
@given(case=views_of_one_element())
def test_one_element_as_0d(case):
    """A tensor of one element can be viewed as 0-d, whatever its rank and layout."""
    elements = reference.host(case.input)

    output = case.input.view(case.shape)

    expect.same_elements(output, elements.reshape(()))


@rule("view.of_a_view", source=VIEW, needs=[Need.VALUES, Need.STRIDES])
@given(case=views_twice())
def test_of_a_view(case):
    """A view can itself be viewed as any shape that the input allows, with the same elements in order."""
    elements = reference.host(case.input)

    output = case.input.view(case.shape).view(case.then)

    expect.same_elements(output, elements.reshape(case.then))


@rule("view.back", source=VIEW, needs=[Need.VALUES, Need.STRIDES])
@given(case=views())
def test_back(case):
    """A view can be viewed as the input's shape again, and equals the input then."""
    elements = reference.host(case.input)

    output = case.input.view(case.shape).view(case.input.shape)

    expect.same_elements(output, elements)


@rule("view.inferred_size", source=VIEW, seed="view", needs=[Need.STRIDES])
@given(case=views_with_inferred_size())
def test_inferred_size(case):
    """A size of -1 is inferred from the number of elements and the other sizes."""
    output = case.input.view(case.shape)

    assert output.shape == case.full_shape


@rule("view.inferred_elements", source=VIEW, needs=[Need.VALUES, Need.STRIDES])
@given(case=views_with_inferred_size())
def test_inferred_elements(case):
    """With a size of -1 the view has the elements of the input in the same row-major order."""
    elements = reference.host(case.input)

    output = case.input.view(case.shape)

    expect.same_elements(output, elements.reshape(case.full_shape))


@rule("view.numel", source=VIEW, kind=Kind.ERROR, seed="view")
@given(case=views_of_other_numel())
def test_numel(case):
    """A shape with another number of elements than the input raises RuntimeError."""
    case.mended_input.view(case.mended_shape)

    with pytest.raises(RuntimeError):
        case.input.view(case.shape)


@rule("view.incompatible_strides", source=VIEW, kind=Kind.ERROR, seed="view", needs=[Need.STRIDES])
@given(case=views_against_strides())
def test_incompatible_strides(case):
    """A shape that merges or cuts across dims that do not fit each other's strides raises RuntimeError."""
    case.mended_input.view(case.mended_shape)

    with pytest.raises(RuntimeError):
        case.input.view(case.shape)


@rule("view.two_inferred_sizes", source=VIEW, basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=views_inferring_two_sizes())
def test_two_inferred_sizes(case):
    """A size of -1 in two places raises RuntimeError."""
    case.mended_input.view(case.mended_shape)

    with pytest.raises(RuntimeError):
        case.input.view(case.shape)


@rule("view.inferred_fraction", source=VIEW, kind=Kind.ERROR)
@given(case=views_inferring_a_fraction())
def test_inferred_fraction(case):
    """A size of -1 beside sizes that do not divide the number of elements raises RuntimeError."""
    case.mended_input.view(case.mended_shape)

    with pytest.raises(RuntimeError):
        case.input.view(case.shape)


@rule("view.inferred_beside_zero", source=VIEW, basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=views_inferring_anything())
def test_inferred_beside_zero(case):
    """A size of -1 beside a size of 0 raises RuntimeError: any size would fit."""
    case.mended_input.view(case.mended_shape)

    with pytest.raises(RuntimeError):
        case.input.view(case.shape)


@rule("view.negative_size", source=VIEW, basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=views_with_negative_size())
def test_negative_size(case):
    """A size below -1 raises RuntimeError."""
    case.mended_input.view(case.mended_shape)

    with pytest.raises(RuntimeError):
        case.input.view(case.shape)


@rule("view.gradient", source="tensor_view", kind=Kind.GRADIENT, needs=[*GRADIENT, Need.STRIDES])
@given(case=view_gradients())
def test_gradient(case):
    """The gradient of the input is the gradient of the view in the input's shape."""
    expected = reference.host(case.upstream).reshape(case.input.shape)

    case.input.view(case.shape).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("view.base", source="tensor_view", basis=Basis.OBSERVED, needs=[Need.STRIDES])
@given(case=view_gradients())
def test_base(case):
    """The base of a view of a tensor that is no view is that tensor."""
    base = case.input.detach().clone()

    output = base.view(base.shape)

    assert output._base is base


@rule("view_as.shape", source="torch.Tensor.view_as", needs=[Need.STRIDES])
@given(case=views_as())
def test_as_shape(case):
    """view_as gives the shape of the other tensor, whatever its dtype."""
    output = case.input.view_as(case.other)

    assert output.shape == case.other.shape


@rule("view_as.elements", source="torch.Tensor.view_as", needs=[Need.VALUES, Need.STRIDES])
@given(case=views_as())
def test_as_elements(case):
    """view_as gives the elements and dtype of the tensor itself, and none of the other tensor's."""
    elements = reference.host(case.input)

    output = case.input.view_as(case.other)

    expect.same_elements(output, elements.reshape(case.other.shape))


@rule("view_as.write_to_output", source="torch.Tensor.view_as", needs=[Need.VALUES, Need.STRIDES])
@given(case=views_of_zeros())
def test_as_write_to_output(case):
    """Changing the result of view_as changes the tensor: they share their data."""
    other = torch.empty(case.shape, device=case.input.device)

    case.input.view_as(other).fill_(1)

    expect.all_ones(case.input)


@rule("view_dtype.shape_of_same_size", source=VIEW)
@given(case=dtype_views())
def test_dtype_shape_of_same_size(case):
    """A view as a dtype of the same element size keeps the shape, in every layout."""
    output = case.input.view(case.dtype)

    assert output.shape == case.input.shape


@rule("view_dtype.bytes_of_same_size", source=VIEW, needs=[Need.VALUES])
@given(case=dtype_views())
def test_dtype_bytes_of_same_size(case):
    """A view as a dtype of the same element size reads the same bytes: nothing is converted."""
    expected = reference.raw(case.input)

    output = case.input.view(case.dtype)

    expect.same_bytes(output, expected)


@rule("view_dtype.result", source=VIEW)
@given(case=dtype_views())
def test_dtype_result(case):
    """A view as a dtype has that dtype."""
    output = case.input.view(case.dtype)

    assert output.dtype == case.dtype


@rule("view_dtype.shape_of_smaller", source=VIEW)
@given(case=dtype_views_of_rows(finer=True))
def test_dtype_shape_of_smaller(case):
    """A view as a dtype of smaller elements multiplies the last size by the ratio of the element sizes."""
    *lead, last = case.input.shape

    output = case.input.view(case.dtype)

    assert output.shape == (*lead, last * case.input.element_size() // case.dtype.itemsize)


@rule("view_dtype.bytes_of_smaller", source=VIEW, needs=[Need.VALUES])
@given(case=dtype_views_of_rows(finer=True))
def test_dtype_bytes_of_smaller(case):
    """A view as a dtype of smaller elements splits the bytes of each element, in order."""
    expected = reference.regrouped(reference.raw(case.input), case.dtype.itemsize)

    output = case.input.view(case.dtype)

    expect.same_bytes(output, expected)


@rule("view_dtype.shape_of_larger", source=VIEW)
@given(case=dtype_views_of_rows(finer=False))
def test_dtype_shape_of_larger(case):
    """A view as a dtype of larger elements divides the last size by the ratio of the element sizes."""
    *lead, last = case.input.shape

    output = case.input.view(case.dtype)

    assert output.shape == (*lead, last * case.input.element_size() // case.dtype.itemsize)


@rule("view_dtype.bytes_of_larger", source=VIEW, needs=[Need.VALUES])
@given(case=dtype_views_of_rows(finer=False))
def test_dtype_bytes_of_larger(case):
    """A view as a dtype of larger elements joins the bytes of neighbours in the last dim, in order."""
    expected = reference.regrouped(reference.raw(case.input), case.dtype.itemsize)

    output = case.input.view(case.dtype)

    expect.same_bytes(output, expected)


@rule("view_dtype.write_to_output", source=VIEW, needs=[Need.VALUES])
@given(case=dtype_views_of_zeros())
def test_dtype_write_to_output(case):
    """Changing the elements of a view as another dtype changes the input: they share their data."""
    case.input.view(case.dtype).fill_(1)

    assert case.input.cpu().ne(0).any()


@rule("view_dtype.0d", source=VIEW, kind=Kind.ERROR)
@given(case=dtype_views_of_scalars())
def test_dtype_0d(case):
    """A 0-d tensor viewed as a dtype of another element size raises RuntimeError."""
    case.mended_input.view(case.dtype)

    with pytest.raises(RuntimeError):
        case.input.view(case.dtype)


@rule("view_dtype.last_stride", source=VIEW, kind=Kind.ERROR, needs=[Need.STRIDES])
@given(case=dtype_views_with_stepped_rows())
def test_dtype_last_stride(case):
    """A last stride other than 1 raises RuntimeError for a dtype of another element size."""
    case.mended_input.view(case.dtype)

    with pytest.raises(RuntimeError):
        case.input.view(case.dtype)


@rule("view_dtype.last_size", source=VIEW, kind=Kind.ERROR)
@given(case=dtype_views_with_odd_size())
def test_dtype_last_size(case):
    """A last size that the ratio of the element sizes does not divide raises RuntimeError."""
    case.mended_input.view(case.dtype)

    with pytest.raises(RuntimeError):
        case.input.view(case.dtype)


@rule("view_dtype.offset", source=VIEW, kind=Kind.ERROR, needs=[Need.STRIDES])
@given(case=dtype_views_with_odd_offset())
def test_dtype_offset(case):
    """A storage offset that the ratio of the element sizes does not divide raises RuntimeError."""
    case.mended_input.view(case.dtype)

    with pytest.raises(RuntimeError):
        case.input.view(case.dtype)


@rule("view_dtype.other_strides", source=VIEW, kind=Kind.ERROR, needs=[Need.STRIDES])
@given(case=dtype_views_with_odd_strides())
def test_dtype_other_strides(case):
    """A stride before the last that the ratio of the element sizes does not divide raises RuntimeError."""
    case.mended_input.view(case.dtype)

    with pytest.raises(RuntimeError):
        case.input.view(case.dtype)


@rule("view_dtype.no_gradient", source=VIEW, basis=Basis.OBSERVED, needs=[Need.AUTOGRAD])
@given(case=view_gradients())
def test_dtype_no_gradient(case):
    """A view as a dtype, be it the tensor's own, is cut from the graph: it does not require grad."""
    output = case.input.view(case.input.dtype)

    assert not output.requires_grad
