"""torch.distributions.Categorical: integers 0 … K-1 drawn with given probabilities.

The seed note's "probabilities that sum to 1" is narrower than the fact: any non-negative, finite weights with
a sum that is not 0 will do, and `.probs` gives them normalized.

The distribution itself is tested by the relative entropy of what is drawn: 20,000 draws for each of 100 sets
of probabilities. A right device fails such a rule once in 10**9 runs at most; probabilities raised to the
power of 1.2 are found in the default run.

Validation is off where Python runs optimized, so what it refuses is shown with `validate_args=True`.

Not covered: float16 and bfloat16 parameters, whose rounding the check of the simplex does not allow for;
more than 2**24 categories.
"""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from torch.distributions import Categorical, Distribution, Normal, constraints, kl_divergence

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
    logits_to_expand,
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
BACKWARD = "torch.Tensor.backward"
KL = "torch.distributions.kl.kl_divergence"
VALIDATION = f"{DISTRIBUTION}.set_default_validate_args"
VALUES = [Need.VALUES]
PRINTED = [*VALUES, Need.PRINTING]  # torch shows the tensor in the message
GRADIENT = [Need.VALUES, Need.AUTOGRAD]
RANDOM = [Need.VALUES, Need.SEEDING]
DRAWS = 20_000

OF_LOGITS = 30
"""Scale of the rounding of log probabilities that come of logits.

Of logits of up to 1000 the logsumexp is subtracted, and float32 has steps of 6e-5 there, of which this allows
five. Logits that are drawn differ by 0.1 or not at all, so a uniform distribution passes for no other.
"""

OF_EXPONENTIALS = 1e-20
"""Scale of the rounding of probabilities that come of logits.

Those of more than 1e-20 are compared relatively, whatever the dtype. Of the smaller ones the exponential is
less exact, as its error grows with the logarithm, and in float32 the least may be flushed to 0.
"""


@rule("categorical.neither_parameter", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities())
def test_neither_parameter(case):
    """A Categorical that is given neither probs nor logits is refused."""
    Categorical(probs=case.probs)

    with expect.refusal():
        Categorical()


@rule("categorical.both_parameters", source=CATEGORICAL, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities())
def test_both_parameters(case):
    """A Categorical that is given both probs and logits is refused."""
    Categorical(probs=case.probs)
    Categorical(logits=case.probs)

    with expect.refusal():
        Categorical(probs=case.probs, logits=case.probs)


@rule("categorical.0d_probs", source=CATEGORICAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities())
def test_0d_probs(case):
    """0-d probs raise ValueError: there is no dim of categories."""
    Categorical(probs=case.probs)

    with pytest.raises(ValueError):
        Categorical(probs=case.probs.sum())


@rule("categorical.0d_logits", source=CATEGORICAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=logits())
def test_0d_logits(case):
    """0-d logits raise ValueError: there is no dim of categories."""
    Categorical(logits=case.logits)

    with pytest.raises(ValueError):
        Categorical(logits=case.logits.sum())


@rule("categorical.probs_of_python", source=CATEGORICAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities())
def test_probs_of_python(case):
    """probs given as a list of Python numbers raises AttributeError: only tensors are taken."""
    Categorical(case.probs)

    with pytest.raises(AttributeError):
        Categorical(case.probs.tolist())


@rule("categorical.probs_normalized", source=CATEGORICAL, needs=VALUES)
@given(case=probabilities())
def test_probs_normalized(case):
    """.probs gives the weights divided by their sum along the last dim."""
    expected = reference.normalized(reference.drawn(case.probs))

    distribution = Categorical(case.probs)

    # Relatively, also the least: all weights are positive, so their sum is as exact as they are.
    expect.close(distribution.probs, expected, dtype=case.probs.dtype, scale=0)


@rule("categorical.logits_normalized", source=CATEGORICAL, needs=VALUES)
@given(case=logits())
def test_logits_normalized(case):
    """.logits gives the logits shifted so that their probabilities sum to 1 along the last dim."""
    expected = reference.log_softmax(reference.drawn(case.logits))

    distribution = Categorical(logits=case.logits)

    expect.close(distribution.logits, expected, dtype=case.logits.dtype, scale=OF_LOGITS)


@rule("categorical.probs_of_logits", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=logits())
def test_probs_of_logits(case):
    """Given logits, .probs gives their exponentials, normalized to sum to 1 along the last dim."""
    expected = np.exp(reference.log_softmax(reference.drawn(case.logits)))

    distribution = Categorical(logits=case.logits)

    expect.close(distribution.probs, expected, dtype=case.logits.dtype, scale=OF_EXPONENTIALS)


@rule("categorical.logits_of_probs", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities(zeros=False))
def test_logits_of_probs(case):
    """Given probs, .logits gives the logarithms of the normalized ones."""
    expected = np.log(reference.normalized(reference.drawn(case.probs)))

    distribution = Categorical(case.probs)

    expect.close(distribution.logits, expected, dtype=case.probs.dtype)


@rule("categorical.shifted_logits", source=CATEGORICAL, needs=VALUES)
@given(case=logits())
def test_shifted_logits(case):
    """Adding 8 to all logits leaves .logits as it is: what is given is unnormalized."""
    expected = reference.log_softmax(reference.drawn(case.logits))

    distribution = Categorical(logits=case.logits + 8)

    expect.close(distribution.logits, expected, dtype=case.logits.dtype, scale=OF_LOGITS)


