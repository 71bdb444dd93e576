"""A polite request to end (SIGTERM): it ends the run as Ctrl-C does, with a report of what there is."""

from __future__ import annotations

import signal
from types import FrameType

from conformance.engine.watch import watched_now


class Request:
    """The request, from when this is made until `close`; only the main thread may make it.

    While a rule runs in this process, the run ends at its next example: elsewhere in Hypothesis an exception
    gets lost, or counts as the rule's. A second request does not wait.
    """

    def __init__(self) -> None:
        self._made = False
        self._before = signal.signal(signal.SIGTERM, self._take)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        wait = watched_now() and not self._made
        self._made = True
        if not wait:
            self.heed()

    def heed(self, _example: bytes = b"") -> None:
        """End the run if that was asked for."""
        if self._made:
            raise KeyboardInterrupt("SIGTERM")

    def close(self) -> None:
        """Leave the signal to who had it before."""
        signal.signal(signal.SIGTERM, self._before)
