"""A report for people, and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rapport_gateway.checking.check import Report
from rapport_gateway.checking.usage import Broken


def as_text(report: Report, *, passes: bool) -> str:
    """Lines for a terminal; the last one is the verdict."""
    return "\n".join(_lines(report, passes=passes)) + "\n"


def as_data(report: Report, *, passes: bool) -> dict[str, Any]:
    """The same as one JSON object."""
    return {
        "passes": passes,
        "compositionProblems": list(report.problems),
        "breakingChanges": list(report.breaking),
        "dangerousChanges": list(report.dangerous),
        "operations": {
            "checked": report.checked,
            "broken": [
                {"name": each.operation.name, "count": each.operation.count, "reasons": list(each.reasons)}
                for each in report.broken
            ],
            "notValidToday": [{"name": name, "reason": reason} for name, reason in report.out_of_use],
        },
    }


def _lines(report: Report, *, passes: bool) -> Iterator[str]:
    if report.problems:
        yield from _listed("it does not compose", report.problems)
    else:
        yield "it composes"
        yield from _listed("breaking changes", report.breaking)
        yield from _listed("dangerous changes", report.dangerous)
        yield f"operations: {report.checked} checked, {len(report.broken)} broken"
        for broken in report.broken:
            yield f"  {_named(broken)}"
            yield from (f"    {reason}" for reason in broken.reasons)
        yield from _listed("not valid today, and not checked", [f"{name}: {why}" for name, why in report.out_of_use])
    yield "passed" if passes else "failed"


def _named(broken: Broken) -> str:
    count = broken.operation.count
    return broken.operation.name + (f" (seen {count} times)" if count is not None else "")


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"{title}:"
        yield from (f"  {item}" for item in items)
