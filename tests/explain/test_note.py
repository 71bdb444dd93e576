"""The learner's note: its claims are data, and what its examples print bears out what is said of them."""

import pytest

from conformance.engine.rule import load_rules
from conformance.explain.note import claims, example
from reports.note import Verdict, by_topic, counted, text

CLAIMS = claims(load_rules())


def shown(start):
    """Return what the example of the claim that begins so prints, by its lines."""
    (found,) = [claim for claim in CLAIMS if claim.said.startswith(start)]
    return [line.partition("# ")[2] for line in found.example.script.split("\n") if "# " in line]


def test_every_claim_has_an_example_that_ran_and_names_rules():
    for claim in CLAIMS:
        assert "# " in claim.example.script
        assert claim.rules
        assert claim.because.endswith(".")
        assert len(claim.because.split(". ")) == 1


@pytest.mark.parametrize(
    ("start", "printed"),
    [
        ("First example: with dim=0", ["tensor([[ 0, 9, 10, 15]])"]),
        ("Second example: with dim=1", ["tensor([[0, 2, 2, 3]])"]),
        (
            "Third example: with dim=0",
            ["tensor([[ 0], [ 8], [ 8], [12]])", "tensor([[ 0], [ 6], [10], [15]])"],
        ),
        ("First example: y = w", ["None", "tensor(3.)", "tensor(1.)"]),
        ("Second example: z = mean", ["tensor([1., 1.])", "tensor([0.5000, 0.5000])"]),
        ("The gradient of x is None", ["tensor(4.)", "tensor(0.)"]),
        ("y.detach_() splits", ["tensor([3., 3.])", "False"]),
        ("A leaf is", ["True", "True", "False"]),
    ],
)
def test_what_an_example_prints_is_what_is_said_of_it(start, printed):
    assert shown(start) == printed


def test_the_picture_of_the_third_example_tells_rows_from_columns():
    (found,) = [claim for claim in CLAIMS if claim.said.startswith("Third example")]
    rows, columns = found.example.picture.outputs

    assert [place for ((_, place),) in rows.sources] == [0, 8, 8, 12]
    assert [place for ((_, place),) in columns.sources] == [0, 6, 10, 15]


def test_the_text_counts_the_verdicts():
    wrong = sum(claim.verdict is Verdict.WRONG for claim in CLAIMS)

    assert f"{wrong} wrong" in counted(CLAIMS)
    assert text(CLAIMS, "2.13").count("✗ wrong: ") == wrong
    assert [topic for topic, _ in by_topic(CLAIMS)][1] == "gather"


def test_a_claim_that_names_no_rule_is_told(tmp_path):
    path = tmp_path / "note.toml"
    path.write_text(
        '[[claim]]\ntopic = "t"\nsaid = "s"\nverdict = "right"\nbecause = "b."\nexample = "print(1)"\n'
        'given = []\nrules = ["no.such_rule"]\n'
    )

    with pytest.raises(LookupError, match=r"'s' names no\.such_rule, which is no rule"):
        claims(load_rules(), path)


def test_an_example_that_fails_is_told():
    with pytest.raises(ZeroDivisionError):
        example("print(1 / 0)", ())
