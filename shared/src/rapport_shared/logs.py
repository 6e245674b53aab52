"""Structured logs: one JSON object a line, without personal values."""

import logging
import sys
import traceback
from typing import Any

import structlog


def configure_logging(level: str, *, process: str) -> None:
    """Log JSON lines to standard error, for this process and its libraries."""
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr, force=True)
    logging.getLogger("uvicorn.access").disabled = True
    for noisy in ("aiormq", "aio_pika", "pymongo"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)


def failure_facts(failure: BaseException) -> dict[str, Any]:
    """What a log may say of an exception: its class, its number if it has one (the database's errors do) and its stack,
    but not its text, which may quote values."""
    stack = traceback.format_tb(failure.__traceback__)
    number = getattr(failure, "code", None)
    numbered = {"number": number} if isinstance(number, int) else {}
    return {"kind": type(failure).__name__, **numbered, "stack": "".join(stack[-8:])}
