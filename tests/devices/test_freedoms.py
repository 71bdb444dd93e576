"""What a right device may do breaks no rule, whatever of it the device does, alone or together."""

import math

import pytest
import torch

from reports.model import Basis, Need, Outcome
from tests.devices.freedoms import FREEDOMS, switch_on
from tests.devices.freedoms.hooks import Hooks
from tests.devices.freedoms.refusals import OperatorNotFoundError
from tests.devices.freedoms.trying import RIGHT, tried

aten = torch.ops.aten

CONCERNED = {
    "warns": ("grad.*", "retain_grad.*", "categorical.sample_n_warns", "gather.elements"),
    "refuses-float64": ("view_dtype.[bvw]*", "gather.elements", "leaf.moved"),
    "refuses-complex": ("view_dtype.[bvw]*", "squeeze.elements"),
    "refuses-operations": ("gather.[eo]*", "argmax.*", "fmax.*", "requires_grad.of_an_argmax", "view.shape"),
    "refuses-float16": ("view_dtype.[bvw]*", "max.[fv]*"),
    "flushes-subnormals": ("max*.[efv]*", "amin.*", "argmax.dim", "gather.elements"),
    "orders-zeros": ("max*.[efv]*", "min*.[efv]*", "argm*.dim", "aminmax.*"),
    "other-strides": ("max.*", "backward.[abc]*"),
    "canonical-nan": ("view_dtype.[bvw]*", "gather.elements", "max.*nan*"),
    "saves-otherwise": ("saved_tensors.*", "detach.changed*", "data.changed*", "backward.[ft]*"),
    "less-exact": ("backward.[cft]*", "hooks.replaces", "categorical.log_prob*", "categorical.entropy*"),
    "no-sum": ("detach.[ce]*", "backward.broad*"),
    "no-as-strided": ("view.*", "squeeze.[ew]*"),
    "no-printing": ("categorical.minus*", "categorical.value*", "gather.elements"),
    "no-seeding": ("categorical.sample_range", "categorical.certain", "categorical.reproducible"),
}
"""The rules that each freedom touches, or some of them."""


def broken(report):
    """Return what is broken of what a page says."""
    return [
        f"{result.outcome.value} {result.rule}: {result.reason}"
        for result in report.results
        if result.outcome not in RIGHT and report.basis[result.rule] is Basis.DOCUMENTED
    ]


@pytest.mark.parametrize("name", CONCERNED)
def test_a_right_device_is_green_whatever_freedom_it_takes(name):
    report = tried([name], CONCERNED[name])

    assert broken(report) == []
    assert Outcome.HOLDS in {result.outcome for result in report.results}


def test_a_right_device_is_green_though_it_takes_freedoms_together():
    report = tried(CONCERNED, ["gather.*", "detach.*", "m*.first_index", "view*.*", "categorical.log_prob*"])

    assert broken(report) == []
    (target,) = report.run.targets
    assert set(target.lacks_classes) == {"compared subnormal", "signed zeros", "NaN payload"}
    assert not {"exp torch.float32", "sin torch.float32"} - set(target.exact)


def hooked(name):
    hooks = Hooks()
    switch_on([name], hooks)
    return hooks


def computed(name, op, *args):
    return hooked(name).run(op, args, {})


def test_there_is_no_freedom_of_another_name():
    with pytest.raises(ValueError, match="there is no speaks"):
        hooked("speaks")


def test_every_freedom_is_tried():
    assert set(FREEDOMS) == set(CONCERNED)


def test_the_device_warns():
    with pytest.warns(UserWarning, match="gather the slow way"):
        hooked("warns").call("gather")


@pytest.mark.parametrize(
    ("name", "dtype", "error"),
    [
        ("refuses-float64", torch.float64, TypeError),
        ("refuses-complex", torch.complex64, RuntimeError),
        ("refuses-float16", torch.float16, NotImplementedError),
    ],
)
def test_the_device_refuses_a_dtype(name, dtype, error):
    hooked(name).make(torch.float32)

    with pytest.raises(error, match=str(dtype)):
        hooked(name).make(dtype)


@pytest.mark.parametrize(
    ("operation", "error"), [("gather", RuntimeError), ("argmax", TypeError), ("fmax", OperatorNotFoundError)]
)
def test_the_device_refuses_an_operation(operation, error):
    hooked("refuses-operations").call("amax")

    with pytest.raises(error, match="not found"):
        hooked("refuses-operations").call(operation)


def test_the_device_flushes_subnormals_where_it_computes():
    small = torch.tensor([1e-40, -1e-40, 1.0])

    assert computed("flushes-subnormals", aten.add.Tensor, small, small).tolist() == [0, 0, 2]
    assert computed("flushes-subnormals", aten.gt.Scalar, small, 0).tolist() == [False, False, True]
    assert computed("flushes-subnormals", aten.clone.default, small).equal(small)
    assert small.tolist()[0] > 0


def test_the_device_orders_zeros():
    zeros = torch.tensor([-0.0, 0.0])

    assert computed("orders-zeros", aten.argmax.default, zeros).item() == 1
    assert computed("orders-zeros", aten.argmin.default, zeros.flip(0)).item() == 1
    assert math.copysign(1, computed("orders-zeros", aten.amin.default, zeros.flip(0)).item()) == -1
    assert (
        computed("orders-zeros", aten.maximum.default, zeros, zeros.flip(0)).signbit().tolist() == [False] * 2
    )


def test_the_device_lays_results_out_otherwise():
    found = computed("other-strides", aten.add.Tensor, torch.zeros(2, 3), 1)

    assert found.stride() == (2, 4)
    assert found.equal(torch.ones(2, 3))
    assert computed("other-strides", aten.clone.default, torch.zeros(2, 3)).stride() == (3, 1)


def test_the_device_has_one_nan():
    odd = torch.tensor([0x7FC00001], dtype=torch.int32).view(torch.float32)
    copied = odd.clone()
    hooked("canonical-nan").copy(copied)

    for found in (computed("canonical-nan", aten.neg.default, odd), copied):
        assert found.view(torch.int32).item() == 0x7FC00000


def test_the_device_is_less_exact():
    one = torch.ones(2)

    off = (computed("less-exact", aten.exp.default, one) / math.e - 1).abs()

    assert 5e-5 < off.min() <= off.max() < 2e-4
    assert computed("less-exact", aten.add.Tensor, one, 1).tolist() == [2, 2]


def test_the_device_cannot_be_seeded():
    hooks = hooked("no-seeding")
    drawn = []
    for _ in range(2):
        torch.manual_seed(1)
        drawn.append(hooks.run(aten.rand.default, ([4],), {}))
    torch.manual_seed(1)

    assert not drawn[0].equal(drawn[1])
    assert hooks.run(aten.zeros.default, ([2],), {}).tolist() == [0, 0]


def test_what_a_device_saves_otherwise_is_asked_of_no_rule():
    report = tried(["saves-otherwise"], ["saved_tensors.output_of_exp", "detach.cuts"])

    assert {result.rule: result.outcome for result in report.results} == {
        "saved_tensors.output_of_exp": Outcome.INAPPLICABLE,
        "detach.cuts": Outcome.HOLDS,
    }
    (target,) = report.run.targets
    assert target.lacks == {Need.SAVED: "the backward of exp has no _saved_result"}


def test_the_device_has_no_sum():
    with pytest.raises(NotImplementedError, match="sum"):
        hooked("no-sum").call("sum")
