"""`torch-conformance sources`: which documentation has other words than its rules were reviewed against."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import torch

from conformance.engine import source as sources
from conformance.engine.rule import load_rules
from reports.model import Rule


def main(arguments: Sequence[str]) -> int:
    """Run the command; return 1 if some documentation is to be read again, else 0."""
    parser = argparse.ArgumentParser(
        prog="torch-conformance sources",
        description="List the rules to read again: those whose documentation has other words in this torch "
        "than it had when they were reviewed. Exits with 1 if there are any.",
    )
    parser.add_argument(
        "--reviewed",
        action="append",
        default=[],
        metavar="SOURCE",
        help="note that the rules of this source were read against this torch ('all' for every source); may "
        "be repeated",
    )
    given = parser.parse_args(arguments).reviewed
    rules = by_source(found.rule for found in load_rules().values())
    if unknown := [name for name in given if name not in rules and name != "all"]:
        parser.error(f"no rule names {unknown[0]}")
    if given:
        write_reviewed(sources.REVIEWED, rules if "all" in given else given, str(torch.__version__), rules)
    lines = [f"torch {torch.__version__}"]
    again = {name: why for name in rules if (why := sources.changed(name)) is not None}
    for name, why in again.items():
        lines += [f"{name}: documentation changed since review: {why}"]
        lines += [f"    {rule.id}: {rule.statement}" for rule in rules[name]]
    absent = {name: why for name in rules if (why := sources.missing(name)) is not None}
    lines += [f"not there: {why}" for why in absent.values()]
    count = len({rule.id for name in again for rule in rules[name]})
    lines.append(f"{len(again)} of {len(rules)} sources changed; {count} rules to read again")
    print("\n".join(lines))
    return int(bool(again))


def by_source(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Return the rules that name each source."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        for name in rule.sources:
            found.setdefault(name, []).append(rule)
    return dict(sorted(found.items()))


def write_reviewed(path: Path, names: Iterable[str], version: str, used: Collection[str]) -> None:
    """Note the words that sources have in the installed torch; what is known of others that are `used` stays.

    Of a source whose words are known from another version, nothing is noted.
    """
    known = {name: dict(versions) for name, versions in sources.reviewed(path).items() if name in used}
    for name in names:
        found = sources.fingerprint(name)
        if found is not None and found not in known.get(name, {}).values():
            known.setdefault(name, {})[version.partition("+")[0]] = found
    lines = [
        "# The words that the rules of each source were reviewed against: fingerprints of its docstring, by",
        "# the version of torch. `torch-conformance sources` lists what the installed torch words otherwise,",
        "# and `torch-conformance sources --reviewed torch.gather` notes that its rules were read again.",
    ]
    for name in sorted(known):
        lines += ["", f'["{name}"]', *[f'"{at}" = "{found}"' for at, found in known[name].items()]]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    sources.reviewed.cache_clear()
