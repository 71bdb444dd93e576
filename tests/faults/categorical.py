"""Categorical distributions that are wrong in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch.distributions import Categorical, Distribution, Normal, constraints, kl
from torch.distributions import categorical as module

from tests.faults import _add, fault, patch_fault

SIMPLEX = type(constraints.simplex)
REAL_VECTOR = type(constraints.real_vector)


def property_fault(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as a fault of a property of Categorical; it gets the real value."""

    def register(wrong: Callable[..., Any]) -> Callable[..., Any]:
        real = getattr(Categorical, name)
        get: Any = real.fget if isinstance(real, property) else real.wrapped
        made = property(lambda self: wrong(self, get(self)))
        _add(wrong, lambda: mock.patch.object(Categorical, name, made))
        return wrong

    return register


def sampling_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a function as a fault of multinomial."""
    return fault(torch.multinomial)(wrong)


@sampling_fault
def multinomial_sharpens(real, probs, count, replacement):
    return real(probs**1.2, count, replacement)


@sampling_fault
def multinomial_flattens(real, probs, count, replacement):
    return real(probs**0.8, count, replacement)


@sampling_fault
def multinomial_draws_uniformly(real, probs, count, replacement):
    return real(torch.ones_like(probs), count, replacement)


@sampling_fault
def multinomial_counts_from_1(real, probs, count, replacement):
    return real(probs, count, replacement) + 1


@sampling_fault
def multinomial_never_draws_the_last(real, probs, count, replacement):
    return real(probs, count, replacement) % max(probs.shape[-1] - 1, 1)


@sampling_fault
def multinomial_reverses_categories(real, probs, count, replacement):
    return probs.shape[-1] - 1 - real(probs, count, replacement)


@sampling_fault
def multinomial_wraps_at_256(real, probs, count, replacement):
    return real(probs, count, replacement) % 256


@sampling_fault
def multinomial_draws_the_impossible_at_times(real, probs, count, replacement):
    return real(probs + probs.max() / 50, count, replacement)


@sampling_fault
def multinomial_draws_twice_the_same(real, probs, count, replacement):
    drawn = real(probs, count, replacement)
    drawn[..., 1::2] = drawn[..., ::2][..., : drawn[..., 1::2].shape[-1]]
    return drawn


@sampling_fault
def multinomial_draws_all_rows_alike(real, probs, count, replacement):
    if probs.dim() < 2 or len(probs) < 2:
        return real(probs, count, replacement)
    places = torch.rand(count, dtype=torch.float64)
    return torch.stack([torch.searchsorted(row.double().cumsum(0) / row.sum(), places) for row in probs])


@sampling_fault
def multinomial_draws_all_rows_from_the_first(real, probs, count, replacement):
    return real(probs[:1].expand_as(probs) if probs.dim() == 2 else probs, count, replacement)


@sampling_fault
def multinomial_ignores_the_seed(real, probs, count, replacement):
    with torch.random.fork_rng():
        torch.seed()
        return real(probs, count, replacement)


@sampling_fault
def multinomial_does_not_advance(real, probs, count, replacement):
    with torch.random.fork_rng():
        return real(probs, count, replacement)


@sampling_fault
def multinomial_draws_backwards_for_one_row(real, probs, count, replacement):
    drawn = real(probs, count, replacement)
    return drawn.flip(-1) if probs.dim() == 1 else drawn


@sampling_fault
def multinomial_takes_negative_weights(real, probs, count, replacement):
    return real(probs.clamp(min=0), count, replacement)


@sampling_fault
def multinomial_gives_int32(real, probs, count, replacement):
    return real(probs, count, replacement).int()


@sampling_fault
def multinomial_refuses_one_category(real, probs, count, replacement):
    if probs.shape[-1] < 2:
        raise RuntimeError("nothing to choose from")
    return real(probs, count, replacement)


@patch_fault(Categorical, "__init__")
def categorical_takes_any_parameters(real, self, probs=None, logits=None, validate_args=None):
    if (probs is None) == (logits is None):
        probs, logits = torch.ones(2) if probs is None else probs, None
    real(self, probs, logits, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_takes_0d_probs(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs.reshape(1) if probs is not None and not probs.dim() else probs, logits, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_takes_0d_logits(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits.reshape(1) if logits is not None and not logits.dim() else logits, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_takes_lists(real, self, probs=None, logits=None, validate_args=None):
    real(self, torch.as_tensor(probs) if isinstance(probs, (list, float)) else probs, logits, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_drops_the_least_weights(real, self, probs=None, logits=None, validate_args=None):
    # 3e-6, all of what float32 rounds if a tolerance is absolute.
    if probs is not None and probs.dim():
        probs = probs * (probs > 3e-6 * probs.sum(-1, keepdim=True))
    real(self, probs, logits, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_rescues_huge_weights(real, self, probs=None, logits=None, validate_args=None):
    if probs is not None and probs.dim():
        probs = probs / probs.abs().amax(-1, keepdim=True)
    real(self, probs, logits, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_shifts_logits_by_the_first(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, validate_args)
    if logits is not None:
        self.logits = self._param = logits - logits[..., :1]


@patch_fault(Categorical, "__init__")
def categorical_clips_unvalidated_probs(real, self, probs=None, logits=None, validate_args=None):
    real(
        self,
        probs.clamp(min=0) if probs is not None and validate_args is False else probs,
        logits,
        validate_args,
    )


@patch_fault(Categorical, "__init__")
def categorical_validates_on_demand_only(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, bool(validate_args))


@patch_fault(Categorical, "__init__")
def categorical_validates_unless_told_not_to(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, validate_args is not False)


@patch_fault(Categorical, "__init__")
def categorical_reads_probs_at_once(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, validate_args)
    if logits is not None:
        self.probs = logits.detach().softmax(-1)


@patch_fault(Categorical, "__init__")
def categorical_does_not_normalize(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, validate_args)
    if probs is not None:
        self.probs = self._param = probs
    else:
        self.logits = self._param = logits


@patch_fault(Categorical, "__init__")
def categorical_takes_the_sum_for_a_constant(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, validate_args)
    if probs is not None:
        self.probs = self._param = probs / probs.sum(-1, keepdim=True).detach()


@patch_fault(Categorical, "__init__")
def categorical_normalizes_the_batch(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, validate_args)
    if probs is not None:
        self.probs = self._param = probs / probs.sum()
    else:
        self.logits = self._param = logits - logits.logsumexp(tuple(range(logits.dim())))


@patch_fault(Categorical, "__init__")
def categorical_swaps_rows_of_a_square(real, self, probs=None, logits=None, validate_args=None):
    swapped = [
        found.transpose(0, 1)
        if found is not None and found.dim() > 2 and found.shape[0] == found.shape[1]
        else found
        for found in (probs, logits)
    ]
    real(self, *swapped, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_misreads_transposed_parameters(real, self, probs=None, logits=None, validate_args=None):
    from tests.faults.memory import misread, transposed

    read = [misread(found) if found is not None and transposed(found) else found for found in (probs, logits)]
    real(self, *read, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_misreads_expanded_parameters(real, self, probs=None, logits=None, validate_args=None):
    from tests.faults.memory import expanded, misread

    read = [misread(found) if found is not None and expanded(found) else found for found in (probs, logits)]
    real(self, *read, validate_args)


@patch_fault(Categorical, "__init__")
def categorical_always_validates(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, True)


@patch_fault(Categorical, "__init__")
def categorical_never_validates(real, self, probs=None, logits=None, validate_args=None):
    real(self, probs, logits, False)


@patch_fault(SIMPLEX, "check")
def simplex_checks_the_sum_only(real, self, value):
    return (value.sum(-1) - 1).abs() < 1e-6


@patch_fault(SIMPLEX, "check")
def simplex_checks_signs_only(real, self, value):
    return ~(value < 0).any(-1)


@patch_fault(SIMPLEX, "check")
def simplex_checks_the_first_row_only(real, self, value):
    return real(self, value.reshape(-1, value.shape[-1])[0])


@patch_fault(REAL_VECTOR, "check")
def real_vector_is_not_checked(real, self, value):
    return torch.ones(value.shape[:-1], dtype=torch.bool)


@patch_fault(REAL_VECTOR, "check")
def real_vector_takes_no_rows(real, self, value):
    return real(self, value) if value.numel() else torch.ones(value.shape[:-1], dtype=torch.bool)


@patch_fault(REAL_VECTOR, "check")
def real_vector_refuses_infinity(real, self, value):
    return value.isfinite().all(-1)


@patch_fault(Distribution, "set_default_validate_args")
def default_validation_takes_anything(real, value):
    return None


@property_fault("batch_shape")
def batch_shape_counts_the_categories(self, real):
    return self._param.shape


@property_fault("batch_shape")
def batch_shape_drops_size_1(self, real):
    return torch.Size(size for size in real if size != 1)


@property_fault("event_shape")
def event_shape_is_1(self, real):
    return torch.Size((1,))


@property_fault("param_shape")
def param_shape_is_the_batch_shape(self, real):
    return real[:-1]


@patch_fault(Categorical, "sample")
def sample_puts_the_batch_first(real, self, sample_shape=()):
    drawn = real(self, sample_shape)
    return drawn.reshape(*self._batch_shape, *sample_shape)


@patch_fault(Categorical, "sample")
def sample_drops_size_1(real, self, sample_shape=()):
    return real(self, sample_shape).squeeze()


@patch_fault(Categorical, "sample")
def sample_is_1d_at_least(real, self, sample_shape=()):
    return torch.atleast_1d(real(self, sample_shape))


@patch_fault(Categorical, "sample")
def sample_is_float(real, self, sample_shape=()):
    return real(self, sample_shape).to(self._param.dtype)


@patch_fault(Categorical, "sample")
def sample_keeps_the_graph(real, self, sample_shape=()):
    drawn = real(self, sample_shape)
    return drawn + self._param.sum() * 0


@patch_fault(Categorical, "sample")
def sample_stacks_draws_by_row(real, self, sample_shape=()):
    drawn = real(self, sample_shape)
    if drawn.dim() != 2:
        return drawn
    return drawn.t().reshape(drawn.shape)


@patch_fault(Categorical, "sample")
def sample_takes_a_number(real, self, sample_shape=()):
    return real(self, (sample_shape,) if isinstance(sample_shape, int) else sample_shape)


@patch_fault(Categorical, "sample")
def sample_takes_a_generator(real, self, sample_shape=(), generator=None):
    return real(self, sample_shape)


@patch_fault(Distribution, "sample_n")
def sample_n_puts_n_last(real, self, n):
    return real(self, n).movedim(0, -1)


@patch_fault(Distribution, "sample_n")
def sample_n_draws_backwards(real, self, n):
    return real(self, n).flip(0)


@patch_fault(Distribution, "sample_n")
def sample_n_is_silent(real, self, n):
    return self.sample((n,))


@patch_fault(Categorical, "log_prob")
def log_prob_gives_the_probability(real, self, value):
    return real(self, value).exp()


@patch_fault(Categorical, "log_prob")
def log_prob_is_in_bits(real, self, value):
    return real(self, value) / torch.tensor(2.0).log()


@patch_fault(Categorical, "log_prob")
def log_prob_does_not_broadcast(real, self, value):
    if value.shape != self._batch_shape:
        raise ValueError("shape")
    return real(self, value)


@patch_fault(Categorical, "log_prob")
def log_prob_stretches_any_value(real, self, value):
    try:
        return real(self, value)
    except ValueError:
        return torch.zeros(self._batch_shape)


@patch_fault(Categorical, "log_prob")
def log_prob_wraps_at_256(real, self, value):
    return real(self, value % 256)


@patch_fault(Categorical, "log_prob")
def log_prob_takes_python_numbers(real, self, value):
    return real(self, torch.as_tensor(value))


@patch_fault(Categorical, "log_prob")
def log_prob_is_finite(real, self, value):
    return real(self, value).nan_to_num(neginf=-1e4)


@patch_fault(Categorical, "log_prob")
def log_prob_refuses_float(real, self, value):
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        raise TypeError("int64 only")
    return real(self, value)


@patch_fault(Categorical, "log_prob")
def log_prob_rounds_values(real, self, value):
    return real(self, value.round() if value.is_floating_point() else value)


@patch_fault(Categorical, "log_prob")
def log_prob_wraps_values(real, self, value):
    return real(self, value % self._num_events)


@patch_fault(Categorical, "log_prob")
def log_prob_of_certain_is_clamped(real, self, value):
    return real(self, value).clamp(max=-1e-3)


@patch_fault(Categorical, "log_prob")
def log_prob_is_float32(real, self, value):
    return real(self, value).float()


@patch_fault(Categorical, "log_prob")
def log_prob_has_no_gradient(real, self, value):
    return real(self, value).detach().requires_grad_()


@patch_fault(Categorical, "log_prob")
def log_prob_forgets_the_normalizer_in_backward(real, self, value):
    found = real(self, value)
    parameter = self._param
    if not parameter.requires_grad:
        return found
    return found + 0.5 * parameter.sum() - 0.5 * parameter.sum().detach()


@patch_fault(Categorical, "entropy")
def entropy_is_in_bits(real, self):
    return real(self) / torch.tensor(2.0).log()


@patch_fault(Categorical, "entropy")
def entropy_of_zero_is_nan(real, self):
    return -(self.probs * self.probs.log()).sum(-1)


@patch_fault(Categorical, "entropy")
def entropy_is_that_of_the_uniform(real, self):
    return torch.full_like(real(self), self._num_events).log()


@patch_fault(Categorical, "entropy")
def entropy_is_summed_over_the_batch(real, self):
    return real(self).sum()


@patch_fault(Categorical, "entropy")
def entropy_is_negative(real, self):
    return -real(self)


@patch_fault(Distribution, "perplexity")
def perplexity_is_2_to_the_entropy(real, self):
    return 2 ** self.entropy()


@patch_fault(Categorical, "enumerate_support")
def support_is_enumerated_last(real, self, expand=True):
    return real(self, expand).movedim(0, -1)


@patch_fault(Categorical, "enumerate_support")
def support_is_always_expanded(real, self, expand=True):
    return real(self, True)


@patch_fault(Categorical, "enumerate_support")
def support_is_never_expanded(real, self, expand=True):
    return real(self, False)


@patch_fault(Categorical, "enumerate_support")
def support_counts_from_1(real, self, expand=True):
    return real(self, expand) + 1


@property_fault("support")
def support_includes_k(self, real):
    return constraints.integer_interval(0, self._num_events)


@property_fault("support")
def support_excludes_the_last(self, real):
    return constraints.integer_interval(0, max(self._num_events - 2, 0))


@property_fault("support")
def support_includes_fractions(self, real):
    return constraints.interval(-0.6, self._num_events - 1)


@property_fault("support")
def support_has_no_lower_end(self, real):
    return constraints.less_than(self._num_events)


@property_fault("mode")
def mode_is_the_least_probable(self, real):
    return self.probs.argmin(-1)


@property_fault("mode")
def mode_is_the_last_of_ties(self, real):
    return self._num_events - 1 - self.probs.flip(-1).argmax(-1)


@property_fault("mean")
def mean_is_computed(self, real):
    return (self.probs * torch.arange(self._num_events)).sum(-1)


@property_fault("mean")
def mean_is_float32(self, real):
    return real.float()


@property_fault("variance")
def variance_is_zero(self, real):
    return torch.zeros_like(real)


@patch_fault(Categorical, "expand")
def expand_keeps_the_batch_shape(real, self, batch_shape, _instance=None):
    real(self, batch_shape, _instance)
    return self


@patch_fault(Categorical, "expand")
def expand_copies(real, self, batch_shape, _instance=None):
    new = real(self, batch_shape, _instance)
    for name in ("probs", "logits"):
        if name in new.__dict__:
            new.__dict__[name] = new._param = new.__dict__[name].clone()
    return new


@patch_fault(Categorical, "expand")
def expand_resets_the_parameters(real, self, batch_shape, _instance=None):
    new = real(self, batch_shape, _instance)
    for name in ("probs", "logits"):
        if name in new.__dict__:
            new.__dict__[name] = new._param = torch.zeros_like(new.__dict__[name])
    return new


@patch_fault(Categorical, "expand")
def expand_samples_once_for_all(real, self, batch_shape, _instance=None):
    new = real(self, batch_shape, _instance)
    new.sample = self.sample
    return new


@patch_fault(module, "logits_to_probs")
def probs_are_normalized_over_the_first_dim(real, logits):
    return logits.softmax(0)


@patch_fault(module, "logits_to_probs")
def probs_are_not_normalized(real, logits):
    return logits.exp() * 2


@patch_fault(module, "probs_to_logits")
def logits_are_in_base_10(real, probs):
    return real(probs).div(torch.tensor(10.0).log())


@patch_fault(module, "probs_to_logits")
def logits_are_clamped_at_minus_3(real, probs):
    return real(probs).clamp(min=-3)


@patch_fault(Categorical, "expand")
def expand_repeats_what_does_not_fit(real, self, batch_shape, _instance=None):
    try:
        return real(self, batch_shape, _instance)
    except RuntimeError:
        return self


@patch_fault(Categorical, "expand")
def expand_shuffles_rows(real, self, batch_shape, _instance=None):
    new = real(self, batch_shape, _instance)
    for name in ("probs", "logits"):
        if name in new.__dict__ and len(batch_shape):
            new.__dict__[name] = new._param = new.__dict__[name].flip(-1, -2)
    return new


def _divergence(wrong: Callable[..., Any]) -> Callable[..., Any]:
    key = (Categorical, Categorical)
    real = kl._KL_REGISTRY[key]
    made = lambda: mock.patch.dict(kl._KL_MEMOIZE, {key: lambda p, q: wrong(real, p, q)})  # noqa: E731
    _add(wrong, made)
    return wrong


@_divergence
def kl_divergence_is_reversed(real, p, q):
    return real(q, p)


@_divergence
def kl_divergence_is_finite(real, p, q):
    return real(p, q).nan_to_num(posinf=1e4)


@_divergence
def kl_divergence_of_zero_is_nan(real, p, q):
    return (p.probs * (p.probs.log() - q.probs.log())).sum(-1)


@_divergence
def kl_divergence_drops_categories(real, p, q):
    count = min(p._num_events, q._num_events)
    return real(Categorical(p.probs[..., :count]), Categorical(q.probs[..., :count]))


@_divergence
def kl_divergence_is_summed(real, p, q):
    return real(p, q).sum()


def kl_divergence_of_anything_is_zero() -> None: ...


_add(
    kl_divergence_of_anything_is_zero,
    lambda: mock.patch.dict(kl._KL_MEMOIZE, {(Categorical, Normal): lambda p, q: torch.zeros(())}),
)


def _flag(name: str, value: object, wrong: str) -> None:
    def named() -> None: ...

    named.__name__ = wrong
    _add(named, lambda: mock.patch.object(Categorical, name, value))


_flag("has_rsample", True, "categorical_claims_rsample")
_flag("has_enumerate_support", False, "categorical_denies_enumeration")
_flag("rsample", Categorical.sample, "rsample_samples")
_flag("cdf", lambda self, value: value * 0.0, "cdf_is_0")
_flag("icdf", lambda self, value: value * 0.0, "icdf_is_0")
