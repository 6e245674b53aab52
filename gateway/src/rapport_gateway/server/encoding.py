"""Answers as JSON."""

from __future__ import annotations

import orjson

from rapport_gateway.pipeline import Answer


class Encoder:
    """Where one answer goes to many clients, it goes to one after the other, and is encoded for the first."""

    def __init__(self) -> None:
        self._last: Answer | None = None
        self._text = b""

    def encoded(self, answer: Answer) -> bytes:
        """Answers may not change any more. Raises orjson.JSONEncodeError."""
        if answer is not self._last:
            self._text = orjson.dumps(answer)
            self._last = answer
        return self._text
