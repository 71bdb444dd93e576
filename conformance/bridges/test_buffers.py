"""torch.frombuffer, asarray of a buffer, and DLPack: memory that other libraries know, too.

Not covered: buffers that are read-only, streams and versions of DLPack, and copies that are asked for.
"""

import pytest
import torch
from hypothesis import given
from torch.utils import dlpack

from conformance import expect
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.arguments import drawn_argument
from strategies.cases.bridges import buffers, numpy_tensors
from strategies.cases.creations import dense
from strategies.cases.leaves import leaves
from strategies.cases.placements import complex_placements

BUFFER = "torch.frombuffer"
ASARRAY = "torch.asarray"
DLPACK = "torch.from_dlpack"
CAPSULE = "torch.utils.dlpack.to_dlpack"
OBSERVED = Basis.OBSERVED
ERROR = Kind.ERROR
VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]


@rule("frombuffer.elements", source=BUFFER, needs=VALUES)
@given(case=buffers())
def test_elements(case):
    """frombuffer reads count numbers of the dtype behind the first offset bytes."""
    data = bytearray(case.data)

    output = torch.frombuffer(data, dtype=case.dtype, count=case.count, offset=case.offset)

    assert output.tolist() == list(case.numbers)


@rule("frombuffer.shape", source=BUFFER, needs=VALUES)
@given(case=buffers())
def test_shape(case):
    """frombuffer gives a tensor of one dim, of count elements of the dtype."""
    data = bytearray(case.data)

    output = torch.frombuffer(data, dtype=case.dtype, count=case.count, offset=case.offset)

    assert (output.shape, output.dtype) == ((case.count,), case.dtype)


@rule("frombuffer.to_the_end", source=BUFFER, needs=VALUES)
@given(case=buffers(whole=True))
def test_to_the_end(case):
    """Without count, frombuffer reads all of the buffer that is behind the offset."""
    data = bytearray(case.data)

    output = torch.frombuffer(data, dtype=case.dtype, offset=case.offset)

    assert output.tolist() == list(case.numbers)


@rule("frombuffer.sees", source=BUFFER, needs=VALUES)
@given(case=buffers(whole=True))
def test_sees(case):
    """What is written to the buffer is seen in the tensor."""
    data = bytearray(len(case.data))
    tensor = torch.frombuffer(data, dtype=case.dtype, offset=case.offset)

    data[:] = case.data

    assert tensor.tolist() == list(case.numbers)


@rule("frombuffer.seen", source=BUFFER, needs=VALUES)
@given(case=buffers(whole=True))
def test_seen(case):
    """What is written to the tensor is seen in the buffer."""
    data = bytearray(len(case.data))
    tensor = torch.frombuffer(data, dtype=case.dtype, offset=case.offset)

    tensor.copy_(torch.tensor(case.numbers, dtype=case.dtype))

    assert data[case.offset :] == case.data[case.offset :]


@rule("frombuffer.requires_grad", source=BUFFER, needs=GRADIENT)
@given(case=buffers())
def test_requires_grad(case):
    """frombuffer gives a tensor that requires grad if it is asked to."""
    data = bytearray(8 * case.count)

    outputs = [torch.frombuffer(data, dtype=torch.float64, requires_grad=asked) for asked in (True, False)]

    assert [output.requires_grad for output in outputs] == [True, False]


@rule("frombuffer.count_too_large", source=BUFFER, kind=ERROR, needs=VALUES)
@given(case=buffers(whole=True))
def test_count_too_large(case):
    """frombuffer refuses a count of more numbers than the buffer has behind the offset."""
    data = bytearray(case.data)
    torch.frombuffer(data, dtype=case.dtype, count=case.count, offset=case.offset)

    with expect.refusal():
        torch.frombuffer(data, dtype=case.dtype, count=case.count + 1, offset=case.offset)


@rule("frombuffer.part_of_a_number", source=BUFFER, kind=ERROR, needs=VALUES)
@given(case=buffers(whole=True))
def test_part_of_a_number(case):
    """Without count, frombuffer refuses a buffer that ends within a number."""
    torch.frombuffer(bytearray(case.data), dtype=torch.uint8)
    torch.frombuffer(bytearray(8 * case.count), dtype=torch.int64)

    with expect.refusal():
        torch.frombuffer(bytearray(8 * case.count + 1 + case.offset % 7), dtype=torch.int64)


@rule("frombuffer.negative_offset", source=BUFFER, basis=OBSERVED, kind=ERROR, needs=VALUES)
@given(case=buffers())
def test_negative_offset(case):
    """A negative offset raises ValueError."""
    data = bytearray(case.data)
    torch.frombuffer(data, dtype=case.dtype, count=1, offset=0)

    with pytest.raises(ValueError):
        torch.frombuffer(data, dtype=case.dtype, count=1, offset=-1 - case.offset)


