"""torch.as_tensor, torch.asarray and torch.tensor of tensors, arrays and numbers: what is shared and kept.

Rules called `asarray.…` and `tensor.…` stand in `creation`, too.

Not covered: arrays of other libraries' than NumPy's, and `requires_grad` left out, which asarray warns about.
"""

import warnings

import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.arguments import drawn_argument
from strategies.cases.bridges import numpy_tensors
from strategies.cases.creations import inputs
from strategies.cases.leaves import leaves

AS_TENSOR = "torch.as_tensor"
ASARRAY = "torch.asarray"
TENSOR = "torch.tensor"
ITEM = "torch.Tensor.item"
VALUES = [Need.VALUES]
GRAD = [Need.AUTOGRAD]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


def _copied(x, **options):
    """Return torch.tensor of a tensor, without its advice to clone instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.tensor(x, **options)


@rule("as_tensor.itself", source=AS_TENSOR)
@given(case=inputs())
def test_itself(case):
    """as_tensor gives the tensor itself if it has the dtype and the device asked for."""
    assert torch.as_tensor(case.input, dtype=case.input.dtype, device=case.input.device) is case.input


@rule("as_tensor.converted", source=AS_TENSOR)
@given(case=inputs())
def test_converted(case):
    """as_tensor of a tensor of another dtype has the dtype asked for."""
    other = torch.complex64 if case.input.dtype is torch.complex128 else torch.complex128

    output = torch.as_tensor(case.input, dtype=other)

    assert output.dtype == other


@rule("as_tensor.history", source=AS_TENSOR, needs=GRADIENT)
@given(case=leaves())
def test_history(case):
    """as_tensor of a tensor of another dtype keeps its history: gradients go through it."""
    expected = 2 * reference.drawn(case.upstream)
    other = torch.float32 if case.x.dtype is torch.float64 else torch.float64

    torch.as_tensor(case.x * 2, dtype=other).backward(case.upstream.to(other))

    expect.equal_elements(case.x.grad, expected)


@rule("as_tensor.of_an_array", source=AS_TENSOR, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_of_an_array(case):
    """as_tensor of an array of NumPy's shares its memory."""
    array = case.input.cpu().numpy()

    torch.as_tensor(array).fill_(1)

    assert (array == 1).all()


@rule("asarray.detached", source=ASARRAY, needs=GRAD)
@given(case=leaves())
def test_detached(case):
    """With requires_grad=False, asarray of a tensor with a history does not require grad."""
    output = torch.asarray(case.x * 2, requires_grad=False)

    assert not output.requires_grad


@rule("asarray.detached_shares", source=ASARRAY, needs=GRADIENT)
@given(case=leaves())
def test_detached_shares(case):
    """With requires_grad=False, asarray of a tensor with a history shares its memory."""
    middle = case.x * 2

    torch.asarray(middle, requires_grad=False).fill_(1)

    expect.all_ones(middle)


@rule("asarray.history", source=ASARRAY, needs=GRADIENT)
@given(case=leaves())
def test_asarray_history(case):
    """With requires_grad=True, asarray of a tensor keeps its history: gradients go through it."""
    expected = 2 * reference.drawn(case.upstream)

    torch.asarray(case.x * 2, requires_grad=True).backward(case.upstream)

    expect.equal_elements(case.x.grad, expected)


@rule("asarray.of_an_array", source=ASARRAY, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True, min_dims=1))
def test_asarray_of_an_array(case):
    """asarray of an array of NumPy's that has dims shares its memory."""
    array = case.input.cpu().numpy()

    torch.asarray(array).fill_(1)

    assert (array == 1).all()


@rule("asarray.of_a_0d_array", source=ASARRAY, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_asarray_of_a_0d_array(case):
    """asarray of an array of NumPy's without dims shares its memory."""
    array = case.input.cpu().numpy().reshape(-1)[:1].reshape(())

    torch.asarray(array).fill_(1)

    assert array == 1


@rule("asarray.copy_of_an_array", source=ASARRAY, needs=VALUES)
@given(case=numpy_tensors(writable=True))
def test_asarray_copy_of_an_array(case):
    """With copy=True, asarray of an array of NumPy's does not share its memory."""
    expected = drawn_argument(case, "input")
    array = case.input.cpu().numpy()

    torch.asarray(array, copy=True).fill_(1)

    expect.same_elements(torch.from_numpy(array), expected)


@rule("asarray.of_a_scalar", source=ASARRAY, needs=VALUES)
@given(case=numpy_tensors(nonempty=True))
def test_asarray_of_a_scalar(case):
    """asarray of a scalar of NumPy's is 0-d and has its dtype."""
    array = case.input.cpu().numpy()

    output = torch.asarray(array.reshape(-1)[0])

    assert (output.shape, output.dtype) == ((), case.input.dtype)


@rule("asarray.of_numbers", source=ASARRAY)
@given(case=inputs())
def test_asarray_of_numbers(case):
    """Without dtype, asarray of numbers of Python's is bool, int64 or of the default dtype, as they are."""
    device = case.input.device

    outputs = [torch.asarray([number], device=device) for number in (True, 7, 7.0)]

    dtypes = [output.dtype for output in outputs]
    assert dtypes == [torch.bool, torch.int64, torch.get_default_dtype()]


@rule("tensor.of_a_tensor", source=TENSOR, needs=VALUES)
@given(case=inputs())
def test_of_a_tensor(case):
    """tensor of a tensor has its dtype, its shape and its elements."""
    expected = drawn_argument(case, "input")

    output = _copied(case.input)

    expect.equal_elements(output, expected)


@rule("tensor.of_a_tensor_apart", source=TENSOR, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_of_a_tensor_apart(case):
    """tensor of a tensor does not share its memory."""
    expected = drawn_argument(case, "input")

    _copied(case.input).fill_(1)

    expect.same_elements(case.input, expected)


@rule("tensor.of_a_tensor_leaf", source=TENSOR, needs=GRAD)
@given(case=leaves())
def test_of_a_tensor_leaf(case):
    """tensor of a tensor with a history has none, and requires grad if it is asked to and not else."""
    middle = case.x * 2

    outputs = [_copied(middle), _copied(middle, requires_grad=True)]

    found = [(output.is_leaf, output.requires_grad) for output in outputs]
    assert found == [(True, False), (True, True)]


# Numbers.


@rule("item.several_elements", source=ITEM, kind=Kind.ERROR, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_item_of_several(case):
    """item refuses a tensor of several elements."""
    tensor = case.input.reshape(-1)
    tensor[:1].item()

    with expect.refusal():
        tensor.repeat(2).item()


@rule("item.no_elements", source=ITEM, kind=Kind.ERROR, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_item_of_none(case):
    """item refuses a tensor without elements."""
    tensor = case.input.reshape(-1)
    tensor[:1].item()

    with expect.refusal():
        tensor[:0].item()


@rule("bool.several_elements", source=ITEM, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=inputs(nonempty=True))
def test_bool_of_several(case):
    """bool refuses a tensor of several elements."""
    tensor = case.input.reshape(-1)
    bool(tensor[:1])

    with expect.refusal():
        bool(tensor.repeat(2))
