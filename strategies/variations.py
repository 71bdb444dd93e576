"""What laws make of the cases of any family: a dim out of range, a tensor to write to, leaves, and so on.

Each function takes a strategy for `Arguments` and returns one for the same arguments with one thing changed
or added. Those that need to know what the call gives are told by a function that computes it; if it gives
`several` tensors, there are several to write to.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from strategies.arguments import Arguments, argument, changed, code_of, codes_of, names_of, varied
from strategies.code import TensorCode, array_code, contiguous_code
from strategies.dims import BAD_DIM_PROMISES, bad_dim_classes, decode_bad_dim, dim_classes
from strategies.fills import counting, zero_data
from strategies.functions import Call
from strategies.shapes import SHAPE_PROMISES, Shape, with_size
from strategies.tape import Tape, promises_of
from strategies.tensors import decode_tensor, layout_promises
from strategies.values import DTYPE_CLASSES, DTYPE_PROMISES, GRAD_DTYPES, VALUE_CLASSES, ramp

Strategy = SearchStrategy[Any]
Results = Callable[[Any], Sequence[tuple[Shape, torch.dtype]]]
"""Tells the shapes and dtypes of what the call of a case gives."""

_OF_VALUES = (
    *DTYPE_PROMISES,
    *VALUE_CLASSES,
    *dict.fromkeys(name for names in DTYPE_CLASSES.values() for name in names),
)
_LAZY = ("conj view", "neg view")


def _dims(case: Arguments, name: str, further: int) -> int:
    """Return how many dims there are to name, with further ones; of several tensors, the most."""
    rank = max(len(code.shape) for code in codes_of(case, name))
    return max(rank + further, 1)


def _each(case: Arguments, name: str, change: Callable[[TensorCode], TensorCode]) -> Any:
    """Return an argument that is a tensor, or a tuple of them, with a change of each."""
    made = tuple(map(change, codes_of(case, name)))
    return made if isinstance(argument(case, name), tuple) else made[0]


def with_bad_dim(base: Strategy, name: str = "dim", *, further: int = 0, of: str = "input") -> Strategy:
    """Return a strategy for a dim outside [-rank, rank), beside it the legal one as `legal_dim`.

    Rank 0 counts as 1, and `further` dims more are legal.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        dim = decode_bad_dim(tape, _dims(case, of, further))
        given = {name: dim, "legal_dim": argument(case, name)}
        return changed(case, *bad_dim_classes(dim), without=["negative dim"], **given)

    return varied(base, vary, promises=BAD_DIM_PROMISES, without=["negative dim"])


def with_other_dim(base: Strategy, name: str = "dim", *, further: int = 0, of: str = "input") -> Strategy:
    """Return a strategy for the same dim named from the other side, as `other_dim`."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        tape.leave(1)
        dim, rank = argument(case, name), _dims(case, of, further)

        def other(dim: int) -> int:
            return dim - rank if dim >= 0 else dim + rank

        dims = tuple(map(other, dim)) if isinstance(dim, tuple) else dim if dim is None else other(dim)
        first = dims[0] if isinstance(dims, tuple) and dims else dims if isinstance(dims, int) else 0
        return changed(case, *dim_classes(first), without=["negative dim"], other_dim=dims)

    return varied(base, vary, promises=["negative dim"], without=["negative dim"])


def with_repeated_dims(base: Strategy, name: str, *, of: str = "input") -> Strategy:
    """Return a strategy for dims of which one is named twice, beside them the legal ones as `legal_dims`."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        from_end, dims, rank = tape.chance(50), argument(case, name), len(code_of(case, of).shape)
        dims = dims if isinstance(dims, tuple) and dims else (0,)
        again = dims[0] % rank - rank if from_end and rank else dims[0]
        wrong = (*dims[:-1], again) if len(dims) > 1 else (*dims, again)
        return changed(case, **{name: wrong, "legal_dims": argument(case, name)})

    return varied(base, vary)


