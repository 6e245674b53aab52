"""Counts database commands."""

from rapport_shared.mongo.metrics import COMMANDS

_COUNTED = {"find", "aggregate", "insert", "update", "getMore", "count"}

_IN_THE_BACKGROUND = "access"
"""A service's directory reads this collection by the clock, so at any moment of a test."""


def commands() -> int:
    """The commands of this process that read or write data, as the metrics count them.

    Without those of the directory's clock.
    """
    samples = [sample for metric in COMMANDS.collect() for sample in metric.samples if sample.name.endswith("_total")]
    counted = (sample for sample in samples if sample.labels["command"] in _COUNTED)
    return int(sum(sample.value for sample in counted if sample.labels["collection"] != _IN_THE_BACKGROUND))
