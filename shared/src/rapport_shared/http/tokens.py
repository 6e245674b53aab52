"""Access tokens: signed JWTs (RFC 9068), verified by each service itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWKSetError, PyJWTError

from rapport_shared.actor import Actor, Via
from rapport_shared.errors import ServiceUnavailable, Unauthenticated

ALGORITHMS = ("ES256", "EdDSA")
TOKEN_TYPE = "at+jwt"  # noqa: S105 - the header that RFC 9068 asks for
MAX_LIFETIME_SECONDS = 3600
MAX_TOKEN_LENGTH = 4096
LEEWAY_SECONDS = 10
_NEVER = float("-inf")
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "role", "sid"]

UNREADABLE = (PyJWTError, ValueError, TypeError, OverflowError, AttributeError, RecursionError)
"""What reading a hostile text can raise: numbers without end, members of another kind, bottomless nesting."""

FetchKeys = Callable[[], Awaitable[dict[str, Any]]]


class KeySet:
    """The issuer's public keys, fetched when needed and kept while the issuer is away.

    A key that is no longer published counts no more after the next look, half a minute later at most; one whose ``exp``
    (seconds since 1970) has been published counts no more from then on, even with the issuer away.
    """

    REFRESH_SECONDS = 30.0
    RETRY_SECONDS = 5.0

    def __init__(
        self, fetch: FetchKeys, *, monotonic: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._now = now
        self._keys: dict[str, PyJWK] = {}
        self._ends: dict[str, float] = {}
        self._fetched_at = _NEVER
        self._asked_at = _NEVER
        self._asking = asyncio.Lock()

    async def find(self, key_id: str) -> PyJWK | None:
        """The key, looking anew where it is unknown or the set is old, but not more often than every few seconds."""
        # While somebody asks, who needs a new key waits for the same answer; who has one goes on with it.
        if self._is_to_ask(key_id) and not (key_id in self._keys and self._asking.locked()):
            async with self._asking:
                if self._is_to_ask(key_id):
                    await self._refresh()
        return self._keys.get(key_id) if self._now() < self._ends.get(key_id, float("inf")) else None

    @property
    def known(self) -> bool:
        """Whether the set has been read at least once."""
        return self._fetched_at != _NEVER

    def _is_to_ask(self, key_id: str) -> bool:
        old = self._monotonic() - self._fetched_at > self.REFRESH_SECONDS
        return (old or key_id not in self._keys) and self._monotonic() - self._asked_at > self.RETRY_SECONDS

    async def _refresh(self) -> None:
        try:
            published = await self._fetch()
            keys = PyJWKSet.from_dict(published).keys
        except (OSError, TimeoutError, ValueError, PyJWKSetError):
            return
        else:
            self._keys = {key.key_id: key for key in keys if key.key_id}
            ends = {key.get("kid"): key.get("exp") for key in published["keys"]}
            self._ends = {name: end for name, end in ends.items() if isinstance(end, int | float)}
            self._fetched_at = self._monotonic()
        finally:
            self._asked_at = self._monotonic()


class TokenVerifier:
    """Says who an access token speaks for."""

    def __init__(self, keys: KeySet, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def actor(self, authorization: str | None) -> Actor | None:
        """The caller of ``Bearer <token>``; None without any.

        Raises Unauthenticated for one that is not valid, ServiceUnavailable where no key is known yet to judge it by.
        """
        if not authorization:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_LENGTH:
            raise Unauthenticated("The Authorization header is not a bearer token.")
        try:
            claims = await self._claims(token)
        except UNREADABLE:
            raise Unauthenticated("The access token is not valid or has expired.") from None
        by_key = claims.get("via") == Via.KEY
        return Actor(
            # A key acts for its owner, also where nobody has heard of the key yet.
            claims["owner"] if by_key else claims["sub"],
            claims["role"],
            claims["sid"],
            via=Via.KEY if by_key else Via.USER,
            key_id=claims["sub"] if by_key else None,
            expires_at=claims["exp"] + LEEWAY_SECONDS,
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != TOKEN_TYPE or header.get("alg") not in ALGORITHMS or "crit" in header:
            raise PyJWTError("not an access token")
        key = await self._keys.find(str(header.get("kid")))
        if not self._keys.known:
            raise ServiceUnavailable("The keys of access tokens are not known yet: try again.")
        if key is None or key.algorithm_name != header["alg"]:
            raise PyJWTError("unknown key")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._issuer,
            audience=self._audience,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED, "strict_aud": True},
        )
        if not 0 < claims["exp"] - claims["iat"] <= MAX_LIFETIME_SECONDS:
            raise PyJWTError("lives too long")
        via = claims.get("via", "USER")
        texts = ("sub", "role", "sid", "owner") if via == "KEY" else ("sub", "role", "sid")
        if via not in ("USER", "KEY") or not all(isinstance(claims.get(name), str) and claims[name] for name in texts):
            raise PyJWTError("broken claims")
        return claims
