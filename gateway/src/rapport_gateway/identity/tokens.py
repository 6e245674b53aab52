"""Bearer tokens: JWTs, verified before anything in them counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
from jwt.exceptions import PyJWTError

from rapport_gateway.identity.claims import ClaimNames, granted_by
from rapport_gateway.identity.keys import KeySet
from rapport_gateway.planning.permits import NOBODY, Granted

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Those with a public key; what is signed with a shared secret says nothing."""
_MAX_TOKEN_LENGTH = 16_384
_LEEWAY_SECONDS = 10


class Identities(Protocol):
    async def granted(self, headers: Mapping[str, str]) -> Granted:
        """What the sender of a request with these headers (names in lower case) holds."""
        ...


class Anonymous:
    """Without any issuer to believe, nobody is authenticated."""

    async def granted(self, headers: Mapping[str, str]) -> Granted:
        return NOBODY


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens count, and for whom they must be made."""

    issuer: str
    audience: str


class Tokens:
    """A token that is not valid counts as none."""

    def __init__(self, keys: KeySet, issuer: Issuer, names: ClaimNames) -> None:
        self._keys = keys
        self._issuer = issuer
        self._names = names

    async def granted(self, headers: Mapping[str, str]) -> Granted:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _MAX_TOKEN_LENGTH:
            return NOBODY
        try:
            return granted_by(await self._claims(token.strip()), self._names)
        except PyJWTError:
            return NOBODY

    async def _claims(self, token: str) -> dict[str, Any]:
        """Raises PyJWTError."""
        header = jwt.get_unverified_header(token)
        key = await self._keys.find(header.get("kid"))
        if key is None or key.algorithm_name not in ALGORITHMS:
            raise PyJWTError("no key for it")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._issuer.issuer,
            audience=self._issuer.audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud"]},
        )
        return claims
