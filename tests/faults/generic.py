"""Faults that any operation could have: each is made for the operation of a rule of a law.

    @generic
    def copies(operation, real, *args, **options):
        return each(torch.Tensor.clone, real(*args, **options))

`conformance/faults.toml` names those that the rules of a law catch, under `*.law`; the fault `copies` of
`squeeze` is called `squeeze-copies`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import torch

from conformance.engine.rule import RegisteredRule, load_rules
from conformance.law import families
from conformance.operation import Operation
from tests.faults import FAULTS, FUNCTIONS, MODULES, Fault
from tests.faults.memory import misread

GENERIC: dict[str, Callable[..., Any]] = {}
"""The faults by name, of whatever operation."""


def generic(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a function of an operation, the real function and its arguments as a fault of any."""
    GENERIC[wrong.__name__.replace("_", "-")] = wrong
    return wrong


def each(change: Callable[[torch.Tensor], Any], output: Any) -> Any:
    """Return an output with a change of each of its tensors."""
    if isinstance(output, torch.Tensor):
        return change(output)
    changed = [change(part) for part in output]
    return type(output)(changed)


def tensors(args: Any) -> list[torch.Tensor]:
    """Return the tensors among arguments, and in tuples of them."""
    parts = [part for arg in args for part in (arg if isinstance(arg, tuple | list) else [arg])]
    return [part for part in parts if isinstance(part, torch.Tensor)]


def writes(real: Any) -> bool:
    """Return whether a function is the form of an operation that ends with an underscore."""
    return real.__name__ == "__setitem__" or (
        real.__name__.endswith("_") and not real.__name__.endswith("__")
    )


def placed(operation: Operation, args: tuple[Any, ...], options: dict[str, Any], name: str) -> Any:
    """Return the argument of a name."""
    if name in options:
        return options[name]
    at = operation.names.index(name)
    return args[at] if at < len(args) else None


@generic
def misreads_layouts(operation, real, *args, **options):
    def read(value):
        if isinstance(value, tuple | list):
            return type(value)(map(read, value))
        strided = isinstance(value, torch.Tensor) and not value.is_contiguous() and not value.requires_grad
        return misread(value) if strided and not value.is_conj() and not value.is_neg() else value

    if writes(real):
        return real(args[0], *map(read, args[1:]), **options)
    return real(*map(read, args), **options)


def _spoiled(tensor: torch.Tensor, at: int = -1) -> torch.Tensor:
    """Return a copy of a tensor with another element at one place."""
    if not tensor.numel():
        return tensor
    with torch.no_grad():
        made = tensor.detach().clone().contiguous()
        flat = made.view(-1)
        flat[at] = ~flat[at] if made.dtype is torch.bool else flat[at] + 1 if flat[at] == flat[at] else 0
        if made.dtype.is_floating_point and flat[at] == tensor.detach().reshape(-1)[at]:
            flat[at] = 0.0 if flat[at] else 1.0
        if made.dtype.is_complex and flat[at] == tensor.detach().reshape(-1)[at]:
            flat[at] = 0.0
    return made


@generic
def spoils_the_last_element(operation, real, *args, **options):
    output = real(*args, **options)
    if writes(real):
        args[0].detach().copy_(_spoiled(args[0]))
        return output
    return each(_spoiled, output)


@generic
def answers_otherwise_the_second_time(operation, real, *args, **options):
    output = real(*args, **options)
    return each(_spoiled, output) if next(_calls) % 2 else output


_calls = itertools.count()


@generic
def is_wrong_past_256_elements(operation, real, *args, **options):
    output = real(*args, **options)
    return each(lambda tensor: _spoiled(tensor) if tensor.numel() > 256 else tensor, output)


@generic
def is_wrong_for_rank_4(operation, real, *args, **options):
    output = real(*args, **options)
    first = next(iter(tensors(args)), None)
    return each(_spoiled, output) if first is not None and first.dim() >= 4 else output


@generic
def drops_nan(operation, real, *args, **options):
    output = real(*args, **options)
    return each(lambda tensor: tensor.nan_to_num(0.0, float("inf"), float("-inf")), output)


@generic
def reads_nan_as_0(operation, real, *args, **options):
    def read(value):
        return (
            value.nan_to_num(0.0, float("inf"), float("-inf")) if isinstance(value, torch.Tensor) else value
        )

    return real(*map(read, args), **options)


