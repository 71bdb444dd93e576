"""Memory formats, copies and what shares memory: clone, contiguous, to, asarray, tensor and from_numpy.

Not covered: channels_last_3d, copies between devices, DLPack capsules and buffers.
"""

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Kind, Need
from strategies.arguments import code_of, drawn_argument
from strategies.cases.creations import converted, dense, images, inputs, with_gaps

VALUES = [Need.VALUES]
STRIDES = [Need.STRIDES]
CHANNELS_LAST = torch.channels_last


@rule("clone.of_gaps", source="torch.clone", needs=STRIDES)
@given(case=with_gaps())
def test_clone_of_gaps(case):
    """Of an input with gaps between its elements, clone gives a contiguous tensor."""
    output = case.input.clone()

    assert output.is_contiguous()


@rule("clone.contiguous_format", source="torch.clone", needs=STRIDES)
@given(case=dense())
def test_clone_contiguous(case):
    """Asked for torch.contiguous_format, clone is contiguous."""
    output = case.input.clone(memory_format=torch.contiguous_format)

    assert output.is_contiguous()


@rule("clone.channels_last", source="torch.clone", needs=STRIDES)
@given(case=images())
def test_clone_channels_last(case):
    """Asked for torch.channels_last, clone of an input of four dims is in this format."""
    output = case.input.clone(memory_format=CHANNELS_LAST)

    assert output.is_contiguous(memory_format=CHANNELS_LAST)


@rule("zeros_like.channels_last", source="torch.zeros_like", needs=STRIDES)
@given(case=images())
def test_zeros_like_channels_last(case):
    """Asked for torch.channels_last, zeros_like an input of four dims is in this format."""
    output = torch.zeros_like(case.input, memory_format=CHANNELS_LAST)

    assert output.is_contiguous(memory_format=CHANNELS_LAST)


@rule("zeros_like.contiguous_format", source="torch.zeros_like", needs=STRIDES)
@given(case=dense())
def test_zeros_like_contiguous(case):
    """Asked for torch.contiguous_format, zeros_like is contiguous."""
    output = torch.zeros_like(case.input, memory_format=torch.contiguous_format)

    assert output.is_contiguous()


@rule("empty.channels_last", source="torch.empty", needs=STRIDES)
@given(case=images())
def test_empty_channels_last(case):
    """Asked for torch.channels_last, empty of four dims is in this format."""
    like = case.input

    output = torch.empty(like.shape, device=like.device, memory_format=CHANNELS_LAST)

    assert output.is_contiguous(memory_format=CHANNELS_LAST)


@rule("empty_like.strides", source="torch.empty_like", needs=STRIDES)
@given(case=dense())
def test_empty_like_strides(case):
    """empty_like keeps the strides of a dense input, for sizes above 1."""
    longer = [dim for dim, size in enumerate(case.input.shape) if size > 1]

    output = torch.empty_like(case.input)

    assert [output.stride(dim) for dim in longer] == [case.input.stride(dim) for dim in longer]


@rule("contiguous.is_contiguous", source="torch.Tensor.contiguous", needs=STRIDES)
@given(case=inputs())
def test_contiguous(case):
    """contiguous gives a tensor that is contiguous."""
    output = case.input.contiguous()

    assert output.is_contiguous()


@rule("contiguous.itself", source="torch.Tensor.contiguous")
@given(case=inputs())
def test_contiguous_itself(case):
    """contiguous gives the tensor itself if it is contiguous already."""
    input = case.input.contiguous()

    assert input.contiguous() is input


@rule("contiguous.channels_last", source="torch.Tensor.contiguous", needs=STRIDES)
@given(case=images())
def test_contiguous_channels_last(case):
    """Asked for torch.channels_last, contiguous of an input of four dims is in this format."""
    output = case.input.contiguous(memory_format=CHANNELS_LAST)

    assert output.is_contiguous(memory_format=CHANNELS_LAST)


@rule("to.itself", source="torch.Tensor.to")
@given(case=inputs())
def test_to_itself(case):
    """to gives the tensor itself if it has the dtype and the device already."""
    assert case.input.to(case.input.device, case.input.dtype) is case.input


@rule("to.copy", source="torch.Tensor.to")
@given(case=inputs())
def test_to_copy(case):
    """With copy=True, to gives another tensor also if nothing is to be converted."""
    assert case.input.to(case.input.dtype, copy=True) is not case.input


