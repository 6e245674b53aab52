"""Who somebody is, as a provider says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

MIN_NONCE: Final = 16
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, kw_only=True)
class Provider:
    """An OpenID Connect provider, and what this installation is called there."""

    issuer: str
    client_id: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A person at a provider; ``email`` is None unless the provider has verified it.

    ``token_digest`` is that of the ID token, which is honoured once, and only until ``expires_at``.
    """

    subject: str
    email: str | None
    token_digest: str
    expires_at: datetime


def is_safe(url: str) -> bool:
    """Whether nobody on the way can change what is fetched there: HTTPS, or this machine itself."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
