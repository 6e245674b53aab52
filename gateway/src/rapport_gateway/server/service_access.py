"""The settings for which subgraphs are asked for their schemas, and for how the gateway shows them who it is."""

from __future__ import annotations

from urllib.parse import urlsplit

from rapport_gateway.settings import PREFIX, InvalidSetting, Settings
from rapport_gateway.subgraphs.credentials import ServiceCredentials

_MIN_LENGTH = 32


def service_credentials(settings: Settings) -> ServiceCredentials:
    """Raises InvalidSetting, which never quotes a secret."""
    keys = _by_subgraph("SERVICE_KEYS", settings.service_keys, "SERVICE_KEY", settings.service_key)
    tokens = _by_subgraph("SERVICE_TOKENS", settings.service_tokens, "SERVICE_TOKEN", settings.service_token)
    return ServiceCredentials(keys, tokens)


def subgraph_urls(settings: Settings) -> dict[str, str]:
    """The running subgraphs that a supergraph is to be composed of. Raises InvalidSetting."""
    urls: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in settings.subgraphs.split(","))):
        name, _, url = part.partition("=")
        if not name or urlsplit(url).scheme not in {"http", "https"}:
            raise InvalidSetting(f"{PREFIX}SUBGRAPHS: {part!r} is not of the form NAME=URL")
        urls[name] = url
    return urls


def _by_subgraph(setting: str, listed: str, setting_for_all: str, for_all: str) -> dict[str, str]:
    found = {"*": _usable(setting_for_all, for_all)} if for_all else {}
    for part in filter(None, (part.strip() for part in listed.split(","))):
        name, equals, secret = part.partition("=")
        if not (name and equals):
            raise InvalidSetting(f"{PREFIX}{setting} is not of the form NAME=VALUE,…")
        found[name] = _usable(setting, secret)
    return found


def _usable(setting: str, secret: str) -> str:
    if len(secret) < _MIN_LENGTH or not (secret.isascii() and secret.isprintable()) or " " in secret:
        reason = f"must have at least {_MIN_LENGTH} printable ASCII characters, and no blank"
        raise InvalidSetting(f"{PREFIX}{setting}: a secret {reason}")
    return secret
