"""How often to look for work: at once where there was some, less and less often where there is none."""

from typing import Final

_GROWTH: Final = 1.15


class Pace:
    """Pauses between looks, from ``least`` to ``most`` seconds."""

    def __init__(self, *, least: float, most: float) -> None:
        self._least = least
        self._most = most
        self._next = least

    def pause(self, *, found: bool) -> float:
        """How long to wait before the next look; ``found``: there was something to do just now."""
        if found:
            self._next = self._least
        present = self._next
        self._next = min(present * _GROWTH, self._most)
        return present