def with_out(base: Strategy, results: Results, *, several: bool = False, dims: bool = True) -> Strategy:
    """Return a strategy for a tensor `out` of the shape and dtype of the result, whatever its strides.

    A result that never has `dims` has no strides to draw.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        made = [
            decode_tensor(tape, shape, dtype, role="out", fill=counting, expand=0)
            for shape, dtype in results(case)
        ]
        classes = [name for code in made for name in code.classes]
        return changed(case, *classes, out=tuple(made) if several else made[0])

    return varied(base, vary, promises=[*(["stepped out"] if dims else []), "storage offset out"])


def with_out_to_resize(base: Strategy, results: Results, *, several: bool = False) -> Strategy:
    """Return a strategy for a tensor `out` that has no elements, and not the shape of the result."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        wrong: Shape = tape.pick(((0,), (0, 2), (3, 0), (0, 1, 2)))
        made = [contiguous_code((), dtype, wrong) for _, dtype in results(case)]
        return changed(case, out=tuple(made) if several else made[0])

    return varied(base, vary)


def with_out_of_other_dtype(base: Strategy, results: Results, *, several: bool = False) -> Strategy:
    """Return a strategy for an `out` of another dtype, beside it one of the right dtype as `legal_out`."""
    dtypes = (torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64, torch.int32)

    def vary(tape: Tape, case: Arguments) -> Arguments:
        byte, found = tape.byte(), results(case)
        shape, right = found[0]
        others = [dtype for dtype in dtypes if dtype is not right]
        wrong = others[byte % len(others)]
        outs = [zeros_like(shape, dtype) for shape, dtype in found]
        bad = [zeros_like(shape, wrong), *outs[1:]]
        if several:
            return changed(case, out=tuple(bad), legal_out=tuple(outs))
        return changed(case, out=bad[0], legal_out=outs[0])

    return varied(base, vary)


def with_expanded_out(base: Strategy, results: Results) -> Strategy:
    """Return a strategy for an `out` of which several elements are one in memory, and a `legal_out`.

    A result of a single element has an out that lies anyhow: nothing can be shared.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        where, ((shape, dtype),) = tape.byte(), results(case)
        longer = [dim for dim, size in enumerate(shape) if size > 1]
        legal = zeros_like(shape, dtype)
        if not longer:
            return changed(case, out=legal, legal_out=legal)
        dim = longer[where % len(longer)]
        once = (*shape[:dim], 1, *shape[dim + 1 :])
        shared = zeros_like(once, dtype).changed(expanded=shape, shape=shape)
        return changed(case, "expanded out", out=shared, legal_out=legal)

    return varied(base, vary, promises=["expanded out"])


def with_memory(base: Strategy, names: Sequence[str], results: Results) -> Strategy:
    """Return a strategy for tensors of one shape and dtype, and `memory` for one more element than they have.

    They have two elements at least, floating numbers of which few are equal.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        dtype, ((shape, _),) = tape.pick(GRAD_DTYPES), results(case)
        shape = shape if math.prod(shape) > 1 else (2,)
        plain = zeros_like(shape, dtype)
        made = {
            name: _leaf(plain, dtype, "distinct", at).changed(requires_grad=False)
            for at, name in enumerate(names)
        }
        memory = zeros_like((math.prod(shape) + 1,), dtype)
        return changed(case, *DTYPE_CLASSES[dtype], without=case.classes, **made, memory=memory)

    return varied(base, vary, without=promises_of(base), promises=["float64"])


