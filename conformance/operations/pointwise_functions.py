"""Functions of one floating number, and of two: rounding, exponential, trigonometric and special ones.

Not covered: complex inputs; `decimals` of `round`; gradients where a function has none.
"""

import numpy as np

from conformance.operations.pointwise import AREA as AREA
from conformance.operations.pointwise import function

EXP = function(
    "exp",
    np.exp,
    "exp gives e to the power of each number.",
    np.exp,
    "exp(input)",
    like="",
)
