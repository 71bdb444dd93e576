"""Shapes: what shows the elements of a tensor in other dims, in part or more than once.

Not covered: `reshape`, `flatten` and `ravel` as views, which they are where they can be; `as_strided` of
inputs that are not contiguous; named dims; what of these takes no dim (`squeeze`, `unsqueeze`, `view` have
rules of their own).
"""

from dataclasses import replace

import numpy as np

from conformance.operation import Operation
from conformance.references import shapes as reference
from strategies.cases import rearrangements as cases

RESHAPE = Operation(
    call="torch.reshape(input, shape)",
    cases=cases.other_shapes,
    gives=lambda input, shape: input.reshape(shape),
    says=(
        "reshape gives the elements of input in row-major order in the shape given, one size of which "
        "may be -1."
    ),
    has_shape="the shape given, with what is left in the place of -1",
    moves=("input",),
    owns=False,
)

RAVEL = Operation(
    call="torch.ravel(input)",
    cases=cases.alone,
    gives=lambda input: input.reshape(-1),
    says="ravel gives the elements of input in row-major order in one dim.",
    has_shape="one dim, as long as input has elements",
    moves=("input",),
    owns=False,
)

FLATTEN = Operation(
    call="torch.flatten(input, start_dim, end_dim)",
    cases=cases.spans,
    gives=reference.flatten,
    says="flatten makes the dims from start_dim to end_dim one, the elements in row-major order.",
    has_shape="the shape of input with the dims from start_dim to end_dim made one; one dim for a 0-d input",
    moves=("input",),
    owns=False,
    one_dim=False,
)

UNFLATTEN = Operation(
    call="torch.unflatten(input, dim, sizes)",
    cases=cases.factors,
    gives=reference.unflatten,
    says="unflatten puts several dims in the place of one, the elements in row-major order.",
    has_shape="the shape of input with the sizes in the place of dim",
    moves=("input",),
    view=True,
)

TRANSPOSE = Operation(
    call="torch.transpose(input, dim0, dim1)",
    cases=cases.two_dims,
    gives=reference.swap,
    says="transpose swaps two dims of input.",
    has_shape="the shape of input with two sizes swapped",
    in_place=True,
    moves=("input",),
    view=True,
    dim="dim0",
)

SWAPDIMS = replace(
    TRANSPOSE,
    call="torch.swapdims(input, dim0, dim1)",
    says="swapdims swaps two dims of input, as transpose does.",
)

SWAPAXES = replace(
    TRANSPOSE,
    call="torch.swapaxes(input, axis0, axis1)",
    cases=cases.two_axes,
    gives=lambda input, axis0, axis1: reference.swap(input, axis0, axis1),
    says="swapaxes swaps two dims of input, as transpose does.",
    dim="axis0",
)

T = Operation(
    call="torch.t(input)",
    cases=cases.matrices_at_most,
    gives=lambda input: input.T,
    says="t swaps the dims of a matrix, and gives 0-d and 1-d tensors as they are.",
    has_shape="the shape of input, reversed",
    in_place=True,
    moves=("input",),
    view=True,
)

MATRIX_TRANSPOSE = Operation(
    named="matrix_transpose",
    call="input.mT",
    page="torch.Tensor.mT",
    cases=cases.matrices,
    gives=lambda input: np.swapaxes(input, -1, -2),
    says="mT swaps the last two dims of input.",
    has_shape="the shape of input with its last two sizes swapped",
    moves=("input",),
    view=True,
)

PERMUTE = Operation(
    call="torch.permute(input, dims)",
    cases=cases.orders,
    gives=lambda input, dims: np.transpose(input, dims),
    says="permute gives input with its dims in the order given.",
    has_shape="the sizes of input in the order given",
    moves=("input",),
    view=True,
)

MOVEDIM = Operation(
    call="torch.movedim(input, source, destination)",
    cases=cases.moves,
    gives=lambda input, source, destination: np.moveaxis(input, source, destination),
    says="movedim moves dims to the places given and leaves the others in their order.",
    has_shape="the sizes of input, those of source at destination",
    moves=("input",),
    view=True,
    dims="source",
)

MOVEAXIS = replace(
    MOVEDIM,
    call="torch.moveaxis(input, source, destination)",
    says="moveaxis moves dims to the places given, as movedim does.",
)

NOT_WRITTEN_THROUGH = {
    "written_through": "the page of expand says that to write elements that are shown twice may go wrong",
    "version_shared": "the same",
}

EXPAND = Operation(
    call="input.expand(size)",
    page="torch.Tensor.expand",
    cases=cases.expansions,
    gives=reference.expand,
    says="expand repeats input along dims of size 1 and along new ones in front; -1 leaves a size as it is.",
    has_shape="the size given, with that of input in the place of -1",
    moves=("input",),
    view=True,
    but=NOT_WRITTEN_THROUGH,
)

