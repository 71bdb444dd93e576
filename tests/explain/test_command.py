"""`torch-conformance explain`: in the terminal, as a page, and as a site."""

import re

import pytest

from conformance.__main__ import main
from conformance.explain import command
from conformance.explain.topics import MOST_SHOWN, Topics, UnknownTopicError
from reports.explained import About, text
from reports.pages.explained import render_topic


@pytest.fixture(scope="module")
def topics():
    return Topics()


def test_an_operation_is_explained_fact_by_fact(topics):
    found = topics.find("unsqueeze")
    titles = [section.title for section in found.sections]

    assert titles[:2] == ["What is documented", "Mistakes that people make"]
    assert found.facts[0].rule.id == "unsqueeze.elements"
    assert {fact.rule.operation for fact in found.facts} == {"unsqueeze"}
    assert all(fact.example for fact in found.facts)


def test_where_documentation_and_torch_disagree_stands_apart(topics):
    section = topics.find("gather").sections[-1]
    facts = {fact.rule.id: fact for fact in section.facts}

    assert section.title == "Where the documentation and torch disagree"
    assert facts["gather.empty_index_dim"].known[0].cause == "documentation"
    assert "# IndexError" in text(topics.find("gather.empty_index_dim")) or "raises IndexError" in text(
        topics.find("gather.empty_index_dim")
    )


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("gather.output_shape", About.RULE),
        ("dim_range", About.LAW),
        ("notes/out", About.SOURCE),
        ("torch.gather", About.SOURCE),
        ("Tensor.squeeze_", About.SOURCE),
    ],
)
def test_rules_laws_and_pages_are_explained_too(topics, name, about):
    found = topics.find(name)

    assert found.about is about
    assert 0 < len(found.facts) <= MOST_SHOWN


def test_of_a_law_the_other_operations_are_listed(topics):
    found = topics.find("dim_range")
    (fact,) = found.facts

    assert fact.law == "dim_range"
    assert len(found.listed) > 20
    assert all(rule.id.endswith(".dim_range") for listed in found.listed for rule in listed.rules)


def test_a_name_that_is_none_is_told_with_what_comes_near(topics):
    with pytest.raises(UnknownTopicError, match=r"did you mean .*gather"):
        topics.find("gahter")


def test_the_command_prints_writes_or_complains(tmp_path, capsys):
    page = tmp_path / "page.html"

    assert main(["explain", "squeeze.dim_of_size_1"]) == 0
    said = capsys.readouterr().out
    assert "* Given one dim that has size 1, squeeze drops that dim alone." in said
    assert "import torch" in said
    assert "output: " in said

    assert main(["explain", "squeeze.dim_of_size_1", "-o", str(page)]) == 0
    assert "<svg" in page.read_text("utf-8")

    assert main(["explain", "no_such_thing"]) == 2
    assert capsys.readouterr().err.startswith("no operation, law, rule or page")


def test_the_command_writes_the_note(tmp_path, capsys):
    assert main(["explain", "note"]) == 0
    assert "✗ wrong: " in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--all"], ["gather", "--all", "-o", "site"]])
def test_what_makes_no_sense_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["explain", *arguments])

    assert ended.value.code == 2


def test_a_site_has_a_page_of_each_and_links_that_lead_somewhere(tmp_path, monkeypatch):
    few = Topics()
    rules = {
        id: found for id, found in few._rules.items() if found.rule.operation in ("unsqueeze", "permute")
    }
    monkeypatch.setattr(few, "_rules", rules)
    # What the note names has no page here.
    monkeypatch.setattr(command, "claims", lambda _: ())
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "index.html").write_text("a report", "utf-8")
    index = command.write_site(few, tmp_path)

    pages = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html"))
    assert {"reference/strategies.html", "reference/formats.html"} <= set(pages)
    assert {"index.html", "note.html", "operation/unsqueeze.html", "operation/permute.html"} <= set(pages)
    assert "law/elements.html" in pages
    assert "source/torch.unsqueeze.html" in pages
    for page in tmp_path.rglob("*.html"):
        html = page.read_text("utf-8")
        for link in re.findall(r'href="([^":]+\.html)(?:#([^"]*))?"', html):
            target = (page.parent / link[0]).resolve()
            assert target.exists(), (page, link)
            assert not link[1] or f'id="{link[1]}"' in target.read_text("utf-8")
    assert index == tmp_path / "index.html"
    assert 'href="report/index.html"' in index.read_text("utf-8")


def test_the_page_of_an_operation_with_many_facts_stays_small(topics):
    html = render_topic(topics.find("categorical"), site=True)

    assert len(html.encode()) <= 300_000
    assert html.count("<svg") > 20
