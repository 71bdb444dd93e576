"""What is promised of a program: facts about the tensors that it leaves, as expressions of torch."""

from __future__ import annotations

import itertools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from conformance import expect
from conformance.reference import Array, host
from strategies.programs.machine import Tensor
from strategies.programs.program import Program

GRADIENTS = (".grad", "seen")
"""What facts about gradients have in their expression: a backward that was refused promises none of them."""

ALLOWED = 10
"""Of how many operations the rounding may add up."""


def kept(program: Program, fact: str, *, of: str = "True") -> None:
    """Claim that a fact is, after a program has run, what the documentation promises.

    `fact` is an expression, with `{}` for the name of a tensor if it is one about each tensor that has a
    name, such as `"{}.requires_grad"`; `of` says of which. A backward that may be refused, and is, promises
    nothing about gradients.
    """
    ran = program.run()
    if ran.refused and any(word in fact for word in GRADIENTS):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # whoever reads the grad of a non-leaf is warned
        for expression, promised in promised_facts(program, fact, of=of):
            if ran.refused and not _names(expression) & set(ran.names):
                continue
            _compare(expression, eval(expression, dict(ran.names)), promised)


def promised_facts(program: Program, fact: str, *, of: str = "True") -> Iterator[tuple[str, Any]]:
    """Return the expression of a fact for each name that it is about, with the value that is promised."""
    names = dict(program.promised)
    if "{}" not in fact:
        if fact in names:
            yield fact, names[fact]
        return
    for name, value in program.promised.items():
        if isinstance(value, Tensor) and eval(of.replace("{}", name), names):
            expression = fact.replace("{}", name)
            yield expression, eval(expression, names)


def _names(expression: str) -> set[str]:
    return {expression.partition(".")[0]}


def _compare(expression: str, found: Any, promised: Any) -> None:
    if isinstance(promised, list):
        _compare_noted(expression, found, promised)
    elif isinstance(promised, Tensor) and isinstance(found, torch.Tensor):
        _compare_elements(expression, found, promised.elements())
    else:
        assert _told(found) == _told(promised), f"{expression} is {_told(found)} instead of {_told(promised)}"


def _compare_noted(expression: str, found: list[Any], promised: list[Any]) -> None:
    """Compare what was noted down: values in order, or pairs of a name and a gradient, by the name."""
    if not any(isinstance(each, tuple) for each in promised + found):
        assert found == promised, f"{expression} is {found} instead of {promised}"
        return
    seen, wanted = by_name(found), by_name(promised)
    for name in dict.fromkeys([*wanted, *seen]):
        times, right = len(seen[name]), len(wanted[name])
        assert times == right, f"the hook {name} was called {times} times instead of {right}"
        for each, gradient in zip(seen[name], wanted[name], strict=True):
            _compare_elements(f"what the hook {name} saw", each, gradient.elements())


def same_memory(program: Program) -> None:
    """Claim that two tensors share a storage exactly if it is promised that they do."""
    names = program.run().names
    for name, other, promised in _pairs_in_memory(program):
        one, two = names[name], names[other]
        shared = one.untyped_storage().data_ptr() == two.untyped_storage().data_ptr()
        assert shared == promised, f"{name} and {other} share a storage: {shared} instead of {promised}"


def _pairs_in_memory(program: Program) -> Iterator[tuple[str, str, bool]]:
    """Return the pairs of tensors of which it is known whether they share memory, and whether they do."""
    tensors = {
        name: value
        for name, value in program.promised.items()
        if isinstance(value, Tensor) and value.places.size and not value.storage.lent
    }
    for (name, one), (other, two) in itertools.combinations(tensors.items(), 2):
        yield name, other, one.storage is two.storage


def in_order(program: Program) -> None:
    """Claim that hooks were called in the order that is promised, where one is.

    Those of one tensor are called as they were registered; of two tensors, first those of the one that
    depends on the other; and those of one backward before those of the next.
    """
    ran = program.run()
    if ran.refused:
        return
    found = [each for each in ran.names.get("seen", []) if each[1] is not None]
    called = [_numbered(place, found) for place in range(len(found))]
    for one, other in _ordered(program):
        if one in called and other in called:
            assert called.index(one) < called.index(other), f"hook {other[0]} was called before {one[0]}"


