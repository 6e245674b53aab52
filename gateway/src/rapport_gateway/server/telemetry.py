"""The settings for where spans go."""

from __future__ import annotations

from urllib.parse import urlsplit

from rapport_gateway.settings import PREFIX, InvalidSetting, Settings
from rapport_gateway.tracing import NoTracer, Tracer, otlp_tracer


def tracer(settings: Settings) -> Tracer:
    """Raises InvalidSetting."""
    if settings.log_format not in {"text", "json"}:
        raise InvalidSetting(f"{PREFIX}LOG_FORMAT is {settings.log_format!r}, neither text nor json")
    if not settings.otlp_endpoint:
        return NoTracer()
    parts = urlsplit(settings.otlp_endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidSetting(f"{PREFIX}OTLP_ENDPOINT is {settings.otlp_endpoint!r}, which is no HTTP URL")
    if settings.trace_share > 1:
        raise InvalidSetting(f"{PREFIX}TRACE_SHARE is {settings.trace_share}, more than 1")
    return otlp_tracer(settings.otlp_endpoint, settings.trace_share, _headers(settings.otlp_headers))


def _headers(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if not (name and equals):
            raise InvalidSetting(f"{PREFIX}OTLP_HEADERS is not of the form NAME=VALUE,…")
        found[name.strip().lower()] = value.strip()
    return found