@rule("categorical.scaled_probs", source=CATEGORICAL, needs=VALUES)
@given(case=probabilities())
def test_scaled_probs(case):
    """Multiplying all weights by 8 leaves .probs as it is: what is given is relative."""
    expected = reference.normalized(reference.drawn(case.probs))

    distribution = Categorical(case.probs * 8)

    expect.close(distribution.probs, expected, dtype=case.probs.dtype, scale=0)


@rule("categorical.negative_prob", source=CATEGORICAL, also=[VALIDATION], kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_with(-0.0625))
def test_negative_prob(case):
    """Validation refuses a negative weight among positive ones."""
    Categorical(probs=case.mended_probs, validate_args=True)

    with expect.refusal():
        Categorical(probs=case.probs, validate_args=True)


@rule("categorical.negative_row", source=CATEGORICAL, also=[VALIDATION], kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_all_negative())
def test_negative_row(case):
    """Validation refuses a row of negative weights."""
    Categorical(probs=case.mended_probs, validate_args=True)

    with expect.refusal():
        Categorical(probs=case.probs, validate_args=True)


@rule("categorical.nan_prob", source=CATEGORICAL, also=[VALIDATION], kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_with(math.nan))
def test_nan_prob(case):
    """Validation refuses a NaN among the weights."""
    Categorical(probs=case.mended_probs, validate_args=True)

    with expect.refusal():
        Categorical(probs=case.probs, validate_args=True)


@rule("categorical.infinite_prob", source=CATEGORICAL, also=[VALIDATION], kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_with(math.inf))
def test_infinite_prob(case):
    """Validation refuses an infinite weight."""
    Categorical(probs=case.mended_probs, validate_args=True)

    with expect.refusal():
        Categorical(probs=case.probs, validate_args=True)


@rule("categorical.zero_sum", source=CATEGORICAL, also=[VALIDATION], kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_without_mass())
def test_zero_sum(case):
    """Validation refuses a row of weights that are all 0."""
    Categorical(probs=case.mended_probs, validate_args=True)

    with expect.refusal():
        Categorical(probs=case.probs, validate_args=True)


@rule("categorical.huge_probs", source=CATEGORICAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=PRINTED)
@given(case=probabilities_of_huge_weights())
def test_huge_probs(case):
    """Validation raises ValueError for finite weights whose sum overflows."""
    Categorical(case.probs / 1024, validate_args=True)

    with pytest.raises(ValueError):
        Categorical(case.probs, validate_args=True)


@rule("categorical.nan_logit", source=CATEGORICAL, also=[VALIDATION], kind=Kind.ERROR, needs=VALUES)
@given(case=logits_with(math.nan))
def test_nan_logit(case):
    """Validation refuses a NaN among the logits."""
    Categorical(logits=case.mended_logits, validate_args=True)

    with expect.refusal():
        Categorical(logits=case.logits, validate_args=True)


@rule(
    "categorical.infinite_logit",
    source=CATEGORICAL,
    basis=Basis.OBSERVED,
    also=[VALIDATION],
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=logits_with(math.inf))
def test_infinite_logit(case):
    """Validation refuses a logit of +inf, which is no real number."""
    Categorical(logits=case.mended_logits, validate_args=True)

    with expect.refusal():
        Categorical(logits=case.logits, validate_args=True)


@rule(
    "categorical.minus_infinite_row", source=CATEGORICAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES
)
@given(case=logits_without_mass())
def test_minus_infinite_row(case):
    """Validation refuses a row of logits that are all -inf."""
    Categorical(logits=case.mended_logits, validate_args=True)

    # Not by a type: its message prints the logits, which a device may not be able to.
    with expect.refusal():
        Categorical(logits=case.logits, validate_args=True)


@rule("categorical.minus_infinite_logit", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=logits_with_minus_infinity())
def test_minus_infinite_logit(case):
    """A logit of -inf in a row with finite ones stands for probability 0."""
    expected = np.exp(reference.log_softmax(reference.drawn(case.logits)))

    distribution = Categorical(logits=case.logits, validate_args=True)

    expect.close(distribution.probs, expected, dtype=case.logits.dtype, scale=OF_EXPONENTIALS)


@rule("categorical.minus_infinite_logit_drawn", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=logits_with_minus_infinity())
def test_minus_infinite_logit_drawn(case):
    """A category whose logit is -inf is never drawn."""
    torch.manual_seed(case.seed)
    finite = np.isfinite(reference.drawn(case.logits))

    drawn = Categorical(logits=case.logits).sample((64,))

    expect.possible(drawn, finite)


@rule("categorical.validation_off", source=DISTRIBUTION, needs=VALUES)
@given(case=probabilities_with(-0.0625))
def test_validation_off(case):
    """With validate_args=False, weights are taken that are refused with validate_args=True."""
    with expect.refusal():
        Categorical(case.probs, validate_args=True)

    distribution = Categorical(case.probs, validate_args=False)

    assert distribution.batch_shape == case.probs.shape[:-1]


@rule("categorical.unvalidated_probs", source=DISTRIBUTION, basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities_with(-0.0625))
def test_unvalidated_probs(case):
    """With validate_args=False, .probs gives the weights divided by their sum, negative ones, too."""
    expected = reference.normalized(reference.drawn(case.probs))

    distribution = Categorical(case.probs, validate_args=False)

    # Relatively: the negative weight is at most a quarter of the others' sum.
    expect.close(distribution.probs, expected, dtype=case.probs.dtype, scale=0)


