"""The page: what it says, and that what comes from a target stays text."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reports.files import results_text
from reports.glyphs import GLYPHS
from reports.links import documentation
from reports.merge import merge
from reports.model import Outcome
from reports.pages import html as of_pages
from reports.pages.html import render
from reports.score import Verdict
from tests.reports.examples import made_up
from tests.reports.test_files import REPORT, RUN


class Page(HTMLParser):
    """Collects the text, the ids and the links of a page."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags, self.attributes = "", [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_the_page_answers_what_conforms_and_where_it_does_not():
    page = Page(render(REPORT))
    text = " ".join(page.text.split())

    assert "Conformance of torch 2.13.0+cpu" in text
    assert "0 of 1 documented rule holds (0 %)" in text
    assert "1 broken; observed: 1 of 1 holds" in text
    assert "does not conform" in text
    assert "What does not hold" in text
    assert ("id", "gather.elements") in page.attributes
    assert ("href", "#gather.elements") in page.attributes


def carried(page, id):
    """Return a text that the page carries for its script."""
    (found,) = re.findall(rf'id="{id}">([^<]*)<', page)
    return gzip.decompress(base64.b64decode(found)).decode()


def beside(page):
    """Return what the page's script shows beside the report."""
    return json.loads(carried(page, "evidence").partition("\n")[0])


def test_the_page_carries_the_whole_report():
    html = render(REPORT)
    _, _, report = carried(html, "evidence").partition("\n")

    assert report == results_text(REPORT)
    assert beside(html)["urls"]["torch.gather"] == (
        "https://docs.pytorch.org/docs/2.13/generated/torch.gather.html"
    )


def test_what_the_table_needs_is_apart_from_the_evidence():
    report = made_up(20, 3)
    found = json.loads(carried(render(report), "data"))
    results = [
        (found["rules"][rule]["id"], found["targets"][target], found["outcomes"][outcome])
        for rule, target, outcome in zip(*found["results"].values(), strict=True)
    ]

    assert list(found["results"]) == ["rule", "target", "outcome"]
    assert results == [(result.rule, result.target, result.outcome.value) for result in report.results]
    assert set(found["glyphs"]) == {outcome.value for outcome in Outcome}


def test_in_a_large_report_operations_stand_for_their_rules(monkeypatch):
    small = Page(render(REPORT))
    assert ("data-rule", "gather.elements") in small.attributes
    assert "the table does not" in small.text

    monkeypatch.setattr(of_pages, "LARGE", 0)
    large = Page(render(REPORT))
    text = " ".join(large.text.split())
    assert not [value for name, value in large.attributes if name == "data-rule"]
    assert ("value", "gather") in large.attributes
    assert "gather 1 rule" in text
    assert (
        "The rules of each operation, long lists of rules, the search and the evidence need JavaScript"
        in text
    )


def test_a_merged_report_links_to_the_documentation_of_its_newest_torch():
    newer = replace(REPORT, run=replace(RUN, torch="2.14.1", targets=RUN.targets[:1]), results=())
    found = beside(render(merge([REPORT, newer, replace(REPORT, run=replace(RUN, torch="2.4.1"))])))

    assert found["urls"]["torch.gather"] == ("https://docs.pytorch.org/docs/2.14/generated/torch.gather.html")


def test_the_same_report_gives_the_same_page():
    assert render(REPORT) == render(REPORT)


def test_the_script_of_the_page_is_the_one_that_may_run():
    html = render(REPORT)
    (allowed,) = re.findall(r"script-src 'sha256-([^']*)'", html)
    script = html[html.rindex("<script>") + len("<script>") : html.rindex("</script>")]

    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == allowed


def test_what_does_not_hold_is_counted_in_results_and_causes():
    page = Page(render(made_up(40, 2)))
    text = " ".join(page.text.split())

    assert "12 results, 8 causes; the largest first." in text
    assert "operation_0, operation_1 and operation_3 give wrong elements, on every expanded input" in text
    assert "aten::permute raises RuntimeError: cannot take strides [1, 2], on transposed input" in text
    assert "copy as a known break" in text
    assert 'message = "^RuntimeError: cannot take strides"' in text


def test_observed_rules_and_known_breaks_are_not_among_what_does_not_hold():
    results = (
        replace(REPORT.results[0], outcome=Outcome.KNOWN),
        replace(REPORT.results[2], outcome=Outcome.BROKEN),
    )

    assert "What does not hold" not in Page(render(replace(REPORT, results=results))).text


def test_what_could_not_be_tried_stands_apart():
    first, *others = REPORT.results
    blocked = replace(first, outcome=Outcome.BLOCKED, blocked={"placement.transpose": 9, "squeeze.scalar": 1})
    page = Page(render(replace(REPORT, results=(blocked, *others))))
    text = " ".join(page.text.split())

    assert "What does not hold" not in text
    assert "1 result on cpu, 9 examples blocked by placement.transpose gather.elements" in text
    assert ("href", "#squeeze.scalar") in page.attributes
    assert ("href", "#placement.transpose") not in page.attributes


