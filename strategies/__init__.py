"""Hypothesis strategies for tensors and for the arguments of tensor operations.

Every strategy draws once, a compact byte string, and decodes it; see `strategies.tape`. What is drawn is an
expression for a tensor; the tensor itself is built on the device that `placing_on` names. A module for each
family of operations draws its cases:

| module | draws |
|---|---|
| `shapes`, `dims`, `values` | shapes; dims in and out of range; the elements of each dtype |
| `tensors` | tensors of every dtype and layout |
| `gathers` | an input, a dim and an index, legal or one fact away from it |
| `squeezes`, `views` | an input and the shape, dim or dtype to see it in |
| `reductions` | an input and the dims to reduce it over; pairs that broadcast |
| `categoricals` | probabilities, logits, and values to score |
| `graphs`, `functions` | leaves, and graphs of differentiable operations on them |
| `modules` | small networks with their inputs |
"""

from strategies.cases.categoricals import logits, probabilities
from strategies.cases.gathers import gathers
from strategies.cases.graphs import graphs, leaves
from strategies.cases.modules import linears, networks
from strategies.cases.reductions import pairs, reductions
from strategies.cases.squeezes import squeezes, unsqueezes
from strategies.cases.views import views
from strategies.code import Case, LackingDtypeError, TensorCode, classes_of, placing_on
from strategies.shapes import shapes
from strategies.simplest import simplest
from strategies.tape import promises_of
from strategies.tensors import tensor_codes, tensors

__all__ = [
    "Case",
    "LackingDtypeError",
    "TensorCode",
    "classes_of",
    "gathers",
    "graphs",
    "leaves",
    "linears",
    "logits",
    "networks",
    "pairs",
    "placing_on",
    "probabilities",
    "promises_of",
    "reductions",
    "shapes",
    "simplest",
    "squeezes",
    "tensor_codes",
    "tensors",
    "unsqueezes",
    "views",
]
