"""Reading what processes wrote."""

from pathlib import Path

_TAIL_BYTES = 8192


def last_line(log: Path) -> str:
    """The last line that is not empty."""
    if not log.exists():
        return "it wrote nothing"
    with log.open("rb") as content:
        content.seek(0, 2)
        content.seek(max(0, content.tell() - _TAIL_BYTES))
        lines = content.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it wrote nothing")


class LogFollower:
    """Gives the lines that were added to a log since the last look."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._position = log.stat().st_size if log.exists() else 0
        self._rest = b""

    def new_lines(self) -> list[str]:
        """Whole lines only; a line that is still being written comes with the next look."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as content:
            content.seek(self._position)
            added = self._rest + content.read()
            self._position = content.tell()
        *lines, self._rest = added.split(b"\n")
        return [line.decode(errors="replace") for line in lines]
