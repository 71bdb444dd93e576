"""The pages that explain: of a topic alone, and a site of all of them, to be opened from a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from reports.explained import CAUSES, About, Fact, Topic
from reports.files import write_text
from reports.links import documentation
from reports.model import Basis, Rule
from reports.note import GLYPHS as NOTE_GLYPHS
from reports.note import MEANINGS, Claim, Verdict, by_topic, counted
from reports.pages.html import file_text, packed, page
from reports.pages.pictures import drawn
from reports.shown import Picture
from reports.wording import many

LIMIT = 280_000
"""How large a page may get before its further pictures are left out."""

INDEX = "index.html"


@dataclass(frozen=True)
class _Shown:
    """A picture, or the rule that has the same one."""

    svg: Markup | None
    of: str


def address(about: str, name: str) -> str:
    """Return where the page of a topic lies in the site."""
    return f"{about}/{re.sub(r'[^A-Za-z0-9_.-]', '-', name)}.html"


def render_topic(topic: Topic, *, site: bool = False) -> str:
    """Return the page of a topic; in a site it has links to the others."""
    return page(
        "explained.html.jinja",
        _title(topic),
        script="explained.js",
        topic=topic,
        site=site,
        root="../" if site else "",
        address=address,
        link=documentation,
        causes=CAUSES,
        pictures=_pictures(topic),
    )


def _title(topic: Topic) -> str:
    named = {About.LAW: "What many operations share", About.SOURCE: "What the page says"}
    return f"{named[topic.about]}: {topic.name}" if topic.about in named else topic.name


def _pictures(topic: Topic) -> dict[str, _Shown]:
    """Return the pictures of a topic's facts, each drawn once, as long as there is room."""
    found: dict[str, _Shown] = {}
    first: dict[Picture, str] = {}
    size = len(file_text("page.css")) + sum(map(_size, topic.facts))
    for fact in topic.facts:
        picture = fact.example.picture if fact.example else None
        if not picture:
            continue
        if picture in first:
            found[fact.rule.id] = _Shown(None, first[picture])
            continue
        svg = drawn(picture, f"An example of {fact.rule.id}", f"p{len(first)}")
        size += len(svg)
        if size > LIMIT:
            break
        first[picture] = fact.rule.id
        found[fact.rule.id] = _Shown(svg, fact.rule.id)
    return found


def _size(fact: Fact) -> int:
    """Return about how many characters a fact takes, its picture apart."""
    script = fact.example.script if fact.example else ""
    return 800 + len(fact.rule.statement) + len(script) + 4 * script.count("'")


def write_topic(directory: Path, topic: Topic) -> None:
    """Write the page of a topic into a site."""
    path = directory / address(topic.about.value, topic.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, render_topic(topic, site=True))


def render_note(claims: Sequence[Claim], torch: str, *, site: bool = False) -> str:
    """Return the page of the learner's note; in a site it has links to the others."""
    return page(
        "note.html.jinja",
        "A learner's note, checked",
        script="explained.js",
        topics=by_topic(claims),
        counted=counted(claims),
        torch=torch,
        site=site,
        meanings=MEANINGS,
        marks=NOTE_GLYPHS,
        colours={Verdict.RIGHT: "holds", Verdict.LOOSE: "thin", Verdict.WRONG: "broken"},
        draw=drawn,
        address=address,
        link=documentation,
    )


def write_index(
    directory: Path,
    rules: Sequence[Rule],
    *,
    torch: str,
    laws: Iterable[tuple[str, int]],
    sources: Iterable[tuple[str, int]],
    note: str = "",
    reference: Sequence[tuple[str, str]] = (),
) -> Path:
    """Write the page from which all others of a site are found.

    `note` is where that of the note lies, `reference` are pages to look things up in, with what they say.
    """
    areas = []
    ordered = sorted(rules, key=lambda rule: (rule.area, rule.operation))
    for area, of_area in groupby(ordered, key=lambda rule: rule.area):
        operations = groupby(of_area, key=lambda rule: rule.operation)
        areas.append((area, [(name, len([*each])) for name, each in operations]))
    documented = sum(rule.basis is Basis.DOCUMENTED for rule in rules)
    facts = [[address("operation", rule.operation), rule.id, rule.statement] for rule in rules]
    path = directory / INDEX
    write_text(
        path,
        page(
            "site.html.jinja",
            "What PyTorch's tensors do",
            script="explained.js",
            counted=f"{many(len(rules), 'fact')}, {documented} of them documented",
            torch=torch,
            areas=areas,
            laws=sorted(laws),
            sources=sorted(sources),
            note=note,
            reference=reference,
            address=address,
            data=packed(json.dumps(facts)),
        ),
    )
    return path
