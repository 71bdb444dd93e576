"""A run from its options to its end: what it tests, in which processes, and who records and watches it."""

from __future__ import annotations

import faulthandler
import gc
import glob
import os
import platform
import reprlib
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import Verbosity, settings

import conformance
from conformance.__main__ import CONFIGURATION, suite_version
from conformance.engine import options
from conformance.engine.confirming import Confirming
from conformance.engine.decks import Decks, Keeping
from conformance.engine.device import seed_without_stacks
from conformance.engine.ending import Request
from conformance.engine.flight import FlightRecorder
from conformance.engine.garbage import left_alone
from conformance.engine.isolation import Isolation
from conformance.engine.judging import RULE, Judging
from conformance.engine.postmortem import PostMortem
from conformance.engine.profiles import keeps_examples, register_profiles
from conformance.engine.progress import Reporting
from conformance.engine.recording import Recording, now
from conformance.engine.refining import Refining
from conformance.engine.rule import load_rules
from conformance.engine.scratch import Scratch
from conformance.engine.watch import watched_now
from reports.known_breaks import KnownBreak
from reports.model import Run, plain
from reports.vendor import Vendor

RULES = Path(conformance.__file__).parent
"""The folder of the rules."""

DECKS = pytest.StashKey[Decks]()
SCRATCH = pytest.StashKey[Scratch]()
REQUEST = pytest.StashKey[Request]()
RECORDER = pytest.StashKey[FlightRecorder]()
SELECTION = pytest.StashKey[tuple[Run, list[KnownBreak]]]()
VENDOR = pytest.StashKey[Vendor]()
OF_RULES = pytest.StashKey[bool]()

register_profiles()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Run the rules in worker processes unless told otherwise, so that the device may end them.

    `-n 0` keeps them in this process, and so does what a worker has no terminal for: a debugger, and what
    Hypothesis is asked to say. A wrapper, to come before xdist, which does the same to say what `-n` means.
    """
    option = config.option
    start = config.invocation_params.dir
    if config.inipath == CONFIGURATION and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(RULES)]
    paths = [Path(start, argument.partition("::")[0]).resolve() for argument in config.args]
    of_rules = config.stash[OF_RULES] = all(RULES in (path, *path.parents) for path in paths)
    if not of_rules and getattr(option, "numprocesses", None) and option.dist == "no":
        # The suite's own tests take from milliseconds to a minute: who is idle takes some of another's.
        option.dist = "worksteal"
    undecided = getattr(option, "numprocesses", 0) is None and not option.tx
    spoken = option.usepdb or option.trace or options.verbosity(config) is not Verbosity.normal
    if of_rules and undecided and not spoken and not hasattr(config, "workerinput"):
        option.numprocesses = default_workers(getattr(option, "rule", ()))
    if getattr(option, "maxworkerrestart", "") is None:
        # xdist gives up after a few; a device may end one process per rule. Isolation knows when to stop.
        option.maxworkerrestart = str(sys.maxsize)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check every option before anything runs or is written, then set up the recording.

    Raises pytest.UsageError (exit code 4) with one line for the first option that makes no sense.
    """
    profile = options.profile(config)
    settings.load_profile(profile)
    max_examples = options.max_examples(config)
    # Hypothesis' own plugin loads the profile that its option names, after us: after rules were imported,
    # which take the settings that they find.
    settings.register_profile(
        profile,
        settings.get_profile(profile),
        max_examples=max_examples,
        verbosity=options.verbosity(config),
        **options.example_database(config),
    )
    settings.load_profile(profile)

    hang_after = options.seconds(config, "--hang-after")
    post_mortem = options.seconds(config, "--post-mortem", at_least_0=True)
    shrink = options.seconds(config, "--shrink", at_least_0=True)
    confirm = options.seconds(config, "--confirm", at_least_0=True)
    options.import_backends(config)
    known, vendor = options.known_breaks(config)
    config.stash[VENDOR] = vendor
    seed_without_stacks()
    torch.set_num_threads(1)  # see watch.py, where cases large enough for several get them
    request = config.stash[REQUEST] = Request(worker=hasattr(config, "workerinput"))
    config.add_cleanup(request.close)
    if hasattr(config, "workerinput"):
        # All workers draw alike, and none probes the devices again.
        run = Run.from_json(config.workerinput["conformance_run"])
        config.stash[SELECTION] = (run, known)
        recorder = _recorder(config)
        if recorder is not None:
            config.stash[RECORDER] = recorder
        shared = Path(config.workerinput["conformance_decks"])
        alive = recorder.draw if recorder is not None else lambda: None
        config.stash[DECKS] = Decks(run.seed, run.max_examples, shared, alive)
        config.pluginmanager.register(Judging(known, run, recorder), "conformance-judging")
        workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        config.pluginmanager.register(Refining(shrink / workers, recorder, None), "conformance-refining")
        return
    targets = tuple(options.targets(config, vendor))
    options.check_globs(config)
    directory = options.report_directory(config, make=config.stash[OF_RULES])
    run = Run(
        suite=suite_version(),
        torch=str(torch.__version__),  # a str of a kind of its own does not travel
        python=platform.python_version(),
        platform=platform.platform(),
        started=now(),
        seed=options.seed(config, profile),
        profile=profile,
        max_examples=max_examples,
        # pytest has a --strict of its own and lets nobody else define one; ours comes on top of it.
        strict=bool(config.getoption("strict", False)),
        targets=targets,
        shard=options.shard(config),
        rules=len(load_rules()),
        imports=tuple(config.option.imports),
    )
    config.stash[SELECTION] = (run, known)
    decks = config.stash[DECKS] = Decks(run.seed, run.max_examples, each=request.heed)
    if not keeps_examples():  # else the seed is this run's own
        config.pluginmanager.register(Keeping(decks), "conformance-keeping")
    config.pluginmanager.register(Judging(known, run, None), "conformance-judging")
    recording = Recording(run, directory, known=known, partial=config.getoption("--partial"))
    config.pluginmanager.register(recording, "conformance-recording")
    config.pluginmanager.register(Refining(shrink, None, recording.add), "conformance-refining")
    config.pluginmanager.register(
        Confirming(lambda: recording.report().results, recording.add, confirm), "conformance-confirming"
    )
    if config.stash[OF_RULES]:
        config.pluginmanager.register(Reporting(config, strict=run.strict), "conformance-reporting")
    if getattr(config.option, "dist", "no") != "no":
        scratch = config.stash[SCRATCH] = Scratch()
        examiner = PostMortem(config.option.imports, hang_after, post_mortem)
        isolation = Isolation(scratch.path, run, known, examiner, recording.add, hang_after=hang_after)
        config.pluginmanager.register(isolation, "conformance-isolation")
    if config.stash[OF_RULES]:
        # What the plugins have to say of themselves is no news to who tests a device; see below.
        config.option.no_header = config.option.verbose <= 0


