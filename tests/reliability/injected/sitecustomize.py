"""Python imports this at start where the reliability suite puts its directory on PYTHONPATH: faults on demand."""

import os

if point := os.environ.get("RELIABILITY_CRASH_POINT"):
    from crash_points import arm

    arm(point)
if mutant := os.environ.get("RELIABILITY_MUTANT"):
    from mutants import become

    become(mutant)
