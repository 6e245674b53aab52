"""The command line as tests call it."""

from typing import Protocol

from typer.testing import Result


class Rapport(Protocol):
    """Runs `rapport …` and gives its output and exit code."""

    def __call__(self, *arguments: object, input: str | None = None) -> Result:
        """Arguments are turned into text; `input` is what stands on standard input."""
