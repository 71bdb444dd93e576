"""The pages in a real browser: search, address, evidence, copying, keyboard, looks and accessibility.

They need a Chromium: the one of Debian, or that which CHROMIUM names.
"""

import json
import os
import struct
import time
from dataclasses import replace
from pathlib import Path

import pytest

from reports.causes import causes
from reports.compare import compare
from reports.files import RESULTS
from reports.glyphs import GLYPHS
from reports.history import history
from reports.known_breaks import read_known_breaks
from reports.model import Basis, Outcome
from reports.pages import html
from reports.pages.html import render, render_catalogue, render_comparison, render_history
from reports.publish import publish
from reports.support import support
from tests.reports.conftest import CHROMIUM
from tests.reports.examples import SCRIPT, illustrated, made_up
from tests.reports.test_html import HOSTILE
from tests.suite import ROOT

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe

SCREENSHOT = ROOT / ".github" / "report.png"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

REPORT = made_up(60, 3)
BROKEN_ON_CPU = {
    found.rule for found in REPORT.results if (found.target, found.outcome) == ("cpu", Outcome.BROKEN)
}
BROKEN = min(BROKEN_ON_CPU)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish(tmp_path_factory.mktemp("report"), REPORT)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The same report, shown as one that is too large to have all its rows in the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "LARGE", 0)
        return publish(tmp_path_factory.mktemp("large"), REPORT)


@pytest.fixture
def opened(opens, published):
    """Opens a page, by default that of the report."""
    return lambda fragment="", *, path=published, **options: opens(path, fragment, **options)


def shown(page):
    rows = page.locator("tr[data-rule]:visible")
    return set(rows.evaluate_all("rows => rows.map(row => row.dataset.rule)"))


def open_all(page):
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")


def rules_with(test):
    return {
        rule.id
        for rule in REPORT.rules
        if test(rule, {found.target: found.outcome for found in REPORT.results if found.rule == rule.id})
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("cpu:broken", lambda rule, seen: seen["cpu"] is Outcome.BROKEN),
        (
            "cuda:broken cpu:holds",
            lambda rule, seen: (
                Outcome.BROKEN in (seen["cuda:0"], seen["cuda:1"]) and seen["cpu"] is Outcome.HOLDS
            ),
        ),
        ("*:crashed", lambda rule, seen: Outcome.CRASHED in seen.values()),
        (
            "cpu:fails",
            lambda rule, seen: seen["cpu"] in (Outcome.BROKEN, Outcome.CRASHED, Outcome.THIN),
        ),
        ("area:nn -kind:error", lambda rule, seen: rule.area == "nn" and rule.kind.value != "error"),
        ("basis:observed", lambda rule, seen: rule.basis is Basis.OBSERVED),
        ("needs:values fact_3", lambda rule, seen: rule.needs != () and "fact_3" in rule.id),
        ("OPERATION_2", lambda rule, seen: rule.operation == "operation_2"),
        ("shape of its index", lambda rule, seen: True),
        ("", lambda rule, seen: True),
        ("no such rule", lambda rule, seen: False),
    ],
)
def test_a_query_shows_the_rules_that_it_asks_for(opened, query, expected):
    page = opened()
    page.fill("#search", query)

    assert shown(page) == rules_with(expected)
    assert page.inner_text("#count") == f"{len(shown(page))} of 60 rules"
    assert page.is_visible("#none") == (not shown(page))


def test_the_agreement_of_the_targets_is_a_filter(opened):
    page = opened()
    parts = {}
    for word in ("everywhere", "somewhere", "nowhere", "unapplied"):
        page.select_option("#agree", word)
        parts[word] = shown(page)

    def agreeing(test):
        def asked(rule, seen):
            applied = [outcome for outcome in seen.values() if outcome is not Outcome.INAPPLICABLE]
            return bool(applied) and test([outcome is Outcome.HOLDS for outcome in applied])

        return rules_with(asked)

    assert parts["everywhere"] == agreeing(all)
    assert parts["somewhere"] == agreeing(lambda holds: any(holds) and not all(holds))
    assert parts["nowhere"] == agreeing(lambda holds: not any(holds))
    assert set.union(*parts.values()) == {rule.id for rule in REPORT.rules}
    assert sum(map(len, parts.values())) == 60


