"""Layers that keep state or draw numbers, wrong in one way."""

from __future__ import annotations

from torch.nn import functional

from tests.faults import fault


@fault(functional.batch_norm)
def batch_norm_keeps_running_statistics(real, input, running_mean, running_var, *args, **options):
    if running_mean is None:
        return real(input, running_mean, running_var, *args, **options)
    return real(input, running_mean.clone(), running_var.clone(), *args, **options)


@fault(functional.batch_norm)
def batch_norm_stores_the_biased_variance(real, input, running_mean, running_var, *args, **options):
    before = None if running_var is None else running_var.clone()
    output = real(input, running_mean, running_var, *args, **options)
    if before is not None and options.get("training"):
        count, momentum = input.numel() // input.shape[1], options.get("momentum", 0.1)
        kept = (1 - momentum) * before
        running_var.copy_(kept + (running_var - kept) * (count - 1) / count)
    return output


@fault(functional.batch_norm)
def batch_norm_always_trains(real, input, running_mean, running_var, *args, **options):
    output = real(input, running_mean, running_var, *args, **options)
    if running_mean is not None and not options.get("training"):
        running_mean.add_(1)
    return output


@fault(functional.batch_norm)
def batch_norm_derives_as_if_statistics_stood_still(
    real, input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    if not training or not input.requires_grad:
        return real(input, running_mean, running_var, weight, bias, training, momentum, eps)
    rest = [0, *range(2, input.dim())]
    mean, variance = input.detach().mean(rest), input.detach().var(rest, unbiased=False)
    return real(input, mean, variance, weight, bias, False, momentum, eps)


@fault(functional.dropout)
def dropout_always_trains(real, input, p=0.5, training=True, inplace=False):
    return real(input, p, True, inplace)


@fault(functional.dropout)
def dropout_does_not_scale(real, input, p=0.5, training=True, inplace=False):
    output = real(input, p, training, inplace)
    return output * (1 - p) if training and p < 1 else output


@fault(functional.dropout)
def dropout_keeps_with_probability_p(real, input, p=0.5, training=True, inplace=False):
    return real(input, 1 - p, training, inplace)


@fault(functional.dropout)
def dropout_passes_all_gradients(real, input, p=0.5, training=True, inplace=False):
    output = real(input, p, training, inplace)
    return input + (output - input).detach() if training else output


@fault(functional.dropout)
def dropout_takes_any_probability(real, input, p=0.5, training=True, inplace=False):
    return real(input, min(max(p, 0.0), 1.0), training, inplace)
