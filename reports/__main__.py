"""`python -m reports`: work with the reports of past runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reports.catalogue import catalogue
from reports.files import UnreadableReportError, read_report
from reports.merge import UnmergeableError, merge
from reports.publish import publish
from reports.score import Score


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0, or 2 after one line on stderr if its input cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    again = commands.add_parser("render", help="write the report anew from results.json or from a journal")
    again.add_argument("source", type=Path, help="results.json, or journal.jsonl of a run that was killed")
    again.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    again.set_defaults(command=_render)
    joined = commands.add_parser(
        "merge",
        help="put the reports of several runs into one, a column per target; join the shards of a run",
    )
    joined.add_argument(
        "sources", type=Path, nargs="+", metavar="SOURCE", help="results.json or journal.jsonl"
    )
    joined.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    joined.add_argument(
        "--mixed", action="store_true", help="merge reports of different versions of the suite too"
    )
    joined.set_defaults(command=_merge)
    listed = commands.add_parser("catalogue", help="print the rules of a run as Markdown")
    listed.add_argument("source", type=Path, help="results.json or journal.jsonl of any run")
    listed.set_defaults(command=_catalogue)
    options = parser.parse_args(arguments)
    try:
        options.command(options)
    except (UnreadableReportError, UnmergeableError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _render(options: argparse.Namespace) -> None:
    print(publish(options.output, read_report(options.source)))


def _merge(options: argparse.Namespace) -> None:
    report = merge(map(read_report, options.sources), mixed=options.mixed)
    for target in report.run.targets:
        print(f"{target.id}: {Score(report, target.id).line}")
    print(publish(options.output, report))


def _catalogue(options: argparse.Namespace) -> None:
    print(catalogue(read_report(options.source)), end="")


if __name__ == "__main__":
    sys.exit(main())
