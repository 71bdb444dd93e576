"""Documentation sources: which page or docstring a rule takes its authority from."""

from __future__ import annotations

import functools
import hashlib
import importlib
import sys
from pathlib import Path
from typing import Any

import conformance

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGES = frozenset(
    {
        "autograd",
        "blog/pytorch-0_4_0-migration-guide",
        "distributions",
        "nn",
        "notes/autograd",
        "notes/broadcasting",
        "notes/extending",
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


REVIEWED = Path(conformance.__file__).with_name("sources.toml")
"""For each source with a docstring, the versions of torch whose words its rules were reviewed against."""


def fingerprint(source: str) -> str | None:
    """Return what tells a source's docstring from others, spaces and lines apart; None if there is none."""
    if source in PAGES or missing(source) is not None:
        return None
    words = " ".join(_resolve(source).__doc__.split())
    return hashlib.sha256(words.encode()).hexdigest()[:16]


@functools.cache
def reviewed(path: Path = REVIEWED) -> dict[str, dict[str, str]]:
    """Return the fingerprints that rules were reviewed against, by source and version of torch."""
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def changed(source: str) -> str | None:
    """Return what is to be known of a source that has other words than its rules were reviewed against.

    None if it has the same, or none.
    """
    found, known = fingerprint(source), reviewed().get(source, {})
    if found is None or found in known.values():
        return None
    return f"reviewed against torch {', '.join(known)}" if known else "never reviewed"


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
