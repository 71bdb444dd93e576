"""Every seeded fault."""

from tests.faults import (
    FAULTS,
    autograd,
    categorical,
    gather,
    generic,
    modules,
    placement,
    reductions,
    squeeze,
    unsupported,
    view,
)

__all__ = [
    "FAULTS",
    "autograd",
    "categorical",
    "gather",
    "generic",
    "modules",
    "placement",
    "reductions",
    "squeeze",
    "unsupported",
    "view",
]
