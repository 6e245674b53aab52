"""A token with which a user sets a password: after an invitation, or instead of a password that is lost."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rapport_identity.sessions.model import digest_of
from rapport_identity.users.model import User

INVITATION_LIFETIME: Final = timedelta(days=7)
RESET_LIFETIME: Final = timedelta(days=1)
_RANDOM_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class SetupToken:
    """What is kept of such a token: the digest of its text, and whose it is."""

    digest: str
    user_id: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def issue(cls, user_id: str, *, lifetime: timedelta, now: datetime) -> tuple[str, "SetupToken"]:
        """A new token: its text (256 random bits), which is told once, and what is kept."""
        text = secrets.token_urlsafe(_RANDOM_BYTES)
        return text, cls(digest=digest_of(text), user_id=user_id, created_at=now, expires_at=now + lifetime)


@dataclass(frozen=True, kw_only=True)
class Invited:
    """A user who is to set a password until ``expires_at``, and the text with which this is done."""

    user: User
    token: str
    expires_at: datetime