def as_out_leaf(base: Strategy, names: Sequence[str], results: Results, *, several: bool = False) -> Strategy:
    """Return a strategy for tensors that could require grad, and an `out` of the result's shape and dtype."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        dtype = tape.pick(GRAD_DTYPES)
        made = {
            name: _each(case, name, lambda code: _leaf(code, dtype, "distinct").changed(requires_grad=False))
            for name in names
        }
        plain = changed(case, *DTYPE_CLASSES[dtype], without=(*_OF_VALUES, *_LAZY), **made)
        outs = [zeros_like(shape, kind) for shape, kind in results(plain)]
        return changed(plain, out=tuple(outs) if several else outs[0])

    return varied(base, vary, without=_OF_VALUES, promises=["float64"])


def as_leaves(base: Strategy, names: Sequence[str], *, values: str = "whole") -> Strategy:
    """Return a strategy for the same with leaves that require grad in the place of the tensors named.

    All have one dtype, float32 or float64, and so have the other floating tensors. Their elements are small
    whole numbers, or with `values` "distinct" numbers of which no two of a tensor with up to a thousand
    elements are equal, nor any 0; with "drawn" they are those that there were.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        dtype = tape.pick(GRAD_DTYPES)
        made: dict[str, Any] = {}
        for at, name in enumerate(names):
            made[name] = _each(
                case, name, functools.partial(_leaf, dtype=dtype, values=values, first=at * 31)
            )
        for name in names_of(case):
            given = argument(case, name)
            if isinstance(given, (float, complex)):
                made[name] = _small(given)
            elif isinstance(given, TensorCode) and name not in names and given.dtype.is_floating_point:
                made[name] = given.changed(dtype=dtype)
        return changed(case, *DTYPE_CLASSES[dtype], without=(*_OF_VALUES, *_LAZY), **made)

    return varied(base, vary, without=_OF_VALUES, promises=["float64"])


def _small(number: complex) -> float:
    """Return a number that float32 holds, too."""
    return number.real if abs(number.real) < 1e38 else 1.0


def _leaf(code: TensorCode, dtype: torch.dtype, values: str, first: int = 0) -> TensorCode:
    """Return a leaf; `first` says with which distinct number it begins: tensors differ by that."""
    count = len(code.data)
    if values == "drawn":
        data = tuple(map(float, code.data))  # type: ignore[arg-type]
    elif values == "distinct":
        data = tuple([((first + place) * 389 % 1009 - 504) / 64 + 1 / 256 for place in range(count)])
    else:
        data = tuple([float(place * 5 % 7 - 3) for place in range(count)])
    return code.changed(data=data, dtype=dtype, requires_grad=True, bit="")


def with_upstream(base: Strategy, results: Results, *, several: bool = False, dims: bool = True) -> Strategy:
    """Return a strategy for the same with gradients for the results that are floating, as `upstream`.

    A result that never has `dims` has none to expand.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        found = [(shape, dtype) for shape, dtype in results(case) if dtype.is_floating_point]
        if several:  # as many as there are: what is read must not depend on it
            return changed(case, upstream=tuple([_counted(shape, dtype) for shape, dtype in found]))
        ((shape, dtype),) = found
        made = decode_tensor(tape, shape, dtype, role="upstream", fill=counting)
        return changed(case, *made.classes, upstream=made)

    return varied(base, vary, promises=["expanded upstream"] if dims and not several else ())


def _counted(shape: Shape, dtype: torch.dtype) -> TensorCode:
    return contiguous_code(ramp(dtype, math.prod(shape)), dtype, shape)


def with_bad_index(
    base: Strategy, name: str, size: Callable[[Any], int], *, negative: bool = False
) -> Strategy:
    """Return a strategy for an index with a value outside [0, size), beside the right one as `legal_{name}`.

    Where `negative` values are legal, it is one outside [-size, size).
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        low, where = tape.chance(40), tape.byte()
        code = code_of(case, name)
        elements, count = np.array(code.elements(), order="C"), size(case)
        wrong = (-count - 1 if negative else -1) if low else count
        elements.reshape(-1)[where % elements.size] = wrong
        given = {name: array_code(elements, code.dtype), f"legal_{name}": code}
        return changed(
            case, "index too low" if low else "index too high", without=layout_promises(name), **given
        )

    promises = ["index too low", "index too high"]
    return varied(base, vary, promises=promises, without=layout_promises(name))


