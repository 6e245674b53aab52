"""The settings for subscriptions to subgraphs, checked against the supergraph."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from rapport_gateway.settings import PREFIX, InvalidSetting, Settings
from rapport_gateway.subgraphs.streams import StreamSettings

_SCHEMES = frozenset({"http", "https", "ws", "wss"})


def stream_settings(settings: Settings, subgraphs: Iterable[str]) -> StreamSettings:
    """Raises InvalidSetting."""
    known = frozenset(subgraphs)
    return StreamSettings(
        urls=dict(_url(part, known) for part in _parts(settings.subscription_urls)),
        sse=_names("SUBSCRIPTION_SSE", settings.subscription_sse, known),
        shared=_names("SUBSCRIPTION_SHARED", settings.subscription_shared, known),
        resumed=_names("SUBSCRIPTION_RESUMED", settings.subscription_resumed, known),
        resume_patience=settings.subscription_resume_timeout,
        per_socket=settings.subscription_socket_size,
        socket_age=settings.subscription_socket_age,
        linger=settings.subscription_socket_linger,
        heartbeat=settings.subscription_socket_heartbeat,
    )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _url(text: str, known: frozenset[str]) -> tuple[str, str]:
    name, _, url = text.partition("=")
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidSetting(f"{PREFIX}SUBSCRIPTION_URLS: {text!r} is not of the form NAME=URL")
    _check("SUBSCRIPTION_URLS", {name}, known)
    return name, url


def _names(setting: str, text: str, known: frozenset[str]) -> frozenset[str]:
    names = frozenset(_parts(text))
    _check(setting, names - {"*"}, known)
    return names


def _check(setting: str, names: Iterable[str], known: frozenset[str]) -> None:
    for name in names:
        if name not in known:
            raise InvalidSetting(f"{PREFIX}{setting} names {name!r}, which is no subgraph")
