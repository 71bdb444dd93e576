"""What a failure looks like from outside."""

import pytest

from conformance.engine.symptoms import behind, said


def fail(error):
    raise error


@pytest.mark.parametrize("error", [AssertionError(), RuntimeError(""), ValueError("  ")])
def test_what_raises_without_a_message_is_told_by_its_line(error):
    with pytest.raises(type(error)) as caught:
        fail(error)

    message = said(caught.value)
    assert message.startswith(f"{type(error).__name__}: no message, of engine/test_symptoms.py:")
    assert message.endswith(", raise error")


def test_what_says_something_is_quoted():
    assert said(IndexError("too far")) == "IndexError: too far"
    assert said(AssertionError()) == "AssertionError: no message"


def test_what_raises_where_a_warning_is_due_is_told_by_its_exception():
    def raised(inside):
        try:
            with pytest.warns(UserWarning):
                inside()
        except BaseException as error:
            return behind(error)

    def refuses():
        raise TypeError("not here")

    assert repr(raised(refuses)) == "TypeError('not here')"
    assert str(raised(lambda: None)).startswith("DID NOT WARN")
