"""Runs the suite itself in a fresh process, as a user would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reports.files import JOURNAL, PAGE, RESULTS, read_report
from reports.model import Report, Result
from tests.forking import FORKS, pytest_in_a_fork

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Ran:
    """What a run of the suite left behind."""

    code: int
    output: str
    directory: Path

    @property
    def report(self) -> Report:
        return read_report(self.directory / RESULTS)

    @property
    def journal(self) -> Report:
        return read_report(self.directory / JOURNAL)

    @property
    def page(self) -> str:
        return (self.directory / PAGE).read_text("utf-8")

    def result(self, rule: str, target: str = "cpu") -> Result:
        return next(found for found in self.report.results if (found.rule, found.target) == (rule, target))


def project_files() -> list[Path]:
    """Return the files of the project, relative to its root: what git says, or all where there is no git."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists() and shutil.which("git"):
        said = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        found = list(map(Path, said.splitlines()))
    else:
        made = {"__pycache__", "build", "conformance-report"}
        found = [
            path.relative_to(ROOT)
            for place in ROOT.iterdir()
            if place.name in {".ci", ".github"} or place.name[0] != "."
            for path in [place, *place.rglob("*")]
            if not made.intersection(path.parts)
        ]
    return sorted(path for path in found if (ROOT / path).is_file())


def run_suite(
    directory: Path,
    *options: str,
    fault: str | None = None,
    environment: dict[str, str] | None = None,
    isolated: bool = False,
    partial: bool = True,
) -> Ran:
    """Run pytest from the repository's root with the report going to `directory`.

    Without a worker process, which costs a start, unless `isolated` or `-n` asks for one. That few rules are
    run fails no run that is `partial`.
    """
    chosen = ["-p", "no:cacheprovider", f"--report={directory}"]
    if partial:
        chosen.append("--partial")
    if not isolated and "-n" not in options:
        chosen += ["-n", "0"]
    if fault is not None:
        chosen += ["-p", "tests.faults.plugin", "--fault", fault]
    if FORKS and not any(name.startswith("PYTHON") for name in set(environment or {}) - {"PYTHONPATH"}):
        with tempfile.TemporaryDirectory() as folder:
            said = Path(folder, "said")
            code = pytest_in_a_fork(
                [*chosen, *options], said, folder=ROOT, environment=environment or {}, seconds=300
            )
            return Ran(code, said.read_text("utf-8"), directory)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *chosen, *options],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr, directory)
