"""What there is for reference: every public strategy, and every field of results.json."""

import inspect
import json
import re

import pytest

import strategies
from conformance.__main__ import main
from conformance.explain import reference
from conformance.explain.reference import entries
from reports.files import schema
from reports.pages.reference import render_formats, render_strategies
from reports.reference import fields, formats

ENTRIES = entries()


def test_every_public_name_has_an_entry_with_an_example_that_printed_something():
    assert [entry.name for entry in ENTRIES] == strategies.__all__
    for entry in ENTRIES:
        assert entry.said.endswith((".", ")")) or "@given" in entry.said, entry.name
        assert re.search(rf"import .*\b{entry.name}\b", entry.example), entry.name
        assert "# " in entry.example, entry.name


def test_a_signature_has_every_parameter_and_no_table_of_weights():
    for entry in ENTRIES:
        for name in inspect.signature(getattr(strategies, entry.name)).parameters:
            assert re.search(rf"\b{name}\b", entry.signature), (entry.name, name)
        assert len(entry.signature) < 350
    (shapes,) = [entry for entry in ENTRIES if entry.name == "shapes"]
    assert shapes.signature == "(*, min_dims: int = 0, max_dims: int = 6) -> SearchStrategy[Shape]"


def test_the_same_examples_are_found_every_time():
    assert reference._ran(reference.examples()["gathers"]) == next(
        entry.example for entry in ENTRIES if entry.name == "gathers"
    )


def test_a_public_name_without_an_example_is_told(monkeypatch):
    monkeypatch.setattr(strategies, "__all__", [*strategies.__all__, "novelties"])

    with pytest.raises(LookupError, match=r"strategies\.toml and strategies differ in novelties"):
        entries()


def names(node):
    """Return the name of every field that a schema has anywhere."""
    if isinstance(node, dict):
        own = node.get("properties", {})
        return {*own, *(name for part in node.values() for name in names(part))}
    return {name for part in node for name in names(part)} if isinstance(node, list) else set()


def test_every_field_of_the_schema_appears_and_says_something():
    found = [*fields(schema())]
    paths = [field.path for field in found]

    assert len(paths) == len(set(paths))
    assert {path.rpartition(".")[2] for path in paths} == names(json.loads(json.dumps(schema())))
    assert [field.path for field in found if not field.said] == []
    assert {"results[].outcome", "run.targets[].lacks", "results[].also[].script", "running[].rule"} <= {
        *paths
    }


def test_a_field_says_what_is_in_it():
    found = {field.path: field for field in fields(schema())}

    assert found["run.ended"].kind == "string or null"
    assert found["results[].classes"].kind == "object, name → integer"
    assert found["rules[].needs"].kind == "array of one word"
    assert "strides" in found["rules[].needs"].words
    assert found["results[].outcome"].words[0] == "holds"
    assert found["runs"].said.endswith("Its fields are those of run.")
    assert found["results[].rule"].always
    assert not found["results[].known"].always


def test_the_pages_have_it_all():
    page, files = render_strategies(ENTRIES, "2.13"), render_formats(formats())

    assert all(f'id="{entry.name}"' in page for entry in ENTRIES)
    plain = files.replace("<wbr>", "")
    assert all(f"<code>{field.path}</code>" in plain for field in fields(schema()))
    assert all(f'id="{each.name}"' in files for each in formats())
    assert max(len(page), len(files)) < 300_000


@pytest.mark.parametrize("name", ["strategies", "formats"])
def test_the_command_prints_and_writes_it(tmp_path, capsys, name):
    assert main(["explain", name]) == 0
    said = capsys.readouterr().out
    assert (
        "gathers() -> SearchStrategy[Gather]" if name == "strategies" else "results[].symptom.place"
    ) in said

    assert main(["explain", name, "-o", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")
