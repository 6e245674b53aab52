"""Access tokens: signed JWTs in the profile of RFC 9068, which every service verifies by itself."""

from datetime import datetime, timedelta
from typing import Final

import jwt

from rapport_identity.api_keys.model import ApiKey
from rapport_identity.keys.model import ALGORITHM, SigningKey
from rapport_identity.users.model import User
from rapport_shared.actor import PERSON, Via
from rapport_shared.http.tokens import TOKEN_TYPE
from rapport_shared.ids import new_event_id

LIFETIME: Final = timedelta(minutes=10)


class AccessTokens:
    """Signs what a service needs to know of its caller."""

    def __init__(self, *, issuer: str, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience

    def issue(self, user: User, session_id: str, key: SigningKey, *, now: datetime) -> tuple[str, datetime]:
        """A token for ten minutes, and when it ends."""
        claims = {"sub": user.id, "role": user.role, "sid": session_id, "via": Via.USER.value, "scope": PERSON}
        return self._signed(claims, key, now=now, ends=now + LIFETIME)

    def issue_for_key(self, api_key: ApiKey, key: SigningKey, *, now: datetime) -> tuple[str, datetime]:
        """A token for ten minutes, or as long as the API key lasts: its own subject and session."""
        claims = {
            "sub": api_key.id,
            "owner": api_key.owner_id,
            "role": api_key.role,
            "sid": api_key.id,
            "via": Via.KEY.value,
        }
        ends = now + LIFETIME
        if api_key.expires_at is not None:
            ends = min(ends, api_key.expires_at)
        return self._signed(claims, key, now=now, ends=ends)

    def _signed(
        self, claims: dict[str, str], key: SigningKey, *, now: datetime, ends: datetime
    ) -> tuple[str, datetime]:
        expires_at = ends.replace(microsecond=0)
        usual = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": new_event_id(),
        }
        headers = {"typ": TOKEN_TYPE, "kid": key.id}
        return jwt.encode({**usual, **claims}, key.private(), algorithm=ALGORITHM, headers=headers), expires_at
