"""torch.distributions.Categorical: integers 0 … K-1 drawn with given probabilities.

The seed note's "probabilities that sum to 1" is narrower than the fact: any non-negative, finite weights with
a sum that is not 0 will do, and `.probs` gives them normalized.

The distribution itself is tested by the relative entropy of what is drawn: 20,000 draws for each of 100 sets
of probabilities. A right device fails such a rule once in 10**9 runs at most; probabilities raised to the
power of 1.2 are found in the default run.

Not covered: float16 and bfloat16 parameters, whose rounding the check of the simplex does not allow for;
more than 2**24 categories; `cdf` and `icdf`, which Categorical does not have.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from torch.distributions import Categorical, Distribution, Normal, kl_divergence

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.categorical_misuses import (
    logits_with,
    logits_without_mass,
    probabilities_all_negative,
    probabilities_with,
    probabilities_without_mass,
    values_of_another_shape,
    values_outside_the_support,
)
from strategies.cases.categoricals import (
    logits,
    logits_and_value,
    logits_of_no_batch,
    logits_with_minus_infinity,
    one_hot_probabilities,
    pairs_of_probabilities,
    probabilities,
    probabilities_and_value,
    probabilities_of_huge_weights,
    probabilities_of_two_rows,
    probabilities_to_expand,
    probabilities_to_sample,
    probabilities_to_test,
)

CATEGORICAL = "torch.distributions.Categorical"
DISTRIBUTION = "torch.distributions.Distribution"
VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]
RANDOM = [Need.VALUES, Need.SEEDING]
DRAWS = 20_000


@rule("categorical.neither_parameter", source=CATEGORICAL, kind=Kind.ERROR, seed="Categorical", needs=VALUES)
@given(case=probabilities())
def test_neither_parameter(case):
    """Neither probs nor logits given raises ValueError."""
    Categorical(probs=case.probs)

    with pytest.raises(ValueError):
        Categorical()


@rule("categorical.both_parameters", source=CATEGORICAL, kind=Kind.ERROR, seed="Categorical", needs=VALUES)
@given(case=probabilities())
def test_both_parameters(case):
    """Both probs and logits given raises ValueError."""
    Categorical(probs=case.probs)

    with pytest.raises(ValueError):
        Categorical(probs=case.probs, logits=case.probs)


@rule("categorical.0d_probs", source=CATEGORICAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities())
def test_0d_probs(case):
    """0-d probs raise ValueError: there is no dim of categories."""
    Categorical(probs=case.probs)

    with pytest.raises(ValueError):
        Categorical(probs=case.probs.sum())


@rule("categorical.probs_normalized", source=CATEGORICAL, seed="Categorical", needs=VALUES)
@given(case=probabilities())
def test_probs_normalized(case):
    """.probs gives the weights divided by their sum along the last dim."""
    expected = reference.normalized(reference.host(case.probs))

    distribution = Categorical(case.probs)

    expect.close(distribution.probs, expected, dtype=case.probs.dtype)


@rule("categorical.logits_normalized", source=CATEGORICAL, needs=VALUES)
@given(case=logits())
def test_logits_normalized(case):
    """.logits gives the logits shifted so that their probabilities sum to 1 along the last dim."""
    expected = reference.log_softmax(reference.host(case.logits))

    distribution = Categorical(logits=case.logits)

    expect.close(distribution.logits, expected, dtype=case.logits.dtype, scale=1000)


@rule("categorical.probs_of_logits", source=CATEGORICAL, needs=VALUES)
@given(case=logits())
def test_probs_of_logits(case):
    """Given logits, .probs gives their exponentials, normalized to sum to 1 along the last dim."""
    expected = np.exp(reference.log_softmax(reference.host(case.logits)))

    distribution = Categorical(logits=case.logits)

    expect.close(distribution.probs, expected, dtype=case.logits.dtype, scale=10)


@rule("categorical.logits_of_probs", source=CATEGORICAL, needs=VALUES)
@given(case=probabilities(zeros=False))
def test_logits_of_probs(case):
    """Given probs, .logits gives the logarithms of the normalized ones."""
    expected = np.log(reference.normalized(reference.host(case.probs)))

    distribution = Categorical(case.probs)

    expect.close(distribution.logits, expected, dtype=case.probs.dtype)


@rule("categorical.shifted_logits", source=CATEGORICAL, needs=VALUES)
@given(case=logits())
def test_shifted_logits(case):
    """Adding 8 to all logits changes no probability: they are unnormalized."""
    expected = np.exp(reference.log_softmax(reference.host(case.logits)))

    distribution = Categorical(logits=case.logits + 8)

    expect.close(distribution.probs, expected, dtype=case.logits.dtype, scale=100)


@rule("categorical.scaled_probs", source=CATEGORICAL, needs=VALUES)
@given(case=probabilities())
def test_scaled_probs(case):
    """Multiplying all weights by 8 changes no probability: they are relative."""
    expected = reference.normalized(reference.host(case.probs))

    distribution = Categorical(case.probs * 8)

    expect.close(distribution.probs, expected, dtype=case.probs.dtype)


@rule("categorical.negative_prob", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_with(-0.0625))
def test_negative_prob(case):
    """A negative weight among positive ones raises ValueError."""
    Categorical(case.mended_probs)

    with pytest.raises(ValueError):
        Categorical(case.probs)


@rule("categorical.negative_row", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_all_negative())
def test_negative_row(case):
    """A row of negative weights raises ValueError."""
    Categorical(case.mended_probs)

    with pytest.raises(ValueError):
        Categorical(case.probs)


@rule("categorical.nan_prob", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_with(math.nan))
def test_nan_prob(case):
    """A NaN among the weights raises ValueError."""
    Categorical(case.mended_probs)

    with pytest.raises(ValueError):
        Categorical(case.probs)


@rule("categorical.infinite_prob", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_with(math.inf))
def test_infinite_prob(case):
    """An infinite weight raises ValueError."""
    Categorical(case.mended_probs)

    with pytest.raises(ValueError):
        Categorical(case.probs)


@rule("categorical.zero_sum", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_without_mass())
def test_zero_sum(case):
    """A row of weights that are all 0 raises ValueError."""
    Categorical(case.mended_probs)

    with pytest.raises(ValueError):
        Categorical(case.probs)


@rule("categorical.huge_probs", source=CATEGORICAL, needs=VALUES)
@given(case=probabilities_of_huge_weights())
def test_huge_probs(case):
    """Finite weights are normalized however large they are."""
    expected = reference.normalized(np.ones_like(reference.host(case.probs)))

    distribution = Categorical(case.probs)

    expect.close(distribution.probs, expected, dtype=case.probs.dtype)


@rule("categorical.nan_logit", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=logits_with(math.nan))
def test_nan_logit(case):
    """A NaN among the logits raises ValueError."""
    Categorical(logits=case.mended_logits)

    with pytest.raises(ValueError):
        Categorical(logits=case.logits)


@rule("categorical.infinite_logit", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=logits_with(math.inf))
def test_infinite_logit(case):
    """A logit of +inf, which is no real number, raises ValueError."""
    Categorical(logits=case.mended_logits)

    with pytest.raises(ValueError):
        Categorical(logits=case.logits)


@rule(
    "categorical.minus_infinite_row", source=CATEGORICAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES
)
@given(case=logits_without_mass())
def test_minus_infinite_row(case):
    """A row of logits that are all -inf raises ValueError."""
    Categorical(logits=case.mended_logits)

    with pytest.raises(ValueError):
        Categorical(logits=case.logits)


@rule("categorical.minus_infinite_logit", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=logits_with_minus_infinity())
def test_minus_infinite_logit(case):
    """A logit of -inf in a row with finite ones stands for probability 0."""
    expected = np.exp(reference.log_softmax(reference.host(case.logits)))

    distribution = Categorical(logits=case.logits)

    expect.close(distribution.probs, expected, dtype=case.logits.dtype, scale=10)


@rule("categorical.validation_off", source=DISTRIBUTION, needs=VALUES)
@given(case=probabilities_with(-0.0625))
def test_validation_off(case):
    """With validate_args=False, weights that would be refused are taken."""
    expected = reference.normalized(reference.host(case.probs))

    distribution = Categorical(case.probs, validate_args=False)

    expect.close(distribution.probs, expected, dtype=case.probs.dtype, scale=1000)


@rule("categorical.validation_default", source=f"{DISTRIBUTION}.set_default_validate_args", kind=Kind.ERROR)
@given(case=probabilities())
def test_validation_default(case):
    """A default for validation that is neither True nor False raises ValueError."""
    Distribution.set_default_validate_args(True)

    with pytest.raises(ValueError):
        Distribution.set_default_validate_args(case.probs.dim() + 2)


@rule("categorical.batch_shape", source=CATEGORICAL, seed="Categorical", needs=VALUES)
@given(case=probabilities())
def test_batch_shape(case):
    """The batch shape is the shape of probs without its last dim."""
    distribution = Categorical(case.probs)

    assert distribution.batch_shape == case.probs.shape[:-1]


@rule("categorical.batch_shape_of_logits", source=CATEGORICAL, needs=VALUES)
@given(case=logits())
def test_batch_shape_of_logits(case):
    """The batch shape is the shape of logits without its last dim."""
    distribution = Categorical(logits=case.logits)

    assert distribution.batch_shape == case.logits.shape[:-1]


@rule("categorical.empty_batch", source=CATEGORICAL, needs=VALUES)
@given(case=logits_of_no_batch())
def test_empty_batch(case):
    """Logits with a batch dim of size 0 are taken: the batch shape has that 0."""
    distribution = Categorical(logits=case.logits)

    assert distribution.batch_shape == case.logits.shape[:-1]


@rule("categorical.event_shape", source=CATEGORICAL, needs=VALUES)
@given(case=probabilities())
def test_event_shape(case):
    """The event shape is (): each draw is one integer."""
    distribution = Categorical(case.probs)

    assert distribution.event_shape == ()


@rule("categorical.param_shape", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_param_shape(case):
    """param_shape is the shape of probs, categories included."""
    distribution = Categorical(case.probs)

    assert distribution.param_shape == case.probs.shape


@rule("categorical.sample_shape", source=f"{DISTRIBUTION}.sample", seed="Categorical", needs=VALUES)
@given(case=probabilities_to_sample())
def test_sample_shape(case):
    """A sample has the sample shape followed by the batch shape."""
    drawn = Categorical(case.probs).sample(case.sample_shape)

    assert drawn.shape == case.sample_shape + case.probs.shape[:-1]


@rule("categorical.sample_of_nothing", source=f"{DISTRIBUTION}.sample", needs=VALUES)
@given(case=probabilities())
def test_sample_of_nothing(case):
    """A sample shape of (0,) gives an empty sample of that shape followed by the batch shape."""
    drawn = Categorical(case.probs).sample((0,))

    assert drawn.shape == (0, *case.probs.shape[:-1])


@rule("categorical.sample_dtype", source=CATEGORICAL, seed="Categorical", needs=VALUES)
@given(case=probabilities_to_sample())
def test_sample_dtype(case):
    """Samples are int64, whatever the dtype of probs."""
    drawn = Categorical(case.probs).sample(case.sample_shape)

    assert drawn.dtype == torch.int64


@rule("categorical.sample_range", source=CATEGORICAL, seed="Categorical", needs=RANDOM)
@given(case=probabilities_to_sample())
def test_sample_range(case):
    """Samples lie between 0 and K - 1, for K categories."""
    torch.manual_seed(case.seed)

    drawn = Categorical(case.probs).sample((64, *case.sample_shape))

    assert ((drawn >= 0) & (drawn < case.probs.shape[-1])).all()


@rule("categorical.zero_probability", source=CATEGORICAL, seed="Categorical", needs=RANDOM)
@given(case=probabilities_to_sample())
def test_zero_probability(case):
    """A category of probability 0 is never drawn, in no row of a batch."""
    torch.manual_seed(case.seed)
    weights = reference.host(case.probs)

    drawn = Categorical(case.probs).sample((64,))

    expect.possible(drawn, weights)


@rule("categorical.certain", source=CATEGORICAL, needs=RANDOM)
@given(case=one_hot_probabilities())
def test_certain(case):
    """Where one category alone has a weight, it is drawn every time."""
    torch.manual_seed(case.seed)
    expected = np.broadcast_to(reference.host(case.probs).argmax(-1), (16, *case.probs.shape[:-1]))

    drawn = Categorical(case.probs).sample((16,))

    expect.same_elements(drawn, expected)


@rule("categorical.distribution", source=CATEGORICAL, kind=Kind.STATISTICAL, seed="Categorical", needs=VALUES)
@given(case=probabilities_to_test())
def test_distribution(case):
    """Each category is drawn with its probability."""
    torch.manual_seed(case.seed)
    expected = reference.normalized(reference.host(case.probs))

    drawn = Categorical(case.probs).sample((DRAWS,))

    expect.drawn_from(drawn, expected)


@rule("categorical.distribution_of_logits", source=CATEGORICAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=probabilities_to_test())
def test_distribution_of_logits(case):
    """Given the logarithms of weights, each category is drawn with its probability."""
    torch.manual_seed(case.seed)
    expected = reference.normalized(reference.host(case.probs))

    drawn = Categorical(logits=case.probs.log()).sample((DRAWS,))

    expect.drawn_from(drawn, expected)


@rule("categorical.distribution_of_rows", source=CATEGORICAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=probabilities_of_two_rows())
def test_distribution_of_rows(case):
    """The rows of a batch are drawn independently, each with its own probabilities."""
    torch.manual_seed(case.seed)
    one, two = reference.normalized(reference.host(case.probs))

    drawn = Categorical(case.probs).sample((DRAWS,))

    expect.drawn_from(drawn[:, 0] * len(two) + drawn[:, 1], np.outer(one, two).reshape(-1))


@rule("categorical.independent_draws", source=CATEGORICAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=probabilities_of_two_rows())
def test_independent_draws(case):
    """One draw and the next are independent."""
    torch.manual_seed(case.seed)
    one, _ = reference.normalized(reference.host(case.probs))

    drawn = Categorical(case.probs[0]).sample((DRAWS, 2))

    expect.drawn_from(drawn[:, 0] * len(one) + drawn[:, 1], np.outer(one, one).reshape(-1))


@rule("categorical.reproducible", source="notes/randomness", needs=RANDOM)
@given(case=probabilities_to_sample())
def test_reproducible(case):
    """The same seed gives the same sample."""
    distribution = Categorical(case.probs)
    torch.manual_seed(case.seed)
    first = distribution.sample((16,))

    torch.manual_seed(case.seed)
    second = distribution.sample((16,))

    assert torch.equal(first, second)


@rule("categorical.successive_samples", source="notes/randomness", needs=RANDOM)
@given(case=probabilities_of_two_rows())
def test_successive_samples(case):
    """Two samples drawn one after the other differ: each advances the generator."""
    distribution = Categorical(torch.ones_like(case.probs))
    torch.manual_seed(case.seed)

    one, two = distribution.sample((128,)), distribution.sample((128,))

    assert not torch.equal(one, two)


@rule("categorical.multinomial", source=CATEGORICAL, basis=Basis.OBSERVED, needs=RANDOM)
@given(case=probabilities_to_test())
def test_multinomial(case):
    """From the same seed, multinomial with replacement draws the same of the same probabilities."""
    torch.manual_seed(case.seed)
    expected = torch.multinomial(case.probs / case.probs.sum(), 64, replacement=True)

    torch.manual_seed(case.seed)
    drawn = Categorical(case.probs).sample((64,))

    assert torch.equal(drawn, expected)


@rule("categorical.sample_needs_no_grad", source=f"{DISTRIBUTION}.sample", seed="Categorical", needs=GRADIENT)
@given(case=probabilities(requires_grad=True))
def test_sample_needs_no_grad(case):
    """A sample does not require grad, even of probabilities that do."""
    drawn = Categorical(case.probs).sample((2,))

    assert not drawn.requires_grad


@rule("categorical.has_no_rsample", source=f"{DISTRIBUTION}.rsample", needs=VALUES)
@given(case=probabilities())
def test_has_no_rsample(case):
    """Categorical says that it has no reparameterized samples."""
    assert not Categorical(case.probs).has_rsample


@rule(
    "categorical.rsample",
    source=f"{DISTRIBUTION}.rsample",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=probabilities())
def test_rsample(case):
    """rsample raises NotImplementedError."""
    distribution = Categorical(case.probs)
    distribution.sample()

    with pytest.raises(NotImplementedError):
        distribution.rsample()


@rule("categorical.sample_n_warns", source=f"{DISTRIBUTION}.sample_n", kind=Kind.WARNING, needs=VALUES)
@given(case=probabilities())
def test_sample_n_warns(case):
    """sample_n warns that it is deprecated, with a FutureWarning."""
    distribution = Categorical(case.probs)

    with pytest.warns(FutureWarning):
        distribution.sample_n(2)


@rule("categorical.log_prob", source=f"{DISTRIBUTION}.log_prob", seed="Categorical", needs=VALUES)
@given(case=probabilities_and_value())
def test_log_prob(case):
    """log_prob gives the logarithm of the value's probability, the value's shape broadcast with the batch."""
    table = np.log(reference.normalized(reference.host(case.probs)))
    expected = reference.at_value(table, reference.host(case.value))

    found = Categorical(case.probs).log_prob(case.value)

    expect.close(found, expected, dtype=case.probs.dtype)


@rule("categorical.log_prob_of_logits", source=f"{DISTRIBUTION}.log_prob", needs=VALUES)
@given(case=logits_and_value())
def test_log_prob_of_logits(case):
    """Given logits, log_prob gives the value's normalized logit."""
    table = reference.log_softmax(reference.host(case.logits))
    expected = reference.at_value(table, reference.host(case.value))

    found = Categorical(logits=case.logits).log_prob(case.value)

    expect.close(found, expected, dtype=case.logits.dtype, scale=1000)


