"""The pytest plugin that runs the rules: every hook and fixture of the suite, and where it is written.

A clone's `conftest.py` names it; elsewhere `torch-conformance` does.
"""

from conformance.engine.collecting import (
    pytest_collection_modifyitems,
    pytest_generate_tests,
    pytest_ignore_collect,
    pytest_pyfunc_call,
    target,
)
from conformance.engine.options import pytest_addoption, pytest_load_initial_conftests
from conformance.engine.session import (
    every_warning,
    pytest_assertrepr_compare,
    pytest_cmdline_main,
    pytest_collection,
    pytest_configure,
    pytest_configure_node,
    pytest_report_header,
    pytest_sessionfinish,
    pytest_sessionstart,
    pytest_timeout_set_timer,
    pytest_unconfigure,
    short_diffs,
)

__all__ = [
    "every_warning",
    "pytest_addoption",
    "pytest_assertrepr_compare",
    "pytest_cmdline_main",
    "pytest_collection",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_generate_tests",
    "pytest_ignore_collect",
    "pytest_load_initial_conftests",
    "pytest_pyfunc_call",
    "pytest_report_header",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_timeout_set_timer",
    "pytest_unconfigure",
    "short_diffs",
    "target",
]
