"""Which media type to answer with."""

from __future__ import annotations

from functools import lru_cache

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
_MATCHES = {
    JSON: (JSON, 2),
    GRAPHQL_JSON: (GRAPHQL_JSON, 2),
    EVENT_STREAM: (EVENT_STREAM, 2),
    "application/*": (JSON, 1),
    "*/*": (JSON, 0),
}


@lru_cache(maxsize=256)
def negotiate(accept: str | None) -> str | None:
    """The media type for an Accept header; None when nothing that we speak is accepted."""
    if not accept:
        return JSON
    best: tuple[float, int] | None = None
    chosen = None
    for item in accept.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        match = _MATCHES.get(name)
        quality = _quality(parameters)
        if match is None or quality <= 0:
            continue
        rank = (quality, match[1])
        if best is None or rank > best:
            best, chosen = rank, match[0]
    return chosen


@lru_cache(maxsize=256)
def accepts_events(accept: str | None) -> bool:
    """Whether an event stream may be sent, if only as the second choice."""
    return any(negotiate(item) == EVENT_STREAM for item in (accept or "").split(","))


@lru_cache(maxsize=256)
def is_json(content_type: str) -> bool:
    """Whether a request body of this type can be read: JSON in UTF-8."""
    name, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [value.strip('"') for key, _, value in (item.partition("=") for item in parameters) if key == "charset"]
    return name in {JSON, GRAPHQL_JSON} and all(charset in {"utf-8", "utf8"} for charset in charsets)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
