"""Random numbers: seeds and generators, ranges, shapes and dtypes, and the distributions drawn from.

What shows of a distribution in 3,000 numbers is that one of eight equally likely parts comes up two thirds
too often or too seldom. Right numbers fail so once in 1e9 runs.

Not covered: gradients; `out=`; `poisson` and `binomial`; whether uniform_ can reach its upper end, as
rounding may have it; the default generators of several devices; low precision but for ranges.
"""

import numpy as np
import pytest
import torch
from hypothesis import given

from conformance import expect, reference
from conformance.engine.rule import rule
from conformance.references.random_numbers import DISTRIBUTIONS
from reports.model import Basis, Kind, Need
from strategies.cases.random_numbers import (
    counts,
    samplings,
    samplings_of_many,
    seeds,
    weights,
    whole_probabilities,
)

VALUES = [Need.VALUES]
SAMPLERS = [
    *(
        "torch.randn",
        "torch.randint",
        "torch.rand_like",
        "torch.randn_like",
        "torch.randint_like",
        "torch.normal",
    ),
    *("torch.bernoulli", "torch.Tensor.uniform_", "torch.Tensor.normal_", "torch.Tensor.exponential_"),
    *("torch.Tensor.log_normal_", "torch.Tensor.cauchy_", "torch.Tensor.geometric_", "torch.Tensor.random_"),
    "torch.Tensor.bernoulli_",
]


@rule("random.same_seed", source="notes/randomness", also=["torch.manual_seed"], needs=VALUES)
@given(case=samplings())
def test_same_seed(case):
    """After manual_seed with the same seed, the same numbers are drawn again."""
    torch.manual_seed(case.seed)
    first = reference.host(case.call(case.input, None))
    torch.manual_seed(case.seed)

    again = case.call(case.input, None)

    expect.same_elements(again, first)


@rule("random.same_seed_of_generator", source="torch.Generator.manual_seed", needs=VALUES)
@given(case=samplings())
def test_same_seed_of_generator(case):
    """From a generator with the same seed, the same numbers are drawn again."""
    generator = torch.Generator(case.input.device)
    first = reference.host(case.call(case.input, generator.manual_seed(case.seed)))

    again = case.call(case.input, generator.manual_seed(case.seed))

    expect.same_elements(again, first)


@rule("random.state_of_generator", source="torch.Generator.get_state", needs=VALUES)
@given(case=samplings())
def test_state_of_generator(case):
    """A generator whose state is set to what it was draws the same numbers as then."""
    generator = torch.Generator(case.input.device).manual_seed(case.seed)
    state = generator.get_state()
    first = reference.host(case.call(case.input, generator))
    generator.set_state(state)

    again = case.call(case.input, generator)

    expect.same_elements(again, first)


@rule("random.generators_apart", source="notes/randomness", basis=Basis.OBSERVED, needs=VALUES)
@given(case=samplings())
def test_generators_apart(case):
    """What is drawn from a generator of its own leaves the default one where it was."""
    generator = torch.Generator(case.input.device).manual_seed(case.seed)
    torch.manual_seed(case.seed)
    first = reference.host(case.call(case.input, None))
    torch.manual_seed(case.seed)
    case.call(case.input, generator)

    again = case.call(case.input, None)

    expect.same_elements(again, first)


@rule("random.fork_rng", source="torch.random.fork_rng", needs=VALUES)
@given(case=counts())
def test_fork_rng(case):
    """What is drawn on the CPU under fork_rng leaves the numbers that come after it as they were."""
    torch.manual_seed(case.seed)
    first = reference.host(torch.rand(8))
    torch.manual_seed(case.seed)
    with torch.random.fork_rng(devices=[]):
        torch.rand(8)

    again = torch.rand(8)

    expect.same_elements(again, first)


@rule("random.distribution", source="torch.rand", also=SAMPLERS, kind=Kind.STATISTICAL, needs=VALUES)
@given(case=samplings_of_many())
def test_distribution(case):
    """Numbers are drawn from the distribution that the page names."""
    distribution = DISTRIBUTIONS[case.drawn_from]
    torch.manual_seed(case.seed)

    drawn = case.call(case.input, None)

    parts = torch.from_numpy(distribution.part(reference.host(drawn)))
    expect.drawn_from(parts, distribution.probabilities)


