"""The causes of a recorded run: of a device with many faults, each of which is known.

    pytest --import tests.devices.many_faults --device reference --hypothesis-profile quick --report=DIR
    python -m tests.reports.test_recorded DIR

records it anew; `--rule` for each operation of the recording makes that minutes.
"""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from reports.causes import EXCUSABLE, causes, counted
from reports.files import read_report, write_text
from reports.known_breaks import read_known_breaks
from reports.model import Outcome
from reports.pages.html import render
from reports.wording import shows

RECORDING = Path(__file__).with_name("many_faults.json")

TOLD = {
    "amax-needs-contiguous-input": "aten::logsumexp, aten::amax and aten::amin raise RuntimeError: reduce",
    "gather-misreads-expanded-index": "gather gives wrong elements, on expanded index",
    "multinomial-gives-the-last": "categorical gives wrong elements",
    "max-drops-nan": "max gives wrong elements, on examples with NaN",
    "maximum-of-bools-is-minimum": "maximum and max give wrong elements, on bool input",
    "minimum-of-0-d-is-the-first": "minimum, min and fmin give wrong elements, on 0-d input",
    "min-takes-no-negative-dim": "aten::min raises IndexError: min: there is no dim -1, on every example",
}
"""How the headline of a cause begins, by the fault of `tests.devices.many_faults` that it is about."""


@pytest.fixture(scope="module")
def recorded():
    return read_report(RECORDING)


def test_there_are_no_more_than_twice_as_many_causes_as_faults(recorded):
    found = causes(recorded, strict=True)

    assert len(TOLD) / 2 <= len(found) <= 2 * len(TOLD)
    assert counted(found) == "45 results, 7 causes"


@pytest.mark.parametrize("fault", TOLD)
def test_a_fault_is_told_by_one_headline(recorded, fault):
    headlines = [cause.headline for cause in causes(recorded, strict=True)]

    assert sum(headline.startswith(TOLD[fault]) for headline in headlines) == 1


def test_the_entries_excuse_all_that_breaks_and_nothing_that_holds(recorded, tmp_path):
    (target,), torch = recorded.run.targets, recorded.run.torch
    found = causes(recorded, strict=True)
    held = [result.rule for result in recorded.results if result.outcome is Outcome.HOLDS]
    lines = Counter[str]()

    for cause in found:
        (tmp_path / "breaks.toml").write_text(cause.entry, "utf-8")
        entries = read_known_breaks(tmp_path / "breaks.toml")
        lines[cause.headline] = len(entries)
        for seen in cause.seen:
            about = [entry for entry in entries if entry.concerns(seen.result.rule, target, torch)]
            assert any(entry.describes(seen.certain, seen.reason) for entry in about), seen
        assert not any(entry.concerns(rule, target, torch) for entry in entries for rule in held)
        assert not any(entry.describes(seen.shared, "MemoryError: none") for entry in entries)
    broken = {result.rule for result in recorded.results if result.outcome in EXCUSABLE}
    assert broken == {rule for cause in found for rule in cause.rules}
    assert all(count <= len(cause.rules) for cause, count in zip(found, lines.values(), strict=True))


def test_what_is_shown_of_a_cause_was_reproduced(recorded):
    for cause in causes(recorded):
        assert shows(cause.shown.reproduced), cause.headline
        assert cause.shown.reproduced
        assert cause.shown.counterexample


def test_the_page_of_it_is_made(recorded):
    html = render(recorded)

    assert all(f'<a href="#{rule}">' in html for cause in causes(recorded) for rule in cause.rules)


def record(directory: Path) -> None:
    """Write what a run says to the recording, without what takes room and tells no cause."""
    report = read_report(directory)
    broken = {result.rule for result in report.results if result.outcome in EXCUSABLE}
    results = [
        replace(
            result,
            script=result.script and "import torch  # …",
            counterexample=result.counterexample and result.counterexample[:300],
            traceback=None,
            seconds=0.0,
            classes=result.classes if result.rule in broken else {},
            refused={dtype: answer[:80] for dtype, answer in result.refused.items()},
            also=tuple(
                replace(
                    each,
                    script=each.script and "import torch  # …",
                    counterexample=each.counterexample and each.counterexample[:300],
                    traceback=None,
                )
                for each in result.also
            ),
        )
        for result in report.results
    ]
    rules = [
        replace(
            rule,
            statement=f"{rule.statement[:40]}…",
            faults=(),
            classes=rule.classes if rule.id in broken else (),
        )
        for rule in report.rules
    ]
    run = replace(report.run, platform="Linux", sources={}, changed={})
    write_text(RECORDING, replace(report, run=run, rules=tuple(rules), results=tuple(results)).text)


if __name__ == "__main__":
    record(Path(sys.argv[1]))
