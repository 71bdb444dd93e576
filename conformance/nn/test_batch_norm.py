"""torch.nn.functional.batch_norm: what it does to the running statistics, beside its entries."""

from hypothesis import given
from torch.nn import functional

from conformance import expect, reference
from conformance.engine.rule import rule
from conformance.references.layers import moved_mean, moved_variance
from reports.model import Need
from strategies.cases.layers import normalized_batches


@rule("batch_norm.running_statistics", source="torch.nn.BatchNorm1d", needs=[Need.VALUES])
@given(case=normalized_batches(filled=True))
def test_running_statistics(case):
    """In training, the running mean and the running variance become 1 - momentum of what they were and
    momentum of the mean and of the unbiased variance of the batch.
    """
    drawn = reference.drawn(case.input)
    mean = moved_mean(drawn, reference.drawn(case.running_mean), case.momentum)
    variance = moved_variance(drawn, reference.drawn(case.running_var), case.momentum)

    functional.batch_norm(
        case.input, case.running_mean, case.running_var, training=True, momentum=case.momentum
    )

    expect.close(case.running_mean, mean, dtype=case.input.dtype, scale=4.0)
    expect.close(case.running_var, variance, dtype=case.input.dtype, scale=16.0)


@rule("batch_norm.statistics_kept", source="torch.nn.BatchNorm1d", needs=[Need.VALUES])
@given(case=normalized_batches())
def test_statistics_kept(case):
    """Not in training, batch_norm leaves the running statistics as they are."""
    mean, variance = reference.drawn(case.running_mean), reference.drawn(case.running_var)

    functional.batch_norm(case.input, case.running_mean, case.running_var)

    expect.same_elements(case.running_mean, mean)
    expect.same_elements(case.running_var, variance)
