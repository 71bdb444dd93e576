"""Functions of one floating number, and of two: rounding, exponential, trigonometric and special ones.

Not covered: complex inputs; `decimals` of `round`; `eps` of `logit`; `lgamma` and `digamma` of small and of
negative numbers; gradients of `logaddexp2` and `digamma`; angles beyond 100.
"""

import math
from dataclasses import replace
from functools import partial

import numpy as np

from conformance.operations.pointwise import AREA as AREA
from conformance.operations.pointwise import (
    IEEE,
    SILENT_ON_DTYPES,
    SILENT_ON_SHAPES,
    derived_by,
    function,
    of_one,
    of_two,
)
from conformance.references import pointwise as reference
from strategies.cases import pointwise as cases

Domain = cases.Domain

TIES = Domain(edges=(0.5, 1.5, 2.5, -0.5, -1.5, -2.5))
POSITIVE = Domain(1e-3, edges=(1e-3, 1.0), beyond=(0.0, -1.0), least=1)
ABOVE_MINUS_1 = Domain(-0.999, edges=(0.0, -0.5), beyond=(-1.0, -2.0), least=0)
FROM_1 = Domain(1.0, edges=(1.0,), beyond=(0.5, 0.0, -1.0), least=1)
WITHIN_1 = Domain(-0.99, 0.99, edges=(0.0, 0.5, -0.5), beyond=(1.0, -1.0, 1.5, -1.5), least=0, most=0)
CHANCES = Domain(1e-3, 0.999, edges=(0.5, 0.25), beyond=(0.0, 1.0, -0.5, 1.5), least=1, most=1)
UNIT = replace(cases.UNIT, least=-1, most=1)
GROWING = Domain(-10.0, 10.0)
ANGLES = Domain(-100.0, 100.0, edges=(math.pi, math.pi / 2, -math.pi / 2))


def rounds(name, computes, says, **given):
    """Return the entry of a function that rounds to whole numbers, and leaves these as they are."""
    fields = {
        "cases": partial(cases.one, domain=TIES, dtypes=cases.REAL_NUMBERS),
        "nan": "leaves NaN and infinities as they are",
        "with_nan": partial(cases.one, domain=TIES, special=True),
        "either_zero": True,
    }
    return of_one(name, reference.of_one(computes), says, **{**fields, **given})


CEIL = rounds("ceil", np.ceil, "ceil gives the smallest whole number that is not less.")
FLOOR = rounds("floor", np.floor, "floor gives the largest whole number that is not more.")
TRUNC = rounds("trunc", np.trunc, "trunc gives each number without its fraction.")
ROUND = rounds(
    "round",
    np.rint,
    "round gives the nearest whole number, of two as near the even one.",
    documented=("output_dtype",),
    observed=("out_kind", "in_place_kind"),
)
FRAC = rounds(
    "frac",
    lambda x: x - np.trunc(x),
    "frac gives the fraction of each number, with its sign.",
    cases=partial(cases.one, domain=TIES),
    nan="",
    with_nan=None,
)

EXP = function(
    "exp",
    np.exp,
    "exp gives e to the power of each number.",
    np.exp,
    "exp(input)",
    domain=GROWING,
    like="",
)

EXP2 = function(
    "exp2",
    np.exp2,
    "exp2 gives 2 to the power of each number.",
    lambda x: 2**x * np.log(2),
    "exp2(input) * log(2)",
    domain=GROWING,
    page="torch.special.exp2",
)

EXPM1 = function(
    "expm1",
    np.expm1,
    "expm1 gives e to the power of each number, less 1.",
    np.exp,
    "exp(input)",
    domain=GROWING,
    page="torch.special.expm1",
)

LOG = function(
    "log", np.log, "log gives the natural logarithm.", lambda x: 1 / x, "1 / input", domain=POSITIVE
)

LOG2 = function(
    "log2",
    np.log2,
    "log2 gives the logarithm to the base 2.",
    lambda x: 1 / (x * np.log(2)),
    "1 / (input * log(2))",
    domain=POSITIVE,
)

LOG10 = function(
    "log10",
    np.log10,
    "log10 gives the logarithm to the base 10.",
    lambda x: 1 / (x * np.log(10)),
    "1 / (input * log(10))",
    domain=POSITIVE,
)

LOG1P = function(
    "log1p",
    np.log1p,
    "log1p gives the natural logarithm of 1 and each number.",
    lambda x: 1 / (1 + x),
    "1 / (1 + input)",
    domain=ABOVE_MINUS_1,
)

