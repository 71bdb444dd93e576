"""The results as JUnit XML, in the form that CI viewers read: a suite per target, a case per rule."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from reports.causes import Headlines, headlines
from reports.model import Outcome, Report, Result, Rule, Target
from reports.score import Score, Verdict
from reports.verdict import fails

_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENDED_BADLY = (Outcome.CRASHED, Outcome.HUNG, Outcome.ERROR)


def junit(report: Report) -> str:
    """Return the document.

    What fails the run is a failure, or an error if the rule did not come to its end; whatever else does not
    hold is skipped, with the reason. The causes of what does not are properties of the case. The verdict is a
    property of the suite, and a skipped case of it where the run says too little for one.
    """
    root = ElementTree.Element("testsuites", name="torch-conformance")
    rules = {rule.id: rule for rule in report.rules}
    named = headlines(report)
    for target in report.run.targets:
        root.append(_suite(target, report, rules, named))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(target: Target, report: Report, rules: dict[str, Rule], named: Headlines) -> ElementTree.Element:
    run, results, score = report.run_of(target), report.results_of(target.id), Score(report, target.id)
    suite = ElementTree.Element("testsuite", name=_fit(target.id), timestamp=run.started)
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", name="verdict", value=score.said)
    kinds = []
    if score.verdict is Verdict.INCOMPLETE:
        # Else a suite of a few cases that passed would look like one that conforms.
        verdict = ElementTree.SubElement(
            suite, "testcase", classname=_fit(target.id), name="verdict", time="0"
        )
        ElementTree.SubElement(verdict, "skipped", message=_fit("; ".join([score.said, *score.lacking])))
        kinds.append("skipped")
    for result in results:
        rule = rules[result.rule]
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_fit(f"{target.id}.{rule.area}"),
            name=rule.id,
            time=f"{result.seconds:.3f}",
        )
        if found := named.get((result.rule, result.target)):
            properties = ElementTree.SubElement(case, "properties")
            for headline in found:
                ElementTree.SubElement(properties, "property", name="cause", value=_fit(headline))
        if kind := _kind(result, rule, strict=run.strict):
            kinds.append(kind)
            said = f"{result.outcome.value}: {result.reason or ''}"
            element = ElementTree.SubElement(case, kind, message=_fit(said), type=result.outcome.value)
            element.text = _fit(result.evidence)
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(kinds.count(kind)))
    suite.set("time", f"{sum(result.seconds for result in results):.3f}")
    return suite


def _kind(result: Result, rule: Rule, *, strict: bool) -> str | None:
    if result.outcome is Outcome.HOLDS:
        return None
    if not fails(result.outcome, rule.basis, strict=strict):
        return "skipped"
    return "error" if result.outcome in _ENDED_BADLY else "failure"


def _fit(text: str) -> str:
    """Return text without what XML cannot hold."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
