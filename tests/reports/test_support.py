"""What targets support, refuse, and what could not be tried."""

import json
from dataclasses import replace

import jsonschema

from reports.files import read_report, results_text, schema, write_results
from reports.model import Outcome, Report, Result, Rule, Target
from reports.support import Support, blocks, dtypes_of, operations_of, refusals, support, tables
from tests.reports.test_files import REPORT, RUN

NO_KERNEL = "NotImplementedError: Could not run 'aten::gather' on 'XLA'"
TARGETS = (
    Target("xla:0", "xla", "x", lacks_dtypes={"torch.float64": "TPUs have none"}),
    Target("cpu", "cpu", "cpu"),
)


def rule(id):
    return Rule(id, "area", id.partition(".")[0], "It.", "torch.x")


RULES = tuple(map(rule, ("gather.a", "gather.b", "max.a", "max.b", "placement.transpose")))
RESULTS = (
    Result(
        "gather.a",
        "xla:0",
        Outcome.HOLDS,
        examples=9,
        classes={"float32": 5, "int8": 4, "bool": 0, "0-d": 3},
        untried={"torch.float64": 4, "torch.float16": 2},
        refused={"torch.float16": NO_KERNEL},
    ),
    Result(
        "gather.b",
        "xla:0",
        Outcome.UNSUPPORTED,
        f"float32, float16: {NO_KERNEL}",
        refused={"torch.float32": NO_KERNEL, "torch.float16": NO_KERNEL},
    ),
    Result("max.a", "xla:0", Outcome.BROKEN, "AssertionError", 9, classes={"float32": 5}),
    Result(
        "max.b", "xla:0", Outcome.BLOCKED, "by placement.transpose: x", blocked={"placement.transpose": 9}
    ),
    Result(
        "max.a",
        "cpu",
        Outcome.HOLDS,
        examples=9,
        classes={"float32": 5},
        blocked={"placement.transpose": 2, "reading.back": 1},
    ),
    Result("placement.transpose", "xla:0", Outcome.BROKEN, "RuntimeError: no strides\nat all", 9),
)
MADE = Report(replace(RUN, targets=TARGETS), RULES, RESULTS)


def test_what_held_was_refused_or_neither_is_told_by_operation_and_dtype():
    xla, cpu = tables(MADE)

    assert {dtype: xla.cell("gather", dtype) for dtype in dtypes_of([xla])} == {
        "float32": Support.IN_PART,
        "float64": Support.REFUSED,
        "float16": Support.REFUSED,
        "int8": Support.HELD,
    }
    assert xla.cell("max", "float32") is Support.BREAKS
    assert xla.cell("max", "int8") is Support.NOT_ASKED
    assert xla.said["gather", "float64"] == ("the target lacks it: TPUs have none",)
    assert xla.said["gather", "float16"] == (NO_KERNEL,)
    assert cpu.cell("max", "float32") is Support.HELD
    assert operations_of([xla, cpu]) == ["gather", "max"]


def test_what_is_refused_is_grouped_by_operator():
    further = Result("max.a", "cpu", Outcome.UNSUPPORTED, "9 of 9 examples: TypeError: no max")
    largest, other = refusals(replace(MADE, results=(*RESULTS[:4], further)))

    assert (largest.by, largest.rules, largest.dtypes) == (
        "aten::gather",
        ["gather.a", "gather.b"],
        ("float32", "float16"),
    )
    assert largest.reason == NO_KERNEL
    assert (other.by, other.targets, other.dtypes) == ("max", ["cpu"], ())


def test_what_could_not_be_tried_is_grouped_by_what_breaks_in_its_stead():
    largest, other = blocks(MADE)

    assert (largest.by, largest.rules, largest.targets) == (
        "placement.transpose",
        ["max.b", "max.a"],
        ["cpu", "xla:0"],
    )
    assert (largest.examples, largest.reason) == (11, "RuntimeError: no strides")
    assert (other.by, other.examples, other.reason) == ("reading.back", 1, "")


def test_support_is_in_results_json_and_readers_do_without(tmp_path):
    found = json.loads(results_text(MADE))

    jsonschema.validate(found, schema())
    assert found["support"] == support(MADE)
    assert found["support"]["xla:0"]["gather"]["float32"] == "in part"
    write_results(tmp_path / "results.json", MADE)
    assert read_report(tmp_path / "results.json") == MADE
    (tmp_path / "old.json").write_text(MADE.text, "utf-8")
    assert read_report(tmp_path / "old.json") == MADE
    assert "support" not in json.loads(results_text(REPORT))
