"""A pytest plugin that runs the suite under a seeded fault, to see what a report of it looks like.

python -m pytest -p tests.faults.plugin --fault gather-broadcasts-lower-rank-index
"""

from __future__ import annotations

import pytest

from tests.faults.all import FAULTS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault", metavar="ID", help="run under this seeded fault")


def pytest_configure(config: pytest.Config) -> None:
    fault = config.getoption("--fault")
    if fault is not None and fault not in FAULTS:
        raise pytest.UsageError(f"--fault: there is no {fault!r}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    fault = item.config.getoption("--fault")
    if fault is None:
        return (yield)
    with FAULTS[fault]():
        return (yield)
