"""Cases for what draws random numbers: a tensor, a call that fills it or makes one like it, and a seed."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.code import contiguous_code
from strategies.fills import zeros
from strategies.functions import Call
from strategies.shapes import decode_shape, shape_classes
from strategies.tape import Tape, weighted
from strategies.tensors import decode_tensor, layout_promises, zeros_code
from strategies.values import FLOAT_DTYPES, GRAD_DTYPES

Strategy = SearchStrategy[Any]

_MADE = "x.shape, dtype=x.dtype, device=x.device, generator=generator"

CALLS = {
    name: Call(f"lambda x, generator: {text}")
    for name, text in {
        "rand": f"torch.rand({_MADE})",
        "randn": f"torch.randn({_MADE})",
        "randint": f"torch.randint(-3, 5, {_MADE})",
        "rand_like": "torch.rand_like(x, generator=generator)",
        "randn_like": "torch.randn_like(x, generator=generator)",
        "randint_like": "torch.randint_like(x, -3, 5, generator=generator)",
        "normal": "torch.normal(torch.full_like(x, 2), torch.full_like(x, 3), generator=generator)",
        "bernoulli": "torch.bernoulli(torch.full_like(x, 0.25), generator=generator)",
        "uniform_": "x.uniform_(-1, 3, generator=generator)",
        "normal_": "x.normal_(2, 3, generator=generator)",
        "exponential_": "x.exponential_(2, generator=generator)",
        "log_normal_": "x.log_normal_(0, 1, generator=generator)",
        "cauchy_": "x.cauchy_(0, 1, generator=generator)",
        "geometric_": "x.geometric_(0.25, generator=generator)",
        "random_": "x.random_(-3, 5, generator=generator)",
        "bernoulli_": "x.bernoulli_(0.25, generator=generator)",
    }.items()
}
"""What each draws from: `conformance.references.random_numbers` has it by the same names."""

DRAWS = 3_000
"""How many numbers show a distribution: a part of eight that is drawn two thirds too often stands out."""


def _sampled(tape: Tape) -> tuple[str, dict[str, Any]]:
    name, seed = tape.pick(tuple(CALLS)), int.from_bytes(tape.take(4), "big")
    return name, {"call": CALLS[name], "drawn_from": name, "seed": seed}


def samplings() -> Strategy:
    """Cases of a floating tensor of any shape and layout, a call that draws as many numbers, and a seed."""

    def decode(tape: Tape) -> Arguments:
        (name, given), shape, dtype = _sampled(tape), decode_shape(tape, min_dims=1), tape.pick(FLOAT_DTYPES)
        code = decode_tensor(tape, shape, dtype, fill=zeros, expand=0)
        return arguments([name, *shape_classes(shape), *code.classes], input=code, **given)

    layouts = layout_promises(expand=0)
    return drawn_evenly(
        decode, promises=(*CALLS, *layouts, "empty", "over 16 elements", "low-precision float")
    )


def samplings_of_many() -> Strategy:
    """Cases of a vector of `DRAWS` elements, a call that draws as many numbers, and a seed."""

    def decode(tape: Tape) -> Arguments:
        (name, given), dtype = _sampled(tape), tape.pick(GRAD_DTYPES)
        return arguments([name], input=zeros_code((DRAWS,), dtype), **given)

    return drawn_evenly(decode, promises=CALLS)


_COUNTS = weighted({3: 80, 1: 30, 0: 20, 2: 30, 17: 40, 300: 40, 3_001: 16})


def counts() -> Strategy:
    """Cases of a number of things to put into an order, and a seed; `input` tells the device."""

    def decode(tape: Tape) -> Arguments:
        n, seed = tape.pick(_COUNTS), tape.byte()
        classes = ["many"] if n > 256 else ["none"] if not n else ["few"]
        return arguments(classes, input=zeros_code((1,), torch.float32), n=n, seed=seed)

    return drawn_evenly(decode, promises=("many", "none", "few"))


def weights() -> Strategy:
    """Cases of weights, one row or several, of which some are 0, and how many to draw of each row."""

    def decode(tape: Tape) -> Arguments:
        rows, count, seed, drawn = tape.pick((0, 1, 2, 3)), 2 + tape.below(15), tape.byte(), tape.take(51)
        data = [float(byte % 4) for byte in drawn][: max(rows, 1) * count]
        for row in range(max(rows, 1)):
            data[row * count] = data[(row + 1) * count - 1] = 1.0  # two of each row at least
        shape = (rows, count) if rows else (count,)
        code = contiguous_code(tuple(data), tape.pick(GRAD_DTYPES), shape)
        parts = [data[row * count : (row + 1) * count] for row in range(max(rows, 1))]
        most = min(sum(weight > 0 for weight in part) for part in parts)
        classes = ["rows" if rows else "a vector", *(["zero weight"] if 0.0 in data else [])]
        return arguments(classes, input=code, count=1 + tape.byte() % most, seed=seed)

    return drawn_evenly(decode, promises=("rows", "a vector", "zero weight"))


def whole_probabilities() -> Strategy:
    """Cases of a tensor of 0 and 1 of an integer dtype, beside it the same in a floating one as `legal`."""
    dtypes = (torch.int64, torch.int32, torch.uint8, torch.int16)

    def decode(tape: Tape) -> Arguments:
        size, dtype, legal, drawn = (
            1 + tape.below(6),
            tape.pick(dtypes),
            tape.pick(FLOAT_DTYPES),
            tape.take(6),
        )
        data = tuple([byte >> 7 for byte in drawn[:size]])
        codes = {"input": contiguous_code(data, dtype, (size,))}
        codes["legal"] = contiguous_code(tuple(map(float, data)), legal, (size,))
        return arguments([str(dtype).removeprefix("torch.")], **codes, seed=0)

    return drawn_evenly(decode, promises=("int64", "int32", "uint8", "int16"))


def seeds() -> Strategy:
    """Cases of a legal seed from 0 on, a negative one, and one that is outside the range."""
    outside = (2**64, -(2**63) - 1, 2**70, -(2**70))

    def decode(tape: Tape) -> Arguments:
        long, drawn, wrong = tape.chance(50), int.from_bytes(tape.take(8), "big"), tape.pick(outside)
        seed = drawn if long else drawn >> 40
        classes = ["64 bits" if seed > 2**63 else "fewer bits"]
        return arguments(classes, seed=seed, negative=-1 - (drawn >> 2), outside=wrong)

    return drawn_evenly(decode, promises=("64 bits", "fewer bits"))
