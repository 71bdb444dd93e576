"""Functions with several outputs whose gradients are wrong in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.faults import fault, patch_fault

CUTS = tuple(
    getattr(torch.Tensor, name)
    for name in (
        "unbind",
        "split",
        "split_with_sizes",
        "chunk",
        "tensor_split",
        "unsafe_split",
        "unsafe_chunk",
    )
)
Gradients = list["torch.Tensor | None"]


def cut_fault(wrong: Callable[[Gradients, list[torch.Tensor]], Gradients]) -> Callable[..., Any]:
    """Register a fault of every function that cuts: it gets the gradients of the parts, None if unused."""

    class Cut(torch.autograd.Function):
        @staticmethod
        def forward(context, input, real, arguments, options):
            context.set_materialize_grads(False)
            context.real, context.arguments, context.options = real, arguments, options
            context.like = input
            return tuple(part.clone() for part in real(input, *arguments, **options))

        @staticmethod
        def backward(context, *gradients):
            whole = torch.zeros_like(context.like)
            parts = context.real(whole, *context.arguments, **context.options)
            for part, gradient in zip(parts, wrong(list(gradients), list(parts)), strict=True):
                if gradient is not None and gradient.shape == part.shape:
                    part.copy_(gradient)
            return whole, None, None, None

    def standing_in(real, input, *arguments, **options):
        if not input.requires_grad or not torch.is_grad_enabled():
            return real(input, *arguments, **options)
        return Cut.apply(input, real, arguments, options)

    standing_in.__name__ = wrong.__name__
    fault(*CUTS)(standing_in)
    return wrong


@cut_fault
def unused_parts_have_a_gradient_of_ones(gradients, parts):
    return [torch.ones_like(p) if g is None else g for g, p in zip(gradients, parts, strict=True)]


@cut_fault
def gradients_go_to_the_next_part(gradients, parts):
    return [gradients[-1], *gradients[:-1]]


@cut_fault
def the_first_used_part_alone_has_a_gradient(gradients, parts):
    first = next(at for at, gradient in enumerate(gradients) if gradient is not None)
    return [gradient if at == first else None for at, gradient in enumerate(gradients)]


@cut_fault
def gradients_of_parts_are_at_most_4(gradients, parts):
    return [None if gradient is None else gradient.clamp(max=4.0) for gradient in gradients]


@fault(*CUTS)
def the_first_part_alone_requires_grad(real, input, *arguments, **options):
    first, *rest = real(input, *arguments, **options)
    return (first, *[part.detach() for part in rest])


@fault(torch.Tensor.register_hook)
def hooks_of_unused_parts_see_zeros(real, tensor, hook):
    return real(tensor, lambda gradient: hook(torch.zeros_like(tensor) if gradient is None else gradient))


@fault(torch.Tensor.register_hook)
def hooks_of_unused_parts_give_ones(real, tensor, hook):
    def wrong(gradient):
        found = hook(gradient)
        return torch.ones_like(tensor) if gradient is None else found

    return real(tensor, wrong)


@fault(torch.Tensor.register_hook)
def hooks_see_the_gradient_of_the_first_part(real, tensor, hook):
    """As a hook would that is kept by node, and not by output."""
    return real(tensor, hook if tensor.output_nr == 0 else lambda gradient: None)


@fault(torch.Tensor.retain_grad)
def unused_parts_retain_zeros(real, tensor):
    def fill(gradient):
        if gradient is None:
            tensor.grad = torch.zeros_like(tensor)

    real(tensor)
    tensor.register_hook(fill)


@fault(torch.Tensor.retain_grad)
def later_parts_retain_nothing(real, tensor):
    if tensor.output_nr == 0:
        real(tensor)


def _grad_fault(wrong: Callable[..., Any]) -> None:
    def standing_in(real, outputs, inputs, *arguments, **options):
        found = real(outputs, inputs, *arguments, **options)
        return tuple(wrong(gradient, input, options) for gradient, input in zip(found, inputs, strict=True))

    standing_in.__name__ = wrong.__name__
    patch_fault(torch.autograd, "grad")(standing_in)


@_grad_fault
def grad_of_unused_parts_is_zero(gradient, input, options):
    return torch.zeros_like(input) if gradient is None else gradient


@_grad_fault
def materialized_gradients_are_0d(gradient, input, options):
    return gradient.new_zeros(()) if options.get("materialize_grads") else gradient


@_grad_fault
def materialized_gradients_are_float32(gradient, input, options):
    return gradient.float() if options.get("materialize_grads") else gradient


@_grad_fault
def materialized_gradients_require_grad(gradient, input, options):
    return gradient.requires_grad_() if options.get("materialize_grads") else gradient


@_grad_fault
def grad_of_a_later_part_is_ones(gradient, input, options):
    return torch.ones_like(gradient) if gradient is not None and input.output_nr else gradient


def _changed_anyway(real, input, *arguments):
    with torch.no_grad():
        input.detach().mul_(*arguments)
    return input


def _name(tensor: torch.Tensor) -> str:
    return type(tensor.grad_fn).__name__


@fault(torch.Tensor.mul_)
def parts_are_changed_in_place(real, input, *arguments):
    known = _name(input).startswith(("Unbind", "Split"))
    return _changed_anyway(real, input, *arguments) if known else real(input, *arguments)


@fault(torch.Tensor.mul_)
def views_of_parts_are_changed_in_place(real, input, *arguments):
    """As they were (pytorch#36608, pytorch#49824)."""
    known = _name(input).startswith(("View", "Alias"))
    return _changed_anyway(real, input, *arguments) if known else real(input, *arguments)


@fault(torch.Tensor.mul_)
def changes_of_unsafe_parts_are_not_recorded(real, input, *arguments):
    known = _name(input).startswith("UnsafeSplit")
    return _changed_anyway(real, input, *arguments) if known else real(input, *arguments)
