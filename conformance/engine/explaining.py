"""Why an example failed, where that breaks no rule: it is known, cannot be made, or is refused."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.engine.device import first_line
from conformance.engine.making import PLACEMENT, blocked
from conformance.engine.observation import Observation
from conformance.engine.support import Support
from conformance.engine.symptoms import Body, behind, is_claim, said
from conformance.engine.watch import data_of
from reports.known_breaks import KnownBreak, excusing
from strategies import Case, classes_of
from strategies.plain import dtypes_of

DEATHS = 2
"""How many examples of a rule may end a process as is known; the others that may are not tried."""


class EndedError(Exception):
    """An example ended the process that ran it, which was one of its own; the message says how."""


@dataclass
class Explaining:
    """Explains the failures of one rule on one device, and counts what they come to.

    `entries` are the known breaks of the rule there. `means_unsupported` says of an exception, of a type by
    these names, that by it the device says that it does not support something: with what reason, None if not.
    `dealt` gives the cases that the rule is run on, and `ending` says of the bytes of some of them how a
    process ends that does nothing else, empty if as it should. `fails_alike` tells whether an example also
    fails so where an entry says so of a mode, and the target runs in a variant of that.
    """

    rule: str
    device: str
    observation: Observation
    entries: Sequence[KnownBreak] = ()
    support: Support | None = None
    means_unsupported: Callable[[BaseException], str | None] = lambda _: None
    dealt: Callable[[], Iterable[Any]] = tuple
    ending: Callable[[Sequence[bytes]], str] = lambda _: ""
    fails_alike: Callable[[KnownBreak, Any, BaseException], bool] = lambda *_: True
    _survive: frozenset[bytes] | None = None
    _deaths: int = 0

    def untried(self, case: Any) -> str | None:
        """Return what an example is not to be tried for: a dtype that is refused, or that it would die."""
        if self._deaths >= DEATHS and self._deadly_data(case) is not None:
            return "what ends the process"
        known = self.support.known(case) if self.support is not None and isinstance(case, Case) else None
        return _dtype(case) if known is not None else None

    def dies(self, case: Any) -> BaseException | None:
        """Return how a process of its own ends that runs an example, if it is known to end so."""
        data = self._deadly_data(case)
        if data is None:
            return None
        if self._survive is None:
            # Mostly one process tells of them all.
            cases = [data for data in map(self._deadly_data, self.dealt()) if data is not None]
            self._survive = frozenset(cases if not self.ending(cases) else ())
        how = "" if data in self._survive else self.ending([data])
        if not how or excusing(self.entries, classes_of(case), how) is None:
            return None
        self._deaths += 1
        return EndedError(how)

    @functools.cached_property
    def _deadly(self) -> list[KnownBreak]:
        return [entry for entry in self.entries if entry.deadly]

    def _deadly_data(self, case: Any) -> bytes | None:
        """Return the bytes of a case that may end a process, None of any other."""
        may_die = self._deadly and any(entry.parts.issubset(classes_of(case)) for entry in self._deadly)
        return data_of(case) if may_die else None

    def explains(self, body: Body, case: Any, error: BaseException) -> bool:
        """Return whether a failure breaks nothing; what it is then is counted."""
        seen, classes, error = self.observation, classes_of(case), behind(error)
        entry = excusing(self.entries, classes, said(error))
        if entry is not None and (not is_claim(error, body) or self.fails_alike(entry, case, error)):
            seen.excuse(entry, error, case)
            return True
        found = blocked(self.rule, case, error, self.device)
        if found is not None:
            seen.block(*found, classes)
            return True
        reason = self._refusal(body, case, error)
        if reason is None:
            return False
        seen.refuse(_dtype(case), reason, classes)
        return True

    def _refusal(self, body: Body, case: Any, error: BaseException) -> str | None:
        """Return with what the device refuses what the example asks for, None if it does not."""
        if is_claim(error, body) or not isinstance(error, Exception):
            return None
        if self.means_unsupported(error) is not None:
            return first_line(error)
        askable = self.support is not None and isinstance(case, Case) and self.device != "cpu"
        if self.support is None or not askable or self.rule.startswith(PLACEMENT):
            # Nothing else can be asked: the call is plain already, or one that every rule needs, or there is
            # no other device that would show that a plain call is legal.
            return first_line(error) if isinstance(error, NotImplementedError) else None
        if any(entry.shipped and entry.target == "*" for entry in self.entries):
            # Where torch's CPU does not do what the rule says, it cannot show that a plain call is legal, and
            # a device that refuses it is no worse.
            return first_line(error)
        return self.support.refusal(case)


def _dtype(case: Any) -> str:
    dtypes = dtypes_of(case) if isinstance(case, Case) else ()
    return str(dtypes[0]) if dtypes else "any input"
