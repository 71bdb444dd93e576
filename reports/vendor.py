"""What a vendor declares of a device, in the file of its known breaks.

A `[[lacks]]` is a capability, a dtype or an input class that a target does not have where probing finds
otherwise, a `[[has]]` one that it has; an `[[unsupported]]` describes exceptions that mean "not supported
here"; a `[[device]]` names functions that wait for the device and seed it; a `[[bounds]]` states how exact a
dtype's results are.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reports.model import Need, Target
from reports.toml_file import KnownBreaksError, check_keys, entries, pattern

DTYPES = (
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
"""The dtypes of which something may be declared: those that the suite draws."""

_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Entry:
    """What all entries have: the `target` that it is about, by id or device type, and where it stands."""

    target: str
    place: str

    def concerns(self, target: Target) -> bool:
        """Return whether the entry is about a target."""
        return self.target == "*" or self.target in target.names


@dataclass(frozen=True)
class Capability(Entry):
    """A capability that a target lacks or has: one of `need`, `dtype` (as `torch.float64`), `input_class`."""

    reason: str
    need: Need | None = None
    dtype: str | None = None
    input_class: str | None = None

    @property
    def name(self) -> Need | str:
        """What is lacked, or had."""
        return self.need or self.dtype or self.input_class or ""


@dataclass(frozen=True)
class Unsupported(Entry):
    """Exceptions that mean that the target does not support something, by their type, their message or both.

    `exception` is the name of a type, as `NotFound` or `torch_xla.NotFound`, and may have wildcards.
    """

    reason: str
    exception: str | None = None
    message: re.Pattern[str] | None = None

    def describes(self, names: Iterable[str], message: str) -> bool:
        """Return whether an exception is meant whose type and bases have these names."""
        named = self.exception is None or any(
            fnmatch.fnmatchcase(name if "." in self.exception else name.rpartition(".")[2], self.exception)
            for name in names
        )
        return named and (self.message is None or self.message.search(message) is not None)


@dataclass(frozen=True)
class Hooks(Entry):
    """Functions, as `module:function`, that wait until a device has done its work, and that seed it."""

    wait: str | None = None
    seed: str | None = None


@dataclass(frozen=True)
class Bound(Entry):
    """The relative error that results of a dtype may have on a target."""

    dtype: str
    relative: float
    reason: str


@dataclass(frozen=True)
class Vendor:
    """What files declare, all of it."""

    lacks: tuple[Capability, ...] = ()
    has: tuple[Capability, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    devices: tuple[Hooks, ...] = ()
    bounds: tuple[Bound, ...] = ()

    def and_then(self, other: Vendor) -> Vendor:
        """Return what both declare; where they contradict each other, what comes later goes."""
        return Vendor(
            *(getattr(self, name) + getattr(other, name) for name in vars(self)),
        )


def read_vendor(path: Path) -> Vendor:
    """Read what a file declares.

    Raises KnownBreaksError, with the file and the line of the entry, if the file cannot be read, is not
    TOML, or has an entry with a missing, unknown or wrong key.
    """
    return Vendor(
        tuple(_capability(entry, place) for entry, place in entries(path, "lacks")),
        tuple(_capability(entry, place) for entry, place in entries(path, "has")),
        tuple(_unsupported(entry, place) for entry, place in entries(path, "unsupported")),
        tuple(_hooks(entry, place) for entry, place in entries(path, "device")),
        tuple(_bound(entry, place) for entry, place in entries(path, "bounds")),
    )


def check_classes(vendor: Vendor, rules: Mapping[str, Iterable[str]]) -> None:
    """Check that the input classes that are declared are drawn by some rule; `rules` gives those of each.

    Raises KnownBreaksError, with the entry's place, if one is not.
    """
    drawn = {name for classes in rules.values() for name in classes}
    for entry in (*vendor.lacks, *vendor.has):
        if entry.input_class is not None and entry.input_class not in drawn:
            raise KnownBreaksError(f"{entry.place}: no rule draws a class {entry.input_class!r}")


def declare(targets: Iterable[Target], vendor: Vendor) -> list[Target]:
    """Return the targets with what is declared of them.

    What a target is declared to have, probing found wrongly; of what it lacks, a reason that was probed
    stands. One that can be seeded has seeding. Of several bounds the last goes.
    """
    return [_declared(target, vendor) for target in targets]


def means_unsupported(
    described: Iterable[Unsupported], target: Target, error_type_names: Iterable[str], message: str
) -> str | None:
    """Return the reason if an exception means that the target does not support something, else None.

    `error_type_names` are the names of its type and bases, with their modules.
    """
    names = list(error_type_names)
    return next(
        (entry.reason for entry in described if entry.concerns(target) and entry.describes(names, message)),
        None,
    )


def hooks(declared: Iterable[Hooks], target: Target) -> Hooks | None:
    """Return the functions that wait for a target and seed it, None if none is declared; the last goes."""
    found: Hooks | None = None
    for entry in declared:
        if entry.concerns(target):
            before = found or entry
            found = replace(entry, wait=entry.wait or before.wait, seed=entry.seed or before.seed)
    return found


def _declared(target: Target, vendor: Vendor) -> Target:
    has = {entry.name for entry in vendor.has if entry.concerns(target)}
    hooked = hooks(vendor.devices, target)
    if hooked is not None and hooked.seed is not None:
        has.add(Need.SEEDING)
    lacks = [entry for entry in vendor.lacks if entry.concerns(target)]
    bounds = {entry.dtype: entry.relative for entry in vendor.bounds if entry.concerns(target)}
    return replace(
        target,
        lacks={
            **{entry.need: entry.reason for entry in lacks if entry.need is not None},
            **{need: reason for need, reason in target.lacks.items() if need not in has},
        },
        lacks_dtypes={
            **{entry.dtype: entry.reason for entry in lacks if entry.dtype is not None},
            **{dtype: reason for dtype, reason in target.lacks_dtypes.items() if dtype not in has},
        },
        lacks_classes={
            **{entry.input_class: entry.reason for entry in lacks if entry.input_class is not None},
            **{name: reason for name, reason in target.lacks_classes.items() if name not in has},
        },
        bounds={**target.bounds, **bounds},
    )


def _capability(entry: Any, place: str) -> Capability:
    what = {"need", "dtype", "class"}
    check_keys(entry, place, known={"target", "reason", *what}, needed={"target", "reason"})
    given = sorted(what & set(entry))
    if len(given) != 1:
        said = " and ".join(given) if given else "none of them"
        raise KnownBreaksError(f"{place}: holds {said}; one of need, dtype and class belongs there")
    target, reason = entry["target"], entry["reason"]
    if "dtype" in entry:
        return Capability(target, place, reason, dtype=_dtype(entry, place))
    if "class" in entry:
        return Capability(target, place, reason, input_class=entry["class"])
    needs = [need.value for need in Need]
    if entry["need"] not in needs:
        raise KnownBreaksError(f"{place}: need is {entry['need']!r}, not one of {', '.join(needs)}")
    return Capability(target, place, reason, need=Need(entry["need"]))


def _dtype(entry: Mapping[str, str], place: str) -> str:
    name = entry["dtype"].removeprefix("torch.")
    if name not in DTYPES:
        raise KnownBreaksError(f"{place}: dtype is {entry['dtype']!r}, not one of {', '.join(DTYPES)}")
    return f"torch.{name}"


def _unsupported(entry: Any, place: str) -> Unsupported:
    what = {"exception", "message"}
    check_keys(entry, place, known={"target", "reason", *what}, needed={"target", "reason"})
    if not what & set(entry):
        raise KnownBreaksError(f"{place}: an exception or a message that is meant is missing")
    message = pattern(entry["message"], place, "message") if "message" in entry else None
    return Unsupported(entry["target"], place, entry["reason"], entry.get("exception"), message)


def _hooks(entry: Any, place: str) -> Hooks:
    what = ("wait", "seed")
    check_keys(entry, place, known={"target", *what}, needed={"target"})
    if not set(what) & set(entry):
        raise KnownBreaksError(f"{place}: a function to wait or one to seed is missing")
    for key in what:
        if key in entry and not _FUNCTION.fullmatch(entry[key]):
            raise KnownBreaksError(f"{place}: {key} is {entry[key]!r}, not module:function")
    return Hooks(entry["target"], place, entry.get("wait"), entry.get("seed"))


def _bound(entry: Any, place: str) -> Bound:
    keys = {"target", "dtype", "relative", "reason"}
    check_keys(entry, place, known=keys, needed=keys, numbers=("relative",))
    relative = float(entry["relative"])
    if not 0 < relative < math.inf:
        raise KnownBreaksError(f"{place}: relative is {relative}, not a positive number")
    return Bound(entry["target"], place, _dtype(entry, place), relative, entry["reason"])
