"""What every test here starts with."""

from __future__ import annotations

import pytest

from conformance.engine.profiles import register_profiles


@pytest.fixture(autouse=True)
def _profile() -> None:
    """Have each test find the default profile, whatever the tests before it loaded."""
    register_profiles()
