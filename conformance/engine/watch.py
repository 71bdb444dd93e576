"""Watching a rule run: where its inputs are, what each example did, and the simplest that breaks it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

import pytest
import torch
from hypothesis.errors import UnsatisfiedAssumption

from conformance import expect
from conformance.engine.observation import Observation
from conformance.engine.script import Scripted, UnscriptableError, standalone
from reports.model import Kind, Rule
from strategies import Case, LackingDtypeError, classes_of, placing_on
from strategies.shapes import BEYOND_GRAIN
from strategies.tape import Traced

Test = TypeVar("Test", bound=Callable[..., None])


class LackingClassError(Exception):
    """An example is of an input class that the target lacks; the message names it."""


def _nothing(*_: object) -> None:
    return None


class InMode(Protocol):
    """A mode that rules are run in."""

    @property
    def scripted(self) -> Scripted:
        """How scripts run in it."""

    def entering(self) -> AbstractContextManager[Any]:
        """Return what is entered around an example, the making of its inputs included."""

    def body(self, body: Callable[..., None], case: Any) -> Callable[..., None]:
        """Return what is run in the place of a rule's body, for a case."""


def _no(*_: object) -> bool:
    return False


FAILURES = (Exception, pytest.fail.Exception)
"""What a rule that breaks raises; pytest's own failures are no Exceptions."""


FIRST_LOOK = 0.3
"""Seconds that Hypothesis, and then as long `simplest`, look for a simpler case when a rule breaks.

That is enough for a small case; time for the simplest one is given when every rule has its small one.
"""

KNOWN_LOOK = 0.15
"""The same where it is known that the rule breaks, and why."""


@dataclass
class Watch:
    """Where the rule that runs now runs, and how its examples are observed.

    `around` gives a context manager that is entered around the rule's body of each example, when its
    inputs are drawn and placed: seeded faults go there. `record` is told the bytes of each example before it
    runs. `settle` waits for the device, so that its errors come out of the example that made them. Where an
    example failed, `ailing` tells what is wrong with the device itself (None if nothing is); if it is beyond
    use, `abandon` ends this process, since nothing that it would say from then on is worth anything.
    `imports` are the modules that register the device; scripts import them too. `lacking` are the dtypes that
    the device does not have, `lacking_classes` the input classes of which nothing can be asked of it: what
    needs one is counted and not run, and so are the examples that `untried`, told the case, names something
    for. `bounds` are the relative errors that the vendor states, by the dtype. A failure that `explains`,
    told the rule's body, the case and the exception, says True of breaks nothing. What is known to end a
    process is run in another one: `dies` tells, of a case, how that ended. Of an example that
    `passes_over`, told its bytes, says True of, nothing is run: while a simpler failure is looked for. What
    is large enough for torch to split it is run with as many `threads`. All else is run with one: a thread
    that waits for a core that others use takes longer than the work. Simpler cases are looked for as long as
    `patience` says, in seconds. Rules are run in the `mode`, if there is one.
    """

    observation: Observation
    device: str = "cpu"
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    record: Callable[[bytes], None] = _nothing
    settle: Callable[[], object] = _nothing
    ailing: Callable[[], str | None] = _nothing
    abandon: Callable[[str], None] = _nothing
    imports: Sequence[str] = ()
    lacking: Sequence[torch.dtype] = ()
    lacking_classes: frozenset[str] = frozenset()
    bounds: Mapping[str, float] = field(default_factory=dict)
    untried: Callable[[Any], str | None] = _nothing
    explains: Callable[[Callable[..., None], Any, BaseException], bool] = _no
    dies: Callable[[Any], BaseException | None] = _nothing
    patience: float = FIRST_LOOK
    passes_over: Callable[[bytes | None], bool] = _no
    mode: InMode | None = None
    threads: int = 1


_nobody = Watch(Observation())
_watch_now = _nobody


def watch_now() -> Watch:
    """Return how the rule that runs now is watched."""
    return _watch_now


def watched_now() -> bool:
    """Return whether a rule is being watched now, by `watching`."""
    return _watch_now is not _nobody


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Run the rules inside the block as `watch` says."""
    global _watch_now
    before, _watch_now = _watch_now, watch
    try:
        rounding = expect.allowing(watch.bounds, watch.observation.rounding)
        with placing_on(watch.device, watch.lacking), rounding:
            yield watch
    finally:
        _watch_now = before


def watched(test: Test, declared: Rule) -> Test:
    """Have every example of the test observed, by way of Hypothesis' replaceable inner test."""
    observing = test
    if hasattr(test, "hypothesis"):
        test.hypothesis.inner_test = _observed(test.hypothesis.inner_test, declared)
    else:
        observing = _observed(test, declared)
    return cast(Test, pytest.mark.usefixtures("target")(observing))


