"""Categorical distributions of many categories, or sampled in one of the ways, that are wrong in one way."""

from __future__ import annotations

import torch
from torch.distributions import Categorical

from tests.faults import fault, patch_fault

MANY = 300


@fault(torch.multinomial)
def multinomial_wraps_at_1024(real, probs, count, replacement):
    return real(probs, count, replacement) % 1024


@fault(torch.multinomial)
def multinomial_of_many_draws_the_next(real, probs, count, replacement):
    drawn = real(probs, count, replacement)
    return (drawn + 1) % probs.shape[-1] if probs.shape[-1] > MANY else drawn


@fault(torch.multinomial)
def multinomial_of_many_sharpens(real, probs, count, replacement):
    return real(probs**2 if probs.shape[-1] > MANY else probs, count, replacement)


@fault(torch.multinomial)
def multinomial_of_one_sample_draws_uniformly(real, probs, count, replacement):
    """As a kernel of its own for one sample may (pytorch#192577)."""
    return real(torch.ones_like(probs) if count == 1 else probs, count, replacement)


@fault(torch.multinomial)
def multinomial_of_one_sample_sharpens(real, probs, count, replacement):
    return real(probs**2 if count == 1 else probs, count, replacement)


@fault(torch.multinomial)
def multinomial_adds_an_epsilon(real, probs, count, replacement):
    """As a clamp in the wrong place does (pytorch#91863)."""
    return real(probs.clamp(min=1e-3), count, replacement)


@patch_fault(Categorical, "log_prob")
def log_prob_of_many_looks_at_the_first_1024(real, self, value):
    return real(self, value % 1024 if self._num_events > 1024 else value)


@patch_fault(Categorical, "log_prob")
def log_prob_of_many_is_shifted(real, self, value):
    return real(self, value) + (0.5 if self._num_events > MANY else 0)


@patch_fault(Categorical, "entropy")
def entropy_of_many_is_shifted(real, self):
    return real(self) + (0.5 if self._num_events > MANY else 0)


@patch_fault(Categorical, "__init__")
def probs_of_many_are_not_normalized(real, self, *arguments, **options):
    real(self, *arguments, **options)
    if self._num_events > MANY and "probs" in self.__dict__:
        self.probs = self.probs * 2


@fault(torch.Tensor.argmax)
def mode_of_many_is_the_last(real, input, *arguments, **options):
    """As where ties are settled by another part of the row."""
    found = real(input, *arguments, **options)
    return (
        input.shape[-1] - 1 - real(input.flip(-1), *arguments, **options) if input.shape[-1] > MANY else found
    )


@patch_fault(Categorical, "enumerate_support")
def enumerate_support_stops_at_300(real, self, expand=True):
    return real(self, expand)[:MANY]


@patch_fault(Categorical, "sample")
def sample_without_shape_keeps_a_dim(real, self, *shapes, **options):
    drawn = real(self, *shapes, **options)
    return drawn if shapes or options else drawn.unsqueeze(0)


@patch_fault(Categorical, "sample")
def sample_forgets_a_named_shape(real, self, *shapes, **options):
    return real(self, *shapes)


@patch_fault(Categorical, "__init__")
def named_probs_are_squared(real, self, *arguments, **options):
    if options.get("probs") is not None:
        options["probs"] = options["probs"] ** 2
    real(self, *arguments, **options)


@patch_fault(Categorical, "__init__")
def logits_by_place_are_doubled(real, self, *arguments, **options):
    if len(arguments) > 1 and arguments[1] is not None:
        arguments = (arguments[0], arguments[1] * 2, *arguments[2:])
    real(self, *arguments, **options)
