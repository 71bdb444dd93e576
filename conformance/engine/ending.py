"""A polite request to end (SIGTERM): it ends the run as Ctrl-C does, with a report of what there is."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType

from conformance.engine.watch import watched_now

SAME = 5.0
"""Seconds within which two requests are one: `timeout` asks the run and then its process group."""


class Request:
    """The request, from when this is made until `close`.

    While a rule runs in this process, the run ends at its next example: elsewhere in Hypothesis an exception
    gets lost, or counts as the rule's. A second request does not wait for that; one that comes while the run
    ends, and writes its report, changes nothing. In a worker none does: the controlling process ends it.
    """

    def __init__(self, *, worker: bool) -> None:
        self._worker = worker
        self._made: float | None = None
        self._heeded = False
        # Only the main thread may take signals.
        self._takes = threading.current_thread() is threading.main_thread()
        if self._takes:
            self._before = signal.signal(signal.SIGTERM, self._take)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if self._worker or self._heeded:
            return
        if self._made is None:
            self._made = time.monotonic()
            if not watched_now():
                self.heed()
        elif time.monotonic() - self._made > SAME:
            self.heed()

    def heed(self, _example: bytes = b"") -> None:
        """End the run if that was asked for."""
        if self._made is not None:
            self._heeded = True
            raise KeyboardInterrupt("SIGTERM")

    def close(self) -> None:
        """Leave the signal to who had it before."""
        if self._takes:
            signal.signal(signal.SIGTERM, self._before)
