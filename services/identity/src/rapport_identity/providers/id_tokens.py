"""Verifies ID tokens (OpenID Connect Core 1.0, 3.1.3.7) by the keys that the provider publishes (Discovery 1.0)."""

import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import jwt
from jwt.exceptions import PyJWTError

from rapport_identity.providers.errors import InvalidIdToken, ProviderUnavailable
from rapport_identity.providers.model import MIN_NONCE, Identity, Provider, is_safe
from rapport_identity.sessions.model import digest_of
from rapport_shared.http.tokens import UNREADABLE, KeySet

ALGORITHMS: Final = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
MAX_LENGTH: Final = 16_384
MAX_AGE_SECONDS: Final = 600
LEEWAY_SECONDS: Final = 30
_DISCOVERY: Final = "/.well-known/openid-configuration"
_REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat", "nonce"]

FetchJson = Callable[[str], Awaitable[dict[str, Any]]]


class ProviderKeys(KeySet):
    """Providers change keys rarely; a new one is noticed by its unknown id."""

    REFRESH_SECONDS = 300.0


class IdTokens:
    """Says who an ID token is about."""

    def __init__(self, provider: Provider, fetch: FetchJson) -> None:
        self._provider = provider
        self._fetch = fetch
        self._keys = ProviderKeys(self._fetch_keys)
        self._reached = False

    async def verify(self, token: str, nonce: str) -> Identity:
        """Raises InvalidIdToken, ProviderUnavailable."""
        try:
            claims = await self._claims(token)
        except UNREADABLE:
            raise _invalid() from None
        given = claims["nonce"]
        same = isinstance(given, str) and hmac.compare_digest(given.encode(), nonce.encode("utf-8", "surrogatepass"))
        if len(nonce) < MIN_NONCE or not same or not _is_for(claims, self._provider.client_id):
            raise _invalid()
        verified = claims.get("email_verified") in (True, "true")
        email = claims.get("email")
        return Identity(
            subject=f"{self._provider.issuer} {claims['sub']}",
            email=email if verified and isinstance(email, str) else None,
            token_digest=digest_of(token),
            expires_at=datetime.fromtimestamp(claims["exp"] + LEEWAY_SECONDS, UTC),
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_LENGTH:
            raise PyJWTError("too long")
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise PyJWTError("another algorithm")
        key = await self._keys.find(str(header.get("kid")))
        if key is None and not self._reached:
            message = "The provider does not answer; try again."
            raise ProviderUnavailable(message, path=("input", "idToken"))
        if key is None or key.algorithm_name != header["alg"]:
            raise PyJWTError("unknown key")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._provider.issuer,
            audience=self._provider.client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
        age = datetime.now(UTC).timestamp() - claims["iat"]
        if not claims["sub"] or age > MAX_AGE_SECONDS or claims["exp"] - claims["iat"] > 24 * 3600:
            raise PyJWTError("not fresh")
        return claims

    async def _fetch_keys(self) -> dict[str, Any]:
        self._reached = False
        described = await self._fetch(self._provider.issuer.removesuffix("/") + _DISCOVERY)
        keys_at = described.get("jwks_uri")
        if described.get("issuer") != self._provider.issuer or not isinstance(keys_at, str) or not is_safe(keys_at):
            raise ValueError("not this provider's configuration")
        keys = await self._fetch(keys_at)
        self._reached = True
        return keys


def _is_for(claims: dict[str, Any], client_id: str) -> bool:
    """Of several audiences, the token must have been issued to us; nobody else's token signs in here."""
    party = claims.get("azp")
    if party is not None:
        return bool(party == client_id)
    return claims["aud"] in (client_id, [client_id])


def _invalid() -> InvalidIdToken:
    return InvalidIdToken("This ID token is not valid for this sign-in.", path=("input", "idToken"))
