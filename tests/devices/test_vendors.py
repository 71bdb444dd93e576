"""The files that the guide for vendors shows, read as a run reads them."""

from pathlib import Path

import pytest

from conformance.engine.rule import load_rules
from reports.known_breaks import check_rules, read_known_breaks
from reports.model import Target
from reports.vendor import check_classes, declare, read_vendor
from tests.suite import ROOT

FILES = sorted((Path(__file__).parent / "vendors").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_read_and_about_rules_that_exist(path):
    classes = {id: found.rule.classes for id, found in load_rules().items()}
    breaks, vendor = read_known_breaks(path), read_vendor(path)

    check_rules(breaks, classes)
    check_classes(vendor, classes)
    assert all(entry.message is not None and entry.script for entry in breaks)
    assert len({entry.target for entry in breaks}) == 1


def test_a_bound_is_the_target_s():
    (vulkan,) = declare(
        [Target("vulkan:0", "vulkan", "lavapipe")],
        read_vendor(Path(__file__).parent / "vendors" / "torchvulkan.toml"),
    )

    assert vulkan.bounds == {"torch.float64": 1e-6}


def test_the_guide_names_each_file():
    guide = (ROOT / ".github" / "VENDORS.md").read_text("utf-8")

    assert FILES
    assert all(f"../tests/devices/vendors/{path.name}" in guide for path in FILES)
