"""Layers: what goes over an input with weights, or with a window.

Not covered: calls without `weight` and `bias`; a weight of `linear` of one dim; `max_norm`, `sparse` and
`scale_grad_by_freq`; `one_hot` without `num_classes`; convolutions of complex and of three dims, transposed
ones, and `padding="same"` of kernels of even sizes.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from conformance.operation import Index, Operation
from conformance.references import layers as reference
from strategies.arguments import code_of
from strategies.cases import layers as cases

AREA = "nn"

SEEN_OTHERWISE = {"no_base": "torch gives a view of a tensor that it makes for it"}

EACH_PARAMETER = "{name} passes to input, weight and bias what the chain rule gives them."

LINEAR = Operation(
    call="torch.nn.functional.linear(input, weight, bias)",
    method=False,
    cases=cases.transformed,
    gives=reference.linear,
    says="linear gives x A^T + b, for input x, weight A and bias b.",
    has_shape="the shape of input, with the number of rows of weight as the last size",
    rounds=reference.linear_scale,
    smooth=("input", "weight", "bias"),
    gradient=reference.linear_gradient,
    scaled=reference.of_all,
    derives=EACH_PARAMETER,
    nan="gives NaN in each row of which an element is NaN",
    observed=("output_dtype",),
    but=SEEN_OTHERWISE,
)

EMBEDDING = Operation(
    call="torch.nn.functional.embedding(index, weight, padding_idx)",
    keywords="torch.nn.functional.embedding(input=index, weight=weight, padding_idx=padding_idx)",
    method=False,
    cases=cases.looked_up,
    gives=lambda index, weight: weight[index],
    says="embedding gives for each element of input the row of weight that it names.",
    has_shape="the shape of input, and the number of columns of weight as a last dim",
    has_dtype="the dtype of weight",
    smooth=("weight",),
    gradient=reference.embedding_gradient,
    scaled=reference.of_all,
    derives="embedding passes each gradient to the row that was named, but for that of padding_idx.",
    index=Index(size=lambda case: code_of(case, "weight").shape[0], outside="that names no row of weight"),
    observed=("output_dtype",),
    stated={"int32_index": "torch.nn.Embedding", "output_shape": "torch.nn.Embedding"},
)

ONE_HOT = Operation(
    call="torch.nn.functional.one_hot(index, num_classes)",
    keywords="torch.nn.functional.one_hot(tensor=index, num_classes=num_classes)",
    method=False,
    cases=cases.classed,
    gives=lambda index, num_classes: np.eye(num_classes, dtype=np.int64)[index],
    says="one_hot gives 1 where the place in the last dim is the class that input names, and 0 elsewhere.",
    has_shape="the shape of input, and num_classes as a last dim",
    has_dtype="dtype int64",
    index=Index(size=lambda case: case.num_classes, outside="outside [0, num_classes)", int32=False),
)

LAYER_NORM = Operation(
    call="torch.nn.functional.layer_norm(input, normalized_shape, weight, bias, eps)",
    page="torch.nn.LayerNorm",
    method=False,
    cases=cases.normalized_last,
    gives=reference.layer_norm,
    says="layer_norm gives (x - mean) / sqrt(var + eps) * weight + bias, over dims of normalized_shape.",
    rounds=lambda input, normalized_shape, weight, eps: reference.normalized_scale(
        input, reference.last(normalized_shape), weight, eps
    ),
    smooth=("input", "weight", "bias"),
    gradient=reference.layer_norm_gradient,
    scaled=lambda upstream, input, normalized_shape, weight, eps: (
        reference.of_all(upstream)
        * reference.normalized_scale(input, reference.last(normalized_shape), weight, eps)
    ),
    derives=EACH_PARAMETER,
    nan="gives NaN for all that it normalizes with NaN",
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.layer_norm"},
)

GROUP_NORM = replace(
    LAYER_NORM,
    call="torch.nn.functional.group_norm(input, num_groups, weight, bias, eps)",
    page="torch.nn.GroupNorm",
    cases=cases.normalized_groups,
    gives=reference.group_norm,
    says="group_norm gives (x - mean) / sqrt(var + eps) * weight + bias, over each group of channels.",
    rounds=lambda input, num_groups, weight, eps: reference.normalized_scale(
        reference.grouped(input, num_groups), (2,), weight, eps
    ),
    gradient=reference.group_norm_gradient,
    scaled=lambda upstream, input, num_groups, weight, eps: (
        reference.of_all(upstream)
        * reference.normalized_scale(reference.grouped(input, num_groups), (2,), weight, eps)
    ),
    stated={"keywords": "torch.nn.functional.group_norm"},
)

BATCH_NORM = Operation(
    call="torch.nn.functional.batch_norm(input, running_mean, running_var, weight, bias, eps=eps)",
    page="torch.nn.BatchNorm1d",
    method=False,
    cases=cases.normalized_batches,
    gives=reference.batch_norm,
    says="Not in training, batch_norm gives (x - running_mean) / sqrt(running_var + eps) * weight + bias.",
    rounds=lambda input, weight: reference.most(input) * reference.most(weight),
    smooth=("input", "weight", "bias"),
    gradient=reference.batch_norm_gradient,
    scaled=reference.of_all,
    derives=EACH_PARAMETER,
    nan="gives NaN of NaN",
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.batch_norm"},
)

BATCH_NORM_OF_BATCH = replace(
    BATCH_NORM,
    named="batch_norm_of_batch",
    call="torch.nn.functional.batch_norm(input, None, None, weight, bias, training=True, eps=eps)",
    keywords=False,
    cases=partial(cases.normalized_batches, filled=True),
    gives=reference.batch_norm_of_batch,
    says="In training, batch_norm gives (x - mean) / sqrt(var + eps) * weight + bias, over each channel.",
    rounds=lambda input, weight, eps: reference.normalized_scale(
        input, reference.off_channels(input), weight, eps
    ),
    gradient=reference.batch_norm_of_batch_gradient,
    scaled=lambda upstream, input, weight, eps: (
        reference.of_all(upstream)
        * reference.normalized_scale(input, reference.off_channels(input), weight, eps)
    ),
    nan="gives NaN in the whole channel of a NaN",
    stated={},
)

CONV1D = Operation(
    call="torch.nn.functional.conv1d(input, weight, bias, stride, padding, dilation, groups)",
    page="torch.nn.Conv1d",
    method=False,
    cases=cases.convolved,
    gives=reference.conv,
    says="conv1d adds up the products of each kernel with what it stands on, and its bias.",
    has_shape="as many channels as there are kernels, and the sizes that the kernel has places",
    rounds=reference.linear_scale,
    smooth=("input", "weight", "bias"),
    gradient=reference.conv_gradient,
    scaled=reference.of_all,
    derives=EACH_PARAMETER,
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.conv1d"},
    but=SEEN_OTHERWISE,
)

CONV2D = replace(
    CONV1D,
    call="torch.nn.functional.conv2d(input, weight, bias, stride, padding, dilation, groups)",
    page="torch.nn.Conv2d",
    cases=partial(cases.convolved, dims=2),
    says="conv2d adds up the products of each kernel with what it stands on, and its bias.",
    stated={"keywords": "torch.nn.functional.conv2d"},
)
