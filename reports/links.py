"""Links into the documentation of the tested version of torch."""

from __future__ import annotations

import re

_ROOT = "https://docs.pytorch.org/docs"


def documentation(source: str, torch: str) -> str:
    """Return the address of a rule's source in the documentation of a torch version.

    `source` is a page (`notes/autograd`) or an object (`torch.gather`); `torch` is the full version, such as
    `2.13.0+cpu`. Development versions link to the main branch's documentation.
    """
    release = re.match(r"(\d+\.\d+)\.\d+(?:\+|$)", torch)
    root = f"{_ROOT}/{release[1] if release else 'main'}"
    if not source.startswith("torch."):
        return f"{root}/{source}.html"
    if source.startswith("torch.distributions."):
        return f"{root}/distributions.html#{source}"
    return f"{root}/generated/{source}.html"
