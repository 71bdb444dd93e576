"""Joining and rearranging: several tensors made one, and one repeated, turned, or cut off at a diagonal.

Not covered: the aliases `concat`, `concatenate` and `row_stack`; 0-d tensors in `hstack`, `vstack` and
`dstack`; tensors of several ranks but in `column_stack` and `block_diag`; tensors of several dtypes but in
`cat`, which has rules of its own; `meshgrid` without indexing; gradients of empty tensors, which `block_diag`
passes to the wrong places.
"""

from dataclasses import replace

import numpy as np

from conformance.operation import Operation
from conformance.references import joining as reference
from strategies.cases import joinings as cases

SAME = "the dtype of the tensors, if they all have the same"
EACH_ITS_OWN = "{name} passes to each tensor the part of the gradient that stands where its elements went."

CAT = Operation(
    call="torch.cat(tensors, dim)",
    method=False,
    cases=cases.joined,
    derives_empty=False,
    gives=reference.cat,
    says="cat gives the tensors one after the other along dim; one of shape (0,) adds nothing.",
    has_shape="the shape of the tensors, with the sum of their sizes in dim",
    has_dtype=SAME,
    out=True,
    promotes=True,
    moves=("tensors",),
    derives=EACH_ITS_OWN,
    observed=("output_dtype",),
)

STACK = replace(
    CAT,
    call="torch.stack(tensors, dim)",
    cases=cases.stacked,
    gives=lambda tensors, dim: np.stack(tensors, dim),
    says="stack gives the tensors one after the other along a new dim.",
    has_shape="the shape of the tensors, with the number of them in the new dim",
    further_dims=1,
    documented=("dim_range",),
)

HSTACK = replace(
    CAT,
    call="torch.hstack(tensors)",
    cases=cases.in_a_row,
    gives=lambda tensors: np.hstack(tensors),
    says="hstack gives vectors one after the other, and all other tensors along the second dim.",
    has_shape="the shape of the tensors, their sizes in the second dim added up, of vectors in the first",
)

VSTACK = replace(
    CAT,
    call="torch.vstack(tensors)",
    cases=cases.in_a_column,
    gives=lambda tensors: np.vstack(tensors),
    says="vstack gives vectors as rows, and all other tensors one after the other along the first dim.",
    has_shape="the shape of the tensors, vectors taken for rows, their sizes in the first dim added up",
)

DSTACK = replace(
    CAT,
    call="torch.dstack(tensors)",
    cases=cases.in_depth,
    gives=lambda tensors: np.dstack(tensors),
    says="dstack gives the tensors one after the other along the third dim, which smaller ones get.",
    has_shape="the shape that atleast_3d gives the tensors, with the sum of their sizes in the third dim",
)

COLUMN_STACK = replace(
    CAT,
    call="torch.column_stack(tensors)",
    cases=cases.columns,
    gives=reference.column_stack,
    says="column_stack gives 0-d tensors and vectors as columns, and other tensors beside each other.",
    has_shape="the shape of the tensors, vectors taken for columns, their sizes in the second dim added up",
)

MESHGRID = Operation(
    call="torch.meshgrid(*tensors, indexing=indexing)",
    method=False,
    cases=cases.grids,
    gives=reference.meshgrid,
    says="meshgrid gives for each tensor a grid over all of them in which it goes along a dim of its own.",
    has_shape="the lengths of the tensors, for xy with the first two swapped",
    has_dtype="the dtype of the tensors",
    several=True,
    moves=("tensors",),
    owns=False,
)

CARTESIAN_PROD = Operation(
    call="torch.cartesian_prod(*tensors)",
    method=False,
    cases=cases.products,
    gives=reference.cartesian_prod,
    says="cartesian_prod gives a row for each way to take one element of each tensor, the last going first.",
    has_shape="a row for each way to take one element of each tensor, and a column for each tensor",
    has_dtype="the dtype of the tensors",
    moves=("tensors",),
)

BLOCK_DIAG = Operation(
    call="torch.block_diag(*tensors)",
    method=False,
    cases=cases.blocks,
    derives_empty=False,  # torch takes a vector of no elements for no row there
    gives=reference.block_diag,
    says="block_diag gives a matrix with the tensors along its diagonal, vectors as rows, and 0 elsewhere.",
    has_shape="the sums of the rows and of the columns of the tensors",
    has_dtype="the dtype of the tensors, if they all have the same",
    linear=("tensors",),
    gradient=reference.block_diag_gradient,
    derives="block_diag passes to each tensor the block of the gradient that it went to.",
)