@rule("categorical.log_prob_of_impossible", source=f"{DISTRIBUTION}.log_prob", needs=VALUES)
@given(case=pairs_of_probabilities(zero=True))
def test_log_prob_of_impossible(case):
    """A value of probability 0 has the log probability -inf."""
    found = Categorical(case.other).log_prob(torch.zeros((), device=case.other.device))

    assert (found == -math.inf).all()


@rule("categorical.log_prob_of_impossible_logit", source=f"{DISTRIBUTION}.log_prob", needs=VALUES)
@given(case=logits_with_minus_infinity())
def test_log_prob_of_impossible_logit(case):
    """A value whose logit is -inf has the log probability -inf."""
    found = Categorical(logits=case.logits).log_prob(torch.zeros((), device=case.logits.device))

    assert (found == -math.inf).all()


@rule("categorical.log_prob_sums_to_1", source=f"{DISTRIBUTION}.log_prob", needs=VALUES)
@given(case=logits())
def test_log_prob_sums_to_1(case):
    """The probabilities of all values of the support sum to 1."""
    distribution = Categorical(logits=case.logits)

    found = distribution.log_prob(distribution.enumerate_support()).exp().sum(0)

    expect.close(found, np.ones(case.logits.shape[:-1]), dtype=case.logits.dtype, scale=100)


