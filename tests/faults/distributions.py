"""Distributions of torch.distributions, Categorical apart, wrong in one way."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch.distributions import (
    Bernoulli,
    Binomial,
    Exponential,
    Geometric,
    Independent,
    Normal,
    OneHotCategorical,
    Poisson,
    Uniform,
    bernoulli,
    kl,
)

from tests.faults import _add, patch_fault


def _property(owner: Any, name: str) -> Callable[[Any], Any]:
    """Register a fault of a property, which gets the distribution and what it really has."""

    def register(wrong: Any) -> Any:
        real = getattr(owner, name)
        found = property(lambda self: wrong(self, real.__get__(self)))
        _add(wrong, lambda: mock.patch.object(owner, name, found))
        return wrong

    return register


def _divergence(owner: Any) -> Callable[[Any], Any]:
    """Register a fault of the divergence of two distributions of a class."""

    def register(wrong: Any) -> Any:
        kl.kl_divergence(*_pairs[owner])  # so that the real one is remembered
        real = kl._KL_MEMOIZE[owner, owner]
        found = {(owner, owner): lambda one, other: wrong(real, one, other)}
        _add(wrong, lambda: mock.patch.dict(kl._KL_MEMOIZE, found))
        return wrong

    return register


_pairs = {
    Normal: (Normal(0.0, 1.0), Normal(0.0, 1.0)),
    Bernoulli: (Bernoulli(0.5), Bernoulli(0.5)),
}


def _unvalidated(owner: Any) -> Any:
    """Register a fault that a class takes parameters and values of whatever kind."""

    @contextlib.contextmanager
    def found():
        with (
            mock.patch.object(owner, "arg_constraints", {}),
            mock.patch.object(owner, "_validate_sample", return_value=None),
        ):
            yield

    found.__name__ = f"{owner.__name__.lower()}_validates_nothing"
    found.__module__ = __name__
    _add(found, found)


for _owner in (Normal, Uniform, Exponential, Bernoulli, OneHotCategorical):
    _unvalidated(_owner)


# Normal.


@patch_fault(Normal, "__init__")
def normal_has_the_shape_of_its_loc(real, self, loc, scale, **options):
    real(self, loc, scale, **options)
    self._batch_shape = torch.as_tensor(loc).shape


@patch_fault(Normal, "__init__")
def normal_has_an_event_dim(real, self, loc, scale, **options):
    real(self, loc, scale, **options)
    self._event_shape = torch.Size([1])


@patch_fault(Normal, "__init__")
def normal_cuts_parameters(real, self, loc, scale, **options):
    if loc.dim() and scale.dim() and loc.shape[-1] == 2 and scale.shape[-1] == 3:
        scale = scale[..., :2]
    real(self, loc, scale, **options)


@patch_fault(Normal, "sample")
def normal_ignores_the_sample_shape(real, self, sample_shape=()):
    return real(self)


@patch_fault(Normal, "sample")
def normal_puts_the_sample_shape_last(real, self, sample_shape=()):
    drawn = real(self, sample_shape)
    return drawn.reshape(*self.batch_shape, *sample_shape)


@patch_fault(Normal, "sample")
def normal_draws_half(real, self, *args):
    return real(self, *args).half()


@patch_fault(Normal, "sample")
def normal_sample_is_rsample(real, self, *args):
    return self.rsample(*args)


@patch_fault(Normal, "sample")
def normal_samples_are_too_wide(real, self, *args):
    return self.loc + (real(self, *args) - self.loc) * 1.25


@patch_fault(Normal, "sample")
def normal_samples_are_shifted(real, self, *args):
    return real(self, *args) + self.scale / 5


_calls = itertools.count()


@patch_fault(Normal, "sample")
def normal_samples_ignore_the_seed(real, self, *args):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(next(_calls))
        return real(self, *args)


@patch_fault(Normal, "rsample")
def normal_rsample_forgets_its_loc(real, self, *args):
    drawn = real(self, *args)
    return drawn - self.loc + self.loc.detach()


@patch_fault(Normal, "rsample")
def normal_rsample_forgets_its_scale(real, self, *args):
    drawn = real(self, *args).detach()
    return drawn + self.loc - self.loc.detach() + (self.scale - self.scale.detach())


@patch_fault(Normal, "rsample")
def normal_rsample_is_sample(real, self, *args):
    return real(self, *args).detach()


@patch_fault(Normal, "log_prob")
def normal_log_prob_forgets_the_scale(real, self, value):
    return real(self, value) + self.scale.log()


@patch_fault(Normal, "cdf")
def normal_cdf_is_mirrored(real, self, value):
    return 1 - real(self, value)


@patch_fault(Normal, "icdf")
def normal_icdf_is_that_of_the_standard(real, self, value):
    return (real(self, value) - self.loc) / self.scale


@_property(Normal, "mean")
def normal_mean_is_0(self, found):
    return found * 0


@_property(Normal, "variance")
def normal_variance_is_the_scale(self, found):
    return self.scale


@_property(Normal, "stddev")
def normal_stddev_is_the_variance(self, found):
    return found**2


@patch_fault(Normal, "entropy")
def normal_entropy_forgets_the_scale(real, self):
    return real(self) - self.scale.log()


@patch_fault(Normal, "expand")
def normal_expand_does_nothing(real, self, *args):
    return self


@patch_fault(Normal, "expand")
def normal_expand_forgets_the_loc(real, self, *args):
    found = real(self, *args)
    found.loc = found.loc * 0
    return found


@_divergence(Normal)
def kl_divergence_of_normals_is_reversed(real, one, other):
    return real(other, one)


# Uniform and Exponential.


@patch_fault(Uniform, "rsample")
def uniform_draws_beyond_high(real, self, *args):
    return self.low + (real(self, *args) - self.low) * 1.1


@patch_fault(Uniform, "rsample")
def uniform_draws_low_numbers_more_often(real, self, *args):
    width = self.high - self.low
    return self.low + ((real(self, *args) - self.low) / width) ** 1.3 * width


@patch_fault(Uniform, "log_prob")
def uniform_log_prob_is_that_of_the_standard(real, self, value):
    return real(self, value) * 0


@patch_fault(Uniform, "log_prob")
def uniform_log_prob_knows_no_bounds(real, self, value):
    return -(self.high - self.low).log().expand_as(value)


@patch_fault(Uniform, "log_prob")
def uniform_log_prob_takes_high(real, self, value):
    return torch.where(value == self.high, -(self.high - self.low).log(), real(self, value))


@_property(Uniform, "mean")
def uniform_mean_is_low(self, found):
    return self.low


@_property(Uniform, "variance")
def uniform_variance_is_four_times_as_large(self, found):
    return found * 4


@patch_fault(Uniform, "entropy")
def uniform_entropy_is_in_bits(real, self):
    return real(self) / math.log(2)


@patch_fault(Exponential, "rsample")
def exponential_takes_its_rate_for_a_scale(real, self, *args):
    return real(self, *args) * self.rate**2


@patch_fault(Exponential, "rsample")
def exponential_draws_uniformly(real, self, *args):
    return real(self, *args).clamp(max=2)


@patch_fault(Exponential, "log_prob")
def exponential_log_prob_forgets_the_rate(real, self, value):
    return real(self, value) - self.rate.log()


@_property(Exponential, "mean")
def exponential_mean_is_the_rate(self, found):
    return self.rate


@_property(Exponential, "variance")
def exponential_variance_is_the_mean(self, found):
    return self.mean


@patch_fault(Exponential, "entropy")
def exponential_entropy_adds_the_log(real, self):
    return real(self) + 2 * self.rate.log()


# Bernoulli.


@patch_fault(Bernoulli, "sample")
def bernoulli_ignores_the_sample_shape(real, self, sample_shape=()):
    return real(self)


@patch_fault(Bernoulli, "sample")
def bernoulli_draws_signs(real, self, *args):
    return real(self, *args) * 2 - 1


@patch_fault(Bernoulli, "sample")
def bernoulli_is_never_certain(real, self, *args):
    return (torch.rand_like(real(self, *args)) < self.probs.clamp(0.05, 0.95)).to(self.probs)


@patch_fault(Bernoulli, "sample")
def bernoulli_sharpens(real, self, *args):
    return (torch.rand_like(real(self, *args)) < self.probs**1.3).to(self.probs)


@patch_fault(bernoulli, "probs_to_logits")
def bernoulli_logits_are_log_probabilities(real, probs, **options):
    return probs.log()


@patch_fault(Bernoulli, "log_prob")
def bernoulli_log_prob_is_of_the_other(real, self, value):
    return real(self, 1 - value)


@_property(Bernoulli, "mean")
def bernoulli_mean_is_rounded(self, found):
    return found.round()


@_property(Bernoulli, "variance")
def bernoulli_variance_is_the_stddev(self, found):
    return found.sqrt()


@patch_fault(Bernoulli, "entropy")
def bernoulli_entropy_is_in_bits(real, self):
    return real(self) / math.log(2)


@patch_fault(Bernoulli, "enumerate_support")
def bernoulli_enumerates_1_first(real, self, *args, **options):
    return real(self, *args, **options).flip(0)


@patch_fault(Bernoulli, "__init__")
def bernoulli_prefers_probs(real, self, probs=None, logits=None, **options):
    real(self, probs, None if probs is not None else logits, **options)


@patch_fault(Bernoulli, "__init__")
def bernoulli_takes_logits_for_probs(real, self, probs=None, logits=None, **options):
    real(self, torch.sigmoid(2 * logits) if logits is not None else probs, **options)


@_divergence(Bernoulli)
def kl_divergence_of_bernoullis_is_reversed(real, one, other):
    return real(other, one)


# Binomial, Geometric and Poisson.


@patch_fault(Binomial, "sample")
def binomial_draws_one_trial_more(real, self, *args):
    drawn = real(self, *args)
    return drawn + (torch.rand_like(drawn) < self.probs).to(drawn)


@patch_fault(Binomial, "sample")
def binomial_draws_failures(real, self, *args):
    return self.total_count - real(self, *args)


@patch_fault(Binomial, "log_prob")
def binomial_log_prob_is_of_one_order(real, self, value):
    n = self.total_count
    return real(self, value) - (torch.lgamma(n + 1) - torch.lgamma(value + 1) - torch.lgamma(n - value + 1))


@_property(Binomial, "mean")
def binomial_mean_is_the_probability(self, found):
    return self.probs


@_property(Binomial, "variance")
def binomial_variance_is_that_of_one_trial(self, found):
    return found / self.total_count


@patch_fault(Binomial, "enumerate_support")
def binomial_enumerates_all_but_the_last(real, self, *args, **options):
    return real(self, *args, **options)[:-1]


@patch_fault(Geometric, "sample")
def geometric_counts_the_success(real, self, *args):
    return real(self, *args) + 1


@patch_fault(Geometric, "log_prob")
def geometric_log_prob_counts_the_success(real, self, value):
    return real(self, value) - torch.log1p(-self.probs)


@_property(Geometric, "mean")
def geometric_mean_counts_the_success(self, found):
    return found + 1


@patch_fault(Poisson, "sample")
def poisson_draws_more(real, self, *args):
    drawn = real(self, *args)
    return drawn + (torch.rand_like(drawn) < 0.1).to(drawn)


@patch_fault(Poisson, "log_prob")
def poisson_log_prob_forgets_the_factorial(real, self, value):
    return real(self, value) + torch.lgamma(value + 1)


@_property(Poisson, "mean")
def poisson_mean_is_the_mode(self, found):
    return found.floor()


# OneHotCategorical and Independent.


@patch_fault(OneHotCategorical, "__init__")
def one_hot_has_no_event_dim(real, self, *args, **options):
    real(self, *args, **options)
    self._batch_shape, self._event_shape = self._batch_shape + self._event_shape, torch.Size([])


@patch_fault(OneHotCategorical, "sample")
def one_hot_draws_indices(real, self, *args):
    return real(self, *args).argmax(-1)


@patch_fault(OneHotCategorical, "sample")
def one_hot_draws_two(real, self, *args):
    return real(self, *args).maximum(real(self, *args))


@patch_fault(OneHotCategorical, "log_prob")
def one_hot_log_prob_is_flipped(real, self, value):
    return real(self, value.flip(-1))


@_property(OneHotCategorical, "mean")
def one_hot_mean_is_the_mode(self, found):
    return self.mode


@_property(OneHotCategorical, "variance")
def one_hot_variance_is_the_mean(self, found):
    return self.probs


@patch_fault(OneHotCategorical, "entropy")
def one_hot_entropy_is_in_bits(real, self):
    return real(self) / math.log(2)


@patch_fault(OneHotCategorical, "enumerate_support")
def one_hot_enumerates_backwards(real, self, *args, **options):
    return real(self, *args, **options).flip(0)


@patch_fault(Independent, "__init__")
def independent_moves_the_first_dims(real, self, base, dims, **options):
    real(self, base, dims, **options)
    if len(base.batch_shape) > 1 and dims == 1:
        first, *rest = base.batch_shape
        self._batch_shape, self._event_shape = torch.Size(rest), torch.Size([first])


@patch_fault(Independent, "__init__")
def independent_moves_as_many_as_there_are(real, self, base, dims, **options):
    real(self, base, min(dims, len(base.batch_shape)), **options)


@patch_fault(Independent, "log_prob")
def independent_log_prob_is_a_mean(real, self, value):
    return real(self, value) / max(math.prod(self.event_shape), 1)


@patch_fault(Independent, "entropy")
def independent_entropy_is_of_one(real, self):
    return real(self) / max(math.prod(self.event_shape), 1)
