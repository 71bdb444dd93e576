"""Made-up reports of any size, for what shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.engine.options import SHIPPED_BREAKS
from conformance.engine.rule import load_rules
from reports.known_breaks import read_known_breaks
from reports.model import Basis, Break, Excuse, Kind, Need, Outcome, Report, Result, Rule, Symptom, Target
from tests.reports.test_files import RUN

AREAS = ("autograd", "distributions", "indexing", "nn", "reductions", "shapes")
CLASSES = ("0-d input", "empty", "size-1 dim", "expanded", "transposed", "offset", "negative dim", "ties")
OUTCOMES = (
    *(Outcome.HOLDS,) * 13,
    *(
        Outcome.BROKEN,
        Outcome.KNOWN,
        Outcome.INAPPLICABLE,
        Outcome.UNSUPPORTED,
        Outcome.CRASHED,
        Outcome.THIN,
    ),
)
SCRIPT = """# It picks along dim.
import torch

output = torch.tensor([[0.0, 1.0]]).gather(0, torch.tensor([[0, 0]]))
assert output.shape == (1, 2), (output.shape, (1, 2))
"""
TRACEBACK = "\n".join(
    f'  File "conformance/test_{line}.py", line {line}, in test_{line}' for line in range(30)
)


def made_up(rules: int, targets: int, *, outcomes: Sequence[Outcome] = OUTCOMES, **run: object) -> Report:
    """Return a report of some rules and targets, with every outcome among the results.

    Every eleventh rule is observed. The targets are `cpu`, `cuda:0`, `cuda:1` and so on.
    """
    ids = ["cpu", *(f"cuda:{index}" for index in range(targets - 1))]
    columns = tuple(Target(id, id.partition(":")[0], f"Device {id}") for id in ids)
    listed = tuple(_rule(number) for number in range(rules))
    results = tuple(
        _result(rule, target.id, outcomes[(7 * number + 5 * at + number * at) % len(outcomes)])
        for number, rule in enumerate(listed)
        for at, target in enumerate(columns)
    )
    circumstances = replace(
        RUN, platform="Linux-6.1-x86_64", targets=columns, ended="2026-01-01T00:10:00+00:00", rules=rules
    )
    return Report(replace(circumstances, **run), listed, results)  # type: ignore[arg-type]


def _rule(number: int) -> Rule:
    return Rule(
        f"operation_{number // 12}.fact_{number}",
        AREAS[number // 12 % len(AREAS)],
        f"operation_{number // 12}",
        f"The output of fact {number} takes the shape of its index, whatever the shape of its input.",
        "torch.gather",
        Basis.OBSERVED if number % 11 == 10 else Basis.DOCUMENTED,
        Kind.ERROR if number % 5 == 4 else Kind.PROPERTY,
        (Need.VALUES,) if number % 3 == 0 else (),
        classes=CLASSES,
        faults=("a-fault", "another-fault"),
    )


def _result(rule: Rule, target: str, outcome: Outcome) -> Result:
    if outcome is Outcome.INAPPLICABLE:
        return Result(rule.id, target, outcome, f"{target} lacks values: it holds none")
    held = Result(
        rule.id,
        target,
        outcome,
        examples=100,
        seconds=0.11,
        classes={name: 7 * at + 3 for at, name in enumerate((*CLASSES[:-1], "float32", "int64"))},
    )
    reasons = {
        Outcome.KNOWN: "device: an expanded index is misread (https://example.org/17)",
        Outcome.UNSUPPORTED: "100 of 100 examples: NotImplementedError: not there",
        Outcome.THIN: "never drawn: ties",
        Outcome.BROKEN: "AssertionError: differs first at (1, 0): [2.] instead of [3.]",
        Outcome.CRASHED: "the process died of SIGSEGV (Segmentation fault)",
    }
    found = replace(held, reason=reasons.get(outcome))
    if outcome is Outcome.KNOWN:
        return replace(found, known=MISREAD)
    if outcome in (Outcome.BROKEN, Outcome.CRASHED):
        case = "case = Gather(input=torch.tensor([[0.0, 1.0]]), dim=0, index=torch.tensor([[0, 0]]))"
        found = replace(
            found, examples=12, counterexample=case, script=SCRIPT, reproduced="3/3", traceback=TRACEBACK
        )
    if outcome is Outcome.BROKEN:
        return replace(found, symptom=EXPANDED, also=(STRIDES,))
    if outcome is Outcome.UNSUPPORTED:
        return replace(found, examples=0, refused={"torch.float64": "NotImplementedError: not there"})
    return found


MISREAD = Excuse("device", "an expanded index is misread", issue="https://example.org/17")
EXPANDED = Symptom(
    "AssertionError", 7, claim="expect.same_elements", every=("expanded",), shared=("expanded", "offset")
)
STRIDES = Break(
    "RuntimeError: cannot take strides [1, 2]",
    Symptom("RuntimeError", 3, operator="aten::permute", shared=("transposed",)),
    "case = Gather(input=torch.tensor([[0.0, 1.0]]).t(), dim=0, index=torch.tensor([[0, 0]]))",
    SCRIPT,
    "0/1 (ended without an exception)",
    TRACEBACK,
)


MISREAD_INDEX = (
    "case = Gather(input=torch.tensor([[0.0, 1.0], [2.0, 3.0]]), dim=0, "
    "index=torch.tensor([[0], [1]]).expand(2, 2))"
)
MISREADING = """# Each position of index picks the input's element there.
import torch

