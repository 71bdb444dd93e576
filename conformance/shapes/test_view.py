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
    dtype_views_of_conj_views,
    dtype_views_of_rows,
    dtype_views_of_scalars,
    dtype_views_of_zeros,
    dtype_views_with_odd_empty_strides,
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
    views_of_elements,
    views_of_nothing,
    views_of_one_element,
    views_of_zeros,
    views_twice,
    views_with_dims,
    views_with_inferred_size,
)

VIEW = "torch.Tensor.view"
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("view.shape", source=VIEW, seed="view", needs=[Need.STRIDES])
@given(case=views())
def test_shape(case):
    """A view may split dims, and merge dims d and d + 1 if stride[d] == stride[d + 1] * size[d + 1]."""
    output = case.input.view(case.shape)

    assert output.shape == case.shape


@rule("view.elements", source=VIEW, seed="view", needs=[Need.VALUES, Need.STRIDES])
@given(case=views())
def test_elements(case):
    """The view has the elements of the input in the same row-major order."""
    elements = reference.drawn(case.input)

    output = case.input.view(case.shape)

    expect.same_elements(output, elements.reshape(case.shape))


@rule("view.dtype", source=VIEW, needs=[Need.STRIDES])
@given(case=views())
def test_dtype(case):
    """A view as another shape keeps the dtype."""
    output = case.input.view(case.shape)

    assert output.dtype == case.input.dtype


@rule("view.write_to_output", source=VIEW, needs=[Need.VALUES, Need.STRIDES])
@given(case=views_of_zeros())
def test_write_to_output(case):
    """Changing the elements of the view changes the input: they share their data."""
    case.input.view(case.shape).fill_(1)

    expect.all_ones(case.input)


@rule("view.write_to_input", source=VIEW, needs=[Need.VALUES, Need.STRIDES])
@given(case=views_of_zeros())
def test_write_to_input(case):
    """Changing the elements of the input changes the view: they share their data."""
    output = case.input.view(case.shape)

    case.input.fill_(1)

    expect.all_ones(output)


@rule("view.storage_offset", source=VIEW, basis=Basis.OBSERVED, needs=[Need.STRIDES])
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


@rule("view.strides", source=VIEW, basis=Basis.OBSERVED, needs=[Need.STRIDES])
@given(case=views_of_elements())
def test_strides(case):
    """Dims of the view that are longer than 1 have the strides that lead to the input's own elements."""
    expected = reference.strides_of_view(case.input.shape, case.input.stride(), case.shape)

    output = case.input.view(case.shape)

    assert [stride for size, stride in zip(case.shape, output.stride(), strict=True) if size > 1] == expected


@rule("view.of_no_elements", source=VIEW, basis=Basis.OBSERVED)
@given(case=views_of_nothing())
def test_of_no_elements(case):
    """A tensor without elements can be viewed as any shape without elements, whatever its strides."""
    output = case.input.view(case.shape)

    assert output.shape == case.shape


@rule("view.sizes_as_arguments", source=VIEW, needs=[Need.STRIDES])
@given(case=views_with_dims())
def test_sizes_as_arguments(case):
    """The sizes may be given one by one as integers."""
    output = case.input.view(*case.shape)

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
    elements = reference.drawn(case.input)

    output = case.input.view(case.shape)

    expect.same_elements(output, elements.reshape(()))


@rule("view.of_a_view", source=VIEW, needs=[Need.VALUES, Need.STRIDES])
@given(case=views_twice())
def test_of_a_view(case):
    """A view can itself be viewed as any shape that the input allows, with the same elements in order."""
    elements = reference.drawn(case.input)

    output = case.input.view(case.shape).view(case.then)

    expect.same_elements(output, elements.reshape(case.then))