def _observed(body: Test, declared: Rule) -> Test:
    @functools.wraps(body)
    def example(**kwargs: Any) -> None:
        __tracebackhide__ = True
        watch, case = _watch_now, drawn_of(kwargs)
        if watch.passes_over(data_of(case)):
            return
        classes = classes_of(case)
        if refused := watch.untried(case):
            watch.observation.passed_over(refused, classes)
            return
        try:
            run_example(body, kwargs, watch)
        except LackingDtypeError as error:
            watch.observation.passed_over(str(error.dtype), classes)
            return
        except LackingClassError as error:
            watch.observation.passed_over(str(error), classes)
            return
        except UnsatisfiedAssumption:
            raise
        except FAILURES as error:
            check_device(watch)
            if watch.explains(body, case, error):
                return
            note_failure(watch, body, kwargs, declared)
            raise
        watch.observation.passed(classes)

    return example  # type: ignore[return-value]


def drawn_of(arguments: dict[str, Any]) -> Any:
    """Return the drawn one of a rule's arguments, None if there is none."""
    for value in arguments.values():
        if isinstance(value, Traced):
            return value
    return None


def data_of(case: Any) -> bytes | None:
    """Return the bytes that the drawn one of a rule's arguments was decoded from, None if there are none."""
    return case.origin.data if case is not None and case.origin else None


def run_example(body: Callable[..., None], arguments: dict[str, Any], watch: Watch) -> None:
    """Place the arguments on the target and run the rule's body on them; raises what it raises."""
    __tracebackhide__ = True
    case = drawn_of(arguments)
    if data := data_of(case):
        watch.record(data)
    if watch.lacking_classes and (lacking := watch.lacking_classes.intersection(classes_of(case))):
        raise LackingClassError(min(lacking))
    if death := watch.dies(case):
        raise death
    if watch.mode is None:
        _run_placed(body, arguments, watch)
        return
    with watch.mode.entering():
        _run_placed(watch.mode.body(body, drawn_of(arguments)), arguments, watch)


def _run_placed(body: Callable[..., None], arguments: dict[str, Any], watch: Watch) -> None:
    __tracebackhide__ = True
    for value in arguments.values():
        if isinstance(value, Case):
            value.build()
    threads = watch.threads if watch.threads != 1 and BEYOND_GRAIN in classes_of(drawn_of(arguments)) else 1
    if threads != 1:
        torch.set_num_threads(threads)
    try:
        with watch.around():
            body(**arguments)
        watch.settle()
    finally:
        if threads != 1:
            torch.set_num_threads(1)


def check_device(watch: Watch) -> None:
    """Give the process up if the device does not work any more, whatever is done with it."""
    if reason := watch.ailing():
        watch.abandon(reason)


def note_failure(watch: Watch, body: Callable[..., None], arguments: dict[str, Any], declared: Rule) -> None:
    """Remember a failing example, with what it takes to describe it and to script it."""
    watch.observation.broke(
        functools.partial(describe, arguments),
        functools.partial(
            script, body, arguments, declared, watch.device, watch.imports, watch.bounds, scripted_of(watch)
        ),
        data_of(drawn_of(arguments)),
    )


def scripted_of(watch: Watch) -> Scripted | None:
    """Return how scripts run in the mode of a watch, None if it has none."""
    return watch.mode.scripted if watch.mode is not None else None


def describe(arguments: dict[str, Any]) -> str:
    """Return the arguments of an example as the code that a counterexample shows."""
    return "\n".join(f"{name} = {value!r}" for name, value in arguments.items())


def script(
    body: Callable[..., None],
    arguments: dict[str, Any],
    declared: Rule,
    device: str,
    imports: Sequence[str],
    bounds: Mapping[str, float] | None = None,
    mode: Scripted | None = None,
) -> str | None:
    """Return the script that shows a rule break on torch alone, None where there can be none."""
    title = f"{declared.id}: {declared.statement}"
    try:
        return standalone(
            body,
            arguments,
            title=title,
            device=device,
            imports=imports,
            warning=declared.kind is Kind.WARNING,
            bounds=bounds or {},
            mode=mode,
        )
    except UnscriptableError:
        return None
