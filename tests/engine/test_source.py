"""Which documentation a rule may name, and whether its words are those that the rule was reviewed against."""

import functools

import pytest

from conformance.__main__ import main
from conformance.engine import source as sources
from conformance.engine.review import by_source, write_reviewed
from conformance.engine.rule import load_rules

RULES = by_source(found.rule for found in load_rules().values())


@pytest.fixture
def reviewed(tmp_path, monkeypatch):
    """A file of reviews in the place of the suite's, empty to begin with."""
    path = tmp_path / "sources.toml"
    monkeypatch.setattr(sources, "REVIEWED", path)
    known = sources.reviewed.__wrapped__
    monkeypatch.setattr(sources, "reviewed", functools.cache(lambda path=path: known(path)))
    return path


def test_every_source_with_a_docstring_was_reviewed():
    with_words = [name for name in RULES if sources.fingerprint(name) is not None]

    assert set(with_words) <= set(sources.reviewed())
    assert set(sources.reviewed()) <= set(RULES)
    assert len(with_words) > 50


def test_spaces_and_lines_are_no_words(monkeypatch):
    def gather():
        """Gathers values."""

    monkeypatch.setattr("torch.gather", gather)
    before = sources.fingerprint("torch.gather")
    gather.__doc__ = "\n    Gathers\n    values.\n"

    assert sources.fingerprint("torch.gather") == before
    gather.__doc__ = "Gathers elements."
    assert sources.fingerprint("torch.gather") != before


def test_other_words_than_reviewed_are_said_with_the_rules_to_read_again(reviewed, capsys, monkeypatch):
    write_reviewed(reviewed, [*RULES, "torch.dist"], "2.0.0+cpu", [*RULES, "torch.dist"])
    assert "torch.dist" in sources.reviewed()
    assert main(["sources"]) == 0

    def gather():
        """Gathers."""

    monkeypatch.setattr("torch.gather", gather)

    assert sources.changed("torch.gather") == "reviewed against torch 2.0.0"
    assert sources.changed("torch.squeeze") is None
    assert main(["sources"]) == 1
    said = capsys.readouterr().out
    assert "torch.gather: documentation changed since review: reviewed against torch 2.0.0" in said
    assert f"    gather.output_shape: {load_rules()['gather.output_shape'].rule.statement}" in said
    assert "squeeze.shape" not in said
    assert main(["sources", "--reviewed", "torch.gather"]) == 0
    assert sources.reviewed()["torch.gather"].keys() > {"2.0.0"}
    assert "torch.dist" not in sources.reviewed(), "no rule names it"


def test_a_source_that_no_rule_names_cannot_be_reviewed(reviewed, capsys):
    with pytest.raises(SystemExit):
        main(["sources", "--reviewed", "torch.dist"])

    assert "no rule names torch.dist" in capsys.readouterr().err
    assert not reviewed.exists()


def test_pages_have_no_words_here():
    assert sources.fingerprint("notes/autograd") is None
    assert sources.changed("notes/autograd") is None
