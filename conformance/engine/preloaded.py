"""Imports every rule: what a fork server does once so that the processes it forks start fast."""

from conformance.engine.rule import load_rules

load_rules()
