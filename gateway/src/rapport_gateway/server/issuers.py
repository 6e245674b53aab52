"""The settings for whose tokens count."""

from __future__ import annotations

from urllib.parse import urlsplit

from rapport_gateway.identity.claims import ClaimNames
from rapport_gateway.identity.keys import KeySet, keys_from
from rapport_gateway.identity.policies import Policies, decided_at
from rapport_gateway.identity.tokens import Anonymous, Identities, Issuer, Tokens
from rapport_gateway.settings import PREFIX, InvalidSetting, Settings


def identities(settings: Settings) -> Identities:
    """Raises InvalidSetting."""
    url = settings.jwt_jwks_url
    if not url:
        return Anonymous()
    _require_http("JWT_JWKS_URL", url)
    for name in ("jwt_issuer", "jwt_audience"):
        if not getattr(settings, name):
            raise InvalidSetting(f"{PREFIX}{name.upper()} must be set with {PREFIX}JWT_JWKS_URL")
    return Tokens(
        KeySet(keys_from(url)),
        Issuer(settings.jwt_issuer, settings.jwt_audience),
        ClaimNames(settings.jwt_scopes_claim, settings.jwt_policies_claim),
        policies=_policies(settings.policies_url),
        passes_undecided=_passes(settings.access_undecided),
    )


def _policies(url: str) -> Policies | None:
    if not url:
        return None
    _require_http("POLICIES_URL", url)
    return Policies(decided_at(url))


def _passes(undecided: str) -> bool:
    if undecided not in {"pass", "refuse"}:
        raise InvalidSetting(f"{PREFIX}ACCESS_UNDECIDED is {undecided!r}, and must be pass or refuse")
    return undecided == "pass"


def _require_http(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidSetting(f"{PREFIX}{name} is {url!r}, which is no HTTP URL")
