"""The page: what it says, and that what comes from a target stays text."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reports.links import documentation
from reports.merge import merge
from reports.model import Outcome
from reports.pages.html import groups, render
from tests.reports.examples import made_up
from tests.reports.test_files import REPORT, RUN


class Page(HTMLParser):
    """Collects the text, the ids and the links of a page."""

    def __init__(self, html):
        super().__init__()
        self.text, self.tags, self.attributes = "", [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_the_page_answers_what_conforms_and_where_it_does_not():
    page = Page(render(REPORT))
    text = " ".join(page.text.split())

    assert "Conformance of torch 2.13.0+cpu" in text
    assert "0 of 1 documented rules hold (0 %)" in text
    assert "1 broken; observed: 1 of 1 hold" in text
    assert "does not conform" in text
    assert "What does not hold" in text
    assert ("id", "gather.elements") in page.attributes
    assert ("href", "#gather.elements") in page.attributes


def data(html):
    """Return what the page carries for its script."""
    (found,) = re.findall(r'id="data">([^<]*)<', html)
    return json.loads(gzip.decompress(base64.b64decode(found)))


def test_the_page_carries_the_whole_report():
    found = data(render(REPORT))

    assert found["report"] == json.loads(json.dumps(REPORT.to_json()))
    assert found["beside"]["urls"]["torch.gather"] == (
        "https://docs.pytorch.org/docs/2.13/generated/torch.gather.html"
    )
    assert set(found["beside"]["glyphs"]) == {outcome.value for outcome in Outcome}


def test_a_merged_report_links_to_the_documentation_of_its_newest_torch():
    newer = replace(REPORT, run=replace(RUN, torch="2.14.1", targets=RUN.targets[:1]), results=())
    found = data(render(merge([REPORT, newer, replace(REPORT, run=replace(RUN, torch="2.4.1"))])))

    assert found["beside"]["urls"]["torch.gather"] == (
        "https://docs.pytorch.org/docs/2.14/generated/torch.gather.html"
    )


def test_the_same_report_gives_the_same_page():
    assert render(REPORT) == render(REPORT)


def test_the_script_of_the_page_is_the_one_that_may_run():
    html = render(REPORT)
    (allowed,) = re.findall(r"script-src 'sha256-([^']*)'", html)
    script = html[html.rindex("<script>") + len("<script>") : html.rindex("</script>")]

    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == allowed


def test_results_that_fail_alike_stand_together():
    report = made_up(40, 2)
    found = groups(report)

    assert {group.outcome for group in found} == {Outcome.BROKEN, Outcome.CRASHED, Outcome.THIN}
    sizes = [len(group.results) for group in found if group.outcome is not Outcome.THIN]
    assert sizes == sorted(sizes, reverse=True)
    assert found[-1].outcome is Outcome.THIN
    numbered = replace(REPORT.results[0], reason="AssertionError: differs first at (1, -2.5e3)")
    other = replace(numbered, target="meta", reason="AssertionError: differs first at (7, 4)")
    assert len(groups(replace(REPORT, results=(numbered, other)))) == 1


def test_observed_rules_and_known_breaks_are_not_among_what_does_not_hold():
    results = (
        replace(REPORT.results[0], outcome=Outcome.KNOWN),
        replace(REPORT.results[2], outcome=Outcome.BROKEN),
    )

    assert groups(replace(REPORT, results=results)) == []


def test_what_was_not_run_is_said():
    text = Page(render(replace(REPORT, run=replace(RUN, ended=None)))).text

    assert "This run ended early" in text
    assert "not run" in text


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

    assert page.tags.count("script") == 2
    assert "img" not in page.tags
    assert "<script>alert(1)</script>" in page.text
    assert data(render(report))["report"]["results"][0]["reason"] == HOSTILE


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
