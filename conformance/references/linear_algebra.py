"""Sums of products in numpy, each as the equation of einsum that it is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from conformance.reference import Array, unbroadcast
from conformance.references.reductions import floating, whole

Labels = tuple[int, ...]
"""A number for each dim; those of the same number go along together."""

Equation = tuple[tuple[Labels, ...], Labels]
"""The labels of the dims of each operand, and of the result."""

Written = str | Callable[..., Equation]
"""An equation, or what gives it for the arguments of a call."""

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

_FIRST_OF_ELLIPSIS = len(LETTERS)


def equation(written: str, *operands: Array) -> Equation:
    """Return an equation as einsum is told it; what an ellipsis stands for is labelled from its last dim."""
    text, arrow, right = written.replace(" ", "").partition("->")
    parts, most = text.split(","), 0
    labelled = []
    for part, operand in zip(parts, operands, strict=True):
        covered = operand.ndim - len(part.replace("...", ""))
        most = max(most, covered)
        labelled.append(_labels(part, covered))
    if not arrow:
        letters = text.replace(".", "").replace(",", "")
        once = "".join(sorted(letter for letter in letters if letters.count(letter) == 1))
        right = f"...{once}"
    return tuple(labelled), _labels(right, most)


def _labels(part: str, covered: int) -> Labels:
    before, dots, after = part.partition("...")
    ellipsis = [_FIRST_OF_ELLIPSIS + place for place in reversed(range(covered))] if dots else []
    return (*map(LETTERS.index, before), *ellipsis, *map(LETTERS.index, after))


def matmul(input: Array, other: Array) -> Equation:
    """Return the equation of matmul: `...ij,...jk->...ik`, without i or k for a vector."""
    left, right = ("j" if input.ndim == 1 else "...ij"), ("j" if other.ndim == 1 else "...jk")
    batches = "..." if max(input.ndim, other.ndim) > 1 else ""
    return equation(f"{left},{right}->{batches}{left[3:4]}{right[4:]}", input, other)


def inner(input: Array, other: Array) -> Equation:
    """Return the equation of inner: sums along the last dims, or a product with a scalar."""
    one, two = LETTERS[: input.ndim], LETTERS[26 : 26 + other.ndim]
    if one and two:
        two = two[:-1] + one[-1]
        return equation(f"{one},{two}->{one[:-1]}{two[:-1]}", input, other)
    return equation(f"{one},{two}->{one}{two}", input, other)


def tensordot(a: Array, b: Array, dims: int | tuple[tuple[int, ...], tuple[int, ...]]) -> Equation:
    """Return the equation of tensordot: the last dims of `a` and the first of `b`, or those named."""
    if isinstance(dims, int):
        dims = tuple(range(a.ndim - dims, a.ndim)), tuple(range(dims))
    one, two = list(range(a.ndim)), list(range(26, 26 + b.ndim))
    for left, right in zip(*dims, strict=True):
        two[right] = one[left]
    free = [label for label in (*one, *two) if (label in one) != (label in two)]
    return (tuple(one), tuple(two)), tuple(free)


def contracted(equation: Equation, *operands: Array) -> Array:
    """Return the sums of products in int64, float64 or complex128; dims of size 1 go along with others."""
    labelled, result = equation
    sizes = _sizes(labelled, operands)
    spread: list[Any] = []
    for labels, operand in zip(labelled, operands, strict=True):
        spread += [
            np.broadcast_to(_wide(operand), [sizes[label] for label in labels]),
            _compact(labels, sizes),
        ]
    return np.asarray(np.einsum(*spread, _compact(result, sizes)))


def _sizes(labelled: Sequence[Labels], operands: Sequence[Array]) -> dict[int, int]:
    found: dict[int, int] = {}
    for labels, operand in zip(labelled, operands, strict=True):
        for label, size in zip(labels, operand.shape, strict=True):
            found[label] = size if found.get(label, 1) == 1 else found[label]
    return found


def _compact(labels: Labels, sizes: dict[int, int]) -> list[int]:
    """Return labels renumbered: numpy takes no more than 52."""
    numbers = {label: number for number, label in enumerate(sizes)}
    return [numbers[label] for label in labels]


def gradients(equation: Equation, upstream: Array, *operands: Array) -> tuple[Array, ...]:
    """Return the gradients of the operands: the upstream times all others, summed to the operand's dims."""
    labelled, result = equation
    sizes = _sizes(labelled, operands)
    found = []
    for place, (labels, operand) in enumerate(zip(labelled, operands, strict=True)):
        own = tuple([label if label not in labels[:dim] else 1_000 + dim for dim, label in enumerate(labels)])
        others = [
            (part, array)
            for at, (part, array) in enumerate(zip(labelled, operands, strict=True))
            if at != place
        ]
        parts = [(result, upstream), *others]
        # Off the diagonal that is read of an operand the gradient is 0; what is summed alone is spread.
        parts += [
            ((label, new), np.eye(sizes[label]))
            for label, new in zip(labels, own, strict=True)
            if label != new
        ]
        parts += [((label,), np.ones(sizes[label])) for label in dict.fromkeys(own) if label < 1_000]
        whole = contracted((tuple([part for part, _ in parts]), own), *[array for _, array in parts])
        found.append(unbroadcast(whole, operand.shape))
    return tuple(found)


