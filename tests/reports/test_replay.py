"""Scripts run again, in forks of a process that has torch."""

import sys
import time

import pytest

from reports import replay
from reports.replay import NoTorchError, Replayer
from reports.wording import run_again

SUICIDE = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture(scope="module")
def replayer():
    with Replayer() as started:
        yield started


def test_a_script_that_breaks_reproduces(replayer):
    assert replayer.reproduced("assert 1 == 2", "AssertionError") == "3/3"
    assert replayer.reproduced("raise IndexError('far')", "IndexError") == "3/3"
    assert replayer.reproduced("assert False, 'far ' * 9_000", "AssertionError") == "3/3"
    assert replayer.reproduced("raise IndexError('far\\n' * 9_000)", "IndexError") == "3/3"
    assert replayer.reproduced("import torch\nassert torch.ones(1).sum() == 2", "Failed") == "3/3"


@pytest.mark.parametrize(
    ("script", "exception", "why"),
    [
        ("pass", "AssertionError", "it ended without an exception"),
        ("this is no python", "AssertionError", "it raised SyntaxError: invalid syntax"),
        ("import nothing_of", None, "it raised ModuleNotFoundError: No module named 'nothing_of'"),
        ("raise KeyError('a\\nb: c')", "IndexError", "it raised KeyError: 'a\\nb: c'"),
        ("raise ValueError('one\\ntwo:')", "IndexError", "it raised ValueError: one"),
        ("raise KeyError", "IndexError", "it raised KeyError"),
        ("raise ValueError('v' * 900)", "IndexError", f"it raised ValueError: {'v' * 188}"),
        ("try: 1 / 0\nexcept Exception: raise KeyError(1)", "IndexError", "it raised KeyError: 1"),
        ("raise SystemExit(0)", "IndexError", "it ended without an exception"),
        ("raise SystemExit(7)", "IndexError", "it ended with the exit status 7"),
    ],
)
def test_a_script_that_does_not_break_as_expected_says_what_it_does(replayer, script, exception, why):
    assert replayer.reproduced(script, exception) == f"0/3 ({why})"
    assert why in run_again(replayer.reproduced(script, exception))


def test_a_script_that_breaks_now_and_then_says_what_it_does_else(replayer, tmp_path):
    once = f"import os; os.mkdir({str(tmp_path / 'here')!r})"

    assert replayer.reproduced(once, "FileExistsError") == "2/3 (it ended without an exception)"


def test_without_a_name_any_failure_reproduces(replayer):
    assert replayer.reproduced("raise KeyError(1)", None) == "3/3"
    assert replayer.reproduced("raise SystemExit(3)", None) == "3/3"


def test_a_script_that_dies_harms_no_other(replayer):
    assert replayer.reproduced(SUICIDE, "AssertionError") == "3/3"
    assert replayer.reproduced("import os; os._exit(0)", "AssertionError").startswith("0/3 (")
    assert replayer.reproduced("assert False", "AssertionError") == "3/3"


def test_a_script_that_hangs_is_killed(replayer):
    began = time.monotonic()

    assert replayer.reproduced("while True: pass", "AssertionError", limit=0.5) == (
        "0/3 (it did not end within 0.5 s)"
    )
    assert replayer.reproduced("while True: pass", None, limit=0.5, hangs=True) == "3/3"
    assert replayer.reproduced("pass", None, limit=5, hangs=True) == "0/3 (it ended without an exception)"
    assert time.monotonic() - began < 30


def test_what_a_script_prints_is_not_taken_for_an_answer(replayer):
    assert (
        replayer.reproduced(
            "print('[[0, \"\"]]'); import sys; sys.stdout.flush(); assert False", "AssertionError"
        )
        == "3/3"
    )


def test_a_script_reproduces_where_python_drops_asserts(monkeypatch):
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    with Replayer() as optimized:
        assert optimized.reproduced("assert False", "AssertionError") == "3/3"


def test_scripts_do_not_see_each_other(replayer):
    assert replayer.reproduced("import torch; torch.left_behind = 1", None).startswith("0/3")
    assert replayer.reproduced("import torch; torch.left_behind", "AttributeError") == "3/3"


def test_modules_of_the_suite_are_not_in_the_way_of_a_script_s(replayer):
    assert replayer.reproduced("import model", "ModuleNotFoundError") == "3/3"


def test_it_says_which_torch_it_has(replayer):
    import torch

    assert replayer.torch() == str(torch.__version__)


def test_a_python_that_is_not_there_or_has_no_torch_is_named(tmp_path):
    with pytest.raises(NoTorchError, match="No such file"):
        Replayer("/no/such/python").torch()

    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(NoTorchError, match="has no torch"):
        Replayer(str(bare)).torch()


def test_where_there_is_no_fork_a_death_is_that_script_s_alone(tmp_path, monkeypatch):
    program = tmp_path / "warm.py"
    source = replay.PROGRAM.read_text("utf-8")
    program.write_text(source.replace('hasattr(os, "fork")', "False"))
    monkeypatch.setattr(replay, "PROGRAM", program)
    with Replayer() as alone:
        assert alone.reproduced("assert 1 == 2", "AssertionError") == "3/3"
        assert alone.reproduced(SUICIDE, "AssertionError") == "3/3"
        assert alone.reproduced("pass", "AssertionError").startswith("0/3")


def test_closing_ends_the_process():
    started = Replayer()
    started.torch()
    process = started._process
    started.close()

    assert process is not None
    assert process.poll() is not None
