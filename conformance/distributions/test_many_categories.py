"""Categorical of 301 to 5,003 categories, and each way to sample: with and without a shape, from rows or one.

All weights but five of a row are 0, so that one draw shows a category that wraps around, or is dropped.

Not covered: more than 5,003 categories.
"""

import numpy as np
import torch
from hypothesis import given
from torch.distributions import Categorical

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.categoricals import logits, probabilities, probabilities_to_test
from strategies.cases.many_categories import many_categories, many_categories_of_a_row

CATEGORICAL = "torch.distributions.Categorical"
DISTRIBUTION = "torch.distributions.Distribution"
VALUES = [Need.VALUES]
DRAWS = 2_000


@rule("categorical.sample_of_many", source=CATEGORICAL, needs=VALUES)
@given(case=many_categories())
def test_sample(case):
    """Of hundreds and thousands of categories, too, none of weight 0 is drawn."""
    torch.manual_seed(case.seed)
    weights = reference.drawn(case.probs)

    drawn = Categorical(case.probs).sample((64,))

    expect.possible(drawn, weights)


@rule("categorical.one_sample_of_many", source=CATEGORICAL, needs=VALUES)
@given(case=many_categories())
def test_one_sample(case):
    """sample() without a shape, too, draws no category of weight 0."""
    torch.manual_seed(case.seed)
    weights = reference.drawn(case.probs)

    drawn = Categorical(case.probs).sample()

    expect.possible(drawn.unsqueeze(0), weights)


@rule("categorical.sample_of_many_logits", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=many_categories())
def test_sample_of_logits(case):
    """A category whose logit is so low that its probability is 0 in the dtype is never drawn."""
    torch.manual_seed(case.seed)
    weights = reference.drawn(case.probs)

    drawn = Categorical(logits=case.logits).sample((64,))

    expect.possible(drawn, weights)


@rule("categorical.distribution_of_many", source=CATEGORICAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=many_categories_of_a_row())
def test_distribution(case):
    """Of hundreds and thousands of categories, too, each is drawn with its probability."""
    torch.manual_seed(case.seed)
    expected = reference.normalized(reference.drawn(case.probs))

    drawn = Categorical(case.probs).sample((DRAWS,))

    expect.drawn_from(drawn, expected)


@rule("categorical.log_prob_of_many", source=CATEGORICAL, needs=VALUES)
@given(case=many_categories())
def test_log_prob(case):
    """Of thousands of categories, too, log_prob gives the logarithm of the value's probability."""
    table = reference.normalized(reference.drawn(case.probs))
    expected = np.log(reference.at_value(table, reference.drawn(case.value)))

    output = Categorical(case.probs).log_prob(case.value)

    expect.close(output, expected, dtype=case.probs.dtype)


@rule("categorical.log_prob_of_many_logits", source=CATEGORICAL, needs=VALUES)
@given(case=many_categories())
def test_log_prob_of_logits(case):
    """Given hundreds and thousands of logits, too, log_prob gives the value's normalized logit."""
    table = reference.log_softmax(reference.drawn(case.logits))
    expected = reference.at_value(table, reference.drawn(case.value))

    output = Categorical(logits=case.logits).log_prob(case.value)

    expect.close(output, expected, dtype=case.logits.dtype, scale=30)


@rule("categorical.entropy_of_many", source=f"{DISTRIBUTION}.entropy", needs=VALUES)
@given(case=many_categories())
def test_entropy(case):
    """Of hundreds and thousands of categories, too, the entropy is -sum(p log p), where 0 log 0 is 0."""
    expected = reference.entropy(reference.normalized(reference.drawn(case.probs)))

    output = Categorical(case.probs).entropy()

    expect.close(output, expected, dtype=case.probs.dtype, scale=10)


@rule("categorical.probs_of_many", source=CATEGORICAL, needs=VALUES)
@given(case=many_categories())
def test_probs(case):
    """.probs gives hundreds and thousands of weights, too, divided by their sum along the last dim."""
    expected = reference.normalized(reference.drawn(case.probs))

    output = Categorical(case.probs).probs

    expect.close(output, expected, dtype=case.probs.dtype)


@rule("categorical.mode_of_many", source=f"{DISTRIBUTION}.mode", basis=Basis.OBSERVED, needs=VALUES)
@given(case=many_categories())
def test_mode(case):
    """Of hundreds and thousands of categories, too, the mode is the first of those that are most probable."""
    _, expected = reference.first_largest(reference.drawn(case.probs), -1, keepdim=False)

    output = Categorical(case.probs).mode

    expect.equal_elements(output, expected)


@rule("categorical.enumerate_support_of_many", source=f"{DISTRIBUTION}.enumerate_support", needs=VALUES)
@given(case=many_categories_of_a_row())
def test_enumerate_support(case):
    """enumerate_support counts hundreds and thousands of categories, too, each once."""
    count = case.probs.shape[-1]

    output = Categorical(case.probs).enumerate_support()

    assert output.tolist() == list(range(count))


@rule("categorical.sample_without_shape", source=f"{DISTRIBUTION}.sample", needs=VALUES)
@given(case=probabilities())
def test_without_shape(case):
    """sample() without a shape gives one value for each row: its shape is the batch shape."""
    drawn = Categorical(case.probs).sample()

    assert drawn.shape == case.probs.shape[:-1]


@rule("categorical.sample_by_name", source=f"{DISTRIBUTION}.sample", needs=VALUES)
@given(case=probabilities())
def test_by_name(case):
    """sample takes its shape by name, too, as a torch.Size, and draws no category of weight 0."""
    torch.manual_seed(case.seed)
    weights = reference.drawn(case.probs)

    drawn = Categorical(case.probs).sample(sample_shape=torch.Size((3,)))

    assert drawn.shape == (3, *weights.shape[:-1])
    expect.possible(drawn, weights)


@rule("categorical.distribution_over_rows", source=CATEGORICAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=probabilities_to_test())
def test_distribution_over_rows(case):
    """One sample of many equal rows draws each category with its probability, as many of one row do."""
    torch.manual_seed(case.seed)
    expected = reference.normalized(reference.drawn(case.probs))

    drawn = Categorical(case.probs.expand(DRAWS, -1)).sample()

    expect.drawn_from(drawn, expected)


@rule("categorical.probs_by_name", source=CATEGORICAL, needs=VALUES)
@given(case=probabilities())
def test_probs_by_name(case):
    """probs may be given by name: .probs gives them normalized."""
    expected = reference.normalized(reference.drawn(case.probs))

    output = Categorical(probs=case.probs).probs

    expect.close(output, expected, dtype=case.probs.dtype)


@rule("categorical.logits_by_place", source=CATEGORICAL, needs=VALUES)
@given(case=logits())
def test_logits_by_place(case):
    """logits may be given as the second argument: .logits gives them normalized."""
    expected = reference.log_softmax(reference.drawn(case.logits))

    output = Categorical(None, case.logits).logits

    expect.close(output, expected, dtype=case.logits.dtype, scale=30)
