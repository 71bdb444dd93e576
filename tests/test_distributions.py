"""What the sdist and the wheel hold."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.suite import ROOT, project_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytest.importorskip("hatchling")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NAME = f"torch_conformance-{PROJECT['version']}"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder that both are built into."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    with zipfile.ZipFile(built / f"{NAME}-py3-none-any.whl") as opened:
        yield opened


def test_the_sdist_holds_every_file_of_the_project(built):
    with tarfile.open(built / f"{NAME}.tar.gz") as opened:
        held = {Path(member.name).relative_to(NAME) for member in opened if member.isfile()}

    assert set(project_files()) - held <= {Path(".gitignore")}
    assert len(held) > 100


def test_the_wheel_holds_every_file_of_the_packages_and_no_other_package(wheel):
    """One has another name there, and only that: see the module."""
    renamed = {"torch_conformance_early.py": "conformance/engine/early.py"}
    held = {renamed.get(name, name) for name in wheel.namelist() if ".dist-info/" not in name}
    packages = ("conformance", "reports", "strategies")

    assert held == {path.as_posix() for path in project_files() if path.parts[0] in packages}
    assert {f"{package}/py.typed" for package in packages} <= held
    assert {"conformance/engine/pytest.ini", "conformance/faults.toml", "reports/pages/page.js"} <= held


def test_the_wheel_has_the_command_the_plugin_and_the_licence(wheel):
    entries = wheel.read(f"{NAME}.dist-info/entry_points.txt").decode()

    assert "torch-conformance = conformance.__main__:main" in entries
    assert "conformance = torch_conformance_early" in entries
    assert wheel.read("torch_conformance_early.py") == (ROOT / "conformance/engine/early.py").read_bytes()
    assert wheel.read(f"{NAME}.dist-info/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_the_version_is_written_once(wheel):
    assert f"\nVersion: {PROJECT['version']}\n" in wheel.read(f"{NAME}.dist-info/METADATA").decode()
    assert not [
        name
        for name in wheel.namelist()
        if ".dist-info/" not in name and f'"{PROJECT["version"]}"' in wheel.read(name).decode()
    ]