@generic
def spreads_what_beta_0_leaves_out(operation, real, *args, **options):
    output = real(*args, **options)
    return output if options["beta"] else output + args[0] * 0


@generic
def gives_another_dtype(operation, real, *args, **options):
    def cast(tensor):
        return tensor.to(torch.float64 if tensor.dtype is not torch.float64 else torch.float32)

    return each(cast, real(*args, **options))


@generic
def adds_a_dim(operation, real, *args, **options):
    return each(lambda tensor: tensor.unsqueeze(0), real(*args, **options))


@generic
def never_refuses(operation, real, *args, **options):
    try:
        return real(*args, **options)
    except Exception:
        return args[0]


@generic
def refuses_negative_dims(operation, real, *args, **options):
    dim = placed(operation, args, options, "dim")
    if isinstance(dim, int) and dim < 0:
        raise IndexError("a dim is not negative")
    return real(*args, **options)


@generic
def takes_a_negative_dim_for_the_last(operation, real, *args, **options):
    dim = placed(operation, args, options, "dim")
    if isinstance(dim, int) and dim < 0:
        if "dim" in options:
            options["dim"] = -1
        else:
            at = operation.names.index("dim")
            args = (*args[:at], -1, *args[at + 1 :])
    return real(*args, **options)


@generic
def spoils_the_method(operation, real, *args, **options):
    output = real(*args, **options)
    return (
        each(_spoiled, output)
        if real.__qualname__.startswith(("_TensorBase", "Tensor", "TensorBase"))
        else output
    )


@generic
def takes_no_keywords(operation, real, *args, **options):
    if not args:
        raise TypeError("takes no keywords")
    return real(*args, **options)


@generic
def always_requires_grad(operation, real, *args, **options):
    def requiring(tensor):
        floating = tensor.dtype.is_floating_point or tensor.dtype.is_complex
        return tensor.detach().requires_grad_() if floating else tensor

    return each(requiring, real(*args, **options))


@generic
def is_not_recorded(operation, real, *args, **options):
    return each(torch.Tensor.detach, real(*args, **options))


@generic
def ignores_no_grad(operation, real, *args, **options):
    with torch.enable_grad():
        return real(*args, **options)


@generic
def gives_a_view(operation, real, *args, **options):
    return each(lambda tensor: tensor.clone()[...], real(*args, **options))


@generic
def shares_the_input(operation, real, *args, **options):
    output = real(*args, **options)
    first = tensors([placed(operation, args, options, operation.sources[0])])[0]
    if not first.numel():
        return output

    def shared(tensor):
        return first.detach().as_strided(tensor.shape, [0] * tensor.dim())

    return each(shared, output)


@generic
def changes_its_input(operation, real, *args, **options):
    output = real(*args, **options)
    first = tensors(args)[0].detach()
    output = each(torch.Tensor.clone, output)
    first.zero_()
    return output


class _Passing(torch.autograd.Function):
    """The same elements, with a change of the gradient that is passed back."""

    @staticmethod
    def forward(ctx, tensor, change):
        ctx.change = change
        return tensor.clone()

    @staticmethod
    def backward(ctx, upstream):
        return ctx.change(upstream), None


class _PassingOnce(_Passing):
    """The same, whose backward cannot be derived."""

    backward = staticmethod(torch.autograd.function.once_differentiable(_Passing.backward))


def passing(change, output, function=_Passing):
    """Return an output that passes other gradients back."""
    return each(lambda tensor: function.apply(tensor, change) if tensor.requires_grad else tensor, output)


@generic
def doubles_the_gradient(operation, real, *args, **options):
    return passing(lambda upstream: upstream * 2, real(*args, **options))


@generic
def misreads_the_upstream(operation, real, *args, **options):
    def read(upstream):
        return misread(upstream) if not upstream.is_contiguous() else upstream

    return passing(read, real(*args, **options))


@generic
def derives_once(operation, real, *args, **options):
    return passing(lambda upstream: upstream, real(*args, **options), _PassingOnce)


@generic
def flattens_the_gradient(operation, real, *args, **options):
    return passing(lambda upstream: upstream.reshape(-1, 1), real(*args, **options))