@rule("categorical.value_range", source=DISTRIBUTION, kind=Kind.ERROR, needs=VALUES)
@given(case=values_outside_the_support())
def test_value_range(case):
    """log_prob of a value that is no integer between 0 and K - 1 raises ValueError."""
    distribution = Categorical(case.probs)
    distribution.log_prob(case.mended_value)

    with pytest.raises(ValueError):
        distribution.log_prob(case.value)


@rule("categorical.value_shape", source=DISTRIBUTION, kind=Kind.ERROR, needs=VALUES)
@given(case=values_of_another_shape())
def test_value_shape(case):
    """log_prob of a value whose shape does not broadcast with the batch shape raises ValueError."""
    distribution = Categorical(case.probs)
    distribution.log_prob(case.mended_value)

    with pytest.raises(ValueError):
        distribution.log_prob(case.value)


@rule("categorical.value_of_python", source=f"{DISTRIBUTION}.log_prob", kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities())
def test_value_of_python(case):
    """log_prob of a Python number raises ValueError: it takes tensors."""
    distribution = Categorical(case.probs)
    distribution.log_prob(torch.zeros((), device=case.probs.device))

    with pytest.raises(ValueError):
        distribution.log_prob(0)


@rule("categorical.gradient_of_logits", source="distributions", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=logits_and_value(requires_grad=True))
def test_gradient_of_logits(case):
    """The gradient of log_prob with respect to logits is 1 at the value, less the probabilities."""
    table = np.exp(reference.log_softmax(reference.host(case.logits)))
    hot, count = reference.indicator(reference.host(case.value), case.logits.shape)

    Categorical(logits=case.logits).log_prob(case.value).sum().backward()

    expect.close(case.logits.grad, hot - count * table, dtype=case.logits.dtype, scale=10)


