"""Replays: events of the log that are sent to a queue again."""
