"""Comparing element by element, telling what an element is, and logical and bitwise functions.

Not covered: `isclose` of dtypes that round, and of several dtypes; the sign bit of NaN; numbers as the first
argument; shifts that overflow, or are by more bits than there are, which the documentation leaves open; `out`
of another dtype than bool.
"""

import math
from dataclasses import replace
from functools import partial

import numpy as np

from conformance.operations.pointwise import AREA as AREA
from conformance.operations.pointwise import SILENT_ON_DTYPES, SILENT_ON_SHAPES, of_one, of_two
from conformance.references import pointwise as reference
from strategies.cases import pointwise as cases
from strategies.values import DTYPES

BOOL = "dtype bool"
TRUTHS = cases.Domain(-1.0, 1.0, step=1.0, least=-1, most=1)
BITS = (2, 3, True)


def compares(name, computes, says, dtypes=cases.REALS, **given):
    """Return the entry of a comparison."""
    fields = {
        "cases": partial(cases.two, domains=(cases.ALIKE, cases.ALIKE), dtypes=dtypes),
        "has_dtype": BOOL,
        "nan": "compares infinities as numbers, and NaN as what equals nothing and is neither less nor more",
        "with_nan": partial(cases.two, domains=(cases.ALIKE, cases.ALIKE), special=True),
        "observed": ("promoted_elements",),
        "like": "eq",
    }
    return of_two(name, reference.compares(computes), says, **{**fields, **given})


EQ = compares("eq", np.equal, "eq tells where input equals other.", DTYPES, like="")
NE = compares("ne", np.not_equal, "ne tells where input is not equal to other.", DTYPES)
LT = compares("lt", np.less, "lt tells where input is less than other.")
LE = compares("le", np.less_equal, "le tells where input is less than or equal to other.")
GT = compares("gt", np.greater, "gt tells where input is greater than other.")
GE = compares("ge", np.greater_equal, "ge tells where input is greater than or equal to other.")

CLOSE = {"rtol": (0.0, 0.5), "atol": (0.0, 0.25, 1.0), "equal_nan": (False, True)}

ISCLOSE = of_two(
    "isclose",
    reference.is_close,
    "isclose tells where the distance of input and other is at most atol + rtol times the size of other.",
    call="torch.isclose(input, other, rtol, atol, equal_nan)",
    cases=partial(cases.two, domains=(cases.QUARTERS, cases.QUARTERS), **CLOSE),
    mixed=None,
    has_dtype=BOOL,
    out=False,
    in_place=False,
    nan="takes infinities for close if they are equal, and NaN for close to NaN with equal_nan alone",
    with_nan=partial(cases.two, domains=(cases.QUARTERS, cases.QUARTERS), special=True, **CLOSE),
    documented=("nan",),
    observed=("output_shape", "incompatible_shapes"),
    like="eq",
)


def tells(name, computes, says, **given):
    """Return the entry of what tells something of each element."""
    fields = {
        "cases": partial(cases.one, special=True, dtypes=DTYPES),
        "has_dtype": BOOL,
        "out": False,
        "in_place": False,
        "observed": (),
        "like": "eq",
    }
    return of_one(name, reference.tells(computes), says, **{**fields, **given})


REAL = {
    "cases": partial(cases.one, special=True, dtypes=cases.REALS),
    "out": True,
    "observed": ("output_dtype",),
}

ISNAN = tells("isnan", np.isnan, "isnan tells where an element, or a part of a complex one, is NaN.")
ISINF = tells("isinf", np.isinf, "isinf tells where an element, or a part of a complex one, is infinite.")
ISFINITE = tells("isfinite", np.isfinite, "isfinite tells where an element is neither infinite nor NaN.")
ISPOSINF = tells("isposinf", lambda x: x == np.inf, "isposinf tells where an element is infinity.", **REAL)
ISNEGINF = tells("isneginf", lambda x: x == -np.inf, "isneginf tells where an element is -infinity.", **REAL)

