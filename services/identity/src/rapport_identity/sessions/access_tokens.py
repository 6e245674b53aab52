"""Access tokens: signed JWTs in the profile of RFC 9068, which every service verifies by itself."""

from datetime import datetime, timedelta
from typing import Final

import jwt

from rapport_identity.keys.model import ALGORITHM, SigningKey
from rapport_identity.users.model import User
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
        expires_at = (now + LIFETIME).replace(microsecond=0)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user.id,
            "role": user.role,
            "sid": session_id,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": new_event_id(),
        }
        headers = {"typ": TOKEN_TYPE, "kid": key.id}
        return jwt.encode(claims, key.private(), algorithm=ALGORITHM, headers=headers), expires_at
