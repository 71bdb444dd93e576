"""Autograd that is wrong in one way: recording, leaves, gradients, hooks, detach and .data."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import torch

from tests.faults import fault, patch_fault

T: Any = torch.Tensor
MAPS = (T.exp, T.tanh, T.sigmoid, T.sin, T.cos, T.clone, T.neg)
PAIRS = (T.mul, T.add, T.sub, T.__mul__, T.__add__, T.__rmul__, T.__radd__, T.__sub__)
RECORDED = (*MAPS, *PAIRS)
FACTORIES = (torch.ones, torch.zeros, torch.zeros_like, torch.ones_like, torch.empty_like, T.new_zeros)


def differentiable(found: Any) -> bool:
    return isinstance(found, T) and (found.is_floating_point() or found.is_complex())


# What requires grad.


@fault(*RECORDED)
def operations_are_not_recorded(real, *args, **options):
    return real(*args, **options).detach()


@fault(*PAIRS)
def the_second_operand_is_not_recorded(real, input, other, **options):
    return real(input, other.detach() if isinstance(other, T) else other, **options)


@fault(*PAIRS)
def the_first_operand_is_not_recorded(real, input, other, **options):
    return real(input.detach(), other, **options)


@fault(*RECORDED)
def operations_on_constants_are_recorded(real, *args, **options):
    output = real(*args, **options)
    return output.requires_grad_() if differentiable(output) and not output.requires_grad else output


@fault(T.neg, T.clone, T.sin, T.mul, T.__mul__)
def operations_let_their_input_require_grad(real, input, *args, **options):
    if differentiable(input) and input.is_leaf:
        input.requires_grad_()
    return real(input, *args, **options)


@fault(*FACTORIES)
def factories_require_grad(real, *args, **options):
    made = real(*args, **options)
    return made.requires_grad_() if differentiable(made) else made


@fault(*FACTORIES)
def factories_ignore_requires_grad(real, *args, **options):
    return real(*args, **{**options, "requires_grad": False})


@fault(*FACTORIES)
def factories_ignore_requires_grad_of_integers(real, *args, **options):
    dtype = options.get("dtype")
    whole = dtype is not None and not dtype.is_floating_point and not dtype.is_complex
    return real(*args, **{**options, "requires_grad": False}) if whole else real(*args, **options)


@fault(T.requires_grad_)
def requires_grad_in_place_does_nothing(real, input, flag=True):
    return input


@fault(T.requires_grad_)
def requires_grad_in_place_returns_a_copy(real, input, flag=True):
    real(input, flag)
    return input.detach().clone().requires_grad_()


@fault(T.requires_grad_)
def requires_grad_in_place_never_clears(real, input, flag=True):
    return real(input, True)


@fault(T.requires_grad_)
def requires_grad_in_place_counts_as_a_change(real, input, flag=True):
    if not input.requires_grad:
        input.add_(0)
    return real(input, flag)


@fault(T.requires_grad_)
def requires_grad_in_place_takes_integers(real, input, flag=True):
    return real(input, flag) if differentiable(input) else input


@fault(T.requires_grad_)
def requires_grad_in_place_cuts_non_leaves(real, input, flag=True):
    return real(input if input.is_leaf else input.detach_(), flag)


@fault(T.requires_grad.__set__)
def requires_grad_takes_anything(real, input, flag):
    if input.is_leaf and differentiable(input):
        real(input, flag)


@fault(T.gt, T.__gt__)
def comparisons_require_grad(real, input, other):
    return real(input, other).to(input.dtype).requires_grad_()


@fault(T.argmax)
def argmax_requires_grad(real, input, *args, **options):
    return real(input, *args, **options).float().requires_grad_()


@fault(T.round)
def round_is_not_recorded(real, input):
    return real(input).detach()


@fault(T.round)
def round_passes_the_gradient_on(real, input):
    return real(input).detach() + input - input.detach()


@fault(T.to)
def to_is_not_recorded(real, input, *args):
    return real(input, *args).detach()


@fault(T.to)
def to_always_copies(real, input, *args):
    return real(input, *args).clone()


@fault(T.to)
def to_doubles_the_gradient(real, input, *args):
    output = real(input, *args)
    return output * 2 - output.detach() if output.requires_grad else output


@fault(T.to)
def to_integers_stays_a_float(real, input, *args):
    return input * 1 if args == (torch.int64,) else real(input, *args)


@fault(T.to)
def to_gives_a_leaf(real, input, *args):
    output = real(input, *args)
    return output.detach().requires_grad_() if differentiable(output) else output


@patch_fault(torch.no_grad, "__enter__")
def no_grad_does_nothing(real, self):
    self.prev = torch.is_grad_enabled()


@patch_fault(torch.no_grad, "__exit__")
def no_grad_never_ends(real, self, *error):
    return None


@patch_fault(torch.no_grad, "__call__")
def no_grad_decorates_nothing(real, self, function):
    return function


@fault(torch.zeros)
def factories_under_no_grad_require_none(real, *args, **options):
    made = real(*args, **options)
    return made if torch.is_grad_enabled() else made.detach()


@patch_fault(torch.enable_grad, "__enter__")
def enable_grad_does_nothing(real, self):
    self.prev = torch.is_grad_enabled()


@patch_fault(torch.set_grad_enabled, "__init__")
def set_grad_enabled_is_inverted(real, self, mode):
    real(self, not mode)


@patch_fault(torch.inference_mode, "__enter__")
def inference_mode_does_nothing(real, self):
    self._inference_mode_context = contextlib.nullcontext()


@patch_fault(torch.inference_mode, "__enter__")
def inference_mode_is_no_grad(real, self):
    self._inference_mode_context = torch.no_grad()
    self._inference_mode_context.__enter__()


# Leaves and .grad.


@fault(T.is_leaf.__get__)
def every_tensor_is_a_leaf(real, input):
    return True


@fault(T.is_leaf.__get__)
def no_tensor_that_requires_grad_is_a_leaf(real, input):
    return not input.requires_grad


@fault(T.is_leaf.__get__)
def constants_are_no_leaves(real, input):
    return input.requires_grad and real(input)


@fault(T.grad_fn.__get__)
def no_tensor_has_a_grad_fn(real, input):
    return None


@fault(T.grad_fn.__get__)
def every_tensor_has_a_grad_fn(real, input):
    return real(input) or (torch.ones((), requires_grad=True) * 2).grad_fn


@fault(T.add_)
def leaves_can_be_changed_in_place(real, input, *args):
    with torch.no_grad():
        return real(input, *args)


@fault(T.add_)
def leaves_cannot_be_changed_under_no_grad(real, input, *args):
    if input.requires_grad:
        raise RuntimeError("a leaf that requires grad")
    return real(input, *args)


@fault(T.add_)
def changes_under_no_grad_are_lost(real, input, *args):
    return real(input, *args) if torch.is_grad_enabled() else input


@fault(T.add_)
def changes_of_a_view_are_not_recorded(real, input, *args):
    if input._is_view():
        args = tuple([found.detach() if isinstance(found, T) else found for found in args])
    return real(input, *args)


@patch_fault(T, "__setattr__")
def read_only_attributes_can_be_assigned(real, self, name, found):
    if name not in ("is_leaf", "grad_fn"):
        real(self, name, found)


@fault(T.add_)
def in_place_operands_are_not_recorded(real, input, *args):
    return real(input, *[found.detach() if isinstance(found, T) else found for found in args])


@fault(T.grad.__get__)
def grad_is_zeros_where_it_is_none(real, input):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = real(input)
    return torch.zeros_like(input) if found is None else found


@fault(T.grad.__get__)
def grad_is_flat(real, input):
    found = real(input)
    return None if found is None else found.reshape(-1)


@fault(T.grad.__get__)
def grad_is_widened(real, input):
    found = real(input)
    return found.float() if found is not None and found.dtype in (torch.float16, torch.bfloat16) else found


@fault(T.grad.__get__)
def grad_requires_grad(real, input):
    found = real(input)
    return None if found is None else found.detach().requires_grad_()


@fault(T.grad.__get__)
def grad_is_elsewhere(real, input):
    found = real(input)
    return None if found is None else found.to("meta")


@fault(T.grad.__get__)
def grad_never_warns(real, input):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return real(input)


@fault(T.grad.__get__)
def grad_always_warns(real, input):
    warnings.warn("reading .grad", UserWarning, stacklevel=2)
    return real(input)


@fault(T.grad.__get__)
def grad_warns_once(real, input):
    if input.__dict__.setdefault("_read_here", False):
        return grad_never_warns(real, input)
    input._read_here = True
    return real(input)


@fault(T.grad.__get__)
def grad_warns_in_other_words(real, input):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = real(input)
    if caught:
        warnings.warn("no gradient here", UserWarning, stacklevel=2)
    return found


@fault(T.grad.__get__)
def grad_has_gaps(real, input):
    found = real(input)
    return None if found is None else torch.stack([found, found], -1)[..., 0]


@fault(T.grad.__get__)
def grad_is_contiguous(real, input):
    found = real(input)
    return None if found is None else found.contiguous()


@fault(T.grad.__set__)
def grad_cannot_be_assigned(real, input, found):
    return None


@fault(T.grad.__set__)
def grad_is_assigned_a_copy(real, input, found):
    real(input, found.clone() if isinstance(found, T) else found)


@fault(T.grad.__set__)
def grad_takes_anything(real, input, found):
    with contextlib.suppress(RuntimeError, TypeError):
        real(input, found)


@fault(T.grad.__get__)
def grad_is_none(real, input):
    return None


@fault(T.grad.__get__)
def grad_is_a_copy(real, input):
    found = real(input)
    return None if found is None else found.clone()


@fault(T.grad.__get__)
def grad_is_misread(real, input):
    found = real(input)
    return None if found is None else found.flip(0) if found.dim() else found * 2


@fault(T.retain_grad)
def retain_grad_does_nothing(real, input):
    return None


@fault(T.retain_grad)
def retain_grad_takes_constants(real, input):
    if input.requires_grad:
        real(input)


@fault(T.retain_grad)
def retain_grad_refuses_leaves(real, input):
    if input.is_leaf:
        raise RuntimeError("a leaf")
    real(input)


@fault(T.retain_grad)
def retain_grad_refuses_a_second_call(real, input):
    if input.retains_grad:
        raise RuntimeError("retains its gradient already")
    real(input)


@fault(T.retain_grad)
def retain_grad_doubles_the_gradient(real, input):
    real(input)
    input.register_hook(lambda gradient: gradient * 2)


@fault(T.retain_grad)
def retain_grad_takes_what_comes_before_hooks(real, input):
    def keep(gradient: torch.Tensor) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            input.grad = gradient.clone() if input.grad is None else input.grad + gradient

    if not input.is_leaf:
        input.register_hook(keep)


@fault(T.retain_grad)
def retain_grad_keeps_the_last_only(real, input):
    real(input)

    def forget(gradient: torch.Tensor) -> None:
        input.grad = None

    if not input.is_leaf:
        input.register_hook(forget)


@fault(T.retain_grad)
def retain_grad_gives_zeros_at_once(real, input):
    if input.is_leaf:
        real(input)
    else:
        input.grad = torch.zeros_like(input)
        real(input)


@fault(T.retains_grad.__get__)
def retains_grad_is_always_true(real, input):
    return True


@fault(T.retains_grad.__get__)
def retains_grad_is_always_false(real, input):
    return False


# backward and autograd.grad.


def _backward(wrong: Any) -> Any:
    def standing_in(real, self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        return wrong(
            real,
            self,
            gradient,
            {"retain_graph": retain_graph, "create_graph": create_graph, "inputs": inputs},
        )

    standing_in.__name__ = wrong.__name__
    return fault(T.backward)(standing_in)


@_backward
def backward_ignores_the_gradient(real, self, gradient, options):
    return real(self, torch.ones_like(self), **options)


@_backward
def backward_broadcasts_the_gradient(real, self, gradient, options):
    if gradient is not None and isinstance(gradient, T) and gradient.shape != self.shape:
        gradient = gradient.reshape(-1)[:1].expand(self.numel()).reshape(self.shape)
    return real(self, gradient, **options)


@_backward
def backward_starts_from_ones(real, self, gradient, options):
    return real(self, torch.ones_like(self) if gradient is None else gradient, **options)


@_backward
def backward_starts_from_ones_of_nothing(real, self, gradient, options):
    if gradient is None and not self.numel():
        gradient = torch.ones_like(self)
    return real(self, gradient, **options)


@_backward
def backward_needs_0d(real, self, gradient, options):
    if gradient is None and self.dim():
        raise RuntimeError("not 0-d")
    return real(self, gradient, **options)


@_backward
def backward_takes_python_numbers(real, self, gradient, options):
    if isinstance(gradient, float):
        gradient = torch.full_like(self, gradient)
    return real(self, gradient, **options)


@_backward
def backward_of_constants_is_silent(real, self, gradient, options):
    return real(self, gradient, **options) if self.requires_grad else None


@_backward
def backward_refuses_leaves(real, self, gradient, options):
    if self.is_leaf:
        raise RuntimeError("a leaf")
    return real(self, gradient, **options)


@_backward
def backward_refuses_other_dtypes(real, self, gradient, options):
    if isinstance(gradient, T) and gradient.dtype is not self.dtype:
        raise RuntimeError("dtype")
    return real(self, gradient, **options)


@_backward
def backward_takes_the_real_part_of_its_gradient(real, self, gradient, options):
    if isinstance(gradient, T) and gradient.is_complex() and not self.is_complex():
        gradient = gradient.real
    return real(self, gradient, **options)


@_backward
def backward_spoils_its_gradient(real, self, gradient, options):
    real(self, gradient, **options)
    if isinstance(gradient, T) and not gradient.requires_grad and 0 not in gradient.stride():
        gradient.mul_(2)


@_backward
def backward_never_frees(real, self, gradient, options):
    return real(self, gradient, **{**options, "retain_graph": True})


@_backward
def backward_always_frees(real, self, gradient, options):
    return real(self, gradient, **{**options, "retain_graph": False})


@_backward
def backward_ignores_inputs(real, self, gradient, options):
    return real(self, gradient, **{**options, "inputs": None})


@_backward
def backward_fills_in_the_last_input_only(real, self, gradient, options):
    inputs = options["inputs"]
    if inputs:
        real(self, gradient, **options)
        inputs[0].grad = None
        return None
    return real(self, gradient, **options)


@_backward
def backward_takes_no_inputs_for_all(real, self, gradient, options):
    return real(self, gradient, **{**options, "inputs": options["inputs"] or None})


@_backward
def backward_refuses_inputs_by_name(real, self, gradient, options):
    if isinstance(options["inputs"], dict):
        raise RuntimeError("a dict")
    return real(self, gradient, **options)


@_backward
def backward_drops_non_leaves_of_inputs(real, self, gradient, options):
    inputs = options["inputs"]
    if isinstance(inputs, list) and not all(input.is_leaf for input in inputs):
        return None
    return real(self, gradient, **options)


@_backward
def backward_creates_graphs_silently(real, self, gradient, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return real(self, gradient, **options)


@_backward
def backward_creates_graphs_with_another_warning(real, self, gradient, options):
    if options["create_graph"]:
        warnings.warn("creates a graph", UserWarning, stacklevel=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return real(self, gradient, **options)


@_backward
def backward_runs_twice(real, self, gradient, options):
    real(self, gradient, **{**options, "retain_graph": True})
    return real(self, gradient, **options)


@_backward
def backward_halves_the_gradient(real, self, gradient, options):
    return real(self, gradient / 2 if isinstance(gradient, T) else gradient, **options)


def _leaves_of(self: torch.Tensor) -> list[torch.Tensor]:
    pending, seen, found = [self.grad_fn], set(), []
    while pending:
        node = pending.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        pending += [next for next, _ in node.next_functions]
    return found


@_backward
def backward_overwrites_grad(real, self, gradient, options):
    if options["inputs"] is None:
        for leaf in _leaves_of(self):
            leaf.grad = None
    return real(self, gradient, **options)


@_backward
def backward_replaces_grad(real, self, gradient, options):
    for leaf in _leaves_of(self):
        if leaf.grad is not None:
            leaf.grad = leaf.grad.clone()
    return real(self, gradient, **options)


@_backward
def backward_drops_grad_of_cleared(real, self, gradient, options):
    leaves = _leaves_of(self)
    cleared = [leaf for leaf in leaves if not leaf.requires_grad]
    real(self, gradient, **options)
    for leaf in cleared:
        leaf.grad = torch.ones_like(leaf)


@_backward
def backward_stops_at_a_leaf_that_was_cleared(real, self, gradient, options):
    if all(leaf.requires_grad for leaf in _leaves_of(self)):
        real(self, gradient, **options)


@_backward
def backward_adds_in_place_despite_create_graph(real, self, gradient, options):
    return real(self, gradient, **{**options, "create_graph": False})


@_backward
def backward_shares_one_grad_among_leaves(real, self, gradient, options):
    leaves = _leaves_of(self)
    real(self, gradient, **options)
    for leaf in leaves:
        leaf.grad = leaves[0].grad


@_backward
def backward_fills_in_the_gradient_itself(real, self, gradient, options):
    leaves = _leaves_of(self)
    real(self, gradient, **options)
    for leaf in leaves:
        leaf.grad = gradient


@patch_fault(torch.autograd, "backward")
def autograd_backward_takes_the_first_tensor_only(real, tensors, grad_tensors=None, *args, **options):
    if isinstance(tensors, list) and grad_tensors is not None and len(grad_tensors) == len(tensors):
        return real(tensors[:1], grad_tensors[:1], *args, **options)
    return real(tensors, grad_tensors, *args, **options)


@patch_fault(torch.autograd, "backward")
def autograd_backward_repeats_gradients(real, tensors, grad_tensors=None, *args, **options):
    if isinstance(tensors, list) and grad_tensors is not None and len(grad_tensors) < len(tensors):
        grad_tensors = grad_tensors * len(tensors)
    return real(tensors, grad_tensors, *args, **options)


@patch_fault(torch.autograd, "backward")
def autograd_backward_reverses_its_gradients(real, tensors, grad_tensors=None, *args, **options):
    if isinstance(tensors, list) and grad_tensors is not None and len(grad_tensors) == len(tensors):
        grad_tensors = grad_tensors[::-1]
    return real(tensors, grad_tensors, *args, **options)


@patch_fault(torch.autograd, "backward")
def autograd_backward_passes_over_constants(real, tensors, grad_tensors=None, *args, **options):
    if isinstance(tensors, list) and grad_tensors is not None and len(grad_tensors) == len(tensors):
        pairs = [pair for pair in zip(tensors, grad_tensors, strict=True) if pair[0].requires_grad]
        tensors, grad_tensors = [one for one, _ in pairs], [other for _, other in pairs]
    return real(tensors, grad_tensors, *args, **options)


@patch_fault(torch.autograd, "backward")
def autograd_backward_needs_a_tensor(real, tensors, grad_tensors=None, *args, **options):
    if isinstance(tensors, list) and not tensors:
        raise RuntimeError("no tensors")
    return real(tensors, grad_tensors, *args, **options)


def _grad(wrong: Any) -> Any:
    def standing_in(real, outputs, inputs, grad_outputs=None, **options):
        return wrong(real, outputs, inputs, grad_outputs, options)

    standing_in.__name__ = wrong.__name__
    return patch_fault(torch.autograd, "grad")(standing_in)


@_grad
def autograd_grad_fills_in_grad(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    for tensor, gradient_found in zip(inputs, found, strict=True):
        if tensor.is_leaf and gradient_found is not None:
            tensor.grad = gradient_found
    return found


@_grad
def autograd_grad_reverses_its_inputs(real, outputs, inputs, gradient, options):
    return real(outputs, inputs, gradient, **options)[::-1]


@_grad
def autograd_grad_gives_none_for_unused(real, outputs, inputs, gradient, options):
    return real(outputs, inputs, gradient, **{"allow_unused": True, **options})


@_grad
def autograd_grad_gives_zeros_for_unused(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    pairs = zip(found, inputs, strict=True)
    return tuple(torch.zeros_like(input) if each is None else each for each, input in pairs)


@_grad
def autograd_grad_materializes_ones(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    return tuple(each + 1 for each in found) if options.get("materialize_grads") else found


@_grad
def autograd_grad_allows_contradictions(real, outputs, inputs, gradient, options):
    if options.get("materialize_grads"):
        options = {**options, "allow_unused": True}
    return real(outputs, inputs, gradient, **options)


@_grad
def autograd_grad_takes_constants(real, outputs, inputs, gradient, options):
    if not inputs[0].requires_grad:
        return (torch.zeros_like(inputs[0]),)
    return real(outputs, inputs, gradient, **options)


@_grad
def autograd_grad_takes_no_inputs(real, outputs, inputs, gradient, options):
    return real(outputs, inputs, gradient, **options) if len(inputs) else ()


@_grad
def autograd_grad_forgets_names(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    return tuple(found.values()) if isinstance(found, dict) else found


@_grad
def autograd_grad_mixes_up_names(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    return dict(zip(found, reversed(found.values()), strict=True)) if isinstance(found, dict) else found


@_grad
def autograd_grad_copies(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    return tuple(each.clone() for each in found) if isinstance(found, tuple) else found


@_grad
def autograd_grad_ignores_create_graph(real, outputs, inputs, gradient, options):
    return real(outputs, inputs, gradient, **{**options, "create_graph": False, "retain_graph": True})


@_grad
def autograd_grad_frees_despite_create_graph(real, outputs, inputs, gradient, options):
    return real(outputs, inputs, gradient, **{"retain_graph": False, **options})


@_grad
def autograd_grad_retains_what_it_creates(real, outputs, inputs, gradient, options):
    if options.get("create_graph"):
        options = {**options, "retain_graph": True}
    return real(outputs, inputs, gradient, **options)


@_grad
def autograd_grad_always_requires_grad_where_it_creates(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    if options.get("create_graph"):
        found = tuple(each if each.requires_grad else each.detach().requires_grad_() for each in found)
    return found


@_grad
def autograd_grad_always_creates_graphs(real, outputs, inputs, gradient, options):
    return real(outputs, inputs, gradient, **{**options, "create_graph": True})


@_grad
def autograd_grad_detaches_second_derivatives(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    return tuple(each * 2 for each in found) if isinstance(outputs, T) and outputs.dim() >= 0 else found


@_grad
def autograd_grad_repeats_the_first_of_a_batch(real, outputs, inputs, gradient, options):
    found = real(outputs, inputs, gradient, **options)
    if not options.get("is_grads_batched"):
        return found
    return tuple(each[:1].expand(each.shape) for each in found)


# Derivatives.


def _wrong_gradient(name: str, *functions: Any) -> None:
    """Register a fault of functions of one tensor whose gradient is that of the identity, doubled."""

    def wrong(real, input, *args, **options):
        output = real(input, *args, **options)
        if not output.requires_grad or output.shape != input.shape:
            return output
        return output.detach() + 2 * input - (2 * input).detach()

    wrong.__name__ = f"gradient_of_{name}_is_wrong"
    fault(*functions)(wrong)


for _name, _functions in {
    "exp": (T.exp,),
    "tanh": (T.tanh,),
    "sigmoid": (T.sigmoid,),
    "sin": (T.sin,),
    "cos": (T.cos,),
    "neg": (T.neg, T.__neg__),
    "clone": (T.clone,),
    "square": (T.square,),
}.items():
    _wrong_gradient(_name, *_functions)


@fault(T.mul, T.__mul__, T.__rmul__)
def gradient_of_mul_is_wrong_for_constants(real, input, other):
    output = real(input, other)
    if isinstance(other, T) or not output.requires_grad:
        return output
    return output.detach() + input - input.detach()


@fault(T.add, T.__add__)
def gradient_of_add_counts_a_shared_operand_once(real, input, other):
    if isinstance(other, T) and other is input:
        return real(input, other.detach())
    return real(input, other)


@fault(T.sum)
def gradient_of_sum_is_doubled(real, input, *args, **options):
    output = real(input, *args, **options)
    return output * 2 - output.detach() if output.requires_grad else output


@fault(T.mean)
def gradient_of_mean_is_that_of_a_sum(real, input, *args, **options):
    output = real(input, *args, **options)
    if not output.requires_grad:
        return output
    total = input.sum(*args, **options)
    return total + (output - total).detach()


@fault(T.expand)
def gradient_of_expand_is_halved(real, input, *sizes):
    output = real(input, *sizes)
    return output * 0.5 + (output * 0.5).detach() if output.requires_grad else output


@fault(T.mul_)
def gradient_of_mul_in_place_forgets_the_factor(real, input, other):
    if not input.requires_grad:
        return real(input, other)
    return input.add_((input * (other - 1)).detach())


@fault(T.neg_)
def gradient_of_neg_in_place_is_not_negative(real, input):
    return input.add_((-2 * input).detach()) if input.requires_grad else real(input)


@fault(T.clone, T.neg, T.__neg__)
def copies_save_their_input(real, input, *args, **options):
    return real(input, *args, **options) * torch.ones_like(input)


@patch_fault(torch.autograd.graph.saved_tensors_hooks, "__enter__")
def saved_tensors_hooks_do_nothing(real, self):
    torch._C._autograd._push_saved_tensors_default_hooks(lambda saved: saved, lambda kept: kept)


@patch_fault(torch.autograd.graph.saved_tensors_hooks, "__enter__")
def saved_tensors_hooks_unpack_what_was_saved(real, self):
    def pack(saved: torch.Tensor) -> torch.Tensor:
        self.pack_hook(saved)
        return saved.detach()

    torch._C._autograd._push_saved_tensors_default_hooks(pack, self.unpack_hook)


@patch_fault(torch.autograd.graph.saved_tensors_hooks, "__enter__")
def saved_tensors_hooks_unpack_at_once(real, self):
    def pack(saved: torch.Tensor) -> torch.Tensor:
        found = self.pack_hook(saved)
        return saved.detach() if found is None else self.unpack_hook(found)

    torch._C._autograd._push_saved_tensors_default_hooks(pack, lambda kept: kept)


@patch_fault(torch.autograd.graph.saved_tensors_hooks, "__enter__")
def saved_tensors_hooks_pack_zeros(real, self):
    def pack(saved: torch.Tensor) -> Any:
        return self.pack_hook(torch.zeros_like(saved))

    torch._C._autograd._push_saved_tensors_default_hooks(pack, self.unpack_hook)


@fault(T.exp)
def exp_saves_a_copy(real, input):
    output = real(input)
    return output.clone() if output.requires_grad else output


@fault(T.exp, T.pow, T.__pow__)
def constants_are_saved(real, input, *args):
    if input.requires_grad or not differentiable(input):
        return real(input, *args)
    return real(input.detach().requires_grad_(), *args).detach()


@fault(T.pow, T.__pow__)
def gradient_of_pow_is_a_constant(real, input, power):
    output = real(input, power)
    return output.detach() + input - input.detach() if output.requires_grad else output


# Hooks.


class _Handle:
    def remove(self) -> None: ...


@fault(T.register_hook)
def hooks_are_not_called(real, input, hook):
    return real(input, lambda gradient: None)


@fault(T.register_hook)
def hooks_are_called_twice(real, input, hook):
    return real(input, lambda gradient: (hook(gradient), hook(gradient))[1])


@fault(T.register_hook)
def hooks_are_called_in_the_first_pass_only(real, input, hook):
    calls: list[int] = []

    def called(gradient: torch.Tensor) -> Any:
        calls.append(1)
        return hook(gradient) if len(calls) == 1 else None

    return real(input, called)


@fault(T.register_hook)
def hooks_see_a_doubled_gradient(real, input, hook):
    return real(input, lambda gradient: hook(gradient * 2))


@fault(T.register_hook)
def hooks_change_nothing(real, input, hook):
    return real(input, lambda gradient: (hook(gradient), None)[1])


@fault(T.register_hook)
def hooks_that_return_none_zero_the_gradient(real, input, hook):
    def called(gradient: torch.Tensor) -> Any:
        found = hook(gradient)
        return gradient * 0 if found is None else found

    return real(input, called)


@fault(T.register_hook)
def hooks_run_in_reverse_order(real, input, hook):
    hooks = input.__dict__.setdefault("_hooks_here", [])
    hooks.insert(0, hook)
    if len(hooks) > 1:
        return _Handle()

    def all_of_them(gradient: torch.Tensor) -> torch.Tensor:
        for each in hooks:
            found = each(gradient)
            gradient = gradient if found is None else found
        return gradient

    return real(input, all_of_them)


@fault(T.register_hook)
def hooks_cannot_be_removed(real, input, hook):
    real(input, hook)
    return _Handle()


@fault(T.register_hook)
def removing_a_hook_removes_all(real, input, hook):
    handle = real(input, hook)
    remove = handle.remove

    def remove_all() -> None:
        remove()
        (input._backward_hooks or {}).clear()

    handle.remove = remove_all
    return handle


@fault(T.register_hook)
def hooks_take_constants(real, input, hook):
    return real(input, hook) if input.requires_grad else _Handle()


@fault(T.register_hook)
def hooks_may_return_anything(real, input, hook):
    def called(gradient: torch.Tensor) -> Any:
        found = hook(gradient)
        return found if isinstance(found, T) and found.shape == gradient.shape else None

    return real(input, called)


@fault(T.register_hook)
def hooks_swallow_exceptions(real, input, hook):
    def called(gradient: torch.Tensor) -> Any:
        with contextlib.suppress(Exception):
            return hook(gradient)

    return real(input, called)


@fault(T.register_hook)
def hooks_run_with_grad_mode_on(real, input, hook):
    def called(gradient: torch.Tensor) -> Any:
        with torch.enable_grad():
            return hook(gradient)

    return real(input, called)


@fault(T.register_hook)
def hooks_run_with_grad_mode_off_always(real, input, hook):
    def called(gradient: torch.Tensor) -> Any:
        with torch.no_grad():
            return hook(gradient)

    return real(input, called)


@fault(T.register_hook)
def hooks_keep_the_gradients_they_saw(real, input, hook):
    kept = []

    def called(gradient: torch.Tensor) -> Any:
        kept.append(gradient)
        return hook(gradient)

    return real(input, called)


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_run_with_grad_mode_off_always(real, input, hook):
    def called(leaf: torch.Tensor) -> Any:
        with torch.no_grad():
            return hook(leaf)

    return real(input, called)


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_may_return_anything(real, input, hook):
    return real(input, lambda leaf: (hook(leaf), None)[1])


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_cannot_be_removed(real, input, hook):
    real(input, hook)
    return _Handle()


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_are_called_by_hooks(real, input, hook):
    input.register_hook(lambda gradient: (hook(input), None)[1])
    return real(input, lambda leaf: None)


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_are_not_called(real, input, hook):
    return real(input, lambda leaf: None)


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_get_a_copy(real, input, hook):
    return real(input, lambda leaf: hook(leaf.clone()))


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_come_too_early(real, input, hook):
    return input.register_hook(lambda gradient: hook(input))


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_run_with_grad_mode_on(real, input, hook):
    def called(leaf: torch.Tensor) -> Any:
        with torch.enable_grad():
            return hook(leaf)

    return real(input, called)


@fault(T.register_post_accumulate_grad_hook)
def post_accumulate_hooks_take_anything(real, input, hook):
    return real(input, hook) if input.is_leaf and input.requires_grad else _Handle()


# detach, detach_ and .data.


@fault(T.detach)
def detach_copies(real, input):
    return real(input).clone()


@fault(T.detach)
def detach_is_recorded(real, input):
    return input[...]


@fault(T.detach)
def detach_returns_itself_for_constants(real, input):
    return real(input) if input.requires_grad else input


@fault(T.detach)
def detach_makes_contiguous(real, input):
    return real(input).contiguous()


@fault(T.detach)
def detach_has_a_version_of_its_own(real, input):
    return input.data


@fault(T.detach)
def detach_cuts_the_graph(real, input):
    return input.detach_() if not input._is_view() else real(input)


@fault(T.detach)
def detach_gives_zeros(real, input):
    return torch.zeros_like(real(input))


@fault(T.detach)
def detach_zeroes_the_gradient_behind(real, input):
    if input.requires_grad and not input.is_leaf:
        input.register_hook(lambda gradient: gradient * 0)
    return real(input)


@fault(T.detach)
def detach_counts_as_a_change(real, input):
    output = real(input)
    if 0 not in output.stride():
        output.add_(0)
    return output


@fault(T.detach)
def detach_gives_a_view(real, input):
    return real(input)[...]


@fault(T.detach)
def detach_requires_grad(real, input):
    return real(input).requires_grad_(input.requires_grad)


@fault(T.detach_)
def detach_in_place_returns_another(real, input):
    return real(input).detach()


@fault(T.detach_)
def detach_in_place_does_nothing(real, input):
    return input


@fault(T.detach_)
def detach_in_place_clears(real, input):
    return real(input).zero_()


@fault(T.detach_)
def detach_in_place_counts_as_a_change(real, input):
    return real(input).add_(0)


@fault(T.detach_)
def detach_in_place_leaves_leaves_alone(real, input):
    return input if input.is_leaf else real(input)


@fault(T.detach_)
def detach_in_place_takes_views(real, input):
    return (
        input.set_(input.detach().clone())
        if input._is_view() and not input.requires_grad
        else (input.clone() if input._is_view() else real(input))
    )


@fault(T.detach_)
def detach_in_place_cuts_the_past(real, input):
    if input.requires_grad and not input.is_leaf:
        input.register_hook(lambda gradient: gradient * 0)
    return real(input)


@fault(T.data.__get__)
def data_copies(real, input):
    return real(input).clone()


@fault(T.data.__get__)
def data_is_detach(real, input):
    return input.detach()


@fault(T.data.__get__)
def data_requires_grad(real, input):
    return real(input).requires_grad_(input.requires_grad)


@fault(T.data.__get__)
def data_is_the_tensor_itself(real, input):
    return input


@fault(T.data.__get__)
def data_is_zeros(real, input):
    return torch.zeros_like(real(input))


class _Callable(torch.Tensor):
    def __call__(self) -> torch.Tensor:
        return self


@fault(T.data.__get__)
def data_can_be_called(real, input):
    return real(input).as_subclass(_Callable)


@fault(T.data.__set__)
def data_cannot_be_assigned(real, input, found):
    return None


@fault(T.data.__set__)
def assigning_data_forgets_requires_grad(real, input, found):
    real(input, found)
    input.requires_grad_(False)


@fault(T.data.__set__)
def assigning_data_copies_elements(real, input, found):
    input.detach().copy_(found if found.shape == input.shape else found.new_ones(()))


@fault(T.data.__set__)
def assigning_data_converts(real, input, found):
    real(input, found.to(input.dtype))


@fault(T._version.__get__)
def version_is_always_0(real, input):
    return 0


@fault(T._version.__get__)
def version_starts_at_1(real, input):
    return real(input) + 1
