"""Documentation sources: which page or docstring a rule takes its authority from."""

from __future__ import annotations

import importlib
from typing import Any

PAGES = frozenset(
    {
        "autograd",
        "distributions",
        "notes/autograd",
        "notes/broadcasting",
        "notes/numerical_accuracy",
        "notes/out",
        "notes/randomness",
        "tensor_view",
    }
)
"""Pages of the documentation that are no object's docstring. The installed torch does not carry them."""


def check(source: str) -> None:
    """Check that a source is a page of the documentation or an object of torch that has a docstring.

    Raises LookupError with the reason otherwise.
    """
    if source in PAGES:
        return
    found = _resolve(source)
    if not getattr(found, "__doc__", None):
        raise LookupError(f"{source} has no docstring")


def _resolve(source: str) -> Any:
    """Import the longest prefix of `source` that is a module and follow the rest as attributes."""
    if not source.startswith("torch."):
        raise LookupError(f"{source} is neither a known page nor an object of torch")
    parts = source.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            try:
                found = getattr(found, name)
            except AttributeError:
                raise LookupError(f"the installed torch has no {source}") from None
        return found
    raise LookupError(f"the installed torch has no {source}")
