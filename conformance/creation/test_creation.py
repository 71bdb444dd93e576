"""torch.zeros, arange and the others that make tensors of sizes and numbers alone.

Not covered: other default dtypes than float32; 0-d tensors as `start` and `end`; `linspace` and `logspace` of
integers and of complex numbers; ranges whose numbers or steps have to be rounded; `out`.
"""

import math

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from conformance.operation import TORCH_NUMPY
from reports.model import Basis, Kind, Need
from strategies.cases.creations import matrices, ranges, sizes, spaces, strided

VALUES = [Need.VALUES]


@rule("zeros.elements", source="torch.zeros", needs=VALUES)
@given(case=sizes())
def test_zeros(case):
    """zeros gives a tensor of the size and the dtype, filled with 0."""
    like = case.input
    expected = np.zeros(case.size, TORCH_NUMPY[like.dtype])

    output = torch.zeros(case.size, dtype=like.dtype, device=like.device)

    expect.same_elements(output, expected)


@rule("zeros.numbers", source="torch.zeros", needs=VALUES)
@given(case=sizes())
def test_zeros_of_numbers(case):
    """The sizes may be given one by one."""
    like = case.input
    expected = np.zeros((2, *case.size), TORCH_NUMPY[like.dtype])

    output = torch.zeros(2, *case.size, dtype=like.dtype, device=like.device)

    expect.same_elements(output, expected)


@rule("zeros.default_dtype", source="torch.zeros")
@given(case=sizes())
def test_default_dtype(case):
    """Without dtype, zeros has the default dtype."""
    output = torch.zeros(case.size, device=case.input.device)

    assert output.dtype == torch.get_default_dtype()


@rule("zeros.device", source="torch.zeros")
@given(case=sizes())
def test_zeros_device(case):
    """zeros is on the device that it is asked to be on."""
    output = torch.zeros(case.size, device=case.input.device)

    assert output.device == case.input.device


@rule("zeros.negative_size", source="torch.zeros", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=sizes())
def test_negative_size(case):
    """A negative size is refused."""
    torch.zeros((*case.size, 1), device=case.input.device)

    with expect.refusal():
        torch.zeros((*case.size, -1), device=case.input.device)


@rule("ones.elements", source="torch.ones", needs=VALUES)
@given(case=sizes())
def test_ones(case):
    """ones gives a tensor of the size and the dtype, filled with 1."""
    like = case.input
    expected = np.ones(case.size, TORCH_NUMPY[like.dtype])

    output = torch.ones(case.size, dtype=like.dtype, device=like.device)

    expect.same_elements(output, expected)


@rule("full.elements", source="torch.full", needs=VALUES)
@given(case=sizes())
def test_full(case):
    """full gives a tensor of the size and the dtype, filled with the number."""
    like = case.input
    expected = reference.in_dtype(np.full(case.size, 7), like.dtype)

    output = torch.full(case.size, 7, dtype=like.dtype, device=like.device)

    expect.same_elements(output, expected)


@rule("full.inferred_dtype", source="torch.full")
@given(case=sizes())
def test_inferred_dtype(case):
    """Without dtype, full takes it from the number: bool, int64, or the default dtype for a float."""
    device = case.input.device

    outputs = [torch.full(case.size, number, device=device) for number in (True, 7, 7.0)]

    dtypes = [output.dtype for output in outputs]
    assert dtypes == [torch.bool, torch.int64, torch.get_default_dtype()]


@rule("arange.elements", source="torch.arange", needs=VALUES)
@given(case=ranges(whole=True))
def test_arange(case):
    """arange of whole numbers goes from start in steps to the last one before end."""
    expected = np.array(range(case.start, case.end, case.step), np.int64)

    output = torch.arange(case.start, case.end, case.step, device=case.input.device)

    expect.same_elements(output, expected)


@rule("arange.start_and_step", source="torch.arange", needs=VALUES)
@given(case=ranges(whole=True))
def test_start_and_step(case):
    """Without start and step, arange goes from 0 in steps of 1."""
    expected = np.arange(abs(case.end), dtype=np.int64)

    output = torch.arange(abs(case.end), device=case.input.device)

    expect.same_elements(output, expected)


@rule("arange.length", source="torch.arange")
@given(case=ranges(whole=False))
def test_length(case):
    """arange has as many elements as there are steps from start to end, a part of a step being one."""
    expected = math.ceil((case.end - case.start) / case.step)

    output = torch.arange(case.start, case.end, case.step, device=case.input.device)

    assert output.shape == (expected,)


@rule("arange.fractions", source="torch.arange", needs=VALUES)
@given(case=ranges(whole=False))
def test_fractions(case):
    """arange of multiples of a power of two has each of them exactly."""
    expected = reference.steps(case.start, case.end, case.step)

    output = torch.arange(case.start, case.end, case.step, device=case.input.device)

    expect.equal_elements(output, expected)


@rule("arange.dtype", source="torch.arange")
@given(case=ranges(whole=True))
def test_arange_dtype(case):
    """arange is int64 if all its numbers are, and of the default dtype if one is a float."""
    device = case.input.device

    whole = torch.arange(case.start, case.end, case.step, device=device)
    floating = torch.arange(float(case.start), case.end, case.step, device=device)

    assert (whole.dtype, floating.dtype) == (torch.int64, torch.get_default_dtype())


