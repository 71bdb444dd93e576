"""Every seeded fault."""

from tests.faults import (
    FAULTS,
    autograd,
    categorical,
    gather,
    joint,
    modules,
    placement,
    programs,
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
    "joint",
    "modules",
    "placement",
    "programs",
    "reductions",
    "squeeze",
    "unsupported",
    "view",
]
