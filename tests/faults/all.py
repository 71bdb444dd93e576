"""Every seeded fault."""

from tests.faults import FAULTS, autograd, categorical, deadly, gather, modules, reductions, squeeze, view

__all__ = [
    "FAULTS",
    "autograd",
    "categorical",
    "deadly",
    "gather",
    "modules",
    "reductions",
    "squeeze",
    "view",
]
