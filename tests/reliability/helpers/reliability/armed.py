"""Processes with a fault inside: patched at their start from outside, so that the product's code knows no faults."""

import os
from pathlib import Path

_INJECTED = Path(__file__).resolve().parents[2] / "injected"
EXIT_CODE = 86
"""What a process ends with at its crash point."""
CRASH_POINT = "RELIABILITY_CRASH_POINT"
MUTANT = "RELIABILITY_MUTANT"


def fault_env(*, crash_point: str | None = None, mutant: str | None = None) -> dict[str, str]:
    """The environment that puts the fault into a process; without one it takes every fault out."""
    paths = [str(_INJECTED), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "PYTHONPATH": os.pathsep.join(paths),
        CRASH_POINT: crash_point or "",
        MUTANT: mutant or "",
    }