def magnitude(equation: Equation, *operands: Array) -> float:
    """Return the largest of the sums of the products' absolute values, to which rounding is relative."""
    return float(contracted(equation, *[np.abs(floating(operand)) for operand in operands]).max(initial=0.0))


def product(written: Written, *arguments: Any, operands: int = 2) -> Array:
    """Return the sums of products of the first arguments in their dtype; others say what the equation is."""
    found = contracted(_equation(written, *arguments), *arguments[:operands])
    return found.astype(arguments[0].dtype)


def _equation(written: Written, *arguments: Any) -> Equation:
    return equation(written, *arguments) if isinstance(written, str) else written(*arguments)


def _most(arrays: Sequence[Array]) -> float:
    return max([float(array.max(initial=0.0)) for array in arrays], default=0.0)


def _sizes_of(arrays: Sequence[Array]) -> list[Array]:
    return [np.abs(floating(array)) for array in arrays]


Fields = dict[str, Any]
"""What an entry says of its elements and its gradients, by the names of its fields."""


def products(written: Written, one: str, two: str, *, also: tuple[str, ...] = ()) -> Fields:
    """Return the fields of an operation that gives the sums of products of two arguments.

    The equation depends on those arguments, and on what is named `also`.
    """
    names = (one, two, *also)

    def derived(upstream: Array, *arguments: Any) -> tuple[Array, ...]:
        return gradients(_equation(written, *arguments), upstream, *arguments[:2])

    def scale(*arguments: Any) -> float:
        return magnitude(_equation(written, *arguments), *arguments[:2])

    def scale_of_gradients(upstream: Array, *arguments: Any) -> float:
        upstream, *factors = _sizes_of([upstream, *arguments[:2]])
        return _most(gradients(_equation(written, *arguments), upstream, *factors))

    return {
        "gives": named(functools.partial(product, written), *names),
        "rounds": named(scale, *names),
        "smooth": (one, two),
        "gradient": named(derived, "upstream", *names),
        "scaled": named(scale_of_gradients, "upstream", *names),
    }


def products_of_several(written: str, operands: str) -> Fields:
    """Return the same for an operation that is given an equation, and operands in a tuple."""

    def scale_of_gradients(upstream: Array, text: str, arrays: tuple[Array, ...]) -> float:
        upstream, *factors = _sizes_of([upstream, *arrays])
        return _most(gradients(equation(text, *arrays), upstream, *factors))

    return {
        "gives": named(lambda text, arrays: product(text, *arrays, operands=len(arrays)), written, operands),
        "rounds": named(lambda text, arrays: magnitude(equation(text, *arrays), *arrays), written, operands),
        "smooth": (operands,),
        "gradient": named(
            lambda upstream, text, arrays: gradients(equation(text, *arrays), upstream, *arrays),
            *("upstream", written, operands),
        ),
        "scaled": named(scale_of_gradients, "upstream", written, operands),
    }