EXPAND_AS = Operation(
    call="input.expand_as(other)",
    page="torch.Tensor.expand_as",
    cases=cases.expansions_as,
    gives=lambda input, other: np.broadcast_to(input, other.shape),
    says="expand_as repeats input along dims of size 1 and along new ones in front.",
    has_shape="the shape of other",
    moves=("input",),
    view=True,
    but=NOT_WRITTEN_THROUGH,
)

BROADCAST_TO = Operation(
    call="torch.broadcast_to(input, size)",
    keywords="torch.broadcast_to(input=input, shape=size)",
    cases=cases.broadcasts,
    gives=reference.expand,
    says="broadcast_to repeats input along dims of size 1 and along new ones in front.",
    has_shape="the shape given",
    moves=("input",),
    view=True,
    but=NOT_WRITTEN_THROUGH,
)

NARROW = Operation(
    call="torch.narrow(input, dim, start, length)",
    cases=cases.narrowings,
    gives=reference.narrow,
    says=(
        "narrow gives the positions of dim from start to start + length; a negative start counts from "
        "the end."
    ),
    has_shape="the shape of input with length in the place of the size of dim",
    moves=("input",),
    view=True,
)

SELECT = Operation(
    call="torch.select(input, dim, index)",
    cases=cases.single_selections,
    gives=reference.select,
    says="select gives the slice of dim at index; a negative one counts from the end.",
    has_shape="the shape of input without dim",
    moves=("input",),
    view=True,
)

DIAGONAL = Operation(
    call="torch.diagonal(input, offset, dim1, dim2)",
    cases=cases.diagonals,
    gives=reference.diagonal,
    says="diagonal gives the diagonal of dim1 and dim2 at offset in a new last dim.",
    has_shape="the shape of input without dim1 and dim2, and the length of the diagonal",
    moves=("input",),
    view=True,
    dim="dim1",
)

UNFOLD = Operation(
    call="input.unfold(dimension, size, step)",
    page="torch.Tensor.unfold",
    cases=cases.windows,
    gives=reference.unfold,
    says="unfold gives every window of size positions of a dim, each step further, in a new last dim.",
    has_shape="the shape of input, with the number of windows for the dim, and the size of a window",
    moves=("input",),
    view=True,
    but=NOT_WRITTEN_THROUGH,
    dim="dimension",
)

SPLIT = Operation(
    call="torch.split(input, split_size, dim)",
    keywords="torch.split(tensor=input, split_size_or_sections=split_size, dim=dim)",
    cases=cases.pieces,
    gives=reference.split,
    says="split gives pieces of dim of one size, the last of what is left, or of the sizes given.",
    has_shape="the shape of input with the size of the piece in dim",
    several=True,
    moves=("input",),
    view=True,
)

TENSOR_SPLIT = Operation(
    call="torch.tensor_split(input, indices_or_sections, dim)",
    cases=cases.sections,
    gives=reference.tensor_split,
    says="tensor_split cuts dim at the places given, or in parts of which the first are longer by one.",
    has_shape="the shape of input with the size of the part in dim",
    several=True,
    moves=("input",),
    view=True,
)

CHUNK = Operation(
    call="torch.chunk(input, chunks, dim)",
    cases=cases.parts,
    gives=reference.chunk,
    says="chunk gives at most so many pieces of dim, all as long as the number asks for but the last.",
    has_shape="the shape of input with the size of the piece in dim",
    several=True,
    moves=("input",),
    view=True,
)

UNBIND = Operation(
    call="torch.unbind(input, dim)",
    cases=cases.few_along_dim,
    gives=reference.unbind,
    says="unbind gives the slices of dim.",
    has_shape="the shape of input without dim",
    several=True,
    moves=("input",),
    view=True,
)

AS_STRIDED = Operation(
    call="torch.as_strided(input, size, stride, storage_offset)",
    cases=cases.strided,
    gives=reference.as_strided,
    says="as_strided gives the elements of the memory of input at the offset and the strides given.",
    has_shape="the size given",
    moves=("input",),
    view=True,
    but=NOT_WRITTEN_THROUGH,
)

VIEW_AS_REAL = Operation(
    call="torch.view_as_real(input)",
    cases=cases.complex_alone,
    gives=lambda input: np.stack([input.real, input.imag], -1),
    says="view_as_real gives the real and the imaginary parts of input in a new last dim.",
    has_shape="the shape of input and a last dim of size 2",
    has_dtype="the dtype of the parts of input",
    method=False,
    view=True,
)

VIEW_AS_COMPLEX = Operation(
    call="torch.view_as_complex(input)",
    cases=cases.pairs_of_parts,
    gives=reference.view_as_complex,
    says=(
        "view_as_complex gives numbers of which the last dim of input holds the real and the imaginary parts."
    ),
    has_shape="the shape of input without its last dim",
    has_dtype="the complex dtype whose parts have the dtype of input",
    method=False,
    view=True,
)

