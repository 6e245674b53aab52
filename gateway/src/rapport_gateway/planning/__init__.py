"""From a validated operation to an immutable plan. Pure: no I/O, no clock, no randomness; one pass a file."""
