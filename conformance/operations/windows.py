"""Pooling, padding and resizing: windows that go over an input, margins around it, and the nearest elements.

Not covered: pooling over three dims, `max_unpool`, `lp_pool`, `fractional_max_pool` and adaptive pooling by
the largest; elements of equal size where gradients and indices say which is the largest; `ceil_mode` of
`avg_pool1d`; sizes of None; `pad` over three dims but for constants; `interpolate` by `scale_factor` and in
other modes than the nearest ones; `pixel_shuffle` and `pixel_unshuffle` of five dims and of no
elements; gradients of `cosine_similarity` and `pairwise_distance`, and their broadcasting and promotion.
"""

from dataclasses import replace
from functools import partial

from conformance.operation import Operation
from conformance.references import layers
from conformance.references import windows as reference
from strategies.cases import windows as cases

AREA = "nn"

SEEN_OTHERWISE = {"no_base": "torch gives a view of a tensor that it makes for it"}

PLACES = "the batch and the channels of input, and the sizes that the window has places"

MAX_POOL1D = Operation(
    call="torch.nn.functional.max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode)",
    page="torch.nn.MaxPool1d",
    method=False,
    cases=cases.pooled,
    gives=reference.max_pool(1),
    says="max_pool1d gives the largest element of each window, with -inf outside of input.",
    has_shape=PLACES,
    smooth=("input",),
    derived=partial(cases.pooled, different=True),
    gradient=reference.max_pool_gradient(1),
    scaled=layers.of_all,
    derives="max_pool1d passes each gradient to the largest element of the window.",
    nan="gives NaN for each window that shows one",
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.max_pool1d"},
    but=SEEN_OTHERWISE,
)

MAX_POOL2D = replace(
    MAX_POOL1D,
    call="torch.nn.functional.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode)",
    page="torch.nn.MaxPool2d",
    cases=partial(cases.pooled, dims=2),
    gives=reference.max_pool(2),
    says="max_pool2d gives the largest element of each window, with -inf outside of input.",
    derived=partial(cases.pooled, dims=2, different=True),
    gradient=reference.max_pool_gradient(2),
    derives="max_pool2d passes each gradient to the largest element of the window.",
    stated={"keywords": "torch.nn.functional.max_pool2d"},
    but={},
)

MAX_POOL2D_INDICES = Operation(
    call=(
        "torch.nn.functional.max_pool2d_with_indices"
        "(input, kernel_size, stride, padding, dilation, ceil_mode)[1]"
    ),
    page="torch.nn.MaxPool2d",
    method=False,
    keywords=False,
    cases=partial(cases.pooled, dims=2, different=True),
    gives=reference.max_pool_indices(2),
    says="max_pool2d also gives where the largest element of each window stands, counted row by row.",
    has_shape=PLACES,
    has_dtype="dtype int64",
    observed=("elements", "output_dtype"),
)

AVG_POOL1D = Operation(
    call="torch.nn.functional.avg_pool1d(input, kernel_size, stride, padding, ceil_mode, count_include_pad)",
    page="torch.nn.AvgPool1d",
    method=False,
    cases=partial(cases.pooled, average=True),
    gives=reference.avg_pool(1),
    says="avg_pool1d gives the mean of each window, with 0 outside of input, which counts if it is told to.",
    has_shape=PLACES,
    rounds=lambda: 1.0,
    smooth=("input",),
    gradient=reference.avg_pool_gradient(1),
    scaled=layers.of_all,
    derives="avg_pool1d passes each gradient in equal parts to the elements of the window.",
    nan="gives NaN for each window that shows one",
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.avg_pool1d"},
    but=SEEN_OTHERWISE,
)

