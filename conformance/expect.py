"""The claims that many rules end with."""

from __future__ import annotations

import numpy as np
import torch

from conformance.reference import Array, host


def same_elements(actual: torch.Tensor, expected: Array) -> None:
    """Claim that a tensor has the expected shape and elements, bit for bit.

    Meant for operations that move elements and compute nothing: 0.0 is not -0.0, and a NaN is matched by
    any NaN (torch on CPU changes the payload of a bfloat16 NaN in gather). `expected` comes from
    `reference.host`, directly or rearranged.
    """
    found = host(actual)
    assert found.shape == expected.shape, f"shape {found.shape} instead of {expected.shape}"
    assert found.dtype == expected.dtype, f"dtype {found.dtype} instead of {expected.dtype}"
    if found.tobytes() != expected.tobytes():
        one, other = _bits(found), _bits(expected)
        differs = (one != other).reshape(found.size, -1).any(axis=1)
        if differs.any():
            place = tuple(int(at) for at in np.unravel_index(int(differs.argmax()), found.shape))
            raise AssertionError(f"differs first at {place}: {_show(found)} instead of {_show(expected)}")


def all_ones(tensor: torch.Tensor) -> None:
    """Claim that every element of a tensor is 1."""
    found = host(tensor)
    assert (found == 1).all(), f"{_show(found)} instead of ones"


def _bits(array: Array) -> Array:
    """Return the bytes of a non-empty array's elements, all NaNs alike, in one dim."""
    flat = np.array(array).reshape(-1)
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    if flat.dtype.kind == "f":
        flat[np.isnan(flat)] = np.nan
    return flat.view(np.uint8)


def _show(array: Array) -> str:
    return np.array2string(array, threshold=32, separator=", ").replace("\n", "")
