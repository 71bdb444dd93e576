"""Reading and writing the files of a report: results.json, the journal, and the HTML page."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import fastjsonschema
import jsonschema

from reports.form import Written, decoded, is_plain, written
from reports.model import FORMAT, Report, Result, Rule, Run, plain
from reports.support import support

RESULTS = "results.json"
JOURNAL = "journal.jsonl"
PAGE = "index.html"


class UnreadableReportError(Exception):
    """A file is no report of this format; the message says why in one line."""


@functools.cache
def schema() -> dict[str, Any]:
    """Return the JSON schema of results.json."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("results.schema.json").read_text("utf-8"))
    return found


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: it appears whole or not at all."""
    with writing(path) as file:
        file.write(text)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """Give a file to write to that appears under its name, whole, when the block has come to its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        # What is no text (a lone surrogate, say) has no place in UTF-8, and is no reason to fail.
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            yield file
        # mkstemp makes the file private; a report is for everyone whom the umask lets in.
        umask = os.umask(0)
        os.umask(umask)
        Path(aside).chmod(0o666 & ~umask)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def results_text(report: Report) -> str:
    """Return the text of results.json: the report, and what follows from it for other tools to read."""
    cells = {target: json.dumps(found) for target, found in support(report).items()}
    return report.text.removesuffix("}\n") + end_of_results(cells)


def end_of_results(cells: Mapping[str, str]) -> str:
    """Return how results.json ends, of texts that say what each target supports."""
    lines = ",\n".join(f"{json.dumps(target)}: {found}" for target, found in cells.items())
    return f',\n"support": {{\n{lines}\n}}}}\n' if cells else "}\n"


def write_results(path: Path, report: Report) -> None:
    """Write results.json."""
    write_text(path, results_text(report))


def read_report(path: Path) -> Report:
    """Read a report from results.json or from a journal, which may have been cut short.

    Of a directory, its results.json is read, or its journal if a run that was killed left no more.

    Raises UnreadableReportError, with the reason in one line, if the file is neither.
    """
    report, _ = read_with_lines(path)
    return report


def read_with_lines(path: Path) -> tuple[Report, list[str] | None]:
    """Read a report, and the lines of its results where the file is results.json as it is written."""
    if path.is_dir():
        path = next((path / name for name in (RESULTS, JOURNAL) if (path / name).exists()), path / RESULTS)
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise UnreadableReportError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableReportError(f"{path}: is not UTF-8 text") from None
    report, lines = None, None
    if path.suffix != ".jsonl" and (parts := written(text)) is not None:
        report, lines = _assembled(parts), parts.lines
    report = report or _report(path, _journal(text) if path.suffix == ".jsonl" else decoded(text))
    if fault := _contradiction(report):
        raise UnreadableReportError(f"{path}: {fault}")
    return report, lines


def _assembled(parts: Written) -> Report | None:
    """Return the report of which these are the parts, None if they do not satisfy the schema."""
    unsure = [result for result in parts.results if not is_plain(result)]
    data = {**parts.rest, "rules": [], "results": unsure}
    rules = _rules(parts.rules)
    try:
        _validator()(data)
    except fastjsonschema.JsonSchemaException:
        return None
    return Report.from_json({**data, "results": parts.results}, rules) if rules is not None else None


@functools.lru_cache(maxsize=4)
def _rules(text: str) -> tuple[Rule, ...] | None:
    """Return the rules of which this is the text in results.json, None if there is something wrong."""
    data = decoded(f"[{text}]")
    check: Callable[[Any], Any] = fastjsonschema.compile(schema()["properties"]["rules"])
    try:
        check(data)
    except fastjsonschema.JsonSchemaException:
        return None
    return tuple(map(Rule.from_json, data))


