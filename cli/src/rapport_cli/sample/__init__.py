"""The sample company: planned by pure functions from a seed and a date, then loaded through the API."""
