"""What a run decides by itself."""

import pytest

from conformance.engine import session


@pytest.mark.parametrize(
    ("rules", "workers"),
    [
        ((), 4),
        (["gather.output_shape"], 1),
        (["gather.output_shape", "squeeze.output_shape"], 2),
        (["gather.*"], 4),
        (["gather.output_shape", "squeeze.*"], 4),
    ],
)
def test_there_are_no_more_workers_than_cores_nor_than_rules_asked_for(rules, workers, monkeypatch):
    monkeypatch.setattr(session, "_cores", lambda: 4)

    assert session.default_workers(rules) == workers
