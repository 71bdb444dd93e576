"""torch.distributions.Normal, Uniform and Exponential: shapes, samples, densities, moments and gradients.

What shows of a distribution in 10,000 numbers is that one of sixteen equally likely parts comes up half as
often again as it should. Right numbers fail so once in 1e9 runs.

Validation is off where Python runs optimized, so what it refuses is shown with `validate_args=True`.

Not covered: other continuous distributions, transforms, and parameters of low precision.
"""

import numpy as np
import torch
from hypothesis import given
from torch.distributions import Exponential, Normal, Uniform, kl_divergence

from conformance import expect, reference
from conformance.engine.rule import rule
from conformance.references import distributions as known
from reports.model import Basis, Kind, Need
from strategies.cases.distributions import distributed

DISTRIBUTION = "torch.distributions.Distribution"
VALIDATION = f"{DISTRIBUTION}.set_default_validate_args"
NORMAL = "torch.distributions.Normal"
UNIFORM = "torch.distributions.Uniform"
EXPONENTIAL = "torch.distributions.Exponential"
KL = "torch.distributions.kl.kl_divergence"
OBSERVED = Basis.OBSERVED
ERROR = Kind.ERROR
VALUES = [Need.VALUES]
GRADIENT = [Need.VALUES, Need.AUTOGRAD]
RANDOM = [Need.VALUES, Need.SEEDING]
DRAWS = 10_000
SCALE = 100
"""Scale of the rounding of log densities, in which squares are subtracted."""