@rule("arange.against_the_step", source="torch.arange", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=ranges(whole=True))
def test_against_the_step(case):
    """An end that the steps lead away from is refused."""
    device, step = case.input.device, abs(case.step)
    torch.arange(0, step, step, device=device)

    with expect.refusal():
        torch.arange(0, step, -step, device=device)


@rule("arange.no_step", source="torch.arange", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=ranges(whole=True))
def test_no_step(case):
    """A step of 0 is refused."""
    torch.arange(case.start, case.end, case.step, device=case.input.device)

    with expect.refusal():
        torch.arange(case.start, case.end, 0, device=case.input.device)


@rule("linspace.elements", source="torch.linspace", needs=VALUES)
@given(case=spaces())
def test_linspace(case):
    """linspace gives so many numbers from start to end, both included, at equal distances."""
    expected = np.linspace(case.start, case.end, case.steps)

    output = torch.linspace(case.start, case.end, case.steps, dtype=case.dtype, device=case.input.device)

    expect.close(output, expected, dtype=case.dtype, scale=max(abs(case.start), abs(case.end)))


@rule("linspace.shape", source="torch.linspace")
@given(case=spaces())
def test_linspace_shape(case):
    """linspace has one dim of so many steps, none of them included."""
    output = torch.linspace(case.start, case.end, case.steps, device=case.input.device)

    assert output.shape == (case.steps,)


@rule("linspace.default_dtype", source="torch.linspace")
@given(case=spaces())
def test_linspace_dtype(case):
    """Without dtype, linspace of real numbers has the default dtype, also if they are whole."""
    output = torch.linspace(int(case.start), int(case.end), case.steps, device=case.input.device)

    assert output.dtype == torch.get_default_dtype()


@rule("linspace.negative_steps", source="torch.linspace", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=spaces())
def test_negative_steps(case):
    """A negative number of steps is refused."""
    torch.linspace(case.start, case.end, case.steps, device=case.input.device)

    with expect.refusal():
        torch.linspace(case.start, case.end, -1 - case.steps, device=case.input.device)


@rule("logspace.elements", source="torch.logspace", needs=VALUES)
@given(case=spaces())
def test_logspace(case):
    """logspace gives the powers of base whose exponents linspace gives."""
    expected = np.power(2.0, np.linspace(case.start, case.end, case.steps))
    start, end, steps = case.start, case.end, case.steps

    output = torch.logspace(start, end, steps, base=2.0, dtype=case.dtype, device=case.input.device)

    # An exponent of up to 8 is rounded, too: that counts eightfold in what it is the exponent of.
    expect.close(output, expected, dtype=case.dtype, scale=8 * 2 ** max(start, end))


@rule("logspace.base", source="torch.logspace", needs=VALUES)
@given(case=spaces())
def test_logspace_base(case):
    """Without base, logspace gives powers of 10."""
    start, end = case.start / 8, case.end / 8
    expected = np.power(10.0, np.linspace(start, end, case.steps))

    output = torch.logspace(start, end, case.steps, dtype=case.dtype, device=case.input.device)

    expect.close(output, expected, dtype=case.dtype, scale=8 * 10 ** max(start, end))


@rule("eye.elements", source="torch.eye", needs=VALUES)
@given(case=matrices())
def test_eye(case):
    """eye gives a matrix with 1 in the diagonal and 0 elsewhere."""
    like = case.input
    expected = reference.in_dtype(np.eye(case.n, case.m), like.dtype)

    output = torch.eye(case.n, case.m, dtype=like.dtype, device=like.device)

    expect.same_elements(output, expected)


@rule("eye.square", source="torch.eye")
@given(case=matrices())
def test_square(case):
    """Without m, eye has as many columns as rows."""
    output = torch.eye(case.n, device=case.input.device)

    assert output.shape == (case.n, case.n)


@rule("empty.shape", source="torch.empty")
@given(case=sizes())
def test_empty_shape(case):
    """empty has the size given."""
    output = torch.empty(case.size, dtype=case.input.dtype, device=case.input.device)

    assert output.shape == case.size


@rule("empty.dtype", source="torch.empty")
@given(case=sizes())
def test_empty_dtype(case):
    """empty has the dtype given."""
    output = torch.empty(case.size, dtype=case.input.dtype, device=case.input.device)

    assert output.dtype == case.input.dtype


@rule("empty.contiguous", source="torch.empty")
@given(case=sizes())
def test_empty_contiguous(case):
    """Without memory_format, empty is contiguous."""
    output = torch.empty(case.size, device=case.input.device)

    assert output.is_contiguous()


@rule("empty_strided.strides", source="torch.empty_strided", needs=[Need.STRIDES])
@given(case=strided())
def test_empty_strided(case):
    """empty_strided has the strides given."""
    output = torch.empty_strided(case.size, case.stride, dtype=case.input.dtype, device=case.input.device)

    assert output.stride() == case.stride


@rule("empty_strided.shape", source="torch.empty_strided")
@given(case=strided())
def test_empty_strided_shape(case):
    """empty_strided has the size given."""
    output = torch.empty_strided(case.size, case.stride, dtype=case.input.dtype, device=case.input.device)

    assert output.shape == case.size