@rule(
    "categorical.unvalidated_sample",
    source=DISTRIBUTION,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.VALUES, Need.INDEX_CHECKS],
)
@given(case=probabilities_with(-0.0625))
def test_unvalidated_sample(case):
    """Negative weights that were not validated raise RuntimeError in sample."""
    Categorical(case.mended_probs, validate_args=False).sample()
    distribution = Categorical(case.probs, validate_args=False)

    with pytest.raises(RuntimeError):
        distribution.sample()


@rule(
    "categorical.validation_by_default",
    source=VALIDATION,
    also=[CATEGORICAL],
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=probabilities_with(-0.0625))
def test_validation_by_default(case):
    """Unless Python runs optimized, a negative weight is refused by default."""
    Categorical(case.mended_probs)

    if __debug__:
        with expect.refusal():
            Categorical(case.probs)


@rule("categorical.validation_default_off", source=VALIDATION, also=[CATEGORICAL], needs=VALUES)
@given(case=probabilities_with(-0.0625))
def test_validation_default_off(case):
    """After set_default_validate_args(False), weights are taken that validation refuses."""
    with expect.refusal():
        Categorical(case.probs, validate_args=True)

    Distribution.set_default_validate_args(False)
    try:
        distribution = Categorical(case.probs)
    finally:
        Distribution.set_default_validate_args(__debug__)

    assert distribution.batch_shape == case.probs.shape[:-1]


@rule("categorical.validation_default", source=VALIDATION, basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=probabilities())
def test_validation_default(case):
    """A default for validation that is neither True nor False raises ValueError."""
    Distribution.set_default_validate_args(__debug__)

    with pytest.raises(ValueError):
        Distribution.set_default_validate_args(case.probs.shape)


@rule("categorical.batch_shape", source=CATEGORICAL, needs=VALUES)
@given(case=probabilities())
def test_batch_shape(case):
    """The batch shape is the shape of probs without its last dim."""
    distribution = Categorical(case.probs)

    assert distribution.batch_shape == case.probs.shape[:-1]


@rule(
    "categorical.batch_shape_of_logits",
    source=f"{DISTRIBUTION}.batch_shape",
    also=[CATEGORICAL],
    needs=VALUES,
)
@given(case=logits())
def test_batch_shape_of_logits(case):
    """The batch shape is the shape of logits without its last dim."""
    distribution = Categorical(logits=case.logits)

    assert distribution.batch_shape == case.logits.shape[:-1]


@rule("categorical.empty_batch", source=CATEGORICAL, basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=logits_of_no_batch())
def test_empty_batch(case):
    """Validation takes probs with a batch dim of size 0, and raises RuntimeError for such logits."""
    Categorical(probs=case.logits.exp(), validate_args=True)

    with pytest.raises(RuntimeError):
        Categorical(logits=case.logits, validate_args=True)


@rule("categorical.event_shape", source=f"{DISTRIBUTION}.event_shape", also=[CATEGORICAL], needs=VALUES)
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
    """A sample has the sample shape that was asked for, followed by the batch shape."""
    drawn = Categorical(case.probs).sample(case.sample_shape)

    assert drawn.shape == case.sample_shape + case.probs.shape[:-1]


@rule("categorical.sample_of_nothing", source=f"{DISTRIBUTION}.sample", needs=VALUES)
@given(case=probabilities())
def test_sample_of_nothing(case):
    """A sample shape of (0,) gives an empty sample of that shape followed by the batch shape."""
    drawn = Categorical(case.probs).sample((0,))

    assert drawn.shape == (0, *case.probs.shape[:-1])


@rule(
    "categorical.sample_shape_of_python",
    source=f"{DISTRIBUTION}.sample",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=probabilities())
def test_sample_shape_of_python(case):
    """A sample shape that is a number raises TypeError: it is to be a tuple."""
    distribution = Categorical(case.probs)
    distribution.sample((3,))

    with pytest.raises(TypeError):
        distribution.sample(3)


@rule(
    "categorical.sample_by_generator",
    source=f"{DISTRIBUTION}.sample",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=probabilities())
def test_sample_by_generator(case):
    """sample raises TypeError for a generator: it draws from the default one of the device."""
    distribution = Categorical(case.probs)
    distribution.sample((3,))

    with pytest.raises(TypeError):
        distribution.sample((3,), generator=torch.Generator())  # type: ignore[call-arg]


@rule("categorical.sample_dtype", source=CATEGORICAL, basis=Basis.OBSERVED, seed="Categorical", needs=VALUES)
@given(case=probabilities_to_sample())
def test_sample_dtype(case):
    """Samples are int64, whatever the dtype of probs."""
    drawn = Categorical(case.probs).sample(case.sample_shape)

    assert drawn.dtype == torch.int64


@rule("categorical.sample_range", source=CATEGORICAL, seed="Categorical", needs=VALUES)
@given(case=probabilities_to_sample())
def test_sample_range(case):
    """Samples lie between 0 and K - 1, for K categories."""
    torch.manual_seed(case.seed)

    drawn = Categorical(case.probs).sample((64, *case.sample_shape))

    assert ((drawn >= 0) & (drawn < case.probs.shape[-1])).all()


@rule("categorical.zero_probability", source=CATEGORICAL, seed="Categorical", needs=VALUES)
@given(case=probabilities_to_sample())
def test_zero_probability(case):
    """A category of probability 0 is never drawn, in no row of a batch."""
    torch.manual_seed(case.seed)
    weights = reference.drawn(case.probs)

    drawn = Categorical(case.probs).sample((64,))

    expect.possible(drawn, weights)


