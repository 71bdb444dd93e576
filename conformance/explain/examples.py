"""An example of a rule, run here: the case that shows it, a script with what it prints, and a picture."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.engine.rule import RegisteredRule
from conformance.engine.script import UnscriptableError
from conformance.engine.watch import FAILURES
from conformance.explain.choosing import Chooser
from conformance.explain.graphing import graphed
from conformance.explain.illustrating import illustrated
from conformance.explain.picturing import pictured
from conformance.explain.running import Script
from reports.shown import Example, Picture
from strategies.case import Case

GRAPHS = "autograd"
"""The area whose rules are about what is recorded."""

TRIES = 2
"""How many cases are looked at for one whose result can be told from its input."""


class Examples:
    """Makes examples; what strategies share is looked for once."""

    def __init__(self) -> None:
        self.chooser = Chooser()

    def of(self, found: RegisteredRule, *, holds: bool = True) -> Example | None:
        """Return the example that shows a rule best among those on which it holds, or else breaks.

        None if there is none that a script can show.
        """
        assert found.drawn is not None
        name, strategy = found.drawn
        first: Example | None = None
        left = TRIES
        for case in self.chooser.cases(strategy):
            if _holds(found.body, name, case) is not holds:
                continue
            try:
                made = example_of(found.body, {name: case}, graph=found.rule.area == GRAPHS)
            except UnscriptableError:
                return None
            left -= 1
            if made is not None and _tells(made):
                return made
            first = first or made
            if left == 0:
                break
        return first


def example_of(
    body: Callable[..., None], arguments: dict[str, Any], *, graph: bool = False
) -> Example | None:
    """Return a rule's example by a case, None if its script does not run as the rule does.

    What autograd records is in its picture if `graph` says so.

    Raises UnscriptableError if there is no script.
    """
    shown = illustrated(body, arguments)
    script = Script.of(shown.script)
    ran = script.run(shown.given)
    if ran.error is not None and not isinstance(ran.error[1], Exception):
        return None
    if isinstance(ran.error, tuple) and isinstance(ran.error[1], (NameError, AttributeError, SyntaxError)):
        return None
    picture = pictured(script, ran, shown.given) if shown.given else Picture()
    if graph:
        picture = replace(picture, graph=graphed(script))
    return Example(script.annotated(ran), picture)


def _holds(body: Callable[..., None], name: str, case: Any) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            body(**{name: case.fresh() if isinstance(case, Case) else case})
        except FAILURES:
            return False
    return True


def _tells(example: Example) -> bool:
    """Return whether what comes out can be told from what goes in."""
    picture = example.picture
    given = {(grid.shape, grid.cells) for grid in picture.inputs}
    return not any((grid.shape, grid.cells) in given for grid in picture.outputs)
