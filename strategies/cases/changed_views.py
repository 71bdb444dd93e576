"""Cases of programs of one form: two views of one tensor, of which one is changed in place."""

from __future__ import annotations

from collections.abc import Callable

import torch
from hypothesis.strategies import SearchStrategy

from strategies.programs.growing import SEE, literal
from strategies.programs.program import Program
from strategies.programs.programmed import Programmed
from strategies.tape import Tape, packed

VIEWS = (
    "[:]",
    "[0]",
    "[1:]",
    ".t()",
    "[:, ::2]",
    ".view(-1)",
    ".unsqueeze(0)",
    "[..., 0]",
    ".transpose(0, 1)",
)
CHANGES = (".mul_(2)", ".add_(1)", ".neg_()", ".zero_()", ".sin_()")
SHAPE = (2, 3)


def changed_again_views() -> SearchStrategy[Programmed]:
    """Return a strategy for programs in which a view is changed after its base came to require grad."""
    return _unasked(lambda tape: [f"c{tape.pick(CHANGES)}"])


def retained_views() -> SearchStrategy[Programmed]:
    """Return a strategy for programs that retain a view's gradient after its base came to require grad."""
    return _unasked(lambda _: ["c.retain_grad()", "c.square().sum().backward()"])


def _unasked(then: Callable[[Tape], list[str]]) -> SearchStrategy[Programmed]:
    # The base is constant at first, and nobody asks in between what the view has become.
    def decode(tape: Tape) -> Programmed:
        base, leaf, dtype = _tensors(tape)
        lines = [
            f"a = torch.tensor({leaf}, dtype={dtype}, device=device, requires_grad=True)",
            f"b = torch.tensor({base}, dtype={dtype}, device=device)",
            f"c = b{tape.pick(VIEWS)}",
            "b.mul_(a)",
            *then(tape),
        ]
        return _programmed(lines, dtype)

    return packed(decode, promises=("float64", "float32"))


def hooked_views() -> SearchStrategy[Programmed]:
    """Return a strategy for programs that register a hook on a view after its base was changed in place.

    That is done through the base or through another view. What the view is then is looked at first.
    """

    def decode(tape: Tape) -> Programmed:
        _, leaf, dtype = _tensors(tape)
        view, other, change, through = tape.pick(VIEWS), tape.pick(VIEWS), tape.pick(CHANGES), tape.byte()
        lines = [
            f"a = torch.tensor({leaf}, dtype={dtype}, device=device, requires_grad=True)",
            "b = a * 2",
            f"c = b{view}",
            f"d = b{other}",
            f"{'d' if through < 170 else 'b'}{change}",
            "fn = c.grad_fn",
            'c.register_hook(see("c1"))',
            "c.square().sum().backward()",
        ]
        return _programmed(["seen = []", SEE, *lines], dtype)

    return packed(decode, promises=("float64", "float32"))


def _tensors(tape: Tape) -> tuple[str, str, torch.dtype]:
    dtype = tape.pick((torch.float64, torch.float64, torch.float32))
    numbers = [(1 + byte % 15) / 16 * (1 if byte < 128 else -1) for byte in tape.take(12)]
    return literal(numbers[:6], SHAPE), literal(numbers[6:], SHAPE), dtype


def _programmed(lines: list[str], dtype: torch.dtype) -> Programmed:
    return Programmed(
        classes=(str(dtype).partition(".")[2],), dtype=dtype, program=Program("\n".join(lines) + "\n")
    )