SIGMOID = function(
    "sigmoid",
    reference.sigmoid,
    "sigmoid gives 1 / (1 + exp(-x)) for each number x.",
    lambda x: reference.sigmoid(x) * (1 - reference.sigmoid(x)),
    "sigmoid(input) * (1 - sigmoid(input))",
    page="torch.special.expit",
)

LOGIT = function(
    "logit",
    lambda x: np.log(x / (1 - x)),
    "logit gives log(x / (1 - x)) for each number x.",
    lambda x: 1 / (x * (1 - x)),
    "1 / (input * (1 - input))",
    domain=CHANCES,
    page="torch.special.logit",
    units=0.0,
    rounds=lambda: 1.0,  # near 0.5, the logarithm is of what was rounded near 1
)

SIN = function(
    "sin", np.sin, "sin gives the sine of each angle in radians.", np.cos, "cos(input)", domain=ANGLES
)

COS = function(
    "cos",
    np.cos,
    "cos gives the cosine of each angle in radians.",
    lambda x: -np.sin(x),
    "-sin(input)",
    domain=ANGLES,
)

TAN = function(
    "tan",
    np.tan,
    "tan gives the tangent of each angle in radians.",
    lambda x: 1 / np.cos(x) ** 2,
    "1 / cos(input) ** 2",
    inner=Domain(-1.2, 1.2, zero=False),
)

ASIN = function(
    "asin",
    np.arcsin,
    "asin gives the angle in radians of which each number is the sine.",
    lambda x: 1 / np.sqrt(1 - x**2),
    "1 / sqrt(1 - input ** 2)",
    domain=UNIT,
)

ACOS = function(
    "acos",
    np.arccos,
    "acos gives the angle in radians of which each number is the cosine.",
    lambda x: -1 / np.sqrt(1 - x**2),
    "-1 / sqrt(1 - input ** 2)",
    domain=UNIT,
)

ATAN = function(
    "atan",
    np.arctan,
    "atan gives the angle in radians of which each number is the tangent.",
    lambda x: 1 / (1 + x**2),
    "1 / (1 + input ** 2)",
)

SINH = function("sinh", np.sinh, "sinh gives the hyperbolic sine.", np.cosh, "cosh(input)", domain=GROWING)

COSH = function("cosh", np.cosh, "cosh gives the hyperbolic cosine.", np.sinh, "sinh(input)", domain=GROWING)

TANH = function(
    "tanh",
    np.tanh,
    "tanh gives the hyperbolic tangent.",
    lambda x: 1 / np.cosh(x) ** 2,
    "1 - tanh(input) ** 2",
)

ASINH = function(
    "asinh",
    np.arcsinh,
    "asinh gives the inverse hyperbolic sine.",
    lambda x: 1 / np.sqrt(1 + x**2),
    "1 / sqrt(1 + input ** 2)",
)

ACOSH = function(
    "acosh",
    np.arccosh,
    "acosh gives the inverse hyperbolic cosine.",
    lambda x: 1 / np.sqrt(x**2 - 1),
    "1 / sqrt(input ** 2 - 1)",
    domain=FROM_1,
)

ATANH = function(
    "atanh",
    np.arctanh,
    "atanh gives the inverse hyperbolic tangent.",
    lambda x: 1 / (1 - x**2),
    "1 / (1 - input ** 2)",
    domain=WITHIN_1,
)

SINC = function(
    "sinc",
    np.sinc,
    "sinc gives sin(pi * x) / (pi * x) for each number x, and 1 for 0.",
    reference.sinc_slope,
    "the derivative of sinc",
    domain=Domain(-2.0, 2.0, least=-1, most=1),
    inner=Domain(0.2, 0.9),
    page="torch.special.sinc",
    units=0.0,
    rounds=lambda: 1.0,  # near whole numbers, the sine is of what was rounded near pi
)

DEG2RAD = function(
    "deg2rad",
    np.deg2rad,
    "deg2rad gives angles in degrees in radians.",
    lambda x: np.pi / 180,
    "pi / 180",
)

RAD2DEG = function(
    "rad2deg",
    np.rad2deg,
    "rad2deg gives angles in radians in degrees.",
    lambda x: 180 / np.pi,
    "180 / pi",
)

ERF = function(
    "erf",
    reference.by_element(math.erf),
    "erf gives the error function.",
    lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
    "2 / sqrt(pi) * exp(-input ** 2)",
    domain=GROWING,
    page="torch.special.erf",
    units=8.0,
)

