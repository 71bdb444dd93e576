"""What a right device may do: none of it breaks a rule, and what breaks is named by its own failure."""

import textwrap

import pytest

from reports.model import Outcome
from tests.suite import ROOT, run_suite

DEVICE = "reference:0"

DEVICES = {
    "warns": """
        real = torch.Tensor.cpu

        def cpu(self, *args, **options):
            if self.device.type == "reference":
                warnings.warn("takes the slow way", UserWarning)
            return real(self, *args, **options)

        torch.Tensor.cpu = cpu
    """,
    "narrows": """
        real = torch.Tensor.to

        def to(self, *args, **options):
            found = real(self, *args, **options)
            wide = found.device.type == "reference" and found.dtype is torch.float64
            return real(found, torch.float32) if wide else found

        torch.Tensor.to = to
    """,
    "adds_nothing_up": """
        real = torch.Tensor.sum

        def sum(self, *args, **options):
            if self.device.type == "reference":
                raise NotImplementedError("sum is not there")
            return real(self, *args, **options)

        torch.Tensor.sum = sum
    """,
    "checks_no_dim_of_nothing": """
        real = torch.Tensor.gather

        def gather(self, dim, index, **options):
            if self.device.type == "reference" and not index.numel():
                return torch.empty(index.shape, dtype=self.dtype, device=self.device)
            return real(self, dim, index, **options)

        torch.Tensor.gather = gather
    """,
    "cannot_print": """
        real = torch.Tensor.gather
        torch.Tensor.gather = lambda self, *args: real(self, *args) * 2

        def cannot(self, *args, **options):
            raise RuntimeError("nothing is printed here")

        torch.Tensor.__repr__ = cannot
    """,
    "refuses_halves": """
        real = torch.Tensor.gather

        def gather(self, dim, index, **options):
            if self.device.type == "reference" and self.dtype in (torch.float16, torch.bfloat16):
                raise TypeError(f"no kernel for {self.dtype}")
            return real(self, dim, index, **options)

        torch.Tensor.gather = gather
    """,
    "refuses_an_operation": """
        class OperatorNotFoundError(Exception):
            pass

        real = torch.Tensor.gather

        def gather(self, dim, index, **options):
            if self.device.type == "reference":
                raise OperatorNotFoundError("gather")
            return real(self, dim, index, **options)

        torch.Tensor.gather = gather
    """,
    "refuses_a_layout": """
        real = torch.Tensor.gather

        def gather(self, dim, index, **options):
            if self.device.type == "reference" and 0 in index.stride():
                raise NotImplementedError("not expanded")
            return real(self, dim, index, **options)

        torch.Tensor.gather = gather
    """,
    "raises_what_it_should_not": """
        real = torch.Tensor.gather

        def gather(self, dim, index, **options):
            if self.device.type == "reference" and index.dim() != self.dim():
                raise ValueError("ranks differ")
            return real(self, dim, index, **options)

        torch.Tensor.gather = gather
    """,
    "permutes_wrongly": """
        real = torch.Tensor.permute

        def permute(self, *dims):
            if self.device.type == "reference":
                raise RuntimeError("permute does not work")
            return real(self, *dims)

        torch.Tensor.permute = permute
    """,
    "implements_no_permute": """
        real = torch.Tensor.permute

        def permute(self, *dims):
            if self.device.type == "reference":
                raise NotImplementedError("no permute")
            return real(self, *dims)

        torch.Tensor.permute = permute
    """,
    "reads_what_was_sent_back_wrongly": """
        to, detach, cpu = torch.Tensor.to, torch.Tensor.detach, torch.Tensor.cpu
        sent = torch.utils.weak.WeakIdKeyDictionary()

        def was_sent(self):
            return self in sent or (self._base is not None and self._base in sent)

        def sending(self, *args, **options):
            found = to(self, *args, **options)
            if found.device.type == "reference" and self.device.type == "cpu":
                sent[found] = True
            return found

        def detaching(self):
            found = detach(self)
            if was_sent(self):
                sent[found] = True
            return found

        def reading(self, *args, **options):
            found = cpu(self, *args, **options)
            return torch.ones_like(found) if was_sent(self) and found.numel() > 8 else found

        torch.Tensor.to, torch.Tensor.detach, torch.Tensor.cpu = sending, detaching, reading
    """,
    "has_two_faults": """
        real = torch.Tensor.gather

        def gather(self, dim, index, **options):
            if self.dim() == 0:
                raise RuntimeError("the first")
            if index.dim() > 1 and 0 in index.stride():
                raise RuntimeError("the second")
            return real(self, dim, index, **options)

        torch.Tensor.gather = gather
    """,
}