def test_the_address_holds_the_state(opened):
    page = opened()
    page.fill("#search", "cpu:broken")
    page.click(f'button[value="{BROKEN}"]')
    page.reload()
    page.wait_for_selector("html[data-ready]")

    assert page.input_value("#search") == "cpu:broken"
    assert shown(page) == BROKEN_ON_CPU
    assert page.get_attribute(f'button[value="{BROKEN}"]', "aria-expanded") == "true"

    page.click("#clear")
    assert len(shown(page)) == 60


def test_an_open_rule_is_hidden_with_its_row(opened):
    page = opened(f"#open={BROKEN}&q=cpu:holds")
    assert page.locator(".pane").count() == 1
    assert not page.is_visible(".pane")

    page.fill("#search", "cpu:broken")
    assert page.is_visible(".pane")
    page.fill("#search", "cpu:holds")
    assert not page.is_visible(".pane")


def test_a_link_to_a_rule_opens_it(opened):
    page = opened(f"#{BROKEN}")

    assert page.get_attribute(f'button[value="{BROKEN}"]', "aria-expanded") == "true"
    assert page.locator(f'tr[data-rule="{BROKEN}"]').is_visible()
    assert "It picks along dim" in page.inner_text(".pane")


def test_a_group_of_failures_leads_to_its_rules(opened):
    page = opened()
    link = page.locator(".groups a").first
    link.click()

    page.wait_for_selector(".pane")
    assert page.get_attribute(f'button[value="{link.inner_text()}"]', "aria-expanded") == "true"


@pytest.mark.parametrize("fragment", ["#no.such", "#q=%00%3Cscript%3E&agree=x&open=a,b", "#%", "#open="])
def test_a_strange_address_is_harmless(opened, fragment):
    page = opened(fragment)

    assert page.locator(".detail").count() == 0


def test_the_evidence_of_a_rule_is_whole(opened):
    page = opened(f"#{BROKEN}")
    page.click(".pane details:has-text('Inputs tried') summary >> nth=0")
    pane = page.inner_text(".pane")

    for part in (
        "torch.gather",
        "AssertionError: differs first at (1, 0)",
        "case = Gather(input=torch.tensor([[0.0, 1.0]])",
        "reproduced in 3/3 fresh processes",
        "12 examples in 0.11 s",
        "2 seeded faults: a-fault, another-fault",
        "0-d input",
        "never",
    ):
        assert part in pane
    assert page.get_attribute(".pane a", "href") == (
        "https://docs.pytorch.org/docs/2.13/generated/torch.gather.html"
    )


def test_examples_of_a_missing_dtype_are_told(opened, tmp_path):
    first, *others = REPORT.results
    report = replace(REPORT, results=(replace(first, untried={"torch.float64": 46}), *others))
    page = opened(f"#{first.rule}", path=publish(tmp_path, report))

    assert "46 more not run: the target lacks torch.float64" in page.inner_text(".pane")


def test_a_script_and_a_known_break_are_copied(opened, tmp_path):
    page = opened(f"#{BROKEN}", permissions=["clipboard-read", "clipboard-write"])
    page.click(".pane >> text=copy script >> nth=0")
    page.wait_for_selector("text=copied ✓")
    assert page.evaluate("navigator.clipboard.readText()") == SCRIPT

    page.click(".pane >> text=copy as a known break >> nth=0")
    page.wait_for_selector(".actions >> text=copied ✓")
    (tmp_path / "breaks.toml").write_text(page.evaluate("navigator.clipboard.readText()"), "utf-8")
    (entry,) = read_known_breaks(tmp_path / "breaks.toml")
    assert (entry.rule, str(entry.torch), entry.cause) == (BROKEN, "==2.13.0", "device")
    assert (entry.target, entry.input_class) == ("cpu", "expanded")
    assert entry.describes(["expanded"], "AssertionError: differs first at (1, 0): [2.] instead of [3.]")


def test_a_cause_is_seen_and_excused_where_it_stands(opened):
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    (cause, *_) = causes(REPORT)
    assert not page.is_visible("#cause-1-entry")
    page.focus(".groups li:first-child summary:not(.inline *)")
    page.keyboard.press("Enter")
    assert page.inner_text("#cause-1-script") == cause.shown.script

    page.click(".groups li:first-child >> text=copy as a known break")
    page.wait_for_selector(".groups >> text=copied ✓")
    assert page.evaluate("navigator.clipboard.readText()") == cause.entry