@rule("to.other", source="torch.Tensor.to")
@given(case=converted())
def test_to_other(case):
    """Given another tensor, to gives the dtype of that one."""
    other = torch.zeros(1, dtype=case.dtype, device=case.input.device)

    output = case.input.to(other)

    assert output.dtype == case.dtype


@rule("to.truncates", source="torch.Tensor.to", needs=VALUES)
@given(case=converted())
def test_to_truncates(case):
    """A floating number converted to an integer dtype loses its fraction, toward 0."""
    numbers = reference.in_dtype(reference.drawn(case.input).real, torch.float32)
    copied = torch.tensor(numbers.tolist(), dtype=torch.float32, device=case.input.device)
    halves = copied.reshape(case.input.shape) / 2 - 10
    expected = reference.truncated(numbers / 2 - 10)

    output = halves.to(torch.int64)

    expect.same_elements(output, expected)


@rule("asarray.shares", source="torch.asarray", needs=[Need.ADDRESSES])
@given(case=inputs(nonempty=True))
def test_asarray(case):
    """asarray of a tensor shares its memory."""
    output = torch.asarray(case.input)

    assert output.data_ptr() == case.input.data_ptr()


@rule("asarray.copy", source="torch.asarray", needs=VALUES)
@given(case=inputs(nonempty=True, writable=True))
def test_asarray_copy(case):
    """With copy=True, asarray of a tensor does not share its memory."""
    expected = drawn_argument(case, "input")

    torch.asarray(case.input, copy=True).zero_()

    expect.same_elements(case.input, expected)


@rule("asarray.cannot_share", source="torch.asarray", kind=Kind.ERROR)
@given(case=inputs())
def test_asarray_cannot_share(case):
    """With copy=False, asarray refuses a tensor of another dtype than the one asked for."""
    dtype = case.input.dtype
    other = torch.float32 if dtype is torch.float64 else torch.float64
    torch.asarray(case.input, dtype=dtype, copy=False)

    with expect.refusal():
        torch.asarray(case.input, dtype=other, copy=False)


@rule("tensor.of_numbers", source="torch.tensor", needs=VALUES)
@given(case=dense())
def test_tensor(case):
    """tensor makes a tensor of nested lists of numbers, in the dtype given."""
    expected = drawn_argument(case, "input")
    numbers = code_of(case, "input").elements().tolist()

    output = torch.tensor(numbers, dtype=case.input.dtype, device=case.input.device)

    expect.same_elements(output, expected)


@rule("tensor.inferred_dtype", source="torch.tensor")
@given(case=dense())
def test_tensor_dtype(case):
    """Without dtype, tensor is bool, int64 or of the default dtype, as its numbers are."""
    device = case.input.device

    outputs = [torch.tensor([number], device=device) for number in (True, 7, 7.0)]

    dtypes = [output.dtype for output in outputs]
    assert dtypes == [torch.bool, torch.int64, torch.get_default_dtype()]


@rule("from_numpy.shares", source="torch.from_numpy")
@given(case=dense())
def test_from_numpy(case):
    """What is written to a tensor made by from_numpy is seen in the array."""
    array = np.arange(case.input.numel() + 1)

    torch.from_numpy(array).fill_(7)

    assert (array == 7).all()


@rule("from_numpy.sees", source="torch.from_numpy")
@given(case=dense())
def test_from_numpy_sees(case):
    """What is written to the array is seen in a tensor made of it by from_numpy."""
    array = np.arange(case.input.numel() + 1)
    tensor = torch.from_numpy(array)

    array[:] = 7

    assert (tensor == 7).all()


@rule("tensor.copies", source="torch.tensor", needs=VALUES)
@given(case=dense())
def test_tensor_copies(case):
    """tensor copies an array of numpy's: writing to the tensor leaves the array as it is."""
    array = np.ones(case.input.numel())

    torch.tensor(array, device=case.input.device).zero_()

    assert (array == 1).all()


@rule("new_empty.shape", source="torch.Tensor.new_empty")
@given(case=inputs())
def test_new_empty(case):
    """new_empty has the size given and the dtype of the tensor that it is called on."""
    output = case.input.new_empty((2, 3))

    assert (output.shape, output.dtype) == ((2, 3), case.input.dtype)