REPEAT = Operation(
    call="input.repeat(repeats)",
    page="torch.Tensor.repeat",
    cases=cases.repetitions,
    derives_empty=False,
    gives=reference.repeat,
    says="repeat repeats input so many times along each dim, further numbers along new dims in front.",
    has_shape="the shape of input, 1 for new dims, times the repeats",
    moves=("input",),
)

TILE = Operation(
    call="torch.tile(input, dims)",
    cases=cases.tilings,
    derives_empty=False,
    gives=reference.tile,
    says="tile repeats input so many times along each of its last dims, or along new dims in front.",
    has_shape="the shape of input times dims, the shorter of the two with 1 in front",
    moves=("input",),
    dims="",
)

SEEN_FLAT = {"no_base": "torch gives a view of a tensor that it makes for it"}

REPEAT_INTERLEAVE = Operation(
    call="torch.repeat_interleave(input, repeats, dim)",
    cases=cases.interleavings,
    derives_empty=False,
    gives=lambda input, repeats, dim: np.repeat(input, repeats, dim),
    says="repeat_interleave repeats each element so many times in its place, of the flat input without dim.",
    has_shape="the shape of input with repeats times the size of dim, or one dim",
    moves=("input",),
    one_dim=False,
    but=SEEN_FLAT,
)

REPEAT_INTERLEAVE_EACH = Operation(
    named="repeat_interleave_each",
    call="torch.repeat_interleave(input, repeats, dim)",
    cases=cases.each_its_own_times,
    derives_empty=False,
    gives=lambda input, repeats, dim: np.repeat(input, repeats, dim),
    says="repeat_interleave repeats each position of dim as often as repeats says for it, or for all.",
    has_shape="the shape of input with the sum of all repeats in dim",
    moves=("input",),
    counts=True,
    but=SEEN_FLAT,
)

FLIP = Operation(
    call="torch.flip(input, dims)",
    cases=cases.flips,
    gives=lambda input, dims: np.flip(input, dims if input.ndim else ()),
    says="flip reverses the order of the elements along each of the dims.",
    moves=("input",),
)

FLIPLR = Operation(
    call="torch.fliplr(input)",
    cases=cases.matrices,
    gives=lambda input: np.fliplr(input),
    says="fliplr reverses the order of the elements along the second dim.",
    moves=("input",),
)

FLIPUD = replace(
    FLIPLR,
    call="torch.flipud(input)",
    cases=cases.vectors_at_least,
    gives=lambda input: np.flipud(input),
    says="flipud reverses the order of the elements along the first dim.",
)

ROLL = Operation(
    call="torch.roll(input, shifts, dims)",
    cases=cases.rolls,
    gives=reference.roll,
    says="roll moves the elements on along dims, or all in a row for None, those past the end to the start.",
    moves=("input",),
    dims="",
)

ROT90 = Operation(
    call="torch.rot90(input, k, dims)",
    cases=cases.turns,
    gives=lambda input, k, dims: np.rot90(input, k, dims),
    says="rot90 turns input k times by 90 degrees from the first of two dims towards the second.",
    has_shape="the shape of input, with the sizes of the two dims swapped if k is odd",
    moves=("input",),
)

TRIL = Operation(
    call="torch.tril(input, diagonal)",
    cases=cases.triangles,
    gives=lambda input, diagonal: np.tril(input, diagonal),
    says="tril gives the elements of each matrix on and below the diagonal, and 0 above it.",
    out=True,
    with_out=cases.few_triangles,
    in_place=True,
    linear=("input",),
    gradient=lambda upstream, diagonal: np.tril(upstream, diagonal),
    derives="tril passes the gradient to the elements on and below the diagonal, and 0 to the others.",
)

TRIU = replace(
    TRIL,
    call="torch.triu(input, diagonal)",
    gives=lambda input, diagonal: np.triu(input, diagonal),
    says="triu gives the elements of each matrix on and above the diagonal, and 0 below it.",
    gradient=lambda upstream, diagonal: np.triu(upstream, diagonal),
    derives="triu passes the gradient to the elements on and above the diagonal, and 0 to the others.",
)