@rule("categorical.certain", source=CATEGORICAL, needs=VALUES)
@given(case=one_hot_probabilities())
def test_certain(case):
    """Where one category alone has a weight, it is drawn every time."""
    torch.manual_seed(case.seed)
    expected = np.broadcast_to(reference.drawn(case.probs).argmax(-1), (16, *case.probs.shape[:-1]))

    drawn = Categorical(case.probs).sample((16,))

    expect.same_elements(drawn.long(), expected)


@rule("categorical.distribution", source=CATEGORICAL, kind=Kind.STATISTICAL, seed="Categorical", needs=VALUES)
@given(case=probabilities_to_test())
def test_distribution(case):
    """Each category is drawn with its probability."""
    torch.manual_seed(case.seed)
    expected = reference.normalized(reference.drawn(case.probs))

    drawn = Categorical(case.probs).sample((DRAWS,))

    expect.drawn_from(drawn, expected)


@rule("categorical.distribution_of_logits", source=CATEGORICAL, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=probabilities_to_test(zeros=False))
def test_distribution_of_logits(case):
    """Given the logarithms of positive weights, each category is drawn with its probability."""
    torch.manual_seed(case.seed)
    expected = reference.normalized(reference.drawn(case.probs))

    drawn = Categorical(logits=case.probs.log()).sample((DRAWS,))

    expect.drawn_from(drawn, expected)


@rule(
    "categorical.distribution_of_rows",
    source=CATEGORICAL,
    basis=Basis.OBSERVED,
    kind=Kind.STATISTICAL,
    needs=VALUES,
)
@given(case=probabilities_of_two_rows())
def test_distribution_of_rows(case):
    """The rows of a batch are drawn independently, each with its own probabilities."""
    torch.manual_seed(case.seed)
    one, two = reference.normalized(reference.drawn(case.probs))

    drawn = Categorical(case.probs).sample((DRAWS,))

    expect.drawn_from(drawn[:, 0] * len(two) + drawn[:, 1], np.outer(one, two).reshape(-1))


@rule(
    "categorical.independent_draws",
    source=CATEGORICAL,
    basis=Basis.OBSERVED,
    kind=Kind.STATISTICAL,
    needs=VALUES,
)
@given(case=probabilities_of_two_rows())
def test_independent_draws(case):
    """One draw of a sample and the next are independent."""
    torch.manual_seed(case.seed)
    one, _ = reference.normalized(reference.drawn(case.probs))

    drawn = Categorical(case.probs[0]).sample((DRAWS, 2))

    expect.drawn_from(drawn[:, 0] * len(one) + drawn[:, 1], np.outer(one, one).reshape(-1))


@rule("categorical.reproducible", source="notes/randomness", needs=RANDOM)
@given(case=probabilities_to_sample())
def test_reproducible(case):
    """Setting the same seed again gives the same sample again."""
    distribution = Categorical(case.probs)
    torch.manual_seed(case.seed)
    first = distribution.sample((16,))

    torch.manual_seed(case.seed)
    second = distribution.sample((16,))

    assert torch.equal(first, second)


@rule(
    "categorical.successive_samples",
    source=CATEGORICAL,
    basis=Basis.OBSERVED,
    kind=Kind.STATISTICAL,
    needs=VALUES,
)
@given(case=probabilities_of_two_rows())
def test_successive_samples(case):
    """One sample and the next are independent: each advances the generator."""
    torch.manual_seed(case.seed)
    one, _ = reference.normalized(reference.drawn(case.probs))
    distribution = Categorical(case.probs[0])

    first, second = distribution.sample((DRAWS,)), distribution.sample((DRAWS,))

    expect.drawn_from(first * len(one) + second, np.outer(one, one).reshape(-1))


@rule("categorical.multinomial", source=CATEGORICAL, basis=Basis.OBSERVED, needs=RANDOM)
@given(case=probabilities_to_test())
def test_multinomial(case):
    """From the same seed, multinomial with replacement draws the same of the same probabilities."""
    torch.manual_seed(case.seed)
    expected = torch.multinomial(case.probs / case.probs.sum(), 64, replacement=True)

    torch.manual_seed(case.seed)
    drawn = Categorical(case.probs).sample((64,))

    assert torch.equal(drawn, expected)


@rule("categorical.sample_needs_no_grad", source=CATEGORICAL, also=["torch.Tensor.to"], needs=GRADIENT)
@given(case=probabilities(requires_grad=True))
def test_sample_needs_no_grad(case):
    """A sample, which is of integers, does not require grad even if the probabilities do."""
    distribution = Categorical(case.probs)
    assert distribution.probs.requires_grad

    drawn = distribution.sample((2,))

    assert not drawn.requires_grad


@rule("categorical.has_no_rsample", source=f"{DISTRIBUTION}.rsample", basis=Basis.OBSERVED, needs=VALUES)
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


@rule("categorical.cdf", source=f"{DISTRIBUTION}.cdf", basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_and_value())
def test_cdf(case):
    """cdf raises NotImplementedError: categories have no order."""
    distribution = Categorical(case.probs)
    distribution.log_prob(case.value)

    with pytest.raises(NotImplementedError):
        distribution.cdf(case.value)


@rule("categorical.icdf", source=f"{DISTRIBUTION}.icdf", basis=Basis.OBSERVED, kind=Kind.ERROR, needs=VALUES)
@given(case=probabilities_and_value())
def test_icdf(case):
    """icdf raises NotImplementedError: categories have no order."""
    distribution = Categorical(case.probs)
    probability = distribution.log_prob(case.value).exp()

    with pytest.raises(NotImplementedError):
        distribution.icdf(probability)


