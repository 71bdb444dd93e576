"""torch.squeeze: dropping dims of size 1, and nothing else.

Not covered: named tensors.
"""

import warnings

import pytest
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.squeezes import (
    squeeze_gradients,
    squeezed_shape,
    squeezes,
    squeezes_dim,
    squeezes_dims,
    squeezes_in_any_form,
    squeezes_in_place,
    squeezes_of_conj_views,
    squeezes_of_scalars,
    squeezes_of_zeros,
    squeezes_out_of_range,
    squeezes_repeating_a_dim,
)


@rule("squeeze.shape", source="torch.squeeze")
@given(case=squeezes())
def test_shape(case):
    """Without dim, squeeze drops the dims of size 1 and no other, and keeps the order of the rest."""
    output = case.input.squeeze()

    assert output.shape == tuple(size for size in case.input.shape if size != 1)


@rule("squeeze.dim_of_size_1", source="torch.squeeze", seed="squeeze")
@given(case=squeezes_dim(of_size_one=True))
def test_dim_of_size_1(case):
    """Given one dim that has size 1, squeeze drops that dim alone."""
    (dim,) = case.arguments
    at = dim % case.input.dim()

    output = case.input.squeeze(dim)

    assert output.shape == case.input.shape[:at] + case.input.shape[at + 1 :]


@rule("squeeze.dim_of_other_size", source="torch.squeeze", seed="squeeze")
@given(case=squeezes_dim(of_size_one=False))
def test_dim_of_other_size(case):
    """Given one dim whose size is not 1, squeeze leaves the shape as it is."""
    output = case.input.squeeze(*case.arguments)

    assert output.shape == case.input.shape


@rule("squeeze.dims", source="torch.squeeze")
@given(case=squeezes_dims())
def test_dims(case):
    """Given a tuple of dims, squeeze drops those among them that have size 1 and no other."""
    output = case.input.squeeze(*case.arguments)

    assert output.shape == squeezed_shape(case.input.shape, *case.arguments)


@rule("squeeze.batch_of_one", source="torch.squeeze")
@given(case=squeezes())
def test_batch_of_one(case):
    """Without dim, squeeze drops a batch dim of size 1 as well."""
    batch = case.input[None]

    output = batch.squeeze()

    assert output.shape == tuple(size for size in case.input.shape if size != 1)


@rule("squeeze.elements", source="torch.squeeze", needs=[Need.VALUES])
@given(case=squeezes_in_any_form())
def test_elements(case):
    """The result has the elements of the input in the same order, in every form of squeeze."""
    elements = reference.drawn(case.input)

    output = case.input.squeeze(*case.arguments)

    expect.same_elements(output, elements.reshape(output.shape))


@rule("squeeze.dtype", source="torch.squeeze")
@given(case=squeezes_in_any_form())
def test_dtype(case):
    """The result has the dtype of the input."""
    output = case.input.squeeze(*case.arguments)

    assert output.dtype == case.input.dtype


@rule("squeeze.write_to_output", source="torch.squeeze", needs=[Need.VALUES])
@given(case=squeezes_of_zeros())
def test_write_to_output(case):
    """Changing the contents of the result changes the input: they share storage."""
    case.input.squeeze(*case.arguments).fill_(1)

    expect.all_ones(case.input)


@rule("squeeze.write_to_input", source="torch.squeeze", needs=[Need.VALUES])
@given(case=squeezes_of_zeros())
def test_write_to_input(case):
    """Changing the contents of the input changes the result: they share storage."""
    output = case.input.squeeze(*case.arguments)

    case.input.fill_(1)

    expect.all_ones(output)


@rule(
    "squeeze.gradient",
    source="torch.Tensor.backward",
    also=["torch.squeeze"],
    kind=Kind.GRADIENT,
    needs=[Need.VALUES, Need.AUTOGRAD],
)
@given(case=squeeze_gradients())
def test_gradient(case):
    """The gradient of the input is the gradient of the result, with the dropped dims back in place."""
    upstream = reference.drawn(case.upstream)

    case.input.squeeze(*case.arguments).backward(case.upstream)

    expect.same_elements(case.input.grad, upstream.reshape(case.input.shape))


@rule("squeeze.dim_none", source="torch.Tensor.squeeze")
@given(case=squeezes())
def test_dim_none(case):
    """A dim of None, which is the default, drops every dim of size 1."""
    output = case.input.squeeze(dim=None)

    assert output.shape == squeezed_shape(case.input.shape)