@rule("view.back", source=VIEW, needs=[Need.VALUES, Need.STRIDES])
@given(case=views())
def test_back(case):
    """A view can be viewed as the input's shape again, and equals the input then."""
    elements = reference.drawn(case.input)

    output = case.input.view(case.shape).view(case.input.shape)

    expect.same_elements(output, elements)


@rule("view.inferred_size", source=VIEW, needs=[Need.STRIDES])
@given(case=views_with_inferred_size())
def test_inferred_size(case):
    """A size of -1 is inferred from the number of elements and the other sizes."""
    output = case.input.view(case.shape)

    assert output.shape == case.full_shape


@rule("view.inferred_elements", source=VIEW, needs=[Need.VALUES, Need.STRIDES])
@given(case=views_with_inferred_size())
def test_inferred_elements(case):
    """With a size of -1 the view has the elements of the input in the same row-major order."""
    elements = reference.drawn(case.input)

    output = case.input.view(case.shape)

    expect.same_elements(output, elements.reshape(case.full_shape))


@rule("view.numel", source=VIEW, kind=Kind.ERROR)
@given(case=views_of_other_numel())
def test_numel(case):
    """A shape with another number of elements than the input is refused."""
    case.mended_input.view(case.mended_shape)

    with expect.refusal():
        case.input.view(case.shape)


@rule("view.incompatible_strides", source=VIEW, kind=Kind.ERROR, needs=[Need.STRIDES])
@given(case=views_against_strides())
def test_incompatible_strides(case):
    """To merge dims d and d + 1, or cut across, is refused if stride[d] != stride[d + 1] * size[d + 1]."""
    case.mended_input.view(case.mended_shape)

    with expect.refusal():
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
    """A size of -1 beside sizes that do not divide the number of elements is refused."""
    case.mended_input.view(case.mended_shape)

    with expect.refusal():
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


@rule(
    "view.gradient",
    source="torch.Tensor.backward",
    also=[VIEW],
    kind=Kind.GRADIENT,
    needs=[*GRADIENT, Need.STRIDES],
)
@given(case=view_gradients())
def test_gradient(case):
    """The gradient of the input is the gradient of the view in the input's shape."""
    expected = reference.drawn(case.upstream).reshape(case.input.shape)

    case.input.view(case.shape).backward(case.upstream)

    expect.same_elements(case.input.grad, expected)


@rule("view.base", source="tensor_view", basis=Basis.OBSERVED, needs=[Need.STRIDES])
@given(case=view_gradients())
def test_base(case):
    """The base of a view of a tensor that is no view is that tensor."""
    base = case.input.detach().clone()

    output = base.view(base.shape)

    assert output._base is base


@rule("view.is_view", source="tensor_view", basis=Basis.OBSERVED, needs=[Need.STRIDES])
@given(case=views())
def test_is_view(case):
    """torch knows of a view that it is one."""
    output = case.input.view(case.shape)

    assert output._is_view()


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
    elements = reference.drawn(case.input)

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
    expected = reference.raw(reference.drawn(case.input))

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
    expected = reference.regrouped(reference.raw(reference.drawn(case.input)), case.dtype.itemsize)

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
    expected = reference.regrouped(reference.raw(reference.drawn(case.input)), case.dtype.itemsize)

    output = case.input.view(case.dtype)

    expect.same_bytes(output, expected)


@rule("view_dtype.write_to_output", source=VIEW, needs=[Need.VALUES])
@given(case=dtype_views_of_zeros())
def test_dtype_write_to_output(case):
    """Filling a view as another dtype fills the input with the same bytes: they share their data."""
    case.input.view(case.dtype).fill_(1)

    expect.same_bytes(case.input, reference.ones(case.dtype, case.input.shape, case.input.element_size()))


@rule("view_dtype.write_to_input", source=VIEW, needs=[Need.VALUES])
@given(case=dtype_views_of_zeros())
def test_dtype_write_to_input(case):
    """Filling the input fills a view of it as another dtype with the same bytes: they share their data."""
    ones = reference.ones(case.input.dtype, case.input.shape, case.input.element_size())
    output = case.input.view(case.dtype)

    case.input.fill_(1)

    expect.same_bytes(output, reference.regrouped(ones, case.dtype.itemsize))


