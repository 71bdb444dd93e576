"""A backend of torch.compile that computes nonsense, and a mode that runs nothing: what modes may be like."""

import torch
from torch._dynamo import register_backend

from conformance.engine.modes import Mode, NotInModeError, register


def backends():
    """Register the backend `nonsense`: whatever is asked, it gives bools of another shape."""

    @register_backend
    def nonsense(graph, inputs):
        def run(*arguments):
            given = graph(*arguments)
            return tuple(
                torch.ones((3, 1, 4, 1, 5, 9), dtype=torch.bool) if isinstance(each, torch.Tensor) else each
                for each in given
            )

        return run


class Refusing(Mode):
    """Runs nothing."""

    def run(self, act, arguments):
        raise NotInModeError("it runs nothing")


def modes():
    """Register the mode `refusing`."""
    register("refusing", Refusing)
