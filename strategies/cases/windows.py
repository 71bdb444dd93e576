"""Cases for pooling, padding and resizing: an input and how a window, or a margin, lies on its last dims.

Each function returns a strategy. Of `nonempty` cases no tensor is without elements.
"""

from __future__ import annotations

from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, arguments, drawn_evenly
from strategies.fills import Elements, quarters
from strategies.shapes import SHAPE_PROMISES, Shape, decode_shape, nonempty_shape
from strategies.tape import Tape, weighted, without
from strategies.tensors import EXPANDED, decode_input, layout_promises
from strategies.values import DTYPE_PROMISES, DTYPES, FILL_BYTES, FLOAT_DTYPES

Strategy = SearchStrategy[Any]

_FLOATS = ("float64", "low-precision float")

SIZES = weighted({1: 70, 2: 50, 3: 50, 0: 12, 4: 24, 5: 24, 7: 16, 11: 10})


def _all_different(tape: Tape, _dtype: torch.dtype, count: int) -> Elements:
    """Fill with numbers of which no two are equal, up to 256 of them, in no order."""
    tape.leave(FILL_BYTES)
    return tuple([float(place * 97 % 251 - 125) for place in range(count)]), []


def _samples(tape: Tape, nonempty: bool) -> tuple[Shape, list[str]]:
    """Read the sizes of the batch, which there may not be, and of the channels."""
    unbatched, batch, channels = tape.chance(25), tape.pick((1, 2, 3, 1, 2, 0)), tape.pick((1, 2, 3))
    if unbatched:
        return (channels,), ["unbatched"]
    return (max(batch, 1) if nonempty else batch, channels), []


def _number(sizes: list[int]) -> int | tuple[int, ...]:
    """Return one number for all dims if it is the same for all."""
    return sizes[0] if len(set(sizes)) == 1 else tuple(sizes)