@rule("normal_distribution.batch_shape", source=f"{DISTRIBUTION}.batch_shape", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_batch_shape(case):
    """The batch shape of a Normal is what the shapes of loc and scale broadcast to."""
    assert Normal(case.loc, case.scale).batch_shape == case.batch


@rule("normal_distribution.event_shape", source=f"{DISTRIBUTION}.event_shape", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_event_shape(case):
    """The event shape of a Normal is ()."""
    assert Normal(case.loc, case.scale).event_shape == ()


@rule("normal_distribution.sample_shape", source=f"{DISTRIBUTION}.sample", needs=VALUES)
@given(case=distributed())
def test_sample_shape(case):
    """A sample of a Normal has the sample shape, followed by the batch shape."""
    drawn = Normal(case.loc, case.scale).sample(case.sample)

    assert drawn.shape == (*case.sample, *case.batch)


@rule("normal_distribution.sample_dtype", source=NORMAL, basis=OBSERVED, needs=VALUES)
@given(case=distributed())
def test_sample_dtype(case):
    """Samples of a Normal have the dtype and the device of its parameters."""
    drawn = Normal(case.loc, case.scale).sample(case.sample)

    assert (drawn.dtype, drawn.device) == (case.loc.dtype, case.loc.device)


@rule(
    "normal_distribution.sample_needs_no_grad",
    source="distributions",
    also=[f"{DISTRIBUTION}.rsample"],
    needs=GRADIENT,
)
@given(case=distributed(requires_grad=True))
def test_sample_needs_no_grad(case):
    """A sample of a Normal does not require grad, though its parameters do, and an rsample does."""
    normal = Normal(case.loc, case.scale)

    drawn = [normal.sample(case.sample), normal.rsample(case.sample)]

    assert [each.requires_grad for each in drawn] == [False, True]


@rule(
    "normal_distribution.rsample_gradient_of_loc",
    source="distributions",
    also=[f"{DISTRIBUTION}.rsample"],
    needs=GRADIENT,
)
@given(case=distributed(requires_grad=True))
def test_rsample_gradient_of_loc(case):
    """Each number of an rsample of a Normal has the gradient 1 with respect to its loc."""
    drawn = Normal(case.loc, case.scale).rsample(case.sample)
    expected = known.ones_summed((*case.sample, *case.batch), case.loc.shape)

    drawn.backward(torch.ones_like(drawn))

    expect.close(case.loc.grad, expected, dtype=case.loc.dtype)


@rule(
    "normal_distribution.rsample_gradient_of_scale",
    source="distributions",
    also=[f"{DISTRIBUTION}.rsample"],
    needs=GRADIENT,
)
@given(case=distributed(requires_grad=True))
def test_rsample_gradient_of_scale(case):
    """Each number of an rsample of a Normal has as its gradient with respect to its scale how many scales it
    is from its loc.
    """
    loc, scale = reference.drawn(case.loc), reference.drawn(case.scale)
    drawn = Normal(case.loc, case.scale).rsample(case.sample)
    numbers = reference.host(drawn).astype(np.float64)
    expected = reference.unbroadcast((numbers - loc) / scale, case.scale.shape)

    drawn.backward(torch.ones_like(drawn))

    expect.close(case.scale.grad, expected, dtype=case.scale.dtype, scale=SCALE)


@rule("normal_distribution.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_log_prob(case):
    """log_prob of a Normal is the logarithm of the density."""
    expected = known.normal_log_prob(
        reference.drawn(case.value), reference.drawn(case.loc), reference.drawn(case.scale)
    )

    output = Normal(case.loc, case.scale).log_prob(case.value)

    expect.close(output, expected, dtype=case.loc.dtype, scale=SCALE)


@rule("normal_distribution.cdf", source=f"{DISTRIBUTION}.cdf", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_cdf(case):
    """cdf of a Normal is the probability of a number below the value."""
    expected = known.normal_cdf(
        reference.drawn(case.value), reference.drawn(case.loc), reference.drawn(case.scale)
    )

    output = Normal(case.loc, case.scale).cdf(case.value)

    expect.close(output, expected, dtype=case.loc.dtype)


@rule("normal_distribution.icdf", source=f"{DISTRIBUTION}.icdf", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_icdf(case):
    """icdf of a Normal is below which number it draws with the probability."""
    expected = known.normal_quantile(
        reference.drawn(case.probs), reference.drawn(case.loc), reference.drawn(case.scale)
    )

    output = Normal(case.loc, case.scale).icdf(case.probs)

    expect.close(output, expected, dtype=case.loc.dtype, scale=SCALE)


@rule("normal_distribution.mean", source=f"{DISTRIBUTION}.mean", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_mean(case):
    """The mean of a Normal is its loc, of the batch shape."""
    expected = np.broadcast_to(reference.drawn(case.loc), case.batch)

    expect.same_elements(Normal(case.loc, case.scale).mean, expected)


@rule("normal_distribution.variance", source=f"{DISTRIBUTION}.variance", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_variance(case):
    """The variance of a Normal is the square of its scale, of the batch shape."""
    expected = np.broadcast_to(reference.drawn(case.scale) ** 2, case.batch)

    expect.close(Normal(case.loc, case.scale).variance, expected, dtype=case.loc.dtype)


@rule("normal_distribution.stddev", source=f"{DISTRIBUTION}.stddev", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_stddev(case):
    """The stddev of a Normal is its scale, of the batch shape."""
    expected = np.broadcast_to(reference.drawn(case.scale), case.batch)

    expect.close(Normal(case.loc, case.scale).stddev, expected, dtype=case.loc.dtype)


@rule("normal_distribution.entropy", source=f"{DISTRIBUTION}.entropy", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_entropy(case):
    """The entropy of a Normal is that of its density, of the batch shape."""
    expected = known.normal_entropy(reference.drawn(case.loc), reference.drawn(case.scale))

    expect.close(Normal(case.loc, case.scale).entropy(), expected, dtype=case.loc.dtype)


@rule("normal_distribution.distribution", source=NORMAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=distributed(one=True))
def test_distribution(case):
    """The numbers that a Normal draws are distributed normally, with its loc and its scale."""
    loc, scale = reference.drawn(case.loc), reference.drawn(case.scale)
    torch.manual_seed(case.seed)

    drawn = reference.host(Normal(case.loc, case.scale).sample((DRAWS,)))

    expect.drawn_from(known.normal_parts((drawn - loc) / scale), known.EVEN)


@rule("normal_distribution.reproducible", source="notes/randomness", needs=RANDOM)
@given(case=distributed())
def test_reproducible(case):
    """Setting the same seed again gives the same sample of a Normal again."""
    normal = Normal(case.loc, case.scale)
    torch.manual_seed(case.seed)
    first = normal.sample((16,))

    torch.manual_seed(case.seed)
    second = normal.sample((16,))

    assert torch.equal(first, second)


@rule("normal_distribution.scale_not_positive", source=NORMAL, also=[VALIDATION], kind=ERROR, needs=VALUES)
@given(case=distributed())
def test_scale_not_positive(case):
    """A Normal refuses a scale that is not positive."""
    Normal(case.loc, case.scale, validate_args=True)

    with expect.refusal():
        Normal(case.loc, case.scale * 0, validate_args=True)


@rule(
    "normal_distribution.value_not_a_number", source=DISTRIBUTION, also=[VALIDATION], kind=ERROR, needs=VALUES
)
@given(case=distributed())
def test_value_not_a_number(case):
    """log_prob of a Normal refuses a NaN, which its support does not have."""
    normal = Normal(case.loc, case.scale, validate_args=True)
    normal.log_prob(case.value)

    with expect.refusal():
        normal.log_prob(case.value * torch.nan)


@rule("normal_distribution.misfit", source=NORMAL, basis=OBSERVED, kind=ERROR, needs=VALUES)
@given(case=distributed())
def test_misfit(case):
    """A Normal refuses parameters whose shapes do not broadcast."""
    shape = (*case.batch, 2)
    Normal(case.loc.new_zeros(shape), case.loc.new_ones(shape))

    with expect.refusal():
        Normal(case.loc.new_zeros(shape), case.loc.new_ones((*case.batch, 3)))


@rule("normal_distribution.expand", source=f"{DISTRIBUTION}.expand", needs=VALUES)
@given(case=distributed())
def test_expand(case):
    """An expanded Normal has the batch shape asked for."""
    expanded = Normal(case.loc, case.scale).expand((3, *case.batch))

    assert expanded.batch_shape == (3, *case.batch)


@rule("normal_distribution.expand_log_prob", source=f"{DISTRIBUTION}.expand", also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_expand_log_prob(case):
    """An expanded Normal has the loc and the scale of the one that was expanded."""
    expected = known.normal_log_prob(
        reference.drawn(case.value), reference.drawn(case.loc), reference.drawn(case.scale)
    )

    output = Normal(case.loc, case.scale).expand((2, *case.batch)).log_prob(case.value)

    expect.close(output, expected, dtype=case.loc.dtype, scale=SCALE)


@rule("normal_distribution.kl_divergence", source=KL, also=[NORMAL], needs=VALUES)
@given(case=distributed())
def test_kl_divergence(case):
    """kl_divergence of two Normals is the expected difference of their log densities, in that order."""
    loc, scale = reference.drawn(case.loc), reference.drawn(case.scale)
    other, wider = reference.drawn(case.probs), reference.drawn(case.other)
    expected = known.normal_divergence(loc, scale, other, wider)

    output = kl_divergence(Normal(case.loc, case.scale), Normal(case.probs, case.other))

    expect.close(output, expected, dtype=case.loc.dtype, scale=SCALE)


# Uniform.


@rule("uniform_distribution.range", source=UNIFORM, needs=VALUES)
@given(case=distributed())
def test_uniform_range(case):
    """The numbers that a Uniform draws are not below low and not above high, which they may be rounded to."""
    torch.manual_seed(case.seed)

    drawn = Uniform(case.loc, case.loc + case.scale).sample((64,)).cpu()

    assert (drawn >= case.loc.cpu()).all()
    assert (drawn <= case.loc.cpu() + case.scale.cpu()).all()


@rule("uniform_distribution.distribution", source=UNIFORM, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=distributed(one=True))
def test_uniform_distribution(case):
    """The numbers that a Uniform draws are distributed evenly over [low, high)."""
    low, width = reference.drawn(case.loc), reference.drawn(case.scale)
    torch.manual_seed(case.seed)

    drawn = reference.host(Uniform(case.loc, case.loc + case.scale).sample((DRAWS,)))

    expect.drawn_from(known.uniform_parts((drawn - low) / width), known.EVEN)


@rule("uniform_distribution.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[UNIFORM], needs=VALUES)
@given(case=distributed())
def test_uniform_log_prob(case):
    """log_prob of a Uniform is minus the logarithm of its width, for values in [low, high)."""
    (width,) = known.wide(np.broadcast_to(reference.drawn(case.scale), case.batch))
    expected = -np.log(width)

    output = Uniform(case.loc, case.loc + case.scale).log_prob(case.loc + case.scale / 2)

    expect.close(output, expected, dtype=case.loc.dtype)


@rule(
    "uniform_distribution.log_prob_outside", source=f"{DISTRIBUTION}.log_prob", also=[UNIFORM], needs=VALUES
)
@given(case=distributed())
def test_uniform_log_prob_outside(case):
    """Without validation, log_prob of a Uniform is -inf below low, and at high and above it."""
    uniform = Uniform(case.loc, case.loc + case.scale, validate_args=False)

    outputs = [uniform.log_prob(case.loc + case.scale * part) for part in (-1, 1, 2)]

    assert all((output.cpu() == -torch.inf).all() for output in outputs)


@rule("uniform_distribution.mean", source=f"{DISTRIBUTION}.mean", also=[UNIFORM], needs=VALUES)
@given(case=distributed())
def test_uniform_mean(case):
    """The mean of a Uniform is the middle of low and high."""
    low, width = known.wide(reference.drawn(case.loc), reference.drawn(case.scale))
    expected = low + width / 2

    expect.close(Uniform(case.loc, case.loc + case.scale).mean, expected, dtype=case.loc.dtype)


@rule("uniform_distribution.variance", source=f"{DISTRIBUTION}.variance", also=[UNIFORM], needs=VALUES)
@given(case=distributed())
def test_uniform_variance(case):
    """The variance of a Uniform is a twelfth of the square of its width."""
    _, width = known.wide(reference.drawn(case.loc), reference.drawn(case.scale))
    expected = width**2 / 12

    expect.close(Uniform(case.loc, case.loc + case.scale).variance, expected, dtype=case.loc.dtype)


@rule("uniform_distribution.entropy", source=f"{DISTRIBUTION}.entropy", also=[UNIFORM], needs=VALUES)
@given(case=distributed())
def test_uniform_entropy(case):
    """The entropy of a Uniform is the logarithm of its width."""
    _, width = known.wide(reference.drawn(case.loc), reference.drawn(case.scale))
    expected = np.log(width)

    expect.close(Uniform(case.loc, case.loc + case.scale).entropy(), expected, dtype=case.loc.dtype)


@rule("uniform_distribution.empty", source=UNIFORM, also=[VALIDATION], kind=ERROR, needs=VALUES)
@given(case=distributed())
def test_uniform_empty(case):
    """A Uniform refuses a high that is not above low."""
    Uniform(case.loc, case.loc + case.scale, validate_args=True)

    with expect.refusal():
        Uniform(case.loc + case.scale, case.loc, validate_args=True)


# Exponential.


@rule("exponential_distribution.distribution", source=EXPONENTIAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=distributed(one=True))
def test_exponential_distribution(case):
    """The numbers that an Exponential draws are distributed exponentially, with its rate."""
    rate = reference.drawn(case.scale)
    torch.manual_seed(case.seed)

    drawn = reference.host(Exponential(case.scale).sample((DRAWS,)))

    expect.drawn_from(known.exponential_parts(drawn * rate), known.EVEN)


@rule(
    "exponential_distribution.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[EXPONENTIAL], needs=VALUES
)
@given(case=distributed())
def test_exponential_log_prob(case):
    """log_prob of an Exponential is the logarithm of the density of its rate."""
    counts, rate = known.wide(reference.drawn(case.counts), reference.drawn(case.other))
    expected = np.log(rate) - rate * counts

    output = Exponential(case.other).log_prob(case.counts)

    expect.close(output, expected, dtype=case.other.dtype, scale=SCALE)


@rule("exponential_distribution.mean", source=f"{DISTRIBUTION}.mean", also=[EXPONENTIAL], needs=VALUES)
@given(case=distributed())
def test_exponential_mean(case):
    """The mean of an Exponential is 1 / rate."""
    (rate,) = known.wide(reference.drawn(case.scale))
    expected = 1 / rate

    expect.close(Exponential(case.scale).mean, expected, dtype=case.scale.dtype)


@rule(
    "exponential_distribution.variance", source=f"{DISTRIBUTION}.variance", also=[EXPONENTIAL], needs=VALUES
)
@given(case=distributed())
def test_exponential_variance(case):
    """The variance of an Exponential is 1 / rate squared."""
    (rate,) = known.wide(reference.drawn(case.scale))
    expected = 1 / rate**2

    expect.close(Exponential(case.scale).variance, expected, dtype=case.scale.dtype)


@rule("exponential_distribution.entropy", source=f"{DISTRIBUTION}.entropy", also=[EXPONENTIAL], needs=VALUES)
@given(case=distributed())
def test_exponential_entropy(case):
    """The entropy of an Exponential is 1 - log(rate)."""
    (rate,) = known.wide(reference.drawn(case.scale))
    expected = 1 - np.log(rate)

    expect.close(Exponential(case.scale).entropy(), expected, dtype=case.scale.dtype)


@rule(
    "exponential_distribution.rate_not_positive",
    source=EXPONENTIAL,
    also=[VALIDATION],
    kind=ERROR,
    needs=VALUES,
)
@given(case=distributed())
def test_exponential_rate_not_positive(case):
    """An Exponential refuses a rate that is not positive."""
    Exponential(case.scale, validate_args=True)

    with expect.refusal():
        Exponential(-case.scale, validate_args=True)