@rule("categorical.gradient_of_probs", source="distributions", kind=Kind.GRADIENT, needs=GRADIENT)
@given(case=probabilities_and_value(requires_grad=True))
def test_gradient_of_probs(case):
    """The gradient of log_prob with respect to weights is 1/weight at the value, less 1/(their sum)."""
    weights = reference.host64(case.probs)
    hot, count = reference.indicator(reference.host(case.value), case.probs.shape)

    Categorical(case.probs).log_prob(case.value).sum().backward()

    expect.close(
        case.probs.grad,
        hot / weights - count / weights.sum(-1, keepdims=True),
        dtype=case.probs.dtype,
        scale=100,
    )


@rule(
    "categorical.score_function",
    source="distributions",
    kind=Kind.GRADIENT,
    seed="Categorical",
    needs=GRADIENT,
)
@given(case=logits(requires_grad=True))
def test_score_function(case):
    """The loss -log_prob(sample) * reward has a gradient, although the sample has none."""
    torch.manual_seed(case.seed)
    distribution = Categorical(logits=case.logits)
    action = distribution.sample()
    table = np.exp(reference.log_softmax(reference.host(case.logits)))
    hot, count = reference.indicator(reference.host(action), case.logits.shape)

    (-distribution.log_prob(action) * 2).sum().backward()

    expect.close(case.logits.grad, -2 * (hot - count * table), dtype=case.logits.dtype, scale=10)


