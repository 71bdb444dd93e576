"""Every command that README, CONTRIBUTING and the guides show is run here, or has a reason why it is not."""

import re
import shlex
import shutil
from dataclasses import dataclass, replace

import pytest

from reports.files import read_report
from reports.model import Outcome
from reports.publish import publish
from reports.score import INCOMPLETE
from tests.forking import FORKS, module_in_a_fork
from tests.reports.test_files import REPORT
from tests.suite import ROOT

PAGES = (
    ROOT / "README.md",
    ROOT / ".github" / "CONTRIBUTING.md",
    *sorted((ROOT / ".github" / "guides").glob("*.md")),
)

FEW = "--rule=gather.output_shape --rule=gather.inputs_kept --max-examples=5 -n 0 -p no:cacheprovider"
"""What a command of the suite gets besides, so that it runs few rules, in the process that is called."""

CHEAPER = {
    "--device cuda:0 -n 4": "--device cpu -n 0",  # no machine of the tests has a GPU for sure
    "-n 2": "-n 0",
    "--max-examples 1000": "--max-examples 20",
    "--mode compile --": "--mode compile:eager --",  # inductor's compiler takes its time
    "--device my_device": "--device meta",  # tests/devices and tests/engine have devices that are registered
    "redis://host:6379/0": "redis://127.0.0.1:1/0",  # nobody answers: tests/test_ci.py has a server
    # A site of few operations is written by tests/explain/test_command.py.
    "explain --all -o site": "explain unsqueeze -o site/unsqueeze.html",
    "lower-rank-index --rule 'gather.*'": "lower-rank-index --rule gather.index_rank",
    "--rule 'index_select.*'": "--rule index_select.output_shape",
    "freedoms --rule 'gather.*'": "freedoms --rule gather.output_shape warns",
    "--rule 'gather.*'": "--rule gather.output_shape",
    # tests/faults proves all rules against all faults.
    "tests.faults 'gather.*' gather": "tests.faults gather.index_rank gather",
    "tests.faults 'index_select.*' generic": "tests.faults index_select.output_shape gather",
}
"""What is put in the place of what a machine of the tests lacks, or of what takes long."""

INSTALLS = "it installs the suite, or for it; .ci/run does, on a bare machine"
CHECKS = "a check that .ci/run makes, beside the tests"
SKIPPED = {
    "pip install .": INSTALLS,
    "pip install -e .": INSTALLS,
    "pip install -e '.[dev]'": INSTALLS,
    "pip install redis": INSTALLS,
    ".ci/run": "it runs these tests",
    "pytest tests -n auto": "these are the tests",
    "ruff check .": CHECKS,
    "ruff format --check .": CHECKS,
    "mypy": CHECKS,
    "lint-imports": CHECKS,
    "check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml": CHECKS,
    "zizmor --offline --quiet .github/workflows": CHECKS,
}
"""What is not run, and why."""

REPORTS = ("render", "merge", "compare", "history", "catalogue")
ENDS = {
    # The device of the reports that lie there breaks a rule.
    "torch-conformance render conformance-report/journal.jsonl -o late": 6,
    "python -m pytest -p tests.faults.plugin --fault gather-broadcasts-lower-rank-index --rule 'gather.*'": 1,
}
"""With which exit code a command ends, if not with that which `_expected` says."""

BACKEND = """
import torch
from torch._dynamo import register_backend


@register_backend
def my_backend(graph, inputs):
    return graph


def synchronize(device):
    pass


def manual_seed(seed):
    torch.manual_seed(seed)
"""


def commands(page):
    """Return the commands of a page: of each fenced block of a shell, the lines, without comments."""
    found = []
    for block in re.findall(r"^ *```(?:sh|console)\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.M):
        for line in re.sub(r"\\\n", " ", block).splitlines():
            without_comment = re.sub(r"\s+#.*", "", line).strip().removeprefix("$ ")
            found += [part.strip() for part in without_comment.split(" && ") if part.strip()]
    return found


EVERY = {command: page for page in PAGES for command in commands(page)}


def test_what_is_skipped_is_still_there_and_all_else_can_be_run():
    assert SKIPPED.keys() <= EVERY.keys()
    assert ENDS.keys() <= EVERY.keys()
    for command in EVERY.keys() - SKIPPED.keys():
        assert _module(shlex.split(command)), f"how is it run? {command}, in {EVERY[command]}"
    for long in CHEAPER:
        assert any(long in command for command in EVERY), long


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target, _, anchor in (
        link.partition("#") for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text("utf-8"))
    ):
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.*)", path.read_text("utf-8"), re.M)
            assert anchor in [re.sub(r"[^\w -]", "", said).lower().replace(" ", "-") for said in headings]


