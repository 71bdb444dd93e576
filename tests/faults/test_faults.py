"""Every rule catches the seeded faults that `conformance/faults.toml` says it catches."""

import pytest
import torch

from conformance.engine.decks import Decks
from conformance.engine.options import SHIPPED_BREAKS
from conformance.engine.rule import load_rules
from reports.known_breaks import read_known_breaks
from reports.model import Target
from tests.faults import observe
from tests.faults.all import FAULTS

RULES = load_rules()
CATCHES = [(id, fault) for id, found in RULES.items() for fault in found.rule.faults]
CPU = Target("cpu", "cpu", "cpu")
KNOWN = {
    id
    for entry in read_known_breaks(SHIPPED_BREAKS)
    for id in RULES
    if entry.concerns(id, CPU, str(torch.__version__)) and not (entry.spans and entry.input_class)
}
"""Rules that are known to break on the CPU, but for such as few cases break."""
# No rule breaks by it; tests/test_end_to_end.py shows what it does.
UNSUPPORTED = {"squeeze-in-place-is-not-implemented"}


@pytest.mark.parametrize(("id", "fault"), CATCHES)
@pytest.mark.filterwarnings("ignore")
def test_the_rule_catches_the_fault(id, fault):
    assert observe(RULES[id], fault).failed


@pytest.mark.parametrize("id", sorted(KNOWN))
def test_a_known_break_breaks_without_a_fault(id):
    """That all others hold is what every run of the suite shows."""
    assert observe(RULES[id], decks=Decks("another seed", 100)).failed


def test_every_rule_catches_at_least_one_fault():
    assert not [id for id in sorted(set(RULES) - KNOWN) if not RULES[id].rule.faults]


def test_every_fault_is_caught_by_some_rule():
    uncaught = set(FAULTS) - UNSUPPORTED - {fault for _, fault in CATCHES}

    assert not uncaught


def test_every_fault_that_is_caught_exists():
    assert not {fault for _, fault in CATCHES} - set(FAULTS)


def test_every_rule_with_faults_exists():
    from conformance.engine.rule import _known_faults

    facts = {f"*.{id.partition('.')[2]}" for id in RULES}
    assert set(_known_faults()) <= set(RULES) | facts