MOST_WORKERS = 8
"""How many workers a run starts by itself at most: each has torch and a context of each device in memory."""


def default_workers(rules: Sequence[str]) -> int:
    """Return how many workers a run starts by itself: one for each core that it may use, within reason.

    If all that `--rule` asks for are whole ids, there are no more workers than rules.
    """
    workers = min(_cores(), MOST_WORKERS)
    ids = rules and not any(glob.has_magic(rule) for rule in rules)
    return min(workers, len(rules)) if ids else workers


def threads_per_worker() -> int:
    """Return with how many threads a worker runs what torch splits: its share of the cores, but some."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return max(2, _cores() // workers)


def _cores() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def _recorder(config: pytest.Config) -> FlightRecorder | None:
    """Return this worker's flight recorder; none where the worker is on another machine."""
    path = Path(config.workerinput["conformance_flights"], config.workerinput["workerid"])  # type: ignore[attr-defined]
    return FlightRecorder(path) if path.parent.is_dir() else None


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Say in one line what is tested; in a worker, have the stack left where it is read if it dies.

    After pytest has set up the same for stderr, where nobody would read it.
    """
    config = session.config
    if RECORDER in config.stash:
        stack = config.stash[RECORDER].path.with_suffix(".stack").open("w", encoding="utf-8")
        faulthandler.enable(stack)
        config.add_cleanup(stack.close)
    if config.stash.get(OF_RULES, False):
        # Rules log nothing, and pytest asks each of torch's fifty loggers before and after each of them.
        config.pluginmanager.unregister(name="logging-plugin")
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and config.option.no_header and config.stash.get(OF_RULES, False):
        terminal.line(pytest_report_header(config))
        # It counts processes, and what each of them collects.
        config.pluginmanager.unregister(name="terminaldistreporter")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Make the items, which stay for as long as rules run."""
    if not session.config.stash.get(OF_RULES, False):
        return (yield)
    with left_alone():
        collected = yield
    gc.freeze()  # what there is by now stays: no need to look through it again and again
    return collected


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Spare what there is the ten looks for garbage that pytest takes at its end: they take seconds."""
    if session.config.stash.get(OF_RULES, False):
        gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no files of the workers' behind."""
    if SCRATCH in config.stash:
        config.stash[SCRATCH].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Give xdist's workers the run, so that all draw alike and none probes the devices again."""
    config = node.config  # type: ignore[attr-defined]
    run, _ = config.stash[SELECTION]
    scratch = config.stash[SCRATCH].path
    node.workerinput["conformance_run"] = plain(run)  # type: ignore[attr-defined]
    node.workerinput["conformance_decks"] = str(config.stash[DECKS].directory or scratch)  # type: ignore[attr-defined]
    node.workerinput["conformance_flights"] = str(scratch)  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item) -> bool | None:
    """Leave the time of a rule to the controlling process, which can end one that holds the interpreter."""
    return True if RULE in item.stash and RECORDER in item.config.stash else None


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is tested and with which inputs."""
    run, _ = config.stash[SELECTION]
    targets = ", ".join(target.id for target in run.targets)
    verbosity = settings().verbosity.name
    return (
        f"conformance: torch {run.torch} on {targets}; profile {run.profile}, "
        f"{run.max_examples} examples, seed {run.seed}"
        + (f", verbosity {verbosity}" if verbosity != "normal" else "")
    )


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show the two sides of a rule's comparison in a line, instead of a diff of some thousand elements."""
    if not watched_now():
        return None
    return [f"{_brief.repr(left)} {op} {_brief.repr(right)}"]


_brief = reprlib.Repr()
_brief.maxlist = _brief.maxtuple = 16
_brief.maxstring = _brief.maxother = 240


@pytest.fixture(scope="session", autouse=True)
def every_warning() -> Iterator[None]:
    """Have torch repeat the warnings that it gives once per process, so that no rule depends on another."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(before)


@pytest.fixture(scope="session", autouse=True)
def short_diffs() -> Iterator[None]:
    """Have pytest shorten its diffs on CI too, as it does elsewhere.

    It makes one for every failing example, shown or not, and a full one of a few thousand elements takes it
    seconds: a run in which some rules break would take hours.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "BUILD_NUMBER"):
            patch.delenv(name, raising=False)
        yield
