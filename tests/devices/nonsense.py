"""Backends of torch.compile that compute nonsense or worse, and a mode that runs nothing: what may come."""

import os

import torch
from torch._dynamo import register_backend

from conformance.engine.modes import Mode, NotInModeError, register


def backends():
    """Register `nonsense`, which gives bools of some shape, `deadly`, which gather ends, and `unable`."""

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
