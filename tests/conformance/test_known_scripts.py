"""The scripts of the known breaks that come with the suite: each shows what its entry says, on this torch."""

import re
import signal
import textwrap

import pytest
import torch

from conformance.engine.options import SHIPPED_BREAKS
from reports.known_breaks import read_known_breaks
from tests.forking import FORKS, module_in_a_fork

RAISES = re.compile(r"#.*\braises (\w+)")
DIES = "# ends the process"

ENTRIES = [
    entry
    for entry in read_known_breaks(SHIPPED_BREAKS)
    if entry.script and entry.torch.contains(torch.__version__.partition("+")[0], prereleases=True)
]

SHOWN = """
import logging
import warnings

import torch

warnings.simplefilter("ignore")
logging.getLogger("torch").setLevel(logging.CRITICAL)
try:
{script}
except BaseException as error:
    print("raised:", *[kind.__name__ for kind in type(error).__mro__])
"""


@pytest.mark.skipif(not FORKS, reason="each script runs in a fork")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.place.rpartition(":")[2])
def test_a_script_does_what_it_says(entry, tmp_path):
    (tmp_path / "shown.py").write_text(SHOWN.format(script=textwrap.indent(entry.script, "    ")))
    output = tmp_path / "said"
    ended = module_in_a_fork("shown", [], output, folder=tmp_path, environment={}, seconds=120)
    said = output.read_text("utf-8", errors="replace")

    if DIES in entry.script:
        assert ended < 0
        assert entry.message.search(signal.Signals(-ended).name)
        return
    assert ended == 0, (entry, said)
    raised = said.rpartition("raised:")[2].split() if "raised:" in said else []
    wanted = RAISES.findall(entry.script)
    assert bool(raised) == bool(wanted), (entry, said)
    assert not wanted or wanted[-1] in raised, (entry, said)
