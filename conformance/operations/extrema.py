"""The largest and the smallest elements: of all, over dims, of two tensors, and where they stand.

What each of these operations has to itself is in `conformance.reductions`. Not covered: gradients where an
element is NaN, which the documentation leaves open; `out` of max and min over a dim, which is a pair and has
rules of its own, as has that of argmax and argmin, which no page names.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from conformance import reference
from conformance.operation import Operation
from conformance.references import extrema
from strategies.cases import extrema as cases
from strategies.values import NUMBER_DTYPES

AREA = "reductions"
DROPPED = "the shape of input without the dims reduced, or with size 1 there if keepdim"
EVENLY = "{name} shares the gradient evenly among the elements that equal the one it gives."
NAN = "gives NaN where one of the elements is NaN"
GRADIENTS = ("gradient", "every_call_gradient")
OVER = {"elements": "values", "output_shape": "shape", "output_dtype": "values_dtype", "nan": "nan_values"}
OF_ALL = {"elements": "full_value", "method": "full_method", "output_shape": "full_shape", "nan": "full_nan"}
EVERY_FULL = {f"every_call{of}": f"every_full_call{of}" for of in ("", "_of_nan", "_gradient")}


def _ids(name, ids):
    return {law: f"{name}.{fact}" for law, fact in ids.items()}


def _ways(name, *, place=True):
    """Return the documented ways to call a reduction over a dim."""
    found = [f"torch.{name}(input, dim, keepdim)", f"input.{name}(dim, keepdim)"] if place else []
    found += [f"torch.{name}(input, dim=dim, keepdim=keepdim)", f"input.{name}(dim=dim, keepdim=keepdim)"]
    found += [f"torch.{name}(input=input, dim=dim, keepdim=keepdim)"]
    found += [f"torch.{name}(input, dim)", f"input.{name}(dim)"] if place else []
    return (*found, f"torch.{name}(input, dim=dim)", f"input.{name}(dim=dim)")


def _full_ways(name, *, none=True):
    found = (f"torch.{name}(input)", f"input.{name}()", f"torch.{name}(input=input)")
    return (*found, f"torch.{name}(input, dim=None)", f"input.{name}(dim=None)") if none else found


def _ways_of_two(name):
    by_name = (f"torch.{name}(input=input, other=other)", f"input.{name}(other=other)")
    return (f"torch.{name}(input, other)", f"input.{name}(other)", *by_name)


MAX = Operation(
    call="torch.max(input, dim, keepdim).values",
    pair="torch.max(input, dim, True)",
    cases=cases.over_dim,
    gives=lambda input, dim, keepdim: reference.first_largest(input, dim, keepdim=keepdim)[0],
    says="Over a dim, max gives the largest element of each row.",
    has_shape=DROPPED,
    either_zero=True,
    smooth=("input",),
    gradient=extrema.to_the_first(reference.first_largest),
    derives="Over a dim, {name} passes the gradient to the element at indices alone, and to no equal one.",
    derived=partial(cases.over_dim, ties=True),
    ties=True,
    scaled=lambda: 0.0,
    nan=NAN,
    with_nan=partial(cases.over_dim, nan=True),
    ways=_ways("max"),
    defaults={"keepdim": False},
    documented=GRADIENTS,
    observed=("output_dtype",),
    ids=_ids("max", {**OVER, "indices_point": "indices_point_at_values"}),
)

MIN = replace(
    MAX,
    call="torch.min(input, dim, keepdim).values",
    pair="torch.min(input, dim, True)",
    gives=lambda input, dim, keepdim: reference.first_smallest(input, dim, keepdim=keepdim)[0],
    says="Over a dim, min gives the smallest element of each row.",
    gradient=extrema.to_the_first(reference.first_smallest),
    ways=_ways("min"),
    ids=_ids("min", OVER),
)

PLACES = {
    "elements": "first_index",
    "output_shape": "indices_shape",
    "output_dtype": "indices_dtype",
    "nan": "nan_index",
}

MAX_INDICES = Operation(
    named="max_indices",
    call="torch.max(input, dim, keepdim).indices",
    cases=cases.over_dim,
    gives=lambda input, dim, keepdim: reference.first_largest(input, dim, keepdim=keepdim)[1],
    says="Over a dim, the indices of max are the places of the largest elements, the first of equal ones.",
    has_shape=DROPPED,
    has_dtype="dtype int64",
    nan="gives the place of the first NaN of a row that has one",
    with_nan=partial(cases.over_dim, nan=True),
    ways=_ways("max"),
    defaults={"keepdim": False},
    ids=_ids("max", PLACES),
)

MIN_INDICES = replace(
    MAX_INDICES,
    named="min_indices",
    call="torch.min(input, dim, keepdim).indices",
    gives=lambda input, dim, keepdim: reference.first_smallest(input, dim, keepdim=keepdim)[1],
    says="Over a dim, the indices of min are the places of the smallest elements, the first of equal ones.",
    ways=_ways("min"),
    ids=_ids("min", PLACES),
)

MAX_OF_ALL = Operation(
    named="max_of_all",
    call="torch.max(input)",
    cases=cases.over_all,
    gives=extrema.extreme("max"),
    says="Without dim, max gives the largest of all elements.",
    has_shape="no dims",
    out=True,
    promotes=True,
    either_zero=True,
    smooth=("input",),
    gradient=extrema.shared_by_all("max"),
    derives="Without dim, max shares the gradient evenly among all elements that equal the largest.",
    derived=partial(cases.over_all, ties=True),
    ties=True,
    scaled=lambda: 0.0,
    nan=NAN,
    with_nan=partial(cases.over_all, nan=True),
    ways=_full_ways("max", none=False),
    documented=GRADIENTS,
    observed=("output_dtype",),
    ids=_ids("max", {**OF_ALL, **EVERY_FULL, "gradient": "full_gradient", "out_elements": "full_out"}),
)

MIN_OF_ALL = replace(
    MAX_OF_ALL,
    named="min_of_all",
    call="torch.min(input)",
    gives=extrema.extreme("min"),
    says="Without dim, min gives the smallest of all elements.",
    gradient=extrema.shared_by_all("min"),
    derives="Without dim, min shares the gradient evenly among all elements that equal the smallest.",
    ways=_full_ways("min", none=False),
    ids=_ids(
        "min",
        {
            **{law: fact for law, fact in OF_ALL.items() if law != "method"},
            **EVERY_FULL,
            "gradient": "full_gradient",
            "out_elements": "full_out",
        },
    ),
)

AMAX = Operation(
    call="torch.amax(input, dim, keepdim)",
    cases=cases.over_dims,
    gives=extrema.extremes("max"),
    says="amax gives the largest element over a dim, or over a tuple of dims.",
    has_shape=DROPPED,
    out=True,
    promotes=True,
    either_zero=True,
    smooth=("input",),
    gradient=extrema.shared("max"),
    derives=EVENLY,
    derived=partial(cases.over_dims, ties=True),
    ties=True,
    scaled=lambda: 0.0,
    nan=NAN,
    with_nan=partial(cases.over_dims, nan=True),
    ways=_ways("amax"),
    defaults={"keepdim": False},
    dims="dim",
    documented=GRADIENTS,
    observed=("output_dtype",),
    ids=_ids("amax", {"elements": "values", "output_shape": "shape", "out_elements": "out"}),
)

AMIN = replace(
    AMAX,
    call="torch.amin(input, dim, keepdim)",
    gives=extrema.extremes("min"),
    says="amin gives the smallest element over a dim, or over a tuple of dims.",
    gradient=extrema.shared("min"),
    ways=_ways("amin"),
    ids=_ids("amin", {"elements": "values", "output_shape": "shape", "out_elements": "out"}),
)

AMAX_OF_ALL = replace(
    MAX_OF_ALL,
    named="amax_of_all",
    call="torch.amax(input)",
    says="Without dim, amax gives the largest of all elements.",
    derives="Without dim, amax shares the gradient evenly among all elements that equal the largest.",
    ways=_full_ways("amax"),
    ids=_ids("amax", {**EVERY_FULL, "elements": "all_dims", "out_elements": "full_out"}),
)

AMIN_OF_ALL = replace(
    MIN_OF_ALL,
    named="amin_of_all",
    call="torch.amin(input)",
    says="Without dim, amin gives the smallest of all elements.",
    derives="Without dim, amin shares the gradient evenly among all elements that equal the smallest.",
    ways=_full_ways("amin"),
    ids=_ids("amin", {**EVERY_FULL, "elements": "all_dims", "out_elements": "full_out"}),
)

ARGMAX = Operation(
    call="torch.argmax(input, dim, keepdim)",
    cases=partial(cases.over_dim, dtypes=NUMBER_DTYPES),
    gives=lambda input, dim, keepdim: reference.first_largest(input, dim, keepdim=keepdim)[1],
    says="Along a dim, argmax gives the place of the first largest element of each row.",
    has_shape=DROPPED,
    has_dtype="dtype int64",
    nan="gives the place of the first NaN of a row that has one",
    with_nan=partial(cases.over_dim, nan=True),
    ways=_ways("argmax"),
    defaults={"keepdim": False},
    ids=_ids("argmax", {"elements": "dim", "output_dtype": "dtype"}),
)

ARGMIN = replace(
    ARGMAX,
    call="torch.argmin(input, dim, keepdim)",
    gives=lambda input, dim, keepdim: reference.first_smallest(input, dim, keepdim=keepdim)[1],
    says="Along a dim, argmin gives the place of the first smallest element of each row.",
    ways=_ways("argmin"),
    ids=_ids("argmin", {"elements": "dim", "output_dtype": "dtype"}),
)

ARGMAX_OF_ALL = Operation(
    named="argmax_of_all",
    call="torch.argmax(input)",
    cases=partial(cases.over_all, dtypes=NUMBER_DTYPES),
    gives=lambda input: np.asarray(input.argmax()),
    says="Without dim, argmax gives the place of the first largest element in row-major order.",
    has_shape="no dims",
    has_dtype="dtype int64",
    nan="gives the place of the first NaN if there is one",
    with_nan=partial(cases.over_all, nan=True),
    ways=_full_ways("argmax"),
    ids=_ids("argmax", {"elements": "all_dims", **{k: v for k, v in EVERY_FULL.items() if "grad" not in k}}),
)

ARGMIN_OF_ALL = replace(
    ARGMAX_OF_ALL,
    named="argmin_of_all",
    call="torch.argmin(input)",
    gives=lambda input: np.asarray(input.argmin()),
    says="Without dim, argmin gives the place of the first smallest element in row-major order.",
    ways=_full_ways("argmin"),
    ids=_ids("argmin", {"elements": "all_dims", **{k: v for k, v in EVERY_FULL.items() if "grad" not in k}}),
)

AMINMAX = Operation(
    call="torch.aminmax(input, dim=dim, keepdim=keepdim)",
    cases=cases.over_dim,
    gives=lambda input, dim, keepdim: (
        reference.first_smallest(input, dim, keepdim=keepdim)[0],
        reference.first_largest(input, dim, keepdim=keepdim)[0],
    ),
    says="Over a dim, aminmax gives the smallest element of each row, and the largest.",
    has_shape=DROPPED,
    several=True,
    out=True,
    promotes=True,
    either_zero=True,
    nan="gives NaN twice where one of the elements is NaN",
    with_nan=partial(cases.over_dim, nan=True),
    ways=_ways("aminmax", place=False),
    defaults={"keepdim": False},
    by_hand=("elements",),
    documented=("nan", "every_call_of_nan"),
    observed=("output_dtype",),
    ids={"out_elements": "aminmax.out"},
)

AMINMAX_OF_ALL = Operation(
    named="aminmax_of_all",
    call="torch.aminmax(input)",
    cases=cases.over_all,
    gives=lambda input: (np.asarray(input.min()), np.asarray(input.max())),
    says="Without dim, aminmax gives the smallest of all elements, and the largest.",
    has_shape="no dims",
    several=True,
    out=True,
    promotes=True,
    either_zero=True,
    nan="gives NaN twice if one of the elements is NaN",
    with_nan=partial(cases.over_all, nan=True),
    ways=_full_ways("aminmax"),
    documented=("nan", "every_call_of_nan"),
    observed=("output_dtype",),
    ids=_ids("aminmax", {"elements": "all_dims", **{k: v for k, v in EVERY_FULL.items() if "grad" not in k}}),
)

MAXIMUM = Operation(
    call="torch.maximum(input, other)",
    cases=cases.pairs,
    gives=extrema.of_two(np.maximum),
    says="maximum gives the larger of the two elements at each place.",
    has_shape="the broadcast shape of input and other",
    has_dtype="the dtype of input and other, if they have the same",
    out=True,
    promotes=True,
    either_zero=True,
    smooth=("input", "other"),
    gradient=extrema.of_two_gradient(np.greater),
    derives="maximum passes the gradient to the larger element, half of it to each of two equal ones.",
    derived=partial(cases.pairs, ties=True),
    ties=True,
    scaled=lambda: 0.0,
    nan="gives NaN where one of the two elements is NaN",
    with_nan=partial(cases.pairs, nan=True),
    ways=_ways_of_two("maximum"),
    by_hand=("output_shape",),
    documented=("nan", "every_call_of_nan"),
    observed=("output_dtype",),
    stated=dict.fromkeys(GRADIENTS, "notes/autograd"),
    ids={"out_elements": "maximum.out"},
)

MINIMUM = replace(
    MAXIMUM,
    call="torch.minimum(input, other)",
    gives=extrema.of_two(np.minimum),
    says="minimum gives the smaller of the two elements at each place.",
    gradient=extrema.of_two_gradient(np.less),
    derives="minimum passes the gradient to the smaller element, half of it to each of two equal ones.",
    ways=_ways_of_two("minimum"),
    ids={"out_elements": "minimum.out"},
)

FMAX = replace(
    MAXIMUM,
    call="torch.fmax(input, other)",
    cases=partial(cases.pairs, dtypes=NUMBER_DTYPES),
    gives=extrema.of_two(np.fmax),
    says="fmax gives the larger of the two elements at each place.",
    gradient=None,
    stated={},
    nan="gives the other element where one of two is NaN, and NaN where both are",
    ways=_ways_of_two("fmax"),
    by_hand=(),
    observed=(),
    ids={"output_shape": "fmax.shape", "out_elements": "fmax.out"},
)

FMIN = replace(
    FMAX,
    call="torch.fmin(input, other)",
    gives=extrema.of_two(np.fmin),
    says="fmin gives the smaller of the two elements at each place.",
    nan="gives the other element where one of two is NaN, and NaN where both are",
    ways=_ways_of_two("fmin"),
    ids={"out_elements": "fmin.out"},
)

OF_TWO = {f"every_call{of}": f"of_two_every_call{of}" for of in ("", "_of_nan", "_gradient")}

MAX_OF_TWO = replace(
    MAXIMUM,
    named="max_of_two",
    call="torch.max(input, other)",
    says="With a tensor as second argument, max gives the larger of the two elements at each place.",
    derives="max passes the gradient to the larger of two elements, half of it to each of two equal ones.",
    ways=_ways_of_two("max"),
    documented=(),
    ids=_ids("max", {**OF_TWO, "elements": "of_two", "out_elements": "of_two_out"}),
)

MIN_OF_TWO = replace(
    MINIMUM,
    named="min_of_two",
    call="torch.min(input, other)",
    says="With a tensor as second argument, min gives the smaller of the two elements at each place.",
    derives="min passes the gradient to the smaller of two elements, half of it to each of two equal ones.",
    ways=_ways_of_two("min"),
    documented=(),
    ids=_ids("min", {**OF_TWO, "elements": "of_two", "out_elements": "of_two_out"}),
)
