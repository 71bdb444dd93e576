"""Type promotion in plain Python: by hand where the page says it, and as torch has it everywhere."""

import itertools

import numpy as np
import pytest
import torch

from conformance.operation import TORCH_DTYPES, TORCH_NUMPY
from conformance.references.promotion import common
from strategies.values import REAL_DTYPES

DTYPES = list(dict.fromkeys(REAL_DTYPES))


@pytest.mark.parametrize(
    ("operands", "dtype"),
    [
        ((np.ones(1, np.int32), 5), np.int32),
        ((np.ones(1, np.int32), 5.0), np.float32),
        ((np.ones(1, np.int32), np.ones((), np.int64)), np.int32),
        ((np.ones(1, np.int32), np.ones((), np.float64)), np.float64),
        ((np.ones(1, bool), True), bool),
        ((np.ones(1, np.uint8), np.ones(1, np.int8)), np.int16),
        ((np.ones(1, np.float16), 5.0), np.float16),
    ],
)
def test_kinds_come_first_and_then_tensors_with_dims(operands, dtype):
    assert common(operands) == dtype


@pytest.mark.parametrize("shapes", [((), ()), ((), (1,)), ((1,), ()), ((1,), (1,))])
def test_it_is_what_torch_does(shapes):
    for dtypes in itertools.product(DTYPES, repeat=2):
        arrays = [np.ones(shape, TORCH_NUMPY[dtype]) for shape, dtype in zip(shapes, dtypes, strict=True)]
        tensors = [torch.ones(shape, dtype=dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]

        assert TORCH_DTYPES[common(arrays)] is torch.result_type(*tensors), dtypes