AVG_POOL2D = replace(
    AVG_POOL1D,
    call=(
        "torch.nn.functional.avg_pool2d"
        "(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)"
    ),
    page="torch.nn.AvgPool2d",
    cases=partial(cases.pooled, dims=2, average=True),
    gives=reference.avg_pool(2),
    says="avg_pool2d gives the sum of each window, 0 outside of input, divided by its size or the divisor.",
    gradient=reference.avg_pool_gradient(2),
    derives="avg_pool2d passes each gradient in equal parts to the elements of the window.",
    stated={"keywords": "torch.nn.functional.avg_pool2d"},
    but={},
)

AVG_POOL2D_CEIL = replace(
    AVG_POOL2D,
    named="avg_pool2d_ceil",
    cases=partial(cases.pooled, dims=2, average=True, ceil=True),
    says="In ceil mode, avg_pool2d leaves out of the mean what lies beyond the margin.",
    derives="In ceil mode, avg_pool2d passes each gradient in equal parts to the elements of the window.",
    observed=("elements", "output_dtype", "keywords", "gradient"),
)

ADAPTIVE_AVG_POOL1D = Operation(
    call="torch.nn.functional.adaptive_avg_pool1d(input, size)",
    keywords="torch.nn.functional.adaptive_avg_pool1d(input=input, output_size=size)",
    page="torch.nn.AdaptiveAvgPool1d",
    method=False,
    cases=cases.resized,
    gives=reference.adaptive_avg_pool(1),
    says="adaptive_avg_pool1d gives means of as many parts of input as wanted, which meet or overlap.",
    has_shape="the batch and the channels of input, and the sizes wanted",
    rounds=lambda: 1.0,
    smooth=("input",),
    gradient=reference.adaptive_avg_pool_gradient(1),
    scaled=layers.of_all,
    derives="adaptive_avg_pool1d passes each gradient in equal parts to the elements of the part.",
    nan="gives NaN for each part with one",
    observed=("elements", "output_dtype", "gradient"),
    stated={"keywords": "torch.nn.functional.adaptive_avg_pool1d"},
    but=SEEN_OTHERWISE,
)

ADAPTIVE_AVG_POOL2D = replace(
    ADAPTIVE_AVG_POOL1D,
    call="torch.nn.functional.adaptive_avg_pool2d(input, size)",
    keywords="torch.nn.functional.adaptive_avg_pool2d(input=input, output_size=size)",
    page="torch.nn.AdaptiveAvgPool2d",
    cases=partial(cases.resized, dims=2),
    gives=reference.adaptive_avg_pool(2),
    says="adaptive_avg_pool2d gives means of as many parts of input as wanted, which meet or overlap.",
    gradient=reference.adaptive_avg_pool_gradient(2),
    derives="adaptive_avg_pool2d passes each gradient in equal parts to the elements of the part.",
    stated={"keywords": "torch.nn.functional.adaptive_avg_pool2d"},
    but={},
)

PAD = Operation(
    call='torch.nn.functional.pad(input, pad, "constant", value)',
    keywords='torch.nn.functional.pad(input=input, pad=pad, mode="constant", value=value)',
    method=False,
    cases=cases.surrounded,
    derives_empty=False,
    gives=reference.pad,
    says="pad puts value before and after the last dims, as much as pad tells, from the last dim on.",
    has_shape="the shape of input with what pad adds to its last dims",
    moves=("input",),
    fills="value",
    observed=("output_dtype",),
)

PAD_NEGATIVE = replace(
    PAD,
    named="pad_negative",
    cases=partial(cases.surrounded, cut=True),
    says="pad cuts off, before and after the last dims, what pad tells by negative numbers.",
    observed=("elements", "output_shape", "output_dtype", "keywords", "gradient", "gradient_of_gradient"),
)

PAD_REFLECT = Operation(
    named="pad_reflect",
    call='torch.nn.functional.pad(input, pad, "reflect")',
    keywords='torch.nn.functional.pad(input=input, pad=pad, mode="reflect")',
    page="torch.nn.ReflectionPad2d",
    method=False,
    cases=partial(cases.continued, most=-1),
    gives=reference.continued("reflect"),
    says="In mode reflect, pad goes on with the elements of input in reverse, its ends not repeated.",
    has_shape="the shape of input with what pad adds to its last dims",
    moves=("input",),
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.pad"},
)

