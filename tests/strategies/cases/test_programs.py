import random

import pytest
import torch

from strategies.cases.programs import ABOUT, programs
from strategies.programs.machine import Tensor
from strategies.programs.program import Program
from strategies.programs.programmed import PLAIN, Programmed
from strategies.tape import Origin, packing_of

DRAWN = 60


def drawn(about):
    packing, source = packing_of(programs(about)), random.Random(0)
    return [Origin(packing.decode, b"").again(source.randbytes(packing.length)) for _ in range(DRAWN)]


def facts(names):
    return {
        name: (value.elements().tolist(), value.requires_grad, value.is_leaf, value.grad and value.grad.shape)
        for name, value in names.items()
        if isinstance(value, Tensor)
    }


@pytest.mark.parametrize("about", ABOUT)
def test_a_printed_program_promises_what_the_drawn_one_does(about):
    for case in drawn(about):
        printed = eval(repr(case), {"Programmed": Programmed, "Program": Program})

        assert printed.program == case.program
        assert facts(printed.program.promised) == facts(case.program.promised)
        assert printed.program.may_be_refused == case.program.may_be_refused


@pytest.mark.parametrize("about", ABOUT)
def test_a_program_runs_as_it_is_printed(about):
    for case in drawn(about)[:20]:
        names = {"torch": torch, "device": "cpu"}
        try:
            exec(case.program.source, names)
        except RuntimeError:
            assert case.program.may_be_refused
        finally:
            torch.set_grad_enabled(True)


def test_a_switch_leaves_out_its_line_and_no_other():
    packing, source = packing_of(programs("aliases")), random.Random(1)
    shorter = 0
    for _ in range(DRAWN):
        data = source.randbytes(packing.length).replace(b"\0", b"\1")
        whole = _source(packing, data)
        for place in Programmed.switches:
            lines = _source(packing, data[:place] + b"\0" + data[place + 1 :])
            if lines:
                shorter += len(lines) < len(whole)
                assert set(lines) <= {*whole, "pass"}

    assert shorter > DRAWN


def _source(packing, data):
    return [
        line.strip() for line in Origin(packing.decode, b"").again(data).program.source.splitlines() if line
    ]


def test_each_call_of_programs_stands_by_itself():
    leaf = "a = torch.tensor([[0.5, 1.5]], dtype=torch.float64, device=device, requires_grad=True)\n"
    constant = "b = torch.tensor([[0.5, 1.5]], dtype=torch.float64, device=device)\n"
    for call in PLAIN.values():
        Program(f"{leaf}{constant}{call}\n").run()


def test_a_program_asks_for_its_calls_one_by_one():
    case = Programmed(classes=(), program=Program("b = a.sin()\nc = b * 2\nc.sum().backward()\n"))

    asked = [repr(part).splitlines()[-2] for part in case.plainly()]

    assert asked == ["b.sin()", "b.sum()", "a.backward(torch.ones_like(a))", "b * 2"]
