"""Hypothesis strategies for tensors and for the arguments of tensor operations.

Every strategy draws once, a compact byte string, and decodes it; see `strategies.tape`. What is drawn is an
expression for a tensor; the tensor itself is built on the device that `placing_on` names.
"""

from strategies.code import Case, TensorCode, classes_of, placing_on
from strategies.shapes import shapes
from strategies.tape import promises_of
from strategies.tensors import tensor_codes, tensors

__all__ = [
    "Case",
    "TensorCode",
    "classes_of",
    "placing_on",
    "promises_of",
    "shapes",
    "tensor_codes",
    "tensors",
]
