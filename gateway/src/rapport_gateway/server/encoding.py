"""Answers as JSON."""

from __future__ import annotations

import orjson

from rapport_gateway.errors import OPERATION_TOO_LARGE, error
from rapport_gateway.execution.answer import SharedAnswer
from rapport_gateway.pipeline import Answer


def encoded(answer: Answer | list[Answer]) -> bytes:
    """An answer that cannot be encoded becomes an error."""
    if not isinstance(answer, SharedAnswer):
        return _encoded(answer)
    if answer.text is None:
        answer.text = _encoded(answer)
    return answer.text


def _encoded(answer: Answer | list[Answer]) -> bytes:
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:
        return orjson.dumps({"errors": [error("The answer is nested too deeply.", OPERATION_TOO_LARGE)]})


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
