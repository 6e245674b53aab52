"""Bearer tokens: JWTs, verified before anything in them counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import jwt
from jwt.exceptions import PyJWTError

from rapport_gateway.identity.claims import ClaimNames, granted_by
from rapport_gateway.identity.keys import KeySet
from rapport_gateway.identity.policies import Policies, Undecided
from rapport_gateway.planning.permits import NOBODY, Granted

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Those with a public key; what is signed with a shared secret says nothing."""
_MAX_TOKEN_LENGTH = 16_384
_LEEWAY_SECONDS = 10
# What reading a text that somebody has made up, or an issuer has got wrong, can raise.
_UNREADABLE = (PyJWTError, ValueError, TypeError, OverflowError, AttributeError, RecursionError)


_REMEMBERED_SECONDS = 60.0
_MAX_REMEMBERED = 5_000


class Identities(Protocol):
    async def granted(self, headers: Mapping[str, str], asked: Granted) -> Granted:
        """What the sender of a request with these headers (names in lower case) holds of what is asked for."""
        ...


class Anonymous:
    """Without any issuer to believe, nobody is authenticated."""

    async def granted(self, headers: Mapping[str, str], asked: Granted) -> Granted:
        return NOBODY


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens count, and for whom they must be made."""

    issuer: str
    audience: str


class Tokens:
    """A token that is not valid counts as none.

    Policies that its claims do not hold are asked of `policies`. `passes_undecided`: where it cannot be found out what
    a client with a token holds, it counts as holding everything, for subgraphs that decide themselves.
    """

    def __init__(
        self,
        keys: KeySet,
        issuer: Issuer,
        names: ClaimNames,
        *,
        policies: Policies | None = None,
        passes_undecided: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._names = names
        self._policies = policies
        self._passes_undecided = passes_undecided
        self._clock = clock
        self._remembered: dict[str, tuple[float, Granted]] = {}

    async def granted(self, headers: Mapping[str, str], asked: Granted) -> Granted:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _MAX_TOKEN_LENGTH:
            return NOBODY
        try:
            held = (await self._held(token.strip())).within(asked)
            return await self._with_policies(held, headers, asked)
        except _UNREADABLE:
            return NOBODY
        except Undecided as undecided:
            return asked if self._passes_undecided else undecided.held

    async def _with_policies(self, held: Granted, headers: Mapping[str, str], asked: Granted) -> Granted:
        """Raises Undecided."""
        missing = asked.policies - held.policies
        if self._policies is None or not missing:
            return held
        satisfied = await self._policies.satisfied(headers["authorization"], missing)
        if satisfied is None:
            raise Undecided(held)
        return replace(held, policies=held.policies | satisfied)

    async def _held(self, token: str) -> Granted:
        """Checking a signature takes longer than the rest of a request. Raises PyJWTError, Undecided."""
        now = self._clock()
        until, held = self._remembered.get(token, (0.0, NOBODY))
        if now < until:
            return held
        claims = await self._claims(token)
        held = granted_by(claims, self._names)
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[token] = (min(now + _REMEMBERED_SECONDS, claims["exp"] + _LEEWAY_SECONDS), held)
        return held

    async def _claims(self, token: str) -> dict[str, Any]:
        """Raises PyJWTError, Undecided."""
        header = jwt.get_unverified_header(token)
        key = await self._keys.find(header.get("kid"))
        if key is None and self._keys.are_missing:
            raise Undecided(NOBODY)
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
        if not isinstance(claims["exp"], int | float):  # PyJWT takes a text of digits as well
            raise PyJWTError("exp is no number")
        return claims
