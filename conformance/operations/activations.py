"""Activations and what rescales: functions of each element, of halves, and of all elements along a dim.

Not covered: `inplace=True`, but for the forms with an underscore; `dtype=`; integers; infinities where the
formula has no value; `normalize` over several dims, with other `eps`, of no elements, and of float16, in
which `eps` is 0; `rrelu`, `gumbel_softmax`, `hardshrink`, `softshrink`.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from conformance.operation import Operation
from conformance.references import activations as reference
from strategies.cases import activations as cases
from strategies.cases import totals
from strategies.variations import with_nan

AREA = "nn"


def _stated(name: str, *, in_place: bool = False) -> dict[str, str]:
    """Return where it stands how a function is called: the formulas are on the pages of modules."""
    function = f"torch.nn.functional.{name}"
    return {"keywords": function, **({"in_place_elements": f"{function}_"} if in_place else {})}


def _largest(upstream: np.ndarray) -> float:
    return float(np.abs(upstream).max(initial=1.0))


RELU = Operation(
    call="torch.nn.functional.relu(input)",
    in_place="torch.nn.functional.relu_(input)",
    page="torch.nn.ReLU",
    method=False,
    cases=partial(cases.elementwise, infinite=True),
    gives=lambda input: np.where(input <= 0, np.zeros_like(input), input),
    says="relu gives max(0, x) of each element x.",
    either_zero=True,
    smooth=("input",),
    ties=True,
    gradient=lambda upstream, input: upstream * (input > 0),
    scaled=_largest,
    derives="relu passes the gradient to the positive elements, and 0 to the others.",
    nan="gives NaN of NaN",
    observed=("output_dtype",),
    stated={**_stated("relu", in_place=True), "gradient": "notes/autograd"},
)

RELU6 = replace(
    RELU,
    call="torch.nn.functional.relu6(input)",
    in_place=False,
    page="torch.nn.ReLU6",
    gives=reference.in_float64(lambda input: np.clip(input, 0, 6)),
    says="relu6 gives min(max(0, x), 6) of each element x.",
    ties=False,
    gradient=lambda upstream, input: upstream * ((input > 0) & (input < 6)),
    derives="relu6 passes the gradient to the elements between 0 and 6, and 0 to those beyond.",
    stated=_stated("relu6"),
)

LEAKY_RELU = replace(
    RELU,
    call="torch.nn.functional.leaky_relu(input, negative_slope)",
    in_place="torch.nn.functional.leaky_relu_(input, negative_slope)",
    page="torch.nn.LeakyReLU",
    cases=partial(cases.elementwise, infinite=True, negative_slope=(0.01, 0.5, 0.25)),
    gives=reference.leaky_relu,
    says="leaky_relu gives max(0, x) + negative_slope * min(0, x) of each element x.",
    rounds=lambda: 1.0,
    gradient=lambda upstream, input, negative_slope: upstream * np.where(input > 0, 1, negative_slope),
    derives="leaky_relu passes the gradient to the positive elements, to the others times negative_slope.",
    stated={**_stated("leaky_relu", in_place=True), "gradient": "notes/autograd"},
)

ELU = replace(
    LEAKY_RELU,
    call="torch.nn.functional.elu(input, alpha)",
    in_place="torch.nn.functional.elu_(input, alpha)",
    page="torch.nn.ELU",
    cases=partial(cases.elementwise, infinite=True, alpha=(1.0, 0.5, 2.0)),
    gives=reference.elu,
    says="elu gives x of each positive element x, and alpha * (exp(x) - 1) of the others.",
    ties=False,
    gradient=lambda upstream, input, alpha: upstream * reference.elu_slope(input, alpha),
    derives="elu passes the gradient to positive elements x, to the others times alpha * exp(x).",
    stated=_stated("elu", in_place=True),
)

SELU = replace(
    ELU,
    call="torch.nn.functional.selu(input)",
    in_place="torch.nn.functional.selu_(input)",
    page="torch.nn.SELU",
    cases=RELU.cases,
    gives=reference.selu,
    says="selu gives scale * (max(0, x) + min(0, alpha * (exp(x) - 1))) of each element x.",
    gradient=lambda upstream, input: (
        upstream * reference.SELU_SCALE * reference.elu_slope(input, reference.SELU_ALPHA)
    ),
    derives="selu passes the gradient times scale, for elements x that are not positive also alpha * exp(x).",
    stated=_stated("selu", in_place=True),
)

CELU = replace(
    ELU,
    call="torch.nn.functional.celu(input, alpha)",
    in_place="torch.nn.functional.celu_(input, alpha)",
    page="torch.nn.CELU",
    gives=reference.celu,
    says="celu gives max(0, x) + min(0, alpha * (exp(x / alpha) - 1)) of each element x.",
    gradient=lambda upstream, input, alpha: upstream * reference.celu_slope(input, alpha),
    derives="celu passes the gradient to positive elements x, to the others times exp(x / alpha).",
    stated=_stated("celu", in_place=True),
)

GELU = replace(
    ELU,
    call="torch.nn.functional.gelu(input, approximate=approximate)",
    in_place=False,
    page="torch.nn.GELU",
    cases=partial(cases.elementwise, approximate=("none", "tanh")),
    gives=reference.gelu,
    says="gelu gives x * Phi(x) of each element x, or the estimate by tanh of it.",
    gradient=lambda upstream, input, approximate: upstream * reference.gelu_slope(input, approximate),
    derives="gelu passes the gradient times the derivative of x * Phi(x), or of the estimate by tanh.",
    stated=_stated("gelu"),
)

SILU = replace(
    GELU,
    call="torch.nn.functional.silu(input)",
    page="torch.nn.SiLU",
    cases=cases.elementwise,
    gives=reference.silu,
    says="silu gives x * sigmoid(x) of each element x.",
    gradient=lambda upstream, input: upstream * reference.silu_slope(input),
    derives="silu passes the gradient times the derivative of x * sigmoid(x).",
    stated=_stated("silu"),
)

MISH = replace(
    SILU,
    call="torch.nn.functional.mish(input)",
    page="torch.nn.Mish",
    gives=reference.mish,
    says="mish gives x * tanh(softplus(x)) of each element x.",
    gradient=lambda upstream, input: upstream * reference.mish_slope(input),
    derives="mish passes the gradient times the derivative of x * tanh(softplus(x)).",
    stated=_stated("mish"),
)

SOFTPLUS = replace(
    SILU,
    call="torch.nn.functional.softplus(input, beta, threshold)",
    page="torch.nn.Softplus",
    cases=partial(cases.elementwise, infinite=True, beta=(1, 2, 0.5), threshold=(20, 5)),
    gives=reference.softplus,
    says="softplus gives log(1 + exp(beta * x)) / beta of each element x, x where beta * x > threshold.",
    gradient=lambda upstream, input, beta, threshold: (
        upstream * reference.softplus_slope(input, beta, threshold)
    ),
    derives="softplus passes the gradient times sigmoid(beta * x), whole where beta * x > threshold.",
    stated=_stated("softplus"),
)

HARDTANH = replace(
    RELU,
    call="torch.nn.functional.hardtanh(input, min_val, max_val)",
    in_place="torch.nn.functional.hardtanh_(input, min_val, max_val)",
    page="torch.nn.Hardtanh",
    cases=partial(cases.elementwise, infinite=True, min_val=(-1.0, -2.5), max_val=(1.0, 6.0)),
    gives=reference.in_float64(lambda input, min_val, max_val: np.clip(input, min_val, max_val)),
    says="hardtanh gives each element, min_val or max_val in the place of those beyond.",
    ties=False,
    gradient=lambda upstream, input, min_val, max_val: upstream * ((input > min_val) & (input < max_val)),
    derives="hardtanh passes the gradient to the elements between min_val and max_val, and 0 to the others.",
    stated=_stated("hardtanh", in_place=True),
)

HARDSIGMOID = replace(
    SILU,
    call="torch.nn.functional.hardsigmoid(input)",
    page="torch.nn.Hardsigmoid",
    cases=RELU.cases,
    gives=reference.hardsigmoid,
    says="hardsigmoid gives x / 6 + 1 / 2 of each element x between -3 and 3, 0 below and 1 above.",
    gradient=lambda upstream, input: upstream * (np.abs(input) < 3) / 6,
    derives="hardsigmoid passes a sixth of the gradient to the elements between -3 and 3, 0 to the others.",
    stated=_stated("hardsigmoid"),
)

HARDSWISH = replace(
    HARDSIGMOID,
    call="torch.nn.functional.hardswish(input)",
    page="torch.nn.Hardswish",
    gives=reference.hardswish,
    with_nan=lambda: with_nan(cases.elementwise()),  # what infinities become is no matter of NaN
    says="hardswish gives x * (x + 3) / 6 of each element x between -3 and 3, 0 below and x above.",
    gradient=lambda upstream, input: upstream * reference.hardswish_slope(input),
    derives="hardswish passes the gradient times (2 x + 3) / 6 between -3 and 3, 0 below, whole above.",
    stated=_stated("hardswish"),
)

LOGSIGMOID = replace(
    HARDSIGMOID,
    with_nan=None,
    call="torch.nn.functional.logsigmoid(input)",
    page="torch.nn.LogSigmoid",
    gives=reference.logsigmoid,
    says="logsigmoid gives log(1 / (1 + exp(-x))) of each element x.",
    gradient=lambda upstream, input: upstream * reference.sigmoid(-input),
    derives="logsigmoid passes the gradient times sigmoid(-x).",
    stated=_stated("logsigmoid"),
)

TANHSHRINK = replace(
    HARDSIGMOID,
    call="torch.nn.functional.tanhshrink(input)",
    page="torch.nn.Tanhshrink",
    gives=reference.tanhshrink,
    says="tanhshrink gives x - tanh(x) of each element x.",
    gradient=lambda upstream, input: upstream * np.tanh(input) ** 2,
    derives="tanhshrink passes the gradient times the square of tanh(x).",
    stated=_stated("tanhshrink"),
)

SOFTSIGN = replace(
    SILU,
    call="torch.nn.functional.softsign(input)",
    page="torch.nn.Softsign",
    gives=reference.softsign,
    says="softsign gives x / (1 + |x|) of each element x.",
    gradient=lambda upstream, input: upstream / (1 + np.abs(input)) ** 2,
    derives="softsign passes the gradient divided by the square of 1 + |x|.",
    stated=_stated("softsign"),
)

THRESHOLD = replace(
    HARDTANH,
    call="torch.nn.functional.threshold(input, threshold, value)",
    in_place="torch.nn.functional.threshold_(input, threshold, value)",
    page="torch.nn.Threshold",
    cases=partial(cases.elementwise, infinite=True, threshold=(0.0, 1.0, -2.0), value=(0.0, 20.0, -1.0)),
    gives=reference.threshold,
    says="threshold gives each element that is above threshold, and value in the place of the others.",
    gradient=lambda upstream, input, threshold: upstream * (input > threshold),
    derives="threshold passes the gradient to the elements above threshold, and 0 to the others.",
    stated=_stated("threshold", in_place=True),
)

PRELU = replace(
    SILU,
    call="torch.nn.functional.prelu(input, weight)",
    page="torch.nn.functional.prelu",
    cases=cases.weighted_by_channel,
    gives=reference.prelu,
    says="prelu gives max(0, x) + weight * min(0, x) of each element x, weight being that of its channel.",
    smooth=("input", "weight"),
    gradient=reference.prelu_gradient,
    scaled=lambda upstream: float(np.abs(upstream).sum()) * 8 + 1,
    derives="prelu passes the gradient to x, times weight if it is negative, and to weight times min(0, x).",
    stated={"output_shape": "torch.nn.PReLU"},
)

GLU = Operation(
    call="torch.nn.functional.glu(input, dim)",
    method=False,
    cases=cases.halved,
    gives=reference.glu,
    says="glu gives the first half of input along dim times the sigmoid of the second.",
    has_shape="the shape of input with half its size in dim",
    rounds=lambda: 1.0,
    smooth=("input",),
    gradient=reference.glu_gradient,
    scaled=lambda upstream: _largest(upstream) * 8,
    derives="glu passes to each half the gradient times the derivative of the product by it.",
    nan="gives NaN where one of two elements that it multiplies comes from NaN",
    observed=("output_dtype",),
    stated={"output_shape": "torch.nn.GLU"},
)

SOFTMAX = Operation(
    call="torch.nn.functional.softmax(input, dim)",
    cases=partial(totals.over_dim, dtypes=totals.FLOATS, keepdim=False, fill=cases.around_zero, filled=True),
    gives=reference.softmax,
    says="softmax gives the exponential of each element as a part of the sum of those along dim.",
    rounds=lambda: 1.0,
    smooth=("input",),
    gradient=reference.softmax_gradient,
    scaled=_largest,
    derives="softmax passes to each element its share times what its gradient is above the mean by shares.",
    nan="gives NaN all along dim where an element is NaN",
    observed=("output_dtype",),
    stated={"output_shape": "torch.nn.Softmax", "method": "torch.Tensor.softmax"},
)

LOG_SOFTMAX = replace(
    SOFTMAX,
    call="torch.nn.functional.log_softmax(input, dim)",
    method=False,
    gives=reference.log_softmax,
    says="log_softmax gives the logarithm of the softmax along dim.",
    gradient=reference.log_softmax_gradient,
    scaled=lambda upstream: float(np.abs(upstream).sum()) + 1,
    derives="log_softmax passes to each element its gradient without its share of all gradients along dim.",
    stated={"output_shape": "torch.nn.LogSoftmax"},
)

SOFTMIN = replace(
    SOFTMAX,
    call="torch.nn.functional.softmin(input, dim)",
    method=False,
    gives=lambda input, dim: reference.softmax(input=-input, dim=dim),
    says="softmin gives the softmax of the negative elements along dim.",
    gradient=lambda upstream, input, dim: -reference.softmax_gradient(upstream, -input, dim),
    derives="softmin passes to each element its share times what its gradient is below the mean by shares.",
    stated={"output_shape": "torch.nn.Softmin"},
)

NORMALIZE = Operation(
    call="torch.nn.functional.normalize(input, p, dim)",
    method=False,
    cases=partial(
        totals.over_dim,
        dtypes=totals.WIDE_FLOATS,
        keepdim=False,
        min_dims=1,
        full=True,
        p=(2.0, 1.0, float("inf")),
    ),
    gives=reference.normalize,
    says="normalize divides each vector along dim by its p-norm, or by eps if that is larger.",
    out=True,
    promotes=True,
    rounds=lambda: 1.0,
    smooth=("input",),
    derived=partial(
        totals.over_dim, dtypes=totals.FLOATS, keepdim=False, min_dims=1, full=True, most=17, p=(2.0,)
    ),
    gradient=reference.normalize_gradient,
    scaled=lambda upstream: _largest(upstream) * 4000,
    derives="normalize passes what the gradient has across each vector, divided by the norm of that.",
    nan="gives NaN all along dim where an element is NaN",
    observed=("output_shape", "output_dtype"),
)
