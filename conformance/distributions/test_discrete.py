"""torch.distributions.Bernoulli, Binomial, Geometric, Poisson, OneHotCategorical and Independent.

What shows of a distribution in 10,000 numbers is a probability that is wrong by a tenth or so. Right numbers
fail so once in 1e9 runs.

Validation is off where Python runs optimized, so what it refuses is shown with `validate_args=True`.

Not covered: Multinomial and other discrete distributions, and probabilities of 0 and 1 but for samples.
"""

import numpy as np
import torch
from hypothesis import given
from torch.distributions import (
    Bernoulli,
    Binomial,
    Geometric,
    Independent,
    Normal,
    OneHotCategorical,
    Poisson,
    kl_divergence,
)

from conformance import expect, reference
from conformance.engine.rule import rule
from conformance.references import distributions as known
from reports.model import Basis, Kind, Need
from strategies.cases.distributions import categories, distributed

DISTRIBUTION = "torch.distributions.Distribution"
VALIDATION = f"{DISTRIBUTION}.set_default_validate_args"
BERNOULLI = "torch.distributions.Bernoulli"
BINOMIAL = "torch.distributions.Binomial"
GEOMETRIC = "torch.distributions.Geometric"
POISSON = "torch.distributions.Poisson"
ONE_HOT = "torch.distributions.OneHotCategorical"
INDEPENDENT = "torch.distributions.Independent"
KL = "torch.distributions.kl.kl_divergence"
OBSERVED = Basis.OBSERVED
ERROR = Kind.ERROR
VALUES = [Need.VALUES]
DRAWS = 10_000
MOST = 5
SCALE = 30
"""Scale of the rounding of log probabilities, which sums are the logarithms of."""


# Bernoulli.


@rule("bernoulli_distribution.sample_shape", source=f"{DISTRIBUTION}.sample", needs=VALUES)
@given(case=distributed())
def test_sample_shape(case):
    """A sample of a Bernoulli has the sample shape, followed by the batch shape."""
    drawn = Bernoulli(case.probs).sample(case.sample)

    assert drawn.shape == (*case.sample, *case.batch)


@rule("bernoulli_distribution.binary", source=BERNOULLI, needs=VALUES)
@given(case=distributed())
def test_binary(case):
    """A Bernoulli draws 0 and 1."""
    torch.manual_seed(case.seed)

    drawn = Bernoulli(case.probs).sample((16,)).cpu()

    assert ((drawn == 0) | (drawn == 1)).all()


@rule("bernoulli_distribution.certain", source=BERNOULLI, needs=VALUES)
@given(case=distributed())
def test_certain(case):
    """A Bernoulli draws 1 alone with probability 1, and 0 alone with probability 0."""
    torch.manual_seed(case.seed)
    expected = np.broadcast_to(reference.drawn(case.coins), (16, *case.coins.shape))

    drawn = Bernoulli(case.coins).sample((16,))

    expect.equal_elements(drawn, expected)


@rule("bernoulli_distribution.distribution", source=BERNOULLI, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=distributed(one=True))
def test_distribution(case):
    """A Bernoulli draws 1 with its probability."""
    expected = known.coin(reference.drawn(case.probs))
    torch.manual_seed(case.seed)

    drawn = Bernoulli(case.probs).sample((DRAWS,))

    expect.drawn_from(drawn.long(), expected)


@rule("bernoulli_distribution.distribution_of_logits", source=BERNOULLI, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=distributed(one=True))
def test_distribution_of_logits(case):
    """A Bernoulli that is given log-odds draws 1 with the probability of these odds."""
    expected = known.coin_of_odds(reference.drawn(case.loc))
    torch.manual_seed(case.seed)

    drawn = Bernoulli(logits=case.loc).sample((DRAWS,))

    expect.drawn_from(drawn.long(), expected)


