"""Links into the documentation of the tested version of torch."""

from __future__ import annotations

import re

_ROOT = "https://docs.pytorch.org"


def documentation(source: str, torch: str) -> str:
    """Return the address of a rule's source in the documentation of a torch version.

    `source` is a page (`notes/autograd`; of the blog and the tutorials there is one for all versions) or an
    object (`torch.gather`); `torch` is the full version, such as
    `2.13.0+cpu`. Development versions link to the main branch's documentation.
    """
    release = re.match(r"(\d+\.\d+)\.\d+(?:\+|$)", torch)
    root = f"{_ROOT}/docs/{release[1] if release else 'main'}"
    if source.startswith("blog/"):
        return f"https://pytorch.org/{source}/"
    if source.startswith("tutorials/"):
        return f"{_ROOT}/{source}.html"
    if not source.startswith("torch."):
        return f"{root}/{source}.html"
    if source.startswith("torch.distributions."):
        return f"{root}/distributions.html#{source}"
    return f"{root}/generated/{source}.html"