SIGNBIT = tells(
    "signbit",
    lambda x: np.signbit(x.astype(np.float64)),
    "signbit tells where the sign bit is set: of negative numbers, and of -0.0.",
    cases=partial(
        cases.one, domain=cases.Domain(edges=(math.inf, -math.inf, -0.0)), dtypes=cases.REAL_NUMBERS
    ),
    out=True,
    observed=("output_dtype",),
)


def logical(name, computes, says):
    """Return the entry of a logical function of two tensors."""
    return compares(
        name,
        computes,
        says,
        cases=partial(cases.two, domains=(TRUTHS, TRUTHS), dtypes=DTYPES),
        mixed=partial(cases.mixed, domain=TRUTHS, numbers=()),
        nan="takes NaN and infinities for what they are, not 0",
        with_nan=partial(cases.two, domains=(TRUTHS, TRUTHS), special=True),
        observed=(*SILENT_ON_SHAPES, "output_dtype", "promoted_elements"),
    )


LOGICAL_AND = logical("logical_and", np.logical_and, "logical_and tells where neither element is 0.")
LOGICAL_OR = logical("logical_or", np.logical_or, "logical_or tells where one element or both are not 0.")
LOGICAL_XOR = logical("logical_xor", np.logical_xor, "logical_xor tells where just one element is not 0.")

LOGICAL_NOT = tells(
    "logical_not",
    np.logical_not,
    "logical_not tells where an element is 0.",
    cases=partial(cases.one, domain=TRUTHS, dtypes=DTYPES),
    nan="takes NaN and infinities for what they are, not 0",
    with_nan=partial(cases.one, domain=TRUTHS, special=True),
    out=True,
    in_place=True,
)


def bitwise(name, computes, says):
    """Return the entry of a bitwise function of two tensors."""
    return of_two(
        name,
        reference.of_two(computes),
        says,
        cases=partial(cases.two, domains=(cases.ALIKE, cases.ALIKE), dtypes=cases.WHOLE_AND_BOOL),
        mixed=partial(cases.mixed, dtypes=cases.WHOLE_AND_BOOL, numbers=BITS),
        observed=(*SILENT_ON_SHAPES, *SILENT_ON_DTYPES),
    )


BITWISE_AND = bitwise("bitwise_and", np.bitwise_and, "bitwise_and gives the bits that both elements have.")
BITWISE_OR = bitwise("bitwise_or", np.bitwise_or, "bitwise_or gives the bits that one element or both have.")
BITWISE_XOR = bitwise("bitwise_xor", np.bitwise_xor, "bitwise_xor gives the bits that just one element has.")

BITWISE_NOT = of_one(
    "bitwise_not",
    reference.of_one(np.invert),
    "bitwise_not gives the bits that an element does not have, of bool the other truth.",
    cases=partial(cases.one, domain=cases.ALIKE, dtypes=cases.WHOLE_AND_BOOL),
    observed=("output_dtype", "out_kind"),
)

SHIFTED = (cases.Domain(least=-3, most=3), cases.Domain(least=0, most=4))

BITWISE_LEFT_SHIFT = of_two(
    "bitwise_left_shift",
    reference.of_two(np.left_shift),
    "bitwise_left_shift gives input with its bits so many places higher.",
    cases=partial(cases.two, domains=SHIFTED, dtypes=cases.WHOLE),
    mixed=partial(cases.mixed, dtypes=cases.WHOLE, numbers=(2, 3)),
)

BITWISE_RIGHT_SHIFT = replace(
    BITWISE_LEFT_SHIFT,
    call="torch.bitwise_right_shift(input, other)",
    gives=reference.of_two(np.right_shift),
    says="bitwise_right_shift gives input with its bits so many places lower, with its sign.",
    cases=partial(cases.two, domains=(cases.ALIKE, SHIFTED[1]), dtypes=cases.WHOLE),
)
