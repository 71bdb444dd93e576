"""`torch-conformance explain`: what is documented of an operation, with examples that are run here."""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.pool import Pool
from pathlib import Path

import torch

from conformance.engine.rule import load_rules
from conformance.explain.note import claims
from conformance.explain.reference import entries
from conformance.explain.topics import Topics, UnknownTopicError
from reports.explained import About, Fact, text
from reports.files import write_text
from reports.note import text as note_text
from reports.pages.explained import render_note, render_topic, write_index, write_topic
from reports.pages.reference import render_formats, render_strategies
from reports.reference import formats, formats_text, strategies_text

NOTE = "note"
"""The name of the learner's note."""

NOTE_PAGE = "note.html"

STRATEGIES, FORMATS = "strategies", "formats"
"""What there is for reference: the public names of `strategies`, and the files of a report."""

REFERENCE = (
    ("reference/strategies.html", "Strategies for tests of your own"),
    ("reference/formats.html", "Files of a report, field by field"),
)

REPORT = ("report/index.html", "A report, as a run writes it")
"""Where a report may lie in the folder of a site; then the site shows it as an example."""


def main(arguments: Sequence[str]) -> int:
    """Explain what is named; return 0, or 2 after one line on stderr if nothing is called so."""
    parser = argparse.ArgumentParser(
        prog="torch-conformance explain",
        description="Say what is documented of an operation, each fact with an example that is run here.",
    )
    parser.add_argument(
        "name",
        nargs="?",
        help="an operation (gather), a rule (gather.output_shape), a fact that many operations share "
        "(dim_range), a page of the documentation (notes/autograd); or note: a learner's note, checked; "
        "strategies: what the package of that name has for tests of your own; formats: a report's files",
    )
    parser.add_argument("--all", action="store_true", help="write a site of the pages of all operations")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="PATH", help="write a page there; with --all, the site's folder"
    )
    given = parser.parse_args(arguments)
    if given.all == (given.name is not None):
        parser.error("name one thing to explain, or --all")
    if given.all and given.output is None:
        parser.error("--all needs a folder: -o site")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    topics = Topics()
    if given.all:
        print(write_site(topics, given.output))
        return 0
    if given.name == STRATEGIES:
        found_names = entries()
        _give(
            given.output,
            lambda: strategies_text(found_names),
            lambda: render_strategies(found_names, topics.torch),
        )
        return 0
    if given.name == FORMATS:
        _give(given.output, lambda: formats_text(formats()), lambda: render_formats(formats()))
        return 0
    if given.name == NOTE:
        found = claims(load_rules())
        _give(
            given.output,
            lambda: note_text(found, topics.torch),
            lambda: render_note(found, topics.torch),
        )
        return 0
    try:
        topic = topics.find(given.name)
    except UnknownTopicError as error:
        print(error, file=sys.stderr)
        return 2
    _give(given.output, lambda: text(topic), lambda: render_topic(topic))
    return 0


def _give(path: Path | None, said: Callable[[], str], page: Callable[[], str]) -> None:
    if path is None:
        if isinstance(sys.stdout, io.TextIOWrapper):  # not every terminal has arrows
            sys.stdout.reconfigure(errors="replace")
        print(said(), end="")
    else:
        write_text(path, page())
        print(path)


def write_site(topics: Topics, directory: Path) -> Path:
    """Write the pages of all operations, laws and pages of the documentation; return that of all."""
    names = topics.names()
    for facts in _written(topics, directory, list(names[About.OPERATION])):
        topics.keep(facts)
    for about in (About.LAW, About.SOURCE):
        for name in names[about]:
            write_topic(directory, topics.topic(about, name))
    write_text(directory / NOTE_PAGE, render_note(claims(load_rules()), topics.torch, site=True))
    rules = [each.rule for of in names[About.OPERATION].values() for each in of]
    laws, sources = (
        [(name, len(of)) for name, of in names[about].items()] for about in (About.LAW, About.SOURCE)
    )
    reference = [*REFERENCE, *([REPORT] if (directory / REPORT[0]).exists() else [])]
    return write_index(
        directory,
        rules,
        torch=topics.torch,
        laws=laws,
        sources=sources,
        note=NOTE_PAGE,
        reference=reference,
    )


def _written(topics: Topics, directory: Path, operations: list[str]) -> Iterator[tuple[Fact, ...]]:
    """Write the pages of operations and those for reference, on all cores; yield the facts of operations.

    Where processes can be forked, that is, and this one has no other threads: what they hold is never let go
    in its copies.
    """
    global _writing
    _writing = topics, directory
    forks = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    if not forks or (cores := os.cpu_count() or 1) == 1:
        _write_reference()
        yield from map(_write, operations)
        return
    # Operations share strategies: their cases are chosen before, lest each process choose the same.
    with _forked(min(cores, 8)) as pool:
        for at, best in pool.imap_unordered(_choose, range(len(topics.strategies)), chunksize=4):
            topics.chooser.keep(topics.strategies[at], best)
    with _forked(min(cores, 8)) as pool:
        reference = pool.apply_async(_write_reference)
        # The longest first would be best; who comes next is good enough.
        yield from pool.imap_unordered(_write, operations)
        reference.get()


@contextmanager
def _forked(processes: int) -> Iterator[Pool]:
    """Give a pool of forks, and let each come to its end.

    To terminate them, as a pool by itself does, is to wait for ever where they take no SIGTERM.
    """
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield pool
        pool.close()
        pool.join()


_writing: tuple[Topics, Path]


def _choose(at: int) -> tuple[int, list[bytes]]:
    topics, _ = _writing
    return at, topics.chooser.best(topics.strategies[at])


def _write(operation: str) -> tuple[Fact, ...]:
    topics, directory = _writing
    topic = topics.topic(About.OPERATION, operation)
    write_topic(directory, topic)
    return topic.facts


def _write_reference() -> None:
    topics, directory = _writing
    (directory / "reference").mkdir(parents=True, exist_ok=True)
    strategies_page, formats_page = (directory / address for address, _ in REFERENCE)
    write_text(strategies_page, render_strategies(entries(), topics.torch, site=True))
    write_text(formats_page, render_formats(formats(), site=True))