@pytest.fixture
def run(tmp_path):
    """Runs rules on the reference device, changed by one of the modules above."""

    def run_on(name, *rules, examined=False, **known):
        module = tmp_path / f"{name}.py"
        module.write_text(
            f"import warnings\nimport torch\nimport tests.devices.reference\n{textwrap.dedent(DEVICES[name])}"
        )
        options = [f"--import={name}", "--device=reference", *(f"--rule={rule}" for rule in rules)]
        options += [] if examined else ["--confirm=0", "--shrink=0"]
        if known:
            file = tmp_path / "known.toml"
            entry = {"target": "*", "cause": "device", "reason": "it is so", "script": "1", **known}
            file.write_text("[[break]]\n" + "".join(f'{key} = "{value}"\n' for key, value in entry.items()))
            options.append(f"--known-breaks={file}")
        path = f"{tmp_path}:{ROOT}"
        return run_suite(tmp_path / "report", *options, environment={"PYTHONPATH": path})

    return run_on


def outcomes(ran):
    return {result.outcome for result in ran.report.results}


def test_a_warning_breaks_no_rule_and_is_said_once(run):
    ran = run("warns", "gather.elements", "gather.inputs_kept", "view.elements")

    assert (ran.code, outcomes(ran)) == (0, {Outcome.HOLDS}), ran.output
    assert ran.output.count("UserWarning: takes the slow way") == 1
    ((said, count),) = ran.report.warnings_of(DEVICE).items()
    assert (said, count > 100) == ("UserWarning: takes the slow way", True)
    assert f"<dt>{DEVICE} warned</dt><dd>{count} times: {said}</dd>" in ran.page


def test_a_dtype_that_comes_back_as_another_is_lacking(run):
    ran = run("narrows", "gather.output_dtype")

    assert outcomes(ran) == {Outcome.HOLDS}, ran.output
    assert ran.report.run.targets[0].lacks_dtypes == {"torch.float64": "becomes torch.float32"}
    assert ran.result("gather.output_dtype", DEVICE).untried["torch.float64"] > 0


def test_a_device_without_sum_has_autograd(run):
    ran = run("adds_nothing_up", "detach.cuts", "detach.is_leaf")

    assert outcomes(ran) == {Outcome.HOLDS}, ran.output
    assert not ran.report.run.targets[0].lacks


def test_a_device_that_does_better_than_the_cpu_is_not_told_to_edit_our_files(run):
    ran = run("checks_no_dim_of_nothing", "gather.empty_index_dim")

    assert (ran.code, outcomes(ran)) == (0, {Outcome.HOLDS}), ran.output


def test_a_break_of_its_own_that_is_gone_is_to_be_deleted(run):
    ran = run("warns", "gather.elements", rule="gather.elements")

    assert (ran.code, outcomes(ran)) == (1, {Outcome.FIXED}), ran.output


def test_an_entry_for_many_rules_that_excuses_nothing_is_named(run):
    ran = run("warns", "gather.elements", "gather.output_shape", rule="gather.*", message="no such words")

    assert (ran.code, outcomes(ran)) == (0, {Outcome.HOLDS}), ran.output
    assert "known break that excused nothing; delete it: " in ran.output
    assert "known.toml:1, gather.*" in ran.output


def test_one_entry_excuses_one_cause_in_many_rules_and_nothing_else(run):
    rules = ("gather.elements", "gather.output_shape", "gather.output_dtype")
    ran = run("has_two_faults", *rules, rule="gather.*", message="^RuntimeError: the first$")

    assert (ran.code, outcomes(ran)) == (1, {Outcome.BROKEN}), ran.output
    assert {each.reason for result in ran.report.results for each in result.breaks} == {
        "RuntimeError: the second"
    }
    assert all(sum(result.excused.values()) > 5 for result in ran.report.results)


def test_a_device_that_cannot_print_breaks_a_rule_by_the_rules_own_claim(run):
    ran = run("cannot_print", "gather.elements")

    assert ran.result("gather.elements", DEVICE).reason.startswith("AssertionError: differs first"), (
        ran.output
    )


