"""A folder for what the processes of a run tell each other, which is gone whatever ends the run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_JANITOR = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"


class Scratch:
    """A new temporary folder, at `path`, until `close`, or until this process ends: by a signal, too.

    A process that cannot be stopped cannot clean up; another one waits for its end.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="conformance-"))
        self._janitor = subprocess.Popen(
            # Isolated and without site-packages, it starts in some ten milliseconds.
            [sys.executable, "-I", "-S", "-c", _JANITOR, str(self.path)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the run, not for who comes after it
        )

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        # What it still finds it removes, too.
        self._janitor.communicate()
