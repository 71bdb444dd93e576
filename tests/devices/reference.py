"""A device of our own that computes on the CPU, and errs where it is told to.

    pytest --import tests.devices.reference --device reference

It is registered as PyTorch's PrivateUse1 backend, from Python alone: an eager, strided device with memory of
its own kind, autograd, views and a generator. `REFERENCE_FAULTS` names the faults to switch on, separated by
commas; the keys of `FAULTS` are what there is. `REFERENCE_FREEDOMS` names what it does otherwise than the CPU
and may: see `tests.devices.freedoms`.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from tests.devices import freedoms
from tests.devices.freedoms.hooks import HOOKS

NAME = "reference"
EXTENSION_DEVICE = 12  # as DLPack numbers it
CPU_KEYS = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)

aten = torch.ops.aten
_chosen = frozenset(filter(None, os.environ.get("REFERENCE_FAULTS", "").split(",")))


class Module:
    """What torch asks of a device module."""

    poisoned: str | None = None

    @staticmethod
    def is_available() -> bool:
        return True

    @staticmethod
    def is_initialized() -> bool:
        return True

    @staticmethod
    def _is_in_bad_fork() -> bool:
        return False

    @staticmethod
    def device_count() -> int:
        return 1

    @staticmethod
    def current_device() -> int:
        return 0

    @staticmethod
    def get_device_name(device: object = None) -> str:
        return "Reference device, on the CPU"

    @staticmethod
    def manual_seed_all(seed: int) -> None:
        """The CPU's generator, which torch seeds anyhow, serves this device too."""

    @staticmethod
    def get_amp_supported_dtype() -> list[torch.dtype]:
        return [torch.bfloat16]

    @staticmethod
    def get_rng_state(device: object = None) -> torch.Tensor:
        return torch.get_rng_state()

    @staticmethod
    def set_rng_state(state: torch.Tensor, device: object = None) -> None:
        torch.set_rng_state(state)

    @classmethod
    def synchronize(cls, device: object = None) -> None:
        if cls.poisoned:
            raise RuntimeError(cls.poisoned)


_setup_privateuseone_for_python_backend(NAME, backend_module=Module)


