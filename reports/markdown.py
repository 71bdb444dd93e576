"""Text as Markdown that starts no markup of its own."""

from __future__ import annotations

from collections.abc import Iterable

_SPECIAL = "\\|`*_[]<>#&~"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a table; the cells are Markdown already."""
    cells = list(head)
    return [f"| {' | '.join(row)} |" for row in (cells, ["---"] * len(cells), *rows)]


def escaped(text: str, limit: int | None = None) -> str:
    """Return text in one line in which nothing is markup, cut off after `limit` characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if limit is not None and len(words) > limit:
        words = words[: limit - 1] + "…"
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in words)
