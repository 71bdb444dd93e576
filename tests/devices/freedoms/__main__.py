"""How the rules come out on a right device: with each freedom alone, and with all of them together.

    python -m tests.devices.freedoms --rule 'gather.*' warns no-sum

Prints a line per freedom that says how many rules came out how, and below it what did not come out right.
"""

from __future__ import annotations

import argparse
from collections import Counter

from reports.model import Outcome
from tests.devices.freedoms import FREEDOMS
from tests.devices.freedoms.trying import RIGHT, tried

NONE = "none"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("freedoms", nargs="*", help="all by default: none, each alone, all together")
    parser.add_argument("--rule", action="append", default=[], help="rules whose id matches; may be repeated")
    parser.add_argument("--examples", type=int, default=20)
    arguments = parser.parse_args()
    outcomes = [*RIGHT_FIRST, *(outcome for outcome in Outcome if outcome not in RIGHT)]
    print("freedom".ljust(18), *[outcome.value.rjust(len(outcome.value) + 1) for outcome in outcomes])
    for name in arguments.freedoms or [NONE, *FREEDOMS, "all"]:
        report = tried([] if name == NONE else [name], arguments.rule, examples=arguments.examples)
        counts = Counter(result.outcome for result in report.results)
        cells = [str(counts[outcome] or "-").rjust(len(outcome.value) + 1) for outcome in outcomes]
        print(name.ljust(18), *cells, flush=True)
        (target,) = report.run.targets
        for lacking in (target.lacks, target.lacks_dtypes, target.lacks_classes):
            for what, reason in lacking.items():
                print(f"    lacks {getattr(what, 'value', what)}: {reason[:150]}")
        for result in report.results:
            if result.outcome not in RIGHT:
                reason = " ".join((result.reason or "").split())
                print(f"    {result.outcome.value}: {result.rule}: {reason[:150]}", flush=True)


RIGHT_FIRST = sorted(RIGHT, key=list(Outcome).index)

if __name__ == "__main__":
    main()
