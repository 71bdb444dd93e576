"""Indexing: what picks elements by an index or a mask, and what writes there.

Not covered: `out=` of the operations whose page names none (scatter, scatter_add, scatter_reduce,
index_reduce, take); indices that name a position twice where the page leaves open what is written; 0-d
tensors as indices; lists and numpy arrays as indices; `scatter` with `reduce=`; 0-d tensors as `value`.
"""

from functools import partial

import numpy as np

from conformance.operation import Index, Operation, along_dim
from conformance.references.indexing import (
    gather,
    index_add,
    index_copy,
    index_fill,
    index_reduce,
    index_select,
    masked_scatter,
    put,
    put_rows,
    scatter,
    scatter_add,
    scatter_reduce,
    take_along,
)
from strategies.arguments import code_of
from strategies.cases.indexing import (
    FLOATS,
    alongs,
    assignments,
    basic_indices,
    choices,
    fillings,
    gatherings,
    inputs,
    mask_sources,
    maskings,
    masks,
    puttings,
    row_indices,
    row_values,
    selections,
    shaped_masks,
    sources_along,
    sources_by_grid,
    takings,
)


def _elements(case):
    return int(np.prod(code_of(case, "input").shape, dtype=int))


LENGTH_OF_INDEX = "the shape of input, with the length of index in the place of the size of dim"

INDEX_SELECT = Operation(
    call="torch.index_select(input, dim, index)",
    cases=selections,
    gives=index_select,
    says="index_select gives the slices of input along dim that index names, in its order.",
    has_shape=LENGTH_OF_INDEX,
    out=True,
    moves=("input",),
    index=Index(size=along_dim),
    documented=("int32_index",),
)

GATHER = Operation(
    call="torch.gather(input, dim, index)",
    cases=gatherings,
    gives=gather,
    says=(
        "gather picks, for each position of index, the element of input with its value as coordinate "
        "along dim."
    ),
    has_shape="the shape of index",
    out=True,
    moves=("input",),
    index=Index(size=along_dim),
    by_hand=(
        *(
            "elements",
            "output_shape",
            "output_dtype",
            "dim_range",
            "int32_index",
            "index_range",
            "index_dtype",
        ),
        *("no_base", "own_storage", "inputs_kept", "gradient", "out_elements", "out_strides", "out_returned"),
        *("out_resized", "out_requires_grad", "out_dtype"),
    ),
)

INDEX_ADD = Operation(
    call="torch.index_add(input, dim, index, source, alpha=alpha)",
    page="torch.Tensor.index_add_",
    cases=partial(sources_along, alpha=(1, 2, 3)),
    gives=index_add,
    says=(
        "index_add adds alpha times the slice i of source to the slice of input that index[i] names, "
        "each time."
    ),
    out=True,
    in_place=True,
    either_zero=True,
    linear=("input", "source"),
    gradient=lambda upstream, input, dim, index, alpha: (
        upstream,
        alpha * index_select(upstream, dim, index),
    ),
    derives=(
        "{name} passes the gradient to input as it is, and to source alpha times its slices that index names."
    ),
    index=Index(size=along_dim),
    documented=("int32_index", "source_misfit"),
)

INDEX_COPY = Operation(
    call="torch.index_copy(input, dim, index, source)",
    page="torch.Tensor.index_copy_",
    cases=partial(sources_along, distinct=True),
    gives=index_copy,
    says="index_copy copies the slice i of source to the slice of input that index[i] names.",
    out=True,
    in_place=True,
    moves=("input", "source"),
    index=Index(size=along_dim, int32=False),
    documented=("source_misfit",),
)

INDEX_FILL = Operation(
    call="input.index_fill(dim, index, value)",
    page="torch.Tensor.index_fill_",
    cases=fillings,
    gives=index_fill,
    says="index_fill fills the slices of input along dim that index names with value.",
    in_place=True,
    moves=("input",),
    fills="value",
    index=Index(size=along_dim, outside="outside [-size of dim, size of dim)", negative=True, int32=False),
)

INDEX_REDUCE = Operation(
    call="torch.index_reduce(input, dim, index, source, reduce, include_self=include_self)",
    page="torch.Tensor.index_reduce_",
    cases=partial(
        sources_along,
        dtypes=FLOATS,
        reduce=("prod", "mean", "amax", "amin"),
        include_self=(True, False),
    ),
    gives=index_reduce,
    says=(
        "index_reduce reduces each slice of input together with the slices of source for which index "
        "names it."
    ),
    in_place=True,
    rounds=lambda: 3.0,
    index=Index(size=along_dim),
    documented=("int32_index", "source_misfit"),
)

