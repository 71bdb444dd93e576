"""Reductions, and element-wise extremes, that are wrong in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.faults import fault
from tests.faults.memory import expanded, misread, narrowed, shifted, stepped, transposed

LAYOUTS = {
    "transposed": transposed,
    "expanded": expanded,
    "stepped": stepped,
    "offset": shifted,
    "narrowed": narrowed,
}
BOTH = {"max": (torch.max, torch.Tensor.max), "min": (torch.min, torch.Tensor.min)}
ONLY_OF_MAX = {
    ("min", name) for name in ("casts_to_out", "takes_a_tuple", "takes_a_number", "takes_keepdim_alone")
}
"""What of min is left to the rules of max to show."""

PAIRS = (torch.maximum, torch.minimum, torch.fmax, torch.fmin, torch.max, torch.min)
SEVERAL = (torch.amax, torch.amin)
ARGMAX = (torch.argmax, torch.argmin)
AMINMAX = (torch.aminmax,)


def _named(wrong: Callable[..., Any], name: str) -> Callable[..., Any]:
    wrong.__name__ = name
    return wrong


def _is_pair(arguments: tuple[Any, ...]) -> bool:
    return bool(arguments) and isinstance(arguments[0], torch.Tensor)


def full_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a fault of max and one of min without dim."""
    for name, functions in BOTH.items():

        def standing_in(real, input, *arguments, _name=name, **options):
            if arguments or options:
                return real(input, *arguments, **options)
            return wrong(real, input, _name)

        fault(*functions)(_named(standing_in, f"{name}_{wrong.__name__}"))
    return wrong


def dim_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a fault of max and one of min over a dim; it gets input, dim and keepdim."""
    for name, functions in BOTH.items():

        def standing_in(real, input, *arguments, dim=..., keepdim=False, out=None, _real_name=name):
            if _is_pair(arguments) or (not arguments and dim is ...):
                return real(input, *arguments) if out is None else real(input, *arguments, out=out)
            dim, keepdim = (*arguments, keepdim)[:2] if arguments else (dim, keepdim)
            if out is not None:
                return real(input, dim, keepdim, out=out)
            return wrong(real, input, dim, keepdim)

        fault(*functions)(_named(standing_in, f"{name}_{wrong.__name__}"))
    return wrong


def out_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a fault of max and one of min over a dim with out."""
    for name, functions in BOTH.items():
        if (name, wrong.__name__) in ONLY_OF_MAX:
            continue

        def standing_in(real, input, *arguments, out=None, **options):
            if out is None:
                return real(input, *arguments, **options)
            if not arguments:
                return real(input, out=out)
            return wrong(real, input, *arguments, out)

        fault(*functions)(_named(standing_in, f"{name}_{wrong.__name__}"))
    return wrong