def with_index_of(base: Strategy, name: str, dtypes: Sequence[torch.dtype]) -> Strategy:
    """Return a strategy for an index of one of these dtypes, beside the right one as `legal_{name}`."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        dtype, code = tape.pick(dtypes), code_of(case, name)
        made = code.changed(dtype=dtype, data=tuple([_number(value, dtype) for value in code.data]))
        given: dict[str, Any] = {name: made, f"legal_{name}": code}
        return changed(case, **given)

    return varied(base, vary)


def _number(value: Any, dtype: torch.dtype) -> Any:
    if dtype is torch.bool:
        return bool(value)
    if dtype.is_complex or dtype.is_floating_point:
        return complex(value) if dtype.is_complex else float(value)
    limits = torch.iinfo(dtype)
    return min(max(int(value), limits.min), limits.max)


def with_call(
    base: Strategy, names: Sequence[str], ways: Sequence[str], defaults: Mapping[str, object]
) -> Strategy:
    """Return a strategy for the same with one of the ways to call the operation, of the arguments named.

    A way that leaves out an argument is for cases in which that has its default.
    """
    made = {way: Call(f"lambda {', '.join(names)}: {way}") for way in ways}
    left = {way: [name for name in defaults if not re.search(rf"\b{name}\b", way)] for way in ways}

    def vary(tape: Tape, case: Arguments) -> Arguments:
        fitting = [way for way in ways if all(argument(case, name) == defaults[name] for name in left[way])]
        return changed(case, call=made[tape.pick(fitting)])

    return varied(base, vary)


def with_nan(base: Strategy, name: str = "input") -> Strategy:
    """Return a strategy for the same with a NaN among the elements, floating where they were not."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        where, code = tape.byte(), code_of(case, name)
        complex_or_float = code.dtype.is_floating_point or code.dtype.is_complex
        dtype = code.dtype if complex_or_float else torch.float64
        data = [_number(value, dtype) for value in code.data]
        if data:
            data[where * len(data) >> 8] = _number(math.nan, dtype)
        made = code.changed(data=tuple(data), dtype=dtype, bit="")
        classes = ["NaN"] if data else []
        return changed(case, *classes, *DTYPE_CLASSES[dtype], without=(*_OF_VALUES, *_LAZY), **{name: made})

    return varied(base, vary, without=_OF_VALUES, promises=["NaN"])


def with_misfit(base: Strategy, results: Results) -> Strategy:
    """Return a strategy for an input whose last size fits nothing, beside the right one as `legal_input`."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        tape.leave(1)
        code, ((shape, _),) = code_of(case, "input"), results(case)
        size = max((*shape, *code.shape), default=1) + 1  # neither size 1, which could be broadcast
        wrong = zeros_like((*code.shape[:-1], size), code.dtype)
        return changed(case, without=layout_promises(), input=wrong, legal_input=code)

    return varied(base, vary, without=layout_promises())


def with_misfit_source(base: Strategy) -> Strategy:
    """Return a strategy for a source of which one dim has another size, the right one as `legal_source`.

    Of a source without dims, it is one of two elements.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        where, code = tape.byte(), code_of(case, "source")
        dim = where % max(len(code.shape), 1)
        shape = with_size(code.shape, dim, code.shape[dim] + 2) if code.shape else (2,)
        wrong = zeros_like(shape, code.dtype)
        return changed(case, without=layout_promises("source"), source=wrong, legal_source=code)

    return varied(base, vary, without=layout_promises("source"))


def filled_with_ones(base: Strategy, names: Iterable[str]) -> Strategy:
    """Return a strategy for the same with ones in the place of all elements of the tensors named."""
    return _filled(base, tuple(names), 1)


def filled_with_zeros(base: Strategy, names: Iterable[str]) -> Strategy:
    """Return a strategy for the same with zeros."""
    return _filled(base, tuple(names), 0)


def _filled(base: Strategy, chosen: tuple[str, ...], number: int) -> Strategy:

    def vary(tape: Tape, case: Arguments) -> Arguments:
        tape.leave(1)

        def filled(code: TensorCode) -> TensorCode:
            return code.changed(data=(_number(number, code.dtype),) * len(code.data), bit="")

        made = {name: _each(case, name, filled) for name in chosen}
        return changed(case, without=(*VALUE_CLASSES, *_LAZY), **made)

    return varied(base, vary, without=VALUE_CLASSES)


