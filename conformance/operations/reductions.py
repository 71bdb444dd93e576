"""Reductions and scans: what many elements come to, or come to up to each of them.

Not covered: `dtype=`; `std` and the like with `unbiased`; `norm` with other p than 1, 2 and infinity, or of
matrices; `quantile` of several q; scans in place, and of dtypes that their results do not have; `trapezoid`
with x or dx; `diff` with prepend and append; `var` and the like of complex inputs; `nansum` and `nanmean`
of float16 and bfloat16; `diff` along a dim of size 0; `norm` and `quantile` of
inputs without elements; `median` over an expanded dim, which has a rule of its own. The largest and the
smallest elements have rules of their own.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from conformance.operation import Operation
from conformance.references import reductions as reference
from strategies.cases import totals as cases

DROPPED = "the shape of input without the dims reduced, or with size 1 there if keepdim"
WHOLE = "dtype int64 for whole numbers and bool, else the dtype of input"
NAN = "gives NaN where one of the elements that it reduces is NaN"

SUM = Operation(
    call="torch.sum(input, dim, keepdim)",
    cases=cases.over_dims,
    gives=reference.total,
    says="sum gives the sum of the elements over the dims named, over all for None; 0 of no elements.",
    has_shape=DROPPED,
    has_dtype=WHOLE,
    rounds=lambda: 1.0,
    smooth=("input",),
    gradient=lambda upstream, input, dim: reference.spread(upstream, input, dim),
    derives="sum passes each gradient to all elements that were added.",
    dims="dim",
    nan=NAN,
)

NANSUM = replace(
    SUM,
    call="torch.nansum(input, dim, keepdim)",
    cases=partial(cases.over_dims, dtypes=cases.WIDE_REALS),
    gives=reference.nan_total,
    says="nansum gives the sum of the elements over the dims named, 0 of no elements.",
    derives="nansum passes each gradient to all elements that were added.",
    nan="takes NaN for 0",
    documented=("nan",),
)

MEAN = Operation(
    call="torch.mean(input, dim, keepdim)",
    cases=partial(cases.over_dims, dtypes=cases.FLOATS_AND_COMPLEX),
    gives=reference.mean,
    says="mean gives the mean of the elements over the dims named, over all for None; NaN of no elements.",
    has_shape=DROPPED,
    out=True,
    promotes=True,
    rounds=lambda: 1.0,
    smooth=("input",),
    gradient=lambda upstream, input, dim: (
        reference.spread(upstream, input, dim) / reference.count(input, dim)
    ),
    derives="mean passes each gradient in equal parts to all elements that were added.",
    dims="dim",
    nan=NAN,
)

NANMEAN = replace(
    MEAN,
    call="torch.nanmean(input, dim, keepdim)",
    cases=partial(cases.over_dims, dtypes=cases.WIDE_FLOATS),
    gives=reference.nan_mean,
    says="nanmean gives the mean of the elements over the dims named, over all for None.",
    derives="nanmean passes each gradient in equal parts to all elements that were added.",
    nan="leaves NaN out",
    documented=("nan",),
)

PROD = Operation(
    call="torch.prod(input, dim, keepdim)",
    cases=partial(cases.over_dim, fill=cases.signs),
    gives=reference.product,
    says="prod gives the product of the elements over dim; 1 of no elements.",
    has_shape=DROPPED,
    has_dtype=WHOLE,
    rounds=lambda: 1.0,
    smooth=("input",),
    derived=partial(cases.over_dim, most=4),
    gradient=lambda upstream, input, dim: (
        reference.spread(upstream, input, dim) * input.prod(reference.axes(input, dim), keepdims=True) / input
    ),
    scaled=lambda input, dim: float(np.abs(input).prod(reference.axes(input, dim)).max(initial=1.0)) * 50,
    derives="prod passes to each element the gradient times the product of the others.",
    nan=NAN,
)

VAR = Operation(
    call="torch.var(input, dim, correction=correction, keepdim=keepdim)",
    cases=partial(cases.over_dims, dtypes=cases.FLOATS, correction=(1, 0, 2)),
    gives=reference.variance,
    says="var gives the variance of the elements over the dims named, by N - correction.",
    has_shape=DROPPED,
    out=True,
    promotes=True,
    rounds=lambda: 4.0,
    smooth=("input",),
    gradient=reference.deviation_gradient,
    scaled=lambda upstream, input: float(np.abs(upstream).max(initial=1.0)) * 40,
    derived=partial(cases.over_dims, correction=(0,), filled=True),
    derives=(
        "var passes to each element the gradient times 2 / (N - correction) times its distance from the mean."
    ),
    dims="dim",
    nan=NAN,
)

STD = replace(
    VAR,
    call="torch.std(input, dim, correction=correction, keepdim=keepdim)",
    gives=reference.deviation,
    says="std gives the standard deviation of the elements over the dims named, by N - correction.",
    smooth=(),
    gradient=None,
)

VAR_MEAN = Operation(
    call="torch.var_mean(input, dim, correction=correction, keepdim=keepdim)",
    cases=VAR.cases,
    gives=lambda input, dim, correction, keepdim: (
        reference.variance(input, dim, correction, keepdim),
        reference.mean(input, dim, keepdim),
    ),
    says="var_mean gives the variance, by N - correction, and the mean of the elements over the dims named.",
    has_shape=DROPPED,
    method=False,
    several=True,
    rounds=lambda: 4.0,
    dims="dim",
    nan=NAN,
)

STD_MEAN = replace(
    VAR_MEAN,
    call="torch.std_mean(input, dim, correction=correction, keepdim=keepdim)",
    gives=lambda input, dim, correction, keepdim: (
        reference.deviation(input, dim, correction, keepdim),
        reference.mean(input, dim, keepdim),
    ),
    says="std_mean gives the standard deviation, by N - correction, and the mean over the dims named.",
)

ANY = Operation(
    call="torch.any(input, dim, keepdim)",
    cases=partial(cases.over_dims, fill=cases.signs),
    gives=reference.some,
    says="any tells whether an element over the dims named is not 0; of no elements, none is.",
    has_shape=DROPPED,
    has_dtype="dtype bool, uint8 for an input of uint8",
    out=True,
    promotes=True,
    dims="dim",
)

ALL = replace(
    ANY,
    call="torch.all(input, dim, keepdim)",
    gives=reference.every,
    says="all tells whether no element over the dims named is 0; of no elements, none is.",
)

COUNT_NONZERO = Operation(
    call="torch.count_nonzero(input, dim)",
    cases=partial(cases.over_dims, fill=cases.signs, keepdim=False),
    gives=reference.nonzeros,
    says="count_nonzero tells how many elements over the dims named are not 0, of all for None.",
    has_shape="the shape of input without the dims named",
    has_dtype="",
    dims="dim",
)

LOGSUMEXP = Operation(
    call="torch.logsumexp(input, dim, keepdim)",
    cases=partial(cases.over_dim, dtypes=cases.FLOATS),
    gives=reference.logsumexp,
    says="logsumexp gives the logarithm of the sum of the exponentials over dim.",
    has_shape=DROPPED,
    out=True,
    promotes=True,
    rounds=lambda: 4.0,
    smooth=("input",),
    gradient=lambda upstream, input, dim: (
        reference.spread(upstream, input, dim)
        * np.exp(input - reference.logsumexp(input.astype(np.float64), dim, True))
    ),
    derived=partial(cases.over_dim, filled=True),
    scaled=lambda upstream: float(np.abs(upstream).max(initial=1.0)) * 4,
    derives="logsumexp passes to each element the gradient times its share of the sum of exponentials.",
    nan=NAN,
)

NORM = Operation(
    call="torch.norm(input, p, dim, keepdim)",
    cases=partial(cases.over_dim, dtypes=cases.FLOATS_AND_COMPLEX, p=(2, 1, float("inf")), full=True),
    gives=reference.norm,
    says="norm gives the p-norm of the elements over dim.",
    has_shape=DROPPED,
    has_dtype="the dtype of input, or of its parts",
    rounds=lambda: 3.0,
    one_dim=True,
    nan=NAN,
)

MEDIAN = Operation(
    call="torch.median(input, dim, keepdim).values",
    pair="torch.median(input, dim, True)",
    keywords=False,
    cases=partial(cases.over_dim, dtypes=cases.REAL_NUMBERS, filled=True, expanded=False),
    gives=reference.median,
    says="median gives the element in the middle of those over dim, the lower one of two.",
    has_shape=DROPPED,
    smooth=("input",),
    gradient=lambda upstream, input, dim: reference.to_the_place(
        upstream, input, dim, reference.median(input, dim, False)
    ),
    derived=partial(cases.over_dim, filled=True, most=17, expanded=False),
    derives="median passes the gradient to the element in the middle alone, if no two are equal.",
    nan=NAN,
    documented=("nan",),
)

NANMEDIAN = replace(
    MEDIAN,
    call="torch.nanmedian(input, dim, keepdim).values",
    pair="torch.nanmedian(input, dim, True)",
    gives=reference.nan_median,
    says="nanmedian gives the element in the middle of those over dim, the lower one of two.",
    gradient=lambda upstream, input, dim: reference.to_the_place(
        upstream, input, dim, reference.median(input, dim, False)
    ),
    derives="nanmedian passes the gradient to the element in the middle alone, if no two are equal.",
    nan="leaves NaN out, if there are other elements",
)

MODE = Operation(
    call="torch.mode(input, dim, keepdim).values",
    pair="torch.mode(input, dim, True)",
    keywords=False,
    cases=partial(cases.over_dim, dtypes=cases.REAL_NUMBERS, filled=True),
    gives=reference.mode,
    says="mode gives the element that stands most often among those over dim, the smallest of several.",
    has_shape=DROPPED,
    observed=("elements", "method"),
)

QUANTILE = Operation(
    call="torch.quantile(input, q, dim, keepdim, interpolation=interpolation)",
    cases=partial(
        cases.over_dim,
        dtypes=cases.WIDE_FLOATS,
        full=True,
        q=(0.5, 0.0, 1.0, 0.25, 0.75),
        interpolation=("linear", "lower", "higher", "midpoint", "nearest"),
    ),
    gives=lambda input, q, dim, keepdim, interpolation: reference.quantile(
        input, q, dim, keepdim, interpolation
    ),
    says="quantile gives the q-th quantile over dim, between two elements as interpolation says.",
    has_shape=DROPPED,
    out=True,
    promotes=True,
    rounds=lambda: 3.0,
)

CUMSUM = Operation(
    call="torch.cumsum(input, dim)",
    cases=partial(cases.over_dim, keepdim=False),
    gives=reference.scan(np.add),
    says="cumsum gives, at each place of dim, the sum of the elements up to there.",
    has_dtype=WHOLE,
    out=True,
    promotes=True,
    rounds=lambda: 1.0,
    smooth=("input",),
    gradient=lambda upstream, dim: reference.backwards(upstream, dim),
    scaled=lambda upstream: float(np.abs(upstream).sum()),
    derives="cumsum passes to each element the sum of the gradients from there on.",
)

CUMPROD = Operation(
    call="torch.cumprod(input, dim)",
    cases=partial(cases.over_dim, keepdim=False, fill=cases.signs),
    gives=reference.scan(np.multiply),
    says="cumprod gives, at each place of dim, the product of the elements up to there.",
    has_dtype=WHOLE,
    out=True,
    promotes=True,
    rounds=lambda: 1.0,
    smooth=("input",),
    derived=partial(cases.over_dim, keepdim=False, most=4),
    gradient=lambda upstream, input, dim: (
        reference.backwards(upstream * reference.scan(np.multiply)(input, dim), dim) / input
    ),
    scaled=lambda upstream: float(np.abs(upstream).sum()) * 4000 + 1,
    derives="cumprod passes to each element the gradients from there on, times the product of the others.",
)

CUMMAX = Operation(
    call="torch.cummax(input, dim).values",
    pair="torch.cummax(input, dim)",
    keywords=False,
    cases=partial(cases.over_dim, keepdim=False, dtypes=cases.REALS),
    gives=reference.running(np.maximum),
    says="cummax gives, at each place of dim, the largest of the elements up to there.",
    but={"dim_range": "torch looks at the dim of no input without elements"},
)

CUMMIN = replace(
    CUMMAX,
    call="torch.cummin(input, dim).values",
    pair="torch.cummin(input, dim)",
    gives=reference.running(np.minimum),
    says="cummin gives, at each place of dim, the smallest of the elements up to there.",
)

LOGCUMSUMEXP = Operation(
    call="torch.logcumsumexp(input, dim)",
    cases=partial(cases.over_dim, keepdim=False, dtypes=cases.FLOATS),
    gives=reference.logcumsumexp,
    says="logcumsumexp gives, at each place of dim, the logarithm of the sum of exponentials up to there.",
    out=True,
    promotes=True,
    rounds=lambda: 4.0,
)

DIFF = Operation(
    call="torch.diff(input, n, dim)",
    cases=partial(cases.over_dim, keepdim=False, min_dims=1, filled=True, dtypes=cases.NUMBERS, n=(1, 2, 3)),
    gives=reference.diff,
    says="diff gives the difference of each element of dim and the one before it, and does so n times.",
    has_shape="the shape of input, with a size smaller by n in dim, or 0",
    out=True,
    promotes=True,
    either_zero=True,
    linear=("input",),
    gradient=reference.diff_gradient,
    derives="diff passes each gradient to the later element of the pair and, negative, to the one before it.",
    owns=False,
)

TRAPEZOID = Operation(
    call="torch.trapezoid(input, dim=dim)",
    keywords="torch.trapezoid(y=input, dim=dim)",
    method=False,
    cases=partial(cases.over_dim, keepdim=False, min_dims=1, filled=True, dtypes=cases.FLOATS_AND_COMPLEX),
    gives=reference.trapezoid,
    says="trapezoid adds up the means of neighbours along dim.",
    has_shape="the shape of input without dim",
    rounds=lambda: 1.0,
    smooth=("input",),
    gradient=reference.trapezoid_gradient,
    scaled=lambda upstream: float(np.abs(upstream).max(initial=1.0)),
    derives=(
        "trapezoid passes each gradient to the elements of dim, to the first and the last one half of it."
    ),
)
