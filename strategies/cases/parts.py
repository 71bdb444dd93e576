"""Cases of functions that give several tensors, some of which are left unused."""

from __future__ import annotations

import torch

from strategies.case import Case, TensorField, TensorsField, case_class
from strategies.code import contiguous_code
from strategies.dims import decode_dim, dim_classes
from strategies.fills import quarters
from strategies.functions import Call
from strategies.shapes import Shape, decode_shape, with_size
from strategies.tape import Tape, strategy, weighted
from strategies.tensors import decode_input, layout_promises
from strategies.values import GRAD_DTYPES

Span = tuple[int, int]
"""Where a part starts and stops along the dim that is cut."""

VIEWS = ("unbind", "split", "split of sizes", "split_with_sizes", "chunk")
"""Functions that give several views at once."""

COPIES = ("unsafe_split", "unsafe_chunk")
_KINDS = weighted({"unbind": 64, "split": 40, "split of sizes": 40, "chunk": 40, "split_with_sizes": 20}
    | {"tensor_split": 20, "unsafe_split": 16, "unsafe_chunk": 16})  # fmt: skip


@case_class
class Parts(Case):
    """A leaf, a call that gives several parts of it along a dim, and which parts are used.

    `spans` says where each part starts and stops, `used` which parts are used, with a gradient in `upstreams`
    each, and `unused` names one that is not.
    """

    x: TensorField = TensorField()
    upstreams: TensorsField = TensorsField()
    call: Call
    dim: int
    spans: tuple[Span, ...]
    used: tuple[int, ...]
    unused: int


def _spans(size: int, sizes: list[int]) -> tuple[Span, ...]:
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    assert sum(sizes) == size
    return tuple((start, start + length) for start, length in zip(starts, sizes, strict=True))


def _cut(kind: str, size: int, dim: int, number: int) -> tuple[str, list[int]]:
    """Return the call that cuts a dim of a size, and the sizes of its parts, of which there are several."""
    step = 1 + number % (size - 1)
    equal = [step] * (size // step) + ([size % step] if size % step else [])
    if kind == "unbind":
        return f"x.unbind({dim})", [1] * size
    if kind == "tensor_split":
        count = 2 + number % (size - 1)
        rest = size % count
        return f"x.tensor_split({count}, {dim})", [size // count + (at < rest) for at in range(count)]
    if kind in ("split of sizes", "split_with_sizes"):
        name = "split" if kind == "split of sizes" else kind
        return f"x.{name}([{step}, {size - step}], {dim})", [step, size - step]
    if kind in ("chunk", "unsafe_chunk"):
        count = 2 + number % (size - 1)
        step = -(-size // count)
        equal = [step] * (size // step) + ([size % step] if size % step else [])
        return f"x.{kind}({count}, {dim})", equal
    return f"x.{kind}({step}, {dim})", equal


def _piece(shape: Shape, dim: int, length: int, *, unbound: bool) -> Shape:
    return (*shape[:dim], *shape[dim + 1 :]) if unbound else with_size(shape, dim, length)


def _decode(tape: Tape, kinds: tuple[str, ...]) -> Parts:
    kind, number, shape = tape.pick(kinds), tape.byte(), decode_shape(tape, min_dims=1)
    dim = decode_dim(tape, len(shape))
    at = dim % len(shape)
    size = 2 + tape.below(5)
    shape = with_size(tuple([min(each, 17) for each in shape]), at, size)
    text, sizes = _cut(kind, size, dim, number)
    spans = _spans(size, sizes)
    first, others = tape.below(len(spans)), tape.byte()
    unused = (first + 1 + tape.below(len(spans) - 1)) % len(spans)
    used = tuple(
        [each for each in range(len(spans)) if each == first or (others >> each & 1 and each != unused)]
    )
    code = decode_input(tape, shape, GRAD_DTYPES, fill=quarters, requires_grad=True, known=dim_classes(dim))
    upstreams = []
    for place in used:
        piece = _piece(shape, at, sizes[place], unbound=kind == "unbind")
        count = torch.Size(piece).numel()
        data = tuple([float(1 + (element + place) % 7) for element in range(count)])
        upstreams.append(contiguous_code(data, code.dtype, piece))
    classes = (*code.classes, kind, *(["several used"] if len(used) > 1 else []))
    return Parts(
        classes=classes,
        x=code,
        upstreams=tuple(upstreams),
        call=Call(f"lambda x: {text}"),
        dim=at,
        spans=spans,
        used=used,
        unused=unused,
    )


_PROMISES = ("rank 4 or more", "negative dim", "several used", *layout_promises())


@strategy(promises=(*_PROMISES, *VIEWS, *COPIES))
def parts(tape: Tape) -> Parts:
    """Return a strategy for a leaf that is cut in several parts of which some are used, and some are not."""
    return _decode(tape, _KINDS)


@strategy(promises=_PROMISES)
def parts_of(tape: Tape, kinds: tuple[str, ...]) -> Parts:
    """Return a strategy for the same by functions of some kinds."""
    return _decode(tape, kinds)