@rule(
    "categorical.sample_n_warns",
    source=f"{DISTRIBUTION}.sample_n",
    basis=Basis.OBSERVED,
    kind=Kind.WARNING,
    needs=VALUES,
)
@given(case=probabilities())
def test_sample_n_warns(case):
    """sample_n warns that it is deprecated, with a FutureWarning."""
    distribution = Categorical(case.probs)

    with pytest.warns(FutureWarning):
        distribution.sample_n(2)


@rule("categorical.sample_n_shape", source=f"{DISTRIBUTION}.sample_n", needs=VALUES)
@given(case=probabilities())
def test_sample_n_shape(case):
    """sample_n gives that many samples: one more dim in front of the batch shape."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = Categorical(case.probs).sample_n(3)

    assert drawn.shape == (3, *case.probs.shape[:-1])


@rule("categorical.sample_n", source=f"{DISTRIBUTION}.sample_n", basis=Basis.OBSERVED, needs=RANDOM)
@given(case=probabilities())
def test_sample_n(case):
    """From the same seed, sample_n(n) draws what sample((n,)) draws."""
    distribution = Categorical(case.probs)
    torch.manual_seed(case.seed)
    expected = distribution.sample((16,))

    torch.manual_seed(case.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = distribution.sample_n(16)

    assert torch.equal(drawn, expected)


@rule("categorical.log_prob", source=f"{DISTRIBUTION}.log_prob", also=[CATEGORICAL], needs=VALUES)
@given(case=probabilities_and_value())
def test_log_prob(case):
    """log_prob of a value of the shape of a sample gives the logarithm of the probability of each element."""
    table = np.log(reference.normalized(reference.drawn(case.probs)))
    expected = reference.at_value(table, reference.drawn(case.value))

    found = Categorical(case.probs).log_prob(case.value)

    expect.close(found, expected, dtype=case.probs.dtype)


@rule("categorical.log_prob_broadcast", source=f"{DISTRIBUTION}.log_prob", basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities_and_value(broadcast=True))
def test_log_prob_broadcast(case):
    """log_prob broadcasts the value with the batch shape, and takes whole numbers of a floating dtype."""
    table = np.log(reference.normalized(reference.drawn(case.probs)))
    expected = reference.at_value(table, reference.drawn(case.value))

    found = Categorical(case.probs).log_prob(case.value)

    expect.close(found, expected, dtype=case.probs.dtype)


@rule("categorical.log_prob_of_certain", source=f"{DISTRIBUTION}.log_prob", also=[CATEGORICAL], needs=VALUES)
@given(case=one_hot_probabilities())
def test_log_prob_of_certain(case):
    """A value of probability 1 has the log probability 0."""
    distribution = Categorical(case.probs)

    found = distribution.log_prob(distribution.sample())

    expect.close(found, np.zeros(case.probs.shape[:-1]), dtype=case.probs.dtype)


@rule("categorical.log_prob_of_logits", source=f"{DISTRIBUTION}.log_prob", also=[CATEGORICAL], needs=VALUES)
@given(case=logits_and_value())
def test_log_prob_of_logits(case):
    """Given logits, log_prob gives the value's normalized logit."""
    table = reference.log_softmax(reference.drawn(case.logits))
    expected = reference.at_value(table, reference.drawn(case.value))

    found = Categorical(logits=case.logits).log_prob(case.value)

    expect.close(found, expected, dtype=case.logits.dtype, scale=OF_LOGITS)


@rule("categorical.log_prob_of_impossible", source=f"{DISTRIBUTION}.log_prob", needs=VALUES)
@given(case=pairs_of_probabilities(zero=True))
def test_log_prob_of_impossible(case):
    """A value of probability 0 has the log probability -inf."""
    value = torch.zeros(case.other.shape[:-1], dtype=torch.int64, device=case.other.device)

    found = Categorical(case.other).log_prob(value)

    assert (found == -math.inf).all()


@rule(
    "categorical.log_prob_of_impossible_logit",
    source=f"{DISTRIBUTION}.log_prob",
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=logits_with_minus_infinity())
def test_log_prob_of_impossible_logit(case):
    """A value whose logit is -inf has the log probability -inf."""
    value = torch.zeros(case.logits.shape[:-1], dtype=torch.int64, device=case.logits.device)

    found = Categorical(logits=case.logits).log_prob(value)

    assert (found == -math.inf).all()


@rule(
    "categorical.log_prob_sums_to_1",
    source=f"{DISTRIBUTION}.log_prob",
    also=[f"{DISTRIBUTION}.enumerate_support"],
    needs=VALUES,
)
@given(case=logits())
def test_log_prob_sums_to_1(case):
    """The probabilities of all values of the support sum to 1."""
    distribution = Categorical(logits=case.logits)

    found = distribution.log_prob(distribution.enumerate_support()).exp().sum(0)

    expect.close(found, np.ones(case.logits.shape[:-1]), dtype=case.logits.dtype, scale=OF_LOGITS)


@rule(
    "categorical.value_range",
    source=DISTRIBUTION,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=PRINTED,
)
@given(case=values_outside_the_support())
def test_value_range(case):
    """Validation raises ValueError in log_prob for a value that is no integer between 0 and K - 1."""
    distribution = Categorical(case.probs, validate_args=True)
    distribution.log_prob(case.mended_value)

    with pytest.raises(ValueError):
        distribution.log_prob(case.value)