@generic
def refuses_int32(operation, real, *args, **options):
    if any(tensor.dtype is torch.int32 for tensor in tensors([*args[1:], *options.values()])):
        raise RuntimeError("an index is int64")
    return real(*args, **options)


@generic
def ignores_out(operation, real, *args, **options):
    out = options.pop("out", None)
    output = real(*args, **options)
    return output if out is None else out


@generic
def clears_out_first(operation, real, *args, **options):
    """As reductions did that filled out with what they began with (observed of amax)."""
    if "out" in options:
        each(torch.Tensor.zero_, options["out"])
    return real(*args, **options)


@generic
def returns_another_out(operation, real, *args, **options):
    output = real(*args, **options)
    return each(torch.Tensor.clone, output) if "out" in options else output


@generic
def lays_out_anew(operation, real, *args, **options):
    """Makes out another tensor, whose dims lie in the reverse order."""
    out = options.pop("out", None)
    output = real(*args, **options)
    if out is None:
        return output
    outs, outputs = (out, output) if isinstance(out, tuple | list) else ((out,), (output,))
    for one, found in zip(outs, outputs, strict=True):
        dims = tuple(range(found.dim()))[::-1]
        spread = found.repeat_interleave(2, 0)[::2] if found.dim() else found.clone()
        one.set_(spread if one.is_contiguous() else found.permute(dims).contiguous().permute(dims))
    return out


@generic
def keeps_an_empty_out(operation, real, *args, **options):
    out = options.pop("out", None)
    output = real(*args, **options)
    if out is None:
        return output
    outs, outputs = (out, output) if isinstance(out, tuple | list) else ((out,), (output,))
    for one, found in zip(outs, outputs, strict=True):
        if one.numel():
            one.copy_(found)
    return out


@generic
def returns_a_copy_in_place(operation, real, *args, **options):
    output = real(*args, **options)
    return output.clone() if writes(real) else output


@generic
def does_nothing_in_place(operation, real, *args, **options):
    return args[0] if writes(real) else real(*args, **options)


@generic
def writes_elsewhere_in_place(operation, real, *args, **options):
    if not writes(real):
        return real(*args, **options)
    made = args[0].detach().clone()
    real(made, *args[1:], **options)
    args[0].set_(made)
    return args[0]


@generic
def is_not_counted_in_place(operation, real, *args, **options):
    if not writes(real):
        return real(*args, **options)
    with torch.autograd._unsafe_preserve_version_counter(args[0]):  # type: ignore[attr-defined]
        return real(*args, **options)


@generic
def copies(operation, real, *args, **options):
    return each(torch.Tensor.clone, real(*args, **options))


@generic
def lays_out_anew_as_contiguous(operation, real, *args, **options):
    def spread(tensor):
        made = torch.zeros((*tensor.shape, 2), dtype=tensor.dtype)[..., 0]
        return made.copy_(tensor.detach())

    return each(spread, real(*args, **options))


@generic
def is_elsewhere(operation, real, *args, **options):
    return each(lambda tensor: tensor.to("meta"), real(*args, **options))


@generic
def spoils_the_indices(operation, real, *args, **options):
    output = real(*args, **options)
    return type(output)((output[0], output[1] + 1))


OPERATIONS = {entry.name: entry for entries in families().values() for entry in entries}


def make(operation: Operation, name: str) -> str:
    """Register a fault as one of an operation; return its id."""
    id = f"{operation.name.replace('_', '-')}-{name}"
    FAULTS[id] = lambda: Fault(operation.called, functools.partial(GENERIC[name], operation))
    FUNCTIONS[id] = operation.called
    MODULES[id] = "generic"
    return id


def entry_of(rule: RegisteredRule) -> Operation | None:
    """Return the entry of the operation that a rule is about, None if there is none."""
    return OPERATIONS.get(rule.of_law.partition(".")[0] or rule.rule.operation)


for _rule in load_rules().values():
    if _entry := entry_of(_rule):
        _prefix = f"{_entry.name.replace('_', '-')}-"
        for _fault in _rule.rule.faults:
            if _fault.startswith(_prefix) and _fault.removeprefix(_prefix) in GENERIC:
                make(_entry, _fault.removeprefix(_prefix))
