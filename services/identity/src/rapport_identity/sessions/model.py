"""A session: what one sign-in began. Its refresh tokens are a family, of which one at a time can be used, once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rapport_identity.users.model import User
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.identity import SessionEnded
from rapport_shared.text import printable

REFRESH_LIFETIME: Final = timedelta(days=30)
MAX_DEVICE: Final = 200
_RANDOM_BYTES = 32


@dataclass(kw_only=True)
class Session(Aggregate):
    """From a sign-in until it is revoked, or not renewed for 30 days (``expires_at``).

    ``device`` is what the client calls itself. The beginning of a session is version 1, and no event.
    """

    user_id: str
    device: str | None = None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @classmethod
    def start(cls, identifier: str, user_id: str, *, device: str | None, now: datetime) -> "Session":
        """A new session."""
        return cls(
            id=identifier,
            version=1,
            user_id=user_id,
            device=named_device(device),
            created_at=now,
            last_used_at=now,
            expires_at=now + REFRESH_LIFETIME,
        )

    def end(self, *, now: datetime) -> None:
        """Over: nothing renews it, and its access tokens count no more; nothing happens where it was over."""
        if self.revoked_at is None:
            self.revoked_at = now
            self.record(SessionEnded(session_id=self.id, user_id=self.user_id))


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


def named_device(name: str | None) -> str | None:
    """What a client calls itself, cut to 200 characters; None where that says nothing."""
    return printable(name or "")[:MAX_DEVICE] or None
