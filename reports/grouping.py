"""Putting breaks of one device together that have a cause in common.

What the device raises is told by where it raises and what it says. What it answers wrongly is told by the
input classes of which every example fails: across operations where these are about tensors, else by the
operation and by what is wrong of its result.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from reports.seen import Seen, is_of_tensors, kind_of
from reports.wording import normalised

Key = tuple[str, str]

FEW = 2
"""Most kinds of tensor by which operations are joined: what has many in common by chance says nothing."""


def grouped(seen: Iterable[Seen]) -> Iterator[list[Seen]]:
    """Yield the breaks of one device in groups."""
    every = list(seen)
    yield from _by_place(each for each in every if each.raised)
    yield from _by_classes([each for each in every if not each.raised])


def _by_place(raised: Iterable[Seen]) -> Iterable[list[Seen]]:
    """Return breaks in groups: raised at one place, else by one operator, with one message.

    Of what raises before any operator is reached, the message alone tells. One message in several places is
    one cause where every example of a kind of tensor makes it come.
    """
    groups: dict[Key, list[Seen]] = {}
    for each in raised:
        assert each.symptom is not None
        where = _function(each.symptom.place) or each.symptom.operator or ""
        groups.setdefault((where, normalised(each.reason)), []).append(each)
    joined: dict[tuple[bool, str, str], list[Seen]] = {}
    for (where, message), group in groups.items():
        kinds = Counter(kind for each in group for kind in {*map(kind_of, each.every)} if is_of_tensors(kind))
        most = max(kinds, key=lambda kind: (kinds[kind], kind), default=None)
        common = most if most is not None and 2 * kinds[most] > len(group) else None
        joined.setdefault((common is None, message, common or where), []).extend(group)
    return joined.values()


def _function(place: str | None) -> str | None:
    """Return a place without the line, which another version of the backend moves."""
    return re.sub(r":\d+(?= in )", "", place) if place else None


def _by_classes(answered: list[Seen]) -> Iterator[list[Seen]]:
    """Yield breaks in groups: what one key explains, that which explains most first; then the others."""
    left, groups = list(answered), dict[Key, list[Seen]]()
    while explained := _explained(left):
        best = max(explained, key=lambda key: (explained[key], key))
        groups[best] = [each for each in left if best in _keys(each, each.every)]
        left = [each for each in left if best not in _keys(each, each.every)]
    rest: dict[Key, list[Seen]] = {}
    for each in left:
        near = _near(each, groups)
        if near is not None:
            groups[near].append(each)
        else:
            rest.setdefault((each.operation, each.aspect), []).append(each)
    yield from groups.values()
    yield from _alike(rest)


def _near(seen: Seen, groups: dict[Key, list[Seen]]) -> Key | None:
    """Return which group a break belongs to by a class that all its examples share, None if to none.

    It failed too seldom to blame one of its classes.
    """
    keys, few = _keys(seen, seen.shared), bool(_few([seen]))
    return next(
        (
            key
            for key, group in groups.items()
            if key in keys and (few or any(each.operation == seen.operation for each in group))
        ),
        None,
    )


def _few(seen: Iterable[Seen]) -> frozenset[str]:
    """Return the kinds of tensor that all examples of breaks share, if these are few and nothing else."""
    every = list(seen)
    shared = frozenset.intersection(*(frozenset(map(kind_of, each.shared)) for each in every))
    if any(each.always for each in every) or len(shared) > FEW or not all(map(is_of_tensors, shared)):
        return frozenset()
    return shared


def _alike(groups: dict[Key, list[Seen]]) -> Iterable[list[Seen]]:
    """Return groups of operations joined where all breaks share the same kinds of tensor, and no others.

    Or where they contradict the same fact with the same answer, as that two names are of one memory.
    """
    joined: dict[tuple[str, str, frozenset[str]], list[Seen]] = {}
    for (operation, aspect), group in groups.items():
        shared = _few(group)
        joined.setdefault(("" if shared else operation, aspect, shared), []).extend(group)
    return _of_one_answer(joined.values())


def _of_one_answer(groups: Iterable[list[Seen]]) -> list[list[Seen]]:
    """Return groups joined where, on every input, each has some of the same answers to the same claims."""
    found: list[tuple[set[str], list[Seen]]] = []
    for group in groups:
        answers = {answer for each in group if (answer := _answer(each)) is not None}
        near = [each for each in found if each[0] & answers]
        for each in near:
            found.remove(each)
            answers |= each[0]
        found.append((answers, [*(seen for each in near for seen in each[1]), *group]))
    return [group for _, group in found]


def _answer(seen: Seen) -> str | None:
    """Return what was answered wrongly to which claim, where operations may share it, None elsewhere.

    That is a comparison of dtypes, or the fact of a rule about what is written through another name.
    """
    if re.fullmatch(
        r"AssertionError: (assert )?torch\.\w+ == torch\.\w+", seen.reason.partition("\n")[0].strip()
    ):
        return seen.reason.partition("\n")[0]
    fact = seen.result.rule.partition(".")[2]
    return fact.partition("_to_")[0] if fact.startswith("write_to_") else None


def _explained(seen: Iterable[Seen]) -> dict[Key, tuple[int, int]]:
    """Return what may explain breaks, with of how many of them, and of how many of their examples."""
    found: dict[Key, tuple[int, int]] = {}
    for each in seen:
        for key, examples in _keys(each, each.every).items():
            breaks, before = found.get(key, (0, 0))
            found[key] = (breaks + 1, before + examples)
    return found


def _keys(seen: Seen, classes: Iterable[str]) -> dict[Key, int]:
    """Return what may explain a break, given classes of its examples, with how many examples are of it.

    That is a kind of tensor and what is wrong of the results, or another class and the operation.
    """
    found: dict[Key, int] = {}
    for name in classes:
        kind = kind_of(name)
        key = (kind, seen.aspect if is_of_tensors(kind) else seen.operation)
        found[key] = max(found.get(key, 0), seen.result.classes.get(name, 0))
    return found
