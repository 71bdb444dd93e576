"""Known breaks in a report: by cause in words, each reason once; and the command that runs a rule again."""

from dataclasses import replace

import pytest

from reports.files import read_report, write_results
from reports.known import known
from reports.known_breaks import KnownBreak
from reports.model import Excuse, Outcome
from reports.pages.html import render
from reports.rerun import command
from tests.reports.test_files import REPORT, RUN
from tests.reports.test_html import Page

FIRST = REPORT.results[0]


def report(*said, known=True):
    """Return a report of one known break for each entry, or text of an entry, and how it failed."""
    rules = tuple(replace(REPORT.rules[0], id=f"gather.fact_{at}") for at in range(len(said)))
    results = tuple(
        replace(
            FIRST,
            rule=rule.id,
            outcome=Outcome.KNOWN,
            reason=str(each),
            counterexample="case = 1",
            known=each.excuse if known and isinstance(each, KnownBreak) else None,
        )
        for rule, each in zip(rules, said, strict=True)
    )
    return replace(REPORT, rules=rules, results=results)


def entry(cause, reason, **where):
    return KnownBreak("gather.*", cause, reason, **where)


def test_what_excuses_a_result_is_of_its_entry_and_outlives_a_file(tmp_path):
    misread = entry("device", "an index (any) is misread", issue="https://example.org/17")
    wrong = entry("torch", "It is wrong; always.", script="\nx = 1\ny = f(x)\n")
    write_results(tmp_path / "results.json", report(misread, wrong))
    ((_, (of_torch,)), (_, (of_device,))) = known(read_report(tmp_path / "results.json"))

    assert (of_device.excuse, of_device.link, of_device.script) == (misread.excuse, misread.issue, "")
    assert (of_torch.excuse, of_torch.link, of_torch.script) == (wrong.excuse, "", "x = 1\ny = f(x)")


@pytest.mark.parametrize("how", ["", "; 12 of 100 examples", "; the process died of SIGSEGV (Segmentation)"])
def test_a_report_of_old_says_it_in_the_reason(how):
    ((_, (found,)),) = known(report(f"device: an index is misread (https://example.org/17){how}"))

    assert found.excuse == Excuse("device", "an index is misread (https://example.org/17)")


def test_only_an_address_of_the_web_is_linked_to():
    ((_, (found,)),) = known(report(entry("torch", "It is wrong.", issue="javascript:alert(1)")))

    assert found.link == ""


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
        reason="AssertionError: 2 instead of 3",
    )
    text = " ".join(Page(render(replace(REPORT, results=(broken,)))).text.split()).partition("How to see it")[
        2
    ]
    rule = next(rule for rule in REPORT.rules if rule.id == FIRST.rule)
    order = [
        rule.statement,
        "case = 1",
        "What came out:2What should have:3",
        "torch-conformance --device",
        "assert f(1)",
        "copy as a known break",
        "What it said: AssertionError: 2 instead of 3",
    ]

    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