ERFC = function(
    "erfc",
    reference.by_element(math.erfc),
    "erfc gives 1 less the error function.",
    lambda x: -2 / np.sqrt(np.pi) * np.exp(-(x**2)),
    "-2 / sqrt(pi) * exp(-input ** 2)",
    domain=Domain(-4.0, 4.0, least=-4, most=4),
    page="torch.special.erfc",
    units=32.0,
)

LGAMMA = function(
    "lgamma",
    reference.by_element(math.lgamma, pole=math.inf),
    "lgamma gives the natural logarithm of the size of the gamma function.",
    reference.digamma,
    "digamma(input)",
    inner=Domain(3.0, 8.0),
    domain=Domain(3.0, edges=(3.0, 10.0), beyond=(1.0, 2.0), least=3),
    units=16.0,
)

DIGAMMA = function(
    "digamma",
    reference.digamma,
    "digamma gives the derivative of the logarithm of the gamma function.",
    domain=Domain(2.0, edges=(2.0, 10.0), least=2),
    page="torch.special.digamma",
    nan="",
    units=16.0,
)

ERFINV = function(
    "erfinv",
    reference.erfinv,
    "erfinv gives the number of which the error function gives each number.",
    lambda x: np.sqrt(np.pi) / 2 * np.exp(reference.erfinv(x) ** 2),
    "sqrt(pi) / 2 * exp(erfinv(input) ** 2)",
    domain=WITHIN_1,
    page="torch.special.erfinv",
    nan="gives infinities for 1 and -1, and NaN for what is beyond",
    units=32.0,
)

ATAN2 = of_two(
    "atan2",
    reference.of_two(np.arctan2, floats=True),
    "atan2 gives the angle in radians between the vectors (other, input) and (1, 0).",
    mixed=partial(cases.mixed, domain=cases.POSITIVE, numbers=()),
    units=4.0,
    nan=IEEE,
    with_nan=partial(cases.two, special=True),
    observed=SILENT_ON_DTYPES,
    **derived_by(
        lambda y, x: x / (x**2 + y**2),
        lambda y, x: -y / (x**2 + y**2),
        "atan2 passes other, and to the other one -input, divided by the squared length, times the gradient.",
        domains=(Domain(0.5), Domain(0.5)),
    ),
)

LOGADDEXP = of_two(
    "logaddexp",
    reference.of_two(np.logaddexp),
    "logaddexp gives the logarithm of the sum of the exponentials of input and other.",
    cases=partial(cases.two, domains=(Domain(1.0), Domain(1.0))),
    mixed=partial(cases.mixed, dtypes=cases.FLOATS, numbers=()),
    in_place=False,
    units=4.0,
    nan=IEEE,
    with_nan=partial(cases.two, special=True, domains=(Domain(1.0), Domain(1.0))),
    observed=(*SILENT_ON_SHAPES, *SILENT_ON_DTYPES),
    **derived_by(
        lambda x, y: 1 / (1 + np.exp(y - x)),
        lambda x, y: 1 / (1 + np.exp(x - y)),
        "logaddexp passes to each the gradient times its share of the sum of exponentials.",
    ),
)

LOGADDEXP2 = of_two(
    "logaddexp2",
    reference.of_two(np.logaddexp2),
    "logaddexp2 gives the logarithm to the base 2 of the sum of 2 to the powers of input and other.",
    cases=LOGADDEXP.cases,
    mixed=partial(cases.mixed, dtypes=cases.FLOATS, numbers=()),
    in_place=False,
    units=4.0,
    nan=IEEE,
    with_nan=LOGADDEXP.with_nan,
    observed=(*SILENT_ON_SHAPES, *SILENT_ON_DTYPES),
)

XLOGY = of_two(
    "xlogy",
    reference.of_two(reference.xlogy, floats=True),
    "xlogy gives input times the logarithm of other, 0 where input is 0, and NaN where other is NaN.",
    page="torch.special.xlogy",
    cases=partial(cases.two, domains=(cases.QUARTERS, POSITIVE)),
    mixed=partial(cases.mixed, domain=cases.POSITIVE),
    units=4.0,
    nan="gives NaN where other is NaN, and else 0 where input is 0, whatever other is",
    with_nan=partial(cases.two, special=True, domains=(cases.QUARTERS, POSITIVE)),
    documented=("nan",),
    observed=(*SILENT_ON_SHAPES, *SILENT_ON_DTYPES),
    **derived_by(
        lambda x, y: np.log(y),
        lambda x, y: x / y,
        "xlogy passes log(other) times the gradient to input, and input / other times it to other.",
        domains=(cases.ANY, Domain(0.5)),
    ),
)
