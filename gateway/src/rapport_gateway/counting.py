"""Counts and durations as plain numbers: taken with every request, put into Prometheus' form when asked for.

Taken in the event loop's thread only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds."""


class Counts(Collector):
    """Numbers that only grow, by the values of the labels."""

    def __init__(self, name: str, about: str, labels: Sequence[str]) -> None:
        self._name = name
        self._about = about
        self._labels = labels
        self._numbers: dict[tuple[str, ...], int] = {}

    def add(self, *values: str) -> None:
        self._numbers[values] = self._numbers.get(values, 0) + 1

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._about, labels=self._labels)
        if not self._labels and not self._numbers:
            family.add_metric((), 0)
        for values, number in self._numbers.items():
            family.add_metric(values, number)
        yield family


class Durations:
    """How often something took how long."""

    __slots__ = ("_numbers", "_sum")

    def __init__(self) -> None:
        self._numbers = [0] * (len(BUCKETS) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        self._numbers[bisect_left(BUCKETS, seconds)] += 1
        self._sum += seconds

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str]) -> None:
        buckets = []
        number = 0
        for bound, found in zip((*BUCKETS, "+Inf"), self._numbers, strict=True):
            number += found
            buckets.append((str(bound), number))
        family.add_metric(labels, buckets, self._sum)


class DurationsBy(Collector):
    """Durations by the value of a label."""

    def __init__(self, name: str, about: str, label: str) -> None:
        self._name = name
        self._about = about
        self._label = label
        self._durations: dict[str, Durations] = {}

    def of(self, value: str) -> Durations:
        found = self._durations.get(value)
        if found is None:
            found = self._durations[value] = Durations()
        return found

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(self._name, self._about, labels=[self._label])
        for value, durations in self._durations.items():
            durations.add_to(family, [value])
        yield family
