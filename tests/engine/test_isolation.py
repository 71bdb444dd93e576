"""The parts that let a run survive its device: the recorder, fresh processes, and examples drawn again."""

import os
import signal
import time

import pytest
import torch
from hypothesis import given

from conformance.engine.apart import POISONED, ended, load, run_apart
from conformance.engine.flight import FlightRecorder, read_flight
from conformance.engine.observation import Observation
from conformance.engine.postmortem import PostMortem
from conformance.engine.profiles import DEFAULT_PROFILE, PROFILES
from conformance.engine.rule import load_rules, rule
from conformance.engine.watch import Watch, watching
from strategies.cases.gathers import gathers


def test_a_recorder_tells_what_runs(tmp_path):
    recorder = FlightRecorder(tmp_path / "flight")
    recorder.begin("conformance/test_a.py::test_b[cpu]")
    recorder.example(b"\x01\x02")
    recorder.example(b"\x03")
    recorder.note("it is poisoned")

    found = read_flight(tmp_path / "flight")

    assert found is not None
    assert (found.pid, found.nodeid) == (os.getpid(), "conformance/test_a.py::test_b[cpu]")
    assert (found.example, found.data, found.note) == (2, b"\x03", "it is poisoned")
    assert abs(found.since - time.time()) < 60


def test_a_recorder_forgets_the_rule_before(tmp_path):
    recorder = FlightRecorder(tmp_path / "flight")
    recorder.begin("one")
    recorder.example(b"\x01")
    recorder.note("odd")
    recorder.end()
    between = read_flight(tmp_path / "flight")
    recorder.begin("two")
    after = read_flight(tmp_path / "flight")

    assert between is not None
    assert between.nodeid == ""
    assert after is not None
    assert (after.nodeid, after.example, after.data, after.note) == ("two", 0, b"", "")


def test_a_recorder_keeps_what_fits(tmp_path):
    recorder = FlightRecorder(tmp_path / "flight")
    recorder.begin("n" * 10_000)
    recorder.example(bytes(1_000_000))
    recorder.note("ö" * 10_000)

    found = read_flight(tmp_path / "flight")

    assert found is not None
    assert 1_000 < len(found.nodeid) < 10_000
    assert 10_000 < len(found.data) < 1_000_000
    assert found.note.startswith("öö")


def test_no_recorder_and_half_a_recorder_tell_nothing(tmp_path):
    (tmp_path / "half").write_bytes(b"\x00" * 100)

    assert read_flight(tmp_path / "none") is None
    assert read_flight(tmp_path / "half") is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "the process left with exit status 3"),
        (-11, "the process died of SIGSEGV (Segmentation fault)"),
        (-9, "the process died of SIGKILL (Killed)"),
        (-200, "the process died of signal 200"),
        (0xC0000005, "the process left with exit status 0xc0000005"),
    ],
)
def test_an_exit_code_is_said_in_words(code, words):
    assert ended(code) == words


def kill_myself():
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_long():
    time.sleep(100)


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize(
    ("function", "arguments", "code"),
    [(int, ("7",), 7), (str, (), 0), (kill_myself, (), -signal.SIGKILL), (sleep_long, (), None)],
)
def test_a_function_run_apart_tells_how_it_ended(function, arguments, code, anew):
    assert run_apart(function, *arguments, seconds=60 if code is not None else 0.5, anew=anew) == code


def test_a_module_is_loaded_and_a_function_called(monkeypatch):
    called = []
    monkeypatch.setattr("conformance.engine.preloaded.hook", lambda: called.append(1), raising=False)

    load(["conformance.engine.preloaded", "conformance.engine.preloaded:hook"])

    assert called == [1]
    with pytest.raises(ModuleNotFoundError):
        load(["no.such.module"])


@pytest.fixture
def _own_registry(monkeypatch):
    monkeypatch.setattr("conformance.engine.rule.RULES", dict(load_rules()))