SCATTER = Operation(
    call="torch.scatter(input, dim, index, src)",
    page="torch.Tensor.scatter_",
    cases=partial(sources_by_grid, distinct=True),
    gives=scatter,
    says=(
        "scatter writes each element of src that index covers where its coordinate along dim is that of "
        "index."
    ),
    in_place=True,
    moves=("input", "src"),
    derived=partial(sources_by_grid, distinct=True, same=True),
    index=Index(size=along_dim),
    documented=("index_range",),
)

SCATTER_ADD = Operation(
    call="torch.scatter_add(input, dim, index, src)",
    page="torch.Tensor.scatter_add_",
    cases=sources_by_grid,
    gives=scatter_add,
    says=(
        "scatter_add adds each element of src that index covers where its coordinate along dim is that "
        "of index."
    ),
    in_place=True,
    either_zero=True,
    linear=("input", "src"),
    derived=partial(sources_by_grid, same=True),
    gradient=lambda upstream, input, dim, index: (upstream, gather(upstream, dim, index)),
    derives="{name} passes the gradient to input as it is, and to src what gather picks of it.",
    index=Index(size=along_dim),
)

SCATTER_REDUCE = Operation(
    call="torch.scatter_reduce(input, dim, index, src, reduce, include_self=include_self)",
    page="torch.Tensor.scatter_reduce_",
    cases=partial(
        sources_by_grid,
        dtypes=FLOATS,
        reduce=("sum", "prod", "mean", "amax", "amin"),
        include_self=(True, False),
    ),
    gives=scatter_reduce,
    says=(
        "scatter_reduce reduces each element of input together with the elements of src that index sends "
        "to it."
    ),
    in_place=True,
    rounds=lambda: 3.0,
    index=Index(size=along_dim),
)

TAKE = Operation(
    call="torch.take(input, index)",
    cases=takings,
    gives=lambda input, index: input.reshape(-1)[index],
    says="take picks the elements of input, as if it had one dim, that index names.",
    has_shape="the shape of index",
    moves=("input",),
    index=Index(
        size=_elements, outside="outside [-n, n) for an input of n elements", negative=True, int32=False
    ),
)

TAKE_ALONG_DIM = Operation(
    call="torch.take_along_dim(input, indices, dim)",
    cases=alongs,
    gives=take_along,
    says="take_along_dim picks along dim at the indices, which broadcast with input off dim.",
    has_shape="the broadcast shape of input and indices, with the size of indices in dim",
    out=True,
    moves=("input",),
)

PUT = Operation(
    call="input.put(index, source, accumulate)",
    page="torch.Tensor.put_",
    cases=partial(puttings, accumulate=(False, True)),
    gives=put,
    says="put writes the elements of source, or adds them, where index says, as if input had one dim.",
    in_place=True,
    either_zero=True,
    linear=("input", "source"),
    derived=partial(puttings, accumulate=(True,)),
    gradient=lambda upstream, index, source: (upstream, upstream.reshape(-1)[index].reshape(source.shape)),
    derives=(
        "With accumulate, put passes the gradient to input as it is, and to source its elements that "
        "index names."
    ),
    index=Index(
        size=_elements, outside="outside [-n, n) for an input of n elements", negative=True, int32=False
    ),
)

INDEX_PUT = Operation(
    call="input.index_put((rows, columns), values, accumulate)",
    page="torch.Tensor.index_put_",
    cases=partial(row_values, accumulate=(False, True)),
    gives=put_rows,
    says=(
        "index_put writes values, or adds them, where the tensors of indices say for the first dims of input."
    ),
    in_place=True,
    either_zero=True,
    linear=("input", "values"),
    derived=partial(row_values, accumulate=(True,)),
    gradient=lambda upstream, rows, columns: (upstream, upstream[rows, columns]),
    derives=(
        "With accumulate, index_put passes the gradient to input as it is, and to values what they index "
        "of it."
    ),
)

MASKED_FILL = Operation(
    call="input.masked_fill(mask, value)",
    page="torch.Tensor.masked_fill_",
    cases=maskings,
    gives=lambda input, mask, value: np.where(mask, np.asarray(value).astype(input.dtype), input),
    says="masked_fill gives value where mask is True, and the elements of input elsewhere.",
    in_place=True,
    moves=("input",),
    fills="value",
)