def added(written: str, one: str, two: str) -> Fields:
    """Return the fields of an operation that adds `beta` times `input` to `alpha` times sums of products."""
    factors = products(written, one, two)

    def gives(input: Array, left: Array, right: Array, beta: float, alpha: float) -> Array:
        found = alpha * contracted(equation(written, left, right), left, right)
        if beta:
            found = found + beta * _wide(input)
        return found.astype(input.dtype)

    def scale(input: Array, left: Array, right: Array, beta: float, alpha: float) -> float:
        most = float(np.abs(floating(input)).max(initial=0.0)) * abs(beta) if beta else 0.0
        return most + abs(alpha) * magnitude(equation(written, left, right), left, right)

    def derived(upstream: Array, input: Array, left: Array, right: Array, beta: float, alpha: float) -> Any:
        found = gradients(equation(written, left, right), upstream, left, right)
        return beta * unbroadcast(upstream, input.shape), *[alpha * part for part in found]

    def scale_of_gradients(upstream: Array, left: Array, right: Array, beta: float, alpha: float) -> float:
        upstream, left, right = _sizes_of([upstream, left, right])
        found = gradients(equation(written, left, right), upstream, left, right)
        return abs(beta) * float(upstream.sum()) + abs(alpha) * _most(found)

    names = ("input", one, two, "beta", "alpha")
    return {
        **factors,
        "gives": named(gives, *names),
        "rounds": named(scale, *names),
        "smooth": names[:3],
        "gradient": named(derived, "upstream", *names),
        "scaled": named(scale_of_gradients, "upstream", *names[1:]),
    }


def named(function: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """Return a function of arguments by these names."""

    def call(**given: Any) -> Any:
        return function(*[given[name] for name in names])

    call.__dict__["__signature__"] = Signature([Parameter(name, Parameter.KEYWORD_ONLY) for name in names])
    return call


def _wide(array: Array) -> Array:
    return array.astype(np.int64) if array.dtype.kind in "iu" else floating(array)


def cross(input: Array, other: Array, dim: int) -> Array:
    """Return cross products along a dim of size 3, broadcast along the others."""
    return _crossed(_wide(input), _wide(other), dim).astype(input.dtype)


def _crossed(one: Array, two: Array, dim: int) -> Array:
    shape = np.broadcast_shapes(one.shape, two.shape)
    one, two = [np.moveaxis(np.broadcast_to(part, shape), dim, 0) for part in (one, two)]
    return np.moveaxis(
        np.roll(one, -1, 0) * np.roll(two, -2, 0) - np.roll(one, -2, 0) * np.roll(two, -1, 0), 0, dim
    )


def cross_gradient(upstream: Array, input: Array, other: Array, dim: int) -> tuple[Array, Array]:
    """Return the gradients of cross products: those of other and upstream, and of upstream and input."""
    to_input, to_other = _crossed(other, upstream, dim), _crossed(upstream, input, dim)
    return unbroadcast(to_input, input.shape), unbroadcast(to_other, other.shape)


def trace(input: Array) -> Array:
    """Return the sum of a diagonal, that of integers in int64."""
    found = np.trace(_wide(input))
    return np.asarray(found).astype(whole(input.dtype))


def kron(input: Array, other: Array) -> Array:
    """Return the Kronecker product."""
    return np.kron(_wide(input), _wide(other)).astype(input.dtype)


def kron_gradient(upstream: Array, input: Array, other: Array) -> tuple[Array, Array]:
    """Return the gradients of a Kronecker product: each factor's, in the places that its elements went to."""
    rank = max(input.ndim, other.ndim)
    one, two = [(1,) * (rank - part.ndim) + part.shape for part in (input, other)]
    pairs = upstream.reshape([size for both in zip(one, two, strict=True) for size in both])
    blocks = pairs.transpose(*range(0, 2 * rank, 2), *range(1, 2 * rank, 2))
    to_input = (blocks * other.reshape(two)).sum(axis=tuple(range(rank, 2 * rank)))
    to_other = np.tensordot(input.reshape(one), blocks, rank)
    return to_input.reshape(input.shape), to_other.reshape(other.shape)
