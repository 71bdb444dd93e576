"""torch.save, torch.load, deepcopy and pickle, wrong in one way."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch

from tests.faults import _add, fault, patch_fault
from tests.faults.memory import misread

T: Any = torch.Tensor


def _around(wrong: Any) -> Any:
    """Register a context manager as a fault."""
    _add(wrong, wrong)
    return wrong


def _all(found: Any, change: Callable[[Any], Any]) -> Any:
    """Return lists, tuples and dicts with their tensors changed."""
    if isinstance(found, T):
        return change(found)
    if isinstance(found, (list, tuple)):
        return type(found)([_all(each, change) for each in found])
    if isinstance(found, dict):
        changed = type(found)()
        changed.update({key: _all(each, change) for key, each in found.items()})
        return changed
    return found


def _saved(wrong: Any) -> Any:
    """Register a fault of save: another tensor is saved in the place of each."""

    def standing_in(real, obj, file, **options):
        real(_all(obj, wrong), file, **options)

    standing_in.__name__ = wrong.__name__
    return patch_fault(torch, "save")(standing_in)


def _loaded(wrong: Any) -> Any:
    """Register a fault of load: another tensor is given in the place of each."""

    def standing_in(real, *args, **options):
        return _all(real(*args, **options), wrong)

    standing_in.__name__ = wrong.__name__
    return patch_fault(torch, "load")(standing_in)


@_saved
def save_misreads_layouts(tensor):
    plain = not (tensor.requires_grad or tensor.is_meta or tensor.is_conj() or tensor.is_neg())
    return misread(tensor) if plain else tensor


@_saved
def save_drops_the_conj_bit(tensor):
    return tensor.conj() if tensor.is_conj() else tensor


@_saved
def save_resolves_conj(tensor):
    return tensor.resolve_conj()


@_saved
def save_flattens(tensor):
    return tensor.reshape(-1)


@_saved
def save_widens_half(tensor):
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


@_saved
def save_is_contiguous(tensor):
    return tensor.contiguous()


@_saved
def save_detaches(tensor):
    return tensor.detach()


@_saved
def save_copies(tensor):
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


@_saved
def save_pads(tensor):
    padded = torch.cat([tensor.detach().reshape(-1)] * 2)[: tensor.numel()]
    return padded.reshape(tensor.shape).requires_grad_(tensor.requires_grad)


@_saved
def save_forgets_parameters(tensor):
    return tensor.detach().requires_grad_(tensor.requires_grad)


@_loaded
def load_gives_zeros(tensor):
    return torch.zeros_like(tensor).requires_grad_(tensor.requires_grad)


@_loaded
def load_records_what_it_loads(tensor):
    return tensor * 1 if tensor.requires_grad else tensor


@_loaded
def load_requires_grad(tensor):
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


@_loaded
def load_gives_a_gradient(tensor):
    if tensor.requires_grad and tensor.is_leaf:
        tensor.grad = torch.zeros_like(tensor)
    return tensor


@_loaded
def load_puts_all_on_meta(tensor):
    return tensor.to("meta")


@_loaded
def load_copies(tensor):
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


@patch_fault(torch, "load")
def load_gives_tuples_as_lists(real, *args, **options):
    def listed(found):
        if isinstance(found, (list, tuple)):
            return [listed(each) for each in found]
        return {key: listed(each) for key, each in found.items()} if type(found) is dict else found

    return listed(real(*args, **options))


@patch_fault(torch, "load")
def load_mixes_up_keys(real, *args, **options):
    found = real(*args, **options)
    if not isinstance(found, dict):
        return found
    mixed = type(found)()
    mixed.update(zip(found, reversed(found.values()), strict=True))
    return mixed


@_around
@contextlib.contextmanager
def load_gives_what_was_saved():
    real = torch.save
    saved: list[Any] = []

    def save(obj, file, **options):
        saved[:] = [obj]
        real(obj, file, **options)

    with (
        mock.patch.object(torch, "save", save),
        mock.patch.object(torch, "load", lambda *_, **__: saved[0]),  # noqa: PT008
    ):
        yield


@patch_fault(torch, "load")
def load_ignores_map_location(real, file, map_location=None, **options):
    return real(file, **options)


@patch_fault(torch, "load")
def load_maps_the_first_only(real, file, map_location=None, **options):
    found = real(file, **options)
    return [found[0].to(map_location), *found[1:]] if map_location and isinstance(found, list) else found


@patch_fault(torch, "load")
def load_maps_all_that_a_dict_does_not_name(real, file, map_location=None, **options):
    if isinstance(map_location, dict):
        map_location = next(iter(map_location.values()))
    return real(file, map_location=map_location, **options)


@patch_fault(torch, "load")
def load_does_not_know_torch_device(real, file, map_location=None, **options):
    return real(
        file, map_location=None if isinstance(map_location, torch.device) else map_location, **options
    )


@patch_fault(torch, "load")
def load_takes_the_cpu_for_meta(real, file, map_location=None, **options):
    return real(file, map_location="meta" if map_location == "cpu" else map_location, **options)


@patch_fault(torch, "load")
def load_asks_where_twice(real, file, map_location=None, **options):
    if not callable(map_location):
        return real(file, map_location=map_location, **options)
    return real(file, map_location=lambda *given: (map_location(*given), map_location(*given))[1], **options)


@patch_fault(torch, "load")
def load_ignores_what_map_location_returns(real, file, map_location=None, **options):
    if not callable(map_location):
        return real(file, map_location=map_location, **options)
    return real(file, map_location=lambda *given: (map_location(*given), given[0])[1], **options)


@patch_fault(torch, "load")
def load_needs_a_storage_of_map_location(real, file, map_location=None, **options):
    def told(*given):
        found = map_location(*given)
        if found is None:
            raise TypeError("no storage")
        return found

    return real(file, map_location=told if callable(map_location) else map_location, **options)


@patch_fault(torch, "load")
def load_takes_modules(real, file, map_location=None, *, weights_only=None, **options):
    return real(file, map_location=map_location, weights_only=False, **options)


@patch_fault(torch, "load")
def load_takes_modules_by_default(real, file, map_location=None, *, weights_only=False, **options):
    return real(file, map_location=map_location, weights_only=weights_only, **options)


@patch_fault(torch, "load")
def load_does_not_know_the_old_format(real, file, *args, **options):
    start = file.read(2)
    file.seek(0)
    if start != b"PK":
        raise RuntimeError("no archive")
    return real(file, *args, **options)


@patch_fault(torch, "save")
def save_converts_views_of_other_dtypes(real, obj, file, **options):
    several = isinstance(obj, list) and len({each.dtype for each in obj}) > 1
    real([each.clone() for each in obj] if several else obj, file, **options)


# deepcopy, copy and pickle.


@fault(T.__deepcopy__)
def deepcopy_of_a_tensor_is_the_tensor(real, input, memo):
    return input


@fault(T.__deepcopy__)
def deepcopy_misreads_layouts(real, input, memo):
    found = real(input, memo)
    plain = not (found.requires_grad or found.is_conj() or found.is_neg())
    return misread(found) if plain else found


@fault(T.__deepcopy__)
def deepcopy_is_contiguous(real, input, memo):
    return real(input, memo).contiguous()


@fault(T.__deepcopy__)
def deepcopy_copies_each(real, input, memo):
    return real(input, {})


@fault(T.__deepcopy__)
def deepcopy_detaches(real, input, memo):
    return real(input.detach(), memo)


@fault(T.__deepcopy__)
def deepcopy_keeps_the_gradient_itself(real, input, memo):
    found = real(input, memo)
    found.grad = input.grad
    return found


@patch_fault(torch.nn.Parameter, "__deepcopy__")
def deepcopy_forgets_parameters(real, self, memo):
    return self.detach().clone()


@patch_fault(copy, "copy")
def copy_of_a_tensor_is_deep(real, found):
    return copy.deepcopy(found)


@patch_fault(T, "_reduce_ex_internal")
def pickle_misreads_layouts(real, input, protocol):
    plain = not (input.requires_grad or input.is_conj() or input.is_neg())
    return real(misread(input) if plain else input, protocol)


@patch_fault(T, "_reduce_ex_internal")
def pickle_detaches(real, input, protocol):
    return real(input.detach(), protocol)
