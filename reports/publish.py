"""Everything that a report consists of, written to a directory."""

from __future__ import annotations

import json
from pathlib import Path

from reports.ctrf import ctrf
from reports.files import PAGE, RESULTS, write_results, write_text
from reports.junit import junit
from reports.model import Report
from reports.pages.html import render
from reports.summary import badge, summary

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
    texts = {
        JUNIT: junit(report),
        SUMMARY: summary(report),
        CTRF: json.dumps(ctrf(report)) + "\n",
        BADGE: json.dumps(badge(report)) + "\n",
        PAGE: render(report),
    }
    write_results(directory / RESULTS, report)
    for name, text in texts.items():
        write_text(directory / name, text)
    return directory / PAGE