@rule("view_dtype.0d", source=VIEW, kind=Kind.ERROR)
@given(case=dtype_views_of_scalars())
def test_dtype_0d(case):
    """A view of a 0-d tensor as a dtype of another element size is refused."""
    case.mended_input.view(case.dtype)

    with expect.refusal():
        case.input.view(case.dtype)


@rule("view_dtype.last_stride", source=VIEW, kind=Kind.ERROR, needs=[Need.STRIDES])
@given(case=dtype_views_with_stepped_rows())
def test_dtype_last_stride(case):
    """A view as a dtype of another element size is refused if the last stride is not 1."""
    case.mended_input.view(case.dtype)

    with expect.refusal():
        case.input.view(case.dtype)


@rule("view_dtype.last_size", source=VIEW, kind=Kind.ERROR)
@given(case=dtype_views_with_odd_size())
def test_dtype_last_size(case):
    """A view as larger elements is refused if their ratio does not divide the last size."""
    case.mended_input.view(case.dtype)

    with expect.refusal():
        case.input.view(case.dtype)


@rule("view_dtype.offset", source=VIEW, kind=Kind.ERROR, needs=[Need.STRIDES])
@given(case=dtype_views_with_odd_offset())
def test_dtype_offset(case):
    """A view as larger elements is refused if their ratio does not divide the storage offset."""
    case.mended_input.view(case.dtype)

    with expect.refusal():
        case.input.view(case.dtype)


@rule("view_dtype.other_strides", source=VIEW, kind=Kind.ERROR, needs=[Need.STRIDES])
@given(case=dtype_views_with_odd_strides())
def test_dtype_other_strides(case):
    """A view as larger elements is refused if their ratio does not divide every stride but the last."""
    case.mended_input.view(case.dtype)

    with expect.refusal():
        case.input.view(case.dtype)


@rule("view_dtype.other_empty_strides", source=VIEW, kind=Kind.ERROR, needs=[Need.STRIDES])
@given(case=dtype_views_with_odd_empty_strides())
def test_dtype_other_empty_strides(case):
    """Even a view of no elements as larger ones is refused where their ratio does not divide a stride."""
    case.mended_input.view(case.dtype)

    with expect.refusal():
        case.input.view(case.dtype)


@rule("view_dtype.strides_of_same_size", source=VIEW, basis=Basis.OBSERVED, needs=[Need.STRIDES])
@given(case=dtype_views())
def test_dtype_strides_of_same_size(case):
    """A view as a dtype of the same element size keeps the strides."""
    output = case.input.view(case.dtype)

    assert output.stride() == case.input.stride()


@rule("view_dtype.version", source="notes/autograd", basis=Basis.OBSERVED)
@given(case=dtype_views_of_zeros())
def test_dtype_version(case):
    """Writing through a view as another dtype raises the input's version counter by 1."""
    version = case.input._version

    case.input.view(case.dtype).fill_(1)

    assert case.input._version == version + 1


@rule("view_dtype.conj_view", source=VIEW, basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=dtype_views_of_conj_views())
def test_dtype_conj_view(case):
    """A view of a conj view as a dtype raises RuntimeError: its bits are not those of its elements."""
    case.mended_input.view(case.dtype)

    with pytest.raises(RuntimeError):
        case.input.view(case.dtype)


@rule("view_dtype.no_gradient", source=VIEW, basis=Basis.OBSERVED, needs=[Need.AUTOGRAD])
@given(case=view_gradients())
def test_dtype_no_gradient(case):
    """A view as a dtype, be it the tensor's own, is cut from the graph: it does not require grad."""
    output = case.input.view(case.input.dtype)

    assert not output.requires_grad