@rule("random.range", source="torch.rand", also=SAMPLERS, needs=VALUES)
@given(case=samplings())
def test_range(case):
    """Numbers lie where the distribution that the page names has any: those of rand in [0, 1)."""
    torch.manual_seed(case.seed)

    drawn = reference.host(case.call(case.input, None)).astype(np.float64)

    assert DISTRIBUTIONS[case.drawn_from].holds(drawn).all()


@rule("random.output_shape", source="torch.rand", also=SAMPLERS)
@given(case=samplings())
def test_output_shape(case):
    """As many numbers are drawn as the size says, or the tensor has that is filled."""
    drawn = case.call(case.input, None)

    assert drawn.shape == case.input.shape


@rule("random.output_dtype", source="torch.rand", also=SAMPLERS)
@given(case=samplings())
def test_output_dtype(case):
    """The numbers have the dtype asked for, or that of the tensor that is filled."""
    drawn = case.call(case.input, None)

    assert drawn.dtype == case.input.dtype


@rule("randperm.permutation", source="torch.randperm", needs=VALUES)
@given(case=counts())
def test_permutation(case):
    """randperm gives each number from 0 to n - 1 once."""
    torch.manual_seed(case.seed)

    output = torch.randperm(case.n, device=case.input.device)

    expect.same_elements(output.sort().values, np.arange(case.n))


@rule("randperm.output_dtype", source="torch.randperm")
@given(case=counts())
def test_permutation_dtype(case):
    """randperm gives int64 if no dtype is named."""
    output = torch.randperm(case.n, device=case.input.device)

    assert output.dtype == torch.int64


@rule("randint.output_dtype", source="torch.randint")
@given(case=counts())
def test_randint_dtype(case):
    """randint gives int64 if no dtype is named."""
    output = torch.randint(10, (case.n,), device=case.input.device)

    assert output.dtype == torch.int64


@rule("bernoulli.certain", source="torch.bernoulli", needs=VALUES)
@given(case=whole_probabilities())
def test_certain(case):
    """bernoulli gives 1 for the probability 1, and 0 for 0."""
    output = torch.bernoulli(case.legal)

    expect.same_elements(output, reference.drawn(case.legal))


@rule("bernoulli.integers", source="torch.bernoulli", kind=Kind.ERROR)
@given(case=whole_probabilities())
def test_integers(case):
    """bernoulli refuses probabilities of an integer dtype."""
    torch.bernoulli(case.legal)

    with expect.refusal():
        torch.bernoulli(case.input)


@rule("multinomial.without_replacement", source="torch.multinomial", needs=VALUES)
@given(case=weights())
def test_without_replacement(case):
    """Without replacement, multinomial draws no index of a row twice, and none of weight 0."""
    torch.manual_seed(case.seed)

    output = torch.multinomial(case.input, case.count)

    drawn = np.sort(reference.host(output), -1)
    assert (drawn[..., 1:] > drawn[..., :-1]).all()
    expect.possible(output.movedim(-1, 0), reference.drawn(case.input))


@rule("multinomial.output_shape", source="torch.multinomial")
@given(case=weights())
def test_multinomial_shape(case):
    """multinomial gives as many indices as asked for, of a matrix for each row."""
    output = torch.multinomial(case.input, case.count)

    assert output.shape == (*case.input.shape[:-1], case.count)


@rule("generator.initial_seed", source="torch.Generator.initial_seed", needs=VALUES)
@given(case=seeds())
def test_initial_seed(case):
    """initial_seed gives the seed that manual_seed has set."""
    generator = torch.Generator().manual_seed(case.seed)

    assert generator.initial_seed() == case.seed


@rule("generator.negative_seed", source="torch.Generator.manual_seed", needs=VALUES)
@given(case=seeds())
def test_negative_seed(case):
    """A negative seed stands for 0xffff_ffff_ffff_ffff + seed."""
    generator = torch.Generator().manual_seed(case.negative)

    assert generator.initial_seed() == 0xFFFF_FFFF_FFFF_FFFF + case.negative


@rule("generator.seed_range", source="torch.Generator.manual_seed", kind=Kind.ERROR, needs=VALUES)
@given(case=seeds())
def test_seed_range(case):
    """A seed outside [-2**63, 2**64 - 1] raises a RuntimeError."""
    generator = torch.Generator().manual_seed(case.seed)

    with pytest.raises(RuntimeError):
        generator.manual_seed(case.outside)
