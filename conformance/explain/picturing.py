"""What a picture of an example needs: its tensors' elements, where each came from, and the memory they share.

Where the cells of a result came from is found by running the example again, on positions in the place of
the elements: on numbers that are in the same order and that no other tensor holds. What only moves or picks
elements shows where each stood. Otherwise, each element is changed in turn, and the results that change came
of it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import torch

from conformance.explain.running import Ran, Script
from reports.shown import Grid, Memory, Picture, Place, View, coordinates

MOST_CELLS = 36
"""Most elements of a tensor that is drawn."""

MOST_MEMORY = 20
"""Most elements of a memory that is drawn."""

MOST_RUNS = 24
"""How often at most an example is run again with another element."""

FIRST = 100
"""The number that stands for the smallest element, so that none of an index is taken for one."""

Results = dict[str, torch.Tensor]


def pictured(script: Script, ran: Ran, given: tuple[str, ...]) -> Picture:
    """Return the picture of an example that was run; `given` names the tensors that it starts from."""
    outputs = {name: tensor for name, tensor in results(ran, given).items() if _is_small(tensor)}
    inputs = {name: tensor for name, tensor in ran.given.items() if _is_small(tensor)}
    names = tuple(inputs)
    origins = _origins(script, given, inputs, outputs) if inputs and outputs else {}
    return Picture(
        tuple(grid(name, tensor) for name, tensor in inputs.items()),
        tuple(
            grid(name, tensor, tuple(origins[name]) if any(origins.get(name, ())) else ())
            for name, tensor in outputs.items()
        )
        if names or outputs
        else (),
        memories(ran),
    )


def results(ran: Ran, given: tuple[str, ...]) -> Results:
    """Return the tensors that an example comes to: those that it prints, else those that it names.

    If it names none, they are what has become of those that it starts from.
    """
    found: Results = {}
    for said, tensor in ran.tensors:
        name, number = said, 1
        while name in found:
            number += 1
            name = f"{said}, {number}"
        found[name] = tensor
    if not found:
        found = {
            name: value.detach()
            for name, value in ran.names.items()
            if isinstance(value, torch.Tensor) and name not in given and not name.startswith("_")
        }
    if not found:
        found = {
            name: ran.names[name].detach()
            for name, before in ran.given.items()
            if not _alike(before, ran.names[name].detach())
        }
    return dict(list(found.items())[:4])


def grid(name: str, tensor: torch.Tensor, sources: tuple[tuple[Place, ...], ...] = ()) -> Grid:
    """Return a tensor as a grid."""
    cells = tuple(written(value) for value in _flat(tensor).tolist())
    return Grid(name, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."), cells, sources)


def written(value: bool | int | float | complex) -> str:
    """Return an element as a cell has it."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, complex):
        return f"{value:.3g}"
    return str(value)


def memories(ran: Ran) -> tuple[Memory, ...]:
    """Return the memory that several of the tensors share which an example names, as each covers it."""
    sharing: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in ran.names.items():
        if isinstance(value, torch.Tensor) and _has_memory(value):
            sharing.setdefault(value.untyped_storage().data_ptr(), {})[name] = value.detach()
    found = []
    for tensors in sharing.values():
        first = next(iter(tensors.values()))
        if len(tensors) < 2 or any(each.dtype != first.dtype for each in tensors.values()):
            continue
        size = first.untyped_storage().nbytes() // first.dtype.itemsize
        if size > MOST_MEMORY:
            continue
        cells = tuple(map(written, first.as_strided((size,), (1,), 0).tolist()))
        views = tuple(
            View(name, tuple(each.shape), tuple(each.stride()), int(each.storage_offset()))
            for name, each in tensors.items()
        )
        if len({(view.shape, view.strides, view.offset) for view in views}) > 1:
            found.append(Memory(cells, views))
    return tuple(found)


def _has_memory(tensor: torch.Tensor) -> bool:
    if (
        tensor.device.type != "cpu"
        or tensor.layout is not torch.strided
        or tensor.is_conj()
        or tensor.is_neg()
    ):
        return False
    return 0 < tensor.numel() <= MOST_CELLS and tensor.untyped_storage().nbytes() > 0


def _is_small(tensor: torch.Tensor) -> bool:
    if tensor.device.type == "meta" or tensor.layout is not torch.strided:
        return False
    return tensor.numel() <= MOST_CELLS and tensor.dim() <= 4


def _written(tensor: torch.Tensor) -> list[str]:
    """Return the elements as they are written: a NaN is itself, and -0 is not 0."""
    return list(map(repr, _flat(tensor).tolist()))


