"""The claims that many rules end with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import ml_dtypes
import numpy as np
import torch

from conformance.reference import Array, divergence_limit, host, raw


def same_elements(actual: torch.Tensor, expected: Array) -> None:
    """Claim that a tensor has the expected shape, dtype and elements, bit for bit.

    Meant for operations that move elements and compute nothing: 0.0 is not -0.0, and a NaN is matched by
    any NaN (torch on CPU changes the payload of a bfloat16 NaN in gather). `expected` comes from
    `reference.drawn`, directly or rearranged.
    """
    found = _of_the_kind(actual, expected)
    if found.tobytes() != expected.tobytes():
        one, other = _bits(found), _bits(expected)
        equal = (one == other).reshape(*found.shape, -1).all(axis=-1)
        assert equal.all(), _difference(found, expected, equal)


def equal_elements(actual: torch.Tensor, expected: Array) -> None:
    """Claim that a tensor has the expected shape, dtype and numbers; either zero equals the other."""
    found = _of_the_kind(actual, expected)
    equal = np.asarray((found == expected) | ((found != found) & (expected != expected)))
    assert equal.all(), _difference(found, expected, equal)


ROUNDING = {2: 2e-2, 4: 1e-5, 8: 1e-11}
"""Relative error that computing may bring, by the size of an element in bytes."""


@dataclass(frozen=True)
class _Rounding:
    """What `close` is told of the device under test, and what it tells of it, by the name of the dtype."""

    bounds: Mapping[str, float] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)


_rounding_now = _Rounding()


@contextmanager
def allowing(bounds: Mapping[str, float], measured: dict[str, float] | None = None) -> Iterator[None]:
    """Have `close` allow the relative errors that the vendor of a device states, by the name of the dtype.

    The largest error that it allowed is kept in `measured`, in units of the dtype's eps.
    """
    global _rounding_now
    before, _rounding_now = _rounding_now, _Rounding(bounds, {} if measured is None else measured)
    try:
        yield
    finally:
        _rounding_now = before


def _measure(found: Array, expected: Array, dtype: torch.dtype, scale: float, free: float = 0.0) -> None:
    """Keep the largest error, in eps, relative to the number expected or to a scale; `free` is no error."""
    finite = np.isfinite(expected)
    if finite.any() and _rounds(dtype):
        wanted = np.asarray(expected)[finite]
        errors, size = np.abs(np.asarray(found)[finite] - wanted), np.maximum(np.abs(wanted), scale)
        errors = np.maximum(errors - free, 0)
        # Where both are 0, the number is right.
        errors = np.divide(errors, size, out=np.zeros_like(errors), where=size > 0)
        name, units = str(dtype), float(errors.max()) / torch.finfo(dtype).eps
        if math.isfinite(units):  # of a scale that overflows, anything is a part
            measured = _rounding_now.measured
            measured[name] = max(units, measured.get(name, 0.0))


def rounding(dtype: torch.dtype) -> float:
    """Return the relative error that results of a dtype may have on the device under test; 0 of integers."""
    return max(ROUNDING[_real(dtype).itemsize], _stated(dtype)) if _rounds(dtype) else 0.0


def _rounds(dtype: torch.dtype) -> bool:
    """Return whether numbers of a dtype are rounded."""
    return dtype.is_floating_point or dtype.is_complex


def _real(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of the parts of complex numbers, and any other as it is."""
    return dtype.to_real() if dtype.is_complex else dtype


def _stated(dtype: torch.dtype) -> float:
    """Return the relative error that the vendor of the device states for a dtype, 0 if it states none."""
    return _rounding_now.bounds.get(str(_real(dtype)), 0.0)


