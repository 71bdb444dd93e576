"""Losses: how far what was predicted is from what was to be predicted.

Not covered: `weight` but of `nll_loss` and `cross_entropy`, and their gradients with it; `pos_weight`;
`size_average` and `reduce`; inputs and targets that broadcast; `kl_div` with reduction "mean", and of a
target of 0; the gradient of `binary_cross_entropy` at 0 and 1; targets of which all are ignored,
of several spatial dims, and `nll_loss` and `cross_entropy` of float16; the other losses.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from conformance.operation import Operation
from conformance.references import layers
from conformance.references import losses as reference
from strategies.cases import losses as cases

AREA = "nn"

MSE_LOSS = Operation(
    call="torch.nn.functional.mse_loss(input, target, reduction=reduction)",
    page="torch.nn.MSELoss",
    method=False,
    cases=cases.paired,
    gives=reference.of_terms(lambda input, target: (input - target) ** 2),
    says="mse_loss gives the squares of the differences, as they are, their mean or their sum.",
    has_shape="the shape of input, or no dims if the loss is reduced",
    rounds=lambda: 1.0,
    smooth=("input", "target"),
    gradient=reference.both_ways(lambda away: 2 * away),
    scaled=layers.of_all,
    derives="mse_loss passes to input twice the difference, as a part of the mean if that is taken.",
    derives_empty=False,
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.mse_loss"},
)

L1_LOSS = replace(
    MSE_LOSS,
    call="torch.nn.functional.l1_loss(input, target, reduction=reduction)",
    page="torch.nn.L1Loss",
    gives=reference.of_terms(lambda input, target: np.abs(input - target)),
    says="l1_loss gives the sizes of the differences, as they are, their mean or their sum.",
    gradient=reference.both_ways(np.sign),
    derives="l1_loss passes to input the sign of the difference, as a part of the mean if that is taken.",
    stated={"keywords": "torch.nn.functional.l1_loss"},
)

SMOOTH_L1_LOSS = replace(
    MSE_LOSS,
    call="torch.nn.functional.smooth_l1_loss(input, target, reduction=reduction, beta=beta)",
    page="torch.nn.SmoothL1Loss",
    cases=partial(cases.paired, beta=(1.0, 0.5, 0.0)),
    gives=reference.with_number("beta", reference.smooth_l1),
    says="smooth_l1_loss gives d^2 / (2 beta) of each difference d below beta, and |d| - beta / 2 beyond.",
    gradient=reference.both_ways_with_number("beta", reference.smooth_l1_slope),
    derives="smooth_l1_loss passes to input d / beta of each difference d below beta, and its sign beyond.",
    stated={"keywords": "torch.nn.functional.smooth_l1_loss"},
)

HUBER_LOSS = replace(
    MSE_LOSS,
    call="torch.nn.functional.huber_loss(input, target, reduction=reduction, delta=delta)",
    page="torch.nn.HuberLoss",
    cases=partial(cases.paired, delta=(1.0, 0.5, 2.0)),
    gives=reference.with_number("delta", reference.huber),
    says="huber_loss gives d^2 / 2 of each difference d up to delta, and delta (|d| - delta / 2) beyond.",
    gradient=reference.both_ways_with_number("delta", lambda away, delta: np.clip(away, -delta, delta)),
    derives="huber_loss passes to input each difference, as far as it is not beyond delta.",
    stated={"keywords": "torch.nn.functional.huber_loss"},
)

BINARY_CROSS_ENTROPY = replace(
    MSE_LOSS,
    call="torch.nn.functional.binary_cross_entropy(input, target, reduction=reduction)",
    page="torch.nn.BCELoss",
    cases=partial(cases.paired, fill=cases.parts, target_fill=cases.parts),
    gives=reference.of_terms(reference.binary_cross_entropy),
    says="binary_cross_entropy gives -(y log x + (1 - y) log (1 - x)), no logarithm being below -100.",
    rounds=lambda: 16.0,
    derived=partial(cases.paired, fill=cases.inner_parts, target_fill=cases.parts),
    ties=True,
    gradient=reference.binary_cross_entropy_gradient,
    derives="binary_cross_entropy passes to input the gradient times (x - y) / (x (1 - x)).",
    stated={"keywords": "torch.nn.functional.binary_cross_entropy"},
)

BINARY_CROSS_ENTROPY_WITH_LOGITS = replace(
    BINARY_CROSS_ENTROPY,
    call="torch.nn.functional.binary_cross_entropy_with_logits(input, target, reduction=reduction)",
    page="torch.nn.BCEWithLogitsLoss",
    cases=partial(cases.paired, fill=cases.logits, target_fill=cases.parts),
    gives=reference.of_terms(reference.binary_cross_entropy_with_logits),
    says="binary_cross_entropy_with_logits gives -(y log s + (1 - y) log (1 - s)) for the sigmoid s of x.",
    derived=None,
    gradient=reference.binary_cross_entropy_with_logits_gradient,
    scaled=lambda upstream: layers.of_all(upstream) * 125,
    derives="binary_cross_entropy_with_logits passes to input the gradient times sigmoid(x) - y.",
    stated={"keywords": "torch.nn.functional.binary_cross_entropy_with_logits"},
)

KL_DIV = replace(
    MSE_LOSS,
    call="torch.nn.functional.kl_div(input, target, reduction=reduction, log_target=log_target)",
    page="torch.nn.KLDivLoss",
    cases=partial(
        cases.paired,
        target_fill=cases.positive,
        min_dims=1,
        reduction=("none", "sum", "batchmean"),
        log_target=(False, True),
    ),
    gives=reference.kl_div,
    says="kl_div gives y (log y - x), or exp(y) (y - x) if log_target, or their sum, or that by the batch.",
    rounds=lambda input, target: float(np.abs(np.exp(target.astype(float))).sum()) * 8 + 1,
    ties=True,
    gradient=reference.kl_div_gradient,
    scaled=lambda upstream: layers.of_all(upstream) * 64,
    derives="kl_div passes to input the gradient times -y, or -exp(y) if log_target.",
    stated={"keywords": "torch.nn.functional.kl_div"},
)

NLL_LOSS = Operation(
    call=(
        "torch.nn.functional.nll_loss(input, target, weight, ignore_index=ignore_index, reduction=reduction)"
    ),
    page="torch.nn.NLLLoss",
    method=False,
    cases=partial(cases.classified, smoothing=False),
    gives=reference.nll_loss,
    says="nll_loss gives -weight * x of the class that target names, 0 for ignore_index, or mean or sum.",
    has_shape="the shape of target, or no dims if the loss is reduced",
    rounds=lambda input: float(np.abs(input.astype(float)).sum()) * 4 + 1,
    smooth=("input",),
    derived=partial(cases.classified, smoothing=False, weights=False),
    gradient=reference.nll_loss_gradient,
    scaled=layers.of_all,
    derives="nll_loss passes the negative gradient to the class that target names, but for ignore_index.",
    derives_empty=False,
    observed=("output_dtype",),
    stated={"keywords": "torch.nn.functional.nll_loss"},
    but={"no_base": "torch gives a view of a tensor that it makes for it"},
)

CROSS_ENTROPY = replace(
    NLL_LOSS,
    call=(
        "torch.nn.functional.cross_entropy(input, target, weight, "
        "ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing)"
    ),
    page="torch.nn.CrossEntropyLoss",
    cases=cases.classified,
    gives=reference.cross_entropy,
    says="cross_entropy gives -weight * log softmax(x) of the class of target, smoothed, 0 for ignore_index.",
    derived=partial(cases.classified, weights=False),
    gradient=reference.cross_entropy_gradient,
    derives="cross_entropy passes the gradient times softmax(x) less the shares of target, smoothed.",
    stated={"keywords": "torch.nn.functional.cross_entropy"},
)

CROSS_ENTROPY_OF_PROBABILITIES = replace(
    CROSS_ENTROPY,
    named="cross_entropy_of_probabilities",
    but={},
    call=(
        "torch.nn.functional.cross_entropy(input, target, weight, "
        "reduction=reduction, label_smoothing=label_smoothing)"
    ),
    cases=partial(cases.classified, probabilities=True),
    gives=reference.cross_entropy_of_probabilities,
    says="Of probabilities, cross_entropy gives the sum of -weight * y * log softmax(x) over the classes.",
    has_shape="the shape of input without the classes, or no dims if the loss is reduced",
    smooth=("input", "target"),
    ties=True,
    derived=partial(cases.classified, probabilities=True, weights=False),
    gradient=reference.cross_entropy_of_probabilities_gradient,
    scaled=lambda upstream: layers.of_all(upstream) * 500,
    derives="Of probabilities, cross_entropy passes the gradient times softmax(x) of all shares less these.",
)