def pooled(
    *,
    nonempty: bool = False,
    dims: int = 1,
    average: bool = False,
    ceil: bool = False,
    different: bool = False,
) -> Strategy:
    """Cases of an input of so many dims, with or without a batch, and a window that goes over it.

    Windows of an `average` are not dilated; they may go beyond the margin with `ceil` only. With `different`
    no two elements are equal.
    """

    def decode(tape: Tape) -> Arguments:
        lead, known = _samples(tape, nonempty)
        kernel = [tape.pick((2, 1, 3)) for _ in range(dims)]
        strides = [tape.pick((1, 2, 3)) for _ in range(dims)]
        further = [tape.pick((0, 1, 2, 5)) for _ in range(dims)]
        padded, dilation, ceiling = tape.chance(50), tape.pick((1, 1, 2)), tape.chance(50)
        counted, divisor = tape.chance(50), tape.pick((None, 1, 3))
        dilation = 1 if average else dilation
        ceiling = ceil if average else ceiling
        pads = [size // 2 if padded else 0 for size in kernel]
        least = [dilation * (size - 1) + 1 - 2 * pad for size, pad in zip(kernel, pads, strict=True)]
        # So that no window lies outside of the input altogether.
        sizes = [max(size, dilation) + more for size, more in zip(least, further, strict=True)]
        known += ["padded"] if max(pads) else []
        known += ["dilated"] if dilation > 1 else []
        known += ["stride"] if max(strides) > 1 else []
        known += ["ceil mode"] if ceiling else []
        code = decode_input(
            tape,
            (*lead, *sizes),
            FLOAT_DTYPES,
            known=known,
            fill=_all_different if different else quarters,
            expand=0 if different else EXPANDED,
            images=True,
        )
        given: dict[str, Any] = {
            "kernel_size": _number(kernel),
            "stride": _number(strides),
            "padding": _number(pads),
        }
        if average:
            given |= {"ceil_mode": ceiling, "count_include_pad": counted}
            given |= {"divisor_override": divisor if dims > 1 else None}
        else:
            given |= {"dilation": dilation, "ceil_mode": ceiling}
        return arguments(code.classes, input=code, **given)

    layouts = layout_promises(expand=0 if different else EXPANDED)
    left = () if nonempty else ("empty",)
    further = () if average else ("dilated", "ceil mode")
    return drawn_evenly(
        decode, promises=(*layouts, *_FLOATS, *left, *further, "unbatched", "padded", "stride")
    )


def resized(
    *, nonempty: bool = False, dims: int = 1, batched: bool = False, **options: tuple[Any, ...]
) -> Strategy:
    """Cases of an input of so many dims and the sizes that it is to have, as `size`.

    Further options name what arguments are picked from.
    """

    def decode(tape: Tape) -> Arguments:
        lead, known = _samples(tape, nonempty)
        if batched and len(lead) == 1:
            lead, known = (1, *lead), []
        sizes = [tape.pick((1, 2, 3, 4, 5, 7)) for _ in range(dims)]
        wanted = [tape.pick((1, 2, 3, 4, 6, 8)) for _ in range(dims)]
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        known += ["larger"] if max(a - b for a, b in zip(wanted, sizes, strict=True)) > 0 else []
        known += ["smaller"] if min(a - b for a, b in zip(wanted, sizes, strict=True)) < 0 else []
        code = decode_input(tape, (*lead, *sizes), FLOAT_DTYPES, known=known, fill=quarters, images=True)
        return arguments(
            code.classes, input=code, size=_number(wanted) if dims == 1 else tuple(wanted), **picked
        )

    left = [*(() if nonempty else ("empty",)), *(() if batched else ("unbatched",))]
    return drawn_evenly(decode, promises=(*layout_promises(), *_FLOATS, *left, "larger", "smaller"))


def surrounded(*, nonempty: bool = False, cut: bool = False) -> Strategy:
    """Cases of an input, how much to put before and after each of its last dims, and the `value` of that.

    With `cut` some of that is negative; at least one element of a dim that has some is left.
    """
    choices = (0, 1, 2, 3, *((-1, -2) if cut else ()))

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, sizes=SIZES, min_dims=1, max_dims=4)
        shape = nonempty_shape(shape) if nonempty else shape
        count, value = min(tape.pick((1, 2, 3)), len(shape)), tape.pick((0, 1, 2))
        pads = [tape.pick(choices) for _ in range(6)][: 2 * count]
        for at, side in enumerate(pads):
            size = shape[-1 - at // 2] + min(pads[at - 1], 0) * (at % 2)
            pads[at] = max(side, min(1 - size, 0))
        pad = tuple(pads)
        known = [*(["cut off"] if min(pad) < 0 else []), *(["several dims"] if count > 1 else [])]
        code = decode_input(tape, shape, DTYPES, known=known)
        return arguments(code.classes, input=code, pad=pad, value=value)

    left = ("0-d", "dim over 1,024", *(["empty"] if nonempty else []))
    further = ("several dims", *DTYPE_PROMISES, *(["cut off"] if cut else []))
    return drawn_evenly(decode, promises=(*without(SHAPE_PROMISES, *left), *layout_promises(), *further))


def continued(*, nonempty: bool = False, most: int = 0) -> Strategy:
    """Cases of an input of two to four dims, and how much to put before and after the last one or two.

    That is no more than their size and `most`, and at least 0.
    """

    def decode(tape: Tape) -> Arguments:
        dims, (lead, known) = tape.pick((1, 2)), _samples(tape, nonempty)
        sizes = [tape.pick((2, 1, 3, 4, 5)) for _ in range(2)][:dims]
        pads = [tape.pick((0, 1, 2, 3, 4)) for _ in range(4)][: 2 * dims]
        pad = tuple([min(side, sizes[-1 - at // 2] + most) for at, side in enumerate(pads)])
        known += ["several dims"] if dims > 1 else []
        code = decode_input(tape, (*lead, *sizes), FLOAT_DTYPES, known=known, fill=quarters)
        return arguments(code.classes, input=code, pad=pad)

    left = () if nonempty else ("empty",)
    return drawn_evenly(decode, promises=(*layout_promises(), *_FLOATS, *left, "unbatched", "several dims"))


def shuffled(*, back: bool = False) -> Strategy:
    """Cases of an input whose channels, or, `back`, whose last sizes are multiples of what a factor needs."""
    name = "downscale_factor" if back else "upscale_factor"

    def decode(tape: Tape) -> Arguments:
        shape = nonempty_shape(decode_shape(tape, sizes=SIZES, min_dims=3, max_dims=4))
        factor, (*lead, channels, rows, columns) = tape.pick((2, 1, 3)), [min(size, 4) for size in shape]
        sizes = (
            (channels, rows * factor, columns * factor)
            if back
            else (channels * factor * factor, rows, columns)
        )
        code = decode_input(tape, (*lead, *sizes), DTYPES, images=True)
        return arguments(code.classes, input=code, **{name: factor})

    left = ("0-d", "dim over 1,024", "empty")
    return drawn_evenly(
        decode, promises=(*without(SHAPE_PROMISES, *left), *layout_promises(), *DTYPE_PROMISES)
    )


def compared(*, nonempty: bool = False, **options: tuple[Any, ...]) -> Strategy:
    """Cases of `x1` and `x2`, of one shape; options name what further arguments are picked from."""

    def decode(tape: Tape) -> Arguments:
        shape = decode_shape(tape, sizes=SIZES, min_dims=1, max_dims=4)
        shape = nonempty_shape(shape) if nonempty else (*shape[:-1], max(shape[-1], 1))
        picked = {name: tape.pick(choices) for name, choices in options.items()}
        one = decode_input(tape, shape, FLOAT_DTYPES, fill=quarters)
        other = decode_input(tape, shape, (one.dtype,), fill=quarters)
        return arguments((*one.classes, *other.classes), x1=one, x2=other, **picked)

    left = () if nonempty else ("empty",)
    return drawn_evenly(decode, promises=(*layout_promises(), *_FLOATS, *left, "rank 4 or more"))
