"""Cases of programs of one form: numbers that require grad are stacked, and several backwards follow."""

from __future__ import annotations

import torch
from hypothesis.strategies import SearchStrategy

from strategies.programs.program import Program
from strategies.programs.programmed import Programmed
from strategies.tape import Tape, packed

NAMES = "abc"
SUMS = ("d.sum()", "d.mean()", "(d * 2).sum()")


def stacked_numbers() -> SearchStrategy[Programmed]:
    """Return a strategy for programs that stack two or three leaves without dims and add up gradients.

    In every other one the gradient of each is scaled before, so that each has its own.
    """

    def decode(tape: Tape) -> Programmed:
        dtype = tape.pick((torch.float64, torch.float32))
        count, backwards, total = tape.pick((2, 3)), tape.pick((2, 3)), tape.pick(SUMS)
        scaled = tape.pick((False, True))
        names = NAMES[:count]
        leaves = [
            f"{name} = torch.tensor({(1 + byte % 15) / 16}, dtype={dtype}, device=device, requires_grad=True)"
            for name, byte in zip(names, tape.take(3), strict=False)
        ]
        operands = [f"{name} * {place + 2}" if scaled else name for place, name in enumerate(names)]
        stacked = [f"d = torch.stack(({', '.join(operands)}))", f"{total}.backward()"]
        return Programmed(
            classes=(str(dtype).partition(".")[2], *(["scaled"] if scaled else [])),
            dtype=dtype,
            program=Program("\n".join([*leaves, *stacked * backwards]) + "\n"),
        )

    return packed(decode, promises=("float64", "float32", "scaled"))