PAD_REPLICATE = replace(
    PAD_REFLECT,
    named="pad_replicate",
    call='torch.nn.functional.pad(input, pad, "replicate")',
    keywords='torch.nn.functional.pad(input=input, pad=pad, mode="replicate")',
    page="torch.nn.ReplicationPad2d",
    cases=partial(cases.continued, most=2),
    gives=reference.continued("edge"),
    says="In mode replicate, pad goes on with the first and the last elements of input.",
)

PAD_CIRCULAR = replace(
    PAD_REFLECT,
    named="pad_circular",
    call='torch.nn.functional.pad(input, pad, "circular")',
    keywords='torch.nn.functional.pad(input=input, pad=pad, mode="circular")',
    page="torch.nn.CircularPad2d",
    cases=cases.continued,
    gives=reference.continued("wrap"),
    says="In mode circular, pad goes on with the elements of input from its other end.",
)

INTERPOLATE = Operation(
    call="torch.nn.functional.interpolate(input, size, mode=mode)",
    method=False,
    cases=partial(cases.resized, dims=2, batched=True, mode=("nearest", "nearest-exact")),
    gives=reference.interpolate,
    says="interpolate gives for each place the first or the middle element of what it covers.",
    has_shape="the batch and the channels of input, and the sizes wanted",
    moves=("input",),
    observed=("elements", "output_dtype", "gradient", "gradient_of_gradient"),
)

PIXEL_SHUFFLE = Operation(
    call="torch.nn.functional.pixel_shuffle(input, upscale_factor)",
    page="torch.nn.PixelShuffle",
    method=False,
    cases=lambda **_: cases.shuffled(),
    gives=reference.pixel_shuffle,
    says="pixel_shuffle lays out each r * r channels as rows and columns, r being the factor.",
    has_shape="the shape of input with 1 / r^2 of the channels, and r times the rows and the columns",
    moves=("input",),
    observed=("elements", "output_dtype"),
    stated={"keywords": "torch.nn.functional.pixel_shuffle"},
)

PIXEL_UNSHUFFLE = replace(
    PIXEL_SHUFFLE,
    call="torch.nn.functional.pixel_unshuffle(input, downscale_factor)",
    page="torch.nn.PixelUnshuffle",
    cases=lambda **_: cases.shuffled(back=True),
    gives=reference.pixel_unshuffle,
    says="pixel_unshuffle lays out each r rows and columns as r * r channels, r being the factor.",
    has_shape="the shape of input with r^2 times the channels, and 1 / r of the rows and the columns",
    stated={"keywords": "torch.nn.functional.pixel_unshuffle"},
)

COSINE_SIMILARITY = Operation(
    call="torch.nn.functional.cosine_similarity(x1, x2, dim, eps)",
    method=False,
    cases=partial(cases.compared, dim=(-1, 0), eps=(1e-3, 0.5)),
    gives=reference.cosine_similarity,
    says="cosine_similarity divides the dot products along dim by both norms, or by eps for such below it.",
    has_shape="the shape of the inputs without dim",
    rounds=lambda: 1.0,
    observed=("output_dtype",),
)

PAIRWISE_DISTANCE = Operation(
    call="torch.nn.functional.pairwise_distance(x1, x2, p, eps, keepdim)",
    page="torch.nn.PairwiseDistance",
    method=False,
    cases=partial(cases.compared, p=(2.0, 1.0), eps=(1e-6, 0.25), keepdim=(False, True)),
    gives=reference.pairwise_distance,
    says="pairwise_distance gives the p-norm of x1 - x2 + eps along the last dim.",
    has_shape="the shape of the inputs without the last dim, or with size 1 there if keepdim",
    rounds=lambda x1: 8.0 * x1.shape[-1],
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.pairwise_distance"},
)
