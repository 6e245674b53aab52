"""An API key: guards its state and records what happens to it.

Its text is ``rk_<id>.<secret>``. Of the secret, 256 random bits, only the SHA-256 is kept: nobody guesses it from that.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rapport_identity.api_keys import errors
from rapport_identity.sessions.model import digest_of
from rapport_identity.users.values import valid_text
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.identity import ApiKeyCreated, ApiKeyRevoked, ApiKeyState, ApiKeyUpdated

ID_PREFIX: Final = "key"
MAX_OVERLAP: Final = timedelta(days=7)
_RANDOM_BYTES = 32
_TEXT: Final = re.compile(r"rk_([0-9a-z]{26})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, kw_only=True)
class KeySecret:
    """The digest of one secret, and when it ceases to work where another one has taken its place."""

    digest: str
    created_at: datetime
    until: datetime | None = None


@dataclass(kw_only=True)
class ApiKey(Aggregate):
    """What a program shows to act for ``owner_id`` with a role of its own; ``secrets`` are the newest first."""

    name: str
    role: str
    owner_id: str
    secrets: tuple[KeySecret, ...]
    expires_at: datetime | None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(
        cls, identifier: str, name: str, role: str, owner_id: str, *, expires_at: datetime | None, now: datetime
    ) -> tuple["ApiKey", str]:
        """A new key, and its text, which is told once."""
        if expires_at is not None and expires_at <= now:
            raise errors.InvalidExpiry("The key would have expired already.", path=("input", "expiresAt"))
        secret, kept = _new_secret(now)
        key = cls(
            id=identifier,
            name=valid_text(name, "name"),
            role=role,
            owner_id=owner_id,
            secrets=(kept,),
            expires_at=expires_at,
            created_at=now,
            updated_at=now,
        )
        key.record(ApiKeyCreated(key_id=identifier, after=key.state()))
        return key, key.text(secret)

    def rotate(self, *, overlap: timedelta, now: datetime) -> str:
        """A new secret; the present one goes on for ``overlap``. The new text, which is told once."""
        if not timedelta(0) <= overlap <= MAX_OVERLAP:
            raise errors.InvalidOverlap("The old secret goes on for 0 to 168 hours.", path=("input", "overlapHours"))
        if self.revoked_at is not None:
            raise errors.ApiKeyRevoked("This key is revoked: make another one.", path=("input", "id"))
        before, (secret, kept) = self.state(), _new_secret(now)
        present = self.secrets[0]
        self.secrets = (kept, KeySecret(digest=present.digest, created_at=present.created_at, until=now + overlap))
        self.updated_at = now
        self.record(ApiKeyUpdated(key_id=self.id, changed=("secret",), before=before, after=self.state()))
        return self.text(secret)

    def revoke(self, *, now: datetime) -> None:
        """Good for nothing any more; nothing happens where it was not."""
        if self.revoked_at is not None:
            return
        before = self.state()
        self.revoked_at = self.updated_at = now
        self.record(ApiKeyRevoked(key_id=self.id, before=before, after=self.state()))

    def opens_with(self, secret: str, *, now: datetime) -> bool:
        """Whether the key works, with this secret."""
        digest = digest_of(secret)
        matching = [kept for kept in self.secrets if hmac.compare_digest(kept.digest, digest)]
        expired = self.expires_at is not None and self.expires_at <= now
        return (
            self.revoked_at is None and not expired and any(kept.until is None or now < kept.until for kept in matching)
        )

    def text(self, secret: str) -> str:
        """What the program shows."""
        return f"rk_{self.id.removeprefix(f'{ID_PREFIX}_')}.{secret}"

    def state(self) -> ApiKeyState:
        """What others may know."""
        active = self.revoked_at is None
        return ApiKeyState(role=self.role, owner_id=self.owner_id, active=active, expires_at=self.expires_at)


@dataclass(frozen=True, kw_only=True)
class Access:
    """An access token that was got for a key, and its end."""

    key_id: str
    access_token: str
    expires_at: datetime


def parsed(text: str) -> tuple[str, str] | None:
    """The id and the secret of a key's text; None for what is no key's."""
    found = _TEXT.fullmatch(text)
    return None if found is None else (f"{ID_PREFIX}_{found[1]}", found[2])


def _new_secret(now: datetime) -> tuple[str, KeySecret]:
    secret = secrets.token_urlsafe(_RANDOM_BYTES)
    return secret, KeySecret(digest=digest_of(secret), created_at=now)