def test_each_way_in_which_a_rule_breaks_has_its_evidence(opened):
    page = opened(f"#{BROKEN}")
    pane = page.inner_text(".pane section:has-text('2 of 2 ways') >> nth=0")

    first, second = pane.split("2 of 2 ways in which it breaks, by 3 examples")
    assert "1 of 2 ways in which it breaks, by 7 examples" in first
    order = (
        "Smallest counterexample found:",
        "What came out:\n\n[2.]\n\nWhat should have:\n\n[3.]",
        "Run just this again:",
        SCRIPT.splitlines()[0],
        "It does not hold on every expanded input.",
        "Its cause, as far as the breaks of all rules tell: ",
        "copy as a known break",
        "What it said: AssertionError: differs first",
    )
    assert [first.find(part) for part in order] == sorted(first.index(part) for part in order)
    assert "What came out" not in second
    assert f"torch-conformance --device cpu --rule {BROKEN} --hypothesis-seed" in first
    assert "See it yourself, on torch alone, reproduced in 3/3 fresh processes:" in first
    assert "It does not hold on transposed input." in second
    assert "What it said: RuntimeError: cannot take strides [1, 2]" in second
    assert "did not show the break when run again: ended without an exception." in second
    assert "See it yourself" not in second


def test_what_was_refused_blocked_or_excused_is_told(opened, tmp_path):
    first, *others = REPORT.results
    told = replace(
        first,
        outcome=Outcome.HOLDS,
        reason=None,
        untried={"torch.float64": 2},
        refused={"torch.float64": "TypeError: no doubles"},
        blocked={BROKEN: 3, "placement.transpose": 1},
        excused={"breaks.toml:7": 4},
        counterexample="case = known",
    )
    page = opened(f"#{first.rule}", path=publish(tmp_path, replace(REPORT, results=(told, *others))))
    pane = page.inner_text(".pane section >> nth=0") + page.inner_text(".pane")

    for part in (
        "2 more not run: the target refuses torch.float64",
        "TypeError: no doubles",
        f"could not be tried: blocked by {BROKEN}",
        "could not be tried: blocked by placement.transpose",
        "failed as is known: breaks.toml:7",
        "case = known",
    ):
        assert part in pane


def test_what_is_supported_is_a_table_of_operations_and_dtypes(opened):
    page = opened()
    page.focus("details.support[data-target='cpu'] > summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("details.support[data-target='cpu'] table")
    table = page.locator("details.support[data-target='cpu'] table")
    seen = support(REPORT)["cpu"]

    assert table.locator("thead th").all_inner_texts() == ["Operation", "float32", "float64", "int64"]
    assert table.locator("tbody th").all_inner_texts() == [*seen]
    refused = table.locator("td.in-part, td.refused").first
    assert "NotImplementedError: not there" in refused.get_attribute("title")
    assert refused.inner_text().split() == [
        "◐" if "in-part" in refused.get_attribute("class") else "∅",
        *(["in", "part"] if "in-part" in refused.get_attribute("class") else ["refused"]),
    ]


def test_the_data_and_the_known_breaks_are_saved(opened, published, tmp_path):
    page = opened(accept_downloads=True)
    for button, name in (("#save-json", "results.json"), ("#save-breaks", "known-breaks.toml")):
        with page.expect_download() as download:
            page.click(button)
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)

    assert json.loads((tmp_path / "results.json").read_text("utf-8")) == json.loads(
        (published.parent / RESULTS).read_text("utf-8")
    )
    saved = read_known_breaks(tmp_path / "known-breaks.toml")
    entries = {(rule, entry.target) for entry in saved for rule in entry.globs}
    failing = {
        (found.rule, found.target)
        for found in REPORT.results
        if found.outcome in (Outcome.BROKEN, Outcome.CRASHED, Outcome.HUNG)
    }
    assert {rule for rule, _ in entries} == {rule for rule, _ in failing}
    assert all({(rule, target), (rule, target.partition(":")[0])} & entries for rule, target in failing)


def test_the_keyboard_is_enough(opened):
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type(BROKEN)
    assert shown(page) == {BROKEN}

    page.focus(f'button[value="{BROKEN}"]')
    page.keyboard.press("Enter")
    assert page.is_visible(".pane")
    page.keyboard.press("Space")
    assert page.locator(".pane").count() == 0

    page.focus("#search")
    page.keyboard.press("Escape")
    assert len(shown(page)) == 60


def of_laws(rules, targets):
    """Return a made-up report in which all operations share their facts, of which there are twelve."""
    report = made_up(rules, targets)
    ids = {rule.id: f"{rule.operation}.fact_{at % 12}" for at, rule in enumerate(report.rules)}
    return replace(
        report,
        rules=tuple(replace(rule, id=ids[rule.id]) for rule in report.rules),
        results=tuple(replace(found, rule=ids[found.rule]) for found in report.results),
    )


