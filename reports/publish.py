"""Everything that a report consists of, written to a directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reports.ctrf import ctrf
from reports.files import PAGE, RESULTS, write_results, write_text
from reports.fleet import Fleet
from reports.junit import junit
from reports.model import Report
from reports.pages.html import render
from reports.summary import badge, badge_of, summary

JUNIT = "junit.xml"
SUMMARY = "summary.md"
BADGE = "badge.json"
CTRF = "ctrf.json"


def publish(directory: Path, report: Report) -> Path:
    """Write results.json, the page, junit.xml, ctrf.json, summary.md and badge.json.

    Returns the path of the page. Each file appears whole or not at all; raises OSError if one cannot be
    written.
    """
    # Everything is made before the first is written: a fault in one leaves no half of a report.
    texts = {**_texts(report), BADGE: _json(badge(report)), PAGE: render(report)}
    write_results(directory / RESULTS, report)
    return _written(directory, texts)


def publish_fleet(directory: Path, fleet: Fleet) -> Path:
    """Write the same of a fleet: results.json and the badge are of all of it, the others show targets as one.

    Returns the path of the page, and raises OSError, as `publish` does.
    """
    shown = fleet.shown()
    texts = {
        **_texts(shown.report, shown.note),
        BADGE: _json(badge_of(fleet.scores)),
        PAGE: render(shown.report, shown),
    }
    fleet.write_results(directory / RESULTS)
    return _written(directory, texts)


def _texts(report: Report, note: str = "") -> dict[str, str]:
    return {JUNIT: junit(report), SUMMARY: summary(report, note), CTRF: _json(ctrf(report))}


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data) + "\n"


def _written(directory: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        write_text(directory / name, text)
    return directory / PAGE
