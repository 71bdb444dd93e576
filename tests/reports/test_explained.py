"""Pages that explain: what they say, how large they get, and that what they show stays text."""

from dataclasses import replace

from reports.explained import About, Disagreement, Fact, Section, Topic, text
from reports.model import Basis, Kind
from reports.pages import explained
from reports.pages.explained import address, render_topic
from reports.shown import Example, Grid, Picture
from tests.reports.test_files import REPORT
from tests.reports.test_html import HOSTILE, Page

RULE = REPORT.rules[0]
PICTURE = Picture((Grid("x", (2,), "int64", ("5", "6")),), (Grid("y", (1,), "int64", ("6",), (((0, 1),),)),))
EXAMPLE = Example("import torch\n\nprint(x[1:])  # tensor([6])\n", PICTURE)


def topic(*facts):
    return Topic(About.OPERATION, "gather", "2.13.0", (Section("What is documented", "Said.", facts),))


def test_a_fact_is_its_statement_its_source_and_its_example():
    page = Page(render_topic(topic(Fact(RULE, EXAMPLE))))
    said = " ".join(page.text.split())

    assert RULE.statement in said
    assert "print(x[1:]) # tensor([6])" in said
    assert ("id", RULE.id) in page.attributes
    assert "svg" in page.tags
    assert "y[0] comes from x[1]" in said


def test_one_topic_alone_links_to_the_documentation_and_to_no_other_page():
    links = [
        value
        for name, value in Page(render_topic(topic(Fact(RULE, EXAMPLE, "law")))).attributes
        if name == "href"
    ]

    assert all(link.startswith(("https://docs.pytorch.org/", "#", "data:")) for link in links)
    in_a_site = render_topic(topic(Fact(RULE, EXAMPLE, "law")), site=True)
    assert 'href="../law/law.html"' in in_a_site
    assert 'href="../index.html"' in in_a_site


def test_the_same_picture_is_drawn_once():
    other = replace(RULE, id="gather.other")
    html = render_topic(topic(Fact(RULE, EXAMPLE), Fact(other, EXAMPLE)))

    assert html.count("<svg") == 1
    assert f'The picture is that of <a href="#{RULE.id}">' in html


def test_a_page_that_would_get_too_large_leaves_pictures_out(monkeypatch):
    many = [
        Fact(
            replace(RULE, id=f"gather.fact_{at}"),
            replace(EXAMPLE, picture=Picture((Grid("x", (1,), "int64", (str(at),)),))),
        )
        for at in range(40)
    ]
    monkeypatch.setattr(explained, "LIMIT", 60_000)
    html = render_topic(topic(*many))

    assert 0 < html.count("<svg") < 40
    assert html.count("print(x[1:])") == 40


def test_a_disagreement_is_said_in_words():
    known = Disagreement("documentation", "it is refused.", "x.squeeze(None)  # raises TypeError")
    said = " ".join(Page(render_topic(topic(Fact(RULE, None, "", (known,))))).text.split())

    assert "The documentation and torch disagree" in said
    assert "x.squeeze(None) # raises TypeError" in said
    assert "! The documentation and torch disagree" in text(topic(Fact(RULE, None, "", (known,))))


def test_a_terminal_shows_where_cells_came_from():
    observed = replace(RULE, basis=Basis.OBSERVED, kind=Kind.ERROR)
    said = text(topic(Fact(RULE, EXAMPLE), Fact(observed)))

    assert "2 facts, 1 of them documented" in said
    assert "y: 6 ← x[1]" in said


def test_nothing_that_is_shown_is_markup():
    example = Example(HOSTILE, Picture((Grid(HOSTILE, (1,), HOSTILE, (HOSTILE,)),)))
    page = Page(render_topic(topic(Fact(replace(RULE, statement=HOSTILE), example))))

    assert "img" not in page.tags
    assert page.tags.count("script") == 1


def test_a_page_of_the_documentation_has_a_file_of_its_own():
    assert address("source", "notes/out") == "source/notes-out.html"
    assert address("source", "torch.Tensor.squeeze_") == "source/torch.Tensor.squeeze_.html"
