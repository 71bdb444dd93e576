"""Small modules whose parameters are the same wherever they are built."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch

from strategies.case import BuiltField, Case, TensorField, case_class
from strategies.code import check_dtype, device_now
from strategies.drawn import remember
from strategies.fills import quarters
from strategies.tape import Tape, strategy
from strategies.tensors import decode_tensor, decode_upstream, layout_promises


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
        kept = _built[self]
        module = _copied(kept).to(device_now())
        for parameter, drawn in zip(module.parameters(), kept.parameters(), strict=True):
            remember(parameter, drawn.detach())
        return module


def _copied(module: torch.nn.Module) -> torch.nn.Module:
    """Return a module of its own with the same parameters; `copy.deepcopy` takes ten times as long.

    That is for the layers that are drawn here: plain attributes, parameters without hooks, no buffers.
    """
    made = copy.copy(module)
    # The dicts of hooks are of a kind of their own.
    dicts = {name: copy.copy(value) for name, value in vars(module).items() if isinstance(value, dict)}
    vars(made).update(dicts)
    for name, parameter in module.named_parameters(recurse=False):
        setattr(made, name, torch.nn.Parameter(parameter.detach().clone()))
    for name, child in module.named_children():
        setattr(made, name, _copied(child))
    return made


_built: dict[ModuleCode, torch.nn.Module] = {}


class ModuleField(BuiltField[ModuleCode, torch.nn.Module]):
    """A field of a case that is given a `ModuleCode` and reads as the module that it builds."""

    def build(self, code: ModuleCode) -> torch.nn.Module:
        """Return the module, on the device under test."""
        return code.build()


@case_class
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
    activation, biased, seed = tape.pick(MIDDLES), tape.byte() < 200, tape.below(SEEDS)
    bias = "" if biased else ", bias=False"
    layers: tuple[str, ...] = (f"Linear({first}, {last}{bias})",)
    if hidden:
        layers = (f"Linear({first}, {middle}{bias})", activation, f"Linear({middle}, {last}{bias})")
    x = decode_tensor(tape, (batch, first), torch.float64, fill=quarters, requires_grad=True)
    upstream = decode_upstream(tape, (batch, last), torch.float64, quarters)
    return Network(
        classes=(*x.classes, "bias" if biased else "no bias"),
        module=ModuleCode(layers, seed),
        x=x,
        upstream=upstream,
    )


PROMISES = ("bias", "no bias", *layout_promises())


@strategy(promises=PROMISES)
def linears(tape: Tape) -> Network:
    """Return a strategy for a single linear layer, with or without bias, and a batch of inputs."""
    return _decode(tape, hidden=False)


@strategy(promises=PROMISES)
def networks(tape: Tape) -> Network:
    """Return a strategy for two linear layers with an activation between them, and a batch of inputs."""
    return _decode(tape, hidden=True)