@rule("categorical.entropy", source=f"{DISTRIBUTION}.entropy", needs=VALUES)
@given(case=probabilities())
def test_entropy(case):
    """The entropy is -sum(p log p) over the categories, where 0 log 0 is 0, in the batch shape."""
    expected = reference.entropy(reference.normalized(reference.host(case.probs)))

    found = Categorical(case.probs).entropy()

    expect.close(found, expected, dtype=case.probs.dtype, scale=10)


@rule("categorical.entropy_of_logits", source=f"{DISTRIBUTION}.entropy", needs=VALUES)
@given(case=logits_with_minus_infinity())
def test_entropy_of_logits(case):
    """Given logits, some of them -inf, the entropy is that of their probabilities."""
    expected = reference.entropy(np.exp(reference.log_softmax(reference.host(case.logits))))

    found = Categorical(logits=case.logits).entropy()

    expect.close(found, expected, dtype=case.logits.dtype, scale=1000)


@rule("categorical.perplexity", source=f"{DISTRIBUTION}.perplexity", needs=VALUES)
@given(case=probabilities())
def test_perplexity(case):
    """The perplexity is the exponential of the entropy."""
    expected = np.exp(reference.entropy(reference.normalized(reference.host(case.probs))))

    found = Categorical(case.probs).perplexity()

    expect.close(found, expected, dtype=case.probs.dtype, scale=100)