@rule(
    "categorical.value_shape",
    source=DISTRIBUTION,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=values_of_another_shape())
def test_value_shape(case):
    """Validation raises ValueError in log_prob for a value that does not broadcast with the batch shape."""
    distribution = Categorical(case.probs, validate_args=True)
    distribution.log_prob(case.mended_value)

    with pytest.raises(ValueError):
        distribution.log_prob(case.value)


@rule(
    "categorical.value_of_python",
    source=f"{DISTRIBUTION}.log_prob",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=probabilities())
def test_value_of_python(case):
    """Validation raises ValueError in log_prob for a Python number: it takes tensors."""
    distribution = Categorical(case.probs, validate_args=True)
    distribution.log_prob(torch.zeros((), device=case.probs.device))

    with pytest.raises(ValueError):
        distribution.log_prob(0)


@rule("categorical.unvalidated_value", source=DISTRIBUTION, basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities_and_value())
def test_unvalidated_value(case):
    """With validate_args=False, log_prob drops what a value has behind the point."""
    table = np.log(reference.normalized(reference.drawn(case.probs)))
    expected = reference.at_value(table, reference.drawn(case.value))

    found = Categorical(case.probs, validate_args=False).log_prob(case.value + 0.5)

    expect.close(found, expected, dtype=case.probs.dtype)


@rule(
    "categorical.unvalidated_value_range",
    source=DISTRIBUTION,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=[Need.VALUES, Need.INDEX_CHECKS],
)
@given(case=probabilities_and_value())
def test_unvalidated_value_range(case):
    """With validate_args=False, log_prob of values of K and more raises RuntimeError."""
    distribution = Categorical(case.probs, validate_args=False)
    distribution.log_prob(case.value)

    with pytest.raises(RuntimeError):
        distribution.log_prob(case.value + case.probs.shape[-1])


@rule(
    "categorical.gradient_of_logits",
    source="distributions",
    also=[BACKWARD],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=logits_and_value(requires_grad=True))
def test_gradient_of_logits(case):
    """The gradient of log_prob with respect to logits is 1 at the value, less the probabilities."""
    table = np.exp(reference.log_softmax(reference.drawn(case.logits)))
    hot, count = reference.indicator(reference.drawn(case.value), case.logits.shape)

    Categorical(logits=case.logits).log_prob(case.value).sum().backward()

    expect.close(case.logits.grad, hot - count * table, dtype=case.logits.dtype, scale=10)


@rule(
    "categorical.gradient_of_probs",
    source="distributions",
    also=[BACKWARD],
    kind=Kind.GRADIENT,
    needs=GRADIENT,
)
@given(case=probabilities_and_value(requires_grad=True))
def test_gradient_of_probs(case):
    """The gradient of log_prob with respect to weights is 1/weight at the value, less 1/(their sum)."""
    weights = np.asarray(reference.drawn(case.probs), np.float64)
    hot, count = reference.indicator(reference.drawn(case.value), case.probs.shape)

    Categorical(case.probs).log_prob(case.value).sum().backward()

    expect.close(
        case.probs.grad, hot / weights - count / weights.sum(-1, keepdims=True), dtype=case.probs.dtype
    )


@rule(
    "categorical.score_function",
    source="distributions",
    kind=Kind.GRADIENT,
    also=[BACKWARD],
    needs=GRADIENT,
)
@given(case=logits(requires_grad=True))
def test_score_function(case):
    """The loss -log_prob(sample) * 2 has twice the negative gradient of log_prob at the sample."""
    torch.manual_seed(case.seed)
    distribution = Categorical(logits=case.logits)
    action = distribution.sample()
    table = np.exp(reference.log_softmax(reference.drawn(case.logits)))
    hot, count = reference.indicator(reference.host(action), case.logits.shape)

    (-distribution.log_prob(action) * 2).sum().backward()

    expect.close(case.logits.grad, -2 * (hot - count * table), dtype=case.logits.dtype, scale=10)


@rule("categorical.entropy", source=f"{DISTRIBUTION}.entropy", also=[CATEGORICAL], needs=VALUES)
@given(case=probabilities())
def test_entropy(case):
    """The entropy is -sum(p log p) over the categories, where 0 log 0 is 0, in the batch shape."""
    expected = reference.entropy(reference.normalized(reference.drawn(case.probs)))

    found = Categorical(case.probs).entropy()

    expect.close(found, expected, dtype=case.probs.dtype, scale=1)


@rule("categorical.entropy_of_logits", source=f"{DISTRIBUTION}.entropy", also=[CATEGORICAL], needs=VALUES)
@given(case=logits())
def test_entropy_of_logits(case):
    """Given logits, the entropy is that of their probabilities."""
    expected = reference.entropy(np.exp(reference.log_softmax(reference.drawn(case.logits))))

    found = Categorical(logits=case.logits).entropy()

    expect.close(found, expected, dtype=case.logits.dtype, scale=OF_LOGITS)


@rule(
    "categorical.entropy_of_minus_infinite_logit",
    source=f"{DISTRIBUTION}.entropy",
    basis=Basis.OBSERVED,
    needs=VALUES,
)
@given(case=logits_with_minus_infinity())
def test_entropy_of_minus_infinite_logit(case):
    """A logit of -inf adds nothing to the entropy."""
    expected = reference.entropy(np.exp(reference.log_softmax(reference.drawn(case.logits))))

    found = Categorical(logits=case.logits).entropy()

    expect.close(found, expected, dtype=case.logits.dtype, scale=OF_LOGITS)


