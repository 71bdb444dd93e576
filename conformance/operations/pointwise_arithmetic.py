"""Arithmetic of one tensor and of two, element by element.

`maximum`, `minimum`, `fmax` and `fmin` stand with the extrema. Not covered: results that a whole dtype does
not have; whole numbers divided by 0; gradients where a derivative has no limit; conj and neg views; complex
numbers in `abs`, `pow` and `float_power`, their special values and their promotion; bool in `add`, `mul` and
`pow`; numbers as the first argument; rounded quotients of other than quarters; `clamp_min` and `clamp_max`,
which no page describes.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import torch

from conformance.operation import Operation
from conformance.operations.pointwise import (
    AREA as AREA,
)
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

NONZERO = cases.Domain(edges=(1e-3, -1e-3), zero=False)
HALVES = cases.Domain(-4.0, 4.0, step=0.5, zero=False)
FROM_0 = cases.Domain(0.0, edges=(0.0,), beyond=(-1.0, -0.5), least=0)
ABOVE_0 = cases.Domain(1e-3, beyond=(0.0, -1.0), least=1)
BASES = cases.Domain(0.1, 10.0, beyond=(0.0, -1.0, -2.0), least=-3, most=3)
EXPONENTS = cases.Domain(-4.0, 4.0, beyond=(0.5, 3.0), least=0, most=4)
PARTS = cases.Domain(0.0, 1.0, edges=(0.0, 0.5, 1.0))
SIGNED = tuple([dtype for dtype in cases.NUMBERS if dtype is not torch.uint8])
SIGNED_REALS = tuple([dtype for dtype in SIGNED if not dtype.is_complex])
SPECIAL = {"nan": IEEE, "with_nan": partial(cases.two, special=True)}
ALPHA = {"alpha": (1, 2)}
BY_PARTS = "{name} passes to each tensor the gradient times the partial derivative by it."

ADD = of_two(
    "add",
    reference.with_alpha(np.add),
    "add gives the sum of input and alpha times other.",
    call="torch.add(input, other, alpha=alpha)",
    cases=partial(cases.two, dtypes=cases.NUMBERS, **ALPHA),
    mixed=partial(cases.mixed, alpha=1),
    nan=IEEE,
    with_nan=partial(cases.two, special=True, **ALPHA),
    units=1.0,
    like="",
    **derived_by(
        lambda x, y, alpha: 1.0,
        lambda x, y, alpha: alpha,
        "add passes the gradient to input, and alpha times the gradient to other.",
        **ALPHA,
    ),
)

SUB = replace(
    ADD,
    call="torch.sub(input, other, alpha=alpha)",
    cases=partial(cases.two, dtypes=SIGNED, **ALPHA),
    mixed=partial(cases.mixed, dtypes=SIGNED_REALS, numbers=(2, 3, 1.5), alpha=1),
    gives=reference.with_alpha(np.subtract),
    says="sub gives input less alpha times other.",
    gradient=reference.derived_by_both(lambda x, y, alpha: 1.0, lambda x, y, alpha: -alpha),
    derives="sub passes the gradient to input, and -alpha times the gradient to other.",
    like="add",
)

MUL = of_two(
    "mul",
    reference.of_two(np.multiply),
    "mul gives the product of input and other.",
    cases=partial(cases.two, dtypes=cases.NUMBERS),
    units=4.0,
    **SPECIAL,
    **derived_by(
        lambda x, y: y, lambda x, y: x, "mul passes to each factor the gradient times the other one."
    ),
)

DIV = of_two(
    "div",
    reference.of_two(np.divide, floats=True),
    "div gives input divided by other, of whole numbers in the default dtype.",
    cases=partial(cases.two, domains=(cases.ANY, NONZERO), dtypes=cases.NUMBERS, written=cases.FLOATS),
    mixed=partial(cases.mixed, domain=cases.POSITIVE),
    units=8.0,
    **SPECIAL,
    **derived_by(
        lambda x, y: 1 / y,
        lambda x, y: -x / y**2,
        "div passes the gradient / other to input, and -input / other ** 2 times the gradient to other.",
        domains=(cases.ANY, cases.Domain(0.5)),
    ),
)

DIV_FLOOR = of_two(
    "div_floor",
    reference.of_two(np.floor_divide),
    "With the rounding mode floor, div gives the quotient rounded down.",
    call="torch.div(input, other, rounding_mode='floor')",
    cases=partial(cases.two, domains=(cases.QUARTERS, HALVES), dtypes=cases.REAL_NUMBERS),
    mixed=partial(cases.mixed, domain=cases.POSITIVE, dtypes=cases.REAL_NUMBERS, numbers=(2, 3, 1.5)),
    either_zero=True,
)

DIV_TRUNC = replace(
    DIV_FLOOR,
    named="div_trunc",
    call="torch.div(input, other, rounding_mode='trunc')",
    gives=reference.of_two(reference.truncated_quotient),
    says="With the rounding mode trunc, div gives the quotient rounded towards zero.",
)

FLOOR_DIVIDE = replace(
    DIV_FLOOR,
    named="",
    call="torch.floor_divide(input, other)",
    says="floor_divide gives the quotient rounded down.",
)

REMAINDER = replace(
    FLOOR_DIVIDE,
    call="torch.remainder(input, other)",
    gives=reference.of_two(np.remainder),
    says="remainder gives what division leaves that is rounded down, with the sign of other.",
    **derived_by(
        lambda x, y: 1.0,
        lambda x, y: -np.floor(x / y),
        "remainder passes the gradient to input, and less the quotient, rounded down, times it to other.",
        domains=(cases.ANY, cases.Domain(0.5)),
    ),
)

FMOD = replace(
    REMAINDER,
    call="torch.fmod(input, other)",
    gives=reference.of_two(np.fmod),
    says="fmod gives what division leaves that is rounded towards zero, with the sign of input.",
    gradient=reference.derived_by_both(lambda x, y: 1.0, lambda x, y: -np.trunc(x / y)),
    derives="fmod passes the gradient to input, and less the quotient, truncated, times it to other.",
)

NEG = of_one(
    "neg",
    reference.of_one(np.negative),
    "neg gives each number with the other sign.",
    cases=partial(cases.one, dtypes=SIGNED),
    either_zero=True,
    linear=("input",),
    gradient=lambda upstream: -upstream,
    derives="neg passes the gradient with the other sign.",
)

ABS = of_one(
    "abs",
    reference.of_one(np.abs),
    "abs gives the absolute value of each number.",
    cases=partial(cases.one, dtypes=cases.REAL_NUMBERS),
    nan="gives NaN for NaN, and infinity for infinities",
    with_nan=partial(cases.one, special=True),
    either_zero=True,
    smooth=("input",),
    gradient=reference.derived(np.sign),
    derives="abs passes to each number other than 0 the gradient times its sign.",
    derived=partial(cases.one, domain=cases.ANY.inner()),
    ties=True,
)

SIGN = of_one(
    "sign",
    reference.of_one(np.sign),
    "sign gives 1 for positive numbers, -1 for negative ones and 0 for 0.",
    cases=partial(cases.one, dtypes=cases.REAL_NUMBERS),
    either_zero=True,
)

SGN = of_one(
    "sgn",
    reference.of_one(reference.direction),
    "sgn gives each number divided by its absolute value, and 0 for 0.",
    cases=partial(cases.one, dtypes=cases.NUMBERS),
    units=4.0,
)

POSITIVE = Operation(
    call="torch.positive(input)",
    cases=partial(cases.one, dtypes=cases.NUMBERS),
    gives=lambda input: input,
    says="positive gives input.",
    observed=("output_dtype",),
    owns=False,
    like="exp",
)

SQUARE = function(
    "square",
    np.square,
    "square gives the square of each number.",
    lambda x: 2 * x,
    "twice the number",
    cases=partial(cases.one, dtypes=cases.NUMBERS),
    gives=reference.of_one(np.square),
    whole=None,
)

SQRT = function(
    "sqrt",
    np.sqrt,
    "sqrt gives the square root of each number.",
    lambda x: 0.5 / np.sqrt(x),
    "0.5 / sqrt(input)",
    domain=FROM_0,
    units=1.0,
)

RSQRT = function(
    "rsqrt",
    lambda x: 1 / np.sqrt(x),
    "rsqrt gives 1 divided by the square root of each number.",
    lambda x: -0.5 / x**1.5,
    "-0.5 / input ** 1.5",
    domain=ABOVE_0,
)

RECIPROCAL = function(
    "reciprocal",
    lambda x: 1 / x,
    "reciprocal gives 1 divided by each number.",
    lambda x: -1 / x**2,
    "-1 / input ** 2",
    domain=NONZERO,
    inner=cases.Domain(0.5, 4.0),
    documented=("whole_numbers", "whole_numbers_elements"),
)

POW = of_two(
    "pow",
    lambda input, exponent: reference.computed(reference.power, input, exponent),
    "pow gives input to the power of exponent.",
    call="torch.pow(input, exponent)",
    cases=partial(cases.several, "input", "exponent", domains=(BASES, EXPONENTS), dtypes=cases.REAL_NUMBERS),
    mixed=partial(
        cases.mixed,
        "exponent",
        domain=cases.POSITIVE,
        dtypes=cases.REAL_NUMBERS,
        numbers=(2, 3, 1.5),
    ),
    nan=IEEE,
    with_nan=partial(cases.several, "input", "exponent", domains=(BASES, EXPONENTS), special=True),
    units=8.0,
    smooth=("input", "exponent"),
    gradient=lambda upstream, input, exponent: reference.chained(
        upstream, (input, exponent), (lambda x, y: y * x ** (y - 1), lambda x, y: x**y * np.log(x))
    ),
    derives=BY_PARTS,
    derived=partial(
        cases.several, "input", "exponent", domains=(cases.Domain(0.5, 2.0), cases.Domain(0.5, 3.0))
    ),
    ties=True,
    scaled=lambda upstream, input, exponent: reference.added_up(upstream, input, exponent),
    observed=SILENT_ON_DTYPES,
)

POW_NUMBER = function(
    "pow_number",
    None,
    "With a number as exponent, pow gives each element to that power.",
    call="torch.pow(input, exponent)",
    gives=lambda input, exponent: reference.computed(lambda x: np.power(x, exponent), input),
    domain=BASES,
    cases=partial(cases.one, domain=BASES, exponent=(2, 3, 0.5, -1.0, -0.5, 1.5, 0, 1, -2.0, -3.0)),
    with_nan=partial(cases.one, domain=BASES, special=True, exponent=(2, 3, -1.0, 1.5, 0, 1, -2.0)),
    whole=None,
    units=8.0,
    smooth=("input",),
    gradient=lambda upstream, input, exponent: upstream * exponent * input.astype(float) ** (exponent - 1),
    derives="pow passes to each element the gradient times exponent * input ** (exponent - 1).",
    derived=partial(cases.one, domain=cases.Domain(0.5, 2.0), exponent=(2, 3, 0.5, -1.0, -0.5, 1.5, 1, -2.0)),
    ties=True,
)

FLOAT_POWER = of_two(
    "float_power",
    reference.power_of_doubles,
    "float_power gives input to the power of exponent, computed in float64.",
    call="torch.float_power(input, exponent)",
    cases=partial(
        cases.several,
        "input",
        "exponent",
        domains=(cases.Domain(0.1, 10.0, least=1, most=3), cases.Domain(-4.0, 4.0, least=-3, most=3)),
        dtypes=cases.REALS,
        written=(torch.float64,),
    ),
    mixed=None,
    has_dtype="dtype float64",
    units=8.0,
    observed=(*SILENT_ON_SHAPES, "out_kind", "in_place_kind"),
)

HYPOT = of_two(
    "hypot",
    reference.of_two(np.hypot),
    "hypot gives the square root of the sum of the squares of input and other.",
    mixed=partial(cases.mixed, dtypes=cases.FLOATS, numbers=()),
    observed=SILENT_ON_DTYPES,
    units=4.0,
    **SPECIAL,
    **derived_by(
        lambda x, y: x / np.hypot(x, y),
        lambda x, y: y / np.hypot(x, y),
        "hypot passes to each leg the gradient times its part of the result.",
    ),
)

ADDCMUL = of_two(
    "addcmul",
    lambda input, tensor1, tensor2, value: reference.computed(
        lambda x, y, z: x + value * y * z, input, tensor1, tensor2
    ),
    "addcmul gives input plus value times the product of tensor1 and tensor2.",
    call="torch.addcmul(input, tensor1, tensor2, value=value)",
    cases=partial(
        cases.several,
        "input",
        "tensor1",
        "tensor2",
        domains=(cases.QUARTERS,) * 3,
        dtypes=cases.REAL_NUMBERS,
        value=(1, 2),
    ),
    mixed=None,
    has_dtype="the dtype of its tensors, if they have the same",
    units=1.0,
    smooth=("input", "tensor1", "tensor2"),
    gradient=lambda upstream, input, tensor1, tensor2, value: reference.chained(
        upstream,
        (input, tensor1, tensor2),
        (lambda x, y, z: 1.0, lambda x, y, z: value * z, lambda x, y, z: value * y),
    ),
    derives=BY_PARTS,
    derived=partial(
        cases.several, "input", "tensor1", "tensor2", value=(1, 2), domains=(cases.ANY.inner(),) * 3
    ),
    ties=True,
    scaled=lambda upstream, input, tensor1, tensor2: reference.added_up(upstream, input, tensor1, tensor2),
    observed=("output_dtype", "out_kind", "in_place_kind"),
    like="",
)

ADDCDIV = replace(
    ADDCMUL,
    call="torch.addcdiv(input, tensor1, tensor2, value=value)",
    gives=lambda input, tensor1, tensor2, value: reference.computed(
        lambda x, y, z: x + value * y / z, input, tensor1, tensor2
    ),
    says="addcdiv gives input plus value times the quotient of tensor1 and tensor2.",
    cases=partial(
        cases.several,
        "input",
        "tensor1",
        "tensor2",
        domains=(cases.QUARTERS, cases.QUARTERS, cases.POWERS_OF_2),
        value=(1, 2),
    ),
    gradient=lambda upstream, input, tensor1, tensor2, value: reference.chained(
        upstream,
        (input, tensor1, tensor2),
        (lambda x, y, z: 1.0, lambda x, y, z: value / z, lambda x, y, z: -value * y / z**2),
    ),
    derived=partial(
        cases.several,
        "input",
        "tensor1",
        "tensor2",
        value=(1, 2),
        domains=(cases.ANY.inner(), cases.ANY.inner(), cases.Domain(0.5, 4.0)),
    ),
    scaled=lambda upstream, input, tensor1, tensor2: (
        4 * reference.added_up(upstream, input, tensor1, tensor2)
    ),
    like="addcmul",
)

LERP = replace(
    ADDCMUL,
    call="torch.lerp(input, end, weight)",
    gives=lambda input, end, weight: reference.computed(
        lambda x, y, part: x + part * (y - x), input, end, weight
    ),
    says="lerp gives input plus weight times the distance to end.",
    cases=partial(
        cases.several, "input", "end", "weight", domains=(cases.QUARTERS, cases.QUARTERS, cases.QUARTERS)
    ),
    smooth=("input", "end", "weight"),
    gradient=lambda upstream, input, end, weight: reference.chained(
        upstream,
        (input, end, weight),
        (lambda x, y, part: 1 - part, lambda x, y, part: part, lambda x, y, part: y - x),
    ),
    derived=partial(
        cases.several, "input", "end", "weight", domains=(cases.ANY.inner(), cases.ANY.inner(), PARTS.inner())
    ),
    scaled=lambda upstream, input, end, weight: reference.added_up(upstream, input, end, weight),
    like="addcmul",
)

CLAMP = of_one(
    "clamp",
    reference.clamped,
    "clamp gives min for what is less, and then max for what is more; None is no bound.",
    call="torch.clamp(input, min, max)",
    cases=partial(cases.one, dtypes=SIGNED_REALS, min=(-1, 0, 2, None), max=(3, 1, -2)),
    nan="gives NaN for NaN",
    with_nan=partial(cases.one, special=True, min=(-1, 0, 2, None), max=(3, 1, -2)),
    either_zero=True,
    smooth=("input",),
    gradient=lambda upstream, input, min, max: upstream * (reference.clamped(input, min, max) == input),
    derives="clamp passes the gradient to what lies between the bounds, and 0 to what lies beyond.",
    # No page says what a bound itself gets: none is drawn.
    derived=partial(cases.one, domain=cases.ANY.inner(), min=(-1.03, 0.03, None), max=(3.03, 1.03)),
    ties=True,
    like="",
)

CLAMP_TO_TENSORS = of_two(
    "clamp_to_tensors",
    reference.clamped,
    "With tensors as bounds, clamp keeps each element between those in its place.",
    call="torch.clamp(input, min, max)",
    cases=partial(cases.several, "input", "min", "max", dtypes=cases.REAL_NUMBERS),
    mixed=None,
    has_dtype="the dtype of its tensors, if they have the same",
    either_zero=True,
    observed=(*SILENT_ON_SHAPES, "output_dtype", "out_kind", "in_place_kind"),
    like="addcmul",
)

GCD = of_two(
    "gcd",
    reference.of_two(np.gcd),
    "gcd gives the greatest common divisor, and 0 of two zeros.",
    cases=partial(cases.two, dtypes=cases.WHOLE),
    mixed=partial(cases.mixed, dtypes=cases.WHOLE, numbers=()),
    observed=(*SILENT_ON_SHAPES, *SILENT_ON_DTYPES),
)

LCM = replace(
    GCD,
    call="torch.lcm(input, other)",
    gives=reference.of_two(np.lcm),
    says="lcm gives the least common multiple, and 0 if one of the two is 0.",
)

LDEXP = of_two(
    "ldexp",
    reference.times_power_of_2,
    "ldexp gives input times 2 to the power of other.",
    cases=partial(cases.scaled, "other", exponents=(0, 1, 2, 3, -1, -2, 7, -7)),
    mixed=None,
    has_dtype="the dtype of input, if other has whole numbers",
    either_zero=True,
    smooth=("input",),
    gradient=lambda upstream, input, other: reference.chained(
        upstream, (input, other), (lambda x, y: 2.0**y, lambda x, y: 0.0)
    )[:1],
    derives="ldexp passes to input the gradient times 2 ** other.",
    scaled=lambda upstream, input, other: 16 * reference.added_up(upstream, input, other),
    observed=(*SILENT_ON_SHAPES, "output_dtype", "out_kind", "in_place_kind"),
)

FREXP = of_one(
    "frexp",
    reference.mantissa_and_exponent,
    "frexp gives a mantissa and an exponent for each number, which is mantissa * 2 ** exponent.",
    several=True,
    in_place=False,
    has_dtype="the dtype of input for the mantissa, and dtype int32 for the exponent",
    either_zero=True,
    observed=("output_dtype",),
)

COPYSIGN = of_two(
    "copysign",
    reference.of_two(np.copysign, floats=True),
    "copysign gives input with the sign of other, in floating numbers.",
    cases=partial(cases.two, domains=(cases.ANY, NONZERO)),
    either_zero=True,
    nan="takes the sign of -0.0 for negative, and gives NaN for NaN",
    with_nan=partial(cases.two, special=True),
    observed=SILENT_ON_DTYPES,
    **derived_by(
        lambda x, y: np.sign(x) * np.sign(y),
        lambda x, y: x * 0,
        "copysign passes to input the gradient, negated where the sign is changed, and 0 to other.",
    ),
)

NEXTAFTER = of_two(
    "nextafter",
    reference.following,
    "nextafter gives the next number of the dtype after input towards other, and other if they are equal.",
    cases=partial(cases.two, domains=(NONZERO, NONZERO), dtypes=cases.WIDE_FLOATS),
    mixed=None,
    has_dtype="the dtype of input and other, if they have the same",
    observed=("output_dtype", "out_kind", "in_place_kind"),
)

HEAVISIDE = of_two(
    "heaviside",
    lambda input, values: reference.computed(np.heaviside, input, values),
    "heaviside gives 0 for negative numbers, 1 for positive ones, and the element of values for 0.",
    call="torch.heaviside(input, values)",
    cases=partial(cases.several, "input", "values", dtypes=cases.REAL_NUMBERS),
    mixed=None,
    has_dtype="the dtype of input and values",
    either_zero=True,
    observed=(*SILENT_ON_SHAPES, "output_dtype", "out_kind", "in_place_kind"),
)

NAN_TO_NUM = of_one(
    "nan_to_num",
    reference.without_nan,
    "nan_to_num gives nan for NaN, posinf and neginf for infinities, for None the extremes of the dtype.",
    call="torch.nan_to_num(input, nan, posinf, neginf)",
    cases=partial(cases.one, special=True, nan=(0.0, 2.0), posinf=(None, 3.0), neginf=(None, -3.0)),
    either_zero=True,
    like="",
)
