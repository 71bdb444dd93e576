"""Cases made plain: the same call on contiguous tensors of ordinary numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from strategies.case import Case, CaseT, tensor_fields
from strategies.code import TensorCode, array_code
from strategies.functions import Function
from strategies.values import Scalar

LARGEST, SMALLEST = 1e4, 1e-4
"""Between which the magnitude of an ordinary number is, 0 apart; that of a whole number, below 2**31."""

FEW = 1_000
"""How many elements a small tensor has at most."""


def codes_of(case: Case) -> Iterator[TensorCode]:
    """Return the expressions of the case's tensors, in the order of its fields."""
    for field in tensor_fields(type(case)).values():
        code = field.code(case)
        yield from (each for each in (code if isinstance(code, tuple) else (code,)) if _is_code(each))


def dtypes_of(case: Case) -> tuple[torch.dtype, ...]:
    """Return the dtypes of the case's tensors, in the order of its fields."""
    return tuple(code.dtype for code in codes_of(case))


def has_elements(case: Case) -> bool:
    """Return whether the case's tensors have elements, the first, its input, in some dims."""
    shapes = [code.shape for code in codes_of(case)]
    return bool(shapes) and bool(shapes[0]) and not any(0 in shape for shape in shapes)


def is_ordinary(case: Case) -> bool:
    """Return whether a case is ordinary but for its layouts and values: no dim counts from the end.

    Its tensors have three dims at most, its input one at least, and none of size 0.
    """
    small = all(len(code.shape) < 4 for code in codes_of(case))
    return has_elements(case) and small and "negative dim" not in case.classes


def is_small(case: Case) -> bool:
    """Return whether a case's tensors have so few elements that to ask with them costs nothing."""
    return all(math.prod(code.shape) <= FEW for code in codes_of(case))


def functions_of(case: Case) -> tuple[Function, ...]:
    """Return the functions and graphs that a case is about."""
    return tuple(value for value in vars(case).values() if isinstance(value, Function))


def plain(case: CaseT, dtypes: Sequence[torch.dtype] | None = None) -> CaseT:
    """Return a case with contiguous tensors of ordinary numbers in the place of its tensors.

    They have their own dtypes, or those that are given, in the order of `dtypes_of`.
    """
    made, left = case.fresh(), iter(dtypes_of(case) if dtypes is None else dtypes)
    for field in tensor_fields(type(case)).values():
        code = field.code(case)
        several = code if isinstance(code, tuple) else (code,)
        found = tuple([_plain(each, next(left)) if _is_code(each) else each for each in several])
        field.__set__(made, found if isinstance(code, tuple) else found[0])
    return made


def _is_code(value: Any) -> bool:
    return isinstance(value, TensorCode)


def _plain(code: TensorCode, dtype: torch.dtype) -> TensorCode:
    elements = code.elements()
    if code.dtype.is_complex or code.dtype.is_floating_point:
        size = np.abs(np.nan_to_num(elements, nan=np.inf))
        elements = np.where((size > LARGEST) | ((size < SMALLEST) & (size > 0)), 1.0, elements)
    elif code.dtype is not torch.bool:
        elements = np.array([1 if abs(value) >= 2**31 else value for value in elements.reshape(-1).tolist()])
        elements = elements.astype(np.int64).reshape(code.shape)
    made = array_code(np.asarray(elements), code.dtype).changed(requires_grad=code.requires_grad)
    return made if dtype is code.dtype else made.changed(data=_cast(made.data, dtype), dtype=dtype)


def _cast(data: Sequence[Scalar], dtype: torch.dtype) -> tuple[Scalar, ...]:
    """Return numbers as a dtype has them: small whole ones, where they come from a wider dtype."""
    real = [value.real if isinstance(value, complex) else value for value in data]
    if dtype is torch.bool:
        return tuple(map(bool, real))
    if dtype.is_complex:
        return tuple(map(complex, real))
    if dtype.is_floating_point:
        return tuple(map(float, real))
    return tuple([int(abs(value)) % 100 for value in real])
