"""The catalogue: every rule in its section, and text that stays text."""

from dataclasses import replace

from reports.__main__ import main
from reports.catalogue import catalogue
from reports.files import write_results
from reports.model import Report
from tests.reports.test_files import REPORT


def test_every_rule_is_listed_under_its_area_and_operation():
    text = catalogue(REPORT)

    assert text.splitlines()[0] == "# Rules"
    for rule in REPORT.rules:
        assert f"## {rule.area}" in text
        assert f"### {rule.operation}" in text
        assert f"| `{rule.id}` |" in text
    assert text.count("| [") == len(REPORT.rules)


def test_a_statement_ends_no_cell_and_starts_no_markup():
    rule = replace(REPORT.rules[0], statement="a | b <i> `c` *d*")
    text = catalogue(Report(REPORT.run, (rule,), ()))

    assert r"a \| b \<i\> \`c\` \*d\*" in text


def test_the_command_prints_it(tmp_path, capsys):
    write_results(tmp_path / "results.json", REPORT)

    assert main(["catalogue", str(tmp_path / "results.json")]) == 0
    assert capsys.readouterr().out == catalogue(REPORT)


def test_the_command_refuses_a_foreign_file(tmp_path, capsys):
    (tmp_path / "foreign.json").write_text("{}")

    assert main(["catalogue", str(tmp_path / "foreign.json")]) == 2
    assert "foreign.json" in capsys.readouterr().err
