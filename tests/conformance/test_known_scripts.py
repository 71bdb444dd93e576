"""The scripts of the known breaks that come with the suite: each shows what its entry says, on this torch."""

import logging
import os
import re
import signal
import warnings

import pytest
import torch

from conformance.engine.options import SHIPPED_BREAKS
from reports.known_breaks import read_known_breaks

RAISES = re.compile(r"#.*\braises (\w+)")
DIES = "# ends the process"

ENTRIES = [
    entry
    for entry in read_known_breaks(SHIPPED_BREAKS)
    if entry.script and entry.torch.contains(torch.__version__.partition("+")[0], prereleases=True)
]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each script runs in a fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.place.rpartition(":")[2])
def test_a_script_does_what_it_says(entry):
    ended, said = in_a_fork(entry.script)

    if DIES in entry.script:
        assert os.WIFSIGNALED(ended)
        assert entry.message.search(signal.Signals(os.WTERMSIG(ended)).name)
        return
    assert ended == 0, entry
    wanted = RAISES.findall(entry.script)
    assert bool(said) == bool(wanted), (entry, said)
    assert not wanted or wanted[-1] in said.partition(":")[0].split(), (entry, said)


def in_a_fork(script):
    """Return how a process ended that ran a script, and what it raised: the names of its types, and words."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.write(writing, raised_by(script).encode()[:60000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as pipe:
        said = pipe.read()
    return os.waitpid(child, 0)[1], said


def raised_by(script):
    warnings.simplefilter("ignore")
    logging.getLogger("torch").setLevel(logging.CRITICAL)
    try:
        exec(compile(script, "<script>", "exec"), {"torch": torch, "__name__": "script"})
    except BaseException as error:
        return f"{' '.join(kind.__name__ for kind in type(error).__mro__)}: {error}"
    return ""
