"""Figures as a table and a plot in docs/performance.md: medians over all rounds."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

_DOCS = Path(__file__).resolve().parents[3] / "docs"
_PAGE = _DOCS / "performance.md"
_PLOT = "performance-gateways.svg"
_MARKS = ("<!-- gateways -->", "<!-- /gateways -->")
_MEDIANS = ("rps", "cpu_us", "p50", "p99", "subgraph_requests", "others")
_LABEL_WIDTH, _BAR_WIDTH, _BAR_HEIGHT, _GAP = 330, 420, 18, 8
_DISTURBED = 0.1  # of the core's time
_OURS, _THEIRS = "#2f6fb3", "#b5b5b5"

Row = dict[str, Any]


def summary(results: Iterable[Row]) -> list[Row]:
    """One row for each gateway, query and number of connections; the fastest first."""
    groups: dict[tuple[str, int, str], list[Row]] = {}
    for result in results:
        groups.setdefault((result["query"], result["connections"], result["gateway"]), []).append(result)
    rows = []
    for all_of_one in groups.values():
        same = _calm(all_of_one)
        row = {**same[0], **{key: statistics.median(item[key] for item in same) for key in _MEDIANS}}
        row["spread"] = (min(item["rps"] for item in same), max(item["rps"] for item in same))
        row["megabytes"] = max(item["megabytes"] for item in same)
        row["failed"] = sum(item["failed"] for item in same)
        rows.append(row)
    return sorted(rows, key=lambda row: (row["query"], row["dedupes"], row["connections"], -row["rps"]))


def _calm(rows: list[Row]) -> list[Row]:
    """Those in which the core was not shared with others; the calmer half where there are too few."""
    calm = [row for row in rows if row["others"] < _DISTURBED]
    half = sorted(rows, key=lambda row: row["others"])[: (len(rows) + 1) // 2]
    return calm if len(calm) > len(half) else half


def table(rows: Sequence[Row]) -> str:
    columns = ["query", "dedupe", "connections", "gateway", "requests/s (least–most)", "CPU µs/request", "p50 ms"]
    columns += ["p99 ms", "subgraph calls", "MB", "failed", "others %"]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for row in rows:
        least, most = row["spread"]
        lines.append(
            f"| {row['query']} | {'on' if row['dedupes'] else 'off'} | {row['connections']} | {row['title']} "
            f"| {row['rps']:,.0f} ({least:,.0f}–{most:,.0f}) | {row['cpu_us']:,.0f} "
            f"| {row['p50']:.2f} | {row['p99']:.2f} | {row['subgraph_requests']:.1f} | {row['megabytes']:.0f} "
            f"| {row['failed']} | {100 * row['others']:.0f} |"
        )
    return "\n".join(lines)


def publish(results: Sequence[Row], *, rounds: int, seconds: int) -> None:
    """Replaces what is between the marks in the page."""
    rows = summary(results)
    (_DOCS / _PLOT).write_text(_plot([row for row in rows if row["connections"] == 16]), encoding="utf-8")
    about = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} with `make bench-gateway` on {os.cpu_count()} cores of {_processor()}, "
        f"Python {platform.python_version()}: {rounds} rounds of {seconds} s, all gateways in turns; medians. "
        "`others`: the share of the gateway's core that other processes took meanwhile."
    )
    parts = [about, f"![requests per second at 16 connections]({_PLOT})", _ratios(rows), table(rows)]
    page = _PAGE.read_text(encoding="utf-8")
    between = re.compile(f"(?<={_MARKS[0]}).*(?={_MARKS[1]})", re.DOTALL)
    _PAGE.write_text(between.sub(lambda _: "\n" + "\n\n".join(parts) + "\n", page), encoding="utf-8")


def _ratios(rows: Sequence[Row]) -> str:
    lines = [
        "| at 16 connections, times as many requests/s as | simple | federated | per CPU time: simple | federated |",
        "|---|---|---|---|---|",
    ]
    at_16 = [row for row in rows if row["connections"] == 16]
    own = {(row["query"], row["dedupes"]): row for row in at_16 if row["gateway"].startswith("rapport")}
    others = {row["gateway"]: (row["title"], row["dedupes"]) for row in at_16 if row["title"] != "Rapport (Python)"}
    for gateway, (title, dedupes) in others.items():
        theirs = {row["query"]: row for row in at_16 if row["gateway"] == gateway}
        queries = ("simple", "federated")
        speeds = [own[query, dedupes]["rps"] / theirs[query]["rps"] for query in queries]
        costs = [theirs[query]["cpu_us"] / own[query, dedupes]["cpu_us"] for query in queries]
        cells = " | ".join(f"{ratio:.1f}" for ratio in (*speeds, *costs))
        lines.append(f"| {title}, dedupe {'on' if dedupes else 'off'} | {cells} |")
    return "\n".join(lines)


def _plot(rows: Sequence[Row]) -> str:
    parts: list[str] = []
    top = 0
    for query in ("simple", "federated"):
        chosen = sorted((row for row in rows if row["query"] == query), key=lambda row: -row["rps"])
        parts.append(f'<text x="0" y="{top + 16}" font-weight="bold">{query}: requests/s, 16 connections</text>')
        top += 28
        most = max((row["rps"] for row in chosen), default=1)
        for row in chosen:
            parts.append(_bar(row, top, most))
            top += _BAR_HEIGHT + _GAP
        top += 2 * _GAP
    width = _LABEL_WIDTH + _BAR_WIDTH + 90
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" font-family="sans-serif"'
    return f'{head} font-size="13">\n<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"


def _bar(row: Row, top: int, most: float) -> str:
    width = max(1, round(_BAR_WIDTH * row["rps"] / most))
    colour = _OURS if row["gateway"].startswith("rapport") else _THEIRS
    label = escape(row["title"] + (", dedupe" if row["dedupes"] else ""))
    baseline = top + 14
    return (
        f'<text x="{_LABEL_WIDTH - 8}" y="{baseline}" text-anchor="end">{label}</text>'
        f'<rect x="{_LABEL_WIDTH}" y="{top}" width="{width}" height="{_BAR_HEIGHT}" fill="{colour}"/>'
        f'<text x="{_LABEL_WIDTH + width + 6}" y="{baseline}">{row["rps"]:,.0f}</text>'
    )


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()