def pair_fault(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Register a fault of every function of two tensors."""

    def standing_in(real, input, *arguments, **options):
        if not _is_pair(arguments):
            return real(input, *arguments, **options)
        return wrong(real, input, *arguments)

    fault(*PAIRS)(_named(standing_in, wrong.__name__))
    return wrong


for _layout_name, _layout in LAYOUTS.items():

    def _full(real, input, _name, _layout=_layout):
        return real(misread(input) if _layout(input) else input)

    def _dim(real, input, dim, keepdim, _layout=_layout):
        return real(misread(input) if _layout(input) else input, dim, keepdim)

    def _pair(real, input, other, _layout=_layout):
        return real(input, misread(other) if _layout(other) else other)

    def _several(real, input, *arguments, _layout=_layout, **options):
        return real(misread(input) if _layout(input) else input, *arguments, **options)

    full_fault(_named(_full, f"misreads_{_layout_name}_input"))
    dim_fault(_named(_dim, f"over_dim_misreads_{_layout_name}_input"))
    pair_fault(_named(_pair, f"maximum_misreads_{_layout_name}_other"))
    fault(*SEVERAL)(_named(_several, f"amax_misreads_{_layout_name}_input"))
    fault(*ARGMAX)(
        _named(lambda *a, _wrong=_several, **k: _wrong(*a, **k), f"argmax_misreads_{_layout_name}_input")
    )
    fault(*AMINMAX)(
        _named(lambda *a, _wrong=_several, **k: _wrong(*a, **k), f"aminmax_misreads_{_layout_name}_input")
    )


@full_fault
def starts_at_zero(real, input, name):
    output = real(input)
    if input.dtype is torch.bool or input.requires_grad:
        return output
    return output.clamp(min=0) if name == "max" else output.clamp(max=0)


@full_fault
def forgets_the_last_element(real, input, name):
    return real(input.reshape(-1)[:-1] if input.numel() > 1 else input)


@full_fault
def stops_after_256_elements(real, input, name):
    return real(input.reshape(-1)[:256])


@full_fault
def stops_after_1024_elements(real, input, name):
    return real(input.reshape(-1)[:1024])


@full_fault
def goes_through_float32(real, input, name):
    return real(input.float()).to(input.dtype) if input.dtype in (torch.int64, torch.float64) else real(input)


@full_fault
def loses_infinity(real, input, name):
    return real(input.nan_to_num(nan=torch.nan)) if input.is_floating_point() else real(input)


@full_fault
def keeps_a_dim(real, input, name):
    return real(input).reshape(1)


@full_fault
def widens_half(real, input, name):
    return real(input).float() if input.dtype in (torch.float16, torch.bfloat16) else real(input)


@full_fault
def blanks_bool(real, input, name):
    return real(input) ^ True if input.dtype is torch.bool else real(input)


@full_fault
def blanks_uint8(real, input, name):
    return real(input.to(torch.int8)).to(torch.uint8) if input.dtype is torch.uint8 else real(input)


@full_fault
def leaves_nan_out(real, input, name):
    kept = input[input == input]
    return real(kept) if kept.numel() and kept.numel() < input.numel() else real(input)


@full_fault
def sees_nan_in_the_first_place_only(real, input, name):
    if input.is_floating_point() and not input.requires_grad and input.reshape(-1)[0].isnan():
        return input.reshape(-1)[0].clone()
    return leaves_nan_out(real, input, name)


@full_fault
def gives_zero_for_nothing(real, input, name):
    return real(input) if input.numel() else input.new_zeros(())


@full_fault
def backward_picks_the_first(real, input, name):
    if not input.requires_grad:
        return real(input)
    return real(input.reshape(-1), 0).values


@full_fault
def backward_gives_all_to_each(real, input, name):
    output = real(input)
    if not input.requires_grad:
        return output
    equal = (input == output).detach()
    return (input * equal).sum() - (input * equal).sum().detach() + output.detach()


def _result(name: str, values: torch.Tensor, indices: torch.Tensor) -> Any:
    return getattr(torch.return_types, name)((values, indices))


def _name_of(real: Any) -> str:
    return str(real.__name__)


@dim_fault
def finds_the_last_of_ties(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    if not input.dim() or not input.numel() or input.requires_grad:
        return result
    indices = input.shape[dim] - 1 - real(input.flip(dim), dim, keepdim).indices
    return _result(_name_of(real), result.values, indices)


@dim_fault
def takes_the_wrong_negative_dim(real, input, dim, keepdim):
    if input.dim() > 1 and -input.dim() <= dim < -1 and input.shape[dim + 1]:
        dim += 1
    return real(input, dim, keepdim)


@dim_fault
def forgets_keepdim(real, input, dim, keepdim):
    return real(input, dim)


@dim_fault
def always_keeps_dim(real, input, dim, keepdim):
    return real(input, dim, True)


@dim_fault
def gives_indices_of_one_shape_only(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    return _result(_name_of(real), result.values, result.indices.reshape(-1))


@dim_fault
def gives_int32_indices(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    return _result(_name_of(real), result.values, result.indices.int())


@dim_fault
def gives_float_indices_that_require_grad(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    indices = result.indices.double().requires_grad_(input.requires_grad)
    return _result(_name_of(real), result.values, indices)


@dim_fault
def gives_flat_indices(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    return _result(_name_of(real), result.values, result.indices * (input.stride(dim) if input.dim() else 1))


@dim_fault
def gives_a_plain_tuple(real, input, dim, keepdim):
    return tuple(real(input, dim, keepdim))


@dim_fault
def swaps_values_and_indices(real, input, dim, keepdim):
    values, indices = real(input, dim, keepdim)
    return _result(_name_of(real), indices, values)


@dim_fault
def over_dim_goes_through_float32(real, input, dim, keepdim):
    if input.dtype in (torch.int64, torch.float64) and not input.requires_grad:
        values, indices = real(input.float(), dim, keepdim)
        return _result(_name_of(real), values.to(input.dtype), indices)
    return real(input, dim, keepdim)


@dim_fault
def over_dim_drops_nan(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    if not input.is_floating_point() or input.requires_grad:
        return result
    worst = -torch.inf if _name_of(real) == "max" else torch.inf
    return real(torch.where(input.isnan(), worst, input), dim, keepdim)


@dim_fault
def over_dim_finds_the_last_nan(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    if not input.dim() or not input.is_floating_point() or not input.isnan().any():
        return result
    indices = input.shape[dim] - 1 - real(input.flip(dim), dim, keepdim).indices
    return _result(_name_of(real), result.values, torch.where(result.values.isnan(), indices, result.indices))


@dim_fault
def over_dim_stops_after_256(real, input, dim, keepdim):
    return real(input.narrow(dim, 0, 256) if input.dim() and input.shape[dim] > 256 else input, dim, keepdim)


@dim_fault
def over_dim_blanks_bool(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    if input.dtype is not torch.bool:
        return result
    return _result(_name_of(real), ~result.values, result.indices)


@dim_fault
def over_dim_widens_half(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    if input.dtype not in (torch.float16, torch.bfloat16):
        return result
    return _result(_name_of(real), result.values.float(), result.indices)


@dim_fault
def flips_rank_4(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    if result.values.dim() < 3:
        return result
    return _result(_name_of(real), result.values.flip(0), result.indices.flip(0))


@dim_fault
def wraps_dim(real, input, dim, keepdim):
    return real(input, dim % max(input.dim(), 1) if isinstance(dim, int) else dim, keepdim)


@dim_fault
def gives_zero_for_an_empty_dim(real, input, dim, keepdim):
    if input.dim() and input.shape[dim] == 0:
        shape = list(input.shape)
        shape[dim] = 1
        return real(input.new_zeros(shape), dim, keepdim)
    return real(input, dim, keepdim)


@dim_fault
def takes_complex(real, input, dim, keepdim):
    return real(input.real if input.is_complex() else input, dim, keepdim)


@dim_fault
def backward_shares_evenly(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    if not input.requires_grad:
        return result
    function = torch.amax if _name_of(real) == "max" else torch.amin
    return _result(_name_of(real), function(input, dim, keepdim), result.indices)


@dim_fault
def backward_picks_the_last(real, input, dim, keepdim):
    result = real(input, dim, keepdim)
    if not input.requires_grad or not input.dim():
        return result
    last = real(input.flip(dim), dim, keepdim)
    return _result(_name_of(real), last.values, result.indices)


@out_fault
def forgets_out(real, input, dim, keepdim, out):
    return real(input, dim, keepdim)


@out_fault
def misplaces_strided_out(real, input, dim, keepdim, out):
    result = real(input, dim, keepdim, out=out)
    for tensor in out:
        if not tensor.is_contiguous():
            tensor.copy_(tensor.reshape(-1).flip(0).reshape(tensor.shape))
    return result


@out_fault
def casts_to_out(real, input, dim, keepdim, out):
    values, indices = real(input, dim, keepdim)
    out[0].copy_(values)
    out[1].copy_(indices)
    return out


@fault(*BOTH["max"])
def max_leaves_the_indices_of_out(real, input, *arguments, out=None, **options):
    if out is None or not arguments:
        return real(input, *arguments, **options) if out is None else real(input, out=out)
    return real(input, *arguments, out=(out[0], torch.empty(0, dtype=torch.int64)))


@fault(*BOTH["max"])
def max_writes_to_out_that_requires_grad(real, input, *arguments, out=None, **options):
    if out is None or not arguments:
        return real(input, *arguments, **options) if out is None else real(input, out=out)
    return real(input, *arguments, out=(out[0].detach(), out[1]))


@fault(*BOTH["max"])
def max_writes_what_requires_grad_to_out(real, input, *arguments, out=None, **options):
    if out is None or not arguments:
        return real(input, *arguments, **options) if out is None else real(input, out=out)
    return real(input.detach(), *arguments, out=out)


@fault(*BOTH["max"])
def max_of_all_forgets_out(real, input, *arguments, out=None, **options):
    if out is None or arguments:
        return real(input, *arguments, **options) if out is None else real(input, *arguments, out=out)
    return real(input)


@fault(*BOTH["max"])
def max_of_all_refuses_another_dtype_of_out(real, input, *arguments, out=None, **options):
    if out is None or arguments:
        return real(input, *arguments, **options) if out is None else real(input, *arguments, out=out)
    if out.dtype is not input.dtype:
        raise RuntimeError("dtype")
    return real(input, out=out)


@fault(*BOTH["max"])
def max_of_all_takes_complex(real, input, *arguments, **options):
    return real(input.real if input.is_complex() and not arguments else input, *arguments, **options)


def takes(name: str, wrong: Callable[..., Any]) -> None:
    """Let max and min take an argument that they refuse before any fault could stand in."""
    from unittest import mock

    from tests.faults import _add

    for each in BOTH:
        if (each, name) in ONLY_OF_MAX:
            continue
        real = getattr(torch, each)

        def standing_in(input, *arguments, _real=real, **options):
            return wrong(_real, input, *arguments, **options)

        made = lambda each=each, standing_in=standing_in: mock.patch.object(torch, each, standing_in)  # noqa: E731
        _add(_named(lambda: None, f"{each}_{name}"), made)


def _dropping_none(real, input, *rest, **options):
    return real(input) if rest == (None,) else real(input, *rest, **options)


def _taking_the_first_of_a_tuple(real, input, *rest, **options):
    return real(input, *[found[0] if isinstance(found, tuple) else found for found in rest], **options)


def _taking_numbers(real, input, *rest, **options):
    return real(
        input, *[torch.tensor(found) if isinstance(found, float) else found for found in rest], **options
    )


def _ignoring_keepdim_alone(real, input, *rest, **options):
    return real(input) if not rest and list(options) == ["keepdim"] else real(input, *rest, **options)


takes("takes_a_number", _taking_numbers)
takes("takes_keepdim_alone", _ignoring_keepdim_alone)
takes("takes_none", _dropping_none)
takes("takes_a_tuple", _taking_the_first_of_a_tuple)


@pair_fault
def maximum_reads_the_first_only(real, input, other):
    return real(input, input.expand(torch.broadcast_shapes(input.shape, other.shape)))


@pair_fault
def maximum_does_not_broadcast(real, input, other):
    if input.shape != other.shape:
        raise RuntimeError("shapes differ")
    return real(input, other)


@pair_fault
def maximum_cuts_larger_sizes(real, input, other):
    if input.dim() == other.dim():
        pairs = zip(input.shape, other.shape, strict=True)
        for at, (one, two) in enumerate(pairs):
            if min(one, two) > 1:
                input, other = input.narrow(at, 0, min(one, two)), other.narrow(at, 0, min(one, two))
    return real(input, other)


@pair_fault
def maximum_keeps_the_first_dtype(real, input, other):
    return real(input, other).to(input.dtype)


@pair_fault
def maximum_goes_through_float32(real, input, other):
    if input.dtype in (torch.int64, torch.float64) and not input.requires_grad:
        return real(input.float(), other.float()).to(input.dtype)
    return real(input, other)


@pair_fault
def maximum_takes_complex(real, input, other):
    return real(*[found.real if found.is_complex() else found for found in (input, other)])


@pair_fault
def maximum_leaves_nan_out(real, input, other):
    swap = {torch.maximum: torch.fmax, torch.minimum: torch.fmin}
    return swap.get(real, real)(input, other)


@pair_fault
def fmax_keeps_nan(real, input, other):
    swap = {torch.fmax: torch.maximum, torch.fmin: torch.minimum}
    return swap.get(real, real)(input, other)


@pair_fault
def maximum_sees_nan_of_the_first_only(real, input, other):
    output = real(input, other)
    if real in (torch.maximum, torch.minimum) and not input.requires_grad and input.is_floating_point():
        return torch.where(other.isnan() & ~input.isnan(), input, output)
    return output


@pair_fault
def maximum_backward_favours_the_first(real, input, other):
    if not input.requires_grad:
        return real(input, other)
    return torch.where(input >= other, input, other)


@pair_fault
def maximum_backward_favours_the_second(real, input, other):
    if not input.requires_grad:
        return real(input, other)
    return torch.where(input > other, input, other)


@fault(torch.maximum)
def maximum_backward_favours_the_only_one(real, input, other):
    if not input.requires_grad or other.requires_grad:
        return real(input, other)
    return torch.where(input >= other, input, other)


@pair_fault
def maximum_refuses_0d(real, input, other):
    if bool(input.dim()) != bool(other.dim()):
        raise RuntimeError("0-d")
    return real(input, other)


@pair_fault
def maximum_flips_rank_4(real, input, other):
    output = real(input, other)
    return output.flip(0) if output.dim() >= 4 else output


@pair_fault
def maximum_repeats_past_256(real, input, other):
    output = real(input, other)
    if output.numel() > 256 and not output.requires_grad:
        output = output.contiguous()
        output.view(-1)[256:] = output.view(-1)[0].clone()
    return output


@fault(*SEVERAL)
def amax_forgets_keepdim(real, input, dims=(), keepdim=False):
    return real(input, dims)


@fault(*SEVERAL)
def amax_reduces_one_dim_only(real, input, dims=(), keepdim=False):
    return real(input, dims[:1] if isinstance(dims, tuple) and len(dims) > 1 else dims, keepdim)


@fault(*SEVERAL)
def amax_reduces_negative_dims_wrongly(real, input, dims=(), keepdim=False):
    if isinstance(dims, tuple) and input.dim() > 1 and len(dims) == 1 and dims[0] < -1:
        dims = (dims[0] + 1,)
    return real(input, dims, keepdim)


@fault(*SEVERAL)
def amax_goes_through_float32(real, input, dims=(), keepdim=False):
    if input.dtype in (torch.int64, torch.float64) and not input.requires_grad:
        return real(input.float(), dims, keepdim).to(input.dtype)
    return real(input, dims, keepdim)


@fault(*SEVERAL)
def amax_of_all_starts_at_zero(real, input, dims=(), keepdim=False):
    output = real(input, dims, keepdim)
    if dims == () and input.dtype is not torch.bool:
        return output.clamp(min=0)
    return output


@fault(*SEVERAL)
def amax_takes_none_for_dim_0(real, input, *dims, **options):
    return real(input, 0, **options) if dims == (None,) and input.dim() else real(input, *dims, **options)


@fault(*SEVERAL)
def amax_of_no_dims_reduces_nothing(real, input, *dims, **options):
    return input.clone() if dims == ((),) else real(input, *dims, **options)


@fault(*SEVERAL)
def amax_backward_picks_the_first(real, input, dims=(), keepdim=False):
    if not input.requires_grad:
        return real(input, dims, keepdim)
    function = torch.max if real is torch.amax else torch.min
    for dim in sorted([dim % input.dim() for dim in dims], reverse=True):
        input = function(input, dim, True).values
    return input if keepdim else input.squeeze(dims)


@fault(*ARGMAX)
def argmax_finds_the_last_of_ties(real, input, dim=None, keepdim=False):
    if dim is None and not keepdim:
        return input.numel() - 1 - real(input.reshape(-1).flip(0))
    if dim is not None and input.dim() and input.numel():
        return input.shape[dim] - 1 - real(input.flip(dim), dim, keepdim)
    return real(input, dim, keepdim)


@fault(*ARGMAX)
def argmax_gives_int32(real, input, dim=None, keepdim=False):
    return real(input, dim, keepdim).int()


@fault(*ARGMAX)
def argmax_forgets_keepdim(real, input, dim=None, keepdim=False):
    return real(input, dim)


@fault(*ARGMAX)
def argmax_of_a_row_stops_after_256(real, input, dim=None, keepdim=False):
    if dim is not None and input.dim() and input.shape[dim] > 256:
        input = input.narrow(dim, 0, 256)
    return real(input, dim, keepdim)


@fault(*ARGMAX)
def argmax_takes_none_for_dim_0(real, input, *dim, **options):
    return real(input, 0, **options) if dim == (None,) and input.dim() else real(input, *dim, **options)


@fault(*ARGMAX)
def argmax_skips_nan(real, input, dim=None, keepdim=False):
    if input.is_floating_point():
        input = torch.where(input.isnan(), -torch.inf if real is torch.argmax else torch.inf, input)
    return real(input, dim, keepdim)


@fault(*ARGMAX)
def argmax_gives_zero_for_nothing(real, input, dim=None, keepdim=False):
    if dim is None and not input.numel():
        return torch.zeros((), dtype=torch.int64)
    if dim is not None and input.dim() and not input.shape[dim]:
        return input.sum(dim, keepdim).long()
    return real(input, dim, keepdim)


@fault(*ARGMAX)
def argmax_takes_complex(real, input, dim=None, keepdim=False):
    return real(input.real if input.is_complex() else input, dim, keepdim)


@fault(*AMINMAX)
def aminmax_swaps_its_parts(real, input, **options):
    result = real(input, **options)
    return torch.return_types.aminmax((result.max, result.min))


@fault(*AMINMAX)
def aminmax_forgets_keepdim(real, input, *, dim=None, keepdim=False):
    return real(input, dim=dim)


@fault(*AMINMAX)
def aminmax_goes_through_float32(real, input, *, dim=None, keepdim=False):
    result = real(input, dim=dim, keepdim=keepdim)
    if input.dtype not in (torch.int64, torch.float64):
        return result
    least, most = real(input.float(), dim=dim, keepdim=keepdim)
    return torch.return_types.aminmax((least.to(input.dtype), most.to(input.dtype)))


@fault(*AMINMAX)
def aminmax_leaves_nan_out(real, input, *, dim=None, keepdim=False):
    result = real(input, dim=dim, keepdim=keepdim)
    if not input.is_floating_point():
        return result
    least = torch.where(input.isnan(), torch.inf, input)
    return torch.return_types.aminmax((real(least, dim=dim, keepdim=keepdim).min, result.max))


@fault(*AMINMAX)
def aminmax_drops_nan_of_the_largest(real, input, *, dim=None, keepdim=False):
    result = real(input, dim=dim, keepdim=keepdim)
    if not input.is_floating_point():
        return result
    most = torch.where(input.isnan(), -torch.inf, input)
    return torch.return_types.aminmax((result.min, real(most, dim=dim, keepdim=keepdim).max))


@fault(*AMINMAX)
def aminmax_of_all_stops_after_256(real, input, *, dim=None, keepdim=False):
    if dim is None:
        input = input.reshape(-1)[:256]
    return real(input, dim=dim, keepdim=keepdim)


@fault(*AMINMAX)
def aminmax_gives_zero_for_nothing(real, input, *, dim=None, keepdim=False):
    if dim is None and not input.numel():
        return torch.return_types.aminmax((input.new_zeros(()), input.new_zeros(())))
    return real(input, dim=dim, keepdim=keepdim)
