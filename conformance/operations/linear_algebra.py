"""Linear algebra: sums of products, from the dot product of two vectors to whatever einsum is told.

Not covered: `bool`, which few of them take; factors of several dtypes; `out_dtype`; sparse factors; the
gradients of complex factors; `cross` without dim, which is deprecated; einsum with sublists; `addbmm`; `ger`
and other aliases; decompositions and everything else of `linalg`.
"""

from dataclasses import replace

import numpy as np

from conformance.operation import Operation
from conformance.references import linear_algebra as reference
from strategies.cases import matrices as cases

EACH_BY_THE_OTHER = "{name} passes to each factor the gradient times the other factor, summed up alike."
SAME = "the dtype of the factors"
SEEN_OTHERWISE = {"no_base": "torch gives a view of a tensor that it makes for it"}

MM = Operation(
    call="torch.mm(input, mat2)",
    cases=cases.mm,
    **reference.products("nm,mp->np", "input", "mat2"),
    says="mm gives the matrix product: each row of input times each column of mat2, added up.",
    has_shape="as many rows as input and as many columns as mat2",
    has_dtype=SAME,
    out=True,
    derives=EACH_BY_THE_OTHER,
    observed=("output_dtype",),
    misfit="an input with rows of another length than the columns of mat2",
)

BMM = replace(
    MM,
    call="torch.bmm(input, mat2)",
    cases=cases.bmm,
    **reference.products("bnm,bmp->bnp", "input", "mat2"),
    says="bmm gives the matrix product of each matrix of input and the one of mat2 in its place.",
    has_shape="as many matrices as input, of as many rows, and of as many columns as those of mat2",
    misfit="an input with rows of another length than the columns of mat2",
)

MATMUL = replace(
    MM,
    call="torch.matmul(input, other)",
    cases=cases.matmul,
    with_out=lambda **options: cases.matmul(vectors=False, **options),
    **reference.products(reference.matmul, "input", "other"),
    says="matmul gives the matrix products of two tensors, whose dims before the last two are broadcast.",
    has_shape="the broadcast dims, the rows of input and the columns of other, neither for a vector",
    ways=("torch.linalg.matmul(input, other)", "input @ other"),
    observed=("output_dtype", "every_call", "every_call_gradient"),
    misfit="an input with a last size other than the size of other that it meets",
)

MV = replace(
    MM,
    call="torch.mv(input, vec)",
    cases=cases.mv,
    **reference.products("nm,m->n", "input", "vec"),
    says="mv gives the product of a matrix and a vector: each row of input times vec, added up.",
    has_shape="the number of rows of input",
    misfit="an input with rows of another length than vec",
)

DOT = replace(
    MM,
    call="torch.dot(input, other)",
    keywords="torch.dot(input=input, tensor=other)",
    cases=cases.dot,
    **reference.products("m,m->", "input", "other"),
    says="dot gives the sum of the products of the elements of two vectors.",
    has_shape="no dims",
    misfit="two vectors of different sizes",
    documented=("misfit",),
)

VDOT = replace(
    DOT,
    call="torch.vdot(input, other)",
    keywords=True,
    gives=lambda input, other: reference.product("m,m->", np.conj(input), other),
    says="vdot gives the sum of the products of the elements of two vectors, those of input conjugated.",
)

INNER = replace(
    MM,
    call="torch.inner(input, other)",
    cases=cases.inner,
    **reference.products(reference.inner, "input", "other"),
    says="inner gives the sums of the products of the elements along the last dims of both.",
    has_shape="the dims of input and those of other, without the last of each",
    but=SEEN_OTHERWISE,
    misfit="an input with another last size than other",
    documented=("misfit",),
)

OUTER = replace(
    MM,
    call="torch.outer(input, vec2)",
    cases=cases.outer,
    **reference.products("n,m->nm", "input", "vec2"),
    says="outer gives the product of each element of input and each of vec2.",
    has_shape="the sizes of input and of vec2",
    promotes=True,
    misfit="",  # all sizes fit
)

ADDMM = Operation(
    call="torch.addmm(input, mat1, mat2, beta=beta, alpha=alpha)",
    cases=cases.addmm,
    **reference.added("nm,mp->np", "mat1", "mat2"),
    says="addmm gives beta times input plus alpha times the matrix product of mat1 and mat2.",
    has_shape="as many rows as mat1 and as many columns as mat2",
    has_dtype=SAME,
    out=True,
    in_place=True,
    derives=(
        "{name} passes to input the gradient times beta, summed up where it was broadcast, to each factor "
        "the gradient times alpha and the other factor."
    ),
    nan="leaves out NaN and infinities in input if beta is 0",
    with_nan=lambda: cases.addmm(ignored=True),
    documented=("nan", "misfit"),
    observed=("output_dtype",),
    misfit="an input that cannot be expanded to the shape of the result",
)

