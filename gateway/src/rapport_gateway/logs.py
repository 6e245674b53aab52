"""What the process logs: lines for people, or one JSON object a line."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import orjson

FACTS = "facts"
"""`extra={FACTS: {…}}` of a log call: what a JSON line says besides its message."""
_REQUESTS = logging.getLogger("rapport_gateway.requests")
_current: ContextVar[dict[str, Any] | None] = ContextVar("rapport_gateway_request", default=None)
_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_STACK_LINES = 8


class JsonLines(logging.Formatter):
    """Of an exception its class and its stack are told, not its text, which may quote what a client sent."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        facts = getattr(record, FACTS, None)
        if isinstance(facts, Mapping):
            line |= facts
        if record.exc_info and record.exc_info[1] is not None:
            failure = record.exc_info[1]
            line["error"] = type(failure).__name__
            line["stack"] = "".join(traceback.format_tb(failure.__traceback__)[-_STACK_LINES:])
        return orjson.dumps(line, default=str).decode()


class TextLines(logging.Formatter):
    """The same facts behind the message."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        facts = getattr(record, FACTS, None)
        return f"{text} {' '.join(f'{k}={v}' for k, v in facts.items())}" if isinstance(facts, Mapping) else text


def configure_logging(level: str, form: str) -> None:
    """To standard error; `form` is `json` or `text`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines(_TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


@contextmanager
def logged_request(**facts: Any) -> Iterator[None]:
    """One line at the end of a request, with these facts, those noted meanwhile, and how long it took.

    Inside another one this does nothing: it is the same request.
    """
    if _current.get() is not None:
        yield
        return
    token = _current.set(facts)
    began = perf_counter()
    try:
        yield
    finally:
        _current.reset(token)
        facts["milliseconds"] = round((perf_counter() - began) * 1000, 2)
        _REQUESTS.info("request", extra={FACTS: facts})


def note(**facts: Any) -> None:
    """What the line of the request that runs now is to say, if one is written: no values, nothing of a person."""
    current = _current.get()
    if current is not None:
        current.update(facts)
