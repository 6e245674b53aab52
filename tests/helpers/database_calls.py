"""Counts database commands."""

from rapport_shared.mongo.metrics import COMMANDS

_COUNTED = {"find", "aggregate", "insert", "update", "getMore", "count"}


def commands() -> int:
    """The commands of this process that read or write data, as the metrics count them."""
    samples = [sample for metric in COMMANDS.collect() for sample in metric.samples if sample.name.endswith("_total")]
    return int(sum(sample.value for sample in samples if sample.labels["command"] in _COUNTED))
