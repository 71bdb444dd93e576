"""What `out=` does: the notes on it hold of every operation that takes one."""

import functools

import torch

from conformance import expect
from conformance.law import has, law
from reports.model import Basis, Kind, Need
from strategies.variations import (
    as_out_leaf,
    with_expanded_out,
    with_memory,
    with_out,
    with_out_of_other_dtype,
    with_out_to_resize,
)

NOTES = "notes/out"
_takes_one = has("out")


def _cases(operation, **options):
    return (operation.with_out or operation.cases)(**options)


@functools.cache
def _outs(operation):
    cases = _cases(operation)
    return with_out(cases, operation.kinds, several=operation.several, dims=operation.has_dims)


@functools.cache
def _full_outs(operation):
    cases = _cases(operation, nonempty=True)
    return with_out(cases, operation.kinds, several=operation.several, dims=operation.has_dims)


@law("out_elements", of=_takes_one, cases=_outs, source=NOTES, needs=[Need.VALUES])
def out_elements(operation, case):
    """An out of the shape that {operation} gives receives the elements, whatever its strides."""
    operation(case, form="out", out=case.out)

    for out, result in zip(operation.outs(case), operation.results(case), strict=True):
        operation.expects(out, result)


@law(
    "out_strides",
    of=lambda operation: operation.has("out") and operation.has_dims,
    cases=_full_outs,
    source=NOTES,
    needs=[Need.STRIDES],
    manner=True,
)
def out_strides(operation, case):
    """An out of the shape that {operation} gives, of at least one element, keeps its strides."""
    strides = [out.stride() for out in operation.outs(case)]

    operation(case, form="out", out=case.out)

    assert [out.stride() for out in operation.outs(case)] == strides


@law("out_returned", of=_takes_one, cases=_outs, basis=Basis.OBSERVED, manner=True)
def out_returned(operation, case):
    """With out given, {operation} returns that tensor, or those."""
    for output, out in zip(
        operation.outputs(case, form="out", out=case.out), operation.outs(case), strict=True
    ):
        assert output is out


@law(
    "out_resized",
    of=_takes_one,
    cases=lambda operation: with_out_to_resize(
        _cases(operation, nonempty=True), operation.kinds, several=operation.several
    ),
    source=NOTES,
    manner=True,
)
def out_resized(operation, case):
    """An out without elements is resized by {operation} to the shape of the result."""
    operation(case, form="out", out=case.out)

    for out, shape in zip(operation.outs(case), operation.shapes(case), strict=True):
        assert out.shape == shape


@law(
    "out_requires_grad",
    of=lambda operation: operation.has("out") and bool(operation.derivable),
    cases=lambda operation: as_out_leaf(
        _cases(operation), operation.derivable, operation.kinds, several=operation.several
    ),
    source=NOTES,
    kind=Kind.ERROR,
    needs=[Need.AUTOGRAD],
    manner=True,
)
def out_requires_grad(operation, case):
    """An out that requires grad is refused by {operation}."""
    operation(case, form="out", out=case.out)
    operation.outs(case)[0].requires_grad_()

    with expect.refusal():
        operation(case, form="out", out=case.out)


@law(
    "out_dtype",
    of=lambda operation: operation.has("out") and not operation.promotes,
    cases=lambda operation: with_out_of_other_dtype(
        _cases(operation, nonempty=True), operation.kinds, several=operation.several
    ),
    source=NOTES,
    kind=Kind.ERROR,
)
def out_dtype(operation, case):
    """An out of another dtype than the result of {operation}, which takes no part in promotion, is
    refused.
    """
    operation(case, form="out", out=case.legal_out)

    with expect.refusal():
        operation(case, form="out", out=case.out)


_TAKE_ANY = frozenset(
    [
        "amax",
        "amin",
        "any",
        "all",
        "var",
        "std",
        "tril",
        "triu",
        "histc",
        "mv",
        "addmv",
        "bmm",
        "baddbmm",
        "matmul",
    ]
)
"""Operations of which torch does not look whether the elements of an out are apart, all or only some ways."""


def _looks(operation):
    one = operation.has_dims and not operation.several
    return operation.has("out") and one and operation.name not in _TAKE_ANY


@law(
    "out_expanded",
    of=_looks,
    cases=lambda operation: with_expanded_out(_cases(operation, nonempty=True), operation.kinds),
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.STRIDES, Need.VALUES],
    manner=True,
)
def out_expanded(operation, case):
    """An out of which several elements are one in memory is refused by {operation}."""
    operation(case, form="out", out=case.legal_out)

    if case.out.numel() > 1:  # else there are no several
        with expect.refusal():
            operation(case, form="out", out=case.out)


def _is_one_by_one(operation):
    return operation.has("out") and operation.pointwise and bool(operation.derivable)


def _in_memory(operation):
    return with_memory(operation.cases(nonempty=True), operation.tensors, operation.kinds)


@law(
    "out_of_input",
    of=_is_one_by_one,
    cases=_in_memory,
    basis=Basis.OBSERVED,
    needs=[Need.VALUES],
    manner=True,
)
def out_of_input(operation, case):
    """With input itself for out, {operation} writes there what it gives otherwise."""
    operation(case, form="out", out=case.input)

    operation.expects(case.input, operation.result(case))


@law(
    "out_shifted",
    of=_is_one_by_one,
    cases=_in_memory,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.STRIDES, Need.VALUES],
    manner=True,
)
def out_shifted(operation, case):
    """An out that lies in the memory of input, an element further, is refused by {operation}."""
    shape = case.input.shape
    first = case.memory[:-1].view(shape)
    operation(case, input=first, form="out", out=torch.empty_like(first))

    with expect.refusal():
        operation(case, input=first, form="out", out=case.memory[1:].view(shape))
