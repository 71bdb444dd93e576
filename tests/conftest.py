"""What every test here starts with."""

from __future__ import annotations

import os
import sys

import pytest

from conformance.engine.profiles import register_profiles


@pytest.fixture(scope="session", autouse=True)
def _decks(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the cases of the default run drawn once for all processes that run tests under faults."""
    faults = sys.modules.get("tests.faults")
    if faults is not None:
        own = tmp_path_factory.getbasetemp()
        faults.DECKS.directory = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(autouse=True)
def _profile() -> None:
    """Have each test find the default profile, whatever the tests before it loaded."""
    register_profiles()
