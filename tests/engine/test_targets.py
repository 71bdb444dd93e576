"""Discovery and selection of targets."""

import numpy as np
import pytest
import torch

from conformance.engine import exactness, probes, targets
from conformance.engine.apart import POISONED
from reports.model import Need, Target


def test_the_cpu_comes_first_and_meta_last():
    found = [entry.id for entry in targets.discover()]

    assert found[0] == "cpu"
    assert found[-1] == "meta"
    assert len(set(found)) == len(found)


def test_the_cpu_lacks_nothing():
    assert targets.describe("cpu").lacks == {}


def test_meta_lacks_values_and_addresses_and_what_follows_from_it():
    lacks = targets.describe("meta").lacks

    assert set(lacks) == {Need.VALUES, Need.INDEX_CHECKS, Need.SEEDING, Need.ADDRESSES}
    assert "no data" in lacks[Need.VALUES]


def test_the_cpu_lacks_no_class_and_is_as_exact_as_its_dtypes():
    found = targets.describe("cpu")

    assert found.lacks_classes == {}
    assert len(found.exact) == 32
    for name, error in found.exact.items():
        assert error < 2 * torch.finfo(getattr(torch, name.rpartition(".")[2])).eps, name


def test_of_meta_no_value_is_asked():
    found = targets.describe("meta")

    assert (found.lacks_classes, found.exact) == ({}, {})


def test_an_inexact_function_is_measured_and_a_refused_one_left_out(monkeypatch):
    def refuse(*args):
        raise TypeError("there is no sin here")

    monkeypatch.setitem(exactness._ONE, "exp", (lambda x: x.exp() * (1 + 1e-3), np.exp))
    monkeypatch.setitem(exactness._ONE, "sin", (refuse, np.sin))

    found = exactness.measured("cpu")

    assert found["exp torch.float32"] == pytest.approx(1e-3, rel=1e-2)
    assert found["exp torch.float64"] == pytest.approx(1e-3, rel=1e-2)
    assert not [name for name in found if name.startswith("sin")]


def test_a_device_is_found_without_being_known_by_name(monkeypatch):
    class Module:
        @staticmethod
        def device_count():
            return 2

        @staticmethod
        def get_device_name(device):
            return f"Example {device}"

    monkeypatch.setattr(targets, "_device_types", lambda: ["cpu", "example", "meta"])
    monkeypatch.setattr(targets, "_works", lambda device: True)
    monkeypatch.setattr(torch, "example", Module, raising=False)
    monkeypatch.setattr(
        targets, "describe", lambda device, imports: Target(device, device.split(":")[0], device)
    )

    assert [entry.id for entry in targets.discover()] == ["cpu", "example:0", "example:1", "meta"]


def test_a_renamed_backend_goes_by_its_name(monkeypatch):
    monkeypatch.setattr(torch._C, "_get_privateuse1_backend_name", lambda: "example")

    assert "example" in targets._device_types()
    assert "privateuse1" not in targets._device_types()


def test_an_absent_backend_is_not_here():
    assert not targets._works("vulkan")
    assert targets._works("cpu")


HERE = [Target("cpu", "cpu", "cpu"), Target("cuda:0", "cuda", "x"), Target("cuda:1", "cuda", "y")]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["cuda:1"], ["cuda:1"]),
        (["cuda"], ["cuda:0", "cuda:1"]),
        (["cuda:1", "cpu", "cpu"], ["cpu", "cuda:1"]),
    ],
)
def test_targets_are_selected_by_id_or_type(wanted, chosen):
    assert [entry.id for entry in targets.select(HERE, wanted)] == chosen


@pytest.mark.parametrize("wanted", ["cuda:2", "mps", "", "cud"])
def test_a_target_that_is_not_here_is_named_with_what_is(wanted):
    with pytest.raises(
        LookupError, match=f"no device {wanted!r} on this machine; here are: cpu, cuda:0, cuda:1"
    ):
        targets.select(HERE, [wanted])


@pytest.mark.parametrize(
    ("code", "said"), [(-11, "ended a process (-11)"), (None, "takes too long"), (1, "ended a process (1)")]
)
def test_a_device_that_dies_when_it_is_asked_is_still_a_target(monkeypatch, code, said):
    monkeypatch.setattr(targets, "run_apart", lambda *arguments, seconds, anew=False: code)

    found = targets.describe("lazy")

    assert (found.id, found.lacks) == ("lazy", {})
    assert found.name == f"lazy: asking what it lacks {said}"


def test_a_device_is_asked_in_a_process_of_its_own():
    found = targets.describe("reference:0", ["tests.devices.reference"])

    assert found.name == "Reference device, on the CPU"
    assert (found.device, found.lacks, found.lacks_dtypes) == ("reference", {}, {})


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (probes.RAISES, None),
        (probes.LATE, "an out-of-range index is noticed only when the device is waited for"),
        (probes.SILENT, "an out-of-range index is not noticed"),
        (POISONED, "after an out-of-range index the device does not work any more"),
        (-6, "an out-of-range index ends the process (-6)"),
        (None, "the answer to an out-of-range index does not come"),
    ],
)
def test_how_a_device_takes_an_index_out_of_range_decides(monkeypatch, code, reason):
    monkeypatch.setattr(probes, "run_apart", lambda *arguments, seconds: code)

    assert probes.index_checks("cuda:0", []) == reason
