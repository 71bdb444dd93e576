"""Tensor.numpy and torch.from_numpy: tensors and arrays that share memory.

NumPy has no memory but the CPU's: of a tensor elsewhere the rules take a copy on the CPU.

Not covered: arrays of strings and objects, byte orders, and torch's dtypes that no page says to be taken.
"""

import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.arguments import drawn_argument
from strategies.cases.bridges import numpy_tensors
from strategies.cases.leaves import leaves
from strategies.cases.placements import complex_placements

NUMPY = "torch.Tensor.numpy"
FROM = "torch.from_numpy"
OBSERVED = Basis.OBSERVED
ERROR = Kind.ERROR
VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("numpy.elements", source=NUMPY, needs=VALUES)
@given(case=numpy_tensors())
def test_elements(case):
    """numpy gives an array of the same shape, dtype and elements, whatever the tensor's layout."""
    expected = drawn_argument(case, "input")

    array = case.input.cpu().numpy()

    expect.same_elements(torch.from_numpy(array), expected)


@rule("numpy.strides", source=NUMPY, basis=OBSERVED, needs=VALUES)
@given(case=numpy_tensors(nonempty=True))
def test_strides(case):
    """The array that numpy gives has the strides of the tensor, in bytes."""
    tensor = case.input.cpu()

    array = tensor.numpy()

    assert array.strides == tuple([stride * tensor.itemsize for stride in tensor.stride()])