@pytest.mark.parametrize("width", [360, 1280])
def test_operations_by_laws_are_a_map_that_is_made_when_it_is_opened(opened, tmp_path, width):
    report = of_laws(240, 2)
    page = opened(path=publish(tmp_path, report), width=width)
    area = page.locator(".heat[data-target='cuda:0'] details").nth(0)
    assert page.locator(".heat table").count() == page.locator(".heat details").count() == 0

    page.focus(".heat[data-target='cuda:0'] > summary")
    page.keyboard.press("Enter")
    assert area.locator("summary").inner_text().startswith("autograd: 4 operations by 12 laws; ")
    assert page.locator(".heat table").count() == 0
    area.locator("summary").press("Enter")
    area.locator("table").wait_for()
    seen = {
        (row, law): area.locator("tbody tr").nth(at).locator("td").nth(column)
        for at, row in enumerate(area.locator("tbody th").all_inner_texts())
        for column, law in enumerate(area.locator("thead th").all_inner_texts()[1:])
    }
    for (row, law), cell in list(seen.items())[:15]:
        word = report.result(f"{row}.{law}", "cuda:0").outcome
        assert cell.locator(".sr").inner_text() == word.value
        assert cell.locator("[aria-hidden]").inner_text() == GLYPHS[word]

    assert Axe().run(page, context=".heat").response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    seen["operation_6", "fact_3"].locator("a").click()
    page.wait_for_selector("tr[data-rule='operation_6.fact_3'] + .detail")


def test_a_report_in_which_operations_share_nothing_has_no_maps():
    assert "<h2>Operations by laws" not in render(REPORT)


@pytest.mark.parametrize("width", [360, 768, 1920])
@pytest.mark.parametrize("targets", [1, 3, 20])
def test_nothing_is_wider_than_the_screen(opened, tmp_path, width, targets):
    report = made_up(30, targets)
    path = publish(tmp_path, report)
    page = opened(f"#{report.rules[0].id}", path=path, width=width)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".pane").bounding_box()["width"] <= width


@pytest.mark.parametrize("targets", [2, 4, 5])
@pytest.mark.parametrize("most", [0, html.LARGE])
def test_five_targets_are_seen_whole_on_a_telephone(opened, tmp_path, monkeypatch, targets, most):
    monkeypatch.setattr(html, "LARGE", most)
    page = opened("#q=fact", path=publish(tmp_path, made_up(300, targets)), width=360)
    around = page.locator(".wide:has(#rules)")
    cut_off = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.innerHTML)"

    assert around.evaluate("each => each.scrollWidth <= each.clientWidth")
    assert page.locator("#rules :is(td, th):visible").evaluate_all(cut_off) == []
    page.click("#clear")
    assert around.evaluate("each => each.scrollWidth <= each.clientWidth")
    assert page.locator("#rules :is(td, th):visible").evaluate_all(cut_off) == []


def test_dark_and_light_follow_the_reader(opened):
    colour = "getComputedStyle(document.body).backgroundColor"

    assert opened(color_scheme="dark").evaluate(colour) == "rgb(20, 22, 26)"
    assert opened(color_scheme="light").evaluate(colour) == "rgb(247, 246, 242)"


def test_what_fails_is_open_in_print(opened):
    page = opened()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator(".pane").count() == len(
        rules_with(
            lambda rule, seen: {Outcome.BROKEN, Outcome.CRASHED, Outcome.THIN} & set(seen.values()) != set()
        )
    )
    assert not page.is_visible(".tools")
    assert len(page.pdf()) > 10_000


