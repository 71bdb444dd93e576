"""`python -m reports`: work with the reports of past runs."""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from reports import compare, history
from reports.catalogue import catalogue
from reports.files import UnreadableReportError, read_report, write_text
from reports.fleet import MANY, fleet
from reports.merge import UnmergeableError, merge
from reports.model import Report, Result
from reports.pages.html import render_catalogue, render_comparison, render_history
from reports.publish import publish, publish_fleet
from reports.replay import NoTorchError, Replayer
from reports.score import Score, exit_code, exit_code_of

SOURCE = "a report's directory, results.json, or journal.jsonl of a run that was killed"


def main(arguments: Sequence[str] | None = None, prog: str = "python -m reports") -> int:
    """Run a command; `prog` is what the user called.

    Returns 0; of `compare` 1 if a documented rule broke, 3 if that cannot be told; of `render` and `merge`
    what the report says, as `reports.score.exit_code` does; 2, after one line on stderr, if the input cannot
    be used.
    """
    options = _parser(prog).parse_args(arguments)
    # Reports are trees, so nothing here is garbage before it is free; looking for it takes half the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return int(options.command(options) or 0)
    except (UnreadableReportError, UnmergeableError, compare.IncomparableError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    finally:
        if collecting:
            gc.enable()
    return 2


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="Work with the reports of past runs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    again = commands.add_parser("render", help="write a report anew")
    again.add_argument("source", type=Path, help=SOURCE)
    again.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    again.set_defaults(command=_render)

    joined = commands.add_parser(
        "merge", help="put the reports of several runs into one, a column per target; join shards of a run"
    )
    joined.add_argument("sources", type=Path, nargs="+", metavar="SOURCE", help=SOURCE)
    joined.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    joined.add_argument(
        "--mixed", action="store_true", help="merge reports of different versions of the suite too"
    )
    joined.set_defaults(command=_merge)

    changed = commands.add_parser(
        "compare",
        help="say what changed from one run to another; exit with 1 if a documented rule broke, with 3 if "
        "that cannot be told",
    )
    changed.add_argument("old", type=Path, help=SOURCE)
    changed.add_argument("new", type=Path, help="the later one")
    changed.add_argument("-o", "--output", type=Path, metavar="FILE", help="write a page, too")
    changed.add_argument(
        "--python",
        metavar="PATH",
        default=sys.executable,
        help="a Python with the torch of the new run, to replay counterexamples on (default: this one)",
    )
    changed.add_argument(
        "--old-python",
        metavar="PATH",
        help="one with the torch of the old run: what breaks there, too, is not new",
    )
    changed.add_argument("--no-replay", action="store_true", help="replay no counterexample")
    changed.set_defaults(command=_compare)

    long = commands.add_parser("history", help="show how targets did over many runs")
    long.add_argument("sources", type=Path, nargs="+", metavar="SOURCE", help=SOURCE)
    long.add_argument("-o", "--output", type=Path, metavar="FILE", help="write a page, too")
    long.set_defaults(command=_history)

    listed = commands.add_parser("catalogue", help="print the rules of a run as Markdown")
    listed.add_argument("source", type=Path, help=SOURCE)
    listed.add_argument("-o", "--output", type=Path, metavar="FILE", help="write them as a page instead")
    listed.set_defaults(command=_catalogue)
    return parser


def _render(options: argparse.Namespace) -> int:
    report = read_report(options.source)
    print(publish(options.output, report))
    return exit_code(report)


def _merge(options: argparse.Namespace) -> int:
    if len(options.sources) >= MANY:
        return _merge_many(options)
    return _told(options.output, merge(map(read_report, options.sources), mixed=options.mixed))


def _merge_many(options: argparse.Namespace) -> int:
    # Where there is room for the result, there is room for what it is made of.
    output = options.output.absolute()
    near = next(path for path in (output, *output.parents) if path.is_dir())
    with tempfile.TemporaryDirectory(dir=near, prefix=".merging-") as folder:
        found = fleet(options.sources, Path(folder), mixed=options.mixed)
        if isinstance(found, Report):
            return _told(options.output, found)
        for column in found.columns:
            print(f"{column.target.id}: {column.tally.score.said}; {column.tally.score.line}")
        print(publish_fleet(options.output, found))
        return exit_code_of(found.scores)


def _told(output: Path, report: Report) -> int:
    for target in report.run.targets:
        score = Score(report, target.id)
        print(f"{target.id}: {score.said}; {score.line}")
    print(publish(output, report))
    return exit_code(report)


def _compare(options: argparse.Namespace) -> int:
    old, new = read_report(options.old), read_report(options.new)
    with contextlib.ExitStack() as replayers:
        replays = [
            _replay(replayers.enter_context(Replayer(python)), python, report.run.torch, old, new)
            if python and not options.no_replay
            else None
            for python, report in ((options.python, new), (options.old_python, old))
        ]
        found = compare.compare(old, new, *replays)
    print(compare.markdown(found), end="")
    if options.output:
        write_text(options.output, render_comparison(found))
    return found.code


def _replay(replayer: Replayer, python: str, torch: str, *reports: Report) -> compare.Replay | None:
    """Return what replays a script of the reports on a version of torch.

    None, with a word on stderr, if that version is not there; so answers what is returned where the device of
    a script is not.
    """
    try:
        found = replayer.torch()
    except NoTorchError:
        found = "no torch"
    if found != torch:
        print(
            f"no counterexample is replayed: {python} has {found}, the run had torch {torch}", file=sys.stderr
        )
        return None

    where = {
        target.id: (report.run_of(target).imports, target.device)
        for report in reports
        for target in report.run.targets
    }

    @functools.cache
    def reached(target: str) -> bool:
        why = replayer.unreached(*where[target])
        if why is not None:
            print(f"no counterexample of {target} is replayed: {why}", file=sys.stderr)
        return why is None

    def replay(result: Result) -> str | None:
        if not result.script or not reached(result.target):
            return None
        exception = (result.reason or "").partition(":")[0]
        return replayer.reproduced(result.script, exception)

    return replay


def _history(options: argparse.Namespace) -> None:
    beside = options.output.parent if options.output else Path()
    pages = [_page_of(source, beside) for source in options.sources]
    found = history.history(map(read_report, options.sources), pages)
    print(history.markdown(found), end="")
    if options.output:
        write_text(options.output, render_history(found))


def _page_of(source: Path, beside: Path) -> str | None:
    """Return the address of the page of a report, as seen from a folder; None if it has none there."""
    page = (source if source.is_dir() else source.parent) / "index.html"
    if not page.is_file():
        return None
    try:
        return quote(Path(os.path.relpath(page, beside)).as_posix())
    except ValueError:  # on another drive
        return page.resolve().as_uri()


def _catalogue(options: argparse.Namespace) -> None:
    report = read_report(options.source)
    if options.output:
        write_text(options.output, render_catalogue(report))
    else:
        print(catalogue(report), end="")


if __name__ == "__main__":
    sys.exit(main())