def test_what_a_rule_expects_is_not_read_back_from_the_device(run):
    ran = run("reads_what_was_sent_back_wrongly", "gather.elements", "gather.inputs_kept")

    found, read = ran.result("gather.elements", DEVICE), ran.result("gather.inputs_kept", DEVICE)
    assert (found.outcome, found.blocked) == (Outcome.HOLDS, {}), ran.output
    assert read.blocked["placement.copy"] > 0, ran.output


def test_the_search_for_a_simpler_case_keeps_to_the_failure(run):
    excused = {"rule": "gather.output_shape", "class": "0-d"}
    ran = run("has_two_faults", "gather.output_shape", **excused)

    found = ran.result("gather.output_shape", DEVICE)
    assert found.reason == "RuntimeError: the second"
    assert "expand" in found.counterexample


def test_a_dtype_that_an_operation_refuses_is_not_supported_whatever_it_raises(run):
    ran = run("refuses_halves", "gather.elements", "gather.output_shape", "gather.gradient")

    assert (ran.code, outcomes(ran)) == (0, {Outcome.HOLDS}), ran.output
    found = ran.result("gather.elements", DEVICE)
    assert found.refused == {
        f"torch.{name}": f"TypeError: no kernel for torch.{name}" for name in ("float16", "bfloat16")
    }
    assert found.untried["torch.bfloat16"] > 1
    assert found.examples + sum(found.untried.values()) == ran.report.run.max_examples


def test_an_operation_that_is_refused_is_not_supported_whatever_it_raises(run):
    ran = run("refuses_an_operation", "gather.elements", "gather.output_shape", "gather.index_size")

    assert (ran.code, outcomes(ran)) == (0, {Outcome.UNSUPPORTED}), ran.output
    assert "OperatorNotFoundError: gather" in ran.result("gather.elements", DEVICE).reason


def test_a_layout_that_is_refused_is_a_break(run):
    ran = run("refuses_a_layout", "gather.elements", "gather.output_dtype")

    assert (ran.code, outcomes(ran)) == (1, {Outcome.BROKEN}), ran.output
    found = ran.result("gather.elements", DEVICE)
    assert found.reason == "NotImplementedError: not expanded"
    assert "expanded index" in found.symptom.every
    assert found.symptom.place.endswith("refuses_a_layout.py:9 in gather")


def test_an_exception_in_the_place_of_another_is_a_break(run):
    ran = run("raises_what_it_should_not", "gather.index_rank_0_and_1", "gather.index_rank")

    assert ran.result("gather.index_rank", DEVICE).outcome is Outcome.HOLDS, ran.output


def test_inputs_that_cannot_be_made_block_rules_and_break_one_of_their_own(run):
    ran = run("permutes_wrongly", "gather.elements", "placement.permute", "placement.slices")

    assert ran.result("placement.permute", DEVICE).outcome is Outcome.BROKEN, ran.output
    assert ran.result("placement.slices", DEVICE).outcome is Outcome.HOLDS
    found = ran.result("gather.elements", DEVICE)
    assert found.outcome is Outcome.HOLDS
    assert found.blocked["placement.permute"] > 10
    assert not found.classes.get("transposed input")


def test_inputs_that_a_device_says_it_cannot_make_are_unsupported(run):
    ran = run("implements_no_permute", "placement.permute")

    assert (ran.code, outcomes(ran)) == (0, {Outcome.UNSUPPORTED}), ran.output


def test_every_fault_of_a_rule_is_told(run):
    ran = run("has_two_faults", "gather.output_shape", examined=True)

    found = ran.result("gather.output_shape", DEVICE)
    assert {each.reason for each in found.breaks} == {"RuntimeError: the first", "RuntimeError: the second"}
    assert all(each.script and each.reproduced == "3/3" for each in found.breaks), found.breaks
    of = {each.reason.rpartition(" ")[2]: each.symptom for each in found.breaks}
    assert of["first"].every == ("0-d",)
    assert "expanded index" in of["second"].shared


def test_a_backend_may_take_the_name_of_a_type_that_torch_knows(tmp_path):
    source = (ROOT / "tests" / "devices" / "reference.py").read_text("utf-8")
    (tmp_path / "named_fpga.py").write_text(source.replace('NAME = "reference"', 'NAME = "fpga"'))
    options = ("--import=named_fpga", "--device=fpga", "--rule=unsqueeze.shape")
    ran = run_suite(tmp_path / "report", *options, environment={"PYTHONPATH": f"{tmp_path}:{ROOT}"})

    assert [target.id for target in ran.report.run.targets] == ["fpga:0"], ran.output