def close(actual: torch.Tensor, expected: Array, *, dtype: torch.dtype, scale: float = 1.0) -> None:
    """Claim that a tensor has the expected shape and dtype, and numbers that are equal but for rounding.

    What may differ is `rounding` of the dtype, relative to the expected number or to `scale`, whichever is
    larger. NaNs and infinities are in their places. `expected` may have any dtype.
    """
    found = host(actual)
    assert found.shape == expected.shape, f"shape {found.shape} instead of {expected.shape}"
    assert actual.dtype == dtype, f"dtype {actual.dtype} instead of {dtype}"
    found, expected = _wide(found), _wide(expected)
    allowed = rounding(dtype)
    equal = np.asarray(np.isclose(found, expected, rtol=allowed, atol=allowed * scale, equal_nan=True))
    assert equal.all(), f"{_difference(found, expected, equal, dtype)}; up to {allowed:g} may be rounding"
    _measure(found, expected, dtype, scale)


def near(actual: torch.Tensor, expected: Array, *, units: float) -> None:
    """Claim that a tensor has the expected shape and dtype, and numbers that are near the expected ones.

    A number may differ by `units` times the eps of the dtype, relative to the expected one, or by what the
    vendor of the device states, and by the smallest normal number: a device may flush what is smaller. Whole
    numbers are equal, NaNs and infinities in their places, and either zero is the other.
    """
    found = _of_the_kind(actual, expected)
    equal = np.asarray((found == expected) | ((found != found) & (expected != expected)))
    if not equal.all() and _rounds(actual.dtype):
        limits = torch.finfo(actual.dtype)
        allowed = max(units * limits.eps, _stated(actual.dtype))
        wide = [
            each.astype(np.complex128 if actual.dtype.is_complex else np.float64)
            for each in (found, expected)
        ]
        with np.errstate(all="ignore"):
            equal |= np.abs(wide[0] - wide[1]) <= allowed * np.abs(wide[1]) + limits.tiny
    assert equal.all(), (
        f"{_difference(found, expected, equal, actual.dtype)}; up to {units:g} eps may be rounding"
    )
    if _rounds(actual.dtype):
        # What may be flushed is no rounding, however large a part of the number it is.
        _measure(_wide(found), _wide(expected), actual.dtype, 0.0, free=torch.finfo(actual.dtype).tiny)


def same_bytes(actual: torch.Tensor, expected: Array) -> None:
    """Claim that the elements of a tensor have the expected bytes in memory; see `reference.raw`."""
    found = raw(host(actual))
    assert found.shape == expected.shape, f"shape {found.shape} instead of {expected.shape}"
    equal = (found == expected).all(axis=-1)
    assert equal.all(), f"bytes: {_difference(found, expected, equal)}"


FALSE_ALARM = 1e-11
"""Chance that `drawn_from` fails for draws that are right: 1e-9 for the 100 examples of a rule."""


def drawn_from(draws: torch.Tensor | Array, probabilities: Array) -> None:
    """Claim that integers were drawn independently, each with the probability at its place.

    They may be counted already, on the host: in which part of a distribution each number lies.

    Fails by chance at most once in 1 / `FALSE_ALARM` times.
    """
    found = (draws if isinstance(draws, np.ndarray) else host(draws)).reshape(-1)
    assert found.min() >= 0, f"drew {found.min()}"
    assert found.max() < len(probabilities), f"drew {found.max()}"
    counts = np.bincount(found, minlength=len(probabilities))
    drawn = counts > 0
    impossible = np.flatnonzero(drawn & (probabilities == 0))
    assert not impossible.size, f"drew {impossible[0]}, which has probability 0"
    expected = found.size * probabilities[drawn]
    divergence = float((counts[drawn] * np.log(counts[drawn] / expected)).sum())
    limit = divergence_limit(int((probabilities > 0).sum()), FALSE_ALARM)
    assert divergence <= limit, f"drew {_show(counts)} of {_show(found.size * probabilities)} expected"