@rule("squeeze.base", source="tensor_view", basis=Basis.OBSERVED)
@given(case=squeezes_in_any_form())
def test_base(case):
    """The result is a view of the input, which is its base if it is no view itself."""
    base = case.input.clone()

    output = base.squeeze(*case.arguments)

    assert output._base is base


@rule("squeeze.no_dims", source="torch.squeeze", basis=Basis.OBSERVED)
@given(case=squeezes())
def test_no_dims(case):
    """An empty tuple of dims squeezes nothing."""
    output = case.input.squeeze(())

    assert output.shape == case.input.shape


@rule("squeeze.scalar", source="torch.squeeze", basis=Basis.OBSERVED)
@given(case=squeezes_of_scalars())
def test_scalar(case):
    """A 0-d input takes the dims 0 and -1 and stays 0-d."""
    output = case.input.squeeze(*case.arguments)

    assert output.shape == ()


@rule("squeeze.new_tensor", source="torch.squeeze", basis=Basis.OBSERVED)
@given(case=squeezes_in_any_form())
def test_new_tensor(case):
    """The result is a tensor object of its own, even where no dim is dropped."""
    output = case.input.squeeze(*case.arguments)

    assert output is not case.input


@rule("squeeze.repeated_dim", source="torch.squeeze", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=squeezes_repeating_a_dim())
def test_repeated_dim(case):
    """Naming a dim twice, be it once by its negative alias, raises RuntimeError."""
    case.input.squeeze(*case.mended)

    with pytest.raises(RuntimeError):
        case.input.squeeze(*case.arguments)


@rule("squeeze.dim_range", source="torch.squeeze", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=squeezes_out_of_range())
def test_dim_range(case):
    """A dim outside [-rank, rank) raises IndexError, a 0-d input counting as rank 1."""
    case.input.squeeze(*case.mended)

    with pytest.raises(IndexError):
        case.input.squeeze(*case.arguments)


@rule("squeeze.in_place_shape", source="torch.Tensor.squeeze_", needs=[Need.IN_PLACE_VIEWS])
@given(case=squeezes_in_place())
def test_in_place_shape(case):
    """squeeze_ gives the tensor itself the shape that squeeze would return."""
    shape = case.input.shape

    case.input.squeeze_(*case.arguments)

    assert case.input.shape == squeezed_shape(shape, *case.arguments)


@rule("squeeze.in_place_elements", source="torch.Tensor.squeeze_", needs=[Need.VALUES, Need.IN_PLACE_VIEWS])
@given(case=squeezes_in_place())
def test_in_place_elements(case):
    """squeeze_ keeps the elements and their order."""
    elements = reference.drawn(case.input)

    case.input.squeeze_(*case.arguments)

    expect.same_elements(case.input, elements.reshape(case.input.shape))


@rule(
    "squeeze.in_place_returns_self",
    source="tensors",
    also=["torch.Tensor.squeeze_"],
    needs=[Need.IN_PLACE_VIEWS],
)
@given(case=squeezes_in_place())
def test_in_place_returns_self(case):
    """squeeze_ returns the tensor that it was called on."""
    output = case.input.squeeze_(*case.arguments)

    assert output is case.input


@rule("squeeze.in_place_version", source="notes/autograd", basis=Basis.OBSERVED, needs=[Need.IN_PLACE_VIEWS])
@given(case=squeezes_in_place())
def test_in_place_version(case):
    """squeeze_ raises the tensor's version counter by 1, even where no dim is dropped."""
    version = case.input._version

    case.input.squeeze_(*case.arguments)

    assert case.input._version == version + 1


@rule(
    "squeeze.in_place_on_leaf",
    source="torch.Tensor.squeeze_",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.AUTOGRAD],
)
@given(case=squeeze_gradients())
def test_in_place_on_leaf(case):
    """squeeze_ on a leaf that requires grad raises RuntimeError, although no element is written."""
    case.input.detach().squeeze_(*case.arguments)

    with pytest.raises(RuntimeError):
        case.input.squeeze_(*case.arguments)


@rule(
    "squeeze.in_place_of_conj_view",
    source="torch.Tensor.squeeze_",
    also=["torch.squeeze"],
    needs=[Need.VALUES, Need.IN_PLACE_VIEWS],
)
@given(case=squeezes_of_conj_views())
def test_in_place_of_conj_view(case):
    """squeeze_ of a conj view leaves the elements of the tensor that it is a view of as they are."""
    base = case.input._base
    elements = reference.host(base)

    with warnings.catch_warnings():
        # What is claimed is the memory, whatever torch says of it.
        warnings.simplefilter("ignore")
        case.input.squeeze_(*case.arguments)

    expect.same_elements(base, elements)