def test_what_is_refused_stands_apart():
    first, *others = REPORT.results
    refused = replace(
        first, outcome=Outcome.UNSUPPORTED, reason=None, refused={"torch.int8": "TypeError: no"}
    )
    text = " ".join(Page(render(replace(REPORT, results=(refused, *others)))).text.split())

    assert "cpu: 1 operation by 1 dtype; 1 refused" in text
    assert "1 result on cpu, for int8 gather: TypeError: no" in text


def test_a_script_that_showed_nothing_is_not_offered_as_one_that_does():
    first, *others = REPORT.results
    again = replace(first, script="x", reproduced="0/1 (ended without an exception)")
    html = render(replace(REPORT, results=(again, *others)))

    assert "did not show the break when run again: ended without an exception." in Page(html).text
    assert "See it yourself" not in Page(html).text.partition("Every rule")[0]
    assert beside(html)["breaks"]["gather.elements"]["cpu"][0]["again"].startswith("This script")


def test_what_was_not_run_is_said():
    text = Page(render(replace(REPORT, run=replace(RUN, ended=None)))).text

    assert "This run ended early" in text
    assert "not run" in text


def test_every_glyph_is_in_the_fonts_of_stock_systems():
    # Punctuation, arrows, operators, plain shapes, and check marks: in DejaVu and Segoe UI Symbol.
    known = (range(0x20, 0x100), range(0x2010, 0x2040), range(0x2190, 0x2194), range(0x2200, 0x2300))
    shapes = (*map(ord, "✓✗"), *range(0x25A0, 0x2600))
    page = render(
        replace(REPORT, results=tuple(replace(REPORT.results[0], outcome=each) for each in Outcome))
    )
    used = {*page, *"".join(GLYPHS.values()), *"".join(each.value for each in Verdict)}

    assert {c for c in used if ord(c) not in shapes and not any(ord(c) in each for each in known)} == {"\n"}


def test_one_thing_is_not_said_to_be_several():
    run = replace(RUN, max_examples=1, targets=RUN.targets[:1], rules=2)
    text = Page(render(replace(REPORT, run=run, rules=REPORT.rules[:1], results=REPORT.results[:1]))).text

    assert "1 rule was not run; 1 example per rule instead of 100" in text
    assert "of 1 documented rule that was run holds" in " ".join(text.split())
    assert not re.findall(r"\b1 (?:\w+ )?(?:rules|targets|results|examples|causes|reasons|dtypes)\b", text)


def test_every_outcome_has_a_glyph_and_a_meaning():
    results = [replace(REPORT.results[0], outcome=outcome) for outcome in Outcome]

    for result in results:
        assert result.outcome.value in render(replace(REPORT, results=(result,)))


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"' \x00 \x1b[31m &amp; ‮"


def test_text_from_a_target_is_data():
    target = replace(RUN.targets[0], name=HOSTILE, driver=HOSTILE)
    result = replace(
        REPORT.results[0], reason=HOSTILE, counterexample=HOSTILE, traceback=HOSTILE, classes={HOSTILE: 1}
    )
    report = replace(
        REPORT,
        run=replace(RUN, targets=(target, *RUN.targets[1:]), platform=HOSTILE, seed=HOSTILE),
        results=(result,),
    )

    page = Page(render(report))

    assert page.tags.count("script") == 3
    assert "img" not in page.tags
    assert "<script>alert(1)</script>" in page.text
    _, _, text = carried(render(report), "evidence").partition("\n")
    assert json.loads(text)["results"][0]["reason"] == HOSTILE


def test_the_page_asks_nothing_of_any_network():
    html = render(REPORT)

    assert not re.search(r"""(src|@import|url\()\s*=?\s*["']?(https?:)?//""", html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    ("source", "torch", "address"),
    [
        ("torch.gather", "2.13.0+cpu", "https://docs.pytorch.org/docs/2.13/generated/torch.gather.html"),
        (
            "torch.Tensor.squeeze_",
            "2.4.1",
            "https://docs.pytorch.org/docs/2.4/generated/torch.Tensor.squeeze_.html",
        ),
        ("notes/autograd", "2.15.0.dev20261101", "https://docs.pytorch.org/docs/main/notes/autograd.html"),
        (
            "blog/pytorch-0_4_0-migration-guide",
            "2.13.0",
            "https://pytorch.org/blog/pytorch-0_4_0-migration-guide/",
        ),
        (
            "tutorials/beginner/saving_loading_models",
            "2.13.0",
            "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html",
        ),
        (
            "torch.distributions.categorical.Categorical",
            "2.13.0",
            "https://docs.pytorch.org/docs/2.13/distributions.html#torch.distributions.categorical.Categorical",
        ),
    ],
)
def test_links_go_to_the_documentation_of_the_tested_version(source, torch, address):
    assert documentation(source, torch) == address
