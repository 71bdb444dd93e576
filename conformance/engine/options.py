"""The suite's options, each checked before anything runs: what makes no sense is one line and exit code 4."""

from __future__ import annotations

import difflib
import fnmatch
import os
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Verbosity, settings

import conformance
from conformance.engine.apart import load
from conformance.engine.modes import ModeError, find
from conformance.engine.profiles import DEFAULT_PROFILE, DEFAULT_SEED, PROFILES, keeps_examples
from conformance.engine.rule import load_rules
from conformance.engine.targets import discover, select
from reports.known_breaks import KnownBreak, check_rules, read_known_breaks
from reports.model import Target
from reports.toml_file import KnownBreaksError
from reports.vendor import Vendor, check_classes, declare, read_vendor

SHIPPED_BREAKS = Path(conformance.__file__).with_name("known_breaks.toml")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:
    """Say in one line that there is no such option; in a clone, where pytest reads them first, it says so."""
    options, unknown = parser.parse_known_and_unknown_args(args)
    wrong = next((given.partition("=")[0] for given in unknown if given.startswith("-")), None)
    if wrong is not None and not options.help:
        ours = [name for option in parser.getgroup("conformance").options for name in option.names()]
        near = difflib.get_close_matches(wrong, [*ours, "-n", "-k", "-x"], 1)
        raise pytest.UsageError(f"{wrong}: there is no such option{f'; near it: {near[0]}' if near else ''}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    group = parser.getgroup("conformance", "conformance of devices to PyTorch's documentation")
    group.addoption(
        "--device",
        action="append",
        default=[],
        metavar="DEVICE",
        help="run on this device (cuda:0) or type of device (cuda) only; may be repeated",
    )
    group.addoption(
        "--rule",
        action="append",
        default=[],
        metavar="GLOB",
        help="run only rules whose id matches; may be repeated",
    )
    group.addoption(
        "--partial",
        action="store_true",
        help="exit with 0 when nothing breaks, though not all rules were run, or on few examples; without it "
        "such a run exits with 6, for it cannot say that anything conforms",
    )
    group.addoption(
        "--max-examples", metavar="N", help="examples per rule and target, instead of the profile's"
    )
    group.addoption("--report", metavar="DIR", default="conformance-report", help="where the report goes")
    group.addoption(
        "--mode",
        action="append",
        default=[],
        metavar="[only:]NAME[:OPTION]",
        help="run the rules in this mode, too (compile, compile:aot_eager, functionalize, fake …), in a "
        "column of its own beside each device, or with only: in its place; may be repeated",
    )
    group.addoption(
        "--known-breaks",
        "--vendor-file",
        action="append",
        default=[],
        metavar="FILE",
        help="a TOML file of further known breaks, and of what a vendor declares of a device: what it lacks "
        "or has, what means unsupported, how to wait for it and to seed it, and how exact it is",
    )
    group.addoption(
        "--import",
        action="append",
        default=[],
        dest="imports",
        metavar="MODULE[:FUNCTION]",
        help="import a module that registers a device, and call its function; may be repeated",
    )
    group.addoption(
        "--hang-after",
        metavar="SECONDS",
        default="60",
        help="how long one example may take before its rule counts as hung (default: 60)",
    )
    group.addoption(
        "--example-database",
        metavar="URL",
        help="keep the examples that broke a rule in this Redis database (redis://host:6379/0) and try them "
        "first; for machines that share the work of the explore profile",
    )
    group.addoption(
        "--post-mortem",
        metavar="SECONDS",
        default="30",
        help="how long to look for the simplest input that ends a process, for each kind of crash and hang; "
        "four times as long for all of them (default: 30; 0 to leave it)",
    )
    group.addoption(
        "--shrink",
        metavar="SECONDS",
        default="30",
        help="how long to look for simpler cases of the rules that broke, all together, when each has a "
        "small one (default: 30; 0 to leave it)",
    )
    group.addoption(
        "--confirm",
        metavar="SECONDS",
        default="60",
        help="how long to run the scripts of broken rules again, all together, to see whether they show the "
        "break by themselves (default: 60; 0 to leave it)",
    )


def profile(config: pytest.Config) -> str:
    """Return the name of the Hypothesis profile that is asked for."""
    name = config.getoption("--hypothesis-profile", None) or DEFAULT_PROFILE
    if name not in PROFILES:
        raise pytest.UsageError(
            f"--hypothesis-profile: there is no {name!r}; there are: {', '.join(PROFILES)}"
        )
    return str(name)


def max_examples(config: pytest.Config) -> int:
    """Return how many examples a rule gets on a target."""
    given = config.getoption("--max-examples")
    if given is None:
        return int(settings().max_examples)
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise pytest.UsageError(f"--max-examples: {given!r} is not a positive number")
    return int(given)


def verbosity(config: pytest.Config) -> Verbosity:
    """Return how much Hypothesis is to say."""
    return Verbosity[config.getoption("--hypothesis-verbosity", None) or "normal"]


def shard(config: pytest.Config) -> str | None:
    """Return which part of the rules pytest-split makes this run take."""
    splits, group = getattr(config.option, "splits", None), getattr(config.option, "group", None)
    return f"{group}/{splits}" if splits and group else None


def example_database(config: pytest.Config) -> dict[str, Any]:
    """Return the setting for the examples that machines share, if there are any."""
    url = config.getoption("--example-database")
    if url is None:
        return {}
    if not keeps_examples():
        raise pytest.UsageError("--example-database: only --hypothesis-profile=explore keeps examples")
    try:
        import redis
        from hypothesis.extra.redis import RedisExampleDatabase

        client = redis.Redis.from_url(url)
        client.ping()
    except ImportError:
        raise pytest.UsageError("--example-database: needs `pip install redis`") from None
    except (ValueError, redis.RedisError) as error:
        raise pytest.UsageError(f"--example-database: {url}: {error}") from None
    return {"database": RedisExampleDatabase(client)}


def seed(config: pytest.Config, profile: str) -> str:
    """Return the seed of the run: the one asked for, or a fresh one if the profile explores."""
    given = config.getoption("--hypothesis-seed", None)
    if given is not None:
        # Hypothesis, given a seed, would use no example database; the rules are seeded one by one anyhow.
        config.option.hypothesis_seed = None
        return str(given)
    return str(secrets.randbits(32)) if profile == "explore" else DEFAULT_SEED


def targets(config: pytest.Config, vendor: Vendor) -> list[Target]:
    """Return the devices to run on, with what was found or is declared of them."""
    here = declare(discover(config.option.imports), vendor)
    wanted = config.getoption("--device")
    try:
        chosen = select(here, wanted) if wanted else here
    except LookupError as error:
        raise pytest.UsageError(f"--device: {error.args[0]}") from None
    return _with_modes(chosen, config)


def _with_modes(chosen: list[Target], config: pytest.Config) -> list[Target]:
    """Return the targets with one more for each mode that is asked for, or with these only."""
    asked = list(dict.fromkeys(config.getoption("--mode")))
    found: list[Target] = []
    if not all(each.startswith(ONLY) for each in asked) or not asked:
        found += chosen
    most = max_examples(config) if config.getoption("--max-examples") is not None else None
    for name in dict.fromkeys(each.removeprefix(ONLY) for each in asked):
        try:
            mode = find(name)
        except ModeError as error:
            raise pytest.UsageError(f"--mode: {error}") from None
        unable = mode.missing()
        found += [
            replace(
                target,
                id=f"{target.id}+{name}",
                name=f"{target.name}, {name}",
                lacks={**target.lacks, **mode.lacks},
                mode=name,
                examples=most or min(mode.examples, int(settings().max_examples)),
                unable=f"the mode does not work here: {unable}" if unable else None,
            )
            for target in chosen
            if target.device != "meta"
        ]
    if not found:
        raise pytest.UsageError("--mode: meta is run in no mode, and nothing else is chosen")
    return found


ONLY = "only:"


def seconds(config: pytest.Config, option: str, *, at_least_0: bool = False) -> float:
    """Return an option that is a positive number of seconds, or 0 where that is allowed."""
    given = config.getoption(option)
    try:
        found = float(given)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf") or not (found or at_least_0):
        raise pytest.UsageError(f"{option}: {given!r} is not a positive number of seconds")
    return found


def import_backends(config: pytest.Config) -> None:
    """Import the modules that register devices."""
    for name in config.option.imports:
        try:
            load([name])
        except Exception as error:  # a backend fails in ways of its own
            raise pytest.UsageError(f"--import: {name}: {type(error).__name__}: {error}") from None


def known_breaks(config: pytest.Config) -> tuple[list[KnownBreak], Vendor]:
    """Return what is known not to hold, and what is declared of targets: as shipped, and as given."""
    known: list[KnownBreak] = []
    vendor = Vendor()
    try:
        for path in (SHIPPED_BREAKS, *map(Path, config.getoption("--known-breaks"))):
            entries, declared = read_known_breaks(path, shipped=path == SHIPPED_BREAKS), read_vendor(path)
            if path != SHIPPED_BREAKS:
                classes = {id: found.rule.classes for id, found in load_rules().items()}
                check_rules(entries, classes)
                check_classes(declared, classes)
            known += entries
            vendor = vendor.and_then(declared)
    except KnownBreaksError as error:
        raise pytest.UsageError(f"--known-breaks: {error}") from None
    return known, vendor


def report_directory(config: pytest.Config, *, make: bool) -> Path:
    """Return where the report goes: a folder that can be written to, and is there by now if `make`."""
    given = config.getoption("--report")
    if not given:
        raise pytest.UsageError("--report: the name of a folder is missing")
    directory = Path(config.invocation_params.dir, given)
    try:
        if directory.exists() and not directory.is_dir():
            raise pytest.UsageError(f"--report: {directory} is a file")
        if make and not config.option.collectonly:
            directory.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise pytest.UsageError(f"--report: {directory} cannot be made: {reason}") from None
    if directory.exists() and not os.access(directory, os.W_OK):
        raise pytest.UsageError(f"--report: {directory} cannot be written to")
    return directory


def check_globs(config: pytest.Config) -> None:
    """Check that every `--rule` matches some rule."""
    for glob in config.getoption("--rule"):
        rules = load_rules()
        if not any(matches(id, [glob]) for id in rules):
            raise pytest.UsageError(f"--rule: no rule's id matches {glob!r}{_near(glob, rules)}")


def _near(glob: str, rules: Iterable[str]) -> str:
    """Return what may have been meant, as the end of a message."""
    if any(matches(id, [f"{glob}.*"]) for id in rules):
        return f"; all rules of {glob} are '{glob}.*'"
    near = difflib.get_close_matches(glob, rules, n=3, cutoff=0.3)
    return f"; near it: {', '.join(near)}" if near else ""


def matches(id: str, globs: Iterable[str]) -> bool:
    """Return whether a rule's id matches one of the globs."""
    return any(fnmatch.fnmatchcase(id, glob) for glob in globs)
