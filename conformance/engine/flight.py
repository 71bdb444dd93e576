"""A flight recorder: what a process was doing when it died.

A worker notes every example in a file that it maps into memory, which costs a microsecond and outlives the
process, however it ends. The controlling process reads it then.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

_HEAD = struct.Struct("<QdIIII")  # process id, time of the example, its number, three lengths
_NODEID, _DATA, _NOTE, _END = 64, 2_048, 63_488, 65_536


@dataclass(frozen=True)
class Flight:
    """What a recorder holds: the test that runs (empty if none does) and its latest example.

    `data` are the bytes from which the example's input was decoded, `since` is when it began (seconds since
    the epoch), `example` counts from 1 (0 while none has begun), `note` is what the process had to say.
    """

    pid: int
    nodeid: str
    example: int
    data: bytes
    since: float
    note: str


class FlightRecorder:
    """Notes what the process does; `path` is overwritten."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(_END))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _END)
        self._lengths = [0, 0, 0]
        self._example = 0
        self._head()

    def begin(self, nodeid: str) -> None:
        """Note that a test begins."""
        self._example = 0
        self._put(1, _DATA, b"", _NOTE)
        self._put(2, _NOTE, b"", _END)
        self._put(0, _NODEID, nodeid.encode(), _DATA)

    def example(self, data: bytes) -> None:
        """Note that an example begins, with the bytes that its input is decoded from."""
        self._example += 1
        self._put(1, _DATA, data, _NOTE)

    def draw(self) -> None:
        """Note that the process is alive, while it draws examples."""
        self._head()

    def note(self, text: str) -> None:
        """Say something about the example, for whoever reads this after the end."""
        self._put(2, _NOTE, text.encode(errors="replace"), _END)

    def end(self) -> None:
        """Note that the test is over."""
        self._put(0, _NODEID, b"", _DATA)

    def _put(self, slot: int, start: int, content: bytes, stop: int) -> None:
        content = content[: stop - start]
        # The length last: whoever reads in between sees less, never what is not there yet.
        self._map[start : start + len(content)] = content
        self._lengths[slot] = len(content)
        self._head()

    def _head(self) -> None:
        _HEAD.pack_into(self._map, 0, os.getpid(), time.time(), self._example, *self._lengths)


def read_flight(path: Path) -> Flight | None:
    """Return what a recorder holds, None if there is none at `path`."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) < _END:
        return None
    pid, since, example, nodeid, data, note = _HEAD.unpack_from(content)
    return Flight(
        pid,
        content[_NODEID : _NODEID + nodeid].decode(),
        example,
        content[_DATA : _DATA + data],
        since,
        content[_NOTE : _NOTE + note].decode(errors="replace"),
    )
