"""Modes that trace an act and run the graph that comes of it: `fx` symbolically, `export` on its inputs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar

import torch

from conformance.engine.device import first_line
from conformance.engine.modes import Mode, NotInModeError, register
from conformance.engine.modes.acts import Act


class Traced(Mode):
    """Traces each act anew, for tensors; what else it is given is constant in the graph."""

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return what the graph gives of an act for some arguments."""
        places = [place for place, given in enumerate(arguments) if isinstance(given, torch.Tensor)]
        if not places:
            raise NotInModeError("it is given no tensor by itself")
        tensors = tuple(arguments[place] for place in places)
        return self.graph(_of_tensors(act.function(), arguments, places), tensors)(*tensors)

    def graph(self, function: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
        """Return the graph of a function of some tensors, as a function."""
        raise NotImplementedError


SETUP = """\
def of_tensors(act, arguments):
    places = [place for place, given in enumerate(arguments) if isinstance(given, torch.Tensor)]
    def function(*tensors):
        given = dict(zip(places, tensors))
        return act(*[given.get(place, each) for place, each in enumerate(arguments)])
    return function, tuple(arguments[place] for place in places)
"""


class Symbolic(Traced):
    """`torch.fx.symbolic_trace`."""

    page: ClassVar[str] = "fx"
    setup: ClassVar[str] = (
        SETUP
        + """

def traced(act):
    def run(*arguments):
        function, tensors = of_tensors(act, arguments)
        names = ", ".join(f"t{place}" for place in range(len(tensors)))
        fixed = eval(f"lambda {names}: function({names})", {"function": function})
        return torch.fx.symbolic_trace(fixed)(*tensors)
    return run
"""
    )

    @property
    def way(self) -> str:
        """Trace the act and run it again."""
        return "traced"

    def graph(self, function: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
        """Return the traced function."""
        # It wants to know how many arguments there are.
        names = ", ".join(f"t{place}" for place in range(len(tensors)))
        fixed = eval(f"lambda {names}: function({names})", {"function": function})
        try:
            return torch.fx.symbolic_trace(fixed)
        except Exception as error:  # it calls the act with what is no tensor, which may answer with anything
            raise NotInModeError(f"not to be traced: {first_line(error)}") from None


class Exported(Traced):
    """`torch.export.export`."""

    page: ClassVar[str] = "export"
    examples: ClassVar[int] = 6
    setup: ClassVar[str] = (
        SETUP
        + """

class Module(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *tensors):
        return self.function(*tensors)


def exported(act):
    def run(*arguments):
        function, tensors = of_tensors(act, arguments)
        return torch.export.export(Module(function), tensors).module()(*tensors)
    return run
"""
    )

    def __init__(self, option: str = "") -> None:
        super().__init__(option)
        logging.getLogger("torch").setLevel(logging.CRITICAL)

    @property
    def way(self) -> str:
        """Export the act and run the module that comes of it."""
        return "exported"

    def graph(self, function: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
        """Return the module of the exported function."""
        from torch._dynamo.exc import Unsupported, UserError

        try:
            made: Callable[..., Any] = torch.export.export(_Module(function), tensors).module()
        except (Unsupported, UserError) as error:
            raise NotInModeError(f"not to be exported: {first_line(error)}") from None
        return made


class _Module(torch.nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: torch.Tensor) -> Any:
        return self.function(*tensors)


def _of_tensors(
    function: Callable[..., Any], arguments: tuple[Any, ...], places: list[int]
) -> Callable[..., Any]:
    def of_tensors(*tensors: Any) -> Any:
        given = dict(zip(places, tensors, strict=True))
        return function(*[given.get(place, each) for place, each in enumerate(arguments)])

    return of_tensors


register("fx", Symbolic)
register("export", Exported)