@rule("categorical.entropy_bounds", source=f"{DISTRIBUTION}.entropy", also=[CATEGORICAL], needs=VALUES)
@given(case=probabilities())
def test_entropy_bounds(case):
    """The entropy lies between 0 and the logarithm of the number of categories."""
    found = Categorical(case.probs).entropy()

    rounding = 1e-5
    assert ((found > -rounding) & (found < math.log(case.probs.shape[-1]) + rounding)).all()


@rule("categorical.perplexity", source=f"{DISTRIBUTION}.perplexity", needs=VALUES)
@given(case=probabilities())
def test_perplexity(case):
    """The perplexity is the exponential of the entropy."""
    expected = np.exp(reference.entropy(reference.normalized(reference.drawn(case.probs))))

    found = Categorical(case.probs).perplexity()

    # An error of 1e-5 in an entropy of up to 5.7 is a thousandth of 100.
    expect.close(found, expected, dtype=case.probs.dtype, scale=100)


@rule("categorical.enumerate_support", source=f"{DISTRIBUTION}.enumerate_support", needs=VALUES)
@given(case=probabilities())
def test_enumerate_support(case):
    """enumerate_support counts 0 to K - 1 along dim 0, alike for the whole batch shape behind it."""
    *batch, count = case.probs.shape
    expected = np.broadcast_to(np.arange(count).reshape(-1, *[1] * len(batch)), (count, *batch))

    found = Categorical(case.probs).enumerate_support()

    expect.same_elements(found.long(), expected)


@rule("categorical.enumerate_support_once", source=f"{DISTRIBUTION}.enumerate_support", needs=VALUES)
@given(case=probabilities())
def test_enumerate_support_once(case):
    """enumerate_support(expand=False) counts along dim 0 and has size 1 in the dims of the batch."""
    *batch, count = case.probs.shape
    expected = np.arange(count).reshape(-1, *[1] * len(batch))

    found = Categorical(case.probs).enumerate_support(expand=False)

    expect.same_elements(found.long(), expected)


