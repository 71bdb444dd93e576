"""The case of a rule about programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

import torch

from strategies.case import Case, case_class
from strategies.code import check_dtype
from strategies.programs.program import Program

LINES = 18
"""The first bytes of a program: each leaves out a line, or lines that belong together, if it is 0."""

PLAIN: Mapping[str, str] = {
    **{word: f"b.{word}()" for word in ("sin", "tanh", "sigmoid", "square", "clone", "t", "sum", "mean")},
    **{word: f"b.{word}()" for word in ("neg_", "sin_", "zero_", "detach", "detach_", "sort", "cpu")},
    **{word: f"b.{word}(2)" for word in ("mul_", "add_", "sub_", "fill_")},
    **{sign: f"b {sign} 2" for sign in "+-*/"},
    "copy_": "b.copy_(a.detach())",
    "stack": "torch.stack((b, b))",
    "max": "b.max(0)",
    "view": "b.view(-1)",
    "unsqueeze": "b.unsqueeze(0)",
    "squeeze": "b.squeeze(0)",
    "expand": "b.expand(2, 1, 2)",
    "select": "b.select(0, 0)",
    "narrow": "b.narrow(0, 0, 1)",
    "transpose": "b.transpose(0, 1)",
    "unbind": "b.unbind(0)",
    "split": "b.split(1)",
    "ones_like": "torch.ones_like(b)",
    "requires_grad_": "b.requires_grad_()",
    "retain_grad": "a[:].retain_grad()",
    "register_hook": "a.register_hook(lambda grad: None)",
    "register_post_accumulate_grad_hook": "a.register_post_accumulate_grad_hook(lambda leaf: None)",
    "backward": "a.backward(torch.ones_like(a))",
    "grad": "torch.autograd.grad(a, [a], torch.ones_like(a))",
}
"""Each call of programs by itself."""


@case_class
class Programmed(Case):
    """A program. Its tensors have the dtype."""

    switches: ClassVar[range] = range(LINES)
    program: Program
    dtype: torch.dtype = torch.float64

    def build(self) -> None:
        """Check that the device has tensors of the dtype."""
        check_dtype(self.dtype)

    def plainly(self) -> Iterator[Case]:
        """Return a program of two lines for each call of this one, on a contiguous tensor of two elements."""
        source = self.program.source
        words = [*re.findall(r"(?<=\.)\w+(?=\()", source), *re.findall(r"(?<= )[-+*/](?==? )", source)]
        leaf = f"a = torch.tensor([[0.5, 1.5]], dtype={self.dtype}, device=device, requires_grad=True)"
        constant = f"b = torch.tensor([[0.5, 1.5]], dtype={self.dtype}, device=device)"
        for word in dict.fromkeys(words):
            if call := PLAIN.get(word):
                yield Programmed(
                    classes=(), dtype=self.dtype, program=Program(f"{leaf}\n{constant}\n{call}\n")
                )

    def __repr__(self) -> str:
        return f'Programmed(program=Program("""\\\n{self.program.source}"""))'