def pages(tmp_path):
    """Write a page of each kind; return the paths by name."""
    other = made_up(64, 3, torch="2.14.1+cpu", started="2026-02-01T00:00:00+00:00")
    changed = replace(
        other,
        results=tuple(
            replace(found, outcome=Outcome.HOLDS) if at % 9 == 0 else found
            for at, found in enumerate(other.results)
        ),
    )
    first, *others = REPORT.results
    blocked = replace(
        first, outcome=Outcome.BLOCKED, reason="by flip.made: no", blocked={BROKEN: 9, "flip.made": 2}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "LARGE", 0)
        large = render(REPORT)
    made = {
        "report": render(REPORT),
        "large": large,
        "early": render(replace(REPORT, run=replace(REPORT.run, ended=None), running=((BROKEN, "cpu"),))),
        "blocked": render(replace(REPORT, results=(blocked, *others))),
        "comparison": render_comparison(compare(REPORT, changed)),
        "history": render_history(history([REPORT, changed])),
        "catalogue": render_catalogue(REPORT),
    }
    for name, text in made.items():
        (tmp_path / f"{name}.html").write_text(text, "utf-8")
    return [(name, tmp_path / f"{name}.html") for name in made]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(opened, tmp_path, scheme):
    for name, path in pages(tmp_path):
        page = opened(f"#{BROKEN}" if name in ("report", "large") else "", path=path, color_scheme=scheme)
        open_all(page)

        violations = Axe().run(page).response["violations"]

        assert [(name, found["id"], found["nodes"][0]["html"]) for found in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_text_from_a_target_stays_text(opened, tmp_path):
    first, *others = REPORT.results
    result = replace(
        first,
        outcome=Outcome.BROKEN,
        reason=HOSTILE,
        counterexample=HOSTILE,
        script=HOSTILE,
        traceback=HOSTILE,
        classes={HOSTILE: 1},
        examples=2,
    )
    target = replace(REPORT.run.targets[0], name=HOSTILE, driver=HOSTILE)
    hostile = replace(
        REPORT,
        run=replace(REPORT.run, targets=(target, *REPORT.run.targets[1:]), torch=HOSTILE, platform=HOSTILE),
        results=(result, *others),
    )
    page = opened(f"#{result.rule}", path=publish(tmp_path, hostile))
    open_all(page)

    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 3
    assert "<script>alert(1)</script>" in page.inner_text(".pane")
    page.click("text=copy as a known break >> nth=0")


def test_an_operation_opens_to_its_rules(opened, large):
    page = opened(path=large)
    operations = page.locator(".operation button")
    assert operations.all_inner_texts() == [
        f"{name} 12 rules" for name in (f"operation_{number}" for number in range(5))
    ]
    assert page.inner_text("#count") == "60 of 60 rules"
    assert shown(page) == set()

    page.focus(".operation button[value='operation_2']")
    page.keyboard.press("Enter")
    assert shown(page) == rules_with(lambda rule, seen: rule.operation == "operation_2")
    assert page.get_attribute(".operation button[value='operation_2']", "aria-expanded") == "true"
    page.click("tr[data-rule]:visible button >> nth=1")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert shown(page) == rules_with(lambda rule, seen: rule.operation == "operation_2")
    assert "torch.gather" in page.inner_text(".pane")

    page.click(".operation button[value='operation_2']")
    assert shown(page) == set()
    assert page.locator(".pane").count() == 0


def test_areas_stand_for_many_operations(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(html, "LARGE", 0)
    monkeypatch.setattr(html, "MANY_OPERATIONS", 4)
    page = opened(path=publish(tmp_path, REPORT))
    assert page.locator(".area:visible").count() == 5
    assert page.locator(".operation:visible").count() == 0

    page.focus(".area button[value='indexing']")
    page.keyboard.press("Enter")
    assert page.locator(".operation:visible").count() == 1
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.locator(".operation:visible").count() == 1
    page.fill("#search", "cpu:broken")
    assert shown(page) == BROKEN_ON_CPU
    page.click("#clear")
    assert page.locator(".operation:visible").count() == 1

    page.evaluate(f"location.hash = '#{BROKEN}'")
    page.wait_for_selector(".pane")
    assert page.locator(f'tr[data-rule="{BROKEN}"]').is_visible()


@pytest.mark.parametrize("targets", [3, 20])
def test_the_rows_that_the_script_makes_are_those_of_the_page(opened, tmp_path, monkeypatch, targets):
    report = made_up(60, targets)
    report = replace(report, results=report.results[:-2])
    rows = []
    for name, most in (("small", html.LARGE), ("large", 0)):
        monkeypatch.setattr(html, "LARGE", most)
        page = opened(path=publish(tmp_path / name, report))
        for button in page.locator(".operation button").all():
            button.click()
        rows.append(page.locator("tr[data-rule]").evaluate_all("rows => rows.map(row => row.outerHTML)"))

    assert len(rows[0]) == 60
    assert rows[0] == rows[1]


def test_a_search_of_operations_finds_their_rules(opened, large):
    page = opened(path=large)
    page.fill("#search", "cpu:broken")
    assert shown(page) == BROKEN_ON_CPU
    assert not page.locator(".operation:visible").count()
    page.fill("#search", "no such rule")
    assert page.is_visible("#none")
    assert not page.locator("tbody:visible").count()

    page.focus("#search")
    page.keyboard.press("Escape")
    assert shown(page) == set()
    assert page.locator(".operation:visible").count() == 5


def test_a_link_to_a_rule_opens_its_operation(opened, large):
    page = opened(f"#{BROKEN}", path=large)
    assert page.locator(f'tr[data-rule="{BROKEN}"]').is_visible()
    assert "It picks along dim" in page.inner_text(".pane")

    page = opened(f"#q=cpu:holds&open={BROKEN}", path=large)
    assert page.locator(".pane").count() == 1
    assert not page.is_visible(".pane")


def test_a_long_list_of_rules_is_made_when_it_is_opened(opened, tmp_path, monkeypatch):
    report = made_up(200, 3)
    seen = []
    for name, most in (("small", html.LARGE), ("large", 0)):
        monkeypatch.setattr(html, "LARGE", most)
        page = opened(path=publish(tmp_path / name, report))
        page.locator("details.inline summary").first.click()
        page.wait_for_selector("details.inline a")
        seen.append(page.locator(".groups li").first.inner_text())

    assert seen[0] == seen[1]
    assert seen[0].count("operation_") > 12


def test_what_fails_is_open_in_print_of_operations(opened, large):
    page = opened(path=large)
    page.wait_for_function("evidence !== undefined")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    failing = {Outcome.BROKEN, Outcome.CRASHED, Outcome.THIN}
    assert page.locator(".pane section:visible").count() == 3 * len(
        rules_with(lambda rule, seen: failing & set(seen.values()) != set())
    )


def test_a_page_of_3000_rules_and_20_targets_answers_at_once(opened, tmp_path):
    path = publish(tmp_path, of_laws(3000, 20))
    page = opened(path=path)
    ready = page.evaluate("performance.now()")
    began = time.monotonic()
    page.fill("#search", "cuda:17:broken")
    rows = shown(page)
    searched = time.monotonic() - began

    # The aims are 1.5 s and 1 s, which the benchmark measures; a machine under load may take longer.
    assert path.stat().st_size < 8_000_000
    assert ready < 4_500
    assert searched < 3
    assert len(rows) == 100
    assert page.inner_text("#count") == "158 of 3000 rules, 100 shown"

    page.fill("#search", "fact")
    assert len(shown(page)) == 100
    assert page.inner_text("#count") == "3000 of 3000 rules, 100 shown"
    page.click("#more")
    assert len(shown(page)) == 200
    first = page.locator("tr[data-rule]:visible button").nth(100)
    assert page.evaluate("document.activeElement.value") == first.get_attribute("value")


def test_a_break_has_its_picture_in_its_card_and_beside_its_evidence(opened, tmp_path):
    page = opened("#operation_0.fact_0", path=publish(tmp_path, made_up(2, 1, outcomes=[Outcome.BROKEN])))
    page.wait_for_selector(".pane .picture")
    for details in page.locator(".groups details").all():
        details.evaluate("node => { node.open = true; }")

    cards, panes = page.locator(".groups .picture"), page.locator(".pane .picture")
    assert cards.first.is_visible()
    assert panes.count() == 2  # it breaks in two ways
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    for picture in panes.all():
        named = picture.get_attribute("aria-labelledby").split()
        assert page.evaluate("ids => ids.every((id) => document.getElementById(id))", named)
    assert not Axe().run(page).response["violations"]


def test_the_screenshot_of_the_readme_is_of_this_page(opened, tmp_path):
    """With SCREENSHOT=.github/report.png it is made anew."""
    page = opened(path=publish(tmp_path, illustrated()), width=1280, height=1180)
    path = Path(os.environ.get("SCREENSHOT", tmp_path / "report.png"))
    page.locator(".groups summary").first.click()
    assert page.locator(".groups .picture").first.is_visible()
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=path)

    size, kept = (struct.unpack(">II", each.read_bytes()[16:24]) for each in (path, SCREENSHOT))
    assert size == kept == (1280, 1180)


def test_documentation_that_the_torch_of_a_run_lacks_is_marked(opened, tmp_path):
    why = "torch.gather has no docstring"
    run = replace(REPORT.run, sources={rule.source: why for rule in REPORT.rules if rule.id == BROKEN})
    page = opened(f"#{BROKEN}", path=publish(tmp_path, replace(REPORT, run=run)))

    assert f"(not found in torch {run.torch}: {why})" in page.inner_text(".pane")