def _ordered(program: Program) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    """Return the calls of hooks of which one is promised to come before the other."""
    seen = program.promised.get("seen", [])
    for one, other in itertools.combinations(range(len(seen)), 2):
        if _comes_first(seen[one][1], seen[other][1]):
            yield _numbered(one, seen), _numbered(other, seen)


def _numbered(place: int, noted: list[tuple[str, Any]]) -> tuple[str, int]:
    """Return the name of a call of a hook, and which of its calls that is."""
    name = noted[place][0]
    return name, sum(other == name for other, _ in noted[:place])


def _comes_first(one: Tensor, other: Tensor) -> bool:
    assert one.way is not None
    assert other.way is not None
    assert one.of is not None
    assert other.of is not None
    if one.way is not other.way:
        return one.way.number < other.way.number
    return one.of is other.of or one.way.precedes(one.of, other.of)


def by_name(noted: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Return what each hook has seen; None, with which hooks of unused outputs may be called, is nothing."""
    found: dict[str, list[Any]] = defaultdict(list)
    for name, gradient in noted:
        if gradient is not None:
            found[name].append(gradient)
    return found


def _compare_elements(what: str, found: torch.Tensor, promised: Array) -> None:
    elements = host(found)
    assert elements.shape == promised.shape, f"{what} has shape {elements.shape} instead of {promised.shape}"
    if not promised.size:
        return
    wide = elements.astype(promised.dtype) if elements.dtype.kind == "f" else elements
    if (wide == promised).all():  # most are; to look for how far they are off takes several times longer
        return
    allowed = expect.rounding(found.dtype) * ALLOWED
    assert np.allclose(wide, promised, rtol=0, atol=allowed * max(1.0, np.abs(promised).max())), (
        f"{what} is {elements.tolist()} instead of {promised.tolist()}"
    )


def _told(value: Any) -> Any:
    return "a tensor" if isinstance(value, (torch.Tensor, Tensor)) else value


def _scripted(program: Program, fact: str, *, of: str = "True") -> Iterator[str]:
    """Return the lines by which a script claims what `kept` does."""
    for expression, promised in promised_facts(program, fact, of=of):
        if isinstance(promised, Tensor):
            yield f"torch.testing.assert_close({expression}.cpu(), {_literal(promised)}, **{TOLERANCE})"
        elif isinstance(promised, list) and promised and isinstance(promised[0], tuple):
            for name, gradients in by_name(promised).items():
                saw = f"[grad.cpu() for name, grad in {expression} if name == {name!r} and grad is not None]"
                wanted = ", ".join(map(_literal, gradients))
                yield f"torch.testing.assert_close({saw}, [{wanted}], **{TOLERANCE})"
            called = f"{{name for name, grad in {expression} if grad is not None}}"
            yield f"assert {called} <= {set(by_name(promised))}"
        else:
            yield f"assert ({expression}) == {promised!r}, {expression!r}"


TOLERANCE = {"rtol": 1e-3, "atol": 1e-3, "check_dtype": False}


def _literal(promised: Tensor) -> str:
    elements = promised.elements()
    name = "int64" if elements.dtype.kind == "i" else str(elements.dtype)
    return f"torch.tensor({elements.tolist()!r}, dtype=torch.{name}).reshape({promised.shape})"


def _scripted_memory(program: Program) -> Iterator[str]:
    yield "def shared(one, other):"
    yield "    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()"
    for name, other, promised in _pairs_in_memory(program):
        yield f"assert shared({name}, {other}) is {promised}"


def _scripted_order(program: Program) -> Iterator[str]:
    yield "names = [name for name, grad in seen if grad is not None]"
    yield "calls = [(name, names[:place].count(name)) for place, name in enumerate(names)]"
    for one, other in _ordered(program):
        yield f"assert calls.index({one}) < calls.index({other}), calls"


SCRIPTED: Mapping[str, Callable[..., Iterator[str]]] = {
    "kept": _scripted,
    "same_memory": _scripted_memory,
    "in_order": _scripted_order,
}
"""For each claim, what gives the lines by which a script makes it."""
