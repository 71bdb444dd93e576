"""Modes below autograd: `dispatch` passes every call on, `subclass` wraps tensors, `fake` has no elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from conformance.engine.modes import (
    PYTREE,
    Mode,
    NotInModeError,
    RanOutsideError,
    register,
    scripted,
    tensors_of,
)
from conformance.engine.modes.acts import Act
from reports.model import Need


class Passing(TorchDispatchMode):
    """Passes every call on, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Pass a call on."""
        self.calls += 1
        return func(*args, **(kwargs or {}))


def within(mode: TorchDispatchMode, act: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs an act under a dispatch mode."""

    def run(*arguments: Any) -> Any:
        with mode:
            return act(*arguments)

    return run


class Dispatched(Mode):
    """A dispatch mode that does nothing but pass calls on."""

    page: ClassVar[str] = "notes/extending"
    setup: ClassVar[str] = (
        "from torch.utils._python_dispatch import TorchDispatchMode\n\n\n" + scripted(Passing, within) + "\n"
    )

    @property
    def way(self) -> str:
        """Run the act under a mode that passes calls on."""
        return "lambda act: within(Passing(), act)"

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return what the act gives under the mode."""
        passing = Passing()
        given = within(passing, act.function())(*arguments)
        if not passing.calls:
            raise RanOutsideError(given, "no call was dispatched")
        return given


class Wrapped(torch.Tensor):
    """A tensor that has another inside, and no elements of its own."""

    inside: torch.Tensor

    @staticmethod
    def __new__(cls, inside: torch.Tensor) -> Wrapped:
        """Return a wrapper with the sizes, strides and dtype of what is inside."""
        made: Wrapped = torch.Tensor._make_wrapper_subclass(
            cls,
            inside.shape,
            strides=inside.stride(),
            storage_offset=inside.storage_offset(),
            dtype=inside.dtype,
            device=inside.device,
        )
        made.inside = inside
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call what is called on what is inside, and wrap what comes of it."""
        plain, options = pytree.tree_map(unwrapped, (args, kwargs or {}))
        return pytree.tree_map(wrapped, func(*plain, **options))


def wrapped(given: Any) -> Any:
    """Return a tensor wrapped, anything else as it is."""
    return Wrapped(given) if type(given) is torch.Tensor else given


def unwrapped(given: Any) -> Any:
    """Return what is inside of a wrapped tensor, anything else as it is."""
    return given.inside if isinstance(given, Wrapped) else given


def subclassed(act: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs an act on wrapped tensors, and unwraps what it gives."""
    return lambda *arguments: pytree.tree_map(unwrapped, act(*pytree.tree_map(wrapped, arguments)))


class Subclassed(Mode):
    """A tensor subclass that wraps another tensor; acts on what requires grad are left alone."""

    page: ClassVar[str] = "notes/extending"
    changes: ClassVar[Mapping[str, str]] = {
        (
            "*.has_base *.base *.is_view *.version *.version_shared *.in_place_counted *.in_place_version "
            "*.index_changed_before_backward program.aliases_require_grad program.aliases_are_leaves "
            "program.*grad* program.is_leaf program.*changed_view"
        ): "what is inside of a wrapper is viewed and changed below where autograd takes note of it",
        "placement.neg": "a wrapper has no conj bit",
        "matmul.out_*": "a wrapper has no memory, by which matmul sees that out is written already",
        "dlpack.*": "a wrapper has no memory that another library could share",
    }
    setup: ClassVar[str] = PYTREE + scripted(Wrapped, wrapped, unwrapped, subclassed) + "\n"

    @property
    def way(self) -> str:
        """Run the act on wrapped tensors."""
        return "subclassed"

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return what the act gives of wrapped tensors, unwrapped."""
        tensors = tensors_of(arguments)
        if any(tensor.requires_grad for tensor in tensors):
            raise NotInModeError("what is wrapped requires grad")
        if any(tensor.is_conj() or tensor.is_neg() for tensor in tensors):
            raise NotInModeError("what is wrapped is a conj or a neg view")
        return subclassed(act.function())(*arguments)


def faked(act: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs an act on fake tensors, under the mode of those that are fake already."""

    def run(*arguments: Any) -> Any:
        tensors = pytree.tree_leaves(arguments)
        (mode,) = {given.fake_mode for given in tensors if isinstance(given, FakeTensor)} or {
            FakeTensorMode()
        }

        def fake(given: torch.Tensor) -> torch.Tensor:
            return given if isinstance(given, FakeTensor) else mode.from_tensor(given, static_shapes=True)

        with mode:
            return act(*pytree.tree_map_only(torch.Tensor, fake, arguments))

    return run


class Fake(Mode):
    """FakeTensorMode: results have shapes, dtypes, strides and a device, and no elements.

    Acts that change what they are given, or on what requires grad, are left alone.
    """

    page: ClassVar[str] = "torch.compiler_fake_tensor"
    lacks: ClassVar[Mapping[Need, str]] = {
        Need.VALUES: "fake tensors have no elements",
        Need.ADDRESSES: "fake tensors have no memory",
        Need.INDEX_CHECKS: "without elements no index is out of range",
        Need.PRINTING: "fake tensors have no elements",
    }
    changes: ClassVar[Mapping[str, str]] = {
        (
            "program.* grad.of_a_constant function.gradient_of_a_constant *.version *.version_shared "
            "*.in_place_counted *.base *.index_changed_before_backward *.no_base to.itself contiguous.itself"
        ): "what is changed afterwards, or requires grad, is the tensor and not the fake one",
    }
    setup: ClassVar[str] = (
        "from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode\n"
        + PYTREE
        + scripted(faked)
        + "\n"
    )

    @property
    def way(self) -> str:
        """Run the act on fake tensors."""
        return "faked"

    def run(self, act: Act, arguments: tuple[Any, ...]) -> Any:
        """Return what the act gives of fake tensors."""
        if act.changes:
            raise NotInModeError("it changes what it is given")
        if any(tensor.requires_grad for tensor in tensors_of(arguments)):
            raise NotInModeError("what it is given requires grad")
        return faked(act.function())(*arguments)


register("dispatch", Dispatched)
register("subclass", Subclassed)
register("fake", Fake)