@pytest.mark.usefixtures("_own_registry")
def test_an_error_that_comes_late_is_the_example_s_that_made_it():
    @rule("made_up.late", source="torch.gather")
    @given(case=gathers())
    def test_late(case):
        """It holds."""

    late = []
    observation = Observation()

    def settle():
        late.append(1)
        if len(late) == 3:
            raise RuntimeError("from the third example")

    with watching(Watch(observation, settle=settle)), pytest.raises(Exception):  # noqa: B017
        test_late()

    assert observation.failed
    assert observation.examples == 3


@pytest.mark.usefixtures("_own_registry")
def test_a_device_beyond_use_ends_the_process():
    @rule("made_up.poisoned", source="torch.gather")
    @given(case=gathers())
    def test_poisoned(case):
        """It holds."""
        raise RuntimeError("a kernel failed")

    class Gone(BaseException):
        pass

    def abandon(reason):
        raise Gone(reason)

    watch = Watch(Observation(), ailing=lambda: "it does not work any more", abandon=abandon)

    with watching(watch), pytest.raises(Gone, match="does not work"):
        test_poisoned()


@pytest.mark.usefixtures("_own_registry")
def test_examples_of_a_missing_dtype_are_counted_and_not_run():
    ran = []

    @rule("made_up.dtypes", source="torch.gather")
    @given(case=gathers())
    def test_dtypes(case):
        """It holds."""
        ran.append(case.input.dtype)

    observation = Observation()
    with watching(Watch(observation, lacking=[torch.float64])):
        test_dtypes()

    assert ran
    assert torch.float64 not in ran
    assert observation.examples == len(ran)
    assert observation.untried["torch.float64"] > 0


@pytest.mark.usefixtures("_own_registry")
def test_examples_of_a_missing_class_are_counted_and_not_run():
    ran = []

    @rule("made_up.classes", source="torch.gather")
    @given(case=gathers())
    def test_classes(case):
        """It holds."""
        ran.append(case)

    observation = Observation()
    with watching(Watch(observation, lacking_classes=frozenset({"0-d", "conj view"}))):
        test_classes()

    assert ran
    assert not [case for case in ran if {"0-d", "conj view"}.intersection(case.classes)]
    assert observation.examples == len(ran)
    assert set(observation.untried) == {"0-d", "conj view"}
    assert "0-d" in observation.untried_classes


@pytest.mark.parametrize(
    "id", ["gather.elements", "categorical.sample_shape", "module.forward", "hooks.order"]
)
def test_an_example_is_drawn_again_from_its_bytes(id):
    found = load_rules()[id]
    seen = []
    with watching(Watch(Observation(), record=seen.append)):
        found.function()

    assert len(seen) == PROFILES[DEFAULT_PROFILE]
    for data in seen[::10]:
        assert found.describe(data) == found.describe(data)
        assert found.describe(data).startswith("case = ")


def test_an_example_without_bytes_is_not_described():
    assert PostMortem([], 60, 1).describe("gather.elements", b"") is None
    assert PostMortem([], 60, 1).describe("no.rule", b"\x00") is None


def test_what_does_no_harm_alone_is_said():
    data = bytes(200)
    finding = PostMortem([], 60, 10).examine("gather.elements", "cpu", data, hung=False)

    assert finding.remark == "alone in a fresh process, this input does no harm"
    assert finding.script is None


def test_poisoned_is_no_usual_exit_status():
    assert POISONED not in (0, 1, 2, 3, 4, 5)


def test_a_device_that_does_not_work_in_a_fork_is_not_examined(monkeypatch):
    monkeypatch.setattr("conformance.engine.postmortem.run_apart", lambda *arguments, seconds: -11)

    finding = PostMortem([], 60, 10).examine("gather.elements", "cpu", bytes(200), hung=False)

    assert finding.remark == "not examined: the device does not work in a forked process"
    assert finding.script is None
