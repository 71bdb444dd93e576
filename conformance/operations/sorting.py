"""Sorting and searching: elements in order, and where a value stands among them.

Not covered: elements of both zeros; `unique` of dims; `searchsorted` of several sequences, with `sorter` or
`side`; `bincount` with weights; `histc` without limits; `topk` unsorted; `isin` of test elements of several
dims, which has a rule of its own; the order of equal elements where it is left open.
"""

from dataclasses import replace
from functools import partial

from conformance.operation import Operation
from conformance.references import sorting as reference
from strategies.cases import sortings as cases

NAN = "takes NaN for larger than any number"

SORT = Operation(
    call="torch.sort(input, dim, descending).values",
    pair="torch.sort(input, dim, descending)",
    keywords=False,
    cases=partial(cases.along_dim, descending=(False, True)),
    gives=reference.sort,
    says="sort gives the elements along dim in ascending order, or in descending order if that is asked for.",
    smooth=("input",),
    gradient=reference.sort_gradient,
    derived=partial(cases.along_dim, descending=(False, True), most=17, writable=True),
    derives="sort passes each gradient to the element that went to its place, if no two are equal.",
    nan=NAN,
)

STABLE_SORT = Operation(
    named="stable_sort",
    call="torch.sort(input, stable=True, dim=dim, descending=descending)",
    page="torch.sort",
    method="input.sort(stable=True, dim=dim, descending=descending)",
    cases=partial(cases.along_dim, descending=(False, True)),
    gives=lambda input, dim, descending: (
        reference.sort(input, dim, descending),
        reference.order(input, dim, descending),
    ),
    says=(
        "With stable=True, sort keeps equal elements along dim in their order; the indices are those in "
        "input."
    ),
    has_dtype="the dtype of input for values, and int64 for indices",
    several=True,
    out=True,
    nan=NAN,
)

ARGSORT = Operation(
    call="torch.argsort(input, dim=dim, descending=descending, stable=True)",
    cases=partial(cases.along_dim, descending=(False, True)),
    gives=reference.order,
    says=(
        "With stable=True, argsort gives the indices that sort the elements along dim, equal ones in "
        "their order."
    ),
    has_dtype="dtype int64",
    nan=NAN,
)

MSORT = Operation(
    call="torch.msort(input)",
    cases=partial(cases.alone, min_dims=1),
    gives=lambda input: reference.sort(input, 0, False),
    says="msort gives the elements along the first dim in ascending order.",
    out=True,
    nan=NAN,
)

TOPK = Operation(
    call="torch.topk(input, k, dim, largest).values",
    pair="torch.topk(input, k, dim, largest)",
    keywords=False,
    cases=partial(cases.along_dim, dtypes=cases.REAL_NUMBERS, counted=True, largest=(True, False)),
    gives=reference.topk,
    says="topk gives the k largest elements along dim in order, or the k smallest.",
    has_shape="the shape of input with k in the place of the size of dim",
    nan=NAN,
)

KTHVALUE = Operation(
    call="torch.kthvalue(input, k, dim, keepdim).values",
    pair="torch.kthvalue(input, k, dim, True)",
    keywords=False,
    cases=partial(cases.along_dim, dtypes=cases.REAL_NUMBERS, counted=True, keepdim=(False, True)),
    gives=reference.kthvalue,
    says="kthvalue gives the k-th smallest element along dim.",
    has_shape="the shape of input without dim, or with size 1 there if keepdim",
    nan=NAN,
)

UNIQUE = Operation(
    call="torch.unique(input, return_inverse=True, return_counts=True)",
    cases=cases.alone,
    gives=reference.unique,
    says=(
        "unique gives the different elements in ascending order, which of them each element is, and "
        "their numbers."
    ),
    has_shape="one dim for the different elements and for their numbers, the shape of input for what each is",
    has_dtype="the dtype of input for the elements, and int64 for what each is and for their numbers",
    several=True,
    counts=True,
)

UNIQUE_CONSECUTIVE = replace(
    UNIQUE,
    call="torch.unique_consecutive(input, return_inverse=True, return_counts=True)",
    gives=reference.unique_consecutive,
    says=(
        "unique_consecutive gives the first of each run of equal elements, which run each is in, and "
        "their lengths."
    ),
    has_shape="one dim for the runs and for their lengths, the shape of input for which run each is in",
    has_dtype="the dtype of input for the elements, and int64 for the runs and their lengths",
)

SEARCHSORTED = Operation(
    call="torch.searchsorted(sorted_sequence, input, right=right)",
    method=False,
    cases=cases.searches,
    gives=reference.searchsorted,
    says=(
        "searchsorted gives where a value would stand in a sorted sequence: before equal ones, or after "
        "if right."
    ),
    has_dtype="dtype int64",
    out=True,
)

BUCKETIZE = Operation(
    call="torch.bucketize(input, boundaries, right=right)",
    method=False,
    cases=partial(cases.searches, name="boundaries"),
    gives=lambda boundaries, input, right: reference.searchsorted(boundaries, input, right),
    says=(
        "bucketize gives between which boundaries a value is; one that equals a boundary is below it, "
        "above if right."
    ),
    has_dtype="dtype int64",
    out=True,
)

BINCOUNT = Operation(
    call="torch.bincount(input, minlength=minlength)",
    cases=cases.counts,
    gives=reference.bincount,
    says=(
        "bincount tells of each whole number how often it stands in input, up to the largest, at least "
        "minlength."
    ),
    has_shape="a length of the largest element and 1, or minlength if that is more",
    has_dtype="",
    counts=True,
)

HISTC = Operation(
    call="torch.histc(input, bins, min, max)",
    cases=cases.histograms,
    gives=lambda input, bins, min, max: reference.histc(input, bins, min, max),
    says="histc tells how many elements are in each of the bins between min and max; others count nowhere.",
    has_shape="a length of bins",
    out=True,
    promotes=True,
)

ISIN = Operation(
    call="torch.isin(input, test_elements, invert=invert)",
    keywords="torch.isin(elements=input, test_elements=test_elements, invert=invert)",
    method=False,
    cases=cases.members,
    gives=reference.isin,
    says="isin tells of each element whether it is among the test elements, or whether it is not if invert.",
    has_dtype="dtype bool",
)
