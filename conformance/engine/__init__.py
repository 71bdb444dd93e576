"""What runs the rules and watches them: the decorator, targets, options, recording, isolation, scripts."""

import sys

import pytest

if sys.flags.optimize:
    # `python -O` drops asserts, and with them every claim, but not those that pytest has rewritten: before
    # any module of the engine imports them.
    pytest.register_assert_rewrite("conformance.expect")
