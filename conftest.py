"""Switches the suite's pytest plugin on in a clone."""

pytest_plugins = ["conformance.engine.plugin"]
