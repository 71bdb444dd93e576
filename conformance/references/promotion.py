"""Type promotion in plain Python, as the page on tensor attributes has it: kinds first, then sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np

from conformance.reference import Array

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

_OF_NUMBERS = {bool: np.dtype(bool), int: np.dtype(np.int64), float: np.dtype(np.float32)}
"""The dtypes of Python's numbers: of floating ones the default dtype."""


def kind(dtype: np.dtype[Any]) -> int:
    """Return the kind of a dtype: 0 for bool, 1 for whole numbers, 2 for floating and 3 for complex ones."""
    return 2 if dtype == BFLOAT16 else {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}[dtype.kind]


def promoted(one: np.dtype[Any], other: np.dtype[Any]) -> np.dtype[Any]:
    """Return the smallest dtype of the higher of two kinds that holds all numbers of that kind of both."""
    if kind(one) != kind(other):
        return max(one, other, key=kind)
    if one == other or one.itemsize != other.itemsize:
        return max(one, other, key=_width)
    # Neither of two of a size holds the other: float16 and bfloat16, or int8 and uint8.
    return np.dtype(np.float32 if kind(one) == 2 else np.int16)


def _width(dtype: np.dtype[Any]) -> int:
    return dtype.itemsize


def common(operands: Sequence[Array | bool | int | float]) -> np.dtype[Any]:
    """Return the dtype to which arrays and numbers promote together.

    Those with dims come first, then 0-d ones, then Python's numbers: the later count only where they are of a
    higher kind.
    """
    arrays = [operand for operand in operands if isinstance(operand, np.ndarray)]
    ranks: list[list[np.dtype[Any]]] = [
        [array.dtype for array in arrays if array.ndim],
        [array.dtype for array in arrays if not array.ndim],
        [_OF_NUMBERS[type(number)] for number in operands if not isinstance(number, np.ndarray)],
    ]
    found: np.dtype[Any] | None = None
    for dtypes in filter(None, ranks):
        of_rank = dtypes[0]
        for dtype in dtypes[1:]:
            of_rank = promoted(of_rank, dtype)
        if found is None or kind(of_rank) > kind(found):
            found = of_rank
    assert found is not None
    return found
