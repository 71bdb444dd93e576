"""The results in the Common Test Report Format (ctrf.io), version 0.0: a test per rule and target."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reports.causes import headlines
from reports.model import Outcome, Report, Result, Rule, Run
from reports.score import Score, Verdict
from reports.verdict import fails

_SKIPPED = (Outcome.INAPPLICABLE, Outcome.UNSUPPORTED, Outcome.BLOCKED)


def ctrf(report: Report) -> dict[str, Any]:
    """Return the document; its times are in milliseconds.

    What neither holds nor fails a run is skipped where it did not apply, and other where it is a known break.
    A target for whose verdict too little was run has a pending test of that name.
    """
    rules = {rule.id: rule for rule in report.rules}
    scores = {target.id: Score(report, target.id) for target in report.run.targets}
    named = headlines(report)
    tests = [
        _test(result, rules[result.rule], report.run_of(target), named.get((result.rule, target.id)))
        for target in report.run.targets
        for result in report.results_of(target.id)
    ]
    tests += [
        _verdict(target, score) for target, score in scores.items() if score.verdict is Verdict.INCOMPLETE
    ]
    statuses = [test["status"] for test in tests]
    run = report.run
    return {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "generatedBy": "torch-conformance",
        "results": {
            "tool": {"name": "torch-conformance", "version": run.suite},
            "summary": {
                "tests": len(tests),
                **{
                    name: statuses.count(name) for name in ("passed", "failed", "skipped", "pending", "other")
                },
                "start": _milliseconds(run.started),
                "stop": _milliseconds(run.ended or run.started),
            },
            "tests": tests,
            "environment": {
                "appName": "torch",
                "appVersion": run.torch,
                "osPlatform": run.platform,
                "extra": {
                    "python": run.python,
                    "profile": run.profile,
                    "seed": run.seed,
                    "verdicts": {target: score.said for target, score in scores.items()},
                },
            },
        },
    }


def _verdict(target: str, score: Score) -> dict[str, Any]:
    """Return what stands for the verdict that a run is too small for."""
    return {
        "name": "verdict",
        "status": "pending",
        "rawStatus": score.verdict.name.lower(),
        "duration": 0,
        "suite": [target],
        "device": target,
        "message": "; ".join([score.said, *score.lacking]),
    }


def _test(result: Result, rule: Rule, run: Run, causes: list[str] | None) -> dict[str, Any]:
    said = {"message": result.reason, "trace": result.evidence}
    extra = {name: found for name, found in (("causes", causes), ("blocked", result.blocked)) if found}
    return {
        "name": rule.id,
        "status": _status(result, rule, strict=run.strict),
        "rawStatus": result.outcome.value,
        "duration": round(result.seconds * 1000),
        "suite": [result.target, rule.area],
        "tags": [rule.basis.value, rule.kind.value],
        "device": result.target,
        **{name: text for name, text in said.items() if text},
        **({"extra": extra} if extra else {}),
    }


def _status(result: Result, rule: Rule, *, strict: bool) -> str:
    if result.outcome is Outcome.HOLDS:
        return "passed"
    if fails(result.outcome, rule.basis, strict=strict):
        return "failed"
    return "skipped" if result.outcome in _SKIPPED else "other"


def _milliseconds(time: str) -> int:
    """Return an ISO 8601 time as milliseconds since the epoch; 0 for what is none."""
    try:
        return round(datetime.fromisoformat(time).timestamp() * 1000)
    except ValueError:
        return 0