input = torch.tensor([[0.0, 1.0], [2.0, 3.0]], device="my_device:0")
index = torch.tensor([[0], [1]], device="my_device:0").expand(2, 2)
output = input.gather(0, index)
assert output.tolist() == [[0.0, 1.0], [2.0, 3.0]], output
"""


def illustrated() -> Report:
    """Return a report of the suite's own rules on made-up devices, as a README may show it."""
    rules = tuple(found.rule for found in load_rules().values())
    known = {entry.rule: entry for entry in read_known_breaks(SHIPPED_BREAKS)}
    base = made_up(1, 1)
    targets = (
        Target("cpu", "cpu", "cpu"),
        Target("cuda:0", "cuda", "NVIDIA H100", "CUDA 13.0"),
        Target("my_device:0", "my_device", "My device, first silicon"),
    )
    expanded = (
        "AssertionError: differs first at (0, 1): 3. instead of 1., 2 of 4 elements of float32 differ: "
        "[[0., 3.], [0., 3.]] instead of [[0., 1.], [2., 3.]]"
    )
    wrong = {
        ("gather.elements", "my_device:0"): (Outcome.BROKEN, expanded),
        ("gather.expanded_index", "my_device:0"): (Outcome.BROKEN, expanded),
        ("max.nan_index", "my_device:0"): (Outcome.BROKEN, "AssertionError: 0 instead of 3"),
        ("view.write_to_output", "my_device:0"): (Outcome.BROKEN, "AssertionError: the base does not see it"),
        ("amax.all_dims", "my_device:0"): (Outcome.CRASHED, "the process died of SIGSEGV"),
        ("gather.sparse_gradient", "my_device:0"): (Outcome.UNSUPPORTED, "NotImplementedError: sparse"),
    }
    results = []
    for rule in rules:
        for target in targets:
            outcome, reason = wrong.get((rule.id, target.id), (Outcome.HOLDS, None))
            entry = known.get(rule.id) if outcome is Outcome.HOLDS else None
            if entry is not None:
                outcome, reason = Outcome.KNOWN, str(entry)
            found = replace(_result(rule, target.id, outcome), known=entry.excuse if entry else None)
            classes = {name: 3 + 5 * at % 41 for at, name in enumerate(rule.classes)}
            symptom = None
            if outcome is Outcome.BROKEN:
                every = ("expanded index",) if reason == expanded else ()
                symptom = Symptom(
                    "AssertionError", 7, claim="expect.same_elements", every=every, shared=every
                )
            found = replace(found, reason=reason, classes=classes, symptom=symptom, also=())
            if reason == expanded:
                found = replace(found, counterexample=MISREAD_INDEX, script=MISREADING)
            results.append(found)
    return Report(replace(base.run, targets=targets), rules, tuple(results))
