"""The files that the guide for vendors shows, read as a run reads them."""

import re
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
    guide = (ROOT / ".github" / "guides" / "declaring.md").read_text("utf-8")

    assert FILES
    assert all(f"../../tests/devices/vendors/{path.name}" in guide for path in FILES)


@pytest.mark.parametrize("name", ["declaring", "known-breaks"])
def test_what_a_guide_shows_is_a_file_that_a_run_reads(tmp_path, name):
    guide = (ROOT / ".github" / "guides" / f"{name}.md").read_text("utf-8")
    path = tmp_path / "my_device.toml"
    path.write_text("\n".join(re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)), "utf-8")
    classes = {id: found.rule.classes for id, found in load_rules().items()}
    breaks, vendor = read_known_breaks(path), read_vendor(path)

    check_rules(breaks, classes)
    check_classes(vendor, classes)
    assert breaks or vendor.lacks
