"""Which other sites' pages may use the gateway: CORS, and the like for WebSockets, which browsers leave to servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from rapport_gateway.server.requests import REQUEST_ID
from rapport_gateway.settings import PREFIX, InvalidSetting, Settings

_METHODS = "GET, POST"
_EXPOSED = f"etag, {REQUEST_ID}"
_ANY = "*"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Origins:
    """`allowed` are origins in lower case, or `*`; none means that no other site's page may ask anything."""

    allowed: frozenset[str] = frozenset()
    credentials: bool = False
    max_age: int = 600
    headers: str = ""

    def answer_headers(self, origin: str | None) -> dict[str, str]:
        """What tells a browser whether the page may read an answer."""
        if not self.allowed:
            return {}
        if _ANY in self.allowed:
            return {"access-control-allow-origin": _ANY, "access-control-expose-headers": _EXPOSED}
        found = {"vary": "origin"}
        if origin is not None and origin.lower() in self.allowed:
            found["access-control-allow-origin"] = origin
            found["access-control-expose-headers"] = _EXPOSED
            if self.credentials:
                found["access-control-allow-credentials"] = "true"
        return found

    def preflight_headers(self, headers: Mapping[str, str]) -> dict[str, str] | None:
        """The answer to a browser that asks whether a page may ask; None when it is no such question."""
        origin = headers.get("origin")
        if origin is None or "access-control-request-method" not in headers:
            return None
        found = self.answer_headers(origin)
        if "access-control-allow-origin" in found:
            del found["access-control-expose-headers"]
            found["access-control-allow-methods"] = _METHODS
            found["access-control-allow-headers"] = self.headers
            found["access-control-max-age"] = str(self.max_age)
        return found

    def may_open_socket(self, headers: Mapping[str, str]) -> bool:
        """Programs that are no browsers tell no origin; pages of the gateway's own host need no permission."""
        origin = headers.get("origin")
        if origin is None or _ANY in self.allowed or origin.lower() in self.allowed:
            return True
        scheme, _, host = origin.lower().partition("://")
        own = headers.get("host", "").lower()
        return host.removesuffix(_DEFAULT_PORTS.get(scheme, ":")) == own.removesuffix(_DEFAULT_PORTS.get(scheme, ":"))


def origins(settings: Settings) -> Origins:
    """Raises InvalidSetting."""
    allowed = frozenset(_checked(part) for part in names(settings.cors_origins))
    if settings.cors_credentials and _ANY in allowed:
        raise InvalidSetting(f"{PREFIX}CORS_CREDENTIALS needs {PREFIX}CORS_ORIGINS to name the origins")
    return Origins(allowed, settings.cors_credentials, settings.cors_max_age, ", ".join(names(settings.cors_headers)))


def names(text: str) -> list[str]:
    """The parts of a setting, in lower case."""
    return [part.strip().lower() for part in text.split(",") if part.strip()]


def _checked(text: str) -> str:
    parts = urlsplit(text)
    is_origin = parts.scheme in {"http", "https"} and text == f"{parts.scheme}://{parts.netloc}" and parts.netloc
    if not is_origin and text != _ANY:
        raise InvalidSetting(f"{PREFIX}CORS_ORIGINS: {text!r} is not of the form https://host[:port]")
    return text
