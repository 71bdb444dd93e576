"""`torch-conformance`, and `python -m conformance`: run the rules, or work with the reports of past runs."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
"""Where the suite's packages lie."""

CONFIGURATION = Path(__file__).with_name("engine") / "pytest.ini"

COMMANDS = ("render", "merge", "compare", "history", "catalogue")
"""What `python -m reports` does, too: on machines without torch."""

REVIEW = "sources"
"""What lists the documentation that has changed since its rules were reviewed: it needs torch."""

EXPLAIN = "explain"
"""What says of an operation what is documented of it, with examples that are run here: it needs torch."""

USAGE = f"""\
usage: torch-conformance [options]             run the rules and write a report
       torch-conformance COMMAND [arguments]   work with the reports of past runs: {", ".join(COMMANDS)}
       torch-conformance {REVIEW}               list the documentation that has changed since it was reviewed
       torch-conformance {EXPLAIN} gather        say what is documented of it, with examples run here

Every option of pytest works, too:
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rules as pytest runs tests, or a command; return the exit code of either."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in COMMANDS:
        from reports.__main__ import main as work_with_reports

        return work_with_reports(given, prog="torch-conformance")
    if given and given[0] == REVIEW:
        from conformance.engine.review import main as review

        return review(given[1:])
    if given and given[0] == EXPLAIN:
        from conformance.explain.command import main as explain

        return explain(given[1:])
    if given == ["--version"]:
        print(f"torch-conformance {suite_version()}, torch {version('torch')}")
        return 0
    if given and not given[0].startswith("-") and not Path(given[0].partition("::")[0]).exists():
        import pytest

        commands = (*COMMANDS, REVIEW, EXPLAIN)
        near = difflib.get_close_matches(given[0], commands, 1) or [", ".join(commands)]
        print(f"torch-conformance: there is no command {given[0]!r}; there is: {near[0]}", file=sys.stderr)
        return pytest.ExitCode.USAGE_ERROR
    if {"-h", "--help"} & set(given):
        print(USAGE, flush=True)
    return run(given)


def run(options: Sequence[str]) -> int:
    """Run the rules, wherever this process stands, with pytest's options and the suite's.

    Neither the configuration nor a `conftest.py` of the folder in which it stands has a say.
    """
    import pytest

    here = Path.cwd()
    if str(here) not in sys.path:
        # Behind all packages, for the modules of `--import`: a folder of the user's replaces none of ours.
        sys.path.append(str(here))
    fixed = [
        *("-p", "conformance.engine.plugin", "-c", str(CONFIGURATION), "--rootdir", str(HOME)),
        *("--noconftest", "--import-mode=importlib", "-o", f"cache_dir={here / '.pytest_cache'}"),
        *("-p", "no:benchmark"),  # it makes a folder of its own wherever it is
    ]
    return int(pytest.main([*fixed, *options]))


def suite_version() -> str:
    """Return the version of the suite that is installed."""
    try:
        return version("torch-conformance")
    except PackageNotFoundError:
        return "unknown"


def _as_a_module() -> None:
    """Take the folder in which `python -m` was called off the path, unless the suite lies there."""
    if sys.path and Path(sys.path[0]).resolve() == Path.cwd() != HOME:
        del sys.path[0]


if __name__ == "__main__":
    _as_a_module()
    sys.exit(main())