REAL = Operation(
    call="torch.real(input)",
    cases=cases.complex_alone,
    gives=lambda input: input.real,
    says="real gives the real parts of input.",
    has_dtype="the dtype of the parts of input",
    method=False,
    view=True,
)

IMAG = Operation(
    call="torch.imag(input)",
    cases=cases.complex_alone,
    gives=lambda input: input.imag,
    says="imag gives the imaginary parts of input.",
    has_dtype="the dtype of the parts of input",
    method=False,
    view=True,
)

CONJ = Operation(
    call="torch.conj(input)",
    cases=cases.complex_alone,
    gives=lambda input: np.conj(input),
    says="conj gives the complex conjugates of the elements of input.",
    view=True,
)

ATLEAST_1D = Operation(
    call="torch.atleast_1d(input)",
    cases=cases.alone,
    gives=lambda input: np.atleast_1d(input),
    says="atleast_1d gives a 0-d input one dim, and any other as it is.",
    has_shape="the shape of input, or (1,) for a 0-d one",
    method=False,
    keywords=False,
    moves=("input",),
    owns=False,
)

ATLEAST_2D = replace(
    ATLEAST_1D,
    call="torch.atleast_2d(input)",
    gives=lambda input: np.atleast_2d(input),
    says="atleast_2d gives an input of fewer than two dims dims in front, and any other as it is.",
    has_shape="the shape of input with dims of size 1 in front where there are fewer than two",
)

ATLEAST_3D = replace(
    ATLEAST_1D,
    call="torch.atleast_3d(input)",
    gives=lambda input: np.atleast_3d(input),
    says=(
        "atleast_3d gives an input three dims: a matrix one more at the end, a vector one more on either "
        "side."
    ),
    has_shape="the shape of input with dims of size 1 where there are fewer than three",
)


def _copy(operation: Operation, call: str, **changes) -> Operation:
    """Return the entry of the function that gives copies of what another one gives views of."""
    return replace(
        operation,
        named=f"{operation.name}_copy",
        call=call,
        page="",
        but={},
        says=f"{operation.name}_copy gives what {operation.name} gives, as a tensor of its own.",
        **{"view": False, "method": False, "in_place": False, "keywords": False, **changes},
    )


TRANSPOSE_COPY = _copy(TRANSPOSE, "torch.transpose_copy(input, dim0, dim1)")
T_COPY = _copy(T, "torch.t_copy(input)")
PERMUTE_COPY = _copy(PERMUTE, "torch.permute_copy(input, dims)")
EXPAND_COPY = _copy(EXPAND, "torch.expand_copy(input, size)")
NARROW_COPY = _copy(NARROW, "torch.narrow_copy(input, dim, start, length)")
SELECT_COPY = _copy(SELECT, "torch.select_copy(input, dim, index)")
DIAGONAL_COPY = _copy(DIAGONAL, "torch.diagonal_copy(input, offset, dim1, dim2)")
UNFOLD_COPY = _copy(UNFOLD, "torch.unfold_copy(input, dimension, size, step)")
UNBIND_COPY = _copy(UNBIND, "torch.unbind_copy(input, dim)")
AS_STRIDED_COPY = _copy(AS_STRIDED, "torch.as_strided_copy(input, size, stride, storage_offset)")
VIEW_AS_REAL_COPY = _copy(VIEW_AS_REAL, "torch.view_as_real_copy(input)")
VIEW_AS_COMPLEX_COPY = _copy(VIEW_AS_COMPLEX, "torch.view_as_complex_copy(input)")

SELECT_SCATTER = Operation(
    call="torch.select_scatter(input, src, dim, index)",
    cases=cases.with_source(cases.single_selections, "src", reference.select),
    gives=lambda input, src, dim, index: reference.written(
        input, reference.select(reference.numbered(input), dim, index), src
    ),
    says="select_scatter gives input with src in the slice of dim at index.",
    moves=("input", "src"),
)

DIAGONAL_SCATTER = Operation(
    call="torch.diagonal_scatter(input, src, offset, dim1, dim2)",
    cases=cases.with_source(cases.diagonals, "src", reference.diagonal),
    gives=lambda input, src, offset, dim1, dim2: reference.written(
        input, reference.diagonal(reference.numbered(input), offset, dim1, dim2), src
    ),
    says="diagonal_scatter gives input with src in the diagonal of dim1 and dim2 at offset.",
    moves=("input", "src"),
    dim="dim1",
)

SLICE_SCATTER = Operation(
    call="torch.slice_scatter(input, src, dim, start, end, step)",
    cases=cases.with_source(cases.slices, "src", reference.sliced),
    gives=lambda input, src, dim, start, end, step: reference.written(
        input, reference.sliced(reference.numbered(input), dim, start, end, step), src
    ),
    says="slice_scatter gives input with src in the positions of dim from start to end, each step further.",
    moves=("input", "src"),
)
