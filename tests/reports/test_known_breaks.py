"""Reading known breaks, and saying what is wrong with a file."""

from pathlib import Path

import pytest

from conformance.engine.options import SHIPPED_BREAKS
from conformance.engine.rule import load_rules
from reports.known_breaks import (
    check_rules,
    excusing,
    find_breaks,
    read_known_breaks,
)
from reports.model import Target
from reports.toml_file import KnownBreaksError

CUDA = Target("cuda:0", "cuda", "x")
ENTRY = '[[break]]\nrule = "a.b"\ncause = "device"\nreason = "Why."\nissue = "https://example.org/1"\n'


def read(tmp_path: Path, text: str):
    path = tmp_path / "breaks.toml"
    path.write_text(text, "utf-8")
    return read_known_breaks(path)


def test_the_shipped_ones_are_about_rules_that_exist():
    check_rules(
        read_known_breaks(SHIPPED_BREAKS), {id: found.rule.classes for id, found in load_rules().items()}
    )


@pytest.mark.parametrize(
    ("further", "concerned"),
    [
        ("", True),
        ('target = "cuda"', True),
        ('target = "cuda:0"', True),
        ('target = "cuda:1"', False),
        ('torch = ">=2.12"', True),
        ('torch = "<2.13"', False),
    ],
)
def test_an_entry_concerns_targets_and_versions(tmp_path, further, concerned):
    (entry,) = read(tmp_path, ENTRY + further)

    assert entry.concerns("a.b", CUDA, "2.13.0+cu130") is concerned
    assert not entry.concerns("a.c", CUDA, "2.13.0+cu130")


def test_development_versions_count(tmp_path):
    (entry,) = read(tmp_path, ENTRY + 'torch = ">=2.13"')

    assert entry.concerns("a.b", CUDA, "2.15.0.dev20261101+cpu")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[break", "is not TOML"),
        ("[other]", "holds other"),
        ("break = 3", "no [[break]] list"),
        ('break = [{rule = "a.b"}]', "breaks.toml, break 1: cause, reason is missing"),
        ('[[break]]\nrule = "a.b"', "breaks.toml:1: cause, reason is missing"),
        (ENTRY.replace("issue", "isue"), "breaks.toml:1: unknown key isue"),
        (
            ENTRY + '\n[[break]]\nrule = "a.b"\ncause = "device"\nreason = "Why."',
            "breaks.toml:7: an issue or a script",
        ),
        (ENTRY.replace('"device"', '"weather"'), "cause is 'weather'"),
        (ENTRY + 'torch = "two"', "breaks.toml:1: torch: "),
        (ENTRY + "target = 3", "every value is a string"),
    ],
)
def test_a_wrong_file_is_named_with_the_reason(tmp_path, text, message):
    with pytest.raises(KnownBreaksError, match=r"breaks\.toml") as raised:
        read(tmp_path, text)

    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(KnownBreaksError, match="cannot be read: No such file"):
        read_known_breaks(tmp_path / "none.toml")


def test_a_rule_that_does_not_exist_is_named(tmp_path):
    entries = read(tmp_path, ENTRY)

    with pytest.raises(KnownBreaksError, match=r"breaks\.toml:1: there is no rule 'a\.b'"):
        check_rules(entries, {"a.c": ()})


def test_an_entry_may_be_about_an_input_class(tmp_path):
    (entry,) = entries = read(tmp_path, ENTRY + 'class = "expanded"\n')

    assert entry.input_class == "expanded"
    assert excusing(entries, ("0-d",), "wrong") is None
    assert excusing(entries, ("0-d", "expanded"), "wrong") is entry
    check_rules(entries, {"a.b": ("expanded", "0-d")})


def test_an_entry_may_be_about_examples_of_several_classes(tmp_path):
    (entry,) = entries = read(tmp_path, ENTRY + 'class = "expanded + 0-d"\n')

    assert excusing(entries, ("0-d",), "wrong") is None
    assert excusing(entries, ("0-d", "empty", "expanded"), "wrong") is entry
    check_rules(entries, {"a.b": ("expanded", "0-d")})
    check_rules(entries, {"a.b": ("empty", "expanded + 0-d")})
    with pytest.raises(KnownBreaksError, match=r"draws no class 'expanded \+ 0-d'"):
        check_rules(entries, {"a.b": ("expanded",)})


def test_an_entry_may_be_about_many_rules_and_one_message(tmp_path):
    (entry,) = entries = read(
        tmp_path, ENTRY.replace('"a.b"', '"a.*"') + 'message = "IndexError: .* range"\n'
    )

    assert find_breaks(entries, "a.b", CUDA, "2.13.0") == (entry,)
    assert find_breaks(entries, "b.a", CUDA, "2.13.0") == ()
    assert excusing(entries, (), "IndexError: out of range") is entry
    assert excusing(entries, (), "IndexError: too many") is None
    assert [each.stale(CUDA) for each in entries] == [False]
    check_rules(entries, {"a.b": (), "b.a": ()})


def test_an_entry_may_list_rules(tmp_path):
    listed = ENTRY.replace('rule = "a.b"', 'rule = ["a.b", "c.*"]')
    (entry,) = entries = read(tmp_path, listed)

    assert [entry.concerns(rule, CUDA, "2.13.0") for rule in ("a.b", "c.d", "a.c")] == [True, True, False]
    assert not entry.stale(CUDA)
    check_rules(entries, {"a.b": (), "c.d": ()})
    with pytest.raises(KnownBreaksError, match=r"breaks\.toml:1: there is no rule 'c\.\*'"):
        check_rules(entries, {"a.b": ()})
    with pytest.raises(KnownBreaksError, match="rule is no string and no list of strings"):
        read(tmp_path, ENTRY.replace('rule = "a.b"', 'rule = ["a.b", 1]'))


def test_the_narrowest_entry_comes_first(tmp_path):
    message, of_class = 'message = "x"\n', 'class = "0-d"\n'
    whole, narrow, narrowest = read(tmp_path, ENTRY + ENTRY + of_class + ENTRY + of_class + message)

    assert find_breaks([whole, narrow, narrowest], "a.b", CUDA, "2.13.0") == (narrowest, narrow, whole)


def test_a_glob_that_no_rule_matches_and_a_pattern_that_is_none_are_named(tmp_path):
    entries = read(tmp_path, ENTRY.replace('"a.b"', '"c.*"'))

    with pytest.raises(KnownBreaksError, match=r"there is no rule 'c\.\*'"):
        check_rules(entries, {"a.b": ()})
    with pytest.raises(KnownBreaksError, match=r"breaks\.toml:1: message is no regular expression: missing"):
        read(tmp_path, ENTRY + 'message = "("\n')


def test_a_class_that_the_rule_never_draws_is_named(tmp_path):
    entries = read(tmp_path, ENTRY + 'class = "expended"\n')

    with pytest.raises(KnownBreaksError, match=r"toml:1: a\.b draws no class 'expended'; it draws: expanded"):
        check_rules(entries, {"a.b": ("expanded",)})
