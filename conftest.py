"""pytest's side of the suite: options, targets, seeds and profiles, and the recording plugin."""

from __future__ import annotations

import difflib
import faulthandler
import fnmatch
import functools
import hashlib
import os
import platform
import reprlib
import secrets
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn, cast

import hypothesis
import pytest
import torch
from hypothesis import HealthCheck, Phase, settings

from conformance.apart import POISONED, load
from conformance.postmortem import PostMortem
from conformance.rule import Watch, load_rules, watched_now, watching
from conformance.target import ailing, discover, select, settling
from reports.flight import FlightRecorder
from reports.isolation import Isolation
from reports.known_breaks import (
    KnownBreak,
    KnownBreaksError,
    Lack,
    check_rules,
    declare,
    find_excuses,
    read_known_breaks,
    read_lacks,
)
from reports.model import Observation, Rule, Run, Target, plain
from reports.plugin import OBSERVATION, RULE, Judging, Recording, Selection, now

SHIPPED_BREAKS = Path(__file__).parent / "conformance" / "known_breaks.toml"
DEFAULT_SEED = "0"

FLIGHTS = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()
RECORDER = pytest.StashKey[FlightRecorder]()
SELECTION = pytest.StashKey[tuple[Run, list[KnownBreak]]]()

PROFILES = {"conformance": 100, "quick": 20, "thorough": 1000, "explore": 100}


def _register_profiles() -> None:
    for name, examples in PROFILES.items():
        phases = [Phase.explicit, Phase.generate, Phase.shrink]
        if name == "explore":
            phases.insert(1, Phase.reuse)
        options = {} if name == "explore" else {"database": None}
        settings.register_profile(
            name,
            max_examples=examples,
            phases=phases,
            deadline=None,  # the first call on a device may compile a kernel
            suppress_health_check=[HealthCheck.too_slow],  # for the same reason
            report_multiple_bugs=False,  # a result has one counterexample
            print_blob=False,
            **options,
        )
    settings.load_profile("conformance")


