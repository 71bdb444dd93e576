"""Cases about what a result is, whatever its elements: of operations that give new tensors, and of views."""

from __future__ import annotations

from strategies.case import InputCase, TensorField, case_class
from strategies.dims import decode_dim
from strategies.fills import few
from strategies.functions import Call
from strategies.shapes import decode_shape, nonempty_shape
from strategies.tape import Tape, strategy
from strategies.tensors import decode_input, decode_tensor, layout_promises
from strategies.values import GRAD_DTYPES

FLOATS = {
    "max over a dim": "(x.max({dim}).values,)",
    "min over a dim": "(x.min({dim}).values,)",
    "max": "(x.max(),)",
    "min": "(x.min(),)",
    "amax": "(x.amax({dim}),)",
    "amin": "(x.amin({dim}),)",
    "aminmax": "tuple(x.aminmax(dim={dim}))",
    "maximum": "(torch.maximum(x, other),)",
    "minimum": "(torch.minimum(x, other),)",
    "fmax": "(torch.fmax(x, other),)",
    "fmin": "(torch.fmin(x, other),)",
    "max of two": "(torch.max(x, other),)",
    "min of two": "(torch.min(x, other),)",
    "gather": "(x.gather({dim}, other.long() * 0),)",
}
"""Operations that give new tensors of the input's dtype, as tuples."""

INTEGERS = {
    "max over a dim": "(x.max({dim}).indices,)",
    "min over a dim": "(x.min({dim}).indices,)",
    "argmax": "(x.argmax({dim}), x.argmax())",
    "argmin": "(x.argmin({dim}), x.argmin())",
}
"""Operations that give new tensors of integers."""

VIEWS = {
    "squeeze": "(x.squeeze(), x.squeeze({dim}))",
    "unsqueeze": "(x.unsqueeze({dim}),)",
    "view": "(x.view(x.shape),)",
    "view_as": "(x.view_as(other),)",
}
"""Operations that give views."""


@case_class
class Resulting(InputCase):
    """A leaf, another tensor of its shape and dtype, and a call that gives a tuple of results of both."""

    other: TensorField = TensorField()
    call: Call


def _decode(tape: Tape, texts: dict[str, str]) -> Resulting:
    name, shape = tape.pick(tuple(texts)), nonempty_shape(decode_shape(tape, min_dims=1))
    dim = decode_dim(tape, len(shape))
    code = decode_input(tape, shape, GRAD_DTYPES, fill=few, requires_grad=True)
    other = decode_tensor(tape, shape, code.dtype, role="other", fill=few)
    call = Call(f"lambda x, other: {texts[name].format(dim=dim)}")
    return Resulting(classes=(*code.classes, name), input=code, other=other, call=call)


@strategy(promises=(*FLOATS, "size 1", *layout_promises()))
def float_results(tape: Tape) -> Resulting:
    """Return a strategy for operations that give new tensors of the input's dtype."""
    return _decode(tape, FLOATS)


@strategy(promises=(*INTEGERS, "size 1", *layout_promises()))
def integer_results(tape: Tape) -> Resulting:
    """Return a strategy for operations that give new tensors of integers."""
    return _decode(tape, INTEGERS)


@strategy(promises=(*VIEWS, "size 1", *layout_promises()))
def view_results(tape: Tape) -> Resulting:
    """Return a strategy for operations that give views."""
    return _decode(tape, VIEWS)
