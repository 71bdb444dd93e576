"""The ways in which a rule breaks, told apart."""

from conformance.engine.rule import load_rules
from conformance.engine.running import Failure, without_chance
from conformance.engine.symptoms import Sign
from conformance.engine.ways import MOST, Failed, Way, ways
from reports.model import Symptom
from strategies import classes_of
from strategies.decks import draw_deck

CLAIM = Sign("AssertionError", "rule.py", 3, "")
OTHER = Sign("IndexError", "backend.py", 7, "out of range")


def failed(*classes, sign=CLAIM):
    return Failed(AssertionError(), sign, b"", frozenset(classes))


def told(failed, held):
    """Return of each way how many failed in it, and of what every example fails."""
    return [(len(way.failed), way.every) for way in ways(failed, [frozenset(classes) for classes in held])]


HELD = [("2-d", "float32")] * 60 + [("2-d", "bool")] * 20


def test_what_fails_by_another_sign_is_another_way():
    found = told([failed("2-d", "bool"), *[failed("2-d", "float32", sign=OTHER)] * 2], HELD)

    assert found == [(2, ()), (1, ())]


def test_two_classes_of_which_every_example_fails_are_two_ways():
    found = told([failed("0-d", "float32")] * 8 + [failed("2-d", "NaN")] * 5, HELD)

    assert found == [(8, ("0-d",)), (5, ("NaN",))]


def test_dtypes_of_which_every_example_fails_are_one_way():
    found = told([failed("0-d", "bool")] * 8 + [failed("2-d", kind) for kind in ["int8", "int16"] * 5], HELD)

    assert found == [(10, ("int16", "int8")), (8, ("0-d",))]


def test_a_class_within_a_larger_fault_is_no_way_of_its_own():
    wide = [failed("3-d")] * 30 + [failed("3-d", "transposed input")] * 30
    ((count, every),) = told(wide, HELD)

    assert (count, every) == (60, ("3-d",))

    # Of two dims some hold: nothing but the number of dims explains what fails.
    wide = [failed("2-d", "float32")] * 20 + [failed("2-d", "transposed input")] * 20
    assert told(wide, HELD) == [(40, ())]


def test_a_class_that_is_rare_explains_nothing():
    assert told([failed("2-d", "bool", "NaN")], HELD) == [(1, ())]


def test_what_fails_on_every_input_has_no_class():
    assert told([failed("2-d", "bool"), failed("0-d")] * 10, []) == [(20, ())]


def test_no_more_ways_are_told_than_there_is_room_for():
    signs = [Sign("AssertionError", "rule.py", line, "") for line in range(9)]

    assert len(told([failed("2-d", sign=sign) for sign in signs], HELD)) == MOST


def test_a_way_takes_what_fails_alike():
    of_0_d, of_nan = ways(
        [failed("0-d")] * 8 + [failed("2-d", "NaN")] * 5, [frozenset(classes) for classes in HELD]
    )

    assert of_0_d.takes(CLAIM, ("0-d", "float32"))
    assert not of_0_d.takes(CLAIM, ("2-d", "NaN"))
    assert not of_0_d.takes(OTHER, ("0-d",))
    assert of_nan.takes(CLAIM, ("NaN",))
    assert not of_nan.takes(CLAIM, ("NaN", "0-d"))
    assert of_0_d.shared == ("0-d",)


def test_a_symptom_names_no_class_that_the_smallest_case_does_without():
    found = load_rules()["gather.elements"]
    assert found.drawn is not None
    name, strategy = found.drawn
    (data,) = draw_deck(strategy, 1, "0")
    classes = classes_of(found.case(data)[name])
    way = Way([Failed(AssertionError(), CLAIM, data, frozenset(classes))])
    told = Symptom("AssertionError", every=("over 16 elements",), shared=(min(classes), "over 16 elements"))

    left = without_chance(found, Failure(AssertionError(), data, way, told, True)).symptom

    assert "over 16 elements" not in classes
    assert (left.every, left.shared) == ((), (min(classes),))
