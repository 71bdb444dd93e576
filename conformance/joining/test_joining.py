"""torch.cat, stack and what repeats or turns a tensor: what they have to themselves beside their entries.

Not covered: tensors of several dtypes in `stack` and the others that are made of `cat`.
"""

import numpy as np
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.arguments import drawn_argument
from strategies.cases.joinings import (
    after_an_empty_vector,
    batches_with_out,
    each_its_own_times,
    joined,
    of_two_dtypes,
    products,
    repetitions,
    rolls,
    that_differ,
    vectors_at_least,
)


@rule("cat.mixed_dtypes", source="torch.cat", also=["tensor_attributes"], basis=Basis.OBSERVED)
@given(case=of_two_dtypes())
def test_cat_of_mixed_dtypes(case):
    """Tensors of two dtypes are joined in the dtype that both promote to."""
    one, other = case.tensors

    output = torch.cat([one, other])

    assert str(output.dtype) == reference.promoted(one.dtype, other.dtype)


@rule("cat.mixed_elements", source="torch.cat", basis=Basis.OBSERVED, needs=[Need.VALUES])
@given(case=of_two_dtypes())
def test_cat_of_mixed_elements(case):
    """Joined to a tensor of another dtype, the elements keep their values."""
    expected = np.concatenate([part.astype(np.float64) for part in drawn_argument(case, "tensors")])

    output = torch.cat(case.tensors)

    expect.equal_elements(output.double(), expected)


@rule("cat.other_sizes", source="torch.cat", kind=Kind.ERROR)
@given(case=that_differ(by_dim=True))
def test_cat_of_other_sizes(case):
    """Tensors of which a size differs in another dim than the one to join them along are refused."""
    torch.cat(case.legal_tensors, case.dim)

    with expect.refusal():
        torch.cat(case.tensors, case.dim)


@rule("cat.of_nothing", source="torch.cat", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=joined())
def test_cat_of_nothing(case):
    """No tensors at all are refused."""
    torch.cat(case.tensors, case.dim)

    with expect.refusal():
        torch.cat([], case.dim)


@rule("stack.other_sizes", source="torch.stack", kind=Kind.ERROR)
@given(case=that_differ(by_dim=False))
def test_stack_of_other_sizes(case):
    """Tensors of which a size differs are refused."""
    torch.stack(case.legal_tensors)

    with expect.refusal():
        torch.stack(case.tensors)


@rule("cartesian_prod.of_one", source="torch.cartesian_prod", needs=[Need.VALUES])
@given(case=products())
def test_cartesian_prod_of_one(case):
    """Of one tensor, cartesian_prod gives a row for each element, as itertools.product does."""
    expected = drawn_argument(case, "tensors")[0].reshape(-1, 1)

    output = torch.cartesian_prod(case.tensors[0])

    expect.same_elements(output, expected)


@rule("meshgrid.other_dtypes", source="torch.meshgrid", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=of_two_dtypes())
def test_meshgrid_of_other_dtypes(case):
    """Tensors of two dtypes are refused."""
    one, other = case.tensors
    torch.meshgrid(one, one, indexing="ij")

    with expect.refusal():
        torch.meshgrid(one, other, indexing="ij")


@rule("repeat.too_few", source="torch.Tensor.repeat", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=vectors_at_least())
def test_repeat_of_too_few(case):
    """Fewer numbers than the tensor has dims are refused."""
    ones = (1,) * case.input.dim()
    case.input.repeat(ones)

    with expect.refusal():
        case.input.repeat(ones[1:])


@rule("repeat.numbers", source="torch.Tensor.repeat", needs=[Need.VALUES])
@given(case=repetitions())
def test_repeat_by_numbers(case):
    """repeat takes its numbers one by one, too."""
    numbers = (2, *case.repeats)
    expected = np.tile(drawn_argument(case, "input"), numbers)

    output = case.input.repeat(*numbers)

    expect.same_elements(output, expected)