@rule("numpy.sees_the_tensor", source=NUMPY, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_sees_the_tensor(case):
    """What is written to the tensor is seen in the array that numpy gave before."""
    tensor = case.input.cpu()
    array = tensor.numpy()

    tensor.fill_(1)

    assert (array == 1).all()


@rule("numpy.seen_by_the_tensor", source=NUMPY, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_seen_by_the_tensor(case):
    """What is written to the array that numpy gave is seen in the tensor."""
    tensor = case.input.cpu()

    tensor.numpy().fill(1)

    expect.all_ones(tensor)


@rule("numpy.version", source="torch.autograd.graph.increment_version", basis=OBSERVED, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_version(case):
    """What is written to the array that numpy gave does not raise the tensor's _version."""
    tensor = case.input.cpu()
    version = tensor._version

    tensor.numpy().fill(1)

    assert tensor._version == version


@rule("numpy.requires_grad", source=NUMPY, kind=ERROR, needs=GRADIENT)
@given(case=leaves())
def test_requires_grad(case):
    """numpy refuses a tensor that requires grad."""
    case.x.detach().cpu().numpy()

    with expect.refusal():
        case.x.cpu().numpy()


@rule("numpy.conj", source=NUMPY, kind=ERROR, needs=VALUES)
@given(case=complex_placements())
def test_conj(case):
    """numpy refuses a conj view."""
    tensor = case.input.cpu()
    tensor.numpy()

    with expect.refusal():
        tensor.conj().numpy()


@rule("numpy.neg", source=NUMPY, basis=OBSERVED, kind=ERROR, needs=VALUES)
@given(case=complex_placements())
def test_neg(case):
    """numpy refuses a neg view."""
    tensor = case.input.cpu()
    tensor.imag.numpy()

    with expect.refusal():
        tensor.conj().imag.numpy()


@rule("numpy.bfloat16", source=NUMPY, kind=ERROR, needs=VALUES)
@given(case=numpy_tensors())
def test_bfloat16(case):
    """numpy refuses a dtype that NumPy does not have, as bfloat16."""
    zeros = torch.zeros(case.input.shape, dtype=torch.float16)
    zeros.numpy()

    with expect.refusal():
        zeros.to(torch.bfloat16).numpy()


@rule("numpy.of_meta", source=NUMPY, kind=ERROR, needs=VALUES)
@given(case=numpy_tensors())
def test_of_meta(case):
    """numpy refuses a tensor that is not on the CPU, as one on meta."""
    tensor = case.input.cpu()
    tensor.numpy()

    with expect.refusal():
        tensor.to("meta").numpy()


@rule("numpy.force", source=NUMPY, needs=VALUES)
@given(case=numpy_tensors())
def test_force(case):
    """With force=True, numpy gives the elements of a tensor on any device."""
    expected = drawn_argument(case, "input")

    array = case.input.numpy(force=True)

    expect.same_elements(torch.from_numpy(array), expected)


@rule("numpy.force_requires_grad", source=NUMPY, needs=GRADIENT)
@given(case=leaves())
def test_force_requires_grad(case):
    """With force=True, numpy gives the elements of a tensor that requires grad."""
    expected = reference.drawn(case.x)

    array = case.x.numpy(force=True)

    expect.same_elements(torch.from_numpy(array), expected)


@rule("numpy.force_conj", source=NUMPY, needs=VALUES)
@given(case=complex_placements())
def test_force_conj(case):
    """With force=True, numpy gives the elements of a conj view, conjugated."""
    expected = reference.drawn(case.input).conj()

    array = case.input.conj().numpy(force=True)

    expect.equal_elements(torch.from_numpy(array), expected)


@rule("numpy.force_conj_apart", source=NUMPY, needs=VALUES)
@given(case=complex_placements())
def test_force_conj_apart(case):
    """With force=True, the array of a conj view does not share the tensor's memory."""
    expected = reference.drawn(case.input)

    case.input.conj().numpy(force=True).fill(7)

    expect.same_elements(case.input, expected)


@rule("numpy.force_shares", source=NUMPY, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_force_shares(case):
    """With force=True, the array of a tensor on the CPU that is no conj or neg view shares its memory."""
    tensor = case.input.cpu()

    tensor.numpy(force=True).fill(1)

    expect.all_ones(tensor)


@rule("numpy.array_protocol", source=NUMPY, basis=OBSERVED, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_array_protocol(case):
    """What NumPy makes of a tensor by __array__ shares its memory."""
    tensor = case.input.cpu()

    tensor.__array__().fill(1)

    expect.all_ones(tensor)


@rule("numpy.array_protocol_dtype", source=NUMPY, basis=OBSERVED, needs=VALUES)
@given(case=numpy_tensors())
def test_array_protocol_dtype(case):
    """__array__ with a dtype gives an array of that dtype."""
    array = case.input.cpu().__array__("complex128")

    assert array.dtype == "complex128"


# from_numpy.


@rule("from_numpy.elements", source=FROM, needs=VALUES)
@given(case=numpy_tensors())
def test_from_elements(case):
    """from_numpy gives a tensor of the same shape, dtype and elements, whatever the array's layout."""
    expected = drawn_argument(case, "input")
    array = case.input.cpu().numpy()

    output = torch.from_numpy(array)

    expect.same_elements(output, expected)


@rule("from_numpy.not_resizable", source=FROM, kind=ERROR, needs=VALUES)
@given(case=numpy_tensors(writable=True))
def test_from_not_resizable(case):
    """A tensor made by from_numpy cannot be resized to have more elements."""
    array = case.input.cpu().numpy()
    tensor = torch.from_numpy(array)
    tensor.clone().resize_(tensor.numel() * 8 + 100)

    with expect.refusal():
        tensor.resize_(tensor.numel() * 8 + 100)


@rule("from_numpy.negative_strides", source=FROM, basis=OBSERVED, kind=ERROR, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True, min_dims=1))
def test_from_negative_strides(case):
    """from_numpy of an array with a negative stride raises ValueError."""
    array = case.input.cpu().numpy()
    torch.from_numpy(array)

    with pytest.raises(ValueError):
        torch.from_numpy(array[::-1])


@rule("from_numpy.of_a_list", source=FROM, basis=OBSERVED, kind=ERROR, needs=VALUES)
@given(case=numpy_tensors())
def test_from_a_list(case):
    """from_numpy of a list of numbers raises TypeError."""
    array = case.input.cpu().numpy()
    torch.from_numpy(array)

    with pytest.raises(TypeError):
        torch.from_numpy(array.tolist())


@rule("from_numpy.read_only", source=FROM, basis=OBSERVED, kind=Kind.WARNING, needs=VALUES)
@given(case=numpy_tensors())
def test_from_read_only(case):
    """from_numpy of an array that is read-only warns."""
    array = case.input.cpu().numpy()
    array.setflags(write=False)

    with pytest.warns(UserWarning):
        torch.from_numpy(array)
