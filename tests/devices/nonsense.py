"""Backends of torch.compile that compute nonsense or worse, and a mode that runs nothing: what may come."""

import os

import torch
from torch._dynamo import register_backend

from conformance.engine.modes import Mode, NotInModeError, register


def backends():
    """Register `nonsense`, which gives bools of some shape, and four that are wrong now and then, or always.

    Gather ends the process of `deadly`, `doubling` doubles gradients, `sizing` gives zeros where it compiles
    for any sizes, and `unable` is so.
    """

    @register_backend
    def nonsense(graph, inputs):
        def run(*arguments):
            given = graph(*arguments)
            return tuple(
                torch.ones((3, 1, 4, 1, 5, 9), dtype=torch.bool) if isinstance(each, torch.Tensor) else each
                for each in given
            )

        return run

    @register_backend
    def deadly(graph, inputs):
        def run(*arguments):
            os.abort()

        return run if "gather" in graph.code else graph.forward

    @register_backend
    def doubling(graph, inputs):
        def run(*arguments):
            given = graph(*arguments)
            for each in given:
                if each.requires_grad and each.grad_fn is not None:
                    each.register_hook(lambda gradient: gradient * 2)
            return given

        return run

    @register_backend
    def sizing(graph, inputs):
        if all(isinstance(given, torch.Tensor) for given in inputs):
            return graph.forward
        return lambda *arguments: tuple(torch.zeros_like(each) for each in graph(*arguments))

    @register_backend
    def unable(graph, inputs):
        raise OSError("there is no compiler")


class Refusing(Mode):
    """Runs nothing."""

    way = "lambda act: act"

    def run(self, act, arguments):
        raise NotInModeError("it runs nothing")


class Meddling(Refusing):
    """Runs nothing, and changes what others see."""

    def begin(self):
        torch.distributions.Distribution.set_default_validate_args(False)


def modes():
    """Register the modes `refusing` and `meddling`."""
    register("refusing", Refusing)
    register("meddling", Meddling)