def _report(path: Path, data: Any) -> Report:
    """Return the report that data are; raises UnreadableReportError if they are none."""
    if not isinstance(data, dict):
        raise UnreadableReportError(f"{path}: is not JSON, or was cut short, or is no report")
    if data.get("format") != FORMAT:
        raise UnreadableReportError(
            f"{path}: has format {data.get('format')!r}; this version reads format {FORMAT}"
        )
    try:
        _validator()(data)
    except fastjsonschema.JsonSchemaException:
        raise UnreadableReportError(f"{path}: {_fault(data)}") from None
    return Report.from_json(data)


def _contradiction(report: Report) -> str | None:
    """Return what is wrong with a report that satisfies the schema, None if nothing is."""
    rules, targets = [rule.id for rule in report.rules], [target.id for target in report.run.targets]
    for what, ids in (("rule", rules), ("target", targets)):
        if twice := [id for id, count in Counter(ids).items() if count > 1]:
            return f"the {what} {twice[0]!r} is listed twice"
    known_rules, known_targets = set(rules), set(targets)
    places = [(result.rule, result.target) for result in report.results]
    for rule, target in (*places, *report.running):
        if rule not in known_rules or target not in known_targets:
            return f"there is a result of {rule!r} on {target!r}, which are not both listed"
    if len(set(places)) != len(places):
        return "a rule has two results on one target"
    if any(not (target.run is None or target.run < len(report.runs)) for target in report.run.targets):
        return "a target names a run that is not there"
    if report.runs and any(target.run is None for target in report.run.targets):
        return "a target of a merged report names no run"
    return None


@functools.cache
def _validator() -> Callable[[Any], Any]:
    """Return a fast check against the schema; what it raises is hard to read."""
    check: Callable[[Any], Any] = fastjsonschema.compile(schema())
    return check


def _fault(data: Any) -> str:
    """Return where data do not satisfy the schema, and why, in one line."""
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema()).iter_errors(data))
    if error is None:
        return "does not satisfy the schema"
    place = "/".join(str(part) for part in error.absolute_path) or "the top"
    return f"at {place}: {' '.join(error.message.split())[:200]}"


def _journal(text: str) -> Any:
    """Put the lines of a journal together; some may be torn, a later result replaces an earlier."""
    data: Any = None
    results: dict[str, Any] = {}
    running: dict[str, Any] = {}
    for line in text.splitlines():
        entry = decoded(line)
        if not isinstance(entry, dict):
            if data is None:
                break
            continue  # what it told is missing, and counted as not run
        if data is None:
            data = entry
        elif "begun" in entry:
            running[_place(entry["begun"])] = entry["begun"]
        elif "result" in entry:
            place = _place(entry["result"])
            results[place] = entry["result"]
            running.pop(place, None)
        elif "ended" in entry and isinstance(data.get("run"), dict):
            data["run"]["ended"] = entry["ended"]
    if data is not None:
        data.update(results=list(results.values()), running=list(running.values()))
    return data


def _place(entry: Any) -> str:
    """Return what tells an entry's rule and target from others'; the schema judges its form later."""
    return json.dumps([entry.get("rule"), entry.get("target")] if isinstance(entry, dict) else entry)


class Journal:
    """A line per result, written as the results arrive, so that a killed run still has what it had."""

    def __init__(self, path: Path, run: Run, rules: tuple[Rule, ...]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._line({"format": FORMAT, "run": plain(run), "rules": [plain(rule) for rule in rules]})

    def begin(self, rule: str, target: str) -> None:
        """Note that a rule begins on a target."""
        self._line({"begun": {"rule": rule, "target": target}})

    def add(self, result: Result) -> None:
        """Append a result."""
        self._line({"result": plain(result)})

    def end(self, ended: str | None) -> None:
        """Note that the run came to its end (or, with None, that it was interrupted) and close the file."""
        self._line({"ended": ended})
        self._file.close()

    def _line(self, data: dict[str, Any]) -> None:
        self._file.write(json.dumps(data, allow_nan=False) + "\n")
        self._file.flush()