MASKED_SELECT = Operation(
    call="torch.masked_select(input, mask)",
    cases=masks,
    gives=lambda input, mask: input[np.broadcast_to(mask, input.shape)].reshape(-1),
    says="masked_select gives the elements of input where mask is True, in row-major order.",
    has_shape="one dim, as long as there are elements where mask is True",
    out=True,
    moves=("input",),
    counts=True,
)

MASKED_SCATTER = Operation(
    call="input.masked_scatter(mask, source)",
    page="torch.Tensor.masked_scatter_",
    cases=mask_sources,
    gives=masked_scatter,
    says="masked_scatter puts the elements of source, one after the other, where mask is True.",
    in_place=True,
    moves=("input", "source"),
)

WHERE = Operation(
    call="torch.where(condition, input, other)",
    cases=choices,
    gives=lambda condition, input, other: np.where(condition, input, other),
    says="where gives the element of input where condition is True, and that of other elsewhere.",
    has_shape="the broadcast shape of condition, input and other",
    has_dtype="the dtype of input and other, if they have the same",
    method="input.where(condition, other)",
    out=True,
    moves=("input", "other"),
    promotes=True,
)

NONZERO = Operation(
    call="torch.nonzero(input)",
    cases=inputs,
    gives=lambda input: np.argwhere(input != 0),
    says="nonzero gives a row of coordinates for each element that is not zero, in lexicographic order.",
    has_shape="a row for each element that is not zero, a column for each dim of input",
    has_dtype="dtype int64",
    out=True,
    counts=True,
)

ARGWHERE = Operation(
    call="torch.argwhere(input)",
    cases=inputs,
    gives=lambda input: np.argwhere(input != 0),
    says="argwhere gives a row of coordinates for each element that is not zero, in lexicographic order.",
    has_shape="a row for each element that is not zero, a column for each dim of input",
    has_dtype="dtype int64",
    counts=True,
)

BASIC_INDEXING = Operation(
    named="basic_indexing",
    call="input[index]",
    page="tensor_view",
    cases=basic_indices,
    gives=lambda input, index: input[index],
    says="Indexing by integers, slices, None and Ellipsis picks what it picks of a numpy array.",
    has_shape="the shape that numpy gives",
    view=True,
    moves=("input",),
)

FROM_EITHER_END = "outside [-size of the dim, size of the dim)"
MASKS_TOO = "Brackets take masks, too."

ROW_INDEXING = Operation(
    named="row_indexing",
    call="input[index]",
    page="tensor_view",
    cases=row_indices,
    gives=lambda input, index: input[index],
    says=(
        "Indexing by a tensor of integers picks the slices of the first dim that it names, negative ones "
        "from the end."
    ),
    has_shape="the shape of the index, then that of input without its first dim",
    moves=("input",),
    index=Index(size=lambda case: code_of(case, "input").shape[0], outside=FROM_EITHER_END, negative=True),
    but={"index_dtype": MASKS_TOO},
)

POINT_INDEXING = Operation(
    named="point_indexing",
    call="input[rows, index]",
    page="tensor_view",
    cases=partial(row_indices, rank=2),
    gives=lambda input, rows, index: input[rows, index],
    says=(
        "Indexing by two tensors of integers of one shape picks at each of their places what they name "
        "together."
    ),
    has_shape="the shape of the indices, then that of input without its first two dims",
    moves=("input",),
    index=Index(size=lambda case: code_of(case, "input").shape[1], outside=FROM_EITHER_END, negative=True),
    but={"index_dtype": MASKS_TOO},
)

MASK_INDEXING = Operation(
    named="mask_indexing",
    call="input[mask]",
    page="tensor_view",
    cases=shaped_masks,
    gives=lambda input, mask: input[mask],
    says="Indexing by a mask of the first dims picks what stands where it is True, in row-major order.",
    has_shape="one dim for the places where mask is True, then the dims of input that mask does not have",
    moves=("input",),
    counts=True,
)


def _assigned(input, index, value):
    made = input.copy()
    made[index] = value
    return made


ASSIGNMENT = Operation(
    named="assignment",
    call="",
    page="tensor_view",
    cases=assignments,
    gives=_assigned,
    says="Assigning to what integers, slices, None and Ellipsis pick writes the value there, broadcast.",
    in_place="input.__setitem__(index, value)",
    moves=("input", "value"),
    but={"in_place_returns_self": "an assignment is a statement and returns nothing"},
)