@rule("categorical.enumerate_support", source=f"{DISTRIBUTION}.enumerate_support", needs=VALUES)
@given(case=probabilities())
def test_enumerate_support(case):
    """enumerate_support counts 0 to K - 1 along dim 0, alike for the whole batch shape behind it."""
    *batch, count = case.probs.shape
    expected = np.broadcast_to(np.arange(count).reshape(-1, *[1] * len(batch)), (count, *batch))

    found = Categorical(case.probs).enumerate_support()

    expect.same_elements(found, expected)


@rule("categorical.enumerate_support_once", source=f"{DISTRIBUTION}.enumerate_support", needs=VALUES)
@given(case=probabilities())
def test_enumerate_support_once(case):
    """enumerate_support(expand=False) counts along dim 0 and has size 1 in the dims of the batch."""
    *batch, count = case.probs.shape
    expected = np.arange(count).reshape(-1, *[1] * len(batch))

    found = Categorical(case.probs).enumerate_support(expand=False)

    expect.same_elements(found, expected)


@rule("categorical.has_enumerate_support", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_has_enumerate_support(case):
    """Categorical says that its support can be enumerated."""
    assert Categorical(case.probs).has_enumerate_support


@rule("categorical.support", source=f"{DISTRIBUTION}.support", needs=VALUES)
@given(case=values_outside_the_support())
def test_support(case):
    """The support of a distribution excludes what is no integer between 0 and K - 1."""
    support = Categorical(case.probs).support

    assert not support.check(case.value).all()


@rule("categorical.support_of_values", source=f"{DISTRIBUTION}.support", needs=VALUES)
@given(case=probabilities_and_value())
def test_support_of_values(case):
    """The support of a distribution contains every integer between 0 and K - 1."""
    support = Categorical(case.probs).support

    assert support.check(case.value).all()


@rule("categorical.mode", source=f"{DISTRIBUTION}.mode", basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_mode(case):
    """The mode is the most probable category of each row, the first if several are."""
    expected = np.asarray(reference.host(case.probs).argmax(-1))

    found = Categorical(case.probs).mode

    expect.same_elements(found, expected)


@rule("categorical.mean", source=f"{DISTRIBUTION}.mean", basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_mean(case):
    """The mean is NaN, in the batch shape: categories are names."""
    found = Categorical(case.probs).mean

    expect.equal_elements(found, np.full(case.probs.shape[:-1], np.nan, reference.host(case.probs).dtype))


@rule("categorical.variance", source=f"{DISTRIBUTION}.variance", basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_variance(case):
    """The variance is NaN, in the batch shape: categories are names."""
    found = Categorical(case.probs).variance

    expect.equal_elements(found, np.full(case.probs.shape[:-1], np.nan, reference.host(case.probs).dtype))


@rule("categorical.expand_batch_shape", source=f"{DISTRIBUTION}.expand", needs=VALUES)
@given(case=probabilities_to_expand())
def test_expand_batch_shape(case):
    """expand gives a distribution with the batch shape that was asked for."""
    found = Categorical(case.probs).expand(case.batch_shape)

    assert found.batch_shape == case.batch_shape


@rule("categorical.expand_probs", source=f"{DISTRIBUTION}.expand", needs=VALUES)
@given(case=probabilities_to_expand())
def test_expand_probs(case):
    """expand repeats the probabilities over the new batch shape."""
    expected = reference.normalized(reference.host(case.probs))

    found = Categorical(case.probs).expand(case.batch_shape)

    expect.close(
        found.probs,
        np.broadcast_to(expected, (*case.batch_shape, expected.shape[-1])),
        dtype=case.probs.dtype,
    )


@rule("categorical.expand_logits", source=f"{DISTRIBUTION}.expand", needs=VALUES)
@given(case=probabilities_to_expand())
def test_expand_logits(case):
    """expand repeats the logits of a distribution that was given logits."""
    weights = case.probs + 1
    expected = reference.log_softmax(reference.host(weights))

    found = Categorical(logits=weights).expand(case.batch_shape)

    expect.close(
        found.logits,
        np.broadcast_to(expected, (*case.batch_shape, expected.shape[-1])),
        dtype=case.probs.dtype,
        scale=100,
    )


@rule(
    "categorical.expand_memory",
    source=f"{DISTRIBUTION}.expand",
    needs=[Need.VALUES, Need.STRIDES, Need.ADDRESSES],
)
@given(case=probabilities_to_expand())
def test_expand_memory(case):
    """expand allocates no memory for the parameters: the new ones start where the old ones do."""
    distribution = Categorical(case.probs)

    found = distribution.expand(case.batch_shape)

    assert found.probs.data_ptr() == distribution.probs.data_ptr()


@rule("categorical.expand_sample", source=f"{DISTRIBUTION}.expand", needs=VALUES)
@given(case=probabilities_to_expand())
def test_expand_sample(case):
    """A sample of an expanded distribution has the new batch shape."""
    drawn = Categorical(case.probs).expand(case.batch_shape).sample()

    assert drawn.shape == case.batch_shape


@rule("categorical.kl_divergence", source="torch.distributions.kl.kl_divergence", needs=VALUES)
@given(case=pairs_of_probabilities())
def test_kl_divergence(case):
    """The divergence from p to q is the sum of p (log p - log q) over the categories."""
    p, q = reference.normalized(reference.host(case.probs)), reference.normalized(reference.host(case.other))

    found = kl_divergence(Categorical(case.probs), Categorical(case.other))

    expect.close(found, (p * (np.log(p) - np.log(q))).sum(-1), dtype=case.probs.dtype, scale=10)


@rule("categorical.kl_divergence_infinite", source="torch.distributions.kl.kl_divergence", needs=VALUES)
@given(case=pairs_of_probabilities(zero=True))
def test_kl_divergence_infinite(case):
    """The divergence is infinite where q has probability 0 and p has not."""
    found = kl_divergence(Categorical(case.probs), Categorical(case.other))

    assert (found == math.inf).all()


@rule(
    "categorical.kl_divergence_unregistered",
    source="torch.distributions.kl.kl_divergence",
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=pairs_of_probabilities())
def test_kl_divergence_unregistered(case):
    """The divergence from a Categorical to a Normal raises NotImplementedError."""
    kl_divergence(Categorical(case.probs), Categorical(case.other))

    with pytest.raises(NotImplementedError):
        kl_divergence(Categorical(case.probs), Normal(case.other, case.other))


@rule("categorical.log_prob_dtype", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities_and_value())
def test_log_prob_dtype(case):
    """log_prob has the dtype of probs."""
    found = Categorical(case.probs).log_prob(case.value)

    assert found.dtype == case.probs.dtype
