"""Finds out which rules catch which seeded faults, as lines for `conformance/faults.toml`.

    python -m tests.faults 'view*.*' view

names the rules and the modules of this package whose faults are tried. A pair is printed if the rule catches
the fault with the default seed and with each of several others. Faults that nothing caught come last.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from torch.overrides import TorchFunctionMode

from conformance.engine.decks import Decks
from conformance.engine.profiles import DEFAULT_PROFILE, DEFAULT_SEED, PROFILES
from conformance.engine.rule import load_rules
from tests.faults import FAULTS, FUNCTIONS, MODULES, observe
from tests.faults.all import generic, unsupported

DECKS = [Decks(seed, PROFILES[DEFAULT_PROFILE]) for seed in (DEFAULT_SEED, "1", "2")]
RULES = load_rules()


def caught_by(id: str, modules: list[str]) -> list[str]:
    """Return the faults of the modules that a rule catches whatever the seed."""
    warnings.simplefilter("ignore")
    called, entry = _called_by(id), generic.entry_of(RULES[id])
    own = f"{(entry.name if entry else id.partition('.')[0]).replace('_', '-')}-"
    tried = [
        fault
        for fault in FAULTS
        if MODULES[fault] in modules
        and (fault not in FUNCTIONS or called.intersection(FUNCTIONS[fault]))
        and (MODULES[fault] != "generic" or fault.removeprefix(own) in generic.GENERIC)
    ]
    return [fault for fault in tried if _catches(id, fault)]


class _Recorder(TorchFunctionMode):
    def __init__(self, called: set[Any]) -> None:
        super().__init__()
        self._called = called

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self._called.add(func)
        return func(*args, **(kwargs or {}))


def _called_by(id: str) -> set[Any]:
    """Return the torch functions that a rule calls: no other fault can show in it."""
    called: set[Any] = set()
    FAULTS["recorder"] = lambda: _Recorder(called)
    observe(RULES[id], "recorder")
    del FAULTS["recorder"]
    return called


def _catches(id: str, fault: str) -> bool:
    for decks in DECKS:
        try:
            if not observe(RULES[id], fault, decks=decks).failed:
                return False
        except Exception as error:
            print(f"# {id} under {fault}: {type(error).__name__}: {error}", file=sys.stderr)
            return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rules", help="the rules to try: a pattern of ids")
    parser.add_argument("modules", nargs="+", help="the modules whose faults are tried")
    arguments = parser.parse_args()
    ids = [id for id in RULES if fnmatch.fnmatchcase(id, arguments.rules)]
    if "generic" in arguments.modules:
        for entry in filter(None, {generic.entry_of(RULES[id]) for id in ids}):
            for name in generic.GENERIC:
                generic.make(entry, name)
    missed = {fault for fault in FAULTS if MODULES[fault] in arguments.modules}
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        for id, caught in zip(ids, pool.map(caught_by, ids, [arguments.modules] * len(ids)), strict=True):
            missed.difference_update(caught)
            print(
                f'["{id}"]\ncatches = [',
                *[f'    "{fault}",' for fault in caught],
                "]\n",
                sep="\n",
                flush=True,
            )
            if not caught:
                print(f"# nothing is caught by {id}", file=sys.stderr)
    print(f"# caught by none of these rules: {', '.join(sorted(missed))}", file=sys.stderr)


assert unsupported is not None  # importing it registers every fault
if __name__ == "__main__":
    main()
