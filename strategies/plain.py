"""Cases made plain: the same call on contiguous tensors of ordinary numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from strategies.case import Case, CaseT, tensor_fields
from strategies.code import TensorCode, array_code

LARGEST, SMALLEST = 1e4, 1e-4
"""Between which the magnitude of an ordinary number is, 0 apart; that of a whole number, below 2**31."""


def codes_of(case: Case) -> Iterator[TensorCode]:
    """Return the expressions of the case's tensors, in the order of its fields."""
    for field in tensor_fields(type(case)).values():
        code = field.code(case)
        yield from (each for each in (code if isinstance(code, tuple) else (code,)) if _is_code(each))


def dtypes_of(case: Case) -> tuple[torch.dtype, ...]:
    """Return the dtypes of the case's tensors, in the order of its fields."""
    return tuple(code.dtype for code in codes_of(case))


def has_elements(case: Case) -> bool:
    """Return whether the case's tensors have dims, none of size 0."""
    shapes = [code.shape for code in codes_of(case)]
    return bool(shapes) and all(shape and 0 not in shape for shape in shapes)


def is_ordinary(case: Case) -> bool:
    """Return whether a case is ordinary but for its layouts and values: no dim counts from the end.

    Its tensors have one to three dims, none of size 0.
    """
    small = all(len(code.shape) < 4 for code in codes_of(case))
    return has_elements(case) and small and "negative dim" not in case.classes


def plain(case: CaseT) -> CaseT:
    """Return a case with contiguous tensors of ordinary numbers in the place of its tensors."""
    made = case.fresh()
    for field in tensor_fields(type(case)).values():
        code = field.code(case)
        field.__set__(made, tuple(map(_plain, code)) if isinstance(code, tuple) else _plain(code))
    return made


def _is_code(value: Any) -> bool:
    return isinstance(value, TensorCode)


def _plain(code: Any) -> Any:
    if not _is_code(code):
        return code
    elements = code.elements()
    if code.dtype.is_complex or code.dtype.is_floating_point:
        size = np.abs(np.nan_to_num(elements, nan=np.inf))
        elements = np.where((size > LARGEST) | ((size < SMALLEST) & (size > 0)), 1.0, elements)
    elif code.dtype is not torch.bool:
        elements = np.array([1 if abs(value) >= 2**31 else value for value in elements.reshape(-1).tolist()])
        elements = elements.astype(np.int64).reshape(code.shape)
    return array_code(np.asarray(elements), code.dtype).changed(requires_grad=code.requires_grad)
