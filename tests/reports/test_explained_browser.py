"""The pages that explain, in a real browser: search, copying, looks and accessibility."""

import pytest

from reports.note import Claim, Verdict
from reports.pages.explained import render_note, write_index, write_topic
from reports.pages.reference import render_formats, render_strategies
from reports.reference import Entry, formats
from tests.reports.conftest import CHROMIUM
from tests.reports.test_explained import EXAMPLE, RULE, topic
from tests.reports.test_files import REPORT

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    from reports.explained import Fact

    folder = tmp_path_factory.mktemp("site")
    write_topic(folder, topic(Fact(RULE, EXAMPLE, "law")))
    claim = Claim("gather", "It picks.", Verdict.LOOSE, "It does.", EXAMPLE, (RULE,))
    (folder / "note.html").write_text(render_note([claim], "2.13.0", site=True), "utf-8")
    (folder / "reference").mkdir()
    entry = Entry(
        "gathers", "(*, few: bool = False)", "Draw `gathers`.\n\n    @given(x=gathers())", "print(1)"
    )
    (folder / "reference" / "strategies.html").write_text(
        render_strategies([entry], "2.13.0", site=True), "utf-8"
    )
    (folder / "reference" / "formats.html").write_text(render_formats(formats(), site=True), "utf-8")
    write_index(
        folder,
        REPORT.rules,
        torch="2.13.0",
        laws=[("law", 1)],
        sources=[("torch.gather", 1)],
        note="note.html",
        reference=[("reference/strategies.html", "Strategies"), ("reference/formats.html", "Files")],
    )
    return folder


PAGES = (
    "index.html",
    "operation/gather.html",
    "note.html",
    "reference/strategies.html",
    "reference/formats.html",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(opens, site, page, scheme):
    found = Axe().run(opens(site / page, color_scheme=scheme)).response["violations"]

    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("width", [360, 1920])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_window(opens, site, page, width):
    opened = opens(site / page, width=width)

    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_search_finds_facts_and_links_to_them(opens, site):
    page = opens(site / "index.html")
    page.fill("#search", RULE.statement.split()[1])

    assert page.is_hidden("#lists")
    assert page.locator("#found a").first.get_attribute("href").endswith(f"#{RULE.id}")
    page.fill("#search", "no such fact at all")
    assert page.inner_text("#count") == "0 facts"
    page.fill("#search", "")
    assert page.is_visible("#lists")


def test_what_is_searched_is_in_the_address(opens, site):
    page = opens(site / "index.html", f"#{RULE.id}")

    assert page.input_value("#search") == RULE.id
    assert page.inner_text("#count") == "1 fact"


def test_an_example_is_copied_as_it_stands(opens, site):
    page = opens(site / "operation/gather.html", permissions=["clipboard-read", "clipboard-write"])
    page.click("[data-copies]")
    page.wait_for_selector("text=copied")

    assert page.evaluate("navigator.clipboard.readText()") == EXAMPLE.script.strip()


def test_without_javascript_all_but_the_search_is_there(opens, site):
    page = opens(site / "operation/gather.html", java_script_enabled=False)

    assert page.is_hidden("[data-copies]")
    assert page.is_visible("svg.picture")


def test_it_is_printed_light_whatever_the_scheme(opens, site):
    looks = "getComputedStyle(document.querySelector('pre')).backgroundColor"
    light = opens(site / "operation/gather.html").evaluate(looks)
    page = opens(site / "operation/gather.html", color_scheme="dark")

    assert page.evaluate(looks) != light
    page.emulate_media(media="print")
    assert page.evaluate(looks) == light
