"""`python -m reports`: work with the reports of past runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reports.catalogue import catalogue
from reports.files import PAGE, RESULTS, UnreadableReportError, read_report, write_results, write_text
from reports.html import render


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0, or 2 after one line on stderr if its input cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    again = commands.add_parser("render", help="write the report anew from results.json or from a journal")
    again.add_argument("source", type=Path, help="results.json, or journal.jsonl of a run that was killed")
    again.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    again.set_defaults(command=_render)
    listed = commands.add_parser("catalogue", help="print the rules of a run as Markdown")
    listed.add_argument("source", type=Path, help="results.json or journal.jsonl of any run")
    listed.set_defaults(command=_catalogue)
    options = parser.parse_args(arguments)
    try:
        options.command(options)
    except UnreadableReportError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _render(options: argparse.Namespace) -> None:
    report = read_report(options.source)
    write_results(options.output / RESULTS, report)
    write_text(options.output / PAGE, render(report))
    print(options.output / PAGE)


def _catalogue(options: argparse.Namespace) -> None:
    print(catalogue(read_report(options.source)), end="")


if __name__ == "__main__":
    sys.exit(main())
