"""Known breaks in a report: by cause in words, each reason once; and the command that runs a rule again."""

from dataclasses import replace

import pytest

from reports.known import known
from reports.known_breaks import KnownBreak
from reports.model import Outcome
from reports.pages.html import render
from reports.rerun import command
from tests.reports.test_files import REPORT, RUN
from tests.reports.test_html import Page

FIRST = REPORT.results[0]


def report(*reasons):
    """Return a report of one known break for each reason."""
    rules = tuple(replace(REPORT.rules[0], id=f"gather.fact_{at}") for at in range(len(reasons)))
    results = tuple(
        replace(FIRST, rule=rule.id, outcome=Outcome.KNOWN, reason=reason, counterexample="case = 1")
        for rule, reason in zip(rules, reasons, strict=True)
    )
    return replace(REPORT, rules=rules, results=results)


def entry(cause, reason, **where):
    return str(KnownBreak("gather.*", cause, reason, **where))


@pytest.mark.parametrize(
    ("reason", "said", "link", "script"),
    [
        (
            entry(
                "documentation",
                "It (torch) treats both alike; no page does.",
                script="x = g(); x.f((1, 2))  # gives 2",
            ),
            *("It (torch) treats both alike; no page does.", "", "x = g(); x.f((1, 2))  # gives 2"),
        ),
        (entry("torch", "It is wrong.", script="\nx = 1\ny = f(x)\n"), "It is wrong.", "", "x = 1\ny = f(x)"),
        (
            entry("device", "an index is misread", issue="https://example.org/17"),
            *("an index is misread", "https://example.org/17", ""),
        ),
        (entry("device", "It dies."), "It dies.", "", ""),
    ],
)
def test_a_reason_is_told_from_what_shows_it(reason, said, link, script):
    for how in ("", "; 12 of 100 examples", "; the process died of SIGSEGV (Segmentation fault)"):
        ((_, (found,)),) = known(report(reason + how))

        assert (found.said, found.link, found.script) == (said, link, script)


def test_each_reason_stands_once_under_the_words_for_its_cause():
    alike, other = entry("torch", "It is wrong."), entry("documentation", "It is refused.")
    found = known(report(f"{alike}; 1 of 3 examples", f"{alike}; 2 of 3 examples", other, "no entry's words"))

    assert [heading for heading, _ in found] == [
        "The documentation and torch disagree",
        "Torch does not do what its documentation says",
        "Other known breaks",
    ]
    assert found[1][1][0].rules == ["gather.fact_0", "gather.fact_1"]


def test_the_page_has_them_in_a_section_of_their_own():
    html = render(
        report(entry("torch", "It is wrong.", script="x.f()  # gives 2"), entry("device", "It dies."))
    )
    text = " ".join(Page(html).text.split())

    assert "What is known not to hold" in text
    assert "Torch does not do what its documentation says (1 reason)" in text
    assert "This shows it: copy x.f() # gives 2" in text
    assert "An input on which it shows: copy case = 1" in text
    assert "What is known not to hold" not in Page(render(REPORT)).text


def test_the_command_repeats_what_the_run_was_asked_for():
    target = RUN.targets[0]
    usual = replace(RUN, profile="conformance", max_examples=100, seed="7", imports=())
    other = replace(usual, profile="quick", max_examples=5, seed="a b", imports=("my_device",))

    assert command(usual, target, "gather.elements") == (
        f"torch-conformance --device {target.id} --rule gather.elements --hypothesis-seed 7 --partial"
    )
    assert command(other, target, "gather.elements") == (
        f"torch-conformance --import my_device --device {target.id} --rule gather.elements "
        "--hypothesis-seed 'a b' --hypothesis-profile quick --max-examples 5 --partial"
    )

    in_mode = replace(target, id=f"{target.id}+compile:aot_eager", mode="compile:aot_eager")
    assert command(usual, in_mode, "gather.elements") == (
        f"torch-conformance --device {target.id} --mode only:compile:aot_eager --rule gather.elements "
        "--hypothesis-seed 7 --partial"
    )


def test_a_break_leads_with_the_statement_and_ends_with_the_message():
    broken = replace(
        FIRST,
        outcome=Outcome.BROKEN,
        counterexample="case = 1",
        script="assert f(1)",
        reason="Error: the message",
    )
    text = " ".join(Page(render(replace(REPORT, results=(broken,)))).text.split()).partition("How to see it")[
        2
    ]
    rule = next(rule for rule in REPORT.rules if rule.id == FIRST.rule)
    order = [
        rule.statement,
        "case = 1",
        "torch-conformance --device",
        "assert f(1)",
        "What it said: Error: the message",
    ]

    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
