"""A session: what one sign-in began. Its refresh tokens are a family, of which one at a time can be used, once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rapport_identity.users.model import User

REFRESH_LIFETIME: Final = timedelta(days=30)
_RANDOM_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Session:
    """From a sign-in until it is revoked, or not renewed for 30 days (``expires_at``)."""

    id: str
    user_id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @classmethod
    def start(cls, identifier: str, user_id: str, *, now: datetime) -> "Session":
        """A new session."""
        return cls(id=identifier, user_id=user_id, created_at=now, expires_at=now + REFRESH_LIFETIME)


@dataclass(frozen=True, kw_only=True)
class RefreshToken:
    """What is kept of a refresh token: the digest of its text, whose session it renews, and when it was used."""

    digest: str
    session_id: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    @classmethod
    def issue(cls, session_id: str, *, now: datetime) -> tuple[str, "RefreshToken"]:
        """A new token: its text (256 random bits), which only the client will have, and what is kept."""
        text = secrets.token_urlsafe(_RANDOM_BYTES)
        kept = cls(digest=digest_of(text), session_id=session_id, issued_at=now, expires_at=now + REFRESH_LIFETIME)
        return text, kept


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """What a client gets: ``expires_at`` is the access token's end."""

    user: User
    session_id: str
    access_token: str
    refresh_token: str
    expires_at: datetime


def digest_of(text: str) -> str:
    """SHA-256 in hexadecimal: enough for a text of 256 random bits, which no one can guess from it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
