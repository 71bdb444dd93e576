"""torch.nn.functional.dropout: what is left, how it is scaled, and how often."""

import numpy as np
import torch
from hypothesis import given
from torch.nn import functional

from conformance import expect, reference
from conformance.engine.rule import rule
from reports.model import Basis, Kind, Need
from strategies.cases.layers import dropped

MODULE = "torch.nn.Dropout"


@rule("dropout.evaluation", source=MODULE, needs=[Need.VALUES])
@given(case=dropped())
def test_evaluation(case):
    """Not in training, dropout gives the elements as they are."""
    output = functional.dropout(case.input, case.p, training=False)

    expect.same_elements(output, reference.drawn(case.input))


@rule("dropout.of_none", source=MODULE, needs=[Need.VALUES])
@given(case=dropped())
def test_of_none(case):
    """With a probability of 0, dropout gives the elements as they are, also in training."""
    output = functional.dropout(case.input, 0.0)

    expect.equal_elements(output, reference.drawn(case.input))


@rule("dropout.of_all", source=MODULE, needs=[Need.VALUES])
@given(case=dropped())
def test_of_all(case):
    """With a probability of 1, dropout gives zeros."""
    output = functional.dropout(case.input, 1.0)

    expect.equal_elements(output, np.zeros_like(reference.drawn(case.input)))


@rule("dropout.scaled", source=MODULE, needs=[Need.VALUES])
@given(case=dropped())
def test_scaled(case):
    """In training, each element becomes 0, or is scaled by 1 / (1 - p)."""
    scaled = reference.drawn(case.input).astype(np.float64) / (1 - case.p)

    output = functional.dropout(case.input, case.p)

    kept = reference.host(output).astype(np.float64) != 0
    expect.close(output, np.where(kept, scaled, 0), dtype=case.input.dtype)


@rule("dropout.gradient", source=MODULE, kind=Kind.GRADIENT, needs=[Need.VALUES, Need.AUTOGRAD])
@given(case=dropped())
def test_gradient(case):
    """Elements that became 0 get no gradient; the others get theirs scaled by 1 / (1 - p)."""
    leaf = torch.ones_like(case.input, requires_grad=True)
    output = functional.dropout(leaf, case.p)

    output.backward(torch.ones_like(output))

    assert leaf.grad is not None
    expect.equal_elements(leaf.grad, reference.host(output.detach()))


@rule("dropout.probability", source=MODULE, needs=[Need.VALUES])
@given(case=dropped())
def test_probability(case):
    """Each element becomes 0 with probability p."""
    output = functional.dropout(torch.ones(4096, dtype=case.input.dtype, device=case.input.device), case.p)

    expect.drawn_from((output == 0).long(), np.array([1 - case.p, case.p]))


@rule("dropout.probability_range", source=MODULE, basis=Basis.OBSERVED, kind=Kind.ERROR)
@given(case=dropped())
def test_probability_range(case):
    """A probability below 0 or above 1 is refused, also not in training."""
    functional.dropout(case.input, case.p, training=False)

    for wrong in (case.p - 1, case.p + 1):
        with expect.refusal():
            functional.dropout(case.input, wrong, training=False)