@rule("categorical.has_enumerate_support", source=CATEGORICAL, basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_has_enumerate_support(case):
    """Categorical says that its support can be enumerated."""
    assert Categorical(case.probs).has_enumerate_support


@rule("categorical.support", source=f"{DISTRIBUTION}.support", also=[CATEGORICAL], needs=VALUES)
@given(case=values_outside_the_support())
def test_support(case):
    """The support of a distribution excludes what is no integer between 0 and K - 1."""
    support = Categorical(case.probs).support

    assert not support.check(case.value).all()


@rule("categorical.support_of_values", source=f"{DISTRIBUTION}.support", also=[CATEGORICAL], needs=VALUES)
@given(case=probabilities_and_value())
def test_support_of_values(case):
    """The support of a distribution contains every integer between 0 and K - 1."""
    support = Categorical(case.probs).support

    assert support.check(case.value).all()


@rule(
    "categorical.support_of_the_class", source=f"{DISTRIBUTION}.support", basis=Basis.OBSERVED, needs=VALUES
)
@given(case=probabilities())
def test_support_of_the_class(case):
    """The support of the class is a dependent one, as it has no number of categories; an instance has."""
    assert not constraints.is_dependent(Categorical(case.probs).support)

    assert constraints.is_dependent(Categorical.support)


@rule("categorical.mode", source=f"{DISTRIBUTION}.mode", basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_mode(case):
    """The mode is the most probable category of each row, the first if several are."""
    expected = np.asarray(reference.drawn(case.probs).argmax(-1))

    found = Categorical(case.probs).mode

    expect.same_elements(found, expected)


@rule("categorical.mode_is_most_probable", source=f"{DISTRIBUTION}.mode", also=[CATEGORICAL], needs=VALUES)
@given(case=probabilities())
def test_mode_is_most_probable(case):
    """No category of a row is more probable than the mode."""
    weights = reference.drawn(case.probs)

    found = Categorical(case.probs).mode

    expect.points_at(found.long().unsqueeze(-1), case.probs.amax(-1, keepdim=True), weights, -1)


@rule("categorical.mean", source=f"{DISTRIBUTION}.mean", basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_mean(case):
    """The mean is NaN, in the batch shape: categories are names."""
    found = Categorical(case.probs).mean

    expect.equal_elements(found, np.full(case.probs.shape[:-1], np.nan, reference.drawn(case.probs).dtype))


@rule("categorical.variance", source=f"{DISTRIBUTION}.variance", basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_variance(case):
    """The variance is NaN, in the batch shape: categories are names."""
    found = Categorical(case.probs).variance

    expect.equal_elements(found, np.full(case.probs.shape[:-1], np.nan, reference.drawn(case.probs).dtype))


@rule("categorical.stddev", source=f"{DISTRIBUTION}.stddev", basis=Basis.OBSERVED, needs=VALUES)
@given(case=probabilities())
def test_stddev(case):
    """The standard deviation is NaN, in the batch shape: categories are names."""
    found = Categorical(case.probs).stddev

    expect.equal_elements(found, np.full(case.probs.shape[:-1], np.nan, reference.drawn(case.probs).dtype))


@rule("categorical.expand_batch_shape", source=f"{DISTRIBUTION}.expand", needs=VALUES)
@given(case=probabilities_to_expand())
def test_expand_batch_shape(case):
    """expand gives a distribution with the batch shape that was asked for."""
    found = Categorical(case.probs).expand(case.batch_shape)

    assert found.batch_shape == case.batch_shape


@rule("categorical.expand_probs", source=f"{DISTRIBUTION}.expand", also=[CATEGORICAL], needs=VALUES)
@given(case=probabilities_to_expand())
def test_expand_probs(case):
    """expand repeats the probabilities over the new batch shape."""
    expected = reference.normalized(reference.drawn(case.probs))

    found = Categorical(case.probs).expand(case.batch_shape)

    expect.close(
        found.probs,
        np.broadcast_to(expected, (*case.batch_shape, expected.shape[-1])),
        dtype=case.probs.dtype,
        scale=0,
    )


@rule("categorical.expand_logits", source=f"{DISTRIBUTION}.expand", also=[CATEGORICAL], needs=VALUES)
@given(case=logits_to_expand())
def test_expand_logits(case):
    """expand repeats the logits of a distribution that was given logits."""
    expected = reference.log_softmax(reference.drawn(case.logits))

    found = Categorical(logits=case.logits).expand(case.batch_shape)

    expect.close(
        found.logits,
        np.broadcast_to(expected, (*case.batch_shape, expected.shape[-1])),
        dtype=case.logits.dtype,
        scale=OF_LOGITS,
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


@rule(
    "categorical.expand_entropy",
    source=f"{DISTRIBUTION}.expand",
    also=[f"{DISTRIBUTION}.entropy"],
    needs=VALUES,
)
@given(case=probabilities_to_expand())
def test_expand_entropy(case):
    """The entropy of an expanded distribution is the old one, repeated over the new batch shape."""
    expected = reference.entropy(reference.normalized(reference.drawn(case.probs)))

    found = Categorical(case.probs).expand(case.batch_shape).entropy()

    expect.close(found, np.broadcast_to(expected, case.batch_shape), dtype=case.probs.dtype)


@rule(
    "categorical.expand_log_prob",
    source=f"{DISTRIBUTION}.expand",
    also=[f"{DISTRIBUTION}.log_prob"],
    needs=VALUES,
)
@given(case=logits_to_expand())
def test_expand_log_prob(case):
    """log_prob of an expanded distribution is the old one, repeated over the new batch shape."""
    expected = reference.log_softmax(reference.drawn(case.logits))[..., 0]
    value = torch.zeros(case.batch_shape, dtype=torch.int64, device=case.logits.device)

    found = Categorical(logits=case.logits).expand(case.batch_shape).log_prob(value)

    expect.close(found, np.broadcast_to(expected, case.batch_shape), dtype=case.logits.dtype, scale=OF_LOGITS)


@rule(
    "categorical.expand_misfit",
    source=f"{DISTRIBUTION}.expand",
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=probabilities_of_two_rows())
def test_expand_misfit(case):
    """expand to a batch shape that the old one does not broadcast to raises RuntimeError."""
    distribution = Categorical(case.probs)
    distribution.expand((3, 2))

    with pytest.raises(RuntimeError):
        distribution.expand((2, 3))


@rule("categorical.kl_divergence", source=KL, needs=VALUES)
@given(case=pairs_of_probabilities())
def test_kl_divergence(case):
    """The divergence from p to q is the sum of p (log p - log q) over the categories."""
    p, q = (
        reference.normalized(reference.drawn(case.probs)),
        reference.normalized(reference.drawn(case.other)),
    )

    found = kl_divergence(Categorical(case.probs), Categorical(case.other))

    expect.close(found, (p * (np.log(p) - np.log(q))).sum(-1), dtype=case.probs.dtype)


@rule("categorical.kl_divergence_infinite", source=KL, needs=VALUES)
@given(case=pairs_of_probabilities(zero=True))
def test_kl_divergence_infinite(case):
    """The divergence from p to q is infinite where a category has probability 0 in q and not in p."""
    found = kl_divergence(Categorical(case.probs), Categorical(case.other))

    assert (found == math.inf).all()


@rule("categorical.kl_divergence_of_zero", source=KL, needs=VALUES)
@given(case=pairs_of_probabilities(zero=True))
def test_kl_divergence_of_zero(case):
    """A category that has probability 0 in p adds nothing to the divergence from p to q."""
    p = reference.normalized(reference.drawn(case.other))[..., 1:]
    q = reference.normalized(reference.drawn(case.probs))[..., 1:]

    found = kl_divergence(Categorical(case.other), Categorical(case.probs))

    expect.close(found, (p * (np.log(p) - np.log(q))).sum(-1), dtype=case.probs.dtype)


@rule(
    "categorical.kl_divergence_of_other_categories",
    source=KL,
    basis=Basis.OBSERVED,
    kind=Kind.ERROR,
    needs=VALUES,
)
@given(case=pairs_of_probabilities(zero=True))
def test_kl_divergence_of_other_categories(case):
    """The divergence between different numbers of categories, none of them 1, raises RuntimeError."""
    kl_divergence(Categorical(case.probs), Categorical(case.other))

    with pytest.raises(RuntimeError):
        kl_divergence(Categorical(case.probs), Categorical(case.other[..., 1:]))


@rule(
    "categorical.kl_divergence_unregistered",
    source=KL,
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


@rule("categorical.probs_under_no_grad", source=CATEGORICAL, basis=Basis.OBSERVED, needs=GRADIENT)
@given(case=logits(requires_grad=True))
def test_probs_under_no_grad(case):
    """Of logits that require grad, .probs requires grad even if it is first read under no_grad."""
    distribution = Categorical(logits=case.logits)

    with torch.no_grad():
        found = distribution.probs

    assert found.requires_grad
