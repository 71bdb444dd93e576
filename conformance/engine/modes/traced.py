"""Modes that trace an act and run the graph that comes of it: `fx` symbolically, `export` on its inputs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch.utils import _pytree as pytree

from conformance.engine.device import first_line
from conformance.engine.modes import PYTREE, Mode, NotInModeError, register, scripted
from conformance.engine.modes.acts import Act


def of_tensors(
    act: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Callable[..., Any], tuple[torch.Tensor, ...]]:
    """Return an act as a function of the tensors among its arguments alone, and these."""
    leaves, spec = pytree.tree_flatten(arguments)
    places = [place for place, given in enumerate(leaves) if isinstance(given, torch.Tensor)]

    def function(*tensors: Any) -> Any:
        given = dict(zip(places, tensors, strict=True))
        every = [given.get(place, each) for place, each in enumerate(leaves)]
        return act(*pytree.tree_unflatten(every, spec))

    return function, tuple(leaves[place] for place in places)


def symbolic(function: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
    """Return the graph that symbolic tracing makes of a function, which has to say how much it takes."""
    names = ", ".join(f"t{place}" for place in range(len(tensors)))
    return torch.fx.symbolic_trace(eval(f"lambda {names}: function({names})", {"function": function}))


class Module(torch.nn.Module):
    """A module whose forward is a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: torch.Tensor) -> Any:
        """Call the function."""
        return self.function(*tensors)


def exported(function: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
    """Return the module of an exported function."""
    made: Callable[..., Any] = torch.export.export(Module(function), tensors).module()
    return made


def through(graph: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of an act that returns what runs the act through the graph that is made of it."""

    def way(act: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            function, tensors = of_tensors(act, arguments)
            return graph(function, tensors)(*tensors)

        return run

    return way


class Traced(Mode):
    """Traces each act anew, for tensors; what else it is given is constant in the graph."""

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return what the graph gives of an act for some arguments."""
        function, tensors = of_tensors(act.function(), arguments)
        if not tensors:
            raise NotInModeError("it is given no tensor")
        return self.graph(function, tensors)(*tensors)

    def graph(self, function: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
        """Return the graph of a function of some tensors, as a function; raises NotInModeError."""
        raise NotImplementedError


class Symbolic(Traced):
    """`torch.fx.symbolic_trace`."""

    page: ClassVar[str] = "fx"
    setup: ClassVar[str] = PYTREE + scripted(of_tensors, symbolic, through) + "\n"

    @property
    def way(self) -> str:
        """Trace the act and run it again."""
        return "through(symbolic)"

    def graph(self, function: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
        """Return the traced function."""
        try:
            graph = symbolic(function, tensors)
        except Exception as error:  # it calls the act with what is no tensor, which may answer with anything
            raise NotInModeError(f"not to be traced: {first_line(error)}") from None
        nodes = graph.graph.nodes  # type: ignore[attr-defined]
        if any(node.op == "get_attr" for node in nodes):
            raise NotInModeError("what is computed of no tensor that it is given is not traced")
        return graph


class Exported(Traced):
    """`torch.export.export`."""

    page: ClassVar[str] = "export"
    examples: ClassVar[int] = 6
    changes: ClassVar[Mapping[str, str]] = {
        (
            "saved_tensors.packed saved_tensors.innermost saved_tensors.after saved_tensors.enabled_again "
            "saved_tensors.of_a_constant saved_tensors.nothing_saved backward.frees_saved_tensors"
        ): "hooks are called, and tensors saved, while an act is exported, too",
        "dlpack.*": "while an act is exported there is no memory that another library could share",
        "device.default": "what an exported function gives are tensors and plain values, no device",
    }
    setup: ClassVar[str] = PYTREE + scripted(of_tensors, Module, exported, through) + "\n"

    def __init__(self, option: str = "") -> None:
        super().__init__(option)
        logging.getLogger("torch").setLevel(logging.CRITICAL)

    @property
    def way(self) -> str:
        """Export the act and run the module that comes of it."""
        return "through(exported)"

    def graph(self, function: Callable[..., Any], tensors: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
        """Return the module of the exported function."""
        from torch._dynamo.exc import Unsupported, UserError
        from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException
        from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

        try:
            return exported(function, tensors)
        except (
            *(Unsupported, UserError),
            # Sizes, or what is done, depend on elements.
            *(DataDependentOutputException, DynamicOutputShapeException, GuardOnDataDependentSymNode),
        ) as error:
            raise NotInModeError(f"not to be exported: {first_line(error)}") from None


register("fx", Symbolic)
register("export", Exported)
