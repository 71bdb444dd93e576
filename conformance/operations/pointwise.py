"""What the entries of functions that go element by element have in common."""

from dataclasses import replace
from functools import partial

from conformance.operation import Operation
from conformance.references import pointwise as reference
from strategies.cases import pointwise as cases

AREA = "pointwise"

IEEE = "gives for NaN, infinities, zeros and what is outside of its domain what IEEE 754 and C99 say"
BROADCAST = "the shape that those of its tensors broadcast to"
SILENT_ON_SHAPES = ("output_shape", "incompatible_shapes", "in_place_shape")
SILENT_ON_DTYPES = ("promoted", "promoted_elements", "out_kind", "in_place_kind")


def _named(name, entry):
    """Return an entry that has a name, whatever it calls."""
    return entry if entry.name == name else replace(entry, named=name)


def of_one(name, gives, says, **given):
    """Return the entry of a function of one tensor."""
    fields = {
        "call": f"torch.{name}(input)",
        "cases": cases.one,
        "gives": gives,
        "says": says,
        "out": True,
        "in_place": True,
        "promotes": True,
        "pointwise": True,
        "like": "exp",
        "observed": ("output_dtype", "out_kind", "in_place_kind"),
    }
    return _named(name, Operation(**{**fields, **given}))


def function(name, computes, says, derivative=None, slope="", *, domain=cases.ANY, inner=None, **given):
    """Return the entry of a function of floating numbers, with its derivative, which `slope` names."""
    fields = {
        "gives": reference.of_one(computes, floats=True),
        "cases": partial(cases.one, domain=domain),
        "whole": partial(cases.one, domain=domain, dtypes=cases.WHOLE_AND_BOOL),
        "nan": IEEE,
        "with_nan": partial(cases.one, domain=domain, special=True),
        "units": 4.0,
    }
    if derivative is not None:
        fields |= {
            "smooth": ("input",),
            "gradient": reference.derived(derivative),
            "derives": f"{name} passes to each element the gradient times {slope}.",
            "derived": partial(cases.one, domain=inner or domain.inner()),
            "ties": True,
        }
    return of_one(name, says=says, **{**fields, **given})


def of_two(name, gives, says, **given):
    """Return the entry of a function of two tensors that broadcast."""
    fields = {
        "call": f"torch.{name}(input, other)",
        "cases": cases.two,
        "gives": gives,
        "says": says,
        "has_shape": BROADCAST,
        "has_dtype": "",
        "out": True,
        "in_place": True,
        "promotes": True,
        "pointwise": True,
        "mixed": cases.mixed,
        "like": "add",
    }
    return _named(name, Operation(**{**fields, **given}))


def derived_by(by_input, by_other, text, *, domains=(), **options):
    """Return the fields of an entry that tell the gradients of a function of two tensors."""
    inner = tuple([domain.inner() for domain in domains or (cases.ANY, cases.ANY)])
    return {
        "smooth": ("input", "other"),
        "gradient": reference.derived_by_both(by_input, by_other),
        "derives": text,
        "derived": partial(cases.two, domains=inner, **options),
        "ties": True,
        "scaled": lambda upstream, input, other: reference.added_up(upstream, input, other),
    }
