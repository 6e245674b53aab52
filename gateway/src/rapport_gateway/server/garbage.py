"""When the garbage collector looks at what: at what is new, and seldom at what is kept."""

from __future__ import annotations

import gc
from collections.abc import Mapping

_OBJECTS = 10_000  # made and not freed until the youngest are looked at
_YOUNGEST, _OLDER = 0, 200  # collections of a generation until the next one is looked at as well


def look_at_new() -> None:
    """From now on, what has outlived two collections is looked at no more, until all is.

    Kept plans make up most of the objects of a gateway that is asked ever new operations, and every one of them would
    be looked at again and again. They have no cycles: whatever is forgotten goes without the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, _YOUNGEST, _OLDER)
    if _told not in gc.callbacks:
        gc.callbacks.append(_told)


def _told(phase: str, info: Mapping[str, int]) -> None:
    if phase == "start" and info["generation"] == 2:
        gc.unfreeze()
    elif phase == "stop" and info["generation"] > 0:
        gc.freeze()
