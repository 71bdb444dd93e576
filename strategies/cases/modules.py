"""Small modules whose parameters are the same wherever they are built."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from hypothesis.strategies import SearchStrategy

from strategies.cases.graphs import quarters
from strategies.code import Case, TensorField, check_dtype, device_now
from strategies.tape import Tape, packed
from strategies.tensors import TENSOR_BYTES, decode_tensor, layout_promises


@dataclass(frozen=True)
class ModuleCode:
    """An expression for a module of a few layers, float64, its parameters drawn from a seed."""

    layers: tuple[str, ...]
    seed: int

    def expression(self, device: str = "cpu") -> str:
        """Return the code that builds the module on a device."""
        layers = ", ".join(f"torch.nn.{layer}" for layer in self.layers)
        placed = f".to({device!r})" if device != "cpu" else ""
        return f"(torch.manual_seed({self.seed}), torch.nn.Sequential({layers}).double(){placed})[1]"

    def __repr__(self) -> str:
        return self.expression()

    def build(self) -> torch.nn.Module:
        """Return the module, on the device that `placing_on` has set."""
        check_dtype(torch.float64)
        if self not in _built:
            if len(_built) > 512:
                _built.clear()
            with torch.random.fork_rng(devices=[]):
                _built[self] = eval(self.expression(), {"torch": torch})
        return copy.deepcopy(_built[self]).to(device_now())


_built: dict[ModuleCode, torch.nn.Module] = {}


class ModuleField(TensorField):
    """A field of a case that is given a `ModuleCode` and reads as the module that it builds."""

    def __get__(self, case: object | None, owner: type) -> torch.nn.Module:  # type: ignore[override]
        if case is None:
            raise AttributeError(self._code)
        built = case.__dict__.get(self._tensor)
        if built is None:
            built = case.__dict__[self._tensor] = case.__dict__[self._code].build()
        return built  # type: ignore[no-any-return]

    def __set__(self, case: object, code: ModuleCode) -> None:  # type: ignore[override]
        case.__dict__[self._code] = code


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Network(Case):
    """A module, an input that requires grad, shape (batch, features), and a gradient for the output."""

    module: ModuleField = ModuleField()
    x: TensorField = TensorField()
    upstream: TensorField = TensorField()


SIZES = (1, 2, 3, 5)
MIDDLES = ("Tanh()", "Sigmoid()", "Identity()")
SEEDS = 8


def _decode(tape: Tape, *, hidden: bool) -> Network:
    batch, first, middle, last = [tape.pick(SIZES) for _ in range(4)]
    activation, biased, seed = tape.pick(MIDDLES), tape.byte() < 200, tape.byte() * SEEDS >> 8
    bias = "" if biased else ", bias=False"
    layers: tuple[str, ...] = (f"Linear({first}, {last}{bias})",)
    if hidden:
        layers = (f"Linear({first}, {middle}{bias})", activation, f"Linear({middle}, {last}{bias})")
    x = decode_tensor(tape, (batch, first), torch.float64, fill=quarters, requires_grad=True)
    upstream = decode_tensor(tape, (batch, last), torch.float64, role="upstream", fill=quarters)
    return Network(
        classes=(*x.classes, "bias" if biased else "no bias"),
        module=ModuleCode(layers, seed),
        x=x,
        upstream=upstream,
    )


NETWORK_BYTES = 7 + 2 * TENSOR_BYTES


def linears() -> SearchStrategy[Network]:
    """Return a strategy for a single linear layer, with or without bias, and a batch of inputs."""
    promises = ("bias", "no bias", *layout_promises("input"))
    return packed(lambda tape: _decode(tape, hidden=False), length=NETWORK_BYTES, promises=promises)


def networks() -> SearchStrategy[Network]:
    """Return a strategy for two linear layers with an activation between them, and a batch of inputs."""
    promises = ("bias", "no bias", *layout_promises("input"))
    return packed(lambda tape: _decode(tape, hidden=True), length=NETWORK_BYTES, promises=promises)
