"""Documentation sources: which page or docstring a rule takes its authority from."""

from __future__ import annotations

import functools
import importlib
from typing import Any

PAGES = frozenset(
    {
        "autograd",
        "blog/pytorch-0_4_0-migration-guide",
        "distributions",
        "nn",
        "notes/autograd",
        "notes/broadcasting",
        "notes/modules",
        "notes/numerical_accuracy",
        "notes/out",
        "notes/randomness",
        "notes/serialization",
        "tensor_attributes",
        "tensor_view",
        "tensors",
        "tutorials/beginner/saving_loading_models",
        "tutorials/beginner/understanding_leaf_vs_nonleaf_tutorial",
    }
)
"""Pages of the documentation that are no object's docstring. The installed torch does not carry them."""


def check(source: str) -> None:
    """Check that a source is a page of the documentation or the name of an object of torch.

    Raises LookupError with the reason otherwise.
    """
    if source not in PAGES and not source.startswith("torch."):
        raise LookupError(f"{source} is neither a known page nor an object of torch")


@functools.cache
def missing(source: str) -> str | None:
    """Return why a source's text cannot be found in the tested torch, None if it can.

    A backend may replace functions by others without a docstring, `python -OO` drops docstrings, and other
    versions of torch have other functions. The text of a page is on no machine; nothing is missing of it.
    """
    if source in PAGES:
        return None
    try:
        found = _resolve(source)
    except LookupError as error:
        return str(error)
    except Exception as error:  # whatever a backend's module answers with
        return f"{source}: {type(error).__name__}: {error}"
    return None if getattr(found, "__doc__", None) else f"{source} has no docstring"


def _resolve(source: str) -> Any:
    """Import the longest prefix of `source` that is a module and follow the rest as attributes."""
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