def possible(draws: torch.Tensor, weights: Array) -> None:
    """Claim that each draw, shape (n, *batch), is a category whose weight, shape (*batch, K), is not 0."""
    found = host(draws)
    assert found.min() >= 0, f"drew {found.min()}"
    assert found.max() < weights.shape[-1], f"drew {found.max()} of {weights.shape[-1]} categories"
    rows = np.broadcast_to(weights, (len(found), *weights.shape))
    drawn = np.take_along_axis(rows, found[..., np.newaxis], -1)
    assert (drawn > 0).all(), _impossible(found, drawn[..., 0] > 0)


def points_at(indices: torch.Tensor, values: torch.Tensor, input: Array, dim: int) -> None:
    """Claim that the input's elements at the indices along a dim, kept with size 1, are the values."""
    rows, places = np.atleast_1d(input), np.atleast_1d(host(indices))
    inside = (places >= 0) & (places < rows.shape[dim])
    assert inside.all(), (
        f"points at {places[_first(~inside)]} of {rows.shape[dim]}, first at {_first(~inside)}"
    )
    equal_elements(values, np.take_along_axis(rows, places, dim).reshape(values.shape))


def all_ones(tensor: torch.Tensor) -> None:
    """Claim that every element of a tensor is 1."""
    found = host(tensor)
    equal = np.asarray(found == 1)
    assert equal.all(), _difference(found, np.ones_like(found), equal)


@contextmanager
def refusal() -> Iterator[None]:
    """Claim that what runs inside is refused, by an exception of whatever type; a warning is no refusal.

    For a call that the documentation forbids and names no exception type for. The legal call, one fact apart,
    runs before: it shows that the call is refused for that fact.
    """
    try:
        yield
    except Warning:
        raise
    except Exception:
        return
    raise AssertionError("was not refused")


def _of_the_kind(actual: torch.Tensor, expected: Array) -> Array:
    """Return the elements of a tensor, whose shape and dtype are claimed to be the expected ones."""
    found = host(actual)
    assert found.shape == expected.shape, f"shape {found.shape} instead of {expected.shape}"
    assert found.dtype == expected.dtype, f"dtype {found.dtype} instead of {expected.dtype}"
    return found


def _wide(array: Array) -> Array:
    """Return an array as it is, one of bfloat16 as float32: numpy's own functions know no bfloat16."""
    return array.astype(np.float32) if array.dtype == ml_dtypes.bfloat16 else array


def _bits(array: Array) -> Array:
    """Return the bytes of a non-empty array's elements, all NaNs alike, in one dim."""
    flat = np.array(array).reshape(-1)
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    if flat.dtype.kind == "f" or flat.dtype == ml_dtypes.bfloat16:
        flat[np.isnan(flat)] = np.nan
    return flat.view(np.uint8)


def _difference(found: Array, expected: Array, equal: Array, dtype: object = None) -> str:
    """Return where two arrays of a shape differ first, in how many elements, and the elements.

    `equal` says which elements are equal; the arrays may have a dim more, of bytes. `dtype` is the tensor's,
    if the arrays have another.
    """
    place = _first(~equal)
    first = f"differs first at {place}: {_show(found[place])} instead of {_show(expected[place])}"
    count = f"{int((~equal).sum())} of {equal.size} elements of {dtype or found.dtype} differ"
    if equal.size == 1:
        return f"{first}, {count}"
    return f"{first}, {count}: {_show(found)} instead of {_show(expected)}"


def _impossible(found: Array, possible: Array) -> str:
    place = _first(~possible)
    count = int((~possible).sum())
    return f"drew {found[place]}, a category of weight 0, first at {place}, {count} times in {found.size}"


def _first(marked: Array) -> tuple[int, ...]:
    return tuple(int(at) for at in np.unravel_index(int(marked.argmax()), marked.shape))


def _show(array: Array) -> str:
    """Return the elements with as many digits as tell each from every other number of its dtype."""
    text = np.array2string(np.asarray(array), threshold=32, separator=", ", floatmode="unique")
    return " ".join(text.split())
