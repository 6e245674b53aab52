"""The settings for whose tokens count."""

from __future__ import annotations

from urllib.parse import urlsplit

from rapport_gateway.identity.claims import ClaimNames
from rapport_gateway.identity.keys import KeySet, keys_from
from rapport_gateway.identity.tokens import Anonymous, Identities, Issuer, Tokens
from rapport_gateway.settings import PREFIX, InvalidSetting, Settings


def identities(settings: Settings) -> Identities:
    """Raises InvalidSetting."""
    url = settings.jwt_jwks_url
    if not url:
        return Anonymous()
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidSetting(f"{PREFIX}JWT_JWKS_URL is {url!r}, which is no HTTP URL")
    for name in ("jwt_issuer", "jwt_audience"):
        if not getattr(settings, name):
            raise InvalidSetting(f"{PREFIX}{name.upper()} must be set with {PREFIX}JWT_JWKS_URL")
    issuer = Issuer(settings.jwt_issuer, settings.jwt_audience)
    names = ClaimNames(settings.jwt_scopes_claim, settings.jwt_policies_claim)
    return Tokens(KeySet(keys_from(url)), issuer, names)