ADDMV = replace(
    ADDMM,
    call="torch.addmv(input, mat, vec, beta=beta, alpha=alpha)",
    cases=cases.addmv,
    **reference.added("nm,m->n", "mat", "vec"),
    says="addmv gives beta times input plus alpha times the product of a matrix and a vector.",
    has_shape="the number of rows of mat",
    with_nan=lambda: cases.addmv(ignored=True),
)

ADDR = replace(
    ADDMM,
    call="torch.addr(input, vec1, vec2, beta=beta, alpha=alpha)",
    cases=cases.addr,
    **reference.added("n,m->nm", "vec1", "vec2"),
    says="addr gives beta times input plus alpha times the product of each element of vec1 and each of vec2.",
    has_shape="the sizes of vec1 and of vec2",
    promotes=True,
    with_nan=lambda: cases.addr(ignored=True),
)

BADDBMM = replace(
    ADDMM,
    call="torch.baddbmm(input, batch1, batch2, beta=beta, alpha=alpha)",
    cases=cases.baddbmm,
    **reference.added("bnm,bmp->bnp", "batch1", "batch2"),
    says="baddbmm gives beta times input plus alpha times the matrix products of both batches.",
    has_shape="as many matrices as batch1, of as many rows, and of as many columns as those of batch2",
    with_nan=lambda: cases.baddbmm(ignored=True),
)

EINSUM = Operation(
    call="torch.einsum(equation, *operands)",
    method=False,
    keywords=False,
    cases=cases.einsum,
    **reference.products_of_several("equation", "operands"),
    says="einsum gives the products of all operands, summed up along what is left out of the result.",
    has_shape="a dim for each label of the result, in its order",
    has_dtype=SAME,
    derives="einsum passes to each operand the gradient times all others, where it was read.",
    owns=False,
    observed=("output_dtype",),
)

TENSORDOT = Operation(
    call="torch.tensordot(a, b, dims)",
    method=False,
    cases=cases.tensordot,
    **reference.products(reference.tensordot, "a", "b", also=("dims",)),
    says="tensordot gives the sums of products along the last dims of a and the first of b, or those listed.",
    has_shape="the dims of a that are not summed up, then those of b",
    has_dtype=SAME,
    derives=EACH_BY_THE_OTHER,
    dims="",
    but=SEEN_OTHERWISE,
    observed=("output_dtype",),
)

CROSS = Operation(
    call="torch.cross(input, other, dim)",
    cases=cases.cross,
    gives=reference.cross,
    has_dtype=SAME,
    says="cross gives the cross products of the vectors that lie along dim.",
    out=True,
    rounds=lambda: 20.0,
    smooth=("input", "other"),
    gradient=reference.cross_gradient,
    scaled=lambda upstream: 20 * float(np.abs(upstream).max(initial=1.0)),
    derives="{name} passes to input the cross products of other and the gradient, to other those with input.",
    observed=("output_dtype",),
)

LINALG_CROSS = replace(
    CROSS,
    named="linalg_cross",
    call="torch.linalg.cross(input, other, dim=dim)",
    method=False,
    cases=cases.linalg_cross,
    says="linalg.cross gives the cross products of the vectors along dim; the other dims are broadcast.",
    has_shape="the shape that those of input and other broadcast to",
)

TRACE = Operation(
    call="torch.trace(input)",
    cases=cases.trace,
    gives=reference.trace,
    says="trace gives the sum of the elements on the diagonal.",
    has_shape="no dims",
    has_dtype="",
    rounds=lambda input: float(np.abs(input).sum()),
    linear=("input",),
    gradient=lambda upstream, input: np.eye(*input.shape) * upstream,
    derives="trace passes the gradient to each element on the diagonal, and 0 to the others.",
)

KRON = Operation(
    call="torch.kron(input, other)",
    cases=cases.kron,
    gives=reference.kron,
    says="kron gives in the place of each element of input the whole of other, times that element.",
    has_shape="the sizes of both multiplied, those of the one with fewer dims taken for 1 in front",
    has_dtype=SAME,
    out=True,
    promotes=True,
    rounds=lambda: 10.0,
    smooth=("input", "other"),
    gradient=reference.kron_gradient,
    scaled=lambda upstream, input, other: 64.0 * upstream.size * float(np.abs(upstream).max(initial=1.0)),
    derives="kron passes to each element the gradients of all places it went to, times the other's elements.",
    observed=("output_dtype",),
)
