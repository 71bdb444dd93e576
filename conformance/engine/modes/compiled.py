"""`torch.compile`, with any backend that is registered: `compile` is inductor, `compile:BACKEND` another."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

import torch
from torch.distributions import Distribution

from conformance.engine.device import first_line
from conformance.engine.modes import Mode, ModeError, NotInModeError, RanOutsideError, register, tensors_in
from conformance.engine.modes.acts import Act
from reports.model import Need

DEFAULT = "inductor"

MANY = 1_000_000
"""How often an act may be compiled anew: torch would else go on eagerly some time, which tests nothing."""


MANY_TENSORS = 8
"""More tensors than this are compiled for their sizes alone: of which vary, guards take seconds to tell."""

WITHOUT_BACKWARD = ("eager", "eager_debug", "eager_noexcept", "pre_dispatch_eager")
"""Backends that leave the backward to autograd."""

EVERY = 3
"""Each so manieth time that an act is compiled, the integers that it is told are constants, as in most code.

Otherwise they are such for the first example, and may be anything for the others, as sizes may.
"""

TRIES = 2
"""How often an act may break the graph, for one input or another, before it is not tried again."""


NOT_COMPILED = {
    "found no compiled frames": "nothing is compiled under a dispatch mode",
    "has been modified by an inplace operation": "its backward, which is compiled before, would be refused",
}
"""By the words of an exception: why an act cannot be compiled, which then has changed nothing yet."""


class Compiled(Mode):
    """Compiles each act as one graph, anew where its guards say so, with sizes that may become dynamic.

    An act that breaks the graph is compiled statement by statement. What a backend raises is raised.
    `had_any_sizes` tells of the last example whether something was compiled for any sizes; `for_any_sizes`,
    set from outside, has all be compiled so from the start.
    """

    page: ClassVar[str] = "torch.compile"
    examples: ClassVar[int] = 4
    lacks: ClassVar[Mapping[Need, str]] = {Need.SAVED: "what a compiled function saves is its own affair"}

    def __init__(self, option: str = "") -> None:
        from torch._dynamo import config, list_backends, lookup_backend

        if option == DEFAULT:
            raise ModeError(f"{DEFAULT} is what it stands for by itself")
        self.backend = option or DEFAULT
        if self.backend not in list_backends(None):
            raise ModeError(f"torch knows no backend {option!r}; it knows: {', '.join(list_backends(None))}")
        self._backend = lookup_backend(self.backend)
        self._compiled: dict[tuple[tuple[str, str], bool | None, bool], Callable[..., Any]] = {}
        self._calls: Counter[tuple[str, str]] = Counter()
        self._broken: dict[tuple[str, str], list[str]] = {}
        self._ran = 0
        self.had_any_sizes = False
        self.for_any_sizes = False
        _leave_validation_alone(self._backend)
        config.recompile_limit = config.accumulated_recompile_limit = MANY
        logging.getLogger("torch").setLevel(logging.CRITICAL)

    @property
    def changes(self) -> Mapping[str, str]:  # type: ignore[override]
        """What a compiled backward does not do; for its second derivatives see pytorch#91469."""
        if self.backend in WITHOUT_BACKWARD:
            return {}
        return {
            "*.gradient_of_gradient create_graph.*": "what is compiled with its backward is derived once",
            "autograd_grad.shared": "a compiled backward gives tensors of its own",
            "gather.index_changed_before_backward": "what backward would refuse is refused before",
            "program.values gradient_edge.of_an_input": (
                "what a compiled function gives is no part of the graph of what else it gives"
            ),
            "node.name node.metadata node.next_functions*": "the graph of a compiled function is one node",
            "program.version": "what a compiled function changes is copied there once, when it is over",
            "data.version view_dtype.version leaf.version_under_no_grad": (
                "what a compiled function copies back counts as its change"
            ),
        }

    @property
    def way(self) -> str:
        """Compile the act as one graph, for any sizes if one of the example was."""
        dynamic = ", dynamic=True" if self.had_any_sizes else ""
        return f"lambda act: torch.compile(act, backend={self.backend!r}, fullgraph=True{dynamic})"

    def begin(self) -> None:
        """Forget which acts there were."""
        self.had_any_sizes = False

    def missing(self) -> str | None:
        """Return why nothing can be compiled here: there is no C++ compiler, for one."""
        try:
            with warnings.catch_warnings():
                # A backend may use what torch deprecates, and pytest may take that for an error.
                warnings.simplefilter("ignore")
                torch.compile(lambda input: input + 1, backend=self.backend, fullgraph=True)(torch.ones(2))
        except Exception as error:  # whatever a backend answers with
            return first_line(getattr(error, "inner_exception", None) or error.__cause__ or error)
        return None

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return what an act gives of some arguments, run by the backend."""
        from torch._dynamo import config
        from torch._dynamo.exc import Unsupported

        key = act.key
        if len(self._broken.get(key, ())) >= TRIES:
            raise NotInModeError(self._broken[key][-1])
        few = len(tensors_in(arguments)) <= MANY_TENSORS
        dynamic = (True if self.for_any_sizes else None) if few else False
        self._calls[key] += 1
        constant = self._calls[key] % EVERY == 0 and any(type(given) is int for given in arguments)
        place = key, dynamic, constant
        if place not in self._compiled:
            self._compiled[place] = torch.compile(
                act.function(), backend=self._counted, fullgraph=True, dynamic=dynamic
            )
        before, self.refused = self._ran, False
        try:
            with config.patch(specialize_int=True) if constant else nullcontext():
                given = self._compiled[place](*arguments)
        except Unsupported as error:
            del self._compiled[place]
            self._broken.setdefault(key, []).append(f"graph break: {_reason(error)}")
            raise NotInModeError(self._broken[key][-1]) from None
        except Exception as error:
            # Dynamo leaves alone from then on what it could not compile.
            self._compiled.pop(place, None)
            self.refused = self._ran == before
            if reason := next((why for words, why in NOT_COMPILED.items() if words in str(error)), None):
                raise NotInModeError(reason) from None
            raise
        if self._ran == before:
            raise RanOutsideError(given, "there was nothing to compile")
        return given

    def _counted(self, graph: torch.fx.GraphModule, inputs: list[Any], **options: Any) -> Callable[..., Any]:
        """Return what the backend makes of a graph, and count when it runs."""
        any_sizes = any(isinstance(given, torch.SymInt) for given in inputs)
        self.had_any_sizes |= any_sizes
        self.made += 1
        made = self._backend(graph, inputs, **options)

        def run(*arguments: Any) -> Any:
            self._ran += 1
            self.had_any_sizes |= any_sizes
            return made(*arguments)

        # Dynamo hands its arguments over in a list to who can drop them early.
        if getattr(made, "_boxed_call", False):
            run._boxed_call = True  # type: ignore[attr-defined]
        return run


def _leave_validation_alone(backend: Callable[..., Any]) -> None:
    """Have distributions validate what they are given as before.

    The first `torch.compile` turns it off for the whole process, also for what runs plainly (pytorch#185438).
    """
    before = Distribution._validate_args
    torch.compile(abs, backend=backend)
    Distribution.set_default_validate_args(before)


def _reason(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[
        :120
    ]


register("compile", Compiled)
