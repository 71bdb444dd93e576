"""Cases for losses: what was predicted, what was to be predicted, and how all that is reduced.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.fills import Fill, from_table, quarters
from strategies.shapes import decode_shape, nonempty_shape
from strategies.tape import Tape, weighted
from strategies.tensors import decode_input, decode_tensor, layout_promises
from strategies.values import FLOAT_DTYPES

Strategy = SearchStrategy[Any]

SIZES = weighted({1: 70, 2: 50, 3: 50, 0: 12, 4: 24, 5: 24, 7: 16, 11: 10})

_WITHOUT_FLOAT16 = tuple([dtype for dtype in FLOAT_DTYPES if dtype is not torch.float16])

REDUCTIONS = ("none", "mean", "sum")

_FLOATS = ("float64", "low-precision float")

parts = from_table([(byte >> 4) / 16 + (1 / 16 if byte > 127 else 0) for byte in range(256)])
"""Fills with multiples of 1/16 from 0 to 1."""

inner_parts = from_table([(1 + (byte >> 4) % 15) / 16 for byte in range(256)])
"""Fills with those between 0 and 1."""

positive = from_table([(1 + (byte >> 4)) / 4 for byte in range(256)])
"""Fills with multiples of 1/4 from 1/4 to 4."""

_FAR = (-1000.0, -100.0, 100.0, 1000.0)
logits = from_table([(byte >> 4) / 4 - 2 if byte < 236 else _FAR[byte % 4] for byte in range(256)])
"""Fills with multiples of 1/4, and with numbers of which the exponential overflows."""


def paired(
    *,
    nonempty: bool = False,
    fill: Fill = quarters,
    target_fill: Fill = quarters,
    min_dims: int = 0,
    reduction: Sequence[str] = REDUCTIONS,
    **options: Sequence[Any],
) -> Strategy:
    """Cases of an input and a `target` of its shape; options name what further arguments are picked from."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, sizes=SIZES, min_dims=min_dims, max_dims=4)
        shape = nonempty_shape(shape) if nonempty else shape
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        how = tape.pick(reduction)
        code = decode_input(tape, shape, FLOAT_DTYPES, fill=fill)
        target = decode_tensor(tape, shape, code.dtype, role="target", fill=target_fill)
        classes = [*code.classes, *target.classes, f"reduction {how}"]
        return arguments(classes, input=code, target=target, reduction=how, **picked)

    left = [*(() if nonempty else ("empty",)), *(() if min_dims else ("0-d",))]
    left += [f"reduction {how}" for how in reduction]
    return drawn_evenly(
        decode, promises=(*layout_promises(), *_FLOATS, *left, "rank 4 or more", "expanded target")
    )


def classified(
    *, nonempty: bool = False, weights: bool = True, probabilities: bool = False, smoothing: bool = True
) -> Strategy:
    """Cases of an input with a number for each class, in the second dim, and the `target`, a class for each.

    Or, with `probabilities`, one for each class. Some targets are `ignore_index`. There is a `weight` for
    each class, or with no `weights` None.
    """

    def decode(tape: Tape) -> Arguments:
        dims, batch, count = tape.pick((2, 1, 3)), tape.pick((1, 2, 3, 5, 0)), tape.pick((2, 1, 3, 5, 17))
        how, ignored = tape.pick(REDUCTIONS), tape.pick((-100, 0, 1))
        further, label_smoothing = tape.pick((1, 2, 3)), tape.pick((0.0, 0.25))
        batch = max(batch, 1) if nonempty else batch
        lead, rest = ([] if dims == 1 else [batch]), ([further] if dims == 3 else [])
        # What float16 would have to add up on the way may be more than it holds.
        code = decode_input(tape, (*lead, count, *rest), _WITHOUT_FLOAT16, fill=logits)
        weight = decode_tensor(tape, (count,), code.dtype, role="weight", fill=positive)
        known = [f"reduction {how}", *(["unbatched"] if dims == 1 else [])]
        given: dict[str, Any] = {"weight": weight if weights else None, "reduction": how}
        if probabilities:
            target = decode_tensor(tape, code.shape, code.dtype, role="target", fill=parts)
        else:
            left = ignored if 0 <= ignored < count else -100
            classes = from_table([byte * count // 224 if byte < 224 else left for byte in range(256)])
            target = decode_tensor(tape, (*lead, *rest), torch.int64, role="target", fill=classes)
            if (np.array(target.elements()) == left).all():  # what a mean of nothing passes back is not said
                target = target.changed(data=(0,) * len(target.data))
                left = -100
            known += ["ignored"] if (np.array(target.elements()) == left).any() else []
            given |= {"ignore_index": left}
        given |= {"label_smoothing": label_smoothing} if smoothing else {}
        known += ["smoothed"] if smoothing and label_smoothing else []
        return arguments((*code.classes, *target.classes, *known), input=code, target=target, **given)

    left = [*(() if nonempty else ("empty",)), *(("smoothed",) if smoothing else ())]
    left += [] if probabilities else ["ignored"]
    reductions = [f"reduction {how}" for how in REDUCTIONS]
    return drawn_evenly(
        decode, promises=(*layout_promises(), *_FLOATS, *left, "unbatched", "expanded target", *reductions)
    )
