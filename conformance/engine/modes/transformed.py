"""Modes of `torch.func`: `functionalize`, which changes nothing in place, and `vmap`, on a stack of two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch.utils import _pytree as pytree

from conformance.engine.device import first_line
from conformance.engine.modes import Mode, NotInModeError, register, scripted, tensors_of
from conformance.engine.modes.acts import Act
from reports.model import Need

STACKED = "what comes of a stack is a slice of a tensor of its own"
"""What every result of `vmap` is here."""


class Functionalized(Mode):
    """`torch.func.functionalize`: what an act changes in place is copied there when it is over."""

    page: ClassVar[str] = "func.api"
    changes: ClassVar[Mapping[str, str]] = {
        "*.out_returned rand.out *.in_place_returns_self *.has_base *.base *.is_view": (
            "what a functionalized function gives is another tensor than what it changes"
        ),
        (
            "*.in_place_version *.version *.version_of_its_own *.version_under_no_grad "
            "*.index_changed_before_backward"
        ): "what a functionalized function changes is copied there once, when it is over",
        "dlpack.*": "what a functionalized function is given has no memory that another library could share",
    }

    @property
    def way(self) -> str:
        """Functionalize the act."""
        return "torch.func.functionalize"

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return what the functionalized act gives."""
        return torch.func.functionalize(act.function())(*arguments)


def stacked(given: Any) -> Any:
    """Return a tensor as the second of two, the first being it in reverse; anything else as it is."""
    if not isinstance(given, torch.Tensor):
        return given
    try:
        other = given.detach().flip(list(range(given.ndim)))
    except NotImplementedError:  # of a few dtypes there is none
        other = given.detach()
    return torch.stack([other, given])


def mapped(act: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs an act on stacks of two, and gives the second slice."""

    def run(*arguments: Any) -> Any:
        stacks = pytree.tree_map(stacked, arguments)
        dims = pytree.tree_map(lambda given: 0 if isinstance(given, torch.Tensor) else None, stacks)
        given = torch.func.vmap(act, in_dims=dims)(*stacks)
        return pytree.tree_map(lambda each: each[1], given)

    return run


class Mapped(Mode):
    """`torch.func.vmap`: the inputs are the second of two along a new dim, the first are theirs in reverse.

    Acts that change what they are given are left alone: what is stacked is a copy.
    """

    page: ClassVar[str] = "func.api"
    lacks: ClassVar[Mapping[Need, str]] = dict.fromkeys(
        (Need.ADDRESSES, Need.IN_PLACE_VIEWS, Need.STRIDES, Need.SAVED), STACKED
    )
    changes: ClassVar[Mapping[str, str]] = {
        (
            "*.no_base *.has_base *.base *.write_to_input *.write_to_output *.named_values "
            "*.named_indices contiguous.itself to.itself dlpack.* save.views save.clone save.several_dtypes "
            "view_dtype.conj_view"
        ): STACKED,
        (
            "backward.* autograd_grad.* saved_tensors.* hooks.* detach.* detach_.* leaf.* retain_grad.* "
            "grad.* several_outputs.* data.* program.* *.index_changed_before_backward node.* "
            "gradient_edge.* increment_version.* inference_mode.saved_for_backward"
        ): "the stacking is a part of the graph",
    }
    setup: ClassVar[str] = f"from torch.utils import _pytree as pytree\n\n\n{scripted(stacked, mapped)}\n"

    @property
    def way(self) -> str:
        """Run the act on a stack of two."""
        return "mapped"

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return the second slice of what the act gives on a stack."""
        if act.changes:
            raise NotInModeError("it changes what it is given")
        tensors_of(arguments)
        try:
            return mapped(act.function())(*arguments)
        except (RuntimeError, ValueError) as error:
            if "vmap" in str(error):
                raise NotInModeError(first_line(error)) from None
            raise


register("functionalize", Functionalized)
register("vmap", Mapped)
