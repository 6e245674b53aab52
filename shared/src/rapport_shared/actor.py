"""Who acts."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Via(StrEnum):
    """By what means somebody acts."""

    USER = "USER"
    KEY = "KEY"
    RULE = "RULE"
    IMPORT = "IMPORT"
    SYSTEM = "SYSTEM"


PERSON: Final = "person"
"""The scope of an access token that a user got by signing in: what holds as long as the token lives."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, or the system itself acting on an event.

    An API key (``via`` is KEY, ``key_id`` names it) acts for its owner, whose id is ``id``, with the key's own role.
    ``expires_at`` is when the access token that says so expires, in seconds since 1970.
    """

    id: str
    role: str
    session_id: str | None = None
    team_id: str | None = None
    via: Via = Via.USER
    key_id: str | None = None
    expires_at: float | None = field(default=None, compare=False)


SYSTEM = Actor(id="system", role="SYSTEM", via=Via.SYSTEM)
"""Acts in event handlers: sees and changes everything."""