_register_profiles()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    group = parser.getgroup("conformance")
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
        "--max-examples", metavar="N", help="examples per rule and target, instead of the profile's"
    )
    group.addoption("--report", metavar="DIR", default="conformance-report", help="where the report goes")
    group.addoption(
        "--known-breaks",
        action="append",
        default=[],
        metavar="FILE",
        help="a TOML file of further known breaks",
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
        help="how long to look for the simplest input that ends a process, for each rule that crashed or "
        "hung (default: 30; 0 to leave it)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the rules in a worker process unless told otherwise, so that the device may end it.

    `-n 0` (and a debugger) keeps them in this process.
    """
    option = config.option
    rules = Path(__file__).parent / "conformance"
    start = config.invocation_params.dir
    paths = [Path(start, argument.partition("::")[0]).resolve() for argument in config.args]
    of_rules = all(rules in (path, *path.parents) for path in paths)
    if not of_rules and getattr(option, "numprocesses", None) and option.dist == "no":
        # The suite's own tests take from milliseconds to a minute: who is idle takes some of another's.
        option.dist = "worksteal"
    undecided = getattr(option, "numprocesses", 0) is None and not option.tx
    debugged = option.usepdb or option.trace
    if of_rules and undecided and not debugged and not hasattr(config, "workerinput"):
        option.numprocesses = 1
    if getattr(option, "maxworkerrestart", "") is None:
        # xdist gives up after a few; a device may end one process per rule. Isolation knows when to stop.
        option.maxworkerrestart = str(sys.maxsize)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check every option before anything runs or is written, then set up the recording.

    Raises pytest.UsageError (exit code 4) with one line for the first option that makes no sense.
    """
    profile = _profile(config)
    settings.load_profile(profile)
    max_examples = _max_examples(config)
    # Hypothesis' own plugin loads the profile that its option names, after us.
    database = _example_database(config)
    settings.register_profile(profile, settings.get_profile(profile), max_examples=max_examples, **database)
    settings.load_profile(profile)

    hang_after = _seconds(config, "--hang-after")
    post_mortem = _seconds(config, "--post-mortem", at_least_0=True)
    _import(config)
    known, lacks = _known_breaks(config)
    targets = _targets(config, lacks)
    directory = _directory(config)
    _check_globs(config)
    run = Run(
        suite=_suite_version(),
        torch=str(torch.__version__),  # a str of a kind of its own does not travel
        python=platform.python_version(),
        platform=platform.platform(),
        started=now(),
        seed=_seed(config, profile),
        profile=profile,
        max_examples=max_examples,
        # pytest has a --strict of its own and lets nobody else define one; ours comes on top of it.
        strict=bool(config.getoption("strict", False)),
        targets=tuple(targets),
        shard=_shard(config),
    )
    config.stash[SELECTION] = (run, known)
    recorder = _recorder(config)
    if recorder is not None:
        config.stash[RECORDER] = recorder
    config.pluginmanager.register(Judging(known, run, recorder), "conformance-judging")
    if not hasattr(config, "workerinput"):
        recording = Recording(Selection(run, directory, _lookup))
        config.pluginmanager.register(recording, "conformance-recording")
        if getattr(config.option, "dist", "no") != "no":
            flights = config.stash[FLIGHTS] = tempfile.TemporaryDirectory(
                prefix="conformance-", ignore_cleanup_errors=True
            )
            examiner = PostMortem(config.option.imports, hang_after, post_mortem)
            isolation = Isolation(
                Path(flights.name), run, known, _lookup, examiner, recording.add, hang_after=hang_after
            )
            config.pluginmanager.register(isolation, "conformance-isolation")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Have this worker, should it die, leave its stack where the controlling process reads it.

    After pytest has set up the same for stderr, where nobody would read it.
    """
    if RECORDER in session.config.stash:
        stack = session.config.stash[RECORDER].path.with_suffix(".stack").open("w", encoding="utf-8")
        faulthandler.enable(stack)
        session.config.add_cleanup(stack.close)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no files of the workers' behind."""
    if FLIGHTS in config.stash:
        config.stash[FLIGHTS].cleanup()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Give xdist's workers the run, so that all draw alike and none probes the devices again."""
    config = node.config  # type: ignore[attr-defined]
    run, _ = config.stash[SELECTION]
    node.workerinput["conformance_run"] = plain(run)  # type: ignore[attr-defined]
    node.workerinput["conformance_flights"] = config.stash[FLIGHTS].name  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item) -> bool | None:
    """Leave the time of a rule to the controlling process, which can end one that holds the interpreter."""
    return True if RULE in item.stash and RECORDER in item.config.stash else None


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is tested and with which inputs."""
    run, _ = config.stash[SELECTION]
    targets = ", ".join(target.id for target in run.targets)
    return (
        f"conformance: torch {run.torch} on {targets}; profile {run.profile}, "
        f"{run.max_examples} examples, seed {run.seed}"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every rule on every target."""
    if hasattr(metafunc.function, "rule"):
        run, _ = metafunc.config.stash[SELECTION]
        metafunc.parametrize("target", run.targets, ids=lambda target: target.id, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the rules that were asked for, and seed each from its id and the run's seed."""
    run, _ = config.stash[SELECTION]
    globs = config.getoption("--rule")
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        rule: Rule | None = getattr(getattr(item, "function", None), "rule", None)
        if rule is None or not isinstance(item, pytest.Function):
            (dropped if globs else kept).append(item)
            continue
        item.stash[RULE] = (rule, cast(Target, item.callspec.params["target"]))
        _seed_rule(item.function, rule.id, run.seed)
        (kept if not globs or _matches(rule.id, globs) else dropped).append(item)
    if dropped:
        items[:] = kept
        config.hook.pytest_deselected(items=dropped)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show the two sides of a rule's comparison in a line, instead of a diff of some thousand elements."""
    if not watched_now():
        return None
    return [f"{_brief.repr(left)} {op} {_brief.repr(right)}"]


_brief = reprlib.Repr()
_brief.maxlist = _brief.maxtuple = 16
_brief.maxstring = _brief.maxother = 240


@pytest.fixture(scope="session", autouse=True)
def _every_warning() -> Iterator[None]:
    """Have torch repeat the warnings that it gives once per process, so that no rule depends on another."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(before)


@pytest.fixture(scope="session", autouse=True)
def _short_diffs() -> Iterator[None]:
    """Have pytest shorten its diffs on CI too, as it does elsewhere.

    It makes one for every failing example, shown or not, and a full one of a few thousand elements takes it
    seconds: a run in which some rules break would take hours.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "BUILD_NUMBER"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Place the rule's inputs on the target and observe it; skip it if the target lacks what it needs."""
    rule, target = request.node.stash[RULE]
    for need in rule.needs:
        if need in target.lacks:
            pytest.skip(f"{target.id} lacks {need.value}: {target.lacks[need]}")
    observation = request.node.stash[OBSERVATION] = Observation()
    config, device = request.config, target.id
    run, known = config.stash[SELECTION]
    recorder = config.stash.get(RECORDER, None)
    watch = Watch(
        observation,
        device,
        record=recorder.example if recorder else lambda _: None,
        settle=settling(device),
        lacking=[getattr(torch, name.removeprefix("torch.")) for name in target.lacks_dtypes],
        ailing=functools.partial(ailing, device) if target.device not in ("cpu", "meta") else lambda: None,
        abandon=functools.partial(_abandon, recorder),
        imports=config.option.imports,
        excused=frozenset(find_excuses(known, rule.id, target, run.torch)),
    )
    with watching(watch):
        yield target


def _abandon(recorder: FlightRecorder | None, reason: str) -> NoReturn:
    """End this process: its device is beyond use, and what it would say from now on worth nothing."""
    if recorder is None:
        pytest.exit(reason, returncode=pytest.ExitCode.TESTS_FAILED)
    recorder.note(reason)
    os._exit(POISONED)


def rule_seed(rule: str, seed: str) -> int:
    """Return the Hypothesis seed of a rule: the same on every target, whatever else runs."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{rule}".encode()).digest()[:8], "big")


def _seed_rule(function: Any, rule: str, seed: str) -> None:
    """Seed the function of a rule, once for all targets."""
    if function not in _seeded:
        _seeded.add(function)
        hypothesis.seed(rule_seed(rule, seed))(function)
        if Phase.reuse in settings().phases:
            # Seeded, Hypothesis would leave the example database alone.
            settings(database=settings().database)(function)


_seeded: set[Any] = set()


def _profile(config: pytest.Config) -> str:
    name = config.getoption("--hypothesis-profile", None) or "conformance"
    if name not in PROFILES:
        raise pytest.UsageError(
            f"--hypothesis-profile: there is no {name!r}; there are: {', '.join(PROFILES)}"
        )
    return str(name)


def _max_examples(config: pytest.Config) -> int:
    given = config.getoption("--max-examples")
    if given is None:
        return int(settings().max_examples)
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise pytest.UsageError(f"--max-examples: {given!r} is not a positive number")
    return int(given)


def _shard(config: pytest.Config) -> str | None:
    """Return which part of the rules pytest-split makes this run take."""
    splits, group = getattr(config.option, "splits", None), getattr(config.option, "group", None)
    return f"{group}/{splits}" if splits and group else None


def _example_database(config: pytest.Config) -> dict[str, Any]:
    """Return the setting for the examples that machines share, if there are any."""
    url = config.getoption("--example-database")
    if url is None:
        return {}
    if Phase.reuse not in settings().phases:
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


def _seed(config: pytest.Config, profile: str) -> str:
    if hasattr(config, "workerinput"):
        return str(config.workerinput["conformance_run"]["seed"])
    given = config.getoption("--hypothesis-seed", None)
    if given is not None:
        # Hypothesis, given a seed, would use no example database; the rules are seeded one by one anyhow.
        config.option.hypothesis_seed = None
        return str(given)
    return str(secrets.randbits(32)) if profile == "explore" else DEFAULT_SEED


def _targets(config: pytest.Config, lacks: Iterable[Lack]) -> list[Target]:
    if hasattr(config, "workerinput"):
        return list(Run.from_json(config.workerinput["conformance_run"]).targets)
    here = declare(discover(config.option.imports), lacks)
    wanted = config.getoption("--device")
    try:
        return select(here, wanted) if wanted else here
    except LookupError as error:
        raise pytest.UsageError(f"--device: {error.args[0]}") from None


def _seconds(config: pytest.Config, option: str, *, at_least_0: bool = False) -> float:
    given = config.getoption(option)
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf") or not (seconds or at_least_0):
        raise pytest.UsageError(f"{option}: {given!r} is not a positive number of seconds")
    return seconds


def _import(config: pytest.Config) -> None:
    for name in config.option.imports:
        try:
            load([name])
        except Exception as error:  # a backend fails in ways of its own
            raise pytest.UsageError(f"--import: {name}: {type(error).__name__}: {error}") from None


def _recorder(config: pytest.Config) -> FlightRecorder | None:
    """Return this worker's flight recorder; none in a process that is not a worker, or on another machine."""
    if not hasattr(config, "workerinput"):
        return None
    path = Path(config.workerinput["conformance_flights"], config.workerinput["workerid"])
    if not path.parent.is_dir():
        return None
    return FlightRecorder(path)


def _known_breaks(config: pytest.Config) -> tuple[list[KnownBreak], list[Lack]]:
    known: list[KnownBreak] = []
    lacks: list[Lack] = []
    try:
        for path in (SHIPPED_BREAKS, *map(Path, config.getoption("--known-breaks"))):
            entries = read_known_breaks(path)
            if path != SHIPPED_BREAKS:
                check_rules(entries, {id: found.rule.classes for id, found in load_rules().items()})
            known += entries
            lacks += read_lacks(path)
    except KnownBreaksError as error:
        raise pytest.UsageError(f"--known-breaks: {error}") from None
    return known, lacks


def _directory(config: pytest.Config) -> Path:
    directory = Path(config.invocation_params.dir, config.getoption("--report"))
    if directory.exists() and not directory.is_dir():
        raise pytest.UsageError(f"--report: {directory} is a file")
    return directory


def _check_globs(config: pytest.Config) -> None:
    for glob in config.getoption("--rule"):
        rules = load_rules()
        if not any(_matches(id, [glob]) for id in rules):
            near = difflib.get_close_matches(glob, rules, n=3, cutoff=0.3)
            hint = f"; near it: {', '.join(near)}" if near else ""
            raise pytest.UsageError(f"--rule: no rule's id matches {glob!r}{hint}")


def _matches(id: str, globs: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(id, glob) for glob in globs)


@functools.cache
def _lookup(nodeid: str) -> tuple[Rule, str] | None:
    """Return the rule and the target's id of a node id, None for a test that is no rule."""
    function, bracket, target = nodeid.partition("[")
    for found in load_rules().values():
        if bracket and (function == found.nodeid or found.nodeid.endswith(f"/{function}")):
            return found.rule, target.removesuffix("]")
    return None


def _suite_version() -> str:
    try:
        return version("torch-conformance")
    except PackageNotFoundError:
        sys.stderr.write("torch-conformance is not installed; its version is unknown\n")
        return "unknown"