def test_each_guide_is_in_the_list_of_guides():
    listed = (ROOT / ".github" / "guides" / "README.md").read_text("utf-8")

    assert all(
        f"({page.name})" in listed for page in PAGES if page.parent.name == "guides" and page.stem != "README"
    )


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A folder in which everything lies that the commands name."""
    made = tmp_path_factory.mktemp("folder")
    ran = _run("torch-conformance --device cpu", made)
    assert ran.code == INCOMPLETE, ran.said
    report = read_report(made / "conformance-report")
    assert {result.outcome for result in report.results} == {Outcome.HOLDS}
    for name in ("old", "new", "report", "runs/1", "runs/2"):
        publish(made / name, report)
    (made / "report" / "journal.jsonl").write_bytes(
        (made / "conformance-report" / "journal.jsonl").read_bytes()
    )
    for name in ("a", "b", "c", "other"):
        target = replace(REPORT.run.targets[0], id=name)
        results = tuple(replace(result, target=name) for result in report.results if result.target == "cpu")
        publish(made / name, replace(report, run=replace(report.run, targets=(target,)), results=results))
    for number, result in enumerate(report.results, 1):
        run = replace(report.run, shard=f"{number}/4")
        rules = tuple(rule for rule in report.rules if rule.id == result.rule)
        publish(made / f"part-{number}", replace(report, run=run, rules=rules, results=(result,)))
    (made / "my_backend.py").write_text(BACKEND, "utf-8")
    guide = (ROOT / ".github" / "guides" / "declaring.md").read_text("utf-8")
    declared = "\n".join(re.findall(r"```toml\n(.*?)```", guide, re.DOTALL))
    (made / "my_device.toml").write_text(declared.replace("my_device", "meta"), "utf-8")
    (made / "my_breaks.toml").write_text("", "utf-8")
    return made


@pytest.fixture
def folder(everything, tmp_path):
    """A copy of it: commands leave things behind."""
    shutil.copytree(everything, tmp_path, dirs_exist_ok=True)
    return tmp_path


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    said: str


@pytest.mark.skipif(not FORKS, reason="processes cannot be forked here")
@pytest.mark.parametrize("command", sorted(EVERY.keys() - SKIPPED.keys()))
def test_a_command_does_what_it_is_shown_to_do(command, folder):
    if "redis" in command:
        pytest.importorskip("redis")
    ran = _run(command, folder)

    assert ran.code == ENDS.get(command, _expected(command)), ran.said
    if "-o " in command and "--all" not in command:
        assert (folder / shlex.split(command)[-1]).exists()


def _expected(command):
    words = shlex.split(command)
    if "redis" in command:
        return 4
    if words[0] == "python" or words[1:2] == ["explain"] or words[1:2] == ["compare"]:
        return 0
    if words[1:2] and words[1] in REPORTS:
        return 0 if words[1] == "history" else INCOMPLETE
    return 0 if "--partial" in command else INCOMPLETE


def _module(words):
    """Return the module that a command calls, none if it is not known how to run it."""
    if words[:2] == ["python", "-m"]:
        return words[2]
    return {"torch-conformance": "conformance", "pytest": "pytest"}.get(words[0], "")


def _globbed(word, folder):
    """Return what a shell would make of a word, if it ends with a star and names files."""
    found = folder.glob(word) if word.endswith("*") else []
    return sorted(str(path.relative_to(folder)) for path in found) or [word]


def _run(command, folder):
    for long, cheap in CHEAPER.items():
        command = command.replace(long, cheap)
    words = shlex.split(command)
    module = _module(words)
    in_clone = words[0] in ("python", "pytest")
    options = words[3:] if words[0] == "python" else words[1:]
    options = [name for word in options for name in _globbed(word, folder)]
    narrowed = FEW if "--rule" not in command else "--max-examples=5 -n 0 -p no:cacheprovider"
    if "device" not in command:
        narrowed += " --device=cpu"
    if in_clone:
        narrowed += f" --report={folder / 'in-clone'}"
    environment = {"PYTEST_ADDOPTS": narrowed, "PYTHONPATH": str(ROOT)}
    said = folder / "said.txt"
    code = module_in_a_fork(
        module,
        options,
        said,
        folder=ROOT if in_clone else folder,
        environment=environment,
        seconds=120,
    )
    return Ran(code, f"{command}\n{said.read_text('utf-8')}")
