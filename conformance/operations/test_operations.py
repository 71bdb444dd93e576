"""Every law of every operation that it holds for, as a rule."""

from conformance.law import rules

for _made in rules(__name__):
    globals()[_made.__name__] = _made