def without_lazy_bits(base: Strategy) -> Strategy:
    """Return a strategy for the same with no input that is a conj or neg view."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        tape.leave(1)
        return changed(case, without=_LAZY, input=code_of(case, "input").changed(bit=""))

    return varied(base, vary)


def without_gaps(base: Strategy) -> Strategy:
    """Return a strategy for the same with an input whose elements fill its memory, in whatever order."""

    def vary(tape: Tape, case: Arguments) -> Arguments:
        code = code_of(case, "input")
        made = decode_tensor(tape, code.shape, code.dtype, expand=0, fill=counting, gaps=False)
        gone = (*layout_promises(), *_LAZY, *VALUE_CLASSES)
        return changed(case, *made.classes, without=gone, input=made)

    return varied(base, vary, promises=["transposed input"], without=(*layout_promises(), *VALUE_CLASSES))


def zeros_like(shape: Shape, dtype: torch.dtype) -> TensorCode:
    """Return a contiguous tensor of zeros."""
    return contiguous_code(zero_data(dtype, int(np.prod(shape, dtype=int))), dtype, shape)


def with_other_shape(base: Strategy, names: Sequence[str], *, in_place: bool = False) -> Strategy:
    """Return a strategy for an `input` whose shape the tensors named do not fit, and one that they do fit.

    This is `legal_input`. They do not broadcast with the other, or to its shape if it is to be written
    `in_place`. The elements of all are ones.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        where, adds = tape.byte(), tape.chance(50)
        code = code_of(case, "input")
        shape = tuple([max(size, 2) for size in code.shape]) or (2,)
        at = where % len(shape)
        wrong = (*shape[:at], 1 if in_place else shape[at] + 1, *shape[at + 1 :])
        if in_place and adds:
            wrong = shape[1:]
        made = {name: _ones(shape, code_of(case, name).dtype) for name in names}
        given = {"input": _ones(wrong, code.dtype), "legal_input": made["input"]}
        classes = ["a dim more" if in_place and adds else "another size"]
        return changed(case, *classes, without=case.classes, **{**made, **given})

    promises = ["another size", *(["a dim more"] if in_place else [])]
    return varied(base, vary, promises=promises, without=promises_of(base))


def _ones(shape: Shape, dtype: torch.dtype) -> TensorCode:
    return contiguous_code((_number(1, dtype),) * math.prod(shape), dtype, shape)


_LOWER = {3: torch.float32, 2: torch.int64, 1: torch.bool}
"""A dtype of the next lower kind, by the kind."""


def _numbers(case: Arguments, names: Sequence[str]) -> Arguments:
    """Return a case with ones in the place of the elements, of whole numbers in the place of bool."""
    made: dict[str, Any] = {}
    for name in names:
        code = code_of(case, name)
        made[name] = _ones(code.shape, torch.int64 if code.dtype is torch.bool else code.dtype)
    return changed(case, without=(*_OF_VALUES, *layout_promises(), *_LAZY), **made)


def _kept_of_ones(base: Strategy) -> list[str]:
    """Return the promises about anything but shapes."""
    return [name for name in promises_of(base) if name not in SHAPE_PROMISES]


def with_out_of_lower_kind(base: Strategy, names: Sequence[str], results: Results) -> Strategy:
    """Return a strategy for an `out` of a lower kind than the result, beside one of its dtype as `legal_out`.

    The elements of the tensors named are ones.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        byte, plain = tape.byte(), _numbers(case, names)
        ((shape, dtype),) = results(plain)
        lower = [found for of, found in _LOWER.items() if of <= _kind_of(dtype)]
        wrong = lower[byte * len(lower) >> 8]
        return changed(plain, out=zeros_like(shape, wrong), legal_out=zeros_like(shape, dtype))

    return varied(base, vary, without=_kept_of_ones(base))


def with_input_of_lower_kind(base: Strategy, names: Sequence[str]) -> Strategy:
    """Return a strategy for an `input` of a lower kind than the other tensors, and the result.

    The one that is as they are is `legal_input`, and the elements of all are ones.
    """

    def vary(tape: Tape, case: Arguments) -> Arguments:
        tape.leave(1)
        plain = _numbers(case, names)
        code = code_of(plain, "input")
        lower = _ones(code.shape, _LOWER[_kind_of(code.dtype)])
        return changed(plain, input=lower, legal_input=code)

    return varied(base, vary, without=_kept_of_ones(base))


def _kind_of(dtype: torch.dtype) -> int:
    return 3 if dtype.is_complex else 2 if dtype.is_floating_point else 0 if dtype is torch.bool else 1
