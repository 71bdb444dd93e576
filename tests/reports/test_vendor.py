"""What a vendor declares of a device in a file, and saying what is wrong with it."""

from pathlib import Path

import pytest

from conformance.engine.options import SHIPPED_BREAKS
from reports.model import Need, Target
from reports.toml_file import KnownBreaksError, quoted, tomllib
from reports.vendor import (
    Vendor,
    check_classes,
    declare,
    hooks,
    means_unsupported,
    read_vendor,
)

CUDA = Target("cuda:0", "cuda", "x")
CPU = Target("cpu", "cpu", "cpu")
LACKS = '[[lacks]]\ntarget = "cuda"\nneed = "strides"\nreason = "Why."\n'
HAS = LACKS.replace("lacks", "has")


def read(tmp_path: Path, text: str) -> Vendor:
    path = tmp_path / "vendor.toml"
    path.write_text(text, "utf-8")
    return read_vendor(path)


def test_a_file_that_declares_nothing_changes_nothing():
    assert read_vendor(SHIPPED_BREAKS) == Vendor()
    assert declare([CUDA, CPU], Vendor()) == [CUDA, CPU]


def test_a_target_is_declared_to_lack_a_capability_a_dtype_and_a_class(tmp_path):
    vendor = read(
        tmp_path,
        LACKS + LACKS.replace('need = "strides"', 'dtype = "float64"') + LACKS.replace("need", "class"),
    )

    cuda, cpu = declare([CUDA, CPU], vendor)

    assert cuda.lacks == {Need.STRIDES: "Why."}
    assert cuda.lacks_dtypes == {"torch.float64": "Why."}
    assert cuda.lacks_classes == {"strides": "Why."}
    assert cpu == CPU


def test_of_what_is_lacked_a_reason_that_was_probed_stands(tmp_path):
    probed = Target("cuda:0", "cuda", "x", lacks={Need.STRIDES: "probed"})

    assert declare([probed], read(tmp_path, LACKS)) == [probed]


def test_what_a_target_is_declared_to_have_was_probed_wrongly(tmp_path):
    probed = Target(
        "cuda:0",
        "cuda",
        "x",
        lacks={Need.STRIDES: "probed", Need.VALUES: "probed"},
        lacks_dtypes={"torch.float64": "probed", "torch.int8": "probed"},
        lacks_classes={"0-d": "probed", "subnormal": "probed"},
    )
    vendor = read(
        tmp_path,
        HAS
        + HAS.replace('need = "strides"', 'dtype = "torch.float64"')
        + HAS.replace('need = "strides"', 'class = "0-d"'),
    )

    (found,) = declare([probed], vendor)

    assert found.lacks == {Need.VALUES: "probed"}
    assert found.lacks_dtypes == {"torch.int8": "probed"}
    assert found.lacks_classes == {"subnormal": "probed"}


BOUNDS = '[[bounds]]\ntarget = "cuda"\ndtype = "float32"\nrelative = 1e-3\nreason = "TF32."\n'


def test_how_exact_a_dtype_is_is_declared(tmp_path):
    vendor = read(tmp_path, BOUNDS + BOUNDS.replace("cuda", "cuda:0").replace("1e-3", "2"))

    cuda, other, cpu = declare([CUDA, Target("cuda:1", "cuda", "x"), CPU], vendor)

    assert (cuda.bounds, other.bounds, cpu.bounds) == ({"torch.float32": 2}, {"torch.float32": 1e-3}, {})


UNSUPPORTED = '[[unsupported]]\ntarget = "cuda"\nexception = "NotFound"\nreason = "Why."\n'


@pytest.mark.parametrize(
    ("entry", "means"),
    [
        (UNSUPPORTED, True),
        (UNSUPPORTED.replace("NotFound", "backend.NotFound"), True),
        (UNSUPPORTED.replace("NotFound", "backend.*"), True),
        (UNSUPPORTED.replace("NotFound", "other.NotFound"), False),
        (UNSUPPORTED.replace("NotFound", "Not*"), True),
        (UNSUPPORTED.replace("NotFound", "RuntimeError"), True),
        (UNSUPPORTED.replace("NotFound", "TypeError"), False),
        (UNSUPPORTED.replace('exception = "NotFound"', "message = 'no kernel \\w+'"), True),
        (UNSUPPORTED + "message = 'no kernel'", True),
        (UNSUPPORTED + "message = 'no memory'", False),
        (UNSUPPORTED.replace('"cuda"', '"*"'), True),
        (UNSUPPORTED.replace('"cuda"', '"xla"'), False),
    ],
)
def test_exceptions_that_mean_unsupported_are_described(tmp_path, entry, means):
    described = read(tmp_path, entry).unsupported
    names = ["backend.errors.NotFound", "backend.NotFound", "builtins.RuntimeError"]

    found = means_unsupported(described, CUDA, names, "there is no kernel gather")

    assert found == ("Why." if means else None)