def wrapped(cpu: torch.Tensor) -> torch.Tensor:
    """Return a tensor of the device on the memory of a CPU tensor, with its shape and strides."""
    storage = cpu.untyped_storage()
    flat = torch.empty(0, dtype=cpu.dtype).set_(storage, 0, (storage.nbytes() // cpu.element_size(),), (1,))
    capsule = torch._C._to_dlpack(flat)
    ctypes.pythonapi.PyCapsule_GetPointer.restype = ctypes.c_void_p
    ctypes.pythonapi.PyCapsule_GetPointer.argtypes = (ctypes.py_object, ctypes.c_char_p)
    managed = ctypes.pythonapi.PyCapsule_GetPointer(capsule, b"dltensor")
    # The device's type follows the pointer to the data.
    ctypes.c_int32.from_address(managed + ctypes.sizeof(ctypes.c_void_p)).value = EXTENSION_DEVICE
    found = torch._C._from_dlpack(capsule)
    strided: torch.Tensor = aten.as_strided.default.redispatch(
        CPU_KEYS, found, cpu.shape, cpu.stride(), cpu.storage_offset()
    )
    return strided


def on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    """Return a CPU tensor on the memory of a tensor of the device."""
    if tensor.device.type != NAME:
        return tensor
    storage = tensor.untyped_storage()
    if storage.nbytes():
        buffer = (ctypes.c_char * storage.nbytes()).from_address(storage.data_ptr())
        memory = torch.frombuffer(buffer, dtype=torch.uint8).untyped_storage()
    else:
        memory = torch.UntypedStorage(0)
    found = torch.empty(0, dtype=tensor.dtype)
    found = found.set_(memory, tensor.storage_offset(), tensor.shape, tensor.stride())
    found = found.conj() if tensor.is_conj() else found
    return torch._neg_view(found) if tensor.is_neg() else found


def _mapped(change: Callable[[torch.Tensor], Any], values: Any) -> Any:
    return pytree.tree_map_only(torch.Tensor, change, values)


def _compute(op: Any, *args: Any, **options: Any) -> Any:
    """Run an operation through the CPU; this is what every operation without a kernel of its own gets."""
    Module.synchronize()
    name = op._schema.name.removeprefix("aten::")
    HOOKS.call(name, args, options)
    done, result = _erring(name, op, args, options)
    return result if done else _through_cpu(op, args, options)


def _erring(name: str, op: Any, args: Any, options: Any) -> tuple[bool, Any]:
    """Return what the chosen faults make of an operation: whether one did it, and the result."""
    for fault in _chosen:
        operations, err = FAULTS[fault]
        if name in operations:
            done, result = err(op, args, options)
            if done:
                return True, result
    return False, None


def _through_cpu(op: Any, args: Any, options: Any) -> Any:
    aliases: dict[int, torch.Tensor] = {}
    outs: list[torch.Tensor] = []

    def alias(tensor: torch.Tensor) -> torch.Tensor:
        found = on_cpu(tensor)
        if found is not tensor:
            aliases[id(found)] = tensor
        return found

    def fresh(tensor: torch.Tensor) -> torch.Tensor:
        # The CPU may want to resize it, which borrowed memory does not allow, and writes elsewhere if
        # triangles of batches are to go where it is not contiguous.
        spoils = op._schema.name in ("aten::tril", "aten::triu")
        layout = torch.contiguous_format if spoils else torch.preserve_format
        found = on_cpu(tensor).clone(memory_format=layout)
        aliases[id(found)] = tensor
        outs.append(found)
        return found

    written = {
        argument.name
        for argument in op._schema.arguments
        if argument.is_out and argument.alias_info is not None
    }
    arguments = [
        torch.tensor(value)
        if isinstance(value, (bool, int, float, complex)) and str(argument.type) == "Tensor"
        else _mapped(alias, value)
        for value, argument in zip(args, op._schema.arguments, strict=False)
    ]
    keywords = {key: _mapped(fresh if key in written else alias, value) for key, value in options.items()}
    if "device" in keywords:
        keywords["device"] = torch.device("cpu")
    result = HOOKS.run(op, arguments, keywords)
    for out in outs:
        target = aliases[id(out)]
        if target.shape != out.shape:
            resize_(target, out.shape)
        on_cpu(target).copy_(out)

    def back(found: torch.Tensor) -> torch.Tensor:
        return aliases[id(found)] if id(found) in aliases else wrapped(found)

    return _mapped(back, result)


def resize_(self: torch.Tensor, size: Any, *, memory_format: Any = None) -> torch.Tensor:
    del memory_format
    old = on_cpu(self)
    new = torch.empty(size, dtype=self.dtype)
    if new.untyped_storage().nbytes() > self.untyped_storage().nbytes():
        new.view(-1)[: old.numel()] = old.reshape(-1)
        memory = wrapped(new).untyped_storage()
        aten.set_.source_Storage_storage_offset.redispatch(CPU_KEYS, self, memory, 0, new.shape, new.stride())
    else:
        aten.set_.source_Storage_storage_offset.redispatch(
            CPU_KEYS, self, self.untyped_storage(), self.storage_offset(), new.shape, new.stride()
        )
    return self


def _err(name: str, *args: Any, **options: Any) -> None:
    """Do to a kernel of our own what the chosen faults and freedoms do to it."""
    Module.synchronize()
    HOOKS.call(name, args, options)
    _erring(name, None, args, options)


def _empty(
    size: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
    memory_format: Any = None,
) -> torch.Tensor:
    _err("empty.memory_format", dtype=dtype)
    HOOKS.make(dtype)
    return wrapped(torch.empty(size, dtype=dtype, memory_format=memory_format or torch.contiguous_format))


def _empty_strided(size: Any, stride: Any, *, dtype: Any = None, **_: Any) -> torch.Tensor:
    _err("empty_strided", dtype=dtype)
    HOOKS.make(dtype)
    return wrapped(torch.empty_strided(size, stride, dtype=dtype))


def _copy_from(self: torch.Tensor, dst: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    _err("_copy_from", self, dst)
    on_cpu(dst).copy_(on_cpu(self))
    HOOKS.copy(on_cpu(dst))
    return dst


def _item(self: torch.Tensor) -> Any:
    _err("_local_scalar_dense", self)
    return on_cpu(self).item()


_operations = torch.library.Library("aten", "IMPL")
_everything = torch.library.Library("_", "IMPL")
_everything.fallback(_compute, "PrivateUse1")
for _name, _kernel in {
    "empty.memory_format": _empty,
    "empty_strided": _empty_strided,
    "_copy_from": _copy_from,
    "_copy_from_and_resize": _copy_from,
    "_local_scalar_dense": _item,
    "resize_": resize_,
}.items():
    _operations.impl(_name, _kernel, "PrivateUse1")
for _key in ("Conjugate", "Negative"):
    _operations.impl("_copy_from", torch.library.fallthrough_kernel, _key)


def _on_the_tensor_itself(op: Any) -> Callable[..., Any]:
    def kernel(*args: Any, **options: Any) -> Any:
        done, result = _erring(op.name().removeprefix("aten::"), op, args, options)
        return result if done else op.redispatch(CPU_KEYS, *args, **options)

    return kernel


for _op in (
    aten.as_strided.default,
    aten.view.default,
    aten._reshape_alias.default,
    aten.unfold.default,
    aten.view_as_real.default,
    aten.view_as_complex.default,
    aten.set_.source_Tensor,
    aten.set_.source_Storage,
    aten.set_.source_Storage_storage_offset,
):
    _operations.impl(_op.name(), _on_the_tensor_itself(_op), "PrivateUse1")


def _index_of_gather(args: Any, options: Any) -> torch.Tensor:
    return on_cpu(args[2] if len(args) > 2 else options["index"])


def _expanded_index(op: Any, args: Any, options: Any) -> tuple[bool, Any]:
    """Gather reads an expanded index as if its elements lay one after the other."""
    index = _index_of_gather(args, options)
    if 0 not in index.stride() or not index.numel():
        return False, None
    memory = torch.empty(0, dtype=index.dtype).set_(index.untyped_storage())
    wrong = memory[torch.arange(index.numel()) % memory.numel()].reshape(index.shape)
    return True, _through_cpu(op, (*args[:2], wrapped(wrong), *args[3:]), options)


def _lost_alias(op: Any, args: Any, options: Any) -> tuple[bool, Any]:
    """`view` copies."""
    return True, wrapped(on_cpu(args[0]).clone().view(args[1]))


def _dropped_nan(op: Any, args: Any, options: Any) -> tuple[bool, Any]:
    """`max` passes over NaN."""
    first = on_cpu(args[0])
    if not first.is_floating_point():
        return False, None
    return True, _through_cpu(
        op, (wrapped(first.nan_to_num(-torch.inf, torch.inf, -torch.inf)), *args[1:]), options
    )


def _not_implemented(op: Any, args: Any, options: Any) -> tuple[bool, Any]:
    raise NotImplementedError(f"{op.name()} is not implemented on the reference device")


def _lost_dtype(op: Any, args: Any, options: Any) -> tuple[bool, Any]:
    """The device has no float64, and says so as some devices do: by a TypeError."""
    tensors = [tensor for tensor in args if isinstance(tensor, torch.Tensor)]
    if torch.float64 in (options.get("dtype"), *[tensor.dtype for tensor in tensors]):
        raise TypeError("the reference device has no float64")
    return False, None


def _poisoned_by_index(op: Any, args: Any, options: Any) -> tuple[bool, Any]:
    """An index out of range is noticed later, and then for ever: what a device-side assert does on CUDA."""
    index, size = _index_of_gather(args, options), args[0].shape[args[1]] if args[0].dim() else 1
    if index.numel() and (int(index.min()) < 0 or int(index.max()) >= size):
        _poison()
        return True, _through_cpu(op, (*args[:2], wrapped(torch.zeros_like(index)), *args[3:]), options)
    return False, None


def _poison() -> None:
    Module.poisoned = "reference device: assert triggered"


def _hold_the_interpreter() -> None:
    ctypes.PyDLL(None).sleep(10_000)


def _ends(how: Callable[[], object]) -> Callable[..., tuple[bool, Any]]:
    """Return the fault of an operation that does `how` when one of its tensors is not contiguous."""

    def fault(op: Any, args: Any, options: Any) -> tuple[bool, Any]:
        tensors = [value for value in (*args, *options.values()) if isinstance(value, torch.Tensor)]
        if not all(tensor.is_contiguous() for tensor in tensors):
            how()
        return False, None

    return fault


_GATHER = frozenset({"gather"})

FAULTS: dict[str, tuple[frozenset[str], Callable[..., tuple[bool, Any]]]] = {
    "gather-misreads-expanded-index": (_GATHER, _expanded_index),
    "view-copies": (frozenset({"view"}), _lost_alias),
    "max-drops-nan": (frozenset({"max"}), _dropped_nan),
    "gather-is-not-implemented": (_GATHER, _not_implemented),
    "no-float64": (frozenset({"_copy_from", "empty.memory_format", "empty_strided"}), _lost_dtype),
    "gather-poisons-the-device-out-of-range": (_GATHER, _poisoned_by_index),
}
"""By name: the operations that err, and how; a fault returns whether it did the operation, and the result."""

for _name, _way in itertools.product(
    ("gather", "amax", "amin", "argmax", "maximum", "minimum", "fmax", "fmin"),
    (
        ("segfaults", lambda: ctypes.string_at(0)),
        ("aborts", os.abort),
        ("exits", lambda: os._exit(3)),
        ("is-killed", lambda: os.kill(os.getpid(), signal.SIGKILL)),
        ("hangs", lambda: time.sleep(10_000)),
        ("hangs-in-c", _hold_the_interpreter),
        ("poisons-the-device", _poison),
    ),
):
    FAULTS[f"{_name}-{_way[0]}"] = (frozenset({_name}), _ends(_way[1]))

if _unknown := _chosen - set(FAULTS):
    raise ValueError(f"REFERENCE_FAULTS: there is no {', '.join(sorted(_unknown))}")

freedoms.switch_on(freedoms.named(), HOOKS)