@rule("frombuffer.empty", source=BUFFER, needs=VALUES)
@given(case=buffers(whole=True))
def test_empty(case):
    """Without count, frombuffer gives no elements where no bytes are behind the offset."""
    data = bytearray(case.offset)

    output = torch.frombuffer(data, dtype=case.dtype, offset=case.offset)

    assert output.numel() == 0


@rule("frombuffer.not_resizable", source=BUFFER, kind=ERROR, needs=VALUES)
@given(case=buffers(whole=True))
def test_not_resizable(case):
    """A tensor made by frombuffer cannot be resized to have more elements."""
    tensor = torch.frombuffer(bytearray(case.data), dtype=case.dtype, offset=case.offset)
    tensor.clone().resize_(case.count + 100)

    with expect.refusal():
        tensor.resize_(case.count + 100)


@rule("asarray.of_a_buffer", source=ASARRAY, needs=VALUES)
@given(case=buffers(whole=True))
def test_asarray(case):
    """asarray of a buffer reads its bytes as numbers of the dtype."""
    data = bytearray(case.data[case.offset :])

    output = torch.asarray(data, dtype=case.dtype)

    assert output.tolist() == list(case.numbers)


@rule("asarray.shares_a_buffer", source=ASARRAY, needs=VALUES)
@given(case=buffers(whole=True))
def test_asarray_shares(case):
    """asarray of a buffer shares its memory."""
    data = bytearray(case.data[case.offset :])

    torch.asarray(data, dtype=case.dtype).zero_()

    assert not any(data)


# DLPack.


@rule("dlpack.elements", source=DLPACK, needs=VALUES)
@given(case=dense())
def test_dlpack_elements(case):
    """from_dlpack of a tensor has its shape, dtype and elements."""
    expected = drawn_argument(case, "input")

    output = torch.from_dlpack(case.input)

    expect.same_elements(output, expected)


@rule("dlpack.layouts", source=DLPACK, needs=VALUES)
@given(case=numpy_tensors())
def test_dlpack_layouts(case):
    """from_dlpack of a tensor has its elements, whatever its layout."""
    expected = drawn_argument(case, "input")

    output = torch.from_dlpack(case.input)

    expect.same_elements(output, expected)


@rule("dlpack.sees", source=DLPACK, needs=VALUES)
@given(case=dense())
def test_dlpack_sees(case):
    """What is written to a tensor is seen in what from_dlpack made of it."""
    output = torch.from_dlpack(case.input)

    case.input.fill_(1)

    expect.all_ones(output)


@rule("dlpack.seen", source=DLPACK, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_dlpack_seen(case):
    """What is written to what from_dlpack made of a tensor is seen in the tensor."""
    torch.from_dlpack(case.input).fill_(1)

    expect.all_ones(case.input)


@rule("dlpack.of_an_array", source=DLPACK, needs=VALUES)
@given(case=numpy_tensors(nonempty=True, writable=True))
def test_dlpack_of_an_array(case):
    """from_dlpack of an array of NumPy's shares its memory."""
    array = case.input.cpu().numpy()

    torch.from_dlpack(array).fill_(1)

    assert (array == 1).all()


@rule("dlpack.capsule", source=DLPACK, also=[CAPSULE], needs=VALUES)
@given(case=dense())
def test_dlpack_capsule(case):
    """from_dlpack of a capsule that to_dlpack made of a tensor shares its memory."""
    torch.from_dlpack(dlpack.to_dlpack(case.input)).fill_(1)

    expect.all_ones(case.input)


@rule("dlpack.requires_grad", source=DLPACK, basis=OBSERVED, kind=ERROR, needs=GRADIENT)
@given(case=leaves())
def test_dlpack_requires_grad(case):
    """from_dlpack refuses a tensor that requires grad."""
    torch.from_dlpack(case.upstream)

    with expect.refusal():
        torch.from_dlpack(case.x)


@rule("dlpack.conj", source=DLPACK, basis=OBSERVED, kind=ERROR, needs=VALUES)
@given(case=complex_placements())
def test_dlpack_conj(case):
    """from_dlpack refuses a conj view."""
    torch.from_dlpack(case.input)

    with expect.refusal():
        torch.from_dlpack(case.input.conj())


@rule("dlpack.version", source=DLPACK, basis=OBSERVED, needs=VALUES)
@given(case=dense())
def test_dlpack_version(case):
    """What is written to what from_dlpack made of a tensor does not raise the tensor's _version."""
    version = case.input._version

    torch.from_dlpack(case.input).fill_(1)

    assert case.input._version == version