@rule("repeat_interleave.output_size", source="torch.repeat_interleave", needs=[Need.VALUES])
@given(case=each_its_own_times())
def test_output_size(case):
    """Told how long the dim becomes, repeat_interleave gives the same."""
    input, repeats = drawn_argument(case, "input"), drawn_argument(case, "repeats")
    expected = np.repeat(input, repeats, case.dim)
    length = expected.shape[case.dim]

    output = torch.repeat_interleave(case.input, case.repeats, case.dim, output_size=length)

    expect.same_elements(output, expected)


@rule("repeat_interleave.of_places", source="torch.repeat_interleave", needs=[Need.VALUES])
@given(case=each_its_own_times())
def test_of_places(case):
    """Of numbers of times alone, repeat_interleave gives 0, 1, 2, ... as often as the numbers say."""
    repeats = drawn_argument(case, "repeats")
    expected = np.repeat(np.arange(len(repeats)), repeats)

    output = torch.repeat_interleave(case.repeats)

    expect.same_elements(output, expected)


@rule("repeat_interleave.negative", source="torch.repeat_interleave", basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=vectors_at_least())
def test_negative_times(case):
    """A negative number of times is refused."""
    torch.repeat_interleave(case.input, 1)

    with expect.refusal():
        torch.repeat_interleave(case.input, -1)


@rule("fliplr.of_vector", source="torch.fliplr", kind=Kind.ERROR)
@given(case=products())
def test_fliplr_of_vector(case):
    """fliplr refuses a tensor of fewer than two dims."""
    vector = case.tensors[0]
    torch.fliplr(vector.reshape(1, -1))

    with expect.refusal():
        torch.fliplr(vector)


@rule("flipud.of_0d", source="torch.flipud", kind=Kind.ERROR)
@given(case=products(nonempty=True))
def test_flipud_of_0d(case):
    """flipud refuses a 0-d tensor."""
    vector = case.tensors[0]
    torch.flipud(vector[:1])

    with expect.refusal():
        torch.flipud(vector[0])


@rule("roll.other_number_of_dims", source="torch.roll", kind=Kind.ERROR)
@given(case=rolls())
def test_roll_of_other_number_of_dims(case):
    """As many dims as shifts are asked for where shifts is a tuple."""
    input = case.input.reshape(1, -1)
    torch.roll(input, (1, 2), (0, 1))

    with expect.refusal():
        torch.roll(input, (1, 2), (0,))


def _out(case):
    """Return an out whose batches lie apart, with other batches first, in the middle of a larger tensor."""
    return case.wide[: case.input.shape[1], : case.batches].transpose(0, 1)


@rule("tril.out_of_batches", source="notes/out", needs=[Need.VALUES])
@given(case=batches_with_out())
def test_tril_out_of_batches(case):
    """An out of batches of batches receives the elements, in whatever order its batches lie."""
    expected = np.tril(drawn_argument(case, "input"))
    out = _out(case)

    torch.tril(case.input, out=out)

    expect.same_elements(out, expected)


@rule("triu.out_of_batches", source="notes/out", needs=[Need.VALUES])
@given(case=batches_with_out())
def test_triu_out_of_batches(case):
    """An out of batches of batches receives the elements, in whatever order its batches lie."""
    expected = np.triu(drawn_argument(case, "input"))
    out = _out(case)

    torch.triu(case.input, out=out)

    expect.same_elements(out, expected)


@rule(
    "block_diag.gradient_after_empty_vector",
    source="torch.Tensor.backward",
    also=["torch.block_diag"],
    needs=[Need.VALUES, Need.AUTOGRAD],
)
@given(case=after_an_empty_vector())
def test_block_diag_gradient_after_empty_vector(case):
    """Behind a vector without elements, which makes a row, a matrix gets the block that it went to."""
    output = torch.block_diag(case.vector, case.matrix)
    upstream = torch.arange(output.numel(), dtype=output.dtype, device=output.device).reshape(output.shape)

    output.backward(upstream)

    expect.equal_elements(case.matrix.grad, np.arange(output.numel()).reshape(output.shape)[1:])
