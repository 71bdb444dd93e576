"""The pages to look things up in: what `strategies` exports, and the fields of a report's files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from markupsafe import Markup, escape

from reports.pages.html import page
from reports.reference import Described, Entry, said_of


def render_strategies(entries: Sequence[Entry], torch: str, *, site: bool = False) -> str:
    """Return the page of the public names; in a site it has a link to the others."""
    return page(
        "strategies.html.jinja",
        "Strategies",
        script="explained.js",
        filters={"coded": coded, "dedented": textwrap.dedent},
        entries=entries,
        torch=torch,
        site=site,
    )


def render_formats(files: Sequence[Described], *, site: bool = False) -> str:
    """Return the page of the files; in a site it has a link to the others."""
    return page(
        "formats.html.jinja",
        "Files of a report",
        filters={"said": said_of, "breakable": breakable},
        files=files,
        site=site,
    )


def coded(text: str) -> Markup:
    """Return a text of a docstring with what stands in backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def breakable(path: str) -> Markup:
    """Return a path that may go on in the next line after each dot."""
    return Markup(str(escape(path)).replace(".", ".<wbr>"))