def _flat(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().resolve_conj().resolve_neg().reshape(-1)


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and repr(one.tolist()) == repr(other.tolist())


def _origins(
    script: Script, given: tuple[str, ...], inputs: Results, outputs: Results
) -> Mapping[str, list[tuple[Place, ...]]]:
    """Return for each result from which cells of which inputs each of its cells came."""
    found: dict[str, list[tuple[Place, ...]]] = {
        name: [()] * tensor.numel() for name, tensor in outputs.items()
    }
    flat = {name: _written(tensor) for name, tensor in inputs.items()}
    for number, (name, tensor) in enumerate(inputs.items()):
        order = _order(tensor)
        if order is None:
            continue
        ran = script.run(given, functools.partial(_labelled, name, order))
        for output, labels in _again(ran, given, outputs).items():
            before = _written(outputs[output])
            places = {FIRST + rank: place for place, rank in enumerate(order)}
            for at, label in enumerate(_flat(labels).tolist()):
                place = places.get(label)
                if place is not None and flat[name][place] == before[at] and not found[output][at]:
                    found[output][at] = ((number, place),)
    _leave_mixed(script, given, inputs, outputs, found)
    if not all(all(cells) for cells in found.values()):
        _find_by_changing(script, given, inputs, outputs, found)
    return found


def _leave_mixed(
    script: Script,
    given: tuple[str, ...],
    inputs: Results,
    outputs: Results,
    found: dict[str, list[tuple[Place, ...]]],
) -> None:
    """Leave the origin of a cell open that another tensor has a part in: 0 + 2 did not just move the 2.

    What only chooses, as the larger of two, is not changed by larger and by smaller numbers there.
    """
    numbers = {at: name for at, name in enumerate(inputs) if inputs[name].is_floating_point()}
    if len(numbers) < 2:
        return
    before = {name: _written(tensor) for name, tensor in outputs.items()}
    for number, name in numbers.items():
        changing = []
        for by in (1000, -1000):
            after = _again(script.run(given, functools.partial(_shifted, name, by)), given, outputs)
            changing.append(
                {
                    (output, at)
                    for output, tensor in after.items()
                    for at, value in enumerate(_written(tensor))
                    if value != before[output][at]
                }
            )
        for output, at in changing[0] & changing[1]:
            if any(source != number for source, _ in found[output][at]):
                found[output][at] = ()


def _find_by_changing(
    script: Script,
    given: tuple[str, ...],
    inputs: Results,
    outputs: Results,
    found: dict[str, list[tuple[Place, ...]]],
) -> None:
    """Change each element in turn, and note which results change with it."""
    numbers = [at for at, tensor in enumerate(inputs.values()) if tensor.dtype is not torch.bool]
    tensors = [each for at, each in enumerate(inputs.items()) if at in numbers or not numbers]
    runs = sum(tensor.numel() for _, tensor in tensors)
    if runs > MOST_RUNS or any(tensor.numel() > MOST_RUNS for tensor in outputs.values()):
        return
    before = {name: _written(tensor) for name, tensor in outputs.items()}
    open_yet = {name: {at for at, each in enumerate(cells) if not each} for name, cells in found.items()}
    for name, tensor in tensors:
        number = list(inputs).index(name)
        for place in range(tensor.numel()):
            ran = script.run(given, functools.partial(_changed, name, place))
            after = _again(ran, given, outputs)
            if len(after) < len(outputs):
                break  # it cannot be changed, as an index that would be out of range
            for output, changed in after.items():
                for at, value in enumerate(_written(changed)):
                    if at in open_yet[output] and value != before[output][at]:
                        found[output][at] = (*found[output][at], (number, place))


def _again(ran: Ran, given: tuple[str, ...], outputs: Results) -> Results:
    """Return the results of another run that have the shapes of the first; none if it came to no end."""
    if ran.error is not None:
        return {}
    return {
        name: tensor
        for name, tensor in results(ran, given).items()
        if name in outputs and tensor.shape == outputs[name].shape
    }


def _order(tensor: torch.Tensor) -> list[int] | None:
    """Return the rank of each element, equal ones in the order of their places; None if it has no order.

    Elements that are one in memory have one rank.
    """
    if tensor.dtype is torch.bool or tensor.dtype.is_complex or not 0 < tensor.numel() <= MOST_CELLS:
        return None
    values = _flat(tensor).to(torch.float64)
    ranks = [0] * tensor.numel()
    for rank, place in enumerate(values.argsort(stable=True).tolist()):
        ranks[place] = rank
    return ranks if max(ranks) + FIRST <= 127 or tensor.dtype is not torch.int8 else None


def _labelled(name: str, order: list[int], given: str, tensor: torch.Tensor) -> torch.Tensor:
    if given != name:
        return tensor
    labels = (torch.tensor(order) + FIRST).reshape(tensor.shape).to(tensor.dtype)
    return _laid_out_as(tensor, labels)


def _changed(name: str, place: int, given: str, tensor: torch.Tensor) -> torch.Tensor:
    if given != name:
        return tensor
    values = _flat(tensor).clone()
    values[place] = not values[place] if tensor.dtype is torch.bool else values[place] + 100
    return _laid_out_as(tensor, values.reshape(tensor.shape))


def _shifted(name: str, by: int, given: str, tensor: torch.Tensor) -> torch.Tensor:
    return tensor if given != name else _laid_out_as(tensor, tensor.detach() + by)


def _laid_out_as(tensor: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return a tensor of the values that lies in memory as another one does, and requires grad as it does."""
    made = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype).to(tensor.device)
    if 0 in [step for step, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1]:
        for at, value in enumerate(values.reshape(-1)):
            made[coordinates(at, tuple(tensor.shape))] = value
    else:
        made.copy_(values)
    return made.requires_grad_(tensor.requires_grad)
