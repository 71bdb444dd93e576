"""Hypothesis strategies for tensors and for the arguments of tensor operations.

Every strategy draws once, a compact byte string, and decodes it; see `strategies.tape`. What is drawn is an
expression for a tensor; the tensor itself is built on the device that `placing_on` names. The modules here
are the vocabulary, and each in `cases` draws the inputs of a family of operations:

| module | has |
|---|---|
| `tape`, `simplest` | one draw for a whole case, decoded byte by byte, and how a failing case gets simpler |
| `decks`, `covering` | the cases of a strategy for a seed, chosen so that many classes of inputs meet |
| `shapes`, `dims`, `values` | shapes; dims in and out of range; the elements of each dtype |
| `fills`, `code`, `tensors` | all elements of a tensor; expressions; tensors of every dtype and layout |
| `indices` | index tensors of every legal size |
| `functions` | functions and graphs of operations that print as code |
| `case` | what a family of cases is made of, and an example of one |
| `cases.gathers`, `cases.gather_misuses` | an input, a dim and an index, legal or one fact away from it |
| `cases.squeezes`, `cases.dtype_views` | an input and the dims, or the dtype, to see it in |
| `cases.views`, `cases.view_misuses` | an input and a shape to view it as, legal or one fact away from it |
| `cases.reductions`, `cases.pairs` | an input and the dims to reduce it over; pairs that broadcast |
| `cases.categoricals`, `cases.categorical_misuses` | probabilities, logits, and values to score |
| `cases.distributions` | parameters of distributions of one number, and values to score |
| `cases.leaves`, `cases.graphs` | leaves, and graphs of differentiable operations on them |
| `cases.modules` | small networks with their inputs |
| `cases.parts`, `cases.results` | functions that give several tensors, and what results are |
| `cases.joinings` | tensors to join, and one to repeat, turn or cut |
| `cases.matrices` | factors of products, what is added to them, equations of einsum |
| `cases.random_numbers` | tensors, calls that fill them or draw as many numbers, and seeds |
| `cases.bridges` | tensors of dtypes that NumPy has, and buffers of bytes |
| `cases.creations`, `cases.extrema` | sizes and numbers to make tensors of; what to find extremes of |
| `cases.pointwise` | tensors that broadcast, of numbers of a domain, and of several dtypes |
| `cases.activations`, `cases.losses` | elements on both sides of every bend; predictions and targets |
| `cases.layers`, `cases.windows` | inputs with weights, and with windows that go over them |
| `cases.sizes`, `cases.many_categories` | tensors of a million elements, and thousands of categories |
| `cases.placements` | tensors, and the slices, orders of dims and sizes that make their layouts |
"""

from strategies.case import Case, classes_of
from strategies.cases.categoricals import logits, probabilities
from strategies.cases.gathers import gathers
from strategies.cases.graphs import graphs
from strategies.cases.leaves import leaves
from strategies.cases.modules import linears, networks
from strategies.cases.pairs import pairs
from strategies.cases.reductions import reductions
from strategies.cases.squeezes import squeezes, unsqueezes
from strategies.cases.views import views
from strategies.code import LackingDtypeError, TensorCode, placing_on
from strategies.shapes import shapes
from strategies.simplest import simplest
from strategies.tape import promises_of, together
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
    "together",
    "unsqueezes",
    "views",
]