@rule("bernoulli_distribution.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[BERNOULLI], needs=VALUES)
@given(case=distributed())
def test_log_prob(case):
    """log_prob of a Bernoulli is the logarithm of the probability of 0 or 1."""
    expected = known.bernoulli_log_prob(reference.drawn(case.coins), reference.drawn(case.probs))

    output = Bernoulli(case.probs).log_prob(case.coins)

    expect.close(output, expected, dtype=case.probs.dtype)


@rule("bernoulli_distribution.logits", source=BERNOULLI, basis=OBSERVED, needs=VALUES)
@given(case=distributed())
def test_logits(case):
    """.logits of a Bernoulli are the logarithms of p / (1 - p)."""
    (probs,) = known.wide(reference.drawn(case.probs))
    expected = np.log(probs) - np.log(1 - probs)

    expect.close(Bernoulli(case.probs).logits, expected, dtype=case.probs.dtype)


@rule("bernoulli_distribution.mean", source=f"{DISTRIBUTION}.mean", also=[BERNOULLI], needs=VALUES)
@given(case=distributed())
def test_mean(case):
    """The mean of a Bernoulli is its probability."""
    expected = reference.drawn(case.probs)

    expect.same_elements(Bernoulli(case.probs).mean, expected)


@rule("bernoulli_distribution.variance", source=f"{DISTRIBUTION}.variance", also=[BERNOULLI], needs=VALUES)
@given(case=distributed())
def test_variance(case):
    """The variance of a Bernoulli is p * (1 - p)."""
    (probs,) = known.wide(reference.drawn(case.probs))
    expected = probs * (1 - probs)

    expect.close(Bernoulli(case.probs).variance, expected, dtype=case.probs.dtype)


@rule("bernoulli_distribution.entropy", source=f"{DISTRIBUTION}.entropy", also=[BERNOULLI], needs=VALUES)
@given(case=distributed())
def test_entropy(case):
    """The entropy of a Bernoulli is that of both its outcomes, in nats."""
    expected = known.bernoulli_entropy(reference.drawn(case.probs))

    expect.close(Bernoulli(case.probs).entropy(), expected, dtype=case.probs.dtype)


@rule("bernoulli_distribution.enumerate_support", source=f"{DISTRIBUTION}.enumerate_support", needs=VALUES)
@given(case=distributed())
def test_enumerate_support(case):
    """enumerate_support of a Bernoulli gives 0 and 1 along the first dim, for each of the batch."""
    expected = known.enumerated(2, case.batch)

    output = Bernoulli(case.probs).enumerate_support()

    expect.same_elements(output.long(), expected)


@rule("bernoulli_distribution.both_parameters", source=BERNOULLI, kind=ERROR, needs=VALUES)
@given(case=distributed())
def test_both_parameters(case):
    """A Bernoulli that is given both probs and logits is refused."""
    Bernoulli(probs=case.probs)
    Bernoulli(logits=case.probs)

    with expect.refusal():
        Bernoulli(probs=case.probs, logits=case.probs)


@rule("bernoulli_distribution.probs_range", source=BERNOULLI, also=[VALIDATION], kind=ERROR, needs=VALUES)
@given(case=distributed())
def test_probs_range(case):
    """A Bernoulli refuses a probability above 1."""
    Bernoulli(case.probs, validate_args=True)

    with expect.refusal():
        Bernoulli(case.probs + 1, validate_args=True)


@rule(
    "bernoulli_distribution.value_range",
    source=DISTRIBUTION,
    also=[VALIDATION, BERNOULLI],
    kind=ERROR,
    needs=VALUES,
)
@given(case=distributed())
def test_value_range(case):
    """log_prob of a Bernoulli refuses what is neither 0 nor 1."""
    bernoulli = Bernoulli(case.probs, validate_args=True)
    bernoulli.log_prob(case.coins)

    with expect.refusal():
        bernoulli.log_prob(case.coins + 0.5)


@rule("bernoulli_distribution.kl_divergence", source=KL, also=[BERNOULLI], needs=VALUES)
@given(case=distributed())
def test_kl_divergence(case):
    """kl_divergence of two Bernoullis is the expected difference of their log probabilities."""
    expected = known.bernoulli_divergence(reference.drawn(case.probs), reference.drawn(case.probs) / 2)

    output = kl_divergence(Bernoulli(case.probs), Bernoulli(case.probs / 2))

    expect.close(output, expected, dtype=case.probs.dtype)


# Binomial, Geometric and Poisson.


@rule("binomial_distribution.distribution", source=BINOMIAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=distributed(one=True))
def test_binomial_distribution(case):
    """A Binomial draws the number of successes in total_count trials."""
    expected = known.binomial(MOST, reference.drawn(case.probs))
    torch.manual_seed(case.seed)

    drawn = Binomial(MOST, case.probs).sample((DRAWS,))

    expect.drawn_from(drawn.long(), expected)


@rule("binomial_distribution.certain", source=BINOMIAL, needs=VALUES)
@given(case=distributed())
def test_binomial_certain(case):
    """A Binomial draws total_count with probability 1, and 0 with probability 0."""
    torch.manual_seed(case.seed)
    expected = MOST * reference.drawn(case.coins)

    drawn = Binomial(MOST, case.coins).sample()

    expect.equal_elements(drawn, expected)


@rule("binomial_distribution.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[BINOMIAL], needs=VALUES)
@given(case=distributed())
def test_binomial_log_prob(case):
    """log_prob of a Binomial is the logarithm of the probability of so many successes."""
    expected = known.binomial_log_prob(reference.drawn(case.counts), MOST, reference.drawn(case.probs))

    output = Binomial(MOST, case.probs).log_prob(case.counts)

    expect.close(output, expected, dtype=case.probs.dtype, scale=SCALE)


@rule("binomial_distribution.mean", source=f"{DISTRIBUTION}.mean", also=[BINOMIAL], needs=VALUES)
@given(case=distributed())
def test_binomial_mean(case):
    """The mean of a Binomial is total_count * p."""
    expected = MOST * reference.drawn(case.probs)

    expect.close(Binomial(MOST, case.probs).mean, expected, dtype=case.probs.dtype)


@rule("binomial_distribution.variance", source=f"{DISTRIBUTION}.variance", also=[BINOMIAL], needs=VALUES)
@given(case=distributed())
def test_binomial_variance(case):
    """The variance of a Binomial is total_count * p * (1 - p)."""
    (probs,) = known.wide(reference.drawn(case.probs))
    expected = MOST * probs * (1 - probs)

    expect.close(Binomial(MOST, case.probs).variance, expected, dtype=case.probs.dtype)


@rule(
    "binomial_distribution.enumerate_support",
    source=f"{DISTRIBUTION}.enumerate_support",
    also=[BINOMIAL],
    needs=VALUES,
)
@given(case=distributed())
def test_binomial_enumerate_support(case):
    """enumerate_support of a Binomial gives 0 to total_count along the first dim, for each of the batch."""
    expected = known.enumerated(MOST + 1, case.batch)

    output = Binomial(MOST, case.probs).enumerate_support()

    expect.same_elements(output.long(), expected)


@rule("geometric_distribution.distribution", source=GEOMETRIC, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=distributed(one=True))
def test_geometric_distribution(case):
    """A Geometric draws the number of failures before the first success."""
    expected = known.geometric(reference.drawn(case.probs), MOST)
    torch.manual_seed(case.seed)

    drawn = Geometric(case.probs).sample((DRAWS,))

    expect.drawn_from(drawn.clamp(max=MOST).long(), expected)


@rule("geometric_distribution.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[GEOMETRIC], needs=VALUES)
@given(case=distributed())
def test_geometric_log_prob(case):
    """log_prob of a Geometric is k log(1 - p) + log(p)."""
    counts, probs = known.wide(reference.drawn(case.counts), reference.drawn(case.probs))
    expected = counts * np.log(1 - probs) + np.log(probs)

    output = Geometric(case.probs).log_prob(case.counts)

    expect.close(output, expected, dtype=case.probs.dtype, scale=SCALE)


@rule("geometric_distribution.mean", source=f"{DISTRIBUTION}.mean", also=[GEOMETRIC], needs=VALUES)
@given(case=distributed())
def test_geometric_mean(case):
    """The mean of a Geometric is 1 / p - 1."""
    (probs,) = known.wide(reference.drawn(case.probs))
    expected = 1 / probs - 1

    expect.close(Geometric(case.probs).mean, expected, dtype=case.probs.dtype, scale=SCALE)


@rule("poisson_distribution.distribution", source=POISSON, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=distributed(one=True))
def test_poisson_distribution(case):
    """A Poisson draws each number of events with its probability."""
    expected = known.poisson(reference.drawn(case.scale), 2 * MOST)
    torch.manual_seed(case.seed)

    drawn = Poisson(case.scale).sample((DRAWS,))

    expect.drawn_from(drawn.clamp(max=2 * MOST).long(), expected)


@rule("poisson_distribution.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[POISSON], needs=VALUES)
@given(case=distributed())
def test_poisson_log_prob(case):
    """log_prob of a Poisson is k log(rate) - rate - log(k!)."""
    expected = known.poisson_log_prob(reference.drawn(case.counts), reference.drawn(case.other))

    output = Poisson(case.other).log_prob(case.counts)

    expect.close(output, expected, dtype=case.other.dtype, scale=SCALE)


@rule("poisson_distribution.mean", source=f"{DISTRIBUTION}.mean", also=[POISSON], needs=VALUES)
@given(case=distributed())
def test_poisson_mean(case):
    """The mean of a Poisson is its rate."""
    expected = reference.drawn(case.scale)

    expect.same_elements(Poisson(case.scale).mean, expected)


# OneHotCategorical.


@rule("one_hot_categorical.shapes", source=ONE_HOT, also=[f"{DISTRIBUTION}.event_shape"], needs=VALUES)
@given(case=categories())
def test_one_hot_shapes(case):
    """The event shape of a OneHotCategorical is the number of categories, the batch shape what is before."""
    found = OneHotCategorical(case.probs)

    assert (found.batch_shape, found.event_shape) == (case.batch, (case.count,))


@rule("one_hot_categorical.sample", source=ONE_HOT, needs=VALUES)
@given(case=categories())
def test_one_hot_sample(case):
    """A sample of a OneHotCategorical has a single 1 among zeros along its last dim."""
    torch.manual_seed(case.seed)

    drawn = OneHotCategorical(case.probs).sample((8,)).cpu()

    assert ((drawn == 0) | (drawn == 1)).all()
    assert (drawn.sum(-1) == 1).all()


@rule("one_hot_categorical.sample_shape", source=f"{DISTRIBUTION}.sample", also=[ONE_HOT], needs=VALUES)
@given(case=categories())
def test_one_hot_sample_shape(case):
    """A sample of a OneHotCategorical has the sample shape, the batch shape and the event shape."""
    drawn = OneHotCategorical(case.probs).sample(case.sample)

    assert drawn.shape == (*case.sample, *case.batch, case.count)


@rule("one_hot_categorical.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[ONE_HOT], needs=VALUES)
@given(case=categories())
def test_one_hot_log_prob(case):
    """log_prob of a OneHotCategorical is the logarithm of the probability of the category of the 1."""
    table = np.log(reference.normalized(reference.drawn(case.probs)))
    places = np.array(case.places).reshape(2, *case.batch)
    expected = reference.at_value(table, places)
    value = torch.tensor(known.one_hot(places, case.count)).to(case.probs)

    output = OneHotCategorical(case.probs).log_prob(value)

    expect.close(output, expected, dtype=case.probs.dtype)


@rule("one_hot_categorical.mean", source=f"{DISTRIBUTION}.mean", also=[ONE_HOT], needs=VALUES)
@given(case=categories())
def test_one_hot_mean(case):
    """The mean of a OneHotCategorical is its probabilities."""
    expected = reference.normalized(reference.drawn(case.probs))

    expect.close(OneHotCategorical(case.probs).mean, expected, dtype=case.probs.dtype)


@rule("one_hot_categorical.variance", source=f"{DISTRIBUTION}.variance", also=[ONE_HOT], needs=VALUES)
@given(case=categories())
def test_one_hot_variance(case):
    """The variance of a OneHotCategorical is p * (1 - p) of each category."""
    probs = reference.normalized(reference.drawn(case.probs))
    expected = probs * (1 - probs)

    expect.close(OneHotCategorical(case.probs).variance, expected, dtype=case.probs.dtype)


@rule("one_hot_categorical.entropy", source=f"{DISTRIBUTION}.entropy", also=[ONE_HOT], needs=VALUES)
@given(case=categories())
def test_one_hot_entropy(case):
    """The entropy of a OneHotCategorical is that of its categories, of the batch shape."""
    expected = reference.entropy(reference.normalized(reference.drawn(case.probs)))

    expect.close(OneHotCategorical(case.probs).entropy(), expected, dtype=case.probs.dtype)


@rule("one_hot_categorical.enumerate_support", source=f"{DISTRIBUTION}.enumerate_support", needs=VALUES)
@given(case=categories())
def test_one_hot_enumerate_support(case):
    """enumerate_support of a OneHotCategorical gives the 1 in the place of each category in turn."""
    expected = known.enumerated_one_hot(case.count, case.batch)

    output = OneHotCategorical(case.probs).enumerate_support()

    expect.same_elements(output.long(), expected)


@rule("one_hot_categorical.value", source=DISTRIBUTION, also=[VALIDATION, ONE_HOT], kind=ERROR, needs=VALUES)
@given(case=categories())
def test_one_hot_value(case):
    """log_prob of a OneHotCategorical refuses what has two in the place of the one."""
    found = OneHotCategorical(case.probs, validate_args=True)
    value = found.sample()
    found.log_prob(value)

    with expect.refusal():
        found.log_prob(value * 2)


# Independent.


@rule("independent.shapes", source=INDEPENDENT, needs=VALUES)
@given(case=distributed())
def test_independent_shapes(case):
    """Independent moves the last dims of the batch shape into the event shape, as many as it is told."""
    dims = len(case.batch) // 2
    normal = Normal(case.loc, case.scale)

    found = Independent(normal, dims)

    at = len(case.batch) - dims
    assert (found.batch_shape, found.event_shape) == (case.batch[:at], case.batch[at:])


@rule("independent.log_prob", source=INDEPENDENT, also=[f"{DISTRIBUTION}.log_prob"], needs=VALUES)
@given(case=distributed())
def test_independent_log_prob(case):
    """log_prob of an Independent is summed over the dims that it moved."""
    dims = (len(case.batch) + 1) // 2
    expected = known.summed_half(
        known.normal_log_prob(
            reference.drawn(case.value), reference.drawn(case.loc), reference.drawn(case.scale)
        ),
        case.batch,
    )

    output = Independent(Normal(case.loc, case.scale), dims).log_prob(case.value)

    expect.close(output, expected, dtype=case.loc.dtype, scale=2000)


@rule("independent.entropy", source=INDEPENDENT, also=[f"{DISTRIBUTION}.entropy"], needs=VALUES)
@given(case=distributed())
def test_independent_entropy(case):
    """The entropy of an Independent is summed over the dims that it moved."""
    dims = (len(case.batch) + 1) // 2
    expected = known.summed_half(
        known.normal_entropy(reference.drawn(case.loc), reference.drawn(case.scale)), case.batch
    )

    output = Independent(Normal(case.loc, case.scale), dims).entropy()

    expect.close(output, expected, dtype=case.loc.dtype, scale=200)


@rule("independent.too_many_dims", source=INDEPENDENT, basis=OBSERVED, kind=ERROR, needs=VALUES)
@given(case=distributed())
def test_independent_too_many_dims(case):
    """An Independent refuses to move more dims than the batch shape has."""
    normal = Normal(case.loc, case.scale)
    Independent(normal, len(case.batch))

    with expect.refusal():
        Independent(normal, len(case.batch) + 1)
