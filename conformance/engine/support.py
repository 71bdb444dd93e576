"""What a device supports: asked with plain input when it refuses an example, by whatever exception.

Which operations there are for which dtypes, no page says. So a device that refuses a call on contiguous
tensors of ordinary numbers does not support it; one that refuses only what is laid out, shaped or valued
otherwise breaks the rule.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

from conformance.engine.device import first_line
from conformance.engine.symptoms import Body, behind, is_claim
from conformance.engine.watch import FAILURES
from strategies import Case, placing_on
from strategies.plain import dtypes_of, functions_of, has_elements, is_ordinary, is_small, plain

ASKED = 3
"""How many plain cases, of shapes that differ, are tried before a dtype counts as refused."""

Signature = tuple[torch.dtype, ...]
Asked = tuple[Signature, str]
Run = Callable[[Body, dict[str, Any]], None]
Cases = Callable[[], Iterable[Any]]


class Support:
    """Asks a device about one rule: `body` with the argument `name`, drawn from `cases`.

    `run` runs a body on the device. `near` are the bodies, argument names and cases of rules about the same
    operation, for a rule that draws nothing ordinary.
    """

    def __init__(
        self, body: Body, name: str, cases: Cases, run: Run, near: Iterable[tuple[Body, str, Cases]] = ()
    ) -> None:
        self._own = (body, name, cases)
        self._near = near
        self._run = run
        self._answers: dict[Asked, str | None] = {}

    def refusal(self, case: Case) -> str | None:
        """Return with what the device refuses plain cases of these dtypes, None if it takes one.

        They are about the same functions, if the case is about any.
        """
        key = _key(case)
        if key not in self._answers:
            self._answers[key] = self._ask(case)
        return self._answers[key]

    def known(self, case: Case) -> str | None:
        """Return what `refusal` found before for these dtypes and functions, None if it was not asked."""
        return self._answers.get(_key(case)) if self._answers else None

    @functools.cached_property
    def _others(self) -> list[tuple[Body, str, Cases]]:
        return list(self._near)  # looked for only when they are asked

    def _ask(self, case: Case) -> str | None:
        for part in case.plainly():
            # The CPU takes each of these calls; whether what they give is right is not asked.
            asked = ((), repr(part))
            if asked not in self._answers:
                self._answers[asked] = self._answer(_run_alone, {"case": part})
            if said := self._answers[asked]:
                return said
        for body, name, cases in self._rounds(case):
            said = None
            for each in cases:
                said = self._answer(body, {name: each})
                if said is None:
                    return None
            if said is not None:
                return said
        return None

    def _rounds(self, case: Case) -> Iterator[tuple[Body, str, Iterable[Case]]]:
        """Return whom to ask, with the plain cases to ask with, one after the other while there are none."""
        body, name, cases = self._own
        signature, functions = _key(case)
        alike = [each for each in cases() if isinstance(each, Case) and _key(each)[1] == functions]
        found = _plain_cases(body, name, alike, signature)
        if functions_of(case):
            # Of a graph there is this one case, which may have no elements; no other rule has it.
            yield body, name, list(found) or [plain(case)]
            return
        yield body, name, found
        for body, name, cases in self._others:
            # A rule about the same operation may have other tensors besides.
            yield body, name, _plain_cases(body, name, cases(), signature[:1])

    def _answer(self, body: Body, arguments: dict[str, Any]) -> str | None:
        try:
            self._run(body, arguments)
        except FAILURES as raised:
            error = behind(raised)
            return None if is_claim(error, body) else first_line(error)
        return None


def _run_alone(case: Any) -> None:
    case.program.run()


def _key(case: Case) -> Asked:
    parts = [repr(part) for part in case.plainly()]
    return dtypes_of(case), repr(parts or functions_of(case))


def _plain_cases(body: Body, name: str, cases: Iterable[Any], signature: Signature) -> Iterator[Case]:
    """Return some plain cases whose dtypes begin so and that the CPU takes: not all may be made plain.

    They are ordinary ones, where any are drawn, else such as have elements; drawn of these dtypes, if there
    are any, else made so.
    """
    found = [case for case in cases if isinstance(case, Case) and has_elements(case)]

    def near(case: Case) -> tuple[bool, bool, bool]:
        return is_ordinary(case), dtypes_of(case)[: len(signature)] == signature, is_small(case)

    made: list[Case] = []
    for case in sorted(found, key=near, reverse=True):
        if made and not is_ordinary(case):
            return
        asked = plain(case, (*signature, *dtypes_of(case)[len(signature) :]))
        if asked not in made and _taken(body, {name: asked}):
            made.append(asked)
            yield asked.fresh()
            if len(made) == ASKED:
                return


def _taken(body: Body, arguments: dict[str, Any]) -> bool:
    try:
        with placing_on("cpu"):
            body(**arguments)
    except FAILURES as error:
        return is_claim(behind(error), body)
    return True