DEVICE = '[[device]]\ntarget = "cuda"\nwait = "backend.device:wait"\n'


def test_functions_to_wait_for_a_device_and_to_seed_it_are_named(tmp_path):
    declared = read(tmp_path, DEVICE + DEVICE.replace("wait", "seed").replace("cuda", "cuda:0")).devices

    found, other = hooks(declared, CUDA), hooks(declared, Target("cuda:1", "cuda", "x"))

    assert found is not None
    assert (found.wait, found.seed) == ("backend.device:wait", "backend.device:seed")
    assert other is not None
    assert (other.wait, other.seed) == ("backend.device:wait", None)
    assert hooks(declared, CPU) is None


def test_files_are_read_one_after_the_other(tmp_path):
    vendor = read(tmp_path, LACKS + BOUNDS).and_then(read(tmp_path, BOUNDS.replace("1e-3", "0.5")))

    (found,) = declare([CUDA], vendor)

    assert (found.lacks, found.bounds) == ({Need.STRIDES: "Why."}, {"torch.float32": 0.5})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LACKS.replace("strides", "wheels"), ":1: need is 'wheels', not one of values, autograd,"),
        (HAS.replace('need = "strides"', 'dtype = "float"'), ":1: dtype is 'float', not one of float16,"),
        (HAS + LACKS.replace("need", "ned"), ":5: unknown key ned"),
        ('[[lacks]]\ntarget = "cuda"\n', ":1: reason is missing"),
        (LACKS.replace('need = "strides"\n', ""), ":1: holds none of them; one of need, dtype and class"),
        (LACKS + 'class = "0-d"', ":1: holds class and need; one of need, dtype and class belongs there"),
        (LACKS.replace('"Why."', "2"), ":1: every value is a string"),
        (UNSUPPORTED.replace('exception = "NotFound"', ""), ":1: an exception or a message"),
        (UNSUPPORTED + "message = '('", ":1: message is no regular expression: missing )"),
        (DEVICE.replace(":wait", ".wait"), ":1: wait is 'backend.device.wait', not module:function"),
        ('[[device]]\ntarget = "cuda"', ":1: a function to wait or one to seed is missing"),
        (DEVICE + 'reason = "Why."', ":1: unknown key reason"),
        (BOUNDS.replace("1e-3", '"1e-3"'), ":1: relative is no number"),
        (BOUNDS.replace("1e-3", "true"), ":1: relative is no number"),
        (BOUNDS.replace("1e-3", "0"), ":1: relative is 0.0, not a positive number"),
        (BOUNDS.replace("1e-3", "nan"), ":1: relative is nan, not a positive number"),
        (BOUNDS.replace('"TF32."', "3"), ":1: every value is a string but for relative"),
        ('[[lack]]\ntarget = "cuda"', ": holds lack; only [[break]], [[lacks]], [[has]],"),
        ("lacks = [3]", ", lacks 1: is no entry"),
    ],
)
def test_a_wrong_declaration_is_named_with_the_reason(tmp_path, text, message):
    with pytest.raises(KnownBreaksError) as raised:
        read(tmp_path, text)

    assert f"vendor.toml{message}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_class_that_no_rule_draws_is_named(tmp_path):
    vendor = read(tmp_path, LACKS.replace('need = "strides"', 'class = "0-dim"'))

    with pytest.raises(KnownBreaksError, match=r"vendor\.toml:1: no rule draws a class '0-dim'"):
        check_classes(vendor, {"a.b": ("0-d",)})
    check_classes(vendor, {"a.b": ("0-dim",)})


@pytest.mark.parametrize("text", ["plain", 'a "quote" \\ and\n\r\t\x00\x1b\x7f ‮ 🙂', "\ud800"])
def test_any_text_is_a_string_of_toml(text):
    found = tomllib.loads(f"text = {quoted(text)}")["text"]

    assert found == text.replace("\ud800", "\N{REPLACEMENT CHARACTER}")
